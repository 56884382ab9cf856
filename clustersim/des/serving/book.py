"""The requests of a run: one column per field, one index per request, so that a million of them stay small."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InputError

__all__ = ["DONE", "FAILED", "IN_FLIGHT", "PENDING", "REJECTED", "STATUS_NAMES", "Book", "Requests"]

PENDING, IN_FLIGHT, DONE, REJECTED, FAILED = range(5)
STATUS_NAMES = ("pending", "in_flight", "completed", "rejected", "failed")


@dataclass(frozen=True, slots=True)
class Requests:
    """What is asked: arrival (s, ascending), prompt and output tokens, and optionally cached-prefix blocks.

    ``blocks`` holds the prefix-block identifiers of each request (empty where nothing is known), of ``block_tokens``
    tokens each, and ``after`` those once it is answered. ``follows`` names the request whose answer brings each (-1:
    none) and ``pause_s`` the seconds between.
    """

    arrival: NDArray[np.float64]
    prompt: NDArray[np.int64]
    output: NDArray[np.int64]
    blocks: tuple[Sequence[int], ...] = ()
    block_tokens: int = 512
    after: tuple[Sequence[int], ...] = ()
    follows: NDArray[np.int64] | None = None
    pause_s: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        n = len(self.arrival)
        if len(self.prompt) != n or len(self.output) != n or (self.blocks and len(self.blocks) != n):
            raise InputError("requests: arrival, prompt, output and blocks must have one length")
        if n == 0:
            raise InputError("requests: zero arrivals; give a rate above zero, a longer run, or a trace")
        if np.any(np.diff(self.arrival) < 0) or not np.all(np.isfinite(self.arrival)):
            raise InputError("requests: arrivals must be finite and in ascending order")
        if self.arrival[0] < 0:
            raise InputError("requests: an arrival is before time zero")
        if self.prompt.min() < 1 or self.output.min() < 1:
            raise InputError("requests: every request needs at least one prompt and one output token")

    def __len__(self) -> int:
        return len(self.arrival)

    def head(self, n: int) -> Requests:
        """Return the first n requests."""
        return self.some(0, n)

    def some(self, start: int, stop: int) -> Requests:
        """Return the requests from one to another."""
        part = slice(start, stop)
        return replace(
            self, arrival=self.arrival[part], prompt=self.prompt[part], output=self.output[part],
            blocks=self.blocks[part], after=self.after[part],
            follows=self.follows[part] if self.follows is not None else None,
            pause_s=self.pause_s[part] if self.pause_s is not None else None,
        )  # fmt: skip

    def faster(self, factor: float) -> Requests:
        """Return the same requests arriving ``factor`` times as often: common random numbers for a search.

        >>> r = Requests(np.array([0.0, 2.0]), np.array([1, 1]), np.array([1, 1]))
        >>> r.faster(2.0).arrival.tolist()
        [0.0, 1.0]
        """
        if not factor > 0:
            raise InputError(f"a load factor of {factor} is not above zero")
        return replace(self, arrival=self.arrival / factor)

    @property
    def rate(self) -> float:
        """Mean arrivals per second over the span of the arrivals (0 for a single instant)."""
        span = float(self.arrival[-1] - self.arrival[0])
        return (len(self) - 1) / span if span > 0 else 0.0


@dataclass(slots=True)
class Book:
    """What became of every request; a run writes here, the results read from here."""

    arrival: list[float]
    prompt: list[int]
    output: list[int]
    blocks: Sequence[Sequence[int]] = ()
    block_tokens: int = 512
    after: Sequence[Sequence[int]] = ()
    follows: Sequence[int] = ()
    pause_s: Sequence[float] = ()
    first_class: Sequence[bool] = ()
    """Requests that go before all others that wait; empty: none does."""
    admitted: array[float] = field(init=False)
    first: array[float] = field(init=False)
    finish: array[float] = field(init=False)
    status: bytearray = field(init=False)
    replica: array[int] = field(init=False)
    preemptions: dict[int, int] = field(init=False)
    retries: dict[int, int] = field(init=False)
    cached: dict[int, int] = field(init=False)
    produced: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        n = len(self.arrival)
        nan = array("d", [float("nan")])
        self.admitted, self.first, self.finish = nan * n, nan * n, nan * n
        self.status = bytearray(n)
        self.replica = array("i", [-1]) * n
        self.preemptions, self.retries, self.cached, self.produced = {}, {}, {}, {}

    @classmethod
    def of(cls, requests: Requests) -> Book:
        """Open a book for these requests."""
        return cls(
            requests.arrival.tolist(),
            requests.prompt.tolist(),
            requests.output.tolist(),
            requests.blocks,
            requests.block_tokens,
            requests.after,
            requests.follows.tolist() if requests.follows is not None else (),
            requests.pause_s.tolist() if requests.pause_s is not None else (),
        )
