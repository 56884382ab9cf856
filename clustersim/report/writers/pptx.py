"""A content object as slides: what it says beside charts that PowerPoint draws itself, and its tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from clustersim.report.content.model import Chart, Content, Paragraph, Section, Table
from clustersim.report.style import BLUE, GREEN, ORANGE, PALETTE, SKY
from clustersim.report.writers.drawn import places_of
from clustersim.report.writers.needs import families, library, same_bytes, weights, wide

__all__ = ["write_pptx"]

_INK, _LIGHT = "1F3864", "E8EEF4"
_WIDE, _HIGH = 13.333, 7.5
#: What a slide can hold and still be read.
_MOST_ROWS, _MOST_SAID, _MOST_BESIDE = 12, 900, 420
#: Letters of a line of words over the whole width.
_LETTERS_OF_LIST = 105
#: Lines of a table of words on a slide (a row takes one for its margins), and letters along one of them.
_MOST_LINES, _LETTERS = 30, 150


def write_pptx(content: Content, path: Path) -> None:
    """Write the content as PPTX with native charts; the same content gives the same bytes.

    Raises InputError where the library is missing, or no font here draws what the content says.
    """
    pptx, fonts = library("pptx"), families(content)
    from pptx.util import Inches

    deck = pptx.Presentation()
    deck.slide_width, deck.slide_height = Inches(_WIDE), Inches(_HIGH)
    slides = Slides(deck, fonts[-1], content)
    slides.title()
    for section in content.sections:
        slides.section(section)
    deck.core_properties.title, deck.core_properties.author = content.title, "clustersim"
    deck.core_properties.created = deck.core_properties.modified = datetime(2020, 1, 1)
    deck.save(str(path))
    same_bytes(path)


class Slides:
    """The slides of a deck while it is being written."""

    def __init__(self, deck: Any, font: str, content: Content) -> None:
        self.deck, self.font, self.content = deck, font, content

    def title(self) -> None:
        """The first slide: title and facts."""
        slide = self._blank()
        self._text(
            slide,
            self.content.title,
            (0.8, 1.3, 11.7, 1.4),
            40 if wide(self.content.title) <= 34 else 28,
            bold=True,
            colour=_INK,
        )
        self._text(slide, self.content.subtitle, (0.8, 2.8, 11.7, 0.6), 16, colour="555555")
        each = 11.7 / len(self.content.facts)
        for i, (name, text) in enumerate(self.content.facts):
            at = 0.8 + i * each
            self._box(slide, (at, 4.0, each - 0.2, 1.5))
            small = 14 if wide(name) <= 24 else 11
            self._text(slide, name, (at + 0.1, 4.1, each - 0.4, 0.4), small, colour="555555")
            self._text(slide, text, (at + 0.1, 4.6, each - 0.4, 0.8), 26, bold=True, colour=_INK)

    def section(self, section: Section) -> None:
        """The slides of a section: its words beside its first chart, further charts, and its tables."""
        said = [p for p in section.of(Paragraph) if p.kind != "remark"] or list(section.of(Paragraph))
        charts: tuple[Chart, ...] = section.of(Chart)
        groups = list(_said(said, _MOST_BESIDE if charts else _MOST_SAID))
        together = not charts and len(groups) == 1 and _goes_with(said, section.of(Table))
        for k in range(max(len(groups), len(charts[:1]))):
            slide = self._headed(section.title)
            across = 5.2 if k == 0 and charts else 12.1
            if k < len(groups):
                self._list(slide, groups[k], (0.6, 1.3, across, 5.4))
            if k == 0 and charts:
                at = (6.0, 1.3, 6.8, 5.5) if groups else (0.6, 1.3, 12.1, 5.5)
                self._chart(slide, charts[0], at)
        for chart in charts[1:]:
            self._chart(self._headed(section.title), chart, (0.6, 1.3, 12.1, 5.6))
        for number, table in enumerate(section.of(Table)):
            for part, rows in enumerate(_fitting(table)):
                if together and number == part == 0:
                    self._table(slide, table, rows, _below(said))
                else:
                    self._table(self._headed(section.title), table, rows)

    # --- parts ---------------------------------------------------------------------------------------------------

    def _blank(self) -> Any:
        return self.deck.slides.add_slide(self.deck.slide_layouts[6])

    def _headed(self, title: str) -> Any:
        slide = self._blank()
        self._text(slide, title, (0.6, 0.4, 12.1, 0.7), 26, bold=True, colour=_INK)
        self._text(slide, self.content.foot, (0.6, 7.05, 12.1, 0.35), 8, colour="777777")
        return slide

    def _place(self, at: Sequence[float]) -> tuple[Any, ...]:
        from pptx.util import Inches

        return tuple(Inches(x) for x in at)

    def _box(self, slide: Any, at: Sequence[float]) -> None:
        shape = slide.shapes.add_shape(1, *self._place(at))
        shape.fill.solid()
        shape.fill.fore_color.rgb = _rgb(_LIGHT)
        shape.line.fill.background()

    def _run(
        self, paragraph: Any, text: str, size: float, *, bold: bool = False, colour: str = "1A1A1A"
    ) -> None:
        """Add text with a font for Latin and one for Chinese."""
        from pptx.oxml.ns import qn
        from pptx.util import Pt

        run = paragraph.add_run()
        run.text = text
        run.font.size, run.font.bold, run.font.name = Pt(size), bold, "Arial"
        run.font.color.rgb = _rgb(colour)
        east = run._r.get_or_add_rPr().makeelement(qn("a:ea"), {"typeface": self.font})
        run._r.get_or_add_rPr().append(east)

    def _text(self, slide: Any, text: str, at: Sequence[float], size: float, *, bold: bool = False,
              colour: str = "1A1A1A") -> None:  # fmt: skip
        frame = slide.shapes.add_textbox(*self._place(at)).text_frame
        frame.word_wrap = True
        self._run(frame.paragraphs[0], text, size, bold=bold, colour=colour)

    def _list(self, slide: Any, said: Sequence[Paragraph], at: Sequence[float]) -> None:
        from pptx.util import Pt

        frame = slide.shapes.add_textbox(*self._place(at)).text_frame
        frame.word_wrap = True
        for i, one in enumerate(said):
            paragraph = frame.paragraphs[0] if i == 0 else frame.add_paragraph()
            paragraph.space_after = Pt(8)
            self._run(paragraph, f"• {one.text}", 15)

    def _table(self, slide: Any, table: Table, rows: Sequence[Sequence[str]], top: float = 1.15) -> None:
        from pptx.enum.text import PP_ALIGN
        from pptx.util import Inches

        self._text(slide, table.title, (0.6, top, 12.1, 0.4), 15, bold=True)
        count = len(table.columns)
        shape = slide.shapes.add_table(
            len(rows) + 1, count, *self._place((0.6, top + 0.5, 12.1, 0.38 * (len(rows) + 1)))
        )
        grid = shape.table
        first = 3.6 if count > 3 else 6.0
        for j in range(count):
            grid.columns[j].width = Inches(first if j == 0 else (12.1 - first) / max(count - 1, 1))
        if table.words and count > 3:
            for j, share in enumerate(weights(table)):
                grid.columns[j].width = Inches(12.1 * share)
        size = 10 if count > 7 or table.words else 12
        for i, row in enumerate((table.columns, *rows)):
            for j, text in enumerate(row):
                cell = grid.cell(i, j)
                cell.margin_top = cell.margin_bottom = Inches(0.03)
                cell.fill.solid()
                cell.fill.fore_color.rgb = _rgb(_LIGHT if i == 0 else "FFFFFF")
                paragraph = cell.text_frame.paragraphs[0]
                self._run(paragraph, _short(text), size, bold=i == 0)
                if j and not table.words:
                    paragraph.alignment = PP_ALIGN.RIGHT

    def _chart(self, slide: Any, chart: Chart, at: Sequence[float]) -> None:
        from pptx.enum.chart import XL_AXIS_CROSSES, XL_CHART_TYPE, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
        from pptx.util import Pt

        data = library("pptx.chart.data").CategoryChartData(number_format="#,##0.0")
        data.categories = _named(chart)
        series = list(_drawn(chart))
        for name, values, _ in series:
            data.add_series(name, values)
        kind = {"clustered": "COLUMN_CLUSTERED", "stacked": "COLUMN_STACKED", "line": "LINE_MARKERS",
                "range": "BAR_STACKED", "waterfall": "BAR_STACKED"}[chart.kind]  # fmt: skip
        graph = slide.shapes.add_chart(getattr(XL_CHART_TYPE, kind), *self._place(at), data).chart
        graph.has_title = True
        lines = "; ".join(f"{name} {value:,.2f}" for name, value in chart.lines)
        frame = graph.chart_title.text_frame
        self._run(frame.paragraphs[0], chart.title + (f"\n{lines}" if lines else ""), 14, bold=True)
        graph.font.size = Pt(11)
        across = chart.kind in {"range", "waterfall"}
        graph.has_legend = len(series) > 1 and not across
        if graph.has_legend:
            graph.legend.position, graph.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
        graph.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
        graph.category_axis.reverse_order = across
        if across:
            graph.category_axis.crosses = XL_AXIS_CROSSES.MAXIMUM  # the values stand below, not above
        graph.value_axis.major_gridlines.format.line.color.rgb = _rgb("DDDDDD")
        small = places_of(v for _, values, _ in series for v in values) > 1
        graph.value_axis.tick_labels.number_format = "#,##0.0" if small else "#,##0"
        graph.value_axis.tick_labels.number_format_is_linked = False
        for plotted, (_, _, colour) in zip(graph.plots[0].series, series, strict=True):
            _paint(plotted, colour, line=chart.kind == "line")
        graph.plots[0].gap_width = 45


def _rgb(colour: str) -> Any:
    return library("pptx.dml.color").RGBColor.from_string(colour)


def _fitting(table: Table) -> Iterator[Sequence[Sequence[str]]]:
    """Groups of rows that a slide can hold; a row of words takes as many lines as its fullest cell."""
    if not (table.words and len(table.columns) > 3):
        for first in range(0, len(table.rows), _MOST_ROWS):
            yield table.rows[first : first + _MOST_ROWS]
        return
    room = [max(share * _LETTERS, 4.0) for share in weights(table)]
    group: list[Sequence[str]] = []
    filled = 0
    for row in table.rows:
        lines = max(int(1.15 * wide(_short(cell)) / most) + 1 for cell, most in zip(row, room, strict=True))
        if group and filled + lines + 1 > _MOST_LINES:
            yield group
            group, filled = [], 0
        group.append(row)
        filled += lines + 1
    if group:
        yield group


def _below(said: Sequence[Paragraph]) -> float:
    """Inches from the top at which some words end: lines of 15 points over the whole width."""
    return 1.3 + sum(0.13 + 0.26 * (wide(p.text) // _LETTERS_OF_LIST + 1) for p in said)


def _goes_with(said: Sequence[Paragraph], tables: Sequence[Table]) -> bool:
    """Whether words and the first part of the first table have room on one slide."""
    if not said or not tables:
        return False
    rows = next(_fitting(tables[0]), ())
    each = 0.38 if not tables[0].words else 0.62
    return bool(rows) and _below(said) + 0.5 + each * (len(rows) + 1) <= 6.9


def _said(paragraphs: Sequence[Paragraph], most: int) -> Iterator[list[Paragraph]]:
    """Groups of paragraphs that a slide can hold; a Chinese character takes the place of two letters."""
    group: list[Paragraph] = []
    for one in paragraphs:
        if group and sum(wide(p.text) for p in [*group, one]) > most:
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _short(text: str) -> str:
    return text if len(text) <= 90 else f"{text[:89]}…"


def _drawn(chart: Chart) -> Iterator[tuple[str, tuple[float, ...], str]]:
    """The series that are drawn, with their colours; the first of a range and a waterfall is not seen."""
    if chart.kind == "range":
        low, high = (values for _, values in chart.series)
        yield "\u00a0", low, ""
        yield chart.series[1][0], tuple(b - a for a, b in zip(low, high, strict=True)), SKY
    elif chart.kind == "waterfall":
        yield from _steps(chart)
    else:
        for k, (name, values) in enumerate(chart.series):
            yield name, values, PALETTE[k % len(PALETTE)]


def _steps(chart: Chart) -> Iterator[tuple[str, tuple[float, ...], str]]:
    (_, (start, *changes)), *_ = chart.series
    levels = [start]
    for change in changes:
        levels.append(levels[-1] + change)
    hidden = (0.0, *(min(a, b) for a, b in pairwise(levels)), 0.0)
    none = [0.0] * len(changes)
    yield "\u00a0", hidden, ""
    yield "=", (start, *none, levels[-1]), BLUE
    yield "+", (0.0, *(max(c, 0.0) for c in changes), 0.0), GREEN
    yield "−", (0.0, *(max(-c, 0.0) for c in changes), 0.0), ORANGE


def _named(chart: Chart) -> list[str]:
    """The categories; of a range and of a waterfall with their numbers, which no bar is long enough to hold."""
    if chart.kind == "range":
        low, high = (values for _, values in chart.series)
        places = places_of((*low, *high))
        said = [f"{a:,.{places}f} – {b:,.{places}f}" for a, b in zip(low, high, strict=True)]
    elif chart.kind == "waterfall":
        (_, (start, *changes)), *_ = chart.series
        places = places_of((start, *changes))
        steps = [f"{c:+,.{places}f}" for c in changes]
        said = [f"{start:,.{places}f}", *steps, f"{start + sum(changes):,.{places}f}"]
    else:
        return list(chart.categories)
    return [f"{name}: {text}" for name, text in zip(chart.categories, said, strict=True)]


def _paint(plotted: Any, colour: str, *, line: bool) -> None:
    if not colour:
        plotted.format.fill.background()
        plotted.format.line.fill.background()
    elif line:
        plotted.format.line.color.rgb = _rgb(colour.lstrip("#"))
    else:
        plotted.format.fill.solid()
        plotted.format.fill.fore_color.rgb = _rgb(colour.lstrip("#"))
