"""Servers and a time for the first that does not fit, so that none that goes ahead of it may delay it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersim.des.jobs.floor import Floor, Need
from clustersim.des.jobs.model import WHOLE

__all__ = ["Ends", "Reservation"]


@dataclass(frozen=True, slots=True)
class Reservation:
    """Servers that are kept for one job from a time on: whoever is done by then may still use them."""

    time_s: float
    servers: frozenset[int]

    def avoid(self, end_s: float) -> frozenset[int]:
        """Return the servers that a job which ends then must leave alone."""
        return frozenset() if end_s <= self.time_s else self.servers


class Ends:
    """When each server is expected to be empty, by what the owners of its jobs say."""

    def __init__(self, servers: int) -> None:
        self._jobs: list[dict[int, float]] = [{} for _ in range(servers)]
        self._empty_s = np.zeros(servers)

    def hold(self, server: int, job: int, end_s: float) -> None:
        """Note a job (or -1, a repair) on a server until a time."""
        self._jobs[server][job] = end_s
        self._empty_s[server] = max(self._empty_s[server], end_s)

    def leave(self, server: int, job: int) -> None:
        """Forget a job on a server."""
        jobs = self._jobs[server]
        del jobs[job]
        self._empty_s[server] = max(jobs.values(), default=0.0)

    def on(self, server: int) -> list[int]:
        """Return the jobs on a server."""
        return [job for job in self._jobs[server] if job >= 0]

    def reserve(self, need: Need, floor: Floor, now_s: float) -> Reservation:
        """Return the soonest servers that together hold the need, each taken as free when it is wholly empty."""
        best = Reservation(float("inf"), frozenset())
        for group in need.groups:
            members = np.array(floor.members[group])
            size = floor.cards_of_group[group]
            count = max(1, -(-need.thousandths // (size * WHOLE))) if size else 1
            if count > len(members) or need.thousandths > size * WHOLE * count:
                continue
            empty = self._empty_s[members]
            order = np.argpartition(empty, count - 1)[:count]
            time = max(float(empty[order].max()), now_s)
            if time < best.time_s:
                best = Reservation(time, frozenset(int(s) for s in members[order]))
        return best
