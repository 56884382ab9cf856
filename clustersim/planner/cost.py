"""What a cluster costs, in one answer: the bill, the cost of a year, intervals, and the market's rent beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from clustersim.assemble import model_spec
from clustersim.assemble_bill import needed_storage
from clustersim.econ.interval import bill_range, closing_card_price
from clustersim.econ.tco import HOURS_PER_YEAR
from clustersim.pipeline import ClusterRun, run_cluster
from clustersim.planner.uncertainty import headlines, swings
from clustersim.schema.inputs import Inputs, load_inputs

__all__ = ["price_cluster"]


def price_cluster(name: str, sets: Mapping[str, object], *, draws: int) -> dict[str, Any]:
    """Return the bill, the costs, their intervals over ``draws`` of the uncertain inputs, and what moves them.

    Raises InfeasibleError for storage too small for what the run keeps, InputError for a bad scenario.
    """
    inputs = load_inputs(name, sets, with_incumbent=False)
    run = run_cluster(inputs, inputs.scenario.tco)
    sure = {h.name: asdict(h.spread) for h in headlines(name, sets, count=draws)} if draws else {}
    return {
        "scenario": inputs.scenario.name,
        "cards": run.cards,
        **_bill(run, inputs, sure),
        **_site(run, inputs),
        **_costs(run, inputs),
        "intervals": sure,
        "capex_swings": [asdict(s) for s in swings(name, sets, "capex_cny")],
        "cny_per_mtoken_swings": [asdict(s) for s in swings(name, sets, "cny_per_mtoken")],
    }


def _bill(run: ClusterRun, inputs: Inputs, sure: Mapping[str, Any]) -> dict[str, Any]:
    bill, section = run.bill, inputs.scenario.tco
    contract = section.contract.value if section.contract else None
    out: dict[str, Any] = {
        "lines": [{**asdict(line), "total_cny": line.total_cny} for line in bill.lines],
        "hardware_cny": bill.hardware_cny,
        "integration_cny": bill.integration_cny,
        "vat_cny": bill.vat_cny,
        "capex_cny": bill.total_cny,
    }
    if contract is None:
        return out
    low, high = bill_range(bill, section.integration.range)
    band = sure.get("capex_cny")
    return out | {
        "contract_cny": contract,
        "capex_range_cny": [low, high],
        "contract_inside_range": low <= contract <= high,
        "contract_inside_p10_p90": band["p10"] <= contract <= band["p90"] if band else None,
        "card_price_that_closes_the_gap_cny": closing_card_price(bill, contract),
        "card_price_range_cny": list(inputs.hardware.card.price.range)
        if inputs.hardware.card.price
        else None,
    }


def _site(run: ClusterRun, inputs: Inputs) -> dict[str, Any]:
    section, power = inputs.scenario.tco, run.power
    book = inputs.prices
    silent = any(line.lead_time_weeks is None for line in run.bill.lines)
    assembly = book.integration_time.value if book.integration_time else None
    checkpoint = (
        model_spec(inputs.hardware.model).parameters * inputs.scenario.checkpoint.bytes_per_parameter.value
    )
    tokens = run.goodput_tokens_per_s * inputs.scenario.reliability.duration.value
    return {
        "racks": {**asdict(run.racks), "total": run.racks.total, "cooling": inputs.hardware.cooling.name},
        "delivery_weeks": None if silent or assembly is None else run.bill.lead_time_weeks + assembly,
        "storage_bytes": inputs.scenario.cluster.storage.capacity.value,
        "storage_needed_bytes": needed_storage(inputs.scenario, checkpoint, tokens),
        "it_power_w": power.it_power_w,
        "provisioned_it_power_w": power.provisioned_it_w,
        "facility_power_w": power.facility_power_w,
        "pue": power.pue,
        "tonnes_co2_per_year": None
        if section.carbon is None
        else power.facility_power_w / 1e3 * HOURS_PER_YEAR * section.carbon.value / 1e3,
    }


def _costs(run: ClusterRun, inputs: Inputs) -> dict[str, Any]:
    tco, rent = run.tco, inputs.hardware.card.rent
    effective = run.step.peak * run.cards * run.step.mfu * run.expected.ettr / 1e15
    return {
        "terms_cny_per_year": tco.terms(),
        "opex_cny_per_year": tco.opex_cny_per_year,
        "tco_cny": tco.tco_cny,
        "tco_discounted_cny": tco.tco_discounted_cny,
        "horizon_years": tco.years,
        "mean_tariff_cny_per_kwh": inputs.scenario.tco.mean_tariff,
        "cny_per_card_hour": tco.cny_per_card_hour,
        "cny_per_available_card_hour": tco.cny_per_available_card_hour,
        "cny_per_mtoken": run.cny_per_mtoken,
        "cny_per_effective_pflop_hour": tco.cost_cny_per_year / HOURS_PER_YEAR / (effective * tco.sold_share),
        "rent_per_card_hour": rent.value if rent else None,
        "rent_unit": rent.unit if rent else None,
        "rent_source": rent.source if rent else None,
    }
