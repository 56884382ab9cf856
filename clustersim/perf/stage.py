"""Seconds of one micro-batch on one pipeline stage: matrix products, attention, element-wise kernels, exchanges."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from clustersim.fabric.collectives import collective_time
from clustersim.perf.blocks import block_share, ffn_width, head_width, mixing_widths, scores, up_projections
from clustersim.perf.card import NARROW
from clustersim.perf.exchange import block_members, context_exchange, expert_exchange, local_members
from clustersim.perf.job import TrainJob
from clustersim.perf.model import Model
from clustersim.perf.plan import Plan, Software
from clustersim.perf.schedules import Phases
from clustersim.perf.shapes import layer_seconds, product_seconds
from clustersim.perf.split import StageLoad

__all__ = ["Layers", "Stage", "hidden_under", "layers_seconds", "wide_type"]

#: A number, or an array with one entry a plan.
Real = Any

#: Values that the element-wise kernels of a layer read or write, forward and backward: per hidden unit for norms,
#: residuals and dropouts (counted: 10 forward, twice that backward, unfused in part); per unit of feed-forward width
#: see ``Software.gate_values``.
OUTSIDE_VALUES = 36.0
#: The same where every operator reads and writes its own, for blocks without and with a gate (counted, times three for
#: the backward pass): norms of one kernel, residuals and transposes 15; with root-mean-square norms in single precision
#: of seven operators (18 each) and rotations of queries and keys (13) 60; the activation 3 a unit of width, gated 5.
EAGER_OUTSIDE, EAGER_INSIDE = (45.0, 180.0), (9.0, 15.0)
#: Share of the streaming rate that norms, activations, rotations and residuals of fused stacks reach: reductions and
#: strided values, on operands of one layer (derived: of 1, 0.85, 0.7, 0.6 on the declared rows of docs/training.md).
#: Unfused stacks keep 1: their counts were found together with what attention writes.
KERNEL_SHARE = 0.7
#: Of these, what the norms read and write forward: selective recomputation repeats it, and the forward third of what
#: the activation does (counted).
CHEAP_OUTSIDE, GATE_PASSES = 4.0, 3.0
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
#: Kernels of one expert in one pass of a layer: its products and what prepares them; below 16 bits also casts of both
#: operands of each by rows and by columns, with their scales (counted; of 10, 14, 20 on the declared rows).
EXPERT_KERNELS, NARROW_EXPERT_KERNELS = 4.0, 14.0
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
    """Seconds of one micro-batch on some layers, forward and backward together."""

    gemm: Real
    attention: Real
    elementwise: Real
    recompute: Real
    software: Real
    tp: Real
    cp: Real
    ep: Real
    forward: Real
    """Of all this, the forward pass."""
    weights: Real
    """And the products for weight gradients, which a schedule may put off."""

    @property
    def kernels(self) -> Real:
        """What the card computes."""
        return self.gemm + self.attention + self.elementwise + self.recompute

    @property
    def total(self) -> Real:
        """Forward and backward."""
        return self.kernels + self.software + self.tp + self.cp + self.ep

    @property
    def phases(self) -> Phases:
        """Forward, backward for inputs, backward for weights."""
        return Phases(self.forward, self.total - self.forward - self.weights, self.weights)

    def times(self, layers: Real) -> Stage:
        """As many layers like this."""
        return Stage(*(getattr(self, f.name) * layers for f in fields(self)))

    def plus(self, other: Stage) -> Stage:
        """These layers and the others."""
        return Stage(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Layers:
    """Seconds of one micro-batch on one layer of each kind that the model has."""

    dense: Stage | None
    mixture: Stage | None
    predictions: int = 0
    """Extra prediction layers, which stand where the head is; mixtures where the model has any."""

    def of(self, load: StageLoad) -> Stage:
        """Return the seconds of the layers of a stage, without its head."""
        parts = [layer.times(count) for layer, count in self._counted(load)]
        return parts[0] if len(parts) == 1 else parts[0].plus(parts[1])

    def seconds(self, load: StageLoad) -> Real:
        """Return the seconds of the layers of a stage alone, without the terms that they are the sum of."""
        return sum(layer.total * count for layer, count in self._counted(load))

    def _counted(self, load: StageLoad) -> list[tuple[Stage, Real]]:
        """A layer of each kind that the model has, and how many of it a stage holds."""
        extra = load.head * self.predictions
        mixtures = load.mixtures + (extra if self.mixture is not None else 0)
        dense = load.dense + (extra if self.mixture is None else 0)
        kinds = ((self.dense, dense), (self.mixture, mixtures))
        return [(layer, count) for layer, count in kinds if layer is not None]


def layers_seconds(job: TrainJob) -> Layers:
    """Return the seconds of one micro-batch on a layer of each kind."""
    model = job.model
    return Layers(
        dense=_layer(job, mixture=False) if model.layers > model.moe_layers else None,
        mixture=_layer(job, mixture=True) if model.moe_layers else None,
        predictions=model.prediction_layers,
    )


def _layer(job: TrainJob, *, mixture: bool) -> Stage:
    """Return the seconds of one micro-batch on one layer, forward and backward.

    Below 16 bits only the products with weights are computed in the job's data type, after a cast of both operands;
    attention and the output head stay in bfloat, as the libraries do (Transformer Engine). No pass of a layer is
    shorter than the host takes to launch it.
    """
    plan, software = job.plan, job.plan.software
    shared = plan.tp if plan.sequence_parallel else 1
    kernels = _kernels(job, shared, mixture)
    passes = 3 if plan.recompute == "full" else 2
    tensors = _tensor_exchange(job, passes * block_share(job.model, mixture), kernels, mixture)
    # The key-value exchange hides under the attention of the block that is at hand.
    context = hidden_under(3 * context_exchange(job), kernels.attention, software)
    experts: Real = 0.0
    if mixture:
        exchange = expert_exchange(job, job.micro_tokens / shared, passes)
        # Worked on with a pass the other way, the exchange of one hides under the other's kernels.
        share = 1.0 if plan.schedule == "dualpipe" else software.ep_overlap
        under = share * kernels.kernels
        experts = hidden_under(exchange, under, software)
    busy = replace(kernels, tp=tensors, cp=context, ep=experts)
    host = block_share(job.model, mixture) * software.host_layer_s
    if mixture:
        host = host + _expert_kernels(job) * software.expert_launch_s
    waiting = np.maximum(0.0, passes * host - busy.total)
    added = software.layer_overhead_s + (software.expert_overhead_s if mixture else 0.0)
    beside = waiting + passes * added
    forward = kernels.forward + context / 3 + (tensors + experts + beside) / passes
    return replace(busy, software=beside, forward=forward)


def hidden_under(traffic: Real, work: Real, software: Software) -> Real:
    """Return what traffic adds to the seconds of work that it may hide under: what is longer, and its interference.

    traffic - hidden + interference x hidden, hidden = min(traffic, work).

    >>> hidden_under(3.0, 2.0, Software(interference=0.25))
    1.5
    """
    hidden = np.minimum(traffic, work)
    added: Real = traffic - (1.0 - software.interference) * hidden
    return float(added) if np.ndim(added) == 0 else added


def _tensor_exchange(job: TrainJob, passes: float, kernels: Stage, mixture: bool) -> Real:
    """Seconds that the tensor-parallel exchange of a layer adds: two all-reduces, or gather and scatter, a pass.

    Asynchronous exchange cuts it and the products that it feeds into as many pieces as there are cards and hides all
    but the first under the products of the others (arXiv:2410.06511, section 2.2.2; NVIDIA's NeMo user guide,
    communication overlap). A piece has fewer rows, and fills a card's tiles less well. What would not pay is not done.
    """
    plan, software = job.plan, job.plan.software
    gathered = software.gather_bytes if job.dtype in NARROW and plan.sequence_parallel else 2.0
    size = (gathered + 2.0) / 2 * job.micro_tokens * job.model.hidden
    local = local_members(plan.tp, 1, job.network)
    block = block_members(plan.tp, 1, job.network)
    one = collective_time("all_reduce", size, plan.tp, local=local, network=job.network, block=block)
    whole = 2.0 * passes * one.total_s
    if not software.tp_overlap:
        return whole
    first = whole / plan.tp
    hidden = first + hidden_under(whole - first, software.tp_overlap * kernels.gemm, software)
    return np.minimum(whole, hidden + _cut_products(job, mixture))


def _cut_products(job: TrainJob, mixture: bool) -> Real:
    """Seconds that a layer's products take longer, forward and for the inputs, where tp pieces follow each other."""
    card, plan = job.card, job.plan
    words = {
        "rate": card.matrix_rate(job.dtype),
        "bandwidth": card.memory_bandwidth * card.memory_efficiency,
        "units": card.compute_units,
    }
    whole, pieces = (
        layer_seconds(job.model, plan, job.micro_tokens / cut, mixture=mixture, **words)
        for cut in (1, plan.tp)
    )
    longer = np.maximum(0.0, plan.tp * (pieces[0] + pieces[1]) - whole[0] - whole[1])
    return plan.software.kernel_factor * longer


def _kernels(job: TrainJob, shared: Real, mixture: bool) -> Stage:
    """Return the seconds of the kernels of a layer, without exchanges and software."""
    card, model, plan, tokens = job.card, job.model, job.plan, job.micro_tokens
    bandwidth = card.memory_bandwidth * card.memory_efficiency
    launches = (KERNELS_PER_LAYER + (0.0 if plan.software.flash_attention else UNFUSED_KERNELS)) * KERNEL_S
    launches = launches * block_share(model, mixture)
    if mixture:
        launches = launches + _expert_kernels(job) * KERNEL_S
    forward, inputs, weights = layer_seconds(
        model, plan, tokens, mixture=mixture, rate=card.matrix_rate(job.dtype), bandwidth=bandwidth,
        units=card.compute_units,
    )  # fmt: skip
    attention, scores = _attention(job)
    reached = KERNEL_SHARE if plan.software.flash_attention and not plan.software.eager else 1.0
    moved = 2.0 * _values(model, plan, shared, mixture) / reached + _cast_bytes(job, shared, mixture)
    elementwise = moved * tokens / bandwidth
    recompute: Real = 0.0
    if plan.recompute == "full":
        recompute = forward + launches + scores + elementwise / 3
    elif plan.recompute == "selective" and plan.software.flash_attention:
        cheap = (
            CHEAP_OUTSIDE * block_share(model, mixture) * model.hidden / shared
            + plan.software.gate_values / GATE_PASSES * ffn_width(model, mixture) / plan.tp
        )
        recompute = elementwise / 3 if plan.software.eager else cheap * 2.0 * tokens / (bandwidth * reached)
        recompute = recompute + _heads_again(job, bandwidth)
    elif plan.recompute == "selective":
        recompute = scores
    tuned = Stage(
        gemm=forward + inputs + weights + 3 * launches,
        attention=attention,
        elementwise=elementwise,
        recompute=recompute,
        software=0.0,
        tp=0.0,
        cp=0.0,
        ep=0.0,
        forward=forward + launches + scores + elementwise / 3,
        weights=weights,
    )
    return tuned.times(plan.software.kernel_factor)


def _expert_kernels(job: TrainJob) -> Real:
    """Kernels of a card's experts in one pass of a layer; none of their own where one launch serves all experts."""
    if job.plan.software.grouped_experts:
        return 0.0
    each = NARROW_EXPERT_KERNELS if job.dtype in NARROW else EXPERT_KERNELS
    return each * job.model.experts / job.plan.ep


def _heads_again(job: TrainJob, bandwidth: float) -> Real:
    """Seconds of making the heads of latent attention again from the latents that are kept."""
    card, model, plan = job.card, job.model, job.plan
    words = {"rate": card.matrix_rate(job.dtype), "bandwidth": bandwidth, "units": card.compute_units}
    return sum(
        (product_seconds(job.micro_tokens, n, k, 1.0, **words) for n, k in up_projections(model, plan.tp)),
        start=0.0,
    )


def _values(model: Model, plan: Plan, shared: Real, mixture: bool) -> Real:
    """Values a token and layer that element-wise kernels read or write.

    Norms, dropouts and residuals are split by sequence parallelism only; the activation's width by tensors.
    """
    routed = model.experts_per_token * model.hidden if mixture else 0
    each, inside = OUTSIDE_VALUES, plan.software.gate_values
    if plan.software.eager:
        # A gated block is of today's kind, with root-mean-square norms and rotations.
        each, inside = EAGER_OUTSIDE[model.gated], EAGER_INSIDE[model.gated]
    outside = each * block_share(model, mixture) * model.hidden + ROUTED_VALUES * routed
    return outside / shared + inside * ffn_width(model, mixture) / plan.tp


def wide_type(dtype: str) -> str:
    """Return the data type of what is not a product with weights: bfloat below 16 bits."""
    return "bf16" if dtype in NARROW else dtype


def _cast_bytes(job: TrainJob, shared: Real, mixture: bool) -> Real:
    """Bytes a token and layer of casting the operands of products with weights below 16 bits.

    Inputs forward and gradients backward are each read once (2 bytes) and written by rows and by columns (1 byte each;
    the products for inputs and for weights run along different axes).
    """
    if job.dtype not in NARROW:
        return 0.0
    model, plan = job.model, job.plan
    width = ffn_width(model, mixture)
    up = (2 if model.gated else 1) * width
    outside = 4.0 * model.hidden * block_share(model, mixture)
    return 4.0 * (outside / shared + (sum(mixing_widths(model)) + width + up) / plan.tp)


def _attention(job: TrainJob) -> tuple[Real, Real]:
    """Return the seconds of scores and their products in a layer, forward and backward, and of the forward part.

    Causal flash attention computes half of the square and recomputes its scores in the backward pass: 3.5 times the
    forward operations in all (arXiv:2307.08691, section 3.1). Unfused, the whole square is computed three times and
    the score matrix goes to memory and back; selective recomputation repeats the forward part (arXiv:2205.05198). With
    fused attention it repeats norms and activation instead (``_kernels``).
    """
    card, model, plan = job.card, job.model, job.plan
    rate, bandwidth = card.matrix_rate(wide_type(job.dtype)), card.memory_bandwidth * card.memory_efficiency
    width = head_width(model)
    padding = -(-width // HEAD_TILE) * HEAD_TILE / width
    square = 2.0 * job.micro_tokens * scores(model, job.seq_len) / plan.tp * padding
    if plan.software.flash_attention:
        forward = 0.5 * square / (rate * plan.software.attention_share)
        return 3.5 * forward, forward
    matrix = 2.0 * job.micro_tokens * job.seq_len * model.heads / plan.tp
    aligned = 1.0 if width % 8 == 0 else MISALIGNED_SHARE
    products = square / (rate * UNFUSED_SHARE * aligned)
    forward = products + SCORE_PASSES_FORWARD * matrix / bandwidth
    return 3 * products + (SCORE_PASSES_FORWARD + SCORE_PASSES_BACKWARD) * matrix / bandwidth, forward
