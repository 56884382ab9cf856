"""How many equal iterations end before a moment: each takes a little longer than the one before."""

from __future__ import annotations

from math import ceil, sqrt

__all__ = ["steps_to"]


def steps_to(until: float, clock: float, a: float, d: float, most: int) -> int:
    """Smallest k in 1..most whose end ``clock + k a + d k (k - 1) / 2`` reaches ``until``.

    The root of the quadratic in the form that survives d -> 0, then put right by at most a step or two.

    >>> steps_to(3.0, 0.0, 1.0, 0.0, 10)
    3
    >>> steps_to(3.1, 0.0, 1.0, 1.0, 10)
    3
    """
    b, x = a - d / 2, until - clock
    k = min(max(ceil(2 * x / (b + sqrt(b * b + 2 * d * x))), 1), most)
    while k > 1 and clock + ((k - 1) * a + d * ((k - 1) * (k - 2) / 2)) >= until:
        k -= 1
    while k < most and clock + (k * a + d * (k * (k - 1) / 2)) < until:
        k += 1
    return k
