"""A reported half-year pasted in: actual against expected, and the target price from before to after, a step a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from clustersim.errors import InputError, suggest
from clustersim.finance.analysis import with_values
from clustersim.finance.company import Company, Value
from clustersim.finance.forecast import Forecast, make_forecast
from clustersim.finance.valuation import value_company
from clustersim.finance.year import OPERATING, REPORTED, lines_of, part_of_year
from clustersim.market.link import Link

__all__ = ["Bridge", "actuals_bridge"]

Links = Link | Sequence[Link]
#: Makes a company of one, after one line was reported.
Change = Callable[[Company, Links], Company]
#: Lines that are costs: negative, however they are typed.
COSTS = ("cost_of_sales", *OPERATING)


@dataclass(frozen=True, slots=True)
class Bridge:
    """Reported against expected, and the target price from before to after, a step a line."""

    rows: tuple[dict[str, Any], ...]
    steps: tuple[dict[str, Any], ...]
    before: float
    after: float
    company: Company
    """With what was reported in it: the next half goes on from it."""


@dataclass(frozen=True, slots=True)
class _Half:
    """One reported half: where its year stands, and its lines beside what was expected of them, in kCNY."""

    at: int
    year: str
    actual: Mapping[str, float]
    expected: Mapping[str, float]
    start: Forecast
    """The forecast before this half."""

    def surprise(self, line: str) -> float:
        """Actual less expected."""
        return self.actual[line] - self.expected[line]

    def lacking(self, line: str, company: Company, links: Links) -> float:
        """What the year's line still lacks of reported + expected of the rest, as the steps before have left it."""
        now = float(lines_of(make_forecast(company, links))[line][self.at])
        return float(lines_of(self.start)[line][self.at]) + self.surprise(line) - now


def actuals_bridge(
    company: Company,
    links: Links,
    half: str,
    actual: Mapping[str, float],
    first_half_share: float,
    *,
    planned: Company | None = None,
) -> Bridge:
    """Return a reported half (``2026H1``) beside the forecast, and what it does to the target price.

    The half still to come (or gone) stays as forecast: the year's line becomes reported + expected of the other half.
    Revenue moves units of every line alike, gross profit (or cost of sales) the year's margin, each operating cost and
    other income its own driver, and what these leave of a reported operating profit the other gains; ``closing_cash``
    beyond what the forecast implies at that date goes to net cash. Net profit is compared only: interest and its tax
    are not in the free cash flow. The steps sum to the whole. Costs may be typed with either sign. ``planned`` is the
    company before any half was reported: its forecast is what was expected (default: ``company``).

    Raises InputError for a half that is not in the forecast, or no line of it.
    """
    year = f"{half[:4]}E"
    if half[4:] not in {"H1", "H2"} or year not in company.years:
        raise InputError(
            f"actuals {half!r}: write a half of a forecast year, for example {company.years[0][:4]}H1"
        )
    known = [*REPORTED, "closing_cash"]
    unknown = [line for line in actual if line not in known]
    if unknown or not actual:
        raise InputError(
            f"actuals {half}: no line {(unknown or ['(none)'])[0]!r}; {suggest((unknown or [''])[0], known)}"
        )
    at, share = company.years.index(year), first_half_share if half.endswith("H1") else 1 - first_half_share
    expected = part_of_year(make_forecast(planned or company, links), at, share, 0.5)
    start = make_forecast(company, links)
    expected["closing_cash"] = _cash(company, start, at, half)
    one = _Half(at, year, _signed(actual, expected), expected, start)
    rows = tuple(_row(half, line, value, expected[line]) for line, value in one.actual.items())
    before = price = float(_target(company, links))
    steps = []
    for name, change in _changes(one):
        company = change(company, links)
        now = float(_target(company, links))
        steps.append({"step": name, "target_price": now, "change": now - price})
        price = now
    return Bridge(rows, tuple(steps), before, price, company)


def _signed(actual: Mapping[str, float], expected: Mapping[str, float]) -> dict[str, float]:
    """Costs negative; the gross profit follows from cost of sales where it is not given."""
    out = {line: -abs(v) if line in COSTS else v for line, v in actual.items()}
    if "cost_of_sales" in out and "gross_profit" not in out:
        out["gross_profit"] = out.get("revenue", expected["revenue"]) + out["cost_of_sales"]
    return out


def _row(half: str, line: str, value: float, expected: float) -> dict[str, Any]:
    surprise = 100 * (value - expected) / abs(expected) if expected else None
    moves = "compared only" if line == "net_profit" else "the target price"
    return {"line": line, "period": half, "expected_kcny": expected, "actual_kcny": value, "surprise_pct": surprise,
            "moves": moves}  # fmt: skip


def _target(company: Company, links: Links) -> Value:
    return value_company(company, make_forecast(company, links)).target_price


def _cash(company: Company, forecast: Forecast, at: int, half: str) -> float:
    """Net cash that the forecast implies at the end of a half: what was there and the flows since, evenly."""
    flows = forecast.fcf_kcny
    return float(company.net_cash_kcny + flows[:at].sum() + flows[at] * (0.5 if half.endswith("H1") else 1.0))


def _changes(half: _Half) -> list[tuple[str, Change]]:
    """The steps, each a function of the company as the steps before have left it."""
    out: list[tuple[str, Change]] = []
    actual = half.actual
    if "revenue" in actual:
        out.append(("revenue", lambda c, k: _revenue(half, c, k)))
    if "gross_profit" in actual:
        out.append(("gross margin", lambda c, k: _margin(half, c, k)))
    out += [(line, _cost(half, line)) for line in OPERATING if line in actual]
    if "other_income" in actual:
        out.append(("other income", _added(half, "other_income", "other_income")))
    if "operating_profit" in actual:
        rest = "operating profit that no other line explains"
        out.append((rest, _added(half, "other_gains", "operating_profit")))
    if "closing_cash" in actual:
        more = half.surprise("closing_cash")
        out.append(("net cash", lambda c, _: replace(c, net_cash_kcny=c.net_cash_kcny + more)))
    return out


def _revenue(half: _Half, company: Company, links: Links) -> Company:
    now = float(make_forecast(company, links).revenue_kcny[half.at])
    factor = 1 + half.lacking("revenue", company, links) / now
    sold = [p for p in company.products if half.year in p.units]
    return with_values(
        company, {f"products.{p.name}.units.{half.year}": p.units[half.year] * factor for p in sold}
    )


def _margin(half: _Half, company: Company, links: Links) -> Company:
    lacking = half.lacking("gross_profit", company, links)
    if company.printed is None:
        return _unit_costs(half, company, links, lacking)
    revenue = float(make_forecast(company, links).revenue_kcny[half.at])
    margin = float(company.drivers.gross_margin[half.at]) + lacking / revenue
    return with_values(company, {f"drivers.gross_margin.{half.year}": margin})


def _unit_costs(half: _Half, company: Company, links: Links, lacking: float) -> Company:
    """Where unit costs are the file's own, all of the year's move alike, and the margin that others follow."""
    cost = -float(make_forecast(company, links).cost_of_sales_kcny[half.at])
    margin = float(company.drivers.gross_margin[half.at])
    factor = 1 - lacking / cost
    keys: dict[str, Value] = {f"drivers.gross_margin.{half.year}": 1 - (1 - margin) * factor}
    for line in company.products:
        if half.year in line.unit_cost_kcny and half.year in line.units:
            keys[f"products.{line.name}.unit_cost.{half.year}"] = line.unit_cost_kcny[half.year] * factor
    return with_values(company, keys)


def _cost(half: _Half, line: str) -> Change:
    """An operating cost: research as money, the others by their share of revenue."""
    driver = OPERATING[line]
    if driver == "research_share":
        return _added(half, "research_expense", line, sign=-1)

    def change(company: Company, links: Links) -> Company:
        forecast = make_forecast(company, links)
        share = float(getattr(company.drivers, driver)[half.at])
        now = float(lines_of(forecast)[line][half.at])
        base = -now / share if share else float(forecast.revenue_kcny[half.at])
        more = -half.lacking(line, company, links) / base
        return with_values(company, {f"drivers.{driver}.{half.year}": share + more})

    return change


def _added(half: _Half, driver: str, line: str, sign: int = 1) -> Change:
    """A driver in money that takes what its line lacks."""

    def change(company: Company, links: Links) -> Company:
        now = float(np.asarray(getattr(company.drivers, driver))[half.at])
        more = sign * half.lacking(line, company, links)
        return with_values(company, {f"drivers.{driver}.{half.year}": now + more})

    return change
