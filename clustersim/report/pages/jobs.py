"""Many jobs on one site as a page: how well the whole of it is used, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from clustersim.pipeline import run_site
from clustersim.planner.finish import work_named
from clustersim.planner.training import chosen_workload
from clustersim.report.answer import Answer, Block
from clustersim.schema.inputs import Inputs
from clustersim.workloads import run_workload
from clustersim.workloads.work import StageCache

__all__ = ["jobs_answer"]


def jobs_answer(inputs: Inputs, workload: str) -> Answer:
    """Queue the jobs of a scenario on its cluster; the cost of a useful card-hour is told where the site has prices."""
    name = chosen_workload(inputs, "jobs", workload, first=True)
    cost = None
    if inputs.scenario.tco is None:
        inputs.require(money=False)
        work = run_workload(inputs, name, StageCache())
    else:
        run = run_site(inputs)
        work = work_named(run, name)
        cost = run.cny_per_unit(work)
    result = {
        "scenario": inputs.name,
        "workload": name,
        "servers": work.detail.servers,
        **work.rates,
        **work.terms,
        "cny_per_useful_card_hour": cost,
        "jobs": [asdict(record) for record in work.detail.day.records],
        "notes": list(work.notes),
    }
    return Answer(name="jobs", data=result, page=lambda: _page(result), rows=result["jobs"])


def _page(result: Mapping[str, Any]) -> list[Block]:
    shown = [
        {k: (round(v, 1) if isinstance(v, float) else v) for k, v in row.items()} for row in result["jobs"]
    ]
    words = ", ".join(
        f"{k.removesuffix('_share')} {v:.1%}" for k, v in result.items() if k.endswith("_share")
    )
    cost = result["cny_per_useful_card_hour"]
    price = "no price: the site has no tco" if cost is None else f"{cost:.2f} CNY per useful card-hour"
    head = f"{result['workload']} on {result['servers']} servers: {words}; {price}"
    return [head, shown, *result["notes"]]
