"""The use of a shared site over time, as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clustersim.des.jobs.book import SharedRun

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["shared_figure"]


def shared_figure(run: SharedRun, title: str) -> Figure:
    """Return cards in use over time by tenant, those out of service, and what the site has."""
    from clustersim.report.style import GREY, PALETTE, new_figure

    figure, axes = new_figure()
    edges = np.linspace(0.0, run.duration_s, 241)
    tenants = sorted({record.tenant for record in run.records})
    layers = [_mean_use(run, tenant, edges) for tenant in tenants]
    labels = [tenant or "jobs" for tenant in tenants]
    services = _mean_use(run, None, edges)
    if services.any():
        layers.append(services)
        labels.append("services")
    layers.append(_mean_use(run, "", edges, down=True))
    labels.append("out of service")
    colours = [PALETTE[i % (len(PALETTE) - 1)] for i in range(len(layers) - 1)] + [GREY]
    axes.stackplot(edges[1:] / 86400.0, *layers, labels=labels, colors=colours, step="pre")
    axes.axhline(run.cards, color="black", linewidth=1.0, linestyle="--", label="cards of the site")
    axes.set(
        xlabel="time (days)",
        ylabel="cards, mean of the interval",
        title=title,
        xlim=(0, run.duration_s / 86400.0),
    )
    axes.set_ylim(0, run.cards * 1.08)
    figure.legend(loc="outside right upper", frameon=False, fontsize=9)
    return figure


def _mean_use(run: SharedRun, tenant: str | None, edges: np.ndarray, *, down: bool = False) -> np.ndarray:
    """Mean cards in every interval: overlaps of spans with it, by differences of a running integral."""
    count = len(run.records)
    kept = [
        span
        for span in run.spans
        if (span.job < 0 if down else span.job >= count if tenant is None else _is_of(run, span.job, tenant))
    ]
    integral = np.zeros_like(edges)
    for span in kept:
        integral += span.cards * np.clip(edges - span.begin_s, 0.0, span.end_s - span.begin_s)
    mean: np.ndarray = np.diff(integral) / np.diff(edges)
    return mean


def _is_of(run: SharedRun, job: int, tenant: str) -> bool:
    return 0 <= job < len(run.records) and run.records[job].tenant == tenant
