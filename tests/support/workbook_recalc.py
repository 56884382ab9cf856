"""Recalculate a workbook without its cached values, by two programs that are not ours."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

CELL = re.compile(r"(<c\b[^>]*>)(<f>.*?</f>)<v>.*?</v></c>", re.S)


def stripped(source: Path, target: Path) -> int:
    """Write a copy of the workbook whose formula cells hold no value; return how many there were."""
    count = 0
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename.startswith("xl/worksheets/sheet"):
                text = data.decode()
                # A formula whose cached value is text says so; without the value the mark must go as well.
                text, n = CELL.subn(lambda m: m[1].replace(' t="str"', "") + m[2] + "</c>", text)
                count += n
                data = text.encode()
            new.writestr(item, data)
    return count


def place(address: str) -> tuple[str, int, int]:
    """Sheet, row and column (from 1) of an address such as ``'DCF'!$C$5``."""
    sheet, _, cell = address.replace("$", "").rpartition("!")
    letters = "".join(c for c in cell if c.isalpha())
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return sheet.strip("'"), int(cell[len(letters) :]), column


def by_formualizer(path: Path, cells: list[tuple[str, int, int]]) -> list[object]:
    """Values of (sheet, row, column), counted from 0."""
    import formualizer

    book = formualizer.load_workbook(str(path))
    book.evaluate_all()
    return [book.evaluate_cell(sheet, row + 1, column + 1) for sheet, row, column in cells]


def by_libreoffice(path: Path, cells: list[tuple[str, int, int]], folder: Path) -> list[object]:
    """The same, by a headless conversion that calculates."""
    import openpyxl

    program = shutil.which("soffice") or shutil.which("libreoffice")
    assert program is not None
    out = folder / "recalculated"
    subprocess.run(
        [program, f"-env:UserInstallation=file://{folder / 'profile'}", "--headless", "--convert-to", "xlsx",
         "--outdir", str(out), str(path)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    book = openpyxl.load_workbook(out / path.name, data_only=True)
    return [book[sheet].cell(row + 1, column + 1).value for sheet, row, column in cells]


def typed_over(source: Path, target: Path, address: str, number: float, sheets: tuple[str, ...]) -> None:
    """Write a copy of a workbook with another number in one cell; ``sheets`` are its sheets in their order."""
    sheet, row, column = place(address)
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    part = f"xl/worksheets/sheet{sheets.index(sheet) + 1}.xml"
    cell = re.compile(rf'(<c r="{letters}{row}"[^>]*><v>)[^<]*(</v>)')
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename == part:
                text, count = cell.subn(rf"\g<1>{number!r}\g<2>", data.decode())
                assert count == 1, (address, count)
                data = text.encode()
            new.writestr(item, data)


def by_libreoffice_many(paths: list[Path], at: tuple[str, int, int], folder: Path) -> list[object]:
    """The value of one cell in each of many workbooks, ten at a time (a slow machine takes its minutes for them)."""
    import openpyxl

    program = shutil.which("soffice") or shutil.which("libreoffice")
    assert program is not None
    out, found = folder / "recalculated", []
    for first in range(0, len(paths), 10):
        some = paths[first : first + 10]
        subprocess.run(
            [program, f"-env:UserInstallation=file://{folder / 'profile'}", "--headless", "--convert-to", "xlsx",
             "--outdir", str(out), *map(str, some)],
            check=True, capture_output=True, timeout=560,
        )  # fmt: skip
        for path in some:
            book = openpyxl.load_workbook(out / path.name, data_only=True, read_only=True)
            found.append(book[at[0]].cell(at[1], at[2]).value)
            book.close()
    return found
