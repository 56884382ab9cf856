"""What stands on each slide of a document: its blocks in order, as many as fit, by the room that each takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clustersim.report.content.model import Chart, Paragraph, Section, Table
from clustersim.report.writers.needs import broken, weights, wide

__all__ = [
    "ACROSS", "BOTTOM", "LYING", "ROW", "TITLE", "TOP", "Item", "high_of_row", "laid_out", "lines_of_cell", "size_of",
    "widths",
]  # fmt: skip

#: From where to where a slide is filled, the width of that, and the least height of a table's row, in inches.
TOP, BOTTOM, ACROSS, ROW = 1.2, 6.95, 12.1, 0.3
#: Inches that words alone may fill of a slide, and that words and what they lead to may have.
_MOST_SAID, _MOST_LED = 5.5, 5.75
#: Room of a table's title above it, and letters of a size that an inch holds, times that size.
TITLE, _LETTERS = 0.42, 118
#: Charts whose bars lie, with names beside them: they take the whole width.
LYING = {"range", "waterfall"}


@dataclass(frozen=True, slots=True)
class Item:
    """What stands on a slide, and the least height that it takes (inches)."""

    high: float
    said: tuple[Paragraph, ...] = ()
    chart: Chart | None = None
    table: Table | None = None
    rows: tuple[tuple[str, ...], ...] = ()


#: Letters of a cell that a slide can hold; the note has all of a longer one.
_MOST_IN_CELL = 700
#: Letters of a cell from which a table is set smaller.
_LONG = 48


def _short(text: str) -> str:
    return text if wide(text) <= _MOST_IN_CELL else f"{text[: _MOST_IN_CELL // 2]}…"


def size_of(table: Table) -> int:
    """Points of a table's type: the smaller for many columns or long words."""
    long = table.words and any(wide(cell) > _LONG for row in table.rows for cell in row)
    return 10 if len(table.columns) > 7 or long else 12


def lines_of_cell(table: Table, column: int, text: str) -> tuple[str, ...]:
    """The lines of a cell whose key is longer than its column."""
    return broken(_short(text), int((widths(table)[column] - 0.2) * _LETTERS / size_of(table)) - 2)


def widths(table: Table) -> list[float]:
    """Inches of each column, as wide as what it says; of few columns the first has room for names."""
    count = len(table.columns)
    if count > 3:
        return [ACROSS * share for share in weights(table)]
    return [6.0, *[(ACROSS - 6.0) / max(count - 1, 1)] * (count - 1)] if count > 1 else [ACROSS]


def high_of_row(table: Table, row: Sequence[str]) -> float:
    """Inches that a row takes by its fullest cell."""
    size = size_of(table)
    lines = max(
        sum(
            int(wide(line) / max((width - 0.2) * _LETTERS / size, 1.0)) + 1
            for line in lines_of_cell(table, j, cell)
        )
        for j, (cell, width) in enumerate(zip(row, widths(table), strict=True))
    )
    leading = 1.5 if any(wide(cell) > len(cell) for cell in row) else 1.2  # Chinese stands higher
    return max(ROW, lines * size * leading / 72 + 0.08)


def _high_of_rows(table: Table, rows: Sequence[Sequence[str]]) -> float:
    return TITLE + sum(high_of_row(table, row) for row in (table.columns, *rows))


def _high_of_text(group: Sequence[Paragraph]) -> float:
    """Inches that a list takes over the whole width."""
    return sum(0.27 * (wide(one.text) // 115 + 1) + 0.12 for one in group) + 0.15


def laid_out(section: Section) -> Iterator[list[Item]]:
    """What stands on each slide of a section; words that lead to a table or a chart stand on its slide."""
    slide: list[Item] = []
    for item in _items(section):
        if slide and sum(one.high for one in slide) + item.high > BOTTOM - TOP:
            leads = (
                slide[-1:]
                if len(slide) > 1 and slide[-1].said and slide[-1].high + item.high <= _MOST_LED
                else []
            )
            yield slide[: len(slide) - len(leads)]
            slide = leads
        slide.append(item)
    if slide:
        yield slide


def _items(section: Section) -> Iterator[Item]:
    """The blocks of a section as what a slide can hold. Remarks give way to tables and charts; a section of words alone
    says all of them."""
    shown = any(not isinstance(block, Paragraph) for block in section.blocks)
    said: list[Paragraph] = []
    for block in (*section.blocks, None):
        if isinstance(block, Paragraph):
            if not shown or block.kind != "remark":
                said.append(block)
            continue
        for group in _said(said, _MOST_SAID):
            yield Item(_high_of_text(group), said=tuple(group))
        said = []
        if isinstance(block, Chart):
            yield Item(_high_of_chart(block), chart=block)
        elif block is not None:
            for rows in _fitting(block):
                yield Item(_high_of_rows(block, rows) + 0.15, table=block, rows=tuple(map(tuple, rows)))


def _high_of_chart(chart: Chart) -> float:
    """The least that a chart is drawn in: bars that lie each take a line."""
    return 0.9 + 0.34 * len(chart.categories) if chart.kind in LYING else 2.9


def _fitting(table: Table) -> Iterator[Sequence[Sequence[str]]]:
    """Groups of rows that a slide can hold, as alike in height as may be: no slide is left with a last row alone."""
    most = BOTTOM - TOP
    least = list(_filled_to(table, most))
    for share in (0.5, 0.6, 0.7, 0.8, 0.9):
        even = list(_filled_to(table, share * most))
        if len(even) == len(least):
            yield from even
            return
    yield from least


def _filled_to(table: Table, most: float) -> Iterator[Sequence[Sequence[str]]]:
    """Groups of rows, each as high as the height given at most."""
    group: list[Sequence[str]] = []
    for row in table.rows:
        if group and _high_of_rows(table, [*group, row]) > most:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _said(paragraphs: Sequence[Paragraph], most: float) -> Iterator[list[Paragraph]]:
    """Groups of paragraphs, each as high as the height given at most."""
    group: list[Paragraph] = []
    for one in paragraphs:
        if group and _high_of_text([*group, one]) > most:
            yield group
            group = []
        group.append(one)
    if group:
        yield group
