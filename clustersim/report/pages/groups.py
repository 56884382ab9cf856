"""What is asked of a fabric, of serving or of collectives on a site of unlike cards: of each group, and of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from clustersim.assemble.groups import joint, phases_of
from clustersim.errors import InfeasibleError, InputError, suggest
from clustersim.planner.asked import Words, limits_of
from clustersim.planner.cluster import OBJECTIVES
from clustersim.planner.pools import Pool, filled, pools_of, shared_out
from clustersim.planner.serving import Serving
from clustersim.planner.subsets import added, best_subsets, subsets
from clustersim.planner.training import chosen_workload
from clustersim.report.answer import Answer, Block, Row
from clustersim.report.pages.collectives import collectives_answer
from clustersim.report.pages.fabric import fabric_answer
from clustersim.report.pages.serving import serve_answer
from clustersim.report.pages.serving_plans import Backwards, serving_plan_answer
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.inputs import Inputs

__all__ = [
    "collectives_of_groups", "fabric_of_groups", "groups_plan", "serve_on_groups", "serving_plan_of_groups",
]  # fmt: skip


def _by_group(
    inputs: Inputs, ask: Callable[[Inputs], Answer], *, sites: Sequence[Inputs] = (), said: Sequence[str] = ()
) -> Answer:
    """One question asked of each group: its data by name, its rows with the group, its page under a heading.

    A group that cannot is left out and said; raises InfeasibleError where none can.
    """
    answers: dict[str, Answer] = {}
    reasons: list[str] = []
    for group in sites or inputs.groups:
        try:
            answers[group.group] = ask(group)
        except InfeasibleError as error:
            reasons.append(f"{group.group} ({group.parts.card.name}) cannot: {error}")
    if not answers:
        raise InfeasibleError(f"{inputs.name}: no group can: {'; '.join(reasons)}")
    of = {group.group: group for group in inputs.groups}

    def page() -> list[Block]:
        blocks: list[Block] = []
        for name, answer in answers.items():
            blocks += [f"{name}: {of[name].cards} x {of[name].parts.card.name}", *answer.blocks, ""]
        return blocks

    each = [text for answer in answers.values() for text in answer.said]
    return Answer(
        name=next(iter(answers.values())).name,
        data={"scenario": inputs.name, "groups": {name: a.data for name, a in answers.items()}},
        page=page,
        rows=[{"group": name, **row} for name, a in answers.items() for row in a.table],
        files=lambda: {f"{name}/{file}": c for name, a in answers.items() for file, c in a.files().items()},
        said=[*dict.fromkeys(each), *reasons, *said],
    )


def _with(answer: Answer, key: str, rows: Sequence[Row], words: str) -> Answer:
    """The answer with a table of the whole site before those of the groups."""
    assert isinstance(answer.data, Mapping)
    return replace(
        answer, data={**answer.data, key: list(rows)}, page=lambda: [words, rows, "", *answer.blocks]
    )


def fabric_of_groups(inputs: Inputs) -> Answer:
    """Return every group's fabric as a graph, and what joins the groups."""
    link = joint(inputs)
    row = {
        "bytes_per_s_per_card": link.bandwidth, "uplinks": sum(link.ports.values()), "switches": link.switches,
        "modules": link.modules,
    }  # fmt: skip
    return _with(_by_group(inputs, fabric_answer), "link", [row], "what joins the groups")


def collectives_of_groups(inputs: Inputs, kind: str, sizes: Sequence[float], cards: int | None) -> Answer:
    """Return the times of collectives inside each group; between unlike groups only a training step exchanges."""
    return _by_group(
        inputs,
        lambda group: collectives_answer(group, kind, sizes, cards),
        said=["a collective is one group's: what passes between groups is in the step (clustersim train)"],
    )


def _phases(inputs: Inputs, workload: str) -> str:
    """Which group takes prompts and which answers, in words; empty where the workload does not put them apart."""
    work = inputs.scenario.demand[chosen_workload(inputs, "serving", workload)]
    assert isinstance(work, ServingWorkload)
    first, second = phases_of(inputs, work)
    if second is None:
        return ""
    return (
        f"prompts on {first.parts.card.name} ({first.group}), answers on {second.parts.card.name} ({second.group});"
        " what a card-hour costs is the mean of the whole site"
    )


def _told_apart(answer: Answer, words: str) -> Answer:
    assert isinstance(answer.data, Mapping)
    return replace(answer, data={"phases": words, **answer.data}, page=lambda: [words, "", *answer.blocks])


def serve_on_groups(inputs: Inputs, workload: str, *, whole: bool = False, error: float = 0.01) -> Answer:
    """Serve the traffic on all groups, each its share by what it carries at the service level; where groups take the
    phases of a workload, its deployment over both."""
    if apart := _phases(inputs, workload):
        return _told_apart(serve_answer(inputs, workload, whole=whole, error=error), apart)
    pools = pools_of(inputs, workload)
    shares = shared_out(pools)
    sites = [shares[name].inputs for name in shares]
    answer = _by_group(
        inputs, lambda group: serve_answer(group, pools[0].name, whole=whole, error=error), sites=sites
    )
    rows: list[dict[str, Any]] = [
        {
            "group": pool.group, "card": pool.inputs.parts.card.name, "cards": pool.cards,
            "share_of_traffic": shares[pool.group].share if pool.group in shares else 0.0,
            "carries_requests_per_s": pool.requests_per_s, "idle_because": pool.reason,
        }
        for pool in pools
    ]  # fmt: skip
    words = (
        "the traffic goes to the groups by what each carries at the service level on the workload's replicas"
    )
    return _with(answer, "shares", rows, words)


def serving_plan_of_groups(
    inputs: Inputs, workload: str, asked: Backwards, tell: Callable[[str], None]
) -> Answer:
    """Ask serving backwards of each group; for a demand, fill the groups by cost of a token, the cheapest first."""
    if apart := _phases(inputs, workload):
        if asked.limits is not None:
            raise InputError(
                f"{inputs.name}: --budget, --power and --racks size a fleet of equal cards, and this workload's phases"
                " are on unlike groups; ask for --demand, or change cluster.groups.NAME.cards"
            )
        return _told_apart(serving_plan_answer(inputs, workload, asked, tell), apart)
    demand = asked.requests_per_s
    if demand is None and asked.tokens_per_day is not None:
        demand = Serving(inputs.groups[0], workload).requests_per_s(asked.tokens_per_day)
    if demand is None:
        return _by_group(inputs, lambda group: serving_plan_answer(group, workload, asked, tell))
    taken: dict[str, Pool] = {pool.group: pool for pool in filled(pools_of(inputs, workload), demand)}

    def ask(group: Inputs) -> Answer:
        part = replace(asked, requests_per_s=taken[group.group].takes_per_s, tokens_per_day=None)
        return serving_plan_answer(group, workload, part, tell)

    answer = _by_group(inputs, ask, sites=[g for g in inputs.groups if g.group in taken])
    rows = [
        {
            "group": pool.group, "card": pool.inputs.parts.card.name, "cards": pool.inputs.cards,
            "cny_per_mtoken": pool.cny_per_mtoken, "takes_requests_per_s": pool.takes_per_s,
        }
        for pool in taken.values()
    ]  # fmt: skip
    words = f"{demand:,.4g} requests/s by groups, the cheapest token first"
    return _with(answer, "filled", rows, words)


def groups_plan(
    inputs: Inputs, words: Words, objective: str, tell: Callable[[int, int], None] = lambda done, of: None
) -> Answer:
    """Say which of a site's groups to have under limits, and what each adds to the others.

    Raises InputError for words that ask for other clusters than those of the groups.
    """
    _only_groups(words)
    if objective not in OBJECTIVES:
        raise InputError(f"{objective!r} is unknown here; {suggest(objective, list(OBJECTIVES))}")
    name = chosen_workload(inputs, "training", words.workload)
    limits = limits_of(words, inputs)
    found = subsets(inputs, name, limits, words.token_count, tell)
    best = best_subsets(found, objective, limits)
    rows = [
        {
            "groups": "+".join(s.names), "cards": s.cards, "training_goodput_tokens_per_s": s.goodput_tokens_per_s,
            "cny_per_mtoken": s.cny_per_mtoken, **s.takes,
        }
        for s in best[: words.top]
    ]  # fmt: skip
    adds = [asdict(one) for one in added(found)]
    head = (
        f"{inputs.name}, {name}: {len(found)} subsets of the groups, {len(best)} within the limits and with a plan; the"
        f" best by {objective} first"
    )
    data = {
        "scenario": inputs.name, "workload": name, "objective": objective, "limits": limits.asked(),
        "candidates": len(found), "within_limits": len(best), "best": rows, "added": adds,
    }  # fmt: skip
    table: list[Block] = [head, rows]
    return Answer(
        name="plan_cluster", data=data, rows=rows,
        page=lambda: [*table, "", "what a group adds to all the others", adds] if adds else table,
    )  # fmt: skip


def _only_groups(words: Words) -> None:
    """Raise InputError for words that the groups of a site do not take."""
    given = {
        "--card": bool(words.card_names), "--nic": bool(words.nic_names), "--batch": words.batch != "keep",
        "--demand": bool(words.demand), "--own-site": words.own_site, "--write": words.write is not None,
        "--probability": words.probability is not None,
    }  # fmt: skip
    wrong = [word for word, there in given.items() if there]
    if wrong:
        raise InputError(
            f"{', '.join(wrong)}: the groups of a site are what is chosen from, each with its own cards and NICs;"
            " change them with --set cluster.groups.NAME.card=… or --vary, and leave this out"
        )
