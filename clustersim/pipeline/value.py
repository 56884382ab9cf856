"""The value of a card: the price at which its site does the demand at the incumbent's cost, less a discount."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clustersim.assemble.lines import incumbent_events
from clustersim.columns import number
from clustersim.econ.tco import capital_recovery_factor
from clustersim.errors import ClusterSimError
from clustersim.market.link import Worth, other_cost
from clustersim.market.value import Segment, ValueInUse, value_in_use_price
from clustersim.pipeline.site import SiteRun, run_site
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.workloads.work import StageCache

__all__ = [
    "ValuedCard",
    "other_cost_of",
    "run_incumbent",
    "shipped_incumbent",
    "value_of_card",
    "valued",
    "worth_of",
]


@dataclass(frozen=True, slots=True)
class ValuedCard:
    """A card on its site against its incumbent: ``shipped`` is the incumbent before the events that reach it alone."""

    inputs: Inputs
    own: SiteRun
    incumbent: SiteRun
    shipped: SiteRun | None
    value: ValueInUse


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


def shipped_incumbent(inputs: Inputs, cache: StageCache) -> SiteRun | None:
    """The incumbent without the events that reach it alone, for the same demand; None where there are none."""
    events = incumbent_events(inputs)
    if not events:
        return None
    kept = {o.key: o.value for o in inputs.overrides if o.key not in events}
    plain = load_inputs(inputs.file, kept)
    return run_incumbent(plain.incumbent, cache) if plain.incumbent is not None else None


def run_incumbent(side: Inputs, cache: StageCache) -> SiteRun:
    """The incumbent's run; what is wrong with it says whose it is."""
    try:
        return run_site(side, cache)
    except ClusterSimError as error:
        raise type(error)(f"incumbent {side.name}: {error}") from None


def valued(inputs: Inputs, cache: StageCache) -> ValuedCard:
    """The card of a scenario that has an incumbent, valued."""
    assert inputs.incumbent is not None
    shipped = shipped_incumbent(inputs, cache)
    own, rival = run_site(inputs, cache), run_site(inputs.incumbent, cache)
    return ValuedCard(inputs, own, rival, shipped, value_of_card(inputs, own, rival, shipped=shipped))


def worth_of(value: ValueInUse, product: str | None) -> Worth:
    """What a card is worth to its line, and whether its buyers' outside option bounds it."""
    bounded = [segment.name for segment in value.segments if segment.outside]
    note = (
        f"{product}: the incumbent costs more than the buyer's outside option in {', '.join(bounded)}"
        " (market.outside_option over its cost as shipped): the card is worth no more than against that"
    )
    return Worth(value.price_cny, other_cost_of(value), (note,) if bounded else ())


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
