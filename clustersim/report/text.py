"""Values as text: JSON, aligned tables and Markdown. What would move a terminal's cursor is escaped."""

from __future__ import annotations

import json
import math
import re
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from clustersim.reading.guarded import printable
from clustersim.report.spoken import spoken, spoken_cell, spoken_heading

__all__ = ["render_table", "table_cells", "to_json", "width", "wrapped"]

#: What JSON leaves as it is and a terminal obeys.
_UNPRINTED = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def _plain(value: Any) -> Any:
    """Make a value fit for JSON: NaN and infinity have no JSON form and become null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if hasattr(value, "item") and not isinstance(value, str | bytes):
        return _plain(value.item() if getattr(value, "ndim", 0) == 0 else value.tolist())
    if isinstance(value, Decimal):
        return _plain(float(value))
    return value if value is None or isinstance(value, str | int) else str(value)


def to_json(value: object) -> str:
    """Return JSON text with stable key order as given.

    >>> to_json({"a": float("nan"), "b": [1]}).split()
    ['{', '"a":', 'null,', '"b":', '[', '1', ']', '}']
    """
    text = json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False)
    return _UNPRINTED.sub(lambda m: f"\\u{ord(m[0]):04x}", text)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    return printable(str(value), 10_000).replace("\n", "\\n").replace("\t", "\\t")


def _said(column: str, value: Any) -> str:
    if isinstance(value, bool):
        return spoken(_cell(value))
    return spoken_cell(str(column), _cell(value)) if isinstance(value, str) else _cell(value)


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    >>> width("a价")
    3
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


#: What stays together on a line: a word, or a wide character with the marks that may not begin a line.
_ATOM = re.compile(r" +|[^ \u2e80-\uffff]+|[\u2e80-\uffff][,。;:、!?)」》%]*")


def wrapped(text: str, columns: int, first: str = "", rest: str = "") -> list[str]:
    """Return a text as lines of at most so many columns of a terminal; Chinese breaks between any two characters.

    >>> wrapped("卡价 100 元", 6, rest="  ")
    ['卡价', '  100', '  元']
    """
    if width(text) == len(text):
        return textwrap.wrap(text, columns, initial_indent=first, subsequent_indent=rest)
    lines, line = [], first
    for atom in _ATOM.findall(text):
        if width(line) + width(atom.rstrip()) > columns and line.strip():
            lines.append(line.rstrip())
            line = rest + atom.lstrip()
        else:
            line += atom
    return [*lines, line.rstrip()] if line.strip() else lines


def table_cells(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return the header and the rows of a table as the texts of their cells, in the language that was chosen.

    A key is spelled out above its column.

    >>> table_cells([{"a": 1.5, "unit_price_cny": None}])
    [['a', 'unit price, CNY'], ['1.5', '']]
    """
    names = list(rows[0])
    return [
        [_cell(spoken_heading(str(name))) for name in names],
        *([_said(c, row.get(c)) for c in names] for row in rows),
    ]


def render_table(rows: Sequence[Mapping[str, Any]], fmt: str = "table") -> str:
    """Render rows of equal keys as an aligned table, or as Markdown where ``fmt`` is ``md``.

    >>> print(render_table([{"a": 1.5, "b": "x"}], "md"))
    | a | b |
    |---|---|
    | 1.5 | x |
    """
    if not rows:
        return spoken("(no rows)")
    names = list(rows[0])
    columns, *cells = table_cells(rows)
    if fmt == "md":
        lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
        escaped = [[text.replace("|", "\\|") for text in line] for line in cells]
        return "\n".join(lines + ["| " + " | ".join(line) + " |" for line in escaped])
    numeric = [all(isinstance(r.get(c), int | float | None) for r in rows) for c in names]
    widths = [max(width(c), *(width(line[i]) for line in cells)) for i, c in enumerate(columns)]

    def line(parts: Sequence[str]) -> str:
        padded = [
            " " * (widths[i] - width(p)) + p if numeric[i] else p + " " * (widths[i] - width(p))
            for i, p in enumerate(parts)
        ]
        return "  ".join(padded).rstrip()

    return "\n".join([line(columns), line(["-" * w for w in widths]), *map(line, cells)])
