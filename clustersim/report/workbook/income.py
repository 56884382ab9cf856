"""The Income sheet: the engine's income statement, tax with losses carried forward, and that of the plan."""

from __future__ import annotations

import numpy as np

from clustersim.finance.company import Array, Company, Drivers
from clustersim.finance.engine import Projection, plan_of, project
from clustersim.finance.forecast import Forecast
from clustersim.finance.products import Sales, column, planned_sales
from clustersim.finance.statements import Statements
from clustersim.finance.tax import tax_rows
from clustersim.report.workbook.book import Book
from clustersim.report.workbook.formulas import Sheet

__all__ = ["ours", "write_income", "write_tax"]

COSTS = (
    ("selling_and_marketing_expenses", "selling_share"),
    ("general_and_administrative_expenses", "administrative_share"),
    ("research_and_development_expenses", "research_share"),
)


def _list(row: Array) -> list[float]:
    return [float(v) for v in np.asarray(row).reshape(-1)]


def ours(company: Company, forecast: Forecast) -> Projection:
    """The engine's rows of our drivers, as the forecast has them before the printed rows are added."""
    sales = Sales(column(forecast.revenue_kcny), column(-forecast.cost_of_sales_kcny))
    return project(company.drivers, sales, plan_of(company, sales, planned_sales(company)))


def write_income(book: Book, company: Company, forecast: Forecast, statements: Statements) -> None:
    """Write the income statement, printed actual years first."""
    book.sheet("Income", "income")
    sheet, rows = Sheet(book, "Income"), statements.income
    _depreciation(sheet, company, forecast)
    book.section("Income", "s.income")
    past = company.history.income

    def line(item: str, formula: str, *, total: bool = False) -> None:
        sheet.past(item, f"printed.income:{item}", past.get(item, ()))
        sheet.row(item, formula, _list(rows[item]), total=total)

    def only_past(*items: str) -> None:
        for item in items:
            if item in past and any(past[item][: len(book.past)]):
                sheet.past(item, f"printed.income:{item}", past[item])

    line("revenue", "[total_revenue]")
    line("cost_of_sales", "-[total_cost]")
    line("gross_profit", "[revenue]+[cost_of_sales]", total=True)
    for item, share in COSTS:
        fixed = "-[in.research_expense]" if share == "research_share" else ""
        line(item, f"-[in.{share}]*[opex_base]{fixed}")
    line("depreciation_beyond_plan", "[ref.depreciation]-[depreciation]")
    only_past("special_loss_on_certain_assets", "net_impairment_loss_on_financial_assets")
    line("other_income", "[in.other_income]")
    only_past("other_expenses")
    line("other_gains_losses_net", "[in.other_gains]")
    costs = "+".join(f"[{item}]" for item, _ in COSTS)
    rest = "[depreciation_beyond_plan]+[other_income]+[other_gains_losses_net]"
    line("operating_profit", f"[gross_profit]+{costs}+{rest}", total=True)
    # Interest needs cash and borrowings of the year before: the cash flow fills this row.
    sheet.past("net_finance_cost", "printed.income:net_finance_cost", past.get("net_finance_cost", ()))
    book.reserve("Income", "net_finance_cost", "kCNY")
    line("profit_before_income_tax", "[operating_profit]+[net_finance_cost]", total=True)
    pool = write_tax(sheet, company.drivers, "tax", "profit_before_income_tax", "in",
                     rows["profit_before_income_tax"], shown=False)  # fmt: skip
    line("income_tax", pool)
    line("net_profit", "[profit_before_income_tax]+[income_tax]", total=True)
    if forecast.replica is not None:
        _plan(sheet, company, forecast.replica.rows)


def _depreciation(sheet: Sheet, company: Company, forecast: Forecast) -> None:
    book = sheet.book
    mine = ours(company, forecast)
    v = "{drivers.variable_opex_share}"
    base = forecast.replica.rows.revenue if forecast.replica is not None else mine.revenue
    opex_base = (
        base[:, 0] + float(np.asarray(company.drivers.variable_opex_share)) * (mine.revenue - base)[:, 0]
    )
    book.section("Income", "s.follow")
    sheet.row("opex_base", f"[plan_revenue]+{v}*([total_revenue]-[plan_revenue])", _list(opex_base))  # fmt: skip
    sheet.row(
        "capex_spent",
        "[in.capex_share]*[total_revenue]",
        _list(-mine.capex),
    )
    if company.printed is not None:
        planned = base[:, 0] * company.printed.drivers.capex_share
        sheet.row("capex_plan", "[ref.capex_share]*[plan_revenue]", _list(planned))
    beyond = "([capex_spent]-[capex_plan])" if company.printed is not None else "[capex_spent]"
    spent = -mine.capex[:, 0] - (planned if company.printed is not None else 0.0)
    sheet.row("capex_beyond", beyond, _list(spent))
    life = book.cell("drivers.asset_life")

    def written_off(i: int) -> str:
        terms = [f"{book.at('capex_beyond', k)}*MAX(0,MIN(1,{life}-{i - k - 1}))/{life}" for k in range(i)]
        return "+".join(terms) if terms else f"0*{life}"

    off = mine.depreciation[:, 0] - company.drivers.depreciation
    sheet.add("written_off", written_off, _list(off))
    sheet.row("depreciation", "[in.depreciation]+[written_off]", _list(mine.depreciation))  # fmt: skip


def write_tax(
    sheet: Sheet,
    drivers: Drivers,
    prefix: str,
    profit: str,
    whose: str,
    profits: Array,
    *,
    shown: bool = True,
) -> str:
    """Write the pool of losses behind a tax and return its formula, written as a row of its own where ``shown``."""
    rows = tax_rows(drivers, np.asarray(profits).reshape(-1))
    for part in ("opening", "used", "closing"):
        sheet.book.reserve(sheet.name, f"{prefix}.{part}", "kCNY")
    opening = "{opening_tax_losses}" if whose == "in" else "0*{opening_tax_losses}"
    sheet.row(f"{prefix}.opening", f"[{prefix}.closing<]", _list(rows.opening), first=opening)
    used = f"[{whose}.taxed]*MIN([{prefix}.opening],MAX([{profit}],0))"
    sheet.row(f"{prefix}.used", used, _list(rows.used))
    closing = f"[{prefix}.opening]+[{whose}.taxed]*MAX(-[{profit}],0)-[{prefix}.used]"
    sheet.row(f"{prefix}.closing", closing, _list(rows.closing))
    rate = "{tax_rate}" if whose == "in" else "{printed.drivers.tax_rate}"
    formula = f"-{rate}*[{whose}.taxed]*(MAX([{profit}],0)-[{prefix}.used])"
    if shown:
        sheet.row(prefix, formula, _list(rows.tax))
    return formula


def _plan(sheet: Sheet, company: Company, rows: Projection) -> None:
    """Operating profit and its tax at the printed drivers: what departures are counted from."""
    assert company.printed is not None
    sheet.book.section("Income", "s.plan_income")
    shares = "+".join(f"[ref.{share}]" for _, share in COSTS)
    costs = f"[plan_cost]-({shares})*[plan_revenue]-[ref.research_expense]"
    profit = f"[plan_revenue]-{costs}+[ref.other_income]+[ref.other_gains]"
    sheet.row("plan_profit", profit, _list(rows.operating_profit))
    write_tax(sheet, company.printed.drivers, "plan_tax", "plan_profit", "ref", rows.operating_profit)
    before = rows.operating_profit + company.printed.drivers.finance_net[:, None]
    sheet.row("plan_before_tax", "[plan_profit]+[ref.finance_net]", _list(before))
    write_tax(
        sheet,
        company.printed.drivers,
        "plan_income_tax",
        "plan_before_tax",
        "ref",
        before,
    )
