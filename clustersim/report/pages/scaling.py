"""Scaling as a page: what a card keeps of its throughput as the training cluster grows, and what is lost to what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from clustersim.errors import InputError
from clustersim.intervals.draws import predicted_of
from clustersim.perf.scaling import KINDS, ScalingCurve, powers, scaling_curve
from clustersim.planner.uncertainty import scaling_band
from clustersim.report.answer import Answer
from clustersim.report.pages.training import training_work
from clustersim.report.scaling_figure import scaling_figure
from clustersim.schema.inputs import Inputs

__all__ = ["scaling_answer"]

#: Columns of a range.
_ENDS = ("scaling_efficiency_p10", "scaling_efficiency_p90")


def scaling_answer(inputs: Inputs, workload: str, *, low: int, high: int) -> Answer:
    """Weak and strong scaling curves of a workload's plan from ``low`` to ``high`` cards, by doubling.

    Raises InputError for a site of unlike cards, of which there is no next size.
    """
    if inputs.groups:
        raise InputError(
            f"{inputs.name}: has groups of unlike cards, and scaling asks for more of one kind; sweep"
            " cluster.groups.NAME.cards instead"
        )
    work = training_work(inputs, workload)
    curves = [scaling_curve(work.detail.job, powers(low, high), kind) for kind in KINDS]
    spans = _scaling_spans(inputs, work.name, curves)
    rows: list[dict[str, Any]] = [
        {
            "kind": c.kind, "base_cards": c.base_cards, "batch_rule": c.batch_rule, "cards": p.cards,
            "tokens_per_s_per_card": p.tokens_per_s_per_card, "scaling_efficiency": p.efficiency,
            **(dict(zip(_ENDS, spans[c.kind, p.cards], strict=True)) if spans else {}),
            **{f"lost_to_{cause.replace(' ', '_').replace('-', '_')}": lost for cause, lost in p.lost.items()},
        }
        for c in curves
        for p in c.points
    ]  # fmt: skip
    hidden = {k for k in rows[0] if k.startswith("lost_to_") and all(abs(r[k]) <= 5e-4 for r in rows)}
    shown = [
        {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items() if k not in hidden}
        for row in rows
    ]
    return Answer(
        name="scaling",
        data={"scenario": inputs.name, "plan": asdict(curves[0].plan), "points": rows},
        page=lambda: [shown],
        rows=rows,
        files=lambda: {"scaling.png": scaling_figure(inputs.name, curves, spans)},
    )


def _scaling_spans(
    inputs: Inputs, name: str, curves: Sequence[ScalingCurve]
) -> dict[tuple[str, int], tuple[float, float]]:
    """P10 and P90 of each point beyond the base, by its kind and cards; nothing where no row told of scaling."""
    predicted = predicted_of(inputs, name)
    if predicted is None:
        return {}
    slow, fast = scaling_band(inputs, predicted.software).factors([0.9, 0.1])
    return {
        (c.kind, p.cards): (p.efficiency, p.efficiency) if p.cards == c.base_cards
        else (float(p.efficiency / slow), float(min(p.efficiency / fast, max(1.0, p.efficiency))))
        for c in curves for p in c.points
    }  # fmt: skip
