"""Parts of an XLSX workbook from outside: its XML, the texts that cells share, and the columns of references."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from clustersim.errors import InputError
from clustersim.reading.archive import Archive

__all__ = ["MAIN", "column_of", "shared_strings", "xml_of"]

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


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
