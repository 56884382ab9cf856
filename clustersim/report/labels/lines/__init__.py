"""Lines of pages and words of figures: English (``{}`` is what differs, ``{n}`` where it is a number), and Chinese."""

from __future__ import annotations

from clustersim.report.labels.lines import (
    audited,
    audited_checks,
    cells,
    claims,
    company,
    corridor,
    cost,
    drawn,
    errors,
    files,
    imported,
    plans,
    serving,
    unpredicted,
    words,
)
from clustersim.report.labels.rooms import joined

__all__ = ["LINES"]

LINES: dict[str, str] = joined(
    words.LINES, corridor.LINES, claims.LINES, cost.LINES, plans.LINES, serving.LINES, company.LINES,
    files.LINES, imported.LINES, drawn.LINES, audited.LINES, audited_checks.LINES, cells.LINES,
    unpredicted.LINES, errors.LINES,
)  # fmt: skip
