"""``clustersim plan training``: the best plans of a model on some cards, and why they win; or a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clustersim.cli.options import emit_rows, format_option, set_option
from clustersim.cli.plan_options import Words, limit_options, order_day, templates_of

if TYPE_CHECKING:
    from clustersim.perf.search import FoundPlan, Other
    from clustersim.planner.plans import PlannedRun, Ranking
    from clustersim.planner.training import PlanSearch, Question

__all__ = ["command"]

_SHOWN = ("tp", "pp", "dp", "cp", "ep", "interleave", "micro_batch", "recompute", "zero", "sequence_parallel")
_OFFLOAD = ("offload_optimizer", "offload_activations")


@click.command(name="training")
@click.argument("scenario")
@set_option
@click.option(
    "--cards", "counts", help="Numbers of cards to consider, for example 512,1024; the scenario's by default."
)
@click.option(
    "--front", is_flag=True, help="Show the plans that none beats in time, memory and cost at once."
)
@click.option("--why", is_flag=True, help="Show what each choice of the best plan is worth, and why.")
@click.option(
    "--offload", is_flag=True, help="Consider keeping optimizer or activations in host memory, too."
)
@limit_options
@format_option()
def command(
    scenario: str, sets: tuple[str, ...], counts: str | None, front: bool, why: bool, offload: bool, fmt: str,
    **options: Any,
) -> None:  # fmt: skip
    """Find the fastest plans for a training workload of SCENARIO on its cards; under limits, the cluster for it.

    With --tokens the days that they take are told. With --days, --budget, --power, --racks or --date the size is asked
    for: the cheapest cluster that meets a deadline, or the fastest within the other limits. Plans are ranked by time
    corrected for the known error of their kind; differences under 0.5 % are ties, and the cheaper wins.
    """
    words = Words(**options)
    if words.limited:
        _cluster(scenario, sets, words, counts, fmt)
        return
    from clustersim.planner.plans import rank_plans

    templates, source = templates_of((scenario,), sets, words)
    if words.batch == "auto":
        click.echo("--batch auto sizes the batch of a cluster that is asked for; here it is kept", err=True)
    ranking = rank_plans(templates, _counts(counts), top=words.top, offload=offload, front=front)
    for reason in ranking.unpriced:
        click.echo(f"no cost per token: {reason}", err=True)
    if why:
        rows = [row for asked, search in ranking.searches for row in _reasons(asked, search, offload)]
    else:
        shown = _SHOWN + (_OFFLOAD if offload else ())
        rows = [_row(plan, ranking, words, shown) for plan in ranking.plans]
    if words.write is not None:
        _write(ranking, words.write, source)
    emit_rows(rows, fmt)
    _said(ranking)


def _cluster(scenario: str, sets: tuple[str, ...], words: Words, counts: str | None, fmt: str) -> None:
    """Under limits the question is about a cluster: the same search as of ``plan cluster``."""
    from clustersim.cli.plan_output import answer_plan
    from clustersim.errors import InputError

    if counts is not None:
        raise InputError("--cards states the size, and limits ask for it; give one of them")
    if fmt not in ("table", "json"):
        raise InputError(f"-f {fmt}: a cluster is told as a table or as json")
    if words.days is not None and words.tokens is None:
        raise InputError("--days needs the tokens that are to be trained: --tokens, for example --tokens 2T")
    timed = words.tokens is not None and (words.days is not None or words.latest is not None)
    answer_plan((scenario,), sets, words, "capex_cny" if timed else "goodput", fmt)


def _counts(text: str | None) -> list[int | None]:
    """The card counts of a list; nothing for the scenario's own.

    Raises InputError for what is no whole number above zero.
    """
    from clustersim.errors import InputError

    if text is None:
        return [None]
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() and int(part) > 0 for part in parts):
        raise InputError(f"--cards {text}: write whole numbers above zero, for example 512,1024")
    return [int(part) for part in parts]


def _row(plan: PlannedRun, ranking: Ranking, words: Words, shown: Sequence[str]) -> dict[str, Any]:
    from clustersim.perf.shortlist import kind_of

    work, found, cost = plan.asked.work, plan.found, plan.cny_per_mtoken
    row: dict[str, Any] = {"cluster": plan.asked.inputs.name, "cards": found.plan.cards}
    row |= {
        "step_time_s": found.step_time_s,
        "corrected_step_time_s": plan.corrected_s,
        "kind": kind_of(found.plan),
        "tie": ranking.tie(plan),
        "tokens_per_s": work.global_batch * work.seq_len / found.step_time_s,
        "memory_gib": found.memory_bytes / 2**30,
        "cny_per_mtoken": None if cost != cost else cost,
        "global_batch": work.global_batch,
        **_days(plan, words),
        "binds": found.binds,
        "then": found.then,
    }
    return row | {name: getattr(found.plan, name) for name in shown}


def _days(plan: PlannedRun, words: Words) -> dict[str, Any]:
    """Days to the last token, and their spread, where tokens are asked for."""
    from clustersim.planner.finish import finish_of

    tokens = words.token_count
    if tokens is None:
        return {}
    names = ("days", "days_p10", "days_p90")
    if plan.run is None:
        return dict.fromkeys((*names, "finish_date"))
    ordered = order_day(words, plan.asked.inputs)
    # The cluster stands: its work begins on the day of the order.
    done = finish_of(plan.asked, plan.run, tokens, ordered=ordered, weeks=0.0)
    day = done.on(done.days)
    return {name: getattr(done, name) for name in names} | {
        "finish_date": day.isoformat() if day is not None else None
    }


def _reasons(asked: Question, search: PlanSearch, offload: bool) -> list[dict[str, Any]]:
    """What each choice of the winner is worth, and what the memory of the cards costs."""
    from clustersim.planner.training import best_plans

    best, corrected = search.best[0], search.errors.corrected
    rows = [_why(best, other, corrected(other.found) / corrected(best) - 1) for other in search.others]
    roomy = best_plans(asked, top=1, offload=offload, roomy=True).best[0]
    return [*rows, _capacity(best, roomy, corrected(roomy) / corrected(best) - 1, asked)]


def _why(best: FoundPlan, other: Other, slower: float) -> dict[str, Any]:
    return {
        "cards": best.plan.cards,
        "choice": other.choice,
        "best": getattr(best.plan, other.choice),
        "otherwise": getattr(other.found.plan, other.choice),
        "step_time_s": other.found.step_time_s,
        "slower_pct": 100 * slower,
        "because_more": other.because,
        "memory_gib": other.found.memory_bytes / 2**30,
    }


def _capacity(best: FoundPlan, roomy: FoundPlan, slower: float, asked: Question) -> dict[str, Any]:
    """What the memory of the cards costs: the fastest plan of all, whether it fits or not."""
    memory = asked.job.card.memory_bytes
    return {
        "cards": best.plan.cards,
        "choice": "memory_gib",
        "best": memory / 2**30,
        "otherwise": max(memory, roomy.memory_bytes) / 2**30,
        "step_time_s": roomy.step_time_s,
        "slower_pct": 100 * slower,
        "because_more": "capacity" if slower < -1e-9 else "nothing",
        "memory_gib": roomy.memory_bytes / 2**30,
    }


def _write(ranking: Ranking, name: str, source: Any) -> None:
    """The first plan as a scenario: ``plan: best`` where the corridor finds that plan itself, else the plan stated."""
    from clustersim.errors import InputError
    from clustersim.pipeline import run_site
    from clustersim.planner.finish import work_named
    from clustersim.planner.written import write_scenario
    from clustersim.workloads.training import plan_words

    first = ranking.plans[0]
    if first.run is None:
        raise InputError(f"--write {name}: the plan has no price to promise: {ranking.unpriced[0]}")
    asked = first.asked
    words = plan_words(first.found.plan)
    own = run_site(asked.inputs)
    found = work_named(own, asked.name).layout["plan"] == words
    write_scenario(
        Path(name), asked, source, own if found else first.run, plan=None if found else first.found,
        head=f"planned for demand.{asked.name}: {words}",
    )  # fmt: skip
    click.echo(f"written: {name}; run it with clustersim run {name}", err=True)


def _said(ranking: Ranking) -> None:
    from clustersim.planner.ranking import TIE

    possible = sum(search.possible for _, search in ranking.searches)
    fitting = sum(search.fitting for _, search in ranking.searches)
    click.echo(f"{possible:,} possible plans, {fitting:,} fit the memory", err=True)
    tied = sum(bool(ranking.tie(plan)) for plan in ranking.plans)
    if tied:
        click.echo(
            f"{tied} of the others tie with the first: within {TIE:.1%}, where the cheaper comes first, or within what"
            " is known of the error of their kinds",
            err=True,
        )
