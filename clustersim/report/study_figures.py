"""Figures of studies: tornado, heat map, Pareto front, distribution, parallel coordinates, fan chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clustersim.report.labels.terms import amount
from clustersim.report.style import BLUE, GREEN, GREY, ORANGE, SKY, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "Coordinate", "distribution_figure", "fan_chart", "heat_map", "index_bars", "parallel_coordinates", "pareto_figure",
    "tornado_figure",
]  # fmt: skip

Array = NDArray[np.float64]


#: Bars of a tornado that can be read; the widest are drawn.
MOST_BARS = 20


def tornado_figure(title: str, bars: Sequence[tuple[str, float, float, float]], unit: str) -> Figure:
    """Draw (input, output at its low end, base, output at its high end), the widest on top.

    An input that moves nothing has no bar, and of many the widest alone are drawn: the figure says how many are not.
    """
    base = bars[0][2]
    moving = [bar for bar in bars if not _still(bar)] or list(bars[:1])
    still, bars = len(bars) - len(moving), moving[:MOST_BARS]
    figure, axes = new_figure(10, 0.36 * len(bars) + 1.9)
    for row, (_, low, _, high) in enumerate(bars):
        axes.barh(
            row, low - base, left=base, color=ORANGE, height=0.7, label="input low" if row == 0 else None
        )
        axes.barh(
            row, high - base, left=base, color=BLUE, height=0.7, label="input high" if row == 0 else None
        )
    _say_left_out(axes, still, len(moving) - len(bars))
    axes.axvline(base, color=GREY, linewidth=1)
    axes.set_yticks(range(len(bars)), [name for name, *_ in bars])
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    axes.set_title(f"{title} (base {amount(base)})")
    axes.xaxis.set_major_formatter(lambda value, _: amount(value))
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    axes.grid(axis="y", visible=False)
    return figure


def _still(bar: tuple[str, float, float, float]) -> bool:
    """Whether neither end moves the output; one that is unknown may."""
    _, low, base, high = bar
    least = 1e-9 * abs(base)
    return abs(low - base) <= least and abs(high - base) <= least


def _say_left_out(axes: Axes, still: int, more: int) -> None:
    """Write at the foot, where bars are narrow, how many inputs have none."""
    said = [f"not drawn, narrower bars: {more}"] * (more > 0)
    said += [f"not drawn, inputs that move nothing: {still}"] * (still > 0)
    for line, text in enumerate(said):
        axes.annotate(text, (1.0, 0.0), xycoords="axes fraction", xytext=(-4, 5 + 12 * line),
                      textcoords="offset points", ha="right", fontsize=8, color=GREY)  # fmt: skip


def index_bars(title: str, rows: Sequence[tuple[str, float, float, float, float]]) -> Figure:
    """Draw (input, first, its half-width, total, its half-width) of Sobol indices."""
    figure, axes = new_figure(10, 0.36 * len(rows) + 1.6)
    place = np.arange(len(rows))
    for shift, column, colour, name in ((-0.2, 3, BLUE, "total"), (0.2, 1, SKY, "first order")):
        axes.barh(
            place + shift,
            [r[column] for r in rows],
            xerr=[r[column + 1] for r in rows],
            height=0.38,
            color=colour,
            label=name,
            error_kw={"ecolor": GREY, "elinewidth": 1},
        )
    axes.set_yticks(place, [r[0] for r in rows])
    axes.invert_yaxis()
    axes.set_xlim(left=min(0.0, min(r[1] - r[2] for r in rows)))
    axes.set_xlabel("share of the output's variance (bars: 95 % interval)")
    axes.set_title(title)
    axes.legend(frameon=False, loc="lower right")
    axes.grid(axis="y", visible=False)
    return figure


def heat_map(
    title: str, x: Sequence[object], y: Sequence[object], values: Array, labels: tuple[str, str, str]
) -> Figure:
    """Draw an output over two inputs, each cell with its value; ``labels`` name x, y and the output."""
    figure, axes = new_figure(1.1 * len(x) + 4, 0.55 * len(y) + 2.2)
    image = axes.imshow(values, cmap="cividis", aspect="auto", origin="lower")
    axes.set_xticks(range(len(x)), [str(v) for v in x])
    axes.set_yticks(range(len(y)), [str(v) for v in y])
    middle = np.nanmean([np.nanmin(values), np.nanmax(values)]) if np.isfinite(values).any() else 0.0
    for (row, column), value in np.ndenumerate(values):
        text = amount(float(value)) if np.isfinite(value) else "failed"
        axes.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            color="white" if value < middle else "black",
            fontsize=9,
        )
    figure.colorbar(image, ax=axes, label=labels[2])
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.set_title(title)
    axes.grid(visible=False)
    return figure


def pareto_figure(
    title: str, x: Array, y: Array, front: NDArray[np.bool_], labels: tuple[str, str]
) -> Figure:
    """Draw all points and the front, where no point is better in both."""
    figure, axes = new_figure(8.5, 5)
    axes.scatter(x[~front], y[~front], color=GREY, s=18, label="beaten")
    order = np.argsort(x[front])
    axes.plot(x[front][order], y[front][order], color=BLUE, marker="o", label="Pareto front")
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: amount(value))
    axes.set_title(title)
    axes.legend(frameon=False)
    return figure


def distribution_figure(title: str, values: Array, unit: str) -> Figure:
    """Draw a histogram with P10, P50 and P90."""
    figure, axes = new_figure(9, 4.4)
    axes.hist(values, bins=min(60, max(10, len(values) // 20)), color=SKY)
    for share, colour in ((10, ORANGE), (50, BLUE), (90, GREEN)):
        at = float(np.percentile(values, share))
        axes.axvline(at, color=colour, linewidth=2, linestyle="--", label=f"P{share} {amount(at)}")
    axes.set_xlabel(unit)
    axes.set_ylabel("draws")
    axes.xaxis.set_major_formatter(lambda value, _: amount(value))
    axes.set_title(title)
    axes.legend(frameon=False)
    return figure


@dataclass(frozen=True, slots=True)
class Coordinate:
    """An input of a figure of lines: its name with unit, its value at every point, and where they are names, these."""

    name: str
    values: Array
    words: tuple[str, ...] = ()


def parallel_coordinates(title: str, lines: Sequence[Coordinate], colour_by: Array, unit: str) -> Figure:
    """Draw every point as a line over its inputs, each from its lowest to its highest, coloured by an output."""
    import matplotlib as mpl

    figure, axes = new_figure(max(8.0, 2.0 * len(lines) + 2), 4.8)
    low, high = (np.array([end(line.values) for line in lines]) for end in (np.min, np.max))
    values = np.column_stack([line.values for line in lines])
    scaled = (values - low) / np.where(high > low, high - low, 1.0)
    norm = mpl.colors.Normalize(float(colour_by.min()), float(colour_by.max()))
    colours = mpl.colormaps["cividis"](norm(colour_by))
    for points, colour in zip(scaled, colours, strict=True):
        axes.plot(range(len(lines)), points, color=colour, alpha=0.5, linewidth=0.8)
    for place, line in enumerate(lines):
        axes.axvline(place, color=GREY, linewidth=0.8)
        for at, text in _marks(line):
            axes.annotate(text, (place, at), xytext=(4, 0), textcoords="offset points", fontsize=8, va="center",
                          bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.8})  # fmt: skip
    axes.set_xticks(range(len(lines)), [line.name for line in lines])
    axes.set_xlim(-0.2, len(lines) - 0.6)
    axes.set_ylim(-0.06, 1.06)
    axes.set_yticks([])
    figure.colorbar(mpl.cm.ScalarMappable(norm, "cividis"), ax=axes, label=unit)
    axes.set_title(title)
    axes.grid(visible=False)
    return figure


def _marks(line: Coordinate) -> list[tuple[float, str]]:
    """What stands along an input: its names, or its lowest and highest value."""
    low, high = float(line.values.min()), float(line.values.max())
    width = high - low or 1.0
    if line.words:
        return [((i - low) / width, word) for i, word in enumerate(line.words)]
    return [(0.0, amount(low)), (1.0, amount(high))] if high > low else [(0.0, amount(low))]


def fan_chart(title: str, x: Sequence[str], bands: Array, unit: str) -> Figure:
    """Draw P10, P50 and P90 (three rows) along x."""
    figure, axes = new_figure(9, 4.4)
    place = np.arange(len(x))
    axes.fill_between(place, bands[0], bands[2], color=SKY, alpha=0.5, label="P10 to P90")
    axes.plot(place, bands[1], color=BLUE, marker="o", label="P50")
    axes.set_xticks(place, list(x))
    axes.set_ylabel(unit)
    axes.set_ylim(bottom=0)
    axes.set_title(title)
    axes.legend(frameon=False, loc="upper left")
    return figure
