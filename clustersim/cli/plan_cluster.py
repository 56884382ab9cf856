"""``clustersim plan cluster`` and ``clustersim plan break-even``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from clustersim.cli.options import emit_object, format_option, progress, render_table, set_option
from clustersim.errors import InputError

if TYPE_CHECKING:
    from clustersim.planner.cluster import Answer, ClusterPlan
    from clustersim.schema.inputs import Inputs

__all__ = ["break_even_command", "cluster_command"]


@click.command("cluster")
@click.argument("scenarios", nargs=-1, required=True)
@set_option
@click.option("--budget", help="Most capex, VAT included, for example '150 MCNY'.")
@click.option("--power", help="Most provisioned facility power, for example '2 MW'.")
@click.option(
    "--racks", type=click.IntRange(min=1), help="Most racks, those of network and storage included."
)
@click.option(
    "--weeks", type=click.FloatRange(min=0, min_open=True), help="Latest delivery, weeks from the order."
)
@click.option(
    "--for", "objective", type=click.Choice(["goodput", "cny_per_mtoken"]), default="goodput", show_default=True,
    help="Most training tokens per second kept, or the cheapest token.",
)  # fmt: skip
@click.option("--nic", "nics", multiple=True, help="Try this NIC, too. Repeatable.")
@click.option(
    "--most", type=click.IntRange(min=1), default=16_384, show_default=True, help="Largest cluster, cards."
)
@click.option(
    "--top", type=click.IntRange(min=1), default=5, show_default=True, help="How many plans to show."
)
@click.option(
    "--own-site", is_flag=True, help="Price each scenario at its own site; else all at the first one's."
)
@format_option("table", "json")
def cluster_command(
    scenarios: tuple[str, ...],
    sets: tuple[str, ...],
    budget: str | None,
    power: str | None,
    racks: int | None,
    weeks: float | None,
    objective: str,
    nics: tuple[str, ...],
    most: int,
    top: int,
    own_site: bool,
    fmt: str,
) -> None:
    """Find the best cluster under limits: SCENARIOS at every size, with their own NIC and each --nic.

    Whole servers, the plan searched for each size, failures included. Exit code 3 names the nearest cluster when none
    meets the limits.
    """
    import math

    from clustersim.planner.cluster import Limits, plan_cluster
    from clustersim.units import to_float

    limits = Limits(
        budget_cny=to_float(budget, "CNY") if budget else math.inf,
        power_w=to_float(power, "W") if power else math.inf,
        racks=racks or math.inf,
        weeks=weeks or math.inf,
    )
    templates = _templates(scenarios, sets, nics)
    site = None if own_site else next(iter(templates.values())).scenario.tco
    shown = 0
    with progress("plan") as step:

        def tell(done: int, of: int) -> None:
            nonlocal shown
            if done == of or done - shown >= max(1, of // 50):
                shown = done
                step(f"{done} of {of} candidates")

        answer = plan_cluster(
            templates, limits, objective=objective, site=site, most=most, top=top, tell=tell
        )
    result = _plain(answer, limits.asked(), objective)
    emit_object(result, fmt, lambda: _table(result))


def _templates(scenarios: tuple[str, ...], sets: tuple[str, ...], nics: tuple[str, ...]) -> dict[str, Inputs]:
    from clustersim.schema.inputs import load_inputs

    out: dict[str, Inputs] = {}
    for number, name in enumerate(scenarios):
        own = sets if number == 0 else ()
        base = load_inputs(name, own, with_incumbent=False)
        for nic in dict.fromkeys((base.scenario.cluster.nic, *nics)):
            inputs = load_inputs(name, (*own, f"cluster.nic={nic}"), with_incumbent=False)
            out[f"{base.scenario.name} {nic}"] = inputs
    models = {one.scenario.model for one in out.values()}
    if len(models) > 1:
        raise InputError(
            f"the scenarios train different models ({', '.join(sorted(models))}); plan one demand"
        )
    return out


def _row(plan: ClusterPlan) -> dict[str, Any]:
    run, candidate, p = plan.run, plan.candidate, plan.plan.plan
    words = f"tp{p.tp} pp{p.pp} dp{p.dp} cp{p.cp} ep{p.ep} v{p.interleave} mb{p.micro_batch} {p.recompute} zero{p.zero}"
    return {
        "template": candidate.template, "card": candidate.inputs.hardware.card.name, "cards": candidate.cards,
        "training_goodput_tokens_per_s": run.goodput_tokens_per_s, "cny_per_mtoken": run.cny_per_mtoken,
        **candidate.takes, "mfu": run.step.mfu, "plan": words, "next_cards": plan.margin.cards,
        "next_breaks": plan.margin.breaks,
    }  # fmt: skip


def _plain(answer: Answer, asked: dict[str, float], objective: str) -> dict[str, Any]:
    return {
        "objective": objective,
        "limits": asked,
        "candidates": answer.candidates,
        "within_limits": answer.within,
        "best": [_row(plan) for plan in answer.best],
        "front": [_row(plan) for plan in answer.front],
    }


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    date = {"weeks": row["weeks"]} if "weeks" in row else {}
    return {
        "cluster": row["template"], "cards": row["cards"], "tokens/s kept": round(row["training_goodput_tokens_per_s"]),
        "CNY/Mtoken": round(row["cny_per_mtoken"], 3), "capex MCNY": round(row["budget_cny"] / 1e6, 1),
        "site kW": round(row["power_w"] / 1e3), "racks": int(row["racks"]), **date,
        "plan": row["plan"], "next size": row["next_cards"], "breaks": row["next_breaks"],
    }  # fmt: skip


def _table(result: dict[str, Any]) -> str:
    best = result["best"][0]
    if best["next_cards"] is None:
        binds = "nothing binds: it is the largest size looked at"
    elif best["next_breaks"] == "nothing":
        binds = (
            f"nothing binds: {best['next_cards']} cards meet the limits, too, and do no better or fit no plan"
        )
    else:
        binds = f"{best['next_breaks']} binds: {best['next_cards']} cards would break it"
    return "\n".join(
        [
            f"{result['candidates']} candidates, {result['within_limits']} within the limits and with a plan; {binds}",
            render_table([_shown(row) for row in result["best"]], "table"), "",
            "no cheaper cluster keeps more tokens than these",
            render_table([_shown(row) for row in result["front"]], "table"),
        ]
    )  # fmt: skip


@click.command("break-even")
@click.argument("scenario")
@set_option
@click.option(
    "--unknown", type=click.Choice(["price", "sold_share", "tariff"]), default="price", show_default=True,
    help="What to solve for: the card's price, the share of hours sold, the price of electricity.",
)  # fmt: skip
@click.option(
    "--against", type=click.Choice(["incumbent", "rent", "api"]), default="incumbent", show_default=True,
    help="Cost per trained token of an incumbent, rent of a card-hour, or price of a million served tokens.",
)  # fmt: skip
@click.option("--incumbent", help="Scenario of the incumbent; absent: the scenario's own.")
@click.option("--mark", type=float, help="CNY per card-hour (rent) or per million tokens (incumbent, api).")
@click.option("--serving", help="With api: the serving scenario whose output tokens per card-hour count.")
@format_option("table", "json")
def break_even_command(
    scenario: str,
    sets: tuple[str, ...],
    unknown: str,
    against: str,
    incumbent: str | None,
    mark: float | None,
    serving: str | None,
    fmt: str,
) -> None:
    """Find the price, share of hours sold, or tariff at which SCENARIO's cluster matches what it is held against."""
    from dataclasses import asdict

    from clustersim.cli.study_common import parse_sets
    from clustersim.planner.break_even import break_even

    hours = _hours_per_mtoken(serving) if serving else None
    found = break_even(
        scenario, parse_sets(sets), unknown=unknown, against=against, mark=mark, incumbent=incumbent,
        hours_per_mtoken=hours,
    )  # fmt: skip
    result = {"scenario": scenario, **asdict(found)}
    emit_object(result, fmt, lambda: _sentence(result))


def _hours_per_mtoken(name: str) -> float:
    """Card-hours that a million output tokens take at the largest rate within the service level."""
    from clustersim.planner.serving import rate_at_slo
    from clustersim.schema.serving import load_serving

    at = rate_at_slo(load_serving(name, ()), None)
    return float(1e6 / 3600 * at.cards / at.output_tokens_per_s)


def _sentence(result: dict[str, Any]) -> str:
    unit = "" if result["unit"] == "1" else f" {result['unit']}"
    return (
        f"{result['scenario']}: {result['unknown']} {result['value']:,.6g}{unit} gives {result['cost_there']:,.4g}"
        f" {result['mark_unit']}, the {result['against']}'s {result['mark']:,.4g}; now {result['now']:,.6g}{unit} gives"
        f" {result['cost_now']:,.4g}"
    )
