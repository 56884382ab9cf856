"""Tables of a list of prices: which line names the columns, what each column means, and amounts with their currency."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clustersim.errors import InputError, listed
from clustersim.reading.guarded import Text
from clustersim.reading.sheets import read_sheets
from clustersim.reading.tables import Table, parse_table, records
from clustersim.schema.imports.source import Source, lowered

__all__ = ["Columns", "amount_of", "currency_of", "has_prices", "is_sum", "price_tables"]

_NAMES: Mapping[str, tuple[str, ...]] = {
    "part": ("part", "part_id", "item", "sku", "product", "component", "部件", "名称", "品名", "型号", "产品", "name"),
    "price": ("price", "unit price", "unit_price", "list price", "quote", "单价", "价格", "报价", "价", "cost"),
    "currency": ("currency", "币种", "ccy"),
    "lead": ("lead time", "lead_time", "lead_time_weeks", "交期", "lead time (weeks)", "交货周期"),
    "low": ("low", "min"), "high": ("high", "max"),
    "supplier": ("supplier", "vendor", "供应商", "source", "来源"),
}  # fmt: skip
#: Currencies by their signs, each before those that are part of it: HK$ holds $, and 美元 holds 元.
_SIGNS = (
    ("HKD", r"hk\$|hkd|港元|港币|港幣"),
    ("EUR", r"€|\beur\b|欧元"), ("JPY", r"\bjpy\b|jp¥|日元|日圆|円"), ("GBP", r"£|\bgbp\b|英镑"),
    ("TWD", r"nt\$|\btwd\b|台币|台幣"), ("SGD", r"\bs\$|\bsgd\b|新加坡元|新元"), ("KRW", r"₩|\bkrw\b|韩元|韩圆"),
    ("AUD", r"\ba\$|\baud\b|澳元"), ("CAD", r"\bc\$|\bcad\b|加元"), ("CHF", r"\bchf\b|法郎"),
    ("USD", r"us\$|usd|\$|美元|美金|美圆"),
    ("CNY", r"cny|rmb|cnh|¥|人民币|元"),
)  # fmt: skip
#: What a column counts in, the longer before those that are part of it: 百万 holds 万.
_SCALES = (
    (1e8, r"亿"), (1e6, r"百万|million|\bm(?:cny|usd|rmb|hkd)\b|\bmn\b"), (1e5, r"十万"), (1e4, r"万"),
    (1e3, r"千元|千美元|\bk(?:cny|usd|rmb|hkd)\b|\bk\b|thousand|\b000s\b|'000"),
)  # fmt: skip
_WITHOUT = r"[不未]含税|未税|(?:excl\w*\.?|ex|before|without|net of|w/o)\s*(?:of\s*)?(?:vat|tax)|(?:vat|tax)\s*excl\w*"
_WITH = r"含税|含增值税|incl\w*\.?\s*(?:of\s*)?(?:vat|tax)|with\s*(?:vat|tax)|(?:vat|tax)\s*incl\w*"
_NUMBER = re.compile(r"\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_SUMS = ("合计", "总计", "小计", "total", "subtotal", "sum", "grand total")
#: Lines in which the columns' names may stand below a title.
_PREAMBLE = 20


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a list by what they mean, and what the price's own name says of it."""

    of: Mapping[str, str]
    currency: str
    scale: float
    with_vat: bool


def folded(cell: str) -> str:
    """Return a cell as it is compared: full-width letters, figures and marks as their usual ones, lower case.

    >>> folded("（ＵＳＤ）１，２００．５")
    '(usd)1,200.5'
    """
    return unicodedata.normalize("NFKC", lowered(cell))


def _plain(cell: str) -> str:
    """A column's name without what stands in brackets behind it, its tax and its currency."""
    bare = re.sub(r"\s*[(\[].*", "", folded(cell))
    return re.sub(rf"{_WITHOUT}|{_WITH}|,", "", bare).strip(" -_/")


def _found(columns: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for what, names in _NAMES.items():
        hit = next((c for name in names for c in columns if name in (folded(c), _plain(c))), None)
        hit = hit or next(
            (c for c in columns if what == "price" and re.match(r"(unit_)?price_(cny|usd|rmb)$", _plain(c))),
            None,
        )
        if hit is not None and hit not in found.values():
            found[what] = hit
    return found


def _names_columns(cells: tuple[str, ...]) -> bool:
    return {"part", "price"} <= set(_found(cells))


def has_prices(source: Source) -> bool:
    """Tell whether a file is a list of prices: a column of parts and one of prices; any workbook may be one."""
    return source.archive or bool(_begins(source.text, source.name))


def _begins(text: str, name: str) -> int:
    """The line that names the columns, perhaps below a title; 0 where none of the first does."""
    head = "\n".join(text.split("\n", _PREAMBLE)[:_PREAMBLE])
    try:
        lines = ((line, tuple(cells)) for line, cells in records(head, name))
        return next((line for line, cells in lines if _names_columns(cells)), 0)
    except InputError:
        return 0


def price_tables(source: Source, said: list[str]) -> Iterator[tuple[str, Table, Columns]]:
    """Yield where a table stands, the table and its columns: of a text one, of a workbook one a sheet that has prices.

    Raises InputError where nothing has a column of parts and one of prices.
    """
    if not source.archive:
        yield source.name, *_table(source.name, source.text, source.encoding, said)
        return
    sheets = {name: text for name, text in read_sheets(source.path).items() if text.strip()}
    if not sheets:
        raise InputError(f"{source.name}: holds no sheet with a cell")
    priced = {name: text for name, text in sheets.items() if _begins(text, source.name)}
    # Where no sheet has prices the first says what it lacks.
    for name, text in (priced or dict(list(sheets.items())[:1])).items():
        where = source.name if len(priced) < 2 else f"{source.name}: {name}"
        yield where, *_table(where, text, "", said)
    if others := [name for name in sheets if name not in priced]:
        said.append(f"sheets without prices, left out: {listed(others)}")


def _table(where: str, text: str, encoding: str, said: list[str]) -> tuple[Table, Columns]:
    """The table below its title, each line at its own number."""
    at = _begins(text, where)
    if at > 1:
        lines = text.split("\n")
        title = next((cell for line in lines[: at - 1] for cell in line.split(",") if cell.strip()), "")
        text = "\n" * (at - 1) + "\n".join(lines[at - 1 :])
        if title:
            said.append(f"lines before the columns' names are passed over: {title.strip()}")
    table = parse_table(Text(where, text, encoding)) if encoding else _sheet(where, text)
    return table, _columns(table)


def _sheet(where: str, text: str) -> Table:
    """A sheet's table: rows end where their last cell is, and columns that nobody named are no part of it."""
    (first, header), *rest = records(text, where)
    columns = [cell.strip() for cell in header]
    named = {name: i for i, name in enumerate(columns) if name}
    twice = next((name for name in named if columns.count(name) > 1), None)
    if twice:
        raise InputError(f"{where}:{first}: column {twice!r} stands twice")
    rows = tuple({name: row[i] if i < len(row) else "" for name, i in named.items()} for _, row in rest)
    return Table(where, tuple(named), rows, tuple(line for line, _ in rest))


def _columns(table: Table) -> Columns:
    found = _found(table.columns)
    missing = [what for what in ("part", "price") if what not in found]
    if missing:
        known = "; ".join(f"{what} ({', '.join(_NAMES[what][:5])}, …)" for what in missing)
        raise InputError(f"{table.name}:1: is no list of prices: it lacks the column(s) of {known};"
                         f" it has: {listed(table.columns)}")  # fmt: skip
    name = folded(found["price"])
    scale = next((scale for scale, sign in _SCALES if re.search(sign, name)), 1.0)
    with_vat = bool(re.search(_WITH, name)) and not re.search(_WITHOUT, name)
    return Columns(found, currency_of(name), scale, with_vat)


def currency_of(text: str) -> str:
    """Return the currency that a text names, empty where it names none.

    >>> currency_of("HK$ 5"), currency_of("单价（欧元）"), currency_of("￥8"), currency_of("$ 5"), currency_of("5")
    ('HKD', 'EUR', 'CNY', 'USD', '')
    """
    low = folded(text)
    return next((currency for currency, sign in _SIGNS if re.search(sign, low)), "")


def is_sum(name: str) -> bool:
    """Tell whether a line is the sum of others, and no part."""
    return folded(name).rstrip(":").strip() in _SUMS


def amount_of(text: str) -> float | str:
    """Return the number of a cell, or what is wrong with it; a decimal comma cannot be told from one between thousands.

    >>> amount_of("¥ 1,200.50"), amount_of("３２０，０００"), amount_of("12,50")
    (1200.5, 320000.0, "'12,50' may be written with a decimal comma; write it with a point")
    """
    bare = re.sub(r"us\$|hk\$|usd|hkd|cny|rmb|[$¥]|美元|港元|人民币|元", "", folded(text)).strip()
    if not bare:
        return "is empty"
    if not _NUMBER.fullmatch(bare):
        if re.fullmatch(r"\d{1,3}(?:\.\d{3})*,\d{1,2}|\d+,\d+", bare):
            return f"{text.strip()!r} may be written with a decimal comma; write it with a point"
        return f"{text.strip()!r} is no amount"
    value = float(bare.replace(",", "").replace(" ", ""))
    return value if value > 0 else f"{text.strip()!r} is no price"
