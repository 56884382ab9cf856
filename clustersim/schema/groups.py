"""Unlike cards as one site: its groups of equal cards, and what joins them."""

from typing import Annotated, Literal

from clustersim.plugins import TOPOLOGIES
from clustersim.provenance import Sourced
from clustersim.schema.base import Count, Model, Named, WireRate, quantity
from clustersim.schema.reliability import PositiveCount
from clustersim.schema.supernode import SupernodeSection
from clustersim.schema.training import PlanSection

__all__ = ["FabricSection", "GroupSection", "LinkSection"]


class FabricSection(Model):
    """The network between servers."""

    topology: Annotated[str, Named(TOPOLOGIES, ("fat_tree", "rail_optimized", "dragonfly"))] = "fat_tree"
    """How switches are wired."""
    switch: str
    """Which switch (hwprofiles/switches)."""
    optics: str
    """Which optical module on its side (hwprofiles/optics)."""
    oversubscription: Annotated[Sourced, quantity("1", ge=1, usual=("1", "32"))] = Sourced(1.0, "1")
    """Bandwidth below a leaf over that above it."""


class GroupSection(Model):
    """Equal cards in equal servers on a network of their own; what is absent is as the cluster says."""

    card: str
    """Which card (hwprofiles/cards)."""
    cards: PositiveCount
    """How many work; spares come on top."""
    server: str | None = None
    """Which server (hwprofiles/servers)."""
    nic: str | None = None
    """Which NIC (hwprofiles/nics)."""
    nics_per_card: Annotated[Sourced, quantity("1", gt=0, le=8)] | None = None
    """NICs for each card."""
    in_network_reduction: bool = False
    """Whether the switches between domains add up on the way."""
    supernode: SupernodeSection | None = None
    """What joins several of its servers to one coherent domain."""
    fabric: FabricSection | None = None
    """The network between its servers."""
    plan: PlanSection | Literal["best"] = "best"
    """How the group alone would train; ``best``: those that the search finds fastest together."""
    spares: Count | None = None
    """Its hot spare servers; absent: its part of the site's, by servers."""
    mttf_scale: Annotated[Sourced, quantity("1", gt=0)] | None = None
    """Lives of its parts over those of the table; absent: the site's."""
    owned: bool = False
    """Bought earlier and paid for: it costs power, rooms and spares, and no price."""


class LinkSection(Model):
    """What joins the groups of a site."""

    bandwidth: WireRate | None = None
    """Per card and per direction; absent: as fast as the slowest group's NICs."""
    through_hosts: bool = False
    """Whether what passes between groups is staged in host memory, where the makers' libraries do not meet."""
