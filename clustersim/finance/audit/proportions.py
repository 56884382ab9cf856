"""Rates and amounts of no known kind by their own numbers: the printed lines whose proportion most years follow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clustersim.finance.audit.claims import claim_checks
from clustersim.finance.audit.figures import Finding, Interval, compare
from clustersim.finance.audit.labels import plain
from clustersim.finance.audit.money import currency_of
from clustersim.finance.audit.ratios import ratio_checks
from clustersim.finance.audit.records import STATEMENTS, Record, Tables
from clustersim.finance.audit.rolls import kept_by_most

__all__ = ["dimension_of", "lines_named", "proportion_checks"]

Array = npt.NDArray[np.float64]
#: Years that must keep to a proportion before it is one, and how much the rate must vary to tell it from others.
LEAST, VARIES = 3, 1.005
#: What one is in the printed unit.
SCALES = {"percent": 100.0, "bps": 1e4, "x": 1.0, "turns": 1.0, "days": 365.0}
#: Lines that are printed nowhere and that many rates are of: name -> statement, its lines by the begin of their name,
#: with their signs; all of the first of them must be printed.
MADE = {
    "all borrowings": (("balance_sheet", "borrowings", 1.0),),
    "net debt": (("balance_sheet", "borrowings", 1.0), ("balance_sheet", "cash_and_cash_equivalents", -1.0)),
    "operating profit before depreciation": (
        ("income_statement", "operating_profit", 1.0), ("cash_flow", "depreciation", 1.0), ("cash_flow", "amorti", 1.0),
    ),
    "free cash flow": (("cash_flow", "net_cash_from_operating", 1.0), ("cash_flow", "purchase_of_ppe", 1.0)),
    "equity less outside owners": (
        ("balance_sheet", "total_equity", 1.0), ("balance_sheet", "non_controlling_interests", -1.0),
    ),
}  # fmt: skip


#: Name, what it measures, sizes by year and of a year before, and the records.
_Row = tuple[str, str, list[float], list[float], tuple[Record | None, ...]]


@dataclass(frozen=True, slots=True)
class _Lines:
    """Closing and average sizes of every line by year, those of a year before, and what they measure."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    sizes: Array
    before: Array
    records: tuple[tuple[Record | None, ...], ...]


def dimension_of(record: Record) -> str:
    """What a line measures: ``money``, ``share``, ``count``, or nothing that a proportion is made of."""
    if record.unit.endswith("per_share"):
        return "share"
    if record.unit.endswith("shares"):
        return "count"
    return "money" if currency_of(record.unit) else ""


def proportion_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the years of rates that no other check knows, where most of them are one printed line over another.

    A rate is one line over another, or the growth of one; an amount a share is one over a number of shares. Where a
    label names its line (``NPI margin``), that line it is, in however few years.
    """
    known = {c for f in (*ratio_checks(tables), *claim_checks(tables)) for c in f.cells | {f.where}}
    for margin in _margins(tables, known):
        known |= {margin.where}
        yield margin
    from clustersim.finance.audit.quotients import quotient_checks

    for quotient in quotient_checks(tables, known):
        known |= {quotient.where}
        yield quotient
    rows = list(_open(tables, known))
    if not rows:
        return
    years = sorted({y for _, found in rows for y in found})
    lines = _lines(tables, years)
    for name, found in rows:
        yield from _held(name, found, years, lines)


def _open(tables: Tables, known: set[str]) -> Iterator[tuple[tuple[str, str], dict[int, Record]]]:
    """The years of every rate that no law holds."""
    for table in ("ratios", *tables.schedules, *STATEMENTS):
        for item in tables.items(table):
            found = {
                r.year: r for r in tables.of(table)
                if r.item == item and r.year is not None and r.value and r.where not in known
                and (r.unit in SCALES or dimension_of(r) == "share")
            }  # fmt: skip
            if len(found) > LEAST and len({r.unit for r in found.values()}) == 1:
                yield (table, item), found


_MARGIN = re.compile(r"^\s*(?P<of>.+?)\s*(?:margin|利润率|率)\s*(?:[(（].*)?$", re.I)


def _margins(tables: Tables, known: set[str]) -> Iterator[Finding]:
    """Margins of a line that their label names: over revenue, where most of their years are that."""
    for table in ("ratios", *tables.schedules):
        for item in tables.items(table):
            rows = [
                r for r in tables.of(table) if r.item == item and r.year is not None and r.value is not None
            ]
            named = _MARGIN.match(rows[0].printed) if rows else None
            if named is None or rows[0].unit != "percent" or any(r.where in known for r in rows):
                continue
            for top in lines_named(tables, named["of"]):
                yield from kept_by_most(
                    [(r, f) for r in rows if (f := _over_revenue(tables, top, r)) is not None]
                )


def _over_revenue(tables: Tables, top: tuple[str, str], record: Record) -> Finding | None:
    of = tables.find(*top, record.year or 0)
    revenue = tables.find("income_statement", "revenue", record.year or 0)
    if of is None or revenue is None or not revenue.value or of.scaled[0] != revenue.scaled[0]:
        return None
    return compare(
        f"{record.item} {record.period} over revenue", record.where, record.interval.scaled(0.01),
        of.scaled[1] / revenue.scaled[1], note=f"{of.printed or of.item} over revenue",
    )  # fmt: skip


def _lines(tables: Tables, years: list[int]) -> _Lines:
    out: list[_Row] = []
    for table in (*STATEMENTS, *tables.schedules, "segments", "ratios"):
        for item in tables.items(table):
            rows = [tables.find(table, item, y) for y in years]
            then = [tables.find(table, item, y - 1) for y in years]
            kind = next((dimension_of(r) for r in rows if r is not None), "")
            if kind:
                out.append((f"{table}:{item}", kind, _sizes(rows), _sizes(then), tuple(rows)))
    # A number of shares that the valuation prints without a year counts those of every year.
    for r in tables.of("valuation"):
        if r.value and r.year is None and dimension_of(r) == "count":
            rows = [r] * len(years)
            out.append((f"valuation:{r.item}", "count", _sizes(list(rows)), _sizes(list(rows)), tuple(rows)))
    out += _made(tables, years)
    averages = [
        (f"average {name}", kind, [(a + b) / 2 for a, b in zip(now, then, strict=True)], [np.nan] * len(years), rows)
        for name, kind, now, then, rows in out
        if rows and any(r is not None and r.table == "balance_sheet" for r in rows)
    ]  # fmt: skip
    every = [*out, *averages]
    shape = (len(every), len(years))
    return _Lines(
        tuple(x[0] for x in every), tuple(x[1] for x in every),
        np.array([x[2] for x in every], dtype=float).reshape(shape),
        np.array([x[3] for x in every], dtype=float).reshape(shape), tuple(x[4] for x in every),
    )  # fmt: skip


def _sizes(rows: list[Record | None]) -> list[float]:
    return [r.scaled[1].middle if r is not None else np.nan for r in rows]


def _made(tables: Tables, years: list[int]) -> list[_Row]:
    """Lines that are sums of printed ones, by year."""

    def at(table: str, begins: str, year: int) -> list[Record]:
        rows = (r for r in tables.of(table) if r.year == year and r.value is not None)
        return [r for r in rows if r.item.startswith(begins)]

    def size(parts: tuple[tuple[str, str, float], ...], year: int) -> tuple[float, Record | None]:
        first = at(parts[0][0], parts[0][1], year)
        if not first:
            return np.nan, None
        total = 0.0
        for t, begins, sign in parts:
            sized = begins.startswith(("deprec", "amorti", "borrow"))
            values = [r.scaled[1].middle for r in at(t, begins, year)]
            total += sign * sum(abs(x) if sized else x for x in values)
        return total, first[0]

    out = []
    for name, parts in MADE.items():
        now = [size(parts, y) for y in years]
        if any(r is not None for _, r in now):
            then = [size(parts, y - 1)[0] for y in years]
            out.append((name, "money", [v for v, _ in now], then, tuple(r for _, r in now)))
    return out


def lines_named(tables: Tables, words: str) -> list[tuple[str, str]]:
    """Return the lines that a name or its initials stand for, as table and item.

    ``NPI`` is the net property income of a table that prints one.
    """
    key = plain(words)
    out = []
    for table in (*STATEMENTS, *tables.schedules, "ratios"):
        for item in tables.items(table):
            record = next(r for r in tables.of(table) if r.item == item)
            if key and key in {plain(record.printed), plain(item), initials(record.printed).lower()}:
                out.append((table, item))
    return out


def initials(label: str) -> str:
    """The first letters of the words of a name of three words at least; empty for a shorter one.

    >>> initials("Net property income"), initials("Revenue"), initials("Cash and equivalents")
    ('NPI', '', '')
    """
    words = [w for w in label.replace("-", " ").split() if w[:1].isalpha()]
    letters = [
        w[0].upper() for w in words if w.lower() not in {"and", "of", "the", "for", "to", "in", "from"}
    ]
    return "".join(letters) if len(letters) > 2 else ""


def _held(
    name: tuple[str, str], found: dict[int, Record], years: list[int], lines: _Lines
) -> Iterator[Finding]:
    at = [k for k, y in enumerate(years) if y in found]
    rows = [found[years[k]] for k in at]
    printed = np.array([abs(r.value or 0.0) for r in rows])
    half = np.array([(r.interval.high - r.interval.low) / 2 for r in rows])
    if not len(lines.names) or printed.max() < VARIES * printed.min():
        return
    made, says = _candidates(name, rows[0], lines, at)
    fits = np.abs(np.abs(made) - printed) <= half * 1.02 + 1e-9
    good = fits.sum(axis=1)
    if not len(good):
        return
    # Of several that hold as often the one of more years is taken.
    best = int(np.lexsort((np.isfinite(made).sum(axis=1), good))[-1])
    known = int(np.isfinite(made[best]).sum())
    if good[best] < LEAST or 3 * good[best] < 2 * known:
        return
    text, pair = says(best)
    signs = np.sign([r.value or 0.0 for r in rows]) * np.sign(made[best])
    for k, record in enumerate(rows):
        value = float(made[best, k])
        if np.isfinite(value):
            value *= _sign(signs, fits[best], k)
            yield _year(name[1], record, value, text, [lines.records[p][at[k]] for p in pair])


def _sign(signs: Array, fits: npt.NDArray[np.bool_], k: int) -> float:
    """The sign of a year beside that of its lines: that of all other years, its own where they differ."""
    others = [s for n, s in enumerate(signs) if n != k and fits[n]]
    alike = len(others) >= LEAST - 1 and len(set(others)) == 1
    return float(others[0] if alike else signs[k])


def _candidates(
    name: tuple[str, str], row: Record, lines: _Lines, at: list[int]
) -> tuple[Array, Callable[[int], tuple[str, list[int]]]]:
    """What every pair of lines, and every line over its year before, gives for a rate; and what each is called."""
    sizes, before = lines.sizes[:, at], lines.before[:, at]
    kinds = np.array(lines.kinds)
    own = f"{name[0]}:{name[1]}"
    pairs: list[tuple[int, int]] = []
    with np.errstate(divide="ignore", invalid="ignore"):
        if dimension_of(row) == "share":
            top, bottom = np.flatnonzero(kinds == "money"), np.flatnonzero(kinds == "count")
            per = row.scaled[1].middle / (row.value or 1.0)
            made = 1e-3 / abs(per) * sizes[top][:, None, :] / sizes[bottom][None, :, :]
            pairs = [(int(a), int(b)) for a in top for b in bottom]
            made = made.reshape(len(pairs), len(at))
        else:
            blocks = []
            for kind in ("money", "share"):
                rows = np.array(
                    [k for k in np.flatnonzero(kinds == kind) if lines.names[k] != own], dtype=int
                )
                part = SCALES[row.unit] * sizes[rows][:, None, :] / sizes[rows][None, :, :]
                part[np.arange(len(rows)), np.arange(len(rows))] = np.nan
                blocks.append(part.reshape(len(rows) ** 2, len(at)))
                pairs += [(int(a), int(b)) for a in rows for b in rows]
            if row.unit == "percent":
                blocks.append(100.0 * (np.abs(sizes) / np.abs(before) - 1.0))
                pairs += [(k, k) for k in range(len(lines.names))]
            made = np.vstack(blocks)

    def says(k: int) -> tuple[str, list[int]]:
        one, two = pairs[k]
        if one == two:
            return f"the growth of {lines.names[one]}", [one]
        return f"{lines.names[one]} over {lines.names[two]}", [one, two]

    return made, says


def _year(item: str, record: Record, value: float, says: str, parts: list[Record | None]) -> Finding:
    cells = frozenset(r.where for r in parts if r is not None)
    # The rounding of its parts is small beside its own digit, as every pair was held to that.
    slack = 0.02 * (record.interval.high - record.interval.low)
    return compare(
        f"{item} {record.period} as a proportion", record.where, record.interval,
        Interval(value - slack, value + slack, cells), note=f"in most years it is {says}",
    )  # fmt: skip
