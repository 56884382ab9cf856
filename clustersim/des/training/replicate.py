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
    by_cause: Array
    """Failures by cause (columns)."""
    late_restores: NDArray[np.int64]
    """Recoveries that took longer than the limit, waits for spares included."""
    log_ratio: Array
    """Logarithm of how much more likely the causes of the failures are than they were drawn; 0 as a rule."""

    @property
    def ettr(self) -> Array:
        """Productive over wall-clock time."""
        return self.productive_s / self.duration_s


class _Batch:
    """The state of all replications that are still running."""

    def __init__(self, run: TrainingRun, count: int, per_lost_s: float = 0.0) -> None:
        levels = len(run.levels)
        self.per_lost_s = per_lost_s
        self.log_ratio = np.zeros(count)
        self.time = np.zeros(count)
        self.position = np.zeros(count)
        self.copies = np.zeros((count, levels))
        self.ran = np.zeros(count)
        self.lost = np.zeros(count)
        self.waited = np.zeros(count)
        self.longest = np.zeros(count)
        self.failures = np.zeros(count, dtype=np.int64)
        self.by_cause = np.zeros((count, len(run.failures)))
        self.late = np.zeros(count, dtype=np.int64)
        # One entry a spare: when it is free. The extra column takes the server that goes to repair.
        self.spares = np.zeros((count, run.spare_nodes + 1))


def replicate_run(
    run: TrainingRun, rng: np.random.Generator, count: int, *, restore_limit_s: float = np.inf,
    per_lost_s: float = 0.0,
) -> Replications:  # fmt: skip
    """Return ``count`` replications of a run; recoveries longer than ``restore_limit_s`` are counted.

    ``per_lost_s`` above 0 draws the cause of a failure e^(per_lost_s x) times as often as it is, x the seconds of work
    that it would destroy then; each replication is to be weighted by e^``log_ratio``.

    Raises InputError for a run that needs events, naming what needs them.
    """
    reasons = run.needs_events()
    if reasons:
        raise InputError(f"vectorised replications cannot answer {', '.join(reasons)}; use --fidelity des")
    batch = _Batch(run, count, per_lost_s)
    if run.rate_per_s > 0:
        active = np.arange(count)
        while active.size:
            active = _next_failure(run, rng, batch, active, restore_limit_s)
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
        by_cause=batch.by_cause,
        late_restores=batch.late,
        log_ratio=batch.log_ratio,
    )


def _next_failure(
    run: TrainingRun, rng: np.random.Generator, batch: _Batch, active: NDArray[np.int64], limit_s: float
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
    outcome = _roll_back(run, rng, batch, active, due)
    since = batch.time[active]
    _recover(run, rng, batch, active, outcome)
    batch.late[active] += np.minimum(batch.time[active], run.duration_s) - since > limit_s
    return active[batch.time[active] < run.duration_s]


def _draw_causes(
    run: TrainingRun, rng: np.random.Generator, batch: _Batch, who: NDArray[np.int64], lost: Array | None
) -> NDArray[np.int64]:
    """Draw the cause of each failure by the rates, or where asked by what each would destroy (``lost`` by domain)."""
    rates = np.array([c.rate_per_s for c in run.failures]) / run.rate_per_s
    if lost is None:
        drawn = np.searchsorted(np.cumsum(rates), rng.random(who.size), side="right")
        return np.asarray(np.minimum(drawn, len(run.failures) - 1))
    domains = np.array([DOMAINS.index(c.domain) for c in run.failures])
    odds = rates * np.exp(batch.per_lost_s * lost[:, domains])
    total = odds.sum(axis=1)
    below = np.cumsum(odds, axis=1) / total[:, None]
    drawn = (below <= rng.random(who.size)[:, None]).sum(axis=1)
    cause = np.minimum(drawn, len(run.failures) - 1)
    batch.log_ratio[who] += np.log(total * rates[cause] / odds[np.arange(who.size), cause])
    return np.asarray(cause)


def _lost_to(survives: NDArray[np.bool_], copies: Array, position: Array) -> Array:
    """The work that a failure of each domain (columns) would destroy, with the copies that are there."""
    newest = np.stack([np.where(left, copies, 0.0).max(axis=1) for left in survives], axis=1)
    return np.asarray(position[:, None] - newest)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The domain of each failure, the level it is restored from, and how long a server is out (none: -1)."""

    domain: NDArray[np.int64]
    level: NDArray[np.int64]
    repair_s: Array


def _roll_back(
    run: TrainingRun, rng: np.random.Generator, batch: _Batch, who: NDArray[np.int64], ran: Array
) -> _Outcome:
    """Send each back to the newest copy that survives its failure; newer copies become void."""
    domains = np.array([DOMAINS.index(c.domain) for c in run.failures])
    survives = np.array([[d in level.survives for level in run.levels] for d in DOMAINS])
    start = batch.position[who]
    copies = batch.copies[who]
    for k, level in enumerate(run.levels):
        left = ran - level.lag_s
        if run.counted_by == "steps":
            newest = np.floor((start + left) / level.interval_s + 1e-9) * level.interval_s
            taken = (left >= 0) & (newest > start + 1e-9 * level.interval_s)
        else:
            whole = np.floor(left / level.interval_s)
            newest, taken = start + whole * level.interval_s, whole >= 1
        copies[:, k] = np.where(taken, newest, copies[:, k])
    lost = _lost_to(survives, copies, start + ran) if batch.per_lost_s else None
    cause = _draw_causes(run, rng, batch, who, lost)
    batch.by_cause[who, cause] += 1
    domain = domains[cause]
    left_over = survives[domain]
    for k, level in enumerate(run.levels):
        if level.multi_share > 0:
            lucky = (domain == DOMAINS.index("multi")) & (rng.random(who.size) < level.multi_share)
            left_over[:, k] |= lucky
    visible = np.where(left_over, copies, -1.0)
    chosen = np.argmax(visible, axis=1)
    restored = visible[np.arange(who.size), chosen]
    if run.keep_work:
        restored = start + ran
    batch.lost[who] += start + ran - restored
    batch.position[who] = restored
    batch.copies[who] = np.minimum(copies, restored[:, None])
    repairs = [run.repair_s if c.repair_s is None else c.repair_s for c in run.failures]
    out = np.array([r if c.servers else -1.0 for c, r in zip(run.failures, repairs, strict=True)])
    return _Outcome(domain, chosen, out[cause])


def _recover(
    run: TrainingRun, rng: np.random.Generator, batch: _Batch, who: NDArray[np.int64], outcome: _Outcome
) -> None:
    """Take each through its recovery, which further failures may strike."""
    restore = np.array([level.restore_s for level in run.levels])
    steps = np.array([run.recovery.total_s(d) for d in DOMAINS])
    while who.size:
        _take_spare(run, batch, who, outcome.repair_s)
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
    return who[keep], _Outcome(outcome.domain[keep], outcome.level[keep], outcome.repair_s[keep])


def _take_spare(run: TrainingRun, batch: _Batch, who: NDArray[np.int64], repair_s: Array) -> None:
    """A failed server goes to repair and the earliest free spare takes its place; the job waits for it if need be."""
    mine = who[repair_s >= 0]
    if not mine.size:
        return
    batch.spares[mine, -1] = batch.time[mine] + repair_s[repair_s >= 0]
    earliest = np.argmin(batch.spares[mine], axis=1)
    ready = batch.spares[mine, earliest]
    wait = np.maximum(0.0, ready - batch.time[mine])
    batch.spares[mine, earliest] = batch.spares[mine, -1]
    batch.waited[mine] += np.minimum(wait, run.duration_s - batch.time[mine])
    batch.time[mine] += wait
