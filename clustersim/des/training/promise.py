"""The price of a promise: what its penalties cost on average, and how likely the rare ones are.

A contract's month is one replication of the long run. Rare outcomes are sampled where they happen: with failure rates
that are raised by cause until the outcome is common, each replication weighted by the likelihood ratio of its failures,

    w = product over causes of kappa^(-n) e^((kappa - 1) lambda E),

n failures of the cause in an exposure E. The raised rates come from the outcomes themselves (cross-entropy method,
Rubinstein 1997).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clustersim.des.training.components import DOMAINS
from clustersim.des.training.replicate import Replications, replicate_run
from clustersim.des.training.run import TrainingRun
from clustersim.errors import InputError

__all__ = ["Promise", "PromisePrice", "RareEvent", "price_promise", "rare_probability"]

Array = NDArray[np.float64]

_CHUNK = 20_000
_PILOTS = 4
#: Failures by which a domain is held near its own rate.
_PRIOR = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What is promised for one run, and what a breach costs.

    ``ettr_floor`` with ``per_point_cny`` for each point of a hundred below it; ``restore_s`` with ``per_restore_cny``
    for each recovery that takes longer; ``clean_cny`` once where the run is interrupted at all.
    """

    ettr_floor: float = 0.0
    per_point_cny: float = 0.0
    restore_s: float = math.inf
    per_restore_cny: float = 0.0
    clean_cny: float = 0.0

    def penalty(self, runs: Replications) -> Array:
        """Return the penalty of each run in CNY."""
        short = np.maximum(0.0, self.ettr_floor - runs.ettr) * 100.0
        broken = (runs.failures > 0) * self.clean_cny
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


def price_promise(
    run: TrainingRun, promise: Promise, seed: int, *, contracts: int = 50_000, loading: float = 0.0
) -> PromisePrice:
    """Return the expected penalty of a promise and its premium, (1 + loading) times that.

    Raises InputError for a run that needs events.
    """
    streams = np.random.SeedSequence(seed).spawn(math.ceil(contracts / _CHUNK))
    left, found = contracts, []
    for stream in streams:
        count = min(_CHUNK, left)
        left -= count
        runs = replicate_run(run, np.random.default_rng(stream), count, restore_limit_s=promise.restore_s)
        found.append(promise.penalty(runs))
    cost = np.concatenate(found)
    mean, spread = float(cost.mean()), float(cost.std(ddof=1))
    p90, p99 = (float(v) for v in np.percentile(cost, [90, 99]))
    return PromisePrice(
        mean, 1.96 * spread / math.sqrt(contracts), p90, p99, float((cost > 0).mean()), (1.0 + loading) * mean
    )


@dataclass(frozen=True, slots=True)
class RareEvent:
    """The probability of an outcome of a run, and how it was found."""

    probability: float
    half_width: float
    replications: int
    raised: tuple[float, ...]
    """By cause, how many times more often it failed in the sample."""


def rare_probability(
    run: TrainingRun,
    score: Callable[[Replications], Array],
    beyond: float,
    seed: int,
    *,
    replications: int = 4000,
) -> RareEvent:
    """Return P(score >= beyond), sampled with raised failure rates.

    ``score`` gives a number to each replication, larger for worse (1 - ettr, failures, late restores). A third of the
    replications goes to finding the rates.

    Raises InputError where nothing fails, or for a run that needs events.
    """
    if run.rate_per_s <= 0:
        raise InputError("nothing fails in this run: no outcome of failures can be sampled")
    streams = np.random.SeedSequence(seed).spawn(_PILOTS + 1)
    raised = np.ones(len(run.failures))
    tries, spent = max(200, replications // (3 * _PILOTS)), 0
    for stream in streams[:_PILOTS]:
        runs, weights = _sample(run, raised, np.random.default_rng(stream), tries)
        spent += tries
        scores = score(runs)
        level = min(beyond, float(np.quantile(scores, 0.8)))
        raised = _toward(run, runs, weights * (scores >= level))
    count = max(tries, replications - spent)
    runs, weights = _sample(run, raised, np.random.default_rng(streams[-1]), count)
    hits = weights * (score(runs) >= beyond)
    half = 1.96 * float(hits.std(ddof=1)) / math.sqrt(count)
    return RareEvent(float(hits.mean()), half, count + spent, tuple(raised.tolist()))


def _sample(
    run: TrainingRun, raised: Array, rng: np.random.Generator, count: int
) -> tuple[Replications, Array]:
    """Replications at raised rates, and the weight of each."""
    rates = np.array([c.rate_per_s for c in run.failures])
    more = tuple(replace(c, rate_per_s=c.rate_per_s * k) for c, k in zip(run.failures, raised, strict=True))
    runs = replicate_run(replace(run, failures=more), rng, count)
    exposure = run.duration_s - runs.waited_s
    log_weight = -runs.by_cause @ np.log(raised) + exposure * float((raised - 1.0) @ rates)
    return runs, np.exp(log_weight)


def _toward(run: TrainingRun, runs: Replications, weights: Array) -> Array:
    """The rates, over the true ones, at which the weighted outcomes are most likely; alike for all causes of a domain.

    A domain that a pilot hardly saw is held near its own rate: a lucky pilot would bar it from the sample.
    """
    rates = np.array([c.rate_per_s for c in run.failures])
    domains = np.array([c.domain for c in run.failures])
    total = float(weights.sum())
    if total <= 0:
        return np.full(rates.size, 2.0)
    exposure = float(weights @ (run.duration_s - runs.waited_s)) / total
    seen, usual = weights @ runs.by_cause / total, rates * exposure
    raised = np.ones(rates.size)
    for domain in DOMAINS:
        mine = domains == domain
        raised[mine] = (seen[mine].sum() + _PRIOR) / (usual[mine].sum() + _PRIOR)
    return np.clip(raised, 0.8, 50.0)
