"""The same formula for one float or for a column of them: a plain float takes ``math``, an array NumPy.

A single run is one lane and most of what is asked; NumPy's cost per call is then ten times that of the arithmetic.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from clustersim.columns import Column

__all__ = ["Array", "Values", "any_above", "at_least", "at_most", "exp", "expm1", "log1p", "mean"]

Array = NDArray[np.float64]
Values = float | Array
_LARGEST = 700.0


def exp(x: Values) -> Values:
    """e^x."""
    return math.exp(x) if isinstance(x, float) else np.exp(x)


def expm1(x: Values) -> Values:
    """e^x - 1, at most e^700: what is that large is all the same to a share."""
    return math.expm1(min(x, _LARGEST)) if isinstance(x, float) else np.expm1(np.minimum(x, _LARGEST))


def log1p(x: Values) -> Values:
    """ln(1 + x)."""
    return math.log1p(x) if isinstance(x, float) else np.log1p(x)


def at_least(x: Values, low: float) -> Values:
    """The larger of the two."""
    return max(x, low) if isinstance(x, float) else np.maximum(x, low)


def at_most(x: Values, high: float) -> Values:
    """The smaller of the two."""
    return min(x, high) if isinstance(x, float) else np.minimum(x, high)


def any_above(x: Values, low: float = 0.0) -> bool:
    """Whether any value lies above ``low``."""
    return x > low if isinstance(x, float) else bool(np.any(x > low))


def mean(x: Values, weights: Array) -> float:
    """The mean of the lanes by weights that sum to one."""
    if isinstance(x, Column):
        return x  # one bin
    return float(x) if isinstance(x, float) else float(x @ weights)
