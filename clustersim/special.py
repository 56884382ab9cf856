"""Special functions, those of SciPy loaded where one is first called: loading them takes longer than most questions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["betaincinv", "gammainc", "gammaincc", "gammaln", "ndtr", "ndtri"]

_ERFC = np.frompyfunc(math.erfc, 1, 1)


def ndtr(x: Any) -> Any:
    """Return the distribution function of a standard normal.

    >>> float(ndtr(0.0))
    0.5
    """
    return np.asarray(_ERFC(np.asarray(x, dtype=float) * -math.sqrt(0.5)), dtype=float) / 2.0


def ndtri(p: Any) -> Any:
    """Return the inverse of ``ndtr``.

    >>> float(ndtri(0.5))
    0.0
    """
    from scipy.special import ndtri as function

    return function(p)


def gammainc(a: Any, x: Any) -> Any:
    """Return the regularised lower incomplete gamma function."""
    from scipy.special import gammainc as function

    return function(a, x)


def gammaincc(a: Any, x: Any) -> Any:
    """Return the regularised upper incomplete gamma function."""
    from scipy.special import gammaincc as function

    return function(a, x)


def gammaln(x: Any) -> Any:
    """Return the logarithm of the absolute value of the gamma function."""
    from scipy.special import gammaln as function

    return function(x)


def betaincinv(a: Any, b: Any, p: Any) -> Any:
    """Return the inverse of the regularised incomplete beta function."""
    from scipy.special import betaincinv as function

    return function(a, b, p)
