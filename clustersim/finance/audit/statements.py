"""Totals, ties and roll-forwards of the three statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from clustersim.finance.audit.balances import balance_sums
from clustersim.finance.audit.figures import Finding, compare, first_that_holds, total
from clustersim.finance.audit.records import STATEMENTS, Record, Tables
from clustersim.finance.audit.structure import Sum, adds_up, sums_of

__all__ = ["statement_checks"]

#: Subtotals of a statement in printed order: each is the one before plus every line between them.
RUNNING = (
    "gross_profit",
    "operating_profit",
    "ebit",
    "ordinary_profit",
    "profit_before_income_tax",
    "profit_before_tax",
    "net_profit",
)
#: Totals of a balance sheet: a block of lines up to the total.
BLOCKS = (
    "total_non_current_assets", "total_current_assets", "total_non_current_liabilities", "total_current_liabilities",
)  # fmt: skip
SUMS = (
    ("total_assets", ("total_non_current_assets", "total_current_assets"), ()),
    ("total_liabilities", ("total_non_current_liabilities", "total_current_liabilities"), ()),
    ("total_equity", ("total_assets",), ("total_liabilities",)),
)
_CASH = ("net_change_in_cash", "opening_cash", "closing_cash", "fx_effect")
FLOWS = ("net_cash_from_operating", "net_cash_from_investing", "net_cash_from_financing")
#: The same quantity under its names in the statements: a line, and the lines of another that it may be.
TIES = (
    (("cash_flow", "profit_before_tax"), (("income_statement", "profit_before_income_tax"),)),
    (
        ("cash_flow", "net_profit"),
        (
            ("income_statement", "net_profit"),
            ("income_statement", "profit_attributable_to_owners"),
            ("income_statement", "adjusted_net_profit"),
        ),
    ),
    (("balance_sheet", "cash_and_cash_equivalents"), (("cash_flow", "closing_cash"),)),
)
#: Balances that cannot be below zero; of others a name does not tell (a contra item, a deficit, net current assets).
NEVER_BELOW = {
    "property_plant_equipment", "right_of_use_assets", "intangible_assets", "goodwill", "construction_in_progress",
    "total_non_current_assets", "inventories", "trade_and_notes_receivables", "prepayments", "short_term_investments",
    "cash_and_cash_equivalents", "other_current_assets", "total_current_assets", "total_assets",
    "borrowings_non_current", "borrowings_current", "lease_liabilities_non_current", "lease_liabilities_current",
    "total_non_current_liabilities", "trade_and_other_payables", "contract_liabilities", "total_current_liabilities",
    "total_liabilities", "total_liabilities_and_equity", "share_capital",
}  # fmt: skip
#: Sides of a balance sheet: what stands between two of these adds up to the second.
_OWED = {
    "borrowings_non_current", "borrowings_current", "lease_liabilities_non_current", "lease_liabilities_current",
    "trade_and_other_payables", "contract_liabilities", "other_current_liabilities", "other_non_current_liabilities",
    "income_tax_payable", "deferred_tax_liabilities", "redeemable_shares",
}  # fmt: skip
#: Memo lines that stand below the bottom line and are in no sum.
MEMO = (
    "adjusted_net_profit", "adjusted_profit", "ebitda", "eps", "diluted_eps", "dividend_per_share", "shares",
    "diluted_shares", "profit_attributable_to_owners", "minority_interests",
)  # fmt: skip


#: A check of so many figures holds one to another; more of them are a sum.
MOST_OF_TIE = 2


def statement_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the checks of the statements."""
    yield from _gaps(tables)
    found = {table: sums_of(tables, table) for table in STATEMENTS}
    sums = [
        *_income(tables, found["income_statement"]),
        *_balance(tables, found["balance_sheet"]),
        *_cash(tables, found["cash_flow"]),
    ]
    yield from sums
    yield from _repeated(tables)
    known = frozenset(f.where for f in (*sums, *balance_sums(tables)) if len(f.cells) > MOST_OF_TIE)
    for table in STATEMENTS:
        yield from adds_up(tables, found[table], table, known)
    yield from _ties(tables)
    yield from _signs(tables)


def _gaps(tables: Tables) -> Iterator[Finding]:
    """A line that misses a year which its statement prints."""
    for table in STATEMENTS:
        years = tables.years(table)
        for item in tables.items(table):
            for year in years:
                if tables.find(table, item, year) is None:
                    yield Finding(
                        f"{item} {year} is printed", f"{table}.csv", None, None, "omission",
                        "the other lines of the table have this year",
                    )  # fmt: skip


def _lines(tables: Tables, table: str, year: int) -> dict[str, Record]:
    found = {}
    for item in tables.items(table):
        record = tables.find(table, item, year)
        if record is not None:
            found[item] = record
    return found


def _exchange_inside(tables: Tables) -> bool:
    """Whether the change of cash holds the exchange effect already: as most years want, else by its place above it."""
    votes = 0
    for year in tables.years("cash_flow"):
        lines = _lines(tables, "cash_flow", year)
        if (
            not all(i in lines for i in (*FLOWS, "fx_effect", "net_change_in_cash"))
            or not lines["fx_effect"].value
        ):
            continue
        plain, moved = total(lines[f].interval for f in FLOWS), lines["net_change_in_cash"].interval
        votes += moved.meets(plain + lines["fx_effect"].interval) - moved.meets(plain)
    order = [i for i in tables.items("cash_flow") if i in {"fx_effect", "net_change_in_cash"}]
    return votes > 0 or (votes == 0 and order == ["fx_effect", "net_change_in_cash"])


def _sum_check(name: str, target: Record, parts: list[Record], less: list[Record] = []) -> Finding:  # noqa: B006
    added, taken = total(p.interval for p in parts), total(p.interval for p in less)
    says = " + ".join(p.item for p in parts) + "".join(f" - {p.item}" for p in less)
    return compare(
        f"{name} {target.period}", target.where, target.interval, added - taken, note=f"should be {says}"
    )


def _within(made: list[Sum]) -> set[str]:
    """Lines that a subtotal of another name sums up: in a further sum the subtotal stands for them."""
    named = {*RUNNING, "total_operating_expenses", "equity_attributable_to_owners", "net_current_assets"}
    return {
        part for s in made for part in s.parts
        if len(s.parts) > 1 and not s.less and not s.item.startswith("total_") and s.item not in named
        and not any(p in named or p.startswith("total_") for p in s.parts)
    }  # fmt: skip


def _income(tables: Tables, made: list[Sum]) -> Iterator[Finding]:
    sums: list[Finding] = []
    # What a subtotal of another name sums up is in it already.
    within = _within(made)
    found = {s.item: s for s in made if len(s.parts) > 1}
    for year in tables.years("income_statement"):
        before: Record | None = None
        between: list[Record] = []
        whole: tuple[Record, int] | None = None
        for item, record in _lines(tables, "income_statement", year).items():
            if item in MEMO or item in within or item.endswith("_again"):
                continue
            if item == "total_operating_expenses":
                whole = (record, len(between))
            elif item in RUNNING:
                if whole is not None:
                    sums += _expenses(*whole, between)
                    # A total without lines of its own is a line itself.
                    between = between if _spent(between) else [*between, whole[0]]
                parts = [*([before] if before else []), *between]
                own = found.get(item)
                rows = (
                    [r for p in own.parts if (r := tables.find("income_statement", p, year))] if own else []
                )
                # A statement may begin with a subtotal: then nothing adds up to it.
                if own and len(rows) == len(own.parts):
                    yield (
                        _sum_check(item, record, rows[:1], rows[1:])
                        if own.less
                        else _sum_check(item, record, rows)
                    )
                elif parts:
                    yield _sum_check(item, record, parts)
                before, between, whole = record, [], None
            else:
                between.append(record)
    right = sum(f.verdict in {"ok", "rounding"} for f in sums)
    # Reports differ in what they count among the expenses: a year is wrong where most years follow one rule.
    yield from (f for f in sums if 2 * right > len(sums) or f.verdict in {"ok", "rounding"})


def _spent(lines: list[Record]) -> list[Record]:
    return [r for r in lines if r.item not in {"revenue", "gross_profit"}]


def _expenses(whole: Record, at: int, lines: list[Record]) -> list[Finding]:
    """The total of expenses: of the lines above it, or of the first lines below it."""
    above, below = _spent(lines[:at]), lines[at:]
    choices = [
        above,
        [r for r in above if (r.value or 0.0) < 0],
        *(below[:k] for k in range(len(below), 1, -1)),
    ]
    choices = [c for c in choices if len(c) > 1]
    if not choices:
        return []
    return [first_that_holds(partial(_sum_check, "total_operating_expenses", whole, c) for c in choices)]


def _balance(tables: Tables, made: list[Sum]) -> Iterator[Finding]:
    within = _within(made)
    for year in tables.years("balance_sheet"):
        lines = _lines(tables, "balance_sheet", year)
        block: list[Record] = []
        side: list[Record] = []
        for item, record in lines.items():
            base = re.sub(r"_\d+$", "", item)
            if base in BLOCKS:
                if block:
                    yield _sum_check(base, record, block)
                side, block = [*side, record], []
            elif base == "total_assets_less_current_liabilities":
                side, block = [record], []
            elif base in {"total_assets", "total_liabilities"}:
                # A side of which one half has no total of its own: its lines stand for it.
                if side and block:
                    yield _sum_check(f"{base} from its lines", record, [*side, *block])
                side, block = [], []
            elif base == "equity_attributable_to_owners":
                if len(block) > 1:
                    yield _sum_check(base, record, block)
                side, block = [], [record]
            elif base == "total_equity":
                yield from _net_assets(record, side, block)
                side, block = [], []
            elif base.startswith("total_") or base == "net_current_assets":
                block = []
            elif base not in MEMO and item not in within:
                block.append(record)
        for name, plus, minus in SUMS:
            if all(item in lines for item in (name, *plus, *minus)):
                yield _sum_check(name, lines[name], [lines[i] for i in plus], [lines[i] for i in minus])


def _net_assets(record: Record, side: list[Record], block: list[Record]) -> Iterator[Finding]:
    """Equity as what is left after liabilities, or as the sum of capital and reserves."""
    if side and side[0].item == "total_assets_less_current_liabilities":
        owed = [*side[1:], *block]
        if owed:
            yield _sum_check("total_equity from the assets", record, side[:1], owed)
    # Net assets may stand before the lines that make them up: then there is nothing to sum.
    elif len(block) > 1 and not any(r.item in _OWED for r in block):
        yield _sum_check("total_equity from capital and reserves", record, block)


def _repeated(tables: Tables) -> Iterator[Finding]:
    """A line "of which" that is all of the line above it prints that line's figures."""
    for table in STATEMENTS:
        for item in [i for i in tables.items(table) if i.endswith("_again")]:
            for year in tables.years(table):
                here = tables.find(table, item, year)
                there = tables.find(table, item.removesuffix("_again"), year)
                if here is not None and there is not None:
                    yield compare(
                        f"{item} {here.period}", here.where, here.scaled[1], there.scaled[1],
                        note=f"in most years it is all of {there.printed}",
                    )  # fmt: skip


def _cash(tables: Tables, made: list[Sum]) -> Iterator[Finding]:
    # A subtotal among the lines of a flow stands for the lines that it sums up.
    within = {
        p for s in made if len(s.parts) > 1 and not s.less and s.item not in {*FLOWS, *_CASH}
        for p in s.parts if not {*s.parts} & {*FLOWS, *_CASH}
    }  # fmt: skip
    inside = _exchange_inside(tables)
    for year in tables.years("cash_flow"):
        lines = _lines(tables, "cash_flow", year)
        block: list[Record] = []
        for item, record in lines.items():
            if item in FLOWS:
                if block:
                    yield _sum_check(item, record, block)
                block = []
            elif item in _CASH:
                block = []
            elif item not in within:
                block.append(record)
        if "net_change_in_cash" in lines and all(f in lines for f in FLOWS):
            flows = [lines[f] for f in (*FLOWS, *(["fx_effect"] if inside else [])) if f in lines]
            yield _sum_check("net_change_in_cash", lines["net_change_in_cash"], flows)
        if all(i in lines for i in ("closing_cash", "opening_cash", "net_change_in_cash")):
            parts = [lines["opening_cash"], lines["net_change_in_cash"]]
            parts += [lines["fx_effect"]] if "fx_effect" in lines and not inside else []
            yield _sum_check("closing_cash", lines["closing_cash"], parts)
        earlier = tables.find("cash_flow", "closing_cash", year - 1)
        if earlier is not None and "opening_cash" in lines:
            yield compare(
                f"opening_cash {lines['opening_cash'].period}", lines["opening_cash"].where,
                lines["opening_cash"].interval, earlier.interval, worse="inconsistent",
                note=f"closing cash of {earlier.period} is {earlier.text}",
            )  # fmt: skip


def _ties(tables: Tables) -> Iterator[Finding]:
    """One quantity in two statements, each in the unit that its statement is headed in."""
    for (table, item), others in TIES:
        for year in tables.years(table):
            here = tables.find(table, item, year)
            there = [r for t, i in others if (r := tables.find(t, i, year)) is not None]
            if here is None or not there:
                continue
            yield first_that_holds(partial(_tied, item, here, other) for other in reversed(there))


def _tied(item: str, here: Record, other: Record) -> Finding:
    return compare(
        f"{item} {here.period} in both statements", here.where, here.scaled[1], other.scaled[1],
        worse="inconsistent", note=f"{other.where} prints {other.text} {other.unit}",
    )  # fmt: skip


def _signs(tables: Tables) -> Iterator[Finding]:
    """Lines whose name fixes their sign."""
    for record in tables.of("cash_flow"):
        value = record.value
        if value is None:
            continue
        if record.item.startswith("proceeds_from") and value < 0:
            yield _sign(record, "proceeds cannot be negative")
        if record.item.startswith(("purchase_of", "repayment_of")) and value > 0:
            yield _sign(record, "a payment is printed as an inflow")
    for record in tables.of("balance_sheet"):
        if record.item in NEVER_BELOW and record.value is not None and record.value < 0:
            yield _sign(record, "a balance of this kind cannot be negative")


def _sign(record: Record, note: str) -> Finding:
    return Finding(
        f"sign of {record.item} {record.period}", record.where, record.value, None, "misprint", note,
        mends=((record.where, -(record.value or 0.0)),),
    )  # fmt: skip
