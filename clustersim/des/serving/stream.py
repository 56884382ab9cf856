"""A stationary stream of requests: the traffic that a question of capacity is asked of.

A finite trace has a makespan, a stream has a rate: any number of requests is drawn from the same lengths and the
same gaps, and a run of any length sees the same load.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.arrivals import LENGTHS, arrival_times, draw_lengths
from clustersim.des.serving.book import Requests
from clustersim.errors import InputError
from clustersim.special import ndtri

__all__ = ["Lengths", "Stream", "stream_of"]

Array = NDArray[np.float64]

#: Prompt tokens of a run of a stream: some sixty thousand iterations of a whole budget, a second or two of CPU.
_PROMPT_TOKENS = 5e8
#: Gaps whose variation is believed where it is below that of random arrivals.
_FEW_GAPS = 30
#: Requests that a run has whatever they take.
_LEAST = 400


@dataclass(frozen=True, slots=True)
class Lengths:
    """A distribution of token lengths: its mean, its shape and its spread (as `arrivals.draw_lengths` reads them)."""

    mean: float
    shape: str = "lognormal"
    spread: float = 0.8

    def __post_init__(self) -> None:
        if self.shape not in LENGTHS:
            raise InputError(f"length distribution {self.shape!r} is unknown; known: {', '.join(LENGTHS)}")
        if not self.mean >= 1:
            raise InputError(f"a mean length of {self.mean} tokens; it must be at least 1")

    def nodes(self, count: int) -> Array:
        """Return ``count`` equally likely lengths, each the mean of its slice of the distribution.

        The slices' means come from 64 midpoints each; they are scaled so that the mean is kept exactly.

        >>> Lengths(100, "uniform", 0.5).nodes(2).tolist()
        [75.0, 125.0]
        """
        u = (np.arange(count * 64) + 0.5) / (count * 64)
        if self.shape == "constant":
            values = np.full(u.shape, float(self.mean))
        elif self.shape == "uniform":
            values = self.mean * (1.0 + self.spread * (2.0 * u - 1.0))
        elif self.shape == "exponential":
            values = -self.mean * np.log1p(-u)
        else:
            sigma = float(np.sqrt(np.log1p(self.spread**2)))
            values = self.mean * np.exp(sigma * ndtri(u) - sigma**2 / 2)
        values = np.maximum(values, 1.0)
        return np.asarray(values.reshape(count, 64).mean(axis=1))


@dataclass(frozen=True, slots=True)
class Stream:
    """Requests at ``rate`` per second with gaps of coefficient of variation ``burstiness`` (1: Poisson).

    Lengths are drawn from ``prompt`` and ``output``, or in pairs with replacement from the requests of ``sample``.
    """

    rate: float
    prompt: Lengths | None = None
    output: Lengths | None = None
    sample: Requests | None = None
    burstiness: float = 1.0

    def __post_init__(self) -> None:
        if not self.rate > 0:
            raise InputError(f"a stream of {self.rate} requests/s; the rate must be above zero")
        if not self.burstiness > 0:
            raise InputError("burstiness (coefficient of variation of the gaps) must be above zero")
        if (self.sample is None) == (self.prompt is None or self.output is None):
            raise InputError(
                "a stream draws from prompt and output lengths, or from a sample: give one of them"
            )

    def at(self, rate: float) -> Stream:
        """Return the stream at another rate."""
        return replace(self, rate=rate)

    @property
    def prompt_tokens(self) -> float:
        """Mean prompt tokens of a request."""
        if self.sample is not None:
            return float(self.sample.prompt.mean())
        assert self.prompt is not None
        return float(self.prompt.mean)

    def affordable(self, count: int) -> int:
        """Return ``count``, or fewer where prompts are so long that each takes many iterations of its own.

        >>> [Stream(1.0, Lengths(n), Lengths(9)).affordable(8000) for n in (500, 1e6)]
        [8000, 500]
        """
        return max(min(count, int(_PROMPT_TOKENS / self.prompt_tokens)), min(count, _LEAST))

    def draw(self, count: int, rng: np.random.Generator) -> Requests:
        """Return the first ``count`` requests, scaled in time so that their mean rate is the stream's exactly.

        The scaling takes away the largest part of the noise of a finite draw: the error of its own rate. Prefix
        blocks of a sample are kept, and are new at each pass through the sample.
        """
        times, lengths = rng.spawn(2)
        process = "gamma" if self.burstiness != 1.0 else "poisson"
        arrival = arrival_times(count, rate=self.rate, rng=times, process=process, burstiness=self.burstiness)
        if count > 1 and arrival[-1] > arrival[0]:
            arrival = (arrival - arrival[0]) * ((count - 1) / self.rate / (arrival[-1] - arrival[0]))
        if self.sample is not None:
            return _resample(self.sample, arrival, lengths)
        assert self.prompt is not None and self.output is not None
        first, second = lengths.spawn(2)
        return Requests(
            arrival,
            draw_lengths(
                count, mean=self.prompt.mean, rng=first, shape=self.prompt.shape, spread=self.prompt.spread
            ),
            draw_lengths(
                count, mean=self.output.mean, rng=second, shape=self.output.shape, spread=self.output.spread
            ),
        )


def _resample(sample: Requests, arrival: Array, rng: np.random.Generator) -> Requests:
    """Return the sample's lengths at these arrivals: drawn in pairs, or in order where prefix blocks tie them."""
    count, size = len(arrival), len(sample)
    if not sample.blocks:
        pick = rng.integers(0, size, count)
        return Requests(arrival, sample.prompt[pick], sample.output[pick])
    pick = np.arange(count) % size
    new = 1 + max((max(row) for row in sample.blocks if row), default=0)
    blocks = tuple(
        tuple(block + new * (i // size) for block in sample.blocks[i % size]) for i in range(count)
    )
    return Requests(arrival, sample.prompt[pick], sample.output[pick], blocks, sample.block_tokens)


def stream_of(requests: Requests) -> Stream:
    """Return the stationary stream of a trace: its rate, its pairs of lengths, the variation of its gaps.

    Fewer than `_FEW_GAPS` gaps do not show that arrivals are even: they are taken as random at least.

    >>> r = Requests(np.array([0.0, 1.0, 2.0]), np.array([5, 6, 7]), np.array([1, 2, 3]))
    >>> stream_of(r).rate
    1.0

    Raises InputError for requests that all arrive at one instant: they have no rate.
    """
    rate = requests.rate
    if rate <= 0:
        raise InputError("requests that all arrive at one instant have no rate: spread them, or give a rate")
    gaps = np.diff(requests.arrival)
    least = 1.0 if len(gaps) < _FEW_GAPS else 1e-3
    return Stream(rate, sample=requests, burstiness=max(float(gaps.std() * rate), least))
