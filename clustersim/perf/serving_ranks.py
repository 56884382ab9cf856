"""How unevenly an iteration's tokens lie on attention-data-parallel ranks: all wait for the one with most.

A sequence lives on one rank. Sequences are spread by their number, so that k of them on d ranks put ceil(k / d) on the
fullest: d ceil(k / d) / k times the mean. Decoding sequences are many and nearly even; prompts are few: one alone keeps
its rank busy and the others waiting.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["EVEN", "RankLoad", "busiest_rank", "uneven"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RankLoad:
    """What an iteration of n tokens holds: up to ``decode_tokens`` they are decoding sequences' (``width`` each),
    beyond them prompts' of ``prompt`` tokens on average; no rank takes more than ``most``."""

    decode_tokens: float = inf
    width: float = 1.0
    prompt: float = 1.0
    most: float = inf


#: Where nothing is known of the load: every token is a sequence of its own.
EVEN = RankLoad()


def uneven(sequences: Any, ranks: int) -> Any:
    """Return the fullest rank's sequences over the mean: d ceil(k / d) / k, at most d.

    >>> float(uneven(1, 8)), float(uneven(8, 8)), round(float(uneven(12, 8)), 3)
    (8.0, 1.0, 1.333)
    """
    k = np.maximum(np.asarray(sequences, dtype=np.float64), 1.0)
    return np.minimum(ranks * np.ceil(k / ranks - 1e-9) / k, float(ranks))


def busiest_rank(tokens: Array, ranks: int, load: RankLoad) -> Array:
    """Return the tokens of the fullest rank in iterations of so many tokens.

    >>> busiest_rank(np.array([4.0, 64.0, 8192.0]), 4, RankLoad(decode_tokens=64, prompt=8192)).tolist()
    [1.0, 16.0, 8144.0]
    >>> busiest_rank(np.array([8192.0, 8193.0]), 4, RankLoad(0.0, prompt=2000, most=2048)).tolist()
    [2048.0, 2048.25]
    """
    n = np.asarray(tokens, dtype=np.float64)
    if ranks == 1:
        return n
    decode = np.minimum(n, load.decode_tokens)
    prompts = n - decode
    mean = decode * uneven(decode / load.width, ranks) + prompts * uneven(prompts / load.prompt, ranks)
    # A rank that is full leaves the rest of its prompts to the next iteration: it never holds less than the mean.
    fullest = np.maximum(np.minimum(mean / ranks, load.most), n / ranks)
    return np.asarray(np.minimum(fullest, n))
