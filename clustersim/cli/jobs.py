"""``clustersim jobs SCENARIO``: many jobs on one cluster, and how well the whole of it is used."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from clustersim.cli.options import emit_object, format_option, render_table, set_option
from clustersim.errors import InputError


@click.command()
@click.argument("scenario")
@set_option
@format_option("table", "json")
def command(scenario: str, sets: tuple[str, ...], fmt: str) -> None:
    """Queue the jobs of SCENARIO (reliability.jobs) on its cluster, with failures, priorities and preemption."""
    import numpy as np

    from clustersim import assemble, assemble_reliability
    from clustersim.des.training.jobs import Job, simulate_jobs
    from clustersim.schema.inputs import load_inputs

    inputs = load_inputs(scenario, sets, with_incumbent=False)
    section = inputs.scenario.reliability
    if not section.jobs:
        raise InputError(f"{inputs.file}: has no reliability.jobs; list them with name, nodes and work")
    nodes = assemble.servers(inputs.scenario, inputs.hardware)
    run = assemble_reliability.training_run(
        inputs.scenario, inputs.hardware, assemble.model_spec(inputs.hardware.model).parameters
    )
    partner = next(level.interval_s for level in run.levels if level.name == "partner")
    jobs = [
        Job(
            name=job.name,
            nodes=int(job.nodes.value),
            work_s=job.work.value,
            arrives_s=job.arrives.value if job.arrives else 0.0,
            priority=job.priority,
            checkpoint_s=partner,
            restart_s=run.recovery.total_s("node"),
        )
        for job in section.jobs
    ]
    day = simulate_jobs(
        jobs,
        nodes=nodes,
        failures_per_node_s=run.rate_per_s / nodes,
        duration_s=section.duration.value,
        rng=np.random.default_rng(inputs.scenario.seed),
    )
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
