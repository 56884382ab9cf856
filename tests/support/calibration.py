"""Rows that the model itself made: shares of their times by lot, factors from the prior, discrepancy and noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clustersim.calibration.constants import FACTORS, prior_deviations
from clustersim.calibration.discrepancy import PRIOR_GRID, Scales, covariance, noise_deviations
from clustersim.calibration.fitted import fit, free_factors
from clustersim.calibration.rows import Measured, Run
from clustersim.calibration.surrogate import Surrogate
from clustersim.calibration.wrong_rows import OFF, WRONG
from clustersim.intervals.maturity import OTHER_CARD

Array = NDArray[np.float64]
PRIOR = prior_deviations([OTHER_CARD])
#: Factors that rows of a quantity may see.
SEEN = {
    "step_time": ("matrix", "memory", "attention", "scale_up", "host"),
    "tpot": ("matrix", "memory", "latency", "layer", "step"),
    "ttft": ("matrix", "attention", "layer", "request"),
}


def made(rng: np.random.Generator, count: int) -> tuple[list[Measured], Surrogate]:
    """Return rows without their measurements, and the surrogate that is their truth."""
    rows, shares = [], np.zeros((count, len(FACTORS)))
    for i in range(count):
        quantity = str(rng.choice(list(SEEN)))
        seen = [FACTORS.index(name) for name in SEEN[quantity]]
        shares[i, seen] = rng.dirichlet(np.full(len(seen) + 1, 0.6))[:-1]
        words = {"model": f"m{rng.integers(5)}", "dtype": "bf16", "software": f"s{rng.integers(2)}"}
        sizes = {"users": float(rng.normal(2, 1)), "length": float(rng.normal(6, 1))}
        rows.append(Measured(
            f"r{i}", "made", quantity, "X", Run(f"r{i}", lambda change: {}), 0.0, words["software"], words, sizes
        ))  # fmt: skip
    return rows, Surrogate(np.zeros(len(FACTORS)), rng.normal(0, 1, count), shares)


def with_times(rows: list[Measured], log_times: Array) -> list[Measured]:
    """Return rows with their measured times."""
    from dataclasses import replace

    return [replace(row, log_time=float(t)) for row, t in zip(rows, log_times, strict=True)]


def factors(rng: np.random.Generator) -> Array:
    """Return ln factors from the prior: a scale by its probability, then each factor by its deviation."""
    chance = np.exp([Scales(prior=scale).log_prior for scale in PRIOR_GRID])
    return PRIOR * float(rng.choice(PRIOR_GRID, p=chance / chance.sum())) * rng.standard_normal(len(FACTORS))


def measured(
    rng: np.random.Generator, rows: list[Measured], truth: Surrogate, z: Array, *, wrong: bool = False
) -> list[Measured]:
    """Return rows as the model with factors exp(z) would measure them, at scales by lot; ``wrong``: some are wrong."""
    scales = Scales(*np.exp(rng.normal(0, 0.5, 2)))
    root = np.linalg.cholesky(covariance(rows, rows, scales) + 1e-12 * np.eye(len(rows)))
    noise = noise_deviations(rows, scales) * rng.standard_normal(len(rows))
    off = np.where(rng.random(len(rows)) < WRONG * wrong, OFF * rng.standard_normal(len(rows)), 0.0)
    return with_times(rows, truth.log_times(z) + root @ rng.standard_normal(len(rows)) + noise + off)


def ranks(seed: int, count: int = 20, draws: int = 99) -> dict[str, int]:
    """Return the rank of every free factor's true value among the posterior's draws, from 0 to ``draws``."""
    rng = np.random.default_rng([26, seed])
    rows, truth = made(rng, count)
    z = factors(rng)
    given = measured(rng, rows, truth, z, wrong=True)
    prior = np.where(free_factors(given, truth, PRIOR), PRIOR, 0.0)
    found = fit(given, truth, prior).draws(draws, seed, steps=30).z
    return {name: int((found[:, j] < z[j]).sum()) for j, name in enumerate(FACTORS) if prior[j] > 0}


def shifts(seed: int, factor: float, count: int = 20) -> dict[str, float]:
    """Return by how many posterior deviations each factor moves where one row in twenty is off by a factor."""
    rng = np.random.default_rng([27, seed])
    rows, truth = made(rng, count)
    given = measured(rng, rows, truth, factors(rng))
    prior = np.where(free_factors(given, truth, PRIOR), PRIOR, 0.0)
    off = np.array([row.log_time for row in given])
    off[int(rng.integers(count))] += np.log(factor)
    good, bad = (fit(some, truth, prior) for some in (given, with_times(given, off)))
    # What a row that is found wrong takes away is information: the deviation is that of the posterior with it.
    deviation = np.sqrt(np.diag(bad.cov))
    moved = np.abs(bad.mean - good.mean)
    return {name: float(moved[j] / deviation[j]) for j, name in enumerate(FACTORS) if prior[j] > 0}
