"""The price book: one file a version, one line a part."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from clustersim.provenance import Sourced
from clustersim.schema.base import Model, money, quantity

__all__ = ["CurrencyRate", "Part", "PriceBook", "months_between"]

Weeks = Annotated[Sourced, quantity("week", ge=0)]
"""Lead times are counted in weeks."""
Racks = Annotated[Sourced, quantity("1", ge=0)]
MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"


def _unfold(raw: Any, own: tuple[str, ...], inner: str) -> Any:
    """Accept ``{value, source, tier, …}`` with a few keys of its own beside the number's."""
    if not (isinstance(raw, dict) and "value" in raw):
        return raw
    flat: dict[str, Any] = {inner: {k: v for k, v in raw.items() if k not in own}}
    for key in own:
        if key in raw:
            flat[key] = raw[key]
    return flat


class Part(Model):
    """One part's unit price, excluding VAT, its lead time, and the racks that a unit takes up."""

    price: Annotated[Sourced, money()]
    lead_time: Weeks | None = None
    racks: Racks | None = None

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, raw: Any) -> Any:
        flat = _unfold(raw, ("lead_time", "racks"), "price")
        if flat is not raw:
            for key in ("lead_time", "racks"):
                if key in flat:
                    flat[key] = {"value": flat[key], "source": raw.get("source"), "tier": raw.get("tier")}
        return flat


class CurrencyRate(Model):
    """CNY per unit of another currency, and the month that it was read (the book's own where absent)."""

    rate: Annotated[Sourced, quantity("1", gt=0)]
    date: str | None = Field(None, pattern=MONTH)

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, raw: Any) -> Any:
        return _unfold(raw, ("date",), "rate")


class PriceBook(Model):
    """Prices by part, of one version."""

    kind: Literal["prices"]
    name: str
    date: str = Field(pattern=MONTH)
    notes: tuple[str, ...] = ()
    parts: dict[str, Part] = Field(min_length=1)
    currencies: dict[str, CurrencyRate] = Field(default_factory=dict)
    rate_months: int = Field(12, ge=0)
    """A rate older than so many months at the time of the question is refused."""
    integration_time: Weeks | None = None
    """From the last part's delivery to the running cluster."""


def months_between(earlier: str, later: str) -> int:
    """Return the months from one ``YYYY-MM`` to another, negative where the second is the earlier.

    >>> months_between("2025-11", "2026-06")
    7
    """
    (y0, m0), (y1, m1) = (map(int, text.split("-")) for text in (earlier, later))
    return (y1 - y0) * 12 + m1 - m0
