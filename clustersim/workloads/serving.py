"""Serving: the deployment by the stated or the best plan, at the largest rate that its service level allows.

What a card-hour yields is asked at the sustainable rate, not at whatever the traffic offers: an overloaded cluster has
no cost per token, and clusters are compared at equal service level.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clustersim.assemble.serving import deployment, requests_of, slo_of
from clustersim.des.serving.book import Requests
from clustersim.des.serving.capacity import STABLE_SHARE, largest_rate
from clustersim.des.serving.costs import TokenSeconds, token_seconds
from clustersim.des.serving.deployment import (
    Deployment,
    card_seconds,
    check_slo,
    of_run,
    saturation,
    steady,
    with_request_time,
)
from clustersim.des.serving.metrics import Slo, Summary, Use, summarise
from clustersim.errors import ClusterSimError, InfeasibleError, InputError
from clustersim.schema.demand import ServingWorkload, identity
from clustersim.schema.inputs import Inputs
from clustersim.schema.serving import ServingPlan
from clustersim.workloads.work import Load, Product, StageCache, Work

__all__ = ["Capacity", "ServingDetail", "candidates", "capacity", "planned", "work_of"]


@dataclass(frozen=True, slots=True)
class Capacity:
    """The largest rate of a deployment at its service level, and how it is then."""

    requests_per_s: float
    saturated_requests_per_s: float
    summary: Summary
    use: Use
    seconds: TokenSeconds
    held_card_s: float

    def per_card_s(self, tokens: float) -> float:
        """Tokens of the run by card-second that was held."""
        return tokens / self.held_card_s


@dataclass(frozen=True, slots=True)
class ServingDetail:
    """The deployment with its plan, its requests, its service level and its capacity."""

    deployment: Deployment
    plan: ServingPlan
    stated: bool
    requests: Requests
    slo: Slo
    capacity: Capacity


def capacity(deployed: Deployment, requests: Requests, slo: Slo, *, tolerance: float = 0.01) -> Capacity:
    """Return the largest rate of a deployment at its service level, with the run at that rate.

    Raises InputError for requests that all arrive at once, InfeasibleError where no rate meets the level.
    """
    if requests.rate <= 0:
        raise InputError("traffic: a search over the rate needs arrivals spread over time")
    still = steady(deployed)
    check_slo(still, requests, slo)
    saturated = saturation(still, requests)
    rate = largest_rate(
        requests,
        lambda r: still.simulate(r, log=False),
        slo,
        tolerance=tolerance,
        most=STABLE_SHARE * saturated,
    )
    run = still.simulate(requests.faster(rate / requests.rate))
    return Capacity(
        requests_per_s=rate,
        saturated_requests_per_s=saturated,
        summary=with_request_time(summarise(run, slo), deployed.request_s),
        use=of_run(run, still),
        seconds=token_seconds(run, still.terms, still.decode_terms),
        held_card_s=card_seconds(run, still),
    )


def candidates(inputs: Inputs, work: ServingWorkload) -> list[ServingPlan]:
    """Return the plans of a replica that ``best`` considers: tensor-parallel degrees inside a coherent domain."""
    scale_up = inputs.parts.card.scale_up
    domain = int(scale_up.domain.value) if scale_up is not None else 8
    model = inputs.model(work)
    degrees = [tp for tp in (1, 2, 4, 8, 16, 32, 64) if tp <= max(domain, 1) and model.heads % tp == 0]
    return [ServingPlan(tp=tp) for tp in degrees]


def planned(
    inputs: Inputs, work: ServingWorkload, cache: StageCache
) -> tuple[ServingDetail, tuple[str, ...]]:
    """Return the deployment of a workload at its capacity, by its stated plan or by the best one.

    The best plan gives most tokens per card at the service level.

    Raises InfeasibleError, with the reason of the plan that came nearest, where none serves.
    """
    requests, _ = requests_of(work, inputs.scenario.seed)
    if work.plan != "best":
        return _at(inputs, work, work.plan, requests, cache, stated=True), ()
    found, refused = [], []
    for plan in candidates(inputs, work):
        try:
            found.append(_at(inputs, work, plan, requests, cache, stated=False))
        except ClusterSimError as error:
            refused.append(f"tp {plan.tp}: {str(error).splitlines()[0]}")
    if not found:
        raise InfeasibleError(
            f"no plan serves {work.model} on {inputs.parts.card.name} at the service level: {'; '.join(refused)}"
        )
    best = max(found, key=lambda d: d.capacity.requests_per_s / steady(d.deployment).cards)
    return best, tuple(refused)


def _at(
    inputs: Inputs,
    work: ServingWorkload,
    plan: ServingPlan,
    requests: Requests,
    cache: StageCache,
    *,
    stated: bool,
) -> ServingDetail:
    deployed = deployment(inputs, work, plan)
    slo = slo_of(work, deployed)
    content = (deployed, requests.rate, len(requests), identity(work), slo)
    at = cache.get("serving capacity", content, lambda: capacity(deployed, requests, slo))
    return ServingDetail(deployed, plan, stated, requests, slo, at)


def _products(at: Capacity) -> tuple[Product, tuple[Product, ...]]:
    """Tokens by a card-hour: all together, and by kind with the share of the busy time that each takes."""
    s = at.seconds
    busy = max(s.busy_s, 1e-300)
    parts = tuple(
        Product(name, at.per_card_s(tokens) * 3600 / 1e6, seconds / busy)
        for name, tokens, seconds in (
            ("input_mtoken", s.input_tokens, s.input_s),
            ("cached_mtoken", s.cached_tokens, s.cached_s),
            ("output_mtoken", s.output_tokens, s.output_s),
        )
        if tokens > 0
    )
    tokens = s.input_tokens + s.cached_tokens + s.output_tokens
    return Product("served_mtoken", at.per_card_s(tokens) * 3600 / 1e6), parts


def _load(use: Use) -> Load:
    """Shares of the busy time; ``Use`` counts shares of the held time."""
    busy = max(use.busy, 1e-12)
    return Load(min(use.compute / busy, 1.0), min(use.memory_bandwidth / busy, 1.0), 0.0, use.busy)


def work_of(inputs: Inputs, name: str, work: ServingWorkload, cache: StageCache) -> Work:
    """Return what a serving workload makes of the site's card-hours, at its service level.

    Raises InfeasibleError where the model does not fit or no rate meets the level.
    """
    detail, _ = planned(inputs, work, cache)
    at = detail.capacity
    main, parts = _products(at)
    cards = steady(detail.deployment).cards
    summary = at.summary
    plan = detail.plan
    return Work(
        name=name,
        kind="serving",
        share=inputs.scenario.shares[name],
        asked=identity(work),
        main=main,
        products=(main, *parts),
        load=_load(at.use),
        service={
            "slo_share": summary.slo_share,
            "ttft_p50_s": summary.ttft_s["p50"],
            "ttft_p99_s": summary.ttft_s["p99"],
            "tpot_p50_s": summary.tpot_s["p50"],
            "tpot_p99_s": summary.tpot_s["p99"],
        },
        rates={
            "requests_per_s_per_card": at.requests_per_s / cards,
            "input_tokens_per_s_per_card": at.per_card_s(at.seconds.input_tokens),
            "cached_tokens_per_s_per_card": at.per_card_s(at.seconds.cached_tokens),
            "output_tokens_per_s_per_card": at.per_card_s(at.seconds.output_tokens),
            "busy_share": at.use.busy,
        },
        terms=_terms(at.seconds),
        layout={
            "plan": f"tp {plan.tp}" + (f", pp {plan.pp}" if plan.pp > 1 else "")
            + (f", dp {plan.dp}" if plan.dp > 1 else "") + (f", ep {plan.ep}" if plan.ep > 1 else ""),
            "cards_per_replica": detail.deployment.layout.cards,
            "stated": detail.stated,
        },
        notes=_notes(detail.deployment),
        detail=detail,
    )  # fmt: skip


def _notes(deployment: Deployment) -> tuple[str, ...]:
    """What the figures leave out or take for granted."""
    constants = (
        "engine constants are the card's default: no engine was measured on this card and model (assumption)"
    )
    said = tuple(f"not modelled: {text}" for text in deployment.terms.not_modelled)
    return said if deployment.calibrated else (constants, *said)


def _terms(seconds: TokenSeconds) -> Mapping[str, float]:
    busy = max(seconds.busy_s, 1e-300)
    return {
        "prefill_share": seconds.input_s / busy,
        "cached_share": seconds.cached_s / busy,
        "decode_share": seconds.output_s / busy,
    }
