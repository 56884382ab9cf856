"""Figures of the company model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from clustersim.report.labels.terms import spoken
from clustersim.report.style import BLUE, GREEN, GREY, ORANGE, RED, SKY, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["case_waterfall", "price_histogram"]


def case_waterfall(title: str, start: float, changes: Sequence[tuple[str, float]], end: str,
                   currency: str) -> Figure:  # fmt: skip
    """Draw the way from one target price to another, one bar an input; gains green, losses orange."""
    figure, axes = new_figure(10, 0.5 * len(changes) + 2.2)
    axes.barh(0, start, color=BLUE)
    axes.annotate(f"{start:.1f}", (start, 0), xytext=(4, 0), textcoords="offset points", va="center")
    level, top = start, start
    for row, (_, change) in enumerate(changes, 1):
        axes.barh(row, abs(change), left=min(level, level + change), color=GREEN if change > 0 else ORANGE)
        top = max(top, level, level + change)
        at = max(level, level + change)
        axes.annotate(f"{change:+.1f}", (at, row), xytext=(4, 0), textcoords="offset points", va="center")
        level += change
    axes.barh(len(changes) + 1, level, color=SKY)
    axes.annotate(
        f"{level:.1f}", (level, len(changes) + 1), xytext=(4, 0), textcoords="offset points", va="center"
    )
    axes.set_yticks(range(len(changes) + 2), ["base", *(spoken(name) for name, _ in changes), end])
    axes.invert_yaxis()
    axes.set_xlim(0, top * 1.1)
    axes.set_xlabel(f"{currency} per share")
    axes.set_title(title)
    axes.grid(axis="y", visible=False)
    return figure


def price_histogram(title: str, prices: np.ndarray, lines: Mapping[str, float], currency: str) -> Figure:
    """Draw the distribution of target prices with P10 and P90 shaded and named lines."""
    figure, axes = new_figure(10, 4.6)
    axes.hist(prices, bins=60, color=SKY)
    low, high = np.percentile(prices, [10, 90])
    axes.axvspan(low, high, color=GREY, alpha=0.15, label=f"P10 {low:.0f} to P90 {high:.0f}")
    for (name, x), colour, dash in zip(lines.items(), (RED, BLUE, "black"), ("--", "-", ":"), strict=False):
        axes.axvline(x, color=colour, linestyle=dash, linewidth=1.6, label=f"{name} {x:.2f}")
    axes.set_xlabel(f"{currency} per share")
    axes.set_ylabel("samples")
    axes.set_title(title)
    axes.legend(frameon=False)
    return figure
