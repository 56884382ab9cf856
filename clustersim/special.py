"""Special functions on arrays, in NumPy alone: SciPy is the largest part of an installation, and loads slowly.

``tests/cross/test_special.py`` holds them, and those of `gamma`, against it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.extras import needs

__all__ = ["Z90", "betaincinv", "ndtr", "ndtri", "quantiles", "rank_correlation", "root"]

Array = NDArray[np.float64]
#: Standard normal at P90.
Z90 = 1.2815515655446004
_ERFC = np.frompyfunc(math.erfc, 1, 1)
#: Wichura 1988, AS 241: numerators and denominators about the middle, in the tails, and far out.
_MIDDLE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
_TAIL = (
    (7.7454501427834140764e-4, 2.27238449892691845833e-2, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 1.51986665636164571966e-2, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)  # fmt: skip
_FAR = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.2426609473880784386e-3, 2.6532189526576123093e-2,
     0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
     1.48753612908506148525e-2, 0.13692988092273580531, 0.59983220655588793769, 1.0),
)  # fmt: skip


def ndtr(x: Any) -> Any:
    """Return the distribution function of a standard normal.

    >>> float(ndtr(0.0)), round(float(ndtr(1.96)), 6)
    (0.5, 0.975002)
    """
    return np.asarray(_ERFC(np.asarray(x, dtype=float) * -math.sqrt(0.5)), dtype=float) / 2.0


def ndtri(p: Any) -> Any:
    """Return the inverse of ``ndtr``; infinite at 0 and 1.

    >>> float(ndtri(0.5)), round(float(ndtri(0.975)), 6)
    (0.0, 1.959964)
    """
    p = np.asarray(p, dtype=np.float64)
    q = p - 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.sqrt(-np.log(np.minimum(p, 1.0 - p)))
        middle = q * _ratio(_MIDDLE, 0.180625 - q * q)
        tail = np.where(depth <= 5.0, _ratio(_TAIL, depth - 1.6), _ratio(_FAR, depth - 5.0))
        tail = np.where(np.isinf(depth), np.inf, tail)
    return np.where(np.abs(q) <= 0.425, middle, np.copysign(tail, q))[()]


def _ratio(of: tuple[tuple[float, ...], tuple[float, ...]], x: Array) -> Array:
    found: Array = np.polyval(of[0], x) / np.polyval(of[1], x)
    return found


def betaincinv(a: Any, b: Any, p: Any) -> Any:
    """Return the inverse of the regularised incomplete beta function (of SciPy: the extra ``study``)."""
    with needs("study", "beta distributions"):
        from scipy.special import betaincinv as function

    return function(a, b, p)


def root(f: Callable[[float], float], low: float, high: float, *, within: float) -> float:
    """Return where a continuous function crosses zero between two ends of unlike sign (Brent 1973, chapter 4).

    >>> round(root(lambda x: x * x - 2.0, 0.0, 2.0, within=1e-12), 9)
    1.414213562
    """
    a, b = low, high
    fa, fb = f(a), f(b)
    c, fc = a, fa
    last = step = b - a
    for _ in range(200):
        if fb * fc > 0.0:
            c, fc = a, fa
            last = step = b - a
        if abs(fc) < abs(fb):
            a, b, c = b, c, b
            fa, fb, fc = fb, fc, fb
        near = 2e-16 * abs(b) + within / 2.0
        middle = (c - b) / 2.0
        if abs(middle) <= near or fb == 0.0:
            break
        last, step = _brent_step((a, fa), (b, fb), (c, fc), (last, step, near))
        a, fa = b, fb
        b += step if abs(step) > near else float(np.copysign(near, middle))
        fb = f(b)
    return b


def _brent_step(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], before: tuple[float, float, float]
) -> tuple[float, float]:
    """The next step from b and the one before it: of a parabola or a secant through the points, else half the way."""
    last, step, near = before
    middle = (c[0] - b[0]) / 2.0
    if abs(last) < near or abs(a[1]) <= abs(b[1]):
        return middle, middle
    s = b[1] / a[1]
    if a[0] == c[0]:
        p, q = 2.0 * middle * s, 1.0 - s
    else:
        q, r = a[1] / c[1], b[1] / c[1]
        p = s * (2.0 * middle * q * (q - r) - (b[0] - a[0]) * (r - 1.0))
        q = (q - 1.0) * (r - 1.0) * (s - 1.0)
    p, q = abs(p), -q if p > 0.0 else q
    if 2.0 * p < min(3.0 * middle * q - abs(near * q), abs(last * q)):
        return step, p / q
    return middle, middle


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Return Spearman's rank correlation; equal values share their mean rank.

    >>> rank_correlation([1.0, 2.0, 3.0], [10.0, 30.0, 20.0])
    0.5
    """
    return round(float(np.corrcoef(_ranks(first), _ranks(second))[0, 1]), 15)


def _ranks(values: Sequence[float]) -> Array:
    every = np.asarray(values, dtype=np.float64)
    _, place, count = np.unique(every, return_inverse=True, return_counts=True)
    ranks: Array = (np.cumsum(count) - (count - 1) / 2.0)[place]
    return ranks


def quantiles(values: Array, shares: Sequence[float]) -> Array:
    """Return the quantiles of values in a row: straight lines between order statistics, NaN where a value is NaN.

    To the bit what ``numpy.quantile`` gives, which loads its masked arrays first: a tenth of a command's start.

    >>> quantiles(np.array([4.0, 1.0, 3.0, 2.0]), [0.0, 0.5, 0.9])
    array([1. , 2.5, 3.7])
    """
    ordered, at = np.sort(values), np.asarray(shares, dtype=np.float64) * (values.size - 1)
    if np.isnan(ordered[-1]):
        return np.full(at.shape, np.nan)
    below = np.floor(at).astype(np.int64)
    low, high = ordered[below], ordered[np.minimum(below + 1, values.size - 1)]
    part, step = at - below, high - low
    found: Array = np.where(part >= 0.5, high - step * (1.0 - part), low + step * part)
    return found
