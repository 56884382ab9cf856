"""The best clusters under limits as a page: what was asked, the clusters, what binds, and the front."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from clustersim.errors import InputError
from clustersim.planner.asked import Own, Words, limits_of, order_day, sureness_of, templates_of
from clustersim.planner.cluster import CHANCE, DRAWN, ClusterPlan, Goal, plan_cluster
from clustersim.planner.cluster import Answer as Found
from clustersim.planner.finish import Finish, delivery_weeks, finish_of, work_named
from clustersim.planner.written import Source, write_scenario
from clustersim.report.answer import Answer, Block

__all__ = ["clusters_answer"]

Tell = Callable[[int, int], None]


def clusters_answer(
    scenarios: Sequence[str], sets: Mapping[str, object], words: Words, objective: str, tell: Tell, own: Own = ()
) -> Answer:  # fmt: skip
    """Find the clusters that were asked for, and write the first where a file is named.

    ``own``: what each scenario after the first changes for itself alone.

    Raises InfeasibleError with the nearest cluster where none meets the limits.
    """
    templates, source = templates_of(scenarios, sets, words, own)
    limits, ordered = limits_of(words, source.terms), order_day(words, source.terms)
    goal = Goal(
        objective=objective, tokens=words.token_count, batch=words.batch, most=words.most, top=words.top
    )
    sure = sureness_of(scenarios, sets, words, own)
    found = plan_cluster(templates, limits, goal, sure=sure, tell=tell)
    result = {
        "objective": objective,
        "limits": limits.asked(),
        "workload": next(iter(templates.values())).name,
        "tokens": goal.tokens,
        "batch": words.batch,
        "order_date": ordered.isoformat(),
        "candidates": found.candidates,
        "within_limits": found.within,
        "probability": words.probability,
        "draws": sure.draws if sure is not None else 0,
        "lead": found.lead,
        **_rows(found, words, ordered),
    }
    said = [_file(found.best[0], words.write, source)] if words.write is not None else []
    return Answer(name="plan_cluster", data=result, page=lambda: _page(result), rows=_flat(result), said=said)


def _flat(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {k: "; ".join(v) if isinstance(v, list) else v for k, v in row.items() if k != "intervals"}
        | {f"{name}_{p}": band[p] for name, band in row.get("intervals", {}).items() for p in ("p10", "p90")}
        for row in result["best"]
    ]


def _rows(answer: Found, words: Words, ordered: date) -> dict[str, Any]:
    tokens = words.token_count
    best = []
    for plan in answer.best:
        of = plan.planned.candidate
        done = (
            finish_of(of.asked, plan.planned.run, tokens, ordered=ordered, weeks=_weeks(plan))
            if tokens is not None
            else None
        )
        best.append(_row(plan) | (_finish(done) if done is not None else {}))
    return {"best": best, "front": [_row(plan) for plan in answer.front]}


def _weeks(plan: ClusterPlan) -> float | None:
    """The delivery, where every part's lead time is known; a finish has no date else."""
    of = plan.planned.candidate
    try:
        return delivery_weeks(of.asked.inputs, of.bill.lead_time_weeks)
    except InputError:
        return None


def _finish(done: Finish) -> dict[str, Any]:
    out: dict[str, Any] = {
        "days": done.days, "days_p10": done.days_p10, "days_p50": done.days_p50, "days_p90": done.days_p90,
        "card_hour_share": done.card_hour_share, "delivery_weeks": done.delivery_weeks,
    }  # fmt: skip
    for name in ("days", "days_p10", "days_p90"):
        day = done.on(getattr(done, name))
        out[f"finish_date{name.removeprefix('days')}"] = day.isoformat() if day is not None else None
    return out | {"replications": done.replications, "fidelity": done.fidelity}


def _row(plan: ClusterPlan) -> dict[str, Any]:
    planned, of = plan.planned, plan.planned.candidate
    work = work_named(planned.run, of.asked.name)
    return {
        "cluster": of.template, "card": of.asked.inputs.parts.card.name, "nic": of.asked.inputs.parts.nic.name,
        "cards": of.cards, "global_batch": of.asked.work.global_batch,
        "training_goodput_tokens_per_s": planned.goodput_tokens_per_s, "cny_per_mtoken": planned.cny_per_mtoken,
        **of.takes, "mfu": work.rates["mfu"], "plan": work.layout["plan"], "notes": list(work.notes),
        "tied_with_first": plan.tied, "next_cards": plan.margin.cards, "next_breaks": plan.margin.breaks,
        "next_days": plan.margin.days, **_sure(plan),
    }  # fmt: skip


def _sure(plan: ClusterPlan) -> dict[str, Any]:
    """How the cluster fares over the draws: intervals with what they come from, and the shares."""
    chance = plan.chance
    if chance is None:
        return {}
    told = {
        name: asdict(span)
        | {
            "from": [
                {"source": p.source, "at_p10": p.low, "at_p90": p.high, "share": p.share}
                for p in chance.parts.get(name, ())
            ]
        }
        for name, span in chance.spreads.items()
    }
    return {"intervals": told, "share_meets_limits": chance.share_meets, "share_wins": plan.share_wins}


def _file(plan: ClusterPlan, name: str, source: Source) -> str:
    """Write the first as a scenario, and say so."""
    planned = plan.planned
    of = planned.candidate
    work = work_named(planned.run, of.asked.name)
    head = (
        f"{of.cards} cards of {of.template}, planned for demand.{of.asked.name}: {work.layout['plan']};\n"
        f"{planned.goodput_tokens_per_s:,.0f} tokens/s kept, {planned.cny_per_mtoken:.3f} CNY per million tokens."
    )
    write_scenario(Path(name), of.asked, source, planned.run, head=head)
    return f"written: {name}; run it with clustersim run {name}"


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    out = {
        "cluster": row["cluster"], "cards": row["cards"], "batch": row["global_batch"],
        "tokens/s kept": round(row["training_goodput_tokens_per_s"]), "CNY/Mtoken": round(row["cny_per_mtoken"], 3),
        "capex MCNY": round(row["budget_cny"] / 1e6, 1), "site kW": round(row["power_w"] / 1e3),
        "racks": int(row["racks"]),
    }  # fmt: skip
    if "weeks" in row:
        out["weeks"] = row["weeks"]
    if "days_p10" in row:
        out |= {"days": round(row["days"], 1)}
        out["done"] = row["finish_date"] or "no date: a lead time is not published"
    if "intervals" in row:
        out |= _bands(row)
    return out | {"plan": row["plan"], "next size": row["next_cards"], "breaks": _limit(row["next_breaks"])}


_GOALS = {
    "goodput": "most tokens kept", "cny_per_mtoken": "cheapest token", "capex_cny": "cheapest cluster",
}  # fmt: skip


def _page(result: Mapping[str, Any]) -> list[Block]:
    best = result["best"][0]
    lines: list[Block] = [
        f"{_GOALS[result['objective']]}: {result['candidates']} candidates, {result['within_limits']} within the limits"
        f" and with a plan; {_binds(best, result['objective'])}",
        _batch(result, best),
        [_shown(row) for row in result["best"]],
    ]
    tied = [f"{row['cards']} cards of {row['cluster']}" for row in result["best"] if row["tied_with_first"]]
    if tied:
        lines.append(f"tie: within 0.5 % of the first, and dearer: {', '.join(tied)}")
    lines += [f"{best['cluster']}: {note}" for note in best["notes"]]
    if "days_p10" in best:
        lines.append(
            f"{result['tokens']:.4g} tokens at {best['card_hour_share']:.0%} of the card-hours, ordered on"
            f" {result['order_date']}; by the luck of its failures alone {best['days_p10']:,.1f} to"
            f" {best['days_p90']:,.1f} days (P10, P90 of {best['replications']} simulated runs, {best['fidelity']})"
        )
    lines += _over_draws(result)
    if len(result["front"]) > 1:
        lines += ["", "no cheaper cluster keeps more tokens than these"]
        lines.append([_shown(row) for row in result["front"]])
    return lines


#: Outcomes of a cluster whose intervals the table shows: the name of the column, the divisor and the digits.
_BANDS = {
    "training_goodput_tokens_per_s": ("tokens/s P10-P90", 1.0, 0), "cny_per_mtoken": ("CNY/Mtoken P10-P90", 1.0, 2),
    "days": ("days P10-P90", 1.0, 1),
}  # fmt: skip


def _bands(row: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of what was drawn: intervals, and the shares of the draws."""
    out = {
        title: f"{band['p10'] / by:,.{digits}f} to {band['p90'] / by:,.{digits}f}"
        for name, (title, by, digits) in _BANDS.items()
        if (band := row["intervals"].get(name)) is not None
    }
    out["within limits"] = f"{row['share_meets_limits']:.0%}"
    return out if row["share_wins"] is None else out | {"best in": f"{row['share_wins']:.0%}"}


def _over_draws(result: Mapping[str, Any]) -> list[str]:
    """What was drawn, whether the first leads, and what the width of its objective comes from."""
    if not result["draws"]:
        return []
    best, wanted = result["best"][0], result["probability"]
    name, _ = DRAWN[result["objective"]]
    name = "days" if result["objective"] == "capex_cny" and "days" in best["intervals"] else name
    parts = [f"{p['source']} {p['share']:.0%}" for p in best["intervals"][name]["from"][:3]]
    asked = "" if wanted is None else f"; the limits are met in {wanted:.0%} of them or more, as asked"
    lines = [
        f"P10 to P90 of {result['draws']} draws of every input with a range, of the errors of predictions and of"
        f" failures{asked}"
    ]
    lines += [f"the width of {name} comes from {'; '.join(parts)}"] if parts else []
    return lines + ([result["lead"]] if result["lead"] else [])


def _batch(result: Mapping[str, Any], best: Mapping[str, Any]) -> str:
    if result["batch"] == "keep":
        return f"the batch is kept at {best['global_batch']} sequences; --batch auto sizes it"
    return (
        f"the batch is sized within a tenth of the scenario's: {best['global_batch']} sequences for the first"
    )


#: What a limit is called in a table; what is no limit ("nothing") is a word already.
_LIMITS = {
    "budget_cny": "the budget", "power_w": "the power", "racks": "the racks", "weeks": "the delivery",
    "days": "the days", "finish_days": "the date", "probability": "the probability",
}  # fmt: skip


def _limit(name: str | None) -> str | None:
    return _LIMITS.get(name or "", name)


def _binds(best: Mapping[str, Any], objective: str) -> str:
    cards, breaks = best["next_cards"], _limit(best["next_breaks"])
    if cards is None:
        return f"nothing binds: it is the {breaks}" + (" looked at" if breaks == "largest size" else "")
    if best["next_breaks"] == CHANCE:
        return (
            f"the probability binds: {cards} cards would meet the limits at the inputs' values, but in fewer of the"
            " draws than asked"
        )
    if objective == "capex_cny":
        took = f" ({best['next_days']:,.1f} days)" if best["next_days"] is not None else ""
        return f"{breaks} binds: {cards} cards would break it{took}"
    if breaks == "nothing":
        return f"nothing binds: {cards} cards meet the limits, too, and do no better or fit no plan"
    return f"{breaks} binds: {cards} cards would break it"
