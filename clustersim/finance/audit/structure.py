"""Subtotals of a table by its own numbers, whatever its lines are called: what most years add up to is a sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clustersim.finance.audit.figures import Finding, Interval, compare, total
from clustersim.finance.audit.money import currency_of
from clustersim.finance.audit.records import Record, Tables

__all__ = ["Sum", "adds_up", "sums_of"]

#: The most lines that one subtotal adds up.
MOST = 24
#: Years that must hold before a sum is one; of the others at most half as many may fail.
LEAST = 2


@dataclass(frozen=True, slots=True)
class Sum:
    """A subtotal, and the lines above it that it adds up; ``less`` where the lines after the first are taken off."""

    item: str
    parts: tuple[str, ...]
    less: bool = False

    def of(self, rows: Sequence[Record]) -> Interval:
        """What records of the parts come to, in the printed unit of the statement."""
        values = [r.interval for r in rows]
        return total([values[0], *(v.scaled(-1.0) for v in values[1:])] if self.less else values)


def sums_of(tables: Tables, table: str) -> list[Sum]:
    """Return the subtotals of a table in printed order: each line that in most years is the sum of those above it.

    A line that was summed up is no part of a further sum; the shortest run of lines that holds in two thirds of the
    years, and in two at least, is taken.
    """
    rows: dict[str, dict[int, Record]] = {}
    for record in tables.of(table):
        if record.year is not None and record.value is not None and _counts(record):
            rows.setdefault(record.item, {}).setdefault(record.year, record)
    stack: list[str] = []
    out = []
    for item, line in rows.items():
        found = next(
            (s for k in range(1, min(len(stack), MOST) + 1) for s in _runs(item, stack[-k:]) if _holds(s, line, rows)),
            None,
        )  # fmt: skip
        if found is not None:
            stack = stack[: -len(found.parts)]
            out.append(found)
        stack.append(item)
    return out


def _counts(record: Record) -> bool:
    return (
        bool(currency_of(record.unit))
        and not record.unit.endswith("per_share")
        and not record.item.endswith("_again")
    )


def _runs(item: str, parts: Sequence[str]) -> Iterator[Sum]:
    yield Sum(item, tuple(parts))
    if len(parts) > 1:
        yield Sum(item, tuple(parts), less=True)


def _holds(found: Sum, line: dict[int, Record], rows: dict[str, dict[int, Record]]) -> bool:
    """Whether most years keep to a sum; a year in which fewer than two parts are anything tells nothing."""
    good = bad = 0
    for year, target in line.items():
        parts = [rows[p][year] for p in found.parts if year in rows[p]]
        said = sum(bool(p.value) for p in parts)
        if len(parts) != len(found.parts) or said < min(2, len(parts)):
            continue
        if target.interval.meets(found.of(parts)):
            good += 1
        else:
            bad += 1
            if bad > LEAST and good == 0:
                return False
    return good >= LEAST and good >= 2 * bad


def adds_up(tables: Tables, sums: Sequence[Sum], table: str, known: frozenset[str]) -> Iterator[Finding]:
    """Yield the subtotals that are found by their numbers; ``known`` are places that a law holds already."""
    for found in sums:
        for year in tables.years(table):
            target = tables.find(table, found.item, year)
            parts = [r for p in found.parts if (r := tables.find(table, p, year))]
            if target is None or target.where in known or len(parts) != len(found.parts):
                continue
            if len(parts) == 1 and parts[0].understood and target.understood:
                continue
            says = (" - " if found.less else " + ").join(p.printed or p.item for p in parts)
            yield compare(
                f"{found.item} {target.period} from its lines", target.where, target.interval, found.of(parts),
                note=f"in most years it is {says}",
            )  # fmt: skip
