"""Where the closed form holds: the conditions under which it was found to agree with simulation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.fluid_batch import Limit, Site

__all__ = ["LEAST_FALL", "verdict_of"]

Array = NDArray[np.float64]

#: The share within the SLO must fall by at least this much per relative change of the rate. Below it the rate at
#: the SLO is ill posed: an error of 0.02 in the share moves it by more than a tenth.
LEAST_FALL = 0.2
#: Sequences that the cache must hold for its fill to be a fluid.
LEAST_SEQUENCES = 4.0
#: And as many must decode at a time for the batch to be one.
LEAST_BATCH = 1.0


def verdict_of(
    entry: Site, decode: Site, limit: Limit, steep: Array, load: Array, batch: Array
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Return where the form holds, and for each point the first reason why it does not (empty where it does)."""
    traffic = entry.traffic
    count = len(load)
    least = np.broadcast_to(decode.cost.cache_tokens[:, 0] * (1.0 - decode.rules.watermark), (count,))
    longest = traffic.longest
    lump = (traffic.burstiness**2 + 1.0) / 2.0
    tests = [
        (np.full(count, traffic.burstiness > 4.0), "gaps vary more than four times their mean"),
        (longest > least, "the longest requests do not fit the cache"),
        (
            np.broadcast_to((limit.by[:, 0] == 1) & (limit.batch[:, 0] < LEAST_SEQUENCES * lump), (count,)),
            "the cache holds too few sequences to be a fluid",
        ),
        (
            np.full(count, not entry.rules.chunked and float(traffic.prompts[-1]) > entry.rules.max_tokens),
            "whole prompts exceed an iteration's tokens",
        ),
        (batch < LEAST_BATCH, "hardly one sequence decodes at a time"),
        (load > 1.0, "the load is above the saturated rate: there is no steady state"),
        (
            np.broadcast_to(steep < LEAST_FALL, (count,)),
            "the share within the SLO hardly depends on the rate",
        ),
    ]
    failed = np.array([np.broadcast_to(test, (count,)) for test, _ in tests])
    first = np.argmax(failed, axis=0)
    holds = np.asarray(~failed.any(axis=0), dtype=np.bool_)
    return holds, tuple("" if ok else tests[i][1] for ok, i in zip(holds, first, strict=True))
