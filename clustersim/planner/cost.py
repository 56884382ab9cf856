"""What a site costs, in one answer: the bill, the cost of a year, intervals, and the market's rent beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from clustersim.assemble.bill import needed_storage
from clustersim.econ.interval import bill_range, closing_card_price
from clustersim.econ.tco import HOURS_PER_YEAR
from clustersim.pipeline.site import SiteRun, run_site
from clustersim.planner.uncertainty import bearable_draws, headlines, interval_data, one_side, swings
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.terms import unit_costs
from clustersim.workloads.training import TrainingDetail

__all__ = ["price_site"]

#: Draws behind the intervals where no number is asked for.
DRAWS = 256


def price_site(name: str, sets: Mapping[str, object], *, draws: int | None = None) -> dict[str, Any]:
    """Return the bill, the costs of every workload's units, their intervals over ``draws`` of the uncertain inputs, and
    what moves them.

    Without ``draws`` there are 256, fewer where each would queue many jobs again.

    Raises InfeasibleError for storage too small for what the run keeps, InputError for a bad scenario.
    """
    inputs = load_inputs(name, sets, with_incumbent=False)
    run = run_site(inputs)
    load = one_side(name, sets)
    count, said = bearable_draws(draws, DRAWS, [run])
    sure = interval_data(headlines(load, count=count, parts=True)[inputs.name]) if count else {}
    main = f"cny_per_{run.main.main.name}"
    moved = swings(load, ["capex_cny", _name(run, main)])
    capex, unit = moved.values()
    return {
        "scenario": inputs.scenario.name,
        "cards": run.cards,
        **_bill(run, inputs, sure),
        **_site(run, inputs),
        **_costs(run, inputs),
        "draws": count,
        "draws_said": said,
        "intervals": sure,
        "capex_swings": [asdict(s) for s in capex],
        "main_unit": run.main.main.name,
        "main_workload": run.main.name,
        "unit_swings": [asdict(s) for s in unit],
    }


def _name(run: SiteRun, name: str) -> str:
    """The name of a unit's cost among several workloads: with its workload where another has the same unit."""
    alike = sum(work.main.name == run.main.main.name for work in run.works)
    return name if alike == 1 else f"{run.main.name}.{name}"


def _bill(run: SiteRun, inputs: Inputs, sure: Mapping[str, Any]) -> dict[str, Any]:
    bill, section = run.bill, inputs.tco
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
    price = inputs.parts.card.price
    return out | {
        "contract_cny": contract,
        "capex_range_cny": [low, high],
        "contract_inside_range": low <= contract <= high,
        "contract_inside_p10_p90": band["p10"] <= contract <= band["p90"] if band else None,
        "card_price_that_closes_the_gap_cny": closing_card_price(bill, contract),
        "card_price_range_cny": list(price.range) if price else None,
    }


def _site(run: SiteRun, inputs: Inputs) -> dict[str, Any]:
    section, power = inputs.tco, run.power
    book, storage = inputs.prices, inputs.scenario.cluster.storage
    silent = any(line.lead_time_weeks is None for line in run.bill.lines)
    assembly = book.integration_time.value if book.integration_time else None
    return {
        "racks": {**asdict(run.racks), "total": run.racks.total, "cooling": inputs.parts.cooling.name},
        "delivery_weeks": None if silent or assembly is None else run.bill.lead_time_weeks + assembly,
        "storage_bytes": storage.capacity.value if storage else 0.0,
        "storage_needed_bytes": _storage(run, inputs),
        "it_power_w": power.it_power_w,
        "provisioned_it_power_w": power.provisioned_it_w,
        "facility_power_w": power.facility_power_w,
        "pue": power.pue,
        "tonnes_co2_per_year": None
        if section.carbon is None
        else power.facility_power_w / 1e3 * HOURS_PER_YEAR * section.carbon.value / 1e3,
    }


def _storage(run: SiteRun, inputs: Inputs) -> float:
    """Bytes that what is trained keeps; nothing where the site trains nothing."""
    needed = 0.0
    for work in run.works:
        if isinstance(work.detail, TrainingDetail):
            size = work.detail.job.model.parameters * inputs.checkpoint.bytes_per_parameter.value
            tokens = work.detail.goodput_tokens_per_s * inputs.reliability.duration.value * work.share
            needed += needed_storage(inputs, size, tokens)
    return needed


def _costs(run: SiteRun, inputs: Inputs) -> dict[str, Any]:
    tco, rent = run.tco, inputs.parts.card.rent
    return {
        "terms_cny_per_year": tco.terms(),
        "opex_cny_per_year": tco.opex_cny_per_year,
        "tco_cny": tco.tco_cny,
        "tco_discounted_cny": tco.tco_discounted_cny,
        "horizon_years": tco.years,
        "mean_tariff_cny_per_kwh": inputs.tco.mean_tariff,
        "cny_per_card_hour": tco.cny_per_card_hour,
        "cny_per_available_card_hour": tco.cny_per_available_card_hour,
        "workloads": [
            {"name": w.name, "kind": w.kind, "share": w.share, **w.layout, **unit_costs(run, w)}
            for w in run.works
        ],
        "cny_per_effective_pflop_hour": _pflop_hour(run),
        "rent_per_card_hour": rent.value if rent else None,
        "rent_unit": rent.unit if rent else None,
        "rent_source": rent.source if rent else None,
    }


def _pflop_hour(run: SiteRun) -> float | None:
    """Cost of a PFLOP/s of kept model operations for an hour; nothing where the site trains nothing."""
    work = run.work("training")
    if work is None:
        return None
    detail: TrainingDetail = work.detail
    effective = detail.step.peak * run.cards * detail.step.mfu * detail.expected.ettr / 1e15
    return run.tco.cny_per_card_hour * run.cards / effective
