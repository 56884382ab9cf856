"""Printed tables as they are read: one record a figure, with its file, line, unit and digits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from clustersim.errors import InputError
from clustersim.finance.audit.figures import Interval, half_digit, number
from clustersim.reading.guarded import Text
from clustersim.reading.tables import parse_table

__all__ = ["FILES", "Record", "Tables", "read_tables"]

#: file -> columns that it must have
FILES: dict[str, tuple[str, ...]] = {
    "income_statement": ("item", "period", "value", "unit"),
    "balance_sheet": ("item", "period", "value", "unit"),
    "cash_flow": ("item", "period", "value", "unit"),
    "ratios": ("item", "period", "value", "unit"),
    "dcf": ("item", "period", "value", "unit"),
    "wacc": ("item", "period", "value", "unit"),
    "valuation": ("item", "period", "value", "unit"),
    "claims": ("item", "period", "value", "unit"),
    "market": ("item", "period", "value", "unit"),
    "comps": ("company", "item", "period", "value", "unit"),
    "tickers": ("company_zh", "ticker_printed"),
}
STATEMENTS = ("income_statement", "balance_sheet", "cash_flow")

#: What one printed unit is, in kCNY for money of the company's currency, in HKD million, or as a plain number.
SCALES: dict[str, tuple[str, float]] = {
    "CNY": ("kCNY", 1e-3),
    "CNY_thousand": ("kCNY", 1.0),
    "CNY_10thousand": ("kCNY", 10.0),
    "CNY_million": ("kCNY", 1e3),
    "CNY_100million": ("kCNY", 1e5),
    "CNY_billion": ("kCNY", 1e6),
    "HKD_million": ("HKDm", 1.0),
    "HKD_100million": ("HKDm", 100.0),
    "HKD_billion": ("HKDm", 1e3),
    "USD_100million": ("USDm", 100.0),
    "USD_million": ("USDm", 1.0),
    "USD_billion": ("USDm", 1e3),
}


@dataclass(frozen=True, slots=True)
class Record:
    """One printed figure."""

    table: str
    line: int
    item: str
    period: str
    text: str
    unit: str
    status: str = ""
    figure: str = ""
    company: str = ""
    company_zh: str = ""
    ticker: str = ""

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.table}.csv:{self.line}"

    @property
    def value(self) -> float | None:
        """The number; None for text."""
        return number(self.text)

    @property
    def interval(self) -> Interval:
        """All values that round to it, in the printed unit."""
        value = self.value
        assert value is not None
        half = half_digit(self.text)
        return Interval(value - half, value + half)

    @property
    def scaled(self) -> tuple[str, Interval]:
        """The kind of quantity and its interval in that kind's base unit."""
        kind, factor = SCALES.get(self.unit, (self.unit, 1.0))
        return kind, self.interval.scaled(factor)

    @property
    def year(self) -> int | None:
        """The year of a period such as ``2026E`` or ``2025``."""
        found = re.fullmatch(r"(\d{4})[AE]?", self.period)
        return int(found[1]) if found else None

    @property
    def forecast(self) -> bool:
        """Whether the figure is a forecast."""
        return self.period.endswith("E") or self.status == "forecast"


@dataclass(frozen=True)
class Tables:
    """All tables of a report."""

    records: tuple[Record, ...]
    tickers: tuple[tuple[int, str, str], ...] = ()
    """(line, company, ticker as printed)."""
    absent: tuple[str, ...] = ()

    @cached_property
    def by_key(self) -> Mapping[tuple[str, str, int], list[Record]]:
        """(table, item, year) -> its records."""
        out: dict[tuple[str, str, int], list[Record]] = {}
        for record in self.records:
            if record.year is not None and record.value is not None:
                out.setdefault((record.table, record.item, record.year), []).append(record)
        return out

    def find(self, table: str, item: str, year: int) -> Record | None:
        """Return the figure of an item in a year."""
        found = self.by_key.get((table, item, year))
        return found[0] if found else None

    def one(self, table: str, item: str, unit: str | None = None) -> Record | None:
        """Return the only figure of an item that has no year (a WACC, a target price)."""
        for record in self.of(table):
            if record.item == item and record.value is not None and unit in {None, record.unit}:
                return record
        return None

    def of(self, table: str) -> Iterator[Record]:
        """Yield the records of a table in order."""
        return (r for r in self.records if r.table == table)

    def items(self, table: str) -> list[str]:
        """Return the items of a table in the order in which they are printed."""
        return list(dict.fromkeys(r.item for r in self.of(table)))

    def years(self, table: str) -> list[int]:
        """Return the years of a table."""
        return sorted({r.year for r in self.of(table) if r.year is not None})


def read_tables(texts: Mapping[str, str]) -> Tables:
    """Read tables from the text of their files by name (without ``.csv``).

    Raises InputError, all problems at once with file and line, for a table without its columns, rows without a unit or
    a period, money that is no number, or a figure that stands twice in a statement with the same period.
    """
    problems: list[str] = []
    records: list[Record] = []
    tickers: list[tuple[int, str, str]] = []
    for table, columns in FILES.items():
        if table not in texts:
            continue
        try:
            found = parse_table(Text(f"{table}.csv", texts[table].lstrip("\ufeff"), ""), short=True)
        except InputError as error:
            problems.append(str(error))
            continue
        missing = [c for c in columns if c not in found.columns]
        if missing:
            problems.append(f"{table}.csv:1: no column {', '.join(missing)}")
            continue
        for line, row in found.numbered():
            if table == "tickers":
                tickers.append((line, row["company_zh"].strip(), row["ticker_printed"]))
                continue
            record = _record(table, line, row)
            problem = _problem(record)
            if problem:
                problems.append(f"{record.where}: {problem}")
            records.append(record)
    problems += _twice(records)
    if problems:
        raise InputError("\n".join(problems))
    if not records:
        raise InputError(f"no table to audit; known: {', '.join(f'{name}.csv' for name in FILES)}")
    absent = tuple(name for name in FILES if name not in texts)
    return Tables(tuple(records), tuple(tickers), absent)


def _record(table: str, line: int, row: Mapping[str, str | None]) -> Record:
    def cell(name: str) -> str:
        return (row.get(name) or "").strip()

    return Record(
        table, line, cell("item"), cell("period"), cell("value"), cell("unit"), cell("status"),
        cell("source_figure"), cell("company"), cell("company_zh"), cell("ticker"),
    )  # fmt: skip


def _problem(record: Record) -> str:
    if not record.item:
        return "no item"
    if record.table in STATEMENTS:
        if record.year is None:
            return f"{record.item}: period {record.period!r} is no year (2025 or 2026E)"
        if record.value is None:
            return f"{record.item} {record.period}: {record.text!r} is not a number"
    if not record.unit:
        return f"{record.item} {record.period}: no unit; say which, for example CNY_thousand"
    return ""


def _twice(records: list[Record]) -> list[str]:
    seen: dict[tuple[str, str, str], Record] = {}
    out = []
    for record in records:
        if record.table not in STATEMENTS:
            continue
        key = (record.table, record.item, record.period)
        if key in seen:
            out.append(
                f"{record.where}: {record.item} {record.period} stands in line {seen[key].line} already"
            )
        seen[key] = record
    return out
