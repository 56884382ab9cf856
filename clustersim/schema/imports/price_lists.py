"""Lists of prices (CSV or XLSX, in CNY or USD) as a price book that lies over another.

Prices of a book are without VAT: a column that says it includes it is divided by 1.13 (the rate of goods in China).
Dollars become CNY at the rate of the book beneath, which the line says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from clustersim.errors import InputError, Problem, listed, suggest
from clustersim.reading.tables import Table
from clustersim.reading.xlsx import read_sheet
from clustersim.schema.base import validate
from clustersim.schema.imports.source import Imported, ImportOptions, Source, lowered, refuse
from clustersim.schema.prices import MONTH, PriceBook
from clustersim.schema.profiles import read_document
from clustersim.schema.yamlfile import Document

__all__ = ["is_prices", "read_prices"]

#: The book beneath where the user names none.
BASE = "cn-2026"
VAT = 1.13
_NAMES: Mapping[str, tuple[str, ...]] = {
    "part": ("part", "part_id", "item", "sku", "product", "component", "部件", "名称", "品名", "型号", "产品", "name"),
    "price": ("price", "unit price", "unit_price", "list price", "quote", "单价", "价格", "报价", "cost"),
    "currency": ("currency", "币种", "ccy"),
    "lead": ("lead time", "lead_time", "lead_time_weeks", "交期", "lead time (weeks)", "交货周期"),
    "low": ("low", "min"), "high": ("high", "max"),
    "supplier": ("supplier", "vendor", "供应商", "source", "来源"),
}  # fmt: skip
_SIGNS = (("USD", ("us$", "usd", "$", "美元")), ("HKD", ("hk$", "hkd", "港元", "港币")),
          ("CNY", ("cny", "rmb", "¥", "￥", "人民币", "元")))  # fmt: skip
_NUMBER = re.compile(r"\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of a list by what they mean, and what the price's own name says of it."""

    of: Mapping[str, str]
    currency: str
    scale: float
    with_vat: bool


def _plain(cell: str) -> str:
    """A column's name without what stands in brackets behind it."""
    return re.sub(r"\s*[(（\[].*", "", lowered(cell)).strip()


def _found(columns: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for what, names in _NAMES.items():
        hit = next((c for name in names for c in columns if name in (lowered(c), _plain(c))), None)
        hit = hit or next(
            (c for c in columns if what == "price" and re.match(r"(unit_)?price_(cny|usd|rmb)$", _plain(c))),
            None,
        )
        if hit is not None and hit not in found.values():
            found[what] = hit
    return found


def is_prices(source: Source) -> bool:
    """Tell whether a file is a list of prices: a column of parts and one of prices; any workbook may be one."""
    if source.archive:
        return True
    found = _found(source.header)
    return "part" in found and "price" in found


def _columns(table: Table) -> _Columns:
    found = _found(table.columns)
    missing = [what for what in ("part", "price") if what not in found]
    if missing:
        known = "; ".join(f"{what} ({', '.join(_NAMES[what][:5])}, …)" for what in missing)
        raise InputError(f"{table.name}:1: is no list of prices: it lacks the column(s) of {known};"
                         f" it has: {listed(table.columns)}")  # fmt: skip
    name = lowered(found["price"])
    scale = 1e4 if "万" in name else 1e3 if re.search(r"千元|k(cny|usd|rmb)|\bk\b", name) else 1.0
    with_vat = bool(re.search(r"含税|incl\w*\.? (vat|tax)|with vat", name)) and not re.search(
        "不含税|未含税", name
    )
    return _Columns(found, _currency(name), scale, with_vat)


def _currency(text: str) -> str:
    low = text.lower()
    return next((currency for currency, signs in _SIGNS if any(sign in low for sign in signs)), "")


def _amount(text: str) -> float | str:
    """The number of a cell, or what is wrong with it; a decimal comma cannot be told from one that parts thousands.

    >>> _amount("¥ 1,200.50"), _amount("12,50")
    (1200.5, "'12,50' may be written with a decimal comma; write it with a point")
    """
    bare = re.sub(r"(?i)us\$|hk\$|usd|hkd|cny|rmb|[$¥￥]|元|美元", "", text).strip().replace("\u00a0", " ")
    if not bare:
        return "is empty"
    if not _NUMBER.fullmatch(bare):
        if re.fullmatch(r"\d{1,3}(?:\.\d{3})*,\d{1,2}|\d+,\d+", bare):
            return f"{text.strip()!r} may be written with a decimal comma; write it with a point"
        return f"{text.strip()!r} is no amount"
    value = float(bare.replace(",", "").replace(" ", ""))
    return value if value > 0 else f"{text.strip()!r} is no price"


def read_prices(source: Source, options: ImportOptions) -> Imported:
    """Return the list as a price book over ``--given base=`` (default the shipped one), checked as a file's would be.

    Raises InputError naming missing columns and every line that is no price.
    """
    table = read_sheet(source.path) if source.archive else source.table()
    columns = _columns(table)
    base = options.given.get("base", BASE)
    lower = validate(PriceBook, read_document("hwprofiles/prices", base), require_source=True)
    month = options.given.get("date", source.changed[:7])
    if not re.fullmatch(MONTH, month):
        raise InputError(f"--given date={month}: write a month, as 2026-06")
    problems: list[Problem] = []
    said = [f"a list of prices, laid over {base}"]
    parts: dict[str, dict[str, Any]] = {}
    for line, row in table.numbered():
        _line(source, line, row, columns, lower, options, parts, problems)
    if not parts and not problems:
        problems.append(Problem(source.name, None, "", "holds no line of a part"))
    refuse(source, "a list of prices", problems)
    fresh = [name for name in parts if name not in lower.parts]
    taken = len(parts) - len(fresh)
    said.append(f"{taken} parts of {base} have a price of this list; {len(lower.parts) - taken} keep theirs")
    said += [f"{name}: is no part of {base}: it counts where a profile names it; {suggest(name, list(lower.parts))}"
             for name in fresh[:10]]  # fmt: skip
    if columns.with_vat:
        said.append(f"prices with VAT are divided by {VAT:g}")
    name = options.name or source.stem
    notes = [f"from {source.path.name}, sha256 {source.sha256}"]
    data = {"kind": "prices", "name": name, "date": month, "base": base, "notes": notes, "parts": parts}
    book = validate(PriceBook, Document(source.name, data, {}), require_source=True)
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=118)
    rows = tuple({"part": key, **part} for key, part in parts.items())
    return Imported("prices", name, "hwprofiles/prices", text, book, rows, tuple(said))


def _line(
    source: Source, line: int, row: Mapping[str, str], columns: _Columns, lower: PriceBook, options: ImportOptions,
    parts: dict[str, dict[str, Any]], problems: list[Problem],
) -> None:  # fmt: skip
    def cell(what: str) -> str:
        return row[columns.of[what]].strip() if what in columns.of else ""

    def problem(key: str, what: str, hint: str = "") -> None:
        problems.append(Problem(source.name, line, key, what, hint))

    name, text = cell("part"), cell("price")
    if not name and not text:
        return None
    if not name:
        return problem(columns.of["part"], "no part is named")
    value = _amount(text)
    if isinstance(value, str):
        return problem(columns.of["price"], value)
    currency = (cell("currency") and _currency(cell("currency"))) or _currency(text) or columns.currency
    currency = currency or options.given.get("currency", "")
    if cell("currency") and not _currency(cell("currency")):
        return problem(columns.of["currency"], f"{cell('currency')!r} is none of CNY, USD, HKD")
    if not currency:
        return problem(columns.of["price"], "is of no stated currency", "give --given currency=CNY (or USD)")
    if currency != "CNY" and currency not in lower.currencies:
        return problem(columns.of["price"], f"is in {currency}, and {lower.name} has no rate for it")
    rate = 1.0 if currency == "CNY" else float(lower.currencies[currency].rate.value)
    factor = columns.scale * rate / (VAT if columns.with_vat else 1.0)
    said = f"{source.path.name} line {line}" + (f", {cell('supplier')}" if cell("supplier") else "")
    if currency != "CNY":
        said += f": {value * columns.scale:g} {currency} at {rate:g} CNY/{currency} ({lower.name})"
    part: dict[str, Any] = {"value": f"{value * factor:.10g} CNY"}
    for end in ("low", "high"):
        bound = _amount(cell(end)) if cell(end) else ""
        if isinstance(bound, float):
            part[end] = f"{bound * factor:.10g} CNY"
        elif bound:
            problem(columns.of[end], bound)
    part |= {"source": said, "tier": "derived" if currency != "CNY" or columns.with_vat else "published"}
    weeks = (
        re.match(r"(\d+(?:\.\d+)?)\s*(weeks?|周|w)?$", cell("lead"), re.IGNORECASE) if cell("lead") else None
    )
    if cell("lead") and weeks is None:
        problem(columns.of["lead"], f"{cell('lead')!r} is no number of weeks")
    if weeks:
        part["lead_time"] = f"{weeks[1]} week"
    key = _key(name, lower)
    if key in parts and parts[key]["value"] != part["value"]:
        return problem(columns.of["part"], f"{key} stands twice, with unlike prices")
    parts[key] = part
    return None


def _key(name: str, lower: PriceBook) -> str:
    """The book's part that a name is, or the name as one."""
    plain = re.sub(r"[\s_/]+", "-", name.strip().lower()).strip("-.")
    return next((part for part in lower.parts if part in (name.strip(), plain)), plain)
