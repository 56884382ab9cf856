"""The simulation of a shared site: events in order of time, and the queue's policy after each."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from clustersim.des.jobs.book import Account, SharedRun, Span, close
from clustersim.des.jobs.evict import victims
from clustersim.des.jobs.floor import Floor, Need, Piece
from clustersim.des.jobs.hold import Hold
from clustersim.des.jobs.line import Line, Order
from clustersim.des.jobs.model import WHOLE, Breaks, Job, Policy, Service, Site, check
from clustersim.des.jobs.repair import Repairs
from clustersim.des.jobs.reserve import Ends, Reservation
from clustersim.des.jobs.usage import Usage

__all__ = ["simulate_shared"]

#: Of events at one time, what frees cards comes before what asks for them.
FINISH, REPAIRED, JOIN, SERVICE, ARRIVE, WITHDRAW, BREAK, CLOSE = range(8)
HOUR_S, DAY_S = 3600.0, 86400.0


def simulate_shared(
    jobs: Sequence[Job],
    *,
    site: Site,
    duration_s: float,
    rng: np.random.Generator,
    services: Sequence[Service] = (),
    policy: Policy | None = None,
    breaks: Breaks | None = None,
) -> SharedRun:
    """Simulate jobs and services on a site for ``duration_s``.

    Raises InputError and InfeasibleError as ``check``.

    >>> from clustersim.des.jobs.model import ServerGroup
    >>> site = Site(groups=(ServerGroup(count=2, cards=8),))
    >>> jobs = [Job(name="a", cards=16, work_s=50.0), Job(name="b", cards=0.5, work_s=25.0)]
    >>> run = simulate_shared(jobs, site=site, duration_s=100.0, rng=np.random.default_rng(1))
    >>> [(r.status, r.waited_s) for r in run.records], run.useful_share
    ([('finished', 0.0), ('finished', 50.0)], 0.5078125)
    """
    policy = policy or Policy()
    check(jobs, services, site, policy)
    shared = _Shared(jobs, site, services, policy, breaks or Breaks(), duration_s, rng)
    shared.run()
    return close(shared)


class _Shared:
    """The state of the site; every change of what a job holds goes through ``_start`` and ``_stop``."""

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
        self.needs = [self._need(job) for job in self.jobs]
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
        self.blocked: int | None = None
        self.reservation: Reservation | None = None
        self.priorities: dict[int, int] = {}
        self._events: list[tuple[float, int, int, int, int]] = []
        self._count = 0
        self._freed, self._came = False, list[int]()

    # Events ---------------------------------------------------------------------------------------------------

    def _at(self, time: float, kind: int, subject: int, epoch: int = 0) -> None:
        if time <= self.duration_s:
            self._count += 1
            heapq.heappush(self._events, (time, kind, self._count, subject, epoch))

    def run(self) -> None:
        """Take events until the time is up; the queue is looked at once all events of one moment are known."""
        self._first_events()
        handlers = (
            self._finish, self._repaired, self._join, self._service, self._arrive, self._withdraw, self._break,
            self._close,
        )  # fmt: skip
        events = self._events
        while events:
            self.now = events[0][0]
            while events and events[0][0] == self.now:
                _, kind, _, subject, epoch = heapq.heappop(events)
                handlers[kind](subject, epoch)
            self._settle()
        self.now = self.duration_s
        for job in list(self.holds):
            self._stop(job, announced=True)
            self.status[job] = "running"
        for place in list(self.down_since):
            self._back(place)
        self._note_fragment(0.0)

    def _first_events(self) -> None:
        recorded = self.policy.order == "recorded"
        for index, job in enumerate(self.jobs):
            if not recorded:
                self._at(job.arrives_s, ARRIVE, index)
            elif job.starts_s is not None:
                self._at(job.starts_s, ARRIVE, index)
            elif job.patience_s is not None:
                self._at(job.arrives_s + job.patience_s, WITHDRAW, index)
        for index, service in enumerate(self.services):
            for hour in range(math.ceil(self.duration_s / HOUR_S)):
                hours = service.servers_by_hour
                if hour == 0 or hours[hour % len(hours)] != hours[(hour - 1) % len(hours)]:
                    self._at(hour * HOUR_S, SERVICE, index, hour)
        self._next_break()
        every, breaks = self.breaks.maintenance_every_s, self.breaks
        if every > 0 and breaks.maintenance_s > 0:
            step = every / self.site.servers if breaks.rolling else every
            self._at(step if breaks.rolling else every, CLOSE, 0, 1)

    def _next_break(self) -> None:
        rate = self.site.servers * (self.breaks.server_per_s + self.breaks.process_per_s)
        if rate > 0:
            self._at(self.now + float(self.rng.exponential(1.0 / rate)), BREAK, 0)

    def _arrive(self, index: int, _: int) -> None:
        job = self.jobs[index]
        self.accounts[index].queued_at = job.arrives_s
        self._queue(index)
        if job.patience_s is not None and self.policy.order != "recorded":
            self._at(job.arrives_s + job.patience_s, WITHDRAW, index)

    def _queue(self, index: int) -> None:
        job = self.jobs[index]
        limit = (job.work_s if job.limit_s is None else job.limit_s) - self.done[index]
        self.line.push(
            index,
            priority=job.priority,
            tenant=job.tenant,
            need=self.needs[index],
            weight=limit if self.policy.order == "shortest" else 0.0,
            arrived=job.arrives_s,
            time=max(limit, 0.0),
        )
        self._came.append(index)

    def _withdraw(self, index: int, _: int) -> None:
        waits = index in self.line and math.isnan(self.accounts[index].first)
        if waits:
            self.line.remove(index)
            self._freed = True
        if waits or self.policy.order == "recorded":
            account, patience = self.accounts[index], self.jobs[index].patience_s or 0.0
            account.waited = patience
            self.status[index], self.ended[index] = "withdrawn", self.now

    def _finish(self, index: int, epoch: int) -> None:
        if self.epoch[index] != epoch or index not in self.holds:
            return
        self._stop(index, announced=True)
        self.status[index], self.ended[index] = self.jobs[index].outcome, self.now

    # Services -------------------------------------------------------------------------------------------------

    def _service(self, index: int, hour: int) -> None:
        """Open or close servers of a service when the hour's number differs."""
        service = self.services[index]
        wanted = service.servers_by_hour[hour % len(service.servers_by_hour)]
        units = self.units[index]
        while len(units) > wanted:
            unit = units.pop()
            if unit in self.holds:
                self._stop(unit, announced=True)
            else:
                self.line.remove(unit)
            self.status[unit], self.ended[unit] = "finished", self.now
        while len(units) < wanted:
            unit = self._unit(service)
            units.append(unit)
            self._arrive(unit, 0)

    def _unit(self, service: Service) -> int:
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
        self.needs.append(self._need(job))
        self.accounts.append(Account())
        self.status.append("")
        self.done.append(0.0)
        self.owes.append(False)
        self.epoch.append(0)
        self.ended.append(math.nan)
        return len(self.jobs) - 1

    # Failures -------------------------------------------------------------------------------------------------

    def _break(self, _: int, __: int) -> None:
        self._next_break()
        place = int(self.rng.integers(self.site.servers))
        both = self.breaks.server_per_s + self.breaks.process_per_s
        kills_server = float(self.rng.random()) * both < self.breaks.server_per_s
        if not self.floor.up[place]:
            return
        if kills_server:
            self._lose(place)
            return
        here = self.ends.on(place)
        if here:
            hit = here[int(self.rng.integers(len(here)))]
            self.accounts[hit].failures += 1
            pieces = self.holds[hit].pieces
            self._stop(hit, announced=False)
            self._start(hit, pieces)

    def _lose(self, place: int) -> None:
        for job in self.ends.on(place):
            self.accounts[job].failures += 1
        self._empty(place, announced=False)
        joins, repaired, expected = self.repairs.fail(place, self.now)
        if repaired is not None:
            self._at(repaired, REPAIRED, 0)
        if joins is not None:
            self._at(joins, JOIN, place)
        self.ends.hold(place, -1, expected)

    def _empty(self, place: int, *, announced: bool) -> None:
        """Take what runs on a server off it, and the server out of service; elastic jobs go on with what is left."""
        for index in self.ends.on(place):
            left = [piece for piece in self.holds[index].pieces if piece.server != place]
            self._stop(index, announced=announced)
            least = self.jobs[index].min_cards
            cards = sum(piece.cards for piece in left)
            if least is not None and cards >= max(least, 1):
                self._start(index, left)
            else:
                self._requeue(index)
        self.floor.remove(place)
        self.down_since[place] = self.now
        self._freed = True

    def _repaired(self, _: int, __: int) -> None:
        place, next_end = self.repairs.repaired(self.now)
        if next_end is not None:
            self._at(next_end, REPAIRED, 0)
        if place is not None:
            self._join(place, 0)

    def _join(self, place: int, _: int) -> None:
        self._back(place)
        self.ends.leave(place, -1)
        self.floor.restore(place)
        self._freed = True

    def _back(self, place: int) -> None:
        self.spans.append(Span(-1, self.down_since.pop(place), self.now, self.floor.size[place]))

    def _close(self, place: int, turn: int) -> None:
        """Stop servers for maintenance: announced, so that nothing is lost but the restart."""
        breaks, servers = self.breaks, self.site.servers
        places = [place] if breaks.rolling else range(servers)
        for one in places:
            if self.floor.up[one]:
                self._empty(one, announced=True)
                self.ends.hold(one, -1, self.now + breaks.maintenance_s)
                self._at(self.now + breaks.maintenance_s, JOIN, one)
        step = breaks.maintenance_every_s / (servers if breaks.rolling else 1)
        self._at(step * (turn + 1), CLOSE, (place + 1) % servers, turn + 1)

    # What jobs hold -------------------------------------------------------------------------------------------

    def _need(self, job: Job) -> Need:
        groups = tuple(
            g for g, one in enumerate(self.site.groups) if not job.card_types or one.card in job.card_types
        )
        key = (round(job.cards * WHOLE), job.cpus, job.memory_bytes, groups)
        return self._shared_needs.setdefault(key, Need(*key))

    def _start(self, index: int, pieces: list[Piece]) -> None:
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
        self._at(hold.ends_s, FINISH, index, self.epoch[index])

    def _stop(self, index: int, *, announced: bool) -> None:
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
        self._freed = True

    def _requeue(self, index: int) -> None:
        self.accounts[index].queued_at = self.now
        self._queue(index)

    # The policy -----------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Start whom the policy lets start now."""
        came, freed = self._came, self._freed
        self._came, self._freed = [], False
        if not came and not freed:
            return
        held_back: set[str] = set()
        if freed or self.blocked is None or self.blocked not in self.line or self._next(held_back) != self.blocked:
            self._start_firsts()
        elif self.policy.backfill != "none":
            for index in came:
                if index in self.line and not self._over_quota(index):
                    self._try_ahead(index)
        if not len(self.line):
            self._grow()
        self._came, self._freed = [], False
        self._note_fragment(self._stranded())

    def _next(self, held_back: set[str]) -> int | None:
        """Return who is next, leaving out tenants at their quota."""
        while True:
            index = self.line.first(held_back)
            if index is None:
                return None
            if not self._over_quota(index):
                return index
            held_back.add(self.jobs[index].tenant)

    def _start_firsts(self) -> None:
        self.blocked = self.reservation = None
        held_back: set[str] = set()
        while (index := self._next(held_back)) is not None:
            pieces = self._place(index)
            if pieces is None:
                pieces = self._preempt_for(index)
            if pieces is None:
                self.blocked = index
                self._go_ahead(held_back)
                return
            self._start(index, pieces)

    def _place(self, index: int, avoid: frozenset[int] = frozenset()) -> list[Piece] | None:
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

    def _preempt_for(self, index: int) -> list[Piece] | None:
        priority = self.jobs[index].priority
        lower = any(count for level, count in self.priorities.items() if level < priority)
        if not self.policy.preempt or not lower:
            return None
        gone = victims(self.needs[index], priority, self.floor, self.holds, self.ends.on)
        if not gone:
            return None
        for victim in gone:
            self.accounts[victim].preemptions += 1
            self._stop(victim, announced=False)
            self._requeue(victim)
        return self.floor.fit(self.needs[index])

    def _go_ahead(self, held_back: set[str]) -> None:
        """Let those start who do not delay the first, as the policy has it, in the policy's order."""
        if self.policy.backfill == "none":
            return
        candidates: list[tuple[tuple[float, float, Order, int], Need]] = []

        def consider(need: Need) -> None:
            found = self._candidate(need, held_back)
            if found is not None:
                heapq.heappush(candidates, (found, need))

        for need in self.line.needs():
            consider(need)
        while candidates:
            (*_, index), need = heapq.heappop(candidates)
            self._try_ahead(index)
            consider(need)

    def _candidate(self, need: Need, held_back: set[str]) -> tuple[float, float, Order, int] | None:
        """Return the first of a need that may go ahead now."""
        if self.floor.fit(need) is None:
            return None
        kept = self._kept_for_first()
        free = not kept.servers or self.floor.fit(need, kept.servers) is not None
        heads = self.line.heads(need, held_back, math.inf if free else kept.time_s - self.now)
        if not free:
            heads = [head for head in heads if self._would_end(head[-1]) <= kept.time_s]
        able = [head for head in heads if head[-1] != self.blocked and not self._over_quota(head[-1])]
        return min(able, default=None)

    def _kept_for_first(self) -> Reservation:
        if self.reservation is None:
            asked = self.policy.backfill == "reserve" and self.blocked is not None
            self.reservation = (
                self.ends.reserve(self.needs[self.blocked], self.floor, self.now)
                if asked and self.blocked is not None
                else Reservation(math.inf, frozenset())
            )
        return self.reservation

    def _would_end(self, index: int) -> float:
        """When a job that starts now ends by what its owner says."""
        job = self.jobs[index]
        limit = job.work_s if job.limit_s is None else job.limit_s
        return self.now + (job.restart_s if self.owes[index] else 0.0) + max(limit - self.done[index], 0.0)

    def _over_quota(self, index: int) -> bool:
        return self.usage.over_quota(self.jobs[index].tenant, self.jobs[index].cards)

    def _try_ahead(self, index: int) -> None:
        pieces = self._place(index, self._kept_for_first().avoid(self._would_end(index)))
        if pieces is not None:
            self._start(index, pieces)

    def _grow(self) -> None:
        """Give elastic jobs more where nobody waits and the time saved is more than the restart."""
        for index in list(self.elastic):
            hold, need = self.holds[index], self.needs[index]
            missing = need.thousandths - hold.thousandths
            more = self.floor.fit(replace(need, thousandths=missing))
            if more is None:
                continue
            left = hold.ends_s - self.now
            pace = need.thousandths / hold.thousandths
            if left - left / pace > self.jobs[index].restart_s:
                self._stop(index, announced=True)
                self._start(index, hold.pieces + more)

    def _stranded(self) -> float:
        """Free cards, enough for the first in the queue, but not where it can use them."""
        if self.blocked is None or self.blocked not in self.line:
            return 0.0
        need = self.needs[self.blocked]
        free = max(self.floor.total_free[group] for group in need.groups)
        return free / WHOLE if free >= need.thousandths > 0 else 0.0

    def _note_fragment(self, cards: float) -> None:
        since, before = self._fragment
        self.fragmented_card_s += before * (self.now - since)
        self._fragment = (self.now, cards)
