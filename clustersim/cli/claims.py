"""``clustersim claims SCENARIO``: what published claims need, reading by reading, and whether the scenario has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from clustersim.cli.options import (
    emit_object,
    format_option,
    output_folder,
    render_table,
    set_option,
    write_beside,
)

#: The claims of the vendor's report (figure 23), in hours, seconds, and a share.
CLEAN_H, UNINTERRUPTED_H, RESTORE_S, LINEAR = 120.0, 720.0, 300.0, 0.95
RESTORE_PARAMETERS = 100e9
QUESTIONS = (
    "How many runs of what length were counted, and over how many card-hours?",
    "What counts as a fault: a retried link error, a straggler, a restart by hand?",
    "Is the figure the mean of all runs or the longest of them?",
    "Does the restore time hold detection, a replacement server, communicator start-up and recomputed work?",
    "From how many cards, under which batch rule and parallel plan is linear scaling counted?",
)


@click.command()
@click.argument("scenario")
@set_option
@click.option("--workload", default="", metavar="NAME", help="The training workload; by default the first.")
@click.option(
    "--coverage",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.993,
    show_default=True,
    help="Share of failures that recover without people (Llama 3: 416 of 419).",
)
@click.option(
    "--penalty",
    default="0 CNY",
    show_default=True,
    help="What each restore over five minutes costs whoever promised it; prices the promise.",
)
@click.option("-o", "--output", type=click.Path(), help="Folder for the figure.")
@format_option("table", "json")
def command(
    scenario: str,
    sets: tuple[str, ...],
    workload: str,
    coverage: float,
    penalty: str,
    output: str | None,
    fmt: str,
) -> None:
    """Examine the published claims of 5 and 30 days, 5 minutes and 95 % against SCENARIO."""
    folder = output_folder(output) if output is not None else None
    from clustersim.planner.training import chosen_workload
    from clustersim.schema.inputs import load_inputs
    from clustersim.units import to_float

    inputs = load_inputs(scenario, sets, with_incumbent=False)
    inputs.require(money=False)
    result = examine(
        inputs, chosen_workload(inputs, "training", workload, first=True), coverage, to_float(penalty, "CNY")
    )
    if folder is not None:
        _figure(folder, result)
    emit_object(result, fmt, lambda: _table(result))


def examine(inputs: Any, workload: str, coverage: float, penalty_cny: float = 0.0) -> dict[str, Any]:
    """Return every claim's readings for a training workload, the ladder of published fleets, the restore budget and the
    scaling."""
    from clustersim.des.training.claims import coverage_needed, mtbf_proven, p_clean, p_longest_gap, readings
    from clustersim.workloads import run_workload
    from clustersim.workloads.work import StageCache

    own, cards = run_workload(inputs, workload, StageCache()).detail, inputs.cards
    mtbf = own.expected.mttf_s / 3600
    run_h = own.run.duration_s / 3600
    rows = [
        *readings(f"{CLEAN_H / 24:g} days without a fault", CLEAN_H, cards, mtbf, coverage),
        *readings(
            f"{UNINTERRUPTED_H / 24:g} days without interruption", UNINTERRUPTED_H, cards, mtbf, coverage
        ),
    ]
    ladder = [
        {
            "fleet": r["anchor"], "card_hours_per_failure": (ch := float(r["card_hours_per_failure"])),
            "mtbf_h": ch / cards, "faults_in_run": run_h / (ch / cards), "p_clean_5_d": p_clean(CLEAN_H, ch / cards),
            "p_longest_gap_5_d": p_longest_gap(CLEAN_H, run_h, ch / cards), "source": r["source"],
        }
        for r in _ladder()
    ]  # fmt: skip
    return {
        "scenario": inputs.name,
        "workload": workload,
        "cards": cards,
        "mtbf_h": mtbf,
        "card_hours_per_failure": mtbf * cards,
        "readings": [
            {
                "claim": r.claim, "reading": r.reading, "mtbf_needed_h": r.mtbf_needed_h,
                "card_hours_needed": r.card_hours_needed, "failures_per_card_year": r.failures_per_card_year,
                "probability": r.probability, "met": r.met,
            }
            for r in rows
        ],
        "p_longest_gap_5_d": p_longest_gap(CLEAN_H, run_h, mtbf),
        "coverage_needed": {
            str(p): coverage_needed(UNINTERRUPTED_H, mtbf, p) for p in (0.9, 0.95, 0.99)
        },
        "one_success_proves_mtbf_h": {
            f"{h / 24:g} days": mtbf_proven(h) for h in (CLEAN_H, UNINTERRUPTED_H)
        },
        "ladder": ladder,
        "restore": _restore(inputs, own),
        "spares": _spares(own.run),
        "promise": _promise(own.run, inputs.scenario.seed, penalty_cny),
        "linear_scaling": _scaling(own),
        "questions": list(QUESTIONS),
    }  # fmt: skip


def _restore(inputs: Any, own: Any) -> dict[str, Any]:
    """The five-minute claim: the bandwidth it needs, and the scenario's budget by step and level."""
    from clustersim.des.training.claims import restore_bandwidth
    from clustersim.des.training.fidelity import run_fidelity

    run = own.run
    months = run_fidelity(
        run, inputs.scenario.seed, fidelity="des", replications=inputs.reliability.replications
    ).runs
    steps = run.recovery
    budget = {
        "detect_s": steps.detect_s, "localise_s": steps.localise_s, "reschedule_s": steps.reschedule_s[1],
        "initialise_s": steps.initialise_s,
    }  # fmt: skip
    recoveries = [i for month in months for i in month.incidents]
    within = [i for i in recoveries if i.recovery_s <= RESTORE_S]
    with_work = [i for i in recoveries if i.recovery_s + i.lost_work_s <= RESTORE_S]
    return {
        "claim": f"{RESTORE_PARAMETERS / 1e9:g} billion parameters restored within {RESTORE_S / 60:g} minutes",
        "bandwidth_needed_bytes_per_s": {
            f"{b} B/parameter": restore_bandwidth(RESTORE_PARAMETERS, b, RESTORE_S) for b in (12, 14, 16, 18)
        },
        "budget": budget,
        "total_s": {level.name: steps.total_s(level.survives[-1]) + level.restore_s for level in run.levels},
        "p_within": len(within) / len(recoveries) if recoveries else None,
        "p_within_with_lost_work": len(with_work) / len(recoveries) if recoveries else None,
    }


def _spares(run: Any) -> dict[str, Any]:
    """Whether a spare is there when a server fails: without one, restoring takes as long as a repair."""
    from clustersim.des.training.questions import out_for_repair, spare_is_there, spares_for

    out = out_for_repair(run)
    return {
        "hot": run.spare_nodes,
        "servers_out_for_repair": out,
        "p_spare_is_there": spare_is_there(run.spare_nodes, out),
        "hot_for_p": {str(p): spares_for(out, 1.0 - p) for p in (0.99, 0.999)},
    }


def _promise(run: Any, seed: int, penalty_cny: float) -> dict[str, Any]:
    """What a promise of the restore time costs on average."""
    from clustersim.des.training.promise import Promise, price_promise

    contracts = 300 if run.needs_events() else 10_000
    asked = Promise(restore_s=RESTORE_S, per_restore_cny=1.0)
    counted = price_promise(run, asked, seed, contracts=contracts)
    return {
        "late_restores": counted.expected_penalty_cny,
        "late_restores_p99": counted.p99_cny,
        "p_any_late": counted.p_any,
        "penalty_cny": penalty_cny,
        "premium_cny": penalty_cny * counted.premium_cny,
    }


def _scaling(own: Any) -> dict[str, Any]:
    """The linear-scaling claim against the workload's weak scaling by its plan."""
    from clustersim.workloads.training import plan_words

    base, reached = own.scaling
    return {
        "claim": LINEAR,
        "kind": "weak",
        "base_cards": base,
        "cards": own.job.cards,
        "batch_rule": "batch grows with the replicas",
        "plan": plan_words(own.job.plan),
        "scaling_efficiency": reached,
        "by_network_and_batch_rule": _scaling_cases(own, base),
        "met": reached >= LINEAR,
    }


def _scaling_cases(own: Any, base: int) -> list[dict[str, Any]]:
    """The same claim under other NIC speeds and batch rules, from the smallest cluster that the plan fits."""
    from dataclasses import replace

    from clustersim.perf.scaling import KINDS, scaling_curve

    counts, rows = [base, own.job.cards], []
    for gbps in (100, 200, 400):
        job = replace(own.job, network=replace(own.job.network, scale_out_bandwidth=gbps * 1.25e8))
        for kind in KINDS:
            curve = scaling_curve(job, counts, kind)
            reached = curve.points[-1].efficiency
            rows.append(
                {
                    "nic": f"{gbps} Gb/s per card", "kind": kind, "batch_rule": curve.batch_rule,
                    "base_cards": curve.base_cards, "scaling_efficiency": reached, "met": reached >= LINEAR,
                    "short_by": max(0.0, LINEAR - reached),
                }
            )  # fmt: skip
    return rows


def _ladder() -> Sequence[Mapping[str, str]]:
    from clustersim.reading.tables import shipped_rows

    path = Path(__file__).resolve().parent.parent / "data" / "mtbf_ladder.csv"
    return shipped_rows(path)


def _table(result: dict[str, Any]) -> str:
    head = (
        f"{result['scenario']}: {result['cards']} cards, MTBF {result['mtbf_h']:.1f} h ("
        f"{result['card_hours_per_failure']:,.0f} card-hours per failure; component rates of Llama 3, a prediction)"
    )
    proves = ", ".join(
        f"{k} clean: MTBF >= {v:.0f} h" for k, v in result["one_success_proves_mtbf_h"].items()
    )
    cover = ", ".join(f"P={k}: {v:.2%}" for k, v in result["coverage_needed"].items())
    restore, scaling = result["restore"], result["linear_scaling"]
    need = ", ".join(f"{k}: {v / 1e9:.1f} GB/s" for k, v in restore["bandwidth_needed_bytes_per_s"].items())
    total = ", ".join(f"from {k} {v:.0f} s" for k, v in restore["total_s"].items())
    lines = [
        head, "", render_table(result["readings"], "table"), "",
        f"P(longest stretch of the run is 5 days or more) = {result['p_longest_gap_5_d']:.2f}",
        f"share of failures that must recover unattended for 30 days: {cover}",
        f"one success proves (95 % bound): {proves}", "",
        render_table([{k: v for k, v in r.items() if k != "source"} for r in result["ladder"]], "table"), "",
        f"{restore['claim']}: needs {need}; this scenario: {total}",
    ]  # fmt: skip
    if restore["p_within"] is not None:
        lines.append(
            f"  simulated recoveries within it: {restore['p_within']:.1%}; with recomputed work counted:"
            f" {restore['p_within_with_lost_work']:.1%}"
        )
    lines += _spare_lines(result)
    lines += [
        f"linear scaling of {scaling['claim']:.0%}: this scenario {scaling['scaling_efficiency']:.1%}"
        f" ({scaling['kind']}, {scaling['base_cards']} to {scaling['cards']} cards, {scaling['batch_rule']})",
        "", render_table(scaling["by_network_and_batch_rule"], "table"), "",
        "To ask:", *(f"  - {q}" for q in result["questions"]),
    ]  # fmt: skip
    return "\n".join(lines)


def _spare_lines(result: dict[str, Any]) -> list[str]:
    """Whether a spare is there, and what the promise costs, in words."""
    spares, promise = result["spares"], result["promise"]
    needed = ", ".join(f"P={p}: {n}" for p, n in spares["hot_for_p"].items())
    lines = [
        f"  a spare is there for {spares['p_spare_is_there']:.2%} of the servers that fail ({spares['hot']} hot,"
        f" {spares['servers_out_for_repair']:.2f} out for repair on average); hot spares for {needed}"
    ]
    lines.append(
        f"  restores beyond it in one run: {promise['late_restores']:.2f} on average, none with"
        f" P = {1 - promise['p_any_late']:.2f}, 99 of 100 runs have at most {promise['late_restores_p99']:.0f}"
    )
    if promise["penalty_cny"] > 0:
        lines.append(f"  premium of the promise: {promise['premium_cny']:,.0f} CNY a run")
    return lines


def _figure(folder: Path, result: dict[str, Any]) -> None:
    from clustersim.report.reliability_figures import claims_figure
    from clustersim.report.style import save

    ladder = [(r["fleet"], r["card_hours_per_failure"]) for r in result["ladder"]]
    needed = [
        (f"{r['claim']}, {r['reading'].partition(' (')[0]}", r["card_hours_needed"])
        for r in (result["readings"][0], result["readings"][2], result["readings"][7])
    ]
    figure = claims_figure(
        f"{result['scenario']}: claims against published fleets",
        ladder,
        needed,
        result["card_hours_per_failure"],
    )
    with write_beside(folder / "claims.png") as temporary:
        save(figure, temporary)
