"""The price book: one file a version, one line a part."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from clustersim.provenance import Sourced
from clustersim.schema.base import Model, money, quantity

__all__ = ["Part", "PriceBook"]

Weeks = Annotated[Sourced, quantity("week", ge=0)]
"""Lead times are counted in weeks."""


class Part(Model):
    """One part's unit price, excluding VAT, and its lead time."""

    price: Annotated[Sourced, money()]
    lead_time: Weeks | None = None

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, raw: Any) -> Any:
        """Accept the short form ``{value, source, tier, …, lead_time}``."""
        if isinstance(raw, dict) and "value" in raw:
            rest = {k: v for k, v in raw.items() if k != "lead_time"}
            flat: dict[str, Any] = {"price": rest}
            if "lead_time" in raw:
                lead = {"value": raw["lead_time"], "source": raw.get("source"), "tier": raw.get("tier")}
                flat["lead_time"] = lead
            return flat
        return raw


class PriceBook(Model):
    """Prices by part, of one version."""

    kind: Literal["prices"]
    name: str
    date: str = ""
    notes: tuple[str, ...] = ()
    parts: dict[str, Part] = Field(min_length=1)
    currencies: dict[str, Annotated[Sourced, quantity("1", gt=0)]] = Field(default_factory=dict)
    """CNY per unit of another currency."""
