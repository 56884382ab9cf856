"""The figures of a run: where the FLOPs go, what happened when, what it costs, what it earns, what it is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from clustersim.report.style import BLUE, GREEN, GREY, INK, ORANGE, PALETTE, RED, SKY, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Span", "cost_bars", "football_field", "revenue_stack", "run_timeline", "waterfall", "whisker"]


#: P10 and P90 of what a figure shows.
Span = tuple[float, float]


def whisker(axes: Axes, at: float, low: float, high: float, *, across: bool = False) -> None:
    """Draw P10 to P90 at a place on the axis of names, along the axis of values; ``across``: values go up."""
    (axes.vlines if across else axes.hlines)(at, low, high, color=INK, linewidth=1.3, zorder=4)
    place, ends = [at, at], [low, high]
    axes.plot(*((place, ends) if across else (ends, place)), "_" if across else "|", color=INK, zorder=4)


def waterfall(
    title: str, start: tuple[str, float], losses: Sequence[tuple[str, float]], end: str, unit: str,
    span: Span | None = None,
) -> Figure:  # fmt: skip
    """Draw what is lost between a start and an end value, one bar a cause.

    ``losses`` are positive amounts; the end bar is what they leave, ``span`` its P10 and P90.
    """
    figure, axes = new_figure(10, 4.8)
    shown = [(name, loss) for name, loss in losses if loss > 1e-4 * start[1]]
    level = start[1]
    axes.barh(0, level, color=BLUE)
    labels = [start[0]]
    _value_at(axes, level, 0, f"{level:.1f}")
    for row, (name, loss) in enumerate(shown, start=1):
        axes.barh(row, loss, left=level - loss, color=ORANGE)
        _value_at(axes, level, row, f"−{loss:.1f}")
        level -= loss
        labels.append(name)
    axes.barh(len(labels), level, color=GREEN)
    _value_at(axes, max(level, span[1]) if span else level, len(labels), f"{level:.1f}")
    if span:
        whisker(axes, len(labels), *span)
    labels.append(end)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.set_xlim(0, start[1] * 1.08)
    axes.set_xlabel(unit)
    axes.set_title(title)
    axes.grid(axis="y", visible=False)
    return figure


def _value_at(axes: object, x: float, y: float, text: str) -> None:
    axes.annotate(  # type: ignore[attr-defined]
        text, (x, y), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9
    )


def run_timeline(
    title: str, productive: Sequence[tuple[float, float]], failures: Sequence[tuple[float, str]], end_d: float
) -> Figure:
    """Draw one run: bars of productive time in days, and each failure by the class of component that failed."""
    figure, axes = new_figure(11, 4.2)
    kinds = sorted({kind for _, kind in failures})
    axes.broken_barh([(a, b - a) for a, b in productive], (-0.4, 0.8), color=SKY, label="training")
    for row, kind in enumerate(kinds, start=1):
        times = [t for t, k in failures if k == kind]
        axes.scatter(times, [row] * len(times), marker="x", color=RED, s=36, zorder=3)
    axes.set_yticks(range(len(kinds) + 1), ["training", *(k.replace("_", " ") for k in kinds)])
    axes.set_xlim(0, end_d)
    axes.set_ylim(-0.7, len(kinds) + 0.7)
    axes.set_xlabel("time since start (days)")
    axes.set_title(title)
    return figure


def cost_bars(title: str, terms: Mapping[str, float], unit: str, span: Span | None = None) -> Figure:
    """Draw the terms of a cost as sorted bars with their share of the total; ``span`` is P10 and P90 of that."""
    figure, axes = new_figure(9, 0.42 * len(terms) + 1.6)
    ordered = sorted(terms.items(), key=lambda item: item[1])
    total = sum(terms.values())
    axes.barh([name for name, _ in ordered], [value for _, value in ordered], color=BLUE)
    for row, (_, value) in enumerate(ordered):
        _value_at(axes, max(value, 0.0), row, f"{value:,.1f}  ({value / total:.0%})")
    axes.set_xlim(0, max(terms.values()) * 1.22)
    axes.set_xlabel(unit)
    sure = f" (P10 to P90: {span[0]:,.1f} to {span[1]:,.1f})" if span else ""
    axes.set_title(f"{title}: {total:,.1f} {unit}{sure}")
    axes.grid(axis="y", visible=False)
    return figure


def revenue_stack(
    title: str, years: Sequence[str], by_product: Mapping[str, Sequence[float]], unit: str,
    spans: Mapping[str, Span] | None = None,
) -> Figure:  # fmt: skip
    """Draw revenue by product and year as stacked bars with the total on top; ``spans``: P10 and P90 of totals."""
    figure, axes = new_figure(10, 4.8)
    base = [0.0] * len(years)
    for (name, values), colour in zip(by_product.items(), _cycle(len(by_product)), strict=True):
        axes.bar(years, values, bottom=base, color=colour, label=name, width=0.7)
        base = [b + v for b, v in zip(base, values, strict=True)]
    spans = spans or {}
    for x, name in enumerate(years):
        if name in spans:
            whisker(axes, x, *spans[name], across=True)
        top = max(base[x], spans[name][1] if name in spans else base[x])
        axes.annotate(
            f"{base[x]:,.1f}", (x, top), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=9
        )
    axes.set_ylabel(unit)
    axes.set_title(title)
    axes.legend(frameon=False, ncols=min(len(by_product), 7), loc="upper left")
    axes.set_ylim(0, max([*base, *(high for _, high in spans.values())]) * 1.18)
    axes.grid(axis="x", visible=False)
    return figure


def _cycle(count: int) -> list[str]:
    return [PALETTE[i % len(PALETTE)] for i in range(count)]


def football_field(
    title: str, bars: Sequence[tuple[str, float, float, float]], lines: Mapping[str, float], unit: str
) -> Figure:
    """Draw ranges of value per share (name, low, point, high), with named vertical lines such as the price."""
    figure, axes = new_figure(10, 0.62 * len(bars) + 1.9)
    for row, (_, low, point, high) in enumerate(bars):
        axes.barh(row, high - low, left=low, height=0.5, color=SKY)
        axes.plot([point, point], [row - 0.25, row + 0.25], color=BLUE, linewidth=2)
        for x, align, shift in ((low, "right", -4), (high, "left", 4)):
            axes.annotate(
                f"{x:.1f}",
                (x, row),
                xytext=(shift, 0),
                textcoords="offset points",
                va="center",
                ha=align,
                fontsize=9,
            )
    for (name, x), colour in zip(lines.items(), (RED, GREEN, GREY), strict=False):
        axes.axvline(x, color=colour, linewidth=1.6, linestyle="--", label=f"{name} {x:.2f}")
    axes.set_yticks(range(len(bars)), [name for name, *_ in bars])
    axes.invert_yaxis()
    low_end, high_end = min(b[1] for b in bars), max(b[3] for b in bars)
    pad = 0.1 * (high_end - low_end) + 1
    axes.set_xlim(min(low_end, *lines.values()) - pad, max(high_end, *lines.values()) + pad)
    axes.set_xlabel(unit)
    axes.set_title(title)
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=3)
    axes.grid(axis="y", visible=False)
    return figure
