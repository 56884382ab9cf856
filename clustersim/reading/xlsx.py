"""The first sheet of an XLSX workbook from outside as a table: texts and numbers; formulas give what they last gave."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from clustersim.errors import InputError
from clustersim.reading.archive import Archive, open_archive
from clustersim.reading.guarded import printable
from clustersim.reading.tables import Table

__all__ = ["MAIN", "column_of", "read_sheet", "shared_strings", "xml_of"]

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
#: A sheet beyond these is no list of prices or rows.
ROWS, COLUMNS = 100_000, 512


def read_sheet(path: str | Path) -> Table:
    """Return the first sheet, whose first row that is not blank names the columns.

    Raises InputError for a file that is no workbook, is damaged, declares entities, or is too large; for a column that
    stands twice.
    """
    archive = open_archive(path)
    strings = shared_strings(archive)
    sheets = sorted(
        (n for n in archive.names if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", n)),
        key=lambda n: int(re.sub(r"\D", "", n)),
    )
    if not sheets:
        raise InputError(f"{archive.name}: holds no sheet: it is no XLSX workbook")
    rows, lines = [], []
    for number, row in enumerate(xml_of(archive, sheets[0]).iter(f"{MAIN}row"), 1):
        if number > ROWS:
            raise InputError(f"{archive.name}: the first sheet has more than {ROWS:,} rows")
        cells = _cells(row, strings, archive.name)
        if any(cells):
            rows.append(cells)
            stated = row.get("r") or ""
            lines.append(int(stated) if re.fullmatch(r"[0-9]{1,9}", stated) else number)
    if not rows:
        raise InputError(f"{archive.name}: the first sheet is empty")
    width = max(map(len, rows))
    columns = [cell.strip() for cell in rows[0]] + [""] * (width - len(rows[0]))
    named = [i for i, name in enumerate(columns) if name]
    twice = sorted({columns[i] for i in named if columns.count(columns[i]) > 1})
    if twice:
        raise InputError(f"{archive.name}:{lines[0]}: column {printable(twice[0])!r} stands twice")
    return Table(
        archive.name,
        tuple(columns[i] for i in named),
        tuple({columns[i]: row[i] if i < len(row) else "" for i in named} for row in rows[1:]),
        tuple(lines[1:]),
    )


def xml_of(archive: Archive, member: str) -> ElementTree.Element:
    """Return a part of a workbook; raises InputError where it is damaged or declares entities."""
    data = archive.read(member)
    # A workbook declares nothing; entities are how XML grows without end.
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise InputError(f"{archive.name}: {member}: declares entities, which no workbook does")
    try:
        return ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise InputError(f"{archive.name}: {member}: is damaged ({error})") from None


def shared_strings(archive: Archive) -> list[str]:
    """Return the texts that cells name by their number."""
    if "xl/sharedStrings.xml" not in archive.names:
        return []
    items = xml_of(archive, "xl/sharedStrings.xml").iter(f"{MAIN}si")
    return ["".join(t.text or "" for t in item.iter(f"{MAIN}t")) for item in items]


def _cells(row: ElementTree.Element, strings: list[str], name: str) -> list[str]:
    cells: list[str] = []
    for cell in row.iter(f"{MAIN}c"):
        column = column_of(cell.get("r") or "")
        at = len(cells) if column < 0 else column
        if at >= COLUMNS:
            raise InputError(f"{name}: the first sheet has more than {COLUMNS} columns")
        cells += [""] * (at + 1 - len(cells))
        cells[at] = _value(cell, strings, name)
    return cells


def column_of(reference: str) -> int:
    """Return the index of a cell's column from its letters; -1 where it has none.

    >>> column_of("A1"), column_of("AB7"), column_of("")
    (0, 27, -1)
    """
    letters = re.match(r"[A-Z]{1,4}", reference)
    at = 0
    for letter in letters[0] if letters else "":
        at = at * 26 + ord(letter) - 64
    return at - 1


def _value(cell: ElementTree.Element, strings: list[str], name: str) -> str:
    kind = cell.get("t")
    if kind == "inlineStr":
        return "".join(t.text or "" for t in cell.iter(f"{MAIN}t"))
    text = (cell.findtext(f"{MAIN}v") or "").strip()
    if kind != "s":
        return text
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) >= len(strings):
        raise InputError(f"{name}: a cell names a text that the workbook does not hold: it is damaged")
    return strings[int(text)]
