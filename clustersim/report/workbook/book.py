"""Writing a workbook by rows: one time line on all sheets, names instead of addresses, no text that Excel could run.

A *row* holds one quantity along the years, a *scalar* one cell. Both are added under a key; formulas refer to keys
through ``at`` and ``cell``, so that an address is never typed. Every formula carries the value that the engine gave.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from clustersim.errors import InputError
from clustersim.extras import needs
from clustersim.report.workbook.labels import label

with needs("report", "workbooks"):
    import xlsxwriter
    from xlsxwriter.utility import xl_col_to_name

__all__ = ["SHEETS", "Book", "Cell"]

SHEETS = (
    "Cover", "Control", "Inputs", "Cluster", "Drivers", "Income", "Balance", "Cash flow", "DCF", "Multiples",
    "Sensitivities", "Charts", "Checks", "Audit",
)  # fmt: skip

#: Column of the first year; before it stand label, unit, source and tier.
FIRST_YEAR_COLUMN = 4
NUMBER, WHOLE, PERCENT, PLAIN = "#,##0.00;[Red]-#,##0.00", "#,##0;[Red]-#,##0;-", "0.00%", "0.0000"


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
    """One workbook while it is being written."""

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
        self.blank = {name: self.file.add_worksheet(name) for name in SHEETS}
        self.sheets: dict[str, Any] = {}
        self.next_row: dict[str, int] = {}
        self.rows: dict[str, tuple[str, int]] = {}
        self.scalars: dict[str, str] = {}
        self.values: dict[str, float | str] = {}
        self.titles: dict[str, str] = {}
        self.formats: dict[tuple[str, str], Any] = {}

    # --- looks -------------------------------------------------------------------------------------------------

    def format(self, kind: str, number: str = WHOLE) -> Any:
        """Return a cell format: blue inputs, black formulas, green links to other sheets."""
        key = (kind, number)
        if key not in self.formats:
            looks: dict[str, dict[str, Any]] = {
                "input": {"font_color": "#0000FF", "bg_color": "#FFFBE6"},
                "formula": {"font_color": "#000000"},
                "link": {"font_color": "#007A33"},
                "total": {"bold": True, "top": 1},
                "head": {"bold": True, "bg_color": "#E8EEF4", "bottom": 1, "align": "center"},
                "title": {"bold": True, "font_size": 14},
                "section": {"bold": True, "font_color": "#1F3864"},
                "text": {"font_color": "#000000"},
                "note": {"font_color": "#666666", "text_wrap": True, "valign": "top"},
            }
            shown = {} if kind in {"head", "title", "section", "text", "note"} else {"num_format": number}
            self.formats[key] = self.file.add_format({**looks[kind], **shown})
        return self.formats[key]

    # --- sheets ------------------------------------------------------------------------------------------------

    def sheet(self, name: str, title: str, *, timeline: bool = True) -> Any:
        """Add a sheet with its title and, along the years, its heading; ready to print on one page wide."""
        sheet = self.blank.pop(name)
        self.sheets[name] = sheet
        sheet.write_string(0, 0, label(title, self.language), self.format("title"))
        sheet.set_column(0, 0, 44)
        sheet.set_column(1, 1, 12)
        sheet.set_column(2, 2, 34 if name == "Inputs" else 4)
        sheet.set_column(3, 3, 12 if name == "Inputs" else 3)
        sheet.set_column(FIRST_YEAR_COLUMN, FIRST_YEAR_COLUMN + len(self.past) + len(self.years), 14)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0, 2)
        self.next_row[name] = 2
        if timeline:
            for i, year in enumerate((*self.past, *self.years)):
                sheet.write_string(2, FIRST_YEAR_COLUMN + i, year, self.format("head"))
            sheet.freeze_panes(3, FIRST_YEAR_COLUMN)
            self.next_row[name] = 3
        return sheet

    def section(self, sheet: str, title: str) -> None:
        """Add a heading within a sheet."""
        self.next_row[sheet] += 1
        self.sheets[sheet].write_string(
            self.next_row[sheet], 0, label(title, self.language), self.format("section")
        )
        self.next_row[sheet] += 1

    def text(self, sheet: str, row: int, column: int, value: str, kind: str = "text") -> None:
        """Write text; it stays text whatever it begins with."""
        self.sheets[sheet].write_string(row, column, value, self.format(kind))

    # --- rows --------------------------------------------------------------------------------------------------

    def column(self, index: int) -> int:
        """Return the column of a year: 0 is the first forecast year, negative ones are past."""
        return FIRST_YEAR_COLUMN + len(self.past) + index

    def _head(self, sheet: str, key: str, unit: str, source: str = "", tier: str = "") -> int:
        row = self.next_row[sheet]
        self.next_row[sheet] += 1
        self.text(sheet, row, 0, label(key, self.language))
        self.text(sheet, row, 1, unit)
        if source:
            self.text(sheet, row, 2, source)
        if tier:
            self.text(sheet, row, 3, tier)
        return row

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
        name: str | None = None,
    ) -> None:
        """Add typed numbers along the years from year ``start``; blanks stay blank."""
        row = self._head(sheet, name or key, unit, source, tier)
        for i, value in enumerate(values):
            if value is not None:
                self.sheets[sheet].write_number(
                    row, self.column(start + i), float(value), self.format("input", number)
                )
        self.rows[key] = (sheet, row)

    def row(
        self,
        sheet: str,
        key: str,
        formula: Callable[[int], str],
        values: Sequence[float],
        *,
        unit: str = "kCNY",
        start: int = 0,
        number: str = WHOLE,
        kind: str | None = None,
        name: str | None = None,
    ) -> None:
        """Add one formula along the years, with the engine's values beside it."""
        if key in self.rows:
            self._more(key, formula, values, start, number, kind)
            return
        self.rows[key] = (sheet, self._head(sheet, name or key, unit))
        self._more(key, formula, values, start, number, kind)

    def reserve(self, sheet: str, key: str, unit: str, name: str | None = None) -> None:
        """Give a row its place; its formulas are written later, when what they refer to has a place too."""
        if key not in self.rows:
            self.rows[key] = (sheet, self._head(sheet, name or key, unit))

    def _more(
        self,
        key: str,
        formula: Callable[[int], str],
        values: Sequence[float],
        start: int,
        number: str,
        kind: str | None,
    ) -> None:
        sheet, row = self.rows[key]
        for i, value in enumerate(values):
            text = formula(start + i)
            look = kind or ("link" if _is_link(text) else "formula")
            self.put(sheet, row, self.column(start + i), text, float(value), look, number)

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
        self.cells.append(Cell(sheet, row, column, formula, value))

    def at(self, key: str, index: int, *, fixed: bool = False) -> str:
        """Return the address of a row in a year, with its sheet."""
        sheet, row = self.rows[key]
        column = xl_col_to_name(self.column(index), col_abs=fixed)
        return f"{_quoted(sheet)}!{column}{'$' if fixed else ''}{row + 1}"

    def span(self, key: str, first: int, last: int) -> str:
        """Return the range of a row from one year to another."""
        sheet, row = self.rows[key]
        a, b = (xl_col_to_name(self.column(i), col_abs=True) for i in (first, last))
        return f"{_quoted(sheet)}!{a}${row + 1}:{b}${row + 1}"

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
        name: str | None = None,
    ) -> None:
        """Add one typed number."""
        row = self._head(sheet, name or key, unit, source, tier)
        self.sheets[sheet].write_number(row, FIRST_YEAR_COLUMN, float(value), self.format("input", number))
        self.values[key] = float(value)
        self.scalars[key] = self._fixed(sheet, row, FIRST_YEAR_COLUMN)

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
        name: str | None = None,
    ) -> None:
        """Add one formula in a cell of its own."""
        row = self._head(sheet, name or key, unit)
        look = kind or ("link" if _is_link(formula) else "formula")
        self.put(sheet, row, FIRST_YEAR_COLUMN, formula, value, look, number)
        self.values[key] = value
        self.titles[key] = name or key
        self.scalars[key] = self._fixed(sheet, row, FIRST_YEAR_COLUMN)

    def cell(self, key: str) -> str:
        """Return the address of a scalar.

        Raises InputError for a key that no sheet has defined yet (a mistake of the builder).
        """
        if key not in self.scalars:
            raise InputError(f"workbook: no cell {key!r} yet")
        return self.scalars[key]

    def value(self, key: str) -> float:
        """Return the number that a scalar holds, typed or by the engine."""
        return float(self.values[key])

    def _fixed(self, sheet: str, row: int, column: int) -> str:
        return f"{_quoted(sheet)}!{xl_col_to_name(column, col_abs=True)}${row + 1}"

    def close(self) -> None:
        """Write the file."""
        self.file.close()


def _quoted(sheet: str) -> str:
    return f"'{sheet}'" if not sheet.isalnum() else sheet


def _is_link(formula: str) -> bool:
    """Whether a formula only fetches one cell of another sheet."""
    return "!" in formula and not any(sign in formula for sign in "+-*/^(,<>=")
