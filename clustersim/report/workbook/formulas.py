"""Formulas by the names of rows: ``[revenue]`` is that row in the year, ``[revenue<]`` the year before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clustersim.report.workbook.book import WHOLE, Book

__all__ = ["Sheet", "fill"]


def fill(formula: str, book: Book, index: int) -> str:
    """Replace [key] by the address of that row in the year, [key<] by the year before, {key} by that of a scalar."""
    out, rest = "", formula
    while "[" in rest:
        before, _, tail = rest.partition("[")
        key, _, rest = tail.partition("]")
        back = key.endswith("<")
        out += before + book.at(key.rstrip("<"), index - (1 if back else 0))
    out, rest = "", out + rest
    while "{" in rest:
        before, _, tail = rest.partition("{")
        key, _, rest = tail.partition("}")
        out += before + book.cell(key)
    return out + rest


class Sheet:
    """One calculation sheet that is being written: rows by formula, the first year apart where it differs."""

    def __init__(self, book: Book, name: str) -> None:
        self.book, self.name = book, name

    def row(
        self,
        key: str,
        formula: str,
        values: Sequence[float],
        *,
        first: str | None = None,
        unit: str = "kCNY",
        number: str = WHOLE,
        total: bool = False,
    ) -> None:
        """Add a row along the years; ``first`` is the formula of the first year, where nothing stands before it."""

        def text(i: int) -> str:
            return fill(first if i == 0 and first is not None else formula, self.book, i)

        self.add(key, text, values, unit=unit, number=number, total=total)

    def add(
        self,
        key: str,
        formula: Callable[[int], str],
        values: Sequence[float],
        *,
        unit: str = "kCNY",
        number: str = WHOLE,
        total: bool = False,
        start: int = 0,
    ) -> None:
        """Add a row whose formula is made for each year."""
        self.book.row(
            self.name, key, formula, values, unit=unit, number=number, kind="total" if total else None, start=start,
        )  # fmt: skip

    def past(self, key: str, printed: str, values: Sequence[float]) -> None:
        """Link the actual years of a row to the printed figures on Inputs, where there are any."""
        if printed in self.book.rows:
            count = len(self.book.past)
            self.add(key, lambda i: self.book.at(printed, i), values[:count], start=-count)
