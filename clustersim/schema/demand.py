"""What is asked of a site: workloads by name, each of one kind, each with its share of the card-hours.

Which field of a workload belongs to the demand, and which to the cluster that meets it (its layout), is stated here
once: comparisons, sides and the value of a card all ask ``identity``.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from clustersim.provenance import Sourced
from clustersim.schema.base import Held, Model, quantity
from clustersim.schema.formats import RECIPES, DataType, recipe_name, with_recipe
from clustersim.schema.jobs import DrawnSection, JobSection, PolicySection, ServiceSection, TraceSection
from clustersim.schema.models import ModelDimensions
from clustersim.schema.serving import (
    AdapterSection,
    AutoscaleSection,
    BatchingSection,
    ClipsSection,
    DisaggregatedSection,
    FailureSection,
    PrecisionSection,
    PrefixSection,
    ServingPlan,
    SloSection,
    SpeculativeSection,
    TrafficSection,
    VideoStream,
)
from clustersim.schema.training import PlanSection, SoftwareSection

__all__ = [
    "KINDS_OF_WORK", "LAYOUT_FIELDS", "JobsWorkload", "ServingWorkload", "TrainingWorkload", "VideoWorkload",
    "VisionWorkload", "Workload", "identity",
]  # fmt: skip

#: Formats in which a network of pictures is trained: norms, activations and states of narrower ones are not modelled.
TRAINED_IN = ("bf16", "fp16", "tf32", "fp32")
Share = Annotated[Sourced, quantity("1", gt=0)]
MemoryShare = Annotated[Sourced, quantity("1", gt=0, le=1)]
Fps = Annotated[Sourced, quantity("1/s", gt=0, usual=("1 1/s", "100000 1/s"))]
Seconds = Annotated[Sourced, quantity("s", gt=0, usual=("1 s", "30 d"))]

#: Recipes by any of their names.
Recipe = Annotated[
    Literal["", "fp8-current", "fp8-delayed", "fp8-block", "mxfp8", "nvfp4", "mxfp4"],
    BeforeValidator(recipe_name),
]

KINDS_OF_WORK = ("training", "serving", "video", "vision", "jobs")
#: How a cluster meets its demand, and no part of the demand itself: these stay with their side.
LAYOUT_FIELDS = (
    "plan",
    "replicas",
    "engine",
    "software",
    "disaggregated",
    "autoscale",
    "memory_share",
    "site_speed",
    "failures",
    "known_to_fit",
    "batch",
    "graphs",
)


class TrainingWorkload(Model):
    """A model to train."""

    kind: Literal["training"]
    """A model is trained."""
    share: Share | None = None
    """Of the card-hours on sale; may be left out where it is the only workload."""
    model: str
    """Which model (hwprofiles/models); the name alone where ``dimensions`` are given."""
    dimensions: ModelDimensions | None = None
    """Dimensions of a model that has no file, in the keys of one."""
    dtype: DataType
    """Number format of the matrix products."""
    recipe: Recipe = ""
    """How the narrow format of ``dtype`` is scaled, where the software's constants tell recipes apart."""
    seq_len: int = Field(ge=1)
    """Tokens of a sequence."""
    global_batch: int = Field(ge=1)
    """Sequences per optimizer step."""
    plan: PlanSection | Literal["best"] = "best"
    """Parallel degrees and options, or ``best``: those that the search finds fastest."""
    software: SoftwareSection = SoftwareSection()
    """What the training software adds or leaves out."""
    known_to_fit: bool = False
    """This very job was run: where the memory formulas say that it does not fit, the result says so and goes on."""

    @model_validator(mode="before")
    @classmethod
    def _recipe_of_format(cls, data: Any) -> Any:
        return with_recipe(data)

    @model_validator(mode="after")
    def _of_its_format(self) -> Self:
        if self.recipe and RECIPES[self.recipe] != self.dtype:
            raise ValueError(
                f"recipe {self.recipe} scales {RECIPES[self.recipe]}, and dtype is {self.dtype}; state dtype"
                f" {RECIPES[self.recipe]}, or leave recipe empty"
            )
        return self


class ServingWorkload(Model):
    """A model to serve at a service level."""

    kind: Literal["serving"]
    """A model is served."""
    share: Share | None = None
    """Of the card-hours on sale; may be left out where it is the only workload."""
    model: str
    """Which model (hwprofiles/models)."""
    engine: str = "vllm"
    """Serving engine, with or without a release (hwprofiles/software)."""
    replicas: int = Field(1, ge=1)
    """Replicas that the traffic goes to; the share's other cards are filled alike."""
    plan: ServingPlan | Literal["best"] = "best"
    """Parallel degrees of a replica, or ``best``: the cheapest token at the service level."""
    precision: PrecisionSection = PrecisionSection()
    """Number formats, or rules of width."""
    batching: BatchingSection = BatchingSection()
    """The scheduler."""
    router: Literal["round_robin", "least_loaded", "prefix_affinity"] = "least_loaded"
    """How requests are shared out to replicas."""
    memory_share: MemoryShare | None = None
    """Share of the card's memory that the engine plans with; left out, the engine's own."""
    site_speed: MemoryShare | None = None
    """Share of the engine's usual speed that this site's machines reach, where somebody measured it."""
    graphs: bool = True
    """Decoding replays recorded graphs; false: the host launches every kernel (eager)."""
    speculative: SpeculativeSection | None = None
    """Speculative decoding."""
    adapters: AdapterSection | None = None
    """Low-rank adapters that the requests name."""
    prefix: PrefixSection | None = None
    """Prefix caching."""
    disaggregated: DisaggregatedSection | None = None
    """Separate replicas for prefill and decode."""
    clips: ClipsSection | None = None
    """Clips that the requests bring; ``serve`` says what they wait for before the language model."""
    failures: FailureSection | None = None
    """Failures of replicas, simulated where given."""
    autoscale: AutoscaleSection | None = None
    """Replicas opened and closed by load."""
    traffic: TrafficSection
    """The requests."""
    slo: SloSection = SloSection()
    """The service level."""


class VideoWorkload(Model):
    """Video streams on cards with codec channels."""

    kind: Literal["video"]
    """Video streams are analysed."""
    share: Share | None = None
    """Of the card-hours on sale; may be left out where it is the only workload."""
    model: str | None = None
    """Language model that sampled frames go to."""
    streams: tuple[VideoStream, ...] = Field(min_length=1)
    """The kinds of stream; their numbers are the mix."""
    channel_fps: Fps
    """Frames of 1920 x 1080 that one channel decodes per second."""
    channel_memory: Held
    """Device memory of one channel at 1920 x 1080."""
    session: Seconds
    """How long a stream lasts on average (for the blocking of channels)."""
    duration: Seconds
    """Time that is simulated."""
    replicas: int = Field(1, ge=1)
    """Cards that the streams go to; the share's other cards are filled alike."""
    dtype: DataType = "int8"
    """Number format of the vision models."""


class VisionWorkload(Model):
    """Images, samples or seconds of video through a network that is no language model."""

    kind: Literal["vision"]
    """A network encodes, detects or generates."""
    share: Share | None = None
    """Of the card-hours on sale; may be left out where it is the only workload."""
    model: str | None = None
    """No language model."""
    network: str
    """Which network (hwprofiles/networks)."""
    dtype: DataType
    """Number format of the products with weights."""
    training: bool = False
    """Whether the network is trained: three passes of an input, forward and two products backward for each of its own.
    What cards exchange of gradients is not counted."""
    steps: int | None = Field(None, ge=1)
    """Denoising steps; absent: the network's own."""
    batch: int | Literal["best"] = "best"
    """Inputs of a batch, or the one of most inputs per second within ``latency``."""
    latency: Annotated[Sourced, quantity("s", gt=0, usual=("0.1 ms", "1 h"))] | None = None
    """Time within which a batch must end; absent: none, and all inputs are there at once."""
    host_rate: Fps | None = None
    """Inputs per second that a card's part of the host reads, decodes and scales; absent: more than the card takes."""
    frames_per_input: Annotated[Sourced, quantity("1", ge=0)] = Sourced(0.0, "1")
    """Frames that the card's codec channels decode for one input."""
    channel_fps: Fps | None = None
    """Frames that one channel decodes per second; needed where there are frames."""

    @model_validator(mode="after")
    def _one_use(self) -> Self:
        if self.training and self.latency is not None:
            raise ValueError("training and latency exclude each other: nobody waits for a batch that trains")
        if self.training and self.steps is not None:
            raise ValueError(
                "training and steps exclude each other: an input that trains passes one step, by lot"
            )
        if self.training and self.dtype not in TRAINED_IN:
            raise ValueError(f"training in {self.dtype} is not modelled; use one of {', '.join(TRAINED_IN)}")
        return self


class JobsWorkload(Model):
    """Jobs of several teams, queued on the site, and services beside them."""

    kind: Literal["jobs"]
    """Jobs queue."""
    share: Share | None = None
    """Of the card-hours on sale; may be left out where it is the only workload."""
    model: str | None = None
    """Model whose states a checkpoint of the jobs holds; absent: checkpoints of no size."""
    jobs: tuple[JobSection, ...] = ()
    """Jobs, one by one."""
    drawn: DrawnSection | None = None
    """Jobs drawn from a mix."""
    trace: TraceSection | None = None
    """Jobs of a trace."""
    services: tuple[ServiceSection, ...] = ()
    """Serving fleets that share the servers."""
    policy: PolicySection = PolicySection()
    """How the queue decides."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.jobs or self.drawn or self.trace or self.services):
            raise ValueError("needs jobs, drawn, trace or services: nothing is asked of the site")
        return self


Workload = TrainingWorkload | ServingWorkload | VideoWorkload | VisionWorkload | JobsWorkload


def identity(workload: Workload) -> dict[str, Any]:
    """Return what a workload asks, without how a cluster meets it: equal for two sides that do the same work.

    Values only: who says so is no part of what is asked.
    """
    asked = {
        name: getattr(workload, name) for name in type(workload).model_fields if name not in LAYOUT_FIELDS
    }
    asked.pop("share")
    return {name: _bare(value) for name, value in asked.items()}


def _bare(value: Any) -> Any:
    if isinstance(value, Sourced):
        return value.value
    if isinstance(value, Model):
        return {name: _bare(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, tuple):
        return [_bare(item) for item in value]
    return value
