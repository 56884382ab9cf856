"""The value-in-use price: what a buyer can pay for a card and still beat the incumbent's cost of the same demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clustersim.columns import as_array, least, values_of
from clustersim.errors import InputError

__all__ = ["Segment", "ValueInUse", "refuse_unequal", "value_in_use_price"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One workload that the card is bought for, as our card and the incumbent's do it.

    ``units_per_card_year`` is what our card yields of it in a year of sold hours that are all given to it,
    ``incumbent_cny_per_unit`` what a unit costs on the incumbent's cluster. ``asked`` is what is asked of either side:
    they must be equal, or the cost is not of the same work.
    """

    name: str
    share: float
    """Of the card-hours that are sold."""
    unit: str
    units_per_card_year: float
    incumbent_cny_per_unit: float
    asked: Mapping[str, Any] = field(repr=False)
    incumbent_asked: Mapping[str, Any] = field(repr=False)
    outside_cny_per_unit: float | None = None
    """What a unit costs the buyer who takes neither card: the most that the incumbent's cost counts for."""

    @property
    def replaced_cny_per_year(self) -> float:
        """What the buyer's best alternative would cost for what a card yields in its share of a year."""
        cost = self.incumbent_cny_per_unit
        if self.outside_cny_per_unit is not None:
            cost = least(cost, self.outside_cny_per_unit)
        return self.share * self.units_per_card_year * cost

    @property
    def outside(self) -> bool:
        """Whether the buyer's outside option is cheaper than the incumbent, at any point."""
        limit = self.outside_cny_per_unit
        return limit is not None and bool(
            np.any(as_array(values_of(self.incumbent_cny_per_unit)) > values_of(limit))
        )


def refuse_unequal(name: str, asked: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """Raise InputError naming what differs between two demands: costs of unequal work say nothing.

    >>> refuse_unequal("pretrain", {"model": "a"}, {"model": "a"})
    """
    unlike = [key for key in sorted({*asked, *other}) if asked.get(key) != other.get(key)]
    if unlike:
        shown = "; ".join(f"{key}: {asked.get(key)!r} against {other.get(key)!r}" for key in unlike)
        raise InputError(
            f"demand.{name} is not the same on both sides ({shown}); a comparison is of equal work"
        )


@dataclass(frozen=True, slots=True)
class ValueInUse:
    """The terms of a card's value-in-use price, in CNY per card (prices before VAT).

    ``allowed_cny_per_year`` is what the card's work may cost in a year at the incumbent's costs less the switching
    discount; energy and fixed costs come off it; the rest, capitalised, less everything bought with the card, is what
    the card may cost.
    """

    allowed_cny_per_year: float
    energy_cny_per_year: float
    fixed_cny_per_year: float
    capital_factor: float
    other_capex_cny: float
    price_markup: float
    segments: tuple[Segment, ...] = ()

    @property
    def affordable_capex_cny(self) -> float:
        """Capital that the yearly margin can carry."""
        return (
            self.allowed_cny_per_year - self.energy_cny_per_year - self.fixed_cny_per_year
        ) / self.capital_factor

    @property
    def price_cny(self) -> float:
        """The value-in-use price of the card, before integration and VAT; negative for a card not worth its server."""
        return (self.affordable_capex_cny - self.other_capex_cny) / self.price_markup

    @property
    def by_segment_cny(self) -> dict[str, float]:
        """The price by segment: each one's part of the allowance, less its share of the costs; they sum to the price.

        >>> seg = dict(unit="mtoken", units_per_card_year=5000.0, asked={}, incumbent_asked={})
        >>> a, b = (Segment(name=n, share=0.5, incumbent_cny_per_unit=c, **seg) for n, c in (("a", 8.0), ("b", 12.0)))
        >>> v = value_in_use_price([a, b], switching_discount=0.2, energy_cny_per_year=3000.0,
        ...     fixed_cny_per_year=2000.0, capital_factor=0.25, other_capex_cny=40000.0)
        >>> v.by_segment_cny, v.price_cny
        ({'a': 34000.0, 'b': 66000.0}, 100000.0)
        """
        total = sum(s.replaced_cny_per_year for s in self.segments)
        shares = sum(s.share for s in self.segments)
        costs = (
            self.energy_cny_per_year + self.fixed_cny_per_year + self.capital_factor * self.other_capex_cny
        )
        kept = self.allowed_cny_per_year / total if total else 0.0
        return {
            s.name: (kept * s.replaced_cny_per_year - costs * s.share / shares)
            / (self.capital_factor * self.price_markup)
            for s in self.segments
        }


def value_in_use_price(
    segments: Sequence[Segment],
    *,
    switching_discount: float,
    energy_cny_per_year: float,
    fixed_cny_per_year: float,
    capital_factor: float,
    other_capex_cny: float,
    price_markup: float = 1.0,
) -> ValueInUse:
    """Return P* with (1 - sigma) sum over works of share c_inc Q = energy + fixed + (markup P* + K) a.

    ``capital_factor`` a is the annuity (residual included) plus the maintenance share; K and everything per year are
    per working card; ``price_markup`` is what integration, VAT and the spare cards make of a yuan of card price.

    >>> one = Segment(name="pretrain", share=1.0, unit="mtoken", units_per_card_year=5000.0,
    ...     incumbent_cny_per_unit=10.0, asked={"model": "m"}, incumbent_asked={"model": "m"})
    >>> v = value_in_use_price([one], switching_discount=0.2, energy_cny_per_year=3000.0, fixed_cny_per_year=2000.0,
    ...     capital_factor=0.25, other_capex_cny=40000.0)
    >>> v.price_cny
    100000.0

    Raises InputError for unequal demands, no demand, a discount outside 0 to 1, or a factor that is not positive.
    """
    if not segments:
        raise InputError("a card has no value without a demand")
    for segment in segments:
        refuse_unequal(segment.name, segment.asked, segment.incumbent_asked)
    if not 0 <= switching_discount <= 1:
        raise InputError(f"market.switching_discount must lie between 0 and 1, not {switching_discount}")
    if capital_factor <= 0 or price_markup <= 0:
        raise InputError("the capital factor and the price markup must be greater than zero")
    return ValueInUse(
        allowed_cny_per_year=(1 - switching_discount) * sum(s.replaced_cny_per_year for s in segments),
        energy_cny_per_year=energy_cny_per_year,
        fixed_cny_per_year=fixed_cny_per_year,
        capital_factor=capital_factor,
        other_capex_cny=other_capex_cny,
        price_markup=price_markup,
        segments=tuple(segments),
    )
