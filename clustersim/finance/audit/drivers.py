"""What a forecast holds constant or at round numbers: assumptions that the tables show, said and not judged."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from clustersim.finance.audit.figures import Finding, Interval
from clustersim.finance.audit.records import STATEMENTS, Record, Tables

__all__ = ["driver_checks"]

#: Steps in which a driver may be round, the coarsest first, and the chance below which that is no coincidence.
STEPS, CHANCE = (0.01, 0.005, 0.001, 0.0005, 0.0001), 1e-5
#: Years that show a driver.
LEAST = 3


def driver_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the lines that a forecast holds at one value, at zero after other values, or equal to another line; those
    that are round shares of revenue or costs, grow at round rates or whose share moves by round points; and days."""
    for table in (*STATEMENTS, "dcf"):
        years = [y for y in tables.years(table) if any(r.forecast for r in tables.of(table) if r.year == y)]
        for item in tables.items(table):
            rows = [r for y in years if (r := tables.find(table, item, y)) and r.value is not None]
            if len(rows) < LEAST or item == "revenue" or (table != "dcf" and len(rows) != len(years)):
                continue
            words = _held(tables, table, item, rows) or _round(tables, rows)
            if words:
                yield _told(item, rows, words)
    yield from _margins(tables)
    yield from _days(tables)


def _told(item: str, rows: Sequence[Record], words: str) -> Finding:
    return Finding(
        f"{item} {rows[0].period} to {rows[-1].period} follows a driver", rows[0].where, None, None, "info", words,
        cells=frozenset(r.where for r in rows),
    )  # fmt: skip


def _held(tables: Tables, table: str, item: str, rows: Sequence[Record]) -> str:
    """A line at one value; at zero only where years before print another."""
    if len({r.value for r in rows}) == 1:
        before = [r for r in tables.of(table) if r.item == item and not r.forecast and r.year and r.value]
        return f"held at {rows[0].text}" if rows[0].value or before else ""
    # A profit that was adjusted in the years before and is the printed profit in all of the forecast.
    other = item.removeprefix("adjusted_")
    if other == item:
        return ""
    pairs = [(r, tables.find(table, other, r.year or 0)) for r in rows]
    past = [
        (r, tables.find(table, other, r.year or 0))
        for r in tables.of(table)
        if r.item == item and not r.forecast
    ]
    alike = all(o is not None and o.value == r.value for r, o in pairs)
    return (
        f"equals {other}: no adjustments" if alike and any(o and o.value != r.value for r, o in past) else ""
    )


def _rounded(values: Sequence[Interval]) -> list[float] | None:
    """What round numbers rates are, at the coarsest step that fits all and that chance would not; None for none.

    >>> _rounded([Interval(0.0339999, 0.0340002, frozenset()), Interval(0.0129998, 0.0130001, frozenset())] * 2)
    [0.034, 0.013, 0.034, 0.013]
    >>> _rounded([Interval(0.033, 0.035, frozenset())] * 3) is None
    True
    """
    for step in STEPS:
        whole = [round(v.middle / step) * step for v in values]
        fits = all(w and v.low - 1e-12 <= w <= v.high + 1e-12 for w, v in zip(whole, values, strict=True))
        if fits and math.prod(min(1.0, (v.high - v.low) / step) for v in values) < CHANCE:
            return [round(w, 10) for w in whole]
    return None


def _round(tables: Tables, rows: Sequence[Record]) -> str:
    """A line that is a share of revenue or of costs, one or a round one in each year; or that grows at round rates."""
    if any(not r.value or not r.scaled[0].startswith("k") for r in rows):
        return ""
    for base in ("revenue", "cost_of_sales"):
        of = [(r, tables.find("income_statement", base, r.year or 0)) for r in rows]
        shares = [r.scaled[1] / o.scaled[1] for r, o in of if o is not None and o.value]
        # A cash-flow table goes on where nobody prints revenue.
        if len(shares) < LEAST or (len(shares) < len(rows) and rows[0].table != "dcf"):
            continue
        if rows[0].item in {base, "gross_profit"}:
            continue
        if max(s.low for s in shares) <= min(s.high for s in shares) and _narrow(shares):
            return f"held at {100 * shares[0].middle:.3g} % of {base}"
        if whole := _rounded(shares):
            return f"is {_listed(whole)} % of {base}"
    return _growing(tables, rows)


def _narrow(shares: Sequence[Interval]) -> bool:
    """Whether shares are known so well that chance would not make them one."""
    size = abs(shares[0].middle) or 1.0
    return math.prod((s.high - s.low) / size for s in shares[1:]) < CHANCE


def _listed(rates: Sequence[float]) -> str:
    return ", ".join(f"{100 * r:.4g}" for r in rates)


def _growing(tables: Tables, rows: Sequence[Record]) -> str:
    before = [tables.find(r.table, r.item, (r.year or 0) - 1) for r in rows]
    if any(b is None or (b.value or 0.0) * (r.value or 0.0) <= 0 for b, r in zip(before, rows, strict=True)):
        return ""
    one = Interval.exactly(1.0)
    rates = [r.scaled[1] / b.scaled[1] - one for b, r in zip(before, rows, strict=True) if b is not None]
    whole = _rounded(rates)
    return f"grows by {_listed(whole)} %" if whole else ""


def _margins(tables: Tables) -> Iterator[Finding]:
    """A margin that moves by round points from the last actual year on."""
    rows = [
        r
        for r in tables.of("income_statement")
        if r.item == "gross_profit" and r.forecast and r.year and r.value
    ]
    years = [(rows[0].year or 0) - 1, *(r.year or 0 for r in rows)] if len(rows) >= LEAST else []
    pairs = [
        (tables.find("income_statement", "gross_profit", y), tables.find("income_statement", "revenue", y))
        for y in years
    ]
    margins = [p.scaled[1] / s.scaled[1] for p, s in pairs if p is not None and s is not None and s.value]
    if len(margins) != len(years) or not years:
        return
    moves = [two - one for one, two in pairwise(margins)]
    whole = _rounded(moves)
    if whole:
        yield _told(
            "gross_margin", rows, f"moves by {', '.join(f'{100 * w:+.4g}' for w in whole)} points a year"
        )


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
