"""The corridor, read top to bottom: a demand on a site, its works, power and cost, the value of a card, the company."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from clustersim.assemble.company import company_spec
from clustersim.assemble.lines import (
    incumbent_events,
    line_bounds,
    line_plan,
    market_events,
    own_anchor,
    recorded,
    tariff_on,
)
from clustersim.assemble.purchase import Purchase, purchase, site_power
from clustersim.assemble.site import total_cost_of
from clustersim.columns import as_plain, finite, number
from clustersim.des.training.incidents import SimulatedRun
from clustersim.des.training.simulate import simulate_run
from clustersim.econ.bom import Bill
from clustersim.econ.power import PowerTerms, mixed_power
from clustersim.econ.racks import RackCount
from clustersim.econ.tco import Tco, capital_recovery_factor
from clustersim.errors import ClusterSimError, InputError
from clustersim.fabric.parts import NetworkParts
from clustersim.finance.company import Company, ProductLine
from clustersim.finance.forecast import Forecast, make_forecast
from clustersim.finance.valuation import Valuation, value_company
from clustersim.market.lines import market_links
from clustersim.market.link import Anchor, Link, Worth, make_link, neutral_link, other_cost
from clustersim.market.value import Segment, ValueInUse, value_in_use_price
from clustersim.schema.anchors import anchor_of
from clustersim.schema.inputs import Inputs, load_inputs
from clustersim.schema.sides import refuse_stated_plans
from clustersim.workloads import run_workload
from clustersim.workloads.training import TrainingDetail
from clustersim.workloads.work import Load, Product, StageCache, Work

__all__ = [
    "SHARED", "ChainRun", "Purchase", "SiteRun", "StageCache", "ValuedCard", "movement_by_workload", "other_cost_of",
    "purchase", "run_chain", "run_site", "value_of_card", "valued_cards", "worth_of",
]  # fmt: skip

Tell = Callable[[str], None]
#: What the scenarios that stand for product lines gave: an event of the market changes prices, hardly ever their works.
_STANDING = StageCache(512)
#: Stages that questions of one process share where they bring no cache of their own: plans are searched for once.
SHARED = StageCache(1024)


@dataclass(frozen=True, slots=True)
class SiteRun:
    """One site with its demand, from its works to the cost of their units."""

    name: str
    cards: int
    nodes: int
    works: tuple[Work, ...]
    power: PowerTerms
    work_power_w: Mapping[str, float]
    """Facility power if the site did one work alone, by its name."""
    parts: NetworkParts
    racks: RackCount
    bill: Bill
    tco: Tco

    def work(self, kind: str) -> Work | None:
        """Return the first workload of a kind; nothing where there is none."""
        return next((work for work in self.works if work.kind == kind), None)

    @property
    def main(self) -> Work:
        """The first workload: the one that a question without a name means."""
        return self.works[0]

    @property
    def training(self) -> TrainingDetail:
        """The training job with its step and long run; raises InputError where the site trains nothing."""
        work = self.work("training")
        if work is None:
            raise InputError(f"{self.name}: has no training workload, and this question is about one")
        detail: TrainingDetail = work.detail
        return detail

    def cny_per_unit(self, work: Work, product: Product | None = None) -> float:
        """Cost of a unit: its share of a sold card-hour's cost over what the card-hour yields."""
        made = product or work.main
        return made.cost_share * self.tco.cny_per_card_hour / made.per_card_hour

    def kwh_per_unit(self, work: Work) -> float:
        """Energy of a unit of the main product, cooling included, at the power that the site draws for this work."""
        return self.work_power_w[work.name] / 1e3 / self.cards / work.main.per_card_hour

    @property
    def cny_per_mtoken(self) -> float:
        """Cost of a million trained tokens on sold hours."""
        work = self.work("training")
        if work is None:
            raise InputError(f"{self.name}: trains nothing, so that no trained token has a cost")
        return self.cny_per_unit(work)

    def units_per_card_year(self, work: Work) -> float:
        """Units that one card yields in a year of sold hours that are all given to one work."""
        return work.per_card_year * self.tco.sold_share


@dataclass(frozen=True, slots=True)
class ChainRun:
    """The whole chain of one scenario."""

    inputs: Inputs
    own: SiteRun
    incumbent: SiteRun | None
    shipped: SiteRun | None
    """The incumbent before the events that reach it alone; None where there are none."""
    value: ValueInUse | None
    link: Link
    """How this card's worth moves its own line."""
    links: tuple[Link, ...]
    """The links of every line that moves: this card's, and where the market moves, all others."""
    company: Company | None
    forecast: Forecast | None
    valuation: Valuation | None
    simulated: tuple[SimulatedRun, ...]


@dataclass(frozen=True, slots=True)
class ValuedCard:
    """A card on its site against its incumbent: ``shipped`` is the incumbent before the events that reach it alone."""

    inputs: Inputs
    own: SiteRun
    incumbent: SiteRun
    shipped: SiteRun | None
    value: ValueInUse


def run_site(
    inputs: Inputs, cache: StageCache | None = None, loads: Mapping[str, Load] | None = None
) -> SiteRun:
    """Run the demand on its site, and price it.

    ``loads`` are those of workloads that do not run at their capacity: the cards then draw what that takes.

    Raises InputError for parts that the site lacks, all at once; InfeasibleError where a workload cannot be done.
    """
    inputs.require(money=True)
    cache = cache or SHARED
    works = tuple(
        run_workload(inputs, name, cache).slowed(inputs.slower.get(name, {}))
        for name in inputs.scenario.demand
    )
    bought = purchase(inputs)
    loads = loads or {}
    alone = {
        work.name: site_power(inputs, loads.get(work.name, work.load), work.group_loads, bought)
        for work in works
    }
    idle = site_power(inputs, Load(0.0, 0.0, 0.0, 0.0), {}, bought)
    power = mixed_power([(work.share, alone[work.name]) for work in works], idle)
    given = sum(work.share for work in works)
    tco = total_cost_of(inputs, bought.bill, power, given)
    if not finite(tco.cny_per_card_hour):
        over = ", ".join(name for name, value in tco.terms().items() if not finite(value))
        raise InputError(
            f"{inputs.name}: a cost is too large to count with ({over or 'capital'}); mend its inputs"
        )
    return SiteRun(
        name=inputs.name,
        cards=inputs.cards,
        nodes=inputs.servers,
        works=works,
        power=power,
        work_power_w={name: terms.facility_power_w for name, terms in alone.items()},
        parts=bought.parts,
        racks=bought.racks,
        bill=bought.bill,
        tco=tco,
    )


def value_of_card(
    inputs: Inputs,
    own: SiteRun,
    incumbent: SiteRun,
    discount: float | None = None,
    shipped: SiteRun | None = None,
) -> ValueInUse:
    """Return the price per card at which the buyer beats the incumbent's cost of the same demand by the discount.

    The discount is the market's where none is given; at 0 it is the price at which both do the demand at one cost.
    ``shipped`` is the incumbent before any event: beyond its costs times ``market.outside_option`` the buyer takes
    neither card.

    Raises InputError where the sides do not do the same work.
    """
    market, tco = inputs.scenario.market, inputs.tco
    if discount is None:
        assert market is not None
        discount = market.switching_discount.value
    theirs = {work.name: work for work in incumbent.works}
    given = sum(work.share for work in own.works)
    outside = _outside_costs(inputs, shipped)
    segments = [
        Segment(
            name=work.name,
            share=work.share / given,  # hours that are given to no workload are not sold
            unit=work.main.name,
            units_per_card_year=own.units_per_card_year(work),
            incumbent_cny_per_unit=incumbent.cny_per_unit(theirs[work.name]),
            asked=work.asked,
            incumbent_asked=theirs[work.name].asked,
            outside_cny_per_unit=outside.get(work.name),
        )
        for work in own.works
    ]
    residual = tco.residual.value * (1 + tco.wacc.value) ** -tco.horizon.value
    markup = (1 + tco.integration.value) * (1 + tco.vat.value)
    # Of unlike cards the first group's are valued; what all others cost is as given.
    card_cny, quantity = own.bill.bought(inputs.parts.card.name)
    return value_in_use_price(
        segments,
        switching_discount=discount,
        energy_cny_per_year=own.tco.electricity_cny_per_year / own.cards,
        fixed_cny_per_year=own.tco.fixed_cny_per_year / own.cards,
        capital_factor=capital_recovery_factor(tco.wacc.value, tco.horizon.value) * (1 - residual)
        + tco.maintenance.value,
        other_capex_cny=(own.bill.hardware_cny - card_cny) * markup / own.cards,
        price_markup=markup * quantity / own.cards,
    )


def _outside_costs(inputs: Inputs, shipped: SiteRun | None) -> dict[str, Any]:
    """What a unit of each work costs the buyer who takes neither card; nothing where no event touches the incumbent."""
    market = inputs.scenario.market
    if shipped is None or market is None:
        return {}
    return {w.name: market.outside_option.value * shipped.cny_per_unit(w) for w in shipped.works}


def _shipped_incumbent(inputs: Inputs, cache: StageCache) -> SiteRun | None:
    """The incumbent without the events that reach it alone, for the same demand; None where there are none."""
    events = incumbent_events(inputs)
    if not events:
        return None
    kept = {o.key: o.value for o in inputs.overrides if o.key not in events}
    plain = load_inputs(inputs.file, kept)
    return _run_incumbent(plain.incumbent, cache) if plain.incumbent is not None else None


def worth_of(value: ValueInUse, product: str | None) -> Worth:
    """What a card is worth to its line, and whether its buyers' outside option bounds it."""
    bounded = [segment.name for segment in value.segments if segment.outside]
    note = (
        f"{product}: the incumbent costs more than the buyer's outside option in {', '.join(bounded)}"
        " (market.outside_option over its cost as shipped): the card is worth no more than against that"
    )
    return Worth(value.price_cny, other_cost_of(value), (note,) if bounded else ())


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
    value = value_of_card(plain, run_site(plain, _STANDING), run_site(plain.incumbent, _STANDING)).price_cny
    return abs(value - row.value_in_use_price_cny.value) <= 1e-6 * abs(value)


def _standing(
    scenario: str, product: ProductLine, here: Inputs, company: Company
) -> tuple[Anchor, Worth] | None:
    """The anchor of the scenario that stands for a line, and its card's worth after the events; at first its anchor."""
    if not market_events(here):
        return recorded(scenario, product, company)
    inputs = _standing_inputs(scenario, here)
    found = own_anchor(inputs, company)
    if found is None or inputs.incumbent is None:
        return None
    return found[1], worth_of(_valued(inputs).value, product.name)


def _standing_inputs(scenario: str, here: Inputs) -> Inputs:
    """The scenario that stands for a line, under the market's events of another one."""
    plain, events = load_inputs(scenario), market_events(here)
    events = tariff_on(plain, events, here=here, shipped=load_inputs(here.file, with_incumbent=False))
    cards = {plain.parts.card.name, plain.incumbent.parts.card.name if plain.incumbent else ""}
    mine = {k: v for k, v in events.items() if not k.startswith("cards.") or k.split(".")[1] in cards}
    return load_inputs(scenario, mine)


def _valued(inputs: Inputs) -> ValuedCard:
    """The card of a scenario that has an incumbent, valued."""
    assert inputs.incumbent is not None
    shipped = _shipped_incumbent(inputs, _STANDING)
    own, rival = run_site(inputs, _STANDING), run_site(inputs.incumbent, _STANDING)
    return ValuedCard(inputs, own, rival, shipped, value_of_card(inputs, own, rival, shipped=shipped))


def valued_cards(run: ChainRun) -> dict[str, ValuedCard]:
    """Return the card of every product line that a scenario stands for, valued under the market's events of a run.

    What the run changes of its own card and site is none of them: they are the lines as an event of the market sees
    them. Empty without a company or a market.
    """
    file = run.inputs.company
    if run.company is None or file is None or run.inputs.scenario.market is None:
        return {}
    out = {}
    for product in run.company.products:
        block = file.products.get(product.name)
        if block is not None and block.scenario is not None:
            inputs = _standing_inputs(block.scenario, run.inputs)
            if inputs.incumbent is not None:
                out[product.name] = _valued(inputs)
    return out


def movement_by_workload(run: ChainRun) -> dict[str, float]:
    """Return by how much per share each workload alone moves the target price since the anchor.

    Each one's change of value is put on the anchor by itself. ``other product lines`` is what an event of the market
    does to them, ``together`` what is left: the parts' joint effect, and all of it where the anchor is of another
    demand. Empty where nothing is valued.
    """
    found = own_anchor(run.inputs, run.company)
    if run.value is None or run.valuation is None or run.company is None or found is None:
        return {}
    company, (row, anchor) = run.company, found
    parts, recorded = run.value.by_segment_cny, {n: v.value for n, v in row.by_workload_cny.items()}

    def target(change_cny: float = 0.0, others: tuple[Link, ...] = ()) -> float:
        worth = Worth(anchor.value_in_use_price_cny + change_cny, anchor.other_cost_cny)
        forecast = make_forecast(company, (link_of(run.inputs, worth, company), *others))
        return float(value_company(company, forecast).target_price)

    still = target()
    alike = set(parts) == set(recorded)
    moved = {name: target(value - recorded[name]) - still for name, value in parts.items() if alike}
    others = tuple(link for link in run.links if link.product != run.link.product)
    if others:
        moved["other product lines"] = target(0.0, others) - still
    rest = float(run.valuation.target_price) - still - sum(moved.values())
    return {**moved, "together": rest}


def other_cost_of(value: ValueInUse) -> float:
    """What the card makes its buyer spend beside its price, in terms of the price."""
    cost: float = number(
        other_cost(
            running_cny_per_year=value.energy_cny_per_year + value.fixed_cny_per_year,
            capital_factor=value.capital_factor,
            other_capex_cny=value.other_capex_cny,
            price_markup=value.price_markup,
        )
    )
    return cost


def _run_incumbent(side: Inputs, cache: StageCache) -> SiteRun:
    """The incumbent's run; what is wrong with it says whose it is."""
    try:
        return run_site(side, cache)
    except ClusterSimError as error:
        raise type(error)(f"incumbent {side.name}: {error}") from None


def run_chain(
    inputs: Inputs,
    *,
    replications: int | None = None,
    tell: Tell = lambda name: None,
    cache: StageCache | None = None,
) -> ChainRun:
    """Run a scenario through the whole chain.

    ``replications`` is the number of simulated months of what is trained (default: the scenario's; 0 leaves them out).
    ``tell`` is called with the name of each room when it is done; a ``cache`` carries stages over from earlier runs.

    Raises InputError where a plan is stated for one side only, unless the market allows it.
    """
    cache = cache or SHARED
    scenario = inputs.scenario
    own = run_site(inputs, cache)
    tell("site")
    if inputs.incumbent is not None and scenario.market is not None:
        refuse_stated_plans([inputs, inputs.incumbent], allowed=scenario.market.stated_plans)
    incumbent = _run_incumbent(inputs.incumbent, cache) if inputs.incumbent is not None else None
    tell("incumbent")
    shipped = _shipped_incumbent(inputs, cache) if incumbent is not None else None
    value = value_of_card(inputs, own, incumbent, shipped=shipped) if incumbent is not None else None
    # Forecast and valuation take arrays whose last axis is the points.
    company = company_spec(as_plain(inputs.company)) if inputs.company is not None else None
    worth = worth_of(value, inputs.parts.card.product) if value is not None else None
    links = links_of(inputs, link_of(inputs, worth, company), company)
    forecast = make_forecast(company, links) if company is not None else None
    valuation = value_company(company, forecast) if company is not None and forecast is not None else None
    tell("forecast")
    simulated = _months(inputs, own, replications)
    tell("month")
    product = inputs.parts.card.product
    link = next((one for one in links if one.product == product), links[0])
    return ChainRun(
        inputs, own, incumbent, shipped, value, link, links, company, forecast, valuation, simulated
    )


def _months(inputs: Inputs, own: SiteRun, replications: int | None) -> tuple[SimulatedRun, ...]:
    """Simulated runs of the first training workload; none where nothing is trained."""
    if own.work("training") is None:
        return ()
    count = inputs.reliability.replications if replications is None else replications
    streams = np.random.SeedSequence(inputs.scenario.seed).spawn(count)
    return tuple(simulate_run(own.training.run, np.random.default_rng(stream)) for stream in streams)
