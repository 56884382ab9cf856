"""The share of requests within the service level where latencies are other than predicted, at one use of a replica.

A level of TTFT L1, TPOT L2 and whole time L3 is met by first tokens and paces that take f1 and f2 times as long where
the predicted ones meet L1 / f1 and L2 / f2, and the whole time where f1 TTFT + f2 (tokens after the first) TPOT <= L3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.columns import of_points, values_of
from clustersim.des.serving.closed_form import ClosedForm, slower_share
from clustersim.des.serving.closed_state import SloColumns, row_of
from clustersim.des.serving.metrics import Slo

__all__ = ["FormLevel", "SeenLevel"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FormLevel:
    """The share by the closed form: ``which`` of the form's points each point of a batch is."""

    form: ClosedForm = field(repr=False)
    level: SloColumns
    outside_s: Any
    """Of every request, in no part of the model: TTFT has it, and the level's bounds are without it."""
    which: NDArray[Any]

    def __call__(self, ttft: Any, tpot: Any) -> Any:
        """Return the share within the level where TTFT takes ``ttft`` and TPOT ``tpot`` times as long as predicted."""
        first, pace = (row_of(values_of(factor)) for factor in (ttft, tpot))
        points = max(first.size, pace.size, self.which.size)
        kinds = len(self.form.rate_per_s)
        rows = self.which if kinds > 1 else np.zeros(1, dtype=np.int64)
        of = self.form.take(rows) if kinds > 1 and self.which.size > 1 else self.form
        outside = row_of(values_of(self.outside_s))
        level = self.level.take(rows) if kinds > 1 else self.level
        share = slower_share(of, level, outside[rows] if outside.size > 1 else outside, first, pace)
        return of_points(share if points > 1 else share[0])


@dataclass(frozen=True, slots=True)
class SeenLevel:
    """The share by a simulated run: TTFT, TPOT and tokens after the first of every request in its steady window.

    >>> seen = SeenLevel(np.array([1.0, 1.0]), np.array([0.02, 0.04]), np.array([10.0, 10.0]), Slo(1.5, 0.05), 0.0)
    >>> [seen(*factors) for factors in ((1.0, 1.0), (1.0, 1.5), (2.0, 1.0))]
    [1.0, 0.5, 0.0]
    """

    ttft_s: Array = field(repr=False)
    tpot_s: Array = field(repr=False)
    tokens: Array = field(repr=False)
    slo: Slo
    outside_s: float

    def __call__(self, ttft: Any, tpot: Any) -> Any:
        """Return the share within the level where TTFT takes ``ttft`` and TPOT ``tpot`` times as long as seen."""
        first, pace = np.broadcast_arrays(*(row_of(values_of(factor)) for factor in (ttft, tpot)))
        found = np.array([self._share(float(a), float(b)) for a, b in zip(first, pace, strict=True)])
        return of_points(found if found.size > 1 else found[0])

    def _share(self, ttft: float, tpot: float) -> float:
        """Requests that were refused have no TTFT and are not within; those of one token have no TPOT."""
        first = (self.ttft_s + self.outside_s) * ttft
        later = np.nan_to_num(self.tpot_s, nan=0.0) * tpot
        with np.errstate(invalid="ignore"):
            good = (first <= self.slo.ttft_s + self.outside_s) & (later <= self.slo.tpot_s)
            good &= first + later * self.tokens <= self.slo.e2e_s + self.outside_s
        return float(np.mean(good))
