"""The tab of trust: the weakest inputs, the measurements nearest to this card and plan, how often the bands hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from clustersim.errors import ClusterSimError
from clustersim.intervals.residuals import QUANTITIES
from clustersim.planner.proposal import nearest_rows
from clustersim.planner.uncertain_inputs import prediction_rows
from clustersim.provenance import TIERS
from clustersim.report.labels.notes import keyed
from clustersim.web.answers import kept, result_of
from clustersim.web.asked import Design
from clustersim.web.panels import Row, bars, panel, plain_rows

__all__ = ["trust"]

#: Inputs that are shown, the weakest first.
MOST_INPUTS = 80
#: Columns by the names that the page has words for: a quantity is a number of parts elsewhere.
_NAMED = {"quantity": "measure"}


def trust(design: Design) -> list[dict[str, Any]]:
    """What the result rests on: the weakest inputs of every part, how far predictions of its class err, which rows were
    measured nearest to it, and how often the bands held what was measured."""
    result = result_of(design)
    data = result.to_dict()
    parts = [
        {"part": k, "tier": v["tier"], "weakest_inputs": len(v["inputs"])}
        for k, v in data["weakest_inputs"].items()
    ]
    rows = sorted(plain_rows(result.inputs), key=lambda r: -TIERS.index(r["tier"]))
    columns = ("term", "value", "unit", "low", "high", "tier", "source")
    weakest = [{k: r[k] for k in columns} for r in rows[:MOST_INPUTS]]
    counts = Counter(str(row["tier"]) for row in rows).most_common()
    chart = bars([tier for tier, _ in counts], {"inputs_of_tier": [count for _, count in counts]}, "1")
    predicted = _predicted(design)
    return [
        panel("trust.parts", parts, chart=chart),
        *([panel("trust.errors", predicted, notes=["trust.errors_say"])] if predicted else []),
        *(_measured(design, predicted) if predicted else []),
        panel("trust.inputs", weakest),
    ]


def _predicted(design: Design) -> Sequence[Row]:
    try:
        rows = prediction_rows(result_of(design).run.inputs)
    except ClusterSimError:
        return []
    return [{_NAMED.get(k, k): keyed(v) if k == "rests_on" else v for k, v in row.items()} for row in rows]


def _measured(design: Design, predicted: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows nearest to this card and software, and how often bands of its quantities held rows left out of them."""
    near = kept(("nearest", design), lambda: list(nearest_rows(result_of(design).run.inputs)))
    names = [f"{r['card']}: {r['source']}" for r in near]
    chart = bars(
        names, {"measured_over_predicted": [r["measured_over_predicted"] for r in near]}, "1", "bars_across"
    )
    quantities = {str(r["measure"]) for r in predicted}
    near = [{_NAMED.get(k, k): v for k, v in row.items()} for row in near]
    held = [row for name in sorted({QUANTITIES[q] for q in quantities}) for row in _held(name, quantities)]
    panels = [
        panel("trust.nearest", near, chart=chart, notes=["trust.nearest_say"]),
        panel("trust.coverage", held, notes=["trust.coverage_say"]),
    ]
    return [{**one, "tier": "measured"} for one in panels]


def _held(domain: str, quantities: set[str]) -> list[Mapping[str, Any]]:
    """Of a domain's rows, how many lay inside the band that was made without their source."""
    from clustersim.report.pages.validation import coverage_answer

    rows = kept(("coverage", domain), lambda: list(coverage_answer(domain).table))
    kept_columns = ("quantity", "maturity", "rows", "sources", "inside_share", "p_value")
    return [
        {_NAMED.get(k, k): r[k] or "trust.all_classes" if k == "maturity" else r[k] for k in kept_columns}
        for r in rows if r["quantity"] in quantities
    ]  # fmt: skip
