"""The price book: one file a version, one line a part."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from clustersim.errors import InputError
from clustersim.provenance import Sourced
from clustersim.schema.base import Model, money, quantity

__all__ = ["MONTH", "CurrencyRate", "Part", "PriceBook", "cny_rate", "months_between", "rate_words"]

Weeks = Annotated[Sourced, quantity("week", ge=0, usual=("0 week", "104 week"))]
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

    STANDS_FOR: ClassVar[str] = "price"
    """The number that the mapping of a part is itself."""
    price: Annotated[Sourced, money(usual=("1 CNY", "50 MCNY"))]
    """Of one unit, without VAT."""
    lead_time: Weeks | None = None
    """From order to delivery."""
    racks: Racks | None = None
    """Racks that one unit takes up."""

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

    STANDS_FOR: ClassVar[str] = "rate"
    """The number that the mapping of a currency is itself."""
    rate: Annotated[Sourced, quantity("1", gt=0, usual=("0.01", "20"))]
    """CNY for one unit of the currency."""
    date: str | None = Field(None, pattern=MONTH)
    """Month that it was read; the book's own where absent."""

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, raw: Any) -> Any:
        return _unfold(raw, ("date",), "rate")


class PriceBook(Model):
    """Prices by part, of one version."""

    kind: Literal["prices"]
    """Prices."""
    name: str
    """Its name, that of its file."""
    date: str = Field(pattern=MONTH)
    """Month of the prices."""
    base: str | None = None
    """A price book beneath this one: parts, currencies and the rest that this one does not hold are its."""
    notes: tuple[str, ...] = ()
    """Remarks for the reader; nothing is computed from them."""
    parts: dict[str, Part] = Field(min_length=1)
    """Prices by part."""
    currencies: dict[str, CurrencyRate] = Field(default_factory=dict)
    """Rates by currency."""
    rate_months: int = Field(12, ge=0)
    """A rate older than so many months at the time of the question is refused."""
    integration_time: Weeks | None = None
    """From the last part's delivery to the running cluster."""


def cny_rate(prices: PriceBook, currency: str, key: str) -> Any:
    """Return CNY per unit of a currency; ``key`` says what is in it.

    Raises InputError for a currency without a rate, or whose rate is stale at the book's (or the question's) month.
    """
    if currency not in prices.currencies:
        raise InputError(
            f"{key} is in {currency}, and price book {prices.name} has no rate for it; add currencies.{currency}"
        )
    line = prices.currencies[currency]
    age = months_between(line.date or prices.date, prices.date)
    if age > prices.rate_months:
        raise InputError(
            f"{key} is in {currency}, and the rate of {line.date} in price book {prices.name} is {age} months old at"
            f" {prices.date} (at most {prices.rate_months}); bring currencies.{currency} up to date"
        )
    return line.rate.value


def rate_words(prices: PriceBook, currency: str) -> str:
    """Return the rate of a currency and its month, in words."""
    line = prices.currencies[currency]
    return f"at {line.rate.value:g} CNY/{currency} of {line.date or prices.date} ({prices.name})"


def months_between(earlier: str, later: str) -> int:
    """Return the months from one ``YYYY-MM`` to another, negative where the second is the earlier.

    >>> months_between("2025-11", "2026-06")
    7
    """
    (y0, m0), (y1, m1) = (map(int, text.split("-")) for text in (earlier, later))
    return (y1 - y0) * 12 + m1 - m0
