"""The workbook of a proposal while it is written: its sheets, formats, typed cells and formulas with their values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from clustersim.report.content.model import Teller

__all__ = ["FINE", "MONEY", "RATE", "SHARE", "WHOLE", "Live", "OfferBook"]

_TYPED = ("#,##0.######", {"font_color": "#0000FF", "bg_color": "#FFFBE6"})
WHOLE, MONEY, FINE, SHARE = "#,##0", "#,##0.00", "#,##0.000;-#,##0.000;–", "0.0%"
#: Of a rate that is typed.
RATE = "0.0##%"


@dataclass(frozen=True, slots=True)
class Live:
    """A number of the answers that a cell computes: its key, the cell, and the value as exported."""

    key: str
    sheet: str
    row: int
    column: int
    value: float


@dataclass
class OfferBook:
    """The workbook while it is written; a cell is named by its address on its sheet."""

    book: Any
    tell: Teller
    live: list[Live] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sheets: dict[str, Any] = {}
        self._formats: dict[tuple[object, ...], Any] = {}

    def sheet(self, key: str, widths: Sequence[float]) -> None:
        """Add a sheet named in the language."""
        self.sheets[key] = sheet = self.book.add_worksheet(self.tell.say(f"sheet.{key}"))
        for i, width in enumerate(widths):
            sheet.set_column(i, i, width)
        sheet.set_default_row(18)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_paper(9)

    def look(self, number: str = "", **more: Any) -> Any:
        """A format, made once."""
        key = (number, *sorted(more.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format({**({"num_format": number} if number else {}), **more})
        return self._formats[key]

    def text(self, sheet: str, row: int, column: int, text: str, **more: Any) -> None:
        """Write text; what begins like a formula stays text."""
        self.sheets[sheet].write_string(row, column, text, self.look(**more))

    def head(self, sheet: str, row: int, *keys: str, numbers: Collection[int] = ()) -> None:
        """Write the head of a table; that of a column of ``numbers`` stands over them."""
        for column, key in enumerate(keys):
            self.text(sheet, row, column, key, bold=True, bg_color="#E8EEF4", bottom=1, text_wrap=True, valign="top",
                      align="right" if column in numbers else "left",
                      indent=int(column not in numbers and column - 1 in numbers))  # fmt: skip

    def typed(self, sheet: str, row: int, column: int, value: float, number: str = _TYPED[0]) -> str:
        """Write a number that may be changed."""
        self.sheets[sheet].write_number(row, column, value, self.look(number, **_TYPED[1]))
        return self.at(sheet, row, column)

    def formula(self, sheet: str, row: int, column: int, formula: str, value: float, number: str = MONEY,
                key: str = "", **more: Any) -> str:  # fmt: skip
        """Write a formula with its value; ``key`` is that of the answer's number which it computes."""
        self.sheets[sheet].write_formula(row, column, f"={formula}", self.look(number, **more), value)
        if key:
            self.live.append(Live(key, self.tell.say(f"sheet.{sheet}"), row, column, value))
        return self.at(sheet, row, column)

    def at(self, sheet: str, row: int, column: int) -> str:
        """The address of a cell from any sheet."""
        return f"'{self.tell.say(f'sheet.{sheet}')}'!${chr(65 + column)}${row + 1}"
