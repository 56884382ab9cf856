"""What a site costs, as a page: the bill line by line, the yearly cost, and how sure both are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from clustersim.econ.bom import Bill
from clustersim.planner.cost import price_site
from clustersim.report.answer import Answer, Block
from clustersim.report.units import UNITS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["bill_lines", "tco_answer"]

_COLUMNS = ("group", "part", "quantity", "unit_price_cny", "total_cny", "lead_time_weeks", "tier", "source")


def tco_answer(name: str, sets: Mapping[str, object], *, draws: int | None) -> Answer:
    """Price the site of a scenario: bill of materials, cost over its life and of every unit, intervals, rent."""
    result = price_site(name, sets, draws=draws)
    said = result.pop("draws_said")
    return Answer(
        name="tco",
        said=said,
        data=result,
        page=lambda: _page(result),
        rows=_lines(result),
        files=lambda: _figures(result),
    )


def _lines(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{k: row[k] for k in _COLUMNS} for row in result["lines"]]


def bill_lines(bill: Bill) -> list[dict[str, Any]]:
    """Return the lines of a bill as the table of ``tco`` has them."""
    rows = [{**asdict(line), "total_cny": line.total_cny} for line in bill.lines]
    return _lines({"lines": rows})


def _band(result: Mapping[str, Any], name: str, scale: float = 1.0, digits: int = 2) -> str:
    band = result["intervals"].get(name)
    if band is None:
        return ""
    values = [f"P{p} {band[f'p{p}'] / scale:,.{digits}f}" for p in (10, 50, 90)]
    return f"   {', '.join(values)}"


def _conclusion(result: Mapping[str, Any]) -> str:
    rent, cost = result["rent_per_card_hour"], result["cny_per_card_hour"]
    if rent is None:
        return "no market rent of this card is known"
    head = f"market rent {rent:.2f} {result['rent_unit']} ({result['rent_source']})"
    band = result["intervals"].get("cny_per_card_hour")
    if result["rent_unit"] != "CNY/h" or band is None:
        return head
    if rent < band["p10"]:
        return f"{head}: below the P10 of the cost; renting this cluster out at that price loses money"
    verdict = "below" if rent < cost else "above"
    return f"{head}: {verdict} the expected cost, within its interval"


def _contract(result: Mapping[str, Any]) -> list[str]:
    if "contract_cny" not in result:
        return []
    inside = "inside" if result["contract_inside_range"] else "outside"
    low, high = (v / 1e6 for v in result["capex_range_cny"])
    text = f"contract {result['contract_cny'] / 1e6:.1f} M CNY: {inside} the bill's range ({low:.1f} to {high:.1f})"
    if result["contract_inside_p10_p90"] is not None:
        text += f", {'within' if result['contract_inside_p10_p90'] else 'beyond'} its P10-P90"
    text += (
        f"; a card price of {result['card_price_that_closes_the_gap_cny']:,.0f} CNY closes the gap exactly"
    )
    span = result["card_price_range_cny"]
    return [text + (f" (assumed range {span[0]:,.0f} to {span[1]:,.0f})" if span else "")]


def _site(result: Mapping[str, Any]) -> list[str]:
    racks, weeks = result["racks"], result["delivery_weeks"]
    delivery = "not known, a part has no lead time" if weeks is None else f"{weeks:g} weeks"
    carbon = result["tonnes_co2_per_year"]
    return [
        f"racks {racks['total']} ({racks['compute']} of servers, {racks['servers_per_rack']} in each by"
        f" {racks['binds']}, {racks['network']} of switches, {racks['other']} others; {racks['cooling']});"
        f" delivery {delivery}; storage {result['storage_bytes'] / 1e15:.2f} PB"
        f" ({result['storage_needed_bytes'] / 1e15:.2f} needed)",
        f"power, IT: {result['it_power_w'] / 1e3:.0f} kW on average, {result['provisioned_it_power_w'] / 1e3:.0f}"
        f" provisioned; facility {result['facility_power_w'] / 1e3:.0f} kW{_band(result, 'facility_power_w', 1e3, 0)}"
        + ("" if carbon is None else f"; {carbon:,.0f} t CO2 a year"),
    ]


def _terms(result: Mapping[str, Any]) -> str:
    rows = [(k, v) for k, v in result["terms_cny_per_year"].items() if v]
    total = sum(v for _, v in rows)
    return "yearly: " + ", ".join(f"{k} {v / 1e6:.2f}" for k, v in rows) + f" = {total / 1e6:.2f} M CNY"


def _units(result: Mapping[str, Any]) -> list[str]:
    """The cost of every unit of every workload, with its interval."""
    out = []
    for work in result["workloads"]:
        for key, value in work.items():
            if key.startswith("cny_per_"):
                name = key if key in result["intervals"] else f"{work['name']}.{key}"
                unit = UNITS[key.removeprefix("cny_per_")]
                out.append(f"CNY per {unit} ({work['name']}) {value:.4g}{_band(result, name, digits=3)}")
    effective = result["cny_per_effective_pflop_hour"]
    return out if effective is None else [f"CNY per effective PFLOP-hour {effective:.2f}", *out]


def _page(result: Mapping[str, Any]) -> list[Block]:
    return [
        _lines(result), "",
        f"hardware {result['hardware_cny'] / 1e6:.1f} + integration {result['integration_cny'] / 1e6:.1f} + VAT"
        f" {result['vat_cny'] / 1e6:.1f} = capex {result['capex_cny'] / 1e6:.1f} M CNY"
        f"{_band(result, 'capex_cny', 1e6, 1)}",
        *_contract(result), *_site(result), _terms(result),
        f"TCO over {result['horizon_years']:g} years {result['tco_cny'] / 1e6:.1f} M CNY plain,"
        f" {result['tco_discounted_cny'] / 1e6:.1f} discounted",
        f"CNY per card-hour sold {result['cny_per_card_hour']:.2f}, available"
        f" {result['cny_per_available_card_hour']:.2f}{_band(result, 'cny_per_card_hour')}",
        *_units(result),
        _conclusion(result), "",
        f"what moves the cost per {UNITS[result['main_unit']]}", result["unit_swings"][:6],
    ]  # fmt: skip


def _figures(result: Mapping[str, Any]) -> dict[str, Figure]:
    name, unit = result["scenario"], result["main_unit"]
    main = next(w for w in result["workloads"] if w["name"] == result["main_workload"])
    return {
        "capex_tornado.png": _tornado(
            f"{name}: what moves the bill", result["capex_swings"], result["capex_cny"], 1e6, "capex, M CNY"
        ),
        f"cny_per_{unit}_tornado.png": _tornado(
            f"{name}: what moves the cost per {UNITS[unit]}", result["unit_swings"], main[f"cny_per_{unit}"], 1.0,
            f"CNY per {UNITS[unit]}",
        ),
    }  # fmt: skip


def _tornado(title: str, swings: Sequence[Mapping[str, Any]], base: float, scale: float, unit: str) -> Figure:
    from clustersim.report.labels.terms import spoken
    from clustersim.report.study_figures import tornado_figure

    bars = [(spoken(r["key"]), r["low"] / scale, base / scale, r["high"] / scale) for r in swings]
    return tornado_figure(title, bars, unit)
