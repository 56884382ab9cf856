"""The corridor, read top to bottom: fabric, step time, long run, power and cost, value, forecast, target price."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from clustersim import assemble
from clustersim.assemble_bill import bill_lines, rack_count, spare_servers
from clustersim.assemble_company import company_spec
from clustersim.des.training.closed_form import ExpectedRun, expected_run
from clustersim.des.training.run import TrainingRun
from clustersim.des.training.simulate import SimulatedRun, simulate_run
from clustersim.econ.bom import Bill, bill_of_materials
from clustersim.econ.power import PowerTerms, card_power_w, cluster_power, provisioned_power
from clustersim.econ.racks import RackCount
from clustersim.econ.tco import HOURS_PER_YEAR, Tco, capital_recovery_factor, total_cost
from clustersim.errors import InfeasibleError, InputError
from clustersim.fabric.network import Network
from clustersim.fabric.parts import NetworkParts
from clustersim.finance.company import Company
from clustersim.finance.forecast import Forecast, make_forecast
from clustersim.finance.products import along
from clustersim.finance.valuation import Valuation, value_company
from clustersim.market.link import Anchor, Link, Worth, make_link, neutral_link, other_cost
from clustersim.market.value import Segments, ServingRates, ValueInUse, value_in_use_price
from clustersim.perf.step import StepTime, train_step
from clustersim.provenance import Sourced
from clustersim.schema.anchors import load_anchors
from clustersim.schema.inputs import Inputs
from clustersim.schema.tco import TcoSection

__all__ = ["ChainRun", "ClusterRun", "Purchase", "StageCache", "purchase", "run_chain", "run_cluster"]

Tell = Callable[[str], None]
T = TypeVar("T")


class StageCache:
    """Remembers what a stage gave for the same content, so that a changed tariff does not rerun the training step."""

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._kept: dict[tuple[str, str], Any] = {}
        self._counts: dict[str, list[int]] = {}

    def get(self, stage: str, content: object, run: Callable[[], T]) -> T:
        """Return the stage's result for ``content``, running it only when it is new."""
        key = (stage, repr(content))
        counts = self._counts.setdefault(stage, [0, 0])
        if key in self._kept:
            counts[0] += 1
            kept: T = self._kept[key]
            return kept
        counts[1] += 1
        result = run()
        if len(self._kept) >= self._size:
            self._kept.pop(next(iter(self._kept)))
        self._kept[key] = result
        return result

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return, by stage, how often its result was reused and how often it was run."""
        return {stage: (reused, ran) for stage, (reused, ran) in self._counts.items()}


@dataclass(frozen=True, slots=True)
class ClusterRun:
    """One cluster from its fabric to its cost per token."""

    cards: int
    nodes: int
    network: Network
    parts: NetworkParts
    step: StepTime
    run: TrainingRun
    expected: ExpectedRun
    power: PowerTerms
    racks: RackCount
    bill: Bill
    tco: Tco

    @property
    def goodput_tokens_per_s(self) -> float:
        """Tokens per second that are kept, failures and checkpoints included."""
        return self.step.tokens_per_s * self.expected.ettr

    @property
    def cny_per_mtoken(self) -> float:
        """Cost per million tokens on sold hours."""
        return self.tco.cny_per_mtoken(self.goodput_tokens_per_s)

    @property
    def mtokens_per_card_year(self) -> float:
        """Million tokens that one card yields in a year of sold hours."""
        return self.goodput_tokens_per_s * self.tco.sold_share * HOURS_PER_YEAR * 3600 / 1e6 / self.cards


@dataclass(frozen=True, slots=True)
class ChainRun:
    """The whole chain of one scenario."""

    inputs: Inputs
    own: ClusterRun
    scaling_base_cards: int
    scaling_efficiency: float
    incumbent: ClusterRun | None
    value: Segments | None
    link: Link
    company: Company | None
    forecast: Forecast | None
    valuation: Valuation | None
    simulated: tuple[SimulatedRun, ...]


@dataclass(frozen=True, slots=True)
class Purchase:
    """What is bought and provisioned, known before anything is trained."""

    bill: Bill
    parts: NetworkParts
    racks: RackCount
    provisioned_it_w: float


def purchase(inputs: Inputs, tco: TcoSection) -> Purchase:
    """Return the bill, network parts, racks and provisioned power of a cluster under the terms of ``tco``."""
    scenario, hardware = inputs.scenario, inputs.hardware
    parts = assemble.network_parts(scenario, hardware)
    lines = bill_lines(scenario, hardware, inputs.prices)
    return Purchase(
        bill=bill_of_materials(lines, integration_share=tco.integration.value, vat=tco.vat.value),
        parts=parts,
        racks=rack_count(scenario, hardware, inputs.prices),
        provisioned_it_w=provisioned_power(**_equipment(inputs, parts)),
    )


def run_cluster(inputs: Inputs, tco: TcoSection, cache: StageCache | None = None) -> ClusterRun:
    """Run one cluster to its cost per token, priced under the site and terms of ``tco``."""
    cache = cache or StageCache()
    scenario, hardware = inputs.scenario, inputs.hardware
    cards, nodes = int(scenario.cluster.cards.value), assemble.servers(scenario, hardware)
    network = assemble.network_spec(scenario, hardware)
    model = assemble.model_spec(hardware.model)
    training = scenario.training
    job = {
        "card": assemble.card_spec(hardware.card),
        "network": network,
        "model": model,
        "plan": assemble.plan_spec(training),
        "cards": cards,
        "global_batch": training.global_batch,
        "seq_len": training.seq_len,
        "dtype": training.dtype,
    }
    step = cache.get("training step", job, lambda: train_step(**job))  # type: ignore[arg-type]
    run = assemble.training_run(scenario, hardware, model.parameters)
    expected = cache.get("long run", run, lambda: expected_run(run))
    bought = purchase(inputs, tco)
    power = _power(inputs, step, expected, bought, tco.pue.value)
    cost = total_cost(
        capex_cny=bought.bill.total_cny,
        cards=cards,
        facility_power_w=power.facility_power_w,
        provisioned_it_w=power.provisioned_it_w,
        years=tco.horizon.value,
        wacc=tco.wacc.value,
        residual=tco.residual.value,
        tariff_cny_per_kwh=tco.mean_tariff,
        maintenance_share=tco.maintenance.value,
        staff_cny_per_year=tco.staff.value,
        sold_share=tco.sold_share.value,
        colocation_cny_per_kw_month=_or_none(tco.colocation),
        colocation_includes_power=tco.colocation_includes_power,
        building_cny_per_w=_or_none(tco.building),
        building_years=tco.building_horizon.value if tco.building_horizon else tco.horizon.value,
        network_transit_cny_per_year=_or_none(tco.network_transit),
        software_cny_per_year=_or_none(tco.software),
    )
    return ClusterRun(
        cards, nodes, network, bought.parts, step, run, expected, power, bought.racks, bought.bill, cost
    )


def _or_none(cost: Sourced | None) -> float:
    """A cost that the site does not have is nothing."""
    return cost.value if cost is not None else 0.0


def _equipment(inputs: Inputs, parts: NetworkParts) -> dict[str, Any]:
    """What draws power: how many of each, and its nameplate."""
    hardware, scenario = inputs.hardware, inputs.scenario
    key = f"cards.{hardware.card.name}.power"
    if hardware.card.power is None:
        raise InputError(f"{key} is not in the profile, and this run needs it")
    return {
        "cards": int(scenario.cluster.cards.value),
        "tdp_w": hardware.card.power.tdp.value,
        "hosts": assemble.servers(scenario, hardware),
        "host_w": hardware.server.host_power.value,
        "nics": parts.nics,
        "nic_w": hardware.nic.power.value,
        "switches": parts.switches,
        "switch_w": hardware.switch.power.value,
        "optics": parts.switch_side_modules + parts.nic_side_modules,
        "optic_w": hardware.optics.power.value,
        "spares": spare_servers(scenario),
    }


def _power(inputs: Inputs, step: StepTime, expected: ExpectedRun, bought: Purchase, pue: float) -> PowerTerms:
    equipment = _equipment(inputs, bought.parts)
    card = inputs.hardware.card
    assert card.power is not None
    idle = assemble.needed(card.power.idle, f"cards.{card.name}.power.idle")
    return cluster_power(
        **equipment,
        card_w=card_power_w(
            idle_w=idle,
            tdp_w=equipment["tdp_w"],
            u_tensor=step.u_tensor,
            u_memory=step.u_memory,
            u_link=step.u_link,
        ),
        card_idle_w=idle,
        busy_share=1.0 - expected.recovery,
        spares_on=int(inputs.scenario.reliability.spares.hot.value),
        pue=pue,
    )


def scaling(inputs: Inputs, own: ClusterRun, cache: StageCache) -> tuple[int, float]:
    """Return the base count and weak-scaling efficiency: tokens/s per card against the fewest replicas that fit.

    Weak scaling: the same plan and the same batch per replica.
    """
    scenario, hardware = inputs.scenario, inputs.hardware
    training = scenario.training
    plan = assemble.plan_spec(training)
    per_replica = training.global_batch // plan.dp
    for replicas in (r for r in range(1, plan.dp + 1) if plan.dp % r == 0):
        try:
            job = {
                "card": assemble.card_spec(hardware.card),
                "network": own.network,
                "model": assemble.model_spec(hardware.model),
                "plan": replace(plan, dp=replicas),
                "cards": plan.cards // plan.dp * replicas,
                "global_batch": per_replica * replicas,
                "seq_len": training.seq_len,
                "dtype": training.dtype,
            }
            base = cache.get("training step", job, lambda job=job: train_step(**job))  # type: ignore[misc]
        except InfeasibleError:
            continue
        return base.cards, own.step.tokens_per_s_per_card / base.tokens_per_s_per_card
    return own.cards, 1.0


def value_of_card(
    inputs: Inputs, own: ClusterRun, incumbent: ClusterRun, serving: ServingRates | None = None
) -> Segments:
    """Return the value of the card in training, and in inference where its serving rates are given."""
    training = _segment_value(inputs, own, incumbent.cny_per_mtoken, own.mtokens_per_card_year)
    if serving is None:
        return Segments(training)
    yearly = own.tco.sold_share * HOURS_PER_YEAR * 3600 / 1e6
    incumbent_cost = incumbent.tco.cost_cny_per_year / incumbent.cards
    cost = incumbent_cost / (serving.incumbent_tokens_per_s_per_card * yearly)
    inference = _segment_value(inputs, own, cost, serving.own_tokens_per_s_per_card * yearly)
    return Segments(training, inference, serving.share)


def _segment_value(
    inputs: Inputs, own: ClusterRun, incumbent_cny_per_mtoken: float, mtokens: float
) -> ValueInUse:
    """Return the price per card at which the buyer beats the incumbent's cost per token by the discount."""
    market, tco = inputs.scenario.market, inputs.scenario.tco
    assert market is not None
    residual = tco.residual.value * (1 + tco.wacc.value) ** -tco.horizon.value
    factor = (
        capital_recovery_factor(tco.wacc.value, tco.horizon.value) * (1 - residual) + tco.maintenance.value
    )
    markup = (1 + tco.integration.value) * (1 + tco.vat.value)
    return value_in_use_price(
        incumbent_cny_per_mtoken=incumbent_cny_per_mtoken,
        switching_discount=market.switching_discount.value,
        mtokens_per_year=mtokens,
        energy_cny_per_year=own.tco.electricity_cny_per_year / own.cards,
        fixed_cny_per_year=own.tco.fixed_cny_per_year / own.cards,
        capital_factor=factor,
        other_capex_cny=(own.bill.hardware_cny - own.bill.card_cny) * markup / own.cards,
        price_markup=markup * own.bill.card_quantity / own.cards,
    )


def link_of(inputs: Inputs, value: Segments | None, company: Company | None) -> Link:
    """Return how the card's value moves its product line; neutral where it has none or no anchor."""
    product, market = inputs.hardware.card.product, inputs.scenario.market
    if value is None or company is None or market is None or product is None:
        return neutral_link(product)
    row = load_anchors().anchors.get(product)
    line = next((p for p in company.products if p.name == product), None)
    if row is None or line is None:
        return neutral_link(product, f"{product} has no anchor in the forecast: it moves nothing")
    at_anchor = row.value_in_use_price_cny.value
    if value.inference is not None:
        recorded = row.inference_value_in_use_price_cny
        if recorded is None:
            raise InputError(
                f"the anchor of {product} has no inference value; run `clustersim anchors --write`, or leave out"
                " market.inference"
            )
        at_anchor = (1 - value.inference_share) * at_anchor + value.inference_share * recorded.value
    cost = along(line.unit_cost_kcny, company.years)
    asp = along(line.asp_kcny, company.years)
    # A year without sales moves nothing; any price stands for it.
    sold = asp > 0
    anchor = Anchor(
        product=product,
        scenario=row.scenario,
        value_in_use_price_cny=at_anchor,
        other_cost_cny=row.other_cost_cny.value,
        asp_cny=np.where(sold, asp, 1.0) * 1e3,
        unit_cost_cny=np.where(sold, cost, 1.0) * 1e3,
    )
    return make_link(
        anchor,
        Worth(value.price_cny, other_cost_of(value)),
        value_share=market.value_share.value,
        price_sensitivity=market.price_sensitivity.value,
    )


def other_cost_of(value: Segments) -> float:
    """What the card makes its buyer spend beside its price, in terms of the price."""
    terms = value.training
    return float(
        other_cost(
            running_cny_per_year=terms.energy_cny_per_year + terms.fixed_cny_per_year,
            capital_factor=terms.capital_factor,
            other_capex_cny=terms.other_capex_cny,
            price_markup=terms.price_markup,
        )
    )


def run_chain(
    inputs: Inputs,
    *,
    replications: int | None = None,
    tell: Tell = lambda name: None,
    cache: StageCache | None = None,
    serving: ServingRates | None = None,
) -> ChainRun:
    """Run a scenario through the whole chain.

    ``replications`` is the number of simulated months (default: the scenario's; 0 leaves them out). ``tell`` is
    called with the name of each room when it is done; a ``cache`` carries stages over from earlier runs;
    ``serving`` are the rates of the inference segment, where the scenario values one.
    """
    cache = cache or StageCache()
    scenario = inputs.scenario
    own = run_cluster(inputs, scenario.tco, cache)
    tell("cluster")
    base, efficiency = scaling(inputs, own, cache)
    incumbent = run_cluster(inputs.incumbent, scenario.tco, cache) if inputs.incumbent is not None else None
    tell("incumbent")
    value = value_of_card(inputs, own, incumbent, serving) if incumbent is not None else None
    company = company_spec(inputs.company) if inputs.company is not None else None
    link = link_of(inputs, value, company)
    forecast = make_forecast(company, link) if company is not None else None
    valuation = value_company(company, forecast) if company is not None and forecast is not None else None
    tell("forecast")
    count = scenario.reliability.replications if replications is None else replications
    streams = np.random.SeedSequence(scenario.seed).spawn(count)
    simulated = tuple(simulate_run(own.run, np.random.default_rng(stream)) for stream in streams)
    tell("month")
    return ChainRun(
        inputs, own, base, efficiency, incumbent, value, link, company, forecast, valuation, simulated
    )
