"""Figures of serving: throughput against interactivity, latency against load, the queue over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from clustersim.des.serving.book import Requests
from clustersim.des.serving.deployment import saturation
from clustersim.des.serving.metrics import queue_over_time, records, summarise
from clustersim.des.serving.run import ServingRun
from clustersim.des.serving.settings import ClosedLoop
from clustersim.des.serving.stream import stream_of
from clustersim.report.figures import Span, whisker
from clustersim.report.style import BLUE, GREY, ORANGE, PALETTE, SKY, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from clustersim.planner.serving_answers import Answer

__all__ = ["frontier", "load_latency", "queue"]

#: Users in the closed loop of the frontier, per replica.
USERS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
#: Shares of the saturated rate of the load-latency curve.
LOADS = (0.1, 0.3, 0.5, 0.65, 0.8, 0.9, 0.95)
_SAMPLE = 1500
_WHISKERS = "; whiskers: P10 to P90"
#: Windows of the queue over time, and instants that are looked at in each.
_WINDOWS, _INSTANTS = 100, 40


def _sample(answer: Answer) -> Requests:
    """Return the first requests of the run as they were asked."""
    book = answer.run.book
    return Requests(
        np.asarray(book.arrival[:_SAMPLE]),
        np.asarray(book.prompt[:_SAMPLE], dtype=np.int64),
        np.asarray(book.output[:_SAMPLE], dtype=np.int64),
        tuple(book.blocks[:_SAMPLE]),
        book.block_tokens,
    )


def frontier(answers: Sequence[Answer], spans: Mapping[str, Span] | None = None) -> Figure:
    """Draw output tokens per second and card against tokens per second and user, by closed loops of more users.

    ``spans``: P10 and P90 of what is measured over what is predicted, by quantity (``tpot``, ``throughput``).
    """
    figure, axes = new_figure(9, 4.8)
    for answer, colour in zip(answers, PALETTE, strict=False):
        deployment, sample = answer.deployment, _sample(answer)
        points = []
        for users in USERS:
            count = min(len(sample), max(48, users * 6))
            loop = replace(
                deployment,
                closed_loop=ClosedLoop(users * deployment.pool.replicas),
                failures=None,
                autoscale=None,
            )
            summary = summarise(loop.simulate(sample.head(count), log=False))
            points.append((1.0 / summary.tpot_s["p50"], summary.output_tokens_per_s / deployment.cards))
        x, y = zip(*points, strict=True)
        axes.plot(x, y, marker="o", color=colour, label=f"{deployment.card} x{deployment.cards}")
        if spans:
            (fast, slow), (low, high) = spans["tpot"], spans["throughput"]
            for one, other in (points[0], points[-1]):
                # More seconds a token are fewer tokens a second.
                whisker(axes, other, one / slow, one / fast)
                whisker(axes, one, other * low, other * high, across=True)
    axes.set_xlabel("output tokens/s per user (1 / median TPOT)")
    axes.set_ylabel("output tokens/s per card")
    title = "Throughput against interactivity, closed loop of 1 to 256 users per replica"
    axes.set_title(title + (_WHISKERS if spans else ""))
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return figure


def load_latency(answers: Sequence[Answer], spans: Mapping[str, Span] | None = None) -> Figure:
    """Draw the 90th percentile of time to first token against the offered rate, up to the saturated rate.

    ``spans``: P10 and P90 of what is measured over what is predicted, by quantity (``ttft``).
    """
    figure, axes = new_figure(9, 4.8)
    for answer, colour in zip(answers, PALETTE, strict=False):
        deployment = replace(answer.deployment, failures=None, autoscale=None)
        sample = _sample(answer)
        most = saturation(deployment, stream_of(sample))
        rates = [share * most for share in LOADS]
        p90 = []
        for rate in rates:
            rows = records(deployment.simulate(sample.faster(rate / sample.rate), log=False))
            p90.append(float(np.nanpercentile(rows["ttft_s"], 90)) + deployment.request_s)
        axes.plot(rates, p90, marker="o", color=colour, label=f"{deployment.card} x{deployment.cards}")
        if spans:
            for rate, late in zip(rates, p90, strict=True):
                whisker(axes, rate, late * spans["ttft"][0], late * spans["ttft"][1], across=True)
        axes.axvline(most, color=colour, linestyle=":", linewidth=1)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    # Two and five of a decade alone: whiskers reach over several, where nine labels would lie on each other.
    axes.yaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:e}"[0] in "25" else "")
    axes.set_xlim(left=0)
    axes.set_xlabel("offered requests/s (dotted: saturated)")
    axes.set_ylabel("TTFT, 90th percentile (s)")
    axes.set_title("Latency against load, the same requests at every rate" + (_WHISKERS if spans else ""))
    axes.legend(frameon=False, loc="upper left")
    return figure


def queue(run: ServingRun, card: str) -> Figure:
    """Draw requests in the system and waiting for their first token: means of windows, and the most in each."""
    figure, axes = new_figure(10, 3.8)
    grid, inside, waiting = queue_over_time(run, _INSTANTS * _WINDOWS)
    mean, most, held = (f(x.reshape(_WINDOWS, _INSTANTS), axis=1)
                        for f, x in ((np.mean, inside), (np.max, inside), (np.mean, waiting)))  # fmt: skip
    middle = grid.reshape(_WINDOWS, _INSTANTS).mean(axis=1)
    width = (grid[-1] - grid[0]) / _WINDOWS
    axes.fill_between(middle, mean, most, color=SKY, alpha=0.4, label="in the system, most of a window")
    axes.plot(middle, mean, color=BLUE, label="in the system, mean of a window")
    axes.fill_between(middle, held, color=ORANGE, label="of them without a first token, mean")
    if run.failures:
        axes.text(
            0.99, 0.95, f"{run.failures} replica failures", transform=axes.transAxes, ha="right", color=GREY
        )
    axes.set_xlabel("time (s)")
    axes.set_ylabel("requests in the system")
    axes.set_ylim(bottom=0)
    axes.set_title(f"Requests over time on {card}, windows of {width:,.3g} s; the run begins and ends empty")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure
