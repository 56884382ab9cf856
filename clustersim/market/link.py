"""The anchored link: how a change of a card's worth moves price and units of its product line, year by year.

The buyer chooses by the logit in the logarithm of the *total* cost per unit of demand. With P* the value-in-use price
(the price at which the card costs the buyer what the incumbent costs, less the switching discount) and X everything
else that a card makes him spend (server, network, power, staff, capitalised and per card, in terms of its price), his
cost per token relative to the incumbent's is

    c / c_inc  ~  (P + X) / (P* + X),

so a share of the market moves by [ (P1 + X) / (P1* + X) / ((P0 + X) / (P0* + X)) ]^(-beta). X is that of the anchor:
what moves the buyer's other costs moves P*, the one term of worth that price and units answer, so that a card that is
worth more is never sold at a lower price or in fewer units. (At the plan's price, below P*, the cost ratio itself
answers a change of X (P* + X) / (P + X) times as much.) At the shipped profiles nothing moves, and the forecast is the
printed one. The maker keeps the share theta of the gain of the logarithm in its price (inverse demand: at theta = 1
units stay and the price takes it all), or sets the price against rivals (``market.pricing``), and never sells below
its unit cost. Units end where no more can be made, and saturate with the market.

Every number is a float, a row by year (years, 1), or a row with points (years, points).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from clustersim.columns import as_array, values_of
from clustersim.errors import InputError
from clustersim.market.pricing import bertrand_price, shared_price

__all__ = [
    "Anchor",
    "Bounds",
    "Link",
    "Worth",
    "first_of",
    "make_link",
    "neutral_link",
    "notes_of",
    "other_cost",
]

Value = float | npt.NDArray[np.float64]

#: Units of a line that is priced out fall to nothing; a share of the market cannot exceed all of it.
SMALLEST = 1e-12
#: A line that would be this share of its whole market is said to saturate it.
SATURATED = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What the simulator gave for a product line at the shipped profiles, and the line's plan in the forecast.

    ``other_cost_cny`` is X at the anchor; ``asp_cny`` and ``unit_cost_cny`` are the plan's, one value or a row.
    """

    product: str
    scenario: str
    value_in_use_price_cny: float
    other_cost_cny: float
    asp_cny: Value
    unit_cost_cny: Value = 0.0


@dataclass(frozen=True, slots=True)
class Worth:
    """What a card is worth now: its value-in-use price P*, CNY per card, and what a reader must know of it.

    ``other_cost_cny`` is what its buyer spends beside it now. It is inside P* and moves nothing beside it; the workbook
    needs it to take P* apart when the switching discount is typed in.
    """

    value_in_use_price_cny: Value
    other_cost_cny: Value
    notes: tuple[str, ...] = ()


def other_cost(
    *,
    running_cny_per_year: Value,
    capital_factor: float,
    other_capex_cny: Value,
    price_markup: float = 1.0,
) -> Value:
    """Return X: running costs capitalised and everything bought with the card, in terms of the card's price.

    >>> other_cost(running_cny_per_year=5e3, capital_factor=0.25, other_capex_cny=4e4)
    60000.0

    Raises InputError for a capital factor or a markup that is not positive.
    """
    if capital_factor <= 0 or price_markup <= 0:
        raise InputError("the capital factor and the price markup must be greater than zero")
    return (running_cny_per_year / capital_factor + other_capex_cny) / price_markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What holds a line's units in, as multiples of the plan; how the market saturates; how prices are set.

    ``most`` is what can be made, over the plan. ``share`` is the line's share of its market at the plan: with it the
    logit has an outside option and saturates at 1 / share. ``below_cost`` states that the maker sells at a loss rather
    than not at all. ``demand_elasticity`` lets cheaper tokens enlarge the market itself: cards asked for go with cost
    per token to the minus this power. ``pricing`` is ``shared`` or ``bertrand``.
    """

    most: Value = np.inf
    share: Value = 0.0
    below_cost: bool = False
    demand_elasticity: float = 0.0
    pricing: str = "shared"


@dataclass(frozen=True, slots=True)
class Link:
    """Multipliers on price and units of one product line, with the terms behind them."""

    product: str | None
    value_change_cny: Value
    price_change_cny: Value
    buyer_gain_cny: Value
    asp_factor: Value
    units_factor: Value
    notes: tuple[str, ...] = ()
    anchor: Anchor | None = None
    worth: Worth | None = None
    bounds: Bounds = Bounds()
    """What the terms follow from; None for a line that nothing is known of."""


def neutral_link(product: str | None = None, why: str = "") -> Link:
    """Return the link of a line that nothing moves: no card, no anchor, or the card at its anchor; ``why`` is told.

    >>> neutral_link().asp_factor
    1.0
    """
    return Link(product, 0.0, 0.0, 0.0, 1.0, 1.0, (why,) if why else ())


def make_link(
    anchor: Anchor,
    worth: Worth,
    *,
    value_share: float,
    price_sensitivity: float,
    bounds: Bounds | None = None,
) -> Link:
    """Return the multipliers that a changed worth gives.

    The gain is ln((P1* + X) / (P0* + X)); price and units rise with it and with nothing else.

    >>> a = Anchor(product="A", scenario="s", value_in_use_price_cny=1e5, other_cost_cny=1e5, asp_cny=5e4)
    >>> link = make_link(a, Worth(1.2e5, 1e5), value_share=0.5, price_sensitivity=1.5)
    >>> round(link.asp_factor, 4), round(link.units_factor, 4)
    (1.1464, 1.0741)

    Raises InputError for a share outside 0 to 1, a negative sensitivity, or a card that costs its buyer nothing.
    """
    # Points of a batch are the last axis here.
    value_share, price_sensitivity = values_of(value_share), values_of(price_sensitivity)
    now = values_of(worth.value_in_use_price_cny)
    anchor = replace(anchor, value_in_use_price_cny=values_of(anchor.value_in_use_price_cny))
    if not np.all((as_array(value_share) >= 0) & (as_array(value_share) <= 1)):
        raise InputError(f"market.value_share must lie between 0 and 1, not {value_share}")
    if np.any(as_array(price_sensitivity) < 0):
        raise InputError(f"market.price_sensitivity must not be negative, not {price_sensitivity}")
    bounds, other = bounds or Bounds(), anchor.other_cost_cny
    before = _relative_cost(anchor)
    # A card that may cost nothing at all with its server is worth no price: it is priced at cost, and hardly sells.
    held = np.maximum(as_array(now) + other, SMALLEST)
    gain = np.log(held) - np.log(as_array(anchor.value_in_use_price_cny) + other)
    if bounds.pricing == "bertrand":
        wished = bertrand_price(
            anchor.asp_cny, other, gain, sensitivity=price_sensitivity, share=bounds.share
        )
    else:
        wished = shared_price(anchor.asp_cny, other, gain, value_share=value_share)
    price = (
        wished if bounds.below_cost else np.maximum(wished, np.minimum(anchor.unit_cost_cny, anchor.asp_cny))
    )
    price = np.maximum(price, 0.0)
    cost = np.log((price + other) / held) - np.log(before)
    free = _units(cost, price_sensitivity, bounds)
    units = np.minimum(free, bounds.most)
    change = as_array(now) - anchor.value_in_use_price_cny
    return Link(
        product=anchor.product,
        value_change_cny=_plain(change),
        price_change_cny=_plain(price - anchor.asp_cny),
        buyer_gain_cny=_plain(change - (price - anchor.asp_cny)),
        asp_factor=_plain(price / anchor.asp_cny),
        units_factor=_plain(units),
        notes=worth.notes + _notes(anchor, wished, price, free, bounds),
        anchor=anchor,
        worth=worth,
        bounds=bounds,
    )


def _relative_cost(anchor: Anchor) -> Value:
    """(P + X) / (P* + X) at the anchor."""
    total = as_array(anchor.asp_cny) + anchor.other_cost_cny
    allowed = as_array(anchor.value_in_use_price_cny) + anchor.other_cost_cny
    if np.any(total <= 0) or np.any(allowed <= 0):
        raise InputError("a card must cost its buyer something: price and other costs sum to zero or less")
    ratio: Value = total / allowed
    return ratio


def _units(log_cost: Value, sensitivity: float, bounds: Bounds) -> Value:
    """Logit share of a cost that moved by ``log_cost``, over the share before, times the market's own growth; what can
    be made bounds it afterwards.
    """
    weight = np.exp(np.clip(-sensitivity * as_array(log_cost), -700, 700))
    share = as_array(bounds.share)
    saturated = weight / (1 - share + share * weight)
    market = np.exp(np.clip(-bounds.demand_elasticity * share * as_array(log_cost), -700, 700))
    units: Value = saturated * market
    return units


def _plain(value: Value) -> Value:
    array = as_array(value)
    return float(array) if array.ndim == 0 else array


def _notes(anchor: Anchor, wished: Value, price: Value, free: Value, bounds: Bounds) -> tuple[str, ...]:
    out = []
    if np.any(as_array(price) > as_array(wished) * (1 + 1e-12) + 1e-9):
        out.append(f"{anchor.product}: priced at its unit cost; the buyer would pay less")
    if np.any(free > bounds.most):
        out.append(
            f"{anchor.product}: units stand at the most that can be made beyond the plan"
            " (company.response.headroom); more worth moves its price alone"
        )
    if np.any(np.minimum(free, bounds.most) * bounds.share >= SATURATED):
        out.append(
            f"{anchor.product}: its market saturates: it would sell more than {SATURATED:.0%} of all of it"
        )
    return tuple(out)


def notes_of(links: Sequence[Link]) -> tuple[str, ...]:
    """Return what the links have to say, each note once."""
    return tuple(dict.fromkeys(note for link in links for note in link.notes))


def first_of(value: Value) -> Value:
    """Return a factor's first year that it moves in full (the second of a row: the first is partly over), or itself.

    >>> first_of(1.5), first_of(np.array([[1.0], [1.2]]))
    (1.5, 1.2)
    """
    array = as_array(value)
    if not array.ndim:
        return float(array)
    first = array[min(1, len(array) - 1)]
    return float(first.reshape(-1)[0]) if first.size == 1 else as_array(first)
