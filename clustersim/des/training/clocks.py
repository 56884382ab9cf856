"""When the next failure comes and what it is: the memoryless sum, ages, infants, bursts, and real logs."""

from __future__ import annotations

import heapq
import itertools
import math

import numpy as np

from clustersim.des.training.components import FailureClass
from clustersim.des.training.run import TrainingRun

__all__ = ["FailureClock"]

_BLOCK = 256


class FailureClock:
    """The failures of a cluster along absolute time, drawn from one generator.

    Memoryless causes share one clock of their summed rate. A cause with a Weibull shape keeps the age of each of
    its units: only the unit that failed begins a new life. Infant mortality thins a faster clock.
    """

    def __init__(self, run: TrainingRun, rng: np.random.Generator, *, scale: float = 1.0) -> None:
        """``scale`` multiplies the memoryless rate; the caller then thins it (lemon servers)."""
        self._run, self._rng = run, rng
        self._plain = tuple(c for c in run.failures if c.shape == 1.0 and c.rate_per_s > 0)
        self._rate = scale * sum(c.rate_per_s for c in self._plain)
        rates = np.cumsum([c.rate_per_s for c in self._plain]) if self._plain else np.ones(1)
        self._cumulative = (rates / rates[-1]).tolist()
        self._exponentials: list[float] = []
        self._heap: list[tuple[float, int, FailureClass]] = []
        self._numbers = itertools.count()
        self._pending: list[float] = []
        self._log = list(reversed(run.log))
        self._plain_at = 0.0
        for cause in run.failures:
            if cause.shape != 1.0 and cause.rate_per_s > 0:
                self._start_lives(cause)
        self._advance_plain(0.0)

    def next_after(self, now: float) -> tuple[float, FailureClass]:
        """Return the time and cause of the next failure after ``now`` and move the clocks past it."""
        if self._run.log:
            return self._next_logged(now)
        while self._plain_at <= now and self._rate > 0:
            self._advance_plain(max(now, self._plain_at))
        while self._heap and self._heap[0][0] <= now:
            self._new_life(now)
        times = (self._plain_at, self._heap[0][0] if self._heap else math.inf)
        burst = min(self._pending, default=math.inf)
        if self._pending and now < burst <= min(times):
            self._pending.remove(burst)
            return self._with_burst(burst, self._cause())
        if times[0] <= times[1]:
            at = times[0]
            if math.isinf(at):
                return at, FailureClass("none", 0.0, "process")
            self._advance_plain(at)
            return self._with_burst(at, self._cause())
        at, _, cause = self._heap[0]
        self._new_life(at)
        return self._with_burst(at, cause)

    def _with_burst(self, at: float, cause: FailureClass) -> tuple[float, FailureClass]:
        extras = self._run.extras
        if extras.burst_share > 0 and self._rng.random() < extras.burst_share:
            self._pending.append(at + float(self._rng.exponential(extras.burst_gap_s)))
        return at, cause

    def _next_logged(self, now: float) -> tuple[float, FailureClass]:
        """The next event of the log; one that came while the job waited strikes as soon as it no longer does."""
        if not self._log:
            return math.inf, FailureClass("none", 0.0, "process")
        event = self._log.pop()
        cause = FailureClass(event.component, 0.0, event.domain, repair_s=event.repair_s)
        return max(now, event.time_s), cause

    def _exponential(self) -> float:
        if not self._exponentials:
            self._exponentials = self._rng.exponential(size=_BLOCK).tolist()
        return self._exponentials.pop()

    def _advance_plain(self, now: float) -> None:
        """Move the memoryless clock to its next event: rate (1 + a e^(-t/d)), thinned from rate (1 + a)."""
        if self._rate == 0:
            self._plain_at = math.inf
            return
        extras = self._run.extras
        top = self._rate * (1 + extras.infant_factor)
        at = now
        while True:
            at += self._exponential() / top
            if extras.infant_factor == 0:
                break
            rate = 1 + extras.infant_factor * math.exp(-at / extras.infant_decay_s)
            if self._rng.random() * (1 + extras.infant_factor) < rate:
                break
        self._plain_at = at

    def _cause(self) -> FailureClass:
        share = self._rng.random()
        for cause, top in zip(self._plain, self._cumulative, strict=True):
            if share < top:
                return cause
        return self._plain[-1]

    def _start_lives(self, cause: FailureClass) -> None:
        scale = cause.units / cause.rate_per_s / math.gamma(1 + 1 / cause.shape)
        lives = scale * self._rng.weibull(cause.shape, cause.units)
        for life in lives.tolist():
            heapq.heappush(self._heap, (life, next(self._numbers), cause))

    def _new_life(self, now: float) -> None:
        at, unit, cause = self._heap[0]
        scale = cause.units / cause.rate_per_s / math.gamma(1 + 1 / cause.shape)
        heapq.heapreplace(
            self._heap, (max(at, now) + scale * float(self._rng.weibull(cause.shape)), unit, cause)
        )
