"""The description of one training run: what fails, how it is recovered, and what is kept meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from clustersim.des.training.components import DOMAINS, FailureClass
from clustersim.errors import InputError

__all__ = ["CheckpointLevel", "Recovery", "TrainingRun", "checkpoint_levels"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointLevel:
    """One level of asynchronous checkpoints.

    A checkpoint is taken every ``interval_s`` of running; it blocks training for ``blocking_s``, is durable
    ``lag_s`` after it was taken, and takes ``restore_s`` to load. ``survives`` are the failure domains after which
    its copies still exist.
    """

    name: str
    interval_s: float
    blocking_s: float
    lag_s: float
    restore_s: float
    survives: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Seconds from a failure to the load of a checkpoint, by step."""

    detect_s: float
    localise_s: float
    reschedule_s: float
    initialise_s: float

    @property
    def total_s(self) -> float:
        """All steps together."""
        return self.detect_s + self.localise_s + self.reschedule_s + self.initialise_s


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

    def __post_init__(self) -> None:
        """Refuse a run that says nothing.

        Raises InputError for an interval longer than the run, levels that no failure can be restored from, or a
        level that is not durable before the next is due.
        """
        if not self.levels:
            raise InputError("checkpoint: at least one level is needed")
        for level in self.levels:
            if level.interval_s >= self.duration_s:
                raise InputError(
                    f"checkpoint.{level.name}: an interval of {level.interval_s:g} s is not shorter than the run"
                    f" of {self.duration_s:g} s"
                )
            if level.lag_s > level.interval_s:
                raise InputError(
                    f"checkpoint.{level.name}: a copy takes {level.lag_s:g} s to become durable, longer than the"
                    f" interval of {level.interval_s:g} s; the shortest sustainable interval is {level.lag_s:g} s"
                )
        for domain in DOMAINS:
            if not any(domain in level.survives for level in self.levels):
                raise InputError(f"checkpoint: no level survives a failure of domain {domain!r}")

    @property
    def rate_per_s(self) -> float:
        """Failures per second of the whole cluster."""
        return sum(c.rate_per_s for c in self.failures)

    @property
    def mttf_s(self) -> float:
        """Mean time between failures of the whole cluster; infinite where nothing fails."""
        return 1.0 / self.rate_per_s if self.rate_per_s > 0 else float("inf")

    @property
    def overhead(self) -> float:
        """Share of running time that checkpoints block."""
        blocked = sum(level.blocking_s / level.interval_s for level in self.levels)
        return blocked / (1.0 + blocked)

    def levels_after(self, domain: str) -> tuple[CheckpointLevel, ...]:
        """Return the levels that a failure of a domain leaves intact, the most frequent first."""
        kept = [level for level in self.levels if domain in level.survives]
        return tuple(sorted(kept, key=lambda level: level.interval_s))


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
) -> tuple[CheckpointLevel, ...]:
    """Return the three levels of a checkpoint: host memory, partner server, parallel storage.

    Host and partner bandwidths are bytes/s per server and direction, the storage's are for the whole cluster. Only
    the copy to host memory blocks training; the copies onward run beside it.

    >>> levels = checkpoint_levels(checkpoint_bytes=1.4e12, nodes=128, host_interval_s=600, partner_interval_s=1800,
    ...     storage_interval_s=7200, host_bandwidth=200e9, partner_bandwidth=50e9, storage_write_bandwidth=30e9,
    ...     storage_read_bandwidth=40e9)
    >>> [round(level.lag_s, 2) for level in levels]
    [0.05, 0.27, 46.72]
    """
    per_node = checkpoint_bytes / nodes
    staging = per_node / host_bandwidth
    send = per_node / partner_bandwidth
    write = checkpoint_bytes / storage_write_bandwidth
    return (
        CheckpointLevel(
            name="host",
            interval_s=host_interval_s,
            blocking_s=staging,
            lag_s=staging,
            restore_s=staging,
            survives=("process",),
        ),
        CheckpointLevel(
            name="partner",
            interval_s=partner_interval_s,
            blocking_s=staging,
            lag_s=staging + send,
            restore_s=staging + send,
            survives=("process", "node"),
        ),
        CheckpointLevel(
            name="storage",
            interval_s=storage_interval_s,
            blocking_s=staging,
            lag_s=staging + write,
            restore_s=staging + checkpoint_bytes / storage_read_bandwidth,
            survives=("process", "node", "multi"),
        ),
    )
