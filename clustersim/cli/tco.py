"""``clustersim tco SCENARIO``: the bill line by line, the yearly cost, and how sure both are."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from clustersim.cli.options import (
    emit_object,
    format_option,
    output_folder,
    render_table,
    set_option,
    to_json,
    write_beside,
)

SAMPLES = 20_000


@click.command()
@click.argument("scenario")
@set_option
@click.option("-o", "--output", type=click.Path(), help="Folder for tco.json and figures.")
@format_option("table", "json")
def command(scenario: str, sets: tuple[str, ...], output: str | None, fmt: str) -> None:
    """Price the cluster of SCENARIO: bill of materials, five-year cost, intervals, and the market's rent beside it."""
    folder = output_folder(output) if output is not None else None
    from clustersim.pipeline import run_cluster
    from clustersim.schema.inputs import load_inputs

    inputs = load_inputs(scenario, sets, with_incumbent=False)
    run = run_cluster(inputs, inputs.scenario.tco)
    result = price(inputs, run)
    if folder is not None:
        _write(folder, result)
    emit_object(result, fmt, lambda: _table(result))


def price(inputs: Any, run: Any) -> dict[str, Any]:
    """Return the bill, the costs and their intervals."""
    import numpy as np

    from clustersim.econ.interval import (
        Range,
        bill_samples,
        card_hour_samples,
        closing_card_price,
        line_swings,
        spread,
    )

    section, bill = inputs.scenario.tco, run.bill
    names = {"years": "horizon", "tariff": "tariff", "pue": "pue"}
    keys = ("years", "wacc", "residual", "tariff", "pue", "maintenance", "staff", "sold_share")

    def ranged(name: str) -> Range:
        sourced = getattr(section, names.get(name, name))
        # How much is sold is a decision, not an uncertainty: it stays at the scenario's value.
        low, high = (sourced.value, sourced.value) if name == "sold_share" else sourced.range
        return Range(low, sourced.value, high)

    rng = np.random.default_rng(inputs.scenario.seed)
    capex = bill_samples(bill, ranged("integration"), rng, SAMPLES)
    hours = card_hour_samples(
        capex, {k: ranged(k) for k in keys}, cards=run.cards, it_power_w=run.power.it_power_w, rng=rng
    )
    contract = section.contract.value if section.contract else None
    rent = inputs.hardware.card.rent
    return {
        "scenario": inputs.scenario.name,
        "cards": run.cards,
        "lines": [{**asdict(line), "total_cny": line.total_cny} for line in bill.lines],
        "hardware_cny": bill.hardware_cny,
        "integration_cny": bill.integration_cny,
        "vat_cny": bill.vat_cny,
        "capex_cny": bill.total_cny,
        "capex_interval_cny": asdict(spread(capex)),
        "tornado": [{"part": p, "low_cny": low, "high_cny": high} for p, low, high in line_swings(bill)],
        "contract_cny": contract,
        "contract_inside_range": None if contract is None else bool(capex.min() <= contract <= capex.max()),
        "contract_inside_p10_p90": None
        if contract is None
        else bool(spread(capex).p10 <= contract <= spread(capex).p90),
        "card_price_that_closes_the_gap_cny": None
        if contract is None
        else closing_card_price(bill, contract),
        "card_price_range_cny": list(inputs.hardware.card.price.range),
        "opex_cny_per_year": run.tco.opex_cny_per_year,
        "tco_cny": run.tco.tco_cny,
        "tco_discounted_cny": run.tco.tco_discounted_cny,
        "cny_per_card_hour": run.tco.cny_per_card_hour,
        "cny_per_card_hour_interval": asdict(spread(hours)),
        "cny_per_mtoken": run.cny_per_mtoken,
        "cny_per_effective_pflop_hour": run.tco.cost_cny_per_year
        / 8760
        / (run.step.peak * run.cards * run.step.mfu * run.expected.ettr / 1e15),
        "rent_per_card_hour": rent.value if rent else None,
        "rent_unit": rent.unit if rent else None,
        "rent_source": rent.source if rent else None,
        "it_power_w": run.power.it_power_w,
        "provisioned_it_power_w": run.power.provisioned_it_w,
        "facility_power_w": run.power.facility_power_w,
        "tonnes_co2_per_year": None
        if section.carbon is None
        else run.power.facility_power_w / 1e3 * 8760 * section.carbon.value / 1e3,
    }


def _conclusion(result: dict[str, Any]) -> str:
    rent, cost, low = (
        result["rent_per_card_hour"],
        result["cny_per_card_hour"],
        result["cny_per_card_hour_interval"]["p10"],
    )
    if rent is None:
        return "no market rent of this card is known"
    head = f"market rent {rent:.2f} {result['rent_unit']} ({result['rent_source']})"
    if result["rent_unit"] != "CNY/h":
        return head
    if rent < low:
        return f"{head}: below the P10 of the cost; renting this cluster out at that price loses money"
    verdict = "below" if rent < cost else "above"
    return f"{head}: {verdict} the expected cost, within its interval"


def _table(result: dict[str, Any]) -> str:
    keep = ("group", "part", "quantity", "unit_price_cny", "total_cny", "tier", "source")
    lines = [{k: row[k] for k in keep} for row in result["lines"]]
    band, hours = result["capex_interval_cny"], result["cny_per_card_hour_interval"]
    out = [
        render_table(lines, "table"), "",
        f"hardware {result['hardware_cny'] / 1e6:.1f} + integration {result['integration_cny'] / 1e6:.1f} + VAT"
        f" {result['vat_cny'] / 1e6:.1f} = capex {result['capex_cny'] / 1e6:.1f} M CNY"
        f"   P10 {band['p10'] / 1e6:.1f}, P50 {band['p50'] / 1e6:.1f}, P90 {band['p90'] / 1e6:.1f}",
    ]  # fmt: skip
    if result["contract_cny"] is not None:
        inside = "inside" if result["contract_inside_range"] else "outside"
        part = "within" if result["contract_inside_p10_p90"] else "beyond"
        low, high = result["card_price_range_cny"]
        out.append(
            f"contract {result['contract_cny'] / 1e6:.1f} M CNY: {inside} the range of the bill, {part} its P10-P90;"
            f" a card price of {result['card_price_that_closes_the_gap_cny']:,.0f} CNY closes the gap exactly"
            f" (assumed range {low:,.0f} to {high:,.0f})"
        )
    out += [
        f"opex {result['opex_cny_per_year'] / 1e6:.2f} M CNY/year, TCO {result['tco_cny'] / 1e6:.1f} M CNY plain,"
        f" {result['tco_discounted_cny'] / 1e6:.1f} discounted",
        f"CNY per card-hour {result['cny_per_card_hour']:.2f}   P10 {hours['p10']:.2f}, P50 {hours['p50']:.2f},"
        f" P90 {hours['p90']:.2f}",
        f"CNY per effective PFLOP-hour {result['cny_per_effective_pflop_hour']:.2f}, per million trained tokens"
        f" {result['cny_per_mtoken']:.2f}",
        _conclusion(result), "",
        render_table(result["tornado"][:6], "table"),
    ]  # fmt: skip
    return "\n".join(out)


def _write(folder: Path, result: dict[str, Any]) -> None:
    from clustersim.report.study_figures import tornado_figure
    from clustersim.report.style import save

    with write_beside(folder / "tco.json") as temporary:
        temporary.write_text(to_json(result) + "\n", encoding="utf-8")
    base = result["capex_cny"] / 1e6
    bars = [(r["part"], r["low_cny"] / 1e6, base, r["high_cny"] / 1e6) for r in result["tornado"]]
    figure = tornado_figure(f"{result['scenario']}: which price moves the bill", bars, "capex, M CNY")
    with write_beside(folder / "capex_tornado.png") as temporary:
        save(figure, temporary)
