"""Named software as the engine takes it: a training stack's constants, a serving engine's shares and scheduler."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clustersim.des.serving.rules import Batching
from clustersim.intervals.maturity import FIRST, established, shipped_known
from clustersim.intervals.residuals import first_port_factor, unnamed_factor
from clustersim.perf.card import Card
from clustersim.perf.model import Model
from clustersim.perf.plan import Software
from clustersim.perf.serving_engine import Efficiency
from clustersim.perf.serving_reserve import EngineReserve
from clustersim.provenance import Sourced
from clustersim.schema.base import Model as Section
from clustersim.schema.find_software import UNMEASURED, load_software
from clustersim.schema.profiles import CardProfile
from clustersim.schema.software import EngineConstants, ServingConstants, SoftwareProfile

__all__ = [
    "ANY_CARD",
    "batching_of",
    "constants_kind",
    "constants_of",
    "eager_factor",
    "engine_efficiency",
    "fitted",
    "port_factor",
    "reserve_of",
    "stack_software",
]

#: Name of the card whose constants hold for any.
ANY_CARD = "*"
#: Keys of a file whose engine field has its unit in the name.
_NAMES = {
    "layer_overhead": "layer_overhead_s", "host_layer": "host_layer_s", "expert_overhead": "expert_overhead_s",
    "runtime_memory": "runtime_bytes", "expert_launch": "expert_launch_s",
}  # fmt: skip
#: Key of a file's section ``memory`` -> field of the engine's reserve.
_RESERVE = {"fixed": "fixed_bytes", "peer": "peer_bytes", "graphs": "graph_bytes"} | {
    name: name
    for name in ("hidden_values", "width_values", "routed_bytes", "logit_bytes", "state_share", "state_slots")
}
#: Kinds of model in the order in which constants are looked for.
_KINDS = {
    "dense_bf16": ("dense_bf16", "dense"),
    "dense_linear": ("dense_linear", "dense_bf16", "dense"),
    "moe_bf16": ("moe_bf16", "moe"),
    "moe_window": ("moe_window", "moe_bf16", "moe"),
    "moe_linear": ("moe_linear", "moe"),
    "moe_linear_bf16": ("moe_linear_bf16", "moe_linear", "moe_bf16", "moe"),
    "moe_wide": ("dense",),
    "moe_wide_bf16": ("dense_bf16", "dense"),
    "mla": ("mla", "moe"),
    "mla_fp4": ("mla_fp4", "mla", "moe"),
    "mla_sparse": ("mla_sparse", "mla", "moe"),
}
#: Classes of wide experts -> the class that their routing is of.
_ROUTED = {"moe_wide": "moe", "moe_wide_bf16": "moe_bf16"}
#: Data types of 16 bits.
_WIDE = {"bf16", "fp16"}


def constants_of(section: Section, fields: Any) -> dict[str, Any]:
    """Return the stated constants of a section under the engine's names, in SI units."""
    given: dict[str, Any] = {}
    for key in fields:
        value = getattr(section, key, None)
        if value is not None:
            given[_NAMES.get(key, key)] = value.value if isinstance(value, Sourced) else value
    return given


def stack_software(profile: SoftwareProfile, card: CardProfile, *formats: str, model: str = "") -> Software:
    """Return a training stack's constants on a card, for a data type and, where it has one, its scaling recipe.

    ``model``: the model's file, whose recipe of the stack may say more. A stack that is new to the cards of a maker
    takes the class's factor on the time of their kernels.

    >>> from clustersim.schema.profiles import load_profile
    >>> gb300, h100 = load_profile("cards", "GB300"), load_profile("cards", "H100")
    >>> recorded = stack_software(load_software("nemo-26.06"), gb300, "fp8", "mxfp8")
    >>> recorded.host_layer_s, stack_software(load_software("nemo-26.06"), h100, "fp8").host_layer_s
    (0.0, 0.0012)
    """
    assert profile.training is not None
    found = profile.training.of(card.name, *formats, model=model)
    given = constants_of(found, type(found).model_fields)
    return Software(**{"kernel_factor": port_factor(profile.name, card), **given})


def port_factor(software: str, card: CardProfile) -> float:
    """Return how much longer kernels take by software that nobody measured: the centre of its class.

    1 where the software was measured on cards of the maker; one factor for a stack that nobody named (an empty name) on
    the cards of a maker on which others were measured; another for software that is new to the maker's cards.

    >>> from clustersim.schema.profiles import load_profile
    >>> h20 = load_profile("cards", "H20")
    >>> port_factor("mindspeed", load_profile("cards", "Ascend-910B")), port_factor("nemo-26.06", h20)
    (1.0, 1.0)
    >>> 1.0 < port_factor("", h20) < port_factor("", load_profile("cards", "BR106M"))
    True
    >>> port_factor("megatron-core", load_profile("cards", "BR106M")) > 1.2
    True
    """
    if card.vendor in established():
        return unnamed_factor() if software in {"", UNMEASURED["training"]} else 1.0
    if shipped_known().maturity(software or UNMEASURED["training"], card.name, card.vendor) != FIRST:
        return 1.0
    return first_port_factor()


def _serving(profile: SoftwareProfile) -> ServingConstants:
    assert profile.serving is not None
    return profile.serving


def constants_kind(model: Model, linear: str) -> str:
    """Return the class of constants that a model uses: by its attention, its experts, and the width of its products.

    >>> dense = Model(name="m", layers=2, hidden=64, heads=8, kv_heads=8, head_dim=8, ffn_hidden=1, gated=True, vocab=9)
    >>> constants_kind(dense, "fp8"), constants_kind(dense, "bf16")
    ('dense', 'dense_bf16')
    """
    kinds = set(model.kinds)
    if any(kind.endswith("latent") for kind in kinds):
        if "sparse latent" in kinds:
            return "mla_sparse"
        return "mla_fp4" if linear == "fp4" else "mla"
    base = "moe" if model.experts else "dense"
    if kinds & {"linear", "state space"}:
        return "moe_linear_bf16" if base == "moe" and linear in _WIDE else f"{base}_linear"
    if model.experts and "window" in kinds:
        return "moe_window"
    if model.experts and model.expert_ffn_hidden >= model.hidden:
        return "moe_wide_bf16" if linear in _WIDE else "moe_wide"
    return f"{base}_bf16" if linear in _WIDE else base


def fitted(profile: SoftwareProfile, card: str, model: Model, linear: str) -> bool:
    """Tell whether an engine's constants on a card were fitted on models of this kind.

    Dense models in bf16 share the constants of dense ones where they were not fitted apart, latent ones in 4 bits those
    of latent ones; no other kind stands in.
    """
    kind = constants_kind(model, linear)
    known = {"full", "latent", "none"} | _SPECIAL.get(kind, set())
    if not set(model.kinds) <= known:
        return False
    kinds = {kind, *_ALIKE.get(kind, ())}
    return any(c.card == card and c.model in kinds for c in _serving(profile).constants)


#: Class of constants -> the class that stands in where it was not fitted apart.
_ALIKE = {"dense_bf16": ("dense",), "mla_fp4": ("mla",), "moe_linear_bf16": ("moe_linear",)}
#: Class of constants -> kinds of mixers that its measured models have beside full and latent ones.
_SPECIAL = {
    "moe_window": {"window"}, "moe_linear": {"linear", "state space"}, "dense_linear": {"linear"},
    "moe_linear_bf16": {"linear", "state space"}, "mla_sparse": {"sparse latent"},
}  # fmt: skip


def reserve_of(profile: SoftwareProfile, card: str = "") -> EngineReserve:
    """Return what an engine keeps of a card's memory beside weights and cache; some cards have cases of their own.

    >>> reserve_of(load_software("sglang-0.5")).activations, reserve_of(load_software("trtllm-1.0")).share_of
    (False, 'free')
    """
    memory = _serving(profile).memory
    stated = {field: getattr(memory, key) for key, field in _RESERVE.items()}
    for case in _serving(profile).memory_cases:
        if card in case.cards:
            stated["routed_bytes"] = case.routed_bytes
    return EngineReserve(
        memory_share=memory.share.value,
        share_of=memory.share_of,
        activations=memory.activations,
        **{field: found.value for field, found in stated.items() if found is not None},
    )


def eager_factor(profile: SoftwareProfile) -> float:
    """Return how many times longer an engine's layers take without recorded graphs."""
    return _serving(profile).eager.value


def engine_efficiency(profile: SoftwareProfile, card: Card, kind: str) -> Efficiency:
    """Return the constants of an engine on a card; where nobody fitted them, mean shares of the card's own.

    Those are the engine's own class for the cards of the card's maker, where it has one, else the class of engines that
    nobody measured.

    ``kind`` is ``dense``, ``dense_bf16``, ``moe`` or ``mla``. Decode attention streams like the weights, so it
    takes the same share of the bandwidth. Experts as wide as the model or wider (``moe_wide``) are products of the size
    of a dense model's and run at its shares; routing takes what it takes of narrow ones, from which the constants of
    mixtures were found.

    >>> card = Card(name="X", peak={}, memory_bytes=1, memory_bandwidth=1, gemm_efficiency=0.7,
    ...     memory_efficiency=0.8)
    >>> round(engine_efficiency(load_software("vllm-0.9"), card, "dense").gemm, 3)
    0.259
    """
    if kind in _ROUTED:
        routed = engine_efficiency(profile, card, _ROUTED[kind])
        wide = _class_efficiency(profile, card, kind)
        return replace(wide, expert=routed.expert, expert_layer_s=routed.expert_layer_s)
    return _class_efficiency(profile, card, kind)


def _class_efficiency(profile: SoftwareProfile, card: Card, kind: str) -> Efficiency:
    """The constants of one class of models."""
    kinds = _KINDS.get(kind, (kind,))
    found = _serving(profile).on(card.name, kinds)
    if found is not None:
        return _efficiency(profile, found, found.gemm, found.memory)
    mean = _serving(profile).on(ANY_CARD, kinds, card.maker)
    if mean is None:
        unmeasured = _serving(load_software(UNMEASURED["serving"]))
        mean = unmeasured.on(ANY_CARD, (*kinds, "dense"), card.maker)
    assert mean is not None
    memory = min(card.memory_efficiency * mean.memory, 1.0)
    return _efficiency(profile, mean, card.gemm_efficiency * mean.gemm, memory)


def _efficiency(profile: SoftwareProfile, of: EngineConstants, gemm: float, memory: float) -> Efficiency:
    serving = _serving(profile)
    return Efficiency(
        gemm=gemm,
        memory=memory,
        attention=serving.attention.value,
        kv=memory,
        layer_s=of.layer_us * 1e-6,
        step_s=of.step_ms * 1e-3,
        sequence_s=serving.sequence.value,
        one_shot_s=of.one_shot_us * 1e-6,
        request_s=of.request_ms * 1e-3,
        prompt_token_s=of.prompt_token_us * 1e-6,
        far_exchange_s=of.far_exchange_us * 1e-6,
        handover_s=serving.handover.prompt.value if serving.handover else 0.0,
        handover_token_s=serving.handover.token.value if serving.handover else 0.0,
        expert=of.expert,
        expert_layer_s=of.expert_layer_us * 1e-6,
        expert_copy_s=of.expert_copy_ns * 1e-9,
        sent_copy_s=of.sent_copy_ns * 1e-9,
        latent_rows=of.latent_rows,
        latent_share=of.latent_share,
        latent_format=of.latent_format,
        beside=serving.beside,
    )


def batching_of(
    profile: SoftwareProfile,
    card: str,
    *,
    max_batched_tokens: int | None = None,
    max_sequences: int | None = None,
) -> Batching:
    """Return an engine's scheduler on a card: documented defaults where a setting is not given.

    A scheduler that mixes prompts and decoding keeps room for at least one prompt token.
    """
    rules = _serving(profile).rules(card)
    tokens = max_batched_tokens or int(rules.max_batched_tokens.value)
    sequences = max_sequences or int(rules.max_sequences.value)
    return Batching(
        max_tokens=tokens,
        max_sequences=max(1, min(sequences, tokens - 1)) if rules.mixed else sequences,
        chunked=rules.chunked,
        split_over_stages=rules.split_over_stages,
        mixed=rules.mixed,
    )
