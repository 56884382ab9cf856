"""A number with one value a point, and what happens where code cannot take it for one number."""

from __future__ import annotations

import hashlib
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

__all__ = ["Column", "Noted", "Split", "Unbatchable", "bare"]

Array = NDArray[Any]


class Split(Exception):
    """Points that must go separate ways; ``labels`` says which, one a point.

    The labels are the error's only argument: SimPy raises a copy, made from the arguments, of what a process raises.
    """

    def __init__(self, labels: Array) -> None:
        super().__init__(labels)
        self.labels = labels

    def __str__(self) -> str:
        return "the points of a batch go separate ways"

    def groups(self) -> list[Array]:
        """Return the points that go one way, for each way; that of the least label comes last."""
        # np.unique would load numpy.ma, which takes longer than most batches of a command.
        ways = sorted(set(self.labels.tolist()), reverse=True)
        return [np.flatnonzero(self.labels == way) for way in ways]


class Unbatchable(Exception):
    """Something that cannot be done for many points at once."""


class Noted:
    """Base of arrays that remember what was computed from them: decisions about them are theirs."""

    __slots__ = ()


#: NumPy's functions that keep the points apart, whatever their arguments.
_SAFE = frozenset(
    {np.where, np.clip, np.zeros_like, np.ones_like, np.broadcast_arrays, np.iscomplexobj, np.nan_to_num}
)
#: Those that go along an axis: it must not be that of the points.
_ALONG = frozenset({np.stack, np.concatenate, np.cumsum, np.diff, np.take_along_axis, np.expand_dims})
#: Those that make one of many: along all axes but that of the points where none is named.
_REDUCE = frozenset(
    {np.sum, np.any, np.all, np.max, np.min, np.amax, np.amin, np.mean, np.argmin, np.argmax, np.prod}
)


class Column:
    """A number with one value a point: the last axis of ``values``.

    >>> price = Column(np.array([2.0, 4.0]))
    >>> (price * 3 + 1).values.tolist(), np.maximum(price, 3.0).values.tolist()
    ([7.0, 13.0], [3.0, 4.0])
    >>> bool(price > 1), bool(price > 5)
    (True, False)
    >>> bool(price > 3)
    Traceback (most recent call last):
    clustersim.columns.column.Split: the points of a batch go separate ways
    """

    __slots__ = ("values",)

    def __init__(self, values: Array) -> None:
        self.values = values

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Unbatchable("a column was taken for a plain array")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if kwargs.get("out") is not None:
            raise Unbatchable(f"{ufunc.__name__} into a plain array")
        if method == "reduce":
            return _reduced(np.add if ufunc is np.add else ufunc, inputs[0], kwargs)
        if method != "__call__":
            raise Unbatchable(f"{ufunc.__name__}.{method} of a column")
        return _wrapped(ufunc(*(bare(x) for x in inputs), **kwargs))

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func in (np.ndim, np.shape):
            return func(self.values)
        if func is np.broadcast_to:
            return _spread(*args)
        if func in _REDUCE:
            return _reduce(func, *args, **kwargs)
        if func in _ALONG:
            return _along(func, args, kwargs)
        if func not in _SAFE:
            raise Unbatchable(f"np.{func.__name__} of a column")
        return _wrapped(func(*_bare_all(args), **{k: bare(v) for k, v in kwargs.items()}))

    # What a decision asks.
    def __bool__(self) -> bool:
        if isinstance(self.values, Noted):
            return bool(self.values)
        first = bool(self.values.flat[0])
        if np.all(self.values) if first else not np.any(self.values):
            return first
        raise Split(self._flat("a decision").astype(bool))

    def __int__(self) -> int:
        return int(self._one())

    def __index__(self) -> int:
        value = self._one()
        if value != int(value):
            raise Unbatchable("a fraction was taken for an index")
        return int(value)

    def __float__(self) -> float:
        if isinstance(self.values, Noted):
            return float(self.values)
        if np.all(self.values == self.values.flat[0]):
            return float(self.values.flat[0])
        raise Unbatchable("a column was taken for one number")

    def _one(self) -> Any:
        """The one whole number that all points have; they split by it where they differ."""
        if isinstance(self.values, Noted):
            return float(self.values)
        flat = self._flat("a whole number")
        if np.all(flat == flat[0]):
            return flat[0]
        raise Split(np.trunc(flat))

    def _flat(self, what: str) -> Array:
        if self.values.size != self.values.shape[-1]:
            raise Unbatchable(f"{what} about a table of several rows")
        return self.values.reshape(-1)

    def __hash__(self) -> int:
        raise Unbatchable("a column was taken for a key")

    def __repr__(self) -> str:
        if isinstance(self.values, Noted):
            return f"Column({self.values!r})"
        digest = hashlib.blake2b(np.ascontiguousarray(self.values).tobytes(), digest_size=16).hexdigest()
        return f"Column({self.values.shape}, {digest})"

    def __format__(self, spec: str) -> str:
        if isinstance(self.values, Noted):
            return format(self.values, spec)
        low, high = np.min(self.values), np.max(self.values)
        return format(float(low), spec) if low == high else f"{float(low):{spec}} to {float(high):{spec}}"

    # The shape, without the points where they are all that there is.
    @property
    def ndim(self) -> int:
        """Axes, the points among them."""
        return self.values.ndim

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes, the points last."""
        return self.values.shape

    def __len__(self) -> int:
        if self.values.ndim < 2:
            raise Unbatchable("the length of a column was asked")
        return int(self.values.shape[0])

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Column:
        parts = key if isinstance(key, tuple) else (key,)
        axes = self.values.ndim - 1
        if sum(part is not None and part is not Ellipsis for part in parts) > axes:
            raise Unbatchable("a point of a column was asked for")
        tail = () if Ellipsis in [p for p in parts if p is Ellipsis] else (Ellipsis,)
        moved = self.values[(*parts, *tail)] if tail else self.values[(*parts, slice(None))]
        return Column(moved)

    def reshape(self, *shape: int) -> Column:
        """Return the rows in another shape, the points as they are."""
        return Column(self.values.reshape(*shape, self.values.shape[-1]))

    def sum(self, axis: int | None = None) -> Column:
        """Return the sum along an axis that is not the points'."""
        return _reduce(np.sum, self, axis=axis)  # type: ignore[no-any-return]

    def mean(self, axis: int | None = None) -> Column:
        """Return the mean along an axis that is not the points'."""
        return _reduce(np.mean, self, axis=axis)  # type: ignore[no-any-return]

    def astype(self, kind: Any) -> Column:
        """Return the values as another kind of number."""
        return Column(self.values.astype(kind))

    def __matmul__(self, weights: Any) -> Column:
        if self.values.ndim < 2:
            raise Unbatchable("a product along the points")
        rows = (self.values[..., i, :] * weight for i, weight in enumerate(np.asarray(weights, dtype=float)))
        return Column(sum(rows, np.zeros(())))

    def __floor__(self) -> Column:
        return Column(np.floor(self.values))

    def __ceil__(self) -> Column:
        return Column(np.ceil(self.values))

    def __round__(self, digits: int | None = None) -> Column:
        return Column(np.round(self.values, digits or 0))

    def __abs__(self) -> Column:
        return Column(np.abs(self.values))

    def __neg__(self) -> Column:
        return Column(-self.values)

    def __pos__(self) -> Column:
        return self

    def __invert__(self) -> Column:
        return Column(~self.values)

    def __divmod__(self, other: Any) -> tuple[Column, Column]:
        return self // other, self % other


def _operator(name: str, ufunc: Any) -> None:
    def forward(self: Column, other: Any) -> Any:
        return Column(ufunc(self.values, bare(other)))

    def backward(self: Column, other: Any) -> Any:
        return Column(ufunc(bare(other), self.values))

    setattr(Column, f"__{name}__", forward)
    if name not in {"lt", "le", "gt", "ge", "eq", "ne"}:
        setattr(Column, f"__r{name}__", backward)


for _name, _ufunc in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide, "floordiv": np.floor_divide,
    "mod": np.remainder, "pow": np.power, "and": np.bitwise_and, "or": np.bitwise_or, "lt": np.less,
    "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "eq": np.equal, "ne": np.not_equal,
}.items():  # fmt: skip
    _operator(_name, _ufunc)


def bare(value: Any) -> Any:
    """Return what NumPy computes with: a column's values, or a number; a table of its own axes is refused."""
    if isinstance(value, Column):
        return value.values
    if isinstance(value, np.ndarray) and value.ndim and value.shape[-1] != 1:
        raise Unbatchable(f"a plain array of shape {value.shape} met a column")
    return value


def _bare_all(args: Any) -> Any:
    return [[bare(x) for x in a] if isinstance(a, list | tuple) else bare(a) for a in args]


def _wrapped(result: Any) -> Any:
    if isinstance(result, tuple | list):
        return tuple(_wrapped(r) for r in result)
    return Column(result)


def _spread(value: Any, shape: tuple[int, ...]) -> Column:
    """Broadcasting to ``shape``, which says nothing of the points."""
    points = value.values.shape[-1]
    given = (
        tuple(shape)
        if tuple(shape)[-1:] == (points,) and value.values.ndim == len(shape)
        else (*shape, points)
    )
    return Column(np.broadcast_to(value.values, given))


def _reduced(ufunc: Any, value: Any, kwargs: Any) -> Any:
    axis = kwargs.get("axis", 0)
    return Column(ufunc.reduce(value.values, axis=_own_axes(value.values, axis)))


def _own_axes(values: Array, axis: Any) -> Any:
    """An axis, or all of them where none is named, without the points'."""
    own = values.ndim - 1
    if axis is None:
        return tuple(range(own))
    if not 0 <= (axis if axis >= 0 else axis + values.ndim) < own:
        raise Unbatchable("a sum over the points")
    return axis


def _reduce(func: Any, value: Any, axis: Any = None, **kwargs: Any) -> Any:
    if not isinstance(value, Column):
        raise Unbatchable(f"np.{func.__name__} of a list of columns")
    own = _own_axes(value.values, axis)
    if own == ():
        return value
    return Column(func(value.values, axis=own))


def _along(func: Any, args: Any, kwargs: Any) -> Any:
    axis = kwargs.get("axis", 0 if func in (np.stack, np.concatenate) else None)
    if axis != 0:
        raise Unbatchable(f"np.{func.__name__} along another axis than the first")
    parts = _bare_all(args)
    if func in (np.stack, np.concatenate):
        parts[0] = list(np.broadcast_arrays(*parts[0]))
        least_axes = 1 if func is np.stack else 2
        if parts[0][0].ndim < least_axes:
            raise Unbatchable(f"np.{func.__name__} along the points")
    elif parts[0].ndim < 2:
        raise Unbatchable(f"np.{func.__name__} along the points")
    return _wrapped(func(*parts, **kwargs))
