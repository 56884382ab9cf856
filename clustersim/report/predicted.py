"""Intervals of single predictions: what a step, a latency or a rate may measure, by the residuals of its class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clustersim.intervals.draws import predicted_of
from clustersim.schema.inputs import Inputs

__all__ = ["predicted_values", "predicted_words"]


def predicted_values(
    inputs: Inputs, work: str, times: Mapping[str, tuple[str, float]], rates: Mapping[str, tuple[str, float]]
) -> dict[str, Any] | None:
    """Return P10, P50 and P90 of times and rates, given by name as their quantity and predicted value, and what they
    come from; nothing for workloads whose predictions nobody measured. Inputs stand at their values."""
    predicted = predicted_of(inputs, work)
    if predicted is None:
        return None
    spans = {name: predicted.bands[q].of_time(value) for name, (q, value) in times.items()}
    spans |= {name: predicted.bands[q].of_rate(value) for name, (q, value) in rates.items()}
    used = dict.fromkeys(q for q, _ in (*times.values(), *rates.values()))
    return {
        "software": predicted.software,
        "maturity": predicted.unit.maturity,
        "rests_on": {q: predicted.bands[q].words for q in used},
        **{name: dict(zip(("p10", "p50", "p90"), span, strict=True)) for name, span in spans.items()},
    }


def predicted_words(found: Mapping[str, Any] | None, shown: Mapping[str, tuple[str, str]]) -> list[str]:
    """Say the intervals under the words of each, and what they come from.

    ``shown``: by name, the words before the numbers and their format with the unit behind.
    """
    if found is None:
        return []
    spans = [
        f"{words} {form.partition(' ')[0].format(found[name]['p10'])} to {form.format(found[name]['p90'])}"
        for name, (words, form) in shown.items()
        if name in found
    ]
    return [f"P10 to P90 at these inputs: {', '.join(spans)}"] + [
        f"  {quantity} by {found['software']}, {words}" for quantity, words in found["rests_on"].items()
    ]
