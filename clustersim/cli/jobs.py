"""``clustersim jobs SCENARIO``: many jobs on one site, how well the whole of it is used, and what that costs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from clustersim.cli.options import emit_object, format_option, render_table, set_option


@click.command()
@click.argument("scenario")
@set_option
@click.option(
    "--workload", default="", metavar="NAME", help="The workload of kind jobs; by default the first."
)
@format_option("table", "json")
def command(scenario: str, sets: tuple[str, ...], workload: str, fmt: str) -> None:
    """Queue the jobs of SCENARIO on its cluster, with failures, priorities and preemption.

    The cost of a useful card-hour is told where the site has prices (tco).
    """
    from clustersim.planner.training import chosen_workload
    from clustersim.schema.inputs import load_inputs

    inputs = load_inputs(scenario, sets, with_incumbent=False)
    name = chosen_workload(inputs, "jobs", workload, first=True)
    result = _result(inputs, name)
    emit_object(result, fmt, lambda: _table(result))


def _result(inputs: Any, name: str) -> dict[str, Any]:
    from clustersim.pipeline import run_site
    from clustersim.planner.finish import work_named
    from clustersim.workloads import run_workload
    from clustersim.workloads.work import StageCache

    if inputs.scenario.tco is None:
        inputs.require(money=False)
        work, cost = run_workload(inputs, name, StageCache()), None
    else:
        run = run_site(inputs)
        work = work_named(run, name)
        cost = run.cny_per_unit(work)
    return {
        "scenario": inputs.name,
        "workload": name,
        "servers": work.detail.servers,
        **work.rates,
        **work.terms,
        "cny_per_useful_card_hour": cost,
        "jobs": [asdict(record) for record in work.detail.day.records],
        "notes": list(work.notes),
    }


def _table(result: dict[str, Any]) -> str:
    shown = [
        {k: (round(v, 1) if isinstance(v, float) else v) for k, v in row.items()} for row in result["jobs"]
    ]
    words = ", ".join(
        f"{k.removesuffix('_share')} {v:.1%}" for k, v in result.items() if k.endswith("_share")
    )
    cost = result["cny_per_useful_card_hour"]
    price = "no price: the site has no tco" if cost is None else f"{cost:.2f} CNY per useful card-hour"
    head = f"{result['workload']} on {result['servers']} servers: {words}; {price}"
    return "\n".join([head, render_table(shown, "table"), *result["notes"]])
