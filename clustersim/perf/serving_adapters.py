"""Low-rank adapters that requests of many users bring (LoRA, arXiv:2106.09685): memory, work, and fetching them.

An adapter adds to a matrix of a inputs and b outputs r (a + b) weights. A replica keeps ``resident`` of them on its
cards and fetches others from its hosts. Adapters are used as 1 / k^skew, k = 1..count (Zipf). Each iteration reads
those of its sequences once and computes with them (batched as in Punica, arXiv:2310.18547, and S-LoRA,
arXiv:2311.03285); what their kernels lose is not in it. The least recently used one makes room; the share that finds
its adapter is Che's approximation (IEEE JSAC 20(7) 2002, equations 4 and 5).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.columns import as_array, number
from clustersim.errors import InputError
from clustersim.perf.card import Card
from clustersim.perf.model import Model
from clustersim.perf.serving_cost import IterationTerms
from clustersim.perf.serving_engine import Efficiency, Layout, Precision, stage_share

__all__ = ["Adapters", "adapter_bytes", "adapter_terms", "adapter_wait_s", "distinct_adapters", "hit_share"]

Array = NDArray[np.float64]
#: Bytes of an adapter's weight: engines keep them in 16 bits.
WEIGHT_BYTES = 2.0


@dataclass(frozen=True, slots=True)
class Adapters:
    """How many adapters there are, of which rank, how many a replica keeps, and how unevenly they are used."""

    count: int
    rank: int
    resident: int
    skew: float = 1.0
    feed_forward: bool = True
    """Whether they are on dense feed-forward matrices too, beside attention's."""


def _width(model: Model, adapters: Adapters) -> float:
    """Sum of inputs and outputs of the matrices of all layers that an adapter is on."""
    unlike = [kind for kind in model.kinds if kind not in {"full", "window"}]
    if unlike:
        raise InputError(f"adapters on {', '.join(unlike)} attention of {model.name} are not modelled")
    queries, keys, h = model.heads * model.head_dim, model.kv_heads * model.head_dim, model.hidden
    attention = 2.0 * (h + queries) + 2.0 * (h + keys)
    matrices = 3.0 if model.gated else 2.0
    dense = matrices * (h + model.ffn_hidden) if adapters.feed_forward else 0.0
    return float(model.layers * attention + model.dense_layers * dense)


def adapter_bytes(model: Model, layout: Layout, adapters: Adapters) -> float:
    """Bytes of one adapter on a card of the fullest stage: r x sum (in + out) x 2, cut over the tensor group.

    >>> m = Model(name="m", layers=1, hidden=64, heads=8, kv_heads=8, head_dim=8, ffn_hidden=256, gated=True, vocab=9)
    >>> adapter_bytes(m, Layout(), Adapters(10, 8, 4))
    23552.0

    Raises InputError for attention of another kind than full.
    """
    return float(
        WEIGHT_BYTES * adapters.rank * _width(model, adapters) * stage_share(model, layout) / layout.tp
    )


@lru_cache(maxsize=256)
def _use(count: int, skew: float) -> Array:
    weight = np.arange(1, count + 1, dtype=np.float64) ** -skew
    return np.asarray(weight / weight.sum())


@lru_cache(maxsize=256)
def hit_share(adapters: Adapters) -> float:
    """Share of the requests that find their adapter on the cards: sum p (1 - exp(-p T)), where sum (1 - exp(-p T)) =
    resident.

    >>> hit_share(Adapters(4, 8, 4)), round(hit_share(Adapters(100, 8, 10, skew=0.0)), 3)
    (1.0, 0.1)
    """
    if adapters.resident >= adapters.count:
        return 1.0
    use = _use(adapters.count, adapters.skew)
    low, high = 0.0, 1.0
    while -np.expm1(-use * high).sum() < adapters.resident:
        low, high = high, high * 2.0
    for _ in range(80):
        middle = (low + high) / 2.0
        low, high = (middle, high) if -np.expm1(-use * middle).sum() < adapters.resident else (low, middle)
    return float((use * -np.expm1(-use * high)).sum())


def distinct_adapters(sequences: Array | float, adapters: Adapters) -> Array:
    """Expected number of adapters among so many sequences, at most those that a replica keeps.

    >>> float(distinct_adapters(1.0, Adapters(100, 8, 4)))
    1.0
    """
    n = np.atleast_1d(np.asarray(sequences, dtype=np.float64))
    use = _use(adapters.count, adapters.skew)
    points = np.unique(np.concatenate([[0.0, 1.0], np.geomspace(1.0, max(float(n.max()), 2.0), 64)]))
    known = -np.expm1(points[:, None] * np.log1p(-np.minimum(use, 1 - 1e-12))).sum(axis=1)
    found = np.minimum(np.interp(n, points, known), float(adapters.resident))
    return found if np.ndim(sequences) else np.asarray(found[0])


def adapter_wait_s(model: Model, layout: Layout, card: Card, adapters: Adapters) -> Any:
    """Mean seconds that a request waits for its adapter: the share that misses x its bytes over the card's host link.

    Raises InputError where some have to be fetched and the card states no host link.
    """
    missed = 1.0 - hit_share(adapters)
    if missed and not np.all(card.host_link_bandwidth > 0):
        raise InputError(
            f"cards.{card.name}.host_link.bandwidth is not in the profile, and adapters beyond the resident"
            f" {adapters.resident} come over it: state it, or keep all {adapters.count} resident"
        )
    return (
        number(missed * adapter_bytes(model, layout, adapters) / card.host_link_bandwidth) if missed else 0.0
    )


def adapter_terms(
    terms: IterationTerms,
    adapters: Adapters,
    most_sequences: int,
    *,
    model: Model,
    layout: Layout,
    card: Card,
    efficiency: Efficiency,
    precision: Precision,
) -> IterationTerms:
    """Return the terms of an iteration with its adapters: their bytes read once, two operations a weight and token.

    In an iteration of n tokens there are at most ``most_sequences`` sequences, each with an adapter of its own.
    """
    one = adapter_bytes(model, layout, adapters)
    here = np.minimum(terms.tokens, float(most_sequences)) / layout.dp
    read = one * distinct_adapters(here, adapters)
    flops = 2.0 * (one / WEIGHT_BYTES) * terms.tokens / layout.dp
    rate = card.peak_of(precision.attention) * efficiency.gemm
    took = read / (card.memory_bandwidth * efficiency.memory) + flops / rate
    said = "what adapters' kernels lose beside their bytes and operations"
    return replace(
        terms,
        weights_s=as_array(terms.weights_s + took),
        flops=as_array(terms.flops + flops),
        weight_bytes=np.asarray(terms.weight_bytes + read),
        not_modelled=(*terms.not_modelled, said),
    )
