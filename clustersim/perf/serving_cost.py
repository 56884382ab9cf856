"""How long one serving iteration takes on one replica, as terms.

An iteration of n new tokens costs

    t(n, B, S, P) = weights(n) + activations(n) + near(n) + exchange(n) + overhead + sequence_s B + kv_s S + pair_s P

with B decoding sequences, S the cached tokens that they read and P the query-key pairs of the prompt tokens. The
linear layers follow a roofline per group of weights: operations over the reachable rate against bytes over the
reachable bandwidth, joined by a p-norm (p -> infinity is the hard roofline of Williams et al., CACM 52(4) 2009).
What attention does within a window, a selection or a state does not grow with the context: its work per new token is
near(n), its traffic per decoding sequence is part of sequence_s. The first five terms depend on n alone, so they are
tabulated once; the others are linear, which is what makes the closed form over many decode iterations exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.columns import as_array, most
from clustersim.fabric.network import Network
from clustersim.perf.card import Card
from clustersim.perf.formats import FORMATS
from clustersim.perf.model import Model
from clustersim.perf.serving_engine import TYPICAL_CONTEXT, Efficiency, Layout, Precision, stage_share
from clustersim.perf.serving_exchange import exchange_seconds
from clustersim.perf.serving_ranks import EVEN, RankLoad, busiest_rank
from clustersim.perf.serving_work import (
    attention_work,
    cache_growth,
    distinct_experts,
    expert_token_share,
    not_modelled,
)
from clustersim.plugins import seconds_of

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


#: Share of their rate that products keep whose weights are unpacked to a wider format on the way (derived: beside its
#: 16-bit run the model errs by 1.21 and 1.30 on Qwen3-14B in 4 and 8 bits on an A100, rows lab-131 and lab-132; 0.6 to
#: 1).
UNPACKED_RATE = 0.78


@dataclass(frozen=True, slots=True)
class IterationTerms:
    """The seconds of an iteration of n tokens (arrays over n) and its linear coefficients.

    ``kv_s`` per cached token read, ``pair_s`` per query-key pair of a prompt, ``sequence_s`` per decoding
    sequence (sampling, detokenising, its windows and states: ``sequence_bytes``). ``flops`` and ``weight_bytes`` are
    those of the busiest card, as are ``kv_bytes`` read and ``held_bytes`` kept per cached token. ``not_modelled`` says
    what of the model is left out.
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
    near_s: Array
    sequence_bytes: float = 0.0
    held_bytes: float = 0.0
    not_modelled: tuple[str, ...] = ()

    @property
    def fixed_s(self) -> Array:
        """Seconds that depend on the number of new tokens alone."""
        return self.weights_s + self.activations_s + self.exchange_s + self.overhead_s + self.near_s

    def total_s(self, index: int, sequences: float, context: float, pairs: float) -> float:
        """Seconds of the iteration at position ``index`` of the table with its attention."""
        return float(
            self.fixed_s[index] + self.sequence_s * sequences + self.kv_s * context + self.pair_s * pairs
        )


def roofline_s(flops: Array, bytes_: Array, peak: Any, bandwidth: Any) -> Any:
    """Return the p-norm of the compute time flops/peak and the memory time bytes/bandwidth.

    >>> float(roofline_s(np.array([3.0]), np.array([0.0]), 1.0, 1.0)[0])
    3.0
    """
    top = np.maximum(flops / peak, bytes_ / bandwidth)
    low = np.minimum(flops / peak, bytes_ / bandwidth)
    ratio = low / np.where(top > 0, top, 1.0)
    return as_array(top * (1.0 + ratio**ROOFLINE_NORM) ** (1.0 / ROOFLINE_NORM))


@dataclass(frozen=True, slots=True)
class _Group:
    """Operations and weight bytes of one group of weights on one card, and the data type of its products.

    ``share`` is of both peak and bandwidth, ``rate`` of the peak alone.
    """

    flops: Array
    bytes: Array
    dtype: str
    share: float = 1.0
    rate: float = 1.0


def _groups(
    n: Array, own: Array, model: Model, layout: Layout, precision: Precision, expert_share: float
) -> list[_Group]:
    """Return the groups of weights of the fullest stage's card for n tokens of that stage, ``own`` on its rank."""
    ones, stage = np.ones_like(n), stage_share(model, layout)
    p = model.parameter_groups
    # Shared feed-forward weights are cut over the tensor group; each data group works on its own tokens.
    around = model.moe_layers * model.latent_params
    cut = {"attention": p.attention, "dense": p.dense, "shared": p.shared + around}
    out = []
    for name, parameters in cut.items():
        here = parameters * stage / layout.tp
        out.append(
            _Group(
                2.0 * here * own,
                here * precision.bytes_of(name) * ones,
                precision.arithmetic_of(name),
                rate=_rate(precision, name),
            )
        )
    head = model.vocab * model.hidden / layout.tp / layout.pp
    rows = np.minimum(own, LOGIT_ROWS)
    out.append(
        _Group(2.0 * head * rows, head * precision.bytes_of("head") * ones, precision.arithmetic_of("head"))
    )
    if model.moe_layers > 0:
        expert = model.moe_layers * stage * model.expert_params / float(layout.tp * layout.dp)
        busiest = expert_token_share(n, model.experts, model.experts_per_token, layout.ep)
        touched = distinct_experts(n, model.experts, model.experts_per_token)
        flops = 2.0 * expert * model.experts_per_token * n * busiest
        read = expert * touched * precision.bytes_of("experts")
        rate = _rate(precision, "experts")
        out.append(_Group(flops, read, precision.arithmetic_of("experts"), expert_share, rate))
    return out


@dataclass(frozen=True, slots=True)
class _Attention:
    """Seconds of attention on one card, what they move, and the operations per pair."""

    kv_s: float = 0.0
    pair_s: float = 0.0
    near_s: float = 0.0
    sequence_s: float = 0.0
    kv_bytes: float = 0.0
    pair_flops: float = 0.0
    sequence_bytes: float = 0.0
    near_flops: float = 0.0


def _attention(
    model: Model,
    layout: Layout,
    card: Card,
    efficiency: Efficiency,
    precision: Precision,
    context: float,
    in_turn: float,
    queries: float,
) -> _Attention:
    """Return the seconds of attention per cached token, pair, new token and decoding sequence, for one replica.

    Decode reads the cache at the reachable bandwidth or computes at the reachable rate, whichever is slower: once for
    all ``queries`` of a sequence, and for each of them. Part by part both are proportional to the same tokens, so the
    slower one is a constant choice. With data groups and stages a card sees only its own tokens and layers; ``in_turn``
    stages work one after another.
    """
    spread = layout.dp / stage_share(model, layout) / in_turn
    bandwidth = card.memory_bandwidth * efficiency.kv
    rate = card.peak_of(precision.attention) * efficiency.attention
    latent = rate
    if efficiency.latent_share:
        known = efficiency.latent_format if efficiency.latent_format in card.peak else precision.attention
        latent = card.peak_of(known) * efficiency.latent_share
    kv_s = pair = near = sequence_s = kv_bytes = sequence_bytes = 0.0
    for work in attention_work(
        model, context, bytes_per_value=precision.kv_bytes, tp=layout.tp, latent_rows=efficiency.latent_rows
    ):
        decode = latent if work.latent else rate
        kv_s += most(work.bytes.per_token / bandwidth, queries * work.decode_ops.per_token / decode)
        # The work of one new token within a window is in near_s already; the rest is what decode waits for memory.
        here = work.prompt_ops.per_sequence / rate
        wait = most(work.bytes.per_sequence / bandwidth, queries * work.decode_ops.per_sequence / decode)
        sequence_s += most(0.0, wait - queries * here)
        near += here
        pair += work.prompt_ops.per_token
        kv_bytes += work.bytes.per_token
        sequence_bytes += work.bytes.per_sequence
    return _Attention(
        kv_s / spread, pair / rate / spread, near / spread, sequence_s / spread, kv_bytes / spread, pair / spread,
        sequence_bytes / spread, near * rate / spread,
    )  # fmt: skip


def iteration_terms(
    tokens: Array,
    *,
    model: Model,
    layout: Layout,
    card: Card,
    network: Network,
    efficiency: Efficiency,
    precision: Precision,
    context: float = TYPICAL_CONTEXT,
    ranks: RankLoad = EVEN,
    split_over_stages: bool = True,
    queries: float = 1.0,
) -> IterationTerms:
    """Return the terms of an iteration with ``tokens`` new tokens in the whole replica.

    With pp stages the batch is cut into pp parts that fill the pipeline, so an iteration lasts pp times the
    fullest stage's time of a pp-th of the tokens (at least one); without ``split_over_stages`` the whole batch passes
    one stage after another while the others wait: pp times the stage's time of all tokens. ``context`` is about how
    long sequences are: shorter windows and selections count as full. ``ranks`` says what lies unevenly on attention
    ranks, ``queries`` how many new tokens a decoding sequence has: one, and those that it verifies. Units: seconds,
    FLOP, bytes. Where numbers are columns of points, ``tokens`` has the shape (counts, 1).
    """
    n = np.asarray(tokens, dtype=np.float64)
    stages, groups_of = float(layout.pp), layout.pp if split_over_stages else 1
    part = np.maximum(n / groups_of, 1.0)
    bandwidth = card.memory_bandwidth * efficiency.memory
    own = busiest_rank(part, layout.dp, ranks)
    groups = _groups(part, own, model, layout, precision, efficiency.expert)
    zero = np.zeros_like(part)
    weights = sum((_group_seconds(g, card, efficiency, bandwidth) for g in groups), zero)
    width = max(
        model.ffn_hidden if model.dense_layers else 0, model.experts_per_token * model.expert_ffn_hidden
    )
    passes = HIDDEN_PASSES * model.hidden + FFN_PASSES * width / layout.tp
    moved = own * passes * precision.activation_bytes * model.layers * stage_share(model, layout)
    attention = _attention(model, layout, card, efficiency, precision, context, stages / groups_of, queries)
    held = cache_growth(model, context, bytes_per_value=precision.kv_bytes, tp=layout.tp).per_token
    overhead = efficiency.step_s + efficiency.layer_s * model.layers
    overhead += efficiency.expert_layer_s * model.moe_layers
    exchange = exchange_seconds(own * layout.dp, model, layout, network, efficiency, precision)
    return IterationTerms(
        tokens=n,
        weights_s=as_array(stages * weights),
        activations_s=as_array(stages * (moved / bandwidth + _copies_s(part, model, layout, efficiency))),
        exchange_s=stages * exchange,
        overhead_s=_beside(part, model, layout, efficiency) if efficiency.beside else zero + overhead,
        kv_s=attention.kv_s,
        pair_s=attention.pair_s,
        sequence_s=efficiency.sequence_s / layout.dp + attention.sequence_s,
        flops=stages * sum((g.flops for g in groups), zero) + attention.near_flops * n,
        weight_bytes=as_array(stages * sum((g.bytes for g in groups), zero)),
        kv_bytes=attention.kv_bytes,
        pair_flops=attention.pair_flops,
        near_s=attention.near_s * (own * layout.dp * stages if layout.dp > 1 else n),
        sequence_bytes=attention.sequence_bytes,
        held_bytes=held * stage_share(model, layout) / layout.dp,
        not_modelled=(*not_modelled(model), *_unpacked(precision, card)),
    )


def _copies_s(n: Array, model: Model, layout: Layout, efficiency: Efficiency) -> Any:
    """Seconds of a stage's layers for the copies of ``n`` tokens beside the experts' products.

    A tensor group does not divide them: each of its cards sorts, gathers and sums every copy of its tokens. Where
    tokens are exchanged, a card sees those that are sent to its experts, and each rank takes in and gives back as many
    as any other, whosever tokens they are.
    """
    layers, k = model.moe_layers * stage_share(model, layout), model.experts_per_token
    if layout.dp == 1 or not model.moe_layers:
        return n * k * layers * efficiency.expert_copy_s
    seen = n * k * expert_token_share(n, model.experts, k, layout.ep) / layout.ep
    sent = n * k * expert_token_share(n, model.experts, k, layout.dp) / layout.dp
    return layers * (seen * efficiency.expert_copy_s + sent * efficiency.sent_copy_s)


def _beside(tokens: Array, model: Model, layout: Layout, efficiency: Efficiency) -> Array:
    """Time beside the kernels of an iteration as the engine's own code gives it, in seconds."""
    return seconds_of(
        efficiency.beside, tokens, layers=model.layers, moe_layers=model.moe_layers, tp=layout.tp,
        layer_s=efficiency.layer_s, step_s=efficiency.step_s, expert_layer_s=efficiency.expert_layer_s,
    )  # fmt: skip


def _group_seconds(group: _Group, card: Card, efficiency: Efficiency, bandwidth: float) -> Any:
    peak = card.peak_of(group.dtype) * efficiency.gemm
    return roofline_s(group.flops, group.bytes, peak * group.share * group.rate, bandwidth * group.share)


def _rate(precision: Precision, group: str) -> float:
    """Share of its rate that a group's product keeps: less than one where weights are unpacked first."""
    narrow = precision.bytes_of(group) < FORMATS.get(precision.arithmetic_of(group), 2.0)
    return UNPACKED_RATE if narrow else 1.0


def _unpacked(precision: Precision, card: Card) -> tuple[str, ...]:
    """What has to be said of weights in a format that the card has no units for.

    >>> card = Card(name="X", peak={"bf16": 1.0}, memory_bytes=1, memory_bandwidth=1, gemm_efficiency=0.7,
    ...     memory_efficiency=0.8)
    >>> _unpacked(Precision(weights="fp8"), card)
    ('weights in fp8, which X has no units for: kept so and unpacked to bf16 at every product',)
    """
    if precision.weights in card.peak or precision.formats is not None:
        return ()
    return (
        f"weights in {precision.weights}, which {card.name} has no units for: kept so and unpacked to"
        f" {precision.linear} at every product",
    )
