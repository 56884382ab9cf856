"""What an analyst does through a year: halves, reported figures against the forecast, and the roll to the next base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from clustersim.errors import InputError, suggest
from clustersim.finance.analysis import with_values
from clustersim.finance.company import Company, Value
from clustersim.finance.conventions import Steady, discounted
from clustersim.finance.forecast import Forecast, make_forecast
from clustersim.finance.multiples import base_multiple
from clustersim.finance.statements import income_rows
from clustersim.finance.valuation import Valuation, value_company
from clustersim.market.link import Link

__all__ = ["Bridge", "actuals_bridge", "halves", "roll_forward", "sum_of_parts"]

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


def _lines(forecast: Forecast) -> dict[str, Any]:
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
            rows.append({"period": f"{year[:4]}{letter}{n}E", **_part(forecast, i, weight, 1 / parts)})
    return rows


def _part(forecast: Forecast, i: int, weight: float, even: float) -> dict[str, float]:
    lines = {name: float(row[i]) for name, row in _lines(forecast).items()}
    out = {name: value * (weight if name in WITH_SALES else even) for name, value in lines.items()}
    later = float(forecast.operating_profit_kcny[i] - forecast.gross_profit_kcny[i])
    out["operating_profit"] = out["gross_profit"] + later * even
    out["net_profit"] = out["operating_profit"] + (lines["net_profit"] - lines["operating_profit"]) * even
    return out


@dataclass(frozen=True, slots=True)
class Bridge:
    """Reported against expected, and the target price from before to after, a step a line."""

    rows: tuple[dict[str, Any], ...]
    steps: tuple[dict[str, Any], ...]
    before: float
    after: float


def actuals_bridge(
    company: Company, links: Links, half: str, actual: Mapping[str, float], first_half_share: float
) -> Bridge:
    """Return a reported half (``2026H1``) beside the forecast, and what it does to the target price.

    The half still to come (or gone) stays as forecast: the year's line becomes reported + expected of the other half.
    Revenue moves units of every line alike, gross profit the year's margin, each operating cost its share;
    ``closing_cash`` beyond what the forecast implies at that date goes to net cash. The steps sum to the whole.

    Raises InputError for a half that is not in the first year of the forecast, or no line of it.
    """
    year = f"{half[:4]}E"
    if half[4:] not in {"H1", "H2"} or year not in company.years:
        raise InputError(
            f"actuals {half!r}: write a half of a forecast year, for example {company.years[0][:4]}H1"
        )
    known = [*_lines(make_forecast(company, links)), "closing_cash"]
    unknown = [line for line in actual if line not in known]
    if unknown or not actual:
        raise InputError(
            f"actuals {half}: no line {(unknown or ['(none)'])[0]!r}; {suggest((unknown or [''])[0], known)}"
        )
    at, weight = company.years.index(year), first_half_share if half.endswith("H1") else 1 - first_half_share
    forecast = make_forecast(company, links)
    expected = _part(forecast, at, weight, 0.5) | {"closing_cash": _cash(company, forecast, at, half)}
    rows = tuple(
        {"line": line, "period": half, "expected_kcny": expected[line], "actual_kcny": value,
         "surprise_pct": 100 * (value / expected[line] - 1) if expected[line] else None}
        for line, value in actual.items()
    )  # fmt: skip
    before = price = float(_target(company, links))
    moved, steps = company, []
    for name, change in _changes(at, year, actual, expected):
        moved = change(moved, links)
        now = float(_target(moved, links))
        steps.append({"step": name, "target_price": now, "change": now - price})
        price = now
    return Bridge(rows, tuple(steps), before, price)


def _target(company: Company, links: Links) -> Value:
    return value_company(company, make_forecast(company, links)).target_price


def _cash(company: Company, forecast: Forecast, at: int, half: str) -> float:
    """Net cash that the forecast implies at the end of a half: what was there and the flows since, evenly."""
    flows = forecast.fcf_kcny
    return float(company.net_cash_kcny + flows[:at].sum() + flows[at] * (0.5 if half.endswith("H1") else 1.0))


def _changes(
    at: int, year: str, actual: Mapping[str, float], expected: Mapping[str, float]
) -> list[tuple[str, Any]]:
    """The steps, each a function of the company as the steps before have left it."""
    out: list[tuple[str, Any]] = []
    surprise = {line: value - expected[line] for line, value in actual.items()}

    def revenue(company: Company, links: Links) -> Company:
        now = float(make_forecast(company, links).revenue_kcny[at])
        factor = 1 + surprise["revenue"] / now
        keys = {
            f"products.{p.name}.units.{year}": p.units[year] * factor
            for p in company.products
            if year in p.units
        }
        return with_values(company, keys)

    def margin(company: Company, links: Links) -> Company:
        forecast = make_forecast(company, links)
        profit = expected["gross_profit"] / expected["revenue"]
        held = surprise.get("revenue", 0.0) * profit
        lacking = surprise["gross_profit"] - held
        m = float(company.drivers.gross_margin[at]) + lacking / float(forecast.revenue_kcny[at])
        return with_values(company, {f"drivers.gross_margin.{year}": m})

    def cost(line: str, driver: str) -> Any:
        def change(company: Company, links: Links) -> Company:
            now = float(_lines(make_forecast(company, links))[line][at])
            share = float(getattr(company.drivers, driver)[at]) * (
                1 + (-abs(actual[line]) - expected[line]) / now
            )
            return with_values(company, {f"drivers.{driver}.{year}": share})

        return change

    if "revenue" in actual:
        out.append(("revenue", revenue))
    if "gross_profit" in actual:
        out.append(("gross margin", margin))
    out += [(line, cost(line, driver)) for line, driver in OPERATING.items() if line in actual]
    if "closing_cash" in actual:
        more = surprise["closing_cash"]
        out.append(("net cash", lambda c, _: replace(c, net_cash_kcny=c.net_cash_kcny + more)))
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
