"""Rare outcomes of a run, sampled where they happen: with raised failure rates, and failures that strike late.

Failure rates are raised by cause until the outcome is common, and each replication is weighted by the likelihood ratio
of its failures,

    w = product over causes of kappa^(-n) e^((kappa - 1) lambda E),

n failures of the cause in an exposure E. For counts of failures kappa comes from the outcomes themselves (cross-entropy
method, Rubinstein 1997). A low ETTR comes of many small losses: there a loss x is made e^(theta x) times as likely, the
exponential change of measure under which the mean loss is the one asked for. Causes are then drawn by what they would
destroy at the moment of the failure, and the ratio of each draw multiplies the weight.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clustersim.des.training.components import DOMAINS
from clustersim.des.training.questions import out_for_repair, spare_is_there
from clustersim.des.training.replicate import Replications, replicate_run
from clustersim.des.training.run import TrainingRun
from clustersim.errors import InputError

__all__ = ["RareEvent", "Sample", "rare_low_ettr", "rare_probability", "toward_low_ettr", "waits_matter"]

Array = NDArray[np.float64]

_PILOTS = 4
#: Failures by which a domain is held near its own rate.
_PRIOR = 0.2
#: Exponent of the most that one loss is raised by.
_LARGEST = 8.0
#: Waits for a spare in a run from which on they matter to outcomes of one in a thousand.
_WAITS = 1e-4


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
    tries = max(200, replications // (3 * _PILOTS))
    raised, spent = _raised(run, score, beyond, streams[:_PILOTS], tries)
    count = max(tries, replications - spent)
    runs, weights = _sample(run, raised, np.random.default_rng(streams[-1]), count)
    hits = weights * (score(runs) >= beyond)
    half = 1.96 * float(hits.std(ddof=1)) / math.sqrt(count)
    return RareEvent(float(hits.mean()), half, count + spent, tuple(raised.tolist()))


def _raised(
    run: TrainingRun, score: Callable[[Replications], Array], beyond: float, streams: Sequence[np.random.SeedSequence],
    tries: int,
) -> tuple[Array, int]:  # fmt: skip
    """The rates, over the true ones, at which an outcome is common, found step by step; and the replications spent."""
    raised = np.ones(len(run.failures))
    for stream in streams:
        runs, weights = _sample(run, raised, np.random.default_rng(stream), tries)
        scores = score(runs)
        level = min(beyond, float(np.quantile(scores, 0.8)))
        raised = _toward(run, runs, weights * (scores >= level))
    return raised, tries * len(streams)


def _sample(
    run: TrainingRun, raised: Array, rng: np.random.Generator, count: int
) -> tuple[Replications, Array]:
    """Replications at raised rates, and the weight of each."""
    rates = np.array([c.rate_per_s for c in run.failures])
    runs = replicate_run(_at(run, raised), rng, count)
    log_weight = -runs.by_cause @ np.log(raised) + _exposure(run, runs) * float((raised - 1.0) @ rates)
    return runs, np.exp(log_weight)


def _at(run: TrainingRun, raised: Array) -> TrainingRun:
    more = tuple(replace(c, rate_per_s=c.rate_per_s * k) for c, k in zip(run.failures, raised, strict=True))
    return replace(run, failures=more)


def _exposure(run: TrainingRun, runs: Replications) -> Array:
    """Seconds in which failures could strike."""
    if run.safe_recovery:
        return runs.productive_s + runs.checkpoint_s + runs.rework_s
    return run.duration_s - runs.waited_s


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


@dataclass(frozen=True, slots=True)
class Sample:
    """How failures are drawn so that a low ETTR is common: all so many times as often, and by what they destroy."""

    raised: float
    per_lost_s: float

    def drawn(self, run: TrainingRun, rng: np.random.Generator, count: int) -> Weighted:
        """Return replications with their weights; raises InputError for a run that needs events."""
        more = _at(run, np.full(len(run.failures), self.raised))
        runs = replicate_run(more, rng, count, per_lost_s=self.per_lost_s)
        log_weight = runs.log_ratio - runs.failures * math.log(self.raised)
        log_weight += _exposure(run, runs) * (self.raised - 1.0) * run.rate_per_s
        return Weighted(runs.ettr, runs.failures, runs.late_restores, np.exp(log_weight))


@dataclass(frozen=True, slots=True)
class Weighted:
    """Outcomes of weighted replications."""

    ettr: Array
    failures: NDArray[np.int64]
    late_restores: NDArray[np.int64]
    weights: Array


def toward_low_ettr(run: TrainingRun, floor: float) -> Sample:
    """Return the change of measure under which ETTR is ``floor`` on average; none where it is lower anyway.

    Losses are a compound Poisson sum, each x = recovery + U(0, interval) of its domain's level: theta solves
    sum_d Lambda_d T E[x e^(theta x)] = loss at the floor, and all failures are raised by sum_d Lambda_d E[e^(theta x)]
    over Lambda.
    """
    points = (np.arange(64) + 0.5) / 64
    rates, losses = [], []
    for domain in DOMAINS:
        level = run.levels_after(domain)[0]
        rates.append(sum(c.rate_per_s for c in run.failures if c.domain == domain))
        losses.append(
            run.recovery.total_s(domain) + level.restore_s + level.lag_s + level.interval_s * points
        )
    often, lost = np.array(rates)[:, None] * run.duration_s / points.size, np.stack(losses)
    asked = run.duration_s * (1.0 - floor / (1.0 - run.overhead))
    low, high = 0.0, _LARGEST / float(lost.max())
    for _ in range(60):
        theta = (low + high) / 2
        short = float((often * lost * np.exp(theta * lost)).sum()) < asked
        low, high = (theta, high) if short else (low, theta)
    theta = low
    raised = float((often * np.exp(theta * lost)).sum() / often.sum() / points.size)
    return Sample(max(1.0, raised), theta)


def waits_matter(run: TrainingRun) -> bool:
    """Whether waits for spares are common enough to be among the reasons of a rare low ETTR."""
    servers = sum(c.rate_per_s * c.servers for c in run.failures) * run.duration_s
    return servers * (1.0 - spare_is_there(run.spare_nodes, out_for_repair(run))) > _WAITS


def rare_low_ettr(run: TrainingRun, floor: float, seed: int, *, replications: int = 4000) -> RareEvent:
    """Return P(ETTR <= floor), from replications in which it is common.

    Where a wait for a spare is likelier than many losses to be what lowers it, rates alone are raised: waits come of
    failures close together, which neither way samples well, and the half-width says so.

    Raises InputError where nothing fails, or for a run that needs events.
    """
    if run.rate_per_s <= 0:
        raise InputError("nothing fails in this run: no outcome of failures can be sampled")
    if waits_matter(run):
        return rare_probability(run, lambda r: 1.0 - r.ettr, 1.0 - floor, seed, replications=replications)
    sample = toward_low_ettr(run, floor)
    runs = sample.drawn(run, np.random.default_rng(np.random.SeedSequence(seed)), replications)
    hits = runs.weights * (runs.ettr <= floor)
    half = 1.96 * float(hits.std(ddof=1)) / math.sqrt(replications)
    return RareEvent(float(hits.mean()), half, replications, (sample.raised,) * len(run.failures))
