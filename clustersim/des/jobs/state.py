"""The state of a shared site while it is simulated: who waits, who holds what, and what was booked."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from clustersim.des.jobs.book import Account, Span
from clustersim.des.jobs.floor import Floor, Need, Piece
from clustersim.des.jobs.hold import Hold
from clustersim.des.jobs.line import Line
from clustersim.des.jobs.model import WHOLE, Breaks, Job, Policy, Service, Site
from clustersim.des.jobs.repair import Repairs
from clustersim.des.jobs.reserve import Ends
from clustersim.des.jobs.usage import Usage

__all__ = ["ARRIVE", "BREAK", "CLOSE", "FINISH", "JOIN", "REPAIRED", "SERVICE", "WITHDRAW", "State"]

#: Of events at one time, what frees cards comes before what asks for them.
FINISH, REPAIRED, JOIN, SERVICE, ARRIVE, WITHDRAW, BREAK, CLOSE = range(8)


class State:
    """Every change of what a job holds goes through ``start`` and ``stop``."""

    def __init__(
        self,
        jobs: Sequence[Job],
        site: Site,
        services: Sequence[Service],
        policy: Policy,
        breaks: Breaks,
        duration_s: float,
        rng: np.random.Generator,
    ) -> None:
        self.jobs, self.site, self.services = list(jobs), site, services
        self.policy, self.breaks, self.duration_s, self.rng = policy, breaks, duration_s, rng
        self.asked = len(self.jobs)
        self.now = 0.0
        self.floor = Floor(site)
        self.ends = Ends(site.servers)
        self.usage = Usage(policy.weights, policy.quotas, policy.half_life_s)
        fair = policy.order == "fair_share"
        self.line = Line(lambda tenant: self.usage.rank(tenant, self.now) if fair else 0.0)
        self.repairs = Repairs(breaks)
        self._shared_needs: dict[tuple[int, float, float, tuple[int, ...]], Need] = {}
        self.needs = [self.need(job) for job in self.jobs]
        self.accounts = [Account() for _ in self.jobs]
        self.status = ["" for _ in self.jobs]
        self.done = [0.0] * len(self.jobs)
        self.owes = [False] * len(self.jobs)
        self.epoch = [0] * len(self.jobs)
        self.ended = [math.nan] * len(self.jobs)
        self.holds: dict[int, Hold] = {}
        self.elastic: dict[int, None] = {}
        self.units: list[list[int]] = [[] for _ in services]
        self.spans: list[Span] = []
        self.down_since: dict[int, float] = {}
        self.fragmented_card_s = 0.0
        self._fragment: tuple[float, float] = (0.0, 0.0)
        self.priorities: dict[int, int] = {}
        self.events: list[tuple[float, int, int, int, int]] = []
        self._events_made = 0
        self.freed, self.came = False, list[int]()

    def at(self, time: float, kind: int, subject: int, epoch: int = 0) -> None:
        if time <= self.duration_s:
            self._events_made += 1
            heapq.heappush(self.events, (time, kind, self._events_made, subject, epoch))

    def unit(self, service: Service) -> int:
        """Return a new job of one server that lasts until the service closes it."""
        job = Job(
            name=f"{service.name}#{len(self.jobs)}",
            cards=self.site.groups[0].cards,
            work_s=math.inf,
            arrives_s=self.now,
            tenant=service.tenant,
            priority=service.priority,
            checkpoint_s=0.0,
            restart_s=0.0,
        )
        self.jobs.append(job)
        self.needs.append(self.need(job))
        self.accounts.append(Account())
        self.status.append("")
        self.done.append(0.0)
        self.owes.append(False)
        self.epoch.append(0)
        self.ended.append(math.nan)
        return len(self.jobs) - 1

    def need(self, job: Job) -> Need:
        groups = tuple(
            g for g, one in enumerate(self.site.groups) if not job.card_types or one.card in job.card_types
        )
        key = (round(job.cards * WHOLE), job.cpus, job.memory_bytes, groups)
        return self._shared_needs.setdefault(key, Need(*key))

    def start(self, index: int, pieces: list[Piece]) -> None:
        job, account = self.jobs[index], self.accounts[index]
        self.floor.take(pieces)
        thousandths = sum(piece.cards * WHOLE + piece.share for piece in pieces)
        restart = job.restart_s if self.owes[index] else 0.0
        self.epoch[index] += 1
        hold = Hold(job, pieces, thousandths, self.now, self.done[index], restart, self.epoch[index])
        self.holds[index] = hold
        expected = hold.expected_end_s
        for server in hold.servers():
            self.ends.hold(server, index, expected)
        self.usage.change(job.tenant, thousandths / WHOLE, self.now)
        self.priorities[job.priority] = self.priorities.get(job.priority, 0) + 1
        if index in self.line:
            self.line.remove(index)
        if not math.isnan(account.queued_at):
            account.waited += self.now - account.queued_at
            account.queued_at = math.nan
        if math.isnan(account.first):
            account.first = self.now
        account.leaves = len({self.floor.leaf[server] for server in hold.servers()})
        self.owes[index] = True
        if job.min_cards is not None and thousandths < self.needs[index].thousandths:
            self.elastic[index] = None
        self.at(hold.ends_s, FINISH, index, self.epoch[index])

    def stop(self, index: int, *, announced: bool) -> None:
        hold, job, account = self.holds.pop(index), self.jobs[index], self.accounts[index]
        self.epoch[index] += 1
        self.done[index], useful, lost = hold.stop(self.now, announced=announced)
        account.useful += useful
        account.lost += lost
        self.floor.give(hold.pieces)
        for server in hold.servers():
            self.ends.leave(server, index)
        self.usage.change(job.tenant, -hold.thousandths / WHOLE, self.now)
        self.priorities[job.priority] -= 1
        if self.now > hold.begin_s:
            self.spans.append(Span(index, hold.begin_s, self.now, hold.thousandths / WHOLE))
        self.elastic.pop(index, None)
        self.freed = True

    def requeue(self, index: int) -> None:
        self.accounts[index].queued_at = self.now
        self.queue(index)

    def queue(self, index: int) -> None:
        job = self.jobs[index]
        left = job.said_s - self.done[index]
        self.line.push(
            index,
            priority=job.priority,
            tenant=job.tenant,
            need=self.needs[index],
            weight=left if self.policy.order == "shortest" else 0.0,
            arrived=job.arrives_s,
            time=max(left, 0.0),
        )
        self.came.append(index)

    def place(self, index: int, avoid: frozenset[int] = frozenset()) -> list[Piece] | None:
        """Return where a job may stand now: all of it, or for an elastic one as much as it can do with."""
        need = self.needs[index]
        pieces = self.floor.fit(need, avoid)
        least = self.jobs[index].min_cards
        if pieces is not None or least is None:
            return pieces
        step = max(self.floor.cards_of_group[group] for group in need.groups)
        cards = need.thousandths // WHOLE - 1
        cards -= cards % step if cards > step else 0
        while cards >= max(least, 1):
            pieces = self.floor.fit(replace(need, thousandths=cards * WHOLE), avoid)
            if pieces is not None:
                return pieces
            cards -= step if cards > step else 1
        return None

    def back(self, place: int) -> None:
        self.spans.append(Span(-1, self.down_since.pop(place), self.now, self.floor.size[place]))

    def note_fragment(self, cards: float) -> None:
        since, before = self._fragment
        self.fragmented_card_s += before * (self.now - since)
        self._fragment = (self.now, cards)
