"""Servers that failed, the spares that take their place, and the technicians who bring them back."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from clustersim.des.jobs.model import Breaks

__all__ = ["Repairs"]


@dataclass(slots=True)
class Repairs:
    """Who waits for whom. Places in service are filled by any server that is whole."""

    breaks: Breaks
    spares: int = field(init=False)
    open_places: deque[int] = field(init=False, default_factory=deque)
    busy: int = field(init=False, default=0)
    queued: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Begin with all spares whole."""
        self.spares = self.breaks.spares

    def fail(self, place: int, now_s: float) -> tuple[float | None, float | None, float]:
        """Note a failed server; returns when a spare joins (or None), when a repair ends that begins now (or None).

        The third is when the place is expected to be filled.
        """
        repaired = self._begin(now_s)
        if self.spares:
            self.spares -= 1
            return now_s + self.breaks.swap_s, repaired, now_s + self.breaks.swap_s
        self.open_places.append(place)
        return None, repaired, now_s + self.breaks.repair_s

    def _begin(self, now_s: float) -> float | None:
        if self.breaks.technicians and self.busy >= self.breaks.technicians:
            self.queued += 1
            return None
        self.busy += 1
        return now_s + self.breaks.repair_s

    def repaired(self, now_s: float) -> tuple[int | None, float | None]:
        """Note a server that is whole again; returns the place that it fills (or None), and the next repair's end."""
        self.busy -= 1
        next_end = None
        if self.queued:
            self.queued -= 1
            next_end = self._begin(now_s)
        if self.open_places:
            return self.open_places.popleft(), next_end
        self.spares += 1
        return None, next_end
