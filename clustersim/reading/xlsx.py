"""The first sheet of an XLSX workbook from outside as a table: texts and numbers; formulas give what they last gave."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from clustersim.errors import InputError
from clustersim.reading.archive import Archive, open_archive
from clustersim.reading.guarded import printable
from clustersim.reading.tables import Table

__all__ = ["read_sheet"]

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
#: A sheet beyond these is no list of prices or rows.
ROWS, COLUMNS = 100_000, 512


def read_sheet(path: str | Path) -> Table:
    """Return the first sheet, whose first row that is not blank names the columns.

    Raises InputError for a file that is no workbook, is damaged, declares entities, or is too large; for a column that
    stands twice.
    """
    archive = open_archive(path)
    strings = _strings(archive)
    sheets = sorted(
        (n for n in archive.names if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", n)),
        key=lambda n: int(re.sub(r"\D", "", n)),
    )
    if not sheets:
        raise InputError(f"{archive.name}: holds no sheet: it is no XLSX workbook")
    rows, lines = [], []
    for number, row in enumerate(_xml(archive, sheets[0]).iter(f"{_MAIN}row"), 1):
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


def _xml(archive: Archive, member: str) -> ElementTree.Element:
    data = archive.read(member)
    # A workbook declares nothing; entities are how XML grows without end.
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise InputError(f"{archive.name}: {member}: declares entities, which no workbook does")
    try:
        return ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise InputError(f"{archive.name}: {member}: is damaged ({error})") from None


def _strings(archive: Archive) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.names:
        return []
    items = _xml(archive, "xl/sharedStrings.xml").iter(f"{_MAIN}si")
    return ["".join(t.text or "" for t in item.iter(f"{_MAIN}t")) for item in items]


def _cells(row: ElementTree.Element, strings: list[str], name: str) -> list[str]:
    cells: list[str] = []
    for cell in row.iter(f"{_MAIN}c"):
        letters = re.match(r"[A-Z]+", cell.get("r") or "")
        at = _index(letters[0]) if letters else len(cells)
        if at >= COLUMNS:
            raise InputError(f"{name}: the first sheet has more than {COLUMNS} columns")
        cells += [""] * (at + 1 - len(cells))
        cells[at] = _value(cell, strings, name)
    return cells


def _index(letters: str) -> int:
    at = 0
    for letter in letters[:4]:
        at = at * 26 + ord(letter) - 64
    return at - 1


def _value(cell: ElementTree.Element, strings: list[str], name: str) -> str:
    kind = cell.get("t")
    if kind == "inlineStr":
        return "".join(t.text or "" for t in cell.iter(f"{_MAIN}t"))
    text = (cell.findtext(f"{_MAIN}v") or "").strip()
    if kind != "s":
        return text
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) >= len(strings):
        raise InputError(f"{name}: a cell names a text that the workbook does not hold: it is damaged")
    return strings[int(text)]
