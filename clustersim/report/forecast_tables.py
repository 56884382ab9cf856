"""Tables of the company model as plain rows: statements, products, conventions, recovery."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from clustersim.finance.company import Company
from clustersim.finance.conventions import Convention, capm, implied, wacc
from clustersim.finance.forecast import Forecast
from clustersim.finance.recover import Recovery
from clustersim.finance.statements import Statements
from clustersim.finance.valuation import base_multiple, first_year, value_company

__all__ = [
    "cash_flow_rows",
    "check_rows",
    "convention_rows",
    "product_rows",
    "recovery_rows",
    "reverse_rows",
    "statement_rows",
]

Rows = list[dict[str, Any]]


def statement_rows(company: Company, statements: Statements, which: str) -> Rows:
    """Return one statement, a row an item: printed actual years first, then the forecast (kCNY)."""
    rows: Mapping[str, tuple[float, ...]] = getattr(statements, which)
    history: Mapping[str, tuple[float, ...]] = getattr(company.history, which)
    actual = company.history.actual_years
    out = []
    for item, values in rows.items():
        past = history.get(item)
        row: dict[str, Any] = {"item": item}
        row |= {y: None if past is None else past[company.history.years.index(y)] for y in actual}
        out.append(row | {y: float(round(v)) for y, v in zip(statements.years, values, strict=True)})
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
            "units": line.units.get(year),
            "asp_kcny": line.asp_kcny.get(year),
            "unit_cost_kcny": line.unit_cost_kcny.get(year),
            "warranty_kcny": line.warranty_kcny.get(year),
            "revenue_kcny": revenue,
        }
        for line in forecast.products
        for year, revenue in line.revenue_kcny.items()
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


def convention_rows(company: Company, forecast: Forecast, report_date: date) -> Rows:
    """Return the target price under the usual conventions, the printed one first."""
    printed = company.printed
    rows: Rows = [
        {
            "convention": "as printed",
            "pv_fcf_kcny": printed.pv_fcf_kcny,
            "pv_terminal_kcny": printed.pv_terminal_kcny,
            "dcf_hkd_m": printed.dcf_hkd_m,
            "ps_hkd_m": printed.ps_hkd_m,
            "target_price_hkd": printed.target_price_hkd,
        }
    ]
    choices: list[tuple[str, dict[str, Any]]] = [
        ("recomputed: year-end flows", {}),
        ("with listing proceeds", {"listing_proceeds": True}),
        ("mid-year flows", {"convention": Convention(timing="mid-year")}),
        (
            f"dated flows, valued {report_date}",
            {"convention": Convention(timing="dated", valuation_date=report_date)},
        ),
        (
            f"dated flows, stub of the first year, valued {report_date}",
            {"convention": Convention(timing="stub", valuation_date=report_date)},
        ),
        ("peers: mean of the unrounded multiples", {"peers": "mean"}),
        ("peers: median", {"peers": "median"}),
    ]
    for name, choice in choices:
        value = value_company(company, forecast, **choice)
        rows.append(
            {
                "convention": name,
                "pv_fcf_kcny": value.present.flows,
                "pv_terminal_kcny": value.present.terminal,
                "dcf_hkd_m": value.dcf_hkd_m,
                "ps_hkd_m": value.ps_hkd_m,
                "target_price_hkd": value.target_price_hkd,
            }
        )
    return rows


def reverse_rows(company: Company, forecast: Forecast) -> Rows:
    """Return what the printed value and the market price imply: WACC, growth, or a haircut on every flow."""
    printed = company.printed.pv_fcf_kcny + company.printed.pv_terminal_kcny
    market = company.price_hkd * company.shares_m * 1e3 / company.hkd_per_cny - company.net_cash_kcny
    rows = []
    for name, value in (("printed enterprise value", printed), ("market price", market)):
        found = implied(
            value,
            forecast.fcf_kcny,
            wacc=company.wacc,
            growth=company.terminal_growth,
            first_year=first_year(company),
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
    """Return the cost of capital recomputed from its printed parts, and the peers' multiple from its members."""
    rows: Rows = []
    if company.capm:
        p = company.capm
        equity = capm(risk_free=p["risk_free"], beta=p["beta"], premium=p["premium"])
        whole = wacc(
            cost_of_equity=equity,
            cost_of_debt=p["cost_of_debt"],
            debt_to_equity=p["debt_to_equity"],
            tax_rate=company.tax_rate,
        )
        rows += [
            {"item": "cost of equity from CAPM, %", "recomputed": 100 * equity, "printed": None},
            {"item": "WACC, %", "recomputed": 100 * whole, "printed": 100 * company.wacc},
        ]
    if company.peers.members:
        for how in ("mean", "median"):
            found = base_multiple(company, how)
            printed = company.peers.price_to_sales if how == "mean" else None
            rows.append(
                {
                    "item": f"peers' price-to-sales {company.peers.year}, {how}",
                    "recomputed": found,
                    "printed": printed,
                }
            )
    return rows


def recovery_rows(company: Company, found: Recovery, years: tuple[str, ...]) -> Rows:
    """Return the recovered years beside the printed rows that they reproduce."""
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
                - company.rows["change_in_working_capital"][at],
                "capex_off_kcny": found.capex[i] - company.rows["capital_expenditure"][at],
                "ebit_margin_pct": 100 * company.rows["ebit"][at] / found.revenue[i],
                "fits": len(found.best.matches[i]),
            }
        )
    return rows
