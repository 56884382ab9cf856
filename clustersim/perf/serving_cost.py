"""How long one serving iteration takes on one replica, as terms.

An iteration of n new tokens costs

    t(n, S, P) = weights(n) + activations(n) + exchange(n) + overhead + kv_s S + pair_s P

with S the cached tokens that the decoding sequences read and P the query-key pairs of the prompt tokens. The
linear layers follow a roofline per group of weights: operations over the reachable rate against bytes over the
reachable bandwidth, joined by a p-norm (p -> infinity is the hard roofline of Williams et al., CACM 52(4) 2009).
Everything but the last two terms depends on n alone, so it is tabulated once; the last two are linear, which is
what makes the closed form over many decode iterations exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InputError
from clustersim.perf.serving_work import ServingShape, distinct_experts, expert_token_share

__all__ = ["Device", "Efficiency", "Exchange", "IterationTerms", "Layout", "iteration_terms"]

Array = NDArray[np.float64]
Seconds = Callable[[Array], Array]

#: p of the p-norm that joins the two sides of the roofline (assumption: between the hard corner and the sum;
#: near the ridge a kernel reaches neither peak).
ROOFLINE_NORM = 3.0
#: Reads and writes of the hidden state per layer that are not fused into a matrix product: two norms (read and
#: write), two residual additions, quantising the two inputs (derived by counting the kernels of a pre-norm
#: block).
HIDDEN_PASSES = 10.0
#: Reads and writes of the feed-forward width per layer: gate, up, product, and its quantised copy (counted).
FFN_PASSES = 4.0
#: Sequences whose next-token logits are computed in one iteration at most; prompt tokens need only the last.
LOGIT_ROWS = 256.0


@dataclass(frozen=True, slots=True)
class Layout:
    """How a replica is cut: tensor, pipeline, attention-data and expert parallel degrees.

    The cards of a replica are tp x pp x dp. Experts are spread over the tp x dp cards of a stage: ``ep`` groups,
    the rest of the split cuts every expert.
    """

    tp: int = 1
    pp: int = 1
    dp: int = 1
    ep: int = 1

    def __post_init__(self) -> None:
        for name in ("tp", "pp", "dp", "ep"):
            if getattr(self, name) < 1:
                raise InputError(f"plan: {name}={getattr(self, name)} must be at least 1")
        if (self.tp * self.dp) % self.ep:
            raise InputError(
                f"plan: ep={self.ep} must divide tp x dp = {self.tp * self.dp}: experts live on those cards"
            )

    @property
    def cards(self) -> int:
        """Cards of one replica."""
        return self.tp * self.pp * self.dp


@dataclass(frozen=True, slots=True)
class Device:
    """What a card gives to serving: peak of the linear layers, peak of attention, memory and its bandwidth."""

    name: str
    linear_peak: float
    attention_peak: float
    memory_bytes: float
    memory_bandwidth: float


@dataclass(frozen=True, slots=True)
class Efficiency:
    """The constants of one engine on one card.

    ``gemm`` and ``memory`` are the reachable shares of the peak and of the bandwidth, ``attention`` the share
    of the attention peak in prefill, ``kv`` the share of the bandwidth in decode attention; ``layer_s`` is the
    time between kernels of one layer, ``step_s`` the host's time per iteration and ``step_token_s`` per
    sequence in it, ``request_s`` the time outside the model that a request spends before its first token.
    """

    gemm: float
    memory: float
    attention: float
    kv: float
    layer_s: float
    step_s: float
    step_token_s: float
    request_s: float


@dataclass(frozen=True, slots=True)
class Exchange:
    """Seconds of each collective as a function of bytes (per-card message size, the fabric's convention)."""

    all_reduce: Seconds
    all_to_all: Seconds
    send: Seconds


@dataclass(frozen=True, slots=True)
class IterationTerms:
    """The seconds of an iteration of n tokens (arrays over n) and its linear coefficients.

    ``kv_s`` per cached token read, ``pair_s`` per query-key pair of a prompt, ``sequence_s`` per decoding
    sequence (sampling, detokenising).
    """

    tokens: Array
    weights_s: Array
    activations_s: Array
    exchange_s: Array
    overhead_s: Array
    kv_s: float
    pair_s: float
    sequence_s: float
    flops: Array
    weight_bytes: Array
    kv_bytes: float
    pair_flops: float

    @property
    def fixed_s(self) -> Array:
        """Seconds that depend on the number of new tokens alone."""
        return self.weights_s + self.activations_s + self.exchange_s + self.overhead_s


def _roofline(flops: Array, bytes_: Array, peak: float, bandwidth: float) -> Array:
    """Return the p-norm of the compute and memory times.

    >>> float(_roofline(np.array([3.0]), np.array([0.0]), 1.0, 1.0)[0])
    3.0
    """
    top = np.maximum(flops / peak, bytes_ / bandwidth)
    low = np.minimum(flops / peak, bytes_ / bandwidth)
    ratio = np.divide(low, top, out=np.zeros_like(top), where=top > 0)
    return np.asarray(top * (1.0 + ratio**ROOFLINE_NORM) ** (1.0 / ROOFLINE_NORM))


def _groups(n: Array, shape: ServingShape, layout: Layout, bytes_per_param: float) -> list[tuple[Array, Array]]:
    """Return (operations, weight bytes) of one stage's card per group of weights, for n tokens of that stage."""
    own = n / layout.dp
    spread = float(layout.tp * layout.dp)
    layers = shape.layers / layout.pp
    dense = shape.dense_layers / layout.pp
    moe = shape.moe_layers / layout.pp
    ones = np.ones_like(n)
    attention = layers * shape.attention_params / layout.tp
    # Shared feed-forward weights are cut over the tensor group; each data group works on its own tokens.
    ffn = (dense * shape.dense_ffn_params + moe * shape.shared_expert_params) / layout.tp
    head = shape.head_params / layout.tp / layout.pp
    out = [
        (2.0 * attention * own, attention * bytes_per_param * ones),
        (2.0 * ffn * own, ffn * bytes_per_param * ones),
        (2.0 * head * np.minimum(own, LOGIT_ROWS), head * 2.0 * ones),
    ]
    if moe > 0:
        k, total = shape.experts_per_token, shape.experts
        busiest = expert_token_share(n, total, k, layout.ep)
        flops = 2.0 * moe * shape.expert_params * k * n / spread * busiest
        touched = distinct_experts(n, total, k) / spread
        out.append((flops, moe * shape.expert_params * touched * bytes_per_param))
    return out


def _exchange(n: Array, shape: ServingShape, layout: Layout, exchange: Exchange, act_bytes: float) -> Array:
    """Seconds of the collectives of one stage: all-reduce per block in a tensor group, all-to-all for experts."""
    own = n / layout.dp
    size = own * shape.hidden * act_bytes
    layers, moe = shape.layers / layout.pp, shape.moe_layers / layout.pp
    seconds = np.zeros_like(n)
    if layout.tp > 1:
        # One after attention, one after the feed-forward block; with attention-data parallelism the expert
        # layers' second one becomes the dispatch and the combine below.
        seconds += layers * exchange.all_reduce(size)
        seconds += (layers - moe if layout.dp > 1 else layers) * exchange.all_reduce(size)
    if moe > 0 and layout.dp > 1 and layout.tp * layout.dp > 1:
        copies = min(shape.experts_per_token, float(layout.ep)) if layout.ep > 1 else float(layout.dp)
        sent = n / (layout.tp * layout.dp) * shape.hidden * copies
        # Dispatch travels in one byte per value, the combine in the activations' width (DeepSeek-V3 report
        # 3.2.2 and 3.4).
        seconds += moe * (exchange.all_to_all(sent) + exchange.all_to_all(sent * act_bytes))
    if layout.pp > 1:
        seconds += exchange.send(size)
    return seconds


def iteration_terms(
    tokens: Array,
    *,
    shape: ServingShape,
    layout: Layout,
    device: Device,
    efficiency: Efficiency,
    exchange: Exchange,
    bytes_per_param: float,
    kv_bytes_per_value: float,
    act_bytes: float = 2.0,
) -> IterationTerms:
    """Return the terms of an iteration with ``tokens`` new tokens in the whole replica.

    With pp stages the batch is cut into pp parts that fill the pipeline, so an iteration lasts pp times the
    stage time of a pp-th of the tokens (at least one).
    """
    per_stage = np.maximum(np.asarray(tokens, dtype=np.float64) / layout.pp, 1.0)
    peak, bandwidth = device.linear_peak * efficiency.gemm, device.memory_bandwidth * efficiency.memory
    groups = _groups(per_stage, shape, layout, bytes_per_param)
    weights = np.asarray(sum((_roofline(f, b, peak, bandwidth) for f, b in groups), np.zeros_like(per_stage)))
    own = per_stage / layout.dp
    width = HIDDEN_PASSES * shape.hidden + FFN_PASSES * shape.ffn_width / layout.tp
    moved = own * width * act_bytes * shape.layers / layout.pp
    stages = float(layout.pp)
    kv_split = (1.0 if shape.latent else min(float(layout.tp), shape.kv_heads)) * layout.dp
    kv_bytes = shape.layers * shape.kv_values * kv_bytes_per_value / kv_split
    score = shape.latent_score_width if shape.latent else shape.score_width
    heads_split = float(layout.tp * layout.dp)
    decode_flops = 2.0 * shape.layers * score / heads_split
    pair_flops = 2.0 * shape.layers * shape.score_width / heads_split
    attention_rate = device.attention_peak * efficiency.attention
    overhead = efficiency.step_s + efficiency.layer_s * shape.layers
    return IterationTerms(
        tokens=np.asarray(tokens, dtype=np.float64),
        weights_s=stages * weights,
        activations_s=stages * moved / bandwidth,
        exchange_s=stages * _exchange(per_stage, shape, layout, exchange, act_bytes),
        overhead_s=np.full_like(per_stage, overhead),
        sequence_s=efficiency.step_token_s,
        kv_s=max(kv_bytes / (device.memory_bandwidth * efficiency.kv), decode_flops / attention_rate),
        pair_s=pair_flops / attention_rate,
        flops=np.asarray(stages * sum((f for f, _ in groups), np.zeros_like(per_stage))),
        weight_bytes=np.asarray(stages * sum((b for _, b in groups), np.zeros_like(per_stage))),
        kv_bytes=kv_bytes,
        pair_flops=pair_flops,
    )
