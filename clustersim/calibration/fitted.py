"""The posterior of the factors given measured rows: over scales by their evidence, and over sets of wrong rows.

Scales are of the discrepancy, of the noise, and of the prior's deviations: where rows say that a card is as its class
is, the evidence draws every factor towards 1, and calibration ends near the class instead of fitting what is none of
the factors' doing.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clustersim.calibration.constants import FACTORS, MOST_FREE
from clustersim.calibration.discrepancy import (
    GRID,
    PRIOR_GRID,
    Scales,
    covariance,
    discrepancy_deviation,
    noise_deviations,
)
from clustersim.calibration.posterior import Others, Posterior, Usual
from clustersim.calibration.rows import Measured
from clustersim.calibration.surrogate import Surrogate
from clustersim.calibration.walk import walked
from clustersim.calibration.wrong_rows import Asked, mean_of, posteriors_from, start_of

__all__ = ["Draws", "Fitted", "fit", "free_factors"]

Array = NDArray[np.float64]
#: A factor whose slopes add less information than this about it is not free.
_UNSEEN = 1e-6
#: Posteriors of less weight than this are left out.
_LEAST = 0.003
#: Scales are not searched whose sets of wrong rows stay this far of ln evidence below the best of no wrong row.
_HOPELESS = 8.0


def free_factors(rows: Sequence[Measured], surrogate: Surrogate, prior: Array) -> NDArray[np.bool_]:
    """Return which factors are free: at most ten, those that the rows see best; never one that no row sees."""
    slopes = surrogate.slopes(surrogate.at)
    total = covariance(rows, rows, Scales()) + np.diag(noise_deviations(rows, Scales()) ** 2)
    seen = np.einsum("ij,ij->j", slopes, np.linalg.solve(total, slopes)) * prior**2
    order = np.argsort(-seen)
    out = np.zeros(len(FACTORS), dtype=bool)
    out[order[:MOST_FREE]] = True
    return np.asarray(out & (seen > _UNSEEN), dtype=bool)


@dataclass(frozen=True)
class Draws:
    """Draws of ln factors (draws, factors), and how much the sampler's mean differs from the Gaussian one."""

    z: Array


@dataclass(frozen=True)
class Fitted:
    """Posteriors at all scales and sets of wrong rows with their weights; ``best`` is the one of most evidence."""

    posteriors: tuple[Posterior, ...]
    weights: Array

    @property
    def best(self) -> Posterior:
        """The posterior of most evidence."""
        return self.posteriors[int(np.argmax(self.weights))]

    @cached_property
    def mean(self) -> Array:
        """Mean of ln factors over the scales."""
        return np.array(sum(w * p.mean for w, p in zip(self.weights, self.posteriors, strict=True)))

    @cached_property
    def cov(self) -> Array:
        """Covariance of ln factors over the scales."""
        return np.array(
            sum(
                w * (p.cov + np.outer(p.mean - self.mean, p.mean - self.mean))
                for w, p in zip(self.weights, self.posteriors, strict=True)
            )
        )

    @property
    def prior(self) -> Array:
        """Deviation of every ln factor before any row, at the scales that the rows bear out; 0 where it is not free."""
        squares = [w * p.prior**2 for w, p in zip(self.weights, self.posteriors, strict=True)]
        return np.asarray(np.sqrt(np.sum(squares, axis=0)), dtype=np.float64)

    @property
    def right(self) -> Array:
        """Probability that each row is right."""
        return np.array(sum(w * p.right for w, p in zip(self.weights, self.posteriors, strict=True)))

    def predict(self, rows: Sequence[Measured], surrogate: Surrogate) -> tuple[Array, Array, Array]:
        """Return ln times of other rows: of the physics alone, with the discrepancy, and the latter's deviation."""
        shared = covariance(rows, self.best.rows, Scales())
        own = np.array([discrepancy_deviation(row) ** 2 for row in rows])
        other = Others(surrogate, shared, own, noise_deviations(rows, Scales()))
        found = [p.predict(other) for p in self.posteriors]
        physics, mean = (np.array([f[i] for f in found]) for i in (0, 1))
        middle = self.weights @ mean
        var = self.weights @ (np.array([f[2] for f in found]) + (mean - middle) ** 2)
        return self.weights @ physics, middle, np.sqrt(var * self.stretch**2)

    @cached_property
    def stretch(self) -> float:
        """Conformal stretch of deviations: the 90 % quantile of standardised residuals of rows left out over 1.645.

        Of few rows it is drawn towards 1.
        """
        # Rows to come are as often wrong as these: outliers count.
        residual, deviation = self.best.left_out()
        size = np.sort(np.abs(residual / deviation))
        n = size.size
        if n < 5:
            return 1.0
        quantile = size[min(n - 1, int(np.ceil(0.9 * (n + 1))) - 1)] / 1.645
        return float(np.clip(np.exp(n / (n + 10) * np.log(quantile)), 0.9, 3.0))

    def draws(self, count: int, seed: int, steps: int = 40) -> Draws:
        """Return draws of ln factors: Gaussian ones at scales by their weights, moved by an affine-invariant sampler.

        The sampler (Goodman and Weare 2010, stretch moves) leaves the posterior under the surrogate, which is not
        normal where a factor is barely seen, as it is; it starts from the Gaussian draws.
        """
        rng = np.random.default_rng(seed)
        which = rng.choice(len(self.weights), size=count, p=self.weights)
        out = np.zeros((count, len(FACTORS)))
        for number in np.unique(which):
            mine = which == number
            walkers = max(int(mine.sum()), 4 * len(FACTORS))
            found = walked(self.posteriors[number], walkers + walkers % 2, rng, steps)
            out[mine] = found[: int(mine.sum())]
        return Draws(out)


def fit(rows: Sequence[Measured], surrogate: Surrogate, prior: Array, start: Array | None = None) -> Fitted:
    """Return the posterior of the factors over a grid of scales of discrepancy, noise and prior."""
    rows = tuple(rows)
    y = np.array([row.log_time for row in rows])
    usual = Usual(covariance(rows, rows, Scales()), noise_deviations(rows, Scales()))
    begin = np.zeros(len(FACTORS)) if start is None else start
    begin = mean_of(Asked(rows, y, surrogate, prior, Scales(), usual), (), begin)
    cells = [Asked(rows, y, surrogate, prior, Scales(*at), usual)
             for at in itertools.product(GRID, GRID, PRIOR_GRID)]  # fmt: skip
    starts = [start_of(cell, begin) for cell in cells]
    best = max(found.value for found in starts)
    found = [
        posterior
        for cell, at in zip(cells, starts, strict=True)
        if at.at_most(cell.most_wrong) > best - _HOPELESS
        for posterior in posteriors_from(cell, at)
    ]
    log = np.array([p.log_evidence for p in found])
    weights = np.exp(log - log.max())
    weights /= weights.sum()
    kept = weights > _LEAST
    return Fitted(
        tuple(p for p, k in zip(found, kept, strict=True) if k), weights[kept] / weights[kept].sum()
    )
