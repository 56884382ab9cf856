"""A serving workload as the engine takes it: requests, service level, and the deployment on a cluster's cards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.assemble.calibrated import calibrated_engine, factors_of, uncalibrated
from clustersim.assemble.groups import joint, phases_of
from clustersim.assemble.parts import card_spec, model_spec, needed, network_spec
from clustersim.assemble.serving_parts import adapters_of, batching_of, layout_spec, precision_spec
from clustersim.assemble.sessions import known_of
from clustersim.assemble.software import constants_kind, eager_factor, engine_efficiency, fitted, reserve_of
from clustersim.assemble.speculation import acceptance_of, draft_of
from clustersim.assemble.traffic import context_of, prompt_of
from clustersim.columns import Unbatchable, distinct, pick, places
from clustersim.des.serving.build import replica_cost
from clustersim.des.serving.deployment import Deployment
from clustersim.des.serving.fluid_inputs import FluidCost, cost_of_terms, token_knots
from clustersim.des.serving.rules import Batching
from clustersim.des.serving.settings import Autoscale, ClosedLoop, Failures, Pool, Transfer
from clustersim.des.training.components import failure_classes
from clustersim.errors import InfeasibleError, InputError
from clustersim.fabric.network import Network
from clustersim.perf.card import Card
from clustersim.perf.model import Model
from clustersim.perf.serving_adapters import adapter_bytes, adapter_terms, adapter_wait_s
from clustersim.perf.serving_cache import CachePlan, cache_room, cache_tokens
from clustersim.perf.serving_checks import check_serving
from clustersim.perf.serving_cost import IterationTerms, iteration_terms
from clustersim.perf.serving_draft import speculative_terms
from clustersim.perf.serving_engine import Efficiency, Layout
from clustersim.perf.serving_exchange import kv_transfer_seconds
from clustersim.perf.serving_ranks import EVEN, RankLoad
from clustersim.perf.serving_reserve import BatchLimits
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.find_software import find_software
from clustersim.schema.inputs import Inputs
from clustersim.schema.profiles import CardProfile
from clustersim.schema.serving import BatchingSection, ServingPlan
from clustersim.schema.software import SoftwareProfile

__all__ = ["ServingBuilder", "cache_of_plan", "content_of", "deployment", "engine_said"]


def engine_said(work: ServingWorkload) -> str:
    """Return what has to be said about how the workload's engine was found (empty where its name is exact)."""
    return find_software(work.engine, role="serving").said


def content_of(inputs: Inputs, work: ServingWorkload) -> tuple[object, ...]:
    """Return all that a deployment, its plans and its capacity are computed from: equal content, equal results."""
    entry, other = phases_of(inputs, work)
    if other is not None:
        return (content_of(entry, work), content_of(other, work), joint(inputs).bandwidth)
    card, model = inputs.parts.card, model_spec(inputs.model(work))
    engine = find_software(work.engine, role="serving").profile
    return (
        card.name,
        card_spec(card),
        factors_of(card),
        card.scale_up,
        network_spec(inputs),
        model,
        engine,
        work,
        draft_of(inputs, work, model),
        acceptance_of(inputs, work),
        inputs.scenario.seed,
    )


def _efficiency(card: CardProfile, engine: SoftwareProfile, kind: str) -> Efficiency:
    """An engine's constants on a card for a kind of model, by the card's factors where it was calibrated."""
    return calibrated_engine(engine_efficiency(engine, card_spec(uncalibrated(card)), kind), card.calibrated)


def _check_phases(first: ServingBuilder, second: ServingBuilder) -> None:
    """Raise InputError for cards that keep the cache in unlike formats, and for columns of points."""
    if first.where is not None or second.where is not None:
        raise Unbatchable("phases on unlike cards are taken point by point")
    one, other = first.precision.cache, second.precision.cache
    if one != other:
        raise InputError(
            f"{first.card.name} keeps the cache in {one} and {second.card.name} in {other}: what one hands over the"
            " other could not read; state one format in precision.cache"
        )


class ServingBuilder:
    """What every pool of a deployment is built from."""

    def __init__(self, inputs: Inputs, work: ServingWorkload) -> None:
        site, (inputs, other) = inputs, phases_of(inputs, work)
        self.work = work
        self.card: Card = card_spec(inputs.parts.card)
        self.model: Model = model_spec(inputs.model(work))
        self.network: Network = network_spec(inputs)
        self.precision = precision_spec(work.precision, self.card)
        self.engine = find_software(work.engine, role="serving").profile
        usual = _efficiency(inputs.parts.card, self.engine, constants_kind(self.model, self.precision.linear))
        if not work.graphs:
            usual = usual.eager(eager_factor(self.engine))
        self.efficiency = usual.at_speed(work.site_speed.value) if work.site_speed else usual
        self.context = context_of(work)
        self.draft = draft_of(inputs, work, self.model)
        self.acceptance = acceptance_of(inputs, work)
        self.adapters = adapters_of(work)
        self.prompt = prompt_of(work, inputs.scenario.seed)
        #: Where columns stand in all this; nothing where there is one point.
        self.where = places(vars(self))
        #: What decodes on other cards is built from, and the bytes/s of a card that pass to them.
        self.decoder: ServingBuilder | None = None
        self.between: float | None = None
        if other is not None:
            self.decoder, self.between = ServingBuilder(other, work), joint(site).bandwidth
            _check_phases(self, self.decoder)

    def request_s(
        self, terms: IterationTerms, layout: Layout, decoding: IterationTerms | None = None
    ) -> float:
        """Time of a request before its first token outside the model: the engine's own, what it is held back, and what
        it waits for its adapter in the mean.

        The host's time for its prompt's tokens is not in it: requests queue for that (``host_s`` of the replica).

        Held back are iterations of as many sequences as a replica has users, of one where arrivals are open; of those
        that decode apart (``decoding``) by their own rules.
        """
        outside, split = self.efficiency.request_s, self.work.disaggregated
        if self.adapters is not None:
            outside += adapter_wait_s(self.model, layout, self.card, self.adapters)
        outside += self._held_s(terms, self.work.batching, self.work.replicas)
        if split is not None and split.decode_batching is not None and decoding is not None:
            outside += self._held_s(decoding, split.decode_batching, split.decode_replicas)
        return outside

    def _held_s(self, terms: IterationTerms, rules: BatchingSection, replicas: int) -> float:
        """Time of the iterations that a request is held back by a pool's rules."""
        held, loop = rules.wait_iterations, self.work.traffic.closed_loop
        if not held:
            return 0.0
        users = min(loop.users / replicas, rules.max_sequences) if loop else 1.0
        fixed = float(np.interp(users, terms.tokens, terms.fixed_s))
        return float(held * (fixed + users * (terms.sequence_s + terms.kv_s * self.context)))

    def distinct(self) -> tuple[ServingBuilder, NDArray[Any]]:
        """Return the same with one of the points that are alike in what it reads, and by point which of them it is.

        Raises Unbatchable for columns that are recorded.
        """
        first, which = distinct(vars(self), self.where)
        if first.size == which.size:
            return self, np.arange(which.size)
        builder = object.__new__(ServingBuilder)
        builder.__dict__.update(pick(vars(self), self.where, first))
        return builder, which

    def room(self, layout: Layout, rules: Batching) -> Any:
        """Tokens of cache of a replica; raises InfeasibleError where the model does not fit."""
        check_serving(self.model, layout, self.precision, self.card)
        return cache_tokens(self.model, layout, self.precision, self.card, self._cache_plan(layout, rules))

    def _cache_plan(self, layout: Layout, rules: Batching) -> CachePlan:
        """How memory is given out; where no prompts are kept, a sequence has one state and none to start from."""
        stated, reserve = self.work.memory_share, reserve_of(self.engine, self.card.name)
        if self.work.prefix is None:
            reserve = replace(reserve, state_slots=1.0)
        return CachePlan(
            memory_share=stated.value if stated else None, reserve=reserve,
            limits=BatchLimits(rules.max_tokens, rules.max_sequences), context=self.context, draft=self.draft,
            beside_bytes=self.adapters.resident * adapter_bytes(self.model, layout, self.adapters)
            if self.adapters else 0.0,
        )  # fmt: skip

    def _held_states(self, layout: Layout, rules: Batching) -> Batching:
        """The scheduler where a pool of states holds fewer sequences than it would run."""
        plan = self._cache_plan(layout, rules)
        room = cache_room(self.model, layout, self.precision, self.card, plan)
        if room.states is None:
            return rules
        most = max(1, int(room.states) * layout.dp)
        return replace(rules, max_sequences=min(rules.max_sequences, most))

    def rules(self, layout: Layout, *, prefill_only: bool, decodes: bool = False) -> Batching:
        """The scheduler of a pool."""
        ranks = 1 if decodes else layout.dp
        return batching_of(
            self.work, self.acceptance, prefill_only=prefill_only, decodes=decodes, ranks=ranks
        )

    def terms(
        self, tokens: Any, layout: Layout, rules: Batching, ranks: RankLoad | None = None
    ) -> IterationTerms:
        """Costs of iterations of so many tokens, drafting included; ``ranks`` are the workload's own if not said."""
        given: dict[str, Any] = {
            "model": self.model, "layout": layout, "card": self.card, "network": self.network,
            "efficiency": self.efficiency, "precision": self.precision, "context": self.context,
            "ranks": ranks if ranks is not None else self.ranks(rules),
            "split_over_stages": rules.split_over_stages, "queries": float(rules.draft_tokens + 1),
        }  # fmt: skip
        found = iteration_terms(tokens, **given)
        if self.draft:
            found = speculative_terms(found, self.draft, rules.max_sequences, **given)
        if self.adapters is None:
            return found
        names = ("model", "layout", "card", "efficiency", "precision")
        return adapter_terms(found, self.adapters, rules.max_sequences, **{k: given[k] for k in names})

    def ranks(self, rules: Batching, *, decodes: bool = False) -> RankLoad:
        """What iterations hold, by which attention ranks are uneven: replicas that only decode hold no prompts."""
        width, loop = float(rules.draft_tokens + 1), self.work.traffic.closed_loop
        if decodes:
            return RankLoad(width=width)
        most = min(rules.max_sequences, loop.users / self.work.replicas) if loop else rules.max_sequences
        full = max(float(self.work.batching.max_tokens), self.prompt)  # A longer prompt stays on its rank.
        return RankLoad(0.0 if rules.prefill_only else most * width, width, self.prompt, full)

    def fluid(
        self, layout: Layout, *, prefill_only: bool, decodes: bool = False
    ) -> tuple[FluidCost, Batching, IterationTerms]:
        """Costs of a replica at a few token counts, its scheduler, and bytes that a prompt token hands over."""
        # The closed form takes attention ranks as even: their number changes what an iteration takes, not its pace.
        rules = batching_of(self.work, self.acceptance, prefill_only=prefill_only, decodes=decodes)
        room = self.room(layout, rules)
        counts = token_knots(rules.max_tokens)
        terms = self.terms(counts if self.where is None else counts[:, None], layout, rules, EVEN)
        return cost_of_terms(terms, room), rules, terms

    def pool(
        self, count: int, layout: Layout, *, prefill_only: bool, decodes: bool = False
    ) -> tuple[Pool, IterationTerms]:
        """Build replicas of one layout; raises InfeasibleError where the model does not fit.

        Those that only decode (``decodes``) get their prompts' caches handed over, and know no blocks.
        """
        rules = self.rules(layout, prefill_only=prefill_only, decodes=decodes)
        room = self.room(layout, rules)
        rules = self._held_states(layout, rules)
        counts = np.arange(rules.max_tokens + 257, dtype=np.float64)
        terms = self.terms(counts, layout, rules, self.ranks(rules, decodes=decodes))
        known = None if decodes else known_of(self.work, terms.held_bytes, self.model, self.precision)
        host = 0.0 if decodes else self.efficiency.prompt_token_s
        return Pool(count, replica_cost(terms, room, layout.dp, host), rules, known), terms

    def hand_over(self, terms: IterationTerms, decoding: IterationTerms) -> Transfer:
        """How a prompt's cache reaches the replica that decodes: the network's time, and the engine's own beside it.

        To other cards it takes as long as the slowest of the sender's network, the receiver's and what joins them.
        """
        latency, per_token = kv_transfer_seconds(terms.held_bytes, self.network)
        own = self.efficiency
        if self.decoder is not None and self.between is not None:
            late, other = kv_transfer_seconds(decoding.held_bytes, self.decoder.network)
            latency, per_token = max(latency, late), max(per_token, other, terms.held_bytes / self.between)
        return Transfer(latency + own.handover_s, per_token, own.handover_token_s)

    def pools(self, plan: ServingPlan) -> dict[str, Any]:
        """Build the pools, their terms and the transfer between them."""
        layout, split = layout_spec(plan), self.work.disaggregated
        first, terms = self.pool(self.work.replicas, layout, prefill_only=split is not None)
        out: dict[str, Any] = {
            "layout": layout, "pool": first, "terms": terms, "decode_layout": None, "decode_pool": None,
            "decode_terms": None, "transfer": None,
        }  # fmt: skip
        if split is not None:
            lay = layout_spec(split.decode_plan) if split.decode_plan else layout
            by = self.decoder or self
            second, second_terms = by.pool(split.decode_replicas, lay, prefill_only=False, decodes=True)
            out |= {"decode_layout": lay, "decode_pool": second, "decode_terms": second_terms}
            out["transfer"] = self.hand_over(terms, second_terms)
        return out


def cache_of_plan(inputs: Inputs, work: ServingWorkload, plan: ServingPlan) -> float | None:
    """Return the tokens of cache that a replica of a plan has for requests, or None where the model does not fit."""
    try:
        builder = ServingBuilder(inputs, work)
        layout = layout_spec(plan)
        room: float = builder.room(layout, builder.rules(layout, prefill_only=work.disaggregated is not None))
    except (InfeasibleError, InputError):
        return None
    return room


def deployment(inputs: Inputs, work: ServingWorkload, plan: ServingPlan) -> Deployment:
    """Return the deployment of a workload on a cluster's cards by a plan.

    Raises InfeasibleError where the model does not fit, naming the smallest tensor-parallel degree that does.
    """
    builder = ServingBuilder(inputs, work)
    pools = builder.pools(plan)
    auto, loop, power = work.autoscale, work.traffic.closed_loop, inputs.parts.card.power
    outside = builder.request_s(pools["terms"], pools["layout"], pools["decode_terms"])
    key = f"cards.{inputs.parts.card.name}.power"
    return Deployment(
        card=builder.card.name,
        router=work.router,
        decode_router=work.disaggregated.decode_router if work.disaggregated else "least_loaded",
        failures=_failures(inputs, work, pools["layout"].cards),
        autoscale=Autoscale(
            auto.minimum, auto.maximum, auto.target_load.value, auto.period.value, auto.start_up.value
        )
        if auto
        else None,
        cached_share=work.prefix.hit_share.value if work.prefix else 0.0,
        priority_share=work.traffic.priority_share.value,
        closed_loop=ClosedLoop(loop.users, loop.think.value) if loop else None,
        seed=inputs.scenario.seed,
        request_s=outside,
        peak_flops=builder.card.peak_of(builder.precision.linear),
        bandwidth=builder.card.memory_bandwidth,
        idle_w=power.idle.value if power and power.idle else 0.0,
        tdp_w=needed(power.tdp if power else None, f"{key}.tdp"),
        calibrated=fitted(builder.engine, builder.card.name, builder.model, builder.precision.linear),
        **pools,
    )


def _failures(inputs: Inputs, work: ServingWorkload, cards: int) -> Failures | None:
    """Failures of a replica by the site's own rates and repair; nothing where the workload does not simulate them."""
    section = work.failures
    if section is None:
        return None
    site = inputs.scenario.reliability
    if site is None:
        raise InputError(f"{inputs.file}: failures of replicas need the site's reliability section; add it")
    if section.card_mttf is not None:
        mttf = section.card_mttf.value / cards
    else:
        server, scale_up = inputs.parts.server_or_none, inputs.parts.card.scale_up
        per_server = server.cards.value if server else scale_up.domain.value if scale_up else 8.0
        nodes = max(1, round(cards / max(per_server, 1.0)))
        causes = failure_classes(
            cards=cards,
            nodes=nodes,
            mttf_scale=site.mttf_scale.value,
            per_year={name: rate.value for name, rate in site.failures_per_year.items()},
        )
        mttf = 1.0 / sum(cause.rate_per_s for cause in causes)
    return Failures(mttf, site.repair_time.value, section.max_retries)
