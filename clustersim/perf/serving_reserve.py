"""Device memory that a serving engine keeps beside weights and cache.

Constants are an engine's; what they multiply is the model's and the batch's. An engine measures them at start with a
batch of its largest size, so the reserve grows with batched tokens, widths, experts per token, and with the logits of
its largest number of sequences.
"""

from __future__ import annotations

from dataclasses import dataclass

from clustersim.perf.model import Model

__all__ = ["DEFAULT_LIMITS", "DEFAULT_RESERVE", "BatchLimits", "EngineReserve", "reserve_bytes"]


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """The most that one iteration of a replica takes: new tokens, and sequences."""

    max_tokens: int = 8192
    max_sequences: int = 256


#: Where no scheduler is named.
DEFAULT_LIMITS = BatchLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineReserve:
    """How an engine divides a card's memory.

    ``memory_share`` is the engine's default share: of the device (``share_of="device"``: weights, reserve and cache
    together), or of what weights and reserve leave free (``share_of="free"``: the cache alone). Where ``activations``
    is False they lie outside the share. The reserve is

        fixed + peer (tp - 1) + graphs + max(activations, logit_bytes sequences vocab)

    with activations = tokens [2 B (hidden_values hidden + width_values width / tp)
    + experts_per_token (routed_bytes hidden + 2 B width_values expert width / tp)], the peak of one layer.

    Of what is left for caches an engine with a ``state_share`` keeps that share for states of fixed size, of which it
    holds ``state_slots`` for each running sequence (one where it keeps no prompts for later ones); without a share,
    states and tokens take what they need of one pool.
    """

    memory_share: float
    share_of: str = "device"
    activations: bool = True
    fixed_bytes: float = 2.1e9
    peer_bytes: float = 0.22e9
    graph_bytes: float = 0.0
    hidden_values: float = 2.0
    width_values: float = 1.75
    routed_bytes: float = 23.0
    logit_bytes: float = 6.0
    state_share: float = 0.0
    state_slots: float = 1.0


#: Where no engine is named: vLLM's documented share, with the constants above (hwprofiles/software/vllm-*.yaml).
DEFAULT_RESERVE = EngineReserve(memory_share=0.9)


def reserve_bytes(
    reserve: EngineReserve, model: Model, limits: BatchLimits, *, tp: int = 1, dp: int = 1
) -> float:
    """Return the bytes on one card that are neither weights nor cache, inside the engine's share.

    Tokens and sequences are those of one data-parallel group.

    >>> m = Model(name="llama3-8b", layers=32, hidden=4096, heads=32, kv_heads=8, head_dim=128, ffn_hidden=14336,
    ...     gated=True, vocab=128256)
    >>> round(reserve_bytes(DEFAULT_RESERVE, m, BatchLimits(2048, 256)) / 1e9, 2)
    2.3
    """
    fixed = reserve.fixed_bytes + reserve.peer_bytes * (tp - 1) + reserve.graph_bytes
    if not reserve.activations:
        return fixed
    tokens = limits.max_tokens / dp
    dense = model.ffn_hidden if model.dense_layers > 0 else model.shared_width
    per_token = 2.0 * (reserve.hidden_values * model.hidden + reserve.width_values * dense / tp)
    if model.moe_layers > 0:
        inner = model.expert_hidden or model.hidden
        per_copy = reserve.routed_bytes * inner + 2.0 * reserve.width_values * model.expert_ffn_hidden / tp
        per_token += model.experts_per_token * per_copy
    sequences = min(limits.max_sequences, limits.max_tokens) / dp
    return fixed + max(tokens * per_token, reserve.logit_bytes * sequences * model.vocab)
