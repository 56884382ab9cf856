"""Any company's printed tables as records: labels by alias, periods, units and signs; nothing in silence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from clustersim.errors import InputError, suggest
from clustersim.finance.audit.blocks import Rows, as_text, blocks, rows_of, table_of, with_points
from clustersim.finance.audit.counts import COUNTS, OPEN_COUNT, as_counted, as_percent
from clustersim.finance.audit.figures import number
from clustersim.finance.audit.labels import (
    AMBIGUOUS,
    TABLES,
    canonical_item,
    canonical_table,
    plain,
)
from clustersim.finance.audit.layout import Cell, read_layout
from clustersim.finance.audit.money import assumed, canonical_unit, currency_of, given
from clustersim.finance.audit.ordering import again, totals_last
from clustersim.finance.audit.periods import read_period
from clustersim.finance.audit.quantities import values_told
from clustersim.finance.audit.records import SCHEDULE, STATEMENTS, Record, Tables
from clustersim.finance.audit.script import unmarked
from clustersim.finance.audit.settling import PER_SHARE, elsewhere, equities_apart, in_cents, in_one_scale
from clustersim.finance.audit.signs import by_convention
from clustersim.reading.guarded import Text
from clustersim.reading.tables import parse_table

__all__ = ["FILES", "STATEMENTS", "Record", "Tables", "read_tables"]

FILES = tuple(TABLES)
#: Tables whose absence is said: the others are extras.
EXPECTED = (
    "income_statement", "balance_sheet", "cash_flow", "ratios", "dcf", "wacc", "valuation", "claims", "market",
    "comps", "tickers",
)  # fmt: skip
PERCENT = re.compile(
    r"(_margin|_growth(_yoy)?|^roe|^roa|effective_tax_rate|debt_to_assets|(?<!per)_share|_pct)$"
)
PLAIN_UNITS = {"pe": "x", "pb": "x", "ps": "x", "current_ratio": "x", "quick_ratio": "x", "inventory_days": "days",
               "receivable_days": "days", "payable_days": "days"}  # fmt: skip
#: Numbers of a valuation that count nothing.
_PURE = {"beta", "discount_factor"}
#: Lines of a valuation that count shares, by their names.
_COUNTED = re.compile(
    r"^(?!.*(?:price|value|equity|capital|market|based|compensation|payment|proceeds|purchase|per_(?:share|unit)|每股|价|值|股[东权利息]|支付)).*"
    r"(?:(?:^|_)shares?(?:_|$)|units_(?:in_issue|outstanding|entitled)|(?:number|no)_of_units|股[数份本])"
)
#: Texts of a valuation that its checks read.
_WORDED = re.compile(r"rating|.*_date")
NIL = {"-", "–", "—", "－", "--", "——", "nil", "n/a", "n.a.", "na", "不适用"}
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
        record = _record(table, file, cell, item, reading.unit)
        if not cell.unit:
            reading.bare.add(record.where)
        if (sentence := assumed(cell.unit)) and f"{file}: {sentence}" not in reading.said:
            reading.said.append(f"{file}: {sentence}")
        problem = _problem(record, cell)
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


def _known(table: str, item: str, label: str) -> bool:
    if table not in (*STATEMENTS, "dcf"):
        return True
    if table == "dcf" and re.fullmatch(r"equity_value.*|.*_(rate|price|shares|date)", item):
        return True
    if re.search(r"(_margin|_growth_yoy|_growth)$", item) or plain(label) in {
        plain(w) for words in AMBIGUOUS.values() for w in words
    }:
        return True
    return canonical_item(table, label) is not None or canonical_item("ratios", label) is not None


def _record(table: str, file: str, cell: Cell, item: str, default: str) -> Record:
    period = read_period(cell.period)
    status = cell.more.get("status", "")
    text = cell.text
    if (table in STATEMENTS or table.startswith(SCHEDULE)) and text.lower() in NIL:
        text = "0"
    beside = cell.unit or _unit_of(item, text, table) or default
    return Record(
        table, cell.line, item, str(period) if period else cell.period, text,
        _unit(item, beside, table, default), status, cell.more.get("source_figure", ""),
        cell.more.get("company", "") or cell.more.get("segment", "") or cell.more.get("product", ""),
        cell.more.get("company_zh", ""), cell.more.get("ticker", ""), file, cell.column,
        period.label if period else "", cell.label, _known(table, item, cell.label),
    )  # fmt: skip


def _unit_of(item: str, text: str, table: str) -> str:
    """The unit that the value of a list without a unit carries itself: ``4.2%``, ``18.5x``; of a pure number, times."""
    if table in STATEMENTS or number(text) is None:
        return ""
    if text.strip().endswith(("%", "％")):
        return "percent"
    return "x" if re.search(r"[xX倍]$", text.strip()) or item in _PURE else ""


def _unit(item: str, text: str, table: str, default: str) -> str:
    """The canonical unit; per share, per cent and times where the item says so and the unit is the table's own.

    A scale without a currency takes the one of the unit that was given; a number of shares in millions is one of
    million shares.
    """
    unit = canonical_unit(text) or text
    item = re.sub(r"_\d+$", "", item)
    if (item in COUNTS and table in STATEMENTS) or (table.startswith(SCHEDULE) and _COUNTED.search(item)):
        return _count_unit(unit)
    unit = given(unit, default)
    if unit.startswith("?_") and table not in STATEMENTS:
        unit = f"{unit[2:]}_shares" if _COUNTED.search(item) else text
    code = currency_of(unit)
    if item in PER_SHARE and (code or unit.startswith("?_")):
        return unit if unit.endswith("cent_per_share") else f"{code or '?'}_per_share"
    if (table in (*STATEMENTS, "ratios") or table.startswith(SCHEDULE)) and (
        code or unit.startswith("?_") or not unit
    ):
        if PERCENT.search(item):
            return "percent"
        return PLAIN_UNITS.get(item, unit)
    return unit


def _count_unit(unit: str) -> str:
    """The unit of a number of shares: its own, the scale that stands beside it, or open."""
    if unit.endswith("shares"):
        return unit
    return f"{unit[2:]}_shares" if unit.startswith("?_") and "per" not in unit else OPEN_COUNT


def _problem(record: Record, cell: Cell) -> str:
    if not record.item:
        return "no item"
    if record.table in STATEMENTS:
        if read_period(cell.period) is None:
            return f"{record.item}: period {record.period!r} is no year (2025 or 2026E) and no part of one (2025H1)"
        if not record.text and cell.column:
            return "blank"
        if record.value is None and canonical_item("ratios", cell.label) is None:
            return f"{record.item} {record.period}: {record.text!r} is not a number"
    if not record.unit and record.table not in STATEMENTS and record.value is None:
        # Words state no quantity; only what is written as a number must say of what.
        if not record.text:
            return "blank"
        if not re.search(r"\d", record.text) or _is_date(record.text):
            return "" if _WORDED.fullmatch(record.item) else "worded"
    if not record.unit and record.table == "ratios" and canonical_item("ratios", cell.label) is None:
        return "unitless"
    if not record.unit:
        return (
            f"{record.item} {record.period}: no unit; say which, for example CNY_thousand, in a column, in the heading"
            " or by --unit"
        )
    if record.unit.startswith("?_") and re.sub(r"_\d+$", "", record.item) not in PER_SHARE | COUNTS:
        return f"{record.item} {record.period}: {cell.unit!r} has no currency; write USD million or the like, or --unit"
    return ""


def _is_date(text: str) -> bool:
    return re.fullmatch(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}", text.strip()) is not None


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
