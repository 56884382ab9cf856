"""The distribution of a prediction's error, from the residuals of its class: conformal, sources by what they are worth.

The next source is taken to be as one of the class's k with probability k / (k + l), and as one of the wider class with
l / (k + l), and so on up to all rows: a class of few sources leans on what is around it, and leans less with each that
comes. Between classes of maturity, and where work is spread over one domain or several, l = 1: these are other software
and other physics; layouts within them tell less, and lean more (``LEANING``).

Rows of one source err alike in part. With the share r of the variance that lies between sources (of measured stacks, or
of all others; one-way, without the outermost twentieths), n rows of one are worth n / (1 + (n - 1) r) independent ones:
one where r = 1, n where r = 0. Sources weigh by that, and a class counts as k = (sum w)^2 / sum w^2 sources that weigh
alike. Which side the next source errs to is not known from a few: a share ``MIRRORED`` of a class is the mirror image
of its residuals, about the middle between their median and the prediction (``PULLED``). Levels are those of conformal
prediction with K independent rows: the next may lie beyond all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.intervals.layouts import stretches
from clustersim.intervals.maturity import MEASURED, Known, known_of, shipped_known
from clustersim.intervals.residuals import Residual, evidence, shipped_residuals
from clustersim.special import quantiles

__all__ = ["LEANING", "Band", "Calibration", "calibration", "classed", "shipped_band", "with_own"]

Array = NDArray[np.float64]
#: What a band is called that rests on rows of the very card.
CALIBRATED = "calibrated on this card"
#: Share of the mirror image in a class's distribution (of 0.2, 0.25, 0.3 the one with which the three domains' sources,
#: each left out, lie inside P10-P90 most nearly as often as they should; docs/intervals.md).
MIRRORED = 0.3
#: Part of the way from the prediction (0) to a class's median at which the mirror stands (of 0, 1/4, 1/2 and 1, by
#: whole sources and cards left out): with 1 the centre of two or three sources of one card stands for all cards. It is
#: the same for any number of sources, so that more that say the same never widen a band (docs/intervals.md).
PULLED = 0.5


#: How many sources a wider class counts as, beside those of a layout within it (of 1, 2, 4, 8, 16 and 32 by interval
#: score with sources left out, on every other source by the digest of its name; docs/intervals.md).
LEANING = 16.0
#: Of quantities whose layouts are other physics: one domain or several.
LEANING_OF = {"collective_time": 1.0}
#: Parts of the residuals at each end that the share between sources is told without.
_OUTERMOST = 0.05


@dataclass(frozen=True, slots=True)
class Band:
    """A distribution of ln(measured / predicted time).

    Attributes:
        log_ratio: residuals in ascending order.
        at: the level at the middle of each one's weight.
        sources: how many sources stand behind it.
        of_class: how many of them, and of their rows, are of the class itself.
        maturity: the class.
        worth: how many independent rows they are worth; 0: as many as there are sources.
    """

    log_ratio: Array
    at: Array
    sources: int
    of_class: tuple[int, int]
    maturity: str
    worth: float = 0.0

    def quantile(self, level: Any) -> Any:
        """Return the residual at levels between 0 and 1: ((K + 1) u - 1/2) / K of the weights, for K independent
        rows.

        >>> band = Band(np.array([-0.1, 0.0, 0.2]), np.array([0.2, 0.5, 0.8]), 4, (4, 3), MEASURED)
        >>> float(band.quantile(0.5)), float(band.quantile(0.9))
        (0.0, 0.2)
        """
        k = self.worth or self.sources
        return np.interp(((k + 1) * np.asarray(level) - 0.5) / k, self.at, self.log_ratio)

    def factors(self, level: Any) -> Any:
        """Return measured over predicted time at levels between 0 and 1."""
        return np.exp(self.quantile(level))

    def of_time(self, value: float) -> tuple[float, float, float]:
        """Return P10, P50 and P90 of a predicted time."""
        low, middle, high = self.factors([0.1, 0.5, 0.9])
        return float(value * low), float(value * middle), float(value * high)

    def of_rate(self, value: float) -> tuple[float, float, float]:
        """Return P10, P50 and P90 of a predicted rate."""
        low, middle, high = self.factors([0.9, 0.5, 0.1])
        return float(value / low), float(value / middle), float(value / high)

    @property
    def words(self) -> str:
        """Say what the band rests on."""
        sources, rows = self.of_class
        return f"{self.maturity}: {rows} residuals of {sources} sources, of {self.sources} in all"


def classed(rows: Iterable[Residual], known: Known) -> tuple[Residual, ...]:
    """Return rows with the class of their software on their card."""
    return tuple(
        r if r.maturity else replace(r, maturity=known.maturity(r.software, r.card, r.maker)) for r in rows
    )


def with_own(band: Band, log_ratio: Iterable[float], voices: int) -> Band:
    """Return the band of a class with the residuals of rows of the very card, each left out of its calibration.

    Rows of one software and model err alike, so n rows of v such voices count as k = sqrt(n v); the class keeps
    1 / (k + 1) of the weight.

    >>> wide = Band(np.array([-1.0, 0.0, 1.0]), np.array([0.2, 0.5, 0.8]), 3, (3, 3), MEASURED)
    >>> own = with_own(wide, [0.1, 0.2, 0.1, 0.15] * 4, 4)
    >>> bool(own.quantile(0.9) < wide.quantile(0.9)), own.sources, own.maturity
    (True, 11, 'calibrated on this card')
    """
    own = np.sort(np.asarray(list(log_ratio), dtype=float))
    k = float(np.sqrt(own.size * voices))
    edges = np.diff(np.concatenate([[0.0], (band.at[1:] + band.at[:-1]) / 2, [1.0]]))
    every = np.concatenate([band.log_ratio, own])
    weight = np.concatenate([edges / edges.sum() / (k + 1), np.full(own.size, k / (k + 1) / own.size)])
    order = np.argsort(every, kind="stable")
    weight = weight[order]
    return Band(
        every[order], np.cumsum(weight) - weight / 2, band.sources + round(k), (voices, own.size), CALIBRATED,
        (band.worth or band.sources) + k,
    )  # fmt: skip


class Calibration:
    """The residuals of one quantity, ready for the band of any class; rows that constants were found from are out, and
    what a source says twice counts once."""

    def __init__(self, rows: Sequence[Residual]) -> None:
        own = {(r.voice, r.maturity, r.layout, r.log_ratio): r for r in rows if not r.tuned}
        rows = sorted(own.values(), key=lambda r: (r.log_ratio, r.voice, r.maturity, r.layout))
        self.log_ratio = np.array([r.log_ratio for r in rows])
        self._class = np.array([r.maturity for r in rows], dtype=object)
        self._layouts = [frozenset(stretches(r.layout)) for r in rows]
        self._voice = np.unique([r.voice for r in rows], return_inverse=True)[1] if rows else np.zeros(0, int)
        self._alike = self._of_sources()
        self._leaning = LEANING_OF.get(rows[0].quantity, LEANING) if rows else LEANING

    def band(self, maturity: str, layout: str = "") -> Band:
        """Return the band of a class, and of a layout of it; raises ValueError where there are no rows."""
        if not self.log_ratio.size:
            raise ValueError("no residuals to take a band from")
        here = self._class == maturity
        levels = [np.full(here.shape, True), (self._class != MEASURED) == (maturity != MEASURED), here]
        leaning = [1.0] * len(levels)
        for part in stretches(layout):
            levels.append(here & np.array([part in own for own in self._layouts]))
            leaning.append(self._leaning)
        values, weight = np.empty(0), np.empty(0)
        for mine, lean in zip(levels, leaning, strict=True):
            values, weight = self._within(mine, lean, values, weight)
        # Equal residuals are one point of the distribution, wherever they came from.
        values, same = np.unique(np.round(values, 12), return_inverse=True)
        weight = np.bincount(same, weight) / weight.sum()
        sources = len(set(self._voice.tolist()))
        of_class = (len(set(self._voice[levels[-1]].tolist())), int(levels[-1].sum()))
        worth = float(self._worth(np.bincount(self._voice, minlength=self._alike.size)).sum())
        return Band(values, np.cumsum(weight) - weight / 2, sources, of_class, maturity, worth)

    def _of_sources(self) -> Array:
        """For each source the share of the variance that lies between such: those of measured stacks, or the others."""
        out = np.ones(int(self._voice.max()) + 1 if self._voice.size else 0)
        for mine in (self._class == MEASURED, self._class != MEASURED):
            if mine.any():
                of = np.unique(self._voice[mine], return_inverse=True)
                out[of[0]] = _between(self.log_ratio[mine], of[1])
        return out

    def _worth(self, count: NDArray[np.int64]) -> Array:
        """How many independent rows the rows of each source are worth."""
        return np.asarray(count / (1.0 + np.maximum(count - 1, 0) * self._alike))

    def _within(
        self, mine: NDArray[np.bool_], lean: float, values: Array, weight: Array
    ) -> tuple[Array, Array]:
        """Residuals and weights of a class of k sources, that is the wider class's with l / (k + l)."""
        count = np.bincount(self._voice[mine], minlength=self._alike.size)
        worth = self._worth(count)
        if not count.any():
            return values, weight
        k = float(worth.sum() ** 2 / (worth**2).sum())
        own = (worth / np.maximum(count, 1))[self._voice[mine]] / worth.sum()
        found = self.log_ratio[mine]
        mirror = PULLED * _median(found, own)
        both = np.concatenate([found, 2.0 * mirror - found])
        shares = np.concatenate([(1.0 - MIRRORED) * own, MIRRORED * own])
        if not values.size:
            return both, shares
        return np.concatenate([both, values]), np.concatenate([k * shares, lean * weight]) / (k + lean)


def _between(values: Array, voice: NDArray[np.int64]) -> float:
    """The share of the variance that lies between sources, 0 to 1; 1 where no source has several rows.

    >>> _between(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0, 0, 1, 1]))
    1.0
    """
    count = np.bincount(voice)
    sources, rows = len(count), int(count.sum())
    if sources < 2 or rows == sources:
        return 1.0
    kept = np.clip(values, *quantiles(values, [_OUTERMOST, 1.0 - _OUTERMOST]))
    mean = np.bincount(voice, kept) / count
    inside = float(((kept - mean[voice]) ** 2).sum()) / (rows - sources)
    across = float((count * (mean - kept.mean()) ** 2).sum()) / (sources - 1)
    between = (across - inside) * (sources - 1) / (rows - float((count**2).sum()) / rows)
    return float(np.clip(between / (between + inside), 0.0, 1.0)) if between + inside > 0 else 1.0


def _median(values: Array, weight: Array) -> float:
    """The middle of ascending values by their weights, which sum to one; between two where both are."""
    below = np.cumsum(weight)
    first, last = (
        values[min(int(np.searchsorted(below, level)), values.size - 1)] for level in (0.5 - 1e-9, 0.5 + 1e-9)
    )
    return float(first + last) / 2.0


def calibration(rows: Iterable[Residual], quantity: str, known: Known | None = None) -> Calibration:
    """Return the calibration of a quantity from rows, with what is known from outside."""
    rows = tuple(rows)
    mine = [r for r in (*rows, *evidence()) if r.quantity == quantity]
    return Calibration(classed(mine, known if known is not None else known_of(rows)))


@lru_cache(maxsize=16)
def _shipped(quantity: str) -> Calibration:
    return calibration(shipped_residuals(), quantity, shipped_known())


@lru_cache(maxsize=64)
def shipped_band(quantity: str, software: str, card: str, maker: str, layout: str = "") -> Band:
    """Return the band of a quantity for a software's profile on a card, from the shipped residuals."""
    return _shipped(quantity).band(shipped_known().maturity(software, card, maker), layout)


def by_quantity(rows: Iterable[Residual]) -> Mapping[str, list[Residual]]:
    """Return rows by what was measured."""
    out: dict[str, list[Residual]] = {}
    for row in rows:
        out.setdefault(row.quantity, []).append(row)
    return out
