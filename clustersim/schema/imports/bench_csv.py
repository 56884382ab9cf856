"""The CSV that genai-perf and aiperf export beside their JSON: blocks of ``Metric,avg,min,…`` and ``Metric,Value``."""

from __future__ import annotations

import re
from typing import Any

from clustersim.errors import InputError
from clustersim.reading.tables import records
from clustersim.schema.imports.source import Source, lowered

__all__ = ["is_export", "metrics_of"]

_NAME = re.compile(r"(.+?)\s*(?:\(([^)]*)\))?\s*")
#: Exports print two digits behind the point and commas between thousands.
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+\.\d+")


def is_export(source: Source) -> bool:
    """Tell whether a text is such a CSV."""
    return source.header[:1] == ("metric",) and "request latency (ms)" in source.text[:4000].lower()


def metrics_of(source: Source) -> dict[str, Any]:
    r"""Return the metrics by the names that the JSON has, each with its mean and unit.

    >>> from pathlib import Path
    >>> text = 'Metric,avg,min\nTime To First Token (ms),"1,100.50",90\n\nMetric,Value\nRequest Count (count),5.00\n'
    >>> found = metrics_of(Source(Path("a.csv"), text, "utf-8", ""))
    >>> found["time_to_first_token"], found["request_count"]
    ({'avg': '1100.50', 'unit': 'ms'}, {'avg': '5.00', 'unit': 'count'})

    Raises InputError for a metric that stands twice.
    """
    found: dict[str, Any] = {}
    at: int | None = None
    for line, cells in records(source.text, source.name):
        names = [lowered(cell) for cell in cells]
        if names[0] == "metric":
            at = next((names.index(name) for name in ("avg", "value") if name in names), None)
            continue
        name = _NAME.fullmatch(cells[0].strip())
        if name is None or at is None or len(cells) <= at:
            continue
        key = re.sub(r"[^a-z0-9]+", "_", name[1].lower()).strip("_")
        if key in found:
            raise InputError(
                f"{source.name}:{line}: {cells[0].strip()!r} stands twice: two runs are in one file"
            )
        text = cells[at].strip()
        found[key] = {
            "avg": text.replace(",", "") if _GROUPED.fullmatch(text) else text,
            "unit": name[2] or "",
        }
    return found
