"""The queue for spares replayed on random numbers that are the same for every question."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clustersim.columns import least

__all__ = ["Queue", "replay"]

Array = NDArray[np.float64]

SEED = 20_410_680
#: Replays of the queue: (failures in the run, replays), fewer where each holds many and is its own average.
REPLAYS = ((60.0, 1024), (240.0, 256), (math.inf, 128))
BINNED_REPLAYS = 256


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


def replay(queue: Queue) -> Array:
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
