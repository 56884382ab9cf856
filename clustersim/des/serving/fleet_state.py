"""A fleet, its requests and its scheduler as plain arrays and numbers, which compiled loops take (`fleet_loop`)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.fleet_heaps import Running

__all__ = ["Columns", "Rules", "State"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Rules(NamedTuple):
    """`rules.ReplicaCost` and `rules.Batching` in plain numbers."""

    fixed_s: Floats
    slope_s: float
    kv_s: float
    pair_s: float
    sequence_s: float
    ranks: int
    cache: int
    limit: int
    max_tokens: int
    max_sequences: int
    max_waiting: int
    timeout_s: float
    chunked: bool
    mixed: bool
    coalesce: bool
    grow: float
    width: int


class Columns(NamedTuple):
    """The requests, one place each; ``after`` is who waits behind a request."""

    arrival: Floats
    prompt: Ints
    output: Ints
    cached: Ints
    admitted: Floats
    first: Floats
    finish: Floats
    status: NDArray[np.uint8]
    replica: NDArray[np.intc]
    produced: Ints
    preemptions: Ints
    after: Ints


class State(NamedTuple):
    """The replicas, one row each; ``chunk`` is the prompt that is in part computed (place, left, done, need)."""

    clock: Floats
    step: Ints
    context: Floats
    held: Ints
    decoding: Ints
    joined: Ints
    blocked: NDArray[np.bool_]
    head: Ints
    tail: Ints
    waiting: Ints
    chunk: Ints
    running: Running
    ended: Ints
    load: Ints
    change: Floats
    kept: Ints
    turn: Ints
