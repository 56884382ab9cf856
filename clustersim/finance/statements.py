"""Three statements that articulate: income, balance sheet, cash flow, from the last actual year through the forecast.

Cash is a result of the cash flow and never a plug: the balance sheet balances because every balance moves by a flow
of one of the three statements. Where cash would fall below its minimum, debt or equity is raised, and a check says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from clustersim.errors import InputError
from clustersim.finance.checks import Check, run_checks
from clustersim.finance.company import Array, Company
from clustersim.finance.corkscrew import Corkscrew, fixed_assets
from clustersim.finance.forecast import Forecast
from clustersim.finance.tax import tax_rows

__all__ = ["FLAT_ASSETS", "FLAT_LIABILITIES", "Check", "Statements", "income_rows", "make_statements"]

Rows = dict[str, Array]
#: Balances that stay as they are once the printed years end (assumption: a report says nothing of later years).
FLAT_ASSETS = ("other_non_current_assets", "other_current_assets")
FLAT_LIABILITIES = (
    "lease_liabilities_non_current",
    "other_non_current_liabilities",
    "other_current_liabilities",
)


@dataclass(frozen=True, slots=True)
class Statements:
    """Rows by item along ``years`` (forecast), in kCNY, costs and outflows negative; balances at year end."""

    years: tuple[str, ...]
    opening_year: str
    income: Mapping[str, Array]
    balance: Mapping[str, Array]
    opening_balance: Mapping[str, float]
    cash_flow: Mapping[str, Array]
    corkscrews: tuple[Corkscrew, ...]
    checks: tuple[Check, ...]
    shortfall_kcny: Array
    """What cash would lack below its minimum without refinancing, along the years."""
    new_shares_m: float
    """Shares that a refinancing by equity issues at the market price."""

    @property
    def all_ok(self) -> bool:
        """The master flag."""
        return all(check.ok for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """Every check that does not hold."""
        return tuple(check for check in self.checks if not check.ok)


@dataclass(frozen=True, slots=True)
class _Start:
    """What the statements start from, and what enters in the first year only."""

    opening: Mapping[str, float]
    flat: Rows
    conversion: Array
    proceeds: Array


def make_statements(
    company: Company, forecast: Forecast, *, listing_proceeds_kcny: float = 0.0
) -> Statements:
    """Return the statements of a forecast of one point; listing proceeds, if any, arrive in the first year.

    Raises InputError when the opening balance sheet does not balance, with the gap, or for a forecast of many points.
    """
    if forecast.fcf_kcny.ndim > 1:
        raise InputError("statements are of one point; value columns of points with value_company")
    first = np.eye(len(company.years))[0]
    start = _Start(
        opening=_opening(company),
        flat={item: _carried(company, item) for item in (*FLAT_ASSETS, *FLAT_LIABILITIES)},
        conversion=first * company.drivers.conversion_kcny,
        proceeds=first * listing_proceeds_kcny,
    )
    given = forecast.finance_net_kcny
    fixed = fixed_assets(company, forecast)
    # Interest of a year needs only the balances of the year before, so one pass a year settles it.
    for _ in company.years:
        flow = _cash_flow(company, forecast, fixed, start)
        moved = _with_interest(company, forecast, flow, given)
        if np.array_equal(moved.finance_net_kcny, forecast.finance_net_kcny):
            break
        forecast = moved
    flow = _cash_flow(company, forecast, fixed, start)
    return _assembled(company, forecast, fixed, start, flow)


def _with_interest(company: Company, forecast: Forecast, flow: Rows, given: Array) -> Forecast:
    """Net finance income as given, or the rate on opening cash; less the interest on what is borrowed; and its tax."""
    d, refinancing = company.drivers, company.refinancing
    earned = d.interest_rate * flow["opening_cash"] if d.finance_mode == "cash" else given
    owed = np.concatenate([[0.0], flow["borrowings"][:-1]])
    finance = earned - refinancing.rate * owed
    moved = replace(forecast, finance_net_kcny=finance)
    return replace(moved, income_tax_kcny=tax_rows(d, moved.profit_before_tax_kcny).tax)


def _assembled(
    company: Company, forecast: Forecast, fixed: tuple[Corkscrew, ...], start: _Start, flow: Rows
) -> Statements:
    income = income_rows(forecast)
    raised = flow["new_equity"]
    balance = _balance(forecast, fixed, start, flow)
    pool = tax_rows(company.drivers, forecast.profit_before_tax_kcny)
    corkscrews = (
        *fixed,
        Corkscrew(
            "total_equity",
            start.opening["total_equity"],
            {
                "net_profit": income["net_profit"],
                "conversion_of_redeemable_shares": start.conversion,
                "listing_proceeds": start.proceeds,
                "new_equity": raised,
            },
        ),
        Corkscrew("tax_losses", float(pool.opening[0]), {"added": pool.added, "used": -pool.used}),
    )
    shortfall = flow["shortfall"]
    checks = run_checks(company, forecast, balance, flow, bool(start.proceeds.any()))
    shown = {name: row for name, row in flow.items() if name not in {"shortfall", "borrowings"}}
    per_share = company.price / company.fx_per_cny * 1e3
    return Statements(
        years=company.years,
        opening_year=company.history.actual_years[-1],
        income=income,
        balance=balance,
        opening_balance=start.opening,
        cash_flow=shown,
        corkscrews=corkscrews,
        checks=checks,
        shortfall_kcny=shortfall,
        new_shares_m=float(raised.sum() / per_share),
    )


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


def _carried(company: Company, item: str) -> Array:
    """The printed closing balance where there is one, and then the last one; conversion is in the printed ones."""
    history = company.history
    row, value = [], history.at("balance", item, history.actual_years[-1])
    for year in company.years:
        if company.printed is not None and year in history.years:
            value = history.at("balance", item, year)
        elif year == company.years[0] and item == "other_non_current_liabilities":
            value -= company.drivers.conversion_kcny
        row.append(value)
    return np.array(row)


def income_rows(forecast: Forecast) -> Rows:
    """Return the income statement by line, in kCNY, a value a year."""
    return {
        "revenue": forecast.revenue_kcny,
        "cost_of_sales": forecast.cost_of_sales_kcny,
        "gross_profit": forecast.gross_profit_kcny,
        "selling_and_marketing_expenses": forecast.selling_kcny,
        "general_and_administrative_expenses": forecast.administrative_kcny,
        "research_and_development_expenses": forecast.research_kcny,
        "depreciation_beyond_plan": forecast.depreciation_beyond_plan_kcny,
        "other_income": forecast.other_income_kcny,
        "other_gains_losses_net": forecast.other_gains_kcny,
        "operating_profit": forecast.operating_profit_kcny,
        "net_finance_cost": forecast.finance_net_kcny,
        "profit_before_income_tax": forecast.profit_before_tax_kcny,
        "income_tax": forecast.income_tax_kcny,
        "net_profit": forecast.net_profit_kcny,
    }


def _change(opening: float, row: Array) -> Array:
    return np.diff(np.concatenate([[opening], row]))


def _total(rows: Mapping[str, Array]) -> Array:
    total: Array = np.sum(np.array(list(rows.values())), axis=0)
    return total


def _cash_flow(company: Company, forecast: Forecast, fixed: tuple[Corkscrew, ...], start: _Start) -> Rows:
    opening, flat = start.opening, start.flat
    moved = {item: _change(opening.get(item, 0.0), row) for item, row in flat.items()}
    rows: Rows = {
        "profit_before_tax": forecast.profit_before_tax_kcny,
        "depreciation_and_amortisation": -_total({c.name: c.flows["depreciation"] for c in fixed}),
        "change_in_working_capital": forecast.working_capital.change,
        "tax_paid": forecast.income_tax_kcny,
    }
    rows["net_cash_from_operating"] = _total(rows)
    investing = {
        "purchase_of_ppe_and_intangibles": -_total({c.name: c.flows["additions"] for c in fixed}),
        "other_fixed_asset_movements": -_total({c.name: c.flows["other"] for c in fixed}),
        "change_in_other_assets": -_total({item: moved[item] for item in FLAT_ASSETS}),
    }
    # The conversion takes redeemable shares out of liabilities without cash.
    owed = _total({item: moved[item] for item in FLAT_LIABILITIES}) + start.conversion
    financing = {"listing_proceeds": start.proceeds, "change_in_other_liabilities": owed}
    before = rows["net_cash_from_operating"] + _total(investing) + _total(financing)
    financing |= _refinanced(company, opening.get("cash_and_cash_equivalents", 0.0) + np.cumsum(before))
    rows |= investing | {"net_cash_from_investing": _total(investing)}
    kept = {k: v for k, v in financing.items() if k not in {"shortfall", "borrowings"}}
    rows |= kept | {"net_cash_from_financing": _total(kept)}
    rows["net_change_in_cash"] = before + financing["new_borrowing"] + financing["new_equity"]
    closing = opening.get("cash_and_cash_equivalents", 0.0) + np.cumsum(rows["net_change_in_cash"])
    rows["opening_cash"] = closing - rows["net_change_in_cash"]
    rows["closing_cash"] = closing
    return rows | {"shortfall": financing["shortfall"], "borrowings": financing["borrowings"]}


def _refinanced(company: Company, cash: Array) -> Rows:
    """What is raised when cash without any refinancing would fall below the minimum; debt is repaid when it can be."""
    lacking = np.maximum(company.refinancing.minimum_cash_kcny - cash, 0.0)
    zero = np.zeros_like(lacking)
    if company.refinancing.by == "equity":
        raised = np.maximum.accumulate(lacking)
        return {
            "new_borrowing": zero,
            "new_equity": _change(0.0, raised),
            "shortfall": lacking,
            "borrowings": zero,
        }
    return {
        "new_borrowing": _change(0.0, lacking),
        "new_equity": zero,
        "shortfall": lacking,
        "borrowings": lacking,
    }


def _balance(forecast: Forecast, fixed: tuple[Corkscrew, ...], start: _Start, flow: Rows) -> Rows:
    work, flat, opening = forecast.working_capital, start.flat, start.opening
    rows: Rows = {
        **{c.name: c.closing for c in fixed},
        "other_non_current_assets": flat["other_non_current_assets"],
    }
    rows["total_non_current_assets"] = _total(rows)
    current = {
        "inventories": work.inventories,
        "trade_and_notes_receivables": work.receivables,
        "cash_and_cash_equivalents": flow["closing_cash"],
        "other_current_assets": flat["other_current_assets"],
    }
    rows |= current | {"total_current_assets": _total(current)}
    rows["total_assets"] = rows["total_non_current_assets"] + rows["total_current_assets"]
    non_current = {i: flat[i] for i in FLAT_LIABILITIES if i != "other_current_liabilities"}
    non_current["borrowings"] = flow["borrowings"]
    rows |= non_current | {"total_non_current_liabilities": _total(non_current)}
    owed = {
        "trade_and_other_payables": work.payables,
        "other_current_liabilities": flat["other_current_liabilities"],
    }
    rows |= owed | {"total_current_liabilities": _total(owed)}
    rows["total_liabilities"] = rows["total_non_current_liabilities"] + rows["total_current_liabilities"]
    gained = forecast.net_profit_kcny + start.conversion + start.proceeds + flow["new_equity"]
    rows["total_equity"] = opening["total_equity"] + np.cumsum(gained)
    return rows
