"""The posterior of the factors given measured rows: linear Gaussian steps, wrong rows, scales by evidence; then draws.

ln measured = ln t(z) + delta(x) + noise; z is normal with the prior's deviations. Each row is wrong with probability
``WRONG``, then off by a further normal error of deviation ``OFF``: the weight of a row is the probability that it is
right given all other rows (leave-one-out by the inverse covariance; Rasmussen and Williams 2006, section 5.4.2).
"""

from __future__ import annotations

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
#: Deviation of a row that says nothing.
SILENT = 100.0
#: Scales of discrepancy and noise that are tried; the logarithm of each is normal around 0 with this deviation.
_GRID = (0.4, 0.7, 1.0, 1.5, 2.2)
_SCALE_DEVIATION = 0.5
#: A factor whose slopes add less information than this about it is not free.
_UNSEEN = 1e-6


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
    """The posterior at one pair of scales.

    Attributes:
        rows: the measured rows.
        surrogate: their times.
        prior: deviation of every ln factor; 0 where it is not free.
        scales: of discrepancy and noise.
        mean, cov: of ln factors.
        right: probability that each row is right.
        log_evidence: of the rows at these scales, their prior included.
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


def _right(residual: Array, deviation: Array) -> Array:
    """Probability that a row is right, given its residual by all other rows."""
    wide = np.sqrt(deviation**2 + OFF**2)
    good = np.log1p(-WRONG) - np.log(deviation) - 0.5 * (residual / deviation) ** 2
    bad = np.log(WRONG) - np.log(wide) - 0.5 * (residual / wide) ** 2
    found: Array = 1.0 / (1.0 + np.exp(np.clip(bad - good, -700, 700)))
    return found


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
class _Start:
    """Where the steps begin: ln factors, and the probability that each row is right."""

    mean: Array
    right: Array


def _at_scales(
    rows: tuple[Measured, ...],
    surrogate: Surrogate,
    prior: Array,
    scales: Scales,
    start: _Start,
    usual: Usual,
) -> Posterior:
    """The posterior at one pair of scales: steps of Gauss and Newton with weights found anew at each."""
    y = np.array([row.log_time for row in rows])
    noise, delta = usual.noise * scales.noise, usual.delta * scales.discrepancy**2
    mean, right = start.mean.copy(), start.right.copy()
    for step in range(40):
        slopes = surrogate.slopes(mean)
        bare = y - surrogate.log_times(mean) + slopes @ mean
        variances = _variances(noise, right)
        total = slopes * prior**2 @ slopes.T + delta + np.diag(variances)
        new = prior**2 * (slopes.T @ cho_solve(cho_factor(total), bare))
        weighed = _right(*_left_out(bare, total, variances - noise**2))
        moved = np.abs(new - mean).max(initial=0.0) + np.abs(weighed - right).max(initial=0.0)
        mean = mean + np.clip(new - mean, -0.7, 0.7)
        right = weighed if step < 5 else 0.5 * (weighed + right)
        if moved < 1e-4:
            break
    slopes = surrogate.slopes(mean)
    total = slopes * prior**2 @ slopes.T + delta + np.diag(_variances(noise, right))
    factor = cho_factor(total)
    bare = y - surrogate.log_times(mean) + slopes @ mean
    gain = prior[:, None] ** 2 * slopes.T
    cov = np.diag(prior**2) - gain @ cho_solve(factor, gain.T)
    likelihood = -0.5 * bare @ cho_solve(factor, bare) - np.log(np.diag(factor[0])).sum()
    odds = right * np.log1p(-WRONG) + (1.0 - right) * np.log(WRONG)
    entropy = -(
        right * np.log(np.maximum(right, 1e-300)) + (1 - right) * np.log(np.maximum(1 - right, 1e-300))
    )
    scale = sum(np.log(v) ** 2 for v in (scales.discrepancy, scales.noise)) / (2 * _SCALE_DEVIATION**2)
    # The determinant has the variance that stands for both; a row counts as right or as OFF by its probability.
    stood = 0.5 * np.log(_variances(noise, right))
    wrong = (stood - right * np.log(noise) - (1.0 - right) * np.log(OFF)).sum()
    evidence = float(likelihood + wrong + odds.sum() + entropy.sum() - scale)
    return Posterior(rows, surrogate, prior, scales, mean, 0.5 * (cov + cov.T), right, evidence, usual)


#: Rows, furthest from what all others say, that are tried as the wrong ones.
_TRIED = 5
#: Beginnings are kept whose ln evidence is within this of the best, at most so many.
_WORTH, _MOST_MODES = 4.0, 4


def _starts(
    rows: tuple[Measured, ...], surrogate: Surrogate, prior: Array, at: Array, usual: Usual
) -> tuple[_Start, ...]:
    """Where to begin: nothing put aside, and rows put aside one by one, whichever of the furthest.

    A wrong row pulls the factors its way, and the rows that it contradicts then seem wrong: from there the steps do not
    come back. Which of two rows that contradict each other is wrong may not be known: every end whose evidence comes
    near the best is kept, so that the posterior is as wide as the doubt.
    """
    plain = Scales()
    best = _at_scales(rows, surrogate, prior, plain, _Start(at, np.full(len(rows), 0.95)), usual)
    ends, aside = [best], list[int]()
    for _ in range(max(1, len(rows) // 15)):
        residual, deviation = best.left_out()
        far = np.argsort(-np.abs(residual / deviation), kind="stable")
        tried = []
        for i in [int(i) for i in far if int(i) not in aside][:_TRIED]:
            right = np.full(len(rows), 0.95)
            right[[*aside, i]] = 0.001
            tried.append((i, _at_scales(rows, surrogate, prior, plain, _Start(at, right), usual)))
        ends += [found for _, found in tried]
        i, found = max(tried, key=lambda pair: pair[1].log_evidence)
        if found.log_evidence <= best.log_evidence + 1e-6:
            break
        aside.append(i)
        best = found
    return _unlike(ends)


def _apart(ends: Sequence[Posterior]) -> list[Posterior]:
    """Ends at one pair of scales without those that another one has come to as well."""
    kept: list[Posterior] = []
    for end in ends:
        if all(np.abs(end.right - other.right).max() > 0.05 for other in kept):
            kept.append(end)
    return kept


def _unlike(ends: Sequence[Posterior]) -> tuple[_Start, ...]:
    """The ends of most evidence that are unlike one another, and near the best."""
    order = sorted(ends, key=lambda end: -end.log_evidence)
    kept: list[Posterior] = []
    for end in order:
        near = order[0].log_evidence - end.log_evidence < _WORTH
        if near and all(np.abs(end.right - other.right).max() > 0.1 for other in kept):
            kept.append(end)
    return tuple(_Start(end.mean, end.right) for end in kept[:_MOST_MODES])


@dataclass(frozen=True)
class Draws:
    """Draws of ln factors (draws, factors), and how much the sampler's mean differs from the Gaussian one."""

    z: Array


@dataclass(frozen=True)
class Fitted:
    """Posteriors at all scales with their weights; ``best`` is the one of most evidence."""

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
    begin = np.zeros(len(FACTORS)) if start is None else start
    grid = [Scales(a, b) for a in _GRID for b in _GRID]
    usual = Usual(covariance(rows, rows, Scales()), noise_deviations(rows, Scales()))
    starts = _starts(rows, surrogate, prior, begin, usual)
    found = [
        end
        for scales in grid
        for end in _apart([_at_scales(rows, surrogate, prior, scales, start, usual) for start in starts])
    ]
    log = np.array([p.log_evidence for p in found])
    weights = np.exp(log - log.max())
    weights /= weights.sum()
    kept = weights > 0.01
    return Fitted(
        tuple(p for p, k in zip(found, kept, strict=True) if k), weights[kept] / weights[kept].sum()
    )
