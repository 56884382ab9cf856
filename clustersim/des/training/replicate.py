"""Many replications at once, in NumPy: the memoryless core with spares, without a loop over replications.

All replications advance together, one failure each per pass. The rules are those of the event simulation; a test
holds the two, and the closed form, to the same mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.des.training.components import DOMAINS
from clustersim.des.training.run import TrainingRun
from clustersim.errors import InputError

__all__ = ["Replications", "replicate_run"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Replications:
    """Seconds of the wall clock by use, and counts, one entry a replication."""

    duration_s: float
    productive_s: Array
    checkpoint_s: Array
    rework_s: Array
    recovery_s: Array
    failures: NDArray[np.int64]
    longest_failure_free_s: Array
    waited_s: Array

    @property
    def ettr(self) -> Array:
        """Productive over wall-clock time."""
        return self.productive_s / self.duration_s


class _Batch:
    """The state of all replications that are still running."""

    def __init__(self, run: TrainingRun, count: int) -> None:
        levels = len(run.levels)
        self.time = np.zeros(count)
        self.position = np.zeros(count)
        self.copies = np.zeros((count, levels))
        self.ran = np.zeros(count)
        self.lost = np.zeros(count)
        self.waited = np.zeros(count)
        self.longest = np.zeros(count)
        self.failures = np.zeros(count, dtype=np.int64)
        # One entry a spare: when it is free. The extra column takes the server that goes to repair.
        self.spares = np.zeros((count, run.spare_nodes + 1))


def replicate_run(run: TrainingRun, rng: np.random.Generator, count: int) -> Replications:
    """Return ``count`` replications of a run.

    Raises InputError for a run that needs events, naming what needs them.
    """
    reasons = run.needs_events()
    if reasons:
        raise InputError(f"vectorised replications cannot answer {', '.join(reasons)}; use --fidelity des")
    batch = _Batch(run, count)
    if run.rate_per_s > 0:
        active = np.arange(count)
        while active.size:
            active = _next_failure(run, rng, batch, active)
    else:
        batch.ran[:] = run.duration_s
        batch.longest[:] = run.duration_s
    kept = batch.ran - batch.lost
    return Replications(
        duration_s=run.duration_s,
        productive_s=kept * (1 - run.overhead),
        checkpoint_s=kept * run.overhead,
        rework_s=batch.lost,
        recovery_s=run.duration_s - batch.ran,
        failures=batch.failures,
        longest_failure_free_s=batch.longest,
        waited_s=batch.waited,
    )


def _next_failure(
    run: TrainingRun, rng: np.random.Generator, batch: _Batch, active: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Advance every active replication past its next failure and recovery; return those still running."""
    due = rng.exponential(run.mttf_s, active.size)
    left = run.duration_s - batch.time[active]
    stretch = np.minimum(due, left)
    batch.longest[active] = np.maximum(batch.longest[active], stretch)
    batch.ran[active] += stretch
    hit = due < left
    active, due = active[hit], due[hit]
    batch.time[active] += due
    batch.failures[active] += 1
    level = _roll_back(run, rng, batch, active, due)
    _recover(run, rng, batch, active, level)
    return active[batch.time[active] < run.duration_s]


def _draw_domains(run: TrainingRun, rng: np.random.Generator, size: int) -> NDArray[np.int64]:
    shares = [sum(c.rate_per_s for c in run.failures if c.domain == d) for d in DOMAINS]
    cumulative = np.cumsum(shares) / run.rate_per_s
    return np.minimum(np.searchsorted(cumulative, rng.random(size), side="right"), len(DOMAINS) - 1)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The domain of each failure and the level it is restored from."""

    domain: NDArray[np.int64]
    level: NDArray[np.int64]


def _roll_back(
    run: TrainingRun, rng: np.random.Generator, batch: _Batch, who: NDArray[np.int64], ran: Array
) -> _Outcome:
    """Send each back to the newest copy that survives its failure; newer copies become void."""
    domain = _draw_domains(run, rng, who.size)
    survives = np.array([[d in level.survives for level in run.levels] for d in DOMAINS])
    start = batch.position[who]
    copies = batch.copies[who]
    for k, level in enumerate(run.levels):
        whole = np.floor((ran - level.lag_s) / level.interval_s)
        copies[:, k] = np.where(whole >= 1, start + whole * level.interval_s, copies[:, k])
    visible = np.where(survives[domain], copies, -1.0)
    chosen = np.argmax(visible, axis=1)
    restored = visible[np.arange(who.size), chosen]
    if run.keep_work:
        restored = start + ran
    batch.lost[who] += start + ran - restored
    batch.position[who] = restored
    batch.copies[who] = np.minimum(copies, restored[:, None])
    return _Outcome(domain, chosen)


def _recover(
    run: TrainingRun, rng: np.random.Generator, batch: _Batch, who: NDArray[np.int64], outcome: _Outcome
) -> None:
    """Take each through its recovery, which further failures may strike."""
    restore = np.array([level.restore_s for level in run.levels])
    steps = np.array([run.recovery.total_s(d) for d in DOMAINS])
    while who.size:
        _take_spare(run, batch, who, outcome.domain)
        who, outcome = _within(run, batch, who, outcome)
        down = steps[outcome.domain] + restore[outcome.level]
        due = np.full(who.size, np.inf) if run.safe_recovery else rng.exponential(run.mttf_s, who.size)
        batch.time[who] += np.minimum(due, down)
        again = (due < down) & (batch.time[who] < run.duration_s)
        who = who[again]
        batch.failures[who] += 1
        outcome = _roll_back(run, rng, batch, who, np.zeros(who.size))


def _within(
    run: TrainingRun, batch: _Batch, who: NDArray[np.int64], outcome: _Outcome
) -> tuple[NDArray[np.int64], _Outcome]:
    """Leave out the replications whose time is up while they wait."""
    keep = batch.time[who] < run.duration_s
    return who[keep], _Outcome(outcome.domain[keep], outcome.level[keep])


def _take_spare(run: TrainingRun, batch: _Batch, who: NDArray[np.int64], domain: NDArray[np.int64]) -> None:
    """A failed server goes to repair and the earliest free spare takes its place; the job waits for it if need be."""
    mine = who[domain != DOMAINS.index("process")]
    if not mine.size:
        return
    batch.spares[mine, -1] = batch.time[mine] + run.repair_s
    earliest = np.argmin(batch.spares[mine], axis=1)
    ready = batch.spares[mine, earliest]
    wait = np.maximum(0.0, ready - batch.time[mine])
    batch.spares[mine, earliest] = batch.spares[mine, -1]
    batch.waited[mine] += np.minimum(wait, run.duration_s - batch.time[mine])
    batch.time[mine] += wait
