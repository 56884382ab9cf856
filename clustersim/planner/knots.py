"""Knots of a table along one input: few where an output is smooth, a close pair on either side of a step.

More memory lets another plan fit, and an output jumps there. A table with evenly spread knots is wrong over the whole
interval that holds the step; halving that interval until its ends nearly meet leaves the error to what lies between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["knots_of"]

Array = NDArray[np.float64]


def knots_of(
    ask: Callable[[Sequence[float]], Array], start: Sequence[float], *, off: float, closest: float
) -> tuple[tuple[float, ...], Array]:
    """Return knots and the values at them, between which every value lies within ``off`` of its chord or on a step.

    Args:
        ask: values at some places, one row each; NaN where there is none.
        start: the places to begin with, rising and positive; 1 stays a knot.
        off: how far a value may lie from its chord over the logarithm of the place.
        closest: the ratio of two places between which nothing more is asked.

    A value that is monotone between two knots where it is equal is equal between them, so that nothing is asked there.

    >>> import numpy as np
    >>> step = lambda at: np.array([[0.0 if x < 1.3 else 1.0] for x in at])
    >>> places, values = knots_of(step, (0.5, 1.0, 2.0), off=0.01, closest=1.01)
    >>> [round(x, 2) for x in places], values[:, 0].tolist()
    ([0.5, 1.0, 1.3, 1.3, 2.0], [0.0, 0.0, 0.0, 1.0, 1.0])
    """
    known = dict(zip(start, ask(start), strict=True))
    todo = list(pairwise(start))
    while todo := [(a, b) for a, b in todo if b / a > closest and not _flat(known[a], known[b], off)]:
        middles = [float(np.sqrt(a * b)) for a, b in todo]
        known.update(zip(middles, ask(middles), strict=True))
        halves = []
        for (a, b), m in zip(todo, middles, strict=True):
            if not _flat(known[m], (known[a] + known[b]) / 2, off):
                halves += [(a, m), (m, b)]
        todo = halves
    places = sorted(known)
    values = np.array([known[x] for x in places])
    kept = _needed(np.log(places), values, off)
    return tuple(places[k] for k in kept), values[kept]


def _flat(a: Array, b: Array, off: float) -> bool:
    """Whether two rows agree; what is nothing in both agrees."""
    one, other = np.isnan(a), np.isnan(b)
    return bool((one == other).all() and (np.abs(a - b)[~one] <= off).all())


def _needed(x: Array, values: Array, off: float) -> list[int]:
    """The places that chords need: from each one the chord as far as all between lies on it; 1 is never passed."""
    kept, one = [0], int(np.argmin(np.abs(x)))
    while kept[-1] < len(x) - 1:
        a = kept[-1]
        last = one if a < one else len(x) - 1
        kept.append(next(b for b in range(last, a, -1) if b == a + 1 or _on_chord(x, values, a, b, off)))
    return kept


def _on_chord(x: Array, values: Array, a: int, b: int, off: float) -> bool:
    """Whether every place between two lies on their chord."""
    way = ((x[a + 1 : b] - x[a]) / (x[b] - x[a]))[:, None]
    return _flat(values[a + 1 : b], (1 - way) * values[a] + way * values[b], off)
