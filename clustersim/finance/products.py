"""What is sold: units x price by product within what can be made, with services, channel, learning and cannibalisation.

Inside the engine a row is (years, points), a scalar a float or (points,): one point is one column, and NumPy's own
broadcasting does the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from clustersim.columns import Noted, as_array
from clustersim.finance.company import Array, Company, Drivers, ProductLine, Value
from clustersim.market.link import Link

__all__ = ["SERVICES", "ProductForecast", "Sales", "along", "column", "planned_sales", "sell"]

SERVICES = "services"


@dataclass(frozen=True, slots=True)
class ProductForecast:
    """Units asked for and sold, net price, unit cost, revenue and cost of one line along the years; 0 without sales."""

    name: str
    asked_units: Array
    units: Array
    asp_kcny: Array
    unit_cost_kcny: Array
    revenue_kcny: Array
    cost_kcny: Array
    warranty_kcny: Array
    limit_units: Array
    """Most that can be made; infinite where no limit is given."""


@dataclass(frozen=True, slots=True)
class Sales:
    """Revenue and cost of sales (positive) along the years, in kCNY, and the lines behind them."""

    revenue: Array
    cost: Array
    lines: tuple[ProductForecast, ...] = ()


def column(row: Array) -> Array:
    """Return a row along the years as (years, points).

    >>> column(np.array([1.0, 2.0])).shape
    (2, 1)
    """
    return row[:, None] if row.ndim == 1 else row


def along(row: Mapping[str, Value], years: Sequence[str], missing: float = 0.0) -> Array:
    """Return a row by year as (years, points).

    >>> along({"2027E": 3.0}, ("2026E", "2027E")).tolist()
    [[0.0], [3.0]]
    """
    values = [row.get(y, missing) for y in years]
    if not any(isinstance(v, np.ndarray | Noted) for v in values):
        return np.array(values, dtype=float)[:, None]
    return np.stack(np.broadcast_arrays(*(np.atleast_1d(as_array(v)) for v in values)))


def planned_sales(company: Company) -> Sales | None:
    """Return the sales that departures are counted from: the calibrated products at the printed drivers.

    They are sold by the same rules as ours, so that without a departure the two are equal to the last bit; None
    without a printed forecast.
    """
    printed = company.printed
    if printed is None:
        return None
    plan = replace(
        company,
        drivers=printed.drivers,
        products=printed.products,
        supply_units={},
        asp_scale=1.0,
        units_scale=1.0,
    )
    return _sold(plan, {})


def sell(company: Company, links: Mapping[str, Link], planned: Sales | None = None) -> Sales:
    """Return what is sold after the scales, the links, the limits and what the lines take from one another.

    units = min(plan x scale x link x ramp - taken by others, limit); price = ASP x scale x link x (1 - channel);
    unit cost falls by learning, C (V / V0)^(log2 PR), with the cumulative volume over that of the plan. Services are
    their share of revenue; a departure of the gross margin or of the warranty from the plan goes to cost of sales.
    """
    if company.drivers.product_mode == "printed" and planned is not None:
        return planned
    return _sold(company, links)


def _sold(company: Company, links: Mapping[str, Link]) -> Sales:
    plan = {p.name: along(p.units, company.years) for p in company.reference}
    asked = _asked(company, links)
    wanted = {
        p.name: np.maximum(asked[p.name] - _taken(company, p.name, asked, plan), 0.0)
        for p in company.products
    }
    lines = tuple(
        _line(company, p, links.get(p.name), wanted[p.name], plan.get(p.name)) for p in company.products
    )
    return _total(company, lines)


def _moved(company: Company, factor: Value) -> Array:
    """A link's factor by year: what moves today reaches only the part of the first year that is still to come."""
    left = np.ones((len(company.years), 1))
    left[0] = 1.0 - company.elapsed_share
    moved: Array = 1.0 + (as_array(factor) - 1.0) * left
    return moved


def _asked(company: Company, links: Mapping[str, Link]) -> dict[str, Array]:
    years, out = company.years, {}
    for product in company.products:
        units = along(product.units, years) * company.units_scale * along(product.ramp, years, 1.0)
        if product.end_of_life is not None:
            units = units * column(np.array([float(y[:4] <= product.end_of_life[:4]) for y in years]))
        link = links.get(product.name)
        if link is not None and company.drivers.product_mode == "simulated":
            units = units * _moved(company, link.units_factor)
        out[product.name] = units
    return out


def _taken(company: Company, name: str, asked: Mapping[str, Array], plan: Mapping[str, Array]) -> Array:
    """Units that the others take from a line: their share of what they ask for beyond the plan (negative: give)."""
    taken = np.zeros((len(company.years), 1))
    for other in company.products:
        if name in other.cannibalises:
            beyond = asked[other.name] - plan.get(other.name, taken * 0.0)
            taken = taken + other.cannibalises[name] * beyond
    return taken


def _line(
    company: Company, product: ProductLine, link: Link | None, asked: Array, plan: Array | None
) -> ProductForecast:
    years, drivers = company.years, company.drivers
    limit = along(company.supply_units.get(product.name, {}), years, np.inf)
    units = np.minimum(asked, limit)
    listed = along(product.asp_kcny, years)
    asp = listed * company.asp_scale * (1.0 - column(drivers.channel_discount))
    if link is not None and drivers.product_mode == "simulated":
        asp = asp * _moved(company, link.asp_factor)
    own = along(dict.fromkeys(product.unit_cost_kcny, 1.0), years) > 0
    cost = np.where(own, along(product.unit_cost_kcny, years), listed * (1.0 - _plan_margin(company)))
    cost = cost * _learning(drivers, product, units, plan)
    return ProductForecast(
        product.name, asked, units, asp, cost, units * asp, units * cost, asp * drivers.warranty_share, limit
    )


def _plan_margin(company: Company) -> Array:
    """The margin at which unit costs were set: the printed one, or ours where none is printed."""
    return column((company.printed.drivers if company.printed is not None else company.drivers).gross_margin)


def _learning(drivers: Drivers, product: ProductLine, units: Array, plan: Array | None) -> Array:
    """Factor on the unit cost: every doubling of cumulative volume over the plan's leaves the progress ratio of it."""
    if plan is None:
        return np.ones((units.shape[0], 1))
    now = product.past_units + np.cumsum(units, axis=0)
    then = product.past_units + np.cumsum(plan, axis=0)
    grown = (now > 0) & (then > 0)
    ratio = np.where(grown, now / np.where(then > 0, then, 1.0), 1.0)
    factor: Array = ratio ** np.log2(as_array(drivers.progress_ratio))
    return factor


def _total(company: Company, lines: tuple[ProductForecast, ...]) -> Sales:
    drivers, zero = company.drivers, np.zeros((len(company.years), 1))
    products = sum((line.revenue_kcny for line in lines), zero)
    share, margin = column(drivers.services_share), column(drivers.gross_margin)
    services = products * share / (1.0 - share)
    served = services * (1.0 - margin)
    cost = sum((line.cost_kcny for line in lines), zero) + served
    if company.printed is not None:
        plan = company.printed.drivers
        worse = column(plan.gross_margin) - margin + (drivers.warranty_share - plan.warranty_share)
    else:
        worse = 0.0 * margin + drivers.warranty_share
    cost = cost + products * worse
    line = ProductForecast(SERVICES, zero, zero, zero, zero, services, served, zero, zero + np.inf)
    return Sales(products + services, cost, (*lines, line))
