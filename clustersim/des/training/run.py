"""The description of one training run: what fails, how it is recovered, and what is kept meanwhile.

One description drives all three fidelities. Everything beyond the memoryless core (ages, bursts, lemon servers,
late-found corruption, stragglers, technicians, contention, replay) has a neutral default; ``needs_events`` names
what in a description only the event simulation can answer.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from clustersim.des.training.components import DOMAINS, FailureClass
from clustersim.errors import InputError

__all__ = [
    "CheckpointLevel",
    "Contention",
    "Extras",
    "LoggedFailure",
    "Recovery",
    "TrainingRun",
    "checkpoint_levels",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointLevel:
    """One level of asynchronous checkpoints.

    A checkpoint is taken every ``interval_s`` of running; it blocks training for ``blocking_s``, is durable
    ``lag_s`` after it was taken, and takes ``restore_s`` to load. ``survives`` are the failure domains after which
    its copies still exist; ``corrupt_share`` of the copies turn out torn or corrupted when read.
    """

    name: str
    interval_s: float
    blocking_s: float
    lag_s: float
    restore_s: float
    survives: tuple[str, ...]
    corrupt_share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Seconds from a failure to the load of a checkpoint, by step; rescheduling differs by failure domain."""

    detect_s: float
    localise_s: float
    reschedule_s: tuple[float, float, float]
    """For the domains process, node and multi."""
    initialise_s: float

    def total_s(self, domain: str) -> float:
        """All steps together after a failure of a domain."""
        return self.detect_s + self.localise_s + self.reschedule_s[DOMAINS.index(domain)] + self.initialise_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Contention:
    """Parallel storage shared with other jobs: their writes arrive at random and share the bandwidth fairly."""

    bandwidth: float
    checkpoint_bytes: float
    other_writes_per_s: float
    other_bytes: float


@dataclass(frozen=True, slots=True)
class LoggedFailure:
    """One failure of a real log."""

    time_s: float
    component: str
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What lies beyond the memoryless core; every default is neutral.

    Attributes:
        infant_factor, infant_decay_s: the rate of new hardware is (1 + factor e^(-t/decay)) times its long-run rate.
        lemon_share, lemon_factor: that share of the servers fails that many times as often.
        burst_share, burst_gap_s: that share of failures is followed by another after about the gap.
        hang_share, hang_timeout_s: that share shows no error and is found by a time-out.
        drain_share: that share of node failures is foreseen and drained without loss of work.
        sdc_delay_s: silent corruption is found that much later on average, and all work since is void.
        sdc_component: the component whose failures are such corruptions.
        straggler_per_s, straggler_s, straggler_slowdown: episodes that slow the job by the factor.
        warm_spares, warm_s, cold_spares, cold_s: spares that need that long before they can join.
        technicians: servers under repair at once; 0 is no limit.
        repair_fails: share of repairs that must be done again.
        on_shortage: ``wait`` for a spare, or ``shrink`` and go on with the servers that are left.
        retained: durable storage copies that are kept, for corruption found late.
    """

    infant_factor: float = 0.0
    infant_decay_s: float = 30 * 86400.0
    lemon_share: float = 0.0
    lemon_factor: float = 1.0
    burst_share: float = 0.0
    burst_gap_s: float = 600.0
    hang_share: float = 0.0
    hang_timeout_s: float = 1800.0
    drain_share: float = 0.0
    sdc_delay_s: float = 0.0
    sdc_component: str = "silent_corruption"
    straggler_per_s: float = 0.0
    straggler_s: float = 3600.0
    straggler_slowdown: float = 1.0
    warm_spares: int = 0
    warm_s: float = 0.0
    cold_spares: int = 0
    cold_s: float = 0.0
    technicians: int = 0
    repair_fails: float = 0.0
    on_shortage: str = "wait"
    retained: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """A run of ``duration_s`` on a cluster whose failures and checkpoints are given."""

    nodes: int
    duration_s: float
    failures: tuple[FailureClass, ...]
    recovery: Recovery
    levels: tuple[CheckpointLevel, ...]
    spare_nodes: int
    repair_s: float
    extra_overhead: float = 0.0
    """Share of running time that staging slows training, beyond the blocking of each checkpoint."""
    safe_recovery: bool = False
    """Failures strike only while the job runs (some published models assume so)."""
    keep_work: bool = False
    """All work up to a failure is kept, as if every step were durable at once."""
    extras: Extras = field(default_factory=Extras)
    contention: Contention | None = None
    log: tuple[LoggedFailure, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a run that cannot be what was meant.

        Raises InputError for an interval longer than the run, a level that is not durable before the next is due,
        a domain that no level survives, or a log out of order.
        """
        if not self.levels:
            raise InputError("checkpoint: at least one level is needed")
        for level in self.levels:
            _check_level(level, self.duration_s)
        for domain in DOMAINS:
            if not any(domain in level.survives for level in self.levels):
                raise InputError(f"checkpoint: no level survives a failure of domain {domain!r}")
        if self.contention is not None:
            _check_contention(self.contention, self.levels)
        times = [event.time_s for event in self.log]
        for before, after in itertools.pairwise(times):
            if after < before:
                raise InputError(
                    f"the failure log goes back in time: {after:g} s comes after {before:g} s; sort it"
                )
        if self.extras.on_shortage not in {"wait", "shrink"}:
            raise InputError(
                f"reliability: on_shortage must be 'wait' or 'shrink', not {self.extras.on_shortage!r}"
            )

    @property
    def rate_per_s(self) -> float:
        """Failures per second of the whole cluster, long-run."""
        return sum(c.rate_per_s for c in self.failures)

    @property
    def mttf_s(self) -> float:
        """Mean time between failures of the whole cluster; infinite where nothing fails."""
        return 1.0 / self.rate_per_s if self.rate_per_s > 0 else float("inf")

    @property
    def overhead(self) -> float:
        """Share of running time that checkpoints take."""
        blocked = sum(level.blocking_s / level.interval_s for level in self.levels)
        return 1.0 - (1.0 - self.extra_overhead) / (1.0 + blocked)

    def levels_after(self, domain: str) -> tuple[CheckpointLevel, ...]:
        """Return the levels that a failure of a domain leaves intact, the most frequent first."""
        kept = [level for level in self.levels if domain in level.survives]
        return tuple(sorted(kept, key=lambda level: level.interval_s))

    def needs_events(self) -> tuple[str, ...]:
        """Return what in this description only the event simulation can answer."""
        x, neutral = self.extras, Extras()
        reasons = [
            ("ages", any(c.shape != 1.0 for c in self.failures)),
            ("infant mortality", x.infant_factor > 0),
            ("lemon servers", x.lemon_share > 0 and x.lemon_factor != 1.0),
            ("bursts", x.burst_share > 0),
            ("hangs", x.hang_share > 0),
            ("preventive drain", x.drain_share > 0),
            ("silent corruption", x.sdc_delay_s > 0),
            ("stragglers", x.straggler_per_s > 0 and x.straggler_slowdown > 1),
            ("warm or cold spares", x.warm_spares + x.cold_spares > 0),
            ("technicians", x.technicians > 0 or x.repair_fails > 0),
            ("shrinking", x.on_shortage != neutral.on_shortage),
            ("storage contention", self.contention is not None),
            ("corrupted copies", any(level.corrupt_share > 0 for level in self.levels)),
            ("a failure log", bool(self.log)),
        ]
        return tuple(name for name, holds in reasons if holds)


def _check_level(level: CheckpointLevel, duration_s: float) -> None:
    if level.interval_s >= duration_s:
        raise InputError(
            f"checkpoint.{level.name}: an interval of {level.interval_s:g} s is not shorter than the run"
            f" of {duration_s:g} s"
        )
    if level.lag_s > level.interval_s:
        raise InputError(
            f"checkpoint.{level.name}: a copy takes {level.lag_s:g} s to become durable, longer than the"
            f" interval of {level.interval_s:g} s; the shortest sustainable interval is {level.lag_s:g} s"
        )
    if not 0 <= level.corrupt_share < 1:
        raise InputError(
            f"checkpoint.{level.name}: corrupt_share must lie between 0 and 1, not {level.corrupt_share}"
        )


def _check_contention(contention: Contention, levels: tuple[CheckpointLevel, ...]) -> None:
    """Writes that arrive faster than the storage drains them never become durable."""
    slowest = max(levels, key=lambda level: level.interval_s)
    others = contention.other_writes_per_s * contention.other_bytes
    left = contention.bandwidth - others
    demand = contention.checkpoint_bytes / slowest.interval_s
    if demand >= left:
        sustainable = contention.checkpoint_bytes / left if left > 0 else float("inf")
        raise InputError(
            f"checkpoint.{slowest.name}: {demand / 1e9:.3g} GB/s of checkpoints and {others / 1e9:.3g} GB/s of other"
            f" jobs can never drain through {contention.bandwidth / 1e9:.3g} GB/s of storage; the shortest"
            f" sustainable interval is {sustainable:.0f} s"
        )


def checkpoint_levels(
    *,
    checkpoint_bytes: float,
    nodes: int,
    host_interval_s: float,
    partner_interval_s: float,
    storage_interval_s: float,
    host_bandwidth: float,
    partner_bandwidth: float,
    storage_write_bandwidth: float,
    storage_read_bandwidth: float,
    partners: int = 1,
) -> tuple[CheckpointLevel, ...]:
    """Return the three levels of a checkpoint: host memory, partner servers, parallel storage.

    Host and partner bandwidths are bytes/s per server and direction, the storage's are for the whole cluster. Only
    the copy to host memory blocks training; the copies onward run beside it.

    >>> levels = checkpoint_levels(checkpoint_bytes=1.4e12, nodes=128, host_interval_s=600, partner_interval_s=1800,
    ...     storage_interval_s=7200, host_bandwidth=200e9, partner_bandwidth=50e9, storage_write_bandwidth=30e9,
    ...     storage_read_bandwidth=40e9)
    >>> [round(level.lag_s, 2) for level in levels]
    [0.05, 0.27, 46.72]

    Raises InputError for more partners than there are other servers.
    """
    if not 1 <= partners < max(2, nodes):
        raise InputError(
            f"checkpoint.partner: {partners} partner copies need {partners + 1} servers; there are {nodes}"
        )
    per_node = checkpoint_bytes / nodes
    staging = per_node / host_bandwidth
    send = partners * per_node / partner_bandwidth
    write, read = checkpoint_bytes / storage_write_bandwidth, checkpoint_bytes / storage_read_bandwidth
    rows = (
        ("host", host_interval_s, staging, staging, ("process",)),
        ("partner", partner_interval_s, staging + send, staging + send / partners, ("process", "node")),
        ("storage", storage_interval_s, staging + write, staging + read, DOMAINS),
    )
    return tuple(
        CheckpointLevel(
            name=name, interval_s=tau, blocking_s=staging, lag_s=lag, restore_s=restore, survives=survives
        )
        for name, tau, lag, restore, survives in rows
    )
