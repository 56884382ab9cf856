"""The answer of ``plan cluster`` and of ``plan training`` under limits: the search, its table, its file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clustersim.cli.options import emit_object, progress, render_table
from clustersim.cli.plan_options import Words, limits_of, order_day, templates_of

if TYPE_CHECKING:
    from datetime import date

    from clustersim.planner.cluster import Answer, ClusterPlan
    from clustersim.planner.finish import Finish

__all__ = ["answer_plan"]


def answer_plan(
    scenarios: tuple[str, ...], sets: tuple[str, ...], words: Words, objective: str, fmt: str
) -> None:
    """Find the clusters that were asked for, print them, and write the first where a file is given."""
    from clustersim.planner.cluster import Goal, plan_cluster

    templates, source = templates_of(scenarios, sets, words)
    first = source.terms
    limits = limits_of(words, first)
    goal = Goal(
        objective=objective, tokens=words.token_count, batch=words.batch, most=words.most, top=words.top
    )
    shown = 0
    with progress("plan") as step:

        def tell(done: int, of: int) -> None:
            nonlocal shown
            if done == of or done - shown >= max(1, of // 50):
                shown = done
                step(f"{done} of {of} candidates")

        answer = plan_cluster(templates, limits, goal, tell=tell)
    result = {
        "objective": objective,
        "limits": limits.asked(),
        "workload": next(iter(templates.values())).name,
        "tokens": goal.tokens,
        "batch": words.batch,
        "order_date": order_day(words, first).isoformat(),
        "candidates": answer.candidates,
        "within_limits": answer.within,
        **_rows(answer, words, order_day(words, first)),
    }
    if words.write is not None:
        _write(answer.best[0], words.write, source)
    emit_object(result, fmt, lambda: _table(result))


def _rows(answer: Answer, words: Words, ordered: date) -> dict[str, Any]:
    from clustersim.planner.finish import finish_of

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
    from clustersim.errors import InputError
    from clustersim.planner.finish import delivery_weeks

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
    from clustersim.planner.finish import work_named

    planned, of = plan.planned, plan.planned.candidate
    work = work_named(planned.run, of.asked.name)
    return {
        "cluster": of.template, "card": of.asked.inputs.parts.card.name, "nic": of.asked.inputs.parts.nic.name,
        "cards": of.cards, "global_batch": of.asked.work.global_batch,
        "training_goodput_tokens_per_s": planned.goodput_tokens_per_s, "cny_per_mtoken": planned.cny_per_mtoken,
        **of.takes, "mfu": work.rates["mfu"], "plan": work.layout["plan"], "notes": list(work.notes),
        "tied_with_first": plan.tied, "next_cards": plan.margin.cards, "next_breaks": plan.margin.breaks,
        "next_days": plan.margin.days,
    }  # fmt: skip


def _write(plan: ClusterPlan, name: str, source: Any) -> None:
    from clustersim.planner.finish import work_named
    from clustersim.planner.written import write_scenario

    planned = plan.planned
    of = planned.candidate
    work = work_named(planned.run, of.asked.name)
    head = (
        f"{of.cards} cards of {of.template}, planned for demand.{of.asked.name}: {work.layout['plan']};\n"
        f"{planned.goodput_tokens_per_s:,.0f} tokens/s kept, {planned.cny_per_mtoken:.3f} CNY per million tokens."
    )
    write_scenario(Path(name), of.asked, source, planned.run, head=head)
    click.echo(f"written: {name}; run it with clustersim run {name}", err=True)


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
        out |= {
            "days": round(row["days"], 1),
            "P10": round(row["days_p10"], 1),
            "P90": round(row["days_p90"], 1),
        }
        out["done"] = row["finish_date"] or "no date: a lead time is not published"
    return out | {"plan": row["plan"], "next size": row["next_cards"], "breaks": _limit(row["next_breaks"])}


_GOALS = {
    "goodput": "most tokens kept", "cny_per_mtoken": "cheapest token", "capex_cny": "cheapest cluster",
}  # fmt: skip


def _table(result: Mapping[str, Any]) -> str:
    best = result["best"][0]
    lines = [
        f"{_GOALS[result['objective']]}: {result['candidates']} candidates, {result['within_limits']} within the limits"
        f" and with a plan; {_binds(best, result['objective'])}",
        _batch(result, best),
        render_table([_shown(row) for row in result["best"]], "table"),
    ]
    tied = [f"{row['cards']} cards of {row['cluster']}" for row in result["best"] if row["tied_with_first"]]
    if tied:
        lines.append(f"tie: within 0.5 % of the first, and dearer: {', '.join(tied)}")
    lines += [f"{best['cluster']}: {note}" for note in best["notes"]]
    if "days_p10" in best:
        lines.append(
            f"{result['tokens']:.4g} tokens at {best['card_hour_share']:.0%} of the card-hours, ordered on"
            f" {result['order_date']}; P10 and P90 of {best['replications']} simulated runs ({best['fidelity']})"
        )
    if len(result["front"]) > 1:
        lines += ["", "no cheaper cluster keeps more tokens than these"]
        lines.append(render_table([_shown(row) for row in result["front"]], "table"))
    return "\n".join(lines)


def _batch(result: Mapping[str, Any], best: Mapping[str, Any]) -> str:
    if result["batch"] == "keep":
        return f"the batch is kept at {best['global_batch']} sequences; --batch auto sizes it"
    return (
        f"the batch is sized within a tenth of the scenario's: {best['global_batch']} sequences for the first"
    )


#: What a limit is called in a table; what is no limit ("nothing") is a word already.
_LIMITS = {
    "budget_cny": "the budget", "power_w": "the power", "racks": "the racks", "weeks": "the delivery",
    "days": "the days", "finish_days": "the date",
}  # fmt: skip


def _limit(name: str | None) -> str | None:
    return _LIMITS.get(name or "", name)


def _binds(best: Mapping[str, Any], objective: str) -> str:
    cards, breaks = best["next_cards"], _limit(best["next_breaks"])
    if cards is None:
        return f"nothing binds: it is the {breaks}" + (" looked at" if breaks == "largest size" else "")
    if objective == "capex_cny":
        took = f" ({best['next_days']:,.1f} days)" if best["next_days"] is not None else ""
        return f"{breaks} binds: {cards} cards would break it{took}"
    if breaks == "nothing":
        return f"nothing binds: {cards} cards meet the limits, too, and do no better or fit no plan"
    return f"{breaks} binds: {cards} cards would break it"
