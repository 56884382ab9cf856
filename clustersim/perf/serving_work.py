"""What one serving iteration has to do: operations, weight bytes, cache bytes and activation bytes.

An iteration of a replica takes n new tokens (the decoding sequences, one each, and the prompt tokens of this
iteration) through every layer. All functions take plain floats or arrays of n and count the work of *one card*
of the replica; time is `serving_cost`'s business.

Sources: arXiv:2001.08361 section 2.1 (2 operations per parameter and token), arXiv:2305.13245 (grouped-query
attention), arXiv:2405.04434 section 2.1 (latent attention and the absorbed form of decode).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InputError
from clustersim.perf.model import Model

__all__ = [
    "distinct_experts",
    "expert_token_share",
    "kv_bytes_per_token",
    "kv_values_per_token",
    "latent_score_width",
    "tokens_per_step",
]

Array = NDArray[np.float64]


def kv_values_per_token(model: Model) -> float:
    """Cached values per token and layer: two per head and width, or the latent and its rotary part.

    >>> m = Model(name="m", layers=2, hidden=64, heads=8, kv_heads=2, head_dim=8, ffn_hidden=64, gated=True,
    ...     vocab=10)
    >>> kv_values_per_token(m)
    32.0
    """
    if model.kv_lora_rank:
        return float(model.kv_lora_rank + model.qk_rope_head_dim)
    return 2.0 * model.kv_heads * model.head_dim


def latent_score_width(model: Model) -> float:
    """Operations per query-key pair over two in the absorbed form of latent decode: heads x (2 rank + rope).

    Decode multiplies the query into the latent space once and then scores and sums the latents themselves
    (arXiv:2405.04434 section 2.1.2).
    """
    return float(model.heads * (2 * model.kv_lora_rank + model.qk_rope_head_dim))


def kv_bytes_per_token(model: Model, *, bytes_per_value: float, tp: int = 1) -> float:
    """Return the cache bytes that one token costs on one card.

    Heads are split over ``tp`` until there is one cached head per card; a latent cache is not split at all
    (arXiv:2405.04434 section 2.1.2), so every card keeps a copy.

    >>> gqa = Model(name="x", layers=80, hidden=8192, heads=64, kv_heads=8, head_dim=128, ffn_hidden=28672,
    ...     gated=True, vocab=128256)
    >>> kv_bytes_per_token(gqa, bytes_per_value=2.0)
    327680.0
    >>> kv_bytes_per_token(gqa, bytes_per_value=2.0, tp=16)
    40960.0
    """
    if tp < 1:
        raise InputError(f"tp={tp}: the tensor-parallel degree must be at least 1")
    split = 1.0 if model.kv_lora_rank else float(min(tp, model.kv_heads))
    return model.layers * kv_values_per_token(model) * bytes_per_value / split


def distinct_experts(tokens: Array | float, experts: float, per_token: float) -> Array:
    """Expected number of distinct experts that n tokens touch: E (1 - (1 - k/E)^n).

    Routing is taken as uniform; a real router is a little more uneven, which touches fewer.

    >>> round(float(distinct_experts(1, 256, 8)), 9)
    8.0
    >>> float(distinct_experts(1e6, 256, 8))
    256.0
    """
    if per_token > experts:
        raise InputError(f"{per_token:g} experts per token of {experts:g}: cannot choose more than there are")
    n = np.asarray(tokens, dtype=np.float64)
    return np.asarray(experts * -np.expm1(n * np.log1p(-min(per_token / experts, 1 - 1e-12))))


def expert_token_share(tokens: Array | float, experts: float, per_token: float, ep: int) -> Array:
    """Load of the fullest of ``ep`` expert groups over the mean load, for uniform random routing.

    n k / ep tokens fall on a group on average with a spread of about its square root; the expected largest of
    ep normal variables is mean + sd sqrt(2 ln ep). It tends to 1 as tokens grow.

    >>> float(expert_token_share(1e9, 256, 8, 1))
    1.0
    >>> bool(expert_token_share(64.0, 256, 8, 8) > expert_token_share(6400.0, 256, 8, 8) > 1)
    True
    """
    n = np.maximum(np.asarray(tokens, dtype=np.float64), 1.0)
    if ep <= 1:
        return np.ones_like(n)
    mean = n * per_token / ep
    largest = 1.0 + np.sqrt(2.0 * np.log(ep) * (1.0 - 1.0 / ep) / mean)
    # No group can hold more than every token's every choice.
    return np.asarray(np.minimum(largest, float(ep)))


def tokens_per_step(draft_tokens: int, acceptance: float) -> float:
    """Expected tokens per verification step of speculative decoding: (1 - a^(g+1)) / (1 - a).

    ``draft_tokens`` g are proposed, each accepted with probability a (arXiv:2211.17192 equation 1).

    >>> tokens_per_step(0, 0.0)
    1.0
    >>> tokens_per_step(1, 0.5)
    1.5
    """
    if draft_tokens < 0 or not 0.0 <= acceptance <= 1.0:
        raise InputError(
            f"speculative decoding: {draft_tokens} draft tokens accepted with probability {acceptance};"
            " give a count of 0 or more and a probability from 0 to 1"
        )
    if acceptance == 1.0:
        return float(draft_tokens + 1)
    return float((1.0 - acceptance ** (draft_tokens + 1)) / (1.0 - acceptance))
