"""The posterior of the factors at one set of scales, and what it says of rows that were not measured.

ln measured = ln t(z) + delta(x) + noise; z is normal with the prior's deviations, delta a Gaussian process, and rows
that are wrong say nothing. Everything is linear about the mean, which steps of Gauss and Newton found.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clustersim.calibration.discrepancy import Scales
from clustersim.calibration.rows import Measured
from clustersim.calibration.surrogate import Surrogate

__all__ = ["TOLD", "Others", "Posterior", "Usual", "noise_variances"]

Array = NDArray[np.float64]
#: A factor is told of by rows where its deviation shrinks by this share of the prior's.
TOLD = 0.1
#: Deviation of a row that says nothing.
SILENT = 100.0


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
    """The posterior at one set of scales, where some rows are wrong.

    Attributes:
        rows: the measured rows.
        surrogate: their times.
        prior: deviation of every ln factor at these scales; 0 where it is not free.
        scales: of discrepancy, noise and prior.
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
        return noise_variances(self.usual.noise * self.scales.noise, self.right)

    @cached_property
    def delta(self) -> Array:
        """Covariance of the discrepancies of the rows."""
        return self.usual.delta * self.scales.discrepancy**2

    @cached_property
    def precision(self) -> Array:
        """Inverse of the covariance of the rows at known factors.

        By an inverse, not by triangular solves of many right sides: OpenBLAS spreads those over threads, and at this
        size that takes ten times as long.
        """
        return np.asarray(np.linalg.inv(self.delta + np.diag(self.variances)), dtype=np.float64)

    def predict(self, other: Others) -> tuple[Array, Array, Array]:
        """Return ln times of other rows: of the physics alone, with the discrepancy, and the latter's variance."""
        y = np.array([row.log_time for row in self.rows])
        surrogate, scale = other.surrogate, self.scales.discrepancy**2
        k = other.shared * scale
        solved = k @ self.precision
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


def noise_variances(noise: Array, right: Array) -> Array:
    """Variance whose precision is that of a right row by its probability: a wrong row says nothing."""
    found: Array = 1.0 / (right / noise**2 + (1.0 - right) / SILENT**2)
    return found


def _left_out(y: Array, total: Array, beyond: Array) -> tuple[Array, Array]:
    """Residuals of rows given all others, and their deviations with the usual noise of a right row."""
    inverse = np.linalg.inv(total)
    var = 1.0 / np.diag(inverse)
    return inverse @ y * var, np.sqrt(np.maximum(var - beyond, 1e-12))
