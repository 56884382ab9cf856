"""One pool as the closed form sees it: equal replicas, what they cost, and how arrivals are dealt out to them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.fluid_inputs import FluidCost, Traffic, mean_of
from clustersim.des.serving.rules import Batching

__all__ = ["Site"]

Array = NDArray[np.float64]

#: How much more evenly than by chance a router that looks at the load deals requests out (0: by chance, 1: in turn).
EVENNESS = 0.25


@dataclass(frozen=True, slots=True)
class Site:
    """One pool for the closed form: equal replicas, their costs, the scheduler, the traffic, who decodes here.

    ``host_s`` is the host's time for each prompt token.
    """

    cost: FluidCost
    rules: Batching
    traffic: Traffic
    replicas: Array
    prefills: bool = True
    decodes: bool = True
    pooled: bool = True
    host_s: Array = field(default_factory=lambda: np.zeros(1))
    steps: float = field(init=False)
    """Decode steps of a request."""
    dealt2: Array = field(init=False)
    """Squared variation of the gaps at one replica, (points, 1)."""
    queue2: Array = field(init=False)
    """Squared variation of the gaps at one queue, (points, 1)."""

    def __post_init__(self) -> None:
        # Kept, since a balance reads them again and again.
        object.__setattr__(self, "steps", self._steps())
        object.__setattr__(self, "dealt2", self._dealt2())
        queue2 = (self.traffic.burstiness**2 * self.servers / self.replicas)[:, None]
        object.__setattr__(self, "queue2", np.asarray(queue2))

    @property
    def host_limit(self) -> Array:
        """Requests per second whose prompts a replica's host prepares, one after another, shape (points, 1)."""
        taken = (self.host_s * self.traffic.prompt)[:, None]
        return np.asarray(np.divide(1.0, taken, out=np.full_like(taken, np.inf), where=taken > 0))

    def _steps(self) -> float:
        if not self.decodes:
            return 0.0
        grow = self.rules.tokens_per_step
        left = np.maximum(self.traffic.outputs - 1.0, 0.0)
        return float(mean_of(left / grow + (left > 0) * (1.0 - 1.0 / grow) / 2.0))

    @property
    def mixed(self) -> bool:
        """Whether prompts share iterations with decoding sequences."""
        return self.rules.mixed and self.prefills and self.decodes

    @property
    def width(self) -> int:
        """New tokens of a decoding sequence per iteration."""
        return self.rules.draft_tokens + 1

    @property
    def servers(self) -> Array:
        """Replicas that share one queue: all of them behind a router that looks at their load, else one."""
        return self.replicas if self.pooled else np.ones_like(self.replicas)

    def _dealt2(self) -> Array:
        """Squared variation of the gaps at one replica: in turn, it sees the sum of n gaps.

        A router that looks at the load deals a crowd out in turn too.
        """
        cv2, count = self.traffic.burstiness**2, self.replicas
        even = EVENNESS / count + (1 - EVENNESS) if self.pooled else 1.0 / count
        return np.asarray(even + (cv2 - 1.0) / count if cv2 > 1.0 else cv2 * even)[:, None]
