"""Percentiles of any number of times in fixed memory: a histogram whose bins are equal on a logarithmic scale.

A percentile lies within its bin, so that the bin's width bounds its relative error, whatever the distribution, and
two histograms add up to that of all (HdrHistogram's and DDSketch's principle: Masson et al., VLDB 12(12) 2019).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.metrics import PERCENTILES

__all__ = ["Sketch"]

#: Seconds between which times are told apart, and how much wider a bin is than the one before it.
_LEAST, _MOST, _RATIO = 1e-7, 1e8, 1.001
_BINS = int(np.ceil(np.log(_MOST / _LEAST) / np.log(_RATIO))) + 2


@dataclass(slots=True)
class Sketch:
    """Counts by bin, and the sum of what was counted.

    >>> s = Sketch()
    >>> s.add(np.array([1.0, 2.0, 3.0, np.nan]))
    >>> s.count, s.mean, abs(s.percentile(50.0) - 2.0) <= 2.0 * Sketch.error()
    (3, 2.0, True)
    """

    bins: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_BINS, dtype=np.int64))
    total: float = 0.0

    @staticmethod
    def error() -> float:
        """The most that a percentile is off by, relative."""
        return _RATIO - 1.0

    @property
    def count(self) -> int:
        """How many values were counted."""
        return int(self.bins.sum())

    @property
    def mean(self) -> float:
        """Mean of the values (NaN where there is none)."""
        return self.total / self.count if self.count else float("nan")

    def add(self, values: NDArray[np.float64]) -> None:
        """Count the finite values."""
        good = values[np.isfinite(values)]
        at = np.ceil(np.log(np.maximum(good, _LEAST) / _LEAST) / np.log(_RATIO)).astype(np.int64)
        self.bins += np.bincount(np.minimum(at, _BINS - 1), minlength=_BINS)
        self.total += float(good.sum())

    def percentile(self, percent: float) -> float:
        """Return the value that so many percent do not exceed, by the middle of its bin (NaN where there is none)."""
        if not self.count:
            return float("nan")
        rank = max(int(np.ceil(percent / 100.0 * self.count)), 1)
        at = int(np.searchsorted(np.cumsum(self.bins), rank))
        return float(_LEAST * _RATIO ** (at - 0.5)) if at else _LEAST

    def figures(self) -> dict[str, float]:
        """Return mean and percentiles, as `metrics.percentiles` does."""
        return {"mean": self.mean} | {f"p{p:g}": self.percentile(p) for p in PERCENTILES}
