"""The forecasting engine: from drivers to the rows of the free cash flow, for one point or for columns of points.

Year-end balances, depreciation that follows capital expenditure, tax on operating profit with losses carried
forward, and a terminal year in which capital expenditure equals depreciation and working capital grows with sales:
a driver that changes in one year cannot swing through the later ones. A row is (years, points).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from clustersim.columns import as_array
from clustersim.finance.company import Array, Company, Drivers
from clustersim.finance.products import Sales, column
from clustersim.finance.tax import tax_rows

__all__ = ["DAYS", "Plan", "Projection", "plan_of", "project"]

DAYS = 365.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What operating costs and depreciation were planned for: the printed forecast, or our own sales."""

    revenue: Array
    depreciation: Array
    capex: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """Rows along the years in kCNY; costs and outflows are negative, balances positive."""

    revenue: Array
    cost_of_sales: Array
    selling: Array
    administrative: Array
    research: Array
    depreciation_beyond_plan: Array
    other_income: Array
    other_gains: Array
    tax: Array
    """Tax on operating profit."""
    depreciation: Array
    capex: Array
    receivables: Array
    inventories: Array
    payables: Array

    @property
    def operating_profit(self) -> Array:
        """EBIT."""
        costs = self.cost_of_sales + self.selling + self.administrative + self.research
        return self.revenue + costs + self.depreciation_beyond_plan + self.other_income + self.other_gains

    @property
    def net_working_capital(self) -> Array:
        """Receivables plus inventory less payables, at year end."""
        return self.receivables + self.inventories - self.payables

    def terminal_profit(self, tax_rate: float | Array) -> Array:
        """After-tax operating profit of the last year with depreciation at capital expenditure, in kCNY.

        (EBITDA - capex)(1 - t): in the steady state what is spent is what is written off.
        """
        profit: Array = (self.operating_profit + self.depreciation + self.capex)[-1]
        return profit - tax_rate * np.maximum(profit, 0.0)


def plan_of(company: Company, sales: Sales, planned: Sales | None) -> Plan:
    """Return the plan: that of the printed forecast, or our sales with depreciation of the opening assets only."""
    if company.printed is None or planned is None:
        worn = column(company.drivers.depreciation)
        return Plan(sales.revenue, worn, np.zeros_like(worn))
    printed, revenue = company.printed, planned.revenue
    return Plan(revenue, column(printed.drivers.depreciation), revenue * column(printed.drivers.capex_share))


def project(drivers: Drivers, sales: Sales, plan: Plan) -> Projection:
    """Return the rows that drivers and sales give.

    Operating costs are shares of the planned revenue and follow a departure of revenue by their variable share.
    Balances are flow x days / 365 at year end. Capital expenditure beyond the plan is written off over the asset
    life, from the year after, and charged beside the planned costs, which hold the planned depreciation.
    """
    d = drivers
    base = plan.revenue + d.variable_opex_share * (sales.revenue - plan.revenue)
    capex = column(d.capex_share) * sales.revenue
    worn = column(d.depreciation) + _written_off(capex - plan.capex, d.asset_life_years)
    held = {
        "receivables": sales.revenue * column(d.receivable_days) / DAYS,
        "inventories": sales.cost * column(d.inventory_days) / DAYS,
        "payables": sales.cost * column(d.payable_days) / DAYS,
    }
    zero = np.zeros_like(base)
    rows = Projection(
        revenue=sales.revenue,
        cost_of_sales=-sales.cost,
        selling=-column(d.selling_share) * base,
        administrative=-column(d.administrative_share) * base,
        research=-column(d.research_share) * base - column(d.research_expense),
        depreciation_beyond_plan=plan.depreciation - worn,
        other_income=column(d.other_income) + zero,
        other_gains=column(d.other_gains) + zero,
        tax=zero,
        depreciation=worn,
        capex=-capex,
        **held,
    )
    return _with_tax(d, rows)


def _with_tax(drivers: Drivers, rows: Projection) -> Projection:
    return replace(rows, tax=tax_rows(drivers, rows.operating_profit).tax)


def _written_off(spent: Array, life: float | Array) -> Array:
    """Straight-line depreciation from the year after; a broken year of life counts in part."""
    out: Array = np.zeros_like(spent) + np.zeros_like(as_array(life))
    for lag in range(1, spent.shape[0]):
        share = np.clip(as_array(life) - (lag - 1), 0.0, 1.0) / life
        out = out + np.concatenate([np.zeros_like(out[:lag]), spent[:-lag] * share])
    return out
