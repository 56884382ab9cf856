"""Our forecast beside the consensus, from a table as data vendors export it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from clustersim.errors import InputError
from clustersim.reading.tables import records

__all__ = ["ALIASES", "Comparison", "compare_consensus", "read_consensus"]

#: Item of ours -> spellings in exports (lower case, letters, digits and Chinese only).
ALIASES: dict[str, tuple[str, ...]] = {
    "revenue": ("revenue", "revenues", "sales", "netsales", "totalrevenue", "营业收入", "收入", "营业总收入"),
    "gross_profit": ("grossprofit", "grossincome", "毛利", "毛利润"),
    "operating_profit": ("ebit", "operatingprofit", "operatingincome", "息税前利润", "营业利润"),
    "net_profit": ("netincome", "netprofit", "profit", "netincomegaap", "净利润", "归母净利润"),
}
_PERIOD = ("period", "year", "fiscalyear", "fy", "date", "年度", "报告期", "会计年度")
_UNITS = {"": 1.0, "k": 1.0, "thousand": 1.0, "m": 1e3, "mn": 1e3, "million": 1e3, "百万": 1e3,
          "bn": 1e6, "billion": 1e6, "亿": 1e5, "亿元": 1e5, "万": 10.0, "万元": 10.0}  # fmt: skip


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


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.strip().lower())


def _heading(text: str) -> tuple[str, float]:
    """Split ``Revenue (CNY mn)`` into its name and what makes kCNY of it."""
    found = re.match(r"^(.*?)[(（\[]\s*(.*?)\s*[)）\]]\s*$", text)
    name, unit = (found[1], found[2]) if found else (text, "")
    word = re.sub(r"(?i)\b(cny|rmb)\b|人民币|元$", "", unit).strip(" ,.-_").lower()
    if word not in _UNITS:
        raise InputError(f"unit {unit!r} is not one of thousand, million, billion, 万, 百万, 亿")
    return _plain(name), _UNITS[word]


def read_consensus(text: str, where: str) -> dict[tuple[str, str], float]:
    """Return {(item, year): kCNY} of a CSV whose columns are items (by any alias) and whose rows are years.

    A unit may stand in the heading, ``Sales (CNY mn)``; without one the table is in thousand CNY. Columns that are
    no item of ours are left out.

    >>> read_consensus("FY,Sales (RMB mn)\\n2026E,2200\\n", "a.csv")
    {('revenue', '2026E'): 2200000.0}

    Raises InputError, naming the line, for no period column, no known item, or a cell that is no number.
    """
    lines, rows = [], []
    for line, cells in records(text.lstrip("\ufeff"), where):
        lines.append(line)
        rows.append(cells)
    if len(rows) < 2:
        raise InputError(f"{where}: needs a heading and at least one row")
    period = next((i for i, cell in enumerate(rows[0]) if _plain(cell) in _PERIOD), None)
    if period is None:
        raise InputError(f"{where}:1: no column of years (one of {', '.join(_PERIOD)})")
    columns: dict[int, tuple[str, float]] = {}
    problems = []
    for i, cell in enumerate(rows[0]):
        if i == period or not cell.strip():
            continue
        try:
            name, factor = _heading(cell)
        except InputError as error:
            problems.append(f"{where}:1: {error}")
            continue
        item = next((ours for ours, names in ALIASES.items() if name in names), None)
        if item is not None:
            columns[i] = (item, factor)
    if not columns and not problems:
        raise InputError(f"{where}:1: no known item; known: {', '.join(ALIASES)} and their aliases")
    out: dict[tuple[str, str], float] = {}
    for line, row in zip(lines[1:], rows[1:], strict=True):
        year = re.search(r"20\d\d", row[period] if period < len(row) else "")
        if year is None:
            problems.append(f"{where}:{line}: no year in {row[period] if period < len(row) else ''!r}")
            continue
        for i, (item, factor) in columns.items():
            cell = row[i].replace(",", "").strip() if i < len(row) else ""
            if cell in {"", "-", "n/a", "N/A", "NA"}:
                continue
            try:
                out[item, f"{year[0]}E"] = float(cell) * factor
            except ValueError:
                problems.append(f"{where}:{line}: {rows[0][i]}: {row[i]!r} is not a number")
    if problems:
        raise InputError("\n".join(problems))
    return out


def compare_consensus(
    ours: Mapping[str, tuple[float, ...]], years: tuple[str, ...], consensus: Mapping[tuple[str, str], float]
) -> tuple[Comparison, ...]:
    """Return ours beside the consensus where both have a figure."""
    return tuple(
        Comparison(item, year, ours[item][years.index(year)], value)
        for (item, year), value in consensus.items()
        if item in ours and year in years
    )
