"""How long a job waits for spares: a formula where waits are rare, common random numbers where they are not.

Servers fail as a Poisson process while the job is not waiting, take the next spare that is ready, and come back from
repair. In the long run that is Erlang's loss system of spares + 1 places, whatever the distribution of the repair
time; before the first repair is over it is a Poisson count. Where waits are a large part of the time, or technicians,
late spares and failed repairs matter, the queue is replayed on random numbers that are the same for every question, so
that a longer repair or one spare less never shortens a wait by chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clustersim.columns import as_array, each_group, each_point, least, most, number, places, values_of

__all__ = ["Queue", "Waits", "blocked_share", "erlang_b", "mean_waits"]

Array = NDArray[np.float64]

SEED = 20_410_680
#: Replays of the queue: (failures in the run, replays), fewer where each holds many and is its own average.
REPLAYS = ((60.0, 1024), (240.0, 256), (math.inf, 128))
BINNED_REPLAYS = 256
#: The formula alone is used where the job waits for less than RARE of the time, or where the run holds more than
#: MANY_REPAIRS repair times (ten times as many where it mostly waits: the start is then forgotten slowly) or less than
#: one; the replay alone at ten times the share and between a quarter of the repair times and slightly more than one.
RARE, MANY_REPAIRS, TENFOLD, QUARTER, SLIGHTLY = 0.01, 20.0, 10.0, 4.0, 0.1
MOSTLY = (0.2, 0.5)
#: Server failures in a shrinking run beyond which only the formula is asked.
MOST_SHRUNK = 100_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What the wait for spares depends on.

    ``hazard`` is the expected number of server failures from the start to each of ``edges_s``. ``late_s`` are spares
    that need so long before they join. ``batch`` servers fail at once in ``batch_share`` of the failures, and are out
    for ``batch_repair_s``, the others for ``repair_s``. With ``shrink`` the job goes on with what is left, and what is
    counted is the time that each server is missing.
    """

    edges_s: tuple[float, ...]
    hazard: tuple[float, ...]
    spares: int
    repair_s: float
    late_s: tuple[float, ...] = ()
    technicians: int = 0
    repair_fails: float = 0.0
    batch: int = 1
    batch_share: float = 0.0
    batch_repair_s: float = 0.0
    shrink: bool = False

    @property
    def failures(self) -> float:
        """Servers expected to fail in the whole run if it never waits."""
        return self.hazard[-1] * (1 + self.batch_share * (self.batch - 1))

    @property
    def plain(self) -> bool:
        """Whether nothing but spares and repair times matters."""
        limited = 0 < self.technicians <= self.spares
        return not (self.late_s or limited or self.batch_share)

    @property
    def repairs_s(self) -> tuple[float, float]:
        """Repair times of single servers and of batches, tries that fail included; only their mean matters for long."""
        tries = 1.0 / (1.0 - least(self.repair_fails, 0.999))
        return self.repair_s * tries, self.batch_repair_s * tries

    @property
    def mean_repair_s(self) -> float:
        """Repair time of the mean failed server."""
        single, batch = self.repairs_s
        together = self.batch_share * self.batch
        return (single * (1.0 - self.batch_share) + batch * together) / (1.0 - self.batch_share + together)


@dataclass(frozen=True, slots=True)
class Waits:
    """Share of each bin of the run spent waiting (or servers missing in it), and how sure the mean over all is."""

    by_bin: Array
    half_width: float
    replayed: bool


def erlang_b(places: int, load: Array | float) -> Array:
    """Return Erlang's loss probability of ``places`` servers under ``load``, by the usual recursion.

    >>> round(float(erlang_b(5, 3.0)), 4)
    0.1101
    """
    load = as_array(load)
    blocked: Array = np.ones_like(load)
    for n in range(1, places + 1):
        blocked = load * blocked / (n + load * blocked)
        if not np.any(values_of(blocked)):  # so many servers that none is ever missed: more change nothing
            break
    return blocked


def _poisson_tail(count: int, mean: Array) -> Array:
    """P(N >= count) for a Poisson count: the terms from ``count`` on where the mean is below it, else one less those
    before it. Sums of so few terms need no library.

    >>> round(float(_poisson_tail(2, np.array([1.0]))[0]), 6)  # 1 - 2 / e
    0.264241
    """
    mean = np.maximum(mean, 1e-300)
    below = np.minimum(mean, float(count))
    term = np.exp(count * np.log(below) - below - math.lgamma(count + 1))
    rare = term
    for n in range(count + 1, count + 19 + math.ceil(9 * math.sqrt(count))):
        term = term * below / n
        rare = rare + term
    first = before = np.exp(-mean)
    for n in range(1, count):
        first = first * mean / n
        before = before + first
    tail: Array = np.where(mean < count, rare, 1.0 - before)
    return tail


def blocked_share(queue: Queue) -> Array:
    """Return the probability in each bin that the job waits, by formula: Erlang B of the failures of one repair time.

    Up to the first repair no server has come back, and the probability is that of more failures than spares. Exact in
    the long run and before the first repair; within about a tenth between them.
    """
    nodes = _quadrature(queue.edges_s)
    repair = queue.mean_repair_s
    if places(queue) is not None:
        nodes = nodes[..., None]  # the points of a batch are the last axis
    now, before = (_hazard_until(times, queue) for times in (nodes, nodes - repair))
    load = (now - before) * (1 + queue.batch_share * (queue.batch - 1))
    ready = queue.spares + len(queue.late_s) + 1
    if queue.shrink:
        missing: Array = _missing(load, ready - 1).mean(axis=1)
        return missing
    early = nodes <= repair
    blocked = erlang_b(ready, load)
    if not isinstance(early, np.ndarray) or early.any():
        blocked = np.where(early, _poisson_tail(ready, load), blocked)
    share: Array = blocked.mean(axis=1)
    return share


def _hazard_until(times: Array, queue: Queue) -> Array:
    """Failures expected from the start of the run to some instants."""
    if len(queue.edges_s) > 2:
        return np.interp(times, queue.edges_s, queue.hazard)
    end = queue.edges_s[-1]
    until: Array = np.clip(times, 0.0, end) * (queue.hazard[-1] / end)
    return until


@lru_cache(maxsize=64)
def _quadrature(edges_s: tuple[float, ...]) -> Array:
    """Instants in each bin at equal weight, enough that a repair time much shorter than the run is seen."""
    edges = np.asarray(edges_s)
    per_bin = 32 if edges.size == 2 else 8
    inside = (np.arange(per_bin) + 0.5) / per_bin
    return np.asarray(edges[:-1, None] + np.diff(edges)[:, None] * inside)


def _missing(load: Array, spares: int) -> Array:
    """Mean of (N - spares)+ for N Poisson: load P(N >= spares) - spares P(N >= spares + 1)."""
    if spares == 0:
        return load
    return load * _poisson_tail(spares, load) - spares * _poisson_tail(spares + 1, load)


def mean_waits(queue: Queue) -> Waits:
    """Return the mean wait in each bin of the run.

    The formula where waits are rare, the replay where they are common, and between the two a passage from one to the
    other; what the formula does not know (technicians, late spares, failed repairs, several servers at once) is added
    as the difference of two replays on the same random numbers. Points of a batch may go each way.
    """
    found: Waits = each_group(_mean_waits, queue)
    return found


def _mean_waits(queue: Queue) -> Waits:
    formula = blocked_share(queue)
    widths = np.diff(queue.edges_s)
    overall = number(formula @ widths) / queue.edges_s[-1]
    if queue.failures <= 0 or (overall < 1e-12 and queue.plain):
        return Waits(formula, 0.0, False)
    if queue.shrink and queue.failures > MOST_SHRUNK:
        return Waits(formula, 0.0, False)  # hardly a server is left: who repairs it changes nothing
    mix = _weight_of_replay(queue, overall)
    if mix == 0.0 and queue.plain:
        return Waits(formula, 0.0, False)
    if places(queue) is not None:
        found: Waits = each_point(_mean_waits, queue)
        return found
    plain = replace(
        queue, spares=queue.spares + len(queue.late_s), late_s=(), technicians=0, batch=1, batch_share=0.0,
        repair_s=queue.mean_repair_s, repair_fails=0.0,
        hazard=tuple(h * (1 + queue.batch_share * (queue.batch - 1)) for h in queue.hazard),
    )  # fmt: skip
    same = _replay(plain)
    mean = (1 - mix) * formula + mix * same.mean(axis=0)
    spread = mix * same
    if not queue.plain:
        actual = _replay(queue)
        mean = mean + (actual - same).mean(axis=0)
        spread = actual - (1 - mix) * same
    whole = spread @ widths / queue.edges_s[-1]
    half = 1.96 * float(whole.std(ddof=1)) / math.sqrt(whole.size)
    ceiling = np.inf if queue.shrink else 1.0
    return Waits(np.clip(mean, 0.0, ceiling), half, True)


def _weight_of_replay(queue: Queue, overall: float) -> float:
    """Between the formula (0) and the replay (1), so that neither hands over with a jump."""
    if queue.shrink:
        return 0.0  # the formula is exact: nothing holds the failures up
    waits = np.log(most(overall, 1e-300) / RARE) / math.log(TENFOLD)
    repairs = queue.edges_s[-1] / most(queue.mean_repair_s, 1e-9)
    heavy = least(1.0, most(0.0, (overall - MOSTLY[0]) / (MOSTLY[1] - MOSTLY[0])))
    few = np.log(MANY_REPAIRS * TENFOLD**heavy / repairs) / math.log(QUARTER)
    if len(queue.edges_s) > 2:
        few = 1.0  # rates that move leave the formula behind
    weight = 1.0
    for part in (waits, few, (repairs - 1.0) / SLIGHTLY):
        weight *= least(1.0, most(0.0, part))
    return weight


@lru_cache(maxsize=16)
def _gaps(replays: int, columns: int) -> Array:
    """Exponential gaps of unit mean; the same for every question, and a longer table begins with the shorter one."""
    blocks = [
        np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(block,))).exponential(
            size=(REPLAYS[0][1], 64)
        )
        for block in range(columns // 64)
    ]
    return np.hstack(blocks)[:replays]


@lru_cache(maxsize=16)
def _uniforms(replays: int, columns: int) -> Array:
    rng = np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(1_000_000,)))
    return rng.random((columns, REPLAYS[0][1])).T[:replays]


def _replay(queue: Queue) -> Array:
    """Return the share of each bin spent waiting in each replay (rows)."""
    replays = next(count for most, count in REPLAYS if queue.failures <= most)
    if len(queue.edges_s) > 2:
        replays = min(replays, BINNED_REPLAYS)
    mean = min(queue.failures, _most_failures(queue))
    columns = 64 * math.ceil((mean + 6 * math.sqrt(mean) + 8) / 64)
    replay = _one_by_one if queue.late_s or queue.batch_share else _in_blocks
    return replay(queue, replays, columns) / np.diff(queue.edges_s)


def _most_failures(queue: Queue) -> float:
    """Servers that can fail at most in the run: each that may is there once at first, and then once a repair."""
    quickest = min(queue.repairs_s) if queue.batch_share else queue.mean_repair_s
    if queue.shrink or quickest <= 0:
        return math.inf
    servers = queue.spares + len(queue.late_s) + 1
    return servers * (queue.edges_s[-1] / quickest + 1.0)


def _events(queue: Queue, replays: int, columns: int) -> tuple[Array, NDArray[np.bool_]]:
    """Gaps between server failures in units of the hazard, and which belong to a failure of several servers.

    Of those that fail together, all but the first come without a gap.
    """
    gaps, several = _gaps(replays, columns), np.zeros((replays, columns), dtype=bool)
    if queue.batch_share == 0 or queue.batch < 2:
        return gaps, several
    gaps, draws = gaps.copy(), _uniforms(replays, columns)
    left = np.zeros(replays, dtype=int)
    for i in range(columns):
        follows = left > 0
        begins = ~follows & (draws[:, i] < queue.batch_share)
        gaps[follows, i] = 0.0
        several[:, i] = follows | begins
        left = np.where(follows, left - 1, np.where(begins, queue.batch - 1, 0))
    return gaps, several


def _in_blocks(queue: Queue, replays: int, columns: int) -> Array:
    """The queue without late spares: each spare is the repaired server of ``spares`` failures before.

    A failure that finds no spare waits until it is repaired; along the sum of the gaps that is a running maximum, so a
    block of as many failures as there are spares (and technicians) is one step.
    """
    edges, hazard = np.asarray(queue.edges_s), np.asarray(queue.hazard)
    total = np.cumsum(_gaps(replays, columns), axis=1)
    crew, lag = queue.technicians or columns, queue.spares
    back = np.full((replays, columns), -np.inf)
    waited = np.zeros((replays, edges.size - 1))
    ahead = np.zeros((replays, 1))
    size = max(1, min(lag, crew))
    for start in range(0, columns, size):
        block = slice(start, min(columns, start + size))
        sums = total[:, block]
        ready = back[:, start - lag : block.stop - lag] if start >= lag > 0 else None
        before, ahead = _levels(queue, sums, ready, ahead, edges, hazard)
        failed = _time_of(before + sums, edges, hazard)
        begun = np.maximum(failed, back[:, start - crew : block.stop - crew]) if start >= crew else failed
        back[:, block] = begun + queue.mean_repair_s
        if lag == 0:
            # The job waits for the very server that failed.
            ready = back[:, block]
            if not queue.shrink:
                ahead = _hazard_at(ready, edges, hazard) - sums
        if ready is not None:
            _add_overlap(waited, failed, np.maximum(failed, ready), edges)
        if failed[:, -1].min() >= edges[-1]:
            break
    return waited


def _levels(
    queue: Queue, sums: Array, ready: Array | None, ahead: Array, edges: Array, hazard: Array
) -> tuple[Array, Array]:
    """How far waits have pushed the hazard ahead of the sum of the gaps: before each failure of a block, and after it.

    r_i - E_i = max(r_(i-1) - E_(i-1), H(ready_i) - E_i) with E the sum of the gaps and r the level at which the job
    goes on.
    """
    if ready is None or queue.shrink:
        return np.broadcast_to(ahead, sums.shape), ahead
    pushed = np.concatenate((ahead, _hazard_at(ready, edges, hazard) - sums), axis=1)
    np.maximum.accumulate(pushed, axis=1, out=pushed)
    return pushed[:, :-1], pushed[:, -1:]


def _one_by_one(queue: Queue, replays: int, columns: int) -> Array:
    """The queue with spares that must first be made ready (each taken once, when no ready one is left), and batches.

    One failed server a step in all replays: it goes to the technician who is free first, and the spare that is ready
    first takes its place.
    """
    edges, hazard = np.asarray(queue.edges_s), np.asarray(queue.hazard)
    gaps, several = _events(queue, replays, columns)
    late = np.array([*queue.late_s, np.inf])
    single_repair, batch_repair = queue.repairs_s
    rows = np.arange(replays)
    ready = np.full((replays, queue.spares + len(queue.late_s) + 1), np.inf)
    ready[:, : queue.spares] = 0.0
    crew = np.zeros((replays, queue.technicians))
    called = np.zeros(replays, dtype=int)
    now, struck = np.zeros((2, replays))
    waited = np.zeros((replays, edges.size - 1))
    for i in range(columns):
        failed = _time_of(_hazard_at(now, edges, hazard) + gaps[:, i], edges, hazard)
        struck = np.where(several[:, i] & (gaps[:, i] == 0), struck, failed)
        repair = np.where(several[:, i], batch_repair, single_repair)
        back = _repaired(crew, struck, repair)
        first = np.argmin(ready[:, :-1], axis=1) if ready.shape[1] > 1 else np.zeros(replays, dtype=int)
        calls = (ready[rows, first] > failed) & (called < len(queue.late_s))
        slot = np.where(calls, np.minimum(queue.spares + called, ready.shape[1] - 1), first)
        # Its own return may come before that of any spare.
        own = ~calls & (back < ready[rows, slot])
        resumed = np.where(
            calls, failed + late[called], np.maximum(np.where(own, back, ready[rows, slot]), failed)
        )
        ready[rows, slot] = np.where(own, ready[rows, slot], back)
        called += calls
        _add_overlap(waited, failed[:, None], resumed[:, None], edges)
        now = failed if queue.shrink else resumed
        if now.min() >= edges[-1]:
            break
    return waited


def _repaired(crew: Array, failed: Array, repair: Array) -> Array:
    """When a server is repaired by the technician who is free first; ``crew`` is when each is, and is moved on."""
    if crew.shape[1] == 0:
        return failed + repair
    rows, free = np.arange(failed.size), np.argmin(crew, axis=1)
    back = np.maximum(failed, crew[rows, free]) + repair
    crew[rows, free] = back
    return np.asarray(back)


def _time_of(level: Array, edges: Array, hazard: Array) -> Array:
    """The time at which the hazard has added up to ``level``; beyond the run at the mean rate."""
    if edges.size == 2:
        return np.asarray(level * (edges[-1] / hazard[-1]))
    beyond = np.maximum(0.0, level - hazard[-1]) * (edges[-1] / hazard[-1])
    return np.asarray(np.interp(level, hazard, edges) + beyond)


def _hazard_at(time: Array, edges: Array, hazard: Array) -> Array:
    """The hazard that has added up by ``time``; the inverse of ``_time_of``."""
    if edges.size == 2:
        return np.asarray(time * (hazard[-1] / edges[-1]))
    beyond = np.maximum(0.0, time - edges[-1]) * (hazard[-1] / edges[-1])
    return np.asarray(np.interp(time, edges, hazard) + beyond)


def _add_overlap(waited: Array, begin: Array, end: Array, edges: Array) -> None:
    """Add the time between ``begin`` and ``end`` that falls into each bin."""
    for k in range(edges.size - 1):
        inside = np.minimum(end, edges[k + 1]) - np.maximum(begin, edges[k])
        waited[:, k] += np.maximum(0.0, inside).sum(axis=1)
