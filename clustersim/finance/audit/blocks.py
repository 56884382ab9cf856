"""Sheets as people fill them: several tables below one another, a table known by its lines, other decimal marks."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from clustersim.errors import InputError
from clustersim.finance.audit.labels import canonical_item
from clustersim.finance.audit.periods import read_period
from clustersim.finance.audit.table_names import canonical_table
from clustersim.reading.tables import records

__all__ = ["Rows", "as_text", "blocks", "holds_table", "rows_of", "separator_of", "table_of", "with_points"]

Rows = Sequence[tuple[int, list[str]]]
#: Tables that are known by their lines, and how many lines of theirs tell them.
_TOLD = {
    "income_statement": 4,
    "balance_sheet": 4,
    "cash_flow": 4,
    "ratios": 3,
    "dcf": 3,
    "wacc": 3,
    "valuation": 3,
}
_NUMBER = re.compile(r"[-−△▲(]?\s*[$€£¥]?\s*\d[\d.,'’\s]*\)?\s*(?:%|x|倍)?")
_EUROPEAN = re.compile(
    r"\D*\d{1,3}(?:\.\d{3})+,\d+\D*|\D*\d+,(?:\d{1,2}|\d{4,})\D*|\D*\d{1,3}(?:\.\d{3}){2,}\D*"
)
_ENGLISH = re.compile(
    r"\D*\d{1,3}(?:,\d{3})+\.\d+\D*|\D*\d+\.(?:\d{1,2}|\d{4,})\D*|\D*\d{1,3}(?:,\d{3}){2,}\D*"
)


def separator_of(text: str) -> str:
    r"""What parts the cells of a table: semicolons or tabs where its first line has them and no comma.

    >>> separator_of("a;b;c\n1,5;2,5\n"), separator_of("a,b\n")
    (';', ',')
    """
    first = next((line for line in text.splitlines() if line.strip()), "")
    for mark in (";", "\t"):
        if first.count(mark) and (not first.count(",") or first.count(mark) > 2 * first.count(",")):
            return mark
    return ","


def _is_head(row: Sequence[str]) -> bool:
    """Whether a line is the heading of a table with its periods across: periods, and no number that is none."""
    cells = [c.strip() for c in row]
    across = [c for c in cells[1:] if c]
    periods = [c for c in across if read_period(c)]
    return len(periods) > 1 and 2 * len(periods) > len(across) and read_period(cells[0]) is None


def _heads(rows: Rows) -> list[int]:
    """The headings of a sheet: the first line of periods, and those below a gap or a title that print some of them.

    A number may read as a year: a line of such numbers right below another is no heading.
    """
    out: list[int] = []
    known: set[str] = set()
    for k, (line, row) in enumerate(rows):
        if not _is_head(row):
            continue
        said = [str(read_period(c.strip())) for c in row[1:] if c.strip() and read_period(c.strip())]
        parted = k > 0 and (line > rows[k - 1][0] + 1 or _lone(rows[k - 1][1]))
        if not out or (parted and known & set(said) and len(set(said)) == len(said)):
            out.append(k)
            known |= set(said)
    return out


def _lone(row: Sequence[str]) -> bool:
    cells = [c.strip() for c in row if c.strip()]
    return len(cells) == 1 and not _NUMBER.fullmatch(cells[0])


def blocks(rows: Rows) -> list[tuple[str, list[tuple[int, list[str]]]]]:
    """Part a sheet into its tables, each with the words above it: at every further heading of periods.

    >>> head = ["mn", "2024", "2025"]
    >>> sheet = [["Income"], head, ["Sales", "2024", "2025"], ["Balance"], head, ["Cash", "3", "4"]]
    >>> [(title, [row[0] for _, row in part]) for title, part in blocks(list(enumerate(sheet, 1)))]
    [('Income', ['Income', 'mn', 'Sales']), ('Balance', ['Balance', 'mn', 'Cash'])]
    """
    heads = _heads(rows)
    if len(heads) < 2:
        return [("", list(rows))]
    starts = []
    for n, at in enumerate(heads):
        first = at
        while first > (heads[n - 1] + 1 if n else 0) and _lone(rows[first - 1][1]):
            first -= 1
        starts.append(0 if n == 0 else first)
    out = []
    for n, (start, at) in enumerate(zip(starts, heads, strict=True)):
        end = starts[n + 1] if n + 1 < len(starts) else len(rows)
        above = [
            c.strip() for _, row in rows[start : at + 1] for c in row if c.strip() and not read_period(c)
        ]
        title = next((c for c in above if canonical_table(c)), above[0] if above else "")
        out.append((title, list(rows[start:end])))
    return out


def table_of(rows: Rows) -> str | None:
    """The table that lines without a known name are: the one that knows most of their labels; None where none does."""
    across = [row for _, row in rows if _is_head(row)]
    down = [c for _, row in rows[:4] for c in row[1:]] if not across else []
    labels = [row[0].strip() for _, row in rows if row and row[0].strip() and not read_period(row[0])]
    best: list[tuple[int, str]] = []
    for said in (labels, down):
        for table, least in _TOLD.items():
            known = sum(canonical_item(table, label) is not None for label in said)
            if known >= least and 2 * known >= len([s for s in said if s]) - 2:
                best.append((known, table))
    best.sort(key=lambda pair: -pair[0])
    if not best or (len(best) > 1 and best[0][0] == best[1][0] and best[0][1] != best[1][1]):
        return None
    return best[0][1]


def holds_table(name: str, text: str) -> bool:
    """Whether a file or sheet is a table that the audit knows, by its name, the words above a part, or its lines."""
    if canonical_table(name) is not None:
        return True
    try:
        parts = blocks(rows_of(text, name))
    except InputError:
        return False
    return any((title and canonical_table(title)) or table_of(part) for title, part in parts)


def with_points(rows: Rows) -> tuple[list[tuple[int, list[str]]], bool]:
    """Return the lines with decimal points, and whether they had commas: ``1.234,5`` where no number reads otherwise.

    >>> with_points([(1, ["a", "1.234,5", "12,5"])])
    ([(1, ['a', '1234.5', '12.5'])], True)
    >>> with_points([(1, ["a", "1,234", "12.5"])])[1]
    False
    """
    cells = [c.strip() for _, row in rows for c in row[1:] if _NUMBER.fullmatch(c.strip())]
    european = sum(_EUROPEAN.fullmatch(c) is not None for c in cells)
    if not european or any(_ENGLISH.fullmatch(c) for c in cells):
        return list(rows), False

    def pointed(cell: str) -> str:
        if not _NUMBER.fullmatch(cell.strip()):
            return cell
        return cell.replace(".", "").replace(",", ".")

    return [(line, [row[0], *(pointed(c) for c in row[1:])]) for line, row in rows], True


def as_text(rows: Rows) -> str:
    """Lines as CSV again, each where it was."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    at = 1
    for line, row in rows:
        out.write("\n" * (line - at))
        cells = [" ".join(c.split("\n")) for c in row]
        writer.writerow(cells)
        at = line + 1
    return out.getvalue()


def rows_of(text: str, name: str) -> list[tuple[int, list[str]]]:
    """The lines of a table, whatever parts its cells."""
    bare = text.lstrip("\ufeff")
    return list(records(bare, name, separator_of(bare)))
