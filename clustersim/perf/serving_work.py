"""What one serving iteration has to do: operations, weight bytes, cache bytes and activation bytes.

An iteration of a replica takes n new tokens (the decoding sequences, one each, and the prompt tokens of this
iteration) through every layer. All functions take plain floats or arrays of n and count the work of *one card*
of the replica; time is `serving_cost`'s business.

Sources: arXiv:2001.08361 section 2.1 (2 operations per parameter and token), arXiv:2305.13245 (grouped-query
attention), arXiv:2405.04434 section 2.1 (latent attention and the absorbed form of decode).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InputError
from clustersim.perf.formats import FORMATS
from clustersim.perf.mixer_parts import State
from clustersim.perf.mixers import LATENTS
from clustersim.perf.model import Model

__all__ = [
    "AttentionWork", "Growth", "attention_work", "cache_bytes", "cache_growth", "distinct_experts",
    "expert_token_share", "kv_bytes_per_sequence", "kv_bytes_per_token", "not_modelled",
]  # fmt: skip

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Growth:
    """A quantity of a sequence of c tokens as ``per_token`` x c + ``per_sequence``."""

    per_token: float
    per_sequence: float

    def of(self, tokens: Any) -> Any:
        """Return the quantity of a sequence of so many tokens."""
        return self.per_token * tokens + self.per_sequence


def cache_bytes(model: Model, tokens: Any, *, bytes_per_value: float, tp: int = 1) -> Any:
    """Return the bytes that a sequence of ``tokens`` keeps on one card: caches, windows and states.

    A part keeps values x min(tokens, held) / stride; a state of fixed size keeps its own format. Values are split over
    the tensor group as far as their heads go; a latent is not split at all (arXiv:2405.04434 section 2.1.2).

    >>> gqa = Model(name="x", layers=80, hidden=8192, heads=64, kv_heads=8, head_dim=128, ffn_hidden=28672,
    ...     gated=True, vocab=128256)
    >>> float(cache_bytes(gqa, 1000, bytes_per_value=2.0)) / 1000
    327680.0
    """
    _check_tp(tp)
    total: Any = 0.0
    for group in model.groups:
        for part in group.mixer.parts:
            kept = np.minimum(tokens, part.held) / part.stride
            total = total + group.layers * part.values * kept * bytes_per_value / min(tp, part.split)
        total = total + group.layers * sum(_state_bytes(state, tp) for state in group.mixer.states)
    return total


def state_bytes(model: Model, tp: int = 1) -> float:
    """Return the bytes of a sequence's states of fixed size on one card (0 where no layer has any)."""
    return float(sum(g.layers * _state_bytes(state, tp) for g in model.groups for state in g.mixer.states))


def _state_bytes(state: State, tp: int) -> float:
    return state.values * FORMATS[state.format] / min(tp, state.split)


def _check_tp(tp: int) -> None:
    if tp < 1:
        raise InputError(f"tp={tp}: the tensor-parallel degree must be at least 1")


def kv_bytes_per_token(model: Model, *, bytes_per_value: float, tp: int = 1) -> float:
    """Return the bytes that every further token of a long sequence costs on one card: parts without a window.

    >>> gqa = Model(name="x", layers=80, hidden=8192, heads=64, kv_heads=8, head_dim=128, ffn_hidden=28672,
    ...     gated=True, vocab=128256)
    >>> kv_bytes_per_token(gqa, bytes_per_value=2.0)
    327680.0
    >>> kv_bytes_per_token(gqa, bytes_per_value=2.0, tp=16)
    40960.0
    """
    return cache_growth(model, inf, bytes_per_value=bytes_per_value, tp=tp).per_token


def kv_bytes_per_sequence(model: Model, *, bytes_per_value: float, tp: int = 1) -> float:
    """Return the bytes of a long sequence that do not grow: full windows and states, on one card.

    >>> from clustersim.perf.mixers import LayerGroup, Linear
    >>> linear = LayerGroup(2, Linear(key_heads=2, value_heads=4, key_dim=16, value_dim=16))
    >>> m = Model(name="m", layers=2, hidden=64, heads=8, kv_heads=8, head_dim=8, ffn_hidden=64, gated=True, vocab=9,
    ...     mixers=(linear,))
    >>> kv_bytes_per_sequence(m, bytes_per_value=2.0) == 2 * (4 * 4 * 16 * 16 + 2 * 3 * 128)
    True
    """
    return cache_growth(model, inf, bytes_per_value=bytes_per_value, tp=tp).per_sequence


def cache_growth(model: Model, context: float, *, bytes_per_value: float, tp: int = 1) -> Growth:
    """Return the cache of one sequence around ``context`` tokens: windows that it fills count per sequence.

    A window above ``context`` counts per token: both ways bound min(tokens, window) from above.
    """
    _check_tp(tp)
    slope = fixed = 0.0
    for group in model.groups:
        for part in group.mixer.parts:
            entry = group.layers * part.values * bytes_per_value / part.stride / min(tp, part.split)
            if part.held < context:
                fixed += entry * part.held
            else:
                slope += entry
        fixed += group.layers * sum(_state_bytes(state, tp) for state in group.mixer.states)
    return Growth(slope, fixed)


@dataclass(frozen=True, slots=True)
class AttentionWork:
    """One part of the attention of all layers on one card of a tensor group, for a query at a context.

    ``bytes`` and ``decode_ops`` of one decoding sequence grow with its cached tokens or stop at what the part reaches;
    ``prompt_ops`` are operations per query-key pair (per token) or per prompt token (per sequence) likewise.
    """

    bytes: Growth
    decode_ops: Growth
    prompt_ops: Growth
    latent: bool = False


def attention_work(
    model: Model, context: float, *, bytes_per_value: float, tp: int = 1, latent_rows: float = 1.0
) -> tuple[AttentionWork, ...]:
    """Return what attention reads and computes around ``context`` tokens, part by part.

    A query reads the entries that it reaches: all, the window, or the selected k; the scorer's keys are read whole. A
    state is read and written once a token. Heads are split over ``tp``; an indexer's work is done on every card. Decode
    of a latent works on ``latent_rows`` heads at least: kernels fill the rest of their tile with nothing.
    """
    _check_tp(tp)
    out = []
    for group in model.groups:
        for part in group.mixer.parts:
            share = group.layers / part.stride
            read = share * part.values * bytes_per_value / min(tp, part.split)
            cards = 1 if part.whole else tp
            heads = float(getattr(group.mixer, "heads", latent_rows))
            filled = max(1.0, latent_rows * tp / heads) if part.name == LATENTS else 1.0
            ops = (2.0 * share * part.at_decode * filled / cards, 2.0 * share * part.macs / cards)
            grows = part.reach >= context
            three = [_growth(value, part.reach, grows) for value in (read, *ops)]
            out.append(AttentionWork(three[0], three[1], three[2], part.name == LATENTS))
        for state in group.mixer.states:
            moved = 2.0 * group.layers * _state_bytes(state, tp)
            work = Growth(0.0, group.layers * state.ops / min(tp, state.split))
            out.append(AttentionWork(Growth(0.0, moved), work, work))
    return tuple(out)


def _growth(value: float, reach: float, grows: bool) -> Growth:
    return Growth(value, 0.0) if grows else Growth(0.0, value * reach)


def not_modelled(model: Model) -> tuple[str, ...]:
    """Return what the serving model leaves out of this model: what its file says, and what no formula covers."""
    out = list(model.not_modelled)
    if model.prediction_layers:
        out.append(f"{model.prediction_layers} extra prediction layer(s): left out where nothing is drafted")
    if model.residual_streams > 1:
        out.append(f"traffic of {model.residual_streams} residual streams")
    unlike = [kind for kind in model.kinds if kind not in {"full", "latent", "none"}]
    if unlike:
        out.append(
            f"engine constants for {', '.join(unlike)} attention, where no class of its own was fitted"
        )
    return tuple(out)


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
