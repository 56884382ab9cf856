"""Three statements that articulate: income, balance sheet, cash flow, from the actual years through the forecast.

Cash is a result of the cash flow and never a plug: the balance sheet balances because every balance moves by a flow
of one of the three statements, and the checks beside them say by how much it does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from clustersim.errors import InputError
from clustersim.finance.company import Company
from clustersim.finance.corkscrew import Corkscrew, fixed_assets
from clustersim.finance.forecast import LAST_DIGIT, Forecast
from clustersim.finance.tax import tax_rows

__all__ = ["Check", "Statements", "make_statements"]

Row = tuple[float, ...]
#: Assets that stay as they are once the printed years end (assumption: the report says nothing of later years).
FLAT_ASSETS = ("right_of_use_assets", "other_non_current_assets", "other_current_assets")
FLAT_LIABILITIES = (
    "lease_liabilities_non_current",
    "other_non_current_liabilities",
    "other_current_liabilities",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One identity in one year: what it is off by, and what rounding may explain."""

    check: str
    year: str
    difference_kcny: float
    tolerance_kcny: float
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether the difference is within the tolerance."""
        return abs(self.difference_kcny) <= self.tolerance_kcny


@dataclass(frozen=True, slots=True)
class Statements:
    """Rows by item along ``years`` (forecast), in kCNY, costs and outflows negative; balances at year end."""

    years: tuple[str, ...]
    opening_year: str
    income: Mapping[str, Row]
    balance: Mapping[str, Row]
    opening_balance: Mapping[str, float]
    cash_flow: Mapping[str, Row]
    corkscrews: tuple[Corkscrew, ...]
    checks: tuple[Check, ...]

    @property
    def all_ok(self) -> bool:
        """The master flag."""
        return all(check.ok for check in self.checks)


def make_statements(
    company: Company, forecast: Forecast, *, listing_proceeds_kcny: float = 0.0
) -> Statements:
    """Return the statements of a forecast; listing proceeds, if any, arrive in the first year.

    Raises InputError when the opening balance sheet does not balance, with the gap.
    """
    if company.drivers.finance_mode == "cash":
        forecast = _with_interest(company, forecast, listing_proceeds_kcny)
    opening = _opening(company)
    fixed = fixed_assets(company, forecast)
    income = _income(company, forecast)
    flat = {
        item: _carried(company, item)
        for item in (*FLAT_ASSETS, *FLAT_LIABILITIES)
        if item != "right_of_use_assets"
    }
    first = tuple(1.0 if i == 0 else 0.0 for i in range(len(company.years)))
    conversion = tuple(f * company.drivers.conversion_kcny for f in first)
    proceeds = tuple(f * listing_proceeds_kcny for f in first)
    cash_flow = _cash_flow(company, forecast, income, fixed, flat, opening, conversion, proceeds)
    balance = _balance(forecast, fixed, flat, opening, income, cash_flow, conversion, proceeds)
    equity = Corkscrew(
        "total_equity",
        opening["total_equity"],
        {
            "net_profit": income["net_profit"],
            "conversion_of_redeemable_shares": conversion,
            "listing_proceeds": proceeds,
        },
    )
    pool = tax_rows(company, forecast.profit_before_tax_kcny)
    losses = Corkscrew(
        "tax_losses", pool.opening[0], {"added": pool.added, "used": tuple(-u for u in pool.used)}
    )
    corkscrews = (*fixed, equity, losses)
    checks = _checks(company, forecast, balance, cash_flow, equity)
    last = company.history.actual_years[-1]
    return Statements(company.years, last, income, balance, opening, cash_flow, corkscrews, checks)


def _with_interest(company: Company, forecast: Forecast, proceeds: float) -> Forecast:
    """Replace net finance income by the interest rate on opening cash, and tax it.

    A year's interest needs only the cash of the year before, so one pass a year settles it; the cash-flow table,
    which is before financing, keeps its own tax.
    """
    printed = replace(company, drivers=replace(company.drivers, finance_mode="printed"))
    for _ in company.years:
        cash = make_statements(printed, forecast, listing_proceeds_kcny=proceeds).cash_flow["opening_cash"]
        interest = tuple(company.drivers.interest_rate * c for c in cash)
        forecast = replace(forecast, finance_net_kcny=interest)
        taxed = tax_rows(company, forecast.profit_before_tax_kcny).tax
        forecast = replace(forecast, income_tax_kcny=taxed)
    return forecast


def _opening(company: Company) -> dict[str, float]:
    year = company.history.actual_years[-1]
    opening = {item: company.history.at("balance", item, year) for item in company.history.balance}
    gap = opening["total_assets"] - opening["total_liabilities"] - opening["total_equity"]
    # Totals printed in whole units may be off by one from rounding.
    if abs(gap) > 1.5:
        raise InputError(
            f"company {company.name}: the opening balance sheet of {year} does not balance: assets"
            f" {opening['total_assets']:,.0f} less liabilities {opening['total_liabilities']:,.0f} less equity"
            f" {opening['total_equity']:,.0f} leave {gap:,.0f} kCNY"
        )
    return opening


def _carried(company: Company, item: str) -> Row:
    """The printed closing balance where there is one, and then the last one; conversion is in the printed ones."""
    history = company.history
    row, value = [], history.at("balance", item, history.actual_years[-1])
    for year in company.years:
        if year in history.years:
            value = history.at("balance", item, year)
        row.append(value)
    return tuple(row)


def _income(company: Company, forecast: Forecast) -> dict[str, Row]:
    return {
        "revenue": forecast.revenue_kcny,
        "cost_of_sales": forecast.cost_of_sales_kcny,
        "gross_profit": forecast.gross_profit_kcny,
        "selling_and_marketing_expenses": forecast.selling_kcny,
        "general_and_administrative_expenses": forecast.administrative_kcny,
        "research_and_development_expenses": forecast.research_kcny,
        "other_income": forecast.other_income_kcny,
        "other_gains_losses_net": forecast.other_gains_kcny,
        "operating_profit": forecast.operating_profit_kcny,
        "net_finance_cost": forecast.finance_net_kcny,
        "profit_before_income_tax": forecast.profit_before_tax_kcny,
        "income_tax": forecast.income_tax_kcny,
        "net_profit": forecast.net_profit_kcny,
    }


def _delta(opening: float, row: Row) -> Row:
    return tuple(b - a for a, b in zip((opening, *row), row, strict=False))


def _add(*rows: Row) -> Row:
    return tuple(sum(values) for values in zip(*rows, strict=True))


def _neg(row: Row) -> Row:
    return tuple(-v for v in row)


def _cash_flow(
    company: Company,
    forecast: Forecast,
    income: Mapping[str, Row],
    fixed: tuple[Corkscrew, ...],
    flat: Mapping[str, Row],
    opening: Mapping[str, float],
    conversion: Row,
    proceeds: Row,
) -> dict[str, Row]:
    other_assets = _add(*(_delta(opening[i], flat[i]) for i in FLAT_ASSETS if i in flat))
    liabilities = _add(*(_delta(opening[i], flat[i]) for i in FLAT_LIABILITIES))
    rows = {
        "profit_before_tax": income["profit_before_income_tax"],
        "depreciation_and_amortisation": _neg(_add(*(c.flows["depreciation"] for c in fixed))),
        "change_in_working_capital": forecast.working_capital.change,
        "tax_paid": income["income_tax"],
    }
    rows["net_cash_from_operating"] = _add(*rows.values())
    investing = {
        "purchase_of_ppe_and_intangibles": _neg(_add(*(c.flows["additions"] for c in fixed))),
        "other_fixed_asset_movements": _neg(_add(*(c.flows["other"] for c in fixed))),
        "change_in_other_assets": _neg(other_assets),
    }
    rows |= investing
    rows["net_cash_from_investing"] = _add(*investing.values())
    financing = {
        "listing_proceeds": proceeds,
        # The conversion takes redeemable shares out of liabilities without cash.
        "change_in_other_liabilities": _add(liabilities, conversion),
    }
    rows |= financing
    rows["net_cash_from_financing"] = _add(*financing.values())
    rows["net_change_in_cash"] = _add(
        rows["net_cash_from_operating"], rows["net_cash_from_investing"], rows["net_cash_from_financing"]
    )
    cash, starts, ends = opening["cash_and_cash_equivalents"], [], []
    for change in rows["net_change_in_cash"]:
        starts.append(cash)
        cash += change
        ends.append(cash)
    rows["opening_cash"], rows["closing_cash"] = tuple(starts), tuple(ends)
    return rows


def _balance(
    forecast: Forecast,
    fixed: tuple[Corkscrew, ...],
    flat: Mapping[str, Row],
    opening: Mapping[str, float],
    income: Mapping[str, Row],
    cash_flow: Mapping[str, Row],
    conversion: Row,
    proceeds: Row,
) -> dict[str, Row]:
    work = forecast.working_capital
    assets = {c.name: c.closing for c in fixed}
    rows: dict[str, Row] = {**assets, "other_non_current_assets": flat["other_non_current_assets"]}
    rows["total_non_current_assets"] = _add(*rows.values())
    current = {
        "inventories": work.inventories,
        "trade_and_notes_receivables": work.receivables,
        "cash_and_cash_equivalents": cash_flow["closing_cash"],
        "other_current_assets": flat["other_current_assets"],
    }
    rows |= current
    rows["total_current_assets"] = _add(*current.values())
    rows["total_assets"] = _add(rows["total_non_current_assets"], rows["total_current_assets"])
    non_current = {i: flat[i] for i in FLAT_LIABILITIES if i != "other_current_liabilities"}
    rows |= non_current
    rows["total_non_current_liabilities"] = _add(*non_current.values())
    owed = {
        "trade_and_other_payables": work.payables,
        "other_current_liabilities": flat["other_current_liabilities"],
    }
    rows |= owed
    rows["total_current_liabilities"] = _add(*owed.values())
    rows["total_liabilities"] = _add(rows["total_non_current_liabilities"], rows["total_current_liabilities"])
    equity, out = opening["total_equity"], []
    for profit, converted, listed in zip(income["net_profit"], conversion, proceeds, strict=True):
        equity += profit + converted + listed
        out.append(equity)
    rows["total_equity"] = tuple(out)
    return rows


def _checks(
    company: Company,
    forecast: Forecast,
    balance: Mapping[str, Row],
    cash_flow: Mapping[str, Row],
    equity: Corkscrew,
) -> tuple[Check, ...]:
    out = []
    history, moved = company.history, any(forecast.moved.revenue) or any(forecast.moved.cost)
    proceeds = any(equity.flows["listing_proceeds"])
    for i, year in enumerate(company.years):
        gap = balance["total_assets"][i] - balance["total_liabilities"][i] - balance["total_equity"][i]
        out.append(Check("assets = liabilities + equity", year, gap, 2.0, "printed subtotals are rounded"))
        products = sum(p.revenue_kcny.get(year, 0.0) for p in forecast.products)
        out.append(Check("products sum to revenue", year, products - forecast.revenue_kcny[i], 1e-3))
        for name in ("ebit", "tax", "change_in_working_capital", "capital_expenditure"):
            off = forecast.gaps[name][i]
            out.append(Check(f"drivers give the printed {name}", year, off, LAST_DIGIT))
        out.append(Check("cash is not negative", year, min(cash_flow["closing_cash"][i], 0.0), 0.0))
        if year in history.years and not moved and not proceeds:
            printed = history.at("balance", "cash_and_cash_equivalents", year)
            out.append(Check("cash is the printed one", year, cash_flow["closing_cash"][i] - printed, 4.0))
    for product, limits in company.supply_units.items():
        line = next((p for p in forecast.products if p.name == product), None)
        for year, limit in limits.items():
            asked = line.units.get(year, 0.0) if line else 0.0
            over = max(asked - limit, 0.0) * (line.asp_kcny.get(year, 0.0) if line else 0.0)
            note = f"asks for {asked:,.0f} units, supply allows {limit:,.0f}"
            out.append(Check(f"supply of {product}", year, over, 0.0, note))
    return tuple(out)
