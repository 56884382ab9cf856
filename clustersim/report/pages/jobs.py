"""Many jobs on one site as a page: how well the whole of it is used, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from clustersim.assemble.jobs import SharedInputs
from clustersim.des.jobs.book import SharedRun
from clustersim.des.jobs.model import Policy
from clustersim.des.jobs.summary import by_size, by_tenant, headline
from clustersim.pipeline.site import run_site
from clustersim.planner.finish import work_named
from clustersim.planner.shared import replay, what_if
from clustersim.planner.training import chosen_workload
from clustersim.report.answer import Answer, Block, Row, csv_of
from clustersim.report.shared import shared_figure
from clustersim.schema.inputs import Inputs
from clustersim.workloads import run_workload
from clustersim.workloads.work import StageCache

__all__ = ["jobs_answer", "replay_answer"]

#: More jobs than these are told by owner and size alone on a screen; the folder and JSON hold them all.
_LISTED = 40


def jobs_answer(inputs: Inputs, workload: str, *, ask: bool = False) -> Answer:
    """Queue the jobs of a scenario on its cluster; the cost of a useful card-hour is told where the site has prices.

    ``ask``: what one more server or another policy would change.
    """
    name = chosen_workload(inputs, "jobs", workload, first=True)
    cost = None
    if inputs.scenario.tco is None:
        inputs.require(money=False)
        work = run_workload(inputs, name, StageCache())
    else:
        site = run_site(inputs)
        work = work_named(site, name)
        cost = site.cny_per_unit(work)
    detail = work.detail
    result = {"scenario": inputs.name, "workload": name, **_told(detail.shared, detail.run, cost, ask)}
    return _answer(result, detail.run)


def replay_answer(trace: str, servers: str, *, layout: str, order: str, ask: bool = False) -> Answer:
    """Replay the jobs of a trace on a table of servers."""
    shared = replay(trace, layout, servers, Policy(order=order), 0)
    run = shared.run()
    result = {"scenario": None, "workload": Path(trace).name, **_told(shared, run, None, ask)}
    return _answer(result, run)


def _answer(result: dict[str, Any], run: SharedRun) -> Answer:
    def files() -> dict[str, Any]:
        tables = {
            f"{name}.csv": csv_of(result[name])
            for name in ("jobs", "tenants", "sizes", "what_if")
            if result.get(name)
        }
        return {**tables, "use.png": shared_figure(run, f"Cards in use: {result['workload']}")}

    return Answer(name="jobs", data=result, page=lambda: _page(result), rows=result["jobs"], files=files)


def _told(shared: SharedInputs, run: SharedRun, cost: float | None, ask: bool) -> dict[str, Any]:
    result = {
        "servers": shared.site.servers,
        **headline(run),
        "cny_per_useful_card_hour": cost,
        "tenants": by_tenant(run, cost),
        "sizes": by_size(run),
        "jobs": [asdict(record) for record in run.records],
        "notes": list(shared.notes),
    }
    if ask:
        result["what_if"] = what_if(shared)
    return result


def _met(share: float | None) -> str:
    return "" if share is None else f"; services met {share:.1%}"


def _rounded(rows: Sequence[Row]) -> list[Row]:
    return [{k: (round(v, 3) if isinstance(v, float) else v) for k, v in row.items()} for row in rows]


def _page(result: Mapping[str, Any]) -> list[Block]:
    shares = ("useful", "unsuccessful", "lost", "down", "idle")
    words = ", ".join(f"{name} {result[f'{name}_share']:.1%}" for name in shares)
    cost = result["cny_per_useful_card_hour"]
    price = "no price: no tco" if cost is None else f"{cost:.2f} CNY per useful card-hour"
    lines: list[Block] = [
        f"{result['workload']} on {result['servers']} servers, {result['cards']:,} cards: {words}; {price}",
        f"{result['finished']} of {result['jobs_count']} jobs finished; wait P50 {result['wait_p50_h'] or 0:.2f} h, "
        f"P95 {result['wait_p95_h'] or 0:.2f} h; idle but not where the next could use it "
        f"{result['fragmented_share']:.1%}{_met(result['service_met_share'])}",
        _rounded(result["tenants"]),
        _rounded(result["sizes"]),
    ]
    if result["jobs_count"] <= _LISTED:
        lines.append(_rounded(result["jobs"]))
    if "what_if" in result:
        lines.append(_rounded(result["what_if"]))
    return [*lines, *result["notes"]]
