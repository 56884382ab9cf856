"""Rates of no known kind by their own numbers: the two printed lines whose proportion most years follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clustersim.finance.audit.figures import Finding, Interval, compare
from clustersim.finance.audit.ratios import MAKERS
from clustersim.finance.audit.records import STATEMENTS, Record, Tables

__all__ = ["proportion_checks"]

Array = npt.NDArray[np.float64]
#: Years that must keep to a proportion before it is one, and how much the rate must vary to tell it from others.
LEAST, VARIES = 3, 1.005
#: What one is in the printed unit.
SCALES = {"percent": 100.0, "bps": 1e4, "x": 1.0, "turns": 1.0, "days": 365.0}


@dataclass(frozen=True, slots=True)
class _Lines:
    """Closing and average sizes of every line of the statements by year, and what they are called."""

    names: tuple[str, ...]
    sizes: Array
    records: tuple[tuple[Record | None, ...], ...]


def proportion_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the years of rates that no other check knows, where most of them are one printed line over another."""
    rows = [(i, found) for i in tables.items("ratios") if len(found := _open(tables, i)) > LEAST]
    if not rows:
        return
    years = sorted({y for _, found in rows for y in found})
    lines = _lines(tables, years)
    for item, found in rows:
        yield from _held(item, found, years, lines)


def _open(tables: Tables, item: str) -> dict[int, Record]:
    """The years of a rate that no law makes."""
    found = {
        r.year: r
        for r in tables.of("ratios")
        if r.item == item and r.year is not None and r.value is not None
    }
    if item in MAKERS and any(True for y in found for _ in MAKERS[item](tables, y)):
        return {}
    if item.endswith(("_margin", "_growth_yoy", "_growth")) or any(
        r.unit not in SCALES for r in found.values()
    ):
        return {}
    return {y: r for y, r in found.items() if r.value}


def _lines(tables: Tables, years: list[int]) -> _Lines:
    names: list[str] = []
    sizes: list[list[float]] = []
    records: list[tuple[Record | None, ...]] = []
    for table in STATEMENTS:
        for item in tables.items(table):
            rows = [tables.find(table, item, y) for y in years]
            before = [tables.find(table, item, y - 1) for y in years]
            closing = [abs(r.scaled[1].middle) if r else np.nan for r in rows]
            names.append(item)
            sizes.append(closing)
            records.append(tuple(rows))
            if table == "balance_sheet":
                opening = [abs(r.scaled[1].middle) if r else np.nan for r in before]
                names.append(f"average {item}")
                sizes.append([(a + b) / 2 for a, b in zip(closing, opening, strict=True)])
                records.append(tuple(rows))
    for kind in ("", "average "):
        whole, others = f"{kind}total_equity", f"{kind}non_controlling_interests"
        if whole in names and others in names:
            one, two = sizes[names.index(whole)], sizes[names.index(others)]
            names.append(f"{kind}total_equity less non_controlling_interests")
            sizes.append([a - b for a, b in zip(one, two, strict=True)])
            records.append(records[names.index(whole)])
    return _Lines(tuple(names), np.array(sizes, dtype=float).reshape(len(names), len(years)), tuple(records))


def _held(item: str, found: dict[int, Record], years: list[int], lines: _Lines) -> Iterator[Finding]:
    at = [k for k, y in enumerate(years) if y in found]
    rows = [found[years[k]] for k in at]
    printed = np.array([abs(r.value or 0.0) for r in rows])
    half = np.array([(r.interval.high - r.interval.low) / 2 for r in rows])
    if not len(lines.names) or printed.max() < VARIES * printed.min():
        return
    sizes = lines.sizes[:, at]
    with np.errstate(divide="ignore", invalid="ignore"):
        made = SCALES[rows[0].unit] * sizes[:, None, :] / sizes[None, :, :]
    fits = np.abs(made - printed) <= half * 1.02 + 1e-9
    good = fits.sum(axis=2)
    np.fill_diagonal(good, 0)
    top, bottom = np.unravel_index(int(good.argmax()), good.shape)
    best = int(good[top, bottom])
    known = int(np.isfinite(made[top, bottom]).sum())
    if best < LEAST or 3 * best < 2 * known:
        return
    for k, record in enumerate(rows):
        value = float(made[top, bottom, k])
        if np.isfinite(value):
            yield _year(item, record, value, lines, (int(top), int(bottom)), at[k])


def _year(
    item: str, record: Record, value: float, lines: _Lines, pair: tuple[int, int], year: int
) -> Finding:
    parts = [lines.records[k][year] for k in pair]
    cells = frozenset(r.where for r in parts if r is not None)
    size = -value if (record.value or 0.0) < 0 else value
    # The rounding of its parts is small beside its own digit, as every pair was held to that.
    slack = 0.02 * (record.interval.high - record.interval.low)
    return compare(
        f"{item} {record.period} as a proportion", record.where, record.interval,
        Interval(size - slack, size + slack, cells),
        note=f"in most years it is {lines.names[pair[0]]} over {lines.names[pair[1]]}",
    )  # fmt: skip
