"""What can never be served: requests whose whole context is larger than an empty cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from clustersim.des.serving.book import Requests
from clustersim.des.serving.rules import Batching
from clustersim.des.serving.settings import Pool
from clustersim.errors import InfeasibleError

__all__ = ["Misfit", "fewest_cards", "misfit", "misfit_in", "misfits", "needed_cache"]


@dataclass(frozen=True, slots=True)
class Misfit:
    """Requests that fit no empty replica: how many of all, and the largest of them against the cache (tokens)."""

    requests: int
    of: int
    prompt_tokens: int
    output_tokens: int
    needed_tokens: int
    cache_tokens: int

    @property
    def all(self) -> bool:
        """Whether no request fits."""
        return self.requests == self.of

    def text(self, cards: int | None = None) -> str:
        """Say it in a sentence; ``cards`` are the fewest of a replica that hold the largest request.

        >>> said = Misfit(60, 60, 150000, 500, 150501, 98000).text(16)
        >>> said[:76]
        'every request is rejected: a prompt of 150000 and an answer of 500 tokens ne'
        >>> said[-46:]
        'the fewest cards of a replica that hold it: 16'
        """
        who = (
            "every request is rejected" if self.all else f"{self.requests} of {self.of} requests are rejected"
        )
        fewest = f"; the fewest cards of a replica that hold it: {cards}" if cards else ""
        return (
            f"{who}: a prompt of {self.prompt_tokens} and an answer of {self.output_tokens} tokens need a cache of"
            f" {self.needed_tokens} tokens, and an empty replica holds {self.cache_tokens}{fewest}"
        )

    def error(self, cards: int | None = None) -> InfeasibleError:
        """Return the error for a question that needs every request served."""
        return InfeasibleError(self.text(cards))


def needed_cache(requests: Requests, rules: Batching) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the cache tokens that each request needs on an empty replica with a scheduler (`Replica.fits`)."""
    return np.asarray(requests.prompt + requests.output + rules.tokens_per_step, dtype=np.float64)


def misfit(requests: Requests, pool: Pool, decode_pool: Pool | None = None) -> Misfit | None:
    """Return what never fits, by the smaller cache of the pools, or None where everything does.

    A prefill replica must hold the answer too: the scheduler admits by the whole context.
    """
    pools = [pool, *([decode_pool] if decode_pool else [])]
    smallest = min(pools, key=lambda p: p.cost.cache_tokens)
    return misfit_in(requests, smallest.cost.cache_tokens, smallest.batching)


def misfits(
    requests: Requests, rooms: ArrayLike, rules: Batching
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return how many requests fit no cache of so many tokens, for each of ``rooms``.

    >>> two = Requests(np.arange(2.0), np.array([10, 900]), np.array([5, 100]))
    >>> misfits(two, [10.0, 1000.0, 1001.0], Batching(64, 8)).tolist()
    [2, 1, 0]
    """
    need = np.sort(needed_cache(requests, rules))
    return np.asarray(len(need) - np.searchsorted(need, np.ravel(rooms), side="right"))


def misfit_in(requests: Requests, room: float, rules: Batching) -> Misfit | None:
    """Return what never fits into a cache of ``room`` tokens, or None where everything does.

    >>> two = Requests(np.arange(2.0), np.array([10, 900]), np.array([5, 100]))
    >>> found = misfit_in(two, 1000, Batching(64, 8))
    >>> found.requests, found.of, found.needed_tokens
    (1, 2, 1001)
    """
    need = needed_cache(requests, rules)
    over = need > room
    if not over.any():
        return None
    worst = int(np.argmax(need))
    return Misfit(
        requests=int(over.sum()),
        of=len(requests),
        prompt_tokens=int(requests.prompt[worst]),
        output_tokens=int(requests.output[worst]),
        needed_tokens=int(np.ceil(need[worst])),
        cache_tokens=int(room),
    )


def fewest_cards(
    needed_tokens: float, sizes: Iterable[int], cache_of: Callable[[int], float | None]
) -> int | None:
    """Return the fewest cards of ``sizes`` whose cache holds ``needed_tokens``, or None where none does.

    ``cache_of`` gives the cache tokens of a replica of so many cards, None where the model does not fit on them or
    cannot be cut so.

    >>> fewest_cards(100, (1, 2, 4, 8), {2: 60, 4: 200, 8: 500}.get)
    4
    """
    for size in sorted(sizes):
        room = cache_of(size)
        if room is not None and room >= needed_tokens:
            return size
    return None
