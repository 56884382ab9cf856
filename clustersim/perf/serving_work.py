"""What one serving iteration has to do: operations, weight bytes, cache bytes and activation bytes.

An iteration of a replica takes n new tokens (the decoding sequences, one each, and the prompt tokens of this
iteration) through every layer. All functions take plain floats or arrays of n and count the work of *one card*
of the replica; time is `serving_cost`'s business.

Sources: arXiv:2001.08361 section 2.1 (2 operations per parameter and token), arXiv:2305.13245 (grouped-query
attention), arXiv:2405.04434 section 2.1 (latent attention and the absorbed form of decode).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InputError

__all__ = ["ServingShape", "distinct_experts", "expert_token_share", "kv_bytes_per_token", "tokens_per_step"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ServingShape:
    """The dimensions of a transformer that serving needs, all counts plain floats.

    ``attention_params`` and ``dense_ffn_params`` are per layer; ``expert_params`` is one expert of one layer;
    ``kv_values`` is the number of cached values per token and layer, ``score_width`` the operations per
    query-key pair and layer divided by two (heads x (key width + value width)), ``latent_score_width`` the
    same for the absorbed latent decode.
    """

    name: str
    layers: float
    hidden: float
    heads: float
    kv_heads: float
    attention_params: float
    dense_ffn_params: float
    dense_layers: float
    experts: float
    experts_per_token: float
    expert_params: float
    shared_expert_params: float
    head_params: float
    kv_values: float
    score_width: float
    latent_score_width: float
    ffn_width: float
    latent: bool = False

    @property
    def moe_layers(self) -> float:
        """Layers whose feed-forward part is a mixture of experts."""
        return self.layers - self.dense_layers if self.experts > 0 else 0.0

    @property
    def total_params(self) -> float:
        """All parameters that must be stored (the input embedding is counted with the head)."""
        moe = self.experts * self.expert_params + self.shared_expert_params
        return (
            self.layers * self.attention_params
            + self.dense_layers * self.dense_ffn_params
            + self.moe_layers * moe
            + 2.0 * self.head_params
        )

    @property
    def active_params(self) -> float:
        """Parameters that one token passes through (arXiv:2401.06066 section 2)."""
        moe = self.experts_per_token * self.expert_params + self.shared_expert_params
        return (
            self.layers * self.attention_params
            + self.dense_layers * self.dense_ffn_params
            + self.moe_layers * moe
            + self.head_params
        )


def gated_params(hidden: float, width: float, gated: bool = True) -> float:
    """Parameters of one feed-forward block: 3 h w where it is gated, 2 h w where it is not.

    >>> gated_params(4096, 14336)
    176160768
    """
    return (3 if gated else 2) * hidden * width


def kv_bytes_per_token(shape: ServingShape, *, bytes_per_value: float, tp: int = 1) -> float:
    """Return the cache bytes that one token costs on one card.

    Heads are split over ``tp`` until there is one cached head per card; a latent cache is not split at all
    (arXiv:2405.04434 section 2.1.2), so every card keeps a copy.

    >>> from clustersim.perf.serving_work import ServingShape
    >>> gqa = ServingShape("x", 80, 8192, 64, 8, 0, 0, 80, 0, 0, 0, 0, 0, 2 * 8 * 128, 0, 0, 0)
    >>> kv_bytes_per_token(gqa, bytes_per_value=2.0)
    327680.0
    >>> kv_bytes_per_token(gqa, bytes_per_value=2.0, tp=16)
    40960.0
    """
    if tp < 1:
        raise InputError(f"tp={tp}: the tensor-parallel degree must be at least 1")
    split = 1.0 if shape.latent else min(float(tp), shape.kv_heads)
    return shape.layers * shape.kv_values * bytes_per_value / split


def distinct_experts(tokens: Array | float, experts: float, per_token: float) -> Array:
    """Expected number of distinct experts that n tokens touch: E (1 - (1 - k/E)^n).

    Routing is taken as uniform; a real router is a little more uneven, which touches fewer.

    >>> float(distinct_experts(1, 256, 8))
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
    return np.minimum(largest, float(ep))


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
