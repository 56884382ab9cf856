"""What a serving scenario may say: cards and plan, traffic, service level, cost; or video streams.

A serving scenario is a file of its own kind, read by ``clustersim serve``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from clustersim.errors import InputError, suggest
from clustersim.provenance import Sourced
from clustersim.schema.base import Amount, Duration, Fraction, Model, Share, Size, money, quantity, validate
from clustersim.schema.lookup import find_file
from clustersim.schema.overrides import apply_overrides, parse_overrides
from clustersim.schema.profiles import KINDS, CardProfile, ModelProfile, NicProfile, load_document
from clustersim.schema.yamlfile import read_yaml

__all__ = [
    "ClosedLoopSection", "LoadedServing", "ServingScenario", "ServingSection", "TrafficSection", "VideoSection",
    "load_serving",
]  # fmt: skip

Rate = Annotated[Sourced, quantity("1/s", gt=0)]
PerHour = Annotated[Sourced, money("/h")]
Positive = Annotated[Sourced, quantity("1", gt=0)]
Seconds = Annotated[Sourced, quantity("s", gt=0)]
Fps = Annotated[Sourced, quantity("1/s", gt=0)]
Format = Literal["fp32", "bf16", "fp16", "fp8", "int8", "fp4", "int4"]


class ServingCluster(Model):
    """The cards, and the network between their servers."""

    card: str
    nic: str
    nics_per_card: Positive
    oversubscription: Annotated[Sourced, quantity("1", ge=1)] = Sourced(1.0, "1")


class ServingPlan(Model):
    """Parallel degrees of one replica."""

    tp: int = Field(1, ge=1)
    pp: int = Field(1, ge=1)
    dp: int = Field(1, ge=1)
    ep: int = Field(1, ge=1)


class PrecisionSection(Model):
    """Number formats; ``linear`` and ``attention`` must be among the card's peaks."""

    weights: Format = "bf16"
    linear: Format = "bf16"
    attention: Format = "bf16"
    cache: Format = "bf16"


class BatchingSection(Model):
    """The scheduler of the engine."""

    max_tokens: int = Field(8192, ge=1)
    max_sequences: int = Field(256, ge=1)
    chunked: bool = True
    mixed: bool = True
    """Prompts share an iteration with decoding sequences; false runs prompts first."""
    max_waiting: int | None = Field(None, ge=0)
    """Admission control: reject a request that finds this many waiting."""
    timeout: Seconds | None = None


class SpeculativeSection(Model):
    """Speculative decoding by its mean."""

    draft_tokens: int = Field(ge=1)
    acceptance: Fraction


class PrefixSection(Model):
    """Prefix caching: a share of the cache's memory for known blocks, or a stated share of every prompt."""

    memory_share: Annotated[Sourced, quantity("1", ge=0, lt=1)] = Sourced(0.0, "1")
    hit_share: Annotated[Sourced, quantity("1", ge=0, lt=1)] = Sourced(0.0, "1")


class DisaggregatedSection(Model):
    """Separate replicas for prefill and decode; the plan applies to both unless ``decode_plan`` is given."""

    decode_replicas: int = Field(ge=1)
    decode_plan: ServingPlan | None = None


class FailureSection(Model):
    """Failures of replicas: how often, repair, retries of lost requests."""

    card_mttf: Seconds | None = None
    """Mean time between failures per card; absent: the reliability model's component table, divided by its scale."""
    mttf_scale: Positive = Sourced(1.0, "1")
    repair: Duration
    max_retries: int = Field(3, ge=0)


class AutoscaleSection(Model):
    """Replicas opened and closed by load."""

    minimum: int = Field(ge=1)
    maximum: int = Field(ge=1)
    target_load: Positive
    period: Seconds
    start_up: Duration


class ServingSection(Model):
    """How the model is served."""

    engine: Literal["vllm", "trtllm", "sglang"] = "vllm"
    replicas: int = Field(ge=1)
    plan: ServingPlan = ServingPlan()
    precision: PrecisionSection = PrecisionSection()
    batching: BatchingSection = BatchingSection()
    router: Literal["round_robin", "least_loaded", "prefix_affinity"] = "least_loaded"
    memory_share: Share = Sourced(0.9, "1")
    speculative: SpeculativeSection | None = None
    prefix: PrefixSection | None = None
    disaggregated: DisaggregatedSection | None = None
    failures: FailureSection | None = None
    autoscale: AutoscaleSection | None = None


class LengthSection(Model):
    """A distribution of token lengths."""

    mean: Annotated[Sourced, quantity("1", ge=1)]
    shape: Literal["constant", "uniform", "lognormal", "exponential"] = "lognormal"
    spread: Amount = Sourced(0.8, "1")


class ClosedLoopSection(Model):
    """Users who each wait for the answer before they ask again."""

    users: int = Field(ge=1)
    think: Duration = Sourced(0.0, "s")


class TrafficSection(Model):
    """Where requests come from: a trace, or drawn arrivals and lengths."""

    trace: str | None = None
    """Name of a shipped trace, or a path."""
    columns: tuple[str, str, str] | None = None
    skip: int = Field(0, ge=0)
    """Bad lines of the trace that may be left out."""
    load_factor: Positive = Sourced(1.0, "1")
    requests: int | None = Field(None, ge=1)
    rate: Rate | None = None
    process: Literal["poisson", "gamma", "diurnal"] = "poisson"
    burstiness: Positive = Sourced(1.0, "1")
    swing: Fraction = Sourced(0.0, "1")
    period: Seconds = Sourced(86400.0, "s")
    prompt: LengthSection | None = None
    output: LengthSection | None = None
    closed_loop: ClosedLoopSection | None = None

    @model_validator(mode="after")
    def _one_way(self) -> TrafficSection:
        if self.trace is None and (self.requests is None or self.prompt is None or self.output is None):
            raise ValueError("needs either trace, or requests with prompt and output")
        if self.trace is None and self.rate is None and self.closed_loop is None:
            raise ValueError("needs a rate or a closed_loop: zero arrivals cannot be served")
        return self


class SloSection(Model):
    """The service level."""

    ttft: Seconds | None = None
    tpot: Seconds | None = None
    e2e: Seconds | None = None
    share: Share = Sourced(0.9, "1")


class VideoStream(Model):
    """One kind of stream."""

    name: str
    streams: int = Field(ge=1)
    codec: Literal["h264", "h265", "av1"] = "h264"
    width: int = Field(1920, ge=16)
    height: int = Field(1080, ge=16)
    fps: Fps
    direction: Literal["decode", "encode", "transcode"] = "decode"
    sampled_fps: Annotated[Sourced, quantity("1/s", ge=0)] = Sourced(0.0, "1/s")
    """Frames per second that the model looks at (0: none)."""
    flops_per_frame: Annotated[Sourced, quantity("FLOP", ge=0)] = Sourced(0.0, "FLOP")
    """Vision model's operations per sampled frame."""
    tokens_per_frame: Amount = Sourced(0.0, "1")
    """Prompt tokens that a sampled frame becomes for the language model."""
    output_tokens_per_s: Annotated[Sourced, quantity("1/s", ge=0)] = Sourced(0.0, "1/s")


class VideoSection(Model):
    """Video streams on cards with codec channels."""

    streams: tuple[VideoStream, ...] = Field(min_length=1)
    channel_fps: Fps
    """Frames of 1920 x 1080 that one channel decodes per second."""
    channel_memory: Size
    """Device memory of one channel at 1920 x 1080."""
    session: Seconds
    """How long a stream lasts on average (for the blocking of channels)."""
    duration: Seconds
    cards: int = Field(1, ge=1)
    dtype: str = "int8"
    model: str | None = None


class CostSection(Model):
    """What a card costs per hour it is held; without it no cost is printed."""

    card_hour: PerHour
    by_card: dict[str, PerHour] = Field(default_factory=dict)
    """Other cards' hourly cost, for the comparison."""


class ComparisonCard(Model):
    """Another card for the same traffic."""

    card: str
    nic: str | None = None
    nics_per_card: Positive | None = None
    plan: ServingPlan | None = None
    replicas: int | None = Field(None, ge=1)
    precision: PrecisionSection | None = None


class ServingScenario(Model):
    """A complete serving question."""

    name: str
    description: str = ""
    kind: Literal["serving", "video"]
    seed: int = Field(0, ge=0)
    cluster: ServingCluster
    model: str | None = None
    serving: ServingSection | None = None
    traffic: TrafficSection | None = None
    slo: SloSection = SloSection()
    cost: CostSection | None = None
    video: VideoSection | None = None
    compare: tuple[ComparisonCard, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> ServingScenario:
        if self.kind == "serving" and (self.model is None or self.serving is None or self.traffic is None):
            raise ValueError("a serving scenario needs model, serving and traffic")
        if self.kind == "video" and self.video is None:
            raise ValueError("a video scenario needs the video section")
        return self


@dataclass(frozen=True, slots=True)
class LoadedServing:
    """A checked scenario with the profiles it names, by name."""

    file: str
    scenario: ServingScenario
    cards: Mapping[str, CardProfile]
    nics: Mapping[str, NicProfile]
    models: Mapping[str, ModelProfile]
    overrides: tuple[str, ...] = field(default=())


def load_serving(name: str, sets: Iterable[str] | Mapping[str, Any] = ()) -> LoadedServing:
    """Load a serving or video scenario by path or name, with overrides.

    Raises InputError with every problem of the first file that has any, and for an override that nothing uses.
    """
    overrides = parse_overrides(sets)
    used = {"scenario"}
    document = read_yaml(find_file("scenarios", name))
    if document.data.get("kind") not in {"serving", "video"}:
        raise InputError(
            f"{document.file}:1: kind: must be serving or video; a training scenario is run with 'clustersim run'"
        )
    mine = [o for o in overrides if o.document == "scenario"]
    scenario = validate(ServingScenario, apply_overrides(document, mine))

    def profile(kind: str, wanted: str) -> Any:
        key = f"{kind}.{wanted}"
        used.add(key)
        chosen = [o for o in overrides if o.document == key]
        return validate(
            KINDS[kind][1], apply_overrides(load_document(kind, wanted), chosen), require_source=True
        )

    card_names = {scenario.cluster.card, *(c.card for c in scenario.compare)}
    nic_names = {scenario.cluster.nic, *(c.nic for c in scenario.compare if c.nic)}
    model_names = {m for m in (scenario.model, scenario.video.model if scenario.video else None) if m}
    cards = {n: profile("cards", n) for n in sorted(card_names)}
    nics = {n: profile("nics", n) for n in sorted(nic_names)}
    models = {n: profile("models", n) for n in sorted(model_names)}
    for override in overrides:
        if override.document not in used:
            raise InputError(
                f"--set {override.key}: {document.file} does not use {override.document};"
                f" {suggest(override.document, sorted(used))}"
            )
    return LoadedServing(document.file, scenario, cards, nics, models, tuple(o.key for o in overrides))
