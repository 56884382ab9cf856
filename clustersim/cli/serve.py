"""``clustersim serve SCENARIO``: requests on replicas, or video streams on cards with codec channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clustersim.cli.options import (
    emit_object,
    format_option,
    output_folder,
    progress,
    render_table,
    set_option,
    write_beside,
)

if TYPE_CHECKING:
    from clustersim.des.serving.run import ServingRun
    from clustersim.planner.serving_deploy import Answer
    from clustersim.schema.serving import LoadedServing

__all__ = ["command", "plan_command"]


@click.command()
@click.argument("scenario")
@set_option
@format_option("table", "json")
@click.option("-o", "--output", help="Folder for records.csv, the figures and answer.json.")
@click.option("--only", is_flag=True, help="Leave out the comparison cards.")
@click.option(
    "--trace", "trace", help="Serve this trace instead of the scenario's traffic (CSV or JSON lines)."
)
@click.option("--skip", type=click.IntRange(min=0), help="Bad lines of the trace that may be left out.")
def command(
    scenario: str,
    sets: Sequence[str],
    fmt: str,
    output: str | None,
    only: bool,
    trace: str | None,
    skip: int | None,
) -> None:
    """Serve the requests of SCENARIO, or its video streams, and print latency, throughput, use and cost."""
    from clustersim.schema.serving import load_serving

    extra = [f"traffic.trace={trace}"] if trace else []
    extra += [f"traffic.skip={skip}"] if skip is not None else []
    loaded = load_serving(scenario, [*sets, *extra])
    if loaded.scenario.kind == "video":
        _video(loaded, fmt, only)
        return
    _requests(loaded, fmt, output, only)


def _requests(loaded: LoadedServing, fmt: str, output: str | None, only: bool) -> None:
    from clustersim.planner.serving_deploy import serve
    from clustersim.planner.serving_traffic import requests_of

    folder = output_folder(output) if output else None
    requests, trace = requests_of(loaded)
    for problem in trace.skipped if trace else ():
        click.echo(f"skipped: {problem}", err=True)
    others = () if only else loaded.scenario.compare
    with progress("serve", 2 * (1 + len(others))) as step:
        answers = [serve(loaded, requests, other, step=step) for other in (None, *others)]
    answer = {
        "scenario": loaded.scenario.name,
        "file": loaded.file,
        "requests": len(requests),
        "deployments": [a.plain() for a in answers],
    }
    for a in answers:
        if a.verdict is not None and a.verdict.overloaded:
            click.echo(f"{a.deployment.card}: {a.verdict.text}", err=True)
    if folder is not None:
        _write(folder, answers, answer)
    emit_object(answer, fmt, lambda: _table(answers))


def _table(answers: Sequence[Answer]) -> str:
    """One line per deployment, the verdicts below."""
    lines = []
    for a in answers:
        s, cost = a.summary, a.cost
        lines.append(
            {
                "card": a.deployment.card,
                "cards": a.deployment.cards,
                "TTFT p50 s": _digits(s.ttft_s["p50"]),
                "p99 s": _digits(s.ttft_s["p99"]),
                "TPOT p50 ms": _digits(s.tpot_s["p50"] * 1e3),
                "p99 ms": _digits(s.tpot_s["p99"] * 1e3),
                "out tok/s": _digits(s.output_tokens_per_s),
                "SLO met %": _digits(100 * s.slo_share),
                "at most req/s": _digits(a.verdict.sustainable_per_s) if a.verdict else None,
                "J/token": _digits(a.use.joule_per_output_token),
                "CNY/M in": _digits(cost.input_cny) if cost else None,
                "CNY/M out": _digits(cost.output_cny) if cost else None,
                "rejected": s.rejected,
                "failed": s.failed,
            }
        )
    said = [f"{a.deployment.card}: {a.verdict.text}" for a in answers if a.verdict]
    weak = [a.deployment.card for a in answers if not a.deployment.calibrated]
    if weak:
        said.append(f"engine constants assumed from the card's own efficiencies: {', '.join(weak)}")
    return "\n".join([render_table(lines, "table"), "", *said])


def _digits(value: float) -> float | None:
    return None if value != value else float(f"{value:.4g}")


def _write(folder: Path, answers: Sequence[Answer], answer: Mapping[str, Any]) -> None:
    """Write the records of the first deployment, the figures and the whole answer."""
    from clustersim.cli.options import to_json
    from clustersim.report.serving_figures import frontier, load_latency, queue, save_figures

    first = answers[0]
    with write_beside(folder / "records.csv") as path:
        write_records(first.run, path)
    with write_beside(folder / "answer.json") as path:
        path.write_text(to_json(answer) + "\n", encoding="utf-8")
    figures = {"queue.png": queue(first.run, first.deployment.card)}
    if first.deployment.closed_loop is None and first.verdict is not None:
        figures["frontier.png"] = frontier(answers)
        figures["load-latency.png"] = load_latency(answers)
    save_figures(folder, figures)
    click.echo(f"wrote {', '.join(['records.csv', 'answer.json', *figures])} to {folder}", err=True)


def write_records(run: ServingRun, path: Path) -> None:
    """Write one flat record per request as CSV; an empty cell is an event that never came."""
    from clustersim.des.serving.metrics import records
    from clustersim.report.csvtext import csv_text

    columns = records(run)
    lists = [values.tolist() for values in columns.values()]
    rows = (["" if value != value else value for value in row] for row in zip(*lists, strict=True))
    path.write_text(csv_text(list(columns), rows), encoding="utf-8")


def _video(loaded: LoadedServing, fmt: str, only: bool) -> None:
    from clustersim.planner.serving_video import video_answers

    answers = video_answers(loaded, with_comparison=not only)
    answer = {"scenario": loaded.scenario.name, "file": loaded.file, "cards": answers}
    lines = [
        {
            "card": a["card"], "streams/card": a["streams_per_card"], "binds": a["binds"],
            "decode ch %": 100 * a["use"]["decode"], "encode ch %": 100 * a["use"]["encode"],
            "compute %": 100 * a["use"]["compute"], "memory %": 100 * a["use"]["memory"],
            "offered": a["offered_streams"], "blocked": a["blocked_streams"],
            "CNY/stream-h": a["cny_per_stream_hour"],
        }
        for a in answers
    ]  # fmt: skip
    emit_object(answer, fmt, lambda: render_table(lines, "table"))


@click.command("serving")
@click.argument("scenario")
@set_option
@format_option("table", "json")
@click.option("--demand", type=float, help="Requests per second to carry: how many cards does that take?")
@click.option("--plans", is_flag=True, help="Compare tensor-parallel degrees by cost per token.")
@click.option("--compare", "compare", is_flag=True, help="Include the scenario's comparison cards.")
def plan_command(
    scenario: str, sets: Sequence[str], fmt: str, demand: float | None, plans: bool, compare: bool
) -> None:
    """Ask SCENARIO backwards: the largest rate at its service level, the cards for a demand, the cheapest plan."""
    from dataclasses import asdict

    from clustersim.planner.serving import cards_for_demand, cheapest_plan, rate_at_slo
    from clustersim.schema.serving import load_serving

    loaded = load_serving(scenario, sets)
    others = [None, *(loaded.scenario.compare if compare else ())]
    with progress("plan") as step:
        if plans:
            rows = [asdict(row) for row in cheapest_plan(loaded, with_comparison=compare, step=step)]
        elif demand is not None:
            rows = [asdict(cards_for_demand(loaded, demand, other)) for other in others]
        else:
            rows = [asdict(rate_at_slo(loaded, other)) for other in others]
    shown = [{k: _digits(v) if isinstance(v, float) else v for k, v in row.items()} for row in rows]
    emit_object(
        {"scenario": loaded.scenario.name, "answers": rows}, fmt, lambda: render_table(shown, "table")
    )
