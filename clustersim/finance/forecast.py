"""Revenue by product, the income statement, and the rows of the free cash flow, from drivers.

The forecast is the printed one at the shipped profiles; a link, a price scale or a units scale moves it. Where the
drivers give the printed row but for its last digit, the difference stays visible as a rounding row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from clustersim.finance.company import Company
from clustersim.finance.products import Moved, ProductForecast, calibrated_products, moved, product_forecasts
from clustersim.finance.tax import tax_rows
from clustersim.finance.working_capital import WorkingCapital, average_balance, year_end_balance
from clustersim.market.link import Link

__all__ = ["Forecast", "ProductForecast", "make_forecast"]

Row = tuple[float, ...]
#: A printed row and its drivers may differ by this much (kCNY) from rounding of the row and of what is in it.
LAST_DIGIT = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The forecast, row by row along ``years``, in kCNY; costs and outflows are negative."""

    years: tuple[str, ...]
    products: tuple[ProductForecast, ...]
    revenue_kcny: Row
    cost_of_sales_kcny: Row
    selling_kcny: Row
    administrative_kcny: Row
    research_kcny: Row
    other_income_kcny: Row
    other_gains_kcny: Row
    finance_net_kcny: Row
    income_tax_kcny: Row
    working_capital: WorkingCapital
    depreciation_kcny: Row
    capex_kcny: Row
    rounding: Mapping[str, Row]
    """What the printed cash-flow rows differ from what the drivers give, by row."""
    moved: Moved
    gaps: Mapping[str, Row] = field(default_factory=dict)
    """What the printed rows differ from what the drivers give, rounding or not."""

    @property
    def gross_profit_kcny(self) -> Row:
        """Revenue less cost of sales."""
        return _sum(self.revenue_kcny, self.cost_of_sales_kcny)

    @property
    def operating_profit_kcny(self) -> Row:
        """EBIT as the drivers give it: gross profit, the three operating costs, other income and gains."""
        costs = (self.selling_kcny, self.administrative_kcny, self.research_kcny)
        return _sum(self.gross_profit_kcny, *costs, self.other_income_kcny, self.other_gains_kcny)

    @property
    def profit_before_tax_kcny(self) -> Row:
        """EBIT and net finance income."""
        return _sum(self.operating_profit_kcny, self.finance_net_kcny)

    @property
    def net_profit_kcny(self) -> Row:
        """Profit after tax."""
        return _sum(self.profit_before_tax_kcny, self.income_tax_kcny)

    @property
    def ebit_kcny(self) -> Row:
        """EBIT of the cash-flow table: with its rounding."""
        return _sum(self.operating_profit_kcny, self.rounding["ebit"])

    @property
    def tax_kcny(self) -> Row:
        """Tax of the cash-flow table."""
        return _sum(self.income_tax_kcny, self.rounding["tax"])

    @property
    def working_capital_kcny(self) -> Row:
        """Change in working capital of the cash-flow table."""
        return _sum(self.working_capital.change, self.rounding["change_in_working_capital"])

    @property
    def fcf_kcny(self) -> Row:
        """Free cash flow: EBIT + D&A + tax + change in working capital + capex, and the rounding of the sum."""
        return _sum(
            self.ebit_kcny,
            self.depreciation_kcny,
            self.tax_kcny,
            self.working_capital_kcny,
            self.capex_kcny,
            self.rounding["free_cash_flow"],
        )


def _sum(*rows: Row) -> Row:
    return tuple(sum(values) for values in zip(*rows, strict=True))


def _scaled(share: Row, revenue: Row, factor: Row) -> Row:
    return tuple(-s * r * f for s, r, f in zip(share, revenue, factor, strict=True))


def make_forecast(company: Company, link: Link) -> Forecast:
    """Return the forecast of a company after a link has moved one product line.

    A moved line changes revenue by its price and units; cost of sales follows the units, so a better price falls
    through to EBIT. Operating costs follow revenue by their variable share only. What departs from the printed
    forecast adds year-end days of working capital: the report's average balances would swing from year to year.
    """
    calibrated = {year: calibrated_products(company, year) for year in company.years}
    change = moved(company, link, calibrated)
    rounding = {name: tuple(0.0 for _ in company.years) for name in company.rows}
    base = _build(company, Moved(*(tuple(0.0 for _ in company.years),) * 2), (), rounding)
    computed = {
        "ebit": base.operating_profit_kcny,
        "tax": base.income_tax_kcny,
        "change_in_working_capital": base.working_capital.change,
        "capital_expenditure": base.capex_kcny,
    }
    gaps = {
        name: tuple(p - c for p, c in zip(company.rows[name], row, strict=True))
        for name, row in computed.items()
    }
    # Only the last digit is rounding. A larger gap is a driver that departs from the printed row: it must count.
    rounding |= {name: tuple(g if abs(g) <= LAST_DIGIT else 0.0 for g in row) for name, row in gaps.items()}
    parts = [row for name, row in company.rows.items() if name != "free_cash_flow"]
    total = company.rows["free_cash_flow"]
    rounding["free_cash_flow"] = tuple(p - sum(v) for p, *v in zip(total, *parts, strict=True))
    forecast = _build(company, change, product_forecasts(company, link, calibrated), rounding)
    return replace(forecast, gaps=gaps)


def _build(
    company: Company, change: Moved, products: tuple[ProductForecast, ...], rounding: Mapping[str, Row]
) -> Forecast:
    d, base = company.drivers, company.revenue_kcny
    revenue = _sum(base, change.revenue)
    # Costs that vary with sales: the shares are of the printed revenue, moved by the variable share of the change.
    factor = tuple(1 + d.variable_opex_share * c / r for c, r in zip(change.revenue, base, strict=True))
    cost = tuple(-(r * (1 - m) + c) for r, m, c in zip(base, company.gross_margin, change.cost, strict=True))
    operating = [
        _scaled(s, base, factor) for s in (d.selling_share, d.administrative_share, d.research_share)
    ]
    before_tax = _sum(revenue, cost, *operating, d.other_income, d.other_gains, d.finance_net)
    capex = tuple(
        -s * r + x for s, r, x in zip(d.capex_share, revenue, rounding["capital_expenditure"], strict=True)
    )
    return Forecast(
        years=company.years,
        products=products,
        revenue_kcny=revenue,
        cost_of_sales_kcny=cost,
        selling_kcny=operating[0],
        administrative_kcny=operating[1],
        research_kcny=operating[2],
        other_income_kcny=d.other_income,
        other_gains_kcny=d.other_gains,
        finance_net_kcny=d.finance_net,
        income_tax_kcny=tax_rows(company, before_tax).tax,
        working_capital=_working_capital(company, change),
        depreciation_kcny=company.rows["depreciation_and_amortisation"],
        capex_kcny=capex,
        rounding=rounding,
        moved=change,
    )


def _working_capital(company: Company, change: Moved) -> WorkingCapital:
    d, last = company.drivers, company.history.actual_years[-1]
    base_cost = tuple(r * (1 - m) for r, m in zip(company.revenue_kcny, company.gross_margin, strict=True))
    items = (
        ("trade_and_notes_receivables", company.revenue_kcny, change.revenue, d.receivable_days),
        ("inventories", base_cost, change.cost, d.inventory_days),
        ("trade_and_other_payables", base_cost, change.cost, d.payable_days),
    )
    opening = [company.history.at("balance", item, last) for item, *_ in items]
    closing = [
        _sum(average_balance(start, flow, days), year_end_balance(delta, days))
        for start, (_, flow, delta, days) in zip(opening, items, strict=True)
    ]
    return WorkingCapital(closing[0], closing[1], closing[2], (opening[0], opening[1], opening[2]))
