"""Claims of reliability as a page: reading by reading, the ladder of fleets, the restore, the scaling, what to ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clustersim.planner.claimed_lines import lines_without_training
from clustersim.planner.claims import QUESTIONS, examine, under_draws
from clustersim.planner.training import chosen_workload
from clustersim.planner.uncertainty import LoadSides
from clustersim.report.answer import Answer, Block
from clustersim.schema.inputs import Inputs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["claims_answer"]


def claims_answer(
    load: LoadSides, workload: str, *, coverage: float, penalty_cny: float, draws: int
) -> Answer:
    """Examine the published claims of 5 and 30 days, 5 minutes and 95 % against a scenario."""
    inputs = load({})[0]
    inputs.require(money=False)
    if not workload and not inputs.of_kind("training"):
        inputs.refuse_idle()
        return _untrained(inputs)
    name = chosen_workload(inputs, "training", workload, first=True)
    result = under_draws(load, examine(inputs, name, coverage, penalty_cny), coverage, count=draws)
    return Answer(
        name="claims",
        data=result,
        page=lambda: _page(result),
        rows=result["readings"],
        files=lambda: {"claims.png": _figure(result)},
    )


def _untrained(inputs: Inputs) -> Answer:
    """The lines that do not rest on a run of training, for a site that trains nothing."""
    lines = list(lines_without_training(inputs))
    demand = {name: work.kind for name, work in inputs.scenario.demand.items()}
    result = {
        "scenario": inputs.name, "cards": inputs.cards, "demand": demand, "trains": False, "lines": lines,
        "questions": list(QUESTIONS),
    }  # fmt: skip
    head = (
        f"{inputs.name}: {inputs.cards} cards, nothing is trained here: the claims of 5 and 30 days, of restores, of"
        " scaling and of the loss are of a training run (`clustersim claims nanjing-1024`)"
    )
    return Answer(
        name="claims", data=result, rows=lines,
        page=lambda: [head, "", *_by_line(result), "To ask:", *(f"  - {q}" for q in QUESTIONS)],
    )  # fmt: skip


def _page(result: Mapping[str, Any]) -> list[Block]:
    head = (
        f"{result['scenario']}: {result['cards']} cards, MTBF {result['mtbf_h']:.1f} h ("
        f"{result['card_hours_per_failure']:,.0f} card-hours per failure; component rates of Llama 3, a prediction)"
        + _between(result, "mtbf_h", "{:.1f} h")
    )
    proves = ", ".join(
        f"{k} clean: MTBF >= {v:.0f} h" for k, v in result["one_success_proves_mtbf_h"].items()
    )
    cover = ", ".join(f"P={k}: {v:.2%}" for k, v in result["coverage_needed"].items())
    restore, scaling = result["restore"], result["linear_scaling"]
    need = ", ".join(f"{k}: {v / 1e9:.1f} GB/s" for k, v in restore["bandwidth_needed_bytes_per_s"].items())
    total = "; ".join(_restored(result, level, seconds) for level, seconds in restore["total_s"].items())
    lines: list[Block] = [
        head, *(f"  {note}" for note in result["notes"]), "", result["readings"], "",
        f"P(longest stretch of the run is 5 days or more) = {result['p_longest_gap_5_d']:.2f}"
        + _between(result, "p_longest_gap_5_d", "{:.2f}"),
        f"share of failures that must recover unattended for 30 days: {cover}",
        f"one success proves (95 % bound): {proves}", "",
        [{k: v for k, v in r.items() if k != "source"} for r in result["ladder"]], "",
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
        f" ({scaling['kind']}, {scaling['base_cards']} to {scaling['cards']} cards, {scaling['batch_rule']})"
        + _between(result, "scaling_efficiency", "{:.1%}")
        + (f", met in {scaling['share_met']:.0%} of the draws" if "share_met" in scaling else ""),
        "", scaling["by_network_and_batch_rule"], "",
        *_said_of_draws(result), *_by_line(result), "To ask:", *(f"  - {q}" for q in result["questions"]),
    ]  # fmt: skip
    return lines


def _by_line(result: Mapping[str, Any]) -> list[Block]:
    """Every technical line of the charts, with what must hold, what is found and what to ask."""
    blocks: list[Block] = []
    for line in result["lines"]:
        likely = "" if line["likely"] is None else f" (probability {line['likely']:.2g})"
        blocks += [
            f"chart {line['chart']}: {line['claim']}", f"  must hold: {line['must_hold']}",
            f"  here: {line['found']}{likely}", f"  ask: {line['ask']}",
        ]  # fmt: skip
    return [*blocks, ""]


def _between(result: Mapping[str, Any], name: str, form: str) -> str:
    """P10 to P90 of a number; nothing where it was not drawn."""
    band = result.get("intervals", {}).get(name)
    if band is None:
        return ""
    return f", P10 to P90 {form.partition('}')[0]}}} to {form}".format(band["p10"], band["p90"])


def _restored(result: Mapping[str, Any], level: str, seconds: float) -> str:
    """The restore time from one checkpoint level, with P10 to P90 and how often it is within the claim."""
    band = result.get("intervals", {}).get(f"restore_s|{level}")
    words = f"from {level} {seconds:.0f} s"
    if band is None or f"{band['p10']:.0f}" == f"{band['p90']:.0f}":
        return words
    met = result["restore"]["share_met"][level]
    return (
        f"{words} (P10 to P90 {band['p10']:.0f} to {band['p90']:.0f} s, within it in {met:.0%} of the draws)"
    )


def _said_of_draws(result: Mapping[str, Any]) -> list[str]:
    """What was drawn, and what the width of the time between failures comes from."""
    if not result["draws"]:
        return []
    parts = [f"{p['source']} {p['share']:.0%}" for p in result["intervals"]["mtbf_h"]["from"][:3]]
    said = f"P10 to P90 of {result['draws']} draws of every input with a range"
    return [said + (f"; the width of the MTBF comes from {'; '.join(parts)}" if parts else ""), ""]


def _spare_lines(result: Mapping[str, Any]) -> list[str]:
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


def _figure(result: Mapping[str, Any]) -> Figure:
    from clustersim.report.reliability_figures import claims_figure

    ladder = [(r["fleet"], r["card_hours_per_failure"]) for r in result["ladder"]]
    needed = [
        (f"{r['claim']}, {r['reading'].partition(' (')[0]}", r["card_hours_needed"])
        for r in (result["readings"][0], result["readings"][2], result["readings"][7])
    ]
    return claims_figure(
        f"{result['scenario']}: claims against published fleets",
        ladder,
        needed,
        result["card_hours_per_failure"],
        _span(result),
    )


def _span(result: Mapping[str, Any]) -> tuple[float, float] | None:
    band = result.get("intervals", {}).get("card_hours_per_failure")
    return None if band is None else (band["p10"], band["p90"])
