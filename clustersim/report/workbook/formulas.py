"""Formulas by the names of rows: ``[revenue]`` is that row in the year, ``[revenue<]`` the year before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clustersim.report.workbook.book import WHOLE, Book

__all__ = ["Sheet", "fill"]


def fill(formula: str, book: Book, index: int) -> str:
    """Replace [key] by the address of that row in the year, [key<] by the year before, {key} by that of a scalar.

    A key holds a name of the user's, which may hold brackets of its own: it ends where a known key does.
    """
    out, at = "", 0
    while at < len(formula):
        mark = formula[at]
        if mark == "[":
            key, at = _key(
                formula, at, "]", lambda key: key in book.rows or key.removesuffix("<") in book.rows
            )
            back = key not in book.rows and key.endswith("<")
            out += book.at(key.removesuffix("<") if back else key, index - (1 if back else 0))
        elif mark == "{":
            key, at = _key(formula, at, "}", lambda key: key in book.scalars)
            out += book.cell(key)
        else:
            out, at = out + mark, at + 1
    return out


def _key(formula: str, at: int, close: str, known: Callable[[str], bool]) -> tuple[str, int]:
    """The key that begins behind a bracket, and where the formula goes on; one that nobody knows ends at once."""
    first = end = formula.index(close, at)
    while not known(formula[at + 1 : end]):
        end = formula.find(close, end + 1)
        if end < 0:
            return formula[at + 1 : first], first + 1
    return formula[at + 1 : end], end + 1


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
