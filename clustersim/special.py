"""Special functions on arrays, in NumPy alone: SciPy is the largest part of an installation, and loads slowly.

The incomplete gamma functions take their series below the mean, a continued fraction above it, and Gauss-Legendre
quadrature of the density where the shape is large (Abramowitz and Stegun 1964, 6.1.41, 6.5.29 and 6.5.31). They agree
with SciPy within 1e-13; ``tests/cross/test_special.py`` holds them against it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.extras import needs

__all__ = [
    "Z90", "betaincinv", "gammainc", "gammaincc", "gammaincinv", "gammaln", "ndtr", "ndtri", "poisson_quantile",
    "quantiles", "rank_correlation", "root",
]  # fmt: skip

Array = NDArray[np.float64]
#: Standard normal at P90.
Z90 = 1.2815515655446004
_EPS = 1e-17
_ERFC = np.frompyfunc(math.erfc, 1, 1)
#: Coefficients of Stirling's series, in 1 / z, 1 / z^3, …: B(2k) / (2k (2k - 1)).
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
#: Shapes from here on are integrated; below, the series and the fraction need fewer terms.
_LARGE = 40.0
#: Rows that are integrated at once: what they take stays near the processor.
_BLOCK = 1024
#: Terms between two looks at which elements have converged.
_ROUND = 12
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


def _stirling(z: Array) -> Array:
    """What Stirling's formula leaves out of the logarithm of gamma, for z of at least 10."""
    inverse = 1.0 / z
    square = inverse * inverse
    found = square * _STIRLING[-1]
    for term in _STIRLING[-2:0:-1]:
        found += term
        found *= square
    found += _STIRLING[0]
    return found * inverse


def gammaln(x: Any) -> Any:
    """Return the logarithm of the gamma function of positive numbers.

    >>> round(float(gammaln(5.0)), 12) == round(float(np.log(24.0)), 12)
    True
    """
    x = np.asarray(x, dtype=np.float64)
    low = x < 10.0
    product = few = np.minimum(x, 10.0)
    for step in range(1, 10):
        product = product * (few + step)
    z = np.where(low, x + 10.0, x)
    whole = (z - 0.5) * np.log(z) - z + 0.5 * np.log(2.0 * np.pi) + _stirling(z)
    return np.where(low, whole - np.log(product), whole)[()]


def gammainc(a: Any, x: Any) -> Any:
    """Return the regularised lower incomplete gamma function P(a, x), for a of more than zero.

    >>> round(float(gammainc(1.0, 2.0)), 12) == round(1.0 - float(np.exp(-2.0)), 12)
    True
    """
    return _incomplete(a, x)[0]


def gammaincc(a: Any, x: Any) -> Any:
    """Return the regularised upper incomplete gamma function Q(a, x) = 1 - P(a, x)."""
    return _incomplete(a, x)[1]


def _incomplete(a: Any, x: Any) -> tuple[Any, Any]:
    """P and Q, the smaller of the two by its own formula."""
    a, x = np.broadcast_arrays(np.asarray(a, dtype=np.float64), np.asarray(x, dtype=np.float64))
    shape, a, x = a.shape, a.ravel(), np.minimum(x.ravel(), 1e300)
    below = np.zeros_like(a)
    above = np.ones_like(a)
    large = a >= _LARGE
    less = ~large & (x < np.maximum(3.0, a + 1.0)) & (x > 0.0)
    more = ~large & (x >= np.maximum(3.0, a + 1.0))
    if less.any():
        below[less] = _series(a[less], x[less])
        above[less] = 1.0 - below[less]
    if more.any():
        above[more] = _fraction(a[more], x[more])
        below[more] = 1.0 - above[more]
    if large.any():
        below[large], above[large] = _integrated(a[large], x[large])
    return below.reshape(shape)[()], above.reshape(shape)[()]


def _front(a: Array, x: Array) -> Array:
    """x^a e^-x / Gamma(a + 1), without loss of digits where x and a are large and near each other."""
    few = a < 10.0
    if few.all():
        return _front_of_few(a, x)
    if not few.any():
        return _front_of_many(a, x)
    out = np.empty_like(a)
    out[few], out[~few] = _front_of_few(a[few], x[few]), _front_of_many(a[~few], x[~few])
    return out


def _front_of_few(a: Array, x: Array) -> Array:
    with np.errstate(divide="ignore", over="ignore"):
        found: Array = np.exp(a * np.log(x) - x - gammaln(a + 1.0))
    return found


def _front_of_many(a: Array, x: Array) -> Array:
    away = (x - a) / a
    with np.errstate(divide="ignore"):
        found: Array = np.exp(a * (np.log1p(away) - away) - 0.5 * np.log(2.0 * np.pi * a) - _stirling(a))
    return found


def _series(a: Array, x: Array) -> Array:
    """P by its power series: front * (1 + x / (a + 1) + x^2 / ((a + 1) (a + 2)) + …)."""
    front, total = _front(a, x), np.ones_like(a)
    left, at, top, term, summed = np.arange(a.size), a.copy(), x, np.ones_like(a), np.ones_like(a)
    part = np.empty_like(a)
    while left.size:
        for _ in range(_ROUND):
            at += 1.0
            np.divide(top, at, out=part)
            term *= part
            summed += term
        total[left] = summed
        go = term > _EPS * summed
        if not go.any():
            break
        left, at, top, term, summed, part = left[go], at[go], top[go], term[go], summed[go], part[go]
    return front * total


def _fraction(a: Array, x: Array) -> Array:
    """Q by its continued fraction; nothing is left of it where its front is zero.

    Numerators and denominators each by their recurrence, in one array and without a division, scaled at every look.
    """
    front, total = _front(a, x) * a, np.zeros_like(a)
    left = np.flatnonzero(front > 1e-300)
    own, n = a[left], 0.0
    b = x[left] + 1.0 - own
    before, now = np.zeros((2, left.size)), np.ones((2, left.size))
    before[1], now[1] = 1.0, b
    while left.size:
        step, following = np.empty_like(b), np.empty_like(now)
        for _ in range(_ROUND):
            n += 1.0
            np.subtract(own, n, out=step)
            step *= n
            b += 2.0
            before *= step
            np.multiply(now, b, out=following)
            following += before
            before, now, following = now, following, before
        found = now[0] / now[1]
        total[left] = found
        go = np.abs(found - before[0] / before[1]) > 5e-16 * found
        if n > 600.0 or not go.any():
            break
        left, own, b = left[go], own[go], b[go]
        before, now = before[:, go] / now[1, go], now[:, go] / now[1, go]
    return front * total


@lru_cache(maxsize=1)
def _gauss() -> tuple[Array, Array]:
    """Nodes and weights of Gauss-Legendre quadrature; made where they are needed, for they take time to find."""
    return np.polynomial.legendre.leggauss(32)


def _integrated(a: Array, x: Array) -> tuple[Array, Array]:
    """P and Q of a large shape: the density's integral from x away from the peak, to where nothing is left of it."""
    nodes, weights = _gauss()
    peak = a - 1.0
    wide = np.sqrt(peak)
    end = np.where(
        x > peak,
        np.maximum(peak + 11.5 * wide, x + 8.0 * wide),
        np.maximum(0.0, np.minimum(peak - 7.5 * wide, x - 8.0 * wide)),
    )
    half = (end - x) / 2.0
    density = np.empty_like(x)
    for first in range(0, x.size, _BLOCK):
        some = slice(first, first + _BLOCK)
        away = half[some, None] * nodes
        away += (x[some] + half[some])[:, None]
        np.maximum(away, 1e-300, out=away)
        away -= peak[some, None]
        away /= peak[some, None]
        with np.errstate(divide="ignore"):
            power = np.log1p(away)
        power -= away
        power *= peak[some, None]
        density[some] = np.exp(power, out=power) @ weights
    at_peak = np.exp(-_stirling(peak)) / np.sqrt(2.0 * np.pi * peak)
    share = np.clip(np.abs(half) * density * at_peak, 0.0, 1.0)
    return np.where(x > peak, 1.0 - share, share), np.where(x > peak, share, 1.0 - share)


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


def gammaincinv(a: float, p: float) -> float:
    """Return the x at which P(a, x) is p, for 0 < p < 1.

    >>> round(gammaincinv(1.0, 0.95), 9) == round(-float(np.log(0.05)), 9)
    True
    """
    most = a + 10.0
    while float(gammainc(a, most)) < p:
        most *= 2.0
    return root(lambda x: float(gammainc(a, x)) - p, 0.0, most, within=1e-13 * most)


def poisson_quantile(share: float, mean: float) -> int:
    """Return the smallest count that a Poisson variable does not exceed with probability ``share``.

    >>> poisson_quantile(0.999, 2.0), poisson_quantile(0.95, 0.43)
    (8, 2)
    """
    low, high = -1, max(1, int(mean))
    while mean > 0.0 and float(gammaincc(high + 1.0, mean)) < share:
        low, high = high, 2 * high
    while high - low > 1:
        at = (low + high) // 2
        low, high = (low, at) if mean <= 0.0 or float(gammaincc(at + 1.0, mean)) >= share else (at, high)
    return high


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
