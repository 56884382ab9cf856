"""The best plans of a training workload as a table, and what each choice of the best one is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from clustersim.errors import InputError
from clustersim.perf.search import FoundPlan, Other
from clustersim.perf.shortlist import kind_of
from clustersim.pipeline.site import run_site
from clustersim.planner.asked import Words, order_day, sureness_of, templates_of
from clustersim.planner.finish import finish_of, work_named
from clustersim.planner.plans import PlanChance, PlannedRun, Ranking, fare, rank_plans
from clustersim.planner.ranking import TIE
from clustersim.planner.training import PlanSearch, Question, best_plans, chosen_workload
from clustersim.planner.uncertainty import LEADS
from clustersim.planner.written import Source, write_scenario
from clustersim.report.answer import Answer, listed
from clustersim.report.pages.clusters import clusters_answer
from clustersim.schema.inputs import Inputs
from clustersim.workloads.mixture import ways_together
from clustersim.workloads.training import plan_words

__all__ = ["mixture_answer", "plans_answer"]

_SHOWN = ("tp", "pp", "dp", "cp", "ep", "interleave", "micro_batch", "recompute", "zero", "sequence_parallel")
_OFFLOAD = ("offload_optimizer", "offload_activations")


def plans_answer(
    scenario: str, sets: Mapping[str, object], words: Words, counts: Sequence[int] = (), *, front: bool = False,
    why: bool = False, offload: bool = False, tell: Callable[[int, int], None] = lambda done, of: None,
) -> Answer:  # fmt: skip
    """Find the fastest plans for a training workload on its cards; under limits, the cluster for it.

    Raises InputError for sizes that are stated and asked for at once.
    """
    if words.limited:
        return _cluster(scenario, sets, words, counts, tell)
    templates, source = templates_of((scenario,), sets, words)
    ranking = rank_plans(templates, list(counts) or [None], top=words.top, offload=offload, front=front)
    said = [f"no cost per token: {reason}" for reason in ranking.unpriced]
    if words.batch == "auto":
        said.append("--batch auto sizes the batch of a cluster that is asked for; here it is kept")
    if why:
        rows = [row for asked, search in ranking.searches for row in _reasons(asked, search, offload)]
    else:
        shown = _SHOWN + (_OFFLOAD if offload else ())
        sure = sureness_of((scenario,), sets, words)
        chances = fare(ranking, sure) if sure is not None else [None] * len(ranking.plans)
        rows = [
            _row(plan, ranking, words, shown) | _drawn(chance)
            for plan, chance in zip(ranking.plans, chances, strict=True)
        ]
        said += _lead(rows, sure.draws if sure is not None else 0)
    if words.write is not None:
        said.append(_file(ranking, words.write, source))
    return listed("plan_training", rows, said=[*said, *_said(ranking)])


def _cluster(
    scenario: str,
    sets: Mapping[str, object],
    words: Words,
    counts: Sequence[int],
    tell: Callable[[int, int], None],
) -> Answer:
    """Under limits the question is about a cluster: the same search as of ``plan cluster``."""
    if counts:
        raise InputError("--cards states the size, and limits ask for it; give one of them")
    if words.days is not None and words.tokens is None:
        raise InputError("--days needs the tokens that are to be trained: --tokens, for example --tokens 2T")
    timed = words.tokens is not None and (words.days is not None or words.latest is not None)
    return clusters_answer((scenario,), sets, words, "capex_cny" if timed else "goodput", tell)


def _row(plan: PlannedRun, ranking: Ranking, words: Words, shown: Sequence[str]) -> dict[str, Any]:
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


def _drawn(chance: PlanChance | None) -> dict[str, Any]:
    """P10 and P90 of the step and of the token's cost, and the share of the draws in which the plan is the best."""
    if chance is None:
        return {}
    step, cost = chance.step_time_s, chance.cny_per_mtoken
    return {
        "step_time_s_p10": step.p10, "step_time_s_p90": step.p90, "cny_per_mtoken_p10": cost.p10,
        "cny_per_mtoken_p90": cost.p90, "share_wins": chance.share_wins,
    }  # fmt: skip


def _lead(rows: Sequence[Mapping[str, Any]], draws: int) -> list[str]:
    """Whether the first leads over the draws, and what would settle it where it does not."""
    shares = [row.get("share_wins") for row in rows]
    if not draws or len(shares) < 2 or None in shares:
        return []
    best = max(float(share or 0.0) for share in shares)
    each = ", ".join(f"{share:.0%}" for share in shares)
    said = f"of {draws} draws of all that is uncertain the plans are the best in {each}"
    if best >= LEADS:
        return [said]
    kinds = {row["kind"] for row in rows}
    what = "one step by each kind of plan" if len(kinds) > 1 else "one step by each of these plans"
    return [f"{said}: a tie, that {what} measured on this card would settle"]


def _days(plan: PlannedRun, words: Words) -> dict[str, Any]:
    """Days to the last token, and their spread, where tokens are asked for."""
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


def _file(ranking: Ranking, name: str, source: Source) -> str:
    """The first plan as a scenario: ``plan: best`` where the corridor finds that plan itself, else the plan stated."""
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
    return f"written: {name}; run it with clustersim run {name}"


def _said(ranking: Ranking) -> list[str]:
    possible = sum(search.possible for _, search in ranking.searches)
    fitting = sum(search.fitting for _, search in ranking.searches)
    tied = sum(bool(ranking.tie(plan)) for plan in ranking.plans)
    said = [f"{possible:,} possible plans, {fitting:,} fit the memory"]
    if tied:
        said.append(
            f"{tied} of the others tie with the first: within {TIE:.1%}, where the cheaper comes first, or within what"
            " is known of the error of their kinds"
        )
    return said


def mixture_answer(inputs: Inputs) -> Answer:
    """The ways in which the groups of a site can train the first training workload together, the fastest first."""
    name = chosen_workload(inputs, "training", first=True)
    ways = ways_together(inputs, name)
    rows = [
        {
            "groups": "+".join(part.name for part in way.parts), "share": way.share,
            "cards": sum(part.job.cards for part in way.parts), "tokens_per_s": way.tokens_per_s,
            "plans": "; ".join(f"{part.name}: {plan_words(part.job.plan)}" for part in way.parts),
        }
        for way in ways
    ]  # fmt: skip
    said = [f"all groups together: {ways[0].refused}"] if ways[0].refused else []
    head = f"{inputs.name}, {name}: {len(rows)} ways that could be the fastest, of every subset and share"
    return Answer(
        name="plan_training", data={"scenario": inputs.name, "ways": rows}, page=lambda: [head, "", rows], rows=rows,
        said=said,
    )  # fmt: skip
