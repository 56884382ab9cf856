"""Distributions in the closed form: sums of random parts as gamma variables, and percentiles by looking along them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.metrics import PERCENTILES
from clustersim.special import gammainc

__all__ = ["gamma_share", "percentiles_of"]

Array = NDArray[np.float64]

#: Points at which a distribution is looked at for its percentiles.
_LOOKS = 48


def percentiles_of(cdf: Callable[[Array], Array], low: Array, high: Array, mean: Array) -> dict[str, Array]:
    """Return mean and percentiles of a distribution between ``low`` and ``high`` (points, 1) by interpolation."""
    low, high, mean = low[:, :1], np.maximum(high[:, :1], low[:, :1] * 1.001 + 1e-12), mean[:, 0]
    part = np.linspace(0.0, 1.0, _LOOKS) ** 2
    at = low + (high - low) * part
    share = np.maximum.accumulate(cdf(at), axis=1)
    out = {"mean": mean}
    for p in PERCENTILES:
        rows = [float(np.interp(p / 100.0, s, x)) for s, x in zip(share, at, strict=True)]
        out[f"p{p:g}"] = np.array(rows)
    return out


def gamma_share(value: Array, mean: Array, variance: Array) -> Array:
    """Return P(X <= value) of a gamma variable; a step at the mean where the variance vanishes."""
    mean, variance = np.maximum(mean, 1e-12), np.maximum(variance, 1e-18)
    shape = np.minimum(mean**2 / variance, 1e6)
    return np.asarray(gammainc(shape, np.maximum(value, 0.0) * shape / mean))
