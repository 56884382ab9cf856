"""Revenue by product, statements down to free cash flow, and how a change of price and units moves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clustersim.errors import InputError
from clustersim.finance.company import Company
from clustersim.market.link import Link

__all__ = ["Forecast", "ProductForecast", "make_forecast"]

SERVICES = "services"

#: Days on year-end balances that tie working capital to sales and to cost of sales when a forecast departs from
#: the printed one (the report's long-run days, on balances: receivables 100, inventory 150, payables 200; derived).
DSO, DIO, DPO = 100.0, 150.0, 200.0


@dataclass(frozen=True, slots=True)
class ProductForecast:
    """Units, price and revenue of one product line by year."""

    name: str
    units: Mapping[str, float]
    asp_kcny: Mapping[str, float]
    revenue_kcny: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast, row by row along ``years``, in kCNY."""

    years: tuple[str, ...]
    products: tuple[ProductForecast, ...]
    revenue_kcny: tuple[float, ...]
    gross_profit_kcny: tuple[float, ...]
    ebit_kcny: tuple[float, ...]
    depreciation_kcny: tuple[float, ...]
    tax_kcny: tuple[float, ...]
    working_capital_kcny: tuple[float, ...]
    capex_kcny: tuple[float, ...]
    rounding_kcny: tuple[float, ...]
    """What the printed free cash flow differs from the sum of its printed rows."""

    @property
    def fcf_kcny(self) -> tuple[float, ...]:
        """Free cash flow: EBIT + D&A + tax + change in working capital + capex (outflows negative) + rounding."""
        rows = (
            self.ebit_kcny,
            self.depreciation_kcny,
            self.tax_kcny,
            self.working_capital_kcny,
            self.capex_kcny,
            self.rounding_kcny,
        )
        return tuple(sum(values) for values in zip(*rows, strict=True))


def calibrated_units(company: Company, year: str) -> dict[str, float]:
    """Return units of a year scaled by one factor so that units x ASP + services is the printed revenue exactly.

    Only total revenue is printed; the mix is a prior (see the company file).

    Raises InputError for a year without priors.
    """
    total = company.revenue_kcny[company.years.index(year)] * (1 - company.services_share[year])
    prior = {p.name: p.units[year] for p in company.products if year in p.units}
    value = sum(
        units * asp
        for units, asp in ((p.units[year], p.asp_kcny[year]) for p in company.products if year in p.units)
    )
    if value <= 0:
        raise InputError(f"company {company.name}: no product sells anything in {year}")
    return {name: units * total / value for name, units in prior.items()}


def make_forecast(company: Company, link: Link) -> Forecast:
    """Return the forecast of a company after a link has moved one product line.

    A moved line changes revenue by its price and units; cost of sales follows the units only, so a better price
    falls through to EBIT. Tax is paid on the difference at the tax rate, working capital and capex follow revenue.
    After the last year with products the ratio to the printed revenue stays what it was in that year.
    """
    years = company.product_years
    products = tuple(
        _product(company, name, link) for name in (*(p.name for p in company.products), SERVICES)
    )
    ratio_rev: list[float] = []
    ratio_cost: list[float] = []
    for year in company.years:
        at = year if year in years else years[-1]
        printed = company.revenue_kcny[company.years.index(at)]
        revenue, cost = _moved(company, at, link)
        ratio_rev.append(1.0 + revenue / printed)
        ratio_cost.append(1.0 + cost / (printed * (1 - company.gross_margin[company.years.index(at)])))
    return _statements(company, products, ratio_rev, ratio_cost)


def _factors(company: Company, name: str, link: Link) -> tuple[float, float]:
    """Return what multiplies the price and the units of a line: the company's scales, and the link if it is hers."""
    mine = link.product == name
    asp = company.asp_scale * (link.asp_factor if mine else 1.0)
    return asp, company.units_scale * (link.units_factor if mine else 1.0)


def _moved(company: Company, year: str, link: Link) -> tuple[float, float]:
    """Return the change of revenue and of cost of sales in one year, in kCNY."""
    margin = company.gross_margin[company.years.index(year)]
    units = calibrated_units(company, year)
    revenue = cost = 0.0
    for line in company.products:
        if year not in line.units:
            continue
        asp_factor, units_factor = _factors(company, line.name, link)
        before = units[line.name] * line.asp_kcny[year]
        revenue += before * (asp_factor * units_factor - 1)
        cost += before * (1 - margin) * (units_factor - 1)
    return revenue, cost


def _product(company: Company, name: str, link: Link) -> ProductForecast:
    if name == SERVICES:
        revenue = {
            y: company.services_share[y] * company.revenue_kcny[company.years.index(y)]
            for y in company.product_years
        }
        return ProductForecast(name, {}, {}, revenue)
    line = next(p for p in company.products if p.name == name)
    asp_factor, units_factor = _factors(company, name, link)
    years = [y for y in company.product_years if y in line.units]
    units = {y: calibrated_units(company, y)[name] * units_factor for y in years}
    asp = {y: line.asp_kcny[y] * asp_factor for y in years}
    return ProductForecast(name, units, asp, {y: units[y] * asp[y] for y in years})


def _statements(
    company: Company, products: tuple[ProductForecast, ...], ratio_rev: list[float], ratio_cost: list[float]
) -> Forecast:
    rows = company.rows
    cost = [r * (1 - m) for r, m in zip(company.revenue_kcny, company.gross_margin, strict=True)]
    d_revenue = [r * (x - 1) for r, x in zip(company.revenue_kcny, ratio_rev, strict=True)]
    d_cost = [c * (x - 1) for c, x in zip(cost, ratio_cost, strict=True)]
    d_ebit = [r - c for r, c in zip(d_revenue, d_cost, strict=True)]
    balance = [DSO / 365 * r + (DIO - DPO) / 365 * c for r, c in zip(d_revenue, d_cost, strict=True)]
    d_capital = [-(b - a) for a, b in zip([0.0, *balance[:-1]], balance, strict=True)]
    # A year that the report taxes is taxed on the difference; a year of losses is not.
    d_tax = [-company.tax_rate * e if t < 0 else 0.0 for e, t in zip(d_ebit, rows["tax"], strict=True)]
    revenue = [a + b for a, b in zip(company.revenue_kcny, d_revenue, strict=True)]
    return Forecast(
        years=company.years,
        products=products,
        revenue_kcny=tuple(revenue),
        gross_profit_kcny=tuple(r - c - d for r, c, d in zip(revenue, cost, d_cost, strict=True)),
        ebit_kcny=tuple(a + b for a, b in zip(rows["ebit"], d_ebit, strict=True)),
        depreciation_kcny=rows["depreciation_and_amortisation"],
        tax_kcny=tuple(a + b for a, b in zip(rows["tax"], d_tax, strict=True)),
        working_capital_kcny=tuple(
            a + b for a, b in zip(rows["change_in_working_capital"], d_capital, strict=True)
        ),
        rounding_kcny=_rounding(company),
        capex_kcny=tuple(a * x for a, x in zip(rows["capital_expenditure"], ratio_rev, strict=True)),
    )


def _rounding(company: Company) -> tuple[float, ...]:
    rows = company.rows
    parts = [rows[name] for name in rows if name != "free_cash_flow"]
    sums = [sum(values) for values in zip(*parts, strict=True)]
    return tuple(p - s for p, s in zip(rows["free_cash_flow"], sums, strict=True))
