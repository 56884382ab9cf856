"""Seconds of one micro-batch on one pipeline stage: matrix products, attention, element-wise kernels, exchanges."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from clustersim.fabric.collectives import collective_time
from clustersim.fabric.network import Network
from clustersim.perf.card import NARROW
from clustersim.perf.job import TrainJob
from clustersim.perf.model import Model
from clustersim.perf.plan import Plan
from clustersim.perf.shapes import layer_seconds

__all__ = ["Stage", "local_members", "stage_seconds", "wide_type"]

#: A number, or an array with one entry a plan.
Real = Any

#: Values that the element-wise kernels of a layer read or write, forward and backward: per hidden unit for norms,
#: residuals and dropouts, and per unit of feed-forward width for the activation (counted: 10 and 2 forward, twice
#: that backward, unfused in part).
OUTSIDE_VALUES, INSIDE_VALUES = 36.0, 9.0
#: Of these, what the norms and the activation read and write forward: selective recomputation repeats it (counted).
CHEAP_OUTSIDE, CHEAP_INSIDE = 4.0, 3.0
#: The same for each copy of a token that goes to an expert, per hidden unit: sorted for the exchange, sorted by expert,
#: and both undone, read and written (counted: 6 forward and as many backward).
ROUTED_VALUES = 12.0
#: Seconds that a kernel takes beyond its work: launch, ramp-up and drain (derived; tuned on the declared rows of
#: docs/training.md, of the order of the 4-6 us that CUDA kernels of this size take).
KERNEL_S = 4e-6
#: Kernels of one layer in one forward pass: norms, four matrix products, attention, residuals, activation (counted).
KERNELS_PER_LAYER = 16.0
#: Kernels more where attention is not fused: splits and permutes, two batched products, scale, mask, softmax, dropout,
#: biases (counted).
UNFUSED_KERNELS = 12.0
#: Times that a score matrix is read or written, forward, without fused attention: product, scale and mask, softmax,
#: dropout, product, partly fused: between 4 and 10 passes forward (derived, as KERNEL_S); backward 1.7 times that.
SCORE_PASSES_FORWARD, SCORE_PASSES_BACKWARD = 6.5, 11.0
#: Share of a card's best matrix rate that batched products of one head reach without fused attention (derived, as
#: KERNEL_S).
UNFUSED_SHARE = 0.72
#: Share of their rate that unfused products reach whose head width is no multiple of 8: two-byte values then miss the
#: 16-byte alignment that the tensor units need, and the plain units of an A100 do 78 of its 312 TFLOP/s (whitepaper).
MISALIGNED_SHARE = 0.25
#: Head widths that are multiples of this fill the tensor units' tiles; others pay for the padding (CUTLASS tiles).
HEAD_TILE = 64


@dataclass(frozen=True, slots=True)
class Stage:
    """Seconds of one micro-batch on one stage, forward and backward together."""

    gemm: Real
    attention: Real
    elementwise: Real
    recompute: Real
    software: Real
    tp: Real
    cp: Real
    ep: Real

    @property
    def total(self) -> Real:
        kernels = self.gemm + self.attention + self.elementwise + self.recompute
        return kernels + self.software + self.tp + self.cp + self.ep


def stage_seconds(job: TrainJob) -> Stage:
    """Return the seconds of one micro-batch on one stage, forward and backward.

    Below 16 bits only the products with weights are computed in the job's data type, after a cast of both operands;
    attention and the output head stay in bfloat, as the libraries do (Transformer Engine). No pass of a layer is
    shorter than the host takes to launch it.
    """
    network, model, plan, tokens = job.network, job.model, job.plan, job.micro_tokens
    layers = model.layers / plan.pp
    shared = plan.tp if plan.sequence_parallel else 1
    kernels = _kernels(job, shared)
    software = plan.software
    passes = 3 if plan.recompute == "full" else 2
    one = collective_time(
        "all_reduce", 2.0 * tokens * model.hidden, plan.tp, local=local_members(plan.tp, 1, network), network=network
    )  # fmt: skip
    ring = _context_exchange(job)
    experts = _expert_exchange(job, tokens / shared, passes)
    stage = replace(
        kernels,
        tp=np.maximum(0.0, 2.0 * passes * layers * one.total_s - software.tp_overlap * kernels.gemm),
        # The key-value exchange hides under the attention of the block that is at hand.
        cp=np.maximum(0.0, 3 * layers * ring - kernels.attention),
        ep=np.maximum(0.0, experts - software.ep_overlap * kernels.gemm),
    )
    waiting = np.maximum(0.0, passes * layers * software.host_layer_s - stage.total)
    added = software.layer_overhead_s + software.expert_overhead_s * model.moe_layers / model.layers
    return replace(stage, software=waiting + passes * layers * added)


def _kernels(job: TrainJob, shared: Real) -> Stage:
    """Return the seconds of the kernels of a stage, without exchanges and software."""
    card, model, plan, tokens = job.card, job.model, job.plan, job.micro_tokens
    layers = model.layers / plan.pp
    rate = card.matrix_rate(job.dtype)
    bandwidth = card.memory_bandwidth * card.memory_efficiency
    launches = (KERNELS_PER_LAYER + (0.0 if plan.software.flash_attention else UNFUSED_KERNELS)) * KERNEL_S
    forward, backward = layer_seconds(
        model, plan, tokens, rate=rate, bandwidth=bandwidth, units=card.compute_units
    )
    attention, again = _attention(job, layers)
    moved = 2.0 * _values(model, plan, shared) + _cast_bytes(job, shared)
    elementwise = layers * moved * tokens / bandwidth
    recompute: Real = 0.0
    if plan.recompute == "full":
        recompute = layers * (forward + launches) + again + elementwise / 3
    elif plan.recompute == "selective" and plan.software.flash_attention:
        cheap = CHEAP_OUTSIDE * model.hidden / shared + CHEAP_INSIDE * model.ffn_width / plan.tp
        recompute = layers * cheap * 2.0 * tokens / bandwidth
    elif plan.recompute == "selective":
        recompute = again
    gemm = layers * (forward + backward + 3 * launches)
    return Stage(gemm, attention, elementwise, recompute, software=0.0, tp=0.0, cp=0.0, ep=0.0)


def _values(model: Model, plan: Plan, shared: Real) -> Real:
    """Values a token and layer that element-wise kernels read or write.

    Norms, dropouts and residuals are split by sequence parallelism only; the activation's width by tensors.
    """
    routed = model.moe_layers / model.layers * model.experts_per_token * model.hidden
    outside = OUTSIDE_VALUES * model.hidden + ROUTED_VALUES * routed
    return outside / shared + INSIDE_VALUES * model.ffn_width / plan.tp


def wide_type(dtype: str) -> str:
    """Return the data type of what is not a product with weights: bfloat below 16 bits."""
    return "bf16" if dtype in NARROW else dtype


def _cast_bytes(job: TrainJob, shared: Real) -> Real:
    """Bytes a token and layer of casting the operands of products with weights below 16 bits.

    Inputs forward and gradients backward are each read once (2 bytes) and written by rows and by columns (1 byte each;
    the products for inputs and for weights run along different axes).
    """
    if job.dtype not in NARROW:
        return 0.0
    model, plan = job.model, job.plan
    query, kv = model.heads * model.head_dim, model.kv_heads * model.head_dim
    width = model.ffn_width
    up = (2 if model.gated else 1) * width
    return 4.0 * (4.0 * model.hidden / shared + (2.0 * query + 2.0 * kv + width + up) / plan.tp)


def _attention(job: TrainJob, layers: Real) -> tuple[Real, Real]:
    """Return the seconds of scores and their products, forward and backward, and of computing them once again.

    Causal flash attention computes half of the square and recomputes its scores in the backward pass: 3.5 times the
    forward operations in all (arXiv:2307.08691, section 3.1). Unfused, the whole square is computed three times and
    the score matrix goes to memory and back; selective recomputation repeats the forward part (arXiv:2205.05198). With
    fused attention it repeats norms and activation instead (``stage_seconds``).
    """
    card, model, plan = job.card, job.model, job.plan
    rate, bandwidth = card.matrix_rate(wide_type(job.dtype)), card.memory_bandwidth * card.memory_efficiency
    width = model.head_dim if not model.kv_lora_rank else model.v_head_dim
    padding = -(-width // HEAD_TILE) * HEAD_TILE / width
    pairs = 2.0 * job.micro_tokens * job.seq_len
    square = pairs * model.score_width / plan.tp * layers * padding
    if plan.software.flash_attention:
        forward = 0.5 * square / (rate * plan.software.attention_share)
        return 3.5 * forward, forward if plan.recompute == "full" else 0.0
    scores = pairs * model.heads / plan.tp * layers
    aligned = 1.0 if width % 8 == 0 else MISALIGNED_SHARE
    products = square / (rate * UNFUSED_SHARE * aligned)
    forward = products + SCORE_PASSES_FORWARD * scores / bandwidth
    return 3 * products + (SCORE_PASSES_FORWARD + SCORE_PASSES_BACKWARD) * scores / bandwidth, forward


def _expert_exchange(job: TrainJob, tokens: Real, passes: int) -> Real:
    """Seconds of sending tokens to their experts and back, forward and backward, all exposed.

    The cards of an expert group follow one another. A token crosses the network once to each domain that holds some of
    its experts, and is handed on inside while the next ones arrive (DeepSeek-V3, arXiv:2412.19437, section 3.2.2);
    software without that sends a copy for every expert. Cards that split an expert between them gather its tokens.
    """
    network, model, plan = job.network, job.model, job.plan
    if not model.moe_layers:
        return 0.0
    inner = plan.etp if plan.sequence_parallel else plan.tp
    local = local_members(plan.ep, inner, network)
    size = 2.0 * tokens * model.experts_per_token * model.hidden
    domains = plan.ep / local
    every = np.maximum(model.experts_per_token * (1 - 1 / domains), 1e-30)
    once = (domains - 1) * (1 - (1 - 1 / domains) ** model.experts_per_token)
    share = np.where(plan.software.expert_forwarding, once / every, 1.0)
    between = collective_time("all_to_all", size * share, plan.ep, local=local, network=network).total_s
    inside = collective_time("all_to_all", size, local, local=local, network=network).total_s
    one = np.where(np.greater(domains, 1), np.maximum(between, inside), inside)
    if plan.etp > 1:
        near = local_members(plan.etp, 1, network)
        shared = collective_time("all_gather", size * plan.etp, plan.etp, local=near, network=network).total_s
        one = one + np.where(np.greater(plan.ep, 1), shared, 0.0)
    return 2.0 * passes * model.moe_layers / plan.pp * one


def _context_exchange(job: TrainJob) -> Real:
    network, model, plan = job.network, job.model, job.plan
    kv = (
        2.0
        * 2.0
        * job.micro_tokens
        * plan.cp
        * model.kv_heads
        * model.head_dim
        / np.minimum(plan.tp, model.kv_heads)
    )
    local = local_members(plan.cp, plan.tp, network)
    return collective_time("all_gather", kv, plan.cp, local=local, network=network).total_s


def local_members(group: Real, inner: Real, network: Network) -> Real:
    """Members of a group that share a domain when ``inner`` cards of the domain belong to each of its members."""
    room = np.maximum(1, network.scale_up_size // np.minimum(inner, network.scale_up_size))
    members = np.asarray(group, dtype=np.int64)
    # A group that its domains cannot hold evenly leaves some of a domain's cards out: the largest common divisor, or
    # the largest power of two.
    even = np.gcd(members, np.asarray(room, dtype=np.int64))
    power = np.gcd(members, 2 ** np.floor(np.log2(room)).astype(np.int64))
    return np.where(np.less_equal(members, room), members, np.maximum(even, power))
