"""The expected shares of a run's wall clock, from everything in its description that has a mean.

The running time is cut by three things that do not depend on each other: the wait for spares (``waits.py``), the
recoveries of failures, and the work that failures undo (``progress.py``). With Lambda the failures per second, R the
recovery of one, w the share spent waiting and G the lasting progress over running time,

    running = E[e^(-Lambda R)] (1 - w),    productive = running (1 - slow) G (1 - overhead).

The first factor is exact when failures strike recoveries too, which then begin anew. Where rates move over the run
(infant mortality, ages, lemon servers) each bin of it has its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clustersim.columns import each_point, least, most, number, stacked, values_of
from clustersim.des.training.copies import CheckpointLevel
from clustersim.des.training.lanes import Values, any_above, at_least, exp, expm1, mean
from clustersim.des.training.progress import Rung, kept_by_steps, kept_by_timers
from clustersim.des.training.rates import RateBins, rate_bins
from clustersim.des.training.replayed_waits import Queue
from clustersim.des.training.run import Slowing, TrainingRun
from clustersim.des.training.strands import Strand, corrupts, found_late, strands_of
from clustersim.des.training.waits import Waits, mean_waits
from clustersim.gamma import gammainc

__all__ = ["Expected", "expected_shares"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Expected shares of wall-clock time, which sum to one, what they rest on, and how sure they are."""

    productive: float
    checkpoint: float
    rework: float
    recovery: float
    """All time in which the job does not run: recoveries, planned stops, and waits for spares."""
    slow: float
    waiting: float
    """The part of ``recovery`` that is waiting for a spare."""
    mttf_s: float
    failures: float
    fidelity: str
    why: str
    half_width: float = 0.0
    """Monte Carlo error (95 %) of ``ettr``; 0 for a formula."""
    notes: tuple[str, ...] = ()
    """What was mapped, moved or left out on the way."""

    @property
    def ettr(self) -> float:
        """Productive over wall-clock time, queueing for the whole cluster not included."""
        return self.productive

    @property
    def interval(self) -> tuple[float, float]:
        """The Monte Carlo interval (95 %) of ``ettr``."""
        return most(0.0, self.ettr - self.half_width), least(1.0, self.ettr + self.half_width)


def expected_shares(run: TrainingRun) -> Expected:
    """Return the expected shares of a run by closed form, with the wait for spares replayed where it must be.

    >>> from clustersim.des.training.copies import CheckpointLevel
    >>> from clustersim.des.training.components import FailureClass
    >>> from clustersim.des.training.run import Recovery
    >>> level = CheckpointLevel(name="s", interval_s=600.0, blocking_s=0.0, lag_s=0.0, restore_s=0.0,
    ...     survives=("process", "node", "multi"))
    >>> run = TrainingRun(nodes=1, duration_s=1e9, failures=(FailureClass("any", 1e-4, "process"),),
    ...     recovery=Recovery(detect_s=300.0, localise_s=0.0, reschedule_s=(0.0, 0.0, 0.0), initialise_s=0.0),
    ...     levels=(level,), spare_nodes=0, repair_s=1.0)
    >>> round(expected_shares(run).ettr, 5)      # 600 / (M (e^(600/M) - 1)) e^(-300/M)
    0.94162
    """
    bins = rate_bins(run)
    levels = sorted(run.levels, key=lambda level: level.interval_s)
    strands = strands_of(run, bins, levels)
    rate, weights = bins.total, bins.weights
    quiet = _running(run, strands, rate)
    waits = _waits(run, bins)
    by_bin: Values = waits.by_bin if len(bins.edges_s) > 2 else number(waits.by_bin[0])
    stops = _planned_stops(run)
    waiting = 0.0 if _goes_on(run) else by_bin * (1.0 - stops)
    running = quiet * (1.0 - waiting - stops)
    pace = _speed(run, by_bin, rate * quiet) * run.steady_pace * (1.0 - _straggling(run, rate))
    kept = _kept(run, strands, levels, bins, running, pace) * _never_begun_anew(run, bins, running)
    lasting, ran, worked = (mean(v, weights) for v in (running * pace * kept, running, running * pace))
    struck = running if run.safe_recovery else 1.0 - waiting - stops
    waited = mean(waiting, weights)
    replayed = bool(np.any(values_of(waits.replayed)))  # of a batch: at any of its points
    return Expected(
        productive=lasting * (1.0 - run.overhead),
        checkpoint=lasting * run.overhead,
        rework=worked - lasting,
        slow=ran - worked,
        recovery=1.0 - ran,
        waiting=waited,
        mttf_s=run.mttf_s,
        failures=mean(rate * struck, weights) * run.duration_s,
        fidelity="vector" if replayed else "closed",
        why="the queue for spares is replayed on common random numbers"
        if replayed
        else "every part of the run has a mean in closed form",
        notes=run.notes,
        half_width=waits.half_width * lasting / most(1e-9, 1.0 - waited) * (1.0 - run.overhead),
    )


def _goes_on(run: TrainingRun) -> bool:
    """Whether the job runs on without the servers that are missing."""
    return run.extras.on_shortage == "shrink" or run.extras.elastic_replicas > 1


def _running(run: TrainingRun, strands: Sequence[Strand], rate: Values) -> Values:
    """Share of the time not spent waiting that the job runs."""
    if not strands:
        return 1.0
    if run.safe_recovery:
        fails = run.extras.restart_fails
        down = (s.rates * (sum(o * d for o, d in s.downs) + s.again_s * fails / (1 - fails)) for s in strands)
        return 1.0 / (1.0 + sum(down, 0.0))
    return sum((s.rates * s.quiet for s in strands), 0.0) / at_least(rate, 1e-300)


def _ranked(strands: Sequence[Strand], rate: Values, count: int) -> list[Values]:
    """Share of incidents by the level they fall back to in the end: the farthest of all failures that struck them.

    P(no farther than k) = sum_(j <= k) p_j s_j / (1 - sum_(j <= k) p_j (1 - s_j)), s_j the odds of a quiet recovery.
    """
    quiet: Values = 0.0
    struck: Values = 0.0
    before: Values = 0.0
    shares = []
    for rank in range(-1, count):
        for s in strands:
            if s.rank == rank:
                quiet = quiet + s.rates * s.quiet
                struck = struck + s.rates * (1.0 - s.quiet)
        reached = quiet / at_least(rate - struck, 1e-300)
        shares.append(at_least(reached - before, 0.0))
        before = reached
    return shares


def _kept(
    run: TrainingRun, strands: Sequence[Strand], levels: Sequence[CheckpointLevel], bins: RateBins, running: Values,
    pace: Values,
) -> Values:  # fmt: skip
    """Lasting progress over running time, by how copies are counted."""
    rate = bins.total
    if not any_above(rate):
        return 1.0
    harmless, *shares = _ranked(strands, rate, len(levels))
    rungs = []
    for rank, (level, share) in enumerate(zip(levels, shares, strict=True)):
        mine = [s for s in strands if s.rank == rank and any_above(s.rates)]
        redo: Values = 0.0
        if any(s.redo_s > 0 for s in mine):
            total = sum(mean(s.rates, bins.weights) for s in mine)
            redo = sum(mean(s.rates, bins.weights) * s.redo_s for s in mine) / total
        interval, lag = _sustained(run, level, level is levels[-1])
        rungs.append(Rung(interval, lag, share, redo))
    if run.counted_by == "time":
        stretches = mean(rate * running, bins.weights) * run.duration_s + 1.0
        return kept_by_timers(rungs, rate, harmless, stretches)
    # Slow or stalled running makes failures denser in work, in which copies are counted.
    dense = rate * (1.0 - harmless) / at_least(pace, 1e-9)
    rest = at_least(1.0 - harmless, 1e-300)
    return kept_by_steps([Rung(r.interval_s, r.lag_s, r.share / rest, r.redo_s) for r in rungs], dense)


def _sustained(run: TrainingRun, level: CheckpointLevel, slowest: bool) -> tuple[float, float]:
    """Interval and lag of a level; a write to shared storage takes size / (bandwidth - others' load) on average.

    Processor sharing: the mean sojourn of a write is proportional to its size, whatever the other writes' sizes.
    """
    if run.contention is None or not slowest:
        return level.interval_s, level.lag_s
    c = run.contention
    lag = c.checkpoint_bytes / (c.bandwidth - c.other_writes_per_s * c.other_bytes)
    return level.interval_s * most(1.0, math.ceil(lag / level.interval_s)), lag


def _never_begun_anew(run: TrainingRun, bins: RateBins, running: Values) -> float:
    """Share of the work left when corruption older than every copy sends the run back to its start: (1 - e^-n) / n."""
    silent = [i for i, c in enumerate(run.failures) if corrupts(run, c.name)]
    if not silent or run.keep_work:
        return 1.0
    slowest = max(run.levels, key=lambda level: level.interval_s)
    struck = mean(sum((bins.rates[i] for i in silent), 0.0) * running, bins.weights) * run.duration_s
    count = struck * found_late(run, slowest)[1]
    return -expm1(-count) / count if count > 1e-9 else 1.0  # type: ignore[return-value]


def _planned_stops(run: TrainingRun) -> float:
    """Share of the wall clock in planned maintenance, restart included."""
    x = run.extras
    if x.maintenance_every_s <= 0 or x.maintenance_s <= 0:
        return 0.0
    steps = run.recovery
    back = steps.reschedule_s[0] + steps.initialise_s + least(*(level.restore_s for level in run.levels))
    stops = math.floor(run.duration_s / x.maintenance_every_s * (1 - 1e-12))
    share: float = least(1.0, stops * (x.maintenance_s + back) / run.duration_s)
    return share


def _straggling(run: TrainingRun, rate: Values) -> Values:
    """Share of running time lost to stragglers: E[min(y, S)] / E[y] (1 - 1/slowdown).

    y is a stretch between failures, S the summed episodes that begin in it: at a constant rate, each exponential.
    Kinds of episodes come independently, and what each leaves multiplies.
    """
    stretch = 1.0 / (rate + 1.0 / run.duration_s)
    left: Values = 1.0
    for kind in run.extras.slowings:
        left = left * (1.0 - _slowed(stretch, kind))
    return 1.0 - left


def _slowed(stretch: Values, kind: Slowing) -> Values:
    """Share of running time lost to one kind of episodes."""
    each = stretch if isinstance(stretch, np.ndarray) else (stretch,)
    slow = stacked([_covered(y, kind.per_s, kind.length_s) for y in each])
    lost: Values = slow * (1.0 - 1.0 / kind.slowdown)
    return lost if isinstance(stretch, np.ndarray) else number(lost[0])  # type: ignore[index]


def _covered(stretch_s: Any, per_s: Any, length_s: Any) -> Any:
    """The share that stragglers take of a stretch, or of one stretch a point."""
    return each_point(lambda q: _covered_once(*q), (stretch_s, per_s, length_s))


def _covered_once(stretch_s: float, per_s: float, length_s: float) -> float:
    """E[min(y, S)] / E[y] for y exponential and S a compound Poisson sum of exponentials, by Gauss-Laguerre."""
    x, weight = np.polynomial.laguerre.laggauss(16)
    x, weight = x[weight > 1e-7], weight[weight > 1e-7]
    y = (x * stretch_s)[:, None]
    mean = per_s * y
    most = int(mean.max() + 6 * math.sqrt(mean.max()) + 8)
    n = np.arange(1, min(most, 4000) + 1)
    log_factorial = np.cumsum(np.log(n))
    odds = np.exp(n * np.log(mean) - mean - log_factorial)
    below = y / length_s
    over = n * length_s * (1 - gammainc(n + 1, below)) - y * (1 - gammainc(n, below))
    excess = float(weight @ (odds * np.maximum(over, 0.0)).sum(axis=1))
    return max(0.0, min(1.0, per_s * length_s - excess / stretch_s))


def _waits(run: TrainingRun, bins: RateBins) -> Waits:
    """The queue for spares that the failures of servers make."""
    x = run.extras
    taking = [i for i, c in enumerate(run.failures) if c.servers > 0]
    counts = {i: mean(bins.rates[i], bins.weights) * run.duration_s for i in taking}
    total = sum(counts.values())
    if total <= 0:
        return Waits(np.zeros(bins.widths_s.size), 0.0, False)
    servers = {i: n * run.failures[i].servers for i, n in counts.items()}
    own = {i: run.failures[i].repair_s for i in taking}
    out = {i: n * (run.repair_s if (time := own[i]) is None else time) for i, n in servers.items()}
    several = [i for i in taking if run.failures[i].servers > 1]
    batches = sum(counts[i] for i in several)
    server_s = sum((bins.rates[i] for i in taking), 0.0)
    moving = isinstance(server_s, np.ndarray)
    hazard = np.cumsum(server_s * bins.widths_s).tolist() if moving else [server_s * run.duration_s]
    return mean_waits(
        Queue(
            edges_s=bins.edges_s,
            hazard=(0.0, *hazard),
            spares=run.spare_nodes,
            repair_s=_per_server(out, servers, [i for i in taking if i not in several]),
            late_s=(x.warm_s,) * x.warm_spares + (x.cold_s,) * x.cold_spares,
            technicians=x.technicians,
            repair_fails=x.repair_fails,
            batch=most(1, round(sum(servers[i] for i in several) / batches)) if batches > 0 else 1,
            batch_share=batches / total,
            batch_repair_s=_per_server(out, servers, several),
            shrink=_goes_on(run),
        )
    )


def _per_server(out_s: dict[int, float], servers: dict[int, float], causes: Sequence[int]) -> float:
    """Mean repair time of the servers that some causes take."""
    count = sum(servers[i] for i in causes)
    return sum(out_s[i] for i in causes) / count if count > 0 else 0.0


def _speed(run: TrainingRun, absent: Values, incidents_per_s: Values) -> Values:
    """Share of its full speed at which the job runs with ``absent`` servers on average, or replicas.

    Servers are missing while they wait for a spare; an elastic replica is missing, too, while it recovers, and takes
    with it all of its servers: with m absences on average among r replicas, e^(-m/r) of them are whole.
    """
    x = run.extras
    if not _goes_on(run):
        return 1.0
    if x.elastic_replicas > 1:
        back = run.recovery.total_s("node") + least(*(level.restore_s for level in run.levels))
        back = most(0.0, back - x.elastic_stall_s)  # while all stall, none is missed
        return exp(-(absent + incidents_per_s * back) / x.elastic_replicas)
    return at_least(1.0 - absent / run.nodes, 1.0 / run.nodes)
