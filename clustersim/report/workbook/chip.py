"""The Chip sheet: a card's numbers, and the response surface that carries the simulator's answer to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clustersim.extras import needs
from clustersim.planner.surface import AXES, POWER, Surface
from clustersim.report.workbook.book import FIRST_YEAR_COLUMN, PERCENT, Book

with needs("report", "workbooks"):
    from xlsxwriter.utility import xl_rowcol_to_cell

__all__ = ["reserve_target", "show_target", "write_chip"]

#: Where the target price stands on the sheet, above the cards.
_TARGET_ROW = 3


def write_chip(book: Book, product: str, surface: Surface | None, end: str, works: Sequence[str]) -> None:
    """Write a line's card: its numbers to type, their place among the knots, and the factor on each output."""
    if surface is None:
        return
    book.section("Chip", "s.chip", part=product)
    for name in AXES:
        axis = surface.axes[name]
        book.input(f"chip.{name}{end}", axis.value, unit=axis.unit, source="src.scenario", tier="assumption",
                   number="#,##0.###", sheet="Chip")  # fmt: skip
    for name in AXES:
        axis = surface.axes[name]
        book.input(f"filed.{name}{end}", axis.value, unit=axis.unit, source="src.simulation", tier="assumption",
                   number="#,##0.###", sheet="Record")  # fmt: skip
        moved = f"{book.cell(f'chip.{name}{end}')}/{book.cell(f'filed.{name}{end}')}"
        book.scalar("Chip", f"factor.{name}{end}", moved, 1.0, unit="x", number="0.000")
    Tables(book, product, surface, end).write([*works, POWER])


def reserve_target(book: Book, lines: int) -> None:
    """Leave room above the cards for the target price and the worth of each line."""
    book.next_row["Chip"] = _TARGET_ROW + lines + 2


def show_target(book: Book, lines: Sequence[str]) -> None:
    """Write the target price and the value in use of every card above the cards that move them."""
    if not lines:
        return
    kept, book.next_row["Chip"] = book.next_row["Chip"], _TARGET_ROW
    target = book.values["target_price"]
    book.scalar("Chip", "shown.target_price", book.cell("target_price"), target, number="0.00", kind="total")
    for i, product in enumerate(lines):
        key = f"value_in_use{'' if i == 0 else f'@{product}'}"
        book.scalar(
            "Chip", f"value_of:{product}", book.cell(key), book.value(key), unit="CNY", number="#,##0"
        )
    book.next_row["Chip"] = kept


class Tables:
    """The surface of a line on Record, and the formulas that read it."""

    def __init__(self, book: Book, product: str, surface: Surface, end: str) -> None:
        self.book, self.product, self.surface, self.end = book, product, surface, end

    def write(self, outputs: Sequence[str]) -> None:
        """Write the tables, the place of the card's numbers in them, and the factors that they give."""
        for output in outputs:
            self.book.section("Record", "s.surface", part=self.product, output=self._name(output))
            plane = self._grid(output)
            rows = {name: self._line(output, name) for name in ("capacity", "mttf")}
            if output == outputs[0]:
                for name, knots in ((AXES[0], plane[1]), (AXES[1], plane[2]),
                                    *((n, rows[n][0]) for n in ("capacity", "mttf"))):  # fmt: skip
                    self._place(name, knots)
            self._factor(output, plane[0], {n: at for n, (_, at) in rows.items()})
        self.book.section("Chip", "s.errors", part=self.product, count=len(self.surface.errors[POWER]))
        for output in outputs:
            for kind, share in (("median", 0.5), ("p90", 0.9), ("most", 1.0)):
                key, value = f"error_{kind}:{output}{self.end}", self.surface.error(output, share)
                self.book.input(
                    key, value, source="src.simulation", tier="derived", number=PERCENT, sheet="Record"
                )
                self.book.scalar("Chip", f"shown.{key}", self.book.cell(key), value, number=PERCENT)

    def _name(self, output: str) -> str:
        return self.book.words("it_power_w") if output == POWER else output

    def _range(self, top: int, left: int, bottom: int, right: int) -> str:
        a, b = (
            xl_rowcol_to_cell(r, c, row_abs=True, col_abs=True) for r, c in ((top, left), (bottom, right))
        )
        return f"{self.book.quoted('Record')}!{a}:{b}"

    def _number(self, row: int, column: int, value: float, number: str) -> None:
        self.book.sheets["Record"].write_number(row, column, float(value), self.book.format("record", number))

    def _grid(self, output: str) -> tuple[str, str, str]:
        """The table of peak and bandwidth; its range, and those of its knots."""
        values, left = self.surface.plane[output], FIRST_YEAR_COLUMN
        peak, bandwidth = (self.surface.axes[name].knots for name in AXES[:2])
        top = self.book.next_row["Record"]
        for j, knot in enumerate(bandwidth):
            self._number(top, left + 1 + j, knot, "0.00")
        for i, knot in enumerate(peak):
            self._number(top + 1 + i, left, knot, "0.00")
            for j in range(len(bandwidth)):
                self._number(top + 1 + i, left + 1 + j, values[i, j], "0.000000")
        self.book.text("Record", top, 0, self.book.words("surface_axes"), "note")
        self.book.next_row["Record"] = top + len(peak) + 2
        last, right = top + len(peak), left + len(bandwidth)
        return (self._range(top + 1, left + 1, last, right), self._range(top + 1, left, last, left),
                self._range(top, left + 1, top, right))  # fmt: skip

    def _line(self, output: str, name: str) -> tuple[str, str]:
        """The row of one more input: the range of its knots, and of its values."""
        knots, values = self.surface.axes[name].knots, getattr(self.surface, name)[output]
        top, left = self.book.next_row["Record"], FIRST_YEAR_COLUMN
        self.book.text("Record", top, 0, self.book.words(f"factor.{name}"), "note")
        for j, (knot, value) in enumerate(zip(knots, values, strict=True)):
            self._number(top, left + j, knot, "0.00")
            self._number(top + 1, left + j, value, "0.000000")
        self.book.next_row["Record"] = top + 2
        right = left + len(knots) - 1
        return self._range(top, left, top, right), self._range(top + 1, left, top + 1, right)

    def _place(self, name: str, knots: str) -> None:
        """Before which knot an input stands, and how far towards the next, in the logarithm."""
        held = self.surface.axes[name].knots
        factor = f"MIN(MAX({self.book.cell(f'factor.{name}{self.end}')},{held[0]!r}),{held[-1]!r})"
        place = f"MIN(MATCH({factor}+1E-12,{knots},1),{len(held) - 1})"
        at = min(int(np.searchsorted(held, 1.0, side="right")), len(held) - 1)
        self.book.scalar("Chip", f"place.{name}{self.end}", place, float(at), number="0")
        k = self.book.cell(f"place.{name}{self.end}")
        way = f"LN({factor}/INDEX({knots},{k}))/LN(INDEX({knots},{k}+1)/INDEX({knots},{k}))"
        there = float(np.log(1.0 / held[at - 1]) / np.log(held[at] / held[at - 1]))
        self.book.scalar("Chip", f"way.{name}{self.end}", way, there, number="0.000")

    def _factor(self, output: str, plane: str, rows: dict[str, str]) -> None:
        """The factor on an output: bilinear over peak and bandwidth, linear along the others, in logarithms."""
        at = {n: (self.book.cell(f"place.{n}{self.end}"), self.book.cell(f"way.{n}{self.end}")) for n in AXES}
        (i, a), (j, b) = at["peak"], at["bandwidth"]

        def corner(down: str, across: str) -> str:
            return f"INDEX({plane},{i}{down},{j}{across})"

        level = (f"(1-{a})*((1-{b})*{corner('', '')}+{b}*{corner('', '+1')})"
                 f"+{a}*((1-{b})*{corner('+1', '')}+{b}*{corner('+1', '+1')})")  # fmt: skip
        for name, row in rows.items():
            k, c = at[name]
            level += f"+(1-{c})*INDEX({row},{k})+{c}*INDEX({row},{k}+1)"
        self.book.scalar(
            "Chip", f"response:{output}{self.end}", f"EXP({level})", 1.0, unit="x", number="0.0000"
        )
