"""What it is worth to know: shares of a variance, and the value of information for a decision.

Unknowns are normal scores z with correlation R (any marginal by its ranks). An outcome is a polynomial of the second
degree in them, Y = c + b'z + z'Az, found from draws. What some signals s = Lz + noise say of z is normal, so that

    E[Y | s] = c + b'm + m'Am + tr(AC),   m = E[z | s],  C = Cov[z | s]

and Var E[Y | s] = b'Mb + 2 tr(AMAM) with M = Cov m are exact: no simulation inside a simulation. Knowing an unknown
perfectly is a signal without noise. First-order share: Var E[Y | z_i] / Var Y (Sobol 1993). Shapley share: its mean
gain over all orders in which the unknowns may become known, which adds up to the whole also where they are correlated
(Owen and Prieur 2017). Value of information: E max_d E[Y_d | s] - max_d E[Y_d] (Raiffa and Schlaifer 1961).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.extras import needs
from clustersim.special import ndtri

with needs("study", "calibrations"):
    from scipy.stats import qmc, rankdata

__all__ = ["Outcome", "Shares", "Signals", "correlation_of", "fitted_outcome", "scores", "shares", "value_of"]

Array = NDArray[np.float64]
#: Unknowns whose squares and products an outcome may have, by their linear effect; of the others only the first degree.
_CURVED = 10
#: Unknowns whose orders are counted one and all; what is less important counts as one more.
_EXACT = 10


def scores(values: Array) -> Array:
    """Return normal scores of each column: the quantiles of its ranks.

    >>> [float(v) for v in np.round(scores(np.array([[3.0], [1.0], [2.0]]))[:, 0], 3)]
    [0.967, -0.967, 0.0]
    """
    n = values.shape[0]
    return np.asarray(ndtri((rankdata(values, axis=0) - 0.5) / n))


def correlation_of(z: Array) -> Array:
    """Return the correlation of scores; what lies within four deviations of none is none."""
    found = np.corrcoef(z.T) if z.shape[1] > 1 else np.ones((1, 1))
    found = np.where(np.abs(found) < 4.0 / math.sqrt(len(z)), 0.0, found)
    np.fill_diagonal(found, 1.0)
    values, vectors = np.linalg.eigh(found)
    fixed: Array = (vectors * np.maximum(values, 1e-9)) @ vectors.T
    scale = 1.0 / np.sqrt(np.diag(fixed))
    return fixed * scale[:, None] * scale[None, :]


@dataclass(frozen=True)
class Outcome:
    """Y = c + b'z + z'Az, and the variance that the draws have beyond it."""

    c: float
    b: Array
    a: Array
    beyond: float

    def variance(self, cov: Array) -> float:
        """Return Var(b'm + m'Am) for m normal around 0 with a covariance."""
        half = self.a @ cov
        return float(self.b @ cov @ self.b + 2.0 * np.sum(half * half.T))

    def mean(self, cov: Array) -> float:
        """Return E[Y] for z normal around 0 with a covariance."""
        return self.c + float(np.sum(self.a * cov))

    def expected(self, m: Array, left: Array) -> Array:
        """Return E[Y] for z normal around each of m (draws, unknowns), with covariance ``left``."""
        found: Array = self.c + m @ self.b + ((m @ self.a) * m).sum(axis=1) + np.sum(self.a * left)
        return found


def fitted_outcome(z: Array, y: Array) -> Outcome:
    """Return the polynomial of an outcome by least squares, with a little weight on small coefficients.

    Squares and products are taken of the unknowns of largest linear effect; ``beyond`` is the variance of residuals.
    """
    n, d = z.shape
    linear = np.linalg.lstsq(np.column_stack([np.ones(n), z]), y, rcond=None)[0][1:]
    room = max(0, int((math.sqrt(8.0 * max(0, n // 4 - d) + 1.0) - 1.0) / 2.0))
    top = np.sort(np.argsort(-np.abs(linear))[: min(_CURVED, room, d)])
    pairs = list(itertools.combinations_with_replacement(top.tolist(), 2))
    design = np.column_stack([np.ones(n), z, *(z[:, i] * z[:, j] for i, j in pairs)])
    weight = 1e-6 * n * np.eye(design.shape[1])
    weight[0, 0] = 0.0
    found = np.linalg.solve(design.T @ design + weight, design.T @ y)
    a = np.zeros((d, d))
    for (i, j), value in zip(pairs, found[1 + d :], strict=True):
        a[i, j] += value / 2.0
        a[j, i] += value / 2.0
    freedom = max(1, n - design.shape[1])
    beyond = float(np.sum((y - design @ found) ** 2) / freedom)
    return Outcome(float(found[0]), found[1 : 1 + d], a, beyond)


@dataclass(frozen=True)
class Signals:
    """What measurements say: s = Lz + noise, with loadings (signals, unknowns) and deviations of the noise."""

    loadings: Array
    noise: Array

    def known(self, cov: Array) -> tuple[Array, Array]:
        """Return the gain K (m = K s) and Cov m, of what the signals say of the unknowns."""
        through = self.loadings @ cov
        # A signal that is made twice adds nothing: the least of noise keeps the system regular.
        total = through @ self.loadings.T + np.diag(self.noise**2 + 1e-10)
        gain = np.asarray(np.linalg.solve(total, through).T, dtype=np.float64)
        m = gain @ through
        return gain, 0.5 * (m + m.T)

    def together(self, other: Signals) -> Signals:
        """Return both."""
        return Signals(np.vstack([self.loadings, other.loadings]), np.concatenate([self.noise, other.noise]))


def perfect(unknowns: Sequence[int], count: int) -> Signals:
    """Return the signals that tell some of ``count`` unknowns without noise."""
    loadings = np.zeros((len(unknowns), count))
    loadings[np.arange(len(unknowns)), list(unknowns)] = 1.0
    return Signals(loadings, np.zeros(len(unknowns)))


@dataclass(frozen=True)
class Shares:
    """Shares of an outcome's variance by unknown, and the share beyond the second degree; Shapley's add up to 1."""

    variance: float
    first: Array
    shapley: Array
    beyond: float


def shares(outcome: Outcome, cov: Array) -> Shares:
    """Return first-order and Shapley shares of an outcome's variance.

    Orders are counted exactly among the ten unknowns that matter most; the others, taken as one, share their part by
    their first-order shares.
    """
    d = len(outcome.b)
    total = outcome.variance(cov) + outcome.beyond
    if not total > 0:
        return Shares(0.0, np.zeros(d), np.zeros(d), 0.0)
    alone = np.array([_explained(outcome, cov, (i,)) for i in range(d)])
    weight = alone + np.abs(outcome.b) * np.sqrt(np.diag(cov)) * 1e-3
    order = np.argsort(-weight, kind="stable")
    groups: list[tuple[int, ...]] = [(int(i),) for i in order[:_EXACT]]
    rest = tuple(int(i) for i in order[_EXACT:])
    if rest:
        groups.append(rest)
    gains = _shapley([*groups], lambda some: _explained(outcome, cov, tuple(i for g in some for i in g)))
    shapley = np.zeros(d)
    for group, gain in zip(groups, gains, strict=True):
        part = alone[list(group)]
        part = part / part.sum() if part.sum() > 0 else np.full(len(group), 1.0 / len(group))
        shapley[list(group)] = gain * part
    return Shares(total, alone / total, shapley / total, outcome.beyond / total)


def _explained(outcome: Outcome, cov: Array, known: tuple[int, ...]) -> float:
    if not known:
        return 0.0
    return outcome.variance(perfect(known, len(outcome.b)).known(cov)[1])


def _shapley(groups: Sequence[tuple[int, ...]], worth: object) -> Array:
    """Shapley values of groups by all subsets: sum over S of |S|! (n - |S| - 1)! / n! (v(S + i) - v(S))."""
    n = len(groups)
    value = np.zeros(1 << n)
    for mask in range(1, 1 << n):
        value[mask] = worth([groups[i] for i in range(n) if mask >> i & 1])  # type: ignore[operator]
    sizes = np.array([bin(mask).count("1") for mask in range(1 << n)])
    factor = [math.factorial(s) * math.factorial(n - s - 1) / math.factorial(n) for s in range(n)]
    out = np.zeros(n)
    for i in range(n):
        without = np.array([mask for mask in range(1 << n) if not mask >> i & 1])
        out[i] = sum(
            factor[int(sizes[mask])] * (value[mask | 1 << i] - value[mask]) for mask in without.tolist()
        )
    return out


def value_of(
    outcomes: Mapping[str, Outcome], cov: Array, signals: Signals | None, *, maximise: bool, draws: int = 4096
) -> float:
    """Return the expected gain of deciding after the signals (all unknowns known where none are given).

    Draws are of a scrambled Sobol sequence of one seed: the same bytes each time.
    """
    sign = 1.0 if maximise else -1.0
    now = max(sign * o.mean(cov) for o in outcomes.values())
    d = cov.shape[0]
    m_cov = cov if signals is None else signals.known(cov)[1]
    values, vectors = np.linalg.eigh(m_cov)
    kept = values > 1e-9 * max(1.0, float(values.max(initial=0.0)))
    if not kept.any():
        return 0.0
    uniform = qmc.Sobol(int(kept.sum()), seed=26).random(draws)
    root = vectors[:, kept] * np.sqrt(values[kept])
    m = ndtri(np.clip(uniform, 1e-9, 1 - 1e-9)) @ root.T
    left = cov - m_cov if signals is not None else np.zeros((d, d))
    best = np.max([sign * o.expected(m, left) for o in outcomes.values()], axis=0)
    # The same draws decide without looking: a Sobol mean that is not quite the mean does not count as gain.
    blind = max(float(np.mean(sign * o.expected(m, left))) for o in outcomes.values())
    return max(0.0, float(best.mean()) - blind) if math.isfinite(now) else math.nan
