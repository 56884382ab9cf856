"""Rates whose label names both of their lines: ``capital expenditure as % of sales``, ``net debt to EBITDA``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clustersim.finance.audit.figures import Finding, compare
from clustersim.finance.audit.labels import canonical_item
from clustersim.finance.audit.proportions import lines_named
from clustersim.finance.audit.records import STATEMENTS, Record, Tables
from clustersim.finance.audit.rolls import kept_by_most
from clustersim.finance.audit.script import folded

__all__ = ["quotient_checks"]

_QUOTIENT = re.compile(
    r"^(?P<top>.+?)(?:,|\s)*(?:as (?:an? )?(?:%|percent(?:age)?|share) of|[(（]?\s*%\s*of|\bover\b|\bto\b|/|占)\s*"
    r"(?:total )?(?P<bottom>.+?)(?:的?比[例重率]?|ratio)?\s*[)）]?$",
    re.I,
)
_ONE = {"percent": 0.01, "x": 1.0, "bps": 1e-4}


def quotient_checks(tables: Tables, known: set[str]) -> Iterator[Finding]:
    """Yield the years of rates that no other check knows and whose label names two printed lines, where most hold.

    >>> bool(_QUOTIENT.match("R&D as % of net sales")), _QUOTIENT.match("研发费用占营业收入比")["bottom"]
    (True, '营业收入')
    """
    for table in ("ratios", *tables.schedules):
        for item in tables.items(table):
            rows = [
                r for r in tables.of(table) if r.item == item and r.year is not None and r.value is not None
            ]
            named = _QUOTIENT.match(folded(rows[0].printed or "")) if rows else None
            if named is None or rows[0].unit not in _ONE or any(r.where in known for r in rows):
                continue
            for top in _lines(tables, named["top"]):
                for bottom in _lines(tables, named["bottom"]):
                    yield from kept_by_most(
                        [(r, f) for r in rows if (f := _year(tables, top, bottom, r)) is not None]
                    )


def _lines(tables: Tables, words: str) -> list[tuple[str, str]]:
    """The printed lines that a name stands for, by any of its names."""
    found = lines_named(tables, words)
    return (
        found[:1]
        or [
            (t, i) for t in STATEMENTS if (i := canonical_item(t, words)) is not None and i in tables.items(t)
        ][:1]
    )


def _year(tables: Tables, top: tuple[str, str], bottom: tuple[str, str], record: Record) -> Finding | None:
    one, two = tables.find(*top, record.year or 0), tables.find(*bottom, record.year or 0)
    if one is None or two is None or not two.value or one.scaled[0] != two.scaled[0]:
        return None
    share = one.scaled[1] / two.scaled[1]
    share = share.scaled(-1.0) if share.middle < 0 < (record.value or 0.0) else share
    return compare(
        f"{record.item} {record.period} of its lines", record.where, record.interval.scaled(_ONE[record.unit]), share,
        note=f"{one.printed or one.item} over {two.printed or two.item}",
    )  # fmt: skip
