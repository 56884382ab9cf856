"""Panels: one chart and one table of the same numbers, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clustersim.report.labels.notes import Told, keyed
from clustersim.report.labels.plans import plan_told
from clustersim.report.spoken_errors import chinese_error
from clustersim.report.term_units import unit_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Note",
    "Row",
    "bars",
    "drawn",
    "falls",
    "lines",
    "panel",
    "plain_rows",
    "refused",
    "rows_of",
    "scatter",
    "spans",
]

Row = Mapping[str, Any]
#: Words, their key, or their key and what stands in their places.
Note = Told


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, what is missing in them as None."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def refused(error: str) -> Note:
    """What an error says, as a note in both languages."""
    return "page.refused", {"en": error, "zh": chinese_error(error)}


def _said(value: object) -> bool:
    return value is not None and value != "" and value != []


def panel(
    title: str, rows: Sequence[Row], *, chart: Mapping[str, Any] | None = None, notes: Sequence[Note] = (),
    units: Mapping[str, str] = {},
) -> dict[str, Any]:  # fmt: skip
    """Return a panel: rows as a table, and what of them is drawn; a note is words, their key, or a key with its parts.

    A column that holds nothing is left out. ``units`` are those of columns whose names do not say them; where a row has
    a ``unit``, it is that of the row's numbers.
    """
    columns = [c for c in dict.fromkeys(c for r in rows for c in r) if any(_said(r.get(c)) for r in rows)]
    return {
        "title": title,
        "columns": columns,
        "units": {c: units.get(c) or unit_of(c) for c in columns},
        "rows": [{c: _cell(c, r.get(c)) for c in columns} for r in rows],
        "chart": dict(chart) if chart else None,
        "notes": [keyed(note) if isinstance(note, str) else note for note in notes if note],
    }


def _cell(column: str, value: Any) -> Any:
    return plan_told(value) if column == "plan" and isinstance(value, str) else value


def bars(
    names: Sequence[str], series: Mapping[str, Sequence[float | None]], unit: str, kind: str = "bar"
) -> dict[str, Any]:
    """Return a chart: values of named series by category."""
    drawn = [{"name": name, "values": list(values)} for name, values in series.items()]
    return {"kind": kind, "categories": list(names), "unit": unit, "series": drawn}


def lines(
    xs: Sequence[float], series: Mapping[str, Sequence[float | None]], x: str, unit: str
) -> dict[str, Any]:
    """Return a chart: values of named series over the numbers of one column."""
    found = bars([], series, unit, "curve")
    return {**found, "categories": list(xs), "x": x}


def drawn(title: str, rows: Sequence[Row], unit: str, *, notes: Sequence[Note] = ()) -> dict[str, Any]:
    """Return a panel of rows of a name and a number, drawn as bars across."""
    name, value, *_ = rows[0] if rows else ("name", "value")
    chart = bars([r[name] for r in rows], {value: [r[value] for r in rows]}, unit, "bars_across")
    return panel(title, rows, chart=chart, notes=notes, units={value: unit})


def rows_of(values: Mapping[str, float], name: str, value: str) -> list[dict[str, Any]]:
    """Return what is not zero as rows of a name and a number."""
    return [{name: key, value: number} for key, number in values.items() if number]


def spans(
    names: Sequence[str], low: Sequence[float], high: Sequence[float], unit: str, centre: float
) -> dict[str, Any]:
    """Return a chart of a low and a high end of each name, about a centre."""
    series = {"low": list(low), "high": list(high)}
    return {**bars(names, series, unit, "spans"), "centre": centre}


def falls(start: float, steps: Sequence[tuple[str, float]], unit: str) -> dict[str, Any]:
    """Return a chart of bars that hang on each other: where it starts, what each step adds, where it ends.

    >>> falls(2.0, [("a", 1.0), ("b", -0.5)], "s")["series"][1]["values"]
    [2.0, 3.0, 2.5, 2.5]
    """
    low, high, at = [0.0], [start], start
    for _, step in steps:
        low.append(at)
        at += step
        high.append(at)
    names = ["fall.start", *(name for name, _ in steps), "fall.end"]
    return bars(names, {"from": [*low, 0.0], "to": [*high, at]}, unit, "falls")


def scatter(
    points: Mapping[str, Sequence[tuple[float, float]]], x: str, y: str, *, marks: Sequence[float] = ()
) -> dict[str, Any]:
    """Return a chart of named groups of points; from each of ``marks`` of x on a box, as far as there is room."""
    series = [{"name": name, "values": [list(p) for p in at]} for name, at in points.items()]
    return {
        "kind": "scatter", "categories": [], "unit": unit_of(y) or "", "series": series, "x": x, "y": y,
        "marks": list(marks),
    }  # fmt: skip
