"""Functions that take one number or a column alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.columns.column import Column, Noted, bare

__all__ = [
    "as_array", "ceiled", "column_of", "finite", "least", "most", "number", "of_points", "stacked", "values_of",
    "whole",
]  # fmt: skip

Array = NDArray[Any]


def number(value: Any) -> Any:
    """Return a column as it is, anything else as a float.

    >>> number(3)
    3.0
    """
    return value if isinstance(value, Column) else float(value)


def as_array(value: Any, kind: Any = float) -> Any:
    """Return a column, or an array that is recorded, as it is, anything else as an array."""
    return value if isinstance(value, Column | Noted) else np.asarray(value, dtype=kind)


def least(*values: Any) -> Any:
    """Return the least of some numbers, point by point.

    >>> least(2, 1.5), least(Column(np.array([1.0, 3.0])), 2.0).values.tolist()
    (1.5, [1.0, 2.0])
    """
    if not any(isinstance(v, Column) for v in values):
        return min(values)
    out = values[0]
    for value in values[1:]:
        out = np.minimum(out, value)
    return out


def most(*values: Any) -> Any:
    """Return the largest of some numbers, point by point."""
    if not any(isinstance(v, Column) for v in values):
        return max(values)
    out = values[0]
    for value in values[1:]:
        out = np.maximum(out, value)
    return out


def stacked(values: Sequence[Any]) -> Any:
    """Return numbers as rows: an array, or a column with one row each."""
    if not any(isinstance(v, Column) for v in values):
        return np.array(values, dtype=float)
    return Column(np.stack(np.broadcast_arrays(*(as_array(bare(v)) for v in values))))


def rows_of(values: Sequence[Any]) -> Array:
    """Return numbers, and columns of points, as a plain table: a row each, the points last.

    Raises Unbatchable for a recording, which no plain array can hold.

    >>> rows_of([1.0, Column(np.array([2.0, 3.0]))]).tolist()
    [[1.0, 1.0], [2.0, 3.0]]
    """
    each = (np.atleast_1d(np.asarray(values_of(value), dtype=float)) for value in values)
    return np.stack(np.broadcast_arrays(*each))


def column_of(values: Array) -> Column:
    """Return the values of the points as a column."""
    return Column(as_array(values))


def values_of(value: Any) -> Any:
    """Return a column's values, for functions that take arrays whose last axis is the points; others as they are."""
    return value.values if isinstance(value, Column) else value


def of_points(value: Any) -> Any:
    """Return an array of points as a column, one number as a float."""
    array = as_array(values_of(value))
    return Column(array) if array.ndim else float(array)


def whole(value: Any) -> Any:
    """Return a number without its fraction: a whole number, or a column of them.

    >>> whole(2.7), whole(Column(np.array([2.7, -0.5]))).values.tolist()
    (2, [2.0, -0.0])
    """
    return np.trunc(value) if isinstance(value, Column) else int(value)


def ceiled(value: Any) -> Any:
    """Return the least whole number that is no smaller: an integer, or a column of them.

    >>> ceiled(2.1), ceiled(Column(np.array([2.0, 0.5]))).values.tolist()
    (3, [2.0, 1.0])
    """
    return np.ceil(value) if isinstance(value, Column) else math.ceil(value)


def finite(value: Any) -> Any:
    """Return whether a number is finite."""
    return np.isfinite(value) if isinstance(value, Column) else math.isfinite(value)
