"""``clustersim train SCENARIO --with OTHER``: one model on unlike clusters."""

from __future__ import annotations

from typing import Any

from clustersim.cli.options import emit_object, render_table

__all__ = ["train_together"]


def train_together(
    names: tuple[str, ...], sets: tuple[str, ...], workload: str, link: str, share: str, fmt: str
) -> None:
    """Print one step of unlike clusters that train the first scenario's model together."""
    from clustersim.cli.study_common import parse_sets
    from clustersim.planner.together import train_on_all
    from clustersim.schema.sides import load_sides
    from clustersim.units import to_float

    every = load_sides(names, parse_sets(sets), demand=names[0], own_site=True)
    found = train_on_all(every, link_bandwidth=to_float(link, "B/s"), share=share, workload=workload)
    step = found.step
    rows = [_row(part, step) for part in found.parts]
    result = {
        "share": found.share,
        "step_time_s": step.step_time_s,
        "tokens_per_s": step.tokens_per_s,
        "exposed_dp_s": step.exposed_dp_s,
        "gain_over_best_part": None if step.gain == float("inf") else step.gain,
        "other_share_refused": found.refused or None,
        "parts": rows,
    }

    def table() -> str:
        gain = f"{step.gain:+.1%} over the best part alone"
        if step.gain == float("inf"):
            gain = "no part alone can train it"
        head = f"together by {found.share}: {step.tokens_per_s:,.0f} tokens/s, step {step.step_time_s:.3f} s"
        return f"{head}, {gain}\n{render_table(rows, 'table')}"

    emit_object(result, fmt, table)


def _row(part: Any, step: Any) -> dict[str, Any]:
    row = {"part": part.name, "card": part.job.card.name, "cards": part.job.plan.cards}
    row |= {name: getattr(part.job.plan, name) for name in ("tp", "pp", "dp")}
    if hasattr(step, "layers"):
        row["layers_per_stage"] = list(step.layers[part.name])
    else:
        row["micro_batches"] = step.micro_batches[part.name]
    return row | {
        "waiting_share": step.waiting[part.name],
        "alone_tokens_per_s": step.alone_tokens_per_s[part.name],
    }
