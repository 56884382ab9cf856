"""How far fleets differ, what that leaves open for a card that nobody measured, and what one's own log adds.

Card-hours per failure of published fleets spread over more than a decade, with too many at the low end for any handy
distribution. A further fleet is taken as one more of the same kind, no more: it then lies below the k-th of n with
probability k / (n + 1), whatever the distribution. Beyond the outermost the logarithms are taken as normal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clustersim.des.training.components import FailureClass
from clustersim.errors import InputError
from clustersim.special import ndtri

__all__ = [
    "SOFTWARE", "BetweenFleets", "Posterior", "at_card_hours", "between_fleets", "component_rates",
    "rate_posterior",
]  # fmt: skip

Array = NDArray[np.float64]

#: Components that a count of hardware failures leaves out.
SOFTWARE = ("software", "unknown_hang", "storage")


@dataclass(frozen=True, slots=True)
class BetweenFleets:
    """The spread of card-hours per failure between fleets: what was counted, in rising order."""

    card_hours: tuple[float, ...]

    @property
    def fleets(self) -> int:
        """How many there are."""
        return len(self.card_hours)

    @property
    def median_h(self) -> float:
        """Card-hours per failure that half of the fleets reach."""
        return self.quantile(0.5)

    @property
    def mean_log(self) -> float:
        """Mean of the logarithms."""
        return float(np.log(self.card_hours).mean())

    @property
    def deviation_log(self) -> float:
        """Standard deviation of the logarithms."""
        return float(np.log(self.card_hours).std(ddof=1))

    def quantile(self, share: float) -> float:
        """Return the card-hours per failure that a further fleet stays below with probability ``share``."""
        logs, n = np.log(self.card_hours), self.fleets
        place = share * (n + 1)
        if 1 <= place <= n:
            return math.exp(float(np.interp(place, np.arange(1, n + 1), logs)))
        edge, at = (logs[0], 1 / (n + 1)) if place < 1 else (logs[-1], n / (n + 1))
        return math.exp(float(edge) + self.deviation_log * float(ndtri(share) - ndtri(at)))


def between_fleets(card_hours: Sequence[float]) -> BetweenFleets:
    """Return the spread of published fleets.

    >>> spread = between_fleets([50677.0, 29538.0, 82051.0, 15292.0])
    >>> [round(v, -2) for v in (spread.quantile(0.1), spread.median_h, spread.quantile(0.9))]
    [11100.0, 38700.0, 112700.0]

    Raises InputError for fewer than two fleets.
    """
    if len(card_hours) < 2:
        raise InputError("a spread between fleets needs two of them at least")
    return BetweenFleets(tuple(sorted(card_hours)))


@dataclass(frozen=True, slots=True)
class Posterior:
    """Card-hours per failure after a log of one's own, and the mean failures per card-hour."""

    log_hours: tuple[float, ...]
    """Logarithms of card-hours per failure, in rising order."""
    below: tuple[float, ...]
    """The probability of at most each."""
    failures_per_card_hour: float

    def quantile(self, share: float) -> float:
        """Return the card-hours per failure that are not reached with probability ``share``."""
        return math.exp(float(np.interp(share, self.below, self.log_hours)))


def rate_posterior(prior: BetweenFleets, failures: int, card_hours: float) -> Posterior:
    """Return what ``failures`` in ``card_hours`` leave of the spread between fleets.

    Prior log-normal in card-hours per failure (their mean and deviation), likelihood Poisson; integrated on a grid.
    Without a log it is that prior; with a long one the log alone.

    >>> prior = between_fleets([20e3, 40e3, 80e3])
    >>> [round(rate_posterior(prior, *log).quantile(0.5), -3) for log in ((0, 0.0), (400, 4e6))]
    [40000.0, 10000.0]

    Raises InputError for negative failures or card-hours.
    """
    if failures < 0 or card_hours < 0:
        raise InputError(f"a log of {failures} failures in {card_hours:g} card-hours cannot be")
    grid = np.linspace(
        prior.mean_log - 8 * prior.deviation_log, prior.mean_log + 8 * prior.deviation_log, 4001
    )
    wide = prior.deviation_log * math.sqrt(1 + 1 / prior.fleets)
    mean = card_hours / np.exp(grid)
    log_odds = (
        -0.5 * ((grid - prior.mean_log) / wide) ** 2 + failures * np.log(np.maximum(mean, 1e-300)) - mean
    )
    odds = np.exp(log_odds - log_odds.max())
    below = np.cumsum(odds) / odds.sum()
    rate = float(np.exp(-grid) @ odds / odds.sum())
    return Posterior(tuple(grid.tolist()), tuple(below.tolist()), rate)


def component_rates(
    classes: Sequence[FailureClass], counts: Mapping[str, int], seconds: float, prior: BetweenFleets
) -> tuple[FailureClass, ...]:
    """Return causes with the rates that a log of ``seconds`` leaves: (a + n) / (a / rate + seconds), a gamma posterior.

    a is the weight of the table in failures: 1 / variance of the logarithm between fleets, so that a single fleet's
    table yields as soon as a log holds a few failures.

    Raises InputError for a count of a component that does not exist.
    """
    known = [c.name for c in classes]
    for name in counts:
        if name not in known:
            raise InputError(f"the log counts {name!r}, which is no component; known: {', '.join(known)}")
    weight = 1.0 / prior.deviation_log**2
    return tuple(
        replace(c, rate_per_s=(weight + counts.get(c.name, 0)) / (weight / c.rate_per_s + seconds))
        if c.rate_per_s > 0
        else c
        for c in classes
    )


def at_card_hours(
    classes: Sequence[FailureClass], cards: float, card_hours: float, *, hardware_only: bool = False
) -> tuple[FailureClass, ...]:
    """Return causes scaled so that a failure comes every ``card_hours``; only those of hardware where so counted.

    >>> from clustersim.des.training.components import failure_classes
    >>> scaled = at_card_hours(failure_classes(cards=1024, nodes=128), 1024, 29538.0)
    >>> round(1 / sum(c.rate_per_s for c in scaled) / 3600, 2)
    28.85
    """
    mine = [c for c in classes if not (hardware_only and c.name in SOFTWARE)]
    total = sum(c.rate_per_s for c in mine)
    factor = cards / (card_hours * 3600.0) / total
    return tuple(replace(c, rate_per_s=c.rate_per_s * factor) if c in mine else c for c in classes)
