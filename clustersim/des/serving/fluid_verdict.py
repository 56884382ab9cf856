"""Where the closed form holds: the conditions under which it was found to agree with simulation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.fluid_batch import Limit
from clustersim.des.serving.fluid_site import Site

__all__ = ["FOLD", "KNEE", "LEAST_FALL", "LEAST_LOAD", "SHORTER", "Verdicts", "slo_verdict", "verdict_of"]

Array = NDArray[np.float64]
#: For each point whether the form holds, and the first reason why it does not (empty where it does).
Verdicts = tuple[NDArray[np.bool_], tuple[str, ...]]

#: The share within the SLO must fall by at least this much per relative change of the rate. Below it the rate at
#: the SLO is ill posed: the form's error of some hundredths in the share moves it by more than a tenth. Chosen on the
#: points of the stored grid with an index below 200 (tests), so that nineteen in twenty lie well within 12 %.
LEAST_FALL = 0.6
#: And the rate at the SLO must be at least this share of the saturated one: below it single requests are all there is.
LEAST_LOAD = 0.02
#: Sequences that the cache must hold for its fill to be a fluid, per lump of arrivals. Below it whole sequences leave
#: room or none, and some are taken back: of 31 points with fewer than 12, drawn after all else was fixed, a quarter
#: were off by more than 12 %. Chosen on the points with an index below 200 and the even ones from 640.
LEAST_SEQUENCES = 10.0
#: Sequences that must decode at a time for the batch to be one.
LEAST_BATCH = 1.0
#: Relative fall of the rate over the batch that counts as two balances: what is less is the solver's own noise.
FOLD = 0.01
#: Share of its time that a host may prepare prompts before requests wait for it by a fifth of their own (of M/D/1).
MOST_HOST = 0.3
#: Relative rise of the rate per relative rise of the batch below which a stretch counts as level: a third of what comes
#: after it (assumption; prompts alone make the rise fall over the batch, and never come back).
KNEE = 0.06
#: Relative fall of a decode step over the batch that the form may show and still hold (assumption: its own noise).
SHORTER = 1e-3
#: Largest coefficient of variation of the gaps that was looked at.
MOST_BURSTINESS = 4.0


def verdict_of(
    entry: Site,
    decode: Site,
    limit: Limit,
    load: Array,
    batch: Array,
    folded: NDArray[np.bool_],
    host: Array,
) -> Verdicts:
    """Return where the figures at a rate hold.

    ``load`` is the rate over the saturated one, ``batch`` the mean, ``folded`` whether two batches carry the rate,
    ``host`` the share of their time that the replicas' hosts prepare prompts.
    """
    traffic = entry.traffic
    room = decode.cost.cache_tokens[:, 0] * (1.0 - decode.rules.watermark)
    lump = (traffic.burstiness**2 + 1.0) / 2.0
    few = (limit.by[:, 0] == 1) & (limit.batch[:, 0] < LEAST_SEQUENCES * lump)
    whole = not entry.rules.chunked and traffic.large > entry.rules.max_tokens
    return _first(
        len(load),
        [
            (traffic.burstiness > MOST_BURSTINESS, "gaps vary more than four times their mean"),
            (traffic.longest > room, "the longest requests do not fit the cache"),
            (few, "the cache holds too few sequences to be a fluid"),
            (whole, "whole prompts exceed an iteration's tokens"),
            (host > MOST_HOST, "requests queue for the host's work on their prompts"),
            (decode.decodes & (batch < LEAST_BATCH), "hardly one sequence decodes at a time"),
            (folded, "bursts give one rate two balances, a small and a large batch"),
            (load > 1.0, "the load is above the saturated rate: there is no steady state"),
        ],
    )


def slo_verdict(figures: Verdicts, fall: Array, load: Array) -> Verdicts:
    """Return where the rate at the SLO holds: where the figures there do, and the share depends on the rate."""
    holds, why = figures
    own = _first(
        len(holds),
        [
            (load < LEAST_LOAD, "the SLO leaves less than a fiftieth of the saturated rate"),
            (fall < LEAST_FALL, "the share within the SLO hardly depends on the rate"),
        ],
    )
    return np.asarray(holds & own[0]), tuple(a or b for a, b in zip(why, own[1], strict=True))


def _first(count: int, tests: list[tuple[NDArray[np.bool_] | bool, str]]) -> Verdicts:
    """Return for each point whether no test fires, and the words of the first that does."""
    fired = np.array([np.broadcast_to(np.asarray(test), (count,)) for test, _ in tests])
    at, bad = np.argmax(fired, axis=0), np.asarray(fired.sum(axis=0) > 0, dtype=np.bool_)
    return ~bad, tuple(tests[i][1] if b else "" for i, b in zip(at, bad, strict=True))
