"""The result of a run as a page of text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clustersim.report.spoken import spoken
from clustersim.report.text import width, wrapped
from clustersim.report.units import UNITS

__all__ = ["summary"]

Row = Callable[..., str]

#: The lines of a workload by kind: name, key of its rates or services, factor, format.
_LINES: dict[str, tuple[tuple[str, str, float, str], ...]] = {
    "training": (),
    "serving": (
        ("requests per card", "requests_per_s_per_card", 1.0, "{:.3f} 1/s"),
        ("input tokens per card", "input_tokens_per_s_per_card", 1.0, "{:,.0f} tokens/s"),
        ("output tokens per card", "output_tokens_per_s_per_card", 1.0, "{:,.0f} tokens/s"),
        ("TTFT, P99", "ttft_p99_s", 1.0, "{:.2f} s"),
        ("TPOT, P99", "tpot_p99_s", 1e3, "{:.1f} ms"),
        ("share within the service level", "slo_share", 100.0, "{:.1f} %"),
    ),
    "video": (("streams per card", "streams_per_card", 1.0, "{:,.0f}"),),
    "vision": (
        ("inputs per second and card", "inputs_per_s_per_card", 1.0, "{:,.3g}"),
        ("batch", "batch", 1.0, "{:,.0f}"),
        ("time of a batch", "batch_s", 1.0, "{:.3g} s"),
    ),
    "jobs": (
        ("useful share of the card-hours", "useful_share", 100.0, "{:.1f} %"),
        ("servers in use", "utilisation", 100.0, "{:.1f} %"),
        ("wait of a job, P95", "wait_p95_h", 1.0, "{:.1f} h"),
    ),
}


def _line(name: str, value: str, part: str, result: Mapping[str, Any], band: str = "") -> str:
    tier, said, shown = spoken(result["weakest_inputs"][part]["tier"]), spoken(name), spoken(value)
    return f"  {said}{' ' * (40 - width(said))}{' ' * (22 - width(shown))}{shown}   [{tier}]{spoken(band)}"


#: What stands in place of P10 to P90: the number is of the inputs' values alone, or the draws do not move it.
_UNDRAWN, _UNMOVED = "not drawn", "the same in all draws"
#: Of a quantity over the replications of a run at the inputs' values.
_ALIKE = "the same in all replications"


def _band(result: Mapping[str, Any], term: str, form: str, factor: float) -> str:
    """P10 to P90 of a term in the form of its line, and where nothing was drawn or nothing moves, that it is so."""
    drawn = result.get("intervals")
    if not drawn:
        return ""
    runs = ((result.get("reliability") or {}).get("simulated") or {}).get(term)
    found = drawn.get(term) or runs
    if not found:
        return f"  {_UNDRAWN}"
    low, high = (form.partition(" ")[0].format(found[p] * factor + 0.0) for p in ("p10", "p90"))
    if term not in drawn:
        return f"  {_ALIKE}" if low == high else f"  {low} to {high} of the replications"
    return f"  {_UNMOVED}" if low == high else f"  {low} to {high}"


def _drawn(result: Mapping[str, Any]) -> list[str]:
    """What the intervals come from."""
    if not result.get("intervals"):
        return []
    text = f"After the tier: P10 to P90 of {result['draws']} draws of every input with a range and of the errors below."
    fixed = (
        "not drawn: at the inputs' values alone (no error of it was measured, or it is stated);"
        " the same in all draws: no drawn input moves it as far as is printed."
    )
    return ["", text, fixed, *(f"  {p['workload']} on {p['side']} by {p['software']}, {p['quantity']}: {p['rests_on']};"
            f" measured over predicted time {p['p10']:.2f} to {p['p90']:.2f}, middle {p['p50']:.2f}"
            for p in result["predictions"]), *_outside(result["predictions"]), *_widths(result)]  # fmt: skip


#: Outcomes whose widths are told on the page; the others stand in the JSON.
_TOLD = ("step_time_s", "cny_per_card_hour", "value_in_use_price_cny")
#: Sources that are told of each.
_SOURCES = 3


def _widths(result: Mapping[str, Any]) -> list[str]:
    """What the widths of the main outcomes come from, and how much of each every source adds."""
    drawn = result["intervals"]
    units = [f"cny_per_{work['unit']}" for work in result["workloads"]]
    told = [n for n in drawn if n in _TOLD or n.startswith("target_price_") or n.rpartition(".")[2] in units]
    lines = []
    for name in told:
        parts = [f"{p['source']} {p['share']:.0%}" for p in drawn[name].get("from", ())[:_SOURCES]]
        if parts:
            lines.append(f"  {name}: {'; '.join(parts)}")
    return (
        ["What their widths come from, by the squares of what each source alone does:", *lines]
        if lines
        else []
    )


def _outside(predictions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say where the point is better than nine in ten of its class: it is that of software tuned to the card."""
    better = [f"{p['workload']} on {p['side']}, {p['quantity']}" for p in predictions if p["p10"] > 1.0]
    if not better:
        return []
    return [
        f"The point is that of software tuned to the card, the interval that of its class: {'; '.join(better)} would be"
        " better than nine in ten of what was measured in that class."
    ]


def _training(result: Mapping[str, Any], row: Row) -> list[str]:
    training, reliability, cards = result["training"], result["reliability"], result["cluster"]["cards"]
    lines = [
        row("step time", f"{training['step_time_s']:.3f} s", "training", "step_time_s", "{:.3f}"),
        row("throughput", f"{training['tokens_per_s']:,.0f} tokens/s", "training", "tokens_per_s", "{:,.0f}"),
        row("MFU / HFU", f"{training['mfu']:.1%} / {training['hfu']:.1%}", "training", "mfu", "{:.1%}"),
        *(
            [
                row(
                    f"weak scaling, {training['scaling_base_cards']} to {cards} cards",
                    f"{training['scaling_efficiency']:.1%}",
                    "training",
                    "scaling_efficiency",
                    "{:.1%}",
                )
            ]
            if training["scaling_base_cards"] < cards
            else []
        ),
        row("memory per card", f"{training['memory_per_card_bytes'] / 2**30:.1f} GiB", "training"),
        row("MTTF of the cluster", f"{reliability['mttf_h']:.1f} h", "reliability", "mttf_h", "{:.1f}"),
        row("failures in the run", f"{reliability['failures']:.1f}", "reliability", "failures", "{:.1f}"),
        row("ETTR", f"{reliability['ettr']:.2%}", "reliability", "ettr", "{:.2%}"),
        row(
            "training goodput",
            f"{reliability['training_goodput_tokens_per_s']:,.0f} tokens/s",
            "reliability",
            "training_goodput_tokens_per_s",
            "{:,.0f}",
        ),
    ]
    if reliability["longest_failure_free_h"] is not None:
        hours, recovery = reliability["longest_failure_free_h"], reliability["recovery_s_p50"]
        lines += [
            row(
                "longest failure-free stretch, P50",
                f"{hours:.0f} h",
                "reliability",
                "longest_failure_free_h",
                "{:.0f}",
            ),
            row("recovery, P50", f"{recovery:.0f} s", "reliability", "recovery_s", "{:.0f}"),
        ]
    return lines


def _workload(work: Mapping[str, Any], result: Mapping[str, Any], row: Row) -> list[str]:
    """One workload: its plan, its rates and service, the cost and energy of its units."""
    head = f"{work['name']}: {work['kind']}, {work['share']:.0%} of the card-hours"
    lines = [head]
    if "plan" in work:
        how = "stated" if work.get("stated") else "best found"
        lines += wrapped(spoken(f"plan, {how}: {work['plan']}"), 96, "  ", "    ")
    if work["kind"] == "training" and result["training"]["workload"] == work["name"]:
        lines += _training(result, row)
    drawn = result.get("intervals", {})

    def of(term: str) -> str:
        own = f"{work['name']}.{term}"
        return own if own in drawn else term

    known = {**work["rates"], **work["service"]}
    lines += [
        row(name, form.format(known[key] * factor), "workloads", of(key), form, factor)
        for name, key, factor, form in _LINES[work["kind"]]
        if key in known
    ]
    lines += [
        row(f"cost per {UNITS[key.removeprefix('cny_per_')]}", f"{value:.4g} CNY", "tco", of(key), "{:.4g}")
        for key, value in work.items()
        if key.startswith("cny_per_")
    ]
    unit = work["unit"]
    key = f"kwh_per_{unit}"
    lines.append(row(f"energy per {UNITS[unit]}", f"{work[key]:.4g} kWh", "tco", of(key), "{:.4g}"))
    return lines


def _site(result: Mapping[str, Any], row: Row) -> list[str]:
    cluster, tco = result["cluster"], result["tco"]
    both = f"{cluster['it_power_w'] / 1e3:,.0f} / {cluster['facility_power_w'] / 1e3:,.0f} kW"
    lines = [
        "Site",
        row("IT / facility power", both, "cluster", "facility_power_w", "{:,.0f}", 1e-3),
        *(
            row(name, f"{tco[key] / 1e6:{form}} M CNY{per}", "tco", key, f"{{:{form}}}", 1e-6)
            for name, key, form, per in (
                ("capex, VAT included", "capex_cny", ",.1f", ""),
                ("opex", "opex_cny_per_year", ",.2f", "/year"),
                (f"TCO over {tco['horizon_years']:g} years", "tco_cny", ",.1f", ""),
            )
        ),
        row(
            "cost per card-hour", f"{tco['cny_per_card_hour']:.2f} CNY", "tco", "cny_per_card_hour", "{:.2f}"
        ),
    ]
    if tco["market_rent_per_card_hour"] is not None:
        rent = f"{tco['market_rent_per_card_hour']:.2f} {tco['market_rent_unit']}"
        lines.append(row("market rent of the card, beside it", rent, "tco"))
    return lines


def _market(result: Mapping[str, Any], row: Row) -> list[str]:
    market = result["market"]
    if market["value_in_use_price_cny"] is None:
        return []
    lines = ["Market"]
    units = [work["unit"] for work in market["incumbent_workloads"]]
    for work in market["incumbent_workloads"]:
        unit = work["unit"]
        which = f" ({work['name']})" if units.count(unit) > 1 else ""
        name = f"{market['incumbent']}, {UNITS[unit]}{which}"
        term = f"incumbent_cny_per_{unit}"
        term = f"{work['name']}.{term}" if units.count(unit) > 1 else term
        lines.append(row(name, f"{work[f'cny_per_{unit}']:.4g} CNY", "market", term, "{:.4g}"))
    price, term = market["value_in_use_price_cny"], "value_in_use_price_cny"
    lines.append(row("value-in-use price of the card", f"{price:,.0f} CNY", "market", term, "{:,.0f}"))
    parts = market["value_by_workload_cny"]
    if len(parts) > 1:
        lines += [
            row(f"  of which {name}", f"{value:,.0f} CNY", "market", f"{name}.{term}", "{:,.0f}")
            for name, value in parts.items()
        ]
    return lines


def _forecast(result: Mapping[str, Any], row: Row) -> list[str]:
    if result["forecast"] is None:
        return []
    revenue = result["forecast"]["revenue_kcny"]
    return ["Forecast, M CNY"] + [
        row(f"revenue {year}", f"{value / 1e3:,.1f}", "forecast", f"revenue_kcny {year}", "{:,.1f}", 1e-3)
        for year, value in revenue.items()
    ]


def _valuation(result: Mapping[str, Any], row: Row) -> list[str]:
    valuation = result["valuation"]
    if valuation is None:
        return []
    printed, unit = valuation.get("as_printed"), valuation["currency"]
    low = unit.lower()
    lines = [f"Valuation                                    recomputed{'   (as printed)' if printed else ''}"]
    for key, name, digits in (
        (f"dcf_{low}_m", f"DCF, M {unit}", 0), (f"ps_{low}_m", f"price-to-sales, M {unit}", 0),
        (f"blended_{low}_m", f"blended, M {unit}", 0), (f"target_price_{low}", f"target price, {unit} per share", 2),
    ):  # fmt: skip
        both = f"{valuation[key]:,.{digits}f}" + (f"   ({printed[key]:,.{digits}f})" if printed else "")
        lines.append(row(name, both, "valuation", key, f"{{:,.{digits}f}}"))
    moved = result["market"]["target_price_movement"]
    lines += [
        row(f"  since the anchor, by {name}", f"{round(value, 2) + 0.0:+.2f}", "valuation")
        for name, value in moved.items()
    ]
    lines += [f"CHECK FAILS: {c['check']}, {c['year']}: {c['note']}" for c in valuation["failed_checks"]]
    lines += ["", *valuation["notes"]]
    return [*lines, valuation["why_they_differ"]] if printed else lines


def summary(result: Mapping[str, Any]) -> str:
    """Return the page: each number with the tier of its weakest input, and P10 to P90 where it was drawn."""

    def row(name: str, value: str, part: str, term: str = "", form: str = "{}", factor: float = 1.0) -> str:
        return _line(name, value, part, result, _band(result, term, form, factor))

    lines = [f"{result['scenario']}  (seed {result['seed']}; weakest input: {result['weakest_tier']})", ""]
    for work in result["workloads"]:
        lines += _workload(work, result, row)
    lines += [*_site(result, row), *_market(result, row), *_forecast(result, row), *_valuation(result, row)]
    lines += _drawn(result)
    if result["notes"]:
        lines.append("")
        for note in result["notes"]:
            lines += wrapped(spoken(f"- {note}"), 110, rest="  ")
    return "\n".join(lines)
