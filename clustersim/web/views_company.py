"""The company's tab: the value of a share, what it hangs on, statements, products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clustersim.api.company import Company
from clustersim.errors import ClusterSimError
from clustersim.report.term_units import unit_of
from clustersim.web.answers import base_of, kept, result_of
from clustersim.web.asked import Design
from clustersim.web.panels import Note, bars, panel, spans

__all__ = ["company"]

_PRICES = ("target_at_low", "target_at_high", "target_price")


def company(design: Design) -> list[dict[str, Any]]:
    """The value of a share beside the printed one, statements by year, revenue by product."""
    result, base = result_of(design), base_of(design)
    data = result.to_dict()
    if data.get("valuation") is None:
        return [panel("company.none", [])]
    forecast, value = data["forecast"], data["valuation"]
    years = list(forecast["revenue_kcny"])
    names = ("revenue", "ebit", "fcf")
    rows = [{"year": y, **{f"{k}_kcny": forecast[f"{k}_kcny"][y] for k in names}} for y in years]
    statement = bars(years, {f"{k}_kcny": [r[f"{k}_kcny"] for r in rows] for k in names}, "kCNY")
    products = data.get("market", {}).get("products", {})
    lines = [{"product": p, **{y: v["revenue_kcny"][y] for y in years}} for p, v in products.items()]
    stacked = bars(years, {r["product"]: [r[y] for y in years] for r in lines}, "kCNY", "stacked")
    return [
        _legs(value, (base.to_dict().get("valuation") or {}) if base else {}),
        *_field(design),
        panel("company.statement", rows, chart=statement),
        *(
            [panel("company.products", lines, chart=stacked, units=dict.fromkeys(years, "kCNY"))]
            if lines
            else []
        ),
    ]


def _legs(value: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The two legs, their blend and the value of a share, in the currency of the listing."""
    printed = value.get("as_printed") or {}
    keys = [k for k in value if k.startswith(("dcf_", "ps_", "blended_", "target_price_"))]
    rows: list[dict[str, Any]] = [
        {
            "value": k,
            "now": value.get(k),
            "file_as_it_stands": before.get(k),
            "report_prints": printed.get(k),
            "unit": unit_of(k),
        }
        for k in keys
    ]
    legs = [r for r in rows if not r["value"].startswith("target_price_")]
    series = {n: [r[n] for r in legs] for n in ("now", "report_prints")}
    chart = bars([r["value"] for r in legs], series, f"M{value.get('currency', '')}")
    notes = [*value["notes"], value.get("why_they_differ", "")]
    return panel("company.value", rows, chart=chart, notes=notes)


def _field(design: Design) -> list[dict[str, Any]]:
    """The football field: the target price at both ends of every assumption, in the cases, and by each leg alone."""
    try:
        firm = kept(("firm", design), lambda: Company(design.scenario, dict(design.changes)))
        moves = kept(("moves", design), lambda: firm.moves().table)
        cases = kept(("cases", design), lambda: firm.cases().table)
    except ClusterSimError as error:
        return [panel("company.field", [], notes=[str(error)])]
    value = result_of(design).to_dict()["valuation"]
    currency = str(value["currency"])
    now = float(value[f"target_price_{currency.lower()}"])
    at_case = [row["target_price"] for row in cases]
    rows = [
        {"rests_on": r["input"], "low": r["low"], "high": r["high"], "target_at_low": r["target_at_low"],
         "target_at_high": r["target_at_high"], "value_at_market_price": r["value_at_market_price"]} for r in moves
    ]  # fmt: skip
    whole = {"rests_on": "field.cases", "target_at_low": min(at_case), "target_at_high": max(at_case)}
    rows = [whole, *rows]
    low, high = ([r[f"target_at_{end}"] for r in rows] for end in ("low", "high"))
    share = f"{currency}/share"  # a share has its listing's currency, whatever the page is read in
    chart = spans([str(r["rests_on"]) for r in rows], low, high, share, now)
    keys = ("case", "target_price", "upside_pct", "rating", "revenue_kcny", "ebit_kcny")
    told = [{k: r.get(k) for k in keys} for r in cases]
    notes: list[Note] = [("company.field_say", {"now": f"{now:.4g}", "currency": currency})]
    return [
        panel("company.field", rows, chart=chart, notes=notes, units=dict.fromkeys(_PRICES, share)),
        panel(
            "company.cases",
            told,
            chart=bars([str(r["case"]) for r in told], {"target_price": at_case}, share),
            units=dict.fromkeys(_PRICES, share),
        ),
    ]
