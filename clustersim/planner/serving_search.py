"""Serving searched: plan, batch, chunk and formats under the service level; throughput against interactivity with its
cost; the largest fleet within a budget, a power or a number of racks.

All by the closed form, every scheduler's plans in one call of it. An answer says where the form does not hold for its
rate: there `Serving.rate_at_slo` simulates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from clustersim.assemble.purchase import purchase
from clustersim.assemble.traffic import slo_of, stream_spec
from clustersim.des.serving.closed_form import closed_form
from clustersim.des.serving.fluid_inputs import traffic_of
from clustersim.errors import InfeasibleError, InputError
from clustersim.planner.candidates import Limits
from clustersim.planner.ranking import fair_front
from clustersim.planner.serving import Serving
from clustersim.planner.serving_answers import RateAnswer
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.schema.serving import PrecisionSection, ServingPlan
from clustersim.workloads.serving_plans import Ranked, candidates, ranked, refusal
from clustersim.workloads.serving_points import stacked

__all__ = ["FleetAnswer", "FrontierRow", "Option", "frontier_rows", "largest_fleet", "options"]

#: Sequences and new tokens of an iteration that are tried: what engines are run with, in steps of two.
SEQUENCES = (32, 64, 128, 256, 512, 1024)
TOKENS = (1024, 2048, 4096, 8192, 16384)
#: Formats that are tried where they are asked for: what they do to the answers' quality is not modelled.
FORMATS = (
    {"weights": "16bit", "linear": "16bit", "cache": "16bit"},
    {"weights": "8bit", "linear": "8bit", "cache": "16bit"},
    {"weights": "8bit", "linear": "8bit", "cache": "8bit"},
    {"weights": "4bit", "linear": "16bit", "cache": "16bit"},
)
#: Shares of the saturated rate at which the frontier is drawn.
LOADS = np.concatenate([[0.01, 0.03, 0.06], np.linspace(0.1, 0.95, 18), [0.98]])


@dataclass(frozen=True, slots=True)
class Option:
    """One way to serve with one replica: its plan, its scheduler, its formats, and what it yields at the level.

    ``tokens_per_s_per_user`` is one over the mean TPOT at that rate (none for answers of one token); ``holds`` whether
    the closed form does, ``why`` why not.
    """

    tp: int
    pp: int
    dp: int
    ep: int
    cards: int
    max_sequences: int
    max_tokens: int
    weights: str
    linear: str
    cache: str
    requests_per_s: float
    requests_per_s_per_card: float
    tokens_per_s_per_user: float | None
    ttft_p90_s: float
    cny_per_mtoken: float | None
    holds: bool
    why: str


def options(
    serving: Serving, *, formats: bool = False, step: Callable[[str], None] = lambda _: None
) -> list[Option]:
    """Return the ways to serve under the level by cost per token, cheapest first (by cards where there is no cost).

    Every plan that ``best`` considers (or the stated one), every scheduler of `SEQUENCES` x `TOKENS` and the
    scenario's own, and with ``formats`` those of `FORMATS`.

    Raises InfeasibleError where none meets the level, by the name of what can never fit where that is why.
    """
    found: list[Option] = []
    looked: list[Ranked] = []
    for work in _schedulers(serving.work, formats):
        plans = [work.plan] if isinstance(work.plan, ServingPlan) else candidates(serving.inputs, work)
        rows = ranked(serving.inputs, work, plans)
        looked += rows
        found += [_option(serving, work, row) for row in rows if row.per_card_s > 0]
        step(f"{work.batching.max_sequences} sequences, {work.batching.max_tokens} tokens")
    if not found:
        raise refusal(serving.inputs, serving.work, looked) or InfeasibleError(
            f"{serving.inputs.parts.card.name} cannot serve {serving.work.model} at the service level by any plan,"
            " batch or chunk; relax the level or use another card"
        )
    return sorted(found, key=_dear)


def _dear(one: Option) -> tuple[float, int, int, int]:
    worth = one.cny_per_mtoken if one.cny_per_mtoken is not None else 1.0 / one.requests_per_s_per_card
    return worth, one.cards, one.max_sequences, one.max_tokens


def _schedulers(work: ServingWorkload, formats: bool) -> Iterator[ServingWorkload]:
    """The workload, one replica of it, with every scheduler and format that is tried; its own first."""
    own, one = work.batching, work.model_copy(update={"replicas": 1})
    pairs = dict.fromkeys(
        [(own.max_sequences, own.max_tokens), *((s, t) for s in SEQUENCES for t in TOKENS if t > 2 * s)]
    )
    given = work.precision.model_dump(exclude={"attention"})
    kinds = [given, *(f for f in FORMATS if f != given)] if formats else [given]
    for kind in kinds:
        precision = PrecisionSection(**{**work.precision.model_dump(), **kind})
        for sequences, tokens in pairs:
            rules = own.model_copy(update={"max_sequences": sequences, "max_tokens": tokens})
            yield one.model_copy(update={"batching": rules, "precision": precision})


def _option(serving: Serving, work: ServingWorkload, row: Ranked) -> Option:
    assert row.form is not None and row.fluid is not None
    i, plan, rules, kind = row.index, row.plan, work.batching, work.precision
    form = row.form.take(np.array([i]))
    return Option(
        tp=plan.tp,
        pp=plan.pp,
        dp=plan.dp,
        ep=plan.ep,
        cards=row.fluid.cards,
        max_sequences=rules.max_sequences,
        max_tokens=rules.max_tokens,
        weights=kind.weights,
        linear=kind.linear,
        cache=kind.cache,
        requests_per_s=float(form.rate_at_slo_per_s[0]),
        requests_per_s_per_card=row.per_card_s,
        tokens_per_s_per_user=1.0 / tpot if (tpot := float(form.tpot_s["mean"][0])) > 0.0 else None,
        ttft_p90_s=float(form.ttft_s["p90"][0]) + row.fluid.request_s,
        cny_per_mtoken=serving.cost(row.fluid.cards, float(form.tokens_per_s[0])),
        holds=bool(form.slo_holds[0]),
        why=form.slo_why[0],
    )


@dataclass(frozen=True, slots=True)
class FrontierRow:
    """One load of one plan that no other beats: a card's tokens against a user's, and the cost of a million."""

    tp: int
    pp: int
    dp: int
    ep: int
    cards: int
    load: float
    """Of the saturated rate."""
    requests_per_s: float
    tokens_per_s_per_card: float
    tokens_per_s_per_user: float
    ttft_p90_s: float
    slo_share: float | None
    """Of the stated level; none where there is no bound."""
    meets: bool
    """Whether that is the level's share, or there is no level."""
    cny_per_mtoken: float | None
    holds: bool


#: Share within the level below which a load that misses it is not listed: it serves nobody as was asked.
LEAST_SHARE = 0.01


def frontier_rows(serving: Serving) -> list[FrontierRow]:
    """Return throughput against interactivity over all plans and loads: what no other beats, slowest user first.

    First the loads that meet the level, then those that miss it, by what share of the requests they serve within it:
    the level cuts the frontier, and ``meets`` says where.

    Raises InfeasibleError where no plan can be laid out.
    """
    work = serving.work.model_copy(update={"replicas": 1})
    plans = [work.plan] if isinstance(work.plan, ServingPlan) else candidates(serving.inputs, work)
    looked = ranked(serving.inputs, work, plans)
    fits = [row for row in looked if row.fluid is not None and row.unfit is None]
    if not fits:
        raise refusal(serving.inputs, work, looked) or InfeasibleError(
            f"no plan of {work.model} fits {serving.inputs.parts.card.name}; use more or larger cards"
        )
    if not traffic_of(stream_spec(work, serving.inputs.scenario.seed)).output > 1.0:
        raise InputError(
            f"{serving.inputs.name}: every answer is one token, and has no pace for a frontier; ask --search"
        )
    rows = _loaded(serving, work, fits)
    good = _front([r for r in rows if r.meets])
    missed = [r for r in _front(rows) if not r.meets and (r.slo_share or 0.0) >= LEAST_SHARE]
    return good + sorted(missed, key=lambda r: -(r.slo_share or 0.0))


def _front(rows: Sequence[FrontierRow]) -> list[FrontierRow]:
    return fair_front(rows, lambda r: (1.0 / r.tokens_per_s_per_card, 1.0 / r.tokens_per_s_per_user))


def _loaded(serving: Serving, work: ServingWorkload, fits: Sequence[Ranked]) -> list[FrontierRow]:
    """Every plan at every load, all in one closed form."""
    traffic = traffic_of(
        stream_spec(work, serving.inputs.scenario.seed),
        cached_share=fits[0].fluid.cached_share if fits[0].fluid else 0.0,
    )
    pairs = [(row, load) for row in fits for load in LOADS]
    tops = [float(row.form.saturated_per_s[row.index]) * load for row, load in pairs if row.form is not None]
    fleets = [row.fluid.fleet for row, _ in pairs if row.fluid is not None]
    first = fits[0].fluid
    assert first is not None
    slo = slo_of(work, first.request_s)
    form = closed_form(stacked(fleets), traffic, slo, rate_per_s=np.array(tops))
    p90 = form.ttft_s["p90"]
    out = []
    for i, (row, load) in enumerate(pairs):
        assert row.fluid is not None
        plan, cards, tokens = row.plan, row.fluid.cards, float(form.tokens_per_s[i])
        out.append(
            FrontierRow(
                tp=plan.tp,
                pp=plan.pp,
                dp=plan.dp,
                ep=plan.ep,
                cards=cards,
                load=float(load),
                requests_per_s=float(form.rate_per_s[i]),
                tokens_per_s_per_card=tokens / cards,
                tokens_per_s_per_user=float(1.0 / max(form.tpot_s["mean"][i], 1e-12)),
                ttft_p90_s=float(p90[i]) + row.fluid.request_s,
                slo_share=float(form.slo_share[i]) if slo.bounds else None,
                meets=bool(not slo.bounds or form.slo_share[i] >= slo.share),
                cny_per_mtoken=serving.cost(cards, tokens),
                holds=bool(form.holds[i]),
            )
        )
    return out


@dataclass(frozen=True, slots=True)
class FleetAnswer:
    """The largest fleet within the limits, the rate that it carries at the level, and what the next server breaks."""

    cards: int
    replicas: int
    decode_replicas: int
    budget_cny: float
    power_w: float
    racks: float
    binds: str
    rate: RateAnswer


def largest_fleet(serving: Serving, limits: Limits, *, most: int = 16_384) -> FleetAnswer:
    """Return the largest cluster, in whole servers, within the limits, all of it serving, and its rate at the level.

    A split deployment keeps the ratio of its pools. Bill, provisioned power and racks are those of the whole site.

    Raises InfeasibleError, with what it takes, where not even one deployment's servers are within the limits.
    """
    detail, step = serving.detail(), int(serving.inputs.parts.server.cards.value)
    unit = detail.cards // serving.work.replicas if serving.work.disaggregated is None else detail.cards
    least = -(-unit // step)
    if binds := _over(_takes(serving.inputs, least * step), limits):
        raise InfeasibleError(
            f"not even {least * step} cards, which one deployment needs: they break {binds}"
        )
    low, high = least, max(most // step, least)
    while high - low > 0:
        middle = (low + high + 1) // 2
        if _over(_takes(serving.inputs, middle * step), limits):
            high = middle - 1
        else:
            low = middle
    cards, times = low * step, low * step // unit
    takes, next_one = _takes(serving.inputs, cards), _takes(serving.inputs, cards + step)
    asked = _sized(serving, times, detail.plan)
    split = asked.work.disaggregated
    return FleetAnswer(
        cards=cards,
        replicas=asked.work.replicas,
        decode_replicas=split.decode_replicas if split else 0,
        **takes,
        binds=_over(next_one, limits) or f"the most that is looked at, {most} cards",
        rate=asked.rate_at_slo(),
    )


def _sized(serving: Serving, times: int, plan: ServingPlan) -> Serving:
    """The same question with so many replicas, or so many times a split deployment's pools."""
    work, split = serving.work, serving.work.disaggregated
    update: dict[str, object] = {"plan": plan, "replicas": times * (work.replicas if split else 1)}
    if split is not None:
        pools = split.model_copy(update={"decode_replicas": times * split.decode_replicas})
        update["disaggregated"] = pools
    demand = {**serving.inputs.scenario.demand, serving.name: work.model_copy(update=update)}
    scenario = serving.inputs.scenario.model_copy(update={"demand": demand})
    return Serving(replace(serving.inputs, scenario=scenario), serving.name)


def _takes(inputs: Inputs, cards: int) -> dict[str, float]:
    """What a site of so many cards takes of each limit."""
    cluster = inputs.scenario.cluster
    count = replace(cluster.cards, value=float(cards)) if cluster.cards is not None else None
    scenario = inputs.scenario.model_copy(update={"cluster": cluster.model_copy(update={"cards": count})})
    bought = purchase(replace(inputs, scenario=scenario))
    return {
        "budget_cny": bought.bill.total_cny,
        "power_w": bought.provisioned_it_w * inputs.tco.pue.value,
        "racks": float(bought.racks.total),
    }


def _over(takes: dict[str, float], limits: Limits) -> str:
    """The limits that are broken, in words."""
    names = {"budget_cny": "the budget", "power_w": "the power", "racks": "the racks"}
    return ", ".join(names[name] for name, most in limits.asked().items() if takes.get(name, 0.0) > most)
