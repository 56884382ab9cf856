"""What an engine and a plan choose: parallel layout, number formats, efficiencies, and the weights of a card."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

from clustersim.errors import InputError
from clustersim.perf.formats import FORMATS, WeightFormats, check_format
from clustersim.perf.model import Model

__all__ = [
    "FORMATS", "TYPICAL_CONTEXT", "Efficiency", "Layout", "Precision", "stage_share", "weight_bytes_per_card",
]  # fmt: skip

#: Tokens of a sequence where nothing says how long sequences are (assumption: prompts of 1-4 thousand tokens and
#: answers of hundreds, as in the shipped traces). Windows above it count per token, windows below per sequence.
TYPICAL_CONTEXT = 4096.0


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
    where it differs from the rest. ``formats`` names one per group of weights instead (a model's published ones:
    4-bit experts and 16-bit attention); a group whose format is wider than ``linear`` is computed in 16 bits.
    """

    weights: str = "bf16"
    linear: str = "bf16"
    attention: str = "bf16"
    cache: str = "bf16"
    attention_weights: str = ""
    activation_bytes: float = 2.0
    formats: WeightFormats | None = None

    def __post_init__(self) -> None:
        for name in ("weights", "cache", "attention_weights"):
            if getattr(self, name):
                check_format(name, getattr(self, name))

    def bytes_of(self, group: str) -> float:
        """Bytes per weight of a group: ``attention``, ``dense``, ``shared``, ``experts``, ``embedding`` or ``head``.

        Without formats by group, embedding and head stay as wide as the activations.

        >>> Precision(weights="fp8").bytes_of("experts"), Precision(weights="fp8").bytes_of("head")
        (1.0, 2.0)
        """
        if self.formats is not None:
            return FORMATS[getattr(self.formats, group)]
        if group in {"embedding", "head"}:
            return self.activation_bytes
        return (
            FORMATS[self.attention_weights or self.weights] if group == "attention" else FORMATS[self.weights]
        )

    def arithmetic_of(self, group: str) -> str:
        """Data type that a group's products are computed in: not one narrower than its weights are kept in.

        >>> Precision(weights="fp8", linear="fp8").arithmetic_of("head")
        'bf16'
        """
        wide = self.bytes_of(group) > FORMATS.get(self.linear, 2.0)
        return self.attention if wide else self.linear

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
    the model that a request spends before its first token, ``prompt_token_s`` what it spends there per prompt
    token. A mixture of experts adds ``expert_layer_s`` per expert layer (routing, permuting) and runs its grouped
    products at ``expert`` times both shares; every copy of a token that a card brings to its experts takes
    ``expert_copy_s`` a layer beside the products (sorting, gathering, quantising, summing). ``latent_rows`` are the
    heads that decode of a latent works on at least, ``latent_share`` the share of the peak in ``latent_format`` that
    it reaches (without them, prefill's).
    ``far_exchange_s`` is what each exchange of experts' tokens between coherent domains takes beside the fabric's time:
    its launches, and waiting for the last rank. ``handover_s`` and ``handover_token_s`` are what the engines take to
    hand a prompt's cache to another replica, beside the fabric's time, for a prompt and for each of its tokens.
    ``sent_copy_s`` is what a token's copy that is exchanged between ranks of attention-data parallelism takes them a
    layer beside the links (packing, waiting for the fullest rank, unpacking and summing).
    ``beside`` names code of another package that gives the time beside the kernels of an iteration from them.
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
    expert_copy_s: float = 0.0
    prompt_token_s: float = 0.0
    latent_rows: float = 1.0
    latent_share: float = 0.0
    latent_format: str = ""
    far_exchange_s: float = 0.0
    handover_s: float = 0.0
    handover_token_s: float = 0.0
    sent_copy_s: float = 0.0
    beside: str = ""

    def __post_init__(self) -> None:
        for name in ("gemm", "memory", "attention", "kv", "expert"):
            if not 0.0 < getattr(self, name) <= 1.0:
                raise InputError(f"efficiency {name}={getattr(self, name)} must be above 0 and at most 1")

    def eager(self, factor: float) -> Efficiency:
        """Return the constants of an engine whose host launches every kernel: layers take ``factor`` times their own.

        >>> round(Efficiency(0.6, 0.8, 0.4, 0.8, 1e-5, 1e-3, 0.0, 1e-5, 0.02).eager(3.0).layer_s, 9)
        3e-05
        """
        return replace(self, layer_s=self.layer_s * factor, expert_layer_s=self.expert_layer_s * factor)

    def at_speed(self, speed: float) -> Efficiency:
        """Return the constants of machines that do everything but their links at ``speed`` times the usual rate.

        >>> slow = Efficiency(0.6, 0.8, 0.4, 0.8, 1e-5, 1e-3, 0.0, 1e-5, 0.02).at_speed(0.5)
        >>> slow.gemm, slow.step_s
        (0.3, 0.002)
        """
        rates = {name: getattr(self, name) * speed for name in ("gemm", "memory", "attention", "kv")}
        times = (
            "layer_s",
            "step_s",
            "sequence_s",
            "one_shot_s",
            "request_s",
            "expert_layer_s",
            "expert_copy_s",
            "prompt_token_s",
            "far_exchange_s",
            "handover_s",
            "handover_token_s",
            "sent_copy_s",
        )
        return replace(self, **rates, **{name: getattr(self, name) / speed for name in times})


def stage_share(model: Model, layout: Layout) -> float:
    """Return the share of the layers on the fullest pipeline stage: ceil(layers / pp) / layers.

    >>> m = Model(name="m", layers=61, hidden=64, heads=8, kv_heads=8, head_dim=8, ffn_hidden=256, gated=True, vocab=9)
    >>> round(61 * stage_share(m, Layout(pp=2)))
    31
    """
    return float(ceil(model.layers / layout.pp) / model.layers)


def weight_bytes_per_card(model: Model, layout: Layout, precision: Precision) -> float:
    """Bytes of weights on a card of the fullest stage; embedding and head are cut over tp and spread over the stages.

    >>> m = Model(name="m", layers=2, hidden=64, heads=8, kv_heads=8, head_dim=8, ffn_hidden=256, gated=True,
    ...     vocab=100)
    >>> weight_bytes_per_card(m, Layout(tp=2), Precision())
    143872.0
    """
    p, share = model.parameter_groups, stage_share(model, layout)
    blocks = sum(getattr(p, name) * precision.bytes_of(name) for name in ("attention", "dense", "shared"))
    table = sum(getattr(p, name) * precision.bytes_of(name) for name in ("embedding", "head"))
    around = model.moe_layers * model.latent_params * precision.bytes_of("shared")
    routed = p.experts * precision.bytes_of("experts") / (layout.tp * layout.dp)
    return float((blocks + around) * share / layout.tp + table / layout.tp / layout.pp + routed * share)
