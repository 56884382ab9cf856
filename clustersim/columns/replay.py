"""A recorded run again at another point: its operations as one straight function of single numbers.

Nothing is computed here that the recorded functions did not compute: the same operations in the same order. A point at
which a decision would have fallen otherwise is given back, to be run by the functions themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.columns.column import Column, Unbatchable
from clustersim.columns.recorded import Op, Recorded, Ref, Tape, _item, _shaped, _spread, _taken

__all__ = ["Recording"]

Array = NDArray[Any]
#: Operations on single numbers as Python writes them; the same IEEE arithmetic as NumPy's.
_WRITTEN: dict[Any, str] = {
    np.add: "{0} + {1}", np.subtract: "{0} - {1}", np.multiply: "{0} * {1}", np.true_divide: "{0} / {1}",
    np.less: "{0} < {1}", np.less_equal: "{0} <= {1}", np.greater: "{0} > {1}", np.greater_equal: "{0} >= {1}",
    np.equal: "{0} == {1}", np.not_equal: "{0} != {1}", np.negative: "-{0}", np.absolute: "abs({0})",
    np.minimum: "{0} if {0} <= {1} or {0} != {0} else {1}", np.maximum: "{0} if {0} >= {1} or {0} != {0} else {1}",
    np.where: "{1} if {0} else {2}", np.floor: "float(floor({0}))", np.ceil: "float(ceil({0}))",
    np.logical_not: "not {0}", np.isfinite: "isfinite({0})",
}  # fmt: skip
#: And those that take truth values alone.
_TRUTHS: dict[Any, str] = {
    np.bitwise_and: "{0} and {1}", np.bitwise_or: "{0} or {1}", np.logical_and: "{0} and {1}",
    np.logical_or: "{0} or {1}", np.invert: "not {0}",
}  # fmt: skip
_FUNCTIONS = {np.exp: math.exp, np.log: math.log, np.sqrt: math.sqrt, np.floor: math.floor, np.ceil: math.ceil,
              np.expm1: math.expm1, np.log1p: math.log1p, np.log2: math.log2}  # fmt: skip
#: One of many along an axis, two at a time.
_LEAST, _MOST = _WRITTEN[np.minimum], _WRITTEN[np.maximum]
_CHAINED: dict[Any, str] = {
    np.sum: "{0} + {1}", np.add.reduce: "{0} + {1}", np.min: _LEAST, np.minimum.reduce: _LEAST, np.max: _MOST,
    np.maximum.reduce: _MOST, np.any: "{0} or {1}", np.all: "{0} and {1}",
}  # fmt: skip
_OF_TRUTHS = frozenset({"{0} or {1}", "{0} and {1}"})
_FILLED = {np.zeros_like: "(0.0)", np.ones_like: "(1.0)"}
#: What moves numbers and leaves them as they are: done on their names.
_OF_SHAPE = frozenset({_taken, _shaped, _spread, np.expand_dims})
_MOVED = frozenset({np.stack, np.concatenate, np.broadcast_arrays, np.atleast_1d})


@dataclass(frozen=True)
class Recording:
    """A run of one point: its inputs in their order, its operations, and what it gave by name."""

    tape: Tape
    inputs: Mapping[str, Recorded]
    outputs: Mapping[str, Any]

    @classmethod
    def of(cls, tape: Tape, inputs: Mapping[str, Recorded], outputs: Mapping[str, Any]) -> Recording:
        """Return the recording of what a run gave: columns, recorded arrays and plain numbers."""
        bare = {n: v.values if isinstance(v, Column) else v for n, v in outputs.items()}
        kept = {n: v if isinstance(v, Recorded) else float(v) for n, v in bare.items()}
        return cls(tape, inputs, kept)

    @cached_property
    def _needed(self) -> list[int]:
        """The operations behind the outputs and the decisions, in their order."""
        todo = [v.at for v in self.outputs.values() if isinstance(v, Recorded)]
        todo += [guard.at for guard in self.tape.guards]
        found: set[int] = set()
        while todo:
            at = todo.pop()
            if at not in found:
                found.add(at)
                op = self.tape.ops[at]
                todo += [ref.at for ref in _refs((op.args, tuple(op.kwargs.values())))]
        return sorted(found)

    def __len__(self) -> int:
        return len(self._needed)

    @cached_property
    def _on_numbers(self) -> Callable[..., Any]:
        return _Writer(self).function(self._needed)

    def one(self, values: Mapping[str, float]) -> dict[str, float] | None:
        """Return the outputs at one point; nothing where a decision falls otherwise, or a number is beyond Python's."""
        try:
            found: dict[str, float] | None = self._on_numbers(*(float(values[k]) for k in self.inputs))
        except (ArithmeticError, ValueError):
            return None
        return found


def _refs(value: Any) -> list[Ref]:
    if isinstance(value, Ref):
        return [value]
    if isinstance(value, tuple | list):
        return [ref for part in value for ref in _refs(part)]
    return []


class _Writer:
    """Writes the operations as the source of one function: tables are so many single numbers."""

    def __init__(self, recording: Recording) -> None:
        self.recording, self.ops = recording, recording.tape.ops
        self.names: dict[str, Any] = {
            "isfinite": math.isfinite,
            "floor": math.floor,
            "ceil": math.ceil,
            "np": np,
        }
        self.known: dict[int, str] = {}
        self.lines: list[str] = []
        self.kept: list[Any] = []
        self.at: dict[int, Any] = {}
        """By operation: the names of the numbers that it gave, shaped like them at one point; of several, a tuple."""

    def function(self, needed: Sequence[int]) -> Callable[..., Any]:
        """Return the function; it gives nothing where a decision falls otherwise than it did."""
        guards: dict[int, list[float]] = {}
        for guard in self.recording.tape.guards:
            guards.setdefault(guard.at, []).append(guard.value)
        inputs = {r.at: f"x{n}" for n, r in enumerate(self.recording.inputs.values())}
        for at in needed:
            self.at[at] = _names([inputs[at]], (1,)) if at in inputs else self._call(at, self.ops[at])
            self.lines += [
                f"if not ({self._number(at)} == {value!r}): return None" for value in guards.get(at, ())
            ]
        shown = ", ".join(f"{n!r}: {self._output(v)}" for n, v in self.recording.outputs.items())
        body = [f"def run({', '.join(inputs.values())}):", *self.lines, f"return {{{shown}}}"]
        space = dict(self.names)
        # Our own lines, from our own tape: no text of a user stands in them but names of outputs, quoted.
        exec(compile("\n ".join(body), "<recording>", "exec"), space)
        run: Callable[..., Any] = space["run"]
        return run

    def _output(self, value: Any) -> str:
        return f"float({self._number(value.at)})" if isinstance(value, Recorded) else f"float({str(value)!r})"

    def _number(self, at: int) -> str:
        return str(self.at[at].reshape(-1)[0])

    def _call(self, at: int, op: Op) -> Any:
        """Write an operation; return the names of what it gives."""
        if op.func is _item:
            return self._value(op.args[0])[op.args[1]]
        if op.func in _OF_SHAPE:
            return op.func(self.at[op.args[0].at], *op.args[1:], **op.kwargs)
        if op.func in _MOVED:
            return op.func(*map(self._value, op.args), **op.kwargs)
        if op.shape is None:
            raise Unbatchable(f"{op.func.__name__} gives several results")
        if op.func in _FILLED:
            return _names([_FILLED[op.func]] * _count(op), _one_point(op))
        texts = None if op.kwargs and op.func not in _CHAINED else self._texts(op)
        if texts is None:
            return self._whole(at, op)
        return _names([self._named(text) for text in texts], _one_point(op))

    def _named(self, text: str) -> str:
        if text.isidentifier():
            return text
        name = f"v{len(self.lines)}"
        self.lines.append(f"{name} = {text}")
        return name

    def _texts(self, op: Op) -> list[str] | None:
        """One expression for every number that an operation gives; None where it is no arithmetic."""
        if op.func in _CHAINED:
            return self._chained(op)
        form = _WRITTEN.get(op.func) or (_TRUTHS.get(op.func) if self._of_truths(op) else None)
        if form is None and op.func in _FUNCTIONS:
            form = f"{self._constant(_FUNCTIONS[op.func])}({{0}})"
        if form is None and isinstance(op.func, np.ufunc):
            places = ", ".join(f"{{{n}}}" for n in range(len(op.args)))
            form = f"{self._constant(op.func)}({places}).item()"
        if form is None:
            return None
        rows = np.broadcast_arrays(*map(self._value, op.args))
        zero = op.func is np.add or op.func is np.multiply
        texts = []
        for taken in zip(*(r.reshape(-1) for r in rows), strict=True):
            plain = zero and _left_alone(op.func, taken)
            texts.append(plain or f"({form.format(*taken)})")
        return texts

    def _of_truths(self, op: Op) -> bool:
        return all(isinstance(a, Ref) and self.ops[a.at].kind == "b" for a in op.args)

    def _chained(self, op: Op) -> list[str] | None:
        """A sum, or a least, along the first axis: row by row, as NumPy goes."""
        axis, form = op.kwargs.get("axis", 0), _CHAINED[op.func]
        values = self._value(op.args[0])
        if axis not in (0, (0,)) or set(op.kwargs) - {"axis"} or len(op.args) > 1 or not values.shape[0]:
            return None
        if form in _OF_TRUTHS and not self._of_truths(op):
            return None
        so_far = list(values[0].reshape(-1))
        for row in values[1:]:
            pairs = zip(so_far, row.reshape(-1), strict=True)
            so_far = [self._named(f"({form.format(a, b)})") for a, b in pairs]
        return so_far

    def _whole(self, at: int, op: Op) -> Any:
        """Any other function, on arrays of one point."""
        args = [self._array(a) for a in op.args] + [f"{k}={self._array(v)}" for k, v in op.kwargs.items()]
        names = [f"w{at}_{n}" for n in range(_count(op))]
        call = f"{self._constant(op.func)}({', '.join(args)})"
        self.lines.append(
            f"{', '.join(names)}, = np.asarray({call}).reshape(-1).tolist()" if names else "pass"
        )
        return _names(names, _one_point(op))

    def _array(self, value: Any) -> str:
        if isinstance(value, Ref):
            names = self.at[value.at]
            return f"np.array([{', '.join(names.reshape(-1))}]).reshape({names.shape})"
        if isinstance(value, tuple) and _refs(value):
            return f"({', '.join(map(self._array, value))},)"
        return self._constant(value)

    def _value(self, value: Any) -> Any:
        """The names of what an operation takes, in the shape of its numbers."""
        if isinstance(value, Ref):
            return self.at[value.at]
        if isinstance(value, tuple):
            return tuple(map(self._value, value))
        if isinstance(value, np.ndarray):
            return _names([self._constant(v) for v in value.reshape(-1)], value.shape)
        return _names([self._constant(value)], ())

    def _constant(self, value: Any) -> str:
        if isinstance(value, np.generic):
            return self._constant(value.item())
        if type(value) in {float, int, bool} and math.isfinite(value):
            return f"({value!r})"
        if id(value) not in self.known:
            name = self.known[id(value)] = f"c{len(self.names)}"
            self.names[name] = value
            self.kept.append(value)
        return self.known[id(value)]


def _names(texts: Sequence[str], shape: tuple[int, ...]) -> Any:
    """Names as an array of a shape."""
    out = np.empty(len(texts), dtype=object)
    out[:] = texts
    return out.reshape(shape)


def _count(op: Op) -> int:
    """How many numbers an operation gives at one point."""
    return math.prod((op.shape or ())[:-1])


def _one_point(op: Op) -> tuple[int, ...]:
    return (*(op.shape or ())[:-1], 1)


def _left_alone(func: Any, taken: Sequence[str]) -> str:
    """The other number where one is nothing added, or once; empty where neither is."""
    none = ("(0)", "(0.0)") if func is np.add else ("(1)", "(1.0)")
    one, other = taken
    return other if one in none else one if other in none else ""
