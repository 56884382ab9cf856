"""How long a job waits for spares: a formula where waits are rare, common random numbers where they are not.

Servers fail as a Poisson process while the job is not waiting, take the next spare that is ready, and come back from
repair. In the long run that is Erlang's loss system of spares + 1 places, whatever the distribution of the repair
time; before the first repair is over it is a Poisson count. Where waits are a large part of the time, or technicians,
late spares and failed repairs matter, the queue is replayed on random numbers that are the same for every question, so
that a longer repair or one spare less never shortens a wait by chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clustersim.columns import as_array, each_group, each_point, least, most, number, places, values_of
from clustersim.des.training.replayed_waits import Queue, replay

__all__ = ["Waits", "blocked_share", "erlang_b", "mean_waits"]

Array = NDArray[np.float64]

#: The formula alone is used where the job waits for less than RARE of the time, or where the run holds more than
#: MANY_REPAIRS repair times (ten times as many where it mostly waits: the start is then forgotten slowly) or less than
#: one; the replay alone at ten times the share and between a quarter of the repair times and slightly more than one.
RARE, MANY_REPAIRS, TENFOLD, QUARTER, SLIGHTLY = 0.01, 20.0, 10.0, 4.0, 0.1
MOSTLY = (0.2, 0.5)
#: Server failures in a shrinking run beyond which only the formula is asked.
MOST_SHRUNK = 100_000.0


@dataclass(frozen=True, slots=True)
class Waits:
    """Share of each bin of the run spent waiting (or servers missing in it), and how sure the mean over all is."""

    by_bin: Array
    half_width: float
    replayed: bool


def erlang_b(places: int, load: Array | float) -> Array:
    """Return Erlang's loss probability of ``places`` servers under ``load``, by the usual recursion.

    >>> round(float(erlang_b(5, 3.0)), 4)
    0.1101
    """
    load = as_array(load)
    blocked: Array = np.ones_like(load)
    for n in range(1, places + 1):
        blocked = load * blocked / (n + load * blocked)
        if not np.any(values_of(blocked)):  # so many servers that none is ever missed: more change nothing
            break
    return blocked


def _poisson_tail(count: int, mean: Array) -> Array:
    """P(N >= count) for a Poisson count: the terms from ``count`` on where the mean is below it, else one less those
    before it. Sums of so few terms need no library.

    >>> round(float(_poisson_tail(2, np.array([1.0]))[0]), 6)  # 1 - 2 / e
    0.264241
    """
    mean = np.maximum(mean, 1e-300)
    below = np.minimum(mean, float(count))
    term = np.exp(count * np.log(below) - below - math.lgamma(count + 1))
    rare = term
    for n in range(count + 1, count + 19 + math.ceil(9 * math.sqrt(count))):
        term = term * below / n
        rare = rare + term
    first = before = np.exp(-mean)
    for n in range(1, count):
        first = first * mean / n
        before = before + first
    tail: Array = np.where(mean < count, rare, 1.0 - before)
    return tail


def blocked_share(queue: Queue) -> Array:
    """Return the probability in each bin that the job waits, by formula: Erlang B of the failures of one repair time.

    Up to the first repair no server has come back, and the probability is that of more failures than spares. Exact in
    the long run and before the first repair; within about a tenth between them.
    """
    nodes = _quadrature(queue.edges_s)
    repair = queue.mean_repair_s
    if places(queue) is not None:
        nodes = nodes[..., None]  # the points of a batch are the last axis
    now, before = (_hazard_until(times, queue) for times in (nodes, nodes - repair))
    load = (now - before) * (1 + queue.batch_share * (queue.batch - 1))
    ready = queue.spares + len(queue.late_s) + 1
    if queue.shrink:
        missing: Array = _missing(load, ready - 1).mean(axis=1)
        return missing
    early = nodes <= repair
    blocked = erlang_b(ready, load)
    if not isinstance(early, np.ndarray) or early.any():
        blocked = np.where(early, _poisson_tail(ready, load), blocked)
    share: Array = blocked.mean(axis=1)
    return share


def _hazard_until(times: Array, queue: Queue) -> Array:
    """Failures expected from the start of the run to some instants."""
    if len(queue.edges_s) > 2:
        return np.interp(times, queue.edges_s, queue.hazard)
    end = queue.edges_s[-1]
    until: Array = np.clip(times, 0.0, end) * (queue.hazard[-1] / end)
    return until


@lru_cache(maxsize=64)
def _quadrature(edges_s: tuple[float, ...]) -> Array:
    """Instants in each bin at equal weight, enough that a repair time much shorter than the run is seen."""
    edges = np.asarray(edges_s)
    per_bin = 32 if edges.size == 2 else 8
    inside = (np.arange(per_bin) + 0.5) / per_bin
    return np.asarray(edges[:-1, None] + np.diff(edges)[:, None] * inside)


def _missing(load: Array, spares: int) -> Array:
    """Mean of (N - spares)+ for N Poisson: load P(N >= spares) - spares P(N >= spares + 1)."""
    if spares == 0:
        return load
    return load * _poisson_tail(spares, load) - spares * _poisson_tail(spares + 1, load)


def mean_waits(queue: Queue) -> Waits:
    """Return the mean wait in each bin of the run.

    The formula where waits are rare, the replay where they are common, and between the two a passage from one to the
    other; what the formula does not know (technicians, late spares, failed repairs, several servers at once) is added
    as the difference of two replays on the same random numbers. Points of a batch may go each way.
    """
    found: Waits = each_group(_mean_waits, queue)
    return found


def _mean_waits(queue: Queue) -> Waits:
    formula = blocked_share(queue)
    widths = np.diff(queue.edges_s)
    overall = number(formula @ widths) / queue.edges_s[-1]
    if queue.failures <= 0 or (overall < 1e-12 and queue.plain):
        return Waits(formula, 0.0, False)
    if queue.shrink and queue.failures > MOST_SHRUNK:
        return Waits(formula, 0.0, False)  # hardly a server is left: who repairs it changes nothing
    mix = _weight_of_replay(queue, overall)
    if mix == 0.0 and queue.plain:
        return Waits(formula, 0.0, False)
    if places(queue) is not None:
        found: Waits = each_point(_mean_waits, queue)
        return found
    plain = replace(
        queue, spares=queue.spares + len(queue.late_s), late_s=(), technicians=0, batch=1, batch_share=0.0,
        repair_s=queue.mean_repair_s, repair_fails=0.0,
        hazard=tuple(h * (1 + queue.batch_share * (queue.batch - 1)) for h in queue.hazard),
    )  # fmt: skip
    same = replay(plain)
    mean = (1 - mix) * formula + mix * same.mean(axis=0)
    spread = mix * same
    if not queue.plain:
        actual = replay(queue)
        mean = mean + (actual - same).mean(axis=0)
        spread = actual - (1 - mix) * same
    whole = spread @ widths / queue.edges_s[-1]
    half = 1.96 * float(whole.std(ddof=1)) / math.sqrt(whole.size)
    ceiling = np.inf if queue.shrink else 1.0
    return Waits(np.clip(mean, 0.0, ceiling), half, True)


def _weight_of_replay(queue: Queue, overall: float) -> float:
    """Between the formula (0) and the replay (1), so that neither hands over with a jump."""
    if queue.shrink:
        return 0.0  # the formula is exact: nothing holds the failures up
    waits = np.log(most(overall, 1e-300) / RARE) / math.log(TENFOLD)
    repairs = queue.edges_s[-1] / most(queue.mean_repair_s, 1e-9)
    heavy = least(1.0, most(0.0, (overall - MOSTLY[0]) / (MOSTLY[1] - MOSTLY[0])))
    few = np.log(MANY_REPAIRS * TENFOLD**heavy / repairs) / math.log(QUARTER)
    if len(queue.edges_s) > 2:
        few = 1.0  # rates that move leave the formula behind
    weight = 1.0
    for part in (waits, few, (repairs - 1.0) / SLIGHTLY):
        weight *= least(1.0, most(0.0, part))
    return weight
