"""The description of one training run: what fails, how it is recovered, and what is kept meanwhile.

One description drives all three fidelities. Everything beyond the memoryless core (ages, bursts, lemon servers,
late-found corruption, stragglers, technicians, contention, replay) has a neutral default; ``needs_events`` names
what in a description only the event simulation can answer.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from clustersim.des.training.components import DOMAINS, FailureClass
from clustersim.des.training.copies import CheckpointLevel, check_level, checkpoint_levels
from clustersim.errors import InputError

__all__ = [
    "CheckpointLevel",
    "Contention",
    "Extras",
    "LoggedFailure",
    "Recovery",
    "Slowing",
    "TrainingRun",
    "checkpoint_levels",
]


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
    """One failure of a real log; ``repair_s`` where it says how long the server was out."""

    time_s: float
    component: str
    domain: str
    repair_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowing:
    """Parts that go on working, slower, until it is found: episodes of a mean length that slow the whole job."""

    per_s: float
    length_s: float
    slowdown: float


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
        slowed: further kinds of such episodes: links with part of their bandwidth, throttled cards.
        warm_spares, warm_s, cold_spares, cold_s: spares that need that long before they can join.
        technicians: servers under repair at once; 0 is no limit.
        repair_fails: share of repairs that must be done again.
        on_shortage: ``wait`` for a spare, or ``shrink`` and go on with the servers that are left.
        retained: durable storage copies that are kept, for corruption found late.
        restart_fails: share of restarts that fail and are begun again from rescheduling on.
        maintenance_every_s, maintenance_s: planned stops, announced so that no work is lost; 0 is never.
        flap_per_s, flap_s: links that drop and come back: the job stalls that long, and goes on.
        elastic_replicas, elastic_stall_s: with more than one, a failure takes out one of so many data-parallel
            replicas; all stall for that long, and the others go on while it recovers and catches up from them.
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
    slowed: tuple[Slowing, ...] = ()
    warm_spares: int = 0
    warm_s: float = 0.0
    cold_spares: int = 0
    cold_s: float = 0.0
    technicians: int = 0
    repair_fails: float = 0.0
    on_shortage: str = "wait"
    retained: int = 3
    restart_fails: float = 0.0
    maintenance_every_s: float = 0.0
    maintenance_s: float = 0.0
    flap_per_s: float = 0.0
    flap_s: float = 0.0
    elastic_replicas: int = 0
    elastic_stall_s: float = 0.0

    @property
    def slowings(self) -> tuple[Slowing, ...]:
        """Every kind of episode that slows the job."""
        own = Slowing(per_s=self.straggler_per_s, length_s=self.straggler_s, slowdown=self.straggler_slowdown)
        return tuple(s for s in (own, *self.slowed) if s.per_s > 0 and s.slowdown > 1 and s.length_s > 0)


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
    counted_by: str = "time"
    """Copies lie at multiples of their interval (``steps``), or their timers begin anew at each restart (``time``)."""
    extras: Extras = field(default_factory=Extras)
    contention: Contention | None = None
    log: tuple[LoggedFailure, ...] = ()
    notes: tuple[str, ...] = ()
    """What was mapped, moved or left out when the description was made."""

    def __post_init__(self) -> None:
        """Refuse a run that cannot be what was meant.

        Raises InputError for an interval longer than the run, a level that is not durable before the next is due,
        a domain that no level survives, or a log out of order.
        """
        if not self.levels:
            raise InputError("checkpoint: at least one level is needed")
        for level in self.levels:
            check_level(level, self.duration_s)
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
        if self.counted_by not in {"steps", "time"}:
            raise InputError(f"checkpoint: counted_by must be 'steps' or 'time', not {self.counted_by!r}")
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
    def failures_expected(self) -> float:
        """Failures in the run's length at the long-run rate, if it never waits."""
        return self.rate_per_s * self.duration_s

    @property
    def overhead(self) -> float:
        """Share of running time that checkpoints take."""
        blocked = sum(level.blocking_s / level.interval_s for level in self.levels)
        return 1.0 - (1.0 - self.extra_overhead) / (1.0 + blocked)

    def levels_after(self, domain: str) -> tuple[CheckpointLevel, ...]:
        """Return the levels that a failure of a domain leaves intact, the most frequent first."""
        kept = [level for level in self.levels if domain in level.survives]
        return tuple(sorted(kept, key=lambda level: level.interval_s))

    @property
    def steady_pace(self) -> float:
        """Share of running time that is left when links flap: 1 / (1 + rate x stall)."""
        return 1.0 / (1.0 + self.extras.flap_per_s * self.extras.flap_s)

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
            ("stragglers", bool(x.slowings)),
            ("warm or cold spares", x.warm_spares + x.cold_spares > 0),
            ("technicians", x.technicians > 0 or x.repair_fails > 0),
            ("shrinking", x.on_shortage != neutral.on_shortage),
            ("restarts that fail", x.restart_fails > 0),
            ("planned maintenance", x.maintenance_every_s > 0 and x.maintenance_s > 0),
            ("flapping links", self.steady_pace < 1.0),
            ("elastic replicas", x.elastic_replicas > 1),
            ("rolling upgrades", any(c.foreseen and c.rate_per_s > 0 for c in self.failures)),
            ("several servers at once", any(c.servers > 1 for c in self.failures)),
            ("storage contention", self.contention is not None),
            ("corrupted copies", any(level.corrupt_share > 0 for level in self.levels)),
            ("a failure log", bool(self.log)),
        ]
        return tuple(name for name, holds in reasons if holds)


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
