"""What a scenario file may say. One file is a complete question: a site, the demand on it, its market."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from clustersim.errors import suggest
from clustersim.provenance import Sourced
from clustersim.schema.base import Amount, Bandwidth, Fraction, Model, quantity
from clustersim.schema.collectives import CollectiveSection
from clustersim.schema.demand import Workload
from clustersim.schema.groups import FabricSection, GroupSection, LinkSection
from clustersim.schema.reliability import CheckpointSection, ReliabilitySection
from clustersim.schema.supernode import SupernodeSection
from clustersim.schema.tco import TcoSection

__all__ = [
    "CheckpointSection", "ClusterSection", "FabricSection", "MarketSection", "ReliabilitySection", "Scenario",
    "StorageSection", "TcoSection",
]  # fmt: skip

OUTSIDE_OPTION = Sourced(
    1.5, "1", "default: another domestic card, or rented capacity, half as dear again; none is published", "assumption",
    low=1.1, high=3.0,
)  # fmt: skip


class StorageSection(Model):
    """The parallel storage that durable checkpoints go to."""

    write_bandwidth: Bandwidth
    """Of the whole system."""
    read_bandwidth: Bandwidth
    """Of the whole system."""
    capacity: Annotated[Sourced, quantity("B", gt=0, usual=("1 TB", "1000 PB"))]
    """Usable bytes."""


class ClusterSection(Model):
    """The cluster: which cards, in which servers, on which network. Only what the demand needs must be there."""

    card: str = ""
    """Which card (hwprofiles/cards); absent where there are groups."""
    cards: Annotated[Sourced, quantity("1", ge=1, integer=True, usual=("1", "1000000"))] | None = None
    """How many work; spares come on top."""
    groups: dict[str, GroupSection] = Field(default_factory=dict)
    """Unlike cards by name, instead of ``card`` and ``cards``; what a group leaves out is as it stands here."""
    link: LinkSection | None = None
    """What joins the groups."""
    server: str | None = None
    """Which server (hwprofiles/servers)."""
    nic: str | None = None
    """Which NIC (hwprofiles/nics)."""
    in_network_reduction: bool = False
    """Whether the switches between domains add up on the way."""
    nics_per_card: Annotated[Sourced, quantity("1", gt=0, le=8)] = Sourced(1.0, "1")
    """NICs for each card."""
    supernode: SupernodeSection | None = None
    """What joins several servers to one coherent domain."""
    fabric: FabricSection | None = None
    """The network between servers."""
    storage: StorageSection | None = None
    """The parallel storage."""

    @model_validator(mode="after")
    def _cards_or_groups(self) -> Self:
        """Equal cards or groups of them, not both and not neither."""
        if not self.card and not self.groups:
            raise ValueError("card: is needed and missing (add it, or groups of unlike cards)")
        odd = sorted(name for name in self.groups if not name.strip() or {".", "+"} & set(name))
        if odd:
            raise ValueError(
                f"groups: {', '.join(odd)}: a group's name has no '.' or '+' and is not empty; rename it"
            )
        if self.groups:
            wrong = [n for n in ("card", "cards", "supernode", "in_network_reduction") if getattr(self, n)]
            if wrong:
                raise ValueError(f"{', '.join(wrong)}: belongs to one of the groups; move it there")
        elif self.link is not None:
            raise ValueError("link: joins groups, and there are none; leave it out, or give groups")
        return self


class MarketSection(Model):
    """The price a card is worth, against whom."""

    incumbent: str
    """Scenario whose cluster a buyer could have instead; it does this file's demand under this file's terms. Of unlike
    cards (cluster.groups) those of the first group are valued, with all others as they are."""
    switching_discount: Fraction
    """What the buyer wants off for porting, ecosystem and delivery risk."""
    value_share: Fraction
    """Share of the difference in value that the maker keeps in its price (theta)."""
    price_sensitivity: Amount
    """Logit sensitivity of units to the logarithm of the customer's cost per token."""
    outside_option: Annotated[Sourced, quantity("1", ge=1)] = OUTSIDE_OPTION
    """What the buyer's next-best alternative costs over the incumbent as shipped: an incumbent that is dearer than that
    is worth nothing more to the maker."""
    stated_plans: bool = False
    """Let a plan that one side alone states be held against the best plan of the other."""


def _of_one_line(values: Any) -> Any:
    """Return the values of profiles by their keys; raises ValueError where a key is taken apart into sections."""
    for key, value in values.items() if isinstance(values, dict) else ():
        full = str(key)
        while isinstance(value, dict) and value:
            inner, value = next(iter(value.items()))
            full += f".{inner}"
        if full != str(key):
            raise ValueError(f"write the whole key on one line, {full}: {value}")
    return values


class Scenario(Model):
    """A complete question."""

    name: Annotated[str, Field(min_length=1)]
    """Its name in results."""
    description: str = ""
    """One line."""
    seed: int = Field(0, ge=0)
    """Of every random draw."""
    cluster: ClusterSection
    """The cluster."""
    demand: dict[str, Annotated[Workload, Field(discriminator="kind")]] = Field(default_factory=dict)
    """Workloads by name; only a file of collectives may have none."""
    collectives: dict[str, CollectiveSection] = Field(default_factory=dict)
    """Collectives by name, which `clustersim collectives` times on the cluster; nothing of them is priced."""
    reliability: ReliabilitySection | None = None
    """Failures, recovery, spares."""
    checkpoint: CheckpointSection | None = None
    """Checkpoints of what is trained."""
    tco: TcoSection | None = None
    """Prices and terms of the site."""
    market: MarketSection | None = None
    """Against whom the card is valued."""
    company: str | None = None
    """The maker (scenarios/company)."""
    profile_values: Annotated[dict[str, str | int | float | bool | None], BeforeValidator(_of_one_line)] = (
        Field(default_factory=dict)
    )
    """Keys of profiles with the values that hold at this site instead, as ``--set`` takes them
    (``cards.H100.efficiency.gemm: 0.6``); nothing (``null``) takes an optional key out."""

    @model_validator(mode="after")
    def _shares(self) -> Self:
        if not self.demand and not self.collectives:
            raise ValueError("demand: names no workload; give at least one (docs/design.md shows the form)")
        given = [w.share for w in self.demand.values()]
        if len(given) > 1 and any(share is None for share in given):
            names = ", ".join(f"demand.{n}.share" for n, w in self.demand.items() if w.share is None)
            raise ValueError(f"several workloads share the card-hours: give {names}")
        total = sum(share.value for share in given if share is not None)
        if total > 1 + 1e-9:
            each = ", ".join(f"{n} {w.share.value:.0%}" for n, w in self.demand.items() if w.share)
            raise ValueError(
                f"demand: the shares of the card-hours sum to {total:.0%} ({each}); at most 100 %"
            )
        return self

    @model_validator(mode="after")
    def _one_model_a_name(self) -> Self:
        seen: dict[str, tuple[str, object]] = {}
        for name, work in self.demand.items():
            if work.model is None:
                continue
            given = getattr(work, "dimensions", None)
            first, other = seen.setdefault(work.model, (name, given))
            if given != other:
                raise ValueError(
                    f"demand.{first} and demand.{name} name the model {work.model!r} with unlike dimensions; give the"
                    " models two names"
                )
        return self

    @model_validator(mode="after")
    def _phases_on_groups(self) -> Self:
        for name, work in self.demand.items():
            split = getattr(work, "disaggregated", None)
            for key in ("prefill_on", "decode_on") if split is not None else ():
                group = getattr(split, key)
                if group is not None and group not in self.cluster.groups:
                    raise ValueError(
                        f"demand.{name}.disaggregated.{key}: {suggest(group, list(self.cluster.groups))}"
                        if self.cluster.groups
                        else f"demand.{name}.disaggregated.{key}: names a group, and the cluster has none"
                    )
        return self

    @model_validator(mode="after")
    def _what_is_valued_is_bought(self) -> Self:
        first = next(iter(self.cluster.groups.values()), None)
        if first is not None and first.owned and self.market is not None:
            raise ValueError(
                f"market: of unlike cards those of the first group are valued, and {first.card} is owned: it has no"
                " price to be found; put the group that is bought first, or leave market out"
            )
        return self

    @property
    def shares(self) -> dict[str, float]:
        """Share of the sold card-hours, by workload."""
        return {name: w.share.value if w.share is not None else 1.0 for name, w in self.demand.items()}
