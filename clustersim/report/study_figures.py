"""Figures of studies: tornado, heat map, Pareto front, distribution, parallel coordinates, fan chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clustersim.report.style import BLUE, GREEN, GREY, ORANGE, SKY, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "distribution_figure", "fan_chart", "heat_map", "index_bars", "parallel_coordinates", "pareto_figure",
    "tornado_figure",
]  # fmt: skip

Array = NDArray[np.float64]


def tornado_figure(title: str, bars: Sequence[tuple[str, float, float, float]], unit: str) -> Figure:
    """Draw (input, output at its low end, base, output at its high end), the widest on top."""
    figure, axes = new_figure(10, 0.36 * len(bars) + 1.6)
    base = bars[0][2]
    for row, (_, low, _, high) in enumerate(bars):
        axes.barh(
            row, low - base, left=base, color=ORANGE, height=0.7, label="input low" if row == 0 else None
        )
        axes.barh(
            row, high - base, left=base, color=BLUE, height=0.7, label="input high" if row == 0 else None
        )
    axes.axvline(base, color=GREY, linewidth=1)
    axes.set_yticks(range(len(bars)), [name for name, *_ in bars])
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    axes.set_title(f"{title} (base {base:,.4g})")
    axes.legend(frameon=False, loc="lower right")
    axes.grid(axis="y", visible=False)
    return figure


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
        text = f"{value:.4g}" if np.isfinite(value) else "failed"
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
    axes.set_title(title)
    axes.legend(frameon=False)
    return figure


def distribution_figure(title: str, values: Array, unit: str) -> Figure:
    """Draw a histogram with P10, P50 and P90."""
    figure, axes = new_figure(9, 4.4)
    axes.hist(values, bins=min(60, max(10, len(values) // 20)), color=SKY)
    for share, colour in ((10, ORANGE), (50, BLUE), (90, GREEN)):
        at = float(np.percentile(values, share))
        axes.axvline(at, color=colour, linewidth=2, linestyle="--", label=f"P{share} {at:,.4g}")
    axes.set_xlabel(unit)
    axes.set_ylabel("points")
    axes.set_title(title)
    axes.legend(frameon=False)
    return figure


def parallel_coordinates(
    title: str, names: Sequence[str], values: Array, colour_by: Array, unit: str
) -> Figure:
    """Draw every point as a line over inputs scaled to their range, coloured by an output."""
    import matplotlib as mpl

    figure, axes = new_figure(max(8.0, 1.5 * len(names)), 4.8)
    low, high = values.min(axis=0), values.max(axis=0)
    scaled = (values - low) / np.where(high > low, high - low, 1.0)
    norm = mpl.colors.Normalize(float(colour_by.min()), float(colour_by.max()))
    colours = mpl.colormaps["cividis"](norm(colour_by))
    for line, colour in zip(scaled, colours, strict=True):
        axes.plot(range(len(names)), line, color=colour, alpha=0.5, linewidth=0.8)
    axes.set_xticks(
        range(len(names)), [f"{n}\n{a:.3g} to {b:.3g}" for n, a, b in zip(names, low, high, strict=True)]
    )
    axes.set_yticks([0, 1], ["low", "high"])
    figure.colorbar(mpl.cm.ScalarMappable(norm, "cividis"), ax=axes, label=unit)
    axes.set_title(title)
    return figure


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
