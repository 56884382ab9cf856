"""``clustersim serve SCENARIO``: requests on replicas, or video streams on cards with codec channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    from clustersim.planner.serving import Answer, Serving
    from clustersim.schema.inputs import Inputs

__all__ = ["command", "plan_command"]


def workload_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--workload``: which of several workloads of a kind is meant."""
    return click.option("--workload", help="Which workload, where the scenario has several of the kind.")(
        function
    )


@click.command()
@click.argument("scenario")
@set_option
@workload_option
@format_option("table", "json")
@click.option("-o", "--output", help="Folder for records.csv, the figures and answer.json.")
@click.option(
    "--trace", "trace", help="Serve this trace instead of the workload's traffic (CSV or JSON lines)."
)
@click.option("--skip", type=click.IntRange(min=0), help="Bad lines of the trace that may be left out.")
@click.option(
    "--whole",
    is_flag=True,
    help="Serve the requests that the scenario draws from first to last, no steady state.",
)
@click.option(
    "--error",
    type=click.FloatRange(0.001, 0.5),
    default=0.01,
    show_default=True,
    help="Relative standard error that the figures of a steady state are served to.",
)
def command(
    scenario: str,
    sets: Sequence[str],
    workload: str | None,
    fmt: str,
    output: str | None,
    trace: str | None,
    skip: int | None,
    whole: bool,
    error: float,
) -> None:
    """Serve the requests of SCENARIO, or its video streams, and print latency, throughput, use and cost."""
    from clustersim.schema.inputs import load_inputs

    extra = [f"traffic.trace={trace}"] if trace else []
    extra += [f"traffic.skip={skip}"] if skip is not None else []
    inputs = load_inputs(scenario, [*sets, *extra], with_incumbent=False)
    if inputs.of_kind("video") and not inputs.of_kind("serving"):
        _video(inputs, workload, fmt)
        return
    _requests(inputs, workload, fmt, output, {"whole": whole, "error": error})


def _requests(
    inputs: Inputs, workload: str | None, fmt: str, output: str | None, how: Mapping[str, Any]
) -> None:
    from clustersim.planner.serving import Serving

    folder = output_folder(output) if output else None
    serving = Serving(inputs, workload)
    _, trace = serving.traffic()
    for problem in trace.skipped if trace else ():
        click.echo(f"skipped: {problem}", err=True)
    with progress("serve", 1) as step:
        answers = [serving.serve(**how)]
        step(serving.name)
    answer = {
        "scenario": inputs.name,
        "file": inputs.file,
        "workload": serving.name,
        "requests": len(answers[0].run.book.arrival),
        "cny_per_card_hour": serving.card_hour_cny,
        "notes": list(serving.notes),
        "deployments": [a.plain() for a in answers],
    }
    for a in answers:
        if a.verdict is not None and a.verdict.overloaded:
            click.echo(f"{a.deployment.card}: {a.verdict.text}", err=True)
    if folder is not None:
        _write(folder, answers, answer)
    emit_object(answer, fmt, lambda: _table(answers, serving))


def _table(answers: Sequence[Answer], serving: Serving) -> str:
    """One line per deployment, the verdicts and notes below."""
    lines, card_hour = [], serving.card_hour_cny
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
                "SLO met %": _digits(100 * s.slo_share) if a.has_level else "none stated",
                "at most req/s": _digits(a.verdict.sustainable_per_s) if a.verdict else None,
                "J/token": _digits(a.use.joule_per_output_token),
                "CNY/M in": _digits(cost.input_cny) if cost else None,
                "CNY/M out": _digits(cost.output_cny) if cost else None,
                "rejected": s.rejected,
                "failed": s.failed,
            }
        )
    said = [f"{a.deployment.card}: {a.verdict.text}" for a in answers if a.verdict]
    said += [_window_words(a) for a in answers]
    said.append(
        "no cost: the scenario has no tco section"
        if card_hour is None
        else f"a card-hour of this site costs {card_hour:.2f} CNY; cost by the card-hours that are held"
    )
    if any(a.verdict is not None and a.verdict.kind == "overloaded" for a in answers):
        said.append(
            "no cost per token: what is overloaded cannot be kept up, ask `clustersim run` for its capacity"
        )
    weak = [a.deployment.card for a in answers if not a.deployment.calibrated]
    if weak:
        said.append(f"engine constants assumed from the card's own efficiencies: {', '.join(weak)}")
    return "\n".join([render_table(lines, "table"), "", *said, *serving.notes])


def _window_words(answer: Answer) -> str:
    """What the figures are those of: a steady window with its standard errors, or a whole run and why."""
    state = answer.steady
    if state is None:
        return f"figures of the whole run: {answer.why_whole}"
    window, (number, stays) = state.window, state.batches
    errors = ", ".join(f"{name.removesuffix('_s')} {value:.2%}" for name, value in state.errors.items())
    reached = "" if state.reached else f"; not below the target: {state.why}"
    return (
        f"steady state: {answer.summary.requests:,} of {len(answer.run.book.arrival):,} requests served, from"
        f" {window.start_s:,.0f} to {window.end_s:,.0f} s ({number} stretches of {stays:.1f} residence times);"
        f" standard errors: {errors}{reached}"
    )


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


def _video(inputs: Inputs, workload: str | None, fmt: str) -> None:
    from clustersim.pipeline import StageCache, run_site
    from clustersim.planner.training import chosen_workload
    from clustersim.workloads import run_workload
    from clustersim.workloads.video import simulated

    name = chosen_workload(inputs, "video", workload)
    work = run_workload(inputs, name, StageCache())
    asked: Any = inputs.scenario.demand[name]
    run, detail = simulated(inputs, asked), work.detail
    site = run_site(inputs) if inputs.scenario.tco is not None else None
    answer = {
        "card": inputs.parts.card.name,
        "streams_per_card": detail.whole_streams,
        "binds": detail.per_stream.binds,
        "share_per_stream": dict(work.terms),
        "cards": asked.replicas,
        "offered_streams": run.offered,
        "admitted_streams": run.admitted,
        "blocked_streams": run.offered - run.admitted,
        "blocked_by": run.blocked,
        "use": run.use,
        "peak_streams": run.peak_streams,
        "cny_per_card_hour": site.tco.cny_per_card_hour if site else None,
        "cny_per_stream_hour": site.cny_per_unit(site.main) if site else None,
    }
    line = {
        "card": answer["card"], "streams/card": answer["streams_per_card"], "binds": answer["binds"],
        **{f"{key} %": 100 * run.use[key] for key in ("decode", "encode", "compute", "memory")},
        "offered": run.offered, "blocked": answer["blocked_streams"],
        "CNY/stream-h": answer["cny_per_stream_hour"],
    }  # fmt: skip
    whole = {"scenario": inputs.name, "file": inputs.file, "workload": name, "cards": [answer]}
    emit_object(whole, fmt, lambda: render_table([line], "table"))


@click.command("serving")
@click.argument("scenario")
@set_option
@workload_option
@format_option("table", "json")
@click.option(
    "--demand", help="Requests to carry, for example 231 or '231 1/s': how many cards does that take?"
)
@click.option("--tokens-per-day", type=float, help="Tokens a day to carry (prompt and answer), as a demand.")
@click.option("--streams", type=float, help="Video streams to carry at once on average, of the stated mix.")
@click.option(
    "--admitted",
    type=float,
    default=0.99,
    show_default=True,
    help="Share of the streams that must find room, by its lower 95 % bound.",
)
@click.option("--plans", is_flag=True, help="Compare parallel plans of a replica by cost per token.")
@click.option(
    "--search", is_flag=True, help="Search plan, batch and chunk under the service level, cheapest first."
)
@click.option(
    "--formats", is_flag=True, help="Search number formats too (--search); quality is not modelled."
)
@click.option(
    "--frontier",
    is_flag=True,
    help="Throughput of a card against that of a user, with cost, over all plans and loads.",
)
@click.option("--budget", help="The largest fleet within this capex, VAT included, for example '300 MCNY'.")
@click.option("--power", help="The largest fleet within this facility power, for example '1 MW'.")
@click.option(
    "--racks", help="The largest fleet within so many racks, those of network and storage included."
)
@click.option(
    "--top", type=click.IntRange(min=1), default=15, show_default=True, help="How many of --search."
)
def plan_command(
    scenario: str,
    sets: Sequence[str],
    workload: str | None,
    fmt: str,
    demand: str | None,
    tokens_per_day: float | None,
    streams: float | None,
    admitted: float,
    plans: bool,
    **more: Any,
) -> None:
    """Ask SCENARIO backwards: the largest rate at its service level, the cards for a demand, the cheapest plan."""
    from clustersim.errors import InputError
    from clustersim.planner.serving import Serving
    from clustersim.schema.inputs import load_inputs

    limited = any(more[name] is not None for name in ("budget", "power", "racks"))
    if more["formats"] and not more["search"]:
        raise InputError("--formats widens a search; give --search with it")
    asks = (
        demand is not None, tokens_per_day is not None, streams is not None, plans, more["search"],
        more["frontier"], limited,
    )  # fmt: skip
    if sum(asks) > 1:
        raise InputError(
            "--demand, --tokens-per-day, --streams, --plans, --search, --frontier and the limits (--budget, --power,"
            " --racks together) are questions of their own; ask one of them"
        )
    inputs = load_inputs(scenario, sets, with_incumbent=False)
    if streams is not None:
        name, rows = _video_plan(inputs, workload, streams, admitted)
    else:
        serving = Serving(inputs, workload)
        name = serving.name
        rows = _searched(serving, limited, more) or _plan_rows(serving, demand, tokens_per_day, plans=plans)
    shown = [{k: _digits(v) if isinstance(v, float) else v for k, v in row.items()} for row in rows]
    emit_object(
        {"scenario": inputs.name, "workload": name, "answers": rows},
        fmt,
        lambda: render_table(shown, "table"),
    )


def _searched(serving: Serving, limited: bool, more: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The answers of a search, a frontier or a limit; nothing where none is asked for."""
    from dataclasses import asdict

    from clustersim.cli.plan_options import number_of
    from clustersim.planner.candidates import Limits
    from clustersim.planner.serving_search import frontier_rows, largest_fleet, options

    if more["frontier"]:
        return [asdict(row) for row in frontier_rows(serving)]
    if not (more["search"] or limited):
        return []
    _need_level(serving)
    with progress("plan") as step:
        if more["search"]:
            found = options(serving, formats=more["formats"], step=step)
            return [asdict(row) for row in found[: more["top"]]]
    limits = Limits(
        budget_cny=number_of(more["budget"], "CNY", "--budget"),
        power_w=number_of(more["power"], "W", "--power"),
        racks=number_of(more["racks"], "1", "--racks"),
    )
    row = asdict(largest_fleet(serving, limits))
    return [row | {k: v for k, v in row.pop("rate").items() if k not in row}]


def _need_level(serving: Serving) -> None:
    """Raise InputError where the workload states no bound."""
    from clustersim.errors import InputError

    slo = serving.work.slo
    if slo.ttft is None and slo.tpot is None and slo.e2e is None:
        raise InputError(
            f"{serving.inputs.file}: demand.{serving.name}.slo has no bound, and a plan needs a service level; give"
            " ttft, tpot or e2e"
        )


def _plan_rows(
    serving: Serving, demand: str | None, tokens_per_day: float | None, *, plans: bool
) -> list[dict[str, Any]]:
    """The answers of one question about requests."""
    from dataclasses import asdict

    from clustersim.units import to_float

    _need_level(serving)
    with progress("plan") as step:
        if plans:
            return [asdict(row) for row in serving.plans(step=step)]
        if demand is not None:
            number = demand if not demand.replace(".", "", 1).isdigit() else f"{demand} 1/s"
            return [asdict(serving.cards_for(to_float(number, "1/s")))]
        if tokens_per_day is not None:
            return [asdict(serving.cards_for(serving.requests_per_s(tokens_per_day)))]
        return [asdict(serving.rate_at_slo())]


def _video_plan(
    inputs: Inputs, workload: str | None, streams: float, admitted: float
) -> tuple[str, list[dict[str, Any]]]:
    """The workload's name, and the fewest cards that admit the streams."""
    from clustersim.planner.training import chosen_workload
    from clustersim.workloads.video import sized

    name = chosen_workload(inputs, "video", workload)
    asked: Any = inputs.scenario.demand[name]
    cards, run = sized(inputs, asked, streams, admitted)
    row = {
        "card": inputs.parts.card.name, "cards": cards, "streams": streams, "admitted_share": run.share,
        "admitted_share_lower": run.lower, "peak_streams": run.peak_streams,
        **{f"{part}_use": share for part, share in run.use.items()},
    }  # fmt: skip
    return name, [row]
