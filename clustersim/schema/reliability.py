"""The reliability and checkpoint sections of a scenario file: failures, recovery, spares, copies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from clustersim.provenance import Sourced
from clustersim.schema.base import Amount, Bandwidth, Count, Duration, Fraction, Model, Size, quantity

__all__ = [
    "CheckpointLevel", "CheckpointSection", "ContentionSection", "ExtrasSection", "JobSection", "RecoverySection",
    "ReliabilitySection", "SparesSection",
]  # fmt: skip

PositiveCount = Annotated[Sourced, quantity("1", ge=1, integer=True)]
PerYear = Annotated[Sourced, quantity("1/year", ge=0)]
PerSecond = Annotated[Sourced, quantity("1/s", ge=0)]
Factor = Annotated[Sourced, quantity("1", ge=1)]


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
