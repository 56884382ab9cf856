"""What a scenario file may say. One file is a complete question: a cluster, a job, its costs and its market."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from clustersim.provenance import Sourced
from clustersim.schema.base import (
    Amount,
    Bandwidth,
    Count,
    Duration,
    Fraction,
    Model,
    Size,
    quantity,
)
from clustersim.schema.tco import TcoSection

__all__ = [
    "CheckpointSection", "ClusterSection", "FabricSection", "MarketSection", "PlanSection", "ReliabilitySection",
    "Scenario", "StorageSection", "TcoSection", "TrainingSection",
]  # fmt: skip

PositiveCount = Annotated[Sourced, quantity("1", ge=1, integer=True)]
PerYear = Annotated[Sourced, quantity("1/year", ge=0)]


class FabricSection(Model):
    """The network between servers."""

    topology: Literal["fat_tree", "rail_optimized"] = "fat_tree"
    switch: str
    optics: str
    oversubscription: Annotated[Sourced, quantity("1", ge=1)]


class StorageSection(Model):
    """The parallel storage that durable checkpoints go to."""

    write_bandwidth: Bandwidth
    read_bandwidth: Bandwidth
    capacity: Size


class ClusterSection(Model):
    """The cluster: which cards, in which servers, on which network."""

    card: str
    cards: PositiveCount
    server: str
    nic: str
    nics_per_card: Annotated[Sourced, quantity("1", gt=0, le=8)]
    fabric: FabricSection
    storage: StorageSection


class PlanSection(Model):
    """How the model is spread over the cards."""

    tp: int = Field(ge=1)
    pp: int = Field(ge=1)
    dp: int = Field(ge=1)
    cp: int = Field(1, ge=1)
    ep: int = Field(1, ge=1)
    etp: int = Field(1, ge=1)
    """Cards that split each exchanged expert."""
    interleave: int = Field(1, ge=1)
    micro_batch: int = Field(1, ge=1)
    schedule: Literal["gpipe", "1f1b", "interleaved", "zb_h1", "zb_h2", "zb_v", "dualpipe"] = "1f1b"
    sequence_parallel: bool = True
    recompute: Literal["none", "selective", "full"] = "selective"
    zero: int = Field(1, ge=0, le=3)
    shard: int = Field(0, ge=0)
    """Cards over which states are shared out (hybrid sharding); 0 for all copies."""
    unit_layers: int = Field(1, ge=1)
    """With ZeRO 3: layers that are gathered and reduced together."""
    prefetch: int = Field(1, ge=0)
    """With ZeRO 3: units that are gathered ahead."""
    reshard: bool = True
    """With ZeRO 3: whether weights are given up after the forward pass."""
    offload_optimizer: bool = False
    offload_activations: bool = False
    embedding_slot: bool = False
    """Whether the embedding counts as a layer when layers are given out to stages."""
    loss_slot: bool = False
    """The same of the output head."""


class SoftwareSection(Model):
    """What the training software adds or leaves out; each key that is absent keeps the value of a well-tuned one."""

    dp_overlap: Fraction | None = None
    """Share of the computation under which data-parallel traffic can hide."""
    flash_attention: bool = True
    attention_share: Fraction | None = None
    """Share of the best matrix rate that fused attention reaches."""
    expert_forwarding: bool = True
    interference: Fraction | None = None
    """Share of its rate that computation loses while it hides traffic."""
    eager: bool = False
    """Whether every operator reads and writes its own intermediates, as uncompiled PyTorch does."""
    dispatch_bytes: Annotated[Sourced, quantity("1", gt=0)] | None = None
    """Bytes of a value that is sent to its expert."""
    tp_overlap: Fraction | None = None
    """Share of the matrix products under which tensor-parallel traffic can hide."""
    ep_overlap: Fraction | None = None
    """The same for the exchange of experts."""
    host_layer: Duration | None = None
    """What the host takes to launch one pass of a layer."""
    expert_overhead: Duration | None = None
    """The same as ``layer_overhead`` for a layer of experts, on top."""
    layer_overhead: Duration | None = None
    """Added to every pass of a layer beside its kernels."""
    gradient_bytes: Annotated[Sourced, quantity("1", gt=0)] | None = None
    """Bytes of gradient held per parameter."""
    runtime_memory: Size | None = None
    """Buffers, fragmentation and the runtime's own, per card."""


class TrainingSection(Model):
    """The training job."""

    dtype: str
    seq_len: int = Field(ge=1)
    global_batch: int = Field(ge=1)
    """Sequences per optimizer step."""
    plan: PlanSection
    software: SoftwareSection = SoftwareSection()


class CheckpointLevel(Model):
    """One level of asynchronous checkpoints."""

    interval: Annotated[Sourced, quantity("s", gt=0)]
    bandwidth: Bandwidth | None = None
    """Per server for the host and partner levels; absent: from the link the level uses."""


class CheckpointSection(Model):
    """Checkpoints: device to host memory, to a partner server, to parallel storage."""

    bytes_per_parameter: Annotated[Sourced, quantity("1", gt=0)]
    host: CheckpointLevel
    partner: CheckpointLevel
    storage: CheckpointLevel
    partners: Annotated[Sourced, quantity("1", ge=1, integer=True)] | None = None
    """Servers that hold a partner's copy; one where absent."""
    corrupt_share: Fraction | None = None
    """Share of copies that turn out torn or corrupted when they are read."""


class SparesSection(Model):
    """Servers that stand by."""

    hot: Count
    swap_time: Duration


class RecoverySection(Model):
    """The life of an incident up to the load of the checkpoint."""

    detect: Duration
    localise: Duration
    reschedule: Duration
    """After the failure of a server."""
    reschedule_process: Duration | None = None
    reschedule_multi: Duration | None = None
    initialise: Duration


PerSecond = Annotated[Sourced, quantity("1/s", ge=0)]
Factor = Annotated[Sourced, quantity("1", ge=1)]


class ExtrasSection(Model):
    """What lies beyond memoryless failures; each key that is given turns its part of the simulation on."""

    infant_factor: Amount | None = None
    infant_decay: Duration | None = None
    lemon_share: Fraction | None = None
    lemon_factor: Factor | None = None
    burst_share: Fraction | None = None
    burst_gap: Duration | None = None
    hang_share: Fraction | None = None
    hang_timeout: Duration | None = None
    drain_share: Fraction | None = None
    sdc_delay: Duration | None = None
    sdc_component: str | None = None
    straggler_rate: PerSecond | None = None
    straggler_time: Duration | None = None
    straggler_slowdown: Factor | None = None
    warm_spares: Count | None = None
    warm_time: Duration | None = None
    cold_spares: Count | None = None
    cold_time: Duration | None = None
    technicians: Count | None = None
    repair_fails: Fraction | None = None
    on_shortage: Literal["wait", "shrink"] | None = None
    retained: Count | None = None


class ContentionSection(Model):
    """Other jobs' writes to the same storage."""

    other_writes: PerSecond
    other_size: Size


class JobSection(Model):
    """One job of a cluster that many share."""

    name: str
    nodes: PositiveCount
    work: Duration
    arrives: Duration | None = None
    priority: int = 0


class ReliabilitySection(Model):
    """Failures and recovery over the run."""

    duration: Annotated[Sourced, quantity("s", gt=0)]
    mttf_scale: Annotated[Sourced, quantity("1", gt=0)]
    """Multiplies every component's mean time to failure; 1 is the component table as published."""
    failures_per_year: dict[str, PerYear] = Field(default_factory=dict)
    """Overrides of the component table: failures per component and year, by component."""
    recovery: RecoverySection
    spares: SparesSection
    repair_time: Annotated[Sourced, quantity("s", gt=0)]
    replications: int = Field(200, ge=1)
    weibull_shape: dict[str, Annotated[Sourced, quantity("1", gt=0)]] = Field(default_factory=dict)
    """Shape of the life of a component's units, by component; 1, and absent, is memoryless."""
    extras: ExtrasSection = ExtrasSection()
    contention: ContentionSection | None = None
    log: str | None = None
    """CSV of a real failure log to replay instead of drawing failures."""
    jobs: tuple[JobSection, ...] = ()
    """Jobs that share the cluster, for ``clustersim jobs``."""


class InferenceSection(Model):
    """The inference segment: which serving scenario stands for it, and its share of what the card is bought for."""

    scenario: str
    share: Fraction


class MarketSection(Model):
    """The price a card is worth, against whom."""

    incumbent: str
    """Scenario of the incumbent, trained on the same model; its cluster is priced under this file's site."""
    switching_discount: Fraction
    value_share: Fraction
    """Share of the difference in value that the maker keeps in its price (theta)."""
    price_sensitivity: Amount
    """Logit sensitivity of units to the logarithm of the customer's cost per token."""
    inference: InferenceSection | None = None
    """Absent: the card is valued for training alone."""


class Scenario(Model):
    """A complete question."""

    name: str
    description: str = ""
    seed: int = Field(0, ge=0)
    cluster: ClusterSection
    model: str
    training: TrainingSection
    reliability: ReliabilitySection
    checkpoint: CheckpointSection
    tco: TcoSection
    market: MarketSection | None = None
    company: str | None = None
