"""The gamma function and its incomplete ones on arrays, in NumPy alone.

The share below x is front x (1 + x / (a + 1) + x^2 / ((a + 1) (a + 2)) + ...), or one less front x a over a continued
fraction, whichever has less to compute; where the shape is large, Gauss-Legendre quadrature of the density (Abramowitz
and Stegun 1964, 6.1.41, 6.5.29 and 6.5.31). What is asked of them are shares, so that their error is bounded as such:
terms are taken until what is left is below 1e-17 of the whole, and what is found is within 1e-13 of SciPy.

How many terms an element takes follows from its own shape and value, never from its neighbours: a number's bits do not
depend on the array that it stands in.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.special import root

__all__ = ["gammainc", "gammaincc", "gammaincinv", "gammaln", "poisson_quantile"]

Array = NDArray[np.float64]
Counts = NDArray[np.int16]
#: Coefficients of Stirling's series, in 1 / z, 1 / z^3, …: B(2k) / (2k (2k - 1)).
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
#: Shapes from here on are integrated; below, the series and the fraction need fewer terms.
_LARGE = 40.0
#: Elements that are looked at together: what they take stays near the processor.
_BLOCK = 16_384
#: Rows that are integrated at once, for the same reason.
_ROWS = 1024
#: Standard deviations above a large shape, and so much beside, beyond which less than 1e-17 lies, and those below.
_ABOVE, _LEAST_ABOVE, _BELOW = 9.2, 18.0, 8.9
#: Elements up to which the terms of the series stand in one table, whose making takes fewer calls.
_FEW = 160
#: Logarithm of the share that is left out, with its sign turned.
_NOTHING = 39.5


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
    if x.size > _BLOCK:
        flat = x.ravel()
        parts = [gammaln(flat[first : first + _BLOCK]) for first in range(0, flat.size, _BLOCK)]
        return np.concatenate(parts).reshape(x.shape)
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
    a, x = np.asarray(a, dtype=np.float64), np.minimum(np.asarray(x, dtype=np.float64), 1e300)
    logs = gammaln(a + 1.0)
    if a.shape != x.shape:
        a, x, logs = np.broadcast_arrays(a, x, logs)
    shape, a, x, logs = a.shape, a.ravel(), x.ravel(), logs.ravel()
    if a.size <= _BLOCK:
        return _below(a, x, logs).reshape(shape)[()]
    found = np.empty(a.size)
    for first in range(0, a.size, _BLOCK):
        some = slice(first, first + _BLOCK)
        found[some] = _below(a[some], x[some], logs[some])
    return found.reshape(shape)[()]


def gammaincc(a: Any, x: Any) -> Any:
    """Return the regularised upper incomplete gamma function Q(a, x) = 1 - P(a, x)."""
    return 1.0 - gammainc(a, x)


def _below(a: Array, x: Array, logs: Array) -> Array:
    """P of flat arrays, with the logarithms of gamma of a + 1."""
    large = a >= _LARGE
    if not large.any():
        return _of_few(a, x, logs)
    away, wide = x - a, np.sqrt(a)
    found, few = np.asarray(away > 0.0, dtype=np.float64), ~large
    large &= (away < _ABOVE * wide + _LEAST_ABOVE) & (away > -_BELOW * wide)
    found[large] = _integrated(a[large], x[large])
    found[few] = _of_few(a[few], x[few], logs[few])
    return found


def _of_few(a: Array, x: Array, logs: Array) -> Array:
    """P of shapes that are not large, by the form with less to compute; where nothing is left above x, it is one.

    The terms of the series reach nine standard deviations beyond x. Those of the fraction are as many as bring the
    factor exp(4 sqrt(n x)), by which n of them lessen its error, to what is left above x.
    """
    with np.errstate(divide="ignore"):
        front = a * np.log(x) - x - logs
        left = np.maximum(front + np.log(a) + _NOTHING, 0.0)
    series = 9.0 * np.sqrt(x) + (x - a) + 9.0
    part = left / _NOTHING
    fraction = (_NOTHING**2 / 16.0) * part * part / np.maximum(x, 1e-300) + (0.5 * a * part + 3.5)
    above = x >= a + 1.0
    by_series = ~above | (series <= 1.25 * fraction)
    none = above & (left == 0.0)
    front = np.exp(front)
    found = np.ones_like(a)
    some = (by_series & ~none).nonzero()[0]
    if some.size:
        found[some] = front[some] * _series(a[some], x[some], np.maximum(series[some], 0.0).astype(np.int16))
    some = (~(by_series | none)).nonzero()[0]
    if some.size:
        over = _fraction(a[some], x[some], fraction[some].astype(np.int16))
        found[some] = 1.0 - front[some] * a[some] / over
    return found


def _series(a: Array, x: Array, terms: Counts) -> Array:
    """1 + x / (a + 1) + x^2 / ((a + 1) (a + 2)) + ..., so many terms of each, summed in their order."""
    if a.size <= _FEW:
        number = np.arange(1.0, terms.max() + 1.0)[:, None]
        every = np.ones((len(number) + 1, a.size))
        np.divide(x, a + number, out=every[1:])
        every[1:] *= number <= terms
        np.multiply.accumulate(every, axis=0, out=every)
        return np.asarray(np.add.accumulate(every, axis=0)[-1])
    order, counts = _longest_first(terms)
    a, x = a[order], x[order]
    whole, term, part = np.ones_like(a), np.ones_like(a), np.empty_like(a)
    total, size = whole, a.size
    for k, count in enumerate(counts[1:].tolist(), 1):
        if count != size:
            size = count
            a, x, term, part, total = a[:size], x[:size], term[:size], part[:size], whole[:size]
        np.add(a, float(k), out=part)
        np.divide(x, part, out=part)
        term *= part
        total += term
    found = np.empty_like(whole)
    found[order] = whole
    return found


def _fraction(a: Array, x: Array, terms: Counts) -> Array:
    """x + 1 - a + 1 (a - 1) / (x + 3 - a + 2 (a - 2) / ...), so many levels of each, from the innermost."""
    order, counts = _longest_first(terms)
    a, x = a[order], x[order]
    first = x + 1.0 - a
    whole, step = first + 2.0 * terms[order], np.empty_like(a)
    for k in range(len(counts) - 1, 0, -1):
        size = int(counts[k])
        now, over = step[:size], whole[:size]
        np.subtract(a[:size], float(k), out=now)
        now *= float(k)
        np.divide(now, over, out=over)
        over += first[:size]
        over += 2.0 * (k - 1)
    found = np.empty_like(whole)
    found[order] = whole
    return found


def _longest_first(terms: Counts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the order of elements by their terms, and how many of them have at least 0, 1, 2, ... terms."""
    order = np.argsort(-terms, kind="stable")
    return order, np.cumsum(np.bincount(terms)[::-1])[::-1]


@lru_cache(maxsize=1)
def _gauss() -> tuple[Array, Array]:
    """Nodes and weights of Gauss-Legendre quadrature; made where they are needed, for they take time to find."""
    return np.polynomial.legendre.leggauss(32)


def _integrated(a: Array, x: Array) -> Array:
    """P of a large shape: the density's integral from x away from the peak, to where nothing is left of it."""
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
    for first in range(0, x.size, _ROWS):
        some = slice(first, first + _ROWS)
        away = half[some, None] * nodes
        away += (x[some] + half[some])[:, None]
        np.maximum(away, 1e-300, out=away)
        away -= peak[some, None]
        away /= peak[some, None]
        with np.errstate(divide="ignore"):
            power = np.log1p(away)
        power -= away
        power *= peak[some, None]
        np.exp(power, out=power)
        power *= weights  # no matrix product: its sums depend on how many rows there are
        density[some] = power.sum(axis=1)
    at_peak = np.exp(-_stirling(peak)) / np.sqrt(2.0 * np.pi * peak)
    share = np.clip(np.abs(half) * density * at_peak, 0.0, 1.0)
    return np.where(x > peak, 1.0 - share, share)


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
