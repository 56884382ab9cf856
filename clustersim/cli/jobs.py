"""``clustersim jobs SCENARIO``: many jobs on one cluster, and how well the whole of it is used."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from clustersim.cli.options import emit_object, format_option, render_table, set_option
from clustersim.errors import InputError
from clustersim.schema.demand import JobsWorkload


@click.command()
@click.argument("scenario")
@set_option
@format_option("table", "json")
def command(scenario: str, sets: tuple[str, ...], fmt: str) -> None:
    """Queue the jobs of SCENARIO (a workload of kind jobs) on its cluster, with failures, priorities and preemption."""
    from clustersim.schema.inputs import load_inputs
    from clustersim.workloads.jobs import JobsDetail, work_of
    from clustersim.workloads.work import StageCache

    inputs = load_inputs(scenario, sets, with_incumbent=False)
    name, work = next(iter(inputs.of_kind("jobs").items()), (None, None))
    if name is None or not isinstance(work, JobsWorkload):
        raise InputError(f"{inputs.file}: has no workload of kind jobs; list them with name, nodes and work")
    detail = work_of(inputs, name, work, StageCache()).detail
    assert isinstance(detail, JobsDetail)
    day, nodes = detail.day, detail.servers
    rows: list[dict[str, Any]] = [asdict(record) for record in day.records]
    shares = {"useful_share": day.useful_share, "lost_share": day.lost_share, "idle_share": day.idle_share}
    result = {
        "scenario": inputs.scenario.name,
        "servers": nodes,
        "utilisation": day.utilisation,
        **shares,
        "jobs": rows,
    }

    def table() -> str:
        shown = [{k: (round(v, 1) if isinstance(v, float) else v) for k, v in row.items()} for row in rows]
        words = ", ".join(f"{k.removesuffix('_share')} {v:.1%}" for k, v in shares.items())
        return f"{nodes} servers: {words}\n{render_table(shown, 'table')}"

    emit_object(result, fmt, table)
