"""The tabs of the page: panels of one chart and one table of the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clustersim.errors import ClusterSimError, InputError
from clustersim.planner.uncertainty import one_side, swings
from clustersim.report.term_units import unit_of
from clustersim.web.answers import base_of, kept, result_of
from clustersim.web.asked import Design

__all__ = ["VIEWS", "compare_view", "panel", "view"]

Row = Mapping[str, Any]
#: Inputs of a tornado that are shown.
MOST_SWINGS = 12
#: Draws behind the shares in which a design wins.
DRAWS = 128


def panel(
    title: str, rows: Sequence[Row], *, chart: Mapping[str, Any] | None = None, notes: Sequence[str] = ()
) -> dict[str, Any]:
    """Return a panel: rows of equal keys as a table, and what of them is drawn."""
    columns = list(rows[0]) if rows else []
    return {
        "title": title,
        "columns": columns,
        "units": {c: u for c in columns if (u := unit_of(c))},
        "rows": [dict(r) for r in rows],
        "chart": dict(chart) if chart else None,
        "notes": [note for note in notes if note],
    }


def bars(
    names: Sequence[str], series: Mapping[str, Sequence[float | None]], unit: str, kind: str = "bar"
) -> dict[str, Any]:
    """Return a chart: values of named series by category."""
    drawn = [{"name": name, "values": list(values)} for name, values in series.items()]
    return {"kind": kind, "categories": list(names), "unit": unit, "series": drawn}


def drawn(title: str, rows: Sequence[Row], unit: str, *, notes: Sequence[str] = ()) -> dict[str, Any]:
    """Return a panel of rows of a name and a number, drawn as bars across."""
    name, value, *_ = rows[0] if rows else ("name", "value")
    chart = bars([r[name] for r in rows], {value: [r[value] for r in rows]}, unit, "bars_across")
    return panel(title, rows, chart=chart, notes=notes)


def _rows_of(values: Mapping[str, float], name: str, value: str) -> list[dict[str, Any]]:
    return [{name: key, value: number} for key, number in values.items() if number]


def why(design: Design) -> list[dict[str, Any]]:
    """What the changes did, term by term; the inputs that the cost of a unit hangs on most."""
    out = []
    if design.changes:
        explained = kept(("explain", design), lambda: design.ask().explain())
        rows = list(explained.table)
        moved = [r for r in rows if r.get("before") and r.get("after") is not None]
        change = [100.0 * (r["after"] / r["before"] - 1.0) for r in moved]
        chart = bars([r["term"] for r in moved], {"change_pct": change}, "%", "bars_across")
        out.append(panel("why.changed", rows, chart=chart, notes=explained.said))
    name = _cost_term(design)
    if name:
        out.append(_tornado(design, name))
    return out


def _tornado(design: Design, name: str) -> dict[str, Any]:
    load = one_side(design.scenario, dict(design.changes))
    ends = kept(("swings", design), lambda: swings(load, [name], top=MOST_SWINGS))
    rows = [{"key": s.key, "low": s.low, "high": s.high} for s in ends[name]]
    series = {"low": [s.low for s in ends[name]], "high": [s.high for s in ends[name]]}
    value = result_of(design).value(name)
    chart = bars([s.key for s in ends[name]], series, unit_of(name) or "", "tornado")
    return panel("why.tornado", rows, chart={**chart, "centre": value}, notes=[f"{name} = {value:.6g}"])


def _cost_term(design: Design) -> str | None:
    rows = result_of(design).headline
    return next((str(r["term"]) for r in rows if "cny_per_" in r["term"]), None)


def serving(design: Design) -> list[dict[str, Any]]:
    """Rates, latencies and the share within the service level of every serving or video workload."""
    out = []
    for work in result_of(design).to_dict()["workloads"]:
        if work["kind"] not in {"serving", "video"}:
            continue
        told = {**work["rates"], **work["service"]}
        rows = [{"term": k, "value": v, "unit": unit_of(k)} for k, v in told.items()]
        times = {k: v for k, v in work["service"].items() if k.endswith("_s")}
        chart = bars(list(times), {"value": list(times.values())}, "s")
        notes = [f"{work['name']}: {work['plan']}", *work["notes"]]
        out.append(panel(f"serving.{work['kind']}", rows, chart=chart, notes=notes))
    if not out:
        raise InputError("this demand has no serving workload")
    return out


def month(design: Design) -> list[dict[str, Any]]:
    """Where a step's time and a month's hours go, and what the published claims need."""
    data, out = result_of(design).to_dict(), []
    training, long_run = data.get("training"), data.get("reliability")
    if training:
        rows = _rows_of(training["terms"], "term", "seconds")
        out.append(drawn("month.step", rows, "s", notes=[training["plan"]]))
        memory = {k: v / 2**30 for k, v in training["memory_terms_bytes"].items()}
        out.append(drawn("month.memory", _rows_of(memory, "part", "gib"), "GiB"))
    if long_run:
        out.append(drawn("month.hours", _rows_of(long_run["shares"], "share_of", "share"), "1"))
    if training and long_run:
        claims = kept(("claims", design), lambda: design.ask().claims())
        out.append(panel("month.claims", list(claims.table), notes=claims.said))
    if not out:
        raise InputError("this demand has no training workload, whose month could be shown")
    return out


def bill(design: Design) -> list[dict[str, Any]]:
    """The bill of materials by group, and the cost of a year by term."""
    tco = result_of(design).to_dict()["tco"]
    groups = {k: v / 1e6 for k, v in tco["capex_groups_cny"].items()}
    years = {k: v / 1e6 for k, v in tco["terms_cny_per_year"].items()}
    lines = kept(("tco", design), lambda: design.ask().tco(draws=16))
    lead = max((r.get("lead_time_weeks") or 0 for r in lines.table), default=0)
    said = [f"lead time: {lead:g} weeks"] if lead else []
    return [
        drawn("bill.capex", _rows_of(groups, "group", "mcny"), "M CNY", notes=said),
        drawn("bill.year", _rows_of(years, "term", "mcny_per_year"), "M CNY/year"),
        panel("bill.lines", list(lines.table)),
    ]


def trust(design: Design) -> list[dict[str, Any]]:
    """What the result rests on: the weakest inputs of every part, and how far predictions of its class err."""
    result = result_of(design)
    data = result.to_dict()
    parts = [
        {"part": k, "tier": v["tier"], "weakest_inputs": len(v["inputs"])}
        for k, v in data["weakest_inputs"].items()
    ]
    inputs = result.inputs.astype(object).where(result.inputs.notna(), None)
    order = {"assumption": 0, "derived": 1, "published": 2, "measured": 3, "given": 4}
    rows = sorted(inputs.to_dict("records"), key=lambda r: order.get(r["tier"], 5))
    weakest = [
        {k: r[k] for k in ("term", "value", "unit", "low", "high", "tier", "source")} for r in rows[:80]
    ]
    predicted = _predicted(design)
    counts = inputs["tier"].value_counts().to_dict()
    chart = bars([str(c) for c in counts], {"inputs": [int(v) for v in counts.values()]}, "1")
    return [
        panel("trust.parts", parts, chart=chart), *([panel("trust.errors", predicted)] if predicted else []),
        panel("trust.inputs", weakest),
    ]  # fmt: skip


def _predicted(design: Design) -> Sequence[Row]:
    from clustersim.planner.uncertainty import prediction_rows

    try:
        return prediction_rows(result_of(design).run.inputs)
    except ClusterSimError:
        return []


def compare_view(designs: Sequence[Design]) -> list[dict[str, Any]]:
    """Designs side by side: the first numbers of each, and the gap of the cost of a unit by term.

    Designs as their files stand share the comparison of ``clustersim compare``: one demand on all. Designs with changes
    are run each on its own demand, and the panel says so.
    """
    rows = [
        {"design": f"{i}: {d.scenario}", **{r["term"]: r["value"] for r in result_of(d).headline}}
        for i, d in enumerate(designs, 1)
    ]
    columns = list(dict.fromkeys(c for r in rows for c in r))
    told = [{c: r.get(c) for c in columns} for r in rows]
    if len(designs) == 1:
        return [panel("compare.side_by_side", told)]
    changed = any(d.changes for d in designs[1:]) or len({d.scenario for d in designs}) < len(designs)
    if changed:
        return [panel("compare.side_by_side", told, notes=["compare.own_demand"])]
    names = [d.scenario for d in designs[1:]]
    found = kept(("compare", tuple(designs)), lambda: designs[0].ask().compare(*names, draws=DRAWS))
    data = found.to_dict()
    return [panel("compare.side_by_side", told), *(_gap(data, work) for work in data["terms"])]


def _gap(data: Mapping[str, Any], work: str) -> dict[str, Any]:
    """The cost of a unit of one workload by side and term, with each term's share of the gap to the first side."""
    sides = data["terms"][work]
    terms = list(dict.fromkeys(t for side in sides.values() for t, v in side.items() if v))
    rows = []
    for side, values in sides.items():
        gaps = data["difference_to_first"][work].get(side, {})
        whole = sum(gaps.values())
        shares = {f"{t}_gap_pct": 100.0 * gaps[t] / whole if whole else None for t in terms if t in gaps}
        costs = {t: values.get(t, 0.0) for t in terms}
        rows.append(
            {"side": side, **costs, "sum": sum(values.values()), **shares, **_shares(data, work, side)}
        )
    columns = list(dict.fromkeys(c for r in rows for c in r))
    chart = bars(list(sides), {t: [sides[s].get(t, 0.0) for s in sides] for t in terms}, "CNY", "stacked")
    said = data["settles"].get(work, "")
    return panel(
        "compare.gap", [{c: r.get(c) for c in columns} for r in rows], chart=chart, notes=[work, said]
    )


def _shares(data: Mapping[str, Any], work: str, side: str) -> dict[str, float]:
    found = data.get("intervals", {}).get(work, {}).get(side, {})
    return {k: found[k] for k in ("p10", "p50", "p90", "share_cheapest") if k in found}


def company(design: Design) -> list[dict[str, Any]]:
    """The value of a share beside the printed one, statements by year, revenue by product."""
    result, base = result_of(design), base_of(design)
    data = result.to_dict()
    if "valuation" not in data:
        raise InputError("this scenario names no company")
    forecast, value = data["forecast"], data["valuation"]
    years = list(forecast["revenue_kcny"])
    names = ("revenue", "ebit", "fcf")
    rows = [{"year": y, **{f"{k}_bcny": forecast[f"{k}_kcny"][y] / 1e6 for k in names}} for y in years]
    statement = bars(years, {f"{k}_bcny": [r[f"{k}_bcny"] for r in rows] for k in names}, "bn CNY")
    products = data.get("market", {}).get("products", {})
    lines = [{"product": p, **{y: v["revenue_kcny"][y] / 1e6 for y in years}} for p, v in products.items()]
    stacked = bars(years, {r["product"]: [r[y] for y in years] for r in lines}, "bn CNY", "stacked")
    return [
        _legs(value, base.to_dict().get("valuation", {}) if base else {}),
        panel("company.statement", rows, chart=statement),
        *([panel("company.products", lines, chart=stacked)] if lines else []),
    ]


def _legs(value: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The two legs, their blend and the value of a share, in the currency of the listing."""
    printed = value.get("as_printed") or {}
    keys = [k for k in value if k.startswith(("dcf_", "ps_", "blended_", "target_price_"))]
    rows: list[dict[str, Any]] = [
        {"value": k, "now": value.get(k), "file_as_it_stands": before.get(k), "printed": printed.get(k)}
        for k in keys
    ]
    legs = [r for r in rows if not r["value"].startswith("target_price_")]
    series = {n: [r[n] for r in legs] for n in ("now", "printed")}
    chart = bars([r["value"] for r in legs], series, f"M {value.get('currency', '')}")
    notes = [*value["notes"], value.get("why_they_differ", "")]
    return panel("company.value", rows, chart=chart, notes=notes)


VIEWS: Mapping[str, Callable[[Design], list[dict[str, Any]]]] = {
    "why": why, "serving": serving, "month": month, "bill": bill, "company": company, "trust": trust,
}  # fmt: skip


def view(name: str, design: Design) -> list[dict[str, Any]]:
    """Return the panels of a tab; raises InputError for a tab that there is not, and what the run raises."""
    if name not in VIEWS:
        raise InputError(f"no view {name[:40]!r}; one of {', '.join(VIEWS)}, compare")
    return VIEWS[name](design)
