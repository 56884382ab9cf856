"""Device memory of the fullest pipeline stage, in terms.

Activations follow Korthikanti et al. (arXiv:2205.05198, section 4), written for any head and feed-forward width:
a tensor-parallel layer keeps 34 s b h bytes in a GPT layer, of which 10 s b h are not split without sequence
parallelism, plus 5 a s^2 b for the attention matrix unless it is recomputed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from clustersim.errors import InfeasibleError
from clustersim.perf.job import TrainJob
from clustersim.perf.model import Model
from clustersim.perf.plan import Plan

#: A number, or an array with one entry a plan.
Real = Any

#: Bytes held for a logit: in single precision, and its gradient in half (counted).
LOGIT_HELD_BYTES = 6.0

__all__ = ["MemoryTerms", "Shard", "check_fits", "memory_per_card", "stage_memory", "stage_shard"]


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
    """Parameters on one card of the fullest stage, and how many cards hold the same."""

    dense: Real
    experts: Real
    dense_copies: Real
    expert_copies: Real

    @property
    def total(self) -> Real:
        """All parameters on the card."""
        return self.dense + self.experts

    def per_copy(self, split: bool) -> Real:
        """The parameters whose states a card keeps: all, or its share among the copies."""
        return self.dense / self.dense_copies + self.experts / self.expert_copies if split else self.total


#: A model with no more dense layers than this has them in front (DeepSeek, Kimi); others alternate.
LEADING_DENSE = 3


def stage_shard(model: Model, plan: Plan, moe_layers: Real | None = None) -> Shard:
    """Return the parameters of a card of a stage that holds an embedding or the output head.

    ``moe_layers`` of the stage's layers are mixtures; the average where nothing is given. Routed experts are spread
    over ep x etp cards of the stage, everything else over tp; so they have fewer copies.
    """
    width = model.expert_ffn_hidden
    mixed = model.moe_layers / plan.pp if moe_layers is None else moe_layers
    layers = model.layers / plan.pp * model.attention_params
    layers += (model.layers / plan.pp - mixed) * model.ffn_params(model.ffn_hidden)
    layers += mixed * model.shared_experts * model.ffn_params(width)
    both = np.where(np.greater(plan.pp, 1) | model.tied_embeddings, 1, 2)
    return Shard(
        dense=layers / plan.tp + both * model.vocab * model.hidden / plan.tp,
        experts=mixed * model.experts * model.ffn_params(width) / plan.expert_cards,
        dense_copies=plan.dp * plan.cp,
        expert_copies=plan.dp * plan.cp * plan.tp / plan.expert_cards,
    )


def _mixed_layers(model: Model, plan: Plan, last: bool) -> Real:
    """Mixtures among the layers of the first or of the last stage."""
    per_stage = model.layers / plan.pp
    if not 0 < model.dense_layers <= LEADING_DENSE:
        return model.moe_layers / plan.pp
    if last:
        return np.minimum(per_stage, model.moe_layers)
    return per_stage - np.minimum(per_stage, model.dense_layers)


def activation_bytes_per_layer(job: TrainJob, recompute: str) -> Real:
    """Bytes that one layer keeps for the backward pass of one micro-batch."""
    model, plan, tokens = job.model, job.plan, job.micro_tokens
    shared = plan.tp if plan.sequence_parallel else 1
    if recompute == "full":
        return 2.0 * tokens * model.hidden / shared
    query, kv = model.heads * model.head_dim, model.kv_heads * model.head_dim
    width = model.ffn_width
    fused = plan.software.flash_attention
    # Split by sequence parallelism only: two norm inputs, two block inputs and, in software of the time of dropout, its
    # two masks (10 h of 34 h).
    outside = (8.0 if fused else 10.0) * model.hidden
    # Split by tensor parallelism: queries, keys, values, projection input, and the feed-forward widths: what goes into
    # the activation and comes out of it; a gate that is multiplied apart is kept twice more.
    inside = 4.0 * query + 4.0 * kv + ((6.0 if fused else 8.0) if model.gated else 4.0) * width
    if fused and recompute == "selective":
        # What norms and the activation put out is made again from what went in.
        outside, inside = outside - 4.0 * model.hidden, inside - 2.0 * width
    kept = recompute == "none" and not fused
    attention = 5.0 * model.heads * job.seq_len / plan.cp if kept else 0.0
    return tokens * (outside / shared + (inside + attention) / plan.tp)


def layers_in_flight(model: Model, plan: Plan, micro_batches: Real, last: bool = False) -> Real:
    """Layers whose activations the first or the last stage holds at once under the schedule.

    First, 1F1B: min(pp, m) micro-batches of layers/pp; interleaved: 1 + (pp - 1)/(pp v) times all layers
    (arXiv:2205.05198, section 4.2.3). Last: one micro-batch; interleaved all chunks but the last for pp of them. GPipe:
    every micro-batch in both.
    """
    per_stage = model.layers / plan.pp
    if plan.schedule == "gpipe":
        return per_stage * micro_batches
    flight = per_stage * np.minimum(plan.pp, micro_batches)
    chunks = plan.pp * plan.interleave
    if last:
        return np.where(np.greater(plan.interleave, 1), flight * (chunks - plan.pp + 1) / chunks, per_stage)
    return flight * np.where(np.greater(plan.interleave, 1), 1 + (plan.pp - 1) / chunks, 1.0)


def memory_per_card(job: TrainJob, *, weight_bytes: float = 2.0) -> MemoryTerms:
    """Return the memory of the fullest card: on the first stage, or on the last with the head and its logits.

    Mixed precision with Adam: ``weight_bytes`` a weight, the software's bytes a gradient, 12 an optimizer state (fp32
    weight, two moments); ZeRO 1, 2 and 3 split optimizer, gradients and weights over the cards that hold the same
    parameters (Rajbhandari et al., arXiv:1910.02054, figure 1).
    """
    first, last = (_stage_memory(job, weight_bytes, last=last) for last in (False, True))
    fuller = np.greater_equal(first.total, last.total)
    pairs = [(getattr(first, f.name), getattr(last, f.name)) for f in fields(MemoryTerms)]
    if np.ndim(fuller) > 0:
        return MemoryTerms(*(np.where(fuller, *pair) for pair in pairs))
    # One plan gives plain floats, many give arrays.
    return MemoryTerms(*(float(pair[0] if fuller else pair[1]) for pair in pairs))


def _stage_memory(job: TrainJob, weight_bytes: float, *, last: bool) -> MemoryTerms:
    model, plan = job.model, job.plan
    micro_batches = np.maximum(1, job.micro_batches)
    return stage_memory(
        job,
        shard=stage_shard(model, plan, _mixed_layers(model, plan, last)),
        layers=model.layers / plan.pp,
        in_flight=layers_in_flight(model, plan, micro_batches, last),
        head=last | np.equal(plan.pp, 1),
        weight_bytes=weight_bytes,
    )


def stage_memory(
    job: TrainJob,
    *,
    shard: Shard,
    layers: Real,
    in_flight: Real,
    head: Real,
    weight_bytes: float = 2.0,
) -> MemoryTerms:
    """Return the memory of a card of a stage of ``layers`` that keeps the activations of ``in_flight`` at once."""
    plan = job.plan
    per_layer = activation_bytes_per_layer(job, plan.recompute)
    activations = per_layer * in_flight
    if plan.recompute == "full":
        # The layer at hand is whole again while its backward pass runs, its score matrix too where it is not fused.
        at_hand = "selective" if plan.software.flash_attention else "none"
        activations += activation_bytes_per_layer(job, at_hand)
    if plan.offload_activations:
        activations = np.minimum(activations, 2 * per_layer * layers)
    return MemoryTerms(
        weights=weight_bytes * _weights_held(plan, shard, layers),
        gradients=plan.software.gradient_bytes * shard.per_copy(plan.zero >= 2),
        optimizer=0.0 if plan.offload_optimizer else 12.0 * shard.per_copy(plan.zero >= 1),
        activations=activations,
        logits=np.where(head, LOGIT_HELD_BYTES * job.micro_tokens * job.model.vocab / plan.tp, 0.0),
        buffers=plan.software.runtime_bytes,
    )


def _weights_held(plan: Plan, shard: Shard, layers: Real) -> Real:
    """Parameters whose weights a card holds; ZeRO 3 gathers the layer at hand and the next beside its own share."""
    if plan.zero < 3:
        return shard.total
    gathered = 2.0 * shard.total / np.maximum(2.0, layers)
    return np.minimum(shard.total, shard.per_copy(True) + gathered)


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
