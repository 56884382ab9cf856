"""Software by name: what a training stack or a serving engine adds, with what its constants were tuned on.

A file is one release of one family. Its constants hold until the family's next file: a newer release without a file of
its own takes those of the nearest earlier one, and says so. A stack that nobody measured is a class with wide ranges.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from clustersim.plugins import ENGINES
from clustersim.provenance import Sourced
from clustersim.schema.base import (
    Count,
    Fraction,
    Held,
    Model,
    Named,
    Overhead,
    Share,
    quantity,
)
from clustersim.schema.profile_base import Profile

__all__ = [
    "EngineConstants", "MemoryCase", "MemoryRules", "SchedulerCase", "SchedulerRules", "ServingConstants",
    "SoftwareProfile", "StackCase", "StackConstants", "TrainingConstants",
]  # fmt: skip

Bytes = Annotated[Sourced, quantity("1", gt=0)]
Positive = Annotated[Sourced, quantity("1", gt=0)]
Whole = Annotated[Sourced, quantity("1", ge=1, integer=True)]


class StackConstants(Model):
    """What a training stack adds or leaves out; an absent key keeps the engine's value (``perf.plan.Software``)."""

    dp_overlap: Fraction | None = None
    """Share of the computation under which data-parallel traffic can hide."""
    flash_attention: bool | None = None
    """Fused attention that never writes the score matrix."""
    attention_share: Share | None = None
    """Share of the best matrix rate that fused attention reaches."""
    interference: Fraction | None = None
    """Share of its rate that computation loses while it hides traffic."""
    eager: bool | None = None
    """Whether every operator reads and writes its own intermediates, as uncompiled PyTorch does."""
    dispatch_bytes: Bytes | None = None
    """Bytes of a value that is sent to its expert."""
    expert_forwarding: bool | None = None
    """A token crosses to a domain once and is handed on inside."""
    tp_overlap: Fraction | None = None
    """Share of the matrix products under which tensor-parallel traffic can hide."""
    overlap_sends: bool | None = None
    """Whether the sends of an interleaved pipeline run beside the next chunk."""
    gather_bytes: Bytes | None = None
    """Bytes of a value that tensor-parallel cards gather for a product below 16 bits."""
    ep_overlap: Fraction | None = None
    """Share of a layer's kernels under which the exchange of experts can hide."""
    kernel_factor: Positive | None = None
    """Time of the card's own work over that of a stack tuned to it; absent: 1 where the stack was measured on cards of
    the maker, else what the class of stacks that nobody measured there has."""
    host_layer: Overhead | None = None
    """What the host takes to launch one pass of a layer."""
    layer_overhead: Overhead | None = None
    """Added to every pass of a layer beside its kernels."""
    expert_overhead: Overhead | None = None
    """The same for a layer of experts, on top."""
    expert_launch: Overhead | None = None
    """What the host takes to launch one kernel of one expert."""
    grouped_experts: bool | None = None
    """Whether one launch serves all experts of a card."""
    gate_values: Positive | None = None
    """Values that the activation reads or writes for one unit of its width, forward and backward."""
    scale_loss: Fraction | None = None
    """Share of a step that every doubling of the cards beyond one coherent domain costs."""
    shard_rate: Share | None = None
    """Share of the network's rate that the exchange of ZeRO 3 reaches."""
    loss_bytes: Bytes | None = None
    """Bytes that the loss reads and writes for one logit, forward and backward."""
    logit_bytes: Bytes | None = None
    """Bytes held for a logit at once."""
    saves_products: bool | None = None
    """Whether selective recomputation keeps every second product and makes all else again (PyTorch)."""
    stage_buffers: bool | None = None
    """Whether a stage of a pipeline has a buffer for every message of a step, and the last keeps its outputs."""
    batch_in_stages: bool | None = None
    """Whether a pipeline cuts a batch into as many micro-batches as it has stages where nothing else is said."""
    gradient_bytes: Bytes | None = None
    """Bytes of gradient held per parameter."""
    runtime_memory: Held | None = None
    """Buffers, fragmentation and the runtime's own, per card."""


class StackCase(StackConstants):
    """Constants that hold for some cards, number formats or models only; what it leaves out it does not ask."""

    cards: tuple[str, ...] = ()
    """Exact names of cards."""
    formats: tuple[str, ...] = ()
    """Data types (``bf16``) or scaling recipes (``mxfp8``)."""
    models: tuple[str, ...] = ()
    """Exact names of models whose recipe says so."""
    recompute: Literal["none", "selective", "full"] | None = None
    """What the recipe makes again in the backward pass, for published rows that do not say."""

    def holds(self, card: str, formats: tuple[str, ...], model: str) -> bool:
        """Tell whether the case is this card's, one of these formats' and this model's."""
        return (
            (not self.cards or card in self.cards)
            and (not self.formats or not set(formats).isdisjoint(self.formats))
            and (not self.models or model in self.models)
        )


class TrainingConstants(StackConstants):
    """Constants of a training stack, and the cases in which others hold."""

    port_factor: Positive | None = None
    """In the class of stacks that nobody measured: ``kernel_factor`` of software that is new to a maker's cards."""
    unnamed_factor: Positive | None = None
    """The same on cards of makers on which other stacks were measured."""
    cases: tuple[StackCase, ...] = ()
    """Constants on some cards or in some formats."""

    def of(self, card: str, *formats: str, model: str = "") -> StackConstants:
        """Return the constants on a card in a number format, for a model if that is said: later cases win."""
        known: dict[str, object] = {}
        for part in (self, *(case for case in self.cases if case.holds(card, formats, model))):
            for name in StackConstants.model_fields:
                if getattr(part, name) is not None:
                    known[name] = getattr(part, name)
        return StackConstants.model_construct(**known)  # type: ignore[arg-type]

    def recompute(self, card: str, *formats: str, model: str = "") -> str:
        """Return what the recipe of a model makes again on a card; empty where no case says so: later cases win."""
        said = [c.recompute for c in self.cases if c.recompute and c.holds(card, formats, model)]
        return said[-1] if said else ""


class SchedulerRules(Model):
    """The documented defaults of an engine's scheduler: what a setting that is not stated is."""

    max_batched_tokens: Whole
    """New tokens of one iteration."""
    max_sequences: Whole
    """Sequences of one iteration."""
    chunked: bool = True
    """Long prompts are spread over iterations."""
    mixed: bool = True
    """Prompts share an iteration with decoding sequences; false runs prompts first."""
    split_over_stages: bool = True
    """Sequences are split into as many groups as there are pipeline stages, so that all stages work at once."""
    batch_wait_iters: Count | None = None
    """Iterations that a new request waits for others."""


class SchedulerCase(Model):
    """Defaults on some cards."""

    cards: tuple[str, ...] = Field(min_length=1)
    """Exact names of the cards."""
    max_batched_tokens: Whole
    """New tokens of one iteration there."""
    max_sequences: Whole
    """Sequences of one iteration there."""


class MemoryRules(Model):
    """How an engine divides a card's memory, and what it keeps beside weights and cache."""

    share: Share
    """The engine's default share."""
    share_of: Literal["device", "free"] = "device"
    """Of the device, or of what weights and reserve leave free."""
    kv_cache_dtype: Literal["auto", "bf16", "fp16", "fp8", "int8"] = "auto"
    """Format of the cache; ``auto`` is that of the activations."""
    activations: bool = True
    """Activations lie inside the share."""
    fixed: Held
    """Held on every card, whatever runs."""
    peer: Held
    """The same for every further card of a tensor group."""
    graphs: Held | None = None
    """Recorded graphs."""
    hidden_values: Positive | None = None
    """Values of the model's width that a token holds at the peak of a layer."""
    width_values: Positive | None = None
    """The same of a layer's inner width."""
    routed_bytes: Positive | None = None
    """Bytes for each value of the model's width of a token's copy at an expert."""
    logit_bytes: Positive | None = None
    """Bytes for each logit of the largest number of sequences."""
    state_share: Share | None = None
    """Share of the memory for caches that is kept for states of fixed size; none: both take what they need of one."""
    state_slots: Positive | None = None
    """States of a running sequence where prompts are kept: its own, and those that later prompts start from."""


class MemoryCase(Model):
    """What an engine keeps on some cards, whose kernels need other room."""

    cards: tuple[str, ...] = Field(min_length=1)
    """Exact names of the cards."""
    routed_bytes: Positive
    """Bytes for each value of the model's width of a token's copy at an expert there."""


class EngineConstants(Model):
    """Fitted constants of an engine on a card for one kind of model; the file names their source and tier.

    On the card ``*``, of a class for any card, ``gemm`` and ``memory`` multiply the card's own efficiencies; where
    ``makers`` are named the class is that of their cards.
    """

    card: str
    """Exact name of the card; * for any."""
    makers: tuple[str, ...] = ()
    """Makers of whose cards they hold; empty: of any."""
    also: tuple[str, ...] = ()
    """Cards of the same chip, that take the constants unless they have their own."""
    model: Literal[
        "dense",
        "dense_bf16",
        "dense_linear",
        "moe",
        "moe_bf16",
        "moe_window",
        "moe_linear",
        "moe_linear_bf16",
        "mla",
        "mla_fp4",
        "mla_sparse",
    ]
    """Latent attention (``mla``), experts (``moe``) or neither, and what makes the kernels others: products in 16 or 4
    bits, windows, linear attention, a selection of the cache."""
    gemm: float = Field(gt=0, le=1)
    """Share of the peak that matrix products reach."""
    memory: float = Field(gt=0, le=1)
    """Share of the memory bandwidth that is reached."""
    layer_us: float = Field(ge=0)
    """Time beside the kernels of each layer, microseconds."""
    step_ms: float = Field(ge=0)
    """Time beside the layers of each iteration, milliseconds."""
    one_shot_us: float = Field(ge=0)
    """Time of a small all-reduce that is sent at once, microseconds."""
    request_ms: float = Field(ge=0)
    """Time that a request waits outside the engine, milliseconds."""
    prompt_token_us: float = Field(0.0, ge=0)
    """Host time for a prompt token before the first one comes: it is no part of an iteration."""
    far_exchange_us: float = Field(0.0, ge=0)
    """Time of each exchange of experts' tokens between coherent domains beside the fabric's, microseconds."""
    expert: float = Field(1.0, gt=0, le=1)
    """Share of the matrix rate that experts reach."""
    expert_layer_us: float = Field(0.0, ge=0)
    """Time beside the kernels of each layer of experts, on top, microseconds."""
    expert_copy_ns: float = Field(0.0, ge=0)
    """Time of a token's copy at a layer of experts beside its products (sorting, gathering, summing), nanoseconds."""
    sent_copy_ns: float = Field(0.0, ge=0)
    """Time of a copy that ranks of attention-data parallelism exchange, a layer beside the links, nanoseconds."""
    latent_rows: float = Field(1.0, ge=1)
    """Heads that decode of a latent works on at least: what a tile of its kernel holds."""
    latent_share: float = Field(0.0, ge=0, le=1)
    """Share of the peak that decode of a latent reaches; 0: as prefill."""
    latent_format: Literal["", "bf16", "fp8"] = ""
    """Format that it computes in, where the card has it."""


class HandoverConstants(Model):
    """What an engine takes to hand a prompt's cache to another replica, beside the network's time."""

    prompt: Annotated[Sourced, quantity("s", ge=0, usual=("0 s", "2 s"))]
    """For each prompt."""
    token: Annotated[Sourced, quantity("s", ge=0, usual=("0 s", "1 ms"))]
    """For each of its tokens; prompts do not wait for one another."""


def _of(constants: list[EngineConstants], maker: str) -> list[EngineConstants]:
    """Those of the first kind of model that hold for a maker's cards."""
    held = [c for c in constants if not c.makers or maker in c.makers]
    return [c for c in held if c.model == held[0].model]


class ServingConstants(Model):
    """What a serving engine does, and how fast."""

    scheduler: SchedulerRules
    """Defaults of the scheduler."""
    scheduler_cases: tuple[SchedulerCase, ...] = ()
    """Defaults of the scheduler on some cards."""
    memory: MemoryRules
    """How memory is divided."""
    memory_cases: tuple[MemoryCase, ...] = ()
    """What differs on some cards."""
    attention: Share
    """Share of the card's attention peak that prefill attention reaches."""
    sequence: Overhead
    """Time a decoding sequence adds to an iteration."""
    eager: Positive = Sourced(
        3.3, "1", "Ascend 910B: 147 ms a step beyond the weights without recorded graphs, 44 with them", "derived",
        low=1.5, high=5.0,
    )  # fmt: skip
    """Times the time beside the kernels of a layer where the host launches every kernel."""
    constants: tuple[EngineConstants, ...] = ()
    """Fitted constants by card and kind of model."""
    handover: HandoverConstants | None = None
    """What a hand-over takes where prompts are computed apart; absent: the network's time alone."""
    beside: Annotated[str, Named(ENGINES, ("",))] = ""
    """Code of another package that gives the time beside the kernels of an iteration from the constants."""

    def on(self, card: str, kinds: tuple[str, ...], maker: str = "") -> EngineConstants | None:
        """Return the constants on a card for the first of the kinds of model that has some, there or on the same chip.

        Of a class (``*``) those of the card's maker go before those of any.
        """
        for kind in kinds:
            known = [c for c in self.constants if c.model == kind and card in {c.card, *c.also}]
            held = _of([c for c in known if c.card == card] or known, maker)
            if held:
                return min(held, key=lambda c: not c.makers)
        return None

    def rules(self, card: str) -> SchedulerRules:
        """Return the scheduler's defaults on a card."""
        for case in self.scheduler_cases:
            if card in case.cards:
                own = {"max_batched_tokens": case.max_batched_tokens, "max_sequences": case.max_sequences}
                return self.scheduler.model_copy(update=own)
        return self.scheduler


class SoftwareProfile(Profile):
    """One release of a training stack or serving engine."""

    kind: Literal["software"]
    """A training stack or serving engine."""
    role: Literal["training", "serving"]
    """What it is for."""
    maker: str = ""
    """Who makes it."""
    family: str
    """What its releases have in common; the files of one family differ in ``release``."""
    family_names: tuple[str, ...] = ()
    """Exact names that the family goes by, followed by a release or alone."""
    release: str = ""
    """First release that the constants hold for."""
    evidence: Literal["tuned", "documented", "unmeasured"]
    """``tuned``: some constants were found from the rows of ``tuned_on``; ``documented``: all are published or derived;
    ``unmeasured``: a class for what nobody measured."""
    tuned_on: tuple[str, ...] = ()
    """Ids of the rows that constants were found from."""
    training: TrainingConstants | None = None
    """Constants of a training stack."""
    serving: ServingConstants | None = None
    """Constants of a serving engine."""

    @model_validator(mode="after")
    def _one_role(self) -> Self:
        if getattr(self, self.role) is None or (self.training is None) == (self.serving is None):
            raise ValueError(f"role {self.role!r} needs a section {self.role!r} and no other")
        if self.evidence == "tuned" and not self.tuned_on:
            raise ValueError("evidence 'tuned' needs tuned_on: the rows that the constants were found from")
        return self
