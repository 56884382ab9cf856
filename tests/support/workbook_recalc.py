"""Recalculate a workbook without its cached values, by two programs that are not ours."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

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


def errors_in(program: Any, cells: list[tuple[str, int, int]]) -> list[tuple[tuple[str, int, int], object]]:
    """The cells (sheet, row, column, from 1) that hold an error or nothing, of a program that has calculated."""
    found = zip(cells, program.evaluate_cells(cells), strict=True)
    return [(c, v) for c, v in found if not isinstance(v, int | float | str) or str(v).startswith("#")]


def by_formualizer(path: Path, cells: list[tuple[str, int, int]]) -> list[object]:
    """Values of (sheet, row, column), counted from 0."""
    import formualizer

    book = formualizer.load_workbook(str(path))
    book.evaluate_all()
    found: list[object] = book.evaluate_cells([(sheet, row + 1, column + 1) for sheet, row, column in cells])
    return found


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


#: Types numbers into an open workbook, one after the other, and writes down what a cell holds after each.
_MACRO = """
Sub Main
    Dim hidden(0) As New com.sun.star.beans.PropertyValue
    hidden(0).Name = "Hidden"
    hidden(0).Value = True
    book = StarDesktop.loadComponentFromURL("{book}", "_blank", 0, hidden())
    book.calculateAll()
    Open "{edits}" For Input As #1
    Open "{found}" For Output As #2
    target = cellAt(book, "{target}")
    While Not EOF(1)
        Line Input #1, text
        at = InStr(text, ";")
        cell = cellAt(book, Left(text, at - 1))
        before = cell.Value
        cell.Value = Val(Mid(text, at + 1))
        book.calculate()
        If target.getError() <> 0 Then
            Print #2, "error " & target.getError()
        Else
            Print #2, Str(target.Value)
        End If
        cell.Value = before
    Wend
    Close #1
    Close #2
    book.close(True)
    StarDesktop.terminate()
End Sub

Function cellAt(book, place)
    parts = Split(place, " ")
    cellAt = book.Sheets.getByIndex(CInt(parts(0))).getCellByPosition(CInt(parts(2)), CInt(parts(1)))
End Function
"""


def typed_in_libreoffice(
    book: Path, edits: list[tuple[str, float]], target: str, sheets: tuple[str, ...], folder: Path
) -> list[float | str]:
    """Open a workbook once, type each number at its address, and return what the target holds after each.

    What stood there is typed back each time; ``sheets`` are the sheets in their order, an error is its text.
    """
    program = shutil.which("soffice") or shutil.which("libreoffice")
    assert program is not None

    def at(address: str) -> str:
        sheet, row, column = place(address)
        return f"{sheets.index(sheet)} {row - 1} {column - 1}"

    def started(*asked: str) -> None:
        where = f"-env:UserInstallation=file://{folder.resolve() / 'profile'}"
        subprocess.run([program, where, "--headless", "--norestore", *asked],
                       check=True, capture_output=True, timeout=3_000)  # fmt: skip

    typed, found = folder / "edits.txt", folder / "found.txt"
    typed.write_text("".join(f"{at(address)};{number!r}\n" for address, number in edits))
    macro = _MACRO.format(
        book=book.resolve().as_uri(), edits=typed.resolve(), found=found.resolve(), target=at(target)
    )
    started("--terminate_after_init")  # the first start fills a profile, and would write over what is there
    (folder / "profile/user/basic/Standard/Module1.xba").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<script:module xmlns:script="http://openoffice.org/2000/script"'
        f' script:name="Module1" script:language="StarBasic">{escape(macro)}</script:module>\n'
    )
    started("macro:///Standard.Module1.Main")
    lines = found.read_text().splitlines()
    assert len(lines) == len(edits), (len(lines), len(edits))
    return [line if line.startswith("error") else float(line) for line in lines]
