"""Signs by convention: a table may print costs and outflows without a minus; the sums tell which it does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from clustersim.finance.audit.figures import half_digit
from clustersim.finance.audit.records import Record
from clustersim.finance.audit.script import folded

__all__ = ["by_convention", "names_loss"]

#: table -> groups of lines that share a convention
GROUPS: dict[str, tuple[tuple[str, ...], ...]] = {
    "income_statement": (
        ("cost_of_sales",),
        ("selling_and_marketing_expenses", "general_and_administrative_expenses", "research_and_development_expenses",
         "selling_general_and_administrative_expenses", "total_operating_expenses", "taxes_and_surcharges"),
        ("impairment",),
        ("other_expenses", "other_operating_expenses", "non_operating_expenses", "extraordinary_losses"),
        ("finance_costs",), ("net_finance_cost",), ("income_tax",),
    ),
    "balance_sheet": (("treasury_shares",),),
    "cash_flow": (
        ("purchase_of_ppe_and_intangibles",), ("dividends_paid", "repurchase_of_shares"),
        ("repayment_of_borrowings", "lease_payments"), ("income_tax_paid", "interest_paid"),
    ),
    "dcf": (("tax",), ("capital_expenditure",), ("change_in_working_capital",)),
}  # fmt: skip
#: Subtotals that running sums of a table reach.
REACHED: dict[str, tuple[str, ...]] = {
    "income_statement": (
        "gross_profit", "operating_profit", "ebit", "ordinary_profit", "profit_before_income_tax", "net_profit",
    ),
    "balance_sheet": ("equity_attributable_to_owners", "total_equity"),
    "cash_flow": ("net_cash_from_operating", "net_cash_from_investing", "net_cash_from_financing"),
    "dcf": ("net_operating_profit_after_tax", "free_cash_flow"),
}  # fmt: skip
#: Lines that take off whatever else a statement holds.
SPENT = {
    "cost_of_sales", "selling_and_marketing_expenses", "general_and_administrative_expenses",
    "research_and_development_expenses", "selling_general_and_administrative_expenses", "taxes_and_surcharges",
    "other_expenses", "other_operating_expenses", "non_operating_expenses", "extraordinary_losses", "finance_costs",
    "purchase_of_ppe_and_intangibles", "repayment_of_borrowings", "dividends_paid", "repurchase_of_shares",
    "lease_payments", "treasury_shares",
}  # fmt: skip
MEMO = {
    "total_operating_expenses",
    "ebitda",
    "eps",
    "diluted_eps",
    "shares",
    "diluted_shares",
    "dividend_per_share",
}
_LOSS = re.compile(r"\bloss(?:es)?\b|\bdeficit\b|\bused in\b|亏损|所用", re.I)
_GAIN = re.compile(
    r"profit|income(?! tax)|earnings|gain|surplus|generated|provided|利润|溢利|盈利|收益|所得(?!税)|净额（",
    re.I,
)
_EARNED = re.compile(r"interest income|finance income|利息收入|财务收入|财务收益", re.I)
_TAXES = re.compile(r"(?:income |profit )?tax(?:es|ation)?|per share|所得税", re.I)
#: The most groups of a table that are tried in every combination; further ones stay as they are printed.
MOST = 10


def names_loss(label: str) -> bool:
    """Whether a label names a loss or an outflow alone, so that a number without a minus may stand for one below zero.

    >>> names_loss("Loss before income taxes"), names_loss("Profit/(loss) for the year"), names_loss("年内亏损")
    (True, False, True)
    """
    bare = _TAXES.sub("", folded(label))
    return bool(_LOSS.search(bare)) and not _GAIN.search(bare)


def by_convention(records: Sequence[Record]) -> tuple[list[Record], list[str]]:
    """Return the records with the sign that the sums of their table ask for, and what was decided.

    Of all combinations of groups printed with and without a minus, the one in which most subtotals hold is taken. Of
    those that hold as many, costs and payments without any minus are taken off; then the sums that miss their subtotals
    by least decide, and a tie leaves the table as it is printed. One wrong sign in one year is no convention: it stays,
    and is found.
    """
    out, said = list(records), []
    for table in GROUPS:
        rows = [r for r in records if r.table == table and not r.item.endswith("_again")]
        within = _within(rows, table)
        rows = [r for r in rows if r.item not in within]
        present = _groups(rows, table)
        below = {r.item for r in rows if (r.value or 0.0) < 0}
        out_of = [bool(set(g) & SPENT) and not set(g) & below for g in present]
        best: tuple[int, int, float, int] | None = None
        chosen: set[str] = set()
        for flips in product((False, True), repeat=len(present)):
            flipped = {item for flip, g in zip(flips, present, strict=True) if flip for item in g}
            held, missed = _held(rows, table, flipped)
            spent = sum(f for f, s in zip(flips, out_of, strict=True) if s)
            score = (held, spent, -missed, -sum(flips))
            if best is None or score > best:
                best, chosen = score, flipped
        if chosen:
            chosen = {*chosen, *(part for part, whole in within.items() if whole in chosen)}
            out = [replace(r, sign=-1) if r.table == table and r.item in chosen else r for r in out]
            shown = sorted({r.printed or r.item for r in records if r.table == table and r.item in chosen})
            said.append(f"{table}: printed without a minus and taken off: {', '.join(shown)}")
    return _per_share(out, said), said


def _within(rows: Sequence[Record], table: str) -> dict[str, str]:
    """Lines of no known name that a cost right below them sums up, and that cost: they share its sign."""
    if table != "income_statement":
        return {}
    lines: dict[str, dict[str, Record]] = {}
    for r in rows:
        lines.setdefault(r.item, {})[r.period] = r
    items, out = list(lines), {}
    for k, item in enumerate(items):
        parts: list[str] = []
        for part in reversed(items[:k]):
            if part in out or any(r.understood for r in lines[part].values()):
                break
            parts.append(part)
            if item in SPENT and len(parts) > 1 and _sums(lines[item], [lines[p] for p in parts]):
                out.update(dict.fromkeys(parts, item))
                break
    return out


def _sums(whole: dict[str, Record], parts: Sequence[dict[str, Record]]) -> bool:
    """Whether lines add up to another in two thirds of its periods, two at least."""
    good = bad = 0
    for period, r in whole.items():
        own = [p[period] for p in parts if period in p and p[period].value is not None]
        if r.value is None or len(own) != len(parts):
            continue
        gap = abs(r.value - sum(p.value or 0.0 for p in own))
        held = gap <= half_digit(r.text) + sum(half_digit(p.text) for p in own) + 1e-9 * abs(r.value)
        good, bad = good + held, bad + (not held)
    return good >= 2 and good >= 2 * bad


def _groups(rows: Sequence[Record], table: str) -> list[tuple[str, ...]]:
    """The groups of a table of which something is printed above zero; a line that names a loss is one by itself."""
    # What is named an income is none that is taken off.
    above = {
        r.item for r in rows
        if (r.value or 0.0) > 0 and not (r.item == "net_finance_cost" and _EARNED.search(folded(r.printed)))
    }  # fmt: skip
    earned = {r.item for r in rows if (r.value or 0.0) < 0} & {"finance_costs"}
    # Where costs are printed without a minus, finance costs below zero are an income.
    earned = earned if above & SPENT else set()
    present = [g for g in GROUPS[table] if (above | earned) & set(g)]
    taken = {item for g in present for item in g} | MEMO
    rest = above - taken
    losses = {r.item for r in rows if r.item in rest and names_loss(r.printed or r.item)}
    below = {r.item for r in rows if (r.value or 0.0) < 0}
    return [*present, *((item,) for item in sorted(losses - below))][:MOST]


def _held(rows: Sequence[Record], table: str, flipped: set[str]) -> tuple[int, float]:
    """How many subtotals hold when the lines are flipped, and by what all sums together miss theirs."""
    by_period: dict[str, list[tuple[Record, float]]] = {}
    for r in rows:
        if r.value is not None and r.item not in MEMO:
            by_period.setdefault(r.period, []).append((r, -r.value if r.item in flipped else r.value))
    held, missed = 0, 0.0
    for lines in by_period.values():
        running, open_, count = 0.0, 0.0, 0
        for r, value in lines:
            if r.item in REACHED[table]:
                if count:
                    gap = abs(running - value)
                    held, missed = (
                        held + (gap <= open_ + half_digit(r.text) + 1e-9 * abs(value)),
                        missed + gap,
                    )
                kept = table in {"income_statement", "dcf"} or r.item == "equity_attributable_to_owners"
                running, open_, count = (value, half_digit(r.text), 1) if kept else (0.0, 0.0, 0)
            elif table == "balance_sheet" and r.item.startswith("total_"):
                running, open_, count = 0.0, 0.0, 0
            else:
                running, open_, count = running + value, open_ + half_digit(r.text), count + 1
    return held, missed


def _per_share(records: list[Record], said: list[str]) -> list[Record]:
    """A loss per share that is printed without a minus beside a loss below zero takes its sign."""
    lost = {
        r.period
        for r in records
        if r.item == "net_profit" and r.table == "income_statement" and (r.value or 0) < 0
    }
    flipped = {
        (r.table, r.item) for r in records
        if r.item in {"eps", "diluted_eps"} and r.period in lost and (r.value or 0.0) > 0 and names_loss(r.printed)
    }  # fmt: skip
    own = {(r.table, r.item) for r in records if (r.table, r.item) in flipped and (r.value or 0.0) < 0}
    out = [
        replace(r, sign=-1) if (r.table, r.item) in flipped - own and r.period in lost else r for r in records
    ]
    if flipped - own:
        said.append("loss per share: printed without a minus and read as below zero")
    return out
