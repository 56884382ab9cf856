"""The Chip sheet: a card's numbers, and the response surface that carries the simulator's answer to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clustersim.extras import needs
from clustersim.planner.surface import AXES, POWER, Surface
from clustersim.report.workbook.book import FIRST_YEAR_COLUMN, PERCENT, Book

with needs("report", "workbooks"):
    from xlsxwriter.utility import xl_rowcol_to_cell

__all__ = ["first_column", "printed_part", "reserve_target", "show_target", "write_chip"]

#: The rows of Record right of what is read, where tables stand that formulas alone read.
_TABLES = "Record, right"
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
        for bound, factor in (("least", axis.knots[0]), ("greatest", axis.knots[-1])):
            book.input(f"{bound}.{name}{end}", factor, unit="x", source="src.simulation", tier="derived",
                       number="0.000", sheet="Record")  # fmt: skip
        moved = f"{book.cell(f'chip.{name}{end}')}/{book.cell(f'filed.{name}{end}')}"
        book.scalar("Chip", f"factor.{name}{end}", moved, 1.0, unit="x", number="0.000")
    Tables(book, product, surface, end).write([*works, POWER])


def first_column(book: Book) -> int:
    """The first column of the tables on Record: after the years and a gap."""
    return FIRST_YEAR_COLUMN + len(book.past) + len(book.years) + 1


def printed_part(book: Book) -> None:
    """Print of Record what is read, not the tables of the surfaces beside it."""
    if _TABLES in book.next_row:
        book.sheets["Record"].print_area(0, 0, book.next_row["Record"], first_column(book) - 2)


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
    """The surface of a line on Record, right of what is read there, and the formulas that read it."""

    def __init__(self, book: Book, product: str, surface: Surface, end: str) -> None:
        self.book, self.product, self.surface, self.end = book, product, surface, end
        self.left = first_column(book)

    def write(self, outputs: Sequence[str]) -> None:
        """Write the tables, the place of the card's numbers in them, and the factors that they give."""
        knots, tables = self._knots(), {}
        for output in outputs:
            tables[output] = self._planes(output)
        first = self.book.next_row["Chip"]
        for name in AXES:
            self._place(name, knots[name])
        for near, step in (("below", ""), ("above", "+1")):
            k, which = self._cell("place.capacity"), knots["rows"]
            at = self._at("capacity") - 1 + bool(step)
            before = float(self.surface.stretch[at] * len(self.surface.axes["peak"].knots))
            key = f"rows.{near}{self.end}"
            self.book.scalar("Chip", key, f"INDEX({which},{k}{step})", before, number="0")
        self.book.folded("Chip", first)
        for output in outputs:
            self._factor(output, *tables[output])
        self.book.section("Chip", "s.errors", part=self.product, count=len(self.surface.errors[POWER]))
        for output in outputs:
            for kind, share in (("median", 0.5), ("p90", 0.9), ("most", 1.0)):
                key, value = f"error_{kind}:{output}{self.end}", self.surface.error(output, share)
                self.book.input(
                    key, value, source="src.simulation", tier="derived", number=PERCENT, sheet="Record"
                )
                self.book.scalar("Chip", f"shown.{key}", self.book.cell(key), value, number=PERCENT)

    def _cell(self, name: str) -> str:
        return self.book.cell(f"{name}{self.end}")

    def _name(self, output: str) -> str:
        return self.book.words("it_power_w") if output == POWER else output

    def _row(self) -> int:
        """The next free row right of what is read."""
        row = self.book.next_row.setdefault(_TABLES, 3)
        self.book.next_row[_TABLES] = row + 1
        return row

    def _range(self, top: int, left: int, bottom: int, right: int) -> str:
        a, b = (
            xl_rowcol_to_cell(r, c, row_abs=True, col_abs=True) for r, c in ((top, left), (bottom, right))
        )
        return f"{self.book.quoted('Record')}!{a}:{b}"

    def _numbers(self, values: Sequence[float], number: str) -> str:
        """Write a row of numbers and return its range."""
        row = self._row()
        for j, value in enumerate(values):
            self._number(row, self.left + 2 + j, value, number)
        return self._range(row, self.left + 2, row, self.left + 1 + len(values))

    def _number(self, row: int, column: int, value: float, number: str) -> None:
        self.book.sheets["Record"].write_number(row, column, float(value), self.book.format("record", number))

    def _title(self, text: str, kind: str) -> None:
        self.book.text("Record", self._row(), self.left, text, kind)

    def _knots(self) -> dict[str, str]:
        """The factors at which the simulator was run, a row for each input, and where each capacity's table begins."""
        self._row()
        self._title(self.book.words("s.chip", part=self.product), "section")
        out, size = {}, len(self.surface.axes["peak"].knots)
        for name in AXES:
            self._title(self.book.words(f"factor.{name}"), "note")
            out[name] = self._numbers(self.surface.axes[name].knots, "0.0000")
        self._title(self.book.words("rows_before"), "note")
        out["rows"] = self._numbers([float(n * size) for n in self.surface.stretch], "0")
        return out

    def _planes(self, output: str) -> tuple[str, str]:
        """The tables of an output, one below another, and its row along the time between failures: their ranges."""
        self._row()
        self._title(self.book.words("s.surface", part=self.product, output=self._name(output)), "section")
        self._title(self.book.words("factor.mttf"), "note")
        mttf = self._numbers(self.surface.mttf[output].tolist(), "0.000000")
        self._title(self.book.words("surface_axes"), "note")
        peak, capacity = (self.surface.axes[n].knots for n in ("peak", "capacity"))
        self._numbers(self.surface.axes["bandwidth"].knots, "0.00")
        top = self.book.next_row[_TABLES]
        for n, table in enumerate(self.surface.planes[output]):
            made = capacity[self.surface.stretch.index(n)]
            for knot, values in zip(peak, table.tolist(), strict=True):
                row = self._row()
                for j, (value, look) in enumerate(((made, "0.0000"), (knot, "0.00"))):
                    self._number(row, self.left + j, value, look)
                for j, value in enumerate(values):
                    self._number(row, self.left + 2 + j, value, "0.000000")
        across = len(self.surface.axes["bandwidth"].knots)
        last = self.book.next_row[_TABLES] - 1
        return self._range(top, self.left + 2, last, self.left + 1 + across), mttf

    def _at(self, name: str) -> int:
        """Which knot, counted from one, a card as filed stands at or after."""
        held = self.surface.axes[name].knots
        return min(int(np.searchsorted(held, 1.0, side="right")), len(held) - 1)

    def _place(self, name: str, knots: str) -> None:
        """Before which knot an input stands, and how far towards the next, in the logarithm."""
        held, at = self.surface.axes[name].knots, self._at(name)
        factor = f"MIN(MAX({self._cell(f'factor.{name}')},{held[0]!r}),{held[-1]!r})"
        place = f"MIN(MATCH({factor}+1E-12,{knots},1),{len(held) - 1})"
        self.book.scalar("Chip", f"place.{name}{self.end}", place, float(at), number="0")
        k = self._cell(f"place.{name}")
        way = f"LN({factor}/INDEX({knots},{k}))/LN(INDEX({knots},{k}+1)/INDEX({knots},{k}))"
        there = float(np.log(1.0 / held[at - 1]) / np.log(held[at] / held[at - 1]))
        self.book.scalar("Chip", f"way.{name}{self.end}", way, there, number="0.000")

    def _factor(self, output: str, planes: str, mttf: str) -> None:
        """The factor on an output: linear along each input between its knots, in logarithms."""
        at = {n: (self._cell(f"place.{n}"), self._cell(f"way.{n}")) for n in AXES}
        (i, a), (j, b), (_, c), (m, d) = (at[n] for n in AXES)

        def level(rows: str) -> str:
            """The place in the table of one capacity."""

            def corner(down: str, across: str) -> str:
                return f"INDEX({planes},{rows}+{i}{down},{j}{across})"

            return (f"((1-{a})*((1-{b})*{corner('', '')}+{b}*{corner('', '+1')})"
                    f"+{a}*((1-{b})*{corner('+1', '')}+{b}*{corner('+1', '+1')}))")  # fmt: skip

        below, above = (level(self._cell(f"rows.{near}")) for near in ("below", "above"))
        whole = f"(1-{c})*{below}+{c}*{above}+(1-{d})*INDEX({mttf},{m})+{d}*INDEX({mttf},{m}+1)"
        self.book.scalar(
            "Chip", f"response:{output}{self.end}", f"EXP({whole})", 1.0, unit="x", number="0.0000"
        )
