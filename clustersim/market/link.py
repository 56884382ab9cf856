"""The anchored link: how a change of value-in-use moves the price and the units of one product line.

At the shipped profiles nothing moves, and the forecast is the printed one. A card that is worth more than at its
anchor keeps the share theta of the difference in its price, and the rest, left to the buyer, sells more of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from clustersim.errors import InputError

__all__ = ["Anchor", "Link", "make_link", "neutral_link"]

#: A price never falls below this share of the printed one: below it the product would be withdrawn rather than
#: sold (assumption).
PRICE_FLOOR = 0.1
#: Units move at most by this factor either way (assumption: order of what a ramp of supply could follow).
UNITS_LIMIT = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What the simulator gave for a product line at the shipped profiles."""

    product: str
    scenario: str
    value_in_use_price_cny: float
    asp_cny: float


@dataclass(frozen=True, slots=True)
class Link:
    """Multipliers on the ASP and units of one product line, with the terms behind them."""

    product: str | None
    value_change_cny: float
    price_change_cny: float
    buyer_gain_cny: float
    asp_factor: float
    units_factor: float


def neutral_link(product: str | None = None) -> Link:
    """Return the link of a card that moves nothing: one with no product line, or at its anchor.

    >>> neutral_link().asp_factor
    1.0
    """
    return Link(product, 0.0, 0.0, 0.0, 1.0, 1.0)


def make_link(
    anchor: Anchor, value_in_use_price_cny: float, *, value_share: float, price_sensitivity: float
) -> Link:
    """Return the multipliers that a changed value-in-use price gives.

    With D = P* - P*_anchor and theta the maker's share: ASP moves by theta D, at least to a tenth of itself, and
    units by exp(beta (D - price change) / ASP), a logit share far from saturation. At most threefold either way.

    >>> anchor = Anchor(product="X", scenario="s", value_in_use_price_cny=1e5, asp_cny=1e5)
    >>> link = make_link(anchor, 1.2e5, value_share=0.5, price_sensitivity=1.5)
    >>> round(link.asp_factor, 3), round(link.units_factor, 3)
    (1.1, 1.162)

    Raises InputError for a share outside 0 to 1 or a negative sensitivity.
    """
    if not 0 <= value_share <= 1:
        raise InputError(f"market.value_share must lie between 0 and 1, not {value_share}")
    if price_sensitivity < 0:
        raise InputError(f"market.price_sensitivity must not be negative, not {price_sensitivity}")
    change = value_in_use_price_cny - anchor.value_in_use_price_cny
    price_change = max(value_share * change, (PRICE_FLOOR - 1.0) * anchor.asp_cny)
    gain = change - price_change
    ceiling = math.log(UNITS_LIMIT)
    exponent = max(-ceiling, min(ceiling, price_sensitivity * gain / anchor.asp_cny))
    return Link(
        product=anchor.product,
        value_change_cny=change,
        price_change_cny=price_change,
        buyer_gain_cny=gain,
        asp_factor=1.0 + price_change / anchor.asp_cny,
        units_factor=math.exp(exponent),
    )
