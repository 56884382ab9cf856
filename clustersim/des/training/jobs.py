"""Many jobs on one cluster: a queue with priorities, gang placement, preemption, and failures.

The utilisation of the whole cluster comes out, not only of one job. Jobs are placed all servers at once or not at
all; a job of higher priority may preempt running jobs of lower priority, which lose what their last checkpoint does
not hold and queue again.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy

from clustersim.errors import InfeasibleError, InputError

__all__ = ["ClusterDay", "Job", "JobRecord", "simulate_jobs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job: servers it needs at once, work in seconds, when it comes, and how much it matters."""

    name: str
    nodes: int
    work_s: float
    arrives_s: float = 0.0
    priority: int = 0
    """Larger is served first and may preempt smaller."""
    checkpoint_s: float = 1800.0
    restart_s: float = 300.0


@dataclass(frozen=True, slots=True)
class JobRecord:
    """What became of a job; one flat record each."""

    name: str
    nodes: int
    priority: int
    arrived_s: float
    first_started_s: float
    finished_s: float
    waited_s: float
    lost_s: float
    preemptions: int
    failures: int
    status: str


@dataclass(frozen=True, slots=True)
class ClusterDay:
    """All jobs and how the cluster's server-seconds were used; the three shares sum to one."""

    records: tuple[JobRecord, ...]
    useful_share: float
    lost_share: float
    idle_share: float

    @property
    def utilisation(self) -> float:
        """Share of server-time that any job held."""
        return self.useful_share + self.lost_share


class _Running:
    """A job on its servers."""

    def __init__(self, job: Job, started: float) -> None:
        self.job, self.started = job, started
        self.process: simpy.Process | None = None


class _Cluster:
    def __init__(self, env: simpy.Environment, nodes: int, rate: float, rng: np.random.Generator) -> None:
        self.env, self.free, self.nodes = env, nodes, nodes
        self.rate, self.rng = rate, rng
        self.queue: list[tuple[int, float, int, Job]] = []
        self.running: dict[str, _Running] = {}
        self.done_s: dict[str, float] = {}
        self.books: dict[str, dict[str, Any]] = {}
        self.useful = self.lost = 0.0
        self.counter = 0

    def submit(self, job: Job) -> None:
        book = {"arrived": self.env.now, "first": math.nan, "finished": math.nan, "waited": 0.0, "lost": 0.0,
                "preempted": 0, "failures": 0, "queued_at": self.env.now}  # fmt: skip
        self.books.setdefault(job.name, book)
        self.requeue(job)

    def requeue(self, job: Job) -> None:
        self.books[job.name]["queued_at"] = self.env.now
        self.counter += 1
        self.queue.append((-job.priority, self.books[job.name]["arrived"], self.counter, job))
        self.queue.sort(key=lambda item: item[:3])
        self.place()

    def place(self) -> None:
        """Start every queued job that fits, in the order of priority and arrival; smaller ones may go ahead."""
        for item in list(self.queue):
            job = item[3]
            if job.nodes > self.free:
                self._preempt_for(job)
            if job.nodes <= self.free and item in self.queue:
                self.queue.remove(item)
                self._start(job)

    def _preempt_for(self, job: Job) -> None:
        lower = sorted(
            (r for r in self.running.values() if r.job.priority < job.priority),
            key=lambda r: (r.job.priority, -r.started),
        )
        if self.free + sum(r.job.nodes for r in lower) < job.nodes:
            return
        for victim in lower:
            if self.free >= job.nodes:
                return
            assert victim.process is not None
            self.books[victim.job.name]["preempted"] += 1
            self._release(victim)
            victim.process.interrupt("preempted")

    def _start(self, job: Job) -> None:
        self.free -= job.nodes
        book = self.books[job.name]
        book["waited"] += self.env.now - book["queued_at"]
        if math.isnan(book["first"]):
            book["first"] = self.env.now
        holder = _Running(job, self.env.now)
        self.running[job.name] = holder
        holder.process = self.env.process(self._run(holder))

    def _release(self, holder: _Running) -> None:
        self.free += holder.job.nodes
        del self.running[holder.job.name]

    def _run(self, holder: _Running) -> Generator[simpy.Event, Any, None]:
        """Hold the servers until the work is done, a failure strikes (restart in place), or another preempts."""
        job, book = holder.job, self.books[holder.job.name]
        while True:
            left = job.work_s - self.done_s.get(job.name, 0.0)
            rate = self.rate * job.nodes
            due = float(self.rng.exponential()) / rate if rate > 0 else math.inf
            begun = self.env.now
            try:
                yield self.env.timeout(min(left, due))
            except simpy.Interrupt:
                self._keep(job, self.env.now - begun)
                self.requeue(job)
                return
            if due >= left:
                self.useful += left * job.nodes
                self.done_s[job.name] = job.work_s
                book["finished"] = self.env.now
                self._release(holder)
                self.place()
                return
            book["failures"] += 1
            self._keep(job, due)
            begun = self.env.now
            try:
                yield self.env.timeout(job.restart_s)
            except simpy.Interrupt:
                self._waste(job, self.env.now - begun)
                self.requeue(job)
                return
            self._waste(job, job.restart_s)

    def _keep(self, job: Job, ran: float) -> None:
        """Keep the work of whole checkpoint intervals; the rest was in vain."""
        kept = math.floor(ran / job.checkpoint_s) * job.checkpoint_s
        self.done_s[job.name] = self.done_s.get(job.name, 0.0) + kept
        self.useful += kept * job.nodes
        self._waste(job, ran - kept)

    def _waste(self, job: Job, seconds: float) -> None:
        self.lost += seconds * job.nodes
        self.books[job.name]["lost"] += seconds


def simulate_jobs(
    jobs: Sequence[Job],
    *,
    nodes: int,
    failures_per_node_s: float,
    duration_s: float,
    rng: np.random.Generator,
) -> ClusterDay:
    """Simulate jobs on a cluster of ``nodes`` servers for ``duration_s``.

    Raises InputError for two jobs of one name and InfeasibleError for a job larger than the cluster.
    """
    names = [job.name for job in jobs]
    if len(set(names)) != len(names):
        raise InputError("two jobs have the same name; give each its own")
    for job in jobs:
        if job.nodes > nodes:
            raise InfeasibleError(
                f"job {job.name} needs {job.nodes} servers at once; the cluster has {nodes}"
            )
    env = simpy.Environment()
    cluster = _Cluster(env, nodes, failures_per_node_s, rng)

    def arrive(job: Job) -> Generator[simpy.Event, Any, None]:
        yield env.timeout(job.arrives_s)
        cluster.submit(job)

    for job in jobs:
        env.process(arrive(job))
    env.run(until=duration_s)
    for holder in cluster.running.values():
        # What runs at the end counts as useful: it is neither lost nor idle.
        cluster.useful += (duration_s - _last_change(cluster, holder)) * holder.job.nodes
    capacity = nodes * duration_s
    records = tuple(_record(cluster, job) for job in jobs if job.name in cluster.books)
    useful, lost = cluster.useful / capacity, cluster.lost / capacity
    return ClusterDay(records, useful, lost, 1.0 - useful - lost)


def _last_change(cluster: _Cluster, holder: _Running) -> float:
    """When the running job's server-time was last accounted for."""
    book = cluster.books[holder.job.name]
    accounted = cluster.done_s.get(holder.job.name, 0.0) + book["lost"] + book["waited"]
    return float(book["arrived"] + accounted)


def _record(cluster: _Cluster, job: Job) -> JobRecord:
    book = cluster.books[job.name]
    status = (
        "finished"
        if not math.isnan(book["finished"])
        else "running"
        if job.name in cluster.running
        else "queued"
    )
    return JobRecord(
        job.name, job.nodes, job.priority, book["arrived"], book["first"], book["finished"], book["waited"],
        book["lost"], book["preempted"], book["failures"], status,
    )  # fmt: skip
