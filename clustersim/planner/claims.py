"""Published claims of reliability held against a scenario: what each reading needs, and whether the site has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from clustersim.des.training.claims import (
    coverage_needed,
    mtbf_proven,
    p_clean,
    p_longest_gap,
    readings,
    restore_bandwidth,
)
from clustersim.des.training.fidelity import run_fidelity
from clustersim.des.training.promise import Promise, price_promise
from clustersim.des.training.questions import out_for_repair, spare_is_there, spares_for
from clustersim.des.training.run import TrainingRun
from clustersim.econ.interval import spread
from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.scaling import KINDS, scaling_curve
from clustersim.perf.together import again
from clustersim.pipeline.site import SHARED
from clustersim.planner.claimed_lines import claimed_lines
from clustersim.planner.uncertainty import (
    LoadSides,
    bearable_draws,
    drawn_outcomes,
    interval_data,
    scaling_errors,
)
from clustersim.reading.tables import shipped_rows
from clustersim.schema.inputs import Inputs
from clustersim.workloads import run_workload
from clustersim.workloads.mixture import MixtureDetail
from clustersim.workloads.training import TrainingDetail, plan_words

__all__ = ["QUESTIONS", "examine", "rests_on", "under_draws"]

#: The claims of the vendor's report (figure 23), in hours, seconds, and a share.
CLEAN_H, UNINTERRUPTED_H, RESTORE_S, LINEAR = 120.0, 720.0, 300.0, 0.95
RESTORE_PARAMETERS = 100e9
_FIVE = (f"{CLEAN_H / 24:g} days without a fault", CLEAN_H)
_THIRTY = (f"{UNINTERRUPTED_H / 24:g} days without interruption", UNINTERRUPTED_H)
#: What an outcome that is a restore time begins with; the checkpoint level follows.
_RESTORE = "restore_s|"
#: Draws behind the intervals where no number is asked for.
DRAWS = 64
QUESTIONS = (
    "How many runs of what length were counted, and over how many card-hours?",
    "What counts as a fault: a retried link error, a straggler, a restart by hand?",
    "Is the figure the mean of all runs or the longest of them?",
    "Does the restore time hold detection, a replacement server, communicator start-up and recomputed work?",
    "From how many cards, under which batch rule and parallel plan is linear scaling counted?",
)


def under_draws(
    load: LoadSides, result: Mapping[str, Any], coverage: float, *, count: int = DRAWS
) -> dict[str, Any]:
    """Return a claims' result with P10 to P90 of what it rests on, and the share of the draws in which each is met.

    Failure rates, the steps of a recovery, the storage and all else with a range are drawn, and the error of predicted
    scaling by its class.
    """
    count, _ = bearable_draws(count, count, ())
    if not count:
        return {**result, "draws": 0}
    workload, cards = result["workload"], result["cards"]
    lines = {h.name: h for h in drawn_outcomes(load, lambda inputs: _outcomes(inputs, workload), count)}
    error = scaling_errors(load({})[0], workload, count)
    scaling = np.minimum(lines["scaling_efficiency"].samples / error, 1.0)
    mtbf = lines["mtbf_h"].samples
    each = [
        [*readings(*_FIVE, cards, m, coverage), *readings(*_THIRTY, cards, m, coverage)]
        for m in mtbf[np.isfinite(mtbf)].tolist()
    ]
    rows = [
        {
            **row,
            **{f"probability_{p}": v for p, v in _ends([one[at].probability for one in each]).items()},
            "share_met": fmean(one[at].met for one in each),
        }
        for at, row in enumerate(result["readings"])
    ]
    gaps = [p_longest_gap(CLEAN_H, result["run_h"], m) for m in mtbf[np.isfinite(mtbf)].tolist()]
    good = scaling[np.isfinite(scaling)]
    drawn = {
        "mtbf_h": asdict(lines["mtbf_h"].spread), "card_hours_per_failure": _ends(mtbf * cards),
        "p_longest_gap_5_d": _ends(gaps), "scaling_efficiency": _ends(good),
    }  # fmt: skip
    drawn["mtbf_h"]["from"] = interval_data([lines["mtbf_h"]])["mtbf_h"].get("from", [])
    linear = {**result["linear_scaling"], "share_met": float((good >= LINEAR).mean())}
    restore = _drawn_restores(
        result["restore"], {k: h.samples for k, h in lines.items() if k.startswith(_RESTORE)}
    )
    drawn |= {name: _ends(values) for name, values in restore.pop("samples").items()}
    return {
        **result, "draws": count, "intervals": drawn, "readings": rows, "restore": restore, "linear_scaling": linear,
    }  # fmt: skip


def _drawn_restores(restore: Mapping[str, Any], samples: Mapping[str, Any]) -> dict[str, Any]:
    """The restore budget with the share of the draws in which each level restores within the claim."""
    finite = {name: values[np.isfinite(values)] for name, values in samples.items()}
    met = {
        name.removeprefix(_RESTORE): float((v <= RESTORE_S).mean()) for name, v in finite.items() if v.size
    }
    return {**restore, "share_met": met, "samples": finite}


def _ends(values: Any) -> dict[str, float]:
    """P10, P50 and P90 of what was drawn."""
    kept = np.asarray(values, dtype=float)
    return asdict(spread(kept[np.isfinite(kept)]))


def _outcomes(inputs: Inputs, workload: str) -> dict[str, Any]:
    """What the claims rest on: the mean time between failures, restores by level, and what scaling keeps."""
    return rests_on(run_workload(inputs, workload, SHARED).detail)


def rests_on(own: TrainingDetail) -> dict[str, Any]:
    """Return what the claims on a training workload rest on, by the names of their intervals."""
    restores = {f"{_RESTORE}{name}": seconds for name, seconds in _restores(own.run).items()}
    return {"mtbf_h": own.expected.mttf_s / 3600, "scaling_efficiency": own.scaling[1], **restores}


def _restores(run: TrainingRun) -> dict[str, Any]:
    """Seconds from a failure to the next step, by the checkpoint level that is restored from."""
    return {level.name: run.recovery.total_s(level.survives[-1]) + level.restore_s for level in run.levels}


def examine(inputs: Inputs, workload: str, coverage: float, penalty_cny: float = 0.0) -> dict[str, Any]:
    """Return every claim's readings for a training workload, the ladder of published fleets, the restore budget and the
    scaling."""
    own = run_workload(inputs, workload, SHARED).detail
    # Of unlike cards the failures are those of the groups that take part, and so are the cards they are counted by.
    mixed = isinstance(own, MixtureDetail)
    cards = own.cards if mixed else inputs.cards
    mtbf = own.expected.mttf_s / 3600
    run_h = own.run.duration_s / 3600
    rows = [*readings(*_FIVE, cards, mtbf, coverage), *readings(*_THIRTY, cards, mtbf, coverage)]
    ladder = [
        {
            "fleet": r["anchor"], "card_hours_per_failure": (ch := float(r["card_hours_per_failure"])),
            "mtbf_h": ch / cards, "faults_in_run": run_h / (ch / cards), "p_clean_5_d": p_clean(CLEAN_H, ch / cards),
            "p_longest_gap_5_d": p_longest_gap(CLEAN_H, run_h, ch / cards), "source": r["source"],
        }
        for r in _ladder()
    ]  # fmt: skip
    found = {
        "scenario": inputs.name,
        "workload": workload,
        "cards": cards,
        "notes": [own.left_words] if mixed and own.left_words else [],
        "run_h": run_h,
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
    return found | {"lines": list(claimed_lines(inputs, own, found))}


def _restore(inputs: Inputs, own: TrainingDetail) -> dict[str, Any]:
    """The five-minute claim: the bandwidth it needs, and the scenario's budget by step and level."""
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
        "total_s": _restores(run),
        "p_within": len(within) / len(recoveries) if recoveries else None,
        "p_within_with_lost_work": len(with_work) / len(recoveries) if recoveries else None,
    }


def _spares(run: TrainingRun) -> dict[str, Any]:
    """Whether a spare is there when a server fails: without one, restoring takes as long as a repair."""
    out = out_for_repair(run)
    return {
        "hot": run.spare_nodes,
        "servers_out_for_repair": out,
        "p_spare_is_there": spare_is_there(run.spare_nodes, out),
        "hot_for_p": {str(p): spares_for(out, 1.0 - p) for p in (0.99, 0.999)},
    }


def _promise(run: TrainingRun, seed: int, penalty_cny: float) -> dict[str, Any]:
    """What a promise of the restore time costs on average."""
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


def _scaling(own: TrainingDetail) -> dict[str, Any]:
    """The linear-scaling claim against the workload's weak scaling by its plan."""
    base, reached = own.scaling
    if isinstance(own, MixtureDetail):
        return _mixture_scaling(own, reached)
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


def _mixture_scaling(own: MixtureDetail, reached: float) -> dict[str, Any]:
    """The claim on unlike cards: tokens per second together over the sum of what each group does alone."""
    cases = []
    for gbps in (25, 100, 200, 400):
        try:
            again_at = again(own.found, own.clusters, link_bandwidth=gbps * 1.25e8)
        except (InfeasibleError, InputError):
            continue
        efficiency = reached * again_at.tokens_per_s / own.found.tokens_per_s
        cases.append(
            {
                "nic": f"{gbps} Gb/s per card between groups", "kind": "together", "batch_rule": "one batch for all",
                "base_cards": 0, "scaling_efficiency": efficiency, "met": efficiency >= LINEAR,
                "short_by": max(0.0, LINEAR - efficiency),
            }
        )  # fmt: skip
    return {
        "claim": LINEAR, "kind": "together over each alone", "base_cards": 0,
        "cards": own.cards, "batch_rule": "one batch for all",
        "plan": "; ".join(f"{p.name}: {plan_words(p.job.plan)}" for p in own.found.parts),
        "scaling_efficiency": reached, "by_network_and_batch_rule": cases, "met": reached >= LINEAR,
    }  # fmt: skip


def _scaling_cases(own: TrainingDetail, base: int) -> list[dict[str, Any]]:
    """The same claim under other NIC speeds and batch rules, from the smallest cluster that the plan fits."""
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
    path = Path(__file__).resolve().parent.parent / "data" / "mtbf_ladder.csv"
    return shipped_rows(path)
