"""The reliability and checkpoint sections of a scenario file: failures, recovery, spares, copies."""

from typing import Annotated, Literal

from pydantic import Field

from clustersim.provenance import Sourced
from clustersim.schema.base import Amount, Bandwidth, Count, Duration, Fraction, Model, Spell, Wait, quantity

__all__ = [
    "CheckpointLevel", "CheckpointSection", "ContentionSection", "DegradationSection", "DomainSection",
    "ElasticSection", "ExtrasSection", "FlapSection", "MaintenanceSection", "ObservedSection",
    "RecoverySection", "ReliabilitySection", "SharedSection", "SparesSection",
]  # fmt: skip

PositiveCount = Annotated[Sourced, quantity("1", ge=1, integer=True)]
PerYear = Annotated[Sourced, quantity("1/year", ge=0, usual=("0 1/year", "100 1/year"))]
PerSecond = Annotated[Sourced, quantity("1/s", ge=0, usual=("0 1/s", "0.1 1/s"))]
Factor = Annotated[Sourced, quantity("1", ge=1)]
LessThanOne = Annotated[Sourced, quantity("1", ge=0, lt=1)]
Long = Annotated[Sourced, quantity("s", gt=0, usual=("1 h", "10 year"))]
LeftOver = Annotated[Sourced, quantity("1", gt=0, le=1)]


class CheckpointLevel(Model):
    """One level of checkpoints: ``interval`` of time, or every so many optimizer ``steps``."""

    interval: Annotated[Sourced, quantity("s", gt=0, usual=("1 s", "30 d"))] | None = None
    """Time between two checkpoints."""
    steps: int | None = Field(None, ge=1)
    """Optimizer steps between two checkpoints, instead of a time."""
    bandwidth: Bandwidth | None = None
    """Per server for the host and partner levels; absent: from the link the level uses."""


class CheckpointSection(Model):
    """Checkpoints: device to host memory, to a partner server, to parallel storage."""

    bytes_per_parameter: Annotated[Sourced, quantity("1", gt=0, usual=("1", "40"))]
    """What a checkpoint holds of one parameter: weights, optimizer states and master copies."""
    host: CheckpointLevel
    """To the memory of the server's own host."""
    partner: CheckpointLevel
    """To the host memory of a partner server."""
    storage: CheckpointLevel
    """To the parallel storage."""
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
    """Servers that stand by, powered and booted."""
    swap_time: Wait
    """Until a hot spare has joined; rescheduling after the loss of a server takes at least as long."""


class RecoverySection(Model):
    """The life of an incident up to the load of the checkpoint."""

    detect: Wait
    """From the failure until it is noticed."""
    localise: Wait
    """Until the failed part is found."""
    reschedule: Wait
    """After the failure of a server."""
    reschedule_process: Wait | None = None
    """The same after the failure of a process alone; as reschedule where absent."""
    reschedule_multi: Wait | None = None
    """The same after a failure that takes several servers; as reschedule where absent."""
    initialise: Wait
    """Until processes and communicators are up again, before the checkpoint is loaded."""
    restart_fails: LessThanOne | None = None
    """Share of restarts that fail and are begun again from rescheduling on."""
    measured_at: PositiveCount | None = None
    """Cards at which these times hold; with ``growth`` they are carried over to the cluster's own count."""
    growth: Amount | None = None
    """Exponent with which localising, rescheduling and initialising grow with the number of cards."""


class ExtrasSection(Model):
    """What lies beyond memoryless failures; each key that is given turns its part of the simulation on."""

    infant_factor: Amount | None = None
    """How many times more often than in the long run new hardware fails at first, on top."""
    infant_decay: Duration | None = None
    """Time in which that falls to 37 %."""
    lemon_share: Fraction | None = None
    """Share of the servers that fail more often than the rest."""
    lemon_factor: Factor | None = None
    """How many times as often they fail."""
    burst_share: Fraction | None = None
    """Share of the failures that another one follows."""
    burst_gap: Spell | None = None
    """Mean time until it follows."""
    hang_share: Fraction | None = None
    """Share of the failures that show no error."""
    hang_timeout: Wait | None = None
    """Time-out that finds them."""
    drain_share: Fraction | None = None
    """Share of server failures that is foreseen, so that no work is lost."""
    sdc_delay: Spell | None = None
    """Mean time until silent corruption is found; all work since is void."""
    sdc_component: str | None = None
    """Component whose failures are silent corruption."""
    straggler_rate: PerSecond | None = None
    """Episodes of slowness of the whole job, per second."""
    straggler_time: Spell | None = None
    """How long one lasts."""
    straggler_slowdown: Factor | None = None
    """How many times as long a step takes meanwhile."""
    warm_spares: Count | None = None
    """Servers that stand by, switched off or used otherwise, in reach."""
    warm_time: Wait | None = None
    """Until a warm spare can join."""
    cold_spares: Count | None = None
    """Servers that stand by in store."""
    cold_time: Spell | None = None
    """Until a cold spare can join."""
    technicians: Count | None = None
    """Servers that are repaired at once; none given: no limit."""
    repair_fails: LessThanOne | None = None
    """Share of the repairs that must be done again."""
    on_shortage: Literal["wait", "shrink"] | None = None
    """Without a spare: wait for one, or go on with the servers that are left."""
    retained: Count | None = None
    """Copies that storage keeps, for corruption that is found late."""


class SharedSection(Model):
    """What stands behind a switch or cable: where absent, one server, and every partner's copy is taken as lost."""

    servers: PositiveCount
    """Servers that fail together behind it."""
    repair_time: Spell | None = None
    """Until it is repaired."""


class DomainSection(Model):
    """Racks, power feeds or pods: each takes all servers that stand in it when it fails."""

    servers: PositiveCount
    """Servers that stand in one of them."""
    failures_per_year: PerYear
    """Of one of them."""
    repair_time: Spell | None = None
    """Until it is repaired."""


class ElasticSection(Model):
    """A failure takes out one data-parallel replica; the others stall for a while and go on."""

    stall: Wait
    """How long the other replicas stall."""


class MaintenanceSection(Model):
    """Planned stops of all servers, or where ``rolling`` of one after the other; announced, so that no work is lost."""

    interval: Long
    """Between two stops; rolling: in which each server has its turn once."""
    time: Spell
    """How long a stop lasts."""
    rolling: bool = False
    """Servers have their turns one after the other."""


class ObservedSection(Model):
    """A log of one's own cluster, from which the rates of components are learned."""

    log: str
    """CSV of failures, by path."""
    duration: Long
    """How long the cluster was watched."""
    cards: PositiveCount
    """Cards that were watched."""
    start: str | None = None
    """Time stamp at which watching began, where the log has time stamps."""


class FlapSection(Model):
    """Links that drop and come back: the job stalls and goes on."""

    rate: PerSecond
    """Drops per second, over the whole cluster."""
    time: Wait
    """How long the job stalls."""


class DegradationSection(Model):
    """Parts that go on working, slower; until it is found, the whole job waits for them. One of the three last keys."""

    per_year: PerYear
    """Of one card, or its link."""
    found_after: Annotated[Sourced, quantity("s", gt=0, usual=("1 min", "1 year"))]
    """Until it is found and the part is changed or mended, on average."""
    bandwidth_left: LeftOver | None = None
    """Share of the scale-out link's bandwidth that is left; slows what the step spends on the network."""
    clock_left: LeftOver | None = None
    """Share of a throttled card's clock that is left; slows what the step spends on computing."""
    slowdown: Factor | None = None
    """Of the job's step, where it is known."""


class ContentionSection(Model):
    """Other jobs' writes to the same storage."""

    other_writes: Annotated[Sourced, quantity("1/s", ge=0, usual=("0 1/s", "1 1/s"))]
    """Writes of other jobs per second."""
    other_size: Annotated[Sourced, quantity("B", gt=0, usual=("1 MB", "10 PB"))]
    """Bytes of one of them."""


class ReliabilitySection(Model):
    """Failures and recovery over the run."""

    duration: Long
    """Time that is looked at."""
    mttf_scale: Annotated[Sourced, quantity("1", gt=0, usual=("0.001", "1000"))]
    """Multiplies every component's mean time to failure; 1 is the component table as published."""
    failures_per_year: dict[str, PerYear] = Field(default_factory=dict)
    """Overrides of the component table: failures per component and year, by component."""
    recovery: RecoverySection
    """The life of an incident."""
    spares: SparesSection
    """Servers that stand by."""
    repair_time: Annotated[Sourced, quantity("s", gt=0, usual=("1 min", "90 d"))]
    """Until a failed server is a spare again."""
    replications: int = Field(200, ge=1)
    """Runs that are drawn where the run is simulated."""
    weibull_shape: dict[str, Annotated[Sourced, quantity("1", gt=0)]] = Field(default_factory=dict)
    """Shape of the life of a component's units, by component; 1, and absent, is memoryless."""
    repair_times: dict[str, Spell] = Field(default_factory=dict)
    """Repair by component; ``repair_time`` for all others."""
    fleet: str | None = None
    """A fleet of ``hwprofiles/fleets`` whose failure rate is taken, or ``between``, the median of those counted in the
    field; absent: the component table (Llama 3)."""
    card_hours_per_failure: Annotated[Sourced, quantity("h", gt=0, usual=("100 h", "10000000 h"))] | None = (
        None
    )
    """Card-hours of the job between two failures that stop it, where the site knows its own, instead of ``fleet``."""
    observed: ObservedSection | None = None
    """Absent: nobody counted failures of this site."""
    shared: SharedSection | None = None
    """What stands behind a switch or cable."""
    domains: dict[str, DomainSection] = Field(default_factory=dict)
    """Racks, power feeds or pods that fail as one, by name."""
    elastic: ElasticSection | None = None
    """Whether other replicas go on when one fails."""
    maintenance: MaintenanceSection | None = None
    """Planned stops."""
    link_flaps: FlapSection | None = None
    """Links that drop and come back."""
    degradations: dict[str, DegradationSection] = Field(default_factory=dict)
    """Parts that go on working, slower, by name."""
    extras: ExtrasSection = ExtrasSection()
    """What lies beyond memoryless failures."""
    contention: ContentionSection | None = None
    """Other jobs' writes to the storage."""
    log: str | None = None
    """CSV of a real failure log to replay instead of drawing failures."""
    log_start: str | None = None
    """Time stamp at which the run of the log began."""
