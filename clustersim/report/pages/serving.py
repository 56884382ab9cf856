"""Serving as a page: requests on replicas, and video streams on cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from clustersim.des.serving.metrics import records
from clustersim.des.serving.run import ServingRun
from clustersim.pipeline.site import run_site
from clustersim.planner.clips import clips_of
from clustersim.planner.serving import Serving
from clustersim.planner.serving_answers import Answer as Served
from clustersim.planner.training import chosen_workload
from clustersim.report.answer import Answer
from clustersim.report.csvtext import csv_text
from clustersim.report.predicted import predicted_values, predicted_words
from clustersim.report.serving_figures import frontier, load_latency, queue
from clustersim.schema.demand import VideoWorkload
from clustersim.schema.inputs import Inputs
from clustersim.workloads import run_workload
from clustersim.workloads.video import simulated
from clustersim.workloads.work import StageCache

__all__ = ["digits", "serve_answer", "video_workload"]


def serve_answer(inputs: Inputs, workload: str, *, whole: bool = False, error: float = 0.01) -> Answer:
    """Serve the requests of a scenario, or its video streams: latency, throughput, use and cost.

    ``whole`` serves the drawn requests from first to last; else a steady state to a relative standard ``error``.
    """
    if inputs.of_kind("video") and not inputs.of_kind("serving"):
        return _video(inputs, workload)
    serving = Serving(inputs, workload)
    _, trace = serving.traffic()
    answers = [serving.serve(whole=whole, error=error)]
    data: dict[str, Any] = {
        "scenario": inputs.name,
        "file": inputs.file,
        "workload": serving.name,
        "requests": len(answers[0].run.book.arrival),
        "cny_per_card_hour": answers[0].card_hour_cny,
        "notes": list(serving.notes),
        "deployments": [a.plain() for a in answers],
    }
    data["predicted"] = _predicted(inputs, serving, answers[0])
    clips = clips_of(inputs, serving)
    if clips is not None:
        data["clips"] = clips
    over = [a for a in answers if a.verdict is not None and a.verdict.overloaded]
    said = [f"skipped: {problem}" for problem in (trace.skipped if trace else ())]
    said += [f"{a.deployment.card}: {a.verdict.text}" for a in over if a.verdict is not None]
    lines = _lines(answers)
    return Answer(
        name="answer",
        data=data,
        page=lambda: [
            _shown_lines(lines),
            *predicted_words(data["predicted"], _SHOWN),
            "",
            *_below(answers, serving),
            *([[clips]] if clips else []),
        ],
        rows=lines,
        files=lambda: _files(answers, data["predicted"]),
        said=said,
    )


_SHOWN = {
    "ttft_p50_s": ("TTFT p50", "{:.3g} s"), "tpot_p50_s": ("TPOT p50", "{:.3g} s"),
    "output_tokens_per_s": ("output", "{:,.4g} tokens/s"),
}  # fmt: skip


def _predicted(inputs: Inputs, serving: Serving, first: Served) -> dict[str, Any] | None:
    """What the first deployment may measure at these inputs."""
    s = first.summary
    times = {"ttft_p50_s": ("ttft", s.ttft_s["p50"]), "tpot_p50_s": ("tpot", s.tpot_s["p50"])}
    return predicted_values(
        inputs, serving.name, {name: one for name, one in times.items() if isfinite(one[1])},  # one token: no TPOT
        {"output_tokens_per_s": ("throughput", s.output_tokens_per_s)},
    )  # fmt: skip


#: What people read of the columns of a deployment: title, factor.
_TITLES = {
    "ttft_p50_s": ("TTFT p50 s", 1.0), "ttft_p99_s": ("p99 s", 1.0), "tpot_p50_s": ("TPOT p50 ms", 1e3),
    "tpot_p99_s": ("TPOT p99 ms", 1e3), "output_tokens_per_s": ("out tok/s", 1.0), "slo_share": ("SLO met %", 100.0),
    "sustainable_requests_per_s": ("at most req/s", 1.0), "joule_per_output_token": ("J/token", 1.0),
    "cny_per_input_mtoken": ("CNY/M in", 1.0), "cny_per_output_mtoken": ("CNY/M out", 1.0),
}  # fmt: skip


def _lines(answers: Sequence[Served]) -> list[dict[str, Any]]:
    """One line per deployment, under names with units."""
    lines: list[dict[str, Any]] = []
    for a in answers:
        s, cost = a.summary, a.cost
        lines.append(
            {
                "card": a.deployment.card,
                "cards": a.deployment.cards,
                "ttft_p50_s": s.ttft_s["p50"],
                "ttft_p99_s": s.ttft_s["p99"],
                "tpot_p50_s": s.tpot_s["p50"],
                "tpot_p99_s": s.tpot_s["p99"],
                "output_tokens_per_s": s.output_tokens_per_s,
                "slo_share": s.slo_share if a.has_level else None,
                "sustainable_requests_per_s": a.verdict.sustainable_per_s if a.verdict else None,
                "joule_per_output_token": a.use.joule_per_output_token,
                "cny_per_input_mtoken": cost.input_cny if cost else None,
                "cny_per_output_mtoken": cost.output_cny if cost else None,
                "rejected": s.rejected,
                "failed": s.failed,
            }
        )
    return lines


def _shown_lines(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The lines as people read them."""
    out = []
    for line in lines:
        shown = dict(line)
        for key, (_, factor) in _TITLES.items():
            shown[key] = None if line[key] is None else digits(line[key] * factor)
        if line["slo_share"] is None:
            shown["slo_share"] = "none stated"
        out.append({_TITLES.get(key, (key, 1.0))[0]: value for key, value in shown.items()})
    return out


def _class_words(answer: Served) -> str:
    """What those that go before others wait for their first token, and what the others do."""
    classes = answer.summary.ttft_by_class_s
    if not classes:
        return ""
    said = "; ".join(
        f"{name}: TTFT p50 {figures['p50']:.3g} s, p99 {figures['p99']:.3g} s"
        for name, figures in classes.items()
    )
    return (
        f"{answer.deployment.card}: {said} (requests of the first class go before all others that wait; capacity in"
        " closed form knows no classes)"
    )


def _below(answers: Sequence[Served], serving: Serving) -> list[str]:
    """The verdicts and notes below the lines."""
    card_hour = answers[0].card_hour_cny
    said = [f"{a.deployment.card}: {a.verdict.text}" for a in answers if a.verdict]
    said += [_window_words(a) for a in answers]
    said += [words for a in answers if (words := _known_words(a))]
    said += [words for a in answers if (words := _class_words(a))]
    said.append(
        "no cost: the scenario has no tco section"
        if card_hour is None
        else f"a card-hour costs {card_hour:.2f} CNY at this load; cost by the card-hours that are held"
    )
    if any(a.verdict is not None and a.verdict.kind == "overloaded" for a in answers):
        said.append(
            "no cost per token: what is overloaded cannot be kept up, ask `clustersim run` for its capacity"
        )
    weak = [a.deployment.card for a in answers if not a.deployment.calibrated]
    if weak:
        said.append(f"engine constants assumed from the card's own efficiencies: {', '.join(weak)}")
    return [*said, *serving.notes]


def _known_words(answer: Served) -> str:
    """How much of the prompts was known, and where; empty where no blocks are kept."""
    found = answer.known
    if found is None:
        return ""
    places = [
        f"on the cards {found.device:.1%}",
        *(f"{name} {share:.1%}" for name, share in found.tiers.items()),
    ]
    return f"known of the prompts: {found.total:.1%} ({', '.join(places)})"


def _window_words(answer: Served) -> str:
    """What the figures are those of: a steady window with its standard errors, or a whole run and why."""
    state = answer.steady
    if state is None:
        return f"figures of the whole run: {answer.why_whole}"
    window, (number, stays) = state.window, state.batches
    errors = ", ".join(
        f"{name if '_per_' in name else name.removesuffix('_s')} {value:.2%}"
        for name, value in state.errors.items()
    )
    reached = "" if state.reached else f"; not below the target: {state.why}"
    return (
        f"steady state: {answer.summary.requests:,} of {len(answer.run.book.arrival):,} requests served, from"
        f" {window.start_s:,.0f} to {window.end_s:,.0f} s ({number} stretches of {stays:.1f} residence times);"
        f" standard errors: {errors}{reached}"
    )


def digits(value: float) -> float | None:
    """Return a number to four digits; nothing where it is none."""
    return None if value != value else float(f"{value:.4g}")


def _spans(first: Served, predicted: Mapping[str, Any] | None) -> dict[str, tuple[float, float]] | None:
    """P10 and P90 of what is measured over what is predicted, by quantity; nothing where no band is known."""
    s = first.summary
    own = {"ttft_p50_s": s.ttft_s["p50"], "tpot_p50_s": s.tpot_s["p50"],
           "output_tokens_per_s": s.output_tokens_per_s}  # fmt: skip
    if predicted is None or not all(value > 0 for value in own.values()):
        return None
    names = zip(("ttft", "tpot", "throughput"), own.items(), strict=True)
    return {q: (predicted[key]["p10"] / value, predicted[key]["p90"] / value) for q, (key, value) in names}


def _files(answers: Sequence[Served], predicted: Mapping[str, Any] | None) -> dict[str, Any]:
    """The records of the first deployment, and the figures."""
    first = answers[0]
    out = {"records.csv": records_text(first.run), "queue.png": queue(first.run, first.deployment.card)}
    if first.deployment.closed_loop is None and first.verdict is not None:
        spans = _spans(first, predicted)
        out |= {"frontier.png": frontier(answers, spans), "load-latency.png": load_latency(answers, spans)}
    return out


def records_text(run: ServingRun) -> str:
    """Return one flat record per request as CSV; an empty cell is an event that never came."""
    columns = records(run)
    lists = [values.tolist() for values in columns.values()]
    rows = (["" if value != value else value for value in row] for row in zip(*lists, strict=True))
    return csv_text(list(columns), rows)


def _video(inputs: Inputs, workload: str) -> Answer:
    name = chosen_workload(inputs, "video", workload)
    work = run_workload(inputs, name, StageCache())
    asked = video_workload(inputs, name)
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
        "card": answer["card"], "streams_per_card": answer["streams_per_card"], "binds": answer["binds"],
        **{f"{key}_share": run.use[key] for key in ("decode", "encode", "compute", "memory")},
        "offered_streams": run.offered, "blocked_streams": answer["blocked_streams"],
        "cny_per_stream_hour": answer["cny_per_stream_hour"],
    }  # fmt: skip
    whole = {"scenario": inputs.name, "file": inputs.file, "workload": name, "cards": [answer]}
    return Answer(name="answer", data=whole, rows=[line], page=lambda: [[line]])


def video_workload(inputs: Inputs, name: str) -> VideoWorkload:
    """Return a workload of video streams."""
    asked = inputs.scenario.demand[name]
    assert isinstance(asked, VideoWorkload)
    return asked
