"""Totals, ties and roll-forwards of the three statements."""

from __future__ import annotations

from collections.abc import Iterator

from clustersim.finance.audit.figures import Finding, compare, total
from clustersim.finance.audit.records import STATEMENTS, Record, Tables

__all__ = ["statement_checks"]

#: Subtotals of a statement in printed order: each is the one before plus every line between them.
RUNNING = (
    "gross_profit",
    "operating_profit",
    "ebit",
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
FLOWS = ("net_cash_from_operating", "net_cash_from_investing", "net_cash_from_financing")
#: The same quantity under its names in the statements.
TIES = (
    (("income_statement", "profit_before_income_tax"), ("cash_flow", "profit_before_tax")),
    (("cash_flow", "closing_cash"), ("balance_sheet", "cash_and_cash_equivalents")),
)
#: Memo lines that stand below the bottom line and are in no sum.
MEMO = (
    "adjusted_net_profit", "adjusted_profit", "ebitda", "eps", "diluted_eps", "dividend_per_share", "shares",
    "profit_attributable_to_owners", "minority_interests",
)  # fmt: skip


def statement_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the checks of the statements."""
    yield from _gaps(tables)
    yield from _income(tables)
    yield from _balance(tables)
    yield from _cash(tables)
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


def _sum_check(name: str, target: Record, parts: list[Record], less: list[Record] = []) -> Finding:  # noqa: B006
    added, taken = total(p.interval for p in parts), total(p.interval for p in less)
    says = " + ".join(p.item for p in parts) + "".join(f" - {p.item}" for p in less)
    return compare(
        f"{name} {target.period}", target.where, target.interval, added - taken, note=f"should be {says}"
    )


def _income(tables: Tables) -> Iterator[Finding]:
    for year in tables.years("income_statement"):
        before: Record | None = None
        between: list[Record] = []
        for item, record in _lines(tables, "income_statement", year).items():
            if item in MEMO:
                continue
            if item in RUNNING:
                yield _sum_check(item, record, [*([before] if before else []), *between])
                before, between = record, []
            else:
                between.append(record)


def _balance(tables: Tables) -> Iterator[Finding]:
    for year in tables.years("balance_sheet"):
        lines = _lines(tables, "balance_sheet", year)
        block: list[Record] = []
        for item, record in lines.items():
            if item in BLOCKS:
                if block:
                    yield _sum_check(item, record, block)
                block = []
            elif item == "equity_attributable_to_owners":
                if len(block) > 1:
                    yield _sum_check(item, record, block)
                block = [record]
            elif item == "total_equity":
                # Net assets may stand before the lines that make them up: then there is nothing to sum.
                if len(block) > 1:
                    yield _sum_check(f"{item} from capital and reserves", record, block)
                block = []
            elif item.startswith("total_") or item == "net_current_assets":
                block = []
            elif item not in MEMO:
                block.append(record)
        for name, plus, minus in SUMS:
            if all(item in lines for item in (name, *plus, *minus)):
                yield _sum_check(name, lines[name], [lines[i] for i in plus], [lines[i] for i in minus])


def _cash(tables: Tables) -> Iterator[Finding]:
    for year in tables.years("cash_flow"):
        lines = _lines(tables, "cash_flow", year)
        block: list[Record] = []
        for item, record in lines.items():
            if item in FLOWS:
                if block:
                    yield _sum_check(item, record, block)
                block = []
            elif item in {"net_change_in_cash", "opening_cash", "closing_cash", "fx_effect"}:
                block = []
            else:
                block.append(record)
        if "net_change_in_cash" in lines and all(f in lines for f in FLOWS):
            yield _sum_check("net_change_in_cash", lines["net_change_in_cash"], [lines[f] for f in FLOWS])
        if all(i in lines for i in ("closing_cash", "opening_cash", "net_change_in_cash")):
            parts = [lines["opening_cash"], lines["net_change_in_cash"]]
            parts += [lines["fx_effect"]] if "fx_effect" in lines else []
            yield _sum_check("closing_cash", lines["closing_cash"], parts)
        earlier = tables.find("cash_flow", "closing_cash", year - 1)
        if earlier is not None and "opening_cash" in lines:
            yield compare(
                f"opening_cash {lines['opening_cash'].period}", lines["opening_cash"].where,
                lines["opening_cash"].interval, earlier.interval, worse="inconsistent",
                note=f"closing cash of {earlier.period} is {earlier.text}",
            )  # fmt: skip


def _ties(tables: Tables) -> Iterator[Finding]:
    for (table, item), (other_table, other_item) in TIES:
        for year in tables.years(table):
            one, other = tables.find(table, item, year), tables.find(other_table, other_item, year)
            if one is not None and other is not None:
                yield compare(
                    f"{other_item} {other.period} in both statements", other.where, other.interval, one.interval,
                    worse="inconsistent", note=f"{one.where} prints {one.text}",
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
        value = record.value
        if value is not None and value < 0 and "equity" not in record.item and "minority" not in record.item:
            yield _sign(record, "a balance of this kind cannot be negative")


def _sign(record: Record, note: str) -> Finding:
    return Finding(
        f"sign of {record.item} {record.period}", record.where, record.value, None, "misprint", note,
        mends=((record.where, -(record.value or 0.0)),),
    )  # fmt: skip
