"""CSV from outside: every record with the line on which it begins, or a message that says what is wrong where."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from clustersim.errors import InputError, Problem
from clustersim.reading.guarded import Text, printable, read_text

__all__ = ["MOST_COLUMNS", "Table", "parse_table", "read_table", "records", "refuse_separator"]

#: A cell longer than this is a quotation mark that was never closed, or no table.
LONGEST_CELL = 100_000
#: A line of more cells than a spreadsheet has columns is no table's.
MOST_COLUMNS = 16_384
_SEPARATORS = {";": "semicolons", "\t": "tabs", "，": "full-width commas", "；": "full-width semicolons"}
_REPORTED = 50


@dataclass(frozen=True, slots=True)
class Table:
    """The records of a table by column, each with the line on which it begins."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    lines: tuple[int, ...]
    encoding: str = "utf-8"

    def numbered(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield line and record."""
        return zip(self.lines, self.rows, strict=True)

    def require(self, *columns: str) -> None:
        """Raise InputError naming every column that is missing."""
        missing = [name for name in columns if name not in self.columns]
        if missing:
            raise InputError(
                f"{self.name}:1: lacks the column(s) {', '.join(missing)}; needed: {', '.join(columns)}"
            )


def records(text: str, name: str, separator: str = ",") -> Iterator[tuple[int, list[str]]]:
    r"""Yield the records of CSV text with the line on which each begins; blank lines are passed over.

    >>> list(records('a,b\n\n1,"x\ny"\n2,z\n', "t.csv"))
    [(1, ['a', 'b']), (3, ['1', 'x\ny']), (5, ['2', 'z'])]

    Raises InputError, with the line, for a quotation mark that is not closed, text after a closed one, a cell of more
    than 100,000 characters, a line of more than 16,384 cells, and columns that something else than commas separates.
    """
    rows = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    begins, first = 1, True
    csv.field_size_limit(LONGEST_CELL)
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise InputError(f"{name}:{begins}: {_csv_words(str(error))}") from None
        if row is None:
            return
        if len(row) > MOST_COLUMNS:
            raise InputError(
                f"{name}:{begins}: {len(row):,} cells in a line; a table has at most {MOST_COLUMNS:,}"
            )
        if any(cell.strip() for cell in row):
            if first and separator == ",":
                refuse_separator(row, name, begins)
            first = False
            yield begins, row
        begins = rows.line_num + 1


def _csv_words(error: str) -> str:
    if "unexpected end of data" in error or "field larger" in error:
        return "a quotation mark that begins here is never closed, or the cell is too long; close it, or double it"
    if "expected after" in error:
        return "text follows a closing quotation mark; double the marks inside a cell"
    return f"not valid CSV ({error})"


def refuse_separator(row: list[str], name: str, line: int) -> None:
    """Raise InputError for the one cell of a line that another mark than the comma separates."""
    if len(row) != 1:
        return
    for mark, words in _SEPARATORS.items():
        if mark in row[0]:
            raise InputError(f"{name}:{line}: the columns are separated by {words}; export it with commas")


def parse_table(source: Text, *, short: bool = False) -> Table:
    r"""Return CSV text with a header line as a table; ``short`` allows records that end early (their cells are empty).

    >>> parse_table(Text("t.csv", "a,b\n1,2\n", "utf-8")).rows
    ({'a': '1', 'b': '2'},)

    Raises InputError for an empty text, a column that stands twice or has no name, and, all at once, for records with
    more or fewer cells than the header.
    """
    name = source.name
    every = records(source.text, name)
    at, header = next(every, (0, []))
    if not header:
        raise InputError(f"{name}: the file is empty; its first line must name the columns")
    columns = [cell.strip() for cell in header]
    twice = sorted(c for c, times in Counter(columns).items() if times > 1)
    if twice:
        what = f"column {printable(twice[0])!r} stands twice" if twice[0] else "columns without a name"
        raise InputError(f"{name}:{at}: {what}")
    rows, lines, problems = [], [], []
    for line, cells in every:
        if len(cells) > len(columns) or (len(cells) < len(columns) and not short):
            relation = "more" if len(cells) > len(columns) else "fewer"
            what = f"{relation} cells than columns ({len(cells)}, not {len(columns)})"
            problems.append(Problem(name, line, "", what))
            continue
        cells += [""] * (len(columns) - len(cells))
        rows.append(dict(zip(columns, cells, strict=True)))
        lines.append(line)
    if problems:
        raise InputError(f"{name}: {len(problems)} line(s) do not fit the header", problems[:_REPORTED])
    return Table(name, tuple(columns), tuple(rows), tuple(lines), source.encoding)


def read_table(
    path: str | Path, *, short: bool = False, limit: int | None = None, packed: bool = False
) -> Table:
    """Read a CSV file with a header line, gzip allowed where it is ``packed``.

    Raises InputError as ``read_text`` and ``parse_table`` do.
    """
    return parse_table(read_text(path, limit=limit, packed=packed), short=short)


def shipped_rows(path: Path) -> tuple[Mapping[str, str], ...]:
    """Return the records of a table that comes with the package."""
    return read_table(path).rows
