"""The expected shares of a run's wall clock, from everything in its description that has a mean.

The running time is cut by three things that do not depend on each other: the wait for spares (``waits.py``), the
recoveries of failures, and the work that failures undo (``progress.py``). With Lambda the failures per second, R the
recovery of one, w the share spent waiting and G the lasting progress over running time,

    running = E[e^(-Lambda R)] (1 - w),    productive = running (1 - slow) G (1 - overhead).

The first factor is exact when failures strike recoveries too, which then begin anew. Where rates move over the run
(infant mortality, ages, lemon servers) each bin of it has its own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.columns import Column, each_point, least, most, number, stacked
from clustersim.des.training.components import DOMAINS
from clustersim.des.training.copies import CheckpointLevel
from clustersim.des.training.progress import Rung, kept_by_steps, kept_by_timers
from clustersim.des.training.rates import RateBins, rate_bins
from clustersim.des.training.run import TrainingRun
from clustersim.des.training.waits import Queue, Waits, mean_waits

__all__ = ["Expected", "expected_shares"]

Array = NDArray[np.float64]


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


@dataclass(frozen=True, slots=True)
class _Strand:
    """Failures of one kind and fate: their rate by bin, recovery times with their odds, and the level they need."""

    rates: Array
    downs: tuple[tuple[float, float], ...]
    again_s: float
    quiet: Array
    """Odds that no failure strikes the recovery."""
    rank: int
    """Index of the level among the run's, by interval; -1 loses no work."""
    redo_s: float = 0.0


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
    strands = _strands(run, bins, levels)
    rate = bins.rates.sum(axis=0)
    running = _running(run, strands, rate)
    waits = _waits(run, bins)
    missing = 1.0 - _speed(run, waits, rate * running)
    waiting = np.zeros(len(rate)) if _goes_on(run) else waits.by_bin
    stops = _planned_stops(run)
    waiting = waiting * (1.0 - stops)
    running = running * (1.0 - waiting - stops)
    pace = (1.0 - missing) * run.steady_pace * (1.0 - _straggling(run, rate))
    kept = _kept(run, strands, levels, bins, running, pace) * _never_begun_anew(run, bins, rate * running)
    weights = bins.widths_s / bins.widths_s.sum()

    def mean(values: Array) -> float:
        return number(values @ weights)  # type: ignore[no-any-return]

    lasting = mean(running * pace * kept)
    ran = mean(running)
    failures = number((rate * (1.0 - waiting - stops)) @ bins.widths_s)
    return Expected(
        productive=lasting * (1.0 - run.overhead),
        checkpoint=lasting * run.overhead,
        rework=mean(running * pace) - lasting,
        slow=ran - mean(running * pace),
        recovery=1.0 - ran,
        waiting=mean(waiting),
        mttf_s=run.mttf_s,
        failures=failures if not run.safe_recovery else number((rate * running) @ bins.widths_s),
        fidelity="vector" if waits.replayed else "closed",
        why="the queue for spares is replayed on common random numbers"
        if waits.replayed
        else "every part of the run has a mean in closed form",
        notes=run.notes,
        half_width=waits.half_width * lasting / most(1e-9, 1.0 - mean(waiting)) * (1.0 - run.overhead),
    )


def _goes_on(run: TrainingRun) -> bool:
    """Whether the job runs on without the servers that are missing."""
    return run.extras.on_shortage == "shrink" or run.extras.elastic_replicas > 1


def _strands(run: TrainingRun, bins: RateBins, levels: Sequence[CheckpointLevel]) -> list[_Strand]:
    """Failures by what they do: each cause, split by drain, corruption and the copies that are left."""
    x, found, every = run.extras, [], bins.rates.sum(axis=0)
    for domain in DOMAINS:
        plain = [i for i, c in enumerate(run.failures) if c.domain == domain and not _corrupts(run, c.name)]
        silent = [i for i, c in enumerate(run.failures) if c.domain == domain and _corrupts(run, c.name)]
        drained = x.drain_share if domain == "node" else 0.0
        for share, rank in _restored_from(levels, domain):
            level = levels[rank]
            bad = level.corrupt_share / (1.0 - level.corrupt_share) * level.interval_s
            for members in (plain, silent):
                rates = bins.rates[members].sum(axis=0) * share
                if not np.any(rates > 0):
                    continue
                downs, again = _downs(run, domain, level.restore_s)
                calm = downs[0][1] - run.recovery.detect_s - run.recovery.localise_s
                lasts = run.keep_work or x.elastic_replicas > 1
                if drained > 0:
                    calmly = ((1.0, calm),)
                    odds = _quiet(run, calmly, again, every)
                    found.append(_Strand(rates * drained, calmly, again, odds, -1))
                    rates = rates * (1 - drained)
                quiet = _quiet(run, downs, again, every)
                if lasts:
                    found.append(_Strand(rates, downs, again, quiet, -1))
                elif members is silent:
                    slowest = max(range(len(levels)), key=lambda k: levels[k].interval_s)
                    redo = _found_late(run, levels[slowest])[0]
                    found.append(_Strand(rates, downs, again, quiet, slowest, redo))
                else:
                    found.append(_Strand(rates, downs, again, quiet, rank, bad))
    return found


def _corrupts(run: TrainingRun, name: str) -> bool:
    return run.extras.sdc_delay_s > 0 and name == run.extras.sdc_component


def _restored_from(levels: Sequence[CheckpointLevel], domain: str) -> list[tuple[float, int]]:
    """Return the levels that a failure of ``domain`` is restored from, with their shares of it."""
    left, found = 1.0, []
    for rank, level in enumerate(levels):
        share = 1.0 if domain in level.survives else level.multi_share if domain == "multi" else 0.0
        if left * share > 0:
            found.append((left * share, rank))
            left *= 1.0 - share
    return found


def _downs(run: TrainingRun, domain: str, restore_s: float) -> tuple[tuple[tuple[float, float], ...], float]:
    """Return the recovery times of a failure with their odds, and what one more try takes when a restart fails."""
    x, steps = run.extras, run.recovery
    total = steps.total_s(domain) + restore_s
    again = total - steps.detect_s - steps.localise_s
    if x.elastic_replicas > 1:
        return ((1.0, x.elastic_stall_s),), 0.0
    if x.hang_share == 0:
        return ((1.0, total),), again
    # A hang shows no error, so that it is never found sooner than one that does.
    hang = total - steps.detect_s + most(steps.detect_s, x.hang_timeout_s)
    return ((1.0 - x.hang_share, total), (x.hang_share, hang)), again


def _quiet(run: TrainingRun, downs: tuple[tuple[float, float], ...], again_s: float, rate: Array) -> Array:
    """Probability that no failure strikes a recovery: E[e^(-Lambda R)], restarts that fail included."""
    if run.safe_recovery:
        return np.ones(len(rate))
    once: Any = sum((odds * np.exp(-rate * down) for odds, down in downs), 0.0)
    fails = run.extras.restart_fails
    quiet: Array = once if fails == 0 else once * (1.0 - fails) / (1.0 - fails * np.exp(-rate * again_s))
    return quiet


def _running(run: TrainingRun, strands: Sequence[_Strand], rate: Array) -> Array:
    """Share of the time not spent waiting that the job runs."""
    if run.safe_recovery:
        fails = run.extras.restart_fails
        down = sum(
            (s.rates * (sum(o * d for o, d in s.downs) + s.again_s * fails / (1 - fails)) for s in strands),
            np.zeros(len(rate)),
        )
        return 1.0 / (1.0 + down)
    safe = np.maximum(rate, 1e-300)
    share = sum((s.rates * s.quiet for s in strands), np.zeros(len(rate))) / safe
    return np.where(rate > 0, share, 1.0)


def _ranked(strands: Sequence[_Strand], rate: Array, count: int) -> list[Array]:
    """Share of incidents by the level they fall back to in the end: the farthest of all failures that struck them.

    P(no farther than k) = sum_(j <= k) p_j s_j / (1 - sum_(j <= k) p_j (1 - s_j)), s_j the odds of a quiet recovery.
    """
    calm, struck = np.zeros((2, len(rate)))
    reached: list[Array] = []
    for rank in range(-1, count):
        mine = [s for s in strands if s.rank == rank]
        calm = sum((s.rates * s.quiet for s in mine), calm)
        struck = sum((s.rates * (1.0 - s.quiet) for s in mine), struck)
        reached.append(calm / np.maximum(rate - struck, 1e-300))
    return [reached[0], *(np.maximum(0.0, b - a) for a, b in itertools.pairwise(reached))]


def _kept(
    run: TrainingRun,
    strands: Sequence[_Strand],
    levels: Sequence[CheckpointLevel],
    bins: RateBins,
    running: Array,
    pace: Array,
) -> Array:
    """Lasting progress over running time, by how copies are counted."""
    rate = bins.rates.sum(axis=0)
    if not np.any(rate > 0):
        return np.ones(len(rate))
    harmless, *shares = _ranked(strands, rate, len(levels))
    rungs = []
    for rank, (level, share) in enumerate(zip(levels, shares, strict=True)):
        mine = [s for s in strands if s.rank == rank]
        redo = 0.0
        if any(s.redo_s > 0 for s in mine):
            total = sum(_over_bins(s.rates) for s in mine)
            redo = sum(_over_bins(s.rates) * s.redo_s for s in mine) / total
        interval, lag = _sustained(run, level, level is levels[-1])
        rungs.append(Rung(interval, lag, share, redo))
    if run.counted_by == "time":
        stretches = number((rate * running) @ bins.widths_s) + 1.0
        return _as_is(kept_by_timers(rungs, rate, harmless, stretches))  # type: ignore[no-any-return]
    # Slow or stalled running makes failures denser in work, in which copies are counted.
    dense = rate * (1.0 - harmless) / np.maximum(pace, 1e-9)
    rest = np.maximum(1.0 - harmless, 1e-300)
    return _as_is(  # type: ignore[no-any-return]
        kept_by_steps([Rung(r.interval_s, r.lag_s, r.share / rest, r.redo_s) for r in rungs], dense)
    )


def _as_is(values: Any) -> Any:
    return values if isinstance(values, Column) else np.asarray(values)


def _over_bins(rates: Any) -> Any:
    return rates.sum(axis=0) if isinstance(rates, Column) else float(rates.sum())


def _sustained(run: TrainingRun, level: CheckpointLevel, slowest: bool) -> tuple[float, float]:
    """Interval and lag of a level; a write to shared storage takes size / (bandwidth - others' load) on average.

    Processor sharing: the mean sojourn of a write is proportional to its size, whatever the other writes' sizes.
    """
    if run.contention is None or not slowest:
        return level.interval_s, level.lag_s
    c = run.contention
    lag = c.checkpoint_bytes / (c.bandwidth - c.other_writes_per_s * c.other_bytes)
    return level.interval_s * most(1.0, math.ceil(lag / level.interval_s)), lag


def _found_late(run: TrainingRun, level: CheckpointLevel) -> tuple[float, float]:
    """Return the work beyond the clean copy that late-found corruption voids, and the odds that no clean one is left.

    Delays are exponential of mean D; copies reach back (retained - 1/2) intervals on average.
    """
    delay, kept = run.extras.sdc_delay_s, max(1, run.extras.retained)
    tau = level.interval_s
    gone = np.exp(-(kept - 1) * tau / delay) * delay / tau * -np.expm1(-tau / delay)
    reach = (kept - 0.5) * tau
    return delay - (reach + delay) * np.exp(-reach / delay), gone


def _never_begun_anew(run: TrainingRun, bins: RateBins, struck: Array) -> float:
    """Share of the work left when corruption older than every copy sends the run back to its start: (1 - e^-n) / n."""
    silent = [i for i, c in enumerate(run.failures) if _corrupts(run, c.name)]
    if not silent or run.keep_work:
        return 1.0
    total = np.maximum(bins.rates.sum(axis=0), 1e-300)
    slowest = max(run.levels, key=lambda level: level.interval_s)
    count = (
        number((bins.rates[silent].sum(axis=0) / total * struck) @ bins.widths_s)
        * _found_late(run, slowest)[1]
    )
    return -np.expm1(-count) / count if count > 1e-9 else 1.0


def _planned_stops(run: TrainingRun) -> float:
    """Share of the wall clock in planned maintenance, restart included."""
    x = run.extras
    if x.maintenance_every_s <= 0 or x.maintenance_s <= 0:
        return 0.0
    steps = run.recovery
    back = steps.reschedule_s[0] + steps.initialise_s + least(*(level.restore_s for level in run.levels))
    stops = math.floor(run.duration_s / x.maintenance_every_s * (1 - 1e-12))
    return least(1.0, stops * (x.maintenance_s + back) / run.duration_s)  # type: ignore[no-any-return]


def _straggling(run: TrainingRun, rate: Array) -> Array:
    """Share of running time lost to stragglers: E[min(y, S)] / E[y] (1 - 1/slowdown).

    y is a stretch between failures, S the summed episodes that begin in it: at a constant rate, each exponential.
    """
    x = run.extras
    if x.straggler_per_s <= 0 or x.straggler_slowdown <= 1 or x.straggler_s <= 0:
        return np.zeros(len(rate))
    stretch = 1.0 / (rate + 1.0 / run.duration_s)
    slow = stacked([_covered(y, x.straggler_per_s, x.straggler_s) for y in stretch])
    lost: Array = slow * (1.0 - 1.0 / x.straggler_slowdown)
    return lost


def _covered(stretch_s: Any, per_s: Any, length_s: Any) -> Any:
    """The share that stragglers take of a stretch, or of one stretch a point."""
    return each_point(lambda q: _covered_once(*q), (stretch_s, per_s, length_s))


def _covered_once(stretch_s: float, per_s: float, length_s: float) -> float:
    """E[min(y, S)] / E[y] for y exponential and S a compound Poisson sum of exponentials, by Gauss-Laguerre."""
    from scipy.special import gammainc

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
    counts = bins.rates @ bins.widths_s
    total = number(sum(counts[i] for i in taking))
    if total <= 0:
        return Waits(np.zeros(bins.widths_s.size), 0.0, False)
    servers = {i: number(counts[i]) * run.failures[i].servers for i in taking}
    own = {i: run.failures[i].repair_s for i in taking}
    out = {i: n * (run.repair_s if (time := own[i]) is None else time) for i, n in servers.items()}
    several = [i for i in taking if run.failures[i].servers > 1]
    batches = number(sum(counts[i] for i in several))
    hazard = np.cumsum(bins.rates[taking].sum(axis=0) * bins.widths_s, axis=0)
    return mean_waits(
        Queue(
            edges_s=tuple(bins.edges_s.tolist()),
            hazard=(0.0, *(number(h) for h in hazard)),
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


def _speed(run: TrainingRun, waits: Waits, incidents_per_s: Array) -> Array:
    """Share of its full speed at which the job runs with servers or replicas missing.

    Servers are missing while they wait for a spare; an elastic replica is missing, too, while it recovers, and takes
    with it all of its servers: with m absences on average among r replicas, e^(-m/r) of them are whole.
    """
    x = run.extras
    if not _goes_on(run):
        return np.ones(len(incidents_per_s))
    absent = waits.by_bin if x.on_shortage == "shrink" or x.elastic_replicas > 1 else 0.0
    if x.elastic_replicas > 1:
        back = run.recovery.total_s("node") + least(*(level.restore_s for level in run.levels))
        back = most(0.0, back - x.elastic_stall_s)  # while all stall, none is missed
        gone: Array = _as_is(np.exp(-(absent + incidents_per_s * back) / x.elastic_replicas))
        return gone
    return np.maximum(1.0 / run.nodes, 1.0 - absent / run.nodes)
