"""What an analyst does through a year: halves and quarters, the roll to the next base, the sum of the parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from clustersim.errors import InputError, suggest
from clustersim.finance.company import Company, Value
from clustersim.finance.conventions import Steady, discounted
from clustersim.finance.forecast import Forecast
from clustersim.finance.multiples import base_multiple
from clustersim.finance.statements import income_rows
from clustersim.finance.valuation import Valuation, value_company
from clustersim.market.link import Link

__all__ = ["OPERATING", "REPORTED", "halves", "lines_of", "part_of_year", "roll_forward", "sum_of_parts"]

Links = Link | Sequence[Link]
#: Lines that follow sales within a year; the others fall evenly on its halves.
WITH_SALES = ("revenue", "cost_of_sales", "gross_profit")
OPERATING = {
    "selling_and_marketing_expenses": "selling_share",
    "general_and_administrative_expenses": "administrative_share",
    "research_and_development_expenses": "research_share",
}


#: Lines that a company reports within a year.
REPORTED = (*WITH_SALES, *OPERATING, "other_income", "operating_profit", "net_profit")


def lines_of(forecast: Forecast) -> dict[str, Any]:
    """Return the lines that are reported within a year, along the years, in kCNY."""
    rows = income_rows(forecast)
    return {name: rows[name] for name in REPORTED}


def halves(forecast: Forecast, first_half_share: float, parts: int = 2) -> list[dict[str, Any]]:
    """Return the income statement by halves (or quarters, ``parts`` 4: each half in equal parts), in kCNY.

    Sales and their cost follow ``first_half_share``; operating costs, other income, interest and tax fall evenly.

    Raises InputError for parts other than 2 or 4.
    """
    if parts not in {2, 4}:
        raise InputError(f"a year has 2 halves or 4 quarters, not {parts} parts")
    letter, per = ("H", 1) if parts == 2 else ("Q", 2)
    weights = [first_half_share / per] * per + [(1 - first_half_share) / per] * per
    rows = []
    for i, year in enumerate(forecast.years):
        for n, weight in enumerate(weights, 1):
            rows.append({"period": f"{year[:4]}{letter}{n}E", **part_of_year(forecast, i, weight, 1 / parts)})
    return rows


def part_of_year(forecast: Forecast, i: int, weight: float, even: float) -> dict[str, float]:
    """Return the lines of a part of year ``i``: ``weight`` of its sales, ``even`` of all else, in kCNY."""
    lines = {name: float(row[i]) for name, row in lines_of(forecast).items()}
    out = {name: value * (weight if name in WITH_SALES else even) for name, value in lines.items()}
    later = float(forecast.operating_profit_kcny[i] - forecast.gross_profit_kcny[i])
    out["operating_profit"] = out["gross_profit"] + later * even
    out["net_profit"] = out["operating_profit"] + (lines["net_profit"] - lines["operating_profit"]) * even
    return out


def roll_forward(company: Company, forecast: Forecast) -> dict[str, dict[str, Any]]:
    """Return the valuation of today and that of a year later, if the first year turns out as forecast.

    The first flow becomes cash, the others are a year nearer, and the peers' multiple is that of the year after where
    the members have one; else the same multiple on the next year's revenue, and ``multiple`` says so.

    Raises InputError for a forecast of one year.
    """
    if len(company.years) < 2:
        raise InputError("a roll needs a second year to become the first")
    value = value_company(company, forecast)
    later = discounted(
        forecast.fcf_kcny[1:],
        wacc=value.wacc,
        growth=company.terminal_growth,
        first_year=company.first_year + 1,
        steady=Steady(forecast.terminal_flow_kcny, forecast.terminal_working_capital_kcny),
    )
    cash = company.net_cash_kcny + forecast.fcf_kcny[0]
    multiple, sales, said = _next_multiple(company, forecast)
    ps = multiple * sales * company.fx_per_cny / 1e3
    rolled = replace(value, present=later, net_cash_kcny=cash, ps_m=ps)
    year = company.peers.year if company.peers is not None else ""
    return {
        "now": _summary(company.years[0], value, year, "as now"),
        "rolled": _summary(company.years[1], rolled, said[0], said[1]),
    }


def _next_multiple(company: Company, forecast: Forecast) -> tuple[Value, Value, tuple[str, str]]:
    peers = company.peers
    if peers is None:
        return 0.0, 0.0, ("", "no peers")
    at = min(forecast.years.index(peers.year) + 1, len(forecast.years) - 1)
    year = forecast.years[at]
    sales, kept = forecast.revenue_kcny[at], 1 - peers.discount
    try:
        return base_multiple(company, peers.statistic, year) * kept, sales, (year, f"the members' of {year}")
    except InputError:
        said = f"that of {peers.year} on revenue of {year}: no member has one of {year}"
        return base_multiple(company) * kept, sales, (year, said)


def _summary(first: str, value: Valuation, year: str, multiple: str) -> dict[str, Any]:
    return {
        "first_year": first,
        "pv_fcf_kcny": float(value.present.flows),
        "pv_terminal_kcny": float(value.present.terminal),
        "net_cash_kcny": float(np.asarray(value.net_cash_kcny)),
        "multiple_year": year,
        "multiple": multiple,
        "target_price": float(value.target_price),
    }


def sum_of_parts(
    company: Company, forecast: Forecast, multiples: Mapping[str, tuple[float, str]]
) -> list[dict[str, Any]]:
    """Return the value of each line by its own multiple of its revenue in a year, and their sum per share.

    ``multiples`` are {line: (price-to-sales, year)}; a line without one takes the peers' after the discount.

    Raises InputError for a line that is not there.
    """
    names = [line.name for line in forecast.products]
    unknown = [name for name in multiples if name not in names]
    if unknown:
        raise InputError(f"sotp.{unknown[0]}: no such line; {suggest(unknown[0], names)}")
    rows: list[dict[str, Any]] = []
    for line in forecast.products:
        if line.name in multiples:
            multiple, year = multiples[line.name]
        elif company.peers is not None:
            multiple = float(base_multiple(company)) * (1 - float(np.asarray(company.peers.discount)))
            year = company.peers.year
        else:
            raise InputError(f"sotp.{line.name}: give a multiple and a year, or company.peers")
        if year not in forecast.years:
            raise InputError(f"sotp.{line.name}.year={year} is not a year of the forecast")
        revenue = float(line.revenue_kcny[forecast.years.index(year)])
        worth = multiple * revenue * float(np.asarray(company.fx_per_cny)) / 1e3
        rows.append({"line": line.name, "year": year, "revenue_kcny": revenue, "price_to_sales": multiple,
                     "value_m": worth, "per_share": worth / float(np.asarray(company.shares_m))})  # fmt: skip
    total = sum(row["value_m"] for row in rows)
    rows.append({"line": "sum", "year": "", "revenue_kcny": None, "price_to_sales": None, "value_m": total,
                 "per_share": total / float(np.asarray(company.shares_m))})  # fmt: skip
    return rows
