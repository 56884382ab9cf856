"""What one layer of a model asks of a training step: products, widths and scores of its mixer and feed-forward block.

A stage of a pipeline holds layers of two kinds: mixtures of experts, and all others. Where a model has several mixers
(full and windowed attention, state spaces), which layer has which is not followed: every layer has the average of
them. Layers that are a mixer alone, or a feed-forward block alone, count as parts of a layer in the same way.
"""

from __future__ import annotations

from typing import Any

from clustersim.perf.mixers import Attention, Compressed, Latent, Linear, Mixer, StateSpace
from clustersim.perf.model import Model

__all__ = [
    "block_share", "ffn_share", "ffn_width", "head_width", "kept_latents", "mixing_products", "mixing_share",
    "mixing_widths", "scores", "up_projections",
]  # fmt: skip

#: A number, or an array with one entry a plan.
Real = Any


def mixing_share(model: Model) -> float:
    """Return the share of the layers that mix tokens: 1 but for models with layers of a feed-forward block alone."""
    return float(sum(g.layers for g in model.groups if g.mixer.kind != "none") / model.layers)


def ffn_share(model: Model, mixture: bool) -> float:
    """Return the share of the layers of a kind that have a feed-forward block."""
    others = model.layers - model.moe_layers
    return 1.0 if mixture or not others else float(model.dense_layers / others)


def block_share(model: Model, mixture: bool) -> float:
    """Return how much of a usual layer, a mixer and a feed-forward block, a layer of a kind is on average.

    >>> block_share(Model(name="m", layers=2, hidden=8, heads=1, kv_heads=1, head_dim=8, ffn_hidden=8, gated=False,
    ...     vocab=1), False)
    1.0
    """
    return (mixing_share(model) + ffn_share(model, mixture)) / 2


def ffn_width(model: Model, mixture: bool) -> float:
    """Return the feed-forward width that a token's values pass through in a layer of a kind."""
    if not mixture:
        return float(model.ffn_hidden) * ffn_share(model, mixture)
    return float(model.experts_per_token * model.expert_ffn_hidden + model.shared_width)


def _out_width(mixer: Mixer) -> float:
    """Width of what a mixer hands to its output projection."""
    if isinstance(mixer, Attention):
        return float(mixer.heads * mixer.value_dim)
    if isinstance(mixer, Latent):
        return float(mixer.heads * mixer.v_head_dim)
    if isinstance(mixer, Compressed):
        return float(mixer.o_groups * mixer.o_lora_rank)
    if isinstance(mixer, Linear):
        return float(mixer.value_heads * mixer.value_dim)
    return float(mixer.heads * mixer.head_dim) if isinstance(mixer, StateSpace) else 0.0


def mixing_widths(model: Model) -> tuple[float, float]:
    """Return what the mixer of an average layer makes of a token's hidden state, and what it hands to its output.

    Of grouped-query attention queries, keys and values; of latent attention the same, as they are when the scores are
    computed.
    """
    into = out = 0.0
    for group in model.groups:
        mixer, share = group.mixer, group.layers / model.layers
        wide = _out_width(mixer)
        if isinstance(mixer, Latent):
            # Heads are counted at the width that the model states, as their latents are made again by most software.
            into += share * (model.heads + 2.0 * model.kv_heads) * model.head_dim
            out += share * model.heads * model.head_dim
            continue
        into += share * (mixer.params(model.hidden) / model.hidden - wide)
        out += share * wide
    return into, out


def mixing_products(model: Model, tp: Real) -> list[tuple[Real, Real, float]]:
    """Return width, depth and share of the layers of every product of the mixers of an average layer, forward.

    Attention: queries with keys and values, and the output. Other mixers: all that is made of the hidden state as one
    product, and the output.
    """
    h = float(model.hidden)
    rows: list[tuple[Real, Real, float]] = []
    for group in model.groups:
        mixer, share = group.mixer, float(group.layers / model.layers)
        if mixer.kind == "none":
            continue
        if isinstance(mixer, Latent):
            down = mixer.q_lora_rank + mixer.kv_lora_rank + mixer.qk_rope_head_dim
            # Latents are small and every card of a tensor group makes them; counted as split, as their operations are.
            products = [(down / tp, h), *up_projections(model, tp), (h, mixer.heads * mixer.v_head_dim / tp)]
        else:
            wide = _out_width(mixer)
            products = [((mixer.params(model.hidden) / h - wide) / tp, h), (h, wide / tp)]
        rows += [(n, k, share) for n, k in products]
    return rows


def _latent(model: Model) -> Latent | None:
    return next((g.mixer for g in model.groups if isinstance(g.mixer, Latent)), None)


def up_projections(model: Model, tp: Real) -> list[tuple[Real, Real]]:
    """Return width and depth of the products that make the heads of latent attention from its latents; else none."""
    mixer = _latent(model)
    if mixer is None:
        return []
    keys = (mixer.heads * (mixer.qk_nope_head_dim + mixer.v_head_dim) / tp, float(mixer.kv_lora_rank))
    query = mixer.heads * (mixer.qk_nope_head_dim + mixer.qk_rope_head_dim) / tp
    return [keys, (query, float(mixer.q_lora_rank) or float(model.hidden))]


def kept_latents(model: Model) -> float | None:
    """Return the values of a token that latent attention keeps where its heads are made again; nothing without it."""
    mixer = _latent(model)
    if mixer is None:
        return None
    query = mixer.q_lora_rank or mixer.heads * (mixer.qk_nope_head_dim + mixer.qk_rope_head_dim)
    latents = query + mixer.kv_lora_rank + mixer.qk_rope_head_dim
    return float(latents + mixer.heads * mixer.v_head_dim)


def scores(model: Model, seq_len: float) -> float:
    """Return multiply-adds of one token's scores and sums in an average layer, the full square counted, with what its
    states of fixed size take."""
    states = model.state_ops / model.layers / 2.0
    return float(model.score_work(seq_len)) + states


def head_width(model: Model) -> int:
    """Return the width of a head whose scores are computed: that of the values in latent attention."""
    mixer = next((g.mixer for g in model.groups if g.mixer.parts), None)
    if isinstance(mixer, Latent):
        return mixer.v_head_dim
    return mixer.head_dim if isinstance(mixer, Attention | Compressed) else model.head_dim
