"""Parallel storage shared fairly between this job's checkpoints and other jobs' writes."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from clustersim.des.training.run import Contention

if TYPE_CHECKING:
    import simpy

__all__ = ["SharedStorage"]


class SharedStorage:
    """A processor-sharing server of bytes: n writes under way each get 1/n of the bandwidth."""

    def __init__(self, env: simpy.Environment, contention: Contention, rng: np.random.Generator) -> None:
        self._env, self._contention, self._rng = env, contention, rng
        self._left: dict[simpy.Event, float] = {}
        self._at = env.now
        self._turn = 0
        self.served: list[tuple[float, float]] = []
        """(time, bytes per second in use) at each change, for the bandwidth over time."""
        if contention.other_writes_per_s > 0:
            env.process(self._others())

    def write(self, size: float) -> simpy.Event:
        """Begin a write; the event that is returned happens when its last byte is stored."""
        self._settle()
        done = self._env.event()
        self._left[done] = size
        self._schedule()
        return done

    def _others(self) -> Generator[simpy.Event, Any, None]:
        while True:
            yield self._env.timeout(float(self._rng.exponential(1 / self._contention.other_writes_per_s)))
            self.write(self._contention.other_bytes)

    def _settle(self) -> None:
        """Take off what every write got since the last change."""
        if self._left:
            each = (self._env.now - self._at) * self._contention.bandwidth / len(self._left)
            self._left = {event: left - each for event, left in self._left.items()}
        self._at = self._env.now

    def _schedule(self) -> None:
        self._turn += 1
        self.served.append((float(self._env.now), self._contention.bandwidth if self._left else 0.0))
        if self._left:
            wait = max(0.0, min(self._left.values())) * len(self._left) / self._contention.bandwidth
            self._env.process(self._finish(wait, self._turn))

    def _finish(self, wait: float, turn: int) -> Generator[simpy.Event, Any, None]:
        yield self._env.timeout(wait)
        if turn != self._turn:
            return  # a later arrival or departure made this end stale
        self._settle()
        # The write that was to end now may be a rounding error away from it.
        smallest = min(self._left.values())
        for event in [
            e for e, left in self._left.items() if left <= smallest + 1e-6 * self._contention.bandwidth
        ]:
            del self._left[event]
            event.succeed()
        self._schedule()
