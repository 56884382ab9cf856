"""What a model file may say: dimensions, how each layer mixes tokens, experts, extra layers, formats of the weights.

Plain whole numbers are those of one published configuration, which ``source`` and ``tier`` name once for the file.
What is checked across fields stands here and nowhere else; every problem names both fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from clustersim.errors import InputError, suggest
from clustersim.perf.formats import FORMATS
from clustersim.schema.base import Count, Model
from clustersim.schema.model_pattern import parse_pattern
from clustersim.schema.profile_base import Profile

__all__ = [
    "AttentionSection", "CompressedKind", "FormatsSection", "FullKind", "IndexerSection", "LatentKind", "LayerKind",
    "LinearKind", "MlaProfile", "ModelDimensions", "ModelProfile", "MoeProfile", "NoneKind", "PredictionSection",
    "PublishedSection", "StateSpaceKind", "WindowKind", "described_model",
]  # fmt: skip

Format = Literal["fp32", "bf16", "fp16", "fp8", "int8", "fp4", "int4", "mxfp4", "nvfp4"]
assert set(Format.__args__) == set(FORMATS)  # type: ignore[attr-defined]
Positive = Annotated[int, Field(gt=0)]
Whole = Annotated[int, Field(ge=0)]


class MoeProfile(Model):
    """Mixture of experts."""

    experts: int = Field(gt=1)
    experts_per_token: Positive
    shared_experts: Whole = 0
    expert_ffn_hidden: Positive
    shared_ffn_hidden: Whole = 0
    """Width of one shared expert; 0: as the routed ones."""
    expert_hidden: Whole = 0
    """Values that routed experts work on, projected down and up once a layer; 0: the hidden state itself."""
    moe_layers: Positive
    router_groups: Positive = 1
    """Groups of experts of which a token's choice may span only ``groups_per_token``."""
    groups_per_token: Positive = 1


class MlaProfile(Model):
    """Latent attention."""

    q_lora_rank: Whole
    kv_lora_rank: Positive
    qk_nope_head_dim: Positive
    qk_rope_head_dim: Positive
    v_head_dim: Positive


class IndexerSection(Model):
    """The scorer of sparse attention: which ``top_k`` entries a query reads."""

    heads: Positive
    head_dim: Positive
    top_k: Positive
    own: bool = True
    """False where a layer takes over the choice of the layer before it."""


class _HeadsKind(Model):
    """What attention with keys and values of its own heads has; what is left out is the model's own."""

    heads: Positive | None = None
    kv_heads: Positive | None = None
    head_dim: Positive | None = None
    v_head_dim: Positive | None = None
    gate: Literal["none", "elementwise", "per_head"] = "none"
    keys_are_values: bool = False
    """One projection makes keys and values; both are cached."""
    cache_of_another: bool = False
    """The layer attends to the keys and values of a layer before it and has none of its own."""


class FullKind(_HeadsKind):
    """Attention to all tokens. With an indexer: sparse attention."""

    kind: Literal["full"]
    indexer: IndexerSection | None = None


class WindowKind(_HeadsKind):
    """Attention to the last ``window`` tokens."""

    kind: Literal["window"]
    window: Positive


class LatentKind(Model):
    """Latent attention with the dimensions of the ``mla`` section; with an indexer: sparse attention."""

    kind: Literal["latent"]
    indexer: IndexerSection | None = None


class CompressedKind(Model):
    """A window of tokens and entries that sum up ``ratio`` tokens each (0: the window alone)."""

    kind: Literal["compressed"]
    window: Positive
    ratio: Whole = 0
    q_lora_rank: Positive
    o_lora_rank: Positive
    o_groups: Positive
    indexer: IndexerSection | None = None


class LinearKind(Model):
    """Linear attention with a state of fixed size."""

    kind: Literal["linear"]
    key_heads: Positive
    value_heads: Positive
    key_dim: Positive
    value_dim: Positive
    conv: Whole = 4
    gate_rank: Whole = 0
    """Rank of the decay's and output gate's projections; 0: the gates of the gated delta net."""
    state_format: Format = "fp32"


class StateSpaceKind(Model):
    """A state-space block."""

    kind: Literal["state_space"]
    heads: Positive
    head_dim: Positive
    state: Positive
    groups: Positive
    conv: Whole = 4
    state_format: Format = "fp32"


class NoneKind(Model):
    """A layer that is a feed-forward block alone."""

    kind: Literal["none"]


LayerKind = Annotated[
    FullKind | WindowKind | LatentKind | CompressedKind | LinearKind | StateSpaceKind | NoneKind,
    Field(discriminator="kind"),
]


class AttentionSection(Model):
    """Which kind mixes the tokens of which layer."""

    pattern: str
    """Names of ``kinds`` in the order of the layers: ``(linear*3 full)*10``. Repeated to the number of layers."""
    kinds: dict[str, LayerKind] = Field(min_length=1)


class PredictionSection(Model):
    """Extra layers that guess further tokens."""

    layers: Positive
    kind: str | None = None
    """Name among the attention's kinds; absent: as the last layer's."""


class FormatsSection(Model):
    """Format that each group of weights was published in."""

    attention: Format = "bf16"
    dense: Format = "bf16"
    shared: Format = "bf16"
    experts: Format = "bf16"
    embedding: Format = "bf16"
    head: Format = "bf16"


class PublishedSection(Model):
    """Counts that the authors state; what the dimensions add up to is computed beside them."""

    parameters: Count | None = None
    active_parameters: Count | None = None


class ModelDimensions(Model):
    """A model's dimensions: whole numbers as its authors published them."""

    layers: Positive
    hidden: Positive
    heads: Positive
    kv_heads: Positive
    head_dim: Positive
    ffn_hidden: Positive
    gated: bool
    vocab: Positive
    tied_embeddings: bool = False
    max_seq_len: Whole = 0
    """Longest sequence that the model was published for; 0: not public, and lengths are not checked."""
    attention: AttentionSection | None = None
    """Absent: every layer has full attention, or latent attention where ``mla`` is given."""
    moe: MoeProfile | None = None
    mla: MlaProfile | None = None
    ffn_free_layers: Whole = 0
    residual_streams: Positive = 1
    prediction: PredictionSection | None = None
    formats: FormatsSection = FormatsSection()
    encoder_parameters: Count | None = None
    """Parameters of encoders beside the text model: held in no memory and counted in no step."""
    published: PublishedSection = PublishedSection()
    not_modelled: tuple[str, ...] = ()
    """What of the published model no field here describes."""

    @property
    def layer_kinds(self) -> tuple[str, ...]:
        """Name of every layer's kind, in order; empty where all layers are alike and unnamed."""
        if self.attention is None:
            return ()
        cycle = parse_pattern(self.attention.pattern)
        return cycle * (self.layers // len(cycle)) if cycle else ()

    @model_validator(mode="after")
    def _consistent(self) -> ModelDimensions:
        problems = [*self._head_problems(), *self._expert_problems(), *self._pattern_problems()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _head_problems(self) -> Iterator[str]:
        named = [("", self)] + ([(f"attention.kinds.{k}.", v) for k, v in self.attention.kinds.items()]
                                if self.attention else [])  # fmt: skip
        for where, part in named:
            if not isinstance(part, ModelDimensions | FullKind | WindowKind):
                continue
            heads, kv = part.heads or self.heads, part.kv_heads or self.kv_heads
            if heads % kv:
                yield f"{where}heads={heads} is not a multiple of {where}kv_heads={kv}"
        for name, kind in self.attention.kinds.items() if self.attention else ():
            if isinstance(kind, LinearKind) and kind.value_heads % kind.key_heads:
                yield (
                    f"attention.kinds.{name}.value_heads={kind.value_heads} is not a multiple of"
                    f" attention.kinds.{name}.key_heads={kind.key_heads}"
                )
            if isinstance(kind, LatentKind) and self.mla is None:
                yield f"attention.kinds.{name} is latent, and the section mla is missing"

    def _expert_problems(self) -> Iterator[str]:
        moe = self.moe
        mixed = moe.moe_layers if moe else 0
        if mixed > self.layers:
            yield f"moe.moe_layers={mixed} is more than layers={self.layers}"
        elif mixed + self.ffn_free_layers > self.layers:
            both = f"moe.moe_layers={mixed} and ffn_free_layers={self.ffn_free_layers}"
            yield f"{both} are more than layers={self.layers}"
        if moe is None:
            return
        if moe.experts_per_token > moe.experts:
            yield f"moe.experts_per_token={moe.experts_per_token} is more than moe.experts={moe.experts}"
        if moe.experts % moe.router_groups:
            yield f"moe.router_groups={moe.router_groups} does not divide moe.experts={moe.experts}"
        if moe.groups_per_token > moe.router_groups:
            yield f"moe.groups_per_token={moe.groups_per_token} is more than moe.router_groups={moe.router_groups}"

    def _pattern_problems(self) -> Iterator[str]:
        prediction = self.prediction.kind if self.prediction else None
        if self.attention is None:
            if prediction is not None:
                yield f"prediction.kind={prediction!r} names a kind, and the section attention is missing"
            return
        kinds = list(self.attention.kinds)
        try:
            cycle = parse_pattern(self.attention.pattern)
        except InputError as error:
            yield f"attention.{error}"
            return
        for name in dict.fromkeys([*cycle, *([prediction] if prediction else [])]):
            if name not in kinds:
                yield f"attention.pattern: {name!r} is none of attention.kinds; {suggest(name, kinds)}"
        for name in kinds:
            if name not in cycle and name != prediction:
                yield f"attention.kinds.{name} stands in no layer of attention.pattern"
        if not cycle or self.layers % len(cycle):
            yield f"attention.pattern spells out {len(cycle)} layers, which do not divide layers={self.layers}"


class ModelProfile(ModelDimensions, Profile):
    """A model file: its dimensions under a name."""

    kind: Literal["model"]


def described_model(name: str, dimensions: ModelDimensions) -> ModelProfile:
    """Return a model whose dimensions stand in the scenario itself, as its file would give it."""
    given = {key: getattr(dimensions, key) for key in ModelDimensions.model_fields}
    return ModelProfile(kind="model", name=name, **given)
