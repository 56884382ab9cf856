"""What to buy and what to promise: spares for a wait, servers for an availability, the best intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from clustersim.des.training.components import FailureClass
from clustersim.des.training.copies import CheckpointLevel
from clustersim.des.training.expected import Expected
from clustersim.des.training.fidelity import expected_goodput
from clustersim.des.training.run import TrainingRun
from clustersim.des.training.waits import erlang_b
from clustersim.errors import InfeasibleError, InputError
from clustersim.gamma import poisson_quantile

__all__ = [
    "out_for_repair",
    "overprovisioned",
    "servers_out",
    "spare_is_there",
    "spares_for",
    "tuned_intervals",
]

_MOST = 100_000


def out_for_repair(run: TrainingRun) -> float:
    """Return the servers that are out on average if the job never waits: sum of rate x servers x repair time."""
    return servers_out(run.failures, run.repair_s) / (1.0 - run.extras.repair_fails)


def servers_out(causes: Sequence[FailureClass], repair_s: float) -> float:
    """Return the servers that are out for repair on average by the causes of failure of a site: sum of rate x servers
    x repair time (s); ``repair_s`` is that of causes without one of their own.

    >>> servers_out([FailureClass("card", 1e-5, "node")], 86_400.0)
    0.8640000000000001
    """
    return sum(c.rate_per_s * c.servers * (repair_s if c.repair_s is None else c.repair_s) for c in causes)


def spare_is_there(spares: int, out: float) -> float:
    """Return the probability that a server that fails finds a spare: 1 - Erlang B(spares, out), in the long run.

    >>> round(spare_is_there(4, 0.43), 4)
    0.9991
    """
    return 1.0 - float(erlang_b(spares, out))


def spares_for(out: float, wait_below: float) -> int:
    """Return the fewest hot spares with which a failure waits for one with less than a probability.

    >>> spares_for(0.43, 0.01), spares_for(0.43, 1e-4)
    (3, 5)

    Raises InputError for a probability outside 0 to 1.
    """
    if not 0 < wait_below < 1:
        raise InputError(f"a probability of waiting must lie between 0 and 1, not {wait_below}")
    blocked, spares = 1.0, 0
    while blocked >= wait_below:
        spares += 1
        if spares > _MOST:
            raise InfeasibleError(
                f"with {out:.3g} servers out for repair no number of spares keeps waits that rare"
            )
        blocked = out * blocked / (spares + out * blocked)
    return spares


def overprovisioned(out: float, availability: float) -> int:
    """Return the fewest servers beyond those of the job with which enough are whole at a share of the time.

    Servers out for repair are a Poisson count of mean ``out``, whatever the distribution of repair times.

    >>> overprovisioned(2.0, 0.999), overprovisioned(0.43, 0.95)
    (8, 2)

    Raises InputError for an availability outside 0 to 1.
    """
    if not 0 < availability < 1:
        raise InputError(f"an availability must lie between 0 and 1, not {availability}")
    return poisson_quantile(availability, out)


def tuned_intervals(run: TrainingRun, *, rounds: int = 8) -> tuple[TrainingRun, Expected]:
    """Return the run with the intervals of its levels that make the expected ETTR largest, one after the other.

    By golden section in the logarithm around the best of a coarse grid: a level that another makes superfluous has a
    second optimum, never to be written, which shows as an interval of half the run.
    """
    levels = list(run.levels)
    for _ in range(rounds):
        before = [level.interval_s for level in levels]
        for k in range(len(levels)):
            levels[k] = replace(levels[k], interval_s=_best_interval(run, levels, k))
        if all(abs(math.log(level.interval_s / b)) < 5e-3 for level, b in zip(levels, before, strict=True)):
            break
    tuned = replace(run, levels=tuple(levels))
    return tuned, expected_goodput(tuned)


def _best_interval(run: TrainingRun, levels: Sequence[CheckpointLevel], k: int) -> float:
    """The best interval of one level, the others as they are."""

    def loss(log_interval: float) -> float:
        changed = [*levels[:k], replace(levels[k], interval_s=math.exp(log_interval)), *levels[k + 1 :]]
        return -expected_goodput(replace(run, levels=tuple(changed))).ettr

    grid = np.linspace(math.log(max(levels[k].lag_s, 1.0)), math.log(run.duration_s / 2), 33).tolist()
    losses = [loss(x) for x in grid]
    best = losses.index(min(losses))
    a, b, ratio = grid[max(0, best - 1)], grid[min(len(grid) - 1, best + 1)], (math.sqrt(5) - 1) / 2
    c, d = b - ratio * (b - a), a + ratio * (b - a)
    at_c, at_d = loss(c), loss(d)
    while b - a > 1e-3:
        if at_c < at_d:
            b, d, at_d = d, c, at_c
            c = b - ratio * (b - a)
            at_c = loss(c)
        else:
            a, c, at_c = c, d, at_d
            d = a + ratio * (b - a)
            at_d = loss(d)
    return math.exp((a + b) / 2)
