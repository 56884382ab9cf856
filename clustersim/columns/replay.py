"""A recorded run again at other points: its operations as one straight function, for arrays or for single numbers.

Nothing is computed here that the recorded functions did not compute: the same operations in the same order. A point at
which a decision would have fallen otherwise is given back, to be run by the functions themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.columns.column import Column
from clustersim.columns.recorded import POINTS, Op, Recorded, Ref, Tape, _input

__all__ = ["Recording"]

Array = NDArray[Any]
#: Operations on single numbers as Python writes them; the same IEEE arithmetic as NumPy's.
_WRITTEN: dict[Any, str] = {
    np.add: "{0} + {1}", np.subtract: "{0} - {1}", np.multiply: "{0} * {1}", np.true_divide: "{0} / {1}",
    np.less: "{0} < {1}", np.less_equal: "{0} <= {1}", np.greater: "{0} > {1}", np.greater_equal: "{0} >= {1}",
    np.equal: "{0} == {1}", np.not_equal: "{0} != {1}", np.negative: "-{0}", np.absolute: "abs({0})",
    np.minimum: "{0} if {0} <= {1} or {0} != {0} else {1}", np.maximum: "{0} if {0} >= {1} or {0} != {0} else {1}",
    np.where: "{1} if {0} else {2}", np.logical_not: "not {0}", np.isfinite: "isfinite({0})",
    np.zeros_like: "0.0", np.ones_like: "1.0",
}  # fmt: skip
#: And those that take truth values alone.
_TRUTHS: dict[Any, str] = {
    np.bitwise_and: "{0} and {1}", np.bitwise_or: "{0} or {1}", np.logical_and: "{0} and {1}",
    np.logical_or: "{0} or {1}", np.invert: "not {0}",
}  # fmt: skip
_FUNCTIONS = {np.exp: math.exp, np.log: math.log, np.sqrt: math.sqrt, np.floor: math.floor, np.ceil: math.ceil,
              np.expm1: math.expm1, np.log1p: math.log1p, np.log2: math.log2}  # fmt: skip


@dataclass(frozen=True)
class Recording:
    """A run of one point: its inputs in their order, its operations, and what it gave by name."""

    tape: Tape
    inputs: Mapping[str, Recorded]
    outputs: Mapping[str, Any]
    _fixed: dict[str, float] = field(default_factory=dict)

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
    def _on_arrays(self) -> Callable[..., Any]:
        return _Writer(self, single=False).function(self._needed)

    @cached_property
    def _on_numbers(self) -> Callable[..., Any]:
        return _Writer(self, single=True).function(self._needed)

    def many(self, values: Mapping[str, Array], total: int) -> tuple[dict[str, Array], NDArray[np.bool_]]:
        """Return the outputs at some points, and at which of them every decision falls as it was recorded."""
        with np.errstate(all="ignore"):
            found, held = self._on_arrays(*(np.asarray(values[k], dtype=float) for k in self.inputs))
        out = {n: np.broadcast_to(np.asarray(v, dtype=float), (total,)) for n, v in found.items()}
        return out, np.broadcast_to(np.asarray(held, dtype=bool), (total,))

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
    """Writes the operations as the source of one function."""

    def __init__(self, recording: Recording, *, single: bool) -> None:
        self.recording, self.single = recording, single
        self.names: dict[str, Any] = {"isfinite": math.isfinite, "np": np, "alone": _alone, "row": _row}
        self.known: dict[int, str] = {}
        self.guards: dict[int, list[float]] = {}
        for guard in recording.tape.guards:
            self.guards.setdefault(guard.at, []).append(guard.value)

    def function(self, needed: Sequence[int]) -> Callable[..., Any]:
        inputs = {r.at: f"v{r.at}" for r in self.recording.inputs.values()}
        lines = [f"def run({', '.join(inputs.values())}):", " held = True"]
        for at in needed:
            if at not in inputs:
                lines.append(f" v{at} = {self._call(self.recording.tape.ops[at])}")
            lines += [self._guard(at, value) for value in self.guards.get(at, ())]
        shown = ", ".join(f"{n!r}: {self._output(v)}" for n, v in self.recording.outputs.items())
        lines.append(f" return {{{shown}}}" + ("" if self.single else ", held"))
        space = dict(self.names)
        exec(compile("\n".join(lines), "<recording>", "exec"), space)  # noqa: S102 -- our own lines, from our own tape
        run: Callable[..., Any] = space["run"]
        return run

    def _guard(self, at: int, value: float) -> str:
        if self.single:
            flat = self._flat(self.recording.tape.ops[at])
            taken = f"v{at}" if flat else f"v{at}.reshape(-1)[0]"
            return f" if not ({taken} == {value!r}): return None"
        return f" held = held & (np.asarray(v{at}).reshape(-1) == {value!r})"

    def _output(self, value: Any) -> str:
        if not isinstance(value, Recorded):
            return f"float({str(value)!r})"
        if not self.single:
            return f"v{value.at}.reshape(-1)"
        flat = self._flat(self.recording.tape.ops[value.at])
        return f"float(v{value.at})" if flat else f"float(v{value.at}.reshape(-1)[0])"

    @staticmethod
    def _flat(op: Op) -> bool:
        """Whether an operation gives one number a point."""
        return op.shape == (POINTS,)

    def _constant(self, value: Any) -> str:
        name = f"c{len(self.names)}"
        if type(value) in {float, int, bool} and math.isfinite(value):
            return f"({value!r})"
        if isinstance(value, np.generic) and self.single:
            return self._constant(value.item())
        known = self.known.get(id(value))
        if known is None:
            known = self.known[id(value)] = name
            self.names[name] = value
        return known

    def _written(self, value: Any, arrays: bool) -> str:
        if isinstance(value, Ref):
            flat = self.single and arrays and self._flat(self.recording.tape.ops[value.at])
            return f"alone(v{value.at})" if flat else f"v{value.at}"
        if isinstance(value, tuple) and _refs(value):
            return f"({', '.join(self._written(v, arrays) for v in value)},)"
        return self._constant(value)

    def _call(self, op: Op) -> str:
        if self.single and (text := self._of_numbers(op)) is not None:
            return text
        func = self._constant(op.func)
        # Row by row of a table: arithmetic takes a bare number beside a table as it takes one a point.
        arrays = not (isinstance(op.func, np.ufunc) and not self._flat(op))
        args = [self._written(a, arrays) for a in op.args]
        args += [f"{k}={self._written(v, arrays)}" for k, v in op.kwargs.items()]
        text = f"{func}({', '.join(args)})"
        return f"row({text})" if self.single and self._flat(op) else text

    def _of_numbers(self, op: Op) -> str | None:
        """An operation on single numbers alone, as Python writes it; None where it is none."""
        given = [self.recording.tape.ops[a.at] for a in op.args if isinstance(a, Ref)]
        plain = all(isinstance(a, Ref | float | int | bool | np.generic) for a in op.args)
        if op.kwargs or not plain or not self._flat(op) or not all(map(self._flat, given)):
            return None
        args = [self._written(a, arrays=False) for a in op.args]
        if op.func in _TRUTHS and all(g.kind == "b" for g in given) and len(given) == len(args):
            return f"({_TRUTHS[op.func].format(*args)})"
        if op.func in _WRITTEN:
            return f"({_WRITTEN[op.func].format(*args)})"
        if op.func in _FUNCTIONS:
            return f"{self._constant(_FUNCTIONS[op.func])}({', '.join(args)})"
        if isinstance(op.func, np.ufunc):
            return f"{self._constant(op.func)}({', '.join(args)}).item()"
        return None


def _alone(value: Any) -> Array:
    """A number as the values of one point."""
    return np.array((value,))


def _row(values: Any) -> Any:
    """The values of one point as a number."""
    return values.item()
