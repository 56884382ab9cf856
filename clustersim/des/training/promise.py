"""The price of a promise: what its penalties cost on average, and what the worst of them cost.

A contract's month is one replication of the long run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clustersim.des.training.rare import toward_low_ettr, waits_matter
from clustersim.des.training.replicate import replicate_run
from clustersim.des.training.run import TrainingRun
from clustersim.des.training.simulate import MAINTENANCE, simulate_run

__all__ = ["Outcomes", "Promise", "PromisePrice", "price_promise"]

Array = NDArray[np.float64]

#: Contracts that are simulated event by event where nothing faster can answer.
EVENT_CONTRACTS = 1_000
_CHUNK = 20_000
#: Breaches rarer than that are sampled where they happen.
_RARE = 0.01


class Outcomes(Protocol):
    """What a promise reads of many runs, one entry a run."""

    @property
    def ettr(self) -> Array: ...
    @property
    def failures(self) -> NDArray[np.int64]: ...
    @property
    def late_restores(self) -> NDArray[np.int64]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What is promised for one run, and what a breach costs.

    ``ettr_floor`` with ``per_point_cny`` for each point of a hundred below it; ``restore_s`` with ``per_restore_cny``
    for each recovery that takes longer; ``clean_cny`` once where a failure interrupts the run that does not recover
    without people: a share ``coverage`` of them does.
    """

    ettr_floor: float = 0.0
    per_point_cny: float = 0.0
    restore_s: float = math.inf
    per_restore_cny: float = 0.0
    clean_cny: float = 0.0
    coverage: float = 0.0

    def penalty(self, runs: Outcomes) -> Array:
        """Return the penalty of each run in CNY, expected over which of its failures need people."""
        short = np.maximum(0.0, self.ettr_floor - runs.ettr) * 100.0
        broken = (1.0 - self.coverage**runs.failures) * self.clean_cny
        return np.asarray(short * self.per_point_cny + runs.late_restores * self.per_restore_cny + broken)


@dataclass(frozen=True, slots=True)
class PromisePrice:
    """The penalties of a promise over many contracts, and the premium that covers them."""

    expected_penalty_cny: float
    half_width_cny: float
    p90_cny: float
    p99_cny: float
    p_any: float
    premium_cny: float
    contracts: int
    """Simulated runs that it rests on."""
    how: str
    """``vector``, ``importance sampling`` where a breach is rare, or ``des`` where events are needed."""


def price_promise(
    run: TrainingRun, promise: Promise, seed: int, *, contracts: int = 50_000, loading: float = 0.0
) -> PromisePrice:
    """Return the expected penalty of a promise and its premium, (1 + loading) times that.

    Fewer contracts are simulated where events are needed; the half-width says what that leaves open. Where a floor is
    all that is promised and less than one contract in a hundred falls below it, contracts are drawn where they do.
    """
    streams = np.random.SeedSequence(seed).spawn(math.ceil(contracts / _CHUNK))
    if run.needs_events():
        count = min(contracts, EVENT_CONTRACTS)
        months = _simulated(run, promise.restore_s, seed, count)
        return _priced(promise.penalty(months), np.ones(count), loading, "des")
    left, found = contracts, []
    for stream in streams:
        count, rng = min(_CHUNK, left), np.random.default_rng(stream)
        left -= count
        runs = replicate_run(run, rng, count, restore_limit_s=promise.restore_s)
        found.append(promise.penalty(runs))
    cost = np.concatenate(found)
    floor_alone = promise.per_restore_cny == promise.clean_cny == 0 < promise.per_point_cny
    if floor_alone and (cost > 0).mean() < _RARE and run.rate_per_s > 0 and not waits_matter(run):
        return _rare_price(run, promise, seed, contracts, loading)
    return _priced(cost, np.ones(cost.size), loading, "vector")


def _rare_price(
    run: TrainingRun, promise: Promise, seed: int, contracts: int, loading: float
) -> PromisePrice:
    """The price of a floor that is hardly ever broken, from contracts in which it is."""
    count = min(contracts, _CHUNK)
    sample = toward_low_ettr(run, promise.ettr_floor)
    runs = sample.drawn(run, np.random.default_rng(np.random.SeedSequence([seed, 1])), count)
    return _priced(promise.penalty(runs), runs.weights, loading, "importance sampling")


def _priced(cost: Array, weights: Array, loading: float, how: str) -> PromisePrice:
    """Mean, spread and upper quantiles of weighted penalties."""
    weighted, count = cost * weights, cost.size
    mean = float(weighted.mean())
    spread = float(weighted.std(ddof=1)) if count > 1 else 0.0
    order = np.argsort(-cost)
    above = np.cumsum(weights[order]) / count
    p90, p99 = (float(cost[order][np.searchsorted(above, q)]) if above[-1] > q else 0.0 for q in (0.1, 0.01))
    return PromisePrice(
        expected_penalty_cny=mean,
        half_width_cny=1.96 * spread / math.sqrt(count),
        p90_cny=p90,
        p99_cny=p99,
        p_any=float(((cost > 0) * weights).mean()),
        premium_cny=(1.0 + loading) * mean,
        contracts=count,
        how=how,
    )


@dataclass(frozen=True, slots=True)
class _Months:
    """Simulated runs as a promise reads them."""

    ettr: Array
    failures: NDArray[np.int64]
    late_restores: NDArray[np.int64]


def _simulated(run: TrainingRun, limit_s: float, seed: int, count: int) -> _Months:
    """Event by event; what is planned breaks no promise."""
    planned = {MAINTENANCE.name, *(c.name for c in run.failures if c.foreseen)}
    ettr, failures, late = np.zeros(count), np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    for i, stream in enumerate(np.random.SeedSequence(seed).spawn(count)):
        month = simulate_run(run, np.random.default_rng(stream))
        ettr[i] = month.ettr
        for incident in month.incidents:
            unplanned = incident.component not in planned
            failures[i] += unplanned + incident.failures_during_recovery
            late[i] += unplanned and incident.recovery_s > limit_s
    return _Months(ettr, failures, late)
