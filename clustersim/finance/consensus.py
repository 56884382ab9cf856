"""Our forecast beside the consensus, from a table as data vendors export it: years down, years across, or long.

Headings may be Chinese or English, the file UTF-8 or GBK, a year ``2026``, ``FY26E`` or ``2026-12-31``, an amount in
any unit and any currency whose rate is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clustersim.errors import InputError
from clustersim.finance.company import Array
from clustersim.reading.tables import records

__all__ = [
    "ALIASES", "Comparison", "compare_consensus", "plain", "read_consensus", "read_table", "year_of",
]  # fmt: skip

#: Item of ours -> spellings in exports (lower case, letters, digits and Chinese only).
ALIASES: dict[str, tuple[str, ...]] = {
    "revenue": ("revenue", "revenues", "sales", "netsales", "totalrevenue", "营业收入", "收入", "营业总收入"),
    "gross_profit": ("grossprofit", "grossincome", "毛利", "毛利润"),
    "operating_profit": ("ebit", "operatingprofit", "operatingincome", "息税前利润", "营业利润"),
    "net_profit": ("netincome", "netprofit", "profit", "netincomegaap", "净利润", "归母净利润"),
    "closing_cash": ("cash", "closingcash", "cashandcashequivalents", "货币资金", "现金"),
    "research_and_development_expenses": ("rd", "rdexpense", "researchanddevelopmentexpenses", "研发费用"),
}
_PERIOD = ("period", "year", "fiscalyear", "fy", "date", "年度", "报告期", "会计年度", "期间")
_ITEM = ("item", "metric", "measure", "line", "科目", "指标", "项目")
_VALUE = ("value", "amount", "mean", "consensus", "数值", "一致预期", "金额")
_UNIT = ("unit", "units", "scale", "currency", "单位", "币种", "货币", "货币单位")
_UNITS = {"": 1.0, "k": 1.0, "thousand": 1.0, "m": 1e3, "mn": 1e3, "million": 1e3, "millions": 1e3, "百万": 1e3,
          "bn": 1e6, "billion": 1e6, "亿": 1e5, "万": 10.0, "千": 1.0}  # fmt: skip
_CURRENCIES = {"cny": "CNY", "rmb": "CNY", "人民币": "CNY", "元": "CNY", "usd": "USD", "us$": "USD", "美元": "USD",
               "hkd": "HKD", "hk$": "HKD", "港元": "HKD", "港币": "HKD", "eur": "EUR", "€": "EUR", "欧元": "EUR",
               "jpy": "JPY", "¥": "CNY", "日元": "JPY", "gbp": "GBP", "英镑": "GBP", "twd": "TWD", "nt$": "TWD",
               "新台币": "TWD", "sgd": "SGD", "krw": "KRW", "韩元": "KRW"}  # fmt: skip
_BLANK = {"", "-", "--", "n/a", "na", "nan"}
_YEAR = re.compile(
    r"(?i)^\W*(?:fy|cy)?\s*'?(20)?(\d\d)(?!\d)\s*(?:[-/年.]?(?:12|12[-/月.]?31日?)?)?\s*([aef])?\W*$"
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One item in one year."""

    item: str
    year: str
    ours_kcny: float
    consensus_kcny: float

    @property
    def difference_pct(self) -> float | None:
        """Ours over consensus, less one, in per cent; None against a consensus of zero."""
        if not self.consensus_kcny:
            return None
        return 100 * (self.ours_kcny - self.consensus_kcny) / abs(self.consensus_kcny)


def read_table(text: str, where: str) -> list[list[str]]:
    """Return the rows of a CSV, by comma, semicolon or tab."""
    plain = text.lstrip("\ufeff")
    first = plain.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows: list[list[str]] = []
    for line, row in records(plain, where, separator=delimiter):
        rows += [[]] * (line - 1 - len(rows))  # so that a row's place in the list is its line
        rows.append(row)
    if len([row for row in rows if any(cell.strip() for cell in row)]) < 2:
        raise InputError(f"{where}: needs a heading and at least one row")
    return rows


def plain(text: str) -> str:
    """Return a heading without case, spaces and signs."""
    return re.sub(r"[\W_]+", "", text.strip().lower())


def year_of(text: str) -> str | None:
    """The forecast year that a heading means.

    >>> [year_of(t) for t in ("FY26E", "2027", "2028-12-31", "FY2029F", "Sales", "26")]
    ['2026E', '2027E', '2028E', '2029E', None, None]
    """
    found = _YEAR.match(text.strip())
    if found is None:
        return None
    if not found[1] and not re.match(r"(?i)^\W*[fc]y", text.strip()) and not found[3]:
        return None
    return f"20{found[2]}E"


def _unit(text: str, rates: Mapping[str, float]) -> float:
    """What makes kCNY of an amount in a unit such as ``USD mn`` or ``亿元``."""
    word, currency = text.strip().lower(), "CNY"
    # The longest name first: 美元 holds 元. Any currency may be named by its code where its rate is known.
    codes = _CURRENCIES | {code.lower(): code for code in rates}
    for name in sorted(codes, key=len, reverse=True):
        if name in word:
            word, currency = word.replace(name, "").replace("元", ""), codes[name]
            break
    word = word.strip(" ,.-_")
    if word not in _UNITS:
        raise InputError(
            f"unit {text!r} is not one of thousand, million, billion, 万, 百万, 亿, in CNY, USD, HKD or another"
            " currency whose rate is known"
        )
    if currency not in rates:
        raise InputError(
            f"unit {text!r}: no rate of {currency} to CNY is known (known: {', '.join(rates)}); give --rate"
            f" {currency}=CNY-PER-UNIT"
        )
    return _UNITS[word] * rates[currency]


def _heading(text: str, rates: Mapping[str, float]) -> tuple[str | None, float]:
    """Split ``Revenue (CNY mn)`` into our item and what makes kCNY of it."""
    found = re.match(r"^(.*?)[(（\[]\s*(.*?)\s*[)）\]]\s*$", text.strip())
    name, unit = (found[1], found[2]) if found else (text, "")
    item = next((ours for ours, names in ALIASES.items() if plain(name) in (*names, plain(ours))), None)
    return item, _unit(unit, rates) if item is not None or unit else 1.0


def read_consensus(
    text: str, where: str, rates: Mapping[str, float] | None = None
) -> dict[tuple[str, str], float]:
    """Return {(item, year): kCNY} of a table; ``rates`` are CNY per unit of a currency.

    A unit may stand in the heading, ``Sales (CNY mn)``, or in a column of its own; without one the table is in
    thousand CNY. Columns that are no item of ours are left out.

    >>> read_consensus("FY,Sales (RMB mn)\\n2026E,2200\\n", "a.csv")
    {('revenue', '2026E'): 2200000.0}
    >>> read_consensus("Item,FY26E,FY27E\\nRevenue (USD mn),300,900\\n", "a.csv", {"USD": 7.0})
    {('revenue', '2026E'): 2100000.0, ('revenue', '2027E'): 6300000.0}

    Raises InputError, naming the line, for no years, no known item, or a cell that is no number; all at once.
    """
    rows = read_table(text, where)
    known = {"CNY": 1.0} | dict(rates or {})
    across = [i for i, cell in enumerate(rows[0]) if year_of(cell)]
    heads = [plain(cell) for cell in rows[0]]
    if (
        any(h in _ITEM for h in heads)
        and any(h in _PERIOD for h in heads)
        and any(h in _VALUE for h in heads)
    ):
        cells = _long(rows, heads)
    elif across:
        cells = _across(rows, heads, across)
    else:
        cells = _down(rows, heads, where)
    return _amounts(cells, where, known)


Cells = list[tuple[int, str, str, str, str]]


def _unit_cell(row: Sequence[str], heads: Sequence[str]) -> str:
    """What stands in the columns of unit and currency, together."""
    return " ".join(row[i] for i, h in enumerate(heads) if h in _UNIT and i < len(row))


def _across(rows: list[list[str]], heads: list[str], across: list[int]) -> Cells:
    """Years across; the items stand under a heading that says so, or in the first column that holds one of ours."""
    known = {name for ours, names in ALIASES.items() for name in (*names, plain(ours))}

    def holds(i: int) -> bool:
        return any(i < len(row) and plain(re.split(r"[(（\[]", row[i])[0]) in known for row in rows[1:])

    named = [i for i, head in enumerate(heads) if head in _ITEM]
    item = next((i for i in (*named, *range(len(heads))) if holds(i)), 0)
    return [
        (line, row[item], year_of(rows[0][i]) or "", row[i] if i < len(row) else "", _unit_cell(row, heads))
        for line, row in enumerate(rows[1:], 2)
        if len(row) > item and any(c.strip() for c in row)
        for i in across
    ]


def _long(rows: list[list[str]], heads: list[str]) -> Cells:
    item, period, value = (
        next(i for i, h in enumerate(heads) if h in names) for names in (_ITEM, _PERIOD, _VALUE)
    )
    return [
        (line, row[item], row[period], row[value], _unit_cell(row, heads))
        for line, row in enumerate(rows[1:], 2)
        if len(row) > max(item, period, value)
    ]


def _down(rows: list[list[str]], heads: list[str], where: str) -> Cells:
    period = next((i for i, h in enumerate(heads) if h in _PERIOD), None)
    if period is None:
        raise InputError(f"{where}:1: no column of years (one of {', '.join(_PERIOD)}), and no years across")
    return [
        (line, head, row[period] if period < len(row) else "", row[i] if i < len(row) else "", "")
        for line, row in enumerate(rows[1:], 2)
        if any(c.strip() for c in row)
        for i, head in enumerate(rows[0])
        if i != period and head.strip()
    ]


def _amounts(cells: Cells, where: str, rates: Mapping[str, float]) -> dict[tuple[str, str], float]:
    out: dict[tuple[str, str], float] = {}
    seen: dict[tuple[str, str], tuple[int, float]] = {}
    problems: list[str] = []
    matched = False
    for line, head, period, cell, unit in cells:
        try:
            item, factor = _heading(head, rates)
            if item is None:
                continue
            matched = True
            factor *= _unit(unit, rates) if unit.strip() else 1.0
        except InputError as error:
            matched = True
            problems.append(f"{where}:{line}: {head}: {error}")
            continue
        year = year_of(period) or next((f"{y}E" for y in re.findall(r"20\d\d", period)), None)
        if year is None:
            problems.append(f"{where}:{line}: no year in {period!r}")
        elif cell.strip().lower() not in _BLANK:
            try:
                out[item, year] = amount = _amount(cell) * factor
                first, then = seen.setdefault((plain(head), year), (line, amount))
                if then != amount:
                    problems.append(
                        f"{where}:{line}: {head} of {year} stands in line {first} as well, with another amount; keep"
                        " one row an item (the mean where brokers stand apart)"
                    )
            except ValueError:
                problems.append(f"{where}:{line}: {head}: {cell!r} is not a number")
    if problems:
        raise InputError("\n".join(dict.fromkeys(problems)))
    if not matched:
        raise InputError(f"{where}:1: no known item; known: {', '.join(ALIASES)} and their aliases")
    return out


def _amount(cell: str) -> float:
    """A number as exports write it: thousands separators, and brackets for a loss."""
    text = cell.replace(",", "").strip()
    return -float(text[1:-1]) if re.fullmatch(r"[(（].*[)）]", text) else float(text)


def compare_consensus(
    ours: Mapping[str, Array], years: tuple[str, ...], consensus: Mapping[tuple[str, str], float]
) -> tuple[Comparison, ...]:
    """Return ours beside the consensus where both have a figure."""
    return tuple(
        Comparison(item, year, float(ours[item][years.index(year)]), value)
        for (item, year), value in consensus.items()
        if item in ours and year in years
    )
