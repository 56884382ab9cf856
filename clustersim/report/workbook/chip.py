"""The Chip sheet: a card's numbers, and the response surface that carries the simulator's answer to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clustersim.extras import needs
from clustersim.planner.surface import AXES, LOAD, POWER, YIELD, Surface, WorkSurface
from clustersim.report.workbook.book import FIRST_YEAR_COLUMN, PERCENT, Book
from clustersim.report.workbook.checks import held

with needs("report", "workbooks"):
    from xlsxwriter.utility import xl_rowcol_to_cell

__all__ = ["first_column", "printed_part", "reserve_target", "show_target", "write_chip"]

#: The rows of Record right of what is read, where tables stand that formulas alone read.
_TABLES = "Record, right"
#: Where the target price stands on the sheet, above the cards.
_TARGET_ROW = 3
#: Errors that are printed: of which share of the points, and whether of those near as filed alone.
_ERRORS = (("median", 0.5, False), ("p90", 0.9, False), ("most", 1.0, False), ("near", 1.0, True))


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
    Tables(book, product, surface, end).write(works)


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
    book.scalar("Chip", "shown.target_price", *held(book, "target_price"), number="0.00", kind="total")
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

    def write(self, works: Sequence[str]) -> None:
        """Write the tables, the place of the card's numbers in them, and the factors that they give."""
        knots, first = self._knots(), self.book.next_row["Chip"]
        for name in ("peak", "bandwidth", "mttf"):
            self._place(name, name, knots[name], self.surface.axes[name].knots)
        tables = {}
        for work in works:
            tables[work] = self._of_work(work, self.surface.works[work])
        self.book.folded("Chip", first)
        for work in works:
            self._factor(f"response:{work}", work, *tables[work][YIELD])
        for work in works:
            self._factor(f"power_response:{work}", work, *tables[work][LOAD])
        self._power(works)
        self.book.section("Chip", "s.errors", part=self.product, count=len(self.surface.errors[POWER]))
        for output in (*works, POWER):
            for kind, share, near in _ERRORS:
                key, value = f"error_{kind}:{output}{self.end}", self.surface.error(output, share, near=near)
                self.book.input(
                    key, value, source="src.simulation", tier="derived", number=PERCENT, sheet="Record"
                )
                self.book.scalar("Chip", f"shown.{key}", self.book.cell(key), value, number=PERCENT)

    def _of_work(self, name: str, work: WorkSurface) -> dict[str, tuple[str, str]]:
        """Write the tables of a workload and where the card's capacity stands among them; return their ranges."""
        self._row()
        self._title(self.book.words("s.of_work", part=self.product, output=name), "section")
        self._title(self.book.words("factor.capacity"), "note")
        knots = self._numbers(work.capacity, "0.0000")
        self._title(self.book.words("rows_before"), "note")
        size = len(self.surface.axes["peak"].knots)
        which = self._numbers([float(n * size) for n in work.stretch], "0")
        tables = {output: self._planes(name, output, work) for output in (YIELD, LOAD)}
        self._place("capacity", f"capacity:{name}", knots, work.capacity)
        k, at = self._cell(f"place.capacity:{name}"), self._at(work.capacity)
        for near, step in (("below", ""), ("above", "+1")):
            before = float(work.stretch[at - 1 + bool(step)] * size)
            key = f"rows.{near}:{name}{self.end}"
            self.book.scalar("Chip", key, f"INDEX({which},{k}{step})", before, number="0")
        return tables

    def _power(self, works: Sequence[str]) -> None:
        """The factor on the site's power: the mean of its workloads' by what each draws as filed."""
        parts = []
        for work in works:
            key = f"power_weight:{work}{self.end}"
            self.book.input(key, self.surface.weights[work], source="src.simulation", tier="derived",
                            number=PERCENT, sheet="Record")  # fmt: skip
            parts.append(f"{self.book.cell(key)}*({self._cell(f'power_response:{work}')}-1)")
        self.book.scalar("Chip", f"response:{POWER}{self.end}", "+".join(["1", *parts]), 1.0, unit="x",
                         number="0.0000")  # fmt: skip

    def _cell(self, name: str) -> str:
        return self.book.cell(f"{name}{self.end}")

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
        """The factors at which the simulator was run, a row for each input that all workloads share."""
        self._row()
        self._title(self.book.words("s.chip", part=self.product), "section")
        out = {}
        for name in ("peak", "bandwidth", "mttf"):
            self._title(self.book.words(f"factor.{name}"), "note")
            out[name] = self._numbers(self.surface.axes[name].knots, "0.0000")
        return out

    def _planes(self, work: str, output: str, surface: WorkSurface) -> tuple[str, str]:
        """The tables of an output, one below another, and its row along the time between failures: their ranges."""
        self._row()
        name = f"{work}, {self.book.words('it_power_w')}" if output == LOAD else work
        self._title(self.book.words("s.surface", part=self.product, output=name), "section")
        self._title(self.book.words("factor.mttf"), "note")
        mttf = self._numbers(surface.mttf[output].tolist(), "0.000000")
        self._title(self.book.words("surface_axes"), "note")
        peak, across = self.surface.axes["peak"].knots, self.surface.axes["bandwidth"].knots
        self._numbers(across, "0.00")
        top = self.book.next_row[_TABLES]
        for n, table in enumerate(surface.planes[output]):
            made = surface.capacity[surface.stretch.index(n)]
            for knot, values in zip(peak, table.tolist(), strict=True):
                row = self._row()
                for j, (value, look) in enumerate(((made, "0.0000"), (knot, "0.00"))):
                    self._number(row, self.left + j, value, look)
                for j, value in enumerate(values):
                    self._number(row, self.left + 2 + j, value, "0.000000")
        last = self.book.next_row[_TABLES] - 1
        return self._range(top, self.left + 2, last, self.left + 1 + len(across)), mttf

    def _at(self, held: Sequence[float]) -> int:
        """Which knot, counted from one, a card as filed stands at or after."""
        return min(int(np.searchsorted(held, 1.0, side="right")), len(held) - 1)

    def _place(self, name: str, key: str, knots: str, held: Sequence[float]) -> None:
        """Before which knot an input stands, and how far towards the next, in the logarithm."""
        at, ends = self._at(held), self.surface.axes[name].knots
        factor = f"MIN(MAX({self._cell(f'factor.{name}')},{ends[0]!r}),{ends[-1]!r})"
        place = f"MIN(MATCH({factor}+1E-12,{knots},1),{len(held) - 1})"
        self.book.scalar("Chip", f"place.{key}{self.end}", place, float(at), number="0")
        k = self._cell(f"place.{key}")
        way = f"LN({factor}/INDEX({knots},{k}))/LN(INDEX({knots},{k}+1)/INDEX({knots},{k}))"
        there = float(np.log(1.0 / held[at - 1]) / np.log(held[at] / held[at - 1]))
        self.book.scalar("Chip", f"way.{key}{self.end}", way, there, number="0.000")

    def _factor(self, key: str, work: str, planes: str, mttf: str) -> None:
        """The factor on an output: linear along each input between its knots, in logarithms."""
        names = {n: f"capacity:{work}" if n == "capacity" else n for n in AXES}
        at = {n: (self._cell(f"place.{of}"), self._cell(f"way.{of}")) for n, of in names.items()}
        (i, a), (j, b), (_, c), (m, d) = (at[n] for n in AXES)

        def level(rows: str) -> str:
            """The place in the table of one capacity."""

            def corner(down: str, across: str) -> str:
                return f"INDEX({planes},{rows}+{i}{down},{j}{across})"

            return (f"((1-{a})*((1-{b})*{corner('', '')}+{b}*{corner('', '+1')})"
                    f"+{a}*((1-{b})*{corner('+1', '')}+{b}*{corner('+1', '+1')}))")  # fmt: skip

        below, above = (level(self._cell(f"rows.{near}:{work}")) for near in ("below", "above"))
        whole = f"(1-{c})*{below}+{c}*{above}+(1-{d})*INDEX({mttf},{m})+{d}*INDEX({mttf},{m}+1)"
        self.book.scalar("Chip", f"{key}{self.end}", f"EXP({whole})", 1.0, unit="x", number="0.0000")
