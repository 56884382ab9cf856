"""Which rows are wrong: the sets of wrong rows that the evidence bears, each with a posterior of its own.

Each row is wrong with probability ``WRONG``, then off by a further normal error of deviation ``OFF``. Which rows are
wrong is not averaged away: a factor that rests on a doubtful row is as wide as the doubt (left out: Rasmussen and
Williams 2006, section 5.4.2; sets: a beam from no wrong row on).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clustersim.calibration.discrepancy import Scales
from clustersim.calibration.posterior import Posterior, Usual, noise_variances
from clustersim.calibration.rows import Measured
from clustersim.calibration.surrogate import Surrogate

__all__ = ["OFF", "WRONG", "Asked", "Start", "mean_of", "posteriors_from", "start_of"]

Array = NDArray[np.float64]
#: Share of rows that are wrong, and by how much more (ln 3).
WRONG, OFF = 0.05, 1.1
#: Sets of wrong rows are kept whose ln evidence is within this of the best, at most so many of a size.
_WORTH, _BEAM = 6.0, 12
#: Steps of Gauss and Newton: from the start, and of a set of wrong rows from where no row is wrong.
_STEPS, _MORE = 30, 6


@dataclass(frozen=True)
class Asked:
    """Rows with their measured times, and what stays the same at one set of scales."""

    rows: tuple[Measured, ...]
    y: Array
    surrogate: Surrogate
    prior: Array
    scales: Scales
    usual: Usual

    @cached_property
    def noise(self) -> Array:
        """Deviation of each row's noise."""
        return self.usual.noise * self.scales.noise

    @cached_property
    def delta(self) -> Array:
        """Covariance of the rows' discrepancies."""
        return self.usual.delta * self.scales.discrepancy**2

    @cached_property
    def spread(self) -> Array:
        """Deviation of every ln factor."""
        return self.prior * self.scales.prior

    def linear(self, mean: Array) -> tuple[Array, Array]:
        """Slopes at a point, and the rows' distance from the tangent there at factors of 1."""
        slopes = self.surrogate.slopes(mean)
        return slopes, self.y - self.surrogate.log_times(mean) + slopes @ mean

    def total(self, slopes: Array, variances: Array) -> Array:
        """Covariance of the rows."""
        found: Array = slopes * self.spread**2 @ slopes.T + self.delta + np.diag(variances)
        return found

    @property
    def most_wrong(self) -> int:
        """No set of wrong rows is larger."""
        return max(2, len(self.rows) // 10)


@dataclass(frozen=True)
class Start:
    """The point where no row is wrong, its ln evidence, and by how much one wrong row each would raise it."""

    mean: Array
    value: float
    more: Array

    def at_most(self, wrong: int) -> float:
        """Return about how far sets of so many wrong rows may raise the evidence, were they independent."""
        return self.value + float(np.sort(np.maximum(self.more, 0.0))[::-1][:wrong].sum())


def mean_of(asked: Asked, wrong: tuple[int, ...], start: Array, steps: int = _STEPS) -> Array:
    """Return the mean of ln factors where some rows are wrong, by steps of Gauss and Newton."""
    mean, variances = start.copy(), noise_variances(asked.noise, _told(asked, wrong))
    for _ in range(steps):
        slopes, bare = asked.linear(mean)
        new = asked.spread**2 * (slopes.T @ np.linalg.solve(asked.total(slopes, variances), bare))
        moved = np.clip(new - mean, -0.7, 0.7)
        mean = mean + moved
        if np.abs(moved).max(initial=0.0) < 1e-4:
            break
    return mean


def _told(asked: Asked, wrong: tuple[int, ...]) -> Array:
    """1 for each row that is right, 0 for each of the wrong ones."""
    right = np.ones(len(asked.rows))
    right[list(wrong)] = 0.0
    return right


def _evidence(asked: Asked, wrong: tuple[int, ...], mean: Array) -> tuple[float, Array]:
    """ln evidence of a set of wrong rows at a point, and by how much one more wrong row would raise it."""
    slopes, bare = asked.linear(mean)
    off = np.zeros(len(asked.rows))
    off[list(wrong)] = OFF**2
    total = asked.total(slopes, asked.noise**2 + off)
    inverse = np.linalg.inv(total)
    solved, own = inverse @ bare, np.diag(inverse)
    odds = np.log(WRONG / (1.0 - WRONG))
    found = (
        -0.5 * bare @ solved - 0.5 * np.linalg.slogdet(total)[1] + len(wrong) * odds + asked.scales.log_prior
    )
    more = odds - 0.5 * np.log1p(OFF**2 * own) + 0.5 * OFF**2 * solved**2 / (1.0 + OFF**2 * own)
    more[list(wrong)] = -np.inf
    return float(found), more


def start_of(asked: Asked, near: Array) -> Start:
    """Return where the search at one set of scales begins: no row is wrong."""
    mean = mean_of(asked, (), near)
    return Start(mean, *_evidence(asked, (), mean))


def posteriors_from(asked: Asked, start: Start) -> list[Posterior]:
    """Return the posteriors at one set of scales: one for every set of wrong rows that the evidence bears."""
    kept: dict[tuple[int, ...], tuple[float, Array]] = {(): (start.value, start.mean)}
    level: dict[tuple[int, ...], Array] = {(): start.more}
    for _ in range(asked.most_wrong):
        best = max(found for found, _ in kept.values())
        ahead: dict[tuple[int, ...], tuple[float, Array]] = {}
        for wrong, raised in level.items():
            found, mean = kept[wrong]
            for i in np.flatnonzero(found + raised > best - _WORTH):
                ahead.setdefault(tuple(sorted((*wrong, int(i)))), (found + float(raised[i]), mean))
        level = {}
        for wrong in sorted(ahead, key=lambda w: -ahead[w][0])[:_BEAM]:
            mean = mean_of(asked, wrong, ahead[wrong][1], _MORE)
            value, more = _evidence(asked, wrong, mean)
            kept[wrong], level[wrong] = (value, mean), more
        if not level:
            break
    best = max(found for found, _ in kept.values())
    return [_posterior(asked, w, mean, v) for w, (v, mean) in kept.items() if v > best - _WORTH]


def _posterior(asked: Asked, wrong: tuple[int, ...], mean: Array, evidence: float) -> Posterior:
    right = _told(asked, wrong)
    slopes, _ = asked.linear(mean)
    gain = asked.spread[:, None] ** 2 * slopes.T
    inverse = np.linalg.inv(asked.total(slopes, noise_variances(asked.noise, right)))
    cov = np.diag(asked.spread**2) - gain @ inverse @ gain.T
    return Posterior(
        asked.rows, asked.surrogate, asked.spread, asked.scales, mean, 0.5 * (cov + cov.T), right, evidence,
        asked.usual,
    )  # fmt: skip
