"""From a checked serving scenario to what the simulation takes, and one run of it with all its figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from clustersim.assemble import card_spec, model_spec, needed
from clustersim.des.serving.book import Requests
from clustersim.des.serving.build import replica_cost, table_terms
from clustersim.des.serving.capacity import Verdict, best_reachable, saturated_rate, verdict
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.costs import TokenCost, token_cost, token_seconds
from clustersim.des.serving.metrics import Slo, Summary, Use, summarise, use
from clustersim.des.serving.rules import Batching
from clustersim.des.serving.run import ServingRun
from clustersim.des.serving.settings import Autoscale, ClosedLoop, Failures, Pool, Transfer
from clustersim.des.training.components import failure_classes
from clustersim.errors import InfeasibleError, InputError
from clustersim.fabric.network import Network
from clustersim.perf.serving_calibrated import constants_kind, efficiency_for, is_calibrated
from clustersim.perf.serving_cost import IterationTerms
from clustersim.perf.serving_engine import TYPICAL_CONTEXT, Layout, Precision, cache_tokens
from clustersim.perf.serving_exchange import kv_transfer_seconds
from clustersim.perf.serving_reserve import BatchLimits, reserve_of
from clustersim.perf.serving_work import tokens_per_step
from clustersim.schema.profiles import CardProfile, NicProfile
from clustersim.schema.serving import (
    ComparisonCard,
    FailureSection,
    LoadedServing,
    PrecisionSection,
    ServingPlan,
)

__all__ = ["Answer", "Deployment", "deploy", "network_of", "serve", "slo_of", "steady"]

#: Seconds per step inside a domain where the profile is silent (as for training; published hop times 0.6-5.7 us).
_HOP_S = 4e-6
#: Three switches between two servers, about 1 us each (published switch latencies; as the shipped profiles).
_SWITCHES_S = 3e-6


@dataclass(frozen=True, slots=True)
class Deployment:
    """One card's deployment, ready to run."""

    card: str
    layout: Layout
    decode_layout: Layout | None
    pool: Pool
    decode_pool: Pool | None
    transfer: Transfer | None
    terms: IterationTerms
    decode_terms: IterationTerms | None
    router: str
    failures: Failures | None
    autoscale: Autoscale | None
    cached_share: float
    closed_loop: ClosedLoop | None
    seed: int
    request_s: float
    peak_flops: float
    bandwidth: float
    idle_w: float
    tdp_w: float
    card_hour_cny: float | None
    calibrated: bool

    @property
    def cards(self) -> int:
        """Cards of all replicas (the most there can be, with autoscaling)."""
        count = max(self.pool.replicas, self.autoscale.maximum if self.autoscale else 0)
        decode = (
            self.decode_pool.replicas * self.decode_layout.cards
            if self.decode_pool and self.decode_layout
            else 0
        )
        return count * self.layout.cards + decode

    def simulate(self, requests: Requests, *, log: bool = True) -> ServingRun:
        """Run these requests; the same seed gives the same run."""
        return simulate(
            requests,
            self.pool,
            router=self.router,
            closed_loop=self.closed_loop,
            decode_pool=self.decode_pool,
            transfer=self.transfer,
            failures=self.failures,
            autoscale=self.autoscale,
            cached_share=self.cached_share,
            rng=np.random.default_rng(self.seed),
            log=log,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What one deployment does with the traffic."""

    deployment: Deployment
    summary: Summary
    use: Use
    verdict: Verdict | None
    cost: TokenCost | None
    run: ServingRun

    def plain(self) -> dict[str, Any]:
        """Return the figures as plain values, without the run."""
        d = self.deployment
        return {
            "card": d.card,
            "cards": d.cards,
            "tp": d.layout.tp,
            "replicas": d.pool.replicas,
            "engine_constants": "calibrated"
            if d.calibrated
            else "not calibrated for this card and model (assumption)",
            "not_modelled": list(d.terms.not_modelled),
            "cache_tokens_per_replica": d.pool.cost.cache_tokens,
            **asdict(self.summary),
            "use": asdict(self.use),
            "cost_cny_per_mtoken": asdict(self.cost) if self.cost else None,
            "verdict": asdict(self.verdict) if self.verdict else None,
        }


def network_of(card: CardProfile, nic: NicProfile, per_card: float, oversubscription: float) -> Network:
    """Return the network that a replica's cards see."""
    if card.scale_up is None:
        raise InputError(f"cards.{card.name}.scale_up is not in the profile, and this run needs it")
    share = card.efficiency.scale_up
    return Network(
        scale_up_size=int(card.scale_up.domain.value),
        scale_up_bandwidth=card.scale_up.bandwidth.value,
        scale_up_latency=card.scale_up.latency.value if card.scale_up.latency else _HOP_S,
        scale_up_wiring=card.scale_up.wiring,
        scale_up_efficiency=share.value if share else 0.8,
        scale_out_bandwidth=nic.rate.value * per_card,
        scale_out_latency=nic.latency.value + _SWITCHES_S,
        scale_out_efficiency=nic.efficiency.value,
        oversubscription=oversubscription,
        dies_per_card=card.dies,
        die_bandwidth=card.die_to_die.bandwidth.value if card.die_to_die else 0.0,
    )


def _layout(plan: ServingPlan) -> Layout:
    return Layout(tp=plan.tp, pp=plan.pp, dp=plan.dp, ep=plan.ep)


def _precision(section: PrecisionSection) -> Precision:
    return Precision(section.weights, section.linear, section.attention, section.cache)


def _batching(loaded: LoadedServing, *, prefill_only: bool) -> Batching:
    serving = loaded.scenario.serving
    assert serving is not None
    b, s = serving.batching, serving.speculative
    return Batching(
        max_tokens=b.max_tokens,
        max_sequences=b.max_sequences,
        chunked=b.chunked,
        mixed=b.mixed,
        max_waiting=b.max_waiting,
        timeout_s=b.timeout.value if b.timeout else float("inf"),
        prefill_only=prefill_only,
        tokens_per_step=tokens_per_step(s.draft_tokens, s.acceptance.value) if s else 1,
        draft_tokens=s.draft_tokens if s else 0,
    )


def _context(loaded: LoadedServing) -> float:
    """Tokens of a sequence at mid-answer, where the scenario states its lengths."""
    traffic = loaded.scenario.traffic
    if traffic is None or traffic.prompt is None or traffic.output is None:
        return TYPICAL_CONTEXT
    return traffic.prompt.mean.value + traffic.output.mean.value / 2.0


def _pools(
    loaded: LoadedServing, card: CardProfile, network: Network, other: ComparisonCard | None
) -> dict[str, Any]:
    """Build the pools, their terms and the transfer between them."""
    serving = loaded.scenario.serving
    assert serving is not None and loaded.scenario.model is not None
    spec, model = card_spec(card), model_spec(loaded.models[loaded.scenario.model])
    precision = _precision((other.precision if other else None) or serving.precision)
    layout = _layout((other.plan if other else None) or serving.plan)
    efficiency = efficiency_for(serving.engine, spec, constants_kind(model, precision.linear))
    reserve, context = reserve_of(serving.engine), _context(loaded)
    split = serving.disaggregated

    def pool(count: int, lay: Layout, *, prefill_only: bool) -> tuple[Pool, IterationTerms]:
        rules = _batching(loaded, prefill_only=prefill_only)
        room = cache_tokens(
            model, lay, precision, spec, memory_share=serving.memory_share.value, reserve=reserve,
            limits=BatchLimits(rules.max_tokens, rules.max_sequences), context=context,
        )  # fmt: skip
        terms = table_terms(model, lay, spec, network, efficiency, precision, rules, context)
        known = int(room * serving.prefix.memory_share.value) if serving.prefix else 0
        return Pool(count, replica_cost(terms, room), rules, known), terms

    first, terms = pool(
        (other.replicas if other else None) or serving.replicas, layout, prefill_only=split is not None
    )
    out: dict[str, Any] = {
        "layout": layout,
        "pool": first,
        "terms": terms,
        "decode_layout": None,
        "decode_pool": None,
        "decode_terms": None,
        "transfer": None,
        "request_s": efficiency.request_s,
        "peak_flops": spec.peak_of(precision.linear),
        "calibrated": is_calibrated(serving.engine, spec.name, model, precision.linear),
        "bandwidth": spec.memory_bandwidth,
    }
    if split is not None:
        lay = _layout(split.decode_plan) if split.decode_plan else layout
        second, second_terms = pool(split.decode_replicas, lay, prefill_only=False)
        latency, per_token = kv_transfer_seconds(terms.held_bytes, network)
        out |= {"decode_layout": lay, "decode_pool": second, "decode_terms": second_terms}
        out["transfer"] = Transfer(latency, per_token)
    return out


def _replica_mttf(section: FailureSection, cards: int, card: CardProfile) -> float:
    """Seconds between failures of a replica: every component of its cards and servers may stop it."""
    if section.card_mttf is not None:
        return section.card_mttf.value / cards
    per_server = card.scale_up.domain.value if card.scale_up else 8.0
    nodes = max(1, round(cards / max(per_server, 1.0)))
    causes = failure_classes(cards=cards, nodes=nodes, mttf_scale=section.mttf_scale.value)
    return 1.0 / sum(cause.rate_per_s for cause in causes)


def deploy(loaded: LoadedServing, other: ComparisonCard | None = None) -> Deployment:
    """Return the deployment of the scenario's card, or of another card of its comparison.

    Raises InfeasibleError where the model does not fit, naming the smallest tensor-parallel degree that does.
    """
    scenario = loaded.scenario
    serving, cluster = scenario.serving, scenario.cluster
    if serving is None or scenario.traffic is None:
        raise InputError(f"{loaded.file}: is a video scenario; it has no serving section")
    name = other.card if other else cluster.card
    card, nic = loaded.cards[name], loaded.nics[(other.nic if other else None) or cluster.nic]
    per_card = (other.nics_per_card if other and other.nics_per_card else cluster.nics_per_card).value
    network = network_of(card, nic, per_card, cluster.oversubscription.value)
    parts = _pools(loaded, card, network, other)
    failures = None
    if serving.failures:
        mttf = _replica_mttf(serving.failures, parts["layout"].cards, card)
        failures = Failures(mttf, serving.failures.repair.value, serving.failures.max_retries)
    auto = serving.autoscale
    loop = scenario.traffic.closed_loop
    cost = scenario.cost
    hour = (cost.by_card.get(name) or (cost.card_hour if name == cluster.card else None)) if cost else None
    power = card.power
    return Deployment(
        card=name,
        router=serving.router,
        failures=failures,
        autoscale=Autoscale(
            auto.minimum, auto.maximum, auto.target_load.value, auto.period.value, auto.start_up.value
        )
        if auto
        else None,
        cached_share=serving.prefix.hit_share.value if serving.prefix else 0.0,
        closed_loop=ClosedLoop(loop.users, loop.think.value) if loop else None,
        seed=scenario.seed,
        idle_w=power.idle.value if power and power.idle else 0.0,
        tdp_w=needed(power.tdp if power else None, f"cards.{name}.power.tdp"),
        card_hour_cny=hour.value if hour else None,
        **parts,
    )


def slo_of(loaded: LoadedServing, deployment: Deployment) -> Slo:
    """Return the service level that the model part must meet: the engine's time per request is taken off TTFT."""
    slo = loaded.scenario.slo
    inf, outside = float("inf"), deployment.request_s
    return Slo(
        ttft_s=slo.ttft.value - outside if slo.ttft else inf,
        tpot_s=slo.tpot.value if slo.tpot else inf,
        e2e_s=slo.e2e.value - outside if slo.e2e else inf,
        share=slo.share.value,
    )


def _with_request_time(summary: Summary, extra: float) -> Summary:
    """Add the engine's time outside the model to TTFT and E2E."""
    ttft, e2e = ({k: v + extra for k, v in part.items()} for part in (summary.ttft_s, summary.e2e_s))
    return replace(summary, ttft_s=ttft, e2e_s=e2e)


def _card_seconds(run: ServingRun, deployment: Deployment) -> float:
    """Card-seconds that were held, by the size of each replica's own plan."""
    own = deployment.layout.cards
    decode = deployment.decode_layout.cards if deployment.decode_layout else own
    return float(
        sum(
            (min(end, run.end_s) - start) * (own if index < run.prefill_count else decode)
            for start, end, index in run.spans
        )
    )


def saturation(deployment: Deployment, requests: Requests) -> float:
    """Return the requests per second that a deployment finishes when its queue is never empty.

    Equal replicas are asked one alone and counted: shared out over many, a finite trace would leave each too few
    requests to fill its batch, and the answer would fall with the number of replicas.
    """
    still = steady(deployment)
    if still.decode_pool is not None:
        return saturated_rate(requests, lambda r: still.simulate(r, log=False))
    alone = replace(still, pool=replace(still.pool, replicas=1))
    return still.pool.replicas * saturated_rate(requests, lambda r: alone.simulate(r, log=False))


def steady(deployment: Deployment) -> Deployment:
    """Return the deployment for questions of capacity: all replicas open, none failing, nobody turned away."""

    def patient(pool: Pool, most: int = 0) -> Pool:
        rules = replace(pool.batching, max_waiting=None, timeout_s=float("inf"))
        return replace(pool, replicas=max(pool.replicas, most), batching=rules)

    return replace(
        deployment,
        pool=patient(deployment.pool, deployment.autoscale.maximum if deployment.autoscale else 0),
        decode_pool=patient(deployment.decode_pool) if deployment.decode_pool else None,
        failures=None,
        autoscale=None,
        closed_loop=None,
    )


def check_slo(deployment: Deployment, requests: Requests, slo: Slo) -> None:
    """Raise InfeasibleError, with the best reachable, where the level is below the latency without load."""
    floor = best_reachable(requests, lambda r: steady(deployment).simulate(r, log=False))
    extra = {"ttft_s": deployment.request_s, "tpot_s": 0.0, "e2e_s": deployment.request_s}
    short = [
        f"{name[:-2].upper()} {getattr(slo, name) + extra[name]:.4g} s (best reachable {value + extra[name]:.4g} s)"
        for name, value in floor.items()
        if getattr(slo, name) < value
    ]
    if short and slo.share >= 0.5:
        raise InfeasibleError(
            f"{deployment.card}: the SLO is below the unloaded latency: {'; '.join(short)}."
            " Relax it, raise tp, or use a faster card"
        )


def serve(
    loaded: LoadedServing,
    requests: Requests,
    other: ComparisonCard | None = None,
    *,
    step: Callable[[str], None] = lambda _: None,
) -> Answer:
    """Run one deployment on the traffic and return its figures, verdict and cost.

    Raises InfeasibleError where the model does not fit, or the scenario's own card cannot meet its service level
    even without load.
    """
    deployment = deploy(loaded, other)
    slo = slo_of(loaded, deployment)
    if other is None:
        check_slo(deployment, requests, slo)
    run = deployment.simulate(requests)
    step(f"{deployment.card}: served")
    summary = _with_request_time(summarise(run, slo), deployment.request_s)
    said = None
    if deployment.closed_loop is None and requests.rate > 0:
        said = verdict(requests, steady(deployment).simulate, sustainable=saturation(deployment, requests))
        step(f"{deployment.card}: capacity")
    used = use(
        run,
        deployment.terms,
        cards=deployment.layout.cards,
        peak_flops=deployment.peak_flops,
        bandwidth=deployment.bandwidth,
        idle_w=deployment.idle_w,
        tdp_w=deployment.tdp_w,
        decode_terms=deployment.decode_terms,
    )
    cost = None
    if deployment.card_hour_cny is not None:
        cost = token_cost(
            token_seconds(run, deployment.terms, deployment.decode_terms),
            replica_seconds=_card_seconds(run, deployment),
            cards=1,
            cny_per_card_hour=deployment.card_hour_cny,
        )
    return Answer(deployment, summary, used, said, cost, run)
