"""A supernode: what joins servers to one coherent domain, and what a scenario says of it."""

from typing import Annotated, Literal, Self

from pydantic import model_validator

from clustersim.provenance import Sourced
from clustersim.schema.base import Count, Model, PartPower, Power, WireRate, quantity
from clustersim.schema.profile_base import Profile
from clustersim.schema.reliability import PositiveCount

__all__ = ["SupernodeProfile", "SupernodeSection"]

Height = Annotated[Sourced, quantity("U", gt=0, usual=("0.5 U", "80 U"))]
PerYear = Annotated[Sourced, quantity("1/year", ge=0, usual=("0 1/year", "10 1/year"))]


class SupernodeSwitch(Model):
    """A packet switch of the coherent domain."""

    ports: PositiveCount
    """Ports of a link's rate."""
    power: Power
    """Under load, without optics."""
    height: Height
    """Height in the rack."""
    price_part: str
    """Name of its price in the price book (``prices.parts.NAME``)."""
    failures_per_year: PerYear
    """Of one switch."""


class SupernodeCircuits(Model):
    """Circuits of light between blocks of cards."""

    block: PositiveCount
    """Cards of a block, which packet switches join."""
    degree: PositiveCount
    """Circuits that a card can have."""
    spare_links: Count
    """Circuits of a block that are held back for those that fail."""
    reconfiguration: Annotated[Sourced, quantity("s", ge=0, usual=("0 s", "10 min"))]
    """Time that laying circuits anew takes, in which none carries anything."""
    ports: PositiveCount
    """Ports of one circuit switch."""
    power: Power
    """Of one circuit switch."""
    height: Height
    """Height of one circuit switch in the rack."""
    price_part: str
    """Name of its price in the price book (``prices.parts.NAME``)."""


class SupernodeProfile(Profile):
    """What joins the cards of several servers to one coherent domain."""

    kind: Literal["supernode"]
    """A supernode."""
    wiring: Literal["switched", "torus", "optical"]
    """Packet switches, links between neighbours, or circuits between blocks of cards."""
    largest: PositiveCount
    """Cards of the largest domain that it is sold as."""
    link_rate: WireRate
    """One link, per direction."""
    copper_reach: PositiveCount
    """Cards of the largest domain whose links are cables; a larger one's are optical, with a module at either end."""
    dimensions: PositiveCount | None = None
    """Dimensions of a torus."""
    switch: SupernodeSwitch | None = None
    """Its packet switch; a torus has none."""
    circuits: SupernodeCircuits | None = None
    """Its circuits between blocks, where it has some."""
    module_power: PartPower
    """Of one optical module."""
    module_part: str
    """Name of the module's price in the price book."""
    cable_part: str
    """Name of the cable's price in the price book."""
    link_failures_per_year: PerYear
    """Of one link, its modules included."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """What a wiring is made of must be there, and nothing else."""
        has = {"switch": self.switch, "circuits": self.circuits, "dimensions": self.dimensions}
        needs = {"switched": ("switch",), "torus": ("dimensions",), "optical": ("switch", "circuits")}[
            self.wiring
        ]
        wrong = [
            f"{name} {'is needed' if name in needs else 'means nothing'} where wiring is {self.wiring}"
            for name, value in has.items()
            if (value is not None) != (name in needs)
        ]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


class SupernodeSection(Model):
    """The coherent domain of several servers that a cluster has."""

    profile: str
    """Which one (hwprofiles/supernodes)."""
    cards: PositiveCount | None = None
    """Cards of one coherent domain; absent: the card's own ``scale_up.domain``."""
