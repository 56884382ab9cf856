"""What a card is made of, and what that costs its maker."""

from typing import Annotated, Literal

from clustersim.provenance import Sourced
from clustersim.schema.base import Amount, Fraction, Model, Share, money, quantity
from clustersim.schema.profile_base import Profile

__all__ = ["ClassSection", "SiliconProfile", "TokensFile"]

Price = Annotated[Sourced, money(usual=("1 CNY", "1 MCNY"))]
Positive = Annotated[Sourced, quantity("1", gt=0)]


class SiliconProfile(Profile):
    """A card's dies, memory stacks, package, test and board, with what each costs its maker."""

    kind: Literal["silicon"]
    """What a card costs."""
    dies: Positive
    """Compute dies of a card."""
    area_mm2: Positive
    """Area of one die, in square millimetres."""
    wafer: Price
    """A processed wafer of 300 mm."""
    defects_per_cm2: Amount
    """Defects of the process."""
    clustering: Positive
    """How much they cluster (negative binomial model)."""
    harvest: Fraction
    """Share of the dies with a defect that are sold with units switched off."""
    stacks: Positive
    """Memory stacks of a card."""
    stack: Price
    """One memory stack."""
    package: Price
    """Interposer, substrate and assembly."""
    package_yield: Share
    """Share of the assembled packages that work."""
    test: Price
    """Test of wafer and package."""
    board: Price
    """Board, power supply, cooling plate and the rest of the card."""


class ClassSection(Model):
    """Tokens of one class of model, and the scenario that stands for serving it."""

    tokens_per_month: Annotated[Sourced, quantity("1", gt=0)]
    """Input and output tokens of a month."""
    scenario: str
    """Serving scenario that stands for the class (scenarios)."""
    growth: Annotated[Sourced, quantity("1", gt=-1, usual=("-50 %", "500 %"))] = Sourced(0.0, "1")
    """Growth of a year."""


class TokensFile(Profile):
    """Tokens a month by class of model."""

    kind: Literal["tokens"]
    """Tokens that are asked for."""
    month: str
    """Month of the figures, as 2026-05."""
    use: Share
    """Mean load over the load that the fleet is built for."""
    classes: dict[str, ClassSection]
    """Classes by name."""
