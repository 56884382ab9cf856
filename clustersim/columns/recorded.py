"""What functions written for one point do with a point, recorded: arrays that remember what was computed from them.

A ``Recorded`` stands for the values of a ``Column``, or for a plain array whose last axis is the points. NumPy's
functions take it and are noted on its ``Tape``; where code decides, the decision is noted as a guard, which a point
must meet for the recording to be its own run. What cannot be noted raises ``Unbatchable``: never a wrong number.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from clustersim.columns.column import Column, Noted, Unbatchable

__all__ = ["POINTS", "Guard", "Op", "Recorded", "Ref", "Tape"]

#: The recorded point stands this often beside itself: a length that hardly any other axis has, so that an array of
#: constants along the points is told from one along years or plans.
POINTS = 7
_TAPES = itertools.count(1)
_WHOLE = frozenset(
    {
        np.any,
        np.all,
        np.min,
        np.max,
        np.amin,
        np.amax,
        np.sum,
        np.mean,
        np.prod,
        np.median,
        np.argmin,
        np.argmax,
    }
)
_ASKED = frozenset({np.shape, np.ndim, np.size, np.iscomplexobj})


@dataclass(frozen=True, slots=True)
class Ref:
    """What an operation takes that another gave."""

    at: int


@dataclass(frozen=True, slots=True)
class Op:
    """One call: its function, what it takes, and the shape and kind of what it gave, the points last."""

    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    shape: tuple[int, ...] | None
    kind: str = "f"


@dataclass(frozen=True, slots=True)
class Guard:
    """What a decision was made on, and what it said."""

    at: int
    value: float


@dataclass(slots=True)
class Tape:
    """The operations of a run in their order, without repetition, and the decisions between them."""

    ops: list[Op] = field(default_factory=list)
    guards: dict[Guard, None] = field(default_factory=dict)
    number: int = field(default_factory=lambda: next(_TAPES))
    _known: dict[Any, Any] = field(default_factory=dict)
    _kept: list[Any] = field(default_factory=list)

    def root(self, value: float) -> Recorded:
        """Return a new input, at the recorded point."""
        self.ops.append(Op(_input, (), {}, (POINTS,)))
        return Recorded(np.full(POINTS, float(value)), self, len(self.ops) - 1)

    def do(self, func: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any] = {}) -> Any:
        """Call a function on what it takes and note it; return its result, or its results."""
        frozen, key = _frozen(args, self), None
        named = {k: _frozen(v, self) for k, v in kwargs.items()}
        key = (func, _key(frozen), tuple((k, _key(v)) for k, v in sorted(named.items())))
        if key in self._known:
            return self._known[key]
        with np.errstate(all="ignore"):
            result = func(*(_now(a) for a in args), **{k: _now(v) for k, v in kwargs.items()})
        self._kept.append((frozen, named))  # constants are known by their identity, which must stay theirs
        found = self._known[key] = self._noted(func, frozen, named, result)
        return found

    def _noted(self, func: Callable[..., Any], args: Any, kwargs: Mapping[str, Any], result: Any) -> Any:
        self.ops.append(Op(func, tuple(args), kwargs, _shape(result), _kind(result)))
        at = len(self.ops) - 1
        if isinstance(result, list | tuple):
            return tuple(self._noted(_item, (Ref(at), n), {}, part) for n, part in enumerate(result))
        array = np.asarray(result)
        if not array.ndim or array.shape[-1] != POINTS:
            raise Unbatchable(f"{getattr(func, '__name__', func)} left no axis of points")
        return Recorded(array, self, at)

    def decide(self, at: int, values: Any, what: str) -> Any:
        """Note a decision; return what it is made on at the recorded point."""
        flat = np.asarray(values)
        if flat.size != POINTS:
            raise Unbatchable(f"{what} about a table of several rows")
        value = flat.reshape(-1)[0]
        self.guards[Guard(at, float(value))] = None
        return value


def _input() -> NoReturn:
    raise AssertionError("an input is given, not computed")


def _item(results: Any, n: int) -> Any:
    return results[n]


def _shape(result: Any) -> tuple[int, ...] | None:
    return None if isinstance(result, list | tuple) else np.shape(result)


def _kind(result: Any) -> str:
    return "" if isinstance(result, list | tuple) else np.asarray(result).dtype.kind


def _now(value: Any) -> Any:
    if isinstance(value, Recorded):
        return value.now
    if isinstance(value, list | tuple):
        return type(value)(_now(v) for v in value)
    return value


def _frozen(value: Any, tape: Tape) -> Any:
    """What an operation takes, with references for what is recorded; constants along the points are refused."""
    if isinstance(value, Recorded):
        if value.tape is not tape:
            raise Unbatchable("two recordings met")
        return Ref(value.at)
    if isinstance(value, Column):
        raise Unbatchable("a column met a recording")
    if isinstance(value, list | tuple):
        return tuple(_frozen(v, tape) for v in value)
    if isinstance(value, np.ndarray) and value.ndim and value.shape[-1] == POINTS:
        raise Unbatchable("an array of constants along the points met a recording")
    return value


def _key(value: Any) -> Any:
    if isinstance(value, tuple):
        return ("of", *map(_key, value))
    if isinstance(value, Ref):
        return ("ref", value.at)
    if isinstance(value, slice):
        return ("slice", value.start, value.stop, value.step)
    if isinstance(value, float | int | np.generic):
        return (type(value), repr(value))
    return ("is", id(value))


# Functions that an operation is noted as, where NumPy's own would name the number of points.
def _taken(values: Any, key: Any) -> Any:
    return values[tuple(key)]


def _shaped(values: Any, rows: tuple[int, ...]) -> Any:
    return values.reshape(*rows, values.shape[-1])


def _spread(values: Any, rows: tuple[int, ...]) -> Any:
    return np.broadcast_to(values, (*rows, values.shape[-1]))


def _as(values: Any, kind: Any) -> Any:
    return values.astype(kind)


class Recorded(Noted, NDArrayOperatorsMixin):
    """The values of some points, the last axis, with the place on a tape where they were computed."""

    __slots__ = ("at", "now", "tape")

    def __init__(self, now: Any, tape: Tape, at: int) -> None:
        self.now, self.tape, self.at = now, tape, at

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Unbatchable("a recorded array was taken for a plain one")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if kwargs.get("out") is not None or method not in {"__call__", "reduce"}:
            raise Unbatchable(f"{ufunc.__name__}.{method} of a recorded array")
        if method == "__call__":
            return self.tape.do(ufunc, inputs, kwargs)
        return self._over(ufunc.reduce, kwargs.pop("axis", 0), inputs[0], kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func in _ASKED:
            return func(_now(args[0]), *args[1:], **kwargs)
        if func is np.broadcast_to:
            return _to_shape(*args, **kwargs)
        if func in _WHOLE:
            axis = kwargs.pop("axis", args[1] if len(args) > 1 else None)
            return self._over(func, axis, args[0], kwargs)
        if func is np.reshape:
            return args[0].reshape(*np.atleast_1d(args[1]))
        _refuse_points_axis(func, args, kwargs)
        return self.tape.do(func, args, kwargs)

    def _over(self, func: Any, axis: Any, values: Any, kwargs: Any) -> Any:
        """One of many along an axis; over all axes, where none is named, of each point for itself."""
        if not isinstance(values, Recorded):
            raise Unbatchable(f"{func.__name__} of a list")
        rows = values.ndim - 1
        if axis is None:
            axes: Any = tuple(range(rows))
            if not rows:
                return values
            if func in (np.argmin, np.argmax):
                raise Unbatchable("a place in a table")
        else:
            axes = axis if not isinstance(axis, int) or axis >= 0 else axis + values.ndim
            if axes == rows or (isinstance(axes, tuple) and rows in axes):
                raise Unbatchable("a sum over the points")
        return values.tape.do(func, (values,), {**kwargs, "axis": axes})

    # What a decision asks.
    def __bool__(self) -> bool:
        truth = self if self.now.dtype.kind == "b" else self.tape.do(np.not_equal, (self, 0))
        return bool(self.tape.decide(truth.at, truth.now, "a decision"))

    def __int__(self) -> int:
        return int(self.tape.decide(self.at, self.now, "a whole number"))

    def __index__(self) -> int:
        value = self.tape.decide(self.at, self.now, "an index")
        if value != int(value):
            raise Unbatchable("a fraction was taken for an index")
        return int(value)

    def __float__(self) -> float:
        return float(self.tape.decide(self.at, self.now, "one number"))

    def __deepcopy__(self, memo: Any) -> Recorded:
        return self

    def __hash__(self) -> int:
        raise Unbatchable("a recorded array was taken for a key")

    def __repr__(self) -> str:
        return f"Recorded({self.tape.number}, {self.at})"

    def __format__(self, spec: str) -> str:
        return format(self.now.reshape(-1)[0], spec)

    # The shape.
    @property
    def ndim(self) -> int:
        """Axes, the points among them."""
        return int(self.now.ndim)

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes, the points last."""
        return tuple(self.now.shape)

    @property
    def size(self) -> int:
        """Rows times points."""
        return int(self.now.size)

    @property
    def dtype(self) -> Any:
        """Kind of number."""
        return self.now.dtype

    def __len__(self) -> int:
        if self.ndim < 2:
            raise Unbatchable("the length of the points was asked")
        return int(self.now.shape[0])

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        if not all(p is None or p is Ellipsis or isinstance(p, _PLACES) for p in parts):
            raise Unbatchable("a choice of rows by what is recorded")
        named = [p for p in parts if p is not None and p is not Ellipsis]
        rest = any(p is Ellipsis for p in parts)
        last = parts[-1]
        reaches = last is not Ellipsis and (len(named) == self.ndim or rest)
        if reaches and not (isinstance(last, slice) and last == slice(None)):
            raise Unbatchable("a point of a recorded array was asked for")
        return self.tape.do(_taken, (self, tuple(_plain_slice(p) for p in parts)))

    def reshape(self, *shape: Any) -> Any:
        """Return the rows in another shape, the points as they are."""
        given = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
        if tuple(given) == (-1,) and self.now.size == POINTS:
            given = (POINTS,)
        if given[-1] != POINTS:
            raise Unbatchable("a shape without the points")
        return self.tape.do(_shaped, (self, tuple(int(n) for n in given[:-1])))

    def astype(self, kind: Any) -> Any:
        """Return the values as another kind of number."""
        return self.tape.do(_as, (self, kind))

    def sum(self, axis: Any = None) -> Any:
        """Return the sum along rows."""
        return self._over(np.sum, axis, self, {})

    def mean(self, axis: Any = None) -> Any:
        """Return the mean along rows."""
        return self._over(np.mean, axis, self, {})

    def min(self, axis: Any = None) -> Any:
        """Return the least along rows."""
        return self._over(np.min, axis, self, {})

    def max(self, axis: Any = None) -> Any:
        """Return the most along rows."""
        return self._over(np.max, axis, self, {})

    def copy(self) -> Recorded:
        """Return the same: nothing here changes in place."""
        return self


#: What names rows: places by number, by slices, or by plain arrays.
_PLACES = (int, np.integer, slice, np.ndarray)


def _plain_slice(part: Any) -> Any:
    return int(part) if isinstance(part, np.integer) else part


def _to_shape(values: Any, shape: Any, **kwargs: Any) -> Any:
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if kwargs or shape[-1:] != (POINTS,) or not isinstance(values, Recorded):
        raise Unbatchable("broadcasting to a shape without the points")
    return values.tape.do(_spread, (values, shape[:-1]))


def _refuse_points_axis(func: Any, args: Any, kwargs: Mapping[str, Any]) -> None:
    """Functions that go along an axis must name one that is not the points'."""
    if func in (np.stack, np.concatenate):
        most = max(np.ndim(_now(p)) for p in args[0])
        axis = kwargs.get("axis", args[1] if len(args) > 1 else 0)
        if axis != 0 or (func is np.concatenate and most < 2):
            raise Unbatchable(f"np.{func.__name__} along the points")
        return
    if func in (np.cumsum, np.diff, np.take_along_axis, np.expand_dims):
        if kwargs.get("axis", args[-1] if func is np.take_along_axis else None) != 0 or args[0].ndim < 2:
            raise Unbatchable(f"np.{func.__name__} along the points")
        return
    if func not in _POINTWISE:
        raise Unbatchable(f"np.{func.__name__} of a recorded array")


_POINTWISE = frozenset(
    {np.where, np.clip, np.zeros_like, np.ones_like, np.full_like, np.broadcast_arrays,
     np.nan_to_num, np.atleast_1d, np.round}
)  # fmt: skip
