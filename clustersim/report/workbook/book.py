"""Writing a workbook by rows: one time line on all sheets, names instead of addresses, no text that Excel could run.

A *row* holds one quantity along the years, a *scalar* one cell. Both are added under a key; formulas refer to keys
through ``at`` and ``cell``, so that an address is never typed. Every formula carries the value that the engine gave;
every label is the words of its key (``named``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from clustersim.errors import InputError
from clustersim.extras import needs
from clustersim.report.labels import label
from clustersim.report.labels.units import unit_words
from clustersim.report.workbook.looks import (
    FIRST_YEAR_COLUMN,
    LOOKS,
    NUMBER,
    PERCENT,
    PLAIN,
    SHEETS,
    VALUE_COLUMN,
    WHOLE,
    WIDTHS,
    WORDS,
    lay_out,
    set_widths,
    tab,
    wide,
)
from clustersim.report.workbook.named import has_words, said

with needs("report", "workbooks"):
    import xlsxwriter
    from xlsxwriter.utility import xl_col_to_name

__all__ = [
    "FIRST_YEAR_COLUMN",
    "NUMBER",
    "PERCENT",
    "PLAIN",
    "SHEETS",
    "VALUE_COLUMN",
    "WHOLE",
    "Book",
    "Cell",
]


#: Letters of a defined name; a spreadsheet takes 255, and names that are one but for their ends get more.
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a cell is, and the value that Python gave for it."""

    sheet: str
    row: int
    column: int
    formula: str | None
    value: float | str


@dataclass
class Book:
    """One workbook while it is being written.

    Attributes:
        typed: the address of every blue cell by its key, a row's cells by ``key#index``.
        bounds: by key of a blue cell, what formulas take in place of less and of more, which have no meaning; a check
            fails then.
        wordless: keys that have no words; empty for every book (a test holds it).
    """

    path: Path
    past: tuple[str, ...]
    years: tuple[str, ...]
    language: str = "en"
    cells: list[Cell] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.file = xlsxwriter.Workbook(
            str(self.path),
            {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
        )
        # A fixed date: the same forecast gives the same bytes.
        self.file.set_properties({"title": "clustersim forecast", "created": datetime(2020, 1, 1)})
        self.file.set_calc_mode("auto")
        # Readers expect this order; the sheets are written in the order in which they need one another.
        self.blank = {name: self.file.add_worksheet(tab(name, self.language)) for name in SHEETS}
        self.sheets: dict[str, Any] = {}
        self.next_row: dict[str, int] = {}
        self.rows: dict[str, tuple[str, int]] = {}
        self.scalars: dict[str, str] = {}
        self.values: dict[str, float | str] = {}
        self.formats: dict[tuple[str, str], Any] = {}
        self.defined: set[str] = set()
        self.typed: dict[str, str] = {}
        self.wordless: set[str] = set()
        self.longest: dict[str, dict[int, int]] = {}
        self.high: dict[tuple[str, int], int] = {}
        self.told: dict[str, str] = {}
        self.along_years: set[str] = set()
        self.alone: set[str] = set()
        self.bounds: dict[str, tuple[float, float]] = {}

    # --- looks -------------------------------------------------------------------------------------------------

    def format(self, kind: str, number: str = WHOLE) -> Any:
        """Return a cell format: blue inputs, grey records, black formulas, green links to other sheets."""
        key = (kind, number)
        if key not in self.formats:
            shown = {} if kind in WORDS else {"num_format": number}
            self.formats[key] = self.file.add_format({**LOOKS[kind], **shown})
        return self.formats[key]

    def words(self, key: str, **parts: object) -> str:
        """Return a phrase of the workbook in its language."""
        return label(key, self.language, **parts)

    # --- sheets ------------------------------------------------------------------------------------------------

    def sheet(self, name: str, title: str, *, timeline: bool = True) -> Any:
        """Add a sheet with its title and, along the years, its heading; ready to print on one page wide."""
        sheet = self.blank.pop(name)
        self.sheets[name] = sheet
        lay_out(sheet, name, len(self.past) + len(self.years), timeline=timeline)
        sheet.write_string(0, 0, self.words(title), self.format("title"))
        if name != "Cover":
            home = f"internal:{_quoted(tab('Cover', self.language))}!A1"
            sheet.write_url(1, 0, home, self.format("url"), self.words("back"))
        self.next_row[name] = 2
        if timeline:
            for i, year in enumerate((*self.past, *self.years)):
                sheet.write_string(2, FIRST_YEAR_COLUMN + i, year, self.format("head"))
            self.next_row[name] = 3
            self.along_years.add(name)
        if name not in {"Cover", "Charts"}:
            sheet.freeze_panes(3, 1)
        return sheet

    def section(self, sheet: str, title: str, **parts: object) -> None:
        """Add a heading within a sheet."""
        self.next_row[sheet] += 1
        self.text(sheet, self.next_row[sheet], 0, self.words(title, **parts), "section")
        self.next_row[sheet] += 1

    def text(self, sheet: str, row: int, column: int, value: str, kind: str = "text") -> None:
        """Write text; it stays text whatever it begins with. What is wider than its column is wrapped."""
        if kind == "text" and column in WIDTHS:
            longest, most = self.longest.setdefault(sheet, {}), WIDTHS[column][1]
            longest[column] = max(longest.get(column, 0), wide(value))
            if wide(value) + 2 > most:
                kind, lines = "long", -(-wide(value) // (most - 4))
                self.high[sheet, row] = max(self.high.get((sheet, row), 1), lines)
                self.sheets[sheet].set_row(row, 16.5 * self.high[sheet, row])
        self.sheets[sheet].write_string(row, column, value, self.format(kind))

    # --- rows --------------------------------------------------------------------------------------------------

    def column(self, index: int) -> int:
        """Return the column of a year: 0 is the first forecast year, negative ones are past."""
        return FIRST_YEAR_COLUMN + len(self.past) + index

    def _head(self, sheet: str, key: str, unit: str, source: str = "", tier: str = "") -> int:
        row = self.next_row[sheet]
        self.next_row[sheet] += 1
        if not has_words(key):
            self.wordless.add(key)
        self.text(sheet, row, 0, self._called(sheet, key))
        self.text(sheet, row, 1, unit_words(unit, self.language))
        if source:
            told, long = label(source, self.language), wide(source) + 2 > WIDTHS[2][1]
            again = (
                long and self.told.get(sheet) == source
            )  # a long source is told once for the rows that share it
            self.text(sheet, row, 2, self.words("src.above") if again else told)
        self.told[sheet] = source
        if tier:
            self.text(sheet, row, 3, label(tier, self.language))
        return row

    def _called(self, sheet: str, key: str) -> str:
        """What a key is called; with its side where the section does not name it, and one heading stands over both."""
        name, side = said(key, self.language), key.partition("_")[0]
        if sheet == "Cluster" or side not in {"own", "incumbent"} or "_card_price:" in key:
            return name
        return self.words(f"s.{side}", part=name)

    def input_row(
        self,
        key: str,
        values: Sequence[float | None],
        *,
        unit: str = "kCNY",
        source: str = "",
        tier: str = "",
        start: int = 0,
        number: str = WHOLE,
        sheet: str = "Inputs",
    ) -> None:
        """Add typed numbers along the years from year ``start``; blanks stay blank. On Record they are no inputs."""
        row = self._head(sheet, key, unit, source, tier)
        kind = "record" if sheet == "Record" else "input"
        for i, value in enumerate(values):
            if value is not None:
                column = self.column(start + i)
                self.sheets[sheet].write_number(row, column, float(value), self.format(kind, number))
                if kind == "input":
                    self.typed[f"{key}#{start + i}"] = self._fixed(sheet, row, column)
        self.rows[key] = (sheet, row)

    def row(
        self,
        sheet: str,
        key: str,
        formula: Callable[[int], str],
        values: Sequence[float | str],
        *,
        unit: str = "kCNY",
        start: int = 0,
        number: str = WHOLE,
        kind: str | None = None,
    ) -> None:
        """Add one formula along the years, with the engine's values beside it."""
        if key not in self.rows:
            self.rows[key] = (sheet, self._head(sheet, key, unit))
        sheet, row = self.rows[key]
        for i, value in enumerate(values):
            text = formula(start + i)
            look = kind or ("link" if _is_link(text) else "formula")
            shown = value if isinstance(value, str) else float(value)
            self.put(sheet, row, self.column(start + i), text, shown, look, number)

    def reserve(self, sheet: str, key: str, unit: str) -> None:
        """Give a row its place; its formulas are written later, when what they refer to has a place too."""
        if key not in self.rows:
            self.rows[key] = (sheet, self._head(sheet, key, unit))

    def put(
        self,
        sheet: str,
        row: int,
        column: int,
        formula: str,
        value: float | str,
        kind: str,
        number: str = WHOLE,
    ) -> None:
        """Write one formula and cache its value."""
        self.sheets[sheet].write_formula(row, column, f"={formula}", self.format(kind, number), value)
        self.cells.append(Cell(tab(sheet, self.language), row, column, formula, value))

    def at(self, key: str, index: int, *, fixed: bool = False) -> str:
        """Return the address of a row in a year, with its sheet."""
        sheet, row = self.rows[key]
        column = xl_col_to_name(self.column(index), col_abs=fixed)
        return f"{self.quoted(sheet)}!{column}{'$' if fixed else ''}{row + 1}"

    def span(self, key: str, first: int, last: int) -> str:
        """Return the range of a row from one year to another."""
        sheet, row = self.rows[key]
        a, b = (xl_col_to_name(self.column(i), col_abs=True) for i in (first, last))
        return f"{self.quoted(sheet)}!{a}${row + 1}:{b}${row + 1}"

    # --- scalars -----------------------------------------------------------------------------------------------

    def input(
        self,
        key: str,
        value: float,
        *,
        unit: str = "",
        source: str = "",
        tier: str = "",
        number: str = PLAIN,
        sheet: str = "Inputs",
        bounds: tuple[float, float] | None = None,
    ) -> None:
        """Add one typed number; on Record it is no input. Formulas take no less and no more of it than ``bounds``."""
        row = self._head(sheet, key, unit, source, tier)
        self.alone.add(sheet)
        kind = "record" if sheet == "Record" else "input"
        self.sheets[sheet].write_number(row, VALUE_COLUMN, float(value), self.format(kind, number))
        self.values[key] = float(value)
        self.scalars[key] = self._fixed(sheet, row, VALUE_COLUMN)
        if kind == "input":
            self.typed[key] = self.scalars[key]
        if bounds is not None:
            self.bounds[key] = bounds
        self._define(key)

    def scalar(
        self,
        sheet: str,
        key: str,
        formula: str,
        value: float | str,
        *,
        unit: str = "",
        number: str = PLAIN,
        kind: str | None = None,
    ) -> None:
        """Add one formula in a cell of its own."""
        row = self._head(sheet, key, unit)
        self.alone.add(sheet)
        look = kind or ("link" if _is_link(formula) else "formula")
        self.put(sheet, row, VALUE_COLUMN, formula, value, look, number)
        self.values[key] = value
        self.scalars[key] = self._fixed(sheet, row, VALUE_COLUMN)
        self._define(key)

    def _define(self, key: str) -> None:
        """Give a cell a name that formulas of the user's can take."""
        name = re.sub(r"\W+", "_", key).strip("_")[:_LONGEST_NAME]
        if len(name) > 3 and not name[0].isdigit() and not key.startswith(("cover.", "state.", "grid.")):
            # Names that differ in signs or in the case of letters alone are one name to a spreadsheet.
            while name.casefold() in self.defined:
                name += "_"
            self.defined.add(name.casefold())
            self.file.define_name(name, f"={self.scalars[key]}")

    def cell(self, key: str) -> str:
        """Return the address of a scalar, or what its bounds make of it.

        Raises InputError for a key that no sheet has defined yet (a mistake of the builder).
        """
        if key not in self.scalars:
            raise InputError(f"workbook: no cell {key!r} yet")
        at = self.scalars[key]
        if key not in self.bounds:
            return at
        least, most = (repr(bound).upper() for bound in self.bounds[key])
        return f"MAX({at},{least})" if most == "INF" else f"MIN(MAX({at},{least}),{most})"

    def value(self, key: str) -> float:
        """Return the number that a scalar holds, typed or by the engine."""
        return float(self.values[key])

    def shown(self, sheet: str) -> str:
        """Return what a sheet is called in the book's language."""
        return tab(sheet, self.language)

    def quoted(self, sheet: str) -> str:
        """Return a sheet's name as formulas write it."""
        return _quoted(tab(sheet, self.language))

    def _fixed(self, sheet: str, row: int, column: int) -> str:
        return f"{self.quoted(sheet)}!{xl_col_to_name(column, col_abs=True)}${row + 1}"

    def folded(self, sheet: str, first: int) -> None:
        """Fold the rows from ``first`` to the last one away behind a plus sign: steps of a calculation, no results."""
        for row in range(first, self.next_row[sheet]):
            self.sheets[sheet].set_row(row, None, None, {"level": 1, "hidden": True})
        self.sheets[sheet].set_row(self.next_row[sheet], None, None, {"collapsed": True})

    def _numbers_alone(self) -> None:
        """Let blue cells take numbers alone: text in one would leave an error in every cell that reads it."""
        cells: dict[str, list[str]] = {}
        for name, _, cell in (at.rpartition("!") for key, at in self.typed.items() if key != "selector"):
            cells.setdefault(name, []).append(cell.replace("$", ""))
        for name, sheet in self.sheets.items():
            if places := cells.get(self.quoted(name)):
                sheet.data_validation(
                    places[0],
                    {
                        "validate": "decimal", "criteria": "between", "minimum": -1e15, "maximum": 1e15,
                        "multi_range": " ".join(places),
                        "error_title": self.words("number_only"), "error_message": self.words("number_only.why"),
                    },
                )  # fmt: skip

    def close(self) -> None:
        """Write the file, its columns as wide as what stands in them."""
        for sheet, longest in self.longest.items():
            set_widths(self.sheets[sheet], sheet, longest)
        for sheet in self.along_years:
            if sheet in self.alone:
                self.text(sheet, 2, VALUE_COLUMN, self.words("any_year"), "head")
            else:
                self.sheets[sheet].set_column(VALUE_COLUMN, VALUE_COLUMN, 1)
        self._numbers_alone()
        self.file.close()


def _quoted(name: str) -> str:
    return name if name.isascii() and name.isalnum() else f"'{name}'"


def _is_link(formula: str) -> bool:
    """Whether a formula only fetches one cell of another sheet."""
    return "!" in formula and not any(sign in formula for sign in "+-*/^(,<>=")
