"""A fleet of any size serving any number of requests in bounded memory: what has ended leaves the book part by part.

The replicas, their router and their arithmetic are those of `cluster.simulate`, and every request fares as it does
there. Where numba is installed a compiled loop does the same to the bit (`fleet_loop`). Only the book is short: a
request that has ended is counted and handed on, and its place is taken by a new one. What is kept is what is in
service, a part of the stream, and histograms (`sketch`) for the percentiles.

Not here, because they need the whole run or react to an end: failures, autoscaling, users who wait for answers, split
pools, known prefix blocks, the log of iterations (and with it use and energy).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Protocol

import numpy as np
import simpy
from numpy.typing import NDArray

from clustersim.compiled import COMPILES
from clustersim.des.serving.book import FAILED, REJECTED, STATUS_NAMES, Book, Requests
from clustersim.des.serving.dispatch import Cluster
from clustersim.des.serving.metrics import Slo, rows_of, within_slo
from clustersim.des.serving.replica import Replica
from clustersim.des.serving.router import Router
from clustersim.des.serving.settings import Pool
from clustersim.des.serving.sketch import Sketch
from clustersim.errors import InputError

__all__ = ["FleetSummary", "serve_parts"]

Rows = Mapping[str, NDArray[Any]]

#: Requests of a part from which a stream is long enough for the compiled loop, which takes half a minute to be
#: compiled when a machine first runs it.
COMPILED_FROM = 200_000


@dataclass(slots=True)
class FleetSummary:
    """The figures of a run that was counted part by part; times in seconds, rates per second until the last end.

    ``percentile_error`` is the most that a percentile is off by, relative; means, counts and shares are exact.
    ``mean_in_system`` is the time average of the requests in the system.
    """

    requests: int = 0
    completed: int = 0
    rejected: int = 0
    failed: int = 0
    preemptions: int = 0
    start_s: float = inf
    last_arrival_s: float = 0.0
    end_s: float = 0.0
    prompt_tokens: int = 0
    output_tokens: int = 0
    within: int = 0
    in_system_s: float = 0.0
    parts: int = 0
    most_in_book: int = 0
    ttft: Sketch = field(default_factory=Sketch)
    tpot: Sketch = field(default_factory=Sketch)
    e2e: Sketch = field(default_factory=Sketch)

    @property
    def span_s(self) -> float:
        """Seconds from the first arrival to the last end."""
        return max(self.end_s - self.start_s, 1e-12)

    def plain(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        ends = max(self.last_arrival_s - self.start_s, 1e-12)
        return {
            "requests": self.requests,
            "completed": self.completed,
            "rejected": self.rejected,
            "failed": self.failed,
            "preemptions": self.preemptions,
            "span_s": self.span_s,
            "offered_per_s": max(self.requests - 1, 1) / ends,
            "completed_per_s": self.completed / self.span_s,
            "prompt_tokens_per_s": self.prompt_tokens / self.span_s,
            "output_tokens_per_s": self.output_tokens / self.span_s,
            "ttft_s": self.ttft.figures(),
            "tpot_s": self.tpot.figures(),
            "e2e_s": self.e2e.figures(),
            "slo_share": self.within / max(self.requests, 1),
            "mean_in_system": self.in_system_s / self.span_s,
            "percentile_error": Sketch.error(),
            "parts": self.parts,
            "most_requests_in_memory": self.most_in_book,
        }

    def count(self, rows: Rows, slo: Slo) -> None:
        """Count the records of requests that have ended."""
        done = rows["status"] == STATUS_NAMES.index("completed")
        self.requests += len(done)
        self.completed += int(done.sum())
        self.rejected += int(np.sum(rows["status"] == REJECTED))
        self.failed += int(np.sum(rows["status"] == FAILED))
        self.preemptions += int(rows["preemptions"].sum())
        self.start_s = min(self.start_s, float(rows["arrival_s"].min()))
        self.last_arrival_s = max(self.last_arrival_s, float(rows["arrival_s"].max()))
        self.end_s = max(self.end_s, float(rows["finish_s"].max()))
        self.prompt_tokens += int(rows["prompt_tokens"][done].sum())
        self.output_tokens += int(rows["output_tokens"][done].sum())
        self.within += int(within_slo(rows, slo).sum())
        self.in_system_s += float(np.sum(rows["finish_s"] - rows["arrival_s"]))
        self.parts += 1
        for sketch, name in ((self.ttft, "ttft_s"), (self.tpot, "tpot_s"), (self.e2e, "e2e_s")):
            sketch.add(rows[name])


class Fleet(Protocol):
    """What serves a stream part by part, its requests in places that are used again."""

    @property
    def in_book(self) -> int: ...

    def serve(self, requests: Requests) -> None: ...

    def finish(self) -> None: ...

    def ended(self) -> dict[str, NDArray[Any]] | None: ...


class PlainFleet:
    """The replicas of `cluster.simulate` behind its router, and a book whose places are used again."""

    def __init__(self, pool: Pool, router: str, cached_share: float) -> None:
        self.book, self.cached_share, self.taken = Book([], [], []), cached_share, 0
        self.numbers: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.free: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.cluster = _cluster(self.book, pool, router)

    @property
    def in_book(self) -> int:
        """Requests that have a place."""
        return len(self.numbers) - int(self.free.size)

    def serve(self, requests: Requests) -> None:
        """Take the next requests of the stream in, each when it comes."""
        first, slots, when = self.taken, self._take(requests), requests.arrival.tolist()
        if not self.cluster.watched:
            _in_turn(self.cluster.replicas, slots, when, first)
            return
        for slot, at in zip(slots, when, strict=True):
            self.cluster.dispatch(slot, at)

    def finish(self) -> None:
        """Serve what is still there to its end."""
        for replica in self.cluster.replicas:
            replica.advance(inf)

    def _take(self, requests: Requests) -> list[int]:
        """Write the next requests of the stream into free places; return those."""
        count = len(requests)
        while self.free.size < count:
            self._grow(count)
        mine, self.free = np.sort(self.free[:count]), self.free[count:]
        self.numbers[mine] = self.taken + np.arange(count)
        self.taken += count
        slots: list[int] = mine.tolist()
        book = self.book
        three = zip(
            requests.arrival.tolist(), requests.prompt.tolist(), requests.output.tolist(), strict=True
        )
        for slot, (arrival, prompt, output) in zip(slots, three, strict=True):
            book.arrival[slot], book.prompt[slot], book.output[slot] = arrival, prompt, output
        for column in (book.admitted, book.first, book.finish):
            np.frombuffer(column)[mine] = np.nan
        np.frombuffer(book.replica, dtype=np.intc)[mine] = -1
        if self.cached_share > 0:
            book.cached.update((slot, int(self.cached_share * book.prompt[slot])) for slot in slots)
        return slots

    def _grow(self, count: int) -> None:
        book, old = self.book, len(self.numbers)
        fresh = Book([0.0] * count, [1] * count, [1] * count)
        for name in ("arrival", "prompt", "output", "admitted", "first", "finish", "status", "replica"):
            getattr(book, name).extend(getattr(fresh, name))
        self.numbers = np.concatenate([self.numbers, np.zeros(count, dtype=np.int64)])
        self.free = np.concatenate([self.free, np.arange(old, old + count)])

    def ended(self) -> dict[str, NDArray[Any]] | None:
        """Return the records of what has ended, in the stream's order, and free its places; None where nothing has."""
        book = self.book
        status = np.frombuffer(book.status, dtype=np.uint8)
        slots = np.flatnonzero(status > 1)
        if not slots.size:
            return None
        slots = slots[np.argsort(self.numbers[slots])]
        rows = rows_of(book, slots) | {"request": self.numbers[slots]}
        status[slots] = 0
        self.free = np.concatenate([self.free, slots])
        gone = slots.tolist()
        for kept in (book.cached, book.preemptions, book.produced, book.retries):
            if kept:
                for slot in gone:
                    kept.pop(slot, None)
        return rows


def serve_parts(
    parts: Iterable[Requests],
    pool: Pool,
    *,
    router: str = "round_robin",
    slo: Slo | None = None,
    cached_share: float = 0.0,
    keep: Callable[[int, Rows], None] | None = None,
) -> FleetSummary:
    """Serve a stream that comes in parts, one after another in time, and count what became of it.

    ``keep`` takes the number of a part and the records (`metrics.records`, the status as a code) of what ended while it
    came: every request once, in the order of the stream within a part. Memory is that of two parts and of what is in
    service.

    >>> from clustersim.des.serving.rules import Batching, ReplicaCost
    >>> cost = ReplicaCost(tuple(0.02 + 5e-5 * n for n in range(2305)), 5e-5, 1e-7, 0.0, 0.0, 400_000)
    >>> one = Requests(np.array([0.0, 1.0]), np.array([100, 200]), np.array([2, 2]))
    >>> two = Requests(np.array([2.0]), np.array([100]), np.array([2]))
    >>> found = serve_parts([one, two], Pool(2, cost, Batching(2048, 256)))
    >>> found.requests, found.completed, found.ttft.count
    (3, 3, 3)

    Raises InputError for prefix blocks, and for parts that are not one after another.
    """
    level, summary, before = slo or Slo(), FleetSummary(), 0.0
    fleet: Fleet | None = None
    for number, part in enumerate(parts):
        fleet = fleet or _fleet(pool, router, cached_share, len(part))
        if part.blocks or part.follows is not None:
            raise InputError("requests that come in parts can have no prefix blocks and no turns")
        if float(part.arrival[0]) < before:
            raise InputError("parts of a stream must come one after another in time")
        before = float(part.arrival[-1])
        fleet.serve(part)
        summary.most_in_book = max(summary.most_in_book, fleet.in_book)
        _count(summary, fleet, level, keep, number)
    if fleet is not None:
        fleet.finish()
        _count(summary, fleet, level, keep, summary.parts)
    return summary


def _fleet(pool: Pool, router: str, cached_share: float, part: int) -> Fleet:
    """What serves a stream in parts of this size: the compiled loop where it is there and worth its compilation."""
    if COMPILES and part >= COMPILED_FROM:
        from clustersim.des.serving.fleet_compiled import CompiledFleet, covers

        if covers(pool):
            return CompiledFleet(pool, router, cached_share)
    return PlainFleet(pool, router, cached_share)


def _in_turn(replicas: list[Replica], slots: list[int], when: list[float], first: int) -> None:
    """Deal requests out in turn, one replica after the other: none hears of another, and each stays in the processor's
    cache for a while."""
    count = len(replicas)
    for i, replica in enumerate(replicas):
        begin = (i - first) % count
        for slot, at in zip(slots[begin::count], when[begin::count], strict=True):
            replica.advance(at)
            replica.push(slot, at)


def _cluster(book: Book, pool: Pool, router: str) -> Cluster:
    """The replicas behind their router."""
    replicas = [Replica(book, pool.cost, pool.batching, index=i, log=False) for i in range(pool.replicas)]
    entry = Router(router, range(pool.replicas))
    cluster = Cluster(simpy.Environment(), book, replicas, entry, None, version=[0] * len(replicas))
    cluster.watched = router != "round_robin"
    cluster.held = set(range(pool.replicas))
    return cluster


def _count(
    summary: FleetSummary,
    fleet: Fleet,
    slo: Slo,
    keep: Callable[[int, Rows], None] | None,
    number: int,
) -> None:
    rows = fleet.ended()
    if rows is None:
        return
    summary.count(rows, slo)
    if keep is not None:
        keep(number, rows)
