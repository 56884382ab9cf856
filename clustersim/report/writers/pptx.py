"""A content object as slides: what it says beside charts that PowerPoint draws itself, and its tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from clustersim.report.content.model import Chart, Content, Paragraph, Section, Table
from clustersim.report.style import BLUE, GREEN, ORANGE, PALETTE, SKY
from clustersim.report.writers.drawn import cut_at, places_of, signed, waterfall_places
from clustersim.report.writers.needs import families, library, same_bytes, wide
from clustersim.report.writers.slide_layout import (
    ACROSS,
    BOTTOM,
    LYING,
    ROW,
    TITLE,
    TOP,
    Item,
    high_of_row,
    laid_out,
    lines_of_cell,
    size_of,
    widths,
)

__all__ = ["write_pptx"]

_INK, _LIGHT = "1F3864", "E8EEF4"
_WIDE, _HIGH = 13.333, 7.5


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
    deck.core_properties.title, deck.core_properties.author = content.title[:255], "clustersim"
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
            small, large = 14 if wide(name) <= 24 else 11, 26 if wide(text) <= 9 else 20
            self._text(slide, name, (at + 0.1, 4.1, each - 0.4, 0.4), small, colour="555555")
            self._text(slide, text, (at + 0.1, 4.6, each - 0.4, 0.8), large, bold=True, colour=_INK)

    def section(self, section: Section) -> None:
        """The slides of a section in the order of its blocks, as many of them on a slide as fit."""
        for items in laid_out(section):
            self._filled(section.title, items)

    def _filled(self, title: str, items: Sequence[Item]) -> None:
        """One slide: its charts share the room that is left."""
        slide, at = self._headed(title), TOP
        charts = sum(item.chart is not None for item in items)
        left = BOTTOM - TOP - sum(item.high for item in items)
        for item in items:
            high = item.high + (left / charts if item.chart is not None else 0.0)
            if item.chart is not None:
                self._chart(slide, item.chart, (0.6, at, ACROSS, high - 0.1))
            elif item.table is not None:
                self._table(slide, item.table, item.rows, at)
            else:
                self._list(slide, item.said, (0.6, at, ACROSS, high))
            at += high

    # --- parts ---------------------------------------------------------------------------------------------------

    def _blank(self) -> Any:
        return self.deck.slides.add_slide(self.deck.slide_layouts[6])

    def _headed(self, title: str) -> Any:
        slide = self._blank()
        self._text(slide, title, (0.6, 0.4, 12.1, 0.7), 26, bold=True, colour=_INK)
        self._text(slide, self.content.foot, (0.6, 7.05, 11.4, 0.35), 8, colour="777777")
        self._text(slide, str(len(self.deck.slides)), (12.1, 7.05, 0.6, 0.35), 8, colour="777777")
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

    def _table(self, slide: Any, table: Table, rows: Sequence[Sequence[str]], top: float) -> None:
        from pptx.enum.text import PP_ALIGN
        from pptx.util import Inches

        self._text(slide, table.title, (0.6, top - 0.05, ACROSS, 0.4), 15, bold=True)
        shape = slide.shapes.add_table(
            len(rows) + 1,
            len(table.columns),
            *self._place((0.6, top + TITLE, ACROSS, ROW * (len(rows) + 1))),
        )
        grid, size = shape.table, size_of(table)
        for j, width in enumerate(widths(table)):
            grid.columns[j].width = Inches(width)
        for i, row in enumerate((table.columns, *rows)):
            grid.rows[i].height = Inches(high_of_row(table, row))
            for j, text in enumerate(row):
                cell = grid.cell(i, j)
                cell.margin_top = cell.margin_bottom = Inches(0.03)
                cell.fill.solid()
                cell.fill.fore_color.rgb = _rgb(_LIGHT if i == 0 else "FFFFFF")
                paragraph = cell.text_frame.paragraphs[0]
                for k, line in enumerate(lines_of_cell(table, j, text)):
                    if k:
                        paragraph.add_line_break()
                    self._run(paragraph, line, size, bold=i == 0)
                if not table.from_left(j):
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
        across = chart.kind in LYING
        graph.has_legend = len(series) > 1 and not across
        if graph.has_legend:
            graph.legend.position, graph.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
        graph.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
        graph.category_axis.reverse_order = across
        if across:
            graph.category_axis.crosses = XL_AXIS_CROSSES.MAXIMUM  # the values stand below, not above
        graph.value_axis.major_gridlines.format.line.color.rgb = _rgb("DDDDDD")
        step, low, high = _scale(chart)
        graph.value_axis.major_unit = step
        if low is not None and high is not None:
            graph.value_axis.minimum_scale, graph.value_axis.maximum_scale = low, high
        graph.value_axis.tick_labels.number_format = "#,##0" if step >= 1 and step % 1 == 0 else "#,##0.0##"
        graph.value_axis.tick_labels.number_format_is_linked = False
        for plotted, (_, _, colour) in zip(graph.plots[0].series, series, strict=True):
            _paint(plotted, colour, line=chart.kind == "line")
        graph.plots[0].gap_width = 45


def _rgb(colour: str) -> Any:
    return library("pptx.dml.color").RGBColor.from_string(colour)


def _scale(chart: Chart) -> tuple[float, float | None, float | None]:
    """A round step of about a sixth of what the axis spans, and of a range its two ends."""
    values = [v for _, series in chart.series for v in series]
    low, high = min(values), max(values)
    if chart.kind == "stacked":
        columns = zip(*(v for _, v in chart.series), strict=True)
        high = max(sum(max(v, 0.0) for v in column) for column in columns)
    elif chart.kind == "waterfall":
        levels = list(accumulate(values))
        begin, high = cut_at(levels), max(levels)
        if begin:
            step = _round((high - begin) / 6)
            return step, float(np.floor(begin / step) * step), float(np.ceil(high / step) * step)
    if chart.kind != "range":
        return _round((max(high, 0.0) - min(low, 0.0)) / 6), None, None
    step = _round((high - low) / 4)
    return step, float(np.floor(low / step) * step), float(np.ceil(high / step) * step)


def _round(step: float) -> float:
    """The nearest of 1, 2, 2.5 and 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(max(step, 1e-9)))
    return float(min((m * power for m in (1, 2, 2.5, 5, 10)), key=lambda one: abs(one - step)))


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
        said = [
            " – ".join(signed(x, places, plus=False) for x in ends) for ends in zip(low, high, strict=True)
        ]
    elif chart.kind == "waterfall":
        (_, (start, *changes)), *_ = chart.series
        places = waterfall_places(start, changes)
        first, last = (signed(x, places, plus=False) for x in (start, start + sum(changes)))
        said = [first, *(signed(c, places) for c in changes), last]
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
