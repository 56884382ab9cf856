"""Printed figures by table, item and period: what the checks ask for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from clustersim.finance.audit.figures import Interval, half_digit, number
from clustersim.finance.audit.money import currency_of, scale_of

__all__ = ["SCHEDULE", "STATEMENTS", "Record", "Tables"]

#: What the name of a table begins with that is none of the known ones: its own follows.
SCHEDULE = "schedule "
STATEMENTS = ("income_statement", "balance_sheet", "cash_flow")


@dataclass(frozen=True, slots=True)
class Record:
    """One printed figure; ``sign`` is -1 where its table prints outflows without a minus."""

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
    file: str = ""
    column: str = ""
    label: str = ""
    """The letter beside the period (A, E), or none."""
    printed: str = ""
    """The label as printed."""
    understood: bool = True
    sign: int = 1

    @property
    def where(self) -> str:
        """File, line, and the column of a table with years across."""
        place = f"{self.file or self.table + '.csv'}:{self.line}"
        return f"{place} {self.column}" if self.column else place

    @property
    def value(self) -> float | None:
        """The number with its sign by convention; None for text."""
        found = number(self.text)
        return None if found is None else self.sign * found

    @property
    def interval(self) -> Interval:
        """All values that round to it, in the printed unit."""
        value = self.value
        assert value is not None
        half = half_digit(self.text)
        return Interval(value - half, value + half, frozenset((self.where,)))

    @property
    def scaled(self) -> tuple[str, Interval]:
        """The kind of quantity and its interval in that kind's base unit."""
        kind, factor = scale_of(self.unit)
        return kind, self.interval.scaled(factor)

    @property
    def year(self) -> int | None:
        """The year of a period such as ``2026E`` or ``2025``; None for a part of a year."""
        return _year_of(self.period)

    @property
    def forecast(self) -> bool:
        """Whether the figure is a forecast."""
        return self.period.endswith("E") or self.status == "forecast"


@lru_cache(maxsize=20_000)
def _year_of(period: str) -> int | None:
    found = re.fullmatch(r"(\d{4})[AE]?", period)
    return int(found[1]) if found else None


@dataclass(frozen=True)
class Tables:
    """All tables of a report, and what of them was not read."""

    records: tuple[Record, ...]
    tickers: tuple[tuple[int, str, str], ...] = ()
    """(line, company, ticker as printed)."""
    absent: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    """Files, sheets and columns that were not read, each with the reason."""
    conventions: tuple[str, ...] = ()
    """What was decided while reading: signs, the unit of a table."""
    prose: tuple[tuple[str, str], ...] = ()
    """Name and text of what stands beside the tables."""
    rates: Mapping[str, float] = field(default_factory=dict)
    """Currency -> how much of the reporting currency one unit is, as given."""

    @cached_property
    def by_key(self) -> Mapping[tuple[str, str, int], list[Record]]:
        """(table, item, year) -> its records."""
        out: dict[tuple[str, str, int], list[Record]] = {}
        for record in self.records:
            if record.year is not None and record.value is not None:
                out.setdefault((record.table, record.item, record.year), []).append(record)
        return out

    @cached_property
    def _by_table(self) -> Mapping[str, list[Record]]:
        out: dict[str, list[Record]] = {}
        for record in self.records:
            out.setdefault(record.table, []).append(record)
        return out

    @cached_property
    def _years(self) -> Mapping[str, list[int]]:
        return {
            table: sorted({r.year for r in rows if r.year is not None})
            for table, rows in self._by_table.items()
        }

    @cached_property
    def schedules(self) -> tuple[str, ...]:
        """Further tables of years that are none of the known ones, in printed order."""
        return tuple(t for t in self._by_table if t.startswith(SCHEDULE))

    @cached_property
    def currency(self) -> str:
        """The currency in which the statements are printed (CNY where nothing says)."""
        codes = Counter(
            c for r in self.records if r.table in (*STATEMENTS, "dcf") and (c := currency_of(r.unit))
        )
        return codes.most_common(1)[0][0] if codes else "CNY"

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
        return iter(self._by_table.get(table, ()))

    def items(self, table: str) -> list[str]:
        """Return the items of a table in the order in which they are printed."""
        return list(dict.fromkeys(r.item for r in self.of(table)))

    def years(self, table: str) -> list[int]:
        """Return the years of a table."""
        return list(self._years.get(table, ()))
