"""What one simulated run gave: its incidents, one after another, and the shares of its wall clock."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Incident", "SimulatedRun"]


@dataclass(frozen=True, slots=True)
class Incident:
    """One failure and its recovery; the flat record from which every statistic is made."""

    failed_at_s: float
    component: str
    domain: str
    restored_from: str
    lost_work_s: float
    recovery_s: float
    waited_for_spare_s: float
    failures_during_recovery: int
    resumed_at_s: float


@dataclass(frozen=True, slots=True)
class SimulatedRun:
    """What one run gave; the shares of the wall clock sum to it exactly."""

    duration_s: float
    productive_s: float
    checkpoint_s: float
    rework_s: float
    slow_s: float
    recovery_s: float
    incidents: tuple[Incident, ...]
    repair_busy_s: float = 0.0
    storage_rate: tuple[tuple[float, float], ...] = ()

    @property
    def ettr(self) -> float:
        """Productive over wall-clock time."""
        return self.productive_s / self.duration_s

    @property
    def failures(self) -> int:
        """Failures, those that struck a recovery included."""
        return sum(1 + i.failures_during_recovery for i in self.incidents)

    @property
    def longest_failure_free_s(self) -> float:
        """The longest stretch of running without a failure."""
        return max((b - a for a, b in self.segments()), default=0.0)

    def segments(self) -> list[tuple[float, float]]:
        """The stretches of running, as (start, end) in seconds."""
        starts = [0.0, *(i.resumed_at_s for i in self.incidents)]
        ends = [*(i.failed_at_s for i in self.incidents), self.duration_s]
        return [(a, b) for a, b in zip(starts, ends, strict=True) if b > a]
