"""Any company's printed tables as records: labels by alias, periods, units and signs; nothing in silence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from clustersim.errors import InputError, suggest
from clustersim.finance.audit.blocks import Rows, as_text, blocks, rows_of, table_of, with_points
from clustersim.finance.audit.cells import problem_of, record_of
from clustersim.finance.audit.counts import COUNTS, as_counted, as_percent
from clustersim.finance.audit.labels import (
    AMBIGUOUS,
    canonical_item,
    plain,
)
from clustersim.finance.audit.layout import Cell, read_layout
from clustersim.finance.audit.money import assumed, canonical_unit, currency_of
from clustersim.finance.audit.ordering import again, totals_last
from clustersim.finance.audit.periods import read_period
from clustersim.finance.audit.quantities import values_told
from clustersim.finance.audit.records import SCHEDULE, STATEMENTS, Record, Tables
from clustersim.finance.audit.script import unmarked
from clustersim.finance.audit.settling import (
    PER_SHARE,
    alike_lettered,
    elsewhere,
    equities_apart,
    in_cents,
    in_named_currency,
    in_one_scale,
)
from clustersim.finance.audit.signs import by_convention
from clustersim.finance.audit.table_names import TABLES, canonical_table
from clustersim.reading.guarded import Text
from clustersim.reading.tables import parse_table

__all__ = ["FILES", "STATEMENTS", "Record", "Tables", "read_tables"]

FILES = tuple(TABLES)
#: Tables whose absence is said: the others are extras.
EXPECTED = (
    "income_statement", "balance_sheet", "cash_flow", "ratios", "dcf", "wacc", "valuation", "claims", "market",
    "comps", "tickers",
)  # fmt: skip
_TOTALS = {
    "balance_sheet": {
        "total_non_current_assets": "non_current_assets", "total_current_assets": "current_assets",
        "total_non_current_liabilities": "non_current_liabilities", "total_current_liabilities": "current_liabilities",
        "total_equity": "equity",
    },
    "cash_flow": {
        "net_cash_from_operating": "operating", "net_cash_from_investing": "investing",
        "net_cash_from_financing": "financing",
    },
}  # fmt: skip


@dataclass
class _Reading:
    """What is collected while the files are read."""

    unit: str
    records: list[Record] = field(default_factory=list)
    tickers: list[tuple[int, str, str]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    bare: set[str] = field(default_factory=set)
    """Places of figures beside which no unit stands."""
    signed: dict[str, str] = field(default_factory=dict)
    """Places of figures whose unit is a sign without a currency, and what is said of it."""


def read_tables(
    texts: Mapping[str, str],
    *,
    unit: str = "",
    rates: Mapping[str, float] | None = None,
    prose: Mapping[str, str] | None = None,
) -> Tables:
    """Read tables from the text of their files by name (without ``.csv``), in any order and either language.

    ``unit`` is that of tables which state none. Raises InputError, all problems at once with file and line, for a
    layout that is not understood, rows without a unit or a period, money that is no number, a currency that is not
    known, or a figure that stands twice in a statement with the same period.
    """
    reading = _Reading(unit)
    for name, text in texts.items():
        for table, part in _parted(reading, name, text).items():
            if table in reading.seen:
                reading.problems.append(f"{name}.csv: a second {table}; keep one of them")
            else:
                reading.seen.add(table)
                _read(reading, table, name, part)
    reading.records, signs = in_named_currency(reading.records, reading.signed)
    reading.said += signs
    reading.records = alike_lettered(reading.records)
    reading.problems += _twice(reading.records)
    reading.problems += _currencies(reading.records)
    if reading.problems:
        raise InputError("\n".join(reading.problems))
    if not reading.records:
        raise InputError(f"no table to audit; known: {', '.join(f'{name}.csv' for name in FILES)}")
    counted, count = as_counted(reading.records)
    rated, rate = as_percent(counted, frozenset(reading.bare))
    records, said = by_convention(rated)
    said = [*reading.said, *count, *rate, *said]
    held = {r.table for r in records} | reading.seen
    absent = tuple(name for name in EXPECTED if name not in held)
    return Tables(
        tuple(records),
        tuple(reading.tickers),
        absent,
        tuple(reading.unread),
        tuple(said),
        tuple((prose or {}).items()),
        dict(rates or {}),
    )


def _parted(reading: _Reading, name: str, text: str) -> dict[str, list[str]]:
    """The tables of a file or sheet: by its name, by the words above each, or by their lines; the others are said."""
    own = canonical_table(name)
    file = f"{name}.csv"
    if own in {"tickers", "claims", "market"}:
        return {own: [text]}
    try:
        rows, commas = with_points(rows_of(text, file))
    except InputError as error:
        reading.problems.append(str(error))
        return {}
    if commas:
        reading.said.append(f"{file}: commas are read as decimal points, and points as marks of thousands")
    parts = blocks(rows)
    out: dict[str, list[str]] = {}
    for title, part in parts:
        table = canonical_table(title) if title else None
        table = table or (own if own and len(parts) == 1 else table_of(part)) or own
        table = table or ("valuation" if values_told(row for _, row in part) else None)
        if table is None and _of_years(part):
            table = f"{SCHEDULE}{title or name}"
            what = "a table of no known kind: its sums and its lines that stand elsewhere are checked"
            reading.said.append(f"{file}:{part[0][0]}: {what}")
        if table is None:
            what = f"the table {title!r}" if title else "its name is no table's"
            reading.unread.append(
                f"{name}: {what}, and its lines tell none ({', '.join(TABLES)})"
                if title
                else f"{name}: {what} ({', '.join(TABLES)})"
            )
            continue
        if (own is None or len(parts) > 1) and not table.startswith(SCHEDULE):
            reading.said.append(f"{file}:{part[0][0]}: read as {table}")
        out.setdefault(table, []).append(as_text(part) if commas or len(parts) > 1 else text)
    return out


def _of_years(part: Rows) -> bool:
    """Whether a table without a known name has its years across, and a unit of money in its heading or its lines."""
    head = next((row for _, row in part[:6] if sum(read_period(c) is not None for c in row[1:]) > 1), None)
    said = [c for _, row in part[:6] for c in row[:1]]
    return head is not None and any(_money_in(c) for c in said)


def _money_in(cell: str) -> bool:
    inside = re.findall(r"[(（]([^()（）]*)[)）]", cell)
    return any(currency_of(canonical_unit(c) or "") is not None for c in (cell, *inside))


def _read(reading: _Reading, table: str, name: str, parts: list[str]) -> None:
    file = f"{name}.csv"
    cells: list[Cell] = []
    ignored: list[str] = []
    try:
        if table == "tickers":
            reading.tickers += _tickers(file, parts[0])
            return
        for text in parts:
            found_cells, passed_by, wrong = read_layout(text, file, table)
            cells, ignored = [*cells, *found_cells], [*ignored, *passed_by]
            reading.problems += wrong
    except InputError as error:
        reading.problems.append(str(error))
        return
    reading.unread += [f"{file}: column {c!r} is no column of such a table" for c in ignored]
    found = []
    cells = totals_last(table, cells)
    for cell, item in zip(cells, _items(table, cells), strict=True):
        record = record_of(table, file, cell, item, reading.unit)
        if not cell.unit:
            reading.bare.add(record.where)
        if sentence := assumed(cell.unit):
            reading.signed[record.where] = f"{file}: {sentence}"
        problem = problem_of(record, cell)
        if problem == "blank":
            continue
        if problem == "unitless":
            text = f"{file}:{record.line}: {record.printed}: a rate of no known unit"
            reading.unread += [text] if text not in reading.unread else []
            continue
        if problem == "worded":
            reading.unread.append(f"{record.where}: {record.printed} {record.text!r} is no number")
            continue
        if problem and table.startswith(SCHEDULE):
            reading.unread.append(f"{record.where}: {problem}")
            continue
        if problem:
            said = f"{record.where}: {problem}"
            # A table without a unit lacks it on every line: say it once.
            lacks = " no unit; say" in said
            if not (
                lacks
                and cell.column
                and any("no unit; say" in p and p.startswith(file) for p in reading.problems)
            ):
                reading.problems.append(said)
        found.append(record)
    found = equities_apart(found) if table == "balance_sheet" else found
    reading.records += elsewhere(in_one_scale(in_cents(found), reading.said))


def _tickers(file: str, text: str) -> list[tuple[int, str, str]]:
    found = parse_table(Text(file, text.lstrip("\ufeff"), ""), short=True)
    name = next((c for c in found.columns if c in {"company_zh", "company", "公司", "公司简称"}), None)
    code = next((c for c in found.columns if c in {"ticker_printed", "ticker", "code", "股票代码"}), None)
    if name is None or code is None:
        raise InputError(f"{file}:1: no column company_zh and ticker_printed")
    return [(line, row[name].strip(), row[code]) for line, row in found.numbered()]


def _items(table: str, cells: list[Cell]) -> list[str]:
    """Canonical names in printed order; a bare ``other`` is named after the total that follows it."""
    names = [_item(table, c.label) for c in cells]
    if table == "income_statement" and not any(c.text.endswith("%") or "%" in c.unit for c in cells):
        # Without a per cent in it a "gross margin" among the lines is the profit.
        names = [
            "gross_profit" if n == "gross_margin" and len(c.text) > 2 else n
            for n, c in zip(names, cells, strict=True)
        ]
    for bare, words in AMBIGUOUS.items():
        keys = {plain(w) for w in words}
        for k, cell in enumerate(cells):
            if table in _TOTALS and plain(cell.label) in keys:
                block = next((_TOTALS[table][n] for n in names[k:] if n in _TOTALS[table]), "")
                names[k] = _blocked(bare, block)
    if table.startswith(SCHEDULE):
        return _apart(cells, names)
    return _apart(cells, again(cells, names)) if table in STATEMENTS else names


def _blocked(bare: str, block: str) -> str:
    if bare == "other":
        return f"other_{block}" if block else bare
    return f"{bare}_{'non_current' if block.startswith('non_current') else 'current'}" if block else bare


def _apart(cells: list[Cell], names: list[str]) -> list[str]:
    """Two labels that mean one item, or one label on two lines, stay two lines.

    In a long table one label is a line again where other lines stand between and its period stands already.
    """
    owner: dict[str, tuple[str, int]] = {}
    seen: dict[tuple[str, str, str], int] = {}
    run, out = 0, []
    for k, (cell, name) in enumerate(zip(cells, names, strict=True)):
        run += bool(k) and cells[k - 1].label != cell.label
        who = cell.more.get("company", "") + cell.more.get("source_figure", "")
        first = seen.setdefault((name, cell.period, who), run)
        row = (plain(cell.label), cell.row if cell.column else 0 if first == run else run)
        out.append(name if owner.setdefault(name, row) == row else f"{name}_{row[1] or cell.line}")
    return out


def _item(table: str, label: str) -> str:
    found = canonical_item(table, label)
    if found is None and table in (*STATEMENTS, "ratios"):
        found = canonical_item("ratios", label)
    if table.startswith(SCHEDULE):
        found = next((i for t in (*STATEMENTS, "ratios") if (i := canonical_item(t, label))), None)
    if found is not None:
        return found
    bare = re.sub(r"\s*[(（]\d{1,2}[)）]\s*$", "", unmarked(label.strip()))
    slug = re.sub(r"\W+", "_", bare.lower()).strip("_")
    return slug or label.strip()


def _twice(records: list[Record]) -> list[str]:
    seen: dict[tuple[str, str, str], Record] = {}
    out = []
    for record in records:
        if record.table not in STATEMENTS:
            continue
        key = (record.table, record.item, record.period)
        if key in seen:
            out.append(
                f"{record.where}: {record.printed} {record.period} stands in line {seen[key].line} already"
            )
        seen[key] = record
    return out


def _currencies(records: Iterable[Record]) -> list[str]:
    """A statement whose unit is not understood, and statements in more than one currency."""
    out = []
    mains: dict[str, str] = {}
    for table in STATEMENTS:
        rows = [r for r in records if r.table == table and r.item not in PER_SHARE | COUNTS]
        if not rows:
            continue
        unit, count = Counter(r.unit for r in rows).most_common(1)[0]
        if unit and currency_of(unit) is None and 2 * count > len(rows):
            out.append(
                f"{rows[0].where}: unit {unit!r} is not understood; write a currency and a scale, for example"
                f" CNY_thousand or 'USD million'; {suggest(unit, ['CNY_thousand', 'CNY_million', 'USD_million'])}"
            )
        mains[table] = currency_of(unit) or ""
    codes = {c for c in mains.values() if c}
    if len(codes) > 1:
        says = ", ".join(f"{t} in {c}" for t, c in mains.items())
        out.append(f"the statements are in several currencies ({says}): print them in one")
    return out
