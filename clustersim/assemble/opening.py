"""The statements that a forecast starts from: printed in full, or an opening balance of a few lines."""

from __future__ import annotations

from clustersim.errors import InputError
from clustersim.finance.company import History
from clustersim.schema.company import CompanyFile
from clustersim.schema.company_parts import OpeningFile
from clustersim.units import to_float

__all__ = ["ASSETS", "LIABILITIES", "history_of"]

ASSETS = (
    "property_plant_equipment", "right_of_use_assets", "intangible_assets", "other_non_current_assets", "inventories",
    "trade_and_notes_receivables", "cash_and_cash_equivalents", "other_current_assets",
)  # fmt: skip
LIABILITIES = (
    "trade_and_other_payables", "other_current_liabilities", "lease_liabilities_non_current",
    "other_non_current_liabilities",
)  # fmt: skip
#: Lines of the income statement that are costs: negative, however they are typed.
COSTS = (
    "cost_of_sales", "selling_and_marketing_expenses", "general_and_administrative_expenses",
    "research_and_development_expenses",
)  # fmt: skip


def history_of(file: CompanyFile) -> History:
    """Return the printed statements, or those of the opening block.

    Raises InputError for no actual year, or an opening balance that contradicts itself, with the gap.
    """
    if file.history is not None:
        block = file.history
        history = History(
            years=block.years, income=block.income, balance=block.balance, cash_flow=block.cash_flow
        )
    else:
        assert file.opening is not None  # the schema asks for one of the two
        history = _from_opening(file.name, file.opening)
    if not history.actual_years:
        raise InputError(f"company {file.name}: history has no actual year (2025A)")
    return history


def _from_opening(name: str, block: OpeningFile) -> History:
    factor = to_float(f"1 {block.unit}", "kCNY")
    lines = {item: value * factor for item, value in block.balance.items()}
    assets = sum(lines.get(item, 0.0) for item in ASSETS)
    owed = sum(lines.get(item, 0.0) for item in LIABILITIES)
    # What a total holds beyond its named lines stays as it is along the years.
    if "total_assets" in lines and lines["total_assets"] > assets:
        lines["other_current_assets"] = (
            lines.get("other_current_assets", 0.0) + lines["total_assets"] - assets
        )
        assets = lines["total_assets"]
    if "total_liabilities" in lines and lines["total_liabilities"] > owed:
        more = lines["total_liabilities"] - owed
        lines["other_current_liabilities"] = lines.get("other_current_liabilities", 0.0) + more
        owed = lines["total_liabilities"]
    equity = lines.get("total_equity", assets - owed)
    if abs(assets - owed - equity) > 1.5 * max(factor, 1.0):
        raise InputError(
            f"company {name}: the opening balance sheet of {block.year} does not balance: assets {assets:,.0f} less"
            f" liabilities {owed:,.0f} less equity {equity:,.0f} leave {assets - owed - equity:,.0f} kCNY;"
            " leave total_equity out to let it follow, or give total_assets and total_liabilities"
        )
    lines |= {"total_assets": assets, "total_liabilities": owed, "total_equity": assets - owed}
    balance = {item: (lines.get(item, 0.0),) for item in (*ASSETS, *LIABILITIES)}
    balance |= {item: (lines[item],) for item in ("total_assets", "total_liabilities", "total_equity")}
    return History(years=(block.year,), income=_income(block, factor), balance=balance, cash_flow={})


def _income(block: OpeningFile, factor: float) -> dict[str, tuple[float, ...]]:
    income = {
        item: (-abs(value) if item in COSTS else value) * factor for item, value in block.income.items()
    }
    if {"revenue", "cost_of_sales"} <= set(income):
        income.setdefault("gross_profit", income["revenue"] + income["cost_of_sales"])
    elif {"revenue", "gross_profit"} <= set(income):
        income["cost_of_sales"] = income["gross_profit"] - income["revenue"]
    return {item: (value,) for item, value in income.items()}
