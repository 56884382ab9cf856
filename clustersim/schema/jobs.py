"""Jobs of several teams on one site: listed, drawn, or read from a trace; services beside them; the queue's policy."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from clustersim.des.jobs.model import BACKFILLS, ORDERS
from clustersim.provenance import Sourced
from clustersim.schema.base import Amount, Duration, Fraction, Model, quantity

__all__ = ["ClassSection", "DrawnSection", "JobSection", "PolicySection", "ServiceSection", "TraceSection"]

Positive = Annotated[Sourced, quantity("s", gt=0, usual=("1 s", "1 year"))]
Cards = Annotated[Sourced, quantity("1", gt=0)]
Servers = Annotated[Sourced, quantity("1", ge=1, integer=True)]
Order = Literal["arrival", "fair_share", "shortest", "recorded"]
Backfill = Literal["reserve", "ahead", "none"]
#: A run keeps some 2 kB of every job: more of them would fill an ordinary machine's memory.
MOST_DRAWN = 5_000_000
assert Order.__args__ == ORDERS and Backfill.__args__ == BACKFILLS  # type: ignore[attr-defined]


class JobSection(Model):
    """One job: whole servers (``nodes``) or cards, which may be a share of one."""

    name: str
    """As the result names it."""
    nodes: Servers | None = None
    """Servers that it needs at once."""
    cards: Cards | None = None
    """Cards that it needs at once: whole ones, or a share of one below 1."""
    work: Positive
    """How long it runs at its full size without interruptions."""
    arrives: Duration | None = None
    """When it comes; absent: at the beginning."""
    tenant: str = ""
    """Whose it is."""
    priority: int = 0
    """Larger is served first and may pre-empt smaller."""
    limit: Positive | None = None
    """How long its owner says that it may last; absent: as long as it does."""
    min_cards: Cards | None = None
    """An elastic job goes on with as few; absent: with all or not at all."""
    patience: Positive | None = None
    """Still waiting after so long, it is withdrawn."""
    outcome: Literal["finished", "failed", "cancelled"] = "finished"
    """How its work ends, where its owner's doing ends it."""
    card_types: list[str] = Field(default_factory=list)
    """Cards that it may run on, where the site has unlike ones; none named: any."""

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if (self.nodes is None) == (self.cards is None):
            raise ValueError("needs either nodes (whole servers) or cards")
        if self.min_cards is not None and self.cards is not None and self.min_cards.value > self.cards.value:
            raise ValueError("min_cards is more than cards: an elastic job goes on with fewer")
        return self


class ClassSection(Model):
    """Jobs of one size and owner in a mix."""

    cards: Cards
    """Cards that each needs at once."""
    weight: Amount
    """Its part in the mix."""
    median: Positive
    """Half of them run shorter."""
    p90: Positive
    """Nine in ten run shorter."""
    tenant: str = ""
    """Whose they are."""
    priority: int = 0
    """Larger is served first and may pre-empt smaller."""
    failed_share: Fraction = Sourced(0.0, "1")
    """Of them that their owners' doing ends."""
    min_cards: Cards | None = None
    """Elastic jobs go on with as few."""

    @model_validator(mode="after")
    def _spread(self) -> Self:
        if self.p90.value < self.median.value:
            raise ValueError(f"p90 ({self.p90.value:g} s) lies below the median ({self.median.value:g} s)")
        if self.min_cards is not None and self.min_cards.value > self.cards.value:
            raise ValueError("min_cards is more than cards: an elastic job goes on with fewer")
        return self


class DrawnSection(Model):
    """Jobs drawn from a mix of classes."""

    classes: tuple[ClassSection, ...] = Field(min_length=1)
    """The kinds of jobs."""
    load: Cards | None = None
    """Card-time asked over card-time of the site: how many jobs are drawn. Either this or ``jobs``."""
    jobs: int | None = Field(None, ge=1, le=MOST_DRAWN)
    """How many are drawn."""
    swing: Fraction = Sourced(0.0, "1")
    """How far arrivals swing over a day: 0 is even, 1 from nothing to double."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.load is None) == (self.jobs is None):
            raise ValueError("needs either load (a share of the site's card-time) or jobs (how many)")
        if not any(one.weight.value > 0 for one in self.classes):
            raise ValueError("every class has a weight of 0: no job could be drawn")
        return self


class TraceSection(Model):
    """Jobs of a trace: sacct, Philly, Helios, Acme, PAI, or a plain table."""

    file: str
    """Path of the trace."""
    layout: str = ""
    """Its layout, where the columns do not tell."""


class ServiceSection(Model):
    """A serving fleet beside the jobs: whole servers by hour of the day."""

    name: str
    """As the result names it."""
    servers_by_hour: tuple[int, ...] = Field(min_length=1, max_length=168)
    """Servers in each hour, from midnight; 24 of them are a day, 168 a week."""
    tenant: str = ""
    """Whose it is."""
    priority: int = 10
    """Above that of the jobs, it takes its servers from them."""


class PolicySection(Model):
    """How the queue decides."""

    order: Order = "arrival"
    """Within a priority: by arrival, to the tenant who used least, the shortest first, or as a trace recorded it."""
    backfill: Backfill = "reserve"
    """Who may pass one that does not fit: none that delays it, whoever fits (ahead), or none."""
    preempt: bool = True
    """Whether a higher priority sends running jobs back to the queue."""
    quotas: dict[str, Cards] = Field(default_factory=dict)
    """Most cards that a tenant may hold at once."""
    weights: dict[str, Cards] = Field(default_factory=dict)
    """A tenant's due part under fair shares; 1 where not named."""
    half_life: Annotated[Sourced, quantity("s", gt=0, usual=("1 min", "1 year"))] = Sourced(7 * 86400.0, "s")
    """In which past use counts half."""
