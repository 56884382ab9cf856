"""One training run event by event, in SimPy.

One aggregate failure clock drives the run, and checkpoints are computed when a failure needs one, not simulated one
by one: about sixty events a month instead of forty thousand. Spare servers and their repair are real resources.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import simpy

from clustersim.des.training.run import CheckpointLevel, TrainingRun

__all__ = ["Incident", "SimulatedRun", "simulate_run"]


@dataclass(frozen=True, slots=True)
class Incident:
    """One failure and its recovery; the flat record from which every statistic is made."""

    failed_at_s: float
    component: str
    domain: str
    restored_from: str
    lost_work_s: float
    recovery_s: float
    waited_for_spare_s: float
    failures_during_recovery: int
    resumed_at_s: float


@dataclass(frozen=True, slots=True)
class SimulatedRun:
    """What one run gave; the four shares of the wall clock sum to it exactly."""

    duration_s: float
    productive_s: float
    checkpoint_s: float
    rework_s: float
    recovery_s: float
    incidents: tuple[Incident, ...]

    @property
    def ettr(self) -> float:
        """Productive over wall-clock time."""
        return self.productive_s / self.duration_s

    @property
    def failures(self) -> int:
        """Failures, those that struck a recovery included."""
        return sum(1 + i.failures_during_recovery for i in self.incidents)

    @property
    def longest_failure_free_s(self) -> float:
        """The longest stretch of running without a failure."""
        starts = [0.0, *(i.resumed_at_s for i in self.incidents)]
        ends = [*(i.failed_at_s for i in self.incidents), self.duration_s]
        return max((b - a for a, b in zip(starts, ends, strict=True)), default=self.duration_s)

    def segments(self) -> list[tuple[float, float]]:
        """The stretches of running, as (start, end) in seconds."""
        starts = [0.0, *(i.resumed_at_s for i in self.incidents)]
        ends = [*(i.failed_at_s for i in self.incidents), self.duration_s]
        return [(a, b) for a, b in zip(starts, ends, strict=True) if b > a]


@dataclass(slots=True)
class _State:
    """The work position of the job and of the newest durable copy of each level, in seconds of running."""

    position: float = 0.0
    copies: dict[str, float] = field(default_factory=dict)
    incidents: list[Incident] = field(default_factory=list)
    ran: float = 0.0
    lost: float = 0.0


class _Clock:
    """Times to the next failure and its cause, drawn in blocks from one generator."""

    def __init__(self, run: TrainingRun, rng: np.random.Generator) -> None:
        self.rate = run.rate_per_s
        self.classes = run.failures
        shares = np.array([c.rate_per_s for c in run.failures])
        self.cumulative = np.cumsum(shares / shares.sum()) if self.rate > 0 else np.ones(1)
        self.rng = rng

    def next_failure(self) -> float:
        return float(self.rng.exponential()) / self.rate if self.rate > 0 else math.inf

    def cause(self) -> Any:
        index = int(np.searchsorted(self.cumulative, self.rng.random(), side="right"))
        return self.classes[min(index, len(self.classes) - 1)]


def _newest_copy(level: CheckpointLevel, start: float, ran: float, before: float) -> float:
    """Position of the newest durable copy of a level after running ``ran`` seconds from ``start``.

    Copies are due at whole multiples of the interval since the segment began; one is durable ``lag_s`` later.
    """
    whole = math.floor((ran - level.lag_s) / level.interval_s)
    return start + whole * level.interval_s if whole >= 1 else before


def simulate_run(run: TrainingRun, rng: np.random.Generator) -> SimulatedRun:
    """Simulate one run.

    A failure sends the job back to the newest copy that survives its domain; copies newer than that are void. A
    server that failed is replaced from the spares while it is repaired; without a spare the job waits.
    """
    env = simpy.Environment()
    spares = simpy.Container(env, init=run.spare_nodes, capacity=max(1, run.nodes + run.spare_nodes))
    state = _State(copies={level.name: 0.0 for level in run.levels})
    env.process(_job(env, run, _Clock(run, rng), spares, state))
    env.run(until=run.duration_s)
    overhead = run.overhead
    kept = state.ran - state.lost
    return SimulatedRun(
        duration_s=run.duration_s,
        productive_s=kept * (1 - overhead),
        checkpoint_s=kept * overhead,
        rework_s=state.lost,
        recovery_s=run.duration_s - state.ran,
        incidents=tuple(state.incidents),
    )


def _job(
    env: simpy.Environment, run: TrainingRun, clock: _Clock, spares: simpy.Container, state: _State
) -> Generator[simpy.Event, Any, None]:
    while True:
        start = env.now
        due = clock.next_failure()
        if math.isinf(due) or start + due >= run.duration_s:
            # The run ends before this failure; events at its very end are no longer processed.
            state.ran += run.duration_s - start
            return
        yield env.timeout(due)
        state.ran += due
        yield from _recover(env, run, clock, spares, state, due)


def _recover(
    env: simpy.Environment,
    run: TrainingRun,
    clock: _Clock,
    spares: simpy.Container,
    state: _State,
    ran: float,
) -> Generator[simpy.Event, Any, None]:
    cause = clock.cause()
    level, lost = _roll_back(run, state, cause.domain, ran)
    incident = Incident(
        failed_at_s=env.now,
        component=cause.name,
        domain=cause.domain,
        restored_from=level.name,
        lost_work_s=lost,
        recovery_s=run.duration_s - env.now,
        waited_for_spare_s=0.0,
        failures_during_recovery=0,
        resumed_at_s=run.duration_s,
    )
    state.incidents.append(incident)  # as it stands if the run ends before the recovery does
    waited, again = 0.0, 0
    while True:
        if cause.domain != "process":
            asked = env.now
            env.process(_repair(env, run, spares))
            yield spares.get(1)
            waited += env.now - asked
        down = run.recovery.total_s + level.restore_s
        due = clock.next_failure()
        yield env.timeout(min(due, down))
        if due >= down:
            break
        cause = clock.cause()
        again += 1
        level, more = _roll_back(run, state, cause.domain, 0.0)
        lost += more
        state.incidents[-1] = replace(incident, failures_during_recovery=again, lost_work_s=lost)
    state.incidents[-1] = replace(
        incident,
        restored_from=level.name,
        lost_work_s=lost,
        recovery_s=env.now - incident.failed_at_s,
        waited_for_spare_s=waited,
        failures_during_recovery=again,
        resumed_at_s=env.now,
    )


def _roll_back(run: TrainingRun, state: _State, domain: str, ran: float) -> tuple[CheckpointLevel, float]:
    """Send the job back to the newest copy that survives the domain; return its level and the work lost."""
    start = state.position
    copies = {level.name: _newest_copy(level, start, ran, state.copies[level.name]) for level in run.levels}
    level = max(run.levels_after(domain), key=lambda item: copies[item.name])
    restored = copies[level.name]
    lost = start + ran - restored
    state.lost += lost
    state.position = restored
    # What is newer than the restored point belongs to a future that did not happen.
    state.copies = {name: min(position, restored) for name, position in copies.items()}
    return level, lost


def _repair(
    env: simpy.Environment, run: TrainingRun, spares: simpy.Container
) -> Generator[simpy.Event, Any, None]:
    yield env.timeout(run.repair_s)
    yield spares.put(1)
