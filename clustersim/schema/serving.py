"""What a serving or video workload may say: layout, precision, batching, traffic, service level; streams."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from clustersim.provenance import Sourced
from clustersim.schema.base import Amount, Bandwidth, Fraction, Model, Overhead, Wait, quantity, tell_idle
from clustersim.schema.formats import DataType

__all__ = [
    "AdapterSection", "AutoscaleSection", "BatchingSection", "CacheTierSection", "ClosedLoopSection",
    "DisaggregatedSection", "FailureSection", "LengthSection", "PrecisionSection", "PrefixSection", "ServingPlan",
    "SessionSection", "SloSection", "SpeculativeSection", "TrafficSection", "VideoStream",
]  # fmt: skip

Rate = Annotated[Sourced, quantity("1/s", gt=0, usual=("0.0001 1/s", "1000000 1/s"))]
Positive = Annotated[Sourced, quantity("1", gt=0)]
#: Frames of one stream, and of what decodes it.
Frames = Annotated[Sourced, quantity("1/s", gt=0, usual=("0.01 1/s", "1000 1/s"))]
Share = Annotated[Sourced, quantity("1", gt=0, le=1)]
#: A number format, or the rule that each card meets by what it has: fp8 before int8, fp4 before int4.
Format = Literal["fp32", "bf16", "fp16", "fp8", "int8", "fp4", "int4", "16bit", "8bit", "4bit"]


class ServingPlan(Model):
    """Parallel degrees of one replica."""

    tp: int = Field(1, ge=1)
    """Tensor-parallel degree."""
    pp: int = Field(1, ge=1)
    """Pipeline stages."""
    dp: int = Field(1, ge=1)
    """Attention-data-parallel ranks."""
    ep: int = Field(1, ge=1)
    """Groups of cards over which experts are spread."""


class PrecisionSection(Model):
    """Number formats, or rules of width (``8bit``) that each card meets by the format that it has."""

    weights: Format = "bf16"
    """Of the weights in memory."""
    linear: Format = "bf16"
    """Of the arithmetic of linear layers; among the card's peaks."""
    attention: Format = "bf16"
    """Of the arithmetic of attention; among the card's peaks."""
    cache: Format = "bf16"
    """Of the cache of keys and values."""
    attention_weights: Format | None = None
    """Of the attention projections in memory, where they differ (4-bit experts beside 16-bit attention)."""


class BatchingSection(Model):
    """The scheduler of the engine."""

    max_tokens: int = Field(8192, ge=1)
    """New tokens of one iteration, on each attention-data-parallel rank."""
    max_sequences: int = Field(256, ge=1)
    """Sequences of one iteration."""
    chunked: bool = True
    """Long prompts are spread over iterations."""
    mixed: bool = True
    """Prompts share an iteration with decoding sequences; false runs prompts first."""
    max_waiting: int | None = Field(None, ge=0)
    """Admission control: reject a request that finds this many waiting."""
    timeout: Annotated[Sourced, quantity("s", gt=0, usual=("1 ms", "1 h"))] | None = None
    """A request that waits longer is given up."""
    split_over_stages: bool = True
    """Sequences are split into as many groups as there are pipeline stages, so that all stages work at once; false lets
    one group pass the stages one after another."""
    wait_iterations: int = Field(0, ge=0)
    """Iterations that the engine holds a new request back, to gather others (TensorRT-LLM's batch_wait)."""


class SpeculativeSection(Model):
    """Speculative decoding by its mean: what drafts, how many tokens a step, and how many of them are kept."""

    draft_tokens: int = Field(ge=1)
    """Tokens that are drafted a step."""
    acceptance: Fraction | None = None
    """Chance that a drafted token is kept where those before it were, at every position alike."""
    acceptance_by_position: tuple[Fraction, ...] = ()
    """The same position by position; with neither, what the model's file says of its prediction layer."""
    draft: Literal["layer", "model", "lookup"] = "layer"
    """What drafts: an extra layer of the model's own kind with the model's head, a smaller model, or a table of earlier
    text that costs nothing."""
    draft_model: str | None = None
    """The smaller model (hwprofiles/models)."""

    @model_validator(mode="after")
    def _one_acceptance(self) -> Self:
        if self.acceptance is not None and self.acceptance_by_position:
            raise ValueError("acceptance and acceptance_by_position say the same thing twice: give one")
        if self.acceptance_by_position and len(self.acceptance_by_position) != self.draft_tokens:
            raise ValueError(
                f"acceptance_by_position has {len(self.acceptance_by_position)} positions, and draft_tokens="
                f"{self.draft_tokens}: give one for every drafted token"
            )
        if (self.draft == "model") != (self.draft_model is not None):
            raise ValueError(
                "draft: model and draft_model go together: name the smaller model, or leave both out"
            )
        return self


class AdapterSection(Model):
    """Low-rank adapters (LoRA): each request names one; a replica keeps some on its cards and fetches the others."""

    count: int = Field(ge=1, le=1_000_000)
    """Adapters that requests name."""
    resident: int = Field(ge=1)
    """Adapters that a replica keeps on its cards, and that one iteration may use."""
    rank: int = Field(16, ge=1, le=4096)
    """Rank of each."""
    skew: Annotated[Sourced, quantity("1", ge=0, le=4)] = Sourced(1.0, "1")
    """How unevenly they are used: the k-th most used as 1 / k^skew; 0 uses all alike."""
    targets: Literal["attention", "all"] = "all"
    """Matrices that they are on: attention's, or the dense feed-forward ones too (experts have none)."""


class CacheTierSection(Model):
    """Memory outside the cards that keeps known blocks: of the host, of its disks, of a pool for all replicas."""

    name: str
    """What it is called in results."""
    capacity: Annotated[Sourced, quantity("B", gt=0, usual=("100 MB", "1 EB"))]
    """Bytes of a replica's cache that it holds; of all replicas' where it is shared."""
    bandwidth: Bandwidth
    """Of each card's way to it and back, when blocks are read."""
    latency: Annotated[Sourced, quantity("s", ge=0, usual=("0 us", "10 s"))] = Sourced(0.0, "s")
    """Until the first block arrives."""
    token: Overhead = Sourced(0.0, "s")
    """What the engine's connector takes for each token that it moves, beside the bytes."""
    shared: bool = False
    """One for all replicas; else each has its own."""


class PrefixSection(Model):
    """Prefix caching: blocks of the requests are kept and found again, or a share of every prompt is stated as known.

    Known blocks lie in what running sequences leave of the cache, and in the tiers behind it, nearest first.
    """

    memory_share: Annotated[Sourced, quantity("1", ge=0, le=1)] = Sourced(1.0, "1")
    """Share of the cache that blocks which no running sequence holds may take at most."""
    hit_share: Annotated[Sourced, quantity("1", ge=0, lt=1)] = Sourced(0.0, "1")
    """Share of every prompt that is cached, stated instead of found."""
    tiers: tuple[CacheTierSection, ...] = ()
    """Memories outside the cards, nearest first."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.hit_share.value > 0:
            why = "the share that is known is stated (hit_share), and not found in what the memories hold"
            tell_idle(self, "prefix", dict.fromkeys(("memory_share", "tiers"), why))
        return self


class ClipsSection(Model):
    """Video in, text out: every request brings a clip whose sampled frames pass a vision encoder and become tokens."""

    frames: int = Field(ge=1)
    """Frames of a clip, all of which are decoded."""
    sampled: int = Field(ge=1)
    """Of these, frames that the encoder sees."""
    tokens_per_frame: int = Field(ge=1)
    """Prompt tokens that a sampled frame becomes, beside the text."""
    network: str
    """The encoder (hwprofiles/networks)."""
    dtype: DataType
    """Number format of its products with weights."""
    encoders: int = Field(1, ge=1)
    """Cards beside each replica's that encode."""
    channel_fps: Annotated[Sourced, quantity("1/s", gt=0, usual=("1 1/s", "100000 1/s"))]
    """Frames that one channel of these cards decodes per second."""


class DisaggregatedSection(Model):
    """Separate replicas for prefill and decode; the plan applies to both unless ``decode_plan`` is given."""

    decode_replicas: int = Field(ge=1)
    """Replicas that decode, beside ``replicas`` that take the prompts."""
    decode_plan: ServingPlan | None = None
    """Parallel degrees of a decoding replica."""
    first_token: Literal["prefill", "decode"] = "prefill"
    """Who sends the first token: the replica that took the prompt, or, once it has the cache, the one that decodes."""
    prefill_on: str | None = None
    """Of a site of unlike cards: the group that takes the prompts."""
    decode_on: str | None = None
    """Of a site of unlike cards: the group that decodes; prompts' caches pass over ``cluster.link``."""
    decode_router: Literal["round_robin", "least_loaded"] = "least_loaded"
    """Which decoding replica takes a request: each in turn, or the one with the fewest."""
    decode_batching: BatchingSection | None = None
    """Scheduler of a decoding replica, where it is not that of the others."""

    @model_validator(mode="after")
    def _both_groups(self) -> Self:
        if (self.prefill_on is None) != (self.decode_on is None):
            raise ValueError("prefill_on and decode_on: give both groups, or neither")
        if self.prefill_on is not None and self.prefill_on == self.decode_on:
            raise ValueError(
                "decode_on: is the group that takes the prompts; leave both out for one kind of card"
            )
        return self


class FailureSection(Model):
    """Failures of replicas in the simulation: rates and repair are the site's."""

    card_mttf: Annotated[Sourced, quantity("s", gt=0, usual=("100 h", "10000000 h"))] | None = None
    """Mean time between failures per card; absent: the site's component table."""
    max_retries: int = Field(3, ge=0)
    """How often a lost request is tried again."""


class AutoscaleSection(Model):
    """Replicas opened and closed by load."""

    minimum: int = Field(ge=1)
    """Replicas that are always open."""
    maximum: int = Field(ge=1)
    """Replicas that there can be."""
    target_load: Positive
    """Requests in the system per open replica that are aimed at."""
    period: Annotated[Sourced, quantity("s", gt=0, usual=("1 s", "1 d"))]
    """Time between decisions."""
    start_up: Wait
    """Time until an opened replica serves."""


class LengthSection(Model):
    """A distribution of token lengths."""

    mean: Annotated[Sourced, quantity("1", ge=1, usual=("1", "2000000"))]
    """Mean number of tokens."""
    shape: Literal["constant", "uniform", "lognormal", "exponential"] = "lognormal"
    """Form of the distribution."""
    spread: Amount = Sourced(0.8, "1")
    """Standard deviation of the logarithm (lognormal), or half-width over the mean (uniform)."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.shape == "uniform" and self.spread.value > 1:
            raise ValueError(
                f"spread: a half-width of {self.spread.value:g} means reaches below zero; at most 1"
            )
        if self.shape in {"constant", "exponential"}:
            tell_idle(self, "lengths", {"spread": f"lengths of shape {self.shape} have none to choose"})
        return self


class ClosedLoopSection(Model):
    """Users who each wait for the answer before they ask again."""

    users: int = Field(ge=1)
    """How many there are."""
    think: Wait = Sourced(0.0, "s")
    """Time between an answer and the next question."""


class SessionSection(Model):
    """Users who ask again with what was said before: each prompt begins with the last one and its answer."""

    turns: LengthSection
    """Requests of a session."""
    first: LengthSection
    """Tokens of a session's own before its first answer."""
    added: LengthSection
    """Tokens that a user or a tool adds before each further turn."""
    shared_tokens: int = Field(0, ge=0)
    """Tokens that every session begins with (a system prompt)."""
    longest: int | None = Field(None, ge=1)
    """Tokens of a prompt beyond which a session ends."""
    pause: Wait = Sourced(0.0, "s")
    """Mean time between an answer and the next turn."""
    pause_spread: Literal["exponential", "constant"] = "exponential"
    """How pauses vary."""
    midway: Annotated[Sourced, quantity("1", ge=0, le=1)] = Sourced(0.0, "1")
    """The users of a closed loop join their first sessions anywhere in this leading share of their turns."""
    block_tokens: int = Field(64, ge=1)
    """Tokens of a block that is kept whole."""


class TrafficSection(Model):
    """Where requests come from: a trace, or drawn arrivals and lengths. It goes to the workload's ``replicas``."""

    trace: str | None = None
    """Name of a shipped trace, or a path."""
    columns: tuple[str, str, str] | None = None
    """Columns of arrival, prompt and output in a trace of one's own."""
    skip: int = Field(0, ge=0)
    """Bad lines of the trace that may be left out."""
    load_factor: Positive = Sourced(1.0, "1")
    """Arrivals come so many times as fast."""
    requests: int | None = Field(None, ge=1)
    """Requests that are drawn, or taken from the head of the trace."""
    rate: Rate | None = None
    """Mean arrivals per second."""
    process: Literal["poisson", "gamma", "diurnal"] = "poisson"
    """How arrivals vary in time."""
    burstiness: Positive = Sourced(1.0, "1")
    """Squared coefficient of variation of the gaps (gamma)."""
    swing: Fraction = Sourced(0.0, "1")
    """Amplitude of the daily wave over its mean (diurnal)."""
    period: Annotated[Sourced, quantity("s", gt=0, usual=("1 min", "1 year"))] = Sourced(86400.0, "s")
    """Length of the wave (diurnal)."""
    prompt: LengthSection | None = None
    """Input tokens of a request."""
    output: LengthSection | None = None
    """Output tokens of a request."""
    closed_loop: ClosedLoopSection | None = None
    """Users instead of an arrival rate."""
    priority_share: Annotated[Sourced, quantity("1", ge=0, le=1)] = Sourced(0.0, "1")
    """Share of the requests that go before all others that wait; what already runs goes on."""
    sessions: SessionSection | None = None
    """Requests are turns of sessions: instead of ``prompt``."""
    whole: bool = False
    """Served from the first request to the last, start and drain included, as a benchmark does it, and not until the
    figures of the steady state are known."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.sessions is not None and (self.trace is not None or self.prompt is not None):
            raise ValueError("sessions make their own prompts: leave out trace and prompt")
        begins = self.sessions if self.prompt is None else self.prompt
        if self.trace is None and (self.requests is None or begins is None or self.output is None):
            raise ValueError("needs either trace, or requests with prompt (or sessions) and output")
        if self.trace is None and self.rate is None and self.closed_loop is None:
            raise ValueError("needs a rate or a closed_loop: zero arrivals cannot be served")
        tell_idle(self, "traffic", self._idle())
        return self

    def _idle(self) -> dict[str, str]:
        """Fields that the others leave without effect, and why."""
        arrivals = ("rate", "process", "burstiness", "swing", "period")
        idle: dict[str, str] = {}
        if self.process != "gamma":
            idle["burstiness"] = f"it shapes the gaps of process gamma, and this is {self.process}"
        if self.process != "diurnal":
            idle |= dict.fromkeys(
                ("swing", "period"), f"the wave is that of process diurnal, and this is {self.process}"
            )
        elif self.sessions is not None:
            idle |= dict.fromkeys(("process", "swing", "period"), "sessions begin without a daily wave")
        if self.closed_loop is not None:
            idle |= dict.fromkeys(
                (*arrivals, "load_factor"), "users of a closed_loop ask when they are answered"
            )
        if self.trace is None:
            idle |= dict.fromkeys(("columns", "skip"), "there is no trace")
        else:
            idle |= dict.fromkeys(
                (*arrivals, "prompt", "output"), "the trace has its own arrivals and lengths"
            )
        return idle


class SloSection(Model):
    """The service level."""

    ttft: Annotated[Sourced, quantity("s", gt=0, usual=("1 ms", "1 h"))] | None = None
    """Time to the first token."""
    tpot: Annotated[Sourced, quantity("s", gt=0, usual=("0.1 ms", "10 s"))] | None = None
    """Time per output token after the first."""
    e2e: Annotated[Sourced, quantity("s", gt=0, usual=("1 ms", "1 d"))] | None = None
    """Time to the last token."""
    share: Share = Sourced(0.9, "1")
    """Share of the requests that must meet every bound."""


class VideoStream(Model):
    """One kind of stream."""

    name: str
    """What it is called in results."""
    streams: int = Field(ge=1)
    """Streams present on average; their ratios are the mix."""
    codec: Literal["h264", "h265", "av1"] = "h264"
    """Its coding."""
    width: int = Field(1920, ge=16)
    """Pixels across."""
    height: int = Field(1080, ge=16)
    """Pixels down."""
    fps: Frames
    """Frames per second."""
    direction: Literal["decode", "encode", "transcode"] = "decode"
    """What the channels do with it."""
    sampled_fps: Annotated[Sourced, quantity("1/s", ge=0, usual=("0 1/s", "240 1/s"))] = Sourced(0.0, "1/s")
    """Frames per second that the model looks at (0: none)."""
    flops_per_frame: Annotated[Sourced, quantity("FLOP", ge=0, usual=("0 GFLOP", "1000000 GFLOP"))] = Sourced(
        0.0, "FLOP"
    )
    """Vision model's operations per sampled frame."""
    tokens_per_frame: Amount = Sourced(0.0, "1")
    """Prompt tokens that a sampled frame becomes for the language model."""
    output_tokens_per_s: Annotated[Sourced, quantity("1/s", ge=0, usual=("0 1/s", "100000 1/s"))] = Sourced(
        0.0, "1/s"
    )
    """Tokens per second that the language model makes of it."""
