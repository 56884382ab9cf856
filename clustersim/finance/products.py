"""Units, prices and costs by product, and how a link moves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from clustersim.finance.calibrate import Calibrated, calibrate
from clustersim.finance.company import Company
from clustersim.market.link import Link
from clustersim.market.supply import learned_cost

__all__ = ["SERVICES", "Moved", "ProductForecast", "calibrated_products", "moved", "product_forecasts"]

SERVICES = "services"


@dataclass(frozen=True, slots=True)
class ProductForecast:
    """Units, price, unit cost (warranty in it) and revenue of one product line by year."""

    name: str
    units: Mapping[str, float]
    asp_kcny: Mapping[str, float]
    revenue_kcny: Mapping[str, float]
    unit_cost_kcny: Mapping[str, float]
    warranty_kcny: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Moved:
    """By how much revenue and cost of sales depart from the printed forecast, along the years, in kCNY."""

    revenue: tuple[float, ...]
    cost: tuple[float, ...]


def calibrated_products(company: Company, year: str) -> Calibrated:
    """Return units and prices of a year that sell the printed revenue, services apart, exactly.

    Only total revenue is printed; the mix is a prior (see the company file).

    Raises InputError for a year without priors.
    """
    total = company.revenue_kcny[company.years.index(year)] * (1 - company.services_share[year])
    priors = tuple((p.name, p.units[year], p.asp_kcny[year]) for p in company.products if year in p.units)
    return _calibrated(year, total, priors)


@lru_cache(maxsize=256)
def _calibrated(year: str, total: float, priors: tuple[tuple[str, float, float], ...]) -> Calibrated:
    """A study values one company thousands of times; its printed totals and priors stay."""
    return calibrate(year, total, {name: (units, asp) for name, units, asp in priors})


def factors(company: Company, name: str, link: Link) -> tuple[float, float]:
    """Return what multiplies the price and the units of a line: the company's scales, and the link if it is hers."""
    mine = link.product == name and company.drivers.product_mode == "simulated"
    if company.drivers.product_mode == "printed":
        return 1.0, 1.0
    asp = company.asp_scale * (link.asp_factor if mine else 1.0)
    return asp, company.units_scale * (link.units_factor if mine else 1.0)


def _learning(company: Company, units_factor: float) -> float:
    """Factor on the unit cost: cumulative volume grows with the units."""
    return learned_cost(1.0, volume_ratio=units_factor, progress_ratio=company.drivers.progress_ratio)


def moved(company: Company, link: Link, calibrated: Mapping[str, Calibrated]) -> Moved:
    """Return the change of revenue and cost of sales that the scales and the link make."""
    revenue, cost = [], []
    for year, margin in zip(company.years, company.gross_margin, strict=True):
        d_revenue = d_cost = 0.0
        for line in calibrated[year].lines:
            asp_factor, units_factor = factors(company, line.name, link)
            before = line.revenue_kcny
            d_revenue += before * (asp_factor * units_factor - 1)
            d_cost += before * (1 - margin) * (units_factor * _learning(company, units_factor) - 1)
        revenue.append(d_revenue)
        cost.append(d_cost)
    return Moved(tuple(revenue), tuple(cost))


def product_forecasts(
    company: Company, link: Link, calibrated: Mapping[str, Calibrated]
) -> tuple[ProductForecast, ...]:
    """Return every line of products, then the services."""
    years = company.years
    margin = dict(zip(years, company.gross_margin, strict=True))
    out = []
    for product in company.products:
        asp_factor, units_factor = factors(company, product.name, link)
        own = {y: line for y in years for line in calibrated[y].lines if line.name == product.name}
        units = {y: line.units * units_factor for y, line in own.items()}
        asp = {y: line.asp_kcny * asp_factor for y, line in own.items()}
        unit_cost = {
            y: line.asp_kcny * (1 - margin[y]) * _learning(company, units_factor) for y, line in own.items()
        }
        warranty = {y: asp[y] * company.drivers.warranty_share for y in own}
        revenue = {y: units[y] * asp[y] for y in own}
        out.append(ProductForecast(product.name, units, asp, revenue, unit_cost, warranty))
    services = {y: company.services_share[y] * r for y, r in zip(years, company.revenue_kcny, strict=True)}
    return (*out, ProductForecast(SERVICES, {}, {}, services, {}, {}))
