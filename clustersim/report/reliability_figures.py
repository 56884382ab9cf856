"""Figures of long runs: one run as a Gantt chart, many as a fan, and where the wall clock went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from clustersim.report.figures import Span, waterfall, whisker
from clustersim.report.style import BLUE, GREY, ORANGE, RED, SKY, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from clustersim.des.training.incidents import SimulatedRun

__all__ = ["claims_figure", "fan_of_runs", "gantt", "lost_time"]

DAY = 86400.0
#: The narrowest recovery that can be seen, in days.
LEAST_DRAWN = 0.012


def gantt(title: str, run: SimulatedRun) -> Figure:
    """Draw one run in rows of five days: running, recovering, and each failure with its component."""
    days = run.duration_s / DAY
    rows = max(1, int(np.ceil(days / 5)))
    figure, axes = new_figure(11, 0.75 * rows + 1.8)
    recovering = f"recovering (drawn at least {LEAST_DRAWN * 24 * 60:.0f} minutes wide)"
    for row in range(rows):
        begin, end = 5 * row, min(days, 5 * row + 5)
        spans = [
            (max(a / DAY, begin), min(b / DAY, end))
            for a, b in run.segments()
            if b / DAY > begin and a / DAY < end
        ]
        axes.broken_barh([(a - begin, b - a) for a, b in spans], (row - 0.3, 0.6), color=SKY,
                         label="training" if row == 0 else None)  # fmt: skip
        waits = [
            (max(i.failed_at_s / DAY, begin), min(i.resumed_at_s / DAY, end))
            for i in run.incidents
            if i.resumed_at_s / DAY > begin and i.failed_at_s / DAY < end
        ]
        axes.broken_barh([(a - begin, max(b - a, LEAST_DRAWN)) for a, b in waits], (row - 0.3, 0.6), color=ORANGE,
                         label=recovering if row == 0 else None)  # fmt: skip
    for i in run.incidents:
        line, at = divmod(i.failed_at_s / DAY, 5)
        axes.plot(at, line - 0.38, marker="v", color=RED, markersize=5, clip_on=False)
        late = at > 4.6  # a name at the right edge is written to the left of its mark, inside the frame
        axes.annotate(i.component.replace("_", " "), (at, line - 0.4), xytext=(-4 if late else 4, 1), fontsize=7,
                      textcoords="offset points", va="bottom", ha="right" if late else "left")  # fmt: skip
    axes.set_yticks(
        range(rows), [f"days {5 * r} to {min(5 * r + 5, int(np.ceil(days)))}" for r in range(rows)]
    )
    axes.set_ylim(rows - 0.5, -0.95)
    axes.set_xlim(0, 5)
    axes.set_xlabel("days within the row")
    axes.set_title(f"{title}: ETTR {run.ettr:.2%}, {run.failures} failures")
    axes.plot(
        [], [], marker="v", linestyle="none", color=RED, markersize=5, label="failure, by its component"
    )
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    axes.grid(axis="y", visible=False)
    return figure


def fan_of_runs(title: str, runs: Sequence[SimulatedRun]) -> Figure:
    """Draw the spread over runs of the time lost so far: P10, P50, P90 along the run."""
    figure, axes = new_figure(9, 4.4)
    grid = np.linspace(0.0, runs[0].duration_s, 241)
    lost = np.zeros((len(runs), grid.size))
    for number, run in enumerate(runs):
        for i in run.incidents:
            down = np.clip(grid - i.failed_at_s, 0.0, i.recovery_s)
            lost[number] += down + np.where(grid >= i.failed_at_s, i.lost_work_s, 0.0)
    low, middle, high = np.percentile(lost / 3600, [10, 50, 90], axis=0)
    axes.fill_between(grid / DAY, low, high, color=SKY, alpha=0.6, label="P10 to P90")
    axes.plot(grid / DAY, middle, color=BLUE, label="P50")
    axes.set_xlabel("time since start (days)")
    axes.set_ylabel("hours lost so far (recovery and lost work)")
    axes.set_xlim(0, runs[0].duration_s / DAY)
    axes.set_ylim(bottom=0)
    axes.set_title(title)
    axes.legend(frameon=False, loc="upper left")
    return figure


def lost_time(title: str, shares: Mapping[str, float]) -> Figure:
    """Draw the waterfall from wall-clock to productive time."""
    names = {"checkpoint": "checkpoint stalls", "rework": "work lost at failures", "slow": "stragglers, shrunk job",
             "recovery": "recovery and waiting"}  # fmt: skip
    losses = [(names[k], 100 * v) for k, v in shares.items() if k in names]
    return waterfall(title, ("wall clock", 100.0), losses, "productive (ETTR)", "% of wall-clock time")


def claims_figure(
    title: str, ladder: Sequence[tuple[str, float]], needed: Sequence[tuple[str, float]], own: float,
    span: Span | None = None,
) -> Figure:  # fmt: skip
    """Draw card-hours per failure of published fleets, of this cluster, and what each reading of a claim needs."""
    figure, axes = new_figure(10, 0.34 * (len(ladder) + 1) + 2.0)
    rows = sorted([*ladder, ("this scenario", own)], key=lambda item: item[1])
    for row, (name, value) in enumerate(rows):
        axes.barh(row, value, color=BLUE if name == "this scenario" else SKY)
        if span and name == "this scenario":
            whisker(axes, row, *span)
    for (name, value), style in zip(needed, ("-", "--", "-.", ":"), strict=False):
        axes.axvline(value, color=RED, linestyle=style, linewidth=1.4, label=f"needed: {name}")
    axes.set_xscale("log")
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_xlabel("card-hours per job-stopping failure")
    axes.set_title(title)
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.4, -0.12), ncols=2)
    axes.grid(axis="y", visible=False)
    axes.axvline(own, color=GREY, linewidth=0.8)
    return figure
