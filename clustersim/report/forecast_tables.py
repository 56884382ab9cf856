"""Tables of the company model as plain rows: statements, products, conventions, recovery."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

from clustersim.finance.capital import cost_of_capital, weighted_cost
from clustersim.finance.company import Company, Printed
from clustersim.finance.conventions import Convention, Steady, Terminal, capm, implied
from clustersim.finance.forecast import Forecast
from clustersim.finance.multiples import base_multiple
from clustersim.finance.recover import Recovery
from clustersim.finance.statements import Statements
from clustersim.finance.valuation import Valuation, legs, value_company

__all__ = [
    "cash_flow_rows",
    "check_rows",
    "convention_rows",
    "failed_rows",
    "product_rows",
    "recovery_rows",
    "reverse_rows",
    "statement_rows",
]

Rows = list[dict[str, Any]]


def statement_rows(company: Company, statements: Statements, which: str) -> Rows:
    """Return one statement, a row an item: printed actual years first, then the forecast (kCNY).

    A line of the past that the forecast does not have is nothing there, and the other way round, so that every year
    foots by itself. Lines of the past come in the order in which they are printed.
    """
    ours: Mapping[str, Any] = getattr(statements, which)
    history: Mapping[str, tuple[float, ...]] = getattr(company.history, which)
    actual = company.history.actual_years
    out = []
    for item in _order(list(ours), list(history)):
        past, future = history.get(item), ours.get(item)
        row: dict[str, Any] = {"item": item}
        row |= {y: None if past is None else past[company.history.years.index(y)] for y in actual}
        out.append(
            row
            | {y: None if future is None else float(round(future[i])) for i, y in enumerate(statements.years)}
        )
    return out


def _order(ours: list[str], past: list[str]) -> list[str]:
    """Merge two orders: a line that only one has stands behind the line that it follows there."""
    out = list(ours)
    for i, item in enumerate(past):
        if item not in out:
            before = next((p for p in reversed(past[:i]) if p in out), None)
            out.insert(out.index(before) + 1 if before is not None else 0, item)
    return out


def cash_flow_rows(company: Company, forecast: Forecast) -> Rows:
    """Return the rows of the free cash flow (kCNY)."""
    rows = {
        "ebit": forecast.ebit_kcny,
        "depreciation_and_amortisation": forecast.depreciation_kcny,
        "tax": forecast.tax_kcny,
        "change_in_working_capital": forecast.working_capital_kcny,
        "capital_expenditure": forecast.capex_kcny,
        "free_cash_flow": forecast.fcf_kcny,
    }
    return [
        {"item": item} | {y: float(round(v)) for y, v in zip(company.years, row, strict=True)}
        for item, row in rows.items()
    ]


def product_rows(forecast: Forecast) -> Rows:
    """Return units, price, unit cost, warranty and revenue by product and year (long form)."""
    return [
        {
            "product": line.name,
            "year": year,
            "units": float(line.units[i]),
            "asp_kcny": float(line.asp_kcny[i]),
            "unit_cost_kcny": float(line.unit_cost_kcny[i]),
            "warranty_kcny": float(line.warranty_kcny[i]),
            "revenue_kcny": float(line.revenue_kcny[i]),
        }
        for line in forecast.products
        for i, year in enumerate(forecast.years)
        if line.revenue_kcny[i]
    ]


def check_rows(statements: Statements) -> Rows:
    """Return every check, its difference and whether it holds."""
    return [
        {
            "check": c.check,
            "year": c.year,
            "difference_kcny": c.difference_kcny,
            "tolerance_kcny": c.tolerance_kcny,
            "ok": c.ok,
            "note": c.note,
        }
        for c in statements.checks
    ]


def failed_rows(statements: Statements) -> Rows:
    """Return the checks that do not hold."""
    return [row for row in check_rows(statements) if not row["ok"]]


def _legs(name: str, of: Valuation | Printed, currency: str, flows: Any, terminal: Any) -> dict[str, Any]:
    rows = legs(of, currency)
    rows.pop(f"blended_{currency.lower()}_m")
    return {"convention": name, "pv_fcf_kcny": float(flows), "pv_terminal_kcny": float(terminal), **rows}


def convention_rows(
    company: Company, forecast: Forecast, report_date: date | None, exit_multiple: float | None = None
) -> Rows:
    """Return the target price under the usual conventions, the printed one first; dated ones where a day is known."""
    rows: Rows = []
    printed = company.printed
    if printed is not None:
        rows.append(
            _legs("as printed", printed, company.currency, printed.pv_fcf_kcny, printed.pv_terminal_kcny)
        )
    for name, choice in _choices(company, forecast, report_date, exit_multiple):
        value = value_company(company, forecast, **choice)
        rows.append(_legs(name, value, company.currency, value.present.flows, value.present.terminal))
    return rows


def _choices(
    company: Company, forecast: Forecast, report_date: date | None, exit_multiple: float | None
) -> list[tuple[str, dict[str, Any]]]:
    out: list[tuple[str, dict[str, Any]]] = [
        ("recomputed: year-end flows", {}),
        ("mid-year flows", {"convention": Convention(timing="mid-year")}),
    ]
    if report_date is not None:
        dated, stub = (Convention(timing=t, valuation_date=report_date) for t in ("dated", "stub"))
        out += [
            (f"dated flows, valued {report_date}", {"convention": dated}),
            (f"dated flows, stub of the first year, valued {report_date}", {"convention": stub}),
        ]
    if company.listing_proceeds_m:
        out.insert(1, ("with listing proceeds", {"listing_proceeds": True}))
    if company.peers is not None and company.peers.members:
        out += [
            ("peers: mean of the unrounded multiples", {"peers": "mean"}),
            ("peers: median", {"peers": "median"}),
        ]
    if exit_multiple is not None:
        ebitda = float(forecast.ebit_kcny[-1] + forecast.depreciation_kcny[-1])
        leave = Terminal(kind="exit-multiple", multiple=exit_multiple, base=ebitda)
        out.append((f"exit at {exit_multiple:g} x EBITDA", {"convention": Convention(terminal=leave)}))
    return out


def reverse_rows(company: Company, forecast: Forecast) -> Rows:
    """Return what the printed value and the market price imply: WACC, growth, or a haircut on every flow."""
    market = company.price * company.shares_m * 1e3 / company.fx_per_cny - company.net_cash_kcny
    asked = [("market price", float(market))]
    if company.printed is not None:
        printed = company.printed.pv_fcf_kcny + company.printed.pv_terminal_kcny
        asked.insert(0, ("printed enterprise value", printed))
    rows = []
    for name, value in asked:
        found = implied(
            value,
            forecast.fcf_kcny,
            wacc=float(np.asarray(cost_of_capital(company))),
            growth=float(np.asarray(company.terminal_growth)),
            first_year=company.first_year,
            steady=Steady(forecast.terminal_flow_kcny, forecast.terminal_working_capital_kcny),
        )
        rows.append(
            {
                "of": name,
                "enterprise_value_kcny": value,
                "implied_wacc_pct": None if found.wacc is None else 100 * found.wacc,
                "implied_growth_pct": None if found.growth is None else 100 * found.growth,
                "implied_flow_haircut_pct": 100 * found.flow_haircut,
            }
        )
    return rows


def capital_rows(company: Company) -> Rows:
    """Return the cost of capital from its parts beside the one in use, and the peers' multiple from its members."""
    rows: Rows = []
    if company.capm is not None:
        p = company.capm
        equity = capm(risk_free=p.risk_free, beta=p.beta, premium=p.premium)
        whole = weighted_cost(p, company.drivers.tax_rate)
        used = 100 * float(np.asarray(cost_of_capital(company)))
        rows += [
            {"item": "cost of equity from CAPM, %", "recomputed": 100 * float(equity), "in_use": None},
            {"item": "WACC, %", "recomputed": 100 * float(whole), "in_use": used},
        ]
    peers = company.peers
    if peers is not None and peers.members:
        for how in ("mean", "median"):
            rows.append(
                {
                    "item": f"peers' price-to-sales {peers.year}, {how}",
                    "recomputed": base_multiple(company, how),
                    "in_use": base_multiple(company) if how == peers.statistic else None,
                }
            )
    return rows


def recovery_rows(company: Company, found: Recovery, years: tuple[str, ...]) -> Rows:
    """Return the recovered years beside the printed rows that they reproduce."""
    assert company.printed is not None
    printed = company.printed.rows
    rows = []
    for i, year in enumerate(years):
        at = company.years.index(year)
        match = found.best.path[i]
        rows.append(
            {
                "year": year,
                "revenue_kcny": found.revenue[i],
                "low_kcny": found.revenue_low[i],
                "high_kcny": found.revenue_high[i],
                "gross_margin_pct": 100 * found.gross_margin[i],
                "capex_share_pct": 100 * match.capex_share,
                "receivable_days": match.receivable_days,
                "working_capital_off_kcny": found.working_capital[i]
                - float(printed["change_in_working_capital"][at]),
                "capex_off_kcny": found.capex[i] - float(printed["capital_expenditure"][at]),
                "ebit_margin_pct": 100 * float(printed["ebit"][at]) / found.revenue[i],
                "fits": len(found.best.matches[i]),
            }
        )
    return rows
