"""Residuals by name: a gap between two statements that equals a printed line, or what one moves by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from clustersim.finance.audit.figures import Finding
from clustersim.finance.audit.records import STATEMENTS, Tables

__all__ = ["named"]

#: A smaller gap meets some line by chance.
LEAST = 2_000.0
_SILENT = {"ok", "rounding", "info"}


def named(tables: Tables, findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings, a gap's note saying which printed line it equals, where there is one and only a few do."""
    out = []
    for found in findings:
        year = re.search(r"\b(20\d\d)", found.check)
        gap = found.difference
        if found.verdict in _SILENT or year is None or gap is None or abs(gap) < LEAST:
            out.append(found)
            continue
        names = list(dict.fromkeys(_equal(tables, abs(gap), int(year[1]), found.where)))
        if 0 < len(names) <= 3:
            says = f"the difference of {abs(gap):,.0f} equals {' and '.join(names)}"
            found = replace(found, note=f"{found.note}; {says}" if found.note else says)
        out.append(found)
    return out


def _equal(tables: Tables, gap: float, year: int, where: str) -> Iterator[str]:
    for table in STATEMENTS:
        for item in tables.items(table):
            now, then = tables.find(table, item, year), tables.find(table, item, year - 1)
            if now is None or now.value is None or now.where == where:
                continue
            slack = 1.01 * (now.scaled[1].high - now.scaled[1].low)
            value = now.scaled[1].middle
            if value and abs(abs(value) - gap) <= slack:
                yield f"{item} {now.period}"
            if then is not None and table == "balance_sheet":
                change = value - then.scaled[1].middle
                if change and abs(abs(change) - gap) <= 2 * slack:
                    yield f"the change of {item} {now.period}"
