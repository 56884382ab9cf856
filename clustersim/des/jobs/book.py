"""The account of a shared site: what became of each job and of every card-second."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clustersim.des.jobs.model import Job, Service, Site

__all__ = ["Account", "JobRecord", "SharedRun", "Span", "close"]


@dataclass(frozen=True, slots=True)
class JobRecord:
    """What became of a job; one flat record each."""

    name: str
    tenant: str
    priority: int
    cards: float
    arrived_s: float
    first_started_s: float
    """NaN: it never started."""
    ended_s: float
    """NaN: it still waits or runs at the end."""
    waited_s: float
    """All its time in the queue, up to the end for one that still waits."""
    useful_card_s: float
    lost_card_s: float
    """Work that was done again, and restarts."""
    preemptions: int
    failures: int
    leaves: int
    """Leaf switches below which its last servers stand."""
    status: str
    """``finished``, ``failed``, ``cancelled``, ``withdrawn`` from the queue, ``running`` or ``queued`` at the end."""


@dataclass(frozen=True, slots=True)
class Span:
    """Cards that one job held, or that stood out of service (job -1), from one time to another."""

    job: int
    begin_s: float
    end_s: float
    cards: float


@dataclass(frozen=True, slots=True)
class SharedRun:
    """All jobs, and how the card-seconds of the site were used; the shares sum to one.

    ``useful + unsuccessful + lost + down + idle = 1``: work that was kept; work of jobs that their owners' doing
    ended; work done again, and restarts; servers in repair or maintenance; nobody held them.
    """

    records: tuple[JobRecord, ...]
    spans: tuple[Span, ...]
    cards: int
    duration_s: float
    useful_share: float
    unsuccessful_share: float
    lost_share: float
    down_share: float
    fragmented_share: float
    """Part of the idle: free cards, enough for the first in the queue, but not where it can use them."""
    service_met_share: float | None
    """Of the server-hours that services ask; None where none is asked."""

    @property
    def utilisation(self) -> float:
        """Share of card-time that any job held."""
        return self.useful_share + self.unsuccessful_share + self.lost_share

    @property
    def idle_share(self) -> float:
        """Share of card-time in service that nobody held."""
        return 1.0 - self.utilisation - self.down_share

    @property
    def service_card_h(self) -> float:
        """Card-hours that services held."""
        count = len(self.records)
        return sum(s.cards * (s.end_s - s.begin_s) for s in self.spans if s.job >= count) / 3600.0

    def in_use(self, times_s: NDArray[np.float64], *, down: bool = False) -> NDArray[np.float64]:
        """Return cards held (or out of service) just after each time, shape as ``times_s``.

        >>> run = SharedRun((), (Span(0, 0.0, 10.0, 4.0), Span(1, 5.0, 8.0, 0.5)), 8, 10.0, 0.5, 0, 0, 0, 0, 1)
        >>> run.in_use(np.array([0.0, 5.0, 8.0, 10.0])).tolist()
        [4.0, 4.5, 4.0, 0.0]
        """
        kept = [span for span in self.spans if (span.job < 0) == down]
        edges = np.array([t for span in kept for t in (span.begin_s, span.end_s)])
        steps = np.array([c for span in kept for c in (span.cards, -span.cards)])
        if not len(edges):
            return np.zeros_like(times_s)
        order = np.argsort(edges, kind="stable")
        levels = np.concatenate([[0.0], np.cumsum(steps[order])])
        levels = np.round(levels, 6)
        found: NDArray[np.float64] = levels[np.searchsorted(edges[order], times_s, side="right")]
        return found


class Account:
    """Card-seconds of one job while the simulation runs."""

    __slots__ = ("failures", "first", "leaves", "lost", "preemptions", "queued_at", "useful", "waited")

    def __init__(self) -> None:
        self.first = self.queued_at = math.nan
        self.waited = self.useful = self.lost = 0.0
        self.preemptions = self.failures = self.leaves = 0


class Closable(Protocol):
    """What the account needs of a simulation that is over."""

    jobs: list[Job]
    services: Sequence[Service]
    site: Site
    duration_s: float
    asked: int
    accounts: list[Account]
    status: list[str]
    ended: list[float]
    spans: list[Span]
    fragmented_card_s: float


def close(shared: Closable) -> SharedRun:
    """Return the account of a simulation that is over."""
    end = shared.duration_s
    records = tuple(_record(shared, index) for index in range(shared.asked))
    total = shared.site.cards * end
    unsuccessful = sum(r.useful_card_s for r in records if r.status in ("failed", "cancelled"))
    useful = sum(account.useful for account in shared.accounts) - unsuccessful
    lost = sum(account.lost for account in shared.accounts)
    down = sum(s.cards * (s.end_s - s.begin_s) for s in shared.spans if s.job < 0)
    return SharedRun(
        records=records,
        spans=tuple(shared.spans),
        cards=shared.site.cards,
        duration_s=end,
        useful_share=useful / total,
        unsuccessful_share=unsuccessful / total,
        lost_share=lost / total,
        down_share=down / total,
        fragmented_share=shared.fragmented_card_s / total,
        service_met_share=_met(shared),
    )


def _record(shared: Closable, index: int) -> JobRecord:
    job, account = shared.jobs[index], shared.accounts[index]
    status = shared.status[index] or "queued"
    waited = account.waited
    if not math.isnan(account.queued_at) and status == "queued":
        waited += shared.duration_s - account.queued_at
    return JobRecord(
        name=job.name,
        tenant=job.tenant,
        priority=job.priority,
        cards=job.cards,
        arrived_s=job.arrives_s,
        first_started_s=account.first,
        ended_s=shared.ended[index],
        waited_s=waited,
        useful_card_s=account.useful,
        lost_card_s=account.lost,
        preemptions=account.preemptions,
        failures=account.failures,
        leaves=account.leaves,
        status=status,
    )


def _met(shared: Closable) -> float | None:
    """Server-hours that services held over those that they asked; None where they ask none."""
    asked = sum(
        service.servers_by_hour[hour % len(service.servers_by_hour)]
        * min(3600.0, shared.duration_s - hour * 3600.0)
        for service in shared.services
        for hour in range(math.ceil(shared.duration_s / 3600.0))
    )
    size = shared.site.groups[0].cards
    held = sum(s.cards * (s.end_s - s.begin_s) for s in shared.spans if s.job >= shared.asked) / size
    return held / asked if asked else None
