"""One printed cell as a record: its unit by what stands beside it and by its line, and what it lacks."""

from __future__ import annotations

import re

from clustersim.finance.audit.counts import COUNTS, OPEN_COUNT
from clustersim.finance.audit.figures import number
from clustersim.finance.audit.labels import AMBIGUOUS, canonical_item, plain
from clustersim.finance.audit.layout import Cell
from clustersim.finance.audit.money import canonical_unit, currency_of, given
from clustersim.finance.audit.periods import read_period
from clustersim.finance.audit.records import SCHEDULE, STATEMENTS, Record
from clustersim.finance.audit.settling import PER_SHARE

__all__ = ["problem_of", "record_of"]

PERCENT = re.compile(
    r"(_margin|_growth(_yoy)?|^roe|^roa|dividend_yield|effective_tax_rate|debt_to_assets|(?<!per)_share|_pct)$"
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


def record_of(table: str, file: str, cell: Cell, item: str, default: str) -> Record:
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
    if re.search(r"_days$|(?:^|_)days_|[天日]数$", item) and "%" not in text:
        return "days"
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


def problem_of(record: Record, cell: Cell) -> str:
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
