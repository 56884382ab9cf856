"""The forecast: the printed one, and every departure from its drivers as a change that the engine computes.

row = printed row + engine(our drivers) - engine(printed drivers); without a printed forecast, row = engine(drivers).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from clustersim.finance.company import Array, Company
from clustersim.finance.engine import Projection, plan_of, project
from clustersim.finance.products import ProductForecast, column, planned_sales, sell
from clustersim.finance.replica import LAST_DIGIT, Replica, replicate
from clustersim.finance.tax import tax_rows
from clustersim.finance.working_capital import BALANCES, WorkingCapital
from clustersim.market.link import Link

__all__ = ["LAST_DIGIT", "Forecast", "ProductForecast", "by_product", "make_forecast"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The forecast, row by row along ``years``, in kCNY; costs and outflows are negative.

    Rows are (years), or (years, points) when any input has points. ``ebit`` to ``fcf`` are the rows of the free cash
    flow: their tax is on operating profit, so that interest does not move them.
    """

    years: tuple[str, ...]
    products: tuple[ProductForecast, ...]
    revenue_kcny: Array
    cost_of_sales_kcny: Array
    selling_kcny: Array
    administrative_kcny: Array
    research_kcny: Array
    depreciation_beyond_plan_kcny: Array
    other_income_kcny: Array
    other_gains_kcny: Array
    finance_net_kcny: Array
    income_tax_kcny: Array
    working_capital: WorkingCapital
    ebit_kcny: Array
    depreciation_kcny: Array
    tax_kcny: Array
    working_capital_kcny: Array
    capex_kcny: Array
    fcf_kcny: Array
    terminal_flow_kcny: Array
    """Flow of the last year on which the terminal value grows: as printed, departures normalised."""
    terminal_working_capital_kcny: Array
    """Net working capital whose growth the years after the last one must fund, beyond what is in that flow."""
    replica: Replica | None

    @property
    def gross_profit_kcny(self) -> Array:
        """Revenue less cost of sales."""
        return self.revenue_kcny + self.cost_of_sales_kcny

    @property
    def operating_profit_kcny(self) -> Array:
        """EBIT as the drivers give it; that of the cash-flow table differs by the printed rounding."""
        costs = self.selling_kcny + self.administrative_kcny + self.research_kcny
        other = self.other_income_kcny + self.other_gains_kcny
        return self.gross_profit_kcny + costs + self.depreciation_beyond_plan_kcny + other

    @property
    def profit_before_tax_kcny(self) -> Array:
        """EBIT and net finance income."""
        return self.operating_profit_kcny + self.finance_net_kcny

    @property
    def net_profit_kcny(self) -> Array:
        """Profit after tax."""
        return self.profit_before_tax_kcny + self.income_tax_kcny

    @property
    def gaps(self) -> Mapping[str, Array]:
        """What the printed rows differ from what the printed drivers give."""
        return {} if self.replica is None else self.replica.gaps


def by_product(link: Link | Sequence[Link]) -> dict[str, Link]:
    """Return links by their product line; a link without one moves nothing."""
    links = [link] if isinstance(link, Link) else link
    return {one.product: one for one in links if one.product is not None}


def make_forecast(company: Company, link: Link | Sequence[Link] = ()) -> Forecast:
    """Return the forecast of a company after the links of any product lines have moved their price and units."""
    planned = planned_sales(company)
    sales = sell(company, by_product(link), planned)
    ours = project(company.drivers, sales, plan_of(company, sales, planned))
    replica = replicate(company, planned)
    before_tax = ours.operating_profit + column(company.drivers.finance_net)
    rows = _cash_rows(company, ours, replica)
    fcf = rows.pop("free_cash_flow")
    flow, held = _terminal(company, ours, replica, fcf)
    forecast = Forecast(
        years=company.years,
        products=sales.lines,
        revenue_kcny=ours.revenue,
        cost_of_sales_kcny=ours.cost_of_sales,
        selling_kcny=ours.selling,
        administrative_kcny=ours.administrative,
        research_kcny=ours.research,
        depreciation_beyond_plan_kcny=ours.depreciation_beyond_plan,
        other_income_kcny=ours.other_income,
        other_gains_kcny=ours.other_gains,
        finance_net_kcny=column(company.drivers.finance_net) + 0 * ours.revenue,
        income_tax_kcny=tax_rows(company.drivers, before_tax).tax,
        working_capital=_balances(company, ours, replica),
        ebit_kcny=rows["ebit"],
        depreciation_kcny=rows["depreciation_and_amortisation"],
        tax_kcny=rows["tax"],
        working_capital_kcny=rows["change_in_working_capital"],
        capex_kcny=rows["capital_expenditure"],
        fcf_kcny=fcf,
        terminal_flow_kcny=flow,
        terminal_working_capital_kcny=held,
        replica=replica,
    )
    return _one_point(forecast)


def _opening(company: Company) -> list[float]:
    last = company.history.actual_years[-1]
    return [company.history.at("balance", item, last) for item in BALANCES]


def _engine_rows(rows: Projection, opening_net: float) -> dict[str, Array]:
    net = rows.net_working_capital
    start = np.zeros_like(net[:1]) + opening_net
    return {
        "ebit": rows.operating_profit,
        "depreciation_and_amortisation": rows.depreciation,
        "tax": rows.tax,
        "change_in_working_capital": -np.diff(np.concatenate([start, net]), axis=0),
        "capital_expenditure": rows.capex,
    }


def _cash_rows(company: Company, ours: Projection, replica: Replica | None) -> dict[str, Array]:
    """The rows of the free cash flow, and their sum as ``free_cash_flow``."""
    r, i, p = _opening(company)
    rows = _engine_rows(ours, r + i - p)
    if replica is None or company.printed is None:
        return rows | {"free_cash_flow": sum(rows.values(), np.zeros_like(ours.revenue))}
    then = _engine_rows(replica.rows, r + i - p)
    departures = {name: row - then[name] for name, row in rows.items()}
    printed = {name: column(np.asarray(row)) for name, row in company.printed.rows.items()}
    out = {name: printed[name] + change for name, change in departures.items()}
    whole = sum(departures.values(), np.zeros_like(ours.revenue))
    return out | {"free_cash_flow": printed["free_cash_flow"] + whole}


def _terminal(company: Company, ours: Projection, replica: Replica | None, fcf: Array) -> tuple[Array, Array]:
    profit = ours.terminal_profit(company.drivers.tax_rate)
    held = ours.net_working_capital[-1]
    if replica is None or company.printed is None:
        return profit, held
    then = replica.rows
    flow = company.printed.rows["free_cash_flow"][-1]
    return (
        flow + profit - then.terminal_profit(company.printed.drivers.tax_rate),
        held - then.net_working_capital[-1],
    )


def _balances(company: Company, ours: Projection, replica: Replica | None) -> WorkingCapital:
    opening = _opening(company)
    three = (opening[0], opening[1], opening[2])
    if replica is None:
        return WorkingCapital(ours.receivables, ours.inventories, ours.payables, three)
    then, base = replica.rows, replica.working_capital
    return WorkingCapital(
        column(base.receivables) + ours.receivables - then.receivables,
        column(base.inventories) + ours.inventories - then.inventories,
        column(base.payables) + ours.payables - then.payables,
        three,
    )


def _one_point(forecast: Forecast) -> Forecast:
    """Drop the axis of points where there is only one."""
    if forecast.fcf_kcny.shape[1] > 1:
        return forecast
    work = forecast.working_capital
    flat = {
        f.name: getattr(forecast, f.name)[:, 0]
        for f in fields(Forecast)
        if f.name.endswith("_kcny") and not f.name.startswith("terminal")
    }
    lines = tuple(
        replace(line, **{f.name: getattr(line, f.name)[:, 0] for f in fields(line) if f.name != "name"})
        for line in forecast.products
    )
    return replace(
        forecast,
        **flat,
        products=lines,
        terminal_flow_kcny=forecast.terminal_flow_kcny[0],
        terminal_working_capital_kcny=forecast.terminal_working_capital_kcny[0],
        working_capital=WorkingCapital(
            work.receivables[:, 0], work.inventories[:, 0], work.payables[:, 0], work.opening
        ),
    )
