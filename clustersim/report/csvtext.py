"""The one way to write CSV: what a spreadsheet would run as a formula stays text, control characters are shown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clustersim.reading.guarded import printable

__all__ = ["csv_text", "defused", "rows_text"]

#: What makes a spreadsheet take a cell for a formula, its full-width forms included.
_FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def defused(value: Any) -> Any:
    """Return a cell as it may stand in a file that a spreadsheet opens.

    >>> defused("=1+1"), defused("-0.5"), defused(-0.5), defused("@x"), defused("a=b")
    ("'=1+1", '-0.5', -0.5, "'@x", 'a=b')
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    text = printable(value, len(value) * 10 + 1)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a header and rows as CSV text.

    >>> csv_text(["a", "b"], [[1, None], ["=x", "y,z"]])
    'a,b\\n1,\\n\\'=x,"y,z"\\n'
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([defused(name) for name in columns])
    writer.writerows([defused(cell) for cell in row] for row in rows)
    return out.getvalue()


def rows_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows of equal keys as CSV text; the empty text for no rows."""
    if not rows:
        return ""
    columns = list(rows[0])
    return csv_text(columns, ([row[name] for name in columns] for row in rows))
