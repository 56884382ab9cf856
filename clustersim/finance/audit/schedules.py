"""Further tables of years, and amounts of no known kind: what most years add up to, and what stands elsewhere too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from clustersim.finance.audit.figures import Finding, Interval, compare, total
from clustersim.finance.audit.labels import plain
from clustersim.finance.audit.proportions import dimension_of
from clustersim.finance.audit.records import STATEMENTS, Record, Tables
from clustersim.finance.audit.rolls import kept_by_most
from clustersim.finance.audit.structure import adds_up, sums_of

__all__ = ["schedule_checks"]

Array = npt.NDArray[np.float64]
#: Years that must hold before lines make up an amount; at most one of the others may fail.
LEAST = 3
#: The most lines that make up an amount, and the chance at which a coincidence is none.
MOST, CHANCE = 3, 1e-3


def schedule_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the sums of further tables, their lines that a statement prints too, and what makes up other amounts."""
    found = []
    for table in tables.schedules:
        found += list(adds_up(tables, sums_of(tables, table), table, frozenset()))
    found += list(_printed_twice(tables))
    yield from found
    held = {f.where for f in found}
    yield from _made_up(tables, held)


def _printed_twice(tables: Tables) -> Iterator[Finding]:
    """A line of the same name in two tables: one amount, where most years print one."""
    names: dict[str, list[tuple[str, str]]] = {}
    for table in (*STATEMENTS, *tables.schedules, "ratios"):
        for item in tables.items(table):
            record = next(r for r in tables.of(table) if r.item == item)
            if dimension_of(record):
                names.setdefault(plain(record.printed or item), []).append((table, item))
    for places in names.values():
        for (table, item), (other, theirs) in combinations(places, 2):
            if {table, other} <= set(STATEMENTS):
                continue
            rolls = []
            for year in tables.years(other):
                one, two = tables.find(table, item, year), tables.find(other, theirs, year)
                if one is not None and two is not None and one.scaled[0] == two.scaled[0]:
                    rolls.append((two, _one_amount(one, two)))
            yield from kept_by_most(rolls)


def _one_amount(one: Record, two: Record) -> Finding:
    sign = -1.0 if (one.value or 0.0) * (two.value or 0.0) < 0 else 1.0
    return compare(
        f"{two.item} {two.period} in both tables", two.where, two.scaled[1], one.scaled[1].scaled(sign),
        worse="inconsistent", note=f"{one.where} prints {one.text}",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a table by year, signed, in the base unit of what it measures."""

    table: str
    item: str
    kind: str
    rows: tuple[Record | None, ...]

    @property
    def values(self) -> list[float]:
        """Signed values by year, NaN where none is printed."""
        return [r.scaled[1].middle if r is not None else np.nan for r in self.rows]


def _all_lines(tables: Tables, years: Sequence[int]) -> list[_Line]:
    out = []
    for table in (*STATEMENTS, *tables.schedules, "ratios"):
        for item in tables.items(table):
            rows = tuple(tables.find(table, item, y) for y in years)
            kind = next(
                (
                    dimension_of(r) or ("percent" if r.unit == "percent" else "")
                    for r in rows
                    if r is not None
                ),
                "",
            )
            if kind:
                out.append(_Line(table, item, kind, rows))
    return out


def _made_up(tables: Tables, held: set[str]) -> Iterator[Finding]:
    """Amounts and rates outside of the statements that in most years are a few other lines together."""
    places = ("ratios", *tables.schedules)
    years = sorted({y for t in places for y in tables.years(t)})
    if len(years) < LEAST + 1:
        return
    lines = _all_lines(tables, years)
    for line in lines:
        own = [r for r in line.rows if r is not None]
        if line.table in places and len(own) > LEAST and not any(r.where in held for r in own):
            yield from _sums(line, lines)


def _sums(line: _Line, lines: Sequence[_Line]) -> Iterator[Finding]:
    others = [x for x in lines if x.kind == line.kind and (x.table, x.item) != (line.table, line.item)]
    if line.kind == "percent":
        others = [x for x in others if x.table in {"ratios", line.table}]
    if not others:
        return
    values = np.array([x.values for x in others])
    target = np.array(line.values)
    half = np.array([_half(r) for r in line.rows])
    slack = np.array([[_half(r) for r in x.rows] for x in others])
    for count in range(1, MOST + 1):
        found = _search(target, half, values, slack, count)
        if found is not None:
            parts, signs = found
            yield from _of_years(line, [others[k] for k in parts], signs)
            return


def _half(record: Record | None) -> float:
    return (record.scaled[1].high - record.scaled[1].low) / 2 if record is not None else np.nan


def _search(
    target: Array, half: Array, values: Array, slack: Array, count: int
) -> tuple[tuple[int, ...], tuple[float, ...]] | None:
    """The lines and signs that make up most years of an amount; None where chance would find as much."""
    known = np.isfinite(target) & (target != 0)
    least = max(LEAST, int(known.sum()) - 1)
    usable = [
        k for k in range(len(values)) if np.isfinite(values[k][known]).all() and np.any(values[k][known])
    ]
    if int(known.sum()) <= LEAST or len(usable) < count:
        return None
    goal, open_ = target[known], half[known]
    rows, wide = values[usable][:, known], slack[usable][:, known]
    tries = max(1.0, float(len(usable)) ** count * 2.0**count)
    if (
        tries * float(np.sort(np.minimum(1.0, 2 * open_ * count / np.abs(goal)))[::-1][-least:].prod())
        > CHANCE
    ):
        return None
    for signs in product((1.0, -1.0), repeat=count):
        for head in combinations(range(len(usable)), count - 1):
            made = sum((s * rows[k] for s, k in zip(signs, head, strict=False)), np.zeros_like(goal))
            give = open_ + sum((wide[k] for k in head), np.zeros_like(goal))
            gap = np.abs(goal - made - signs[-1] * rows)
            good = (gap <= (give + wide) * 1.000001).sum(axis=1)
            good[list(head)] = 0
            good[: (head[-1] if head else 0)] = 0
            best = int(good.argmax())
            if good[best] >= least:
                return tuple(usable[k] for k in (*head, best)), signs
    return None


def _of_years(line: _Line, parts: Sequence[_Line], signs: Sequence[float]) -> Iterator[Finding]:
    says = " ".join(
        f"{'+' if s > 0 else '-'} {p.item}" for p, s in zip(parts, signs, strict=True)
    ).removeprefix("+ ")
    for k, record in enumerate(line.rows):
        rows = [p.rows[k] for p in parts]
        found = [r for r in rows if r is not None]
        if record is None or len(found) != len(rows):
            continue
        made: Interval = total(r.scaled[1].scaled(s) for r, s in zip(found, signs, strict=True))
        yield compare(
            f"{line.item} {record.period} of its parts", record.where, record.scaled[1], made,
            note=f"in most years it is {says}",
        )  # fmt: skip
