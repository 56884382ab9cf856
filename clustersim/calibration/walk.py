"""Draws of one posterior by stretch moves: it is not normal where a factor is barely seen.

The sampler (Goodman and Weare 2010, as emcee does them) leaves the posterior under the surrogate as it is; it starts
from the Gaussian draws.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clustersim.calibration.posterior import Posterior

__all__ = ["walked"]

Array = NDArray[np.float64]


def _log_density(posterior: Posterior, z: Array) -> Array:
    y = np.array([row.log_time for row in posterior.rows])
    off = y - posterior.surrogate.log_times(z)
    free = posterior.prior > 0
    fit_term = -0.5 * np.einsum("ij,ij->i", off @ posterior.precision, off)
    found: Array = fit_term - 0.5 * ((z[:, free] / posterior.prior[free]) ** 2).sum(axis=1)
    return found


def walked(posterior: Posterior, walkers: int, rng: np.random.Generator, steps: int) -> Array:
    """Return draws of one posterior after some stretch moves of two halves of walkers."""
    free = np.flatnonzero(posterior.prior > 0)
    z = np.tile(posterior.mean, (walkers, 1))
    if not free.size:
        return z
    root = np.linalg.cholesky(posterior.cov[np.ix_(free, free)] + 1e-12 * np.eye(free.size))
    z[:, free] += rng.standard_normal((walkers, free.size)) @ root.T
    density = _log_density(posterior, z)
    half = walkers // 2
    for step in range(2 * steps):
        mine, other = (
            (slice(0, half), slice(half, walkers)) if step % 2 else (slice(half, walkers), slice(0, half))
        )
        u = ((rng.random(half) + 1.0) ** 2) / 2.0
        partner = z[other][rng.integers(0, half, half)]
        tried = partner + u[:, None] * (z[mine] - partner)
        there = _log_density(posterior, tried)
        accept = np.log(rng.random(half)) < (free.size - 1) * np.log(u) + there - density[mine]
        z[mine] = np.where(accept[:, None], tried, z[mine])
        density[mine] = np.where(accept, there, density[mine])
    return z
