"""Product lines between company and market: their anchors, their plan, and which overrides reach all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from clustersim.columns import Varied, as_array, values_of
from clustersim.finance.company import Company, ProductLine
from clustersim.finance.products import along
from clustersim.market.lines import Follows, Line
from clustersim.market.link import Anchor, Bounds, Worth
from clustersim.schema.anchors import anchor_of
from clustersim.schema.company import AnchorRow, CompanyFile
from clustersim.schema.company_market import MarketSizeFile
from clustersim.schema.inputs import Inputs
from clustersim.schema.overrides import INCUMBENT, Override

__all__ = [
    "incumbent_events",
    "line_bounds",
    "line_plan",
    "market_events",
    "market_usd_bn",
    "own_anchor",
    "recorded",
    "tariff_on",
]

#: The one term of a site that moves with the market: what is paid for electricity.
TARIFF = ("tco", "tariff")
#: Units that can be made over the plan, by position of the year, where a company file gives none (assumption).
HEADROOM = (1.25, 1.5, 2.0, 3.0)


def market_events(inputs: Inputs) -> dict[str, Any]:
    """Return the overrides that are events of the market: they reach every line of the maker, not one card.

    The market section, the incumbent and its card, the price book and the tariff (``tariff_on``); another card, a
    site's own terms and the company are none.
    """
    rival = inputs.incumbent.parts.card.name if inputs.incumbent is not None else ""
    own = inputs.parts.card.name

    def reaches(o: Override) -> bool:
        if o.path[:2] == TARIFF and o.path[2:] in {("low",), ("high",), ("source",), ("tier",)}:
            return False
        if o.side == INCUMBENT or o.document == "prices" or o.document == f"cards.{rival}" != f"cards.{own}":
            return True
        return o.document == "scenario" and (o.path[0] == "market" or o.path[:2] == TARIFF)

    return {o.key: o.value for o in inputs.overrides if reaches(o)}


def tariff_on(site: Inputs, events: Mapping[str, Any], *, here: Inputs, shipped: Inputs) -> dict[str, Any]:
    """Return the events as they reach another site: it pays its own tariff, dearer by what it is dearer ``here``.

    Sites pay what their provinces ask. The event is how many times as dear electricity becomes, so that a small change
    here is a small change there; from nothing it can only be the tariff itself.
    """
    keys = [o.key for o in here.overrides if o.key in events and not o.side and o.path[:2] == TARIFF]
    before = values_of(shipped.tco.tariff.value) if keys else 0.0
    if not np.all(as_array(before) > 0):
        return dict(events)
    now = as_array(values_of(here.tco.tariff.value)) / before * site.tco.tariff.value
    value = Varied(now, "CNY/kWh") if now.ndim else f"{float(now)!r} CNY/kWh"
    return {key: (value if key in keys else stated) for key, stated in events.items()}


def incumbent_events(inputs: Inputs) -> set[str]:
    """Return the keys of the events that reach the incumbent alone: its own terms and its card.

    A tariff or the price book moves whatever else the buyer could take as well.
    """
    rival = inputs.incumbent.parts.card.name if inputs.incumbent is not None else ""
    own = inputs.parts.card.name
    return {
        o.key
        for o in inputs.overrides
        if o.side == INCUMBENT or o.document == f"cards.{rival}" != f"cards.{own}"
    }


def recorded(scenario: str, product: ProductLine, company: Company) -> tuple[Anchor, Worth] | None:
    """The anchor of a line in the scenario that stands for it, and the worth that it records."""
    row = anchor_of(scenario, product.name)
    if row is None:
        return None
    anchor = _anchor_of_line(row, product, company)
    return anchor, Worth(anchor.value_in_use_price_cny, anchor.other_cost_cny)


def own_anchor(inputs: Inputs, company: Company | None) -> tuple[AnchorRow, Anchor] | None:
    """The recorded value of the card's product line, and its price; nothing where it has none."""
    product = inputs.parts.card.product
    if company is None or product is None or inputs.scenario.market is None:
        return None
    row = anchor_of(inputs.name, product)
    line = next((p for p in company.products if p.name == product), None)
    if row is None or line is None:
        return None
    return row, _anchor_of_line(row, line, company)


def line_bounds(
    product: ProductLine, company: Company, file: CompanyFile, cny_per_usd: float | None
) -> Bounds:
    """Return how a line answers a change of its card's worth: what more can be made, its market, its price.

    Its share is the plan's revenue over the market's size, which after its last year stays as it is.
    """
    response, share = file.response, 0.0 * np.ones((len(company.years), 1))
    if file.market_size is not None and cny_per_usd is not None:
        size = np.array([market_usd_bn(file.market_size, int(y[:4])) for y in company.years])[:, None]
        revenue = along(product.units, company.years) * along(product.asp_kcny, company.years)
        share = np.clip(revenue * 1e3 / (size * 1e9 * cny_per_usd), 0.0, 1.0)
    return Bounds(
        most=np.array(response.headroom.along(company.years, _headroom(len(company.years))))[:, None],
        share=share,
        below_cost=response.below_cost,
        demand_elasticity=response.demand_elasticity.value,
        pricing=response.pricing,
    )


def _headroom(count: int) -> tuple[float, ...]:
    """The default by position, the last one for all later years."""
    return tuple(HEADROOM[min(i, len(HEADROOM) - 1)] for i in range(count))


def market_usd_bn(size: MarketSizeFile, year: int) -> float:
    """Return the market's size in billion USD: constant growth between its two years, level outside them."""
    at = min(max(year, size.first_year), size.last_year) - size.first_year
    grown = (size.last.value / size.first.value) ** (at / (size.last_year - size.first_year))
    return float(size.first.value * grown)


def line_plan(product: ProductLine, company: Company, file: CompanyFile, cny_per_usd: float | None) -> Line:
    """Return a line's plan along the years, and whom it follows.

    A year without sales moves nothing; any price stands for it.
    """
    asp, cost = along(product.asp_kcny, company.years), along(product.unit_cost_kcny, company.years)
    sold = asp > 0
    block = file.products.get(product.name)
    follows = block.follows if block is not None else None
    return Line(
        asp_cny=np.where(sold, asp, 1.0) * 1e3,
        unit_cost_cny=np.where(sold, cost, 1.0) * 1e3,
        follows=Follows(follows.product, follows.worth_ratio.value) if follows is not None else None,
        bounds=line_bounds(product, company, file, cny_per_usd),
    )


def _anchor_of_line(row: AnchorRow, product: ProductLine, company: Company) -> Anchor:
    asp, cost = along(product.asp_kcny, company.years), along(product.unit_cost_kcny, company.years)
    sold = asp > 0
    return Anchor(
        product=product.name,
        scenario=row.scenario,
        value_in_use_price_cny=row.value_in_use_price_cny.value,
        other_cost_cny=row.other_cost_cny.value,
        asp_cny=np.where(sold, asp, 1.0) * 1e3,
        unit_cost_cny=np.where(sold, cost, 1.0) * 1e3,
    )
