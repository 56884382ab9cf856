"""What a cluster's simulation is told: pools of replicas, users, failures, autoscaling, hand-over."""

from __future__ import annotations

from dataclasses import dataclass

from clustersim.des.serving.block_cache import Known
from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.errors import InputError

__all__ = ["Autoscale", "ClosedLoop", "Failures", "Pool", "Transfer"]


@dataclass(frozen=True, slots=True)
class Pool:
    """Equal replicas: how many, what an iteration costs, the scheduler's rules, and how each keeps known blocks."""

    replicas: int
    cost: ReplicaCost
    batching: Batching
    known: Known | None = None

    def __post_init__(self) -> None:
        if self.replicas < 1:
            raise InputError(f"a pool of {self.replicas} replicas; it needs at least 1")


@dataclass(frozen=True, slots=True)
class ClosedLoop:
    """``users`` who each send the next request ``think_s`` after the last answer; arrivals are not used."""

    users: int
    think_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Failures:
    """Replica failures: exponential with mean ``mttf_s``, down ``repair_s``; a lost request is tried again."""

    mttf_s: float
    repair_s: float
    max_retries: int = 3


@dataclass(frozen=True, slots=True)
class Autoscale:
    """Every ``period_s`` aim at ``target_load`` requests in flight per replica; a start takes ``start_up_s``."""

    minimum: int
    maximum: int
    target_load: float
    period_s: float
    start_up_s: float


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand-over of a prompt's cache from a prefill to a decode replica: latency and seconds per token on the link.

    ``prompt_token_s`` is what the engines take for a prompt's token beside the link, many prompts at once.
    """

    latency_s: float
    token_s: float
    prompt_token_s: float = 0.0

    def beside_s(self, prompt: float) -> float:
        """Return the seconds of a prompt's hand-over beside its time on the link.

        >>> Transfer(0.1, 1.0, 1e-3).beside_s(100)
        0.2
        """
        return self.latency_s + self.prompt_token_s * prompt
