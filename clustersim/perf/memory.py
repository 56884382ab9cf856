"""Device memory of the fullest pipeline stage, in terms.

Activations follow Korthikanti et al. (arXiv:2205.05198, section 4), written for any head and feed-forward width:
a tensor-parallel layer keeps 34 s b h bytes in a GPT layer, of which 10 s b h are not split without sequence
parallelism, plus 5 a s^2 b for the attention matrix unless it is recomputed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from clustersim.columns import number
from clustersim.errors import InfeasibleError
from clustersim.perf.blocks import block_share, ffn_share, ffn_width, kept_latents, mixing_widths
from clustersim.perf.card import NARROW
from clustersim.perf.job import TrainJob
from clustersim.perf.model import Model
from clustersim.perf.plan import Plan
from clustersim.perf.schedules import copies_of_parameters, in_flight
from clustersim.perf.split import StageLoad, choose, telling_loads

#: A number, or an array with one entry a plan.
Real = Any

__all__ = [
    "MemoryTerms",
    "Shard",
    "check_fits",
    "fullest_stage",
    "gathered_at_hand",
    "kept_activations",
    "memory_per_card",
    "shard_group",
    "stage_memory",
    "stage_shard",
]


@dataclass(frozen=True, slots=True)
class MemoryTerms:
    """Bytes per card, by use."""

    weights: Real
    gradients: Real
    optimizer: Real
    activations: Real
    logits: Real
    buffers: Real

    @property
    def total(self) -> Real:
        """The sum of the terms."""
        return self.weights + self.gradients + self.optimizer + self.activations + self.logits + self.buffers


@dataclass(frozen=True, slots=True)
class Shard:
    """Parameters on one card of a stage, and how many cards hold the same."""

    dense: Real
    experts: Real
    dense_copies: Real
    expert_copies: Real

    @property
    def total(self) -> Real:
        """All parameters on the card."""
        return self.dense + self.experts

    def per_copy(self, plan: Plan, stage: int) -> Real:
        """The parameters whose states a card keeps: its share among the copies from a ZeRO stage on, else all."""
        if plan.zero < stage:
            return self.total
        dense, experts = (shard_group(plan, copies) for copies in (self.dense_copies, self.expert_copies))
        return self.dense / dense + self.experts / experts


def shard_group(plan: Plan, copies: Real) -> Real:
    """Return over how many of the cards that hold the same parameters their states are shared out."""
    return np.minimum(plan.shard, copies) if plan.shard else copies


def stage_shard(model: Model, plan: Plan, load: StageLoad) -> Shard:
    """Return the parameters of a card of a stage, both stages' where the schedule has a card serve two.

    Routed experts are spread over ep x etp cards of the stage, everything else over tp; so they have fewer copies. A
    tied embedding is one matrix where embedding and head share a stage, and a copy in each where they do not.
    """
    copies = copies_of_parameters(plan)
    layers = load.layers * model.attention_params + load.dense * ffn_share(model, False) * model.ffn_params(
        model.ffn_hidden
    )
    experts = model.experts * model.expert_params
    router = model.hidden * model.experts + model.latent_params
    layers += load.mixtures * (model.ffn_params(model.shared_width) + router)
    layers += load.layers * model.parameter_groups.streams / model.layers
    tables = load.embedding + load.head
    if model.tied_embeddings:
        tables = np.maximum(load.embedding, load.head)
    extra, extra_experts = _predictions(model)
    if extra:
        # Extra predictions look their tokens up where the head is.
        tables = tables + np.maximum(0, load.head - load.embedding) * (not model.tied_embeddings)
    return Shard(
        dense=copies * (layers + load.head * extra + tables * model.vocab * model.hidden) / plan.tp,
        experts=copies * (load.mixtures * experts + load.head * extra_experts) / plan.expert_cards,
        dense_copies=copies * plan.dp * plan.cp,
        expert_copies=copies * plan.dp * plan.cp * plan.tp / plan.expert_cards,
    )


def _predictions(model: Model) -> tuple[float, float]:
    """Parameters of the extra prediction layers: what all cards of a tensor group split, and their routed experts."""
    experts = model.prediction_layers * model.experts * model.expert_params if model.moe_layers else 0.0
    return model.prediction_parameters - experts, experts


def activation_bytes_per_layer(job: TrainJob, recompute: str, *, mixture: bool) -> Real:
    """Bytes that one layer, dense or a mixture of experts, keeps for the backward pass of one micro-batch."""
    model, plan, tokens = job.model, job.plan, job.micro_tokens
    shared = plan.tp if plan.sequence_parallel else 1
    if recompute == "full":
        return 2.0 * tokens * model.hidden / shared
    width = ffn_width(model, mixture)
    fused = plan.software.flash_attention
    # Split by sequence parallelism only: two norm inputs, two block inputs and, in software of the time of dropout, its
    # two masks (10 h of 34 h).
    outside = (8.0 if fused else 10.0) * model.hidden * block_share(model, mixture)
    # Split by tensor parallelism: queries, keys, values, projection input, and the feed-forward widths: what goes into
    # the activation and comes out of it; a gate that is multiplied apart is kept twice more.
    projected = 2.0 * sum(mixing_widths(model))
    inside = ((6.0 if fused else 8.0) if model.gated else 4.0) * width
    if fused and recompute == "selective" and plan.software.saves_products:
        # The input of the layer, every second product, attention's output.
        return 2.0 * tokens * (2.0 * model.hidden / shared + (sum(mixing_widths(model)) + width) / plan.tp)
    if job.dtype in NARROW:
        # Two block inputs and what the activation puts out are operands of products: kept as they were cast.
        cast = 2.0 - plan.software.gather_bytes
        outside, inside = (
            outside - 2.0 * cast * model.hidden * block_share(model, mixture),
            inside - cast * width,
        )
    if fused and recompute == "selective":
        # What norms and the activation put out is made again from what went in; so are the heads from their latents.
        outside, inside = outside - 4.0 * model.hidden * block_share(model, mixture), inside - 2.0 * width
        latents = kept_latents(model)
        projected = projected if latents is None else 2.0 * latents
    kept = recompute == "none" and not fused
    attention = 5.0 * model.heads * job.seq_len / plan.cp if kept else 0.0
    return tokens * (outside / shared + (inside + projected + attention) / plan.tp)


def kept_activations(job: TrainJob, load: StageLoad, recompute: str) -> Real:
    """Bytes that the layers of a stage keep of one micro-batch."""
    model = job.model
    kept: Real = 0.0
    if model.layers > model.moe_layers:
        kept = load.dense * activation_bytes_per_layer(job, recompute, mixture=False)
    if model.moe_layers:
        kept = kept + load.mixtures * activation_bytes_per_layer(job, recompute, mixture=True)
    if model.prediction_layers:
        one = activation_bytes_per_layer(job, recompute, mixture=model.moe_layers > 0)
        kept = kept + load.head * model.prediction_layers * one
    return kept


def gathered_at_hand(job: TrainJob) -> Real:
    """Bytes of a layer's tensors at hand that sequence parallelism does not split: 0 without it.

    The gathered inputs of its two blocks; and, where tensor-parallel traffic does not run piece by piece beside the
    products (``tp_overlap``), their two sums before they are scattered: 2 s b h bytes each.
    """
    plan = job.plan
    whole = 2.0 if plan.software.tp_overlap else 4.0
    split = np.greater(plan.tp, 1) & np.asarray(plan.sequence_parallel)
    return np.where(split, whole * 2.0 * job.micro_tokens * job.model.hidden, 0.0)


def _stage_buffers(job: TrainJob, load: StageLoad, flight: Real) -> Real:
    """Bytes of messages that a stage holds beyond those of the micro-batches in flight, where its software does."""
    model, plan = job.model, job.plan
    if not plan.software.stage_buffers:
        return 0.0
    shared = plan.tp if plan.sequence_parallel else 1
    message = 2.0 * job.micro_tokens * model.hidden / shared
    # Activations received (of those in flight they are the first layer's input, counted there), gradients received.
    held = (2.0 * job.micro_batches - flight) * message
    outputs = 2.0 * job.micro_batches * job.micro_tokens * model.vocab / plan.tp
    held = held + np.where(np.greater(load.head, 0), outputs, 0.0)
    return np.where(np.greater(plan.pp, 1), np.maximum(0.0, held), 0.0)


def memory_per_card(job: TrainJob, *, weight_bytes: float = 2.0) -> MemoryTerms:
    """Return the memory of the fullest card: of a first stage, or of the last with the head and its logits.

    Mixed precision with Adam: ``weight_bytes`` a weight, the software's bytes a gradient, 12 an optimizer state (fp32
    weight, two moments); ZeRO 1, 2 and 3 split optimizer, gradients and weights over the cards that hold the same
    parameters (Rajbhandari et al., arXiv:1910.02054, figure 1).
    """
    return fullest_stage(job, weight_bytes=weight_bytes)[1]


def fullest_stage(job: TrainJob, *, weight_bytes: float = 2.0) -> tuple[StageLoad, MemoryTerms]:
    """Return the stage whose cards are fullest, and their memory."""
    first, *others = (
        (load, stage_memory(job, load, weight_bytes=weight_bytes)) for load in telling_loads(job.model, job.plan)
    )  # fmt: skip
    load, terms = first
    for other, needs in others:
        fuller = np.greater(needs.total, terms.total)
        load, terms = choose(fuller, other, load), choose(fuller, needs, terms)
    if np.ndim(terms.total):
        return load, terms
    # One plan gives plain floats, many give arrays.
    return load, MemoryTerms(*(number(getattr(terms, name)) for name in MemoryTerms.__dataclass_fields__))


def stage_memory(
    job: TrainJob, load: StageLoad, *, after: Real | None = None, weight_bytes: float = 2.0
) -> MemoryTerms:
    """Return the memory of a card of a stage.

    ``after``: stages of the pipeline from this one on, where that is not the plan's own (then the schedule is 1F1B).
    """
    model, plan = job.model, job.plan
    shard = stage_shard(model, plan, load)
    micro_batches = np.maximum(1, job.micro_batches)
    flight = in_flight(plan, micro_batches, load.index) if after is None else np.minimum(after, micro_batches)
    once = kept_activations(job, load, plan.recompute)
    activations = flight * once
    if plan.recompute == "full":
        # The layer at hand is whole again while its backward pass runs, its score matrix too where it is not fused.
        at_hand = (
            "selective" if plan.software.flash_attention and not plan.software.saves_products else "none"
        )
        activations = activations + kept_activations(job, load, at_hand) / np.maximum(1, load.layers)
    if plan.offload_activations:
        activations = np.minimum(activations, 2 * once)
    activations = activations + gathered_at_hand(job) + _stage_buffers(job, load, flight)
    logits = (
        (1 + model.prediction_layers) * plan.software.logit_bytes * job.micro_tokens * model.vocab / plan.tp
    )
    return MemoryTerms(
        weights=weight_bytes * _weights_held(plan, shard, load.layers),
        gradients=plan.software.gradient_bytes * shard.per_copy(plan, 2),
        optimizer=0.0 if plan.offload_optimizer else 12.0 * shard.per_copy(plan, 1),
        activations=activations,
        logits=np.where(np.greater(load.head, 0), logits, 0.0),
        buffers=plan.software.runtime_bytes,
    )


def _weights_held(plan: Plan, shard: Shard, layers: Real) -> Real:
    """Parameters whose weights a card holds.

    ZeRO 3 has the units at hand and ahead beside its own share, or all of them where the forward pass keeps them.
    """
    if plan.zero < 3:
        return shard.total
    whole = (1.0 + plan.prefetch) * plan.unit_layers
    gathered = whole * shard.total / np.maximum(whole, layers) if plan.reshard else shard.total
    return np.minimum(shard.total, shard.per_copy(plan, 3) + gathered)


def check_fits(job: TrainJob) -> MemoryTerms:
    """Return the memory terms; raise InfeasibleError with the nearest tp that fits when they exceed the card."""
    terms, card = memory_per_card(job), job.card
    if terms.total <= card.memory_bytes:
        return terms
    nearest = _smallest_tp(job)
    hint = f"the smallest tp that fits is {nearest} (with dp smaller in proportion)" if nearest else (
        "no tp fits; raise pp, recompute more, use ZeRO or offload the optimizer"
    )  # fmt: skip
    raise InfeasibleError(
        f"{job.model.name} does not fit on {card.name}: it needs {terms.total / 2**30:.1f} GiB per card and the card"
        f" has {card.memory_bytes / 2**30:.1f} GiB (weights {terms.weights / 2**30:.1f}, gradients"
        f" {terms.gradients / 2**30:.1f}, optimizer {terms.optimizer / 2**30:.1f}, activations"
        f" {terms.activations / 2**30:.1f}); {hint}"
    )


def _smallest_tp(job: TrainJob) -> int | None:
    plan = job.plan
    for tp in (2, 4, 8, 16, 32, 64):
        if tp <= plan.tp or job.model.heads % tp or (plan.tp * plan.dp) % tp:
            continue
        other = job.with_plan(replace(plan, tp=tp, dp=plan.tp * plan.dp // tp))
        if memory_per_card(other).total <= job.card.memory_bytes:
            return tp
    return None
