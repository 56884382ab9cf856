"""Servers: those that run the job, the spares, and the ones under repair."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from clustersim.des.training.components import FailureClass
from clustersim.des.training.run import TrainingRun

if TYPE_CHECKING:
    import simpy

__all__ = ["ServerPool"]


class ServerPool:
    """Hot, warm and cold spares, technicians, and which servers are lemons.

    A server's weight is its failure rate over the average; the weights of all servers average one.
    """

    def __init__(self, env: simpy.Environment, run: TrainingRun, rng: np.random.Generator) -> None:
        self._env, self._run, self._rng = env, run, rng
        extras = run.extras
        import simpy

        self.hot = simpy.Container(env, init=run.spare_nodes, capacity=float("inf"))
        self._slow = [extras.warm_s] * extras.warm_spares + [extras.cold_s] * extras.cold_spares
        self._technicians = simpy.Resource(env, extras.technicians) if extras.technicians > 0 else None
        self.missing = 0
        self._slowed = self._changed = 0.0
        self.repair_busy_s = 0.0
        self._weights: np.ndarray[Any, np.dtype[np.float64]] | None = None
        self._spare_weights: deque[float] = deque()
        if extras.lemon_share > 0 and extras.lemon_factor != 1.0:
            self._draw_lemons()

    def _draw_lemons(self) -> None:
        extras, run = self._run.extras, self._run
        spares = run.spare_nodes + extras.warm_spares + extras.cold_spares
        lemon = self._rng.random(run.nodes + spares) < extras.lemon_share
        weights = np.where(lemon, extras.lemon_factor, 1.0) / (
            1 + extras.lemon_share * (extras.lemon_factor - 1)
        )
        self._weights = weights[: run.nodes].copy()
        self._spare_weights.extend(weights[run.nodes :].tolist())

    @property
    def top_scale(self) -> float:
        """The most that the active servers' summed weight can be, over their number; 1 without lemons."""
        if self._weights is None:
            return 1.0
        return max(1.0, float(max(self._weights.max(), max(self._spare_weights, default=0.0))))

    def accepts(self) -> bool:
        """Thin the scaled clock down to the weight of the servers that are active now."""
        if self._weights is None:
            return True
        return bool(self._rng.random() < self._weights.mean() / self.top_scale)

    @property
    def speed(self) -> float:
        """Share of its full speed at which the job runs; below one only when it shrinks or is elastic.

        An absence takes one of an elastic job's replicas with it, whichever: (1 - 1/r)^n of them are whole.
        """
        replicas = self._run.extras.elastic_replicas
        if replicas > 1:
            return float((1.0 - 1.0 / replicas) ** self.missing)
        return max(1, self._run.nodes - self.missing) / self._run.nodes

    def begin_stretch(self) -> None:
        """Begin to count how much the missing servers slow the job."""
        self._slowed, self._changed = 0.0, self._env.now

    def slowed_s(self) -> float:
        """Return the seconds of full speed lost to missing servers since the stretch began."""
        self._settle()
        return self._slowed

    def _settle(self) -> None:
        self._slowed += (1.0 - self.speed) * (self._env.now - self._changed)
        self._changed = self._env.now

    def _miss(self, change: int) -> None:
        self._settle()
        self.missing += change

    def absent(self, cause: FailureClass, recovery_s: float) -> Generator[simpy.Event, Any, None]:
        """A replica of an elastic job is absent while its servers are replaced and it recovers."""
        self._miss(1)
        yield from self.replace_failed(cause)
        yield self._env.timeout(recovery_s)
        self._miss(-1)

    def replace_failed(self, cause: FailureClass) -> Generator[simpy.Event, Any, float]:
        """Send the failed servers to repair and get as many; returns the seconds it took to have them."""
        asked, run = self._env.now, self._run
        for _ in range(cause.servers):
            repair_s = run.repair_s if cause.repair_s is None else cause.repair_s
            self._env.process(self._repair(self._swap_weight(), repair_s))
        for _ in range(cause.servers):
            if self.hot.level >= 1:
                yield self.hot.get(1)
            elif self._slow:
                yield self._env.timeout(self._slow.pop(0))
            elif run.extras.on_shortage == "shrink" and run.extras.elastic_replicas < 2:
                self._miss(1)
                self._env.process(self._rejoin())
            else:
                yield self.hot.get(1)
        return float(self._env.now - asked)

    def _swap_weight(self) -> float:
        """Choose which active server failed, by weight, and put the next spare in its place."""
        if self._weights is None:
            return 1.0
        share = self._weights.cumsum()
        index = min(int(np.searchsorted(share, self._rng.random() * share[-1], side="right")), share.size - 1)
        gone = float(self._weights[index])
        self._weights[index] = self._spare_weights.popleft() if self._spare_weights else gone
        return gone

    def _rejoin(self) -> Generator[simpy.Event, Any, None]:
        yield self.hot.get(1)
        self._miss(-1)

    def _repair(self, weight: float, repair_s: float) -> Generator[simpy.Event, Any, None]:
        if self._technicians is None:
            yield from self._work(repair_s)
        else:
            with self._technicians.request() as turn:
                yield turn
                yield from self._work(repair_s)
        if self._weights is not None:
            self._spare_weights.append(weight)
        yield self.hot.put(1)

    def _work(self, repair_s: float) -> Generator[simpy.Event, Any, None]:
        while True:
            begun = self._env.now
            yield self._env.timeout(repair_s)
            self.repair_busy_s += self._env.now - begun
            fails = self._run.extras.repair_fails
            if fails == 0 or self._rng.random() >= fails:
                return
