"""What a model file may say: dimensions, how each layer mixes tokens, experts, extra layers, formats of the weights.

Plain whole numbers are those of one published configuration, which ``source`` and ``tier`` name once for the file.
What is checked across fields stands here and nowhere else; every problem names both fields.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from clustersim.errors import InputError, suggest
from clustersim.perf.formats import FORMATS
from clustersim.schema.base import Count, Fraction, Model
from clustersim.schema.model_pattern import parse_pattern
from clustersim.schema.profile_base import Profile

__all__ = [
    "AttentionSection", "CompressedKind", "FormatsSection", "FullKind", "IndexerSection", "LatentKind", "LayerKind",
    "LinearKind", "MlaProfile", "ModelDimensions", "ModelProfile", "MoeProfile", "NoneKind", "PredictionSection",
    "PublishedSection", "StateSpaceKind", "WindowKind", "described_model",
]  # fmt: skip

Format = Literal["fp32", "bf16", "fp16", "fp8", "int8", "fp4", "int4", "mxfp4", "nvfp4"]
assert set(Format.__args__) == set(FORMATS)  # type: ignore[attr-defined]
#: Counts beyond every model's (vocabularies have 10^6 entries, contexts 10^7 tokens) are slips of the pen.
MOST = 10**9
Positive = Annotated[int, Field(gt=0, le=MOST)]
Whole = Annotated[int, Field(ge=0, le=MOST)]
#: Each layer is looked at by itself.
MOST_LAYERS = 10_000
LayerCount = Annotated[int, Field(gt=0, le=MOST_LAYERS)]


class MoeProfile(Model):
    """Mixture of experts."""

    experts: int = Field(gt=1)
    """Routed experts of a layer."""
    experts_per_token: Positive
    """Routed experts that a token passes through."""
    shared_experts: Whole = 0
    """Experts that every token passes through."""
    expert_ffn_hidden: Positive
    """Inner width of one routed expert."""
    shared_ffn_hidden: Whole = 0
    """Width of one shared expert; 0: as the routed ones."""
    expert_hidden: Whole = 0
    """Values that routed experts work on, projected down and up once a layer; 0: the hidden state itself."""
    moe_layers: LayerCount
    """Layers that have experts."""
    router_groups: Positive = 1
    """Groups of experts of which a token's choice may span only ``groups_per_token``."""
    groups_per_token: Positive = 1
    """Groups that a token's experts may lie in."""


class MlaProfile(Model):
    """Latent attention."""

    q_lora_rank: Whole
    """Rank of the queries' projection; 0: projected at once."""
    kv_lora_rank: Positive
    """Rank of keys and values; what the cache holds of a token."""
    qk_nope_head_dim: Positive
    """Values of a head's query and key without position."""
    qk_rope_head_dim: Positive
    """Values of a head's query and key with rotary position."""
    v_head_dim: Positive
    """Values of a head's value."""


class IndexerSection(Model):
    """The scorer of sparse attention: which ``top_k`` entries a query reads."""

    heads: Positive
    """Heads of the scorer."""
    head_dim: Positive
    """Values of one of its heads."""
    top_k: Positive
    """Entries that a query reads."""
    own: bool = True
    """False where a layer takes over the choice of the layer before it."""


class _HeadsKind(Model):
    """What attention with keys and values of its own heads has; what is left out is the model's own."""

    heads: Positive | None = None
    """Query heads; the model's own where absent."""
    kv_heads: Positive | None = None
    """Heads of keys and values; the model's own where absent."""
    head_dim: Positive | None = None
    """Values of a head; the model's own where absent."""
    v_head_dim: Positive | None = None
    """Values of a head's value; as head_dim where absent."""
    gate: Literal["none", "elementwise", "per_head"] = "none"
    """Gate on the output: none, one for each value, or one for each head."""
    keys_are_values: bool = False
    """One projection makes keys and values; both are cached."""
    cache_of_another: bool = False
    """The layer attends to the keys and values of a layer before it and has none of its own."""


class FullKind(_HeadsKind):
    """Attention to all tokens. With an indexer: sparse attention."""

    kind: Literal["full"]
    """Attention to all tokens."""
    indexer: IndexerSection | None = None
    """Scorer of sparse attention."""


class WindowKind(_HeadsKind):
    """Attention to the last ``window`` tokens."""

    kind: Literal["window"]
    """Attention to the last tokens."""
    window: Positive
    """How many of them."""


class LatentKind(Model):
    """Latent attention with the dimensions of the ``mla`` section; with an indexer: sparse attention."""

    kind: Literal["latent"]
    """Attention by low-rank keys and values."""
    indexer: IndexerSection | None = None
    """Scorer of sparse attention."""


class CompressedKind(Model):
    """A window of tokens and entries that sum up ``ratio`` tokens each (0: the window alone)."""

    kind: Literal["compressed"]
    """A window beside compressed entries."""
    window: Positive
    """Tokens of the window."""
    ratio: Whole = 0
    """Tokens that one entry sums up; 0: the window alone."""
    q_lora_rank: Positive
    """Rank of the queries' projection."""
    o_lora_rank: Positive
    """Rank of the output's projection."""
    o_groups: Positive
    """Groups of heads whose outputs are projected apart."""
    indexer: IndexerSection | None = None
    """Scorer that chooses among the entries."""


class LinearKind(Model):
    """Linear attention with a state of fixed size."""

    kind: Literal["linear"]
    """Linear attention."""
    key_heads: Positive
    """Heads of keys."""
    value_heads: Positive
    """Heads of values."""
    key_dim: Positive
    """Values of a key's head."""
    value_dim: Positive
    """Values of a value's head."""
    conv: Whole = 4
    """Taps of the short convolution."""
    gate_rank: Whole = 0
    """Rank of the decay's and output gate's projections; 0: the gates of the gated delta net."""
    state_format: Format = "fp32"
    """Number format of the state."""


class StateSpaceKind(Model):
    """A state-space block."""

    kind: Literal["state_space"]
    """State-space block."""
    heads: Positive
    """Heads of the state."""
    head_dim: Positive
    """Values of a head."""
    state: Positive
    """Size of the state of one value."""
    groups: Positive
    """Groups that share input and output projections."""
    conv: Whole = 4
    """Taps of the short convolution."""
    state_format: Format = "fp32"
    """Number format of the state."""


class NoneKind(Model):
    """A layer that is a feed-forward block alone."""

    kind: Literal["none"]
    """No mixing of tokens."""


LayerKind = Annotated[
    FullKind | WindowKind | LatentKind | CompressedKind | LinearKind | StateSpaceKind | NoneKind,
    Field(discriminator="kind"),
]


class AttentionSection(Model):
    """Which kind mixes the tokens of which layer."""

    pattern: str
    """Names of ``kinds`` in the order of the layers: ``(linear*3 full)*10``. Repeated to the number of layers."""
    kinds: dict[str, LayerKind] = Field(min_length=1)
    """What each name in the pattern stands for."""


class PredictionSection(Model):
    """Extra layers that guess further tokens."""

    layers: LayerCount
    """How many such layers."""
    kind: str | None = None
    """Name among the attention's kinds; absent: as the last layer's."""
    acceptance_by_position: tuple[Fraction, ...] = ()
    """Chance that the drafted token at each position is kept where those before it were, as somebody measured it."""


class FormatsSection(Model):
    """Format that each group of weights was published in."""

    attention: Format = "bf16"
    """Of projections in attention."""
    dense: Format = "bf16"
    """Of dense feed-forward blocks."""
    shared: Format = "bf16"
    """Of shared experts."""
    experts: Format = "bf16"
    """Of routed experts."""
    embedding: Format = "bf16"
    """Of the input embedding."""
    head: Format = "bf16"
    """Of the output head."""


class PublishedSection(Model):
    """Counts that the authors state; what the dimensions add up to is computed beside them."""

    parameters: Count | None = None
    """All parameters."""
    active_parameters: Count | None = None
    """Parameters that one token passes through."""


class ModelDimensions(Model):
    """A model's dimensions: whole numbers as its authors published them."""

    layers: LayerCount
    """Layers of the decoder."""
    hidden: Positive
    """Width of the hidden state."""
    heads: Positive
    """Query heads."""
    kv_heads: Positive
    """Heads of keys and values."""
    head_dim: Positive
    """Values of a head."""
    ffn_hidden: Positive
    """Inner width of the dense feed-forward block."""
    gated: bool
    """Whether the feed-forward block has a gate (three matrices instead of two)."""
    vocab: Positive
    """Entries of the vocabulary."""
    tied_embeddings: bool = False
    """Whether input embedding and output head are one matrix."""
    max_seq_len: Whole = 0
    """Longest sequence that the model was published for; 0: not public, and lengths are not checked."""
    attention: AttentionSection | None = None
    """Absent: every layer has full attention, or latent attention where ``mla`` is given."""
    moe: MoeProfile | None = None
    """Experts; absent: a dense model."""
    mla: MlaProfile | None = None
    """Dimensions of latent attention."""
    ffn_free_layers: Whole = 0
    """Layers without a feed-forward block."""
    residual_streams: Positive = 1
    """Copies of the residual stream that are carried along."""
    prediction: PredictionSection | None = None
    """Extra layers that guess further tokens."""
    formats: FormatsSection = FormatsSection()
    """Number formats that the weights were published in."""
    encoder_parameters: Count | None = None
    """Parameters of encoders beside the text model: held in no memory and counted in no step."""
    published: PublishedSection = PublishedSection()
    """Counts that the authors state."""
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
    def _consistent(self) -> Self:
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
            if isinstance(kind, StateSpaceKind) and kind.heads % kind.groups:
                where = f"attention.kinds.{name}"
                yield f"{where}.heads={kind.heads} is not a multiple of {where}.groups={kind.groups}"
            if isinstance(kind, CompressedKind) and self.heads % kind.o_groups:
                yield f"heads={self.heads} is not a multiple of attention.kinds.{name}.o_groups={kind.o_groups}"
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
    """A model's dimensions."""


def described_model(name: str, dimensions: ModelDimensions) -> ModelProfile:
    """Return a model whose dimensions stand in the scenario itself, as its file would give it."""
    given = {key: getattr(dimensions, key) for key in ModelDimensions.model_fields}
    return ModelProfile(kind="model", name=name, **given)
