"""Training as a page: a workload's step and month at any fidelity, groups that train together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from clustersim.des.training.closed_form import best_intervals
from clustersim.des.training.fidelity import RunSummary, run_fidelity
from clustersim.des.training.log import chrome_trace
from clustersim.des.training.run import TrainingRun
from clustersim.perf.binds import binding, time_shares
from clustersim.perf.job import TrainJob
from clustersim.perf.step import StepTime
from clustersim.planner.training import chosen_workload
from clustersim.report.answer import Answer, Block
from clustersim.report.csvtext import csv_text
from clustersim.report.predicted import predicted_values, predicted_words
from clustersim.report.reliability_figures import fan_of_runs, gantt, lost_time
from clustersim.schema.demand import TrainingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.workloads import run_workload
from clustersim.workloads.mixture import MixtureDetail, trained_on_groups
from clustersim.workloads.training import (
    TrainingDetail,
    fit_words,
    length_said,
    plan_words,
    planned_job,
    step_of,
)
from clustersim.workloads.work import StageCache, Work

__all__ = ["train_answer", "training_work"]


def train_answer(
    inputs: Inputs,
    workload: str,
    *,
    fidelity: str,
    replications: int | None,
    share: str = "best",
    workers: int = 1,
) -> Answer:
    """Run a training workload: its step by the stated plan or the best one, and the long run with failures.

    A scenario that says nothing of failures and checkpoints gives its step alone. On unlike cards ``share`` says what
    the groups share out.
    """
    if inputs.step_alone and inputs.scenario.tco is None and not inputs.groups:
        return _step_alone(inputs, workload)
    work = training_work(inputs, workload, share)
    detail: TrainingDetail = work.detail
    count = replications or inputs.reliability.replications
    summary = run_fidelity(
        detail.run, inputs.scenario.seed, fidelity=fidelity, replications=count, workers=workers
    )
    result = _step(inputs, work.name, detail.job, detail.step, work.layout["stated"], work.notes)
    result |= _month(work, summary) | _groups(detail)
    return Answer(
        name="train",
        data=result,
        page=lambda: _page(result),
        files=lambda: _files(detail.run, summary, inputs),
        said=[f"fidelity {summary.fidelity}: {summary.why}"] if fidelity == "auto" else [],
    )


def training_work(inputs: Inputs, workload: str, share: str = "best") -> Work:
    """The training workload as the corridor runs it; raises InputError for parts that the site lacks, all at once."""
    name = chosen_workload(inputs, "training", workload, first=True)
    inputs.require(money=False)
    if inputs.groups and share != "best":
        work = inputs.scenario.demand[name]
        assert isinstance(work, TrainingWorkload)
        return trained_on_groups(inputs, name, work, StageCache(), share)
    return run_workload(inputs, name, StageCache())


def _groups(detail: TrainingDetail) -> dict[str, Any]:
    """How unlike cards share the work out; nothing on equal ones."""
    if not isinstance(detail, MixtureDetail):
        return {}
    best = max(float(row["alone_tokens_per_s"]) for row in detail.rows)
    return {
        "share": detail.found.share,
        "exposed_dp_s": float(detail.step.terms.exposed_dp_s),
        "gain_over_best_group": detail.found.tokens_per_s / best - 1.0 if best > 0 else None,
        "all_together_refused": detail.found.refused or None,
        "groups": list(detail.rows),
    }


def _step(
    inputs: Inputs, name: str, job: TrainJob, step: StepTime, stated: bool, notes: Sequence[str]
) -> dict[str, Any]:
    """What is said of a step, whatever follows."""
    spent = time_shares(step.terms, job.plan, job.network)
    error = predicted_values(
        inputs, name, {"step_time_s": ("step_time", step.step_time_s)},
        {"tokens_per_s": ("step_time", step.tokens_per_s), "mfu": ("step_time", step.mfu)},
    )  # fmt: skip
    return {
        "scenario": inputs.name, "workload": name, "plan": plan_words(job.plan), "plan_stated": stated,
        "notes": list(notes), "step_time_s": step.step_time_s, "tokens_per_s": step.tokens_per_s, "mfu": step.mfu,
        "binds": binding(spent)[0], "time_shares": spent, "predicted": error,
    }  # fmt: skip


def _month(work: Work, summary: RunSummary) -> dict[str, Any]:
    """What the long run leaves of the step."""
    detail: TrainingDetail = work.detail
    step, run = detail.step, detail.run
    longest = summary.longest_failure_free_h
    card_h = step.cards * run.duration_s / 3600
    return {
        "training_goodput_tokens_per_s": work.rates["training_goodput_tokens_per_s"],
        "simulated_goodput_tokens_per_s": step.tokens_per_s * summary.ettr.mean,
        "mttf_h": run.mttf_s / 3600,
        "fidelity": summary.fidelity,
        "why": summary.why,
        "replications": summary.replications,
        "ettr": asdict(summary.ettr),
        "failures": asdict(summary.failures),
        "longest_failure_free_h": asdict(longest) if longest else None,
        "shares": summary.shares,
        "lost_card_hours": {k: v * card_h for k, v in summary.shares.items() if k != "productive"},
        "best_interval_s": best_intervals(run),
        "interval_s": {level.name: level.interval_s for level in run.levels},
    }


def _step_alone(inputs: Inputs, workload: str) -> Answer:
    """The step of a scenario that says nothing of failures and checkpoints."""
    inputs.require(money=False, step_alone=True)
    name = chosen_workload(inputs, "training", workload, first=True)
    work = inputs.scenario.demand[name]
    assert isinstance(work, TrainingWorkload)
    job, choice = planned_job(inputs, work, StageCache())
    said = [choice.words() if choice is not None else "", fit_words(work, job), length_said(work, job)]
    said.append("the step alone: the scenario has no reliability, checkpoint or storage")
    notes = [words for words in said if words]
    result = _step(inputs, name, job, step_of(work, job), choice is None, notes)
    return Answer(name="train", data=result, page=lambda: _head(result))


_SHOWN = {
    "step_time_s": ("step", "{:.3f} s"), "tokens_per_s": ("throughput", "{:,.0f} tokens/s"),
    "mfu": ("MFU", "{:.1%}"),
}  # fmt: skip


def _head(result: Mapping[str, Any]) -> list[Block]:
    """Lines on the plan and its step."""
    how = "stated" if result["plan_stated"] else "best found"
    mttf = f", MTTF {result['mttf_h']:.1f} h" if "mttf_h" in result else ""
    shares = [f"{name} {share:.1%}" for name, share in result["time_shares"].items() if share >= 5e-4]
    return [
        f"{result['scenario']}, {result['workload']} by {result['plan']} ({how})",
        *result["notes"],
        f"step {result['step_time_s']:.3f} s, {result['tokens_per_s']:,.0f} tokens/s, MFU {result['mfu']:.1%}{mttf}",
        *_together_words(result),
        *predicted_words(result["predicted"], _SHOWN),
        f"time: {', '.join(shares)}",
    ]


def _together_words(result: Mapping[str, Any]) -> list[str]:
    """What training together gains."""
    if "groups" not in result:
        return []
    gain = result["gain_over_best_group"]
    gained = "no group alone can train it" if gain is None else f"{gain:+.1%} over the best group alone"
    return [f"together by {result['share']}: {gained}"]


def _page(result: Mapping[str, Any]) -> list[Block]:
    rows = [
        {"result": k, **{q: result[k][q] for q in ("mean", "half_width", "p10", "p50", "p90")}}
        for k in ("ettr", "failures", "longest_failure_free_h")
        if result[k] is not None
    ]
    shares = [{"share of the wall clock": k, "value": v} for k, v in result["shares"].items()]
    return [
        *_head(result),
        f"training goodput {result['training_goodput_tokens_per_s']:,.0f} tokens/s;"
        f" {result['simulated_goodput_tokens_per_s']:,.0f} {result['fidelity']}, {result['replications']} replications",
        "", rows, "", shares, *(["", result["groups"]] if "groups" in result else []),
    ]  # fmt: skip


def _files(run: TrainingRun, summary: RunSummary, inputs: Inputs) -> dict[str, Any]:
    """The event table, the trace and the figures; figures of single runs need events, of which a few runs suffice."""
    runs, count = summary.runs, min(50, max(1, summary.replications))
    if not runs:
        runs = run_fidelity(run, inputs.scenario.seed, fidelity="des", replications=count).runs
    first = [r for r in runs if r.incidents][:1]
    names = list(first[0].incidents[0].__dataclass_fields__) if first else []
    lines = [
        [number, *(getattr(i, n) for n in names)] for number, one in enumerate(runs) for i in one.incidents
    ]
    title = inputs.name
    return {
        "events.csv": csv_text(["replication", *names], lines),
        "trace.json": chrome_trace(runs[:1]) + "\n",
        "gantt.png": gantt(f"{title}: one run", runs[0]),
        "fan.png": fan_of_runs(f"{title}: hours lost so far in {len(runs)} simulated runs", runs),
        "lost_time.png": lost_time(f"{title}: from wall clock to productive time", summary.shares),
    }
