"""One training run event by event, in SimPy.

One failure clock drives the run, and checkpoints are computed when a failure needs one, not simulated one by one:
about sixty events a month instead of forty thousand. Spares, their repair and shared storage are real resources.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from clustersim.des.training.clocks import FailureClock
from clustersim.des.training.components import FailureClass
from clustersim.des.training.incidents import Incident, SimulatedRun
from clustersim.des.training.pool import ServerPool
from clustersim.des.training.run import CheckpointLevel, TrainingRun
from clustersim.des.training.storage import SharedStorage

if TYPE_CHECKING:
    import simpy

__all__ = ["MAINTENANCE", "simulate_run"]

MAINTENANCE = FailureClass("maintenance", 0.0, "process")


@dataclass(slots=True)
class _State:
    """Work done, in seconds of full speed, and the newest durable copy of each level."""

    position: float = 0.0
    copies: dict[str, float] = field(default_factory=dict)
    kept: deque[float] = field(default_factory=deque)
    incidents: list[Incident] = field(default_factory=list)
    since: float | None = 0.0
    """When the present stretch of running began; none while the job is down."""
    segment: int = 0
    ran: float = 0.0
    lost: float = 0.0
    slow: float = 0.0


class _Job:
    """The training job: runs, fails, recovers."""

    def __init__(self, run: TrainingRun, rng: np.random.Generator) -> None:
        import simpy  # loaded where a month is simulated

        self.env = simpy.Environment()
        self.run, self.rng, self.extras = run, rng, run.extras
        self.pool = ServerPool(self.env, run, rng)
        self.clock = FailureClock(run, rng, scale=self.pool.top_scale)
        self.ahead: tuple[float, FailureClass] | None = None
        self.storage = SharedStorage(self.env, run.contention, rng) if run.contention else None
        self.slowest = max(run.levels, key=lambda level: level.interval_s)
        self.state = _State(copies={level.name: 0.0 for level in run.levels})
        self.state.kept = deque([0.0], maxlen=max(1, run.extras.retained))
        # Each step of a recovery depends on little: summed once, not at every failure.
        self.steps = {d: run.recovery.total_s(d) for d in ("process", "node", "multi")}
        self.after = {d: run.levels_after(d) for d in self.steps}
        self.placed = tuple(
            level for level in run.levels if level.multi_share > 0 and "multi" not in level.survives
        )
        self.by_steps = run.counted_by == "steps"
        self.slowings = run.extras.slowings

    def next_failure(self, until: float) -> tuple[float, FailureClass]:
        """Return the next failure; one at or beyond ``until`` is kept for the next call."""
        if self.ahead is not None and self.run.log:
            self.ahead = (max(self.env.now, self.ahead[0]), self.ahead[1])
        elif self.ahead is None or self.ahead[0] <= self.env.now:
            at, cause = self.clock.next_after(self.env.now)
            while not math.isinf(at) and not self.pool.accepts():
                at, cause = self.clock.next_after(at)
            self.ahead = (at, cause)
        at, cause = self.ahead
        stop = self._next_stop()
        if stop < at:
            return stop, MAINTENANCE
        if at < until:
            self.ahead = None
        return at, cause

    def _next_stop(self) -> float:
        """When planned maintenance begins next."""
        every = self.extras.maintenance_every_s
        if every <= 0 or self.extras.maintenance_s <= 0:
            return math.inf
        return (math.floor(self.env.now / every + 1e-9) + 1) * every

    def work(self) -> Generator[simpy.Event, Any, None]:
        end = self.run.duration_s
        while True:
            start = self.env.now
            self.state.since = start
            self.state.segment += 1
            self.pool.begin_stretch()
            if self.storage is not None:
                self.env.process(self._write_storage(self.storage, self.state.segment, self.state.position))
            at, cause = self.next_failure(end)
            if at >= end:
                return  # the run ends before this failure
            yield self.env.timeout(at - start)
            work = self._ran(at - start)
            self.state.since = None
            if self.extras.elastic_replicas > 1 and cause is not MAINTENANCE:
                yield from self._go_on_without(cause, work)
            else:
                yield from self._recover(cause, at - start, work)

    def finish(self) -> None:
        """Account for the stretch of running that the end of the run cut short."""
        if self.state.since is not None:
            self._ran(self.run.duration_s - self.state.since)

    def _ran(self, seconds: float) -> float:
        """Account for a stretch of running; returns the work done in it."""
        whole = seconds - self.pool.slowed_s()
        work = whole * self.run.steady_pace
        for slow in self.slowings:
            episodes = self.rng.poisson(slow.per_s * seconds)
            length = min(seconds, float(self.rng.exponential(slow.length_s, episodes).sum()))
            if seconds > 0:
                work *= 1.0 - length / seconds * (1.0 - 1.0 / slow.slowdown)
        self.state.ran += seconds
        self.state.slow += seconds - work
        return work

    def _go_on_without(self, cause: FailureClass, work: float) -> Generator[simpy.Event, Any, None]:
        """An elastic job stalls, drops the replica that failed, and goes on; the replica catches up from the others."""
        state, failed = self.state, self.env.now
        state.position += work
        again = 0
        incident = Incident(
            failed_at_s=failed, component=cause.name, domain=cause.domain, restored_from="peers", lost_work_s=0.0,
            recovery_s=self.run.duration_s - failed, waited_for_spare_s=0.0, failures_during_recovery=0,
            resumed_at_s=self.run.duration_s,
        )  # fmt: skip
        state.incidents.append(incident)
        while True:
            level = self.after[cause.domain][0]
            self.env.process(self.pool.absent(cause, self._down_s(cause, level, False)))
            back = self.env.now + self.extras.elastic_stall_s
            at, other = (math.inf, cause) if self.run.safe_recovery else self.next_failure(back)
            if at >= back:
                yield self.env.timeout(back - self.env.now)
                break
            yield self.env.timeout(at - self.env.now)
            cause, again = other, again + 1
            state.incidents[-1] = replace(incident, failures_during_recovery=again)
        state.incidents[-1] = replace(
            incident,
            recovery_s=self.env.now - failed,
            failures_during_recovery=again,
            resumed_at_s=self.env.now,
        )

    def _recover(self, cause: FailureClass, ran: float, work: float) -> Generator[simpy.Event, Any, None]:
        state, run = self.state, self.run
        foreseen = self.extras.drain_share > 0 and cause.domain == "node"
        drained = (
            cause is MAINTENANCE or cause.foreseen or (foreseen and self._chance(self.extras.drain_share))
        )
        level, lost = self._roll_back(cause, ran, work, drained)
        incident = Incident(
            failed_at_s=self.env.now,
            component=cause.name,
            domain=cause.domain,
            restored_from=level.name,
            lost_work_s=lost,
            recovery_s=run.duration_s - self.env.now,
            waited_for_spare_s=0.0,
            failures_during_recovery=0,
            resumed_at_s=run.duration_s,
        )
        state.incidents.append(incident)  # as it stands if the run ends before the recovery does
        waited, again = 0.0, 0
        while True:
            waited += yield from self.pool.replace_failed(cause)
            down = self._down_s(cause, level, drained)
            back = self.env.now + down
            safe = run.safe_recovery or cause is MAINTENANCE
            at, other = (math.inf, cause) if safe else self.next_failure(back)
            if at >= back:
                yield self.env.timeout(down)
                self.ahead = None if run.safe_recovery else self.ahead
                break
            yield self.env.timeout(at - self.env.now)
            cause, drained = other, False
            again += 1
            level, more = self._roll_back(cause, 0.0, 0.0, False)
            lost += more
            state.incidents[-1] = replace(incident, failures_during_recovery=again, lost_work_s=lost)
        state.incidents[-1] = replace(
            incident,
            restored_from=level.name,
            lost_work_s=lost,
            recovery_s=self.env.now - incident.failed_at_s,
            waited_for_spare_s=waited,
            failures_during_recovery=again,
            resumed_at_s=self.env.now,
        )

    def _chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def _down_s(self, cause: FailureClass, level: CheckpointLevel, drained: bool) -> float:
        """Seconds from the failure, once a server is there, to the first step."""
        recovery, extras = self.run.recovery, self.extras
        total = self.steps[cause.domain] + level.restore_s
        again = total - recovery.detect_s - recovery.localise_s
        if extras.restart_fails > 0:
            total += again * (int(self.rng.geometric(1.0 - extras.restart_fails)) - 1)
        if cause is MAINTENANCE:
            return extras.maintenance_s + again
        if drained:
            return total - recovery.detect_s - recovery.localise_s
        if extras.hang_share > 0 and self._chance(extras.hang_share):
            # A hang shows no error, so that it is never found sooner than one that does.
            return total - recovery.detect_s + max(recovery.detect_s, extras.hang_timeout_s)
        return total

    def _roll_back(
        self, cause: FailureClass, ran: float, work: float, drained: bool
    ) -> tuple[CheckpointLevel, float]:
        """Send the job back to the newest copy that survives; return its level and the work lost."""
        state = self.state
        start, now = state.position, state.position + work
        self._copies_of(start, ran, work)
        survivors = self._survivors(cause.domain)
        level = max(survivors, key=lambda item: state.copies[item.name])
        restored = state.copies[level.name]
        if self.run.keep_work or drained:
            restored = now
        elif self.extras.sdc_delay_s > 0 and cause.name == self.extras.sdc_component:
            clean = now - float(self.rng.exponential(self.extras.sdc_delay_s))
            level = self.slowest
            restored = max((p for p in state.kept if p <= clean), default=0.0)
        elif level.corrupt_share > 0:
            bad = int(self.rng.geometric(1 - level.corrupt_share)) - 1
            restored = max(0.0, restored - bad * level.interval_s)
        lost = now - restored
        state.lost += lost
        state.position = restored
        # What is newer than the restored point belongs to a future that did not happen.
        for name, position in state.copies.items():
            state.copies[name] = min(position, restored)
        state.kept = deque((p for p in state.kept if p <= restored), maxlen=state.kept.maxlen)
        return level, lost

    def _survivors(self, domain: str) -> tuple[CheckpointLevel, ...]:
        """The levels whose copies are left; where they were placed decides after a failure of several servers."""
        if domain != "multi" or not self.placed:
            return self.after[domain]
        lucky = tuple(level for level in self.placed if self._chance(level.multi_share))
        return (*lucky, *self.after[domain])

    def _copies_of(self, start: float, ran: float, work: float) -> None:
        """Bring the newest durable copies up to date: durable a lag after they were due."""
        if ran <= 0:
            return
        state, pace = self.state, work / ran
        for level in self.run.levels:
            if self.storage is not None and level is self.slowest:
                # Its writes are events of their own; stragglers, known only now, may have slowed the work in them.
                state.copies[level.name] = min(state.copies[level.name], start + work)
                state.kept = deque((min(p, start + work) for p in state.kept), maxlen=state.kept.maxlen)
                continue
            first, last, step = self._due(level, start, ran - level.lag_s, pace)
            if last < first:
                continue
            offset = 0.0 if self.by_steps else start
            state.copies[level.name] = offset + last * step
            if level is self.slowest:
                newest = max(first, last - (state.kept.maxlen or 1) + 1)
                state.kept.extend(offset + i * step for i in range(newest, last + 1))

    def _due(
        self, level: CheckpointLevel, start: float, seconds: float, pace: float
    ) -> tuple[int, int, float]:
        """First and last number of the copies taken in ``seconds`` of a stretch, and the work between two of them.

        Counted by steps they lie at multiples of the interval in work done; by timers, in time since the restart.
        """
        if seconds < 0:
            return 1, 0, level.interval_s
        if not self.by_steps:
            return 1, math.floor(seconds / level.interval_s), level.interval_s * pace
        first = math.floor(start / level.interval_s + 1e-9) + 1
        return first, math.floor((start + seconds * pace) / level.interval_s + 1e-9), level.interval_s

    def _write_storage(
        self, storage: SharedStorage, segment: int, start: float
    ) -> Generator[simpy.Event, Any, None]:
        """Write a copy to shared storage whenever one is due in this stretch and the last one is durable."""
        begun, contention, tau = self.env.now, self.run.contention, self.slowest.interval_s
        assert contention is not None
        while True:
            done = self.env.now - begun
            if self.by_steps:
                position = start + done * self._pace()
                wait = ((math.floor(position / tau + 1e-9) + 1) * tau - position) / self._pace()
            else:
                wait = (math.floor(done / tau + 1e-9) + 1) * tau - done
            yield self.env.timeout(wait)
            if self.state.segment != segment or not self._running():
                return
            position = start + (self.env.now - begun) * self._pace()
            yield storage.write(contention.checkpoint_bytes)
            if self.state.segment != segment or not self._running():
                return
            self.state.copies[self.slowest.name] = position
            self.state.kept.append(position)

    def _pace(self) -> float:
        return self.pool.speed * self.run.steady_pace

    def _running(self) -> bool:
        """Whether the job is running: the newest incident, if any, is over."""
        incidents = self.state.incidents
        return not incidents or incidents[-1].resumed_at_s <= self.env.now


def simulate_run(run: TrainingRun, rng: np.random.Generator) -> SimulatedRun:
    """Simulate one run.

    A failure sends the job back to the newest copy that survives its domain; copies newer than that are void. A
    server that failed is replaced from the spares while it is repaired; without a spare the job waits or shrinks.
    """
    job = _Job(run, rng)
    job.env.process(job.work())
    job.env.run(until=run.duration_s)
    job.finish()
    state, overhead = job.state, run.overhead
    kept = state.ran - state.slow - state.lost
    return SimulatedRun(
        duration_s=run.duration_s,
        productive_s=kept * (1 - overhead),
        checkpoint_s=kept * overhead,
        rework_s=state.lost,
        slow_s=state.slow,
        recovery_s=run.duration_s - state.ran,
        incidents=tuple(state.incidents),
        repair_busy_s=job.pool.repair_busy_s,
        storage_rate=tuple(job.storage.served) if job.storage else (),
    )
