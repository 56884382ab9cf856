"""Arrivals in the closed form: how many follow one another, how much a number wanders, how often there is no room."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clustersim.gamma import gammainc, gammaln

__all__ = ["full_share", "further", "met_share", "peakedness", "renewals"]

Array = NDArray[np.float64]


def renewals(rate: Array, time_s: Array, variation2: Array | float) -> Array:
    """Return the mean number of further arrivals within ``time_s`` after an arrival (gaps gamma distributed).

    Between q / (1 - q), with q the share of shorter gaps, and the line that every renewal function nears,
    L t + (c^2 - 1) / 2 (Feller). Equal to L t for Poisson arrivals.

    >>> renewals(np.array([2.0]), np.array([3.0]), 1.0).tolist()
    [6.0]
    """
    cv2 = np.maximum(np.asarray(variation2, dtype=np.float64), 1e-6)
    mean = rate * time_s
    if np.all(cv2 == 1.0):
        return np.asarray(mean)
    return further(mean, cv2, met_share(mean, cv2))


def met_share(mean: Array, variation2: Array) -> Array:
    """Return the share of gaps shorter than a time in which ``mean`` arrivals are expected (gaps gamma distributed).

    >>> round(float(met_share(np.array([1.0]), np.array([1.0]))[0]), 4)
    0.6321
    """
    if np.all(variation2 == 1.0):
        return np.asarray(-np.expm1(-mean))
    return np.asarray(gammainc(1.0 / variation2, np.maximum(mean, 1e-12) / variation2))


def further(mean: Array, variation2: Array, share: Array) -> Array:
    """Return the mean number of further arrivals (`renewals`) where the share of shorter gaps is known."""
    line = np.maximum(mean + (variation2 - 1.0) / 2.0, 0.0)
    number = np.minimum(share / np.maximum(1.0 - share, 1e-9), line)
    return np.asarray(np.where(variation2 == 1.0, mean, number))


def peakedness(offered: Array, variation2: Array) -> Array:
    """Return variance over mean of the number in a system without waiting, with ``offered`` there on average.

    1 / (1 - f) - a with f = (1 + c^2 / a)^(-1 / c^2), the transform of gamma gaps at one over the mean stay (Eckberg,
    Bell System Technical Journal 62(4) 1983). One where arrivals are Poisson; (c^2 + 1) / 2 where many are present.

    >>> peakedness(np.array([0.1, 2.0, 1e4]), np.array([16.0])).round(2).tolist()
    [3.58, 5.79, 8.5]
    >>> peakedness(np.array([0.1, 2.0]), np.array([1.0])).round(9).tolist()
    [1.0, 1.0]
    """
    load, cv2 = np.maximum(offered, 1e-9), np.maximum(variation2, 1e-6)
    many = load > 1e3 * np.maximum(cv2, 1.0)
    few = np.where(many, 1.0, load)
    exact = -1.0 / np.expm1(-np.log1p(cv2 / few) / cv2) - few
    return np.asarray(np.where(many, (cv2 + 1.0) / 2.0, exact))


def full_share(batch: Array, most: Array, spread: Array, servers: Array, lump: Array) -> Array:
    """Return how often a replica is full: the mass f (v / r + l) beyond the largest batch against the mass F below it.

    Halfin and Whitt's limit (Operations Research 29(3) 1981) with v the variance and r the free room: there the queue
    falls off over v / r. A gamma distribution stands in the place of the normal one, since small batches and bursts
    are skewed, and the arrivals' lump l (1 for Poisson, as in M/M/c) is added to the fall.

    >>> one = np.array([1.0])
    >>> round(float(full_share(8.0 * one, 10.0 * one, 8.0 * one, one, one)[0]), 1)  # M/M/10 at 0.8: 0.41
    0.4
    """
    mean, variance = np.maximum(batch, 1e-9) * servers, np.maximum(spread, 1e-12) * servers
    at = np.maximum(most * servers, 1e-9)
    room = np.maximum(at - mean, 1e-9)
    shape, scale = mean**2 / variance, variance / mean
    log_density = (shape - 1.0) * np.log(at / scale) - at / scale - gammaln(shape) - np.log(scale)
    below = gammainc(shape, at / scale)
    beyond = np.exp(np.minimum(log_density, 600.0)) * (variance / room + lump)
    return np.asarray(beyond / (beyond + below))
