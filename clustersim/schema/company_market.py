"""What a company file says of its market: how it answers a change of worth, its size, and what bounds the supply."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from clustersim.provenance import Sourced
from clustersim.schema.base import Amount, Fraction, Model, quantity
from clustersim.schema.company_rows import Series

__all__ = ["MarketSizeFile", "ResponseFile", "SupplyFile"]

Positive = Annotated[Sourced, quantity("1", gt=0)]


class ResponseFile(Model):
    """How the maker and its market answer a change of a card's worth (see ``market.link``); plans are not bounded."""

    pricing: Literal["shared", "bertrand"] = "shared"
    """Price moves by the maker's share of the gain (market.value_share), or is the best one against rivals."""
    headroom: Series = Field(
        default_factory=lambda: Series(
            tier="assumption",
            source="default: orders of a year ahead bound the first years; no maker publishes wafers or memory",
        )
    )
    """Units that can be made, over the plan, by year; by default 1.25, 1.5, 2 and then 3."""
    demand_elasticity: Amount = Field(
        default_factory=lambda: Sourced(
            0.0, "1", "default: cheaper tokens do not enlarge the market", "assumption", 0.0, 1.0
        )
    )
    """Cards asked for in the market go with the cost per token to the minus this power."""
    below_cost: bool = False
    """Sell at a loss rather than not at all."""

    @model_validator(mode="after")
    def _room_for_the_plan(self) -> Self:
        given = [
            *self.headroom.by_year.values(),
            *([self.headroom.every_year] if self.headroom.every_year else []),
        ]
        if any(v < 1 for v in given):
            raise ValueError(
                "headroom: units that can be made over the plan are at least 1; bound the plan by supply"
            )
        return self


class MarketSizeFile(Model):
    """The market that the maker sells into, at two years; between them it grows at a constant rate."""

    first_year: int
    """Year of the first figure."""
    last_year: int
    """Year of the last figure."""
    first: Positive
    """Size of the market in the first year, billion USD."""
    last: Positive
    """Size of the market in the last year, billion USD."""
    domestic_first: Fraction
    """Share of domestic makers in the first year."""
    domestic_last: Fraction
    """Share of domestic makers in the last year."""


class SupplyFile(Model):
    """What bounds a product's units by year: the least of what is given (see ``market.supply``)."""

    units: Series | None = None
    """Cards that can be made at all, by year."""
    wafers: Series | None = None
    """Wafers that can be had, by year."""
    good_dies_per_wafer: Positive | None = None
    """Dies of a wafer that work."""
    dies_per_card: int = Field(default=1, ge=1)
    """Dies on one card."""
    memory_stacks: Series | None = None
    """Stacks of high-bandwidth memory that can be had, by year."""
    stacks_per_card: int = Field(default=1, ge=1)
    """Stacks on one card."""
    packaging: Series | None = None
    """Cards that can be packaged, by year."""
    opening_inventory: Amount | None = None
    """Finished cards in stock at the start; they can be sold in the first year beside what is made."""
