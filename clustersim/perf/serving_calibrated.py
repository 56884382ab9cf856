"""Constants of the serving engines per card, fitted once on a declared sixth of the measured rows and frozen.

For every engine, card and kind of model (dense, dense in bf16, experts, latent attention) the rows of the measured
latencies (AIConfigurator silicon samples, PyPI aiconfigurator-core 0.12.0, Apache-2.0: dumps of InferenceX and of
NVIDIA's own runs) were ordered by a checksum of their content and the first sixth, at least four, was used; the rows
of `serving_latency.csv` never. The list ships as `data/validation/serving_calibration.csv`. Tier: derived. A card or
engine without measurements gets the mean of the fitted shares times the card's own efficiencies. Tier: assumption.
"""

from __future__ import annotations

from clustersim.perf.card import Card
from clustersim.perf.model import Model
from clustersim.perf.serving_engine import Efficiency

__all__ = [
    "CALIBRATED", "calibrated_rows", "constants_kind", "default_efficiency", "efficiency_for", "is_calibrated",
]  # fmt: skip

#: Share of the card's attention peak that prefill attention reaches (FlashAttention-3 reports 0.45-0.75 of the
#: bf16 peak on H100 by length, arXiv:2407.08608 figure 5; published, low end for causal and short).
ATTENTION = 0.45


def _engine(
    gemm: float,
    memory: float,
    layer_us: float,
    step_ms: float,
    one_shot_us: float,
    request_ms: float,
    expert: float = 1.0,
    expert_layer_us: float = 0.0,
) -> Efficiency:
    """Decode attention streams like the weights, so it takes the same share of the bandwidth."""
    return Efficiency(
        gemm=gemm,
        memory=memory,
        attention=ATTENTION,
        kv=memory,
        layer_s=layer_us * 1e-6,
        step_s=step_ms * 1e-3,
        sequence_s=5e-6,
        one_shot_s=one_shot_us * 1e-6,
        request_s=request_ms * 1e-3,
        expert=expert,
        expert_layer_s=expert_layer_us * 1e-6,
    )


#: (engine, card, kind of model) -> gemm, memory, us per layer, ms per step, us of a small all-reduce, ms per request,
#: expert share, us per expert layer. Tier: derived (fitted on the rows of data/validation/serving_calibration.csv).
CALIBRATED: dict[tuple[str, str, str], Efficiency] = {
    ("sglang", "H100", "dense"): _engine(0.68, 0.814, 13.1, 1.52, 7.95, 17.3),
    ("sglang", "H200", "dense"): _engine(0.276, 0.98, 13.1, 6.48, 9.79, 10.3),
    ("sglang", "H200", "mla"): _engine(0.188, 0.98, 14.0, 1.0, 8.32, 187.0, 0.727, 21.6),
    ("sglang", "H200", "moe"): _engine(0.188, 0.979, 15.2, 1.0, 15.3, 15.5, 0.608, 29.3),
    ("trtllm", "H100", "dense"): _engine(0.509, 0.693, 15.6, 1.58, 11.1, 15.3),
    ("trtllm", "H100", "dense_bf16"): _engine(0.704, 0.937, 10.1, 1.61, 7.87, 22.0),
    ("trtllm", "H100", "moe"): _engine(0.286, 0.98, 12.6, 1.0, 9.98, 23.4, 0.959, 26.7),
    ("trtllm", "H200", "dense"): _engine(0.69, 0.87, 11.8, 1.65, 8.03, 31.4),
    ("trtllm", "H200", "mla"): _engine(0.316, 0.805, 12.0, 1.0, 8.49, 294.0, 0.644, 32.0),
    ("vllm", "H100", "dense"): _engine(0.621, 0.837, 13.0, 2.1, 12.0, 35.2),
    ("vllm", "H100", "moe"): _engine(0.133, 0.961, 18.2, 1.0, 13.3, 39.0, 0.98, 63.7),
    ("vllm", "H200", "dense"): _engine(0.627, 0.75, 12.9, 1.61, 12.8, 32.0),
    ("vllm", "H200", "mla"): _engine(0.359, 0.82, 11.4, 1.0, 7.53, 104.0, 0.774, 83.2),
    ("vllm", "H200", "moe"): _engine(0.288, 0.834, 9.31, 1.0, 11.9, 79.0, 0.595, 47.3),
}

#: Ratio of the fitted shares to the card's best matrix product (0.80) and stream (0.85): mean of the rows above
#: (derived).
DENSE_GEMM_SHARE, MOE_GEMM_SHARE, MEMORY_SHARE, MOE_EXPERT = 0.73, 0.31, 0.99, 0.76


def default_efficiency(card: Card, kind: str) -> Efficiency:
    """Return constants for a card that no engine was measured on: the card's own efficiencies times mean ratios."""
    memory = min(card.memory_efficiency * MEMORY_SHARE, 1.0)
    if kind in {"moe", "mla"}:
        return _engine(card.gemm_efficiency * MOE_GEMM_SHARE, memory, 13.0, 1.0, 10.0, 79.0, MOE_EXPERT, 43.0)
    return _engine(card.gemm_efficiency * DENSE_GEMM_SHARE, memory, 13.0, 1.6, 10.0, 22.0)


def efficiency_for(engine: str, card: Card, kind: str) -> Efficiency:
    """Return the calibrated constants of an engine on a card, or the default of that card.

    ``kind`` is ``dense``, ``dense_bf16``, ``moe`` or ``mla``; bf16 and latent attention fall back on dense and on
    experts where they were not measured by themselves.

    >>> card = Card(name="X", peak={}, memory_bytes=1, memory_bandwidth=1, gemm_efficiency=0.7,
    ...     memory_efficiency=0.8)
    >>> round(efficiency_for("vllm", card, "dense").gemm, 3)
    0.511
    """
    base = {"dense_bf16": "dense", "mla": "moe"}.get(kind, kind)
    for name in (kind, base):
        found = CALIBRATED.get((engine, card.name, name))
        if found is not None:
            return found
    return default_efficiency(card, kind)


#: Kinds of mixers that the measured models have: constants say nothing of others.
_MEASURED_KINDS = {"full", "latent"}


def constants_kind(model: Model, linear: str) -> str:
    """Return the class of constants that a model uses: latent attention, experts, dense in bf16, dense.

    >>> dense = Model(name="m", layers=2, hidden=64, heads=8, kv_heads=8, head_dim=8, ffn_hidden=1, gated=True, vocab=9)
    >>> constants_kind(dense, "fp8"), constants_kind(dense, "bf16")
    ('dense', 'dense_bf16')
    """
    if any(kind.endswith("latent") for kind in model.kinds):
        return "mla"
    if model.experts:
        return "moe"
    return "dense_bf16" if linear in {"bf16", "fp16"} else "dense"


def is_calibrated(engine: str, card: str, model: Model, linear: str) -> bool:
    """Tell whether the constants of an engine on a card were fitted on models of this kind.

    Windows, selections, compressed entries, linear attention and state spaces never were. Dense models in bf16 share
    the constants of dense ones where they were not fitted apart.
    """
    if not set(model.kinds) <= _MEASURED_KINDS:
        return False
    kind = constants_kind(model, linear)
    return any((engine, card, name) in CALIBRATED for name in (kind, kind.removesuffix("_bf16")))


def calibrated_rows() -> list[tuple[str, str, str]]:
    """Return which engine, card and kind have fitted constants."""
    return sorted(CALIBRATED)
