"""What a shared site is asked, what it has, how it decides, and how it breaks: the inputs of the queue's simulation.

Cards are counted in thousandths inside, so that shares of a card add up exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clustersim.errors import InfeasibleError, InputError, suggest

__all__ = [
    "BACKFILLS",
    "ORDERS",
    "WHOLE",
    "Breaks",
    "Job",
    "Policy",
    "ServerGroup",
    "Service",
    "Site",
    "check",
]

#: Thousandths of a card.
WHOLE = 1000
ORDERS = ("arrival", "fair_share", "shortest", "recorded")
BACKFILLS = ("reserve", "ahead", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job: what it holds at once, for how long, whose it is, and what an interruption costs it."""

    name: str
    cards: float
    """Whole cards, or a share of one below 1; 0 holds processors and memory alone."""
    work_s: float
    """At its full size, without interruptions."""
    arrives_s: float = 0.0
    tenant: str = ""
    priority: int = 0
    """Larger is served first and may pre-empt smaller."""
    checkpoint_s: float = 1800.0
    """Between two copies of its state; infinite keeps none."""
    restart_s: float = 300.0
    """Paid at every start but the first, on the cards that it then holds."""
    limit_s: float | None = None
    """How long its owner says that it may last, by which places are reserved; absent: the work itself."""
    min_cards: float | None = None
    """An elastic job goes on with as few; absent: with all or not at all."""
    patience_s: float | None = None
    """Still waiting after so long, it is withdrawn."""
    outcome: str = "finished"
    """How its work ends: ``finished``, or ``failed`` and ``cancelled`` by its owner's doing."""
    card_types: tuple[str, ...] = ()
    """Cards that it may run on; none named is any."""
    cpus: float = 0.0
    memory_bytes: float = 0.0
    starts_s: float | None = None
    """When a trace says that it started; read under the order ``recorded`` alone."""

    @property
    def said_s(self) -> float:
        """How long it may last by what its owner says, or else by the work itself."""
        return self.work_s if self.limit_s is None else self.limit_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A fleet beside the jobs: whole servers by hour of the day, taken when the hour comes and given back after it."""

    name: str
    servers_by_hour: tuple[int, ...]
    tenant: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerGroup:
    """Like servers."""

    count: int
    cards: int
    card: str = ""
    cpus: float = math.inf
    memory_bytes: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The servers, and how many of them hang below one leaf switch."""

    groups: tuple[ServerGroup, ...]
    servers_per_leaf: int = 0
    """0: one leaf for all."""

    @property
    def servers(self) -> int:
        """All servers that are in service."""
        return sum(group.count for group in self.groups)

    @property
    def cards(self) -> int:
        """All cards that are in service."""
        return sum(group.count * group.cards for group in self.groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How the queue decides."""

    order: str = "arrival"
    """Within a priority: ``arrival``, ``fair_share`` (the tenant who used least), ``shortest``, ``recorded``."""
    backfill: str = "reserve"
    """``reserve``: the first that does not fit gets servers and a time, and none that goes ahead may delay it;
    ``ahead``: whatever fits goes; ``none``: nobody passes the first."""
    preempt: bool = True
    quotas: Mapping[str, float] = field(default_factory=dict)
    """Most cards that a tenant may hold at once."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """A tenant's due share under ``fair_share``; 1 where not named."""
    half_life_s: float = 7 * 86400.0
    """In which past use counts half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaks:
    """How servers fail, how they come back, and when they are serviced."""

    server_per_s: float = 0.0
    """Failures of one server a second that take it out of service."""
    process_per_s: float = 0.0
    """Failures of one server a second that kill what runs there and leave it in service."""
    repair_s: float = 0.0
    spares: int = 0
    """Servers beside those in service that take the place of a failed one."""
    swap_s: float = 0.0
    technicians: int = 0
    """Repairs at one time; 0 is no limit."""
    maintenance_every_s: float = 0.0
    maintenance_s: float = 0.0
    rolling: bool = False
    """One server after the other instead of all at once."""


def check(jobs: Sequence[Job], services: Sequence[Service], site: Site, policy: Policy) -> None:
    """Refuse what cannot be queued.

    Raises InputError for two of one name, a share of more than one card or of less than a thousandth, or an unknown
    order or backfill, and InfeasibleError for a job that no group of servers could hold, or a service larger than
    the site.
    """
    seen: set[str] = set()
    for name in (*(job.name for job in jobs), *(service.name for service in services)):
        if name in seen:
            raise InputError(f"two jobs have the same name, {name!r}; give each its own")
        seen.add(name)
    for value, known, key in ((policy.order, ORDERS, "order"), (policy.backfill, BACKFILLS, "backfill")):
        if value not in known:
            raise InputError(f"policy.{key}: {value!r} is unknown; {suggest(value, known)}")
    for job in jobs:
        _check_job(job, site)
        quota = policy.quotas.get(job.tenant)
        if quota is not None and job.cards > quota:
            raise InfeasibleError(
                f"job {job.name} needs {job.cards:g} cards; {job.tenant} may hold {quota:g}"
            )
    for service in services:
        if max(service.servers_by_hour) > site.servers:
            raise InfeasibleError(
                f"service {service.name} asks {max(service.servers_by_hour)} servers; the site has {site.servers}"
            )


def _check_job(job: Job, site: Site) -> None:
    thousandths = job.cards * WHOLE
    if job.cards > 1 and job.cards != int(job.cards):
        raise InputError(f"job {job.name}: {job.cards} cards; a share is of one card, more are whole")
    if job.cards > 0 and round(thousandths) < 1:
        raise InputError(f"job {job.name}: {job.cards} is less than a thousandth of a card")
    fitting = [g for g in site.groups if not job.card_types or g.card in job.card_types]
    if not fitting:
        have = ", ".join(sorted({g.card for g in site.groups}))
        raise InfeasibleError(f"job {job.name} may run on {', '.join(job.card_types)}; the site has {have}")
    if not any(_could_hold(group, job) for group in fitting):
        most = max(g.count * g.cards for g in fitting)
        raise InfeasibleError(
            f"job {job.name} needs {job.cards:g} cards at once, {job.cpus:g} processors and "
            f"{job.memory_bytes:.3g} bytes; the largest group of servers that it may use has {most} cards"
        )


def _could_hold(group: ServerGroup, job: Job) -> bool:
    servers = max(1, math.ceil(job.cards / group.cards)) if group.cards else 1
    if job.cards > group.count * group.cards:
        return False
    return job.cpus / servers <= group.cpus and job.memory_bytes / servers <= group.memory_bytes
