"""The simulation of a shared site: events in order of time, and the queue's policy after each."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence

import numpy as np

from clustersim.des.jobs.book import SharedRun, close
from clustersim.des.jobs.decide import Dispatch
from clustersim.des.jobs.model import Breaks, Job, Policy, Service, Site, check
from clustersim.des.jobs.state import (
    ARRIVE,
    BREAK,
    CLOSE,
    JOIN,
    REPAIRED,
    SERVICE,
    WITHDRAW,
    State,
)  # fmt: skip

__all__ = ["simulate_shared"]

HOUR_S = 3600.0


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
    state = State(jobs, site, services, policy, breaks or Breaks(), duration_s, rng)
    _Simulation(state).run()
    return close(state)


class _Simulation:
    """What each kind of event does to the state."""

    def __init__(self, state: State) -> None:
        self.state, self.dispatch = state, Dispatch(state)

    def run(self) -> None:
        """Take events until the time is up; the queue is looked at once all events of one moment are known."""
        self._first_events()
        handlers = (
            self._finish, self._repaired, self._join, self._service, self._arrive, self._withdraw, self._break,
            self._close,
        )  # fmt: skip
        events = self.state.events
        while events:
            self.state.now = events[0][0]
            while events and events[0][0] == self.state.now:
                _, kind, _, subject, epoch = heapq.heappop(events)
                handlers[kind](subject, epoch)
            self.dispatch.settle()
        self.state.now = self.state.duration_s
        for job in list(self.state.holds):
            self.state.stop(job, announced=True)
            self.state.status[job] = "running"
        for place in list(self.state.down_since):
            self.state.back(place)
        self.state.note_fragment(0.0)

    def _first_events(self) -> None:
        recorded = self.state.policy.order == "recorded"
        for index, job in enumerate(self.state.jobs):
            if not recorded:
                self.state.at(job.arrives_s, ARRIVE, index)
            elif job.starts_s is not None:
                self.state.at(job.starts_s, ARRIVE, index)
            elif job.patience_s is not None:
                self.state.at(job.arrives_s + job.patience_s, WITHDRAW, index)
        for index, service in enumerate(self.state.services):
            for hour in range(math.ceil(self.state.duration_s / HOUR_S)):
                hours = service.servers_by_hour
                if hour == 0 or hours[hour % len(hours)] != hours[(hour - 1) % len(hours)]:
                    self.state.at(hour * HOUR_S, SERVICE, index, hour)
        self._next_break()
        every, breaks = self.state.breaks.maintenance_every_s, self.state.breaks
        if every > 0 and breaks.maintenance_s > 0:
            step = every / self.state.site.servers if breaks.rolling else every
            self.state.at(step if breaks.rolling else every, CLOSE, 0, 1)

    def _next_break(self) -> None:
        rate = self.state.site.servers * (self.state.breaks.server_per_s + self.state.breaks.process_per_s)
        if rate > 0:
            self.state.at(self.state.now + float(self.state.rng.exponential(1.0 / rate)), BREAK, 0)

    def _arrive(self, index: int, _: int) -> None:
        job = self.state.jobs[index]
        self.state.accounts[index].queued_at = job.arrives_s
        self.state.queue(index)
        if job.patience_s is not None and self.state.policy.order != "recorded":
            self.state.at(job.arrives_s + job.patience_s, WITHDRAW, index)

    def _withdraw(self, index: int, _: int) -> None:
        waits = index in self.state.line and math.isnan(self.state.accounts[index].first)
        if waits:
            self.state.line.remove(index)
            self.state.freed = True
        if waits or self.state.policy.order == "recorded":
            account, patience = self.state.accounts[index], self.state.jobs[index].patience_s or 0.0
            account.waited = patience
            self.state.status[index], self.state.ended[index] = "withdrawn", self.state.now

    def _finish(self, index: int, epoch: int) -> None:
        if self.state.epoch[index] != epoch or index not in self.state.holds:
            return
        self.state.stop(index, announced=True)
        self.state.status[index], self.state.ended[index] = self.state.jobs[index].outcome, self.state.now

    # Services -------------------------------------------------------------------------------------------------

    def _service(self, index: int, hour: int) -> None:
        """Open or close servers of a service when the hour's number differs."""
        service = self.state.services[index]
        wanted = service.servers_by_hour[hour % len(service.servers_by_hour)]
        units = self.state.units[index]
        while len(units) > wanted:
            unit = units.pop()
            if unit in self.state.holds:
                self.state.stop(unit, announced=True)
            else:
                self.state.line.remove(unit)
            self.state.status[unit], self.state.ended[unit] = "finished", self.state.now
        while len(units) < wanted:
            unit = self.state.unit(service)
            units.append(unit)
            self._arrive(unit, 0)

    # Failures -------------------------------------------------------------------------------------------------

    def _break(self, _: int, __: int) -> None:
        self._next_break()
        place = int(self.state.rng.integers(self.state.site.servers))
        both = self.state.breaks.server_per_s + self.state.breaks.process_per_s
        kills_server = float(self.state.rng.random()) * both < self.state.breaks.server_per_s
        if not self.state.floor.up[place]:
            return
        if kills_server:
            self._lose(place)
            return
        here = self.state.ends.on(place)
        if here:
            hit = here[int(self.state.rng.integers(len(here)))]
            self.state.accounts[hit].failures += 1
            pieces = self.state.holds[hit].pieces
            self.state.stop(hit, announced=False)
            self.state.start(hit, pieces)

    def _lose(self, place: int) -> None:
        for job in self.state.ends.on(place):
            self.state.accounts[job].failures += 1
        self._empty(place, announced=False)
        joins, repaired, expected = self.state.repairs.fail(place, self.state.now)
        if repaired is not None:
            self.state.at(repaired, REPAIRED, 0)
        if joins is not None:
            self.state.at(joins, JOIN, place)
        self.state.ends.hold(place, -1, expected)

    def _empty(self, place: int, *, announced: bool) -> None:
        """Take what runs on a server off it, and the server out of service; elastic jobs go on with what is left."""
        for index in self.state.ends.on(place):
            left = [piece for piece in self.state.holds[index].pieces if piece.server != place]
            self.state.stop(index, announced=announced)
            least = self.state.jobs[index].min_cards
            cards = sum(piece.cards for piece in left)
            if least is not None and cards >= max(least, 1):
                self.state.start(index, left)
            else:
                self.state.requeue(index)
        self.state.floor.remove(place)
        self.state.down_since[place] = self.state.now
        self.state.freed = True

    def _repaired(self, _: int, __: int) -> None:
        place, next_end = self.state.repairs.repaired(self.state.now)
        if next_end is not None:
            self.state.at(next_end, REPAIRED, 0)
        if place is not None:
            self._join(place, 0)

    def _join(self, place: int, _: int) -> None:
        self.state.back(place)
        self.state.ends.leave(place, -1)
        self.state.floor.restore(place)
        self.state.freed = True

    def _close(self, place: int, turn: int) -> None:
        """Stop servers for maintenance: announced, so that nothing is lost but the restart."""
        breaks, servers = self.state.breaks, self.state.site.servers
        places = [place] if breaks.rolling else range(servers)
        for one in places:
            if self.state.floor.up[one]:
                self._empty(one, announced=True)
                self.state.ends.hold(one, -1, self.state.now + breaks.maintenance_s)
                self.state.at(self.state.now + breaks.maintenance_s, JOIN, one)
        step = breaks.maintenance_every_s / (servers if breaks.rolling else 1)
        self.state.at(step * (turn + 1), CLOSE, (place + 1) % servers, turn + 1)
