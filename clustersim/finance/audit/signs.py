"""Signs by convention: a table may print costs and outflows without a minus; the sums tell which it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from clustersim.finance.audit.records import Record

__all__ = ["by_convention"]

#: table -> groups of lines that share a convention
GROUPS: dict[str, tuple[tuple[str, ...], ...]] = {
    "income_statement": (
        ("cost_of_sales",),
        ("selling_and_marketing_expenses", "general_and_administrative_expenses", "research_and_development_expenses",
         "selling_general_and_administrative_expenses", "total_operating_expenses", "taxes_and_surcharges"),
        ("impairment", "other_expenses"), ("finance_costs",), ("net_finance_cost",), ("income_tax",),
    ),
    "cash_flow": (
        ("purchase_of_ppe_and_intangibles",), ("dividends_paid", "repurchase_of_shares"),
        ("repayment_of_borrowings", "lease_payments"), ("income_tax_paid", "interest_paid"),
    ),
    "dcf": (("tax",), ("capital_expenditure",), ("change_in_working_capital",)),
}  # fmt: skip
#: Subtotals that running sums of a table reach.
REACHED: dict[str, tuple[str, ...]] = {
    "income_statement": (
        "gross_profit",
        "operating_profit",
        "ebit",
        "profit_before_income_tax",
        "net_profit",
    ),
    "cash_flow": ("net_cash_from_operating", "net_cash_from_investing", "net_cash_from_financing"),
    "dcf": ("free_cash_flow",),
}
MEMO = {"total_operating_expenses", "ebitda", "eps", "diluted_eps", "shares", "dividend_per_share"}


def by_convention(records: Sequence[Record]) -> tuple[list[Record], list[str]]:
    """Return the records with the sign that the sums of their table ask for, and what was decided.

    Of all combinations of groups printed with and without a minus, the one in which most subtotals hold is taken; a tie
    leaves the table as it is printed. One wrong sign in one year is no convention: it stays, and is found.
    """
    out, said = list(records), []
    for table, groups in GROUPS.items():
        present = [
            g for g in groups
            if any(r.table == table and r.item in g and (r.value or 0.0) > 0 for r in records)
        ]  # fmt: skip
        best: tuple[int, int] = (-1, 0)
        chosen: set[str] = set()
        for flips in product((False, True), repeat=len(present)):
            flipped = {item for flip, g in zip(flips, present, strict=True) if flip for item in g}
            score = (_held(records, table, flipped), -sum(flips))
            if score > best:
                best, chosen = score, flipped
        if chosen:
            out = [replace(r, sign=-1) if r.table == table and r.item in chosen else r for r in out]
            shown = sorted({r.printed or r.item for r in records if r.table == table and r.item in chosen})
            said.append(f"{table}: printed without a minus and taken off: {', '.join(shown)}")
    return out, said


def _held(records: Sequence[Record], table: str, flipped: set[str]) -> int:
    """How many subtotals hold when the lines are flipped."""
    by_period: dict[str, list[tuple[str, float]]] = {}
    for r in records:
        if r.table == table and r.value is not None and r.item not in MEMO:
            by_period.setdefault(r.period, []).append((r.item, -r.value if r.item in flipped else r.value))
    held = 0
    for rows in by_period.values():
        running, lines = 0.0, 0
        for item, value in rows:
            if item in REACHED[table]:
                held += bool(lines) and abs(running - value) <= 0.51 * (lines + 1)
                running, lines = (value, 1) if table == "income_statement" else (0.0, 0)
            else:
                running, lines = running + value, lines + 1
    return held
