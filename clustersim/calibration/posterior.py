"""The posterior of the factors given measured rows: linear Gaussian steps, wrong rows, scales by evidence; then draws.

ln measured = ln t(z) + delta(x) + noise; z is normal with the prior's deviations. Each row is wrong with probability
``WRONG``, then off by a further normal error of deviation ``OFF``. Which rows are wrong is not averaged away: every set
of wrong rows that the evidence bears is a posterior of its own, so that a factor that rests on a doubtful row is as
wide as the doubt (left out: Rasmussen and Williams 2006, section 5.4.2; sets: a beam from no wrong row on).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clustersim.calibration.constants import FACTORS, MOST_FREE
from clustersim.calibration.discrepancy import Scales, covariance, discrepancy_deviation, noise_deviations
from clustersim.calibration.rows import Measured
from clustersim.calibration.surrogate import Surrogate
from clustersim.extras import needs

with needs("study", "calibrations"):
    from scipy.linalg import cho_factor, cho_solve

__all__ = ["Draws", "Fitted", "Posterior", "fit", "free_factors"]

Array = NDArray[np.float64]
#: Share of rows that are wrong, and by how much more (ln 3).
WRONG, OFF = 0.05, 1.1
#: A factor is told of by rows where its deviation shrinks by this share of the prior's.
TOLD = 0.1
#: Deviation of a row that says nothing.
SILENT = 100.0
#: Scales of discrepancy and noise that are tried; the logarithm of each is normal around 0 with this deviation.
_GRID = (0.4, 0.7, 1.0, 1.5, 2.2)
_SCALE_DEVIATION = 0.5
#: A factor whose slopes add less information than this about it is not free.
_UNSEEN = 1e-6
#: Posteriors of less weight than this are left out.
_LEAST = 0.003


@dataclass(frozen=True)
class Usual:
    """Covariance of the discrepancies of some rows, and deviations of their noise, at scales of 1."""

    delta: Array
    noise: Array


@dataclass(frozen=True)
class Others:
    """Rows to predict: their surrogate, what they share with the measured ones at scales of 1, and their own."""

    surrogate: Surrogate
    shared: Array
    own: Array
    noise: Array


@dataclass(frozen=True)
class Posterior:
    """The posterior at one pair of scales, where some rows are wrong.

    Attributes:
        rows: the measured rows.
        surrogate: their times.
        prior: deviation of every ln factor; 0 where it is not free.
        scales: of discrepancy and noise.
        mean, cov: of ln factors.
        right: 1 of each row that is right, 0 of the wrong ones.
        log_evidence: of the rows at these scales and that set of wrong rows, their priors included.
    """

    rows: tuple[Measured, ...]
    surrogate: Surrogate
    prior: Array
    scales: Scales
    mean: Array
    cov: Array
    right: Array
    log_evidence: float
    usual: Usual

    @cached_property
    def variances(self) -> Array:
        """Variance of each row's noise, with what a wrong row adds."""
        return _variances(self.usual.noise * self.scales.noise, self.right)

    @cached_property
    def delta(self) -> Array:
        """Covariance of the discrepancies of the rows."""
        return self.usual.delta * self.scales.discrepancy**2

    def predict(self, other: Others) -> tuple[Array, Array, Array]:
        """Return ln times of other rows: of the physics alone, with the discrepancy, and the latter's variance."""
        y = np.array([row.log_time for row in self.rows])
        surrogate, scale = other.surrogate, self.scales.discrepancy**2
        k = other.shared * scale
        solved = cho_solve(cho_factor(self.delta + np.diag(self.variances)), k.T).T
        physics = surrogate.log_times(self.mean)
        mean = physics + solved @ (y - self.surrogate.log_times(self.mean))
        lean = surrogate.slopes(self.mean) - solved @ self.surrogate.slopes(self.mean)
        own = other.own * scale - np.einsum("ij,ij->i", solved, k)
        noise = (other.noise * self.scales.noise) ** 2
        var = np.einsum("ij,jk,ik->i", lean, self.cov, lean) + np.maximum(own, 0.0) + noise
        return physics, mean, var

    def left_out(self) -> tuple[Array, Array]:
        """Return the residual of each row given all others, and its deviation."""
        return _left_out(self._linear_residual(), self._total(), self._nominal())

    def physics_left_out(self) -> Array:
        """Return ln(measured / predicted time) of each row by the physics alone, its factors found from the others."""
        slopes = self.surrogate.slopes(self.mean)
        y = self._linear_residual()
        out = np.empty(len(self.rows))
        for i in range(len(self.rows)):
            kept = np.arange(len(self.rows)) != i
            inverse = np.linalg.inv(self._total()[np.ix_(kept, kept)])
            gain = (self.prior**2)[:, None] * slopes[kept].T @ inverse
            out[i] = y[i] - slopes[i] @ (gain @ y[kept])
        return out

    def alone(self) -> NDArray[np.int64]:
        """Return by factor the row without which it would be known least, where it would be as good as unknown; or -1.

        Leaving row i out adds u_i^2 / [T^-1]_ii to a factor's variance, u = P S' T^-1, T the rows' covariance.
        """
        slopes = self.surrogate.slopes(self.mean)
        inverse = np.linalg.inv(self._total())
        gain = (self.prior**2)[:, None] * (slopes.T @ inverse)
        without = np.diag(self.cov)[:, None] + gain**2 / np.diag(inverse)
        most = without.max(axis=1)
        free = self.prior > 0
        known = np.diag(self.cov) < (1.0 - TOLD) ** 2 * self.prior**2
        return np.where(free & known & (most > (1.0 - TOLD) ** 2 * self.prior**2), without.argmax(axis=1), -1)

    def _linear_residual(self) -> Array:
        y = np.array([row.log_time for row in self.rows])
        slopes = self.surrogate.slopes(self.mean)
        found: Array = y - self.surrogate.log_times(self.mean) + slopes @ self.mean
        return found

    def _total(self) -> Array:
        slopes = self.surrogate.slopes(self.mean)
        found: Array = slopes * self.prior**2 @ slopes.T + self.delta + np.diag(self.variances)
        return found

    def _nominal(self) -> Array:
        return self.variances - (self.usual.noise * self.scales.noise) ** 2


def _variances(noise: Array, right: Array) -> Array:
    """Variance whose precision is that of a right row by its probability: a wrong row says nothing."""
    found: Array = 1.0 / (right / noise**2 + (1.0 - right) / SILENT**2)
    return found


def _left_out(y: Array, total: Array, beyond: Array) -> tuple[Array, Array]:
    """Residuals of rows given all others, and their deviations with the usual noise of a right row."""
    inverse = np.linalg.inv(total)
    var = 1.0 / np.diag(inverse)
    return inverse @ y * var, np.sqrt(np.maximum(var - beyond, 1e-12))


def free_factors(rows: Sequence[Measured], surrogate: Surrogate, prior: Array) -> NDArray[np.bool_]:
    """Return which factors are free: at most ten, those that the rows see best; never one that no row sees."""
    slopes = surrogate.slopes(surrogate.at)
    total = covariance(rows, rows, Scales()) + np.diag(noise_deviations(rows, Scales()) ** 2)
    seen = np.einsum("ij,ij->j", slopes, np.linalg.solve(total, slopes)) * prior**2
    order = np.argsort(-seen)
    out = np.zeros(len(FACTORS), dtype=bool)
    out[order[:MOST_FREE]] = True
    return np.asarray(out & (seen > _UNSEEN), dtype=bool)


#: Sets of wrong rows are kept whose ln evidence is within this of the best, at most so many of a size.
_WORTH, _BEAM = 6.0, 12
#: Steps of Gauss and Newton: from the start, and of a set of wrong rows from where no row is wrong.
_STEPS, _MORE = 30, 6


@dataclass(frozen=True)
class _Asked:
    """Rows with their measured times, and what stays the same at one pair of scales."""

    rows: tuple[Measured, ...]
    y: Array
    surrogate: Surrogate
    prior: Array
    scales: Scales
    usual: Usual

    @cached_property
    def noise(self) -> Array:
        return self.usual.noise * self.scales.noise

    @cached_property
    def delta(self) -> Array:
        return self.usual.delta * self.scales.discrepancy**2

    def linear(self, mean: Array) -> tuple[Array, Array]:
        """Slopes at a point, and the rows' distance from the tangent there at factors of 1."""
        slopes = self.surrogate.slopes(mean)
        return slopes, self.y - self.surrogate.log_times(mean) + slopes @ mean


def _mean_of(asked: _Asked, wrong: tuple[int, ...], start: Array, steps: int) -> Array:
    """Mean of ln factors where some rows are wrong, by steps of Gauss and Newton."""
    mean, variances = start.copy(), _variances(asked.noise, _told(asked, wrong))
    for _ in range(steps):
        slopes, bare = asked.linear(mean)
        total = slopes * asked.prior**2 @ slopes.T + asked.delta + np.diag(variances)
        new = asked.prior**2 * (slopes.T @ cho_solve(cho_factor(total), bare))
        moved = np.clip(new - mean, -0.7, 0.7)
        mean = mean + moved
        if np.abs(moved).max(initial=0.0) < 1e-4:
            break
    return mean


def _told(asked: _Asked, wrong: tuple[int, ...]) -> Array:
    """1 for each row that is right, 0 for each of the wrong ones."""
    right = np.ones(len(asked.rows))
    right[list(wrong)] = 0.0
    return right


def _evidence(asked: _Asked, wrong: tuple[int, ...], mean: Array) -> tuple[float, Array]:
    """ln evidence of a set of wrong rows at a point, and by how much one more wrong row would raise it."""
    slopes, bare = asked.linear(mean)
    off = np.zeros(len(asked.rows))
    off[list(wrong)] = OFF**2
    total = slopes * asked.prior**2 @ slopes.T + asked.delta + np.diag(asked.noise**2 + off)
    # Not cho_solve of many right sides: OpenBLAS spreads it over threads, which takes ten times as long at this size.
    inverse = np.linalg.inv(total)
    solved, own = inverse @ bare, np.diag(inverse)
    scale = sum(np.log(v) ** 2 for v in (asked.scales.discrepancy, asked.scales.noise)) / (
        2 * _SCALE_DEVIATION**2
    )
    odds = np.log(WRONG / (1.0 - WRONG))
    found = -0.5 * bare @ solved - 0.5 * np.linalg.slogdet(total)[1] + len(wrong) * odds - scale
    more = odds - 0.5 * np.log1p(OFF**2 * own) + 0.5 * OFF**2 * solved**2 / (1.0 + OFF**2 * own)
    more[list(wrong)] = -np.inf
    return float(found), more


def _at_scales(asked: _Asked, start: Array) -> list[Posterior]:
    """The posteriors at one pair of scales: one for every set of wrong rows that the evidence bears."""
    plain = _mean_of(asked, (), start, _STEPS)
    value, more = _evidence(asked, (), plain)
    kept: dict[tuple[int, ...], tuple[float, Array]] = {(): (value, plain)}
    level: dict[tuple[int, ...], Array] = {(): more}
    for _ in range(max(2, len(asked.rows) // 10)):
        best = max(found for found, _ in kept.values())
        ahead: dict[tuple[int, ...], tuple[float, Array]] = {}
        for wrong, raised in level.items():
            found, mean = kept[wrong]
            for i in np.flatnonzero(found + raised > best - _WORTH):
                ahead.setdefault(tuple(sorted((*wrong, int(i)))), (found + float(raised[i]), mean))
        level = {}
        for wrong in sorted(ahead, key=lambda w: -ahead[w][0])[:_BEAM]:
            mean = _mean_of(asked, wrong, ahead[wrong][1], _MORE)
            value, more = _evidence(asked, wrong, mean)
            kept[wrong], level[wrong] = (value, mean), more
        if not level:
            break
    best = max(found for found, _ in kept.values())
    return [_posterior(asked, w, mean, v) for w, (v, mean) in kept.items() if v > best - _WORTH]


def _posterior(asked: _Asked, wrong: tuple[int, ...], mean: Array, evidence: float) -> Posterior:
    right = _told(asked, wrong)
    slopes, _ = asked.linear(mean)
    total = slopes * asked.prior**2 @ slopes.T + asked.delta + np.diag(_variances(asked.noise, right))
    gain = asked.prior[:, None] ** 2 * slopes.T
    cov = np.diag(asked.prior**2) - gain @ cho_solve(cho_factor(total), gain.T)
    return Posterior(
        asked.rows, asked.surrogate, asked.prior, asked.scales, mean, 0.5 * (cov + cov.T), right, evidence,
        asked.usual,
    )  # fmt: skip


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
            found = _walked(self.posteriors[number], walkers + walkers % 2, rng, steps)
            out[mine] = found[: int(mine.sum())]
        return Draws(out)


def _log_density(posterior: Posterior, z: Array, factor: tuple[Array, bool]) -> Array:
    y = np.array([row.log_time for row in posterior.rows])
    off = y - posterior.surrogate.log_times(z)
    free = posterior.prior > 0
    fit_term = -0.5 * np.einsum("ij,ji->i", off, cho_solve(factor, off.T))
    found: Array = fit_term - 0.5 * ((z[:, free] / posterior.prior[free]) ** 2).sum(axis=1)
    return found


def _walked(posterior: Posterior, walkers: int, rng: np.random.Generator, steps: int) -> Array:
    """Draws of one posterior after some stretch moves of two halves of walkers."""
    free = np.flatnonzero(posterior.prior > 0)
    z = np.tile(posterior.mean, (walkers, 1))
    if not free.size:
        return z
    root = np.linalg.cholesky(posterior.cov[np.ix_(free, free)] + 1e-12 * np.eye(free.size))
    z[:, free] += rng.standard_normal((walkers, free.size)) @ root.T
    factor = cho_factor(posterior.delta + np.diag(posterior.variances))
    density = _log_density(posterior, z, factor)
    half = walkers // 2
    for step in range(2 * steps):
        mine, other = (
            (slice(0, half), slice(half, walkers)) if step % 2 else (slice(half, walkers), slice(0, half))
        )
        u = ((rng.random(half) + 1.0) ** 2) / 2.0
        partner = z[other][rng.integers(0, half, half)]
        tried = partner + u[:, None] * (z[mine] - partner)
        there = _log_density(posterior, tried, factor)
        accept = np.log(rng.random(half)) < (free.size - 1) * np.log(u) + there - density[mine]
        z[mine] = np.where(accept[:, None], tried, z[mine])
        density[mine] = np.where(accept, there, density[mine])
    return z


def fit(rows: Sequence[Measured], surrogate: Surrogate, prior: Array, start: Array | None = None) -> Fitted:
    """Return the posterior of the factors over a grid of scales of discrepancy and noise."""
    rows = tuple(rows)
    y = np.array([row.log_time for row in rows])
    usual = Usual(covariance(rows, rows, Scales()), noise_deviations(rows, Scales()))
    begin = np.zeros(len(FACTORS)) if start is None else start
    begin = _mean_of(_Asked(rows, y, surrogate, prior, Scales(), usual), (), begin, _STEPS)
    found = [
        posterior
        for a, b in itertools.product(_GRID, _GRID)
        for posterior in _at_scales(_Asked(rows, y, surrogate, prior, Scales(a, b), usual), begin)
    ]
    log = np.array([p.log_evidence for p in found])
    weights = np.exp(log - log.max())
    weights /= weights.sum()
    kept = weights > _LEAST
    return Fitted(
        tuple(p for p, k in zip(found, kept, strict=True) if k), weights[kept] / weights[kept].sum()
    )
