"""What a scenario file may say. One file is a complete question: a cluster, a job, its costs and its market."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from clustersim.provenance import Sourced
from clustersim.schema.base import (
    Amount,
    Bandwidth,
    Duration,
    Fraction,
    Model,
    Size,
    quantity,
)
from clustersim.schema.reliability import CheckpointSection, PositiveCount, ReliabilitySection
from clustersim.schema.tco import TcoSection

__all__ = [
    "CheckpointSection", "ClusterSection", "FabricSection", "MarketSection", "PlanSection", "ReliabilitySection",
    "Scenario", "StorageSection", "TcoSection", "TrainingSection",
]  # fmt: skip


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
    schedule: Literal["gpipe", "1f1b", "interleaved", "zero_bubble"] = "1f1b"
    sequence_parallel: bool = True
    recompute: Literal["none", "selective", "full"] = "selective"
    zero: int = Field(1, ge=0, le=3)
    offload_optimizer: bool = False
    offload_activations: bool = False


class SoftwareSection(Model):
    """What the training software adds or leaves out; each key that is absent keeps the value of a well-tuned one."""

    dp_overlap: Fraction | None = None
    """Share of the computation under which data-parallel traffic can hide."""
    flash_attention: bool = True
    attention_share: Fraction | None = None
    """Share of the best matrix rate that fused attention reaches."""
    expert_forwarding: bool = True
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
