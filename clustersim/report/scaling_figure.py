"""The figure of scaling curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from clustersim.report.figures import Span, whisker
from clustersim.report.style import BLUE, GREY, ORANGE, PALETTE, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from clustersim.perf.scaling import ScalingCurve

__all__ = ["scaling_figure"]


def scaling_figure(
    title: str, curves: Sequence[ScalingCurve], spans: Mapping[tuple[str, int], Span] = {}
) -> Figure:
    """Draw each curve's efficiency with its P10 to P90 (``spans``, by kind and cards), and for the last curve what the
    rest was lost to."""
    figure, axes = new_figure(10, 5.2)
    for curve, colour in zip(curves, (BLUE, ORANGE), strict=False):
        label = f"{curve.kind}, base {curve.base_cards} cards, {curve.batch_rule}"
        axes.plot(
            [p.cards for p in curve.points],
            [100 * p.efficiency for p in curve.points],
            "o-",
            color=colour,
            label=label,
        )
        for p in curve.points:
            low, high = spans.get((curve.kind, p.cards), (p.efficiency, p.efficiency))
            if low < high:
                whisker(axes, p.cards, 100 * low, 100 * high, across=True)
    last = curves[-1]
    causes = [c for c in last.points[-1].lost if max(abs(p.lost[c]) for p in last.points) > 0.002]
    cards = np.array([p.cards for p in last.points], dtype=float)
    top = np.array([100.0 * p.efficiency for p in last.points])
    for cause, colour in zip(causes, PALETTE[2:], strict=False):
        share = np.array([100 * max(0.0, p.lost[cause]) for p in last.points])
        axes.fill_between(
            cards,
            top,
            top + share,
            color=colour,
            alpha=0.35,
            linewidth=0,
            label=f"{last.kind}: lost to {cause}",
        )
        top = top + share
    axes.axhline(95, color=GREY, linestyle="--", linewidth=1)
    axes.annotate("95 %", (cards[0], 95), xytext=(2, 3), textcoords="offset points", fontsize=9, color=GREY)
    axes.set_xscale("log", base=2)
    axes.set_xticks(
        [p.cards for p in curves[0].points], [f"{p.cards:,}" for p in curves[0].points], rotation=30
    )
    axes.set_xlabel("cards")
    axes.set_ylabel(
        "tokens/s per card against the base, %; whiskers: P10 to P90"
        if spans
        else "tokens/s per card against the base, %"
    )
    axes.set_ylim(0, 106)
    plan = curves[0].plan
    words = f"tp {plan.tp}, pp {plan.pp}, interleave {plan.interleave}, micro-batch {plan.micro_batch}"
    axes.set_title(f"{title} ({words}, {plan.recompute} recomputation)")
    axes.legend(frameon=False, loc="lower left", fontsize=9)
    return figure
