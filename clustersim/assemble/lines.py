"""Product lines between company and market: their anchors, their plan, and which overrides reach all of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from clustersim.finance.company import Company, ProductLine
from clustersim.finance.products import along
from clustersim.market.lines import Follows, Line
from clustersim.market.link import Anchor, Worth
from clustersim.schema.anchors import anchor_of
from clustersim.schema.company import AnchorRow, CompanyFile
from clustersim.schema.inputs import Inputs
from clustersim.schema.overrides import INCUMBENT, Override

__all__ = ["line_plan", "market_events", "own_anchor", "recorded"]


def market_events(inputs: Inputs) -> dict[str, Any]:
    """Return the overrides that are events of the market: they reach every line of the maker, not one card.

    The market section, the incumbent and its card, the price book and the tariff; another card, a site's own terms and
    the company are none.
    """
    rival = inputs.incumbent.parts.card.name if inputs.incumbent is not None else ""
    own = inputs.parts.card.name

    def reaches(o: Override) -> bool:
        if o.side == INCUMBENT or o.document == "prices" or o.document == f"cards.{rival}" != f"cards.{own}":
            return True
        return o.document == "scenario" and (o.path[0] == "market" or o.path[:2] == ("tco", "tariff"))

    return {o.key: o.value for o in inputs.overrides if reaches(o)}


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


def line_plan(product: ProductLine, company: Company, file: CompanyFile) -> Line:
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
