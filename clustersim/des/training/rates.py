"""How the failure rate moves over a run: infant mortality, ages, and lemon servers that leave.

Everything here is a mean over many units, so that the closed form and the vectorised waits can follow a rate that the
event simulation draws. A run is cut into bins, finer at its beginning, where rates move most.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from clustersim.columns import number
from clustersim.des.training.components import FailureClass
from clustersim.des.training.lanes import Array, Values
from clustersim.des.training.run import TrainingRun

__all__ = ["RateBins", "rate_bins", "renewals"]

_BINS = 12
_GRID = 128


@dataclass(frozen=True, slots=True)
class RateBins:
    """Failures per second of each cause in each bin of the run; a plain float where the run is one bin."""

    edges_s: tuple[float, ...]
    widths_s: Array
    weights: Array
    """Each bin's share of the run."""
    rates: tuple[Values, ...]
    total: Values
    """Of all causes together."""


def rate_bins(run: TrainingRun) -> RateBins:
    """Return the expected failure rate of each cause over the run; one bin where nothing moves it."""
    x = run.extras
    moving = x.infant_factor > 0 or any(c.shape != 1.0 for c in run.failures) or _has_lemons(run)
    if not moving:
        plain = tuple(number(c.rate_per_s) for c in run.failures)
        return RateBins((0.0, run.duration_s), np.array([run.duration_s]), np.ones(1), plain, sum(plain))
    edges = run.duration_s * (np.arange(_BINS + 1) / _BINS) ** 2
    rates = np.array([np.diff(_expected_count(c, run, edges)) for c in run.failures])
    rates = rates / np.diff(edges)
    rates = rates * _lemon_weight(run, edges, rates)
    widths = np.diff(edges)
    return RateBins(
        tuple(edges.tolist()), widths, widths / run.duration_s, tuple(rates), np.asarray(rates.sum(axis=0))
    )


def _expected_count(cause: FailureClass, run: TrainingRun, edges: Array) -> Array:
    """Expected failures of one cause from the start to each edge."""
    x = run.extras
    if cause.shape != 1.0 and cause.rate_per_s > 0:
        life_s = cause.units / cause.rate_per_s
        return cause.units * np.asarray(
            renewals(cause.shape, run.duration_s / life_s, tuple(edges / edges[-1]))
        )
    if x.infant_factor == 0 or x.infant_decay_s == 0:
        return cause.rate_per_s * edges
    infants = x.infant_factor * x.infant_decay_s * -np.expm1(-edges / x.infant_decay_s)
    return np.asarray(cause.rate_per_s * (edges + infants))


@lru_cache(maxsize=256)
def renewals(shape: float, lives: float, at: tuple[float, ...] = (1.0,)) -> tuple[float, ...]:
    """Return the expected failures of one unit at fractions ``at`` of a time of ``lives`` mean lives, new at 0.

    The renewal equation M(t) = F(t) + int_0^t M(t - s) dF(s) for Weibull lives of unit mean, on a grid; a unit that
    failed begins a new life.

    >>> round(renewals(1.0, 0.5)[0], 3)        # memoryless: as many as mean lives have passed
    0.5
    >>> round(128 * renewals(0.7, 30 / 154)[0], 0)      # ages kept: about 51 failures of 128 units in 30 days
    51.0
    """
    from math import gamma

    grid = lives * (np.arange(_GRID + 1) / _GRID)
    below = -np.expm1(-((grid * gamma(1 + 1 / shape)) ** shape))
    steps = np.diff(below)
    count = np.zeros(_GRID + 1)
    for i in range(1, _GRID + 1):
        # Mean of M over each step of s: the one term that holds M(t_i) itself is solved for.
        middle = 0.5 * (count[i - 1 :: -1] + np.concatenate(([0.0], count[i - 1 : 0 : -1])))
        known = float(middle @ steps[:i])
        count[i] = (below[i] + known) / (1.0 - 0.5 * steps[0])
    return tuple(np.interp(np.asarray(at) * lives, grid, count).tolist())


def _has_lemons(run: TrainingRun) -> bool:
    return run.extras.lemon_share > 0 and run.extras.lemon_factor != 1.0


def _lemon_weight(run: TrainingRun, edges: Array, rates: Array) -> Array:
    """Mean failure weight of the servers at work in each bin: lemons fail, leave, and queue among the spares.

    A mean-field balance of lemons at work and waiting, one implicit step a bin.
    """
    weight = np.ones(edges.size - 1)
    x = run.extras
    pool = run.spare_nodes + x.warm_spares + x.cold_spares
    if not _has_lemons(run) or pool == 0:
        return weight
    bad = x.lemon_factor / (1 + x.lemon_share * (x.lemon_factor - 1))
    good = 1.0 / (1 + x.lemon_share * (x.lemon_factor - 1))
    every, active = x.lemon_share * (run.nodes + pool), x.lemon_share * run.nodes
    swaps = sum(rates[i] * c.servers for i, c in enumerate(run.failures)) + np.zeros(weight.size)
    for i, width in enumerate(np.diff(edges)):
        mean = (active * bad + (run.nodes - active) * good) / run.nodes
        pull = width * swaps[i]
        after = (active + pull * mean * every / pool) / (1 + pull * (bad / run.nodes + mean / pool))
        active = min(float(run.nodes), after)
        weight[i] = (mean + (active * bad + (run.nodes - active) * good) / run.nodes) / 2
    return weight
