"""Who starts now: the first by the policy, whom it may send back, and who may go ahead of one that does not fit."""

from __future__ import annotations

import heapq
import math
from dataclasses import replace

from clustersim.des.jobs.evict import victims
from clustersim.des.jobs.floor import Need, Piece
from clustersim.des.jobs.line import Order
from clustersim.des.jobs.model import WHOLE
from clustersim.des.jobs.reserve import Reservation
from clustersim.des.jobs.state import State

__all__ = ["Dispatch"]


class Dispatch:
    """The policy's decisions over a state; ``settle`` is asked once all events of one moment are known."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.blocked: int | None = None
        self.reservation: Reservation | None = None

    def settle(self) -> None:
        """Start whom the policy lets start now."""
        came, freed = self.state.came, self.state.freed
        self.state.came, self.state.freed = [], False
        if not came and not freed:
            return
        held_back: set[str] = set()
        if (
            freed
            or self.blocked is None
            or self.blocked not in self.state.line
            or self._next(held_back) != self.blocked
        ):
            self._start_firsts()
        elif self.state.policy.backfill != "none":
            for index in came:
                if index in self.state.line and not self._over_quota(index):
                    self._try_ahead(index)
        if not len(self.state.line):
            self._grow()
        self.state.came, self.state.freed = [], False
        self.state.note_fragment(self._stranded())

    def _next(self, held_back: set[str]) -> int | None:
        """Return who is next, leaving out tenants at their quota."""
        while True:
            index = self.state.line.first(held_back)
            if index is None:
                return None
            if not self._over_quota(index):
                return index
            held_back.add(self.state.jobs[index].tenant)

    def _start_firsts(self) -> None:
        self.blocked = self.reservation = None
        held_back: set[str] = set()
        while (index := self._next(held_back)) is not None:
            pieces = self.state.place(index)
            if pieces is None:
                pieces = self._preempt_for(index)
            if pieces is None:
                self.blocked = index
                self._go_ahead(held_back)
                return
            self.state.start(index, pieces)

    def _preempt_for(self, index: int) -> list[Piece] | None:
        priority = self.state.jobs[index].priority
        lower = any(count for level, count in self.state.priorities.items() if level < priority)
        if not self.state.policy.preempt or not lower:
            return None
        gone = victims(
            self.state.needs[index], priority, self.state.floor, self.state.holds, self.state.ends.on
        )
        if not gone:
            return None
        for victim in gone:
            self.state.accounts[victim].preemptions += 1
            self.state.stop(victim, announced=False)
            self.state.requeue(victim)
        return self.state.floor.fit(self.state.needs[index])

    def _go_ahead(self, held_back: set[str]) -> None:
        """Let those start who do not delay the first, as the policy has it, in the policy's order."""
        if self.state.policy.backfill == "none":
            return
        candidates: list[tuple[tuple[float, float, Order, int], Need]] = []

        def consider(need: Need) -> None:
            found = self._candidate(need, held_back)
            if found is not None:
                heapq.heappush(candidates, (found, need))

        for need in self.state.line.needs():
            consider(need)
        while candidates:
            (*_, index), need = heapq.heappop(candidates)
            self._try_ahead(index)
            consider(need)

    def _candidate(self, need: Need, held_back: set[str]) -> tuple[float, float, Order, int] | None:
        """Return the first of a need that may go ahead now."""
        if self.state.floor.fit(need) is None:
            return None
        kept = self._kept_for_first()
        free = not kept.servers or self.state.floor.fit(need, kept.servers) is not None
        heads = self.state.line.heads(need, held_back, math.inf if free else kept.time_s - self.state.now)
        if not free:
            heads = [head for head in heads if self._would_end(head[-1]) <= kept.time_s]
        able = [head for head in heads if head[-1] != self.blocked and not self._over_quota(head[-1])]
        return min(able, default=None)

    def _kept_for_first(self) -> Reservation:
        if self.reservation is None:
            asked = self.state.policy.backfill == "reserve" and self.blocked is not None
            self.reservation = (
                self.state.ends.reserve(self.state.needs[self.blocked], self.state.floor, self.state.now)
                if asked and self.blocked is not None
                else Reservation(math.inf, frozenset())
            )
        return self.reservation

    def _would_end(self, index: int) -> float:
        """When a job that starts now ends by what its owner says."""
        job = self.state.jobs[index]
        return (
            self.state.now
            + (job.restart_s if self.state.owes[index] else 0.0)
            + max(job.said_s - self.state.done[index], 0.0)
        )

    def _over_quota(self, index: int) -> bool:
        return self.state.usage.over_quota(self.state.jobs[index].tenant, self.state.jobs[index].cards)

    def _try_ahead(self, index: int) -> None:
        pieces = self.state.place(index, self._kept_for_first().avoid(self._would_end(index)))
        if pieces is not None:
            self.state.start(index, pieces)

    def _grow(self) -> None:
        """Give elastic jobs more where nobody waits and the time saved is more than the restart."""
        for index in list(self.state.elastic):
            hold, need = self.state.holds[index], self.state.needs[index]
            missing = need.thousandths - hold.thousandths
            more = self.state.floor.fit(replace(need, thousandths=missing))
            if more is None:
                continue
            left = hold.ends_s - self.state.now
            pace = need.thousandths / hold.thousandths
            if left - left / pace > self.state.jobs[index].restart_s:
                self.state.stop(index, announced=True)
                self.state.start(index, hold.pieces + more)

    def _stranded(self) -> float:
        """Free cards, enough for the first in the queue, but not where it can use them."""
        if self.blocked is None or self.blocked not in self.state.line:
            return 0.0
        need = self.state.needs[self.blocked]
        free = max(self.state.floor.total_free[group] for group in need.groups)
        return free / WHOLE if free >= need.thousandths > 0 else 0.0
