"""The corridor, read top to bottom: a demand on a site, its works, power and cost, the value of a card, the company."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clustersim.assemble.company import company_spec
from clustersim.assemble.lines import own_anchor
from clustersim.columns import as_plain
from clustersim.des.training.incidents import SimulatedRun
from clustersim.des.training.simulate import simulate_run
from clustersim.finance.company import Company
from clustersim.finance.forecast import Forecast, make_forecast
from clustersim.finance.valuation import Valuation, value_company
from clustersim.market.link import Link, Worth
from clustersim.market.value import ValueInUse
from clustersim.pipeline.lines import STANDING, link_of, links_of, standing_inputs
from clustersim.pipeline.site import SHARED, SiteRun, run_site
from clustersim.pipeline.value import (
    ValuedCard,
    run_incumbent,
    shipped_incumbent,
    value_of_card,
    valued,
    worth_of,
)
from clustersim.schema.inputs import Inputs
from clustersim.schema.sides import refuse_stated_plans
from clustersim.workloads.work import StageCache

__all__ = ["ChainRun", "movement_by_workload", "run_chain", "valued_cards"]

Tell = Callable[[str], None]


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
    incumbent = run_incumbent(inputs.incumbent, cache) if inputs.incumbent is not None else None
    tell("incumbent")
    shipped = shipped_incumbent(inputs, cache) if incumbent is not None else None
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
            inputs = standing_inputs(block.scenario, run.inputs)
            if inputs.incumbent is not None:
                out[product.name] = valued(inputs, STANDING)
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
