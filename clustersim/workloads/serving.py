"""Serving: the deployment by the stated or the best plan, at the largest rate that its service level allows.

What a card-hour yields is asked at the sustainable rate, not at whatever the traffic offers: an overloaded cluster has
no cost per token, and clusters are compared at equal service level. The closed form answers where it holds, a
simulation of a stationary stream elsewhere; the result names which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from clustersim.assemble.serving import (
    FluidDeployment,
    content_of,
    deployment,
    fluid_deployment,
    slo_of,
    stream_spec,
)
from clustersim.des.serving.closed_form import ClosedForm, Fleet, FluidPool, closed_form
from clustersim.des.serving.costs import token_seconds
from clustersim.des.serving.deployment import of_run, steady, with_request_time
from clustersim.des.serving.fluid_inputs import stack_costs, traffic_of
from clustersim.des.serving.metrics import Slo, summarise
from clustersim.des.serving.steady import rate_at_slo
from clustersim.des.serving.stream import Stream
from clustersim.errors import ClusterSimError, InfeasibleError, InputError
from clustersim.schema.demand import ServingWorkload, identity
from clustersim.schema.inputs import Inputs
from clustersim.schema.serving import ServingPlan
from clustersim.workloads.work import Load, Product, StageCache, Work

__all__ = ["Capacity", "ServingDetail", "candidates", "planned", "ranked", "work_of"]

#: Requests of the simulated run that is read where the closed form does not hold.
_SIMULATED = 20_000
#: Cards of a replica at most, where the best plan is searched for.
_MOST_CARDS = 64


@dataclass(frozen=True, slots=True)
class Capacity:
    """The largest rate of a deployment at its service level, and how it is then; rates are of all its replicas."""

    requests_per_s: float
    saturated_requests_per_s: float
    input_tokens_per_s: float
    cached_tokens_per_s: float
    output_tokens_per_s: float
    input_share: float
    """Of the busy replica-time, what prompts take."""
    slo_share: float
    ttft_s: Mapping[str, float]
    tpot_s: Mapping[str, float]
    load: Load
    fidelity: str
    why: str


@dataclass(frozen=True, slots=True)
class ServingDetail:
    """The deployment with its plan, its stream, its service level and its capacity."""

    fluid: FluidDeployment = field(repr=False)
    plan: ServingPlan
    stated: bool
    stream: Stream = field(repr=False)
    slo: Slo
    capacity: Capacity
    refused: tuple[str, ...]
    """Plans that ``best`` could not take, and why."""

    @property
    def cards(self) -> int:
        """Cards of all replicas that the traffic goes to."""
        return self.fluid.cards


def candidates(inputs: Inputs, work: ServingWorkload) -> list[ServingPlan]:
    """Return the plans of a replica that ``best`` considers: tensors inside a coherent domain, and for experts whole
    domains whose cards each hold some of them."""
    scale_up, model = inputs.parts.card.scale_up, inputs.model(work)
    domain = max(1, int(scale_up.domain.value) if scale_up is not None else 8)
    degrees = [tp for tp in (1, 2, 4, 8, 16, 32, 64) if tp <= domain and model.heads % tp == 0]
    plans = [ServingPlan(tp=tp) for tp in degrees]
    plans += [ServingPlan(tp=degrees[-1], pp=pp) for pp in (2, 4)]
    experts = model.moe.experts if model.moe is not None else 0
    for tp in degrees:
        for dp in (1, 2, 4, 8, 16, 32):
            cards = tp * dp
            if experts and 1 < cards <= _MOST_CARDS and experts % cards == 0:
                plans.append(ServingPlan(tp=tp, dp=dp, ep=cards))
    return plans


@dataclass(frozen=True, slots=True)
class Ranked:
    """One plan with its closed form; what it yields is zero, and ``reason`` says why, where it cannot serve."""

    plan: ServingPlan
    fluid: FluidDeployment | None
    form: ClosedForm | None
    index: int
    reason: str = ""
    error: ClusterSimError | None = None
    """Why the plan cannot be laid out at all."""

    @property
    def per_card_s(self) -> float:
        """Requests per second and card at the service level."""
        if self.form is None or self.fluid is None:
            return 0.0
        return float(self.form.rate_at_slo_per_s[self.index]) / self.fluid.cards


def ranked(inputs: Inputs, work: ServingWorkload, plans: Sequence[ServingPlan]) -> list[Ranked]:
    """Return the plans with what they yield per card at the service level, best first; all in one closed form."""
    built: list[tuple[ServingPlan, FluidDeployment]] = []
    refused: list[Ranked] = []
    for plan in plans:
        try:
            built.append((plan, fluid_deployment(inputs, work, plan)))
        except ClusterSimError as error:
            refused.append(Ranked(plan, None, None, 0, str(error).splitlines()[0], error))
    if not built:
        return refused
    stream, first = stream_spec(work, inputs.scenario.seed), built[0][1]
    traffic = traffic_of(stream, cached_share=first.cached_share)
    form = closed_form(_stacked([one.fleet for _, one in built]), traffic, slo_of(work, first.request_s))
    rows = [Ranked(plan, one, form, i, _reason(form, i, one)) for i, (plan, one) in enumerate(built)]
    return sorted(rows, key=lambda r: (-r.per_card_s, r.fluid.cards if r.fluid else 0)) + refused


def _reason(form: ClosedForm, i: int, one: FluidDeployment) -> str:
    if form.rate_at_slo_per_s[i] > 0:
        return ""
    ttft, tpot = form.ttft_s["p50"][i] + one.request_s, form.tpot_s["p50"][i]
    return (
        f"the SLO is below the unloaded latency (best reachable: TTFT {ttft:.4g} s, TPOT {tpot * 1e3:.4g} ms in the"
        " median)"
    )


def _stacked(fleets: Sequence[Fleet]) -> Fleet:
    """Several fleets of one scheduler as the points of one."""
    if len(fleets) == 1:
        return fleets[0]

    def stack(pools: Sequence[FluidPool]) -> FluidPool:
        first = pools[0]
        replicas = np.array([float(np.ravel(p.replicas)[0]) for p in pools])
        return FluidPool(stack_costs([p.cost for p in pools]), first.rules, replicas, first.pooled)

    decode = [f.decode for f in fleets if f.decode is not None]
    return Fleet(
        stack([f.pool for f in fleets]),
        stack(decode) if decode else None,
        np.array([float(np.ravel(f.transfer_latency_s)[0]) for f in fleets]),
        np.array([float(np.ravel(f.transfer_token_s)[0]) for f in fleets]),
    )


def planned(inputs: Inputs, work: ServingWorkload, cache: StageCache) -> ServingDetail:
    """Return the deployment of a workload at its capacity, by its stated plan or by the best one.

    The best plan gives most requests per card at the service level.

    Raises InfeasibleError, with the reason of every plan, where none serves.
    """
    stated = work.plan != "best"
    plans = [work.plan] if not isinstance(work.plan, str) else candidates(inputs, work)
    rows = ranked(inputs, work, plans)
    best = rows[0]
    if all(isinstance(row.error, InputError) for row in rows) or (stated and best.error is not None):
        assert best.error is not None
        raise best.error
    if best.per_card_s <= 0 or best.fluid is None or best.form is None:
        reasons = dict.fromkeys(f"{_words(row.plan)}: {row.reason}" for row in rows)
        raise InfeasibleError(
            f"{inputs.parts.card.name} cannot serve {work.model} at the service level: {'; '.join(reasons)}. Relax"
            " the level, change the plan, or use another card"
        )
    slo, stream = slo_of(work, best.fluid.request_s), stream_spec(work, inputs.scenario.seed)
    at = _closed(best.fluid, best.form, best.index)
    if not best.form.holds[best.index]:
        content = (best.fluid, identity(work), best.plan, slo)
        at = cache.get("serving capacity", content, lambda: _simulated(inputs, work, best, stream, slo))
    return ServingDetail(
        best.fluid, best.plan, stated, stream, slo, at, tuple(r.reason for r in rows if r.reason)
    )


def _closed(one: FluidDeployment, form: ClosedForm, i: int) -> Capacity:
    tensor, memory, link, busy = _use(form, one, i)
    return Capacity(
        requests_per_s=float(form.rate_at_slo_per_s[i]),
        saturated_requests_per_s=float(form.saturated_per_s[i]),
        input_tokens_per_s=float(form.input_tokens_per_s[i]),
        cached_tokens_per_s=float(form.cached_tokens_per_s[i]),
        output_tokens_per_s=float(form.output_tokens_per_s[i]),
        input_share=float(form.input_share[i]),
        slo_share=float(form.slo_share[i]),
        ttft_s={name: float(v[i]) + one.request_s for name, v in form.ttft_s.items()},
        tpot_s={name: float(v[i]) for name, v in form.tpot_s.items()},
        load=Load(tensor, memory, link, busy),
        fidelity="closed form",
        why=form.why[i],
    )


def _use(form: ClosedForm, one: FluidDeployment, i: int) -> tuple[float, float, float, float]:
    """Use of the cards of all pools, by their busy time."""
    pools = [form.use] if form.decode_use is None else [form.use, form.decode_use]
    weights = [float(use.busy_s[i]) for use in pools]
    total = max(sum(weights), 1e-12)
    shares = [use.shares(one.peak_flops, one.bandwidth) for use in pools]
    mean = [sum(w * float(s[k][i]) for w, s in zip(weights, shares, strict=True)) / total for k in range(3)]
    busy = sum(float(use.busy[i]) for use in pools) / len(pools)
    return mean[0], mean[1], mean[2], busy


def _simulated(inputs: Inputs, work: ServingWorkload, best: Ranked, stream: Stream, slo: Slo) -> Capacity:
    """The capacity by simulation of a stationary stream, where the closed form does not hold."""
    assert best.form is not None
    deployed = deployment(inputs, work, best.plan)
    still, seed = steady(deployed), inputs.scenario.seed
    found = rate_at_slo(stream, lambda r: still.simulate(r, log=False), slo, seed=seed, tolerance=0.01)
    run = still.simulate(stream.at(found.rate).draw(_SIMULATED, np.random.default_rng(seed)))
    summary, use = with_request_time(summarise(run, slo), deployed.request_s), of_run(run, still)
    seconds = token_seconds(run, still.terms, still.decode_terms)
    traffic = traffic_of(stream, cached_share=deployed.cached_share)
    busy = max(use.busy, 1e-12)
    return Capacity(
        requests_per_s=found.rate,
        saturated_requests_per_s=found.saturated,
        input_tokens_per_s=found.rate * traffic.new,
        cached_tokens_per_s=found.rate * traffic.cached,
        output_tokens_per_s=found.rate * traffic.output,
        input_share=(seconds.input_s + seconds.cached_s) / max(seconds.busy_s, 1e-12),
        slo_share=found.share.share,
        ttft_s=summary.ttft_s,
        tpot_s=summary.tpot_s,
        load=Load(min(use.compute / busy, 1.0), min(use.memory_bandwidth / busy, 1.0), 0.0, use.busy),
        fidelity="simulation",
        why=best.form.why[best.index],
    )


def _products(at: Capacity, cards: int) -> tuple[Product, tuple[Product, ...]]:
    """Tokens by a card-hour: all together, and by kind with the share of the busy time that each takes."""

    def made(name: str, tokens_per_s: float, share: float = 1.0) -> Product:
        return Product(name, tokens_per_s * 3600 / 1e6 / cards, share)

    parts = [made("input_mtoken", at.input_tokens_per_s, at.input_share)]
    if at.cached_tokens_per_s > 0:
        parts.append(made("cached_mtoken", at.cached_tokens_per_s, 0.0))
    parts.append(made("output_mtoken", at.output_tokens_per_s, 1.0 - at.input_share))
    total = at.input_tokens_per_s + at.cached_tokens_per_s + at.output_tokens_per_s
    return made("served_mtoken", total), tuple(parts)


def _words(plan: ServingPlan) -> str:
    return ", ".join(
        f"{n} {getattr(plan, n)}" for n in ("tp", "pp", "dp", "ep") if n == "tp" or getattr(plan, n) > 1
    )


def work_of(inputs: Inputs, name: str, work: ServingWorkload, cache: StageCache) -> Work:
    """Return what a serving workload makes of the site's card-hours, at its service level.

    Raises InfeasibleError where the model does not fit or no rate meets the level.
    """
    detail = cache.get("serving plan", content_of(inputs, work), lambda: planned(inputs, work, cache))
    at, cards = detail.capacity, detail.cards
    main, parts = _products(at, cards)
    notes = [] if at.fidelity == "closed form" else [f"capacity by simulation: {at.why}"]
    if not detail.fluid.calibrated:
        notes.append(
            "engine constants are the card's default: none were fitted on this card and model (assumption)"
        )
    return Work(
        name=name,
        kind="serving",
        share=inputs.scenario.shares[name],
        asked=identity(work),
        main=main,
        products=(main, *parts),
        load=at.load,
        service={
            "slo_share": at.slo_share,
            "ttft_p50_s": at.ttft_s["p50"],
            "ttft_p99_s": at.ttft_s["p99"],
            "tpot_p50_s": at.tpot_s["p50"],
            "tpot_p99_s": at.tpot_s["p99"],
        },
        rates={
            "requests_per_s_per_card": at.requests_per_s / cards,
            "input_tokens_per_s_per_card": at.input_tokens_per_s / cards,
            "cached_tokens_per_s_per_card": at.cached_tokens_per_s / cards,
            "output_tokens_per_s_per_card": at.output_tokens_per_s / cards,
            "busy_share": at.load.busy,
        },
        terms={"prefill_share": at.input_share, "decode_share": 1.0 - at.input_share},
        layout={"plan": _words(detail.plan), "cards_per_deployment": cards, "stated": detail.stated},
        notes=tuple(notes),
        detail=detail,
    )
