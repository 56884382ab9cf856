"""The queue: who is next by the policy's order, and who of each size could go ahead of one that does not fit."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Container
from typing import TypeVar

from clustersim.des.jobs.floor import Need

__all__ = ["Line", "Order"]

#: (minus priority, what the policy orders by, arrival, a number that is never the same twice)
Order = tuple[float, float, float, int]
Shape = tuple[float, str, int]
K = TypeVar("K")


class Line:
    """Jobs that wait. What was removed stays in the heaps until it comes up, and is then dropped."""

    def __init__(self, tenant_rank: Callable[[str], float]) -> None:
        self._rank = tenant_rank
        self._token: dict[int, int] = {}
        self._next = 0
        #: By priority and tenant: the jobs in order.
        self._orders: dict[tuple[float, str], list[tuple[Order, int]]] = {}
        #: By need, then by priority, tenant and power of two of the time: the jobs in order.
        self._lines: dict[Need, dict[Shape, list[tuple[Order, int]]]] = {}

    def __len__(self) -> int:
        return len(self._token)

    def __contains__(self, job: int) -> bool:
        return job in self._token

    def push(
        self, job: int, *, priority: int, tenant: str, need: Need, weight: float, arrived: float, time: float
    ) -> None:
        """Queue a job; ``weight`` is what the policy orders by within a priority, ``time`` how long it may last."""
        self._next += 1
        self._token[job] = self._next
        order = (-float(priority), weight, arrived, self._next)
        heapq.heappush(self._orders.setdefault((-float(priority), tenant), []), (order, job))
        shape = (-float(priority), tenant, _power(time))
        heapq.heappush(self._lines.setdefault(need, {}).setdefault(shape, []), (order, job))

    def remove(self, job: int) -> None:
        """Take a job out."""
        del self._token[job]

    def first(self, skip: Container[str]) -> int | None:
        """Return the job that is next, leaving out the tenants in ``skip``, or None."""
        best: tuple[float, float, Order, int] | None = None
        for key in list(self._orders):
            if key[1] in skip:
                continue
            head = self._head(self._orders, key)
            if head is not None:
                rank = (key[0], self._rank(key[1]), *head)
                best = rank if best is None else min(best, rank)
        return None if best is None else best[-1]

    def needs(self) -> list[Need]:
        """Return what those who wait need, each once."""
        return list(self._lines)

    def heads(
        self, need: Need, skip: Container[str], within_s: float
    ) -> list[tuple[float, float, Order, int]]:
        """Return the first of every tenant, priority and power of two of the time among those of a need.

        Left out are those that surely last longer than ``within_s``.
        """
        heads: list[tuple[float, float, Order, int]] = []
        lines = self._lines.get(need, {})
        longest = _power(within_s)
        for key in list(lines):
            head = None if key[2] > longest or key[1] in skip else self._head(lines, key)
            if head is not None:
                heads.append((key[0], self._rank(key[1]), *head))
        if not lines:
            self._lines.pop(need, None)
        return heads

    def _head(self, heaps: dict[K, list[tuple[Order, int]]], key: K) -> tuple[Order, int] | None:
        """Return the first of a heap that still waits; an empty heap is forgotten."""
        heap = heaps[key]
        while heap and self._token.get(heap[0][1]) != heap[0][0][3]:
            heapq.heappop(heap)
        if not heap:
            del heaps[key]
            return None
        return heap[0]


def _power(time: float) -> int:
    """Return the power of two below a time: jobs of one shape are within a factor of two of each other."""
    return math.frexp(time)[1] if math.isfinite(time) else 9999
