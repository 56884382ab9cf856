"""The value-in-use price: what a buyer can pay for a card and still beat the incumbent's cost per token."""

from __future__ import annotations

from dataclasses import dataclass

from clustersim.errors import InputError

__all__ = ["Segments", "ServingRates", "ValueInUse", "value_in_use_price"]


@dataclass(frozen=True, slots=True)
class ValueInUse:
    """The terms of a card's value-in-use price, in CNY per card (prices before VAT).

    ``allowed_cny_per_year`` is what the card's tokens may cost in a year at the incumbent's cost per token less the
    switching discount; energy and fixed costs come off it; the rest, capitalised, less everything bought with the
    card, is what the card may cost.
    """

    allowed_cny_per_year: float
    energy_cny_per_year: float
    fixed_cny_per_year: float
    capital_factor: float
    other_capex_cny: float
    price_markup: float

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


@dataclass(frozen=True, slots=True)
class ServingRates:
    """Tokens per second and card that both cards serve at the service level, and the segment's share."""

    scenario: str
    own_tokens_per_s_per_card: float
    incumbent_tokens_per_s_per_card: float
    share: float


@dataclass(frozen=True, slots=True)
class Segments:
    """The value of a card in each segment that it is bought for."""

    training: ValueInUse
    inference: ValueInUse | None = None
    inference_share: float = 0.0

    @property
    def price_cny(self) -> float:
        """The value-in-use prices of the segments by their shares.

        >>> v = ValueInUse(50000.0, 3000.0, 2000.0, 0.25, 40000.0, 1.0)
        >>> Segments(v).price_cny == v.price_cny == Segments(v, v, 0.5).price_cny
        True
        """
        if self.inference is None:
            return self.training.price_cny
        share = self.inference_share
        return (1.0 - share) * self.training.price_cny + share * self.inference.price_cny


def value_in_use_price(
    *,
    incumbent_cny_per_mtoken: float,
    switching_discount: float,
    mtokens_per_year: float,
    energy_cny_per_year: float,
    fixed_cny_per_year: float,
    capital_factor: float,
    other_capex_cny: float,
    price_markup: float = 1.0,
) -> ValueInUse:
    """Return P* with (1 - sigma) c_inc Q = energy + fixed + (markup P* + K) a.

    ``capital_factor`` a is the annuity (residual included) plus the maintenance share; K and everything per year are
    per working card; ``price_markup`` is what integration, VAT and the spare cards make of a yuan of card price.

    >>> v = value_in_use_price(incumbent_cny_per_mtoken=10.0, switching_discount=0.2, mtokens_per_year=5000.0,
    ...     energy_cny_per_year=3000.0, fixed_cny_per_year=2000.0, capital_factor=0.25, other_capex_cny=40000.0)
    >>> v.price_cny
    100000.0

    Raises InputError for a discount outside 0 to 1 or a capital factor that is not positive.
    """
    if not 0 <= switching_discount <= 1:
        raise InputError(f"market.switching_discount must lie between 0 and 1, not {switching_discount}")
    if capital_factor <= 0 or price_markup <= 0:
        raise InputError("the capital factor and the price markup must be greater than zero")
    return ValueInUse(
        allowed_cny_per_year=(1 - switching_discount) * incumbent_cny_per_mtoken * mtokens_per_year,
        energy_cny_per_year=energy_cny_per_year,
        fixed_cny_per_year=fixed_cny_per_year,
        capital_factor=capital_factor,
        other_capex_cny=other_capex_cny,
        price_markup=price_markup,
    )
