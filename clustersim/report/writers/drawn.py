"""Charts of a content object as pictures, for documents that hold no charts of their own."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from clustersim.report.content.model import Chart
from clustersim.report.style import BLUE, GREEN, GREY, ORANGE, PALETTE, RED, SKY, new_figure, save
from clustersim.report.writers.needs import wide
from clustersim.writing import scratch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["chart_figure", "chart_png", "cut_at", "places_of", "signed", "waterfall_places"]

#: A number stands clear of the lines that cross its place.
_CLEAR = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
#: Letters of a name beside a bar, or in a legend, that stand in one line.
_ROOM = 34
_LINES = (RED, GREEN, GREY, ORANGE)


def chart_png(chart: Chart, *, width: float = 8.6) -> bytes:
    """Return a chart as the bytes of a PNG."""
    with scratch() as folder:
        path = folder / "chart.png"
        save(chart_figure(chart, width=width), path)
        return path.read_bytes()


def chart_figure(chart: Chart, *, width: float = 8.6) -> Figure:
    """Return a chart as a figure."""
    across = chart.kind in {"range", "waterfall"}
    height = 0.52 * len(chart.categories) + 1.5 if across else 3.4
    figure, axes = new_figure(width, height)
    draw = {"range": _range, "waterfall": _waterfall, "line": _line}.get(chart.kind, _columns)
    draw(axes, chart)
    room = _ROOM if across else max(90 // max(len(chart.categories), 1), 8)
    names = [_folded(name, room) for name in chart.categories]
    if across:
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set_xlabel(chart.unit)
    else:
        axes.set_xticks(range(len(names)), names)
        axes.grid(axis="x", visible=False)
        axes.set_ylabel(chart.unit)
    axes.set_title(_folded(chart.title, 80))
    handles, _ = axes.get_legend_handles_labels()
    if len(handles) > 1:
        texts = [_folded(str(handle.get_label()), _ROOM) for handle in handles]
        ncols = min(4 if max(map(len, texts)) < 24 else 2, len(handles))
        figure.legend(handles, texts, loc="outside lower center", ncols=ncols, frameon=False)
    return figure


def _folded(name: str, room: int) -> str:
    """A name in lines of no more letters than there is room for, at most three; a Chinese character is two."""
    lines, line = [], ""
    for word in re.findall("[\u2e80-\uffff]|[^\u2e80-\uffff\\s]+\\s*|\\s+", name):
        if line and wide(line + word.rstrip()) > room:
            lines.append(line.rstrip())
            line = ""
        line += word
    lines.append(line.rstrip())
    return "\n".join(lines if len(lines) <= 3 else [*lines[:2], f"{lines[2]}…"])


def _columns(axes: Axes, chart: Chart) -> None:
    """Columns beside one another, or on top of one another."""
    count = len(chart.series)
    wide = 0.8 if chart.kind == "stacked" else 0.8 / count
    floor = [0.0] * len(chart.categories)
    for k, (name, values) in enumerate(chart.series):
        shift = 0.0 if chart.kind == "stacked" else (k - (count - 1) / 2) * wide
        places = [i + shift for i in range(len(values))]
        bars = axes.bar(places, values, wide * 0.94, bottom=floor if chart.kind == "stacked" else None,
                        color=PALETTE[k % len(PALETTE)], label=name)  # fmt: skip
        if chart.kind == "stacked":
            floor = [a + b for a, b in zip(floor, values, strict=True)]
        elif len(values) * count <= 12:
            axes.bar_label(
                bars, fmt="{:,.2f}" if max(map(abs, values)) < 100 else "{:,.0f}", fontsize=8, padding=1
            )
            axes.margins(y=0.12)
    if min(min(values) for _, values in chart.series) < 0:
        axes.axhline(0, color="black", linewidth=0.8)


def places_of(values: Iterable[float]) -> int:
    """Return the digits behind the point at which the numbers of a chart are told apart.

    >>> places_of([231.0, 14.2]), places_of([15.35, 0.59]), places_of([0.05])
    (1, 2, 4)
    """
    most = max(map(abs, values), default=0.0)
    return 1 if most >= 100.0 else 2 if most >= 0.5 else 4


def waterfall_places(level: float, changes: Sequence[float]) -> int:
    """Return the digits of a waterfall: one more than its level asks for where its steps are small beside it.

    >>> waterfall_places(2.62, [-0.025, 0.014]), waterfall_places(5.87, [7.27])
    (3, 2)
    """
    small = cut_at(list(accumulate((level, *changes)))) > 0.0
    return places_of((level, *changes)) + int(small)


def signed(value: float, places: int, *, plus: bool = True) -> str:
    """Return a number of a chart with a minus that is no hyphen; one that its digits would call nothing by its first.

    >>> signed(-26.44, 1), signed(14.1, 1), signed(87.3, 1, plus=False), signed(0.004, 1)
    ('−26.4', '+14.1', '87.3', '+0.004')
    """
    sign = "+" if plus else ""
    text = f"{value:{sign},.{places}f}"
    if value and not any(digit in text for digit in "123456789"):
        text = f"{value:{sign}.1g}"
    return text.replace("-", "−")


def _line(axes: Axes, chart: Chart) -> None:
    for k, (name, values) in enumerate(chart.series):
        axes.plot(range(len(values)), values, marker="o", color=PALETTE[k % len(PALETTE)], label=name)


def _range(axes: Axes, chart: Chart) -> None:
    """Bars from low to high with their ends, and lines across them."""
    low, high = (values for _, values in chart.series)
    places = places_of((*low, *high))
    axes.barh(
        range(len(low)), [b - a for a, b in zip(low, high, strict=True)], left=low, height=0.55, color=SKY
    )
    for row, (a, b) in enumerate(zip(low, high, strict=True)):
        for x, align, shift in ((a, "right", -4), (b, "left", 4)):
            text = signed(x, places, plus=False)
            axes.annotate(text, (x, row), xytext=(shift, 0), textcoords="offset points", va="center", ha=align,
                          fontsize=9, bbox=_CLEAR, zorder=4)  # fmt: skip
    for (name, x), colour in zip(chart.lines, _LINES, strict=False):
        axes.axvline(x, color=colour, linewidth=1.6, linestyle="--", label=f"{name} {x:,.2f}")
    ends = [*low, *high, *(x for _, x in chart.lines)]
    pad = 0.12 * (max(ends) - min(ends)) or 1.0
    axes.set_xlim(min(ends) - pad, max(ends) + pad)


def _waterfall(axes: Axes, chart: Chart) -> None:
    """A level, the changes that follow it, and the level that they lead to."""
    (_, (level, *changes)), *_ = chart.series
    places = waterfall_places(level, changes)
    begin = cut_at(list(accumulate((level, *changes))))
    axes.barh(0, level, height=0.55, color=BLUE)
    _say(axes, level, 0, signed(level, places, plus=False))
    top = level
    for row, change in enumerate(changes, 1):
        axes.barh(
            row,
            abs(change),
            left=min(level, level + change),
            height=0.55,
            color=GREEN if change > 0 else ORANGE,
        )
        _say(axes, max(level, level + change), row, signed(change, places))
        level += change
        top = max(top, level)
    axes.barh(len(changes) + 1, level, height=0.55, color=SKY)
    _say(axes, level, len(changes) + 1, signed(level, places, plus=False))
    axes.set_xlim(begin, top + 0.12 * (top - begin))


def cut_at(levels: Sequence[float]) -> float:
    """Return where the axis of levels begins: at zero, or near them where their steps would not be seen from there.

    >>> cut_at([5.9, 13.1, 14.9]), cut_at([2.62, 2.595, 2.61, 2.6])
    (0.0, 2.57)
    """
    low, high = min(levels), max(levels)
    if low <= 0.0 or high - low > 0.2 * high:
        return 0.0
    step = 10.0 ** math.floor(math.log10(high - low or high))
    begin = step * math.floor((low - 0.8 * (high - low or high)) / step)
    return max(0.0, round(begin, 12))


def _say(axes: Axes, x: float, row: int, text: str) -> None:
    axes.annotate(text, (x, row), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9)
