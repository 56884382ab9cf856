"""How long one serving iteration takes on one replica, as terms.

An iteration of n new tokens costs

    t(n, B, S, P) = weights(n) + activations(n) + exchange(n) + overhead + sequence_s B + kv_s S + pair_s P

with B decoding sequences, S the cached tokens that they read and P the query-key pairs of the prompt tokens. The
linear layers follow a roofline per group of weights: operations over the reachable rate against bytes over the
reachable bandwidth, joined by a p-norm (p -> infinity is the hard roofline of Williams et al., CACM 52(4) 2009).
The first four terms depend on n alone, so they are tabulated once; the others are linear, which is what makes the
closed form over many decode iterations exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.fabric.network import Network
from clustersim.perf.card import Card
from clustersim.perf.model import Model
from clustersim.perf.serving_engine import Efficiency, Layout, Precision
from clustersim.perf.serving_exchange import exchange_seconds
from clustersim.perf.serving_work import (
    distinct_experts,
    expert_token_share,
    kv_bytes_per_token,
    latent_score_width,
)

__all__ = ["IterationTerms", "iteration_terms"]

Array = NDArray[np.float64]

#: p of the p-norm that joins the two sides of the roofline (assumption: between the hard corner and the sum;
#: near the ridge a kernel reaches neither peak).
ROOFLINE_NORM = 3.0
#: Reads and writes of the hidden state per layer that are not fused into a matrix product: two norms (read and
#: write), two residual additions, quantising the two inputs (derived by counting the kernels of a pre-norm
#: block).
HIDDEN_PASSES = 10.0
#: Reads and writes of the feed-forward width per layer: gate, up, product, and its quantised copy (derived, the
#: same count).
FFN_PASSES = 4.0
#: Sequences whose next-token logits are computed in one iteration at most; prompt tokens need only the last
#: (derived from the engines' default batch limit of 256).
LOGIT_ROWS = 256.0


@dataclass(frozen=True, slots=True)
class IterationTerms:
    """The seconds of an iteration of n tokens (arrays over n) and its linear coefficients.

    ``kv_s`` per cached token read, ``pair_s`` per query-key pair of a prompt, ``sequence_s`` per decoding
    sequence (sampling, detokenising). ``flops`` and ``weight_bytes`` are those of the busiest card.
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

    def total_s(self, index: int, sequences: float, context: float, pairs: float) -> float:
        """Seconds of the iteration at position ``index`` of the table with its attention."""
        return float(
            self.fixed_s[index] + self.sequence_s * sequences + self.kv_s * context + self.pair_s * pairs
        )


def roofline_s(flops: Array, bytes_: Array, peak: float, bandwidth: float) -> Array:
    """Return the p-norm of the compute time flops/peak and the memory time bytes/bandwidth.

    >>> float(roofline_s(np.array([3.0]), np.array([0.0]), 1.0, 1.0)[0])
    3.0
    """
    top = np.maximum(flops / peak, bytes_ / bandwidth)
    low = np.minimum(flops / peak, bytes_ / bandwidth)
    ratio = np.divide(low, top, out=np.zeros_like(top), where=top > 0)
    return np.asarray(top * (1.0 + ratio**ROOFLINE_NORM) ** (1.0 / ROOFLINE_NORM))


def _groups(n: Array, model: Model, layout: Layout, precision: Precision) -> list[tuple[Array, Array]]:
    """Return (operations, weight bytes) of one stage's card per group of weights, for n tokens of that stage."""
    own, ones, wide = n / layout.dp, np.ones_like(n), precision.weight_bytes
    layers, dense, moe = (x / layout.pp for x in (model.layers, model.dense_layers, model.moe_layers))
    attention = layers * model.attention_params / layout.tp
    shared = model.shared_experts * model.ffn_params(model.expert_ffn_hidden)
    # Shared feed-forward weights are cut over the tensor group; each data group works on its own tokens.
    ffn = (dense * model.ffn_params(model.ffn_hidden) + moe * shared) / layout.tp
    head = model.vocab * model.hidden / layout.tp / layout.pp
    out = [
        (2.0 * attention * own, attention * precision.attention_bytes * ones),
        (2.0 * ffn * own, ffn * wide * ones),
        (2.0 * head * np.minimum(own, LOGIT_ROWS), head * precision.activation_bytes * ones),
    ]
    if moe > 0:
        spread = float(layout.tp * layout.dp)
        expert = moe * model.ffn_params(model.expert_ffn_hidden) / spread
        busiest = expert_token_share(n, model.experts, model.experts_per_token, layout.ep)
        touched = distinct_experts(n, model.experts, model.experts_per_token)
        out.append((2.0 * expert * model.experts_per_token * n * busiest, expert * touched * wide))
    return out


def _attention(
    model: Model, layout: Layout, card: Card, efficiency: Efficiency, precision: Precision
) -> tuple[float, float, float, float]:
    """Return seconds per cached token and per pair, bytes per cached token and operations per pair, per card.

    Decode reads the cache at the reachable bandwidth or computes at the reachable rate, whichever is slower;
    both grow with the cached tokens, so the slower one is a constant choice.
    """
    kv_bytes = kv_bytes_per_token(model, bytes_per_value=precision.kv_bytes, tp=layout.tp) / layout.dp
    split = 2.0 * model.layers / (layout.tp * layout.dp)
    score = latent_score_width(model) if model.kv_lora_rank else model.score_width
    rate = card.peak_of(precision.attention) * efficiency.attention
    kv_s = max(kv_bytes / (card.memory_bandwidth * efficiency.kv), split * score / rate)
    return kv_s, split * model.score_width / rate, kv_bytes, split * model.score_width


def iteration_terms(
    tokens: Array,
    *,
    model: Model,
    layout: Layout,
    card: Card,
    network: Network,
    efficiency: Efficiency,
    precision: Precision,
) -> IterationTerms:
    """Return the terms of an iteration with ``tokens`` new tokens in the whole replica.

    With pp stages the batch is cut into pp parts that fill the pipeline, so an iteration lasts pp times the
    stage time of a pp-th of the tokens (at least one). Units: seconds, FLOP, bytes.
    """
    n = np.asarray(tokens, dtype=np.float64)
    stages, part = float(layout.pp), np.maximum(n / layout.pp, 1.0)
    peak = card.peak_of(precision.linear) * efficiency.gemm
    bandwidth = card.memory_bandwidth * efficiency.memory
    groups = _groups(part, model, layout, precision)
    factors = (1.0, 1.0, 1.0, efficiency.expert)
    zero = np.zeros_like(part)
    weights = sum(
        (roofline_s(f, b, peak * x, bandwidth * x) for (f, b), x in zip(groups, factors, strict=False)), zero
    )
    width = max(
        model.ffn_hidden if model.dense_layers else 0, model.experts_per_token * model.expert_ffn_hidden
    )
    passes = HIDDEN_PASSES * model.hidden + FFN_PASSES * width / layout.tp
    moved = part / layout.dp * passes * precision.activation_bytes * model.layers / layout.pp
    kv_s, pair_s, kv_bytes, pair_flops = _attention(model, layout, card, efficiency, precision)
    overhead = efficiency.step_s + efficiency.layer_s * model.layers
    overhead += efficiency.expert_layer_s * model.moe_layers
    exchange = exchange_seconds(part, model, layout, network, efficiency.one_shot_s, precision)
    return IterationTerms(
        tokens=n,
        weights_s=np.asarray(stages * weights),
        activations_s=stages * moved / bandwidth,
        exchange_s=stages * exchange,
        overhead_s=np.full_like(part, overhead),
        kv_s=kv_s,
        pair_s=pair_s,
        sequence_s=efficiency.sequence_s,
        flops=np.asarray(stages * sum((f for f, _ in groups), zero)),
        weight_bytes=np.asarray(stages * sum((b for _, b in groups), zero)),
        kv_bytes=kv_bytes,
        pair_flops=pair_flops,
    )
