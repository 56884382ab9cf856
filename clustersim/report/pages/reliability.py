"""The long run asked backwards as a page: fleets, spares, intervals and the price of promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from clustersim.planner.reliability import Asked, plan_reliability
from clustersim.report.answer import Answer, Block

__all__ = ["reliability_answer"]


def reliability_answer(asked: Asked) -> Answer:
    """Say how many spares, which intervals, what promises cost, and what other fleets' failures would do."""
    result = asdict(plan_reliability(asked))
    return Answer(
        name="plan_reliability", data=result, page=lambda: _page(result, asked), rows=result["promises"]
    )


def _page(result: Mapping[str, Any], asked: Asked) -> list[Block]:
    spares = result["spares"]
    lines: list[Block] = [
        f"{result['scenario']}, {result['workload']} on {result['cards']:,} cards: ETTR {result['ettr']:.4f}"
        f" ({result['fidelity']}: {result['why']})",
        *result["notes"], "",
        "if it fails as a further fleet does (share of the fleets that fail at least as often):",
        _without_empty(result["fleets"]), "",
        f"spares: {spares['hot']} hot, {spares['servers_out_for_repair']:.2f} servers out for repair on average; a"
        f" server that fails waits with P = {spares['p_wait']:.2g}",
        f"  {spares['hot_for_wait']} hot keep P(wait) below {asked.wait_below:g}; {spares['beyond_for_availability']}"
        f" servers beyond the job's keep it whole {asked.availability:.4%} of the time",
    ]  # fmt: skip
    if spares["cheapest_hot"] is not None:
        best = spares["cheapest_hot"]
        cost = dict(spares["cny_per_mtoken"])[best]
        lines.append(f"  the cheapest token is at {best} hot: {cost:.4f} CNY per million")
    lines += [
        "", f"intervals: ETTR {result['ettr_at_best']:.4f} at the best of each level",
        _without_empty(result["intervals"]), "",
        f"promises of one run; premiums sum to {result['premium_cny']:,.0f} CNY",
        result["promises"],
    ]  # fmt: skip
    return lines


def _without_empty(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out columns that no row fills."""
    filled = [k for k in rows[0] if any(row[k] is not None for row in rows)]
    return [{k: row[k] for k in filled} for row in rows]
