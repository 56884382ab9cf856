"""How the worth of cards moves the product lines of their maker, by the scenarios that stand for the lines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clustersim.assemble.lines import line_bounds, line_plan, market_events, own_anchor, recorded, tariff_on
from clustersim.columns import as_plain
from clustersim.finance.company import Company, ProductLine
from clustersim.market.lines import market_links
from clustersim.market.link import Anchor, Link, Worth, make_link, neutral_link
from clustersim.pipeline.site import run_site
from clustersim.pipeline.value import value_of_card, valued, worth_of
from clustersim.schema.anchors import anchor_of
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.workloads.work import StageCache

__all__ = ["STANDING", "link_of", "links_of", "standing_inputs"]

#: What the scenarios that stand for product lines gave: an event of the market changes prices, hardly ever their works.
STANDING = StageCache(512)


def link_of(inputs: Inputs, worth: Worth | None, company: Company | None) -> Link:
    """Return how the card's worth moves its product line; neutral, saying why, where it has none or no anchor."""
    market, found, product = inputs.scenario.market, own_anchor(inputs, company), inputs.parts.card.product
    if worth is None or market is None or found is None:
        why = (
            f"{product} has no anchor in the forecast: it moves nothing"
            if product and worth is not None
            else ""
        )
        return neutral_link(product, why)
    file, rate = as_plain(inputs.company), _cny_per_usd(inputs)
    line = next(p for p in company.products if p.name == product) if company is not None else None
    return make_link(
        found[1],
        worth,
        value_share=market.value_share.value,
        price_sensitivity=market.price_sensitivity.value,
        bounds=line_bounds(line, company, file, rate) if line is not None and company is not None else None,
    )


def _cny_per_usd(inputs: Inputs) -> Any:
    """The rate that a market's size in dollars is read at; None where the price book has none."""
    at = as_plain(inputs.prices).currencies.get("USD")
    return at.rate.value if at is not None else None


def links_of(inputs: Inputs, own: Link, company: Company | None) -> tuple[Link, ...]:
    """Return the links of every line: an event of the market moves each one by the scenario that stands for it.

    One event gives one answer from any scenario of the company: only what this scenario changes of its own card and
    site comes on top, and reaches its own line alone.
    """
    market, file = inputs.scenario.market, as_plain(inputs.company)
    events = market_events(inputs)
    if company is None or file is None or market is None:
        return (own,)
    lines, rate = {}, _cny_per_usd(inputs)
    for product in company.products:
        block, plan = file.products.get(product.name), line_plan(product, company, file, rate)
        stood = block.scenario if block is not None else None
        found = _standing(stood, product, inputs, company) if stood is not None else None
        lines[product.name] = replace(plan, anchor=found[0], worth=found[1]) if found is not None else plan
    terms = {"value_share": market.value_share.value, "price_sensitivity": market.price_sensitivity.value}
    every = market_links(lines, **terms)
    block = file.products.get(own.product or "")
    stands = block is not None and events and _is_at_its_own_anchor(inputs, block.scenario)
    return tuple(one if stands or one.product != own.product else own for one in every)


def _is_at_its_own_anchor(inputs: Inputs, standing: str | None) -> bool:
    """Whether a scenario beside the one that stands for its line changes nothing of its own: but for the market's
    events its card is worth what its anchor records.
    """
    product, events = inputs.parts.card.product, market_events(inputs)
    if standing in {None, inputs.name} or product is None:
        return False
    if any(o.key not in events and o.document != "company" for o in inputs.overrides):
        return False
    row, plain = anchor_of(inputs.name, product), load_inputs(inputs.file)
    if row is None or row.scenario != inputs.name or plain.incumbent is None:
        return False
    value = value_of_card(plain, run_site(plain, STANDING), run_site(plain.incumbent, STANDING)).price_cny
    return abs(value - row.value_in_use_price_cny.value) <= 1e-6 * abs(value)


def _standing(
    scenario: str, product: ProductLine, here: Inputs, company: Company
) -> tuple[Anchor, Worth] | None:
    """The anchor of the scenario that stands for a line, and its card's worth after the events; at first its anchor."""
    if not market_events(here):
        return recorded(scenario, product, company)
    inputs = standing_inputs(scenario, here)
    found = own_anchor(inputs, company)
    if found is None or inputs.incumbent is None:
        return None
    return found[1], worth_of(valued(inputs, STANDING).value, product.name)


def standing_inputs(scenario: str, here: Inputs) -> Inputs:
    """The scenario that stands for a line, under the market's events of another one."""
    plain, events = load_inputs(scenario), market_events(here)
    events = tariff_on(plain, events, here=here, shipped=load_inputs(here.file, with_incumbent=False))
    cards = {plain.parts.card.name, plain.incumbent.parts.card.name if plain.incumbent else ""}
    mine = {k: v for k, v in events.items() if not k.startswith("cards.") or k.split(".")[1] in cards}
    return load_inputs(scenario, mine)
