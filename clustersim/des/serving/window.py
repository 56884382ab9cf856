"""The part of a run in which it is steady: after the start has worn off, before the arrivals stop.

A window is counted by arrival: whatever arrives in it is followed to its end. It starts several residence times
after the first arrival and ends one long residence time before the last, so that no request in it sees an emptier
system than the stream's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.book import Book
from clustersim.errors import InputError

__all__ = ["BATCHES", "WARM_UP_RESIDENCES", "Window", "batch_error", "steady_window"]

Array = NDArray[np.float64]

#: Batches of the batch-means estimate (Schmeiser, Operations Research 30(3) 1982: 10 to 30 lose little).
BATCHES = 20
#: Mean residence times that are left out at the start (assumption: the deviation of a system that forgets as fast
#: as its requests leave falls by e^-5).
WARM_UP_RESIDENCES = 5.0
#: Largest correlation of neighbouring stretches that is believed: twenty of them tell no more.
_MOST_ALIKE = 0.8
#: Share of the run that the window must keep.
_LEAST_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Window:
    """From ``start_s`` to ``end_s``; the mean residence of a request was ``residence_s``."""

    start_s: float
    end_s: float
    residence_s: float

    @property
    def length_s(self) -> float:
        """Seconds of the window."""
        return self.end_s - self.start_s

    def holds(self, when: Array) -> NDArray[np.bool_]:
        """Tell which moments lie in the window."""
        return np.asarray((when >= self.start_s) & (when < self.end_s))

    def shares(self, begin: Array, length: Array) -> Array:
        """Return which share of each stretch lies in the window.

        >>> Window(1.0, 3.0, 0.1).shares(np.array([0.0, 1.0, 2.5]), np.array([2.0, 1.0, 1.0])).tolist()
        [0.5, 1.0, 0.5]
        """
        inside = np.minimum(begin + length, self.end_s) - np.maximum(begin, self.start_s)
        return np.asarray(np.clip(inside / np.maximum(length, 1e-300), 0.0, 1.0))


def steady_window(book: Book) -> Window:
    """Return the window of a run of a stationary stream.

    Raises InputError where the run is too short to leave anything between its start and its end.
    """
    arrival = np.asarray(book.arrival)
    stay = np.frombuffer(book.finish) - arrival
    stay = stay[np.isfinite(stay)]
    if stay.size == 0:
        raise InputError("no request of this run ended, so that it has no steady window")
    span, mean = float(arrival[-1] - arrival[0]), float(stay.mean())
    start = float(arrival[0]) + max(WARM_UP_RESIDENCES * mean, 0.05 * span)
    end = float(arrival[-1]) - float(np.quantile(stay, 0.9))
    if end - start < _LEAST_SHARE * span:
        raise InputError(
            f"a run of {span:.4g} s is too short for a steady window: a request stays {mean:.4g} s on average;"
            f" serve at least {int(len(arrival) * (WARM_UP_RESIDENCES + 3) * mean / max(span, 1e-12)) + 1} requests"
        )
    return Window(start, end, mean)


def batch_error(values: Array, when: Array, window: Window, batches: int = BATCHES) -> tuple[float, float]:
    """Return the mean of ``values`` at times ``when`` within the window, and its standard error by batch means.

    The window is cut into equal stretches; the error of the ratio (sum of values) / (number of values) is that of
    a ratio estimator over the stretches, so that unequal numbers per stretch do no harm. Where neighbours are alike,
    as near saturation, where a queue outlasts a stretch, it is that of a chain of their correlation r (between 0 and
    0.8), (1 + r) / (1 - r) times the variance.

    >>> w = Window(0.0, 4.0, 0.1)
    >>> batch_error(np.array([1.0, 3.0, 1.0, 3.0]), np.array([0.5, 1.5, 2.5, 3.5]), w, batches=2)
    (2.0, 0.0)
    """
    inside = window.holds(when) & np.isfinite(values)
    data, at = values[inside], when[inside]
    if data.size == 0:
        return float("nan"), float("nan")
    index = np.minimum(((at - window.start_s) / window.length_s * batches).astype(int), batches - 1)
    number = np.bincount(index, minlength=batches).astype(float)
    total = np.bincount(index, weights=data, minlength=batches)
    mean = float(total.sum() / number.sum())
    rest = total - mean * number
    square = float(np.sum(rest**2))
    alike = float(np.sum(rest[1:] * rest[:-1])) / square if square > 0 else 0.0
    alike = min(max(alike, 0.0), _MOST_ALIKE)
    spread = float(np.sqrt(square / (batches * (batches - 1)) * (1.0 + alike) / (1.0 - alike)))
    return mean, spread / float(number.mean())
