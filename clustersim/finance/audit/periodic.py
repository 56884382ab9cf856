"""Periods: halves and quarters against the year, letters against the calendar, years and dates in order; and what a
forecast holds constant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from clustersim.finance.audit.drivers import driver_checks
from clustersim.finance.audit.figures import Finding, compare, total
from clustersim.finance.audit.records import STATEMENTS, Record, Tables

__all__ = ["period_checks"]

#: Item of the valuation -> what it may not come before.
ORDER = (("report_date", "data_date"), ("unlock_date", "data_date"), ("data_date", "listing_date"))


def period_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the checks of periods and dates, and the drivers that a forecast holds constant."""
    yield from _halves(tables)
    yield from _letters(tables)
    yield from _sequence(tables)
    yield from _dates(tables)
    yield from driver_checks(tables)


def _halves(tables: Tables) -> Iterator[Finding]:
    parts: dict[tuple[str, str, int, str], list[Record]] = {}
    for record in tables.records:
        found = re.fullmatch(r"(\d{4})([HQ])\d[AE]?", record.period)
        if (
            found
            and record.table in {"income_statement", "cash_flow", "segments"}
            and record.value is not None
        ):
            parts.setdefault((record.table, record.item, int(found[1]), found[2]), []).append(record)
    for (table, item, year, kind), found_parts in parts.items():
        whole = tables.find(table, item, year)
        if (
            whole is None
            or len(found_parts) != (2 if kind == "H" else 4)
            or item in {"opening_cash", "closing_cash"}
        ):
            continue
        if whole.unit.endswith(("_per_share", "percent", "shares")):
            continue
        yield compare(
            f"{item} {whole.period} from its {'halves' if kind == 'H' else 'quarters'}", whole.where, whole.scaled[1],
            total(p.scaled[1] for p in found_parts), worse="inconsistent",
            note=" + ".join(f"{p.text} ({p.period})" for p in found_parts),
        )  # fmt: skip


def _issued(tables: Tables) -> int | None:
    dates = [d for i in ("report_date", "data_date") if (d := _date(tables, i))]
    return max(dates).year if dates else None


def _letters(tables: Tables) -> Iterator[Finding]:
    """A year marked actual after the report, or after a forecast; a forecast of a year long past; status and letter."""
    issued = _issued(tables)
    said: set[tuple[str, str]] = set()
    for record in tables.records:
        if record.year is None or (record.table, record.period + record.label) in said:
            continue
        if record.table not in (*STATEMENTS, "ratios", "dcf"):
            continue
        why = ""
        if issued is not None and record.label == "A" and record.year >= issued:
            why = f"an actual figure of a year that ends after the report ({issued})"
        elif issued is not None and record.label == "E" and record.year < issued - 1:
            why = f"a forecast of a year that was over before the report ({issued})"
        elif (record.label == "E" and record.status == "actual") or (
            record.label == "A" and record.status == "forecast"
        ):
            why = f"the status says {record.status}"
        if why:
            said.add((record.table, record.period + record.label))
            yield Finding(
                f"letter of {record.period} in {record.table}", record.where,
                record.period + ("A" if record.label == "A" else ""), None, "misprint", why,
            )  # fmt: skip
    yield from _mixed(tables)


def _mixed(tables: Tables) -> Iterator[Finding]:
    """One year is a forecast in one statement and none in another; a forecast stands before an actual year."""
    kinds: dict[int, dict[bool, Record]] = {}
    for table in STATEMENTS:
        for record in tables.of(table):
            if record.year is not None and record.value is not None:
                kinds.setdefault(record.year, {}).setdefault(record.forecast, record)
    for year, found in kinds.items():
        if len(found) > 1:
            yield Finding(
                f"{year} is actual or forecast", found[True].where, found[True].period, found[False].period,
                "inconsistent", f"{found[False].where} prints it the other way",
            )  # fmt: skip
    pure = [(y, next(iter(f))) for y, f in sorted(kinds.items()) if len(f) == 1]
    for (y, forecast), (later, after) in pairwise(pure):
        if forecast and not after:
            where = kinds[later][False].where
            yield Finding(
                f"{later} follows a forecast",
                where,
                str(later),
                f"{y}E",
                "misprint",
                "actual after a forecast",
            )


def _sequence(tables: Tables) -> Iterator[Finding]:
    for table in (*STATEMENTS, "dcf"):
        years = tables.years(table)
        for one, two in pairwise(years):
            if two != one + 1:
                yield Finding(
                    f"{table} prints every year",
                    f"{table}.csv",
                    f"{one}, {two}",
                    None,
                    "omission",
                    f"{one + 1} is missing",
                )
    span = {t: set(tables.years(t)) for t in STATEMENTS if tables.years(t)}
    shared = set.union(*span.values()) if span else set()
    for table, held in span.items():
        lacks = sorted(y for y in shared - held if min(held) < y < max(held))
        for year in lacks:
            yield Finding(
                f"{table} {year} is printed",
                f"{table}.csv",
                None,
                None,
                "omission",
                "other statements print it",
            )


def _date(tables: Tables, item: str) -> date | None:
    for record in tables.of("valuation"):
        if record.item == item:
            try:
                return date.fromisoformat(record.text)
            except ValueError:
                return None
    return None


def _dates(tables: Tables) -> Iterator[Finding]:
    for later, earlier in ORDER:
        one, two = _date(tables, later), _date(tables, earlier)
        if one is None or two is None:
            continue
        record = next(r for r in tables.of("valuation") if r.item == later)
        yield Finding(
            f"{later} is not before {earlier}", record.where, str(one), str(two),
            "ok" if one >= two else "inconsistent", "" if one >= two else "the dates are out of order",
            cells=frozenset(r.where for r in tables.of("valuation") if r.item in {later, earlier}),
        )  # fmt: skip
    issued, years = _issued(tables), tables.years("dcf")
    if issued is not None and years:
        record = next(r for r in tables.of("dcf") if r.year == years[0])
        right = years[0] in {issued, issued + 1, issued - 1}
        yield Finding(
            "first year of the cash flow and the report", record.where, years[0], issued,
            "ok" if right else "inconsistent", "" if right else "the flows do not start where the report stands",
        )  # fmt: skip
