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
from clustersim.perf.card import Card
from clustersim.perf.model import Model
from clustersim.perf.plan import Plan

#: A number, or an array with one entry a plan.
Real = Any

__all__ = ["MemoryTerms", "check_fits", "memory_per_card"]


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


def stage_parameters(model: Model, plan: Plan) -> Real:
    """Parameters of one tensor-parallel shard of the fullest stage (the first holds an embedding)."""
    layer = model.attention_params
    dense = model.dense_layers * model.ffn_params(model.ffn_hidden)
    moe = model.moe_layers * (
        (model.experts / plan.ep + model.shared_experts) * model.ffn_params(model.expert_ffn_hidden)
    )
    blocks = (model.layers * layer + dense) / plan.tp + moe / np.where(np.equal(plan.ep, 1), plan.tp, 1)
    embedding = model.vocab * model.hidden / plan.tp
    both = np.where(np.greater(plan.pp, 1) | model.tied_embeddings, 1, 2)
    return blocks / plan.pp + both * embedding


def activation_bytes_per_layer(model: Model, plan: Plan, seq_len: int, recompute: str) -> Real:
    """Bytes that one layer keeps for the backward pass of one micro-batch."""
    tokens = plan.micro_batch * seq_len / plan.cp
    shared = plan.tp if plan.sequence_parallel else 1
    if recompute == "full":
        return 2.0 * tokens * model.hidden / shared
    query, kv = model.heads * model.head_dim, model.kv_heads * model.head_dim
    width = model.ffn_hidden if not model.experts else _moe_width(model)
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
    attention = 5.0 * model.heads * seq_len / plan.cp if kept else 0.0
    return tokens * (outside / shared + (inside + attention) / plan.tp)


def _moe_width(model: Model) -> float:
    routed = (model.experts_per_token + model.shared_experts) * model.expert_ffn_hidden
    return (model.dense_layers * model.ffn_hidden + model.moe_layers * routed) / model.layers


def layers_in_flight(model: Model, plan: Plan, micro_batches: Real) -> Real:
    """Layers whose activations the first stage holds at once under the schedule.

    1F1B: min(pp, m) micro-batches of layers/pp; interleaved: 1 + (pp - 1)/(pp v) times all layers
    (arXiv:2205.05198, section 4.2.3); GPipe: every micro-batch.
    """
    per_stage = model.layers / plan.pp
    if plan.schedule == "gpipe":
        return per_stage * micro_batches
    flight = per_stage * np.minimum(plan.pp, micro_batches)
    more = 1 + (plan.pp - 1) / (plan.pp * plan.interleave)
    return flight * np.where(np.greater(plan.interleave, 1), more, 1.0)


def memory_per_card(
    *, model: Model, plan: Plan, seq_len: int, global_batch: int, weight_bytes: float = 2.0
) -> MemoryTerms:
    """Return the memory of the fullest card.

    Mixed precision with Adam: ``weight_bytes`` a weight, the software's bytes a gradient, 12 an optimizer state (fp32
    weight, two moments); ZeRO 1, 2 and 3 split optimizer, gradients and weights over the data-parallel
    group (Rajbhandari et al., arXiv:1910.02054, figure 1).
    """
    shard = stage_parameters(model, plan)
    group = plan.dp * plan.cp
    micro_batches = np.maximum(1, global_batch // (plan.dp * plan.micro_batch))
    per_layer = activation_bytes_per_layer(model, plan, seq_len, plan.recompute)
    activations = per_layer * layers_in_flight(model, plan, micro_batches)
    if plan.recompute == "full":
        # The layer at hand is whole again while its backward pass runs, its score matrix too where it is not fused.
        at_hand = "selective" if plan.software.flash_attention else "none"
        activations += activation_bytes_per_layer(model, plan, seq_len, at_hand)
    if plan.offload_activations:
        activations = np.minimum(activations, 2 * per_layer * model.layers / plan.pp)
    tokens = plan.micro_batch * seq_len / plan.cp
    terms = MemoryTerms(
        weights=weight_bytes * shard / (group if plan.zero >= 3 else 1),
        gradients=plan.software.gradient_bytes * shard / (group if plan.zero >= 2 else 1),
        optimizer=0.0 if plan.offload_optimizer else 12.0 * shard / (group if plan.zero >= 1 else 1),
        activations=activations,
        logits=np.where(np.equal(plan.pp, 1), (4.0 + 2.0) * tokens * model.vocab / plan.tp, 0.0),
        buffers=plan.software.runtime_bytes,
    )
    # One plan gives plain floats, many give arrays.
    if np.ndim(terms.total) > 0:
        return terms
    return MemoryTerms(*(float(getattr(terms, f.name)) for f in fields(terms)))


def check_fits(card: Card, model: Model, plan: Plan, seq_len: int, global_batch: int) -> MemoryTerms:
    """Return the memory terms; raise InfeasibleError with the nearest tp that fits when they exceed the card."""
    terms = memory_per_card(model=model, plan=plan, seq_len=seq_len, global_batch=global_batch)
    if terms.total <= card.memory_bytes:
        return terms
    nearest = _smallest_tp(card, model, plan, seq_len, global_batch)
    hint = f"the smallest tp that fits is {nearest} (with dp smaller in proportion)" if nearest else (
        "no tp fits; raise pp, recompute more, use ZeRO or offload the optimizer"
    )  # fmt: skip
    raise InfeasibleError(
        f"{model.name} does not fit on {card.name}: it needs {terms.total / 2**30:.1f} GiB per card and the card"
        f" has {card.memory_bytes / 2**30:.1f} GiB (weights {terms.weights / 2**30:.1f}, gradients"
        f" {terms.gradients / 2**30:.1f}, optimizer {terms.optimizer / 2**30:.1f}, activations"
        f" {terms.activations / 2**30:.1f}); {hint}"
    )


def _smallest_tp(card: Card, model: Model, plan: Plan, seq_len: int, global_batch: int) -> int | None:
    for tp in (2, 4, 8, 16, 32, 64):
        if tp <= plan.tp or model.heads % tp or (plan.tp * plan.dp) % tp:
            continue
        other = replace(plan, tp=tp, dp=plan.tp * plan.dp // tp)
        terms = memory_per_card(model=model, plan=other, seq_len=seq_len, global_batch=global_batch)
        if terms.total <= card.memory_bytes:
            return tp
    return None
