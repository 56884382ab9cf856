"""What a replica's simulation is told: the cost of an iteration in plain numbers, and the scheduler's rules."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from clustersim.errors import InputError

__all__ = ["Batching", "ReplicaCost"]


@dataclass(frozen=True, slots=True)
class ReplicaCost:
    """The plain numbers that the simulation needs of the iteration model.

    ``fixed_s[n]`` is the time of an iteration of n new tokens, continued with ``slope_s`` per token beyond the
    table; ``kv_s`` per cached token read, ``pair_s`` per query-key pair of a prompt, ``sequence_s`` per decoding
    sequence; ``cache_tokens`` is the room for cached tokens, ``ranks`` are those of attention. ``host_s`` is what the
    host of a rank takes for each prompt token, one request after another, before the request may be admitted.
    """

    fixed_s: tuple[float, ...]
    slope_s: float
    kv_s: float
    pair_s: float
    sequence_s: float
    cache_tokens: int
    ranks: int = 1
    host_s: float = 0.0

    def prompt_s(self, pairs: float, prompts: int) -> float:
        """Seconds of the attention of so many prompts: those of the fullest attention rank are waited for.

        >>> ReplicaCost((0.0,), 0, 0, 1.0, 0, 10, ranks=4).prompt_s(8.0, 2)
        16.0
        """
        if self.ranks == 1:
            return self.pair_s * pairs
        fullest = -(-prompts // self.ranks)
        return self.pair_s * pairs * self.ranks * fullest / max(prompts, 1)

    def of(self, tokens: int) -> float:
        """Seconds of an iteration of ``tokens`` new tokens without attention to the cache.

        >>> ReplicaCost((0.0, 1.0), 0.5, 0, 0, 0, 10).of(3)
        2.0
        """
        last = len(self.fixed_s) - 1
        if tokens <= last:
            return self.fixed_s[tokens]
        return self.fixed_s[last] + self.slope_s * (tokens - last)


@dataclass(frozen=True, slots=True)
class Batching:
    """The rules of an engine's scheduler.

    ``chunked`` cuts prompts to fit ``max_tokens``; ``mixed`` lets prompts share an iteration with decoding sequences
    (without it prompts go first and decoding waits). A request that finds ``max_waiting`` others waiting is rejected,
    one that has waited ``timeout_s`` too. ``tokens_per_step`` and ``draft_tokens`` describe speculative decoding by its
    mean. ``sends_first``: a request whose prompt was computed elsewhere has its first token when it is admitted here.
    """

    max_tokens: int = 8192
    max_sequences: int = 256
    chunked: bool = True
    mixed: bool = True
    watermark: float = 0.01
    max_waiting: int | None = None
    timeout_s: float = inf
    prefill_only: bool = False
    sends_first: bool = False
    tokens_per_step: float = 1
    draft_tokens: int = 0
    coalesce: bool = True
    split_over_stages: bool = True
    """Whether pipeline stages work at once on groups of the batch: it is in the cost of an iteration."""

    def __post_init__(self) -> None:
        if self.max_tokens < 1 or self.max_sequences < 1:
            raise InputError("batching: max_tokens and max_sequences must be at least 1")
        if self.mixed and self.max_tokens <= self.max_sequences * (self.draft_tokens + 1) - 1:
            raise InputError(
                f"batching: max_tokens={self.max_tokens} leaves no room for prompts beside"
                f" {self.max_sequences} sequences; raise it or lower max_sequences"
            )
        if self.tokens_per_step < 1:
            raise InputError("batching: tokens_per_step must be at least 1")
