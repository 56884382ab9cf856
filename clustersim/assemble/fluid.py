"""A serving workload's deployment as the closed form takes it."""

from __future__ import annotations

from dataclasses import dataclass

from clustersim.assemble.serving import ServingBuilder
from clustersim.assemble.serving_parts import layout_spec
from clustersim.assemble.software import fitted
from clustersim.columns import values_of
from clustersim.des.serving.closed_form import Fleet, FluidPool
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.schema.serving import ServingPlan

__all__ = ["FluidDeployment", "fluid_deployment"]


@dataclass(frozen=True, slots=True)
class FluidDeployment:
    """A deployment as the closed form takes it, and what its answer is read with; numbers may be columns of points."""

    fleet: Fleet
    cards: int
    request_s: float
    cached_share: float
    peak_flops: float
    bandwidth: float
    calibrated: bool
    decode_cards: int = 0
    """Of the cards, those that decode apart."""
    decode_peak_flops: float = 0.0
    decode_bandwidth: float = 0.0


def fluid_deployment(
    inputs: Inputs, work: ServingWorkload, plan: ServingPlan, by: ServingBuilder | None = None
) -> FluidDeployment:
    """Return the deployment of a workload by a plan, as the closed form takes it.

    ``by`` is the builder of the workload on that cluster, where one is at hand.

    Raises InfeasibleError where the model does not fit, InputError for a layout that does not divide it.
    """
    builder, split = by or ServingBuilder(inputs, work), work.disaggregated
    layout = layout_spec(plan)
    cost, rules, terms = builder.fluid(layout, prefill_only=split is not None)
    pooled = work.router != "round_robin"
    host = builder.efficiency.prompt_token_s
    entry = FluidPool(cost, rules, work.replicas, pooled, values_of(host) / layout.dp)
    cards, decode_cards, fleet, decoding = work.replicas * layout.cards, 0, Fleet(entry), None
    decoder = builder.decoder or builder
    if split is not None:
        lay = layout_spec(split.decode_plan) if split.decode_plan else layout
        second, second_rules, decoding = decoder.fluid(lay, prefill_only=False, decodes=True)
        by_load, hand = split.decode_router != "round_robin", builder.hand_over(terms, decoding)
        latency, per_token = values_of(hand.beside_s(builder.prompt)), values_of(hand.token_s)
        fleet = Fleet(
            entry, FluidPool(second, second_rules, split.decode_replicas, by_load), latency, per_token
        )
        decode_cards = split.decode_replicas * lay.cards
    return FluidDeployment(
        fleet=fleet,
        cards=cards + decode_cards,
        request_s=builder.request_s(terms, layout, decoding) + host * builder.prompt,
        cached_share=work.prefix.hit_share.value if work.prefix else 0.0,
        peak_flops=builder.card.peak_of(builder.precision.linear),
        bandwidth=builder.card.memory_bandwidth,
        calibrated=fitted(builder.engine, builder.card.name, builder.model, builder.precision.linear),
        decode_cards=decode_cards,
        decode_peak_flops=decoder.card.peak_of(decoder.precision.linear),
        decode_bandwidth=decoder.card.memory_bandwidth,
    )
