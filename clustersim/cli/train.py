"""``clustersim train SCENARIO``: the training job alone: its step, and its month at any fidelity."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from clustersim.cli.options import (
    emit_object,
    format_option,
    output_folder,
    render_table,
    set_option,
    to_json,
    write_beside,
)
from clustersim.cli.train_together import train_together


@click.command()
@click.argument("scenario")
@set_option
@click.option("--workload", default="", metavar="NAME", help="The training workload; by default the first.")
@click.option(
    "--fidelity", type=click.Choice(["auto", "closed", "vector", "des"]), default="auto", show_default=True
)
@click.option("--replications", type=click.IntRange(min=1), help="Simulated runs; the scenario's by default.")
@click.option(
    "--scaling", metavar="LOW:HIGH", help="Scaling curves from LOW to HIGH cards instead, by doubling."
)
@click.option(
    "--with",
    "others",
    multiple=True,
    metavar="SCENARIO",
    help="Train together with the cluster and plan of another scenario. Repeatable.",
)
@click.option(
    "--share",
    type=click.Choice(["best", "batch", "layers"]),
    default="best",
    show_default=True,
    help="With --with: what the clusters share out.",
)
@click.option(
    "--link", default="100 Gb/s", show_default=True, help="Bandwidth per card between the clusters."
)
@click.option("-o", "--output", type=click.Path(), help="Folder for events.csv, trace.json and figures.")
@format_option("table", "json")
def command(
    scenario: str,
    sets: tuple[str, ...],
    workload: str,
    fidelity: str,
    replications: int | None,
    scaling: str | None,
    others: tuple[str, ...],
    share: str,
    link: str,
    output: str | None,
    fmt: str,
) -> None:
    """Run a training workload of SCENARIO: its step by the stated plan or the best one, and the long run with failures
    and checkpoints."""
    folder = output_folder(output) if output is not None else None
    if others:
        train_together((scenario, *others), sets, workload, link, share, fmt)
        return
    from clustersim.des.training.closed_form import best_intervals
    from clustersim.des.training.fidelity import run_fidelity
    from clustersim.perf.binds import binding, time_shares
    from clustersim.schema.inputs import load_inputs

    inputs = load_inputs(scenario, sets, with_incumbent=False)
    work = _work(inputs, workload)
    if scaling is not None:
        _scaling(inputs, work, scaling, folder, fmt)
        return
    detail = work.detail
    job, step, run = detail.job, detail.step, detail.run
    spent = time_shares(step.terms, job.plan, job.network)
    count = replications or inputs.reliability.replications
    summary = run_fidelity(run, inputs.scenario.seed, fidelity=fidelity, replications=count)
    if fmt == "table" and fidelity == "auto":
        click.echo(f"fidelity {summary.fidelity}: {summary.why}", err=True)
    result: dict[str, Any] = {
        "scenario": inputs.name,
        "workload": work.name,
        "plan": work.layout["plan"],
        "plan_stated": work.layout["stated"],
        "notes": list(work.notes),
        "step_time_s": step.step_time_s,
        "tokens_per_s": step.tokens_per_s,
        "mfu": step.mfu,
        "binds": binding(spent)[0],
        "time_shares": spent,
        "training_goodput_tokens_per_s": work.rates["training_goodput_tokens_per_s"],
        "simulated_goodput_tokens_per_s": step.tokens_per_s * summary.ettr.mean,
        "mttf_h": run.mttf_s / 3600,
        "fidelity": summary.fidelity,
        "why": summary.why,
        "replications": summary.replications,
        "ettr": asdict(summary.ettr),
        "failures": asdict(summary.failures),
        "longest_failure_free_h": asdict(summary.longest_failure_free_h)
        if summary.longest_failure_free_h
        else None,
        "shares": summary.shares,
        "lost_card_hours": {
            k: v * step.cards * run.duration_s / 3600 for k, v in summary.shares.items() if k != "productive"
        },
        "best_interval_s": best_intervals(run),
        "interval_s": {level.name: level.interval_s for level in run.levels},
    }
    if folder is not None:
        _write(folder, run, summary, inputs, result)
    emit_object(result, fmt, lambda: _table(result))


def _work(inputs: Any, workload: str) -> Any:
    """The training workload as the corridor runs it.

    Raises InputError for parts that the site lacks, all at once.
    """
    from clustersim.planner.training import chosen_workload
    from clustersim.workloads import run_workload
    from clustersim.workloads.work import StageCache

    name = chosen_workload(inputs, "training", workload, first=True)
    inputs.require(money=False)
    return run_workload(inputs, name, StageCache())


def _scaling(inputs: Any, work: Any, text: str, folder: Any, fmt: str) -> None:
    """Print weak and strong scaling curves of the workload's plan, and draw them where there is a folder."""
    from clustersim.errors import InputError
    from clustersim.perf.scaling import KINDS, powers, scaling_curve
    from clustersim.report.scaling_figure import scaling_figure
    from clustersim.report.style import save

    low, _, high = text.partition(":")
    if not (low.strip().isdigit() and high.strip().isdigit()):
        raise InputError(f"--scaling {text!r}: write LOW:HIGH, for example 8:131072")
    curves = [scaling_curve(work.detail.job, powers(int(low), int(high)), kind) for kind in KINDS]
    rows: list[dict[str, Any]] = [
        {
            "kind": c.kind, "base_cards": c.base_cards, "batch_rule": c.batch_rule, "cards": p.cards,
            "tokens_per_s_per_card": p.tokens_per_s_per_card, "scaling_efficiency": p.efficiency,
            **{f"lost_to_{cause.replace(' ', '_').replace('-', '_')}": lost for cause, lost in p.lost.items()},
        }
        for c in curves
        for p in c.points
    ]  # fmt: skip
    if folder is not None:
        with write_beside(folder / "scaling.png") as temporary:
            save(scaling_figure(inputs.name, curves), temporary)
    if fmt == "json":
        plan = asdict(curves[0].plan)
        emit_object({"scenario": inputs.name, "plan": plan, "points": rows}, fmt, str)
        return
    lost = [k for k in rows[0] if k.startswith("lost_to_") and any(abs(r[k]) > 5e-4 for r in rows)]
    names = [
        "kind",
        "base_cards",
        "batch_rule",
        "cards",
        "tokens_per_s_per_card",
        "scaling_efficiency",
        *lost,
    ]
    shown = [{k: round(r[k], 4) if isinstance(r[k], float) else r[k] for k in names} for r in rows]
    click.echo(render_table(shown, "table"))


def _table(result: dict[str, Any]) -> str:
    rows = [
        {"result": k, **{q: result[k][q] for q in ("mean", "half_width", "p10", "p50", "p90")}}
        for k in ("ettr", "failures", "longest_failure_free_h")
        if result[k] is not None
    ]
    shares = [{"share of the wall clock": k, "value": v} for k, v in result["shares"].items()]
    how = "stated" if result["plan_stated"] else "best found"
    head = [
        f"{result['scenario']}, {result['workload']} by {result['plan']} ({how})",
        *result["notes"],
        f"step {result['step_time_s']:.3f} s, {result['tokens_per_s']:,.0f} tokens/s,"
        f" MFU {result['mfu']:.1%}, MTTF {result['mttf_h']:.1f} h",
        "time: "
        + ", ".join(f"{name} {share:.1%}" for name, share in result["time_shares"].items() if share >= 5e-4),
        f"training goodput {result['training_goodput_tokens_per_s']:,.0f} tokens/s;"
        f" {result['simulated_goodput_tokens_per_s']:,.0f} {result['fidelity']}, {result['replications']} replications",
    ]
    return "\n".join([*head, "", render_table(rows, "table"), "", render_table(shares, "table")])


def _write(folder: Any, run: Any, summary: Any, inputs: Any, result: dict[str, Any]) -> None:
    """Write the result, and for simulated runs the event table, the trace and the figures."""
    from clustersim.des.training.fidelity import run_fidelity
    from clustersim.des.training.log import chrome_trace
    from clustersim.report.csvtext import csv_text
    from clustersim.report.reliability_figures import fan_of_runs, gantt, lost_time
    from clustersim.report.style import save

    runs = summary.runs
    if not runs:  # figures of single runs need events: a few suffice
        runs = run_fidelity(
            run, inputs.scenario.seed, fidelity="des", replications=min(50, max(1, summary.replications))
        ).runs
    first = [r for r in runs if r.incidents][:1]
    names = list(first[0].incidents[0].__dataclass_fields__) if first else []
    lines = [
        [number, *(getattr(i, n) for n in names)] for number, one in enumerate(runs) for i in one.incidents
    ]
    texts = {
        "train.json": to_json(result) + "\n",
        "events.csv": csv_text(["replication", *names], lines),
        "trace.json": chrome_trace(runs[:1]) + "\n",
    }
    for name, text in texts.items():
        with write_beside(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    title = inputs.name
    for name, figure in (
        ("gantt.png", gantt(f"{title}: one run", runs[0])),
        ("fan.png", fan_of_runs(f"{title}: productive time over {len(runs)} runs", runs)),
        ("lost_time.png", lost_time(f"{title}: from wall clock to productive time", summary.shares)),
    ):
        with write_beside(folder / name) as temporary:
            save(figure, temporary)
