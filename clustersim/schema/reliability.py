"""The reliability and checkpoint sections of a scenario file: failures, recovery, spares, copies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from clustersim.provenance import Sourced
from clustersim.schema.base import Amount, Bandwidth, Count, Duration, Fraction, Model, Size, quantity

__all__ = [
    "CheckpointLevel", "CheckpointSection", "ContentionSection", "DegradationSection", "DomainSection",
    "ElasticSection", "ExtrasSection", "FlapSection", "MaintenanceSection", "ObservedSection",
    "RecoverySection", "ReliabilitySection", "SharedSection", "SparesSection",
]  # fmt: skip

PositiveCount = Annotated[Sourced, quantity("1", ge=1, integer=True)]
PerYear = Annotated[Sourced, quantity("1/year", ge=0)]
PerSecond = Annotated[Sourced, quantity("1/s", ge=0)]
Factor = Annotated[Sourced, quantity("1", ge=1)]
LessThanOne = Annotated[Sourced, quantity("1", ge=0, lt=1)]
Positive = Annotated[Sourced, quantity("s", gt=0)]
LeftOver = Annotated[Sourced, quantity("1", gt=0, le=1)]


class CheckpointLevel(Model):
    """One level of checkpoints: ``interval`` of time, or every so many optimizer ``steps``."""

    interval: Annotated[Sourced, quantity("s", gt=0)] | None = None
    steps: int | None = Field(None, ge=1)
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
    corrupt_share: LessThanOne | None = None
    """Share of copies that turn out torn or corrupted when they are read."""
    counted_by: Literal["time", "steps"] = "time"
    """Timers that begin anew at each restart, or steps done, as frameworks save; levels given in steps count so."""
    placement: Literal["group", "ring", "other_rack"] = "group"
    """Where a server's partners are; it matters where ``reliability.shared`` says how many servers fail at once."""
    asynchronous: bool = True
    """Whether training goes on while copies are written beyond host memory."""
    interference: Fraction | None = None
    """Share by which training slows while copies travel on its network; none where absent."""


class SparesSection(Model):
    """Servers that stand by."""

    hot: Count
    swap_time: Duration
    """Until a hot spare has joined; rescheduling after the loss of a server takes at least as long."""


class RecoverySection(Model):
    """The life of an incident up to the load of the checkpoint."""

    detect: Duration
    localise: Duration
    reschedule: Duration
    """After the failure of a server."""
    reschedule_process: Duration | None = None
    reschedule_multi: Duration | None = None
    initialise: Duration
    restart_fails: LessThanOne | None = None
    """Share of restarts that fail and are begun again from rescheduling on."""
    measured_at: PositiveCount | None = None
    """Cards at which these times hold; with ``growth`` they are carried over to the cluster's own count."""
    growth: Amount | None = None
    """Exponent with which localising, rescheduling and initialising grow with the number of cards."""


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
    repair_fails: LessThanOne | None = None
    on_shortage: Literal["wait", "shrink"] | None = None
    retained: Count | None = None


class SharedSection(Model):
    """What stands behind a switch or cable: where absent, one server, and every partner's copy is taken as lost."""

    servers: PositiveCount
    repair_time: Duration | None = None


class DomainSection(Model):
    """Racks, power feeds or pods: each takes all servers that stand in it when it fails."""

    servers: PositiveCount
    failures_per_year: PerYear
    """Of one of them."""
    repair_time: Duration | None = None


class ElasticSection(Model):
    """A failure takes out one data-parallel replica; the others stall for a while and go on."""

    stall: Duration


class MaintenanceSection(Model):
    """Planned stops of all servers, or where ``rolling`` of one after the other; announced, so that no work is lost."""

    interval: Positive
    """Between two stops; rolling: in which each server has its turn once."""
    time: Duration
    rolling: bool = False


class ObservedSection(Model):
    """A log of one's own cluster, from which the rates of components are learned."""

    log: str
    duration: Positive
    """How long the cluster was watched."""
    cards: PositiveCount
    start: str | None = None
    """Time stamp at which watching began, where the log has time stamps."""


class FlapSection(Model):
    """Links that drop and come back: the job stalls and goes on."""

    rate: PerSecond
    time: Duration


class DegradationSection(Model):
    """Parts that go on working, slower; until it is found, the whole job waits for them. One of the three last keys."""

    per_year: PerYear
    """Of one card, or its link."""
    found_after: Positive
    """Until it is found and the part is changed or mended, on average."""
    bandwidth_left: LeftOver | None = None
    """Share of the scale-out link's bandwidth that is left; slows what the step spends on the network."""
    clock_left: LeftOver | None = None
    """Share of a throttled card's clock that is left; slows what the step spends on computing."""
    slowdown: Factor | None = None
    """Of the job's step, where it is known."""


class ContentionSection(Model):
    """Other jobs' writes to the same storage."""

    other_writes: PerSecond
    other_size: Size


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
    repair_times: dict[str, Duration] = Field(default_factory=dict)
    """Repair by component; ``repair_time`` for all others."""
    fleet: str | None = None
    """A fleet of ``hwprofiles/fleets`` whose failure rate is taken, or ``between``, the median of those counted in the
    field; absent: the component table (Llama 3)."""
    observed: ObservedSection | None = None
    """Absent: nobody counted failures of this site."""
    shared: SharedSection | None = None
    domains: dict[str, DomainSection] = Field(default_factory=dict)
    elastic: ElasticSection | None = None
    maintenance: MaintenanceSection | None = None
    link_flaps: FlapSection | None = None
    degradations: dict[str, DegradationSection] = Field(default_factory=dict)
    extras: ExtrasSection = ExtrasSection()
    contention: ContentionSection | None = None
    log: str | None = None
    """CSV of a real failure log to replay instead of drawing failures."""
    log_start: str | None = None
    """Time stamp at which the run of the log began."""
