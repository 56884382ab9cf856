"""Replicas under one SimPy clock: who takes a request, who comes next, what happens when it ends or is lost.

The replicas advance lazily (`replica`): SimPy carries only what happens between them. Where something reacts to an end
(closed loop, disaggregation, failures, autoscaling) a calendar of the replicas' next changes is kept, and one SimPy
event stands at its earliest entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import inf, nextafter
from typing import Any

import simpy

from clustersim.des.serving.book import FAILED, IN_FLIGHT, Book
from clustersim.des.serving.replica import Replica
from clustersim.des.serving.router import Router
from clustersim.des.serving.settings import Failures, Transfer

__all__ = ["Cluster"]

_LATE = 2  # after everything that SimPy runs at the same instant


@dataclass(slots=True)
class Cluster:
    """The replicas, their routers, and what is known of their next changes."""

    env: Any
    book: Book
    replicas: list[Replica]
    entry: Router
    onward: Router | None
    calendar: list[tuple[float, int, int]] = field(default_factory=list)
    version: list[int] = field(default_factory=list)
    armed: float = inf
    parked: list[int] = field(default_factory=list)
    link_free: dict[int, float] = field(default_factory=dict)
    transfer: Transfer | None = None
    failures: Failures | None = None
    on_end: Callable[[int], None] | None = None
    left: int = 0
    failed: int = 0
    reactive: bool = False
    watched: bool = False
    held: set[int] = field(default_factory=set)
    """Replicas that are paid for and take requests while they are up; autoscaling changes it."""

    def dispatch(self, request: int, now: float) -> None:
        """Send a request to a replica of the entry pool, or park it while none is up."""
        if self.watched:
            self.catch_up(now)
        index = self.entry.choose(self.book, request)
        if index < 0:
            self.parked.append(request)
            return
        self.put(index, request, now, ready=False)

    def put(self, index: int, request: int, now: float, *, ready: bool) -> None:
        """Queue a request at a replica that has been brought up to ``now``."""
        replica = self.replicas[index]
        replica.advance(now)
        accepted = replica.push(request, now, ready=ready)
        if self.watched:
            self.watch(index)
        if not accepted:
            self.ended(request)

    def watch(self, index: int, when: float | None = None) -> None:
        """Note when the replica next changes (``when`` where that is known), and refresh what routers know of it."""
        replica = self.replicas[index]
        self.version[index] = version = self.version[index] + 1
        if when is None:
            when = replica.next_event()
        if when < inf:
            heappush(self.calendar, (when, index, version))
        load = replica.load
        self.entry.update(index, load)
        if self.onward is not None:
            self.onward.update(index, load)
        if self.reactive:
            self.arm()

    def arm(self) -> None:
        """Keep one SimPy event at the calendar's earliest entry."""
        when = self.calendar[0][0] if self.calendar else inf
        if when < self.armed:
            self.armed = when
            event = simpy.Event(self.env)
            event._ok, event._value = True, None
            event.callbacks.append(self.tick)
            self.env.schedule(event, priority=_LATE, delay=max(when - self.env.now, 0.0))

    def tick(self, _: object) -> None:
        """Bring every replica up to now whose change is due, starts at this very instant included."""
        # The sum of now and a delay may fall an ulp short of the entry's time: take the entry's. An event
        # that an earlier one overtook finds a later time armed and has nothing to do.
        if self.armed > self.env.now * (1 + 1e-14) + 1e-14:
            return
        now, self.armed = max(self.env.now, self.armed), inf
        while self.calendar and self.calendar[0][0] <= now:
            self.catch_up(now, starts=True)
        self.arm()

    def catch_up(self, now: float, *, starts: bool = False) -> None:
        """Advance the replicas whose next change lies at or before ``now``."""
        kept: list[tuple[float, int, int]] = []
        while self.calendar and self.calendar[0][0] <= now:
            when, index, version = heappop(self.calendar)
            if version < 0:
                self.deliver(index, now)
                continue
            if version != self.version[index]:
                continue
            replica = self.replicas[index]
            if when == now == replica.clock and not starts:
                kept.append((when, index, version))
                continue
            replica.advance(nextafter(when, inf) if when == replica.clock else when)
            if self.reactive:
                self.deliver(index, now)
                self.watch(index)
            else:
                self.watch(index, self.follow(replica, now))
        for item in kept:
            heappush(self.calendar, item)

    def follow(self, replica: Replica, now: float) -> float:
        """Take the changes before ``now`` in one go, of which nobody has to hear; return when the next one is due."""
        when = replica.next_event()
        while when < now:
            replica.advance(nextafter(when, inf) if when == replica.clock else when)
            when = replica.next_event()
        return when

    def deliver(self, index: int, now: float) -> None:
        """Act on what ended at a replica up to now; come back later for what ends after now."""
        replica = self.replicas[index]
        if not replica.done:
            return
        due = [item for item in replica.done if item[0] <= now]
        replica.done = [item for item in replica.done if item[0] > now]
        for when, _ in replica.done:
            heappush(self.calendar, (when, index, -1))
        for when, request in due:
            if self.book.status[request] == IN_FLIGHT:
                self.hand_over(index, request, when)
            else:
                self.ended(request)

    def ended(self, request: int) -> None:
        self.left -= 1
        if self.on_end is not None:
            self.on_end(request)

    def hand_over(self, index: int, request: int, when: float) -> None:
        """Send the prompt's cache over the prefill replica's link, one after another, to a decode replica."""
        assert self.transfer is not None
        start = max(when, self.link_free.get(index, 0.0))
        free = start + self.transfer.token_s * self.book.prompt[request]
        self.link_free[index] = free
        event = self.env.timeout(
            max(free + self.transfer.beside_s(self.book.prompt[request]) - self.env.now, 0.0)
        )
        event.callbacks.append(lambda _: self.receive(request))

    def receive(self, request: int) -> None:
        """The cache has arrived: queue the request at a decode replica."""
        assert self.onward is not None
        now = self.env.now
        self.catch_up(now)
        index = self.onward.choose(self.book, request)
        if index < 0:  # nobody to decode: compute it again when somebody is back
            self.parked.append(request)
            return
        self.put(index, request, now, ready=True)

    def retry(self, request: int, now: float) -> None:
        """Send a lost request again, or give it up after its last try."""
        book = self.book
        assert self.failures is not None
        tries = book.retries.get(request, 0) + 1
        book.retries[request] = tries
        if tries > self.failures.max_retries:
            book.status[request] = FAILED
            book.finish[request] = now
            self.ended(request)
            return
        self.dispatch(request, now)

    def set_open(self, index: int, opened: bool) -> None:
        """Tell the routers whether a replica takes requests; unpark what waited for one."""
        for router in (self.entry, self.onward):
            if router is not None:
                router.set_open(index, opened, self.replicas[index].load)
        if opened and self.parked:
            waiting, self.parked = self.parked, []
            for request in waiting:
                self.dispatch(request, self.env.now)
