"""Distributions in the closed form: sums of random parts as gamma variables, and percentiles by looking along them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.metrics import PERCENTILES
from clustersim.gamma import gammainc

__all__ = ["FEW", "Looks", "gamma_part", "gamma_share", "interpolated", "percentiles_of"]

Array = NDArray[np.float64]

#: Points between which a distribution is a line for its percentiles, as parts of its span.
_PARTS = np.linspace(0.0, 1.0, 48) ** 2
_SHARES = np.array(PERCENTILES) / 100.0
#: Points up to which all places of a grid are looked at in one call.
FEW = 40
#: Weights that no share is changed by.
_NOTHING = 1e-15


def percentiles_of(cdf: Callable[[Array], Array], low: Array, high: Array, mean: Array) -> dict[str, Array]:
    """Return mean and percentiles of a distribution between ``low`` and ``high`` (points, 1) by interpolation.

    The stretch that holds a percentile is found by halves: a distribution does not fall.
    """
    low, high, mean = low[:, :1], np.maximum(high[:, :1], low[:, :1] * 1.001 + 1e-12), mean[:, 0]
    looks = Looks(cdf, low + (high - low) * _PARTS)
    first = np.zeros((len(low), len(_SHARES)), dtype=np.int64)
    last = first + (len(_PARTS) - 1)
    under, over = looks.at(first), looks.at(last)
    for _ in range(int(np.ceil(np.log2(len(_PARTS) - 1)))):
        middle = (first + last) // 2
        share = looks.at(middle)
        reached = (share > _SHARES) | (middle == first)
        inside = middle > first
        over, last = np.where(inside & reached, share, over), np.where(inside & reached, middle, last)
        under, first = np.where(~reached, share, under), np.where(~reached, middle, first)
    part = (_SHARES - under) / np.maximum(over - under, 1e-300)
    begin, end = looks.place(first), looks.place(last)
    found = begin + (end - begin) * np.clip(part, 0.0, 1.0)
    return {"mean": mean} | {f"p{p:g}": found[:, i] for i, p in enumerate(PERCENTILES)}


class Looks:
    """A function of each point's own places on a grid (points, places), looked at where it is asked.

    Where points are few all places are looked at in one call, which takes less time than several calls; what is found
    is the same.

    >>> Looks(lambda x: x**2, np.array([[1.0, 2.0, 3.0]])).at(np.array([[2, 0]])).tolist()
    [[9.0, 1.0]]
    """

    def __init__(self, function: Callable[[Array], Array], grid: Array) -> None:
        self._function, self._grid = function, grid
        self._table = function(grid) if len(grid) <= FEW else None

    def place(self, index: NDArray[np.int64]) -> Array:
        """Return the places of these numbers, (points, asked)."""
        return np.asarray(np.take_along_axis(self._grid, index, axis=1))

    def at(self, index: NDArray[np.int64]) -> Array:
        """Return the function there."""
        if self._table is None:
            return self._function(self.place(index))
        return np.asarray(np.take_along_axis(self._table, index, axis=1))


def interpolated(at: Array, known: Array, values: Array) -> Array:
    """Return ``values`` over the ascending ``known``, both (points, knots), at (points, loads), row by row; the ends'
    beyond them.

    >>> interpolated(np.array([[1.5, 9.0]]), np.array([[1.0, 2.0]]), np.array([[10.0, 20.0]])).tolist()
    [[15.0, 20.0]]
    """
    known, values = (np.broadcast_to(table, (len(at), table.shape[1])) for table in (known, values))
    below = np.sum(known[:, None, :] <= at[:, :, None], axis=-1) - 1
    low = np.clip(below, 0, known.shape[1] - 2)
    x, y, far, top = (np.take_along_axis(t, i, axis=1) for i in (low, low + 1) for t in (known, values))
    part = np.where(far > x, (at - x) / np.where(far > x, far - x, 1.0), 1.0)
    return np.asarray(y + (top - y) * np.clip(part, 0.0, 1.0))


def gamma_part(weight: Array, value: Array, mean: Array, variance: Array) -> Array:
    """Return ``weight`` times `gamma_share`, asked only of rows (last axes) with a weight."""
    given = weight, value, mean, variance
    lead = np.broadcast_shapes(*(v.shape[:-1] for v in given))
    weight, value, mean, variance = (
        v if v.shape[:-1] == lead else np.broadcast_to(v, (*lead, v.shape[-1])) for v in given
    )
    rows = (weight > _NOTHING).any(axis=-1)
    out = np.zeros((*lead, max(v.shape[-1] for v in given)))
    out[rows] = weight[rows] * gamma_share(value[rows], mean[rows], variance[rows])
    return out


def gamma_share(value: Array, mean: Array, variance: Array) -> Array:
    """Return P(X <= value) of a gamma variable; a step at the mean where the variance vanishes.

    >>> gamma_share(np.array([0.1, 1.0, 9.0]), np.ones(3), np.full(3, 1e-4)).round(2).tolist()
    [0.0, 0.5, 1.0]
    """
    mean, variance = np.maximum(mean, 1e-12), np.maximum(variance, 1e-18)
    shape = np.minimum(mean**2 / variance, 1e6)
    return np.asarray(gammainc(shape, np.maximum(value, 0.0) * shape / mean))
