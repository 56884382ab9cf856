"""Periods: halves and quarters against the year, letters against the calendar, years and dates in order; and what a
forecast holds constant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from clustersim.finance.audit.figures import Finding, Interval, compare, total
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
    yield from _drivers(tables)
    yield from _days(tables)


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


def _drivers(tables: Tables) -> Iterator[Finding]:
    """Lines that a forecast holds constant, or at one share of revenue: assumptions, said and not judged."""
    for table in STATEMENTS:
        years = [y for y in tables.years(table) if any(r.forecast for r in tables.of(table) if r.year == y)]
        if len(years) < 3:
            continue
        for item in tables.items(table):
            rows = [r for y in years if (r := tables.find(table, item, y))]
            revenue = [r for y in years if (r := tables.find("income_statement", "revenue", y))]
            if len(rows) != len(years) or not all(r.value for r in rows) or item == "revenue":
                continue
            words = _driver(rows, revenue if len(revenue) == len(rows) else [])
            if words:
                yield Finding(
                    f"{item} {rows[0].period} to {rows[-1].period} follows a driver", rows[0].where, None, None, "info",
                    words, cells=frozenset(r.where for r in rows),
                )  # fmt: skip


#: Balance -> the flow that it turns over with.
TURNOVER = {"trade_and_notes_receivables": "revenue", "inventories": "cost_of_sales",
            "trade_and_other_payables": "cost_of_sales"}  # fmt: skip


def _days(tables: Tables) -> Iterator[Finding]:
    """Balances that follow whole days of their flow, closing or average: an assumption, said and not judged."""
    for item, base in TURNOVER.items():
        rows = [r for r in tables.of("balance_sheet") if r.item == item and r.forecast and r.year and r.value]
        for average in (True, False):
            days = [d for r in rows if (d := _turnover(tables, r, base, average))]
            if len(days) < 2 or len(days) != len(rows):
                continue
            whole = [round(d.middle / 5) * 5.0 for d in days]
            if all(w and d.low - 0.02 <= w <= d.high + 0.02 for w, d in zip(whole, days, strict=True)):
                says = ", ".join(f"{w:g}" for w in whole)
                kind = "average" if average else "closing"
                yield Finding(
                    f"{item} {rows[0].period} to {rows[-1].period} follows a driver", rows[0].where, None, None, "info",
                    f"its {kind} balance is {says} days of {base}", cells=frozenset(r.where for r in rows),
                )  # fmt: skip
                break


def _turnover(tables: Tables, record: Record, base: str, average: bool) -> Interval | None:
    assert record.year is not None
    flow = tables.find("income_statement", base, record.year)
    then = tables.find("balance_sheet", record.item, record.year - 1)
    if flow is None or not flow.value or (average and then is None):
        return None
    level = (
        (record.scaled[1] + then.scaled[1]).scaled(0.5) if average and then is not None else record.scaled[1]
    )
    return level.scaled(365.0 if flow.value > 0 else -365.0) / flow.scaled[1]


def _driver(rows: list[Record], revenue: list[Record]) -> str:
    if len({r.value for r in rows}) == 1:
        return f"held at {rows[0].text}"
    if not revenue or any(abs(r.value or 0.0) < 1000 for r in rows):
        return ""
    shares = [r.scaled[1] / s.scaled[1] for r, s in zip(rows, revenue, strict=True)]
    if max(s.low for s in shares) <= min(s.high for s in shares):
        return f"held at {100 * shares[0].middle:.3g} % of revenue"
    rounded = [round(2000 * s.middle) / 2000 for s in shares]
    if all(r and s.low - 1e-9 <= r <= s.high + 1e-9 for r, s in zip(rounded, shares, strict=True)):
        return "is " + ", ".join(f"{100 * r:.4g}" for r in rounded) + " % of revenue"
    return ""
