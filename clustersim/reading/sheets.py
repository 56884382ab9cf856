"""Workbooks from outside: every sheet of an XLSX file as CSV text, values as they are stored."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from clustersim.errors import InputError
from clustersim.reading.archive import Archive, open_archive
from clustersim.reading.xlsx import MAIN, column_of, shared_strings, xml_of

__all__ = ["read_sheets"]

_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
#: No table that a report prints is wider.
MOST_COLUMNS = 500
#: Rows that a spreadsheet has.
MOST_ROWS = 1_048_576


def read_sheets(path: str | Path) -> dict[str, str]:
    """Return the text of every sheet of a workbook as CSV by the sheet's name; formulas give their stored value.

    Raises InputError for what is no workbook, one that unpacks to too much, or one that declares entities.
    """
    archive = open_archive(path)
    if "xl/workbook.xml" not in archive.names:
        raise InputError(f"{archive.name}: is no XLSX workbook")
    strings = shared_strings(archive)
    targets = {
        r.get("Id", ""): r.get("Target", "").removeprefix("/").removeprefix("xl/")
        for r in _parts(archive, "xl/_rels/workbook.xml.rels")
    }
    out = {}
    for sheet in xml_of(archive, "xl/workbook.xml").iter(f"{MAIN}sheet"):
        member = f"xl/{targets.get(sheet.get(_REL, ''), '')}"
        out[sheet.get("name", member)] = _csv(xml_of(archive, member), strings, archive.name)
    return out


def _parts(archive: Archive, member: str) -> list[ElementTree.Element]:
    return list(xml_of(archive, member)) if member in archive.names else []


def _csv(sheet: ElementTree.Element, strings: list[str], name: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    at = 0
    spans, held = _merged(sheet), ""
    for row in sheet.iter(f"{MAIN}row"):
        stated = row.get("r") or ""
        number = int(stated) if re.fullmatch(r"[0-9]{1,9}", stated) else at + 1
        if number > MOST_ROWS:
            raise InputError(f"{name}: a sheet has more than {MOST_ROWS:,} rows")
        # Empty rows are not stored; the line of a figure is the row of the sheet. Rows that step back add none.
        out.write("\n" * max(0, number - at - 1))
        at = max(at, number)
        cells = _cells(row, strings, name)
        # A label that is merged over several rows is that of each.
        if spans.get(number) and cells and not cells[0]:
            cells[0] = held
        held = cells[0] if cells and cells[0] else held
        writer.writerow(cells)
    return out.getvalue()


def _merged(sheet: ElementTree.Element) -> dict[int, bool]:
    """The rows whose first cell is merged with the one above it."""
    out: dict[int, bool] = {}
    for cell in sheet.iter(f"{MAIN}mergeCell"):
        found = re.fullmatch(r"A(\d{1,7}):A(\d{1,7})", cell.get("ref", ""))
        if found:
            first, last = int(found[1]), min(int(found[2]), int(found[1]) + MOST_COLUMNS)
            out.update(dict.fromkeys(range(first + 1, last + 1), True))
    return out


def _cells(row: ElementTree.Element, strings: list[str], name: str) -> list[str]:
    cells: dict[int, str] = {}
    for k, (column, text) in enumerate(_values(row, strings, name)):
        at = k if column < 0 else column
        if at < MOST_COLUMNS:
            cells[at] = text
    return [cells.get(k, "") for k in range(max(cells, default=-1) + 1)]


def _values(row: ElementTree.Element, strings: list[str], name: str) -> Iterator[tuple[int, str]]:
    for cell in row.iter(f"{MAIN}c"):
        kind, value = cell.get("t", "n"), cell.findtext(f"{MAIN}v") or ""
        if kind == "s":
            # The number of a text that is not there is no figure of the sheet.
            if not re.fullmatch(r"[0-9]{1,9}", value.strip()) or int(value) >= len(strings):
                raise InputError(
                    f"{name}: a cell names a text that the workbook does not hold: it is damaged"
                )
            value = strings[int(value)]
        elif kind == "inlineStr":
            value = "".join(t.text or "" for t in cell.iter(f"{MAIN}t"))
        elif kind == "n" and value:
            value = _number(value)
        yield column_of(cell.get("r", "")), value.replace("\n", " ")


def _number(value: str) -> str:
    """A stored binary number as the shortest text that means it.

    >>> _number("0.10000000000000001"), _number("1034614"), _number("2025.0")
    ('0.1', '1034614', '2025')
    """
    try:
        found = float(value)
    except ValueError:
        return value
    if found == int(found) and abs(found) < 1e15:
        return str(int(found))
    return repr(float(f"{found:.15g}"))
