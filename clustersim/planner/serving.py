"""Questions about serving asked backwards: the largest rate at a service level, cards for a demand, the cheapest plan.

Every trial serves the same requests, faster or slower or on more replicas (common random numbers), so an answer
moves with the question and not with the draw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil

from clustersim.des.serving.book import Requests
from clustersim.des.serving.capacity import STABLE_SHARE, largest_rate, meets
from clustersim.des.serving.metrics import summarise
from clustersim.errors import ClusterSimError, InfeasibleError, InputError
from clustersim.planner.serving_deploy import (
    Deployment,
    check_slo,
    deploy,
    saturation,
    serve,
    slo_of,
    steady,
)
from clustersim.planner.serving_traffic import requests_of
from clustersim.schema.serving import ComparisonCard, LoadedServing, ServingPlan

__all__ = [
    "CardsAnswer",
    "PlanRow",
    "RateAnswer",
    "cards_for_demand",
    "cheapest_plan",
    "rate_at_slo",
    "value_inputs",
]

Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RateAnswer:
    """The largest rate at the service level of a deployment, and what it is worth."""

    card: str
    cards: int
    tp: int
    replicas: int
    requests_per_s: float
    output_tokens_per_s: float
    tokens_per_s: float
    saturated_requests_per_s: float
    cny_per_mtoken: float | None


@dataclass(frozen=True, slots=True)
class CardsAnswer:
    """The fewest replicas, and so cards, that carry a demand at the service level."""

    card: str
    replicas: int
    cards: int
    demand_per_s: float
    slo_share: float
    one_replica_per_s: float


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One parallel plan in the comparison; ``reason`` where it cannot serve."""

    card: str
    tp: int
    pp: int
    cards: int
    requests_per_s: float | None
    cny_per_mtoken: float | None
    reason: str = ""


def _quiet(_: str) -> None:
    """Take no notice of progress."""


def _replicas(deployment: Deployment, count: int) -> Deployment:
    """Return the deployment with another number of (entry) replicas, without failures, scaling or refusals."""
    still = steady(deployment)
    return replace(still, pool=replace(still.pool, replicas=count))


def _cost_per_mtoken(deployment: Deployment, tokens_per_s: float) -> float | None:
    hour = deployment.card_hour_cny
    if hour is None or tokens_per_s <= 0:
        return None
    return deployment.cards * hour / 3600.0 / tokens_per_s * 1e6


def _spread(requests: Requests, loaded: LoadedServing) -> Requests:
    if requests.rate <= 0:
        raise InputError(f"{loaded.file}: traffic: a search over the rate needs arrivals spread over time")
    return requests


def rate_at_slo(
    loaded: LoadedServing,
    other: ComparisonCard | None = None,
    *,
    requests: Requests | None = None,
    tolerance: float = 0.01,
) -> RateAnswer:
    """Return the largest rate at which the scenario's service level holds on one of its cards.

    Raises InfeasibleError, with the best reachable latency, where no rate meets it.
    """
    given = _spread(requests if requests is not None else requests_of(loaded)[0], loaded)
    deployment = steady(deploy(loaded, other))
    slo = slo_of(loaded, deployment)
    check_slo(deployment, given, slo)
    saturated = saturation(deployment, given)
    rate = largest_rate(
        given,
        lambda r: deployment.simulate(r, log=False),
        slo,
        tolerance=tolerance,
        most=STABLE_SHARE * saturated,
    )
    summary = summarise(deployment.simulate(given.faster(rate / given.rate), log=False), slo)
    out = rate * float(given.output.mean())
    both = out + rate * float(given.prompt.mean())
    return RateAnswer(
        card=deployment.card,
        cards=deployment.cards,
        tp=deployment.layout.tp,
        replicas=deployment.pool.replicas,
        requests_per_s=rate,
        output_tokens_per_s=min(out, summary.output_tokens_per_s * 1.02),
        tokens_per_s=both,
        saturated_requests_per_s=saturated,
        cny_per_mtoken=_cost_per_mtoken(deployment, both),
    )


def cards_for_demand(
    loaded: LoadedServing,
    demand_per_s: float,
    other: ComparisonCard | None = None,
    *,
    requests: Requests | None = None,
    most: int = 4096,
) -> CardsAnswer:
    """Return the fewest replicas that carry ``demand_per_s`` requests per second at the service level.

    Starts from the demand over one replica's largest rate and steps down or up until the answer is tight.

    Raises InputError for a demand that is not positive, InfeasibleError where more than ``most`` are needed.
    """
    if not demand_per_s > 0:
        raise InputError(f"a demand of {demand_per_s} requests/s; it must be above zero")
    given = _spread(requests if requests is not None else requests_of(loaded)[0], loaded)
    base = deploy(loaded, other)
    if base.decode_pool is not None:
        raise InputError(
            f"{loaded.file}: cards for a demand needs replicas that do both; drop serving.disaggregated"
        )
    slo = slo_of(loaded, base)
    alone = _replicas(base, 1)
    # A finite run of an overloaded site may still meet the level: it must also be stable.
    stable = STABLE_SHARE * saturation(alone, given)
    single = largest_rate(given, lambda r: alone.simulate(r, log=False), slo, tolerance=0.02, most=stable)
    wanted = given.faster(demand_per_s / given.rate)

    def holds(count: int) -> bool:
        return demand_per_s <= count * stable and meets(
            _replicas(base, count).simulate(wanted, log=False), slo
        )

    count = max(1, ceil(demand_per_s / single))
    if count > most:
        raise InfeasibleError(
            f"{demand_per_s:g} requests/s need about {count} replicas of {base.layout.cards} cards; at most {most}"
            " are allowed"
        )
    while count > 1 and holds(count - 1):
        count -= 1
    while not holds(count):
        count += 1
        if count > most:
            raise InfeasibleError(
                f"{most} replicas do not carry {demand_per_s:g} requests/s at the service level"
            )
    share = summarise(_replicas(base, count).simulate(wanted, log=False), slo).slo_share
    return CardsAnswer(base.card, count, count * base.layout.cards, demand_per_s, share, single)


def cheapest_plan(
    loaded: LoadedServing,
    *,
    degrees: Sequence[int] = (1, 2, 4, 8),
    requests: Requests | None = None,
    with_comparison: bool = False,
    step: Step = _quiet,
) -> list[PlanRow]:
    """Return every tensor-parallel degree with its largest rate at the service level and its cost, cheapest first.

    Each plan is one replica of its cards. A plan that does not fit or never meets the level keeps its reason.
    """
    given = _spread(requests if requests is not None else requests_of(loaded)[0], loaded)
    cards: list[ComparisonCard | None] = [None, *(loaded.scenario.compare if with_comparison else ())]
    rows = []
    for other in cards:
        for tp in degrees:
            row = _plan_row(loaded, other, tp, given)
            rows.append(row)
            step(f"{row.card} tp={tp}")
    return sorted(
        rows, key=lambda r: (r.cny_per_mtoken is None, r.cny_per_mtoken or 0.0, -(r.requests_per_s or 0.0))
    )


def _plan_row(loaded: LoadedServing, other: ComparisonCard | None, tp: int, given: Requests) -> PlanRow:
    serving = loaded.scenario.serving
    assert serving is not None
    name = other.card if other else loaded.scenario.cluster.card
    plan = ServingPlan(tp=tp, pp=serving.plan.pp)
    trial = (other or ComparisonCard(card=name)).model_copy(update={"plan": plan, "replicas": 1})
    try:
        answer = rate_at_slo(loaded, trial, requests=given, tolerance=0.02)
    except ClusterSimError as error:
        return PlanRow(name, tp, plan.pp, tp * plan.pp, None, None, str(error))
    return PlanRow(name, tp, plan.pp, answer.cards, answer.requests_per_s, answer.cny_per_mtoken)


def value_inputs(loaded: LoadedServing, other: ComparisonCard | None = None) -> dict[str, float | None]:
    """Return what the inference segment of the value-in-use price needs from a serving scenario.

    Tokens per second and card at the service level, the share of time the cards are busy under the scenario's own
    traffic, and the cost per million tokens at the largest rate.
    """
    best = rate_at_slo(loaded, other)
    answer = serve(loaded, requests_of(loaded)[0], other)
    return {
        "tokens_per_s_per_card_at_slo": best.tokens_per_s / best.cards,
        "output_tokens_per_s_per_card_at_slo": best.output_tokens_per_s / best.cards,
        "utilisation": answer.use.busy,
        "cny_per_mtoken": best.cny_per_mtoken,
    }
