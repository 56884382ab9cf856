"""What an engine and a plan choose: parallel layout, number formats, efficiencies, and whether a model fits."""

from __future__ import annotations

from dataclasses import dataclass

from clustersim.errors import InfeasibleError, InputError, suggest
from clustersim.perf.card import Card
from clustersim.perf.model import Model
from clustersim.perf.serving_work import kv_bytes_per_token

__all__ = [
    "FORMATS",
    "Efficiency",
    "Layout",
    "Precision",
    "cache_tokens",
    "smallest_tp",
    "weight_bytes_per_card",
]

#: Bytes per value of the number formats; a 4-bit weight carries one 2-byte scale per 32 values (the OCP
#: microscaling format has 1 byte per 32; AWQ and GPTQ 2 bytes per 128: 4.25-4.5 bits, here 4.5).
FORMATS = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5625, "int4": 0.5625}

#: Share of the memory that an engine plans with (vLLM's gpu_memory_utilization and SGLang's
#: mem_fraction_static defaults are 0.9 and 0.88; published).
MEMORY_SHARE = 0.90
#: Memory per card for workspaces, graphs and activations beyond weights and cache, in bytes (assumption; engines
#: report 1-5 GB at start).
WORKSPACE_BYTES = 2.0e9


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
        """Cards of one replica.

        >>> Layout(tp=8, pp=2).cards
        16
        """
        return self.tp * self.pp * self.dp


@dataclass(frozen=True, slots=True)
class Precision:
    """Number formats: of the weights in memory, of the linear layers' arithmetic, of attention's, of the cache.

    Weights of fewer bits than the card computes with (4-bit weights on a card without fp4) are unpacked on the
    way: name the arithmetic in ``linear``. ``attention_weights`` is the format of the attention projections
    where it differs from the rest.
    """

    weights: str = "bf16"
    linear: str = "bf16"
    attention: str = "bf16"
    cache: str = "bf16"
    attention_weights: str = ""
    activation_bytes: float = 2.0

    def __post_init__(self) -> None:
        for name in ("weights", "cache", "attention_weights"):
            value = getattr(self, name)
            if value and value not in FORMATS:
                raise InputError(f"{name}={value!r} is no known format; {suggest(value, sorted(FORMATS))}")

    @property
    def weight_bytes(self) -> float:
        """Bytes per weight."""
        return FORMATS[self.weights]

    @property
    def attention_bytes(self) -> float:
        """Bytes per weight of the attention projections."""
        return FORMATS[self.attention_weights or self.weights]

    @property
    def kv_bytes(self) -> float:
        """Bytes per cached value."""
        return FORMATS[self.cache]


@dataclass(frozen=True, slots=True)
class Efficiency:
    """The constants of one engine on one card.

    ``gemm`` and ``memory`` are the reachable shares of the peak and of the bandwidth, ``attention`` the share
    of the attention peak in prefill, ``kv`` the share of the bandwidth in decode attention; ``layer_s`` is the
    time between the kernels of one layer, ``step_s`` the host's time per iteration and ``sequence_s`` per
    sequence in it, ``one_shot_s`` the latency of a small all-reduce in one domain, ``request_s`` the time outside
    the model that a request spends before its first token. A mixture of experts adds ``expert_layer_s`` per
    expert layer (routing, permuting) and runs its grouped products at ``expert`` times both shares.
    """

    gemm: float
    memory: float
    attention: float
    kv: float
    layer_s: float
    step_s: float
    sequence_s: float
    one_shot_s: float
    request_s: float
    expert: float = 1.0
    expert_layer_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("gemm", "memory", "attention", "kv", "expert"):
            if not 0.0 < getattr(self, name) <= 1.0:
                raise InputError(f"efficiency {name}={getattr(self, name)} must be above 0 and at most 1")


def weight_bytes_per_card(model: Model, layout: Layout, precision: Precision) -> float:
    """Bytes of weights on one card; embeddings stay in the activation format and are cut over tp.

    >>> m = Model(name="m", layers=2, hidden=64, heads=8, kv_heads=8, head_dim=8, ffn_hidden=256, gated=True,
    ...     vocab=100)
    >>> weight_bytes_per_card(m, Layout(tp=2), Precision())
    143872.0
    """
    wide = precision.weight_bytes
    shared = model.shared_experts * model.ffn_params(model.expert_ffn_hidden)
    blocks = model.layers * model.attention_params * precision.attention_bytes
    blocks += (model.dense_layers * model.ffn_params(model.ffn_hidden) + model.moe_layers * shared) * wide
    experts = model.moe_layers * model.experts * model.ffn_params(model.expert_ffn_hidden) * wide
    embedding = model.embedding_params * precision.activation_bytes
    return (blocks + embedding) / layout.tp / layout.pp + experts / (layout.tp * layout.dp) / layout.pp


def cache_tokens(
    model: Model, layout: Layout, precision: Precision, card: Card, *, memory_share: float = MEMORY_SHARE
) -> int:
    """Return how many tokens of cache one replica holds: what weights and workspaces leave, over bytes per token.

    Raises InfeasibleError, naming the smallest tensor-parallel degree that fits, where nothing is left.
    """
    left = (
        card.memory_bytes * memory_share - weight_bytes_per_card(model, layout, precision) - WORKSPACE_BYTES
    )
    per_token = kv_bytes_per_token(model, bytes_per_value=precision.kv_bytes, tp=layout.tp) / layout.pp
    if left < per_token * 1024:
        need = weight_bytes_per_card(model, layout, precision) + WORKSPACE_BYTES
        fit = smallest_tp(model, layout, precision, card, memory_share=memory_share)
        hint = f"the smallest that fits is tp={fit}" if fit else "no tp up to 1024 fits; add pp or fewer bits"
        raise InfeasibleError(
            f"{model.name} needs {need / 1e9:.1f} GB per card at tp={layout.tp}, but {card.name} gives"
            f" {card.memory_bytes * memory_share / 1e9:.1f} GB: it does not fit; {hint}"
        )
    return int(left / per_token) * layout.dp


def smallest_tp(
    model: Model, layout: Layout, precision: Precision, card: Card, *, memory_share: float = MEMORY_SHARE
) -> int | None:
    """Return the smallest power-of-two tensor-parallel degree at which weights and some cache fit."""
    tp = 1
    while tp <= 1024:
        trial = Layout(tp=tp, pp=layout.pp, dp=layout.dp)
        per_token = kv_bytes_per_token(model, bytes_per_value=precision.kv_bytes, tp=tp) / layout.pp
        left = card.memory_bytes * memory_share - weight_bytes_per_card(model, trial, precision)
        if left - WORKSPACE_BYTES >= per_token * 1024:
            return tp
        tp *= 2
    return None
