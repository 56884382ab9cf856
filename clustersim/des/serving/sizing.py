"""How large a fleet must be: the fewest replicas for a demand.

The closed form proposes, the simulation decides. A plan holds where the *lower* bound of the 95 % interval of the
share within the SLO meets the target on a stationary stream, so that it does not depend on how long it was run.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.closed_form import Fleet, shares_at
from clustersim.des.serving.fluid_inputs import Traffic, traffic_of
from clustersim.des.serving.judge import FIRST, Judge, cell_of, moved, normal_of, refuse_unshowable
from clustersim.des.serving.metrics import Slo
from clustersim.des.serving.plant import Fewer, Plant, Sizing, Trial
from clustersim.des.serving.steady import STABLE_SHARE, saturated
from clustersim.des.serving.stream import Stream
from clustersim.errors import InfeasibleError, InputError

__all__ = ["MOST", "replicas_for"]

Array = NDArray[np.float64]

#: Replicas of the largest fleet that is looked at.
MOST = 1_000_000
#: A large fleet is counted in steps of this part of it: no run tells finer ones apart.
_STEPS = 200
#: Replicas, over those that the rate alone needs, that stand nearly idle: more of them are no faster.
_FREE = 64
#: Sizes are taken from the closed form no further than this factor from the last one that was simulated.
_LEAP = 1.3


def replicas_for(
    plant: Plant, stream: Stream, slo: Slo, *, seed: int, most: int = MOST, requests: int = FIRST
) -> Sizing:
    """Return the fewest replicas that serve the stream's rate with the SLO's share, by its lower 95 % bound.

    The closed form gives the first count, the simulation steps from there. Runs of ``requests`` at first; longer ones
    where those leave no steady window, or while the interval of a share is near the target.

    Raises InfeasibleError where ``most`` replicas are not enough, InputError for a split plant (`split_for`).
    """
    if plant.decode is not None:
        raise InputError("a split plant is sized by split_for: its pools have counts of their own")
    refuse_unshowable(slo, stream)
    single = saturated(stream, plant.sized(1).simulate, seed=seed)
    if single <= 0:
        raise InfeasibleError("no request of this stream can be served: none fits the cache")
    least = ceil(stream.rate / (STABLE_SHARE * single))
    if least > most:
        raise InfeasibleError(_too_few(most, stream))
    form = _Counts(plant.fleet(), traffic_of(stream), slo, stream.rate)
    most = min(most, _FREE * least)
    guess = min(max(form.fewest(least, most), least), most)
    cell, unit = cell_of(plant, stream, guess), max(1, guess // _STEPS)

    def trial(steps: int) -> Trial:
        count = steps * unit
        held = min(cell, count)
        return Trial(plant.sized(held), stream.at(stream.rate * held / count))

    judge: Judge[int] = Judge(trial, slo, seed, requests)
    search = _Search(judge, form, unit, ceil(least / unit) - 1, most // unit)
    steps = search.run(ceil(guess / unit))
    if steps is None:
        raise InfeasibleError(_too_few(most, stream))
    count = steps * unit
    return Sizing(
        count,
        0,
        judge.seen[steps],
        Fewer.of(judge.seen.get(steps - 1), slo.share, count - unit, least),
        None,
        guess,
        judge.asked[steps],
        min(cell, count),
        unit,
    )


def _too_few(most: int, stream: Stream) -> str:
    return f"{most} replicas do not carry {stream.rate:.4g} requests/s at the service level; relax it, or ask for less"


@dataclass(slots=True)
class _Search:
    """Looks for the fewest steps that hold between ``low`` (too few) and ``most``."""

    judge: Judge[int]
    form: _Counts
    unit: int
    low: int
    most: int
    least: int = field(init=False)

    def __post_init__(self) -> None:
        """Keep the first lower end: the rate alone needs more."""
        self.least = self.low

    def run(self, guess: int) -> int | None:
        """Return the fewest steps that hold, each next one aimed at by the closed form as the runs have moved it."""
        high: int | None = None
        at = min(max(guess, self.low + 1), self.most)
        while True:
            if self.judge.holds(at):
                high = at
            else:
                self.low = at
            top = high if high is not None else self.most + 1
            if top - self.low <= 1:
                if high is None or not self.judge.settled(self.low):
                    return high
                high = top = self.low
                self.low = max((n for n in self.judge.seen if n < high), default=self.least)
                if top - self.low <= 1:
                    return high
            aimed = self._between(self.low, top) if high is not None else None
            at = min(max(aimed or self._aim(at), self.low + 1), top - 1)

    def _between(self, low: int, high: int) -> int | None:
        """Return the steps between two that were run, one too few and one that holds, whose lower bound should meet
        the target: on the line through their shares' normal deviations."""
        ends = [self.judge.seen.get(n) for n in (low, high)]
        if ends[0] is None or ends[1] is None or ends[0].requests == 0:
            return None
        shares = np.array([ends[0].share, ends[1].share, self.judge.aim(high)])
        first, last, wish = normal_of(shares).tolist()
        return low + ceil((high - low) * (wish - first) / (last - first)) if last > first else None

    def _aim(self, at: int) -> int:
        """Return the fewest steps whose lower bound should meet the target, by what the last runs said."""
        least, top = int(at / _LEAP), max(int(at * _LEAP), at + 1)
        looked = np.unique(np.append(np.round(np.linspace(max(least, 1), top, 48)), at))
        shares = self.form.shares(looked * self.unit)
        beside = [(float(np.interp(n, looked, shares)), s.share) for n, s in self.judge.seen.items()]
        there = moved(shares, beside[-2:])
        good = looked[there >= normal_of(np.array([self.judge.aim(at)]))]
        return int(good[0]) if good.size else top


@dataclass(frozen=True, slots=True)
class _Counts:
    """What the closed form says to counts of replicas."""

    fleet: Fleet
    traffic: Traffic
    slo: Slo
    rate: float

    def shares(self, counts: Array) -> Array:
        """Return the share within the SLO by counts; zero where the queue grows."""
        pool = replace(self.fleet.pool, replicas=counts)
        share, top = shares_at(replace(self.fleet, pool=pool), self.traffic, self.slo, self.rate)
        return np.where(self.rate < STABLE_SHARE * top, share, 0.0)

    def fewest(self, least: int, most: int) -> int:
        """Return the fewest replicas: counts in a geometric ladder, then every one in between."""
        ladder = np.unique(np.minimum(np.round(max(least, 1) * np.geomspace(1.0, 16.0, 24)), most))
        top = self._first_good(ladder)
        if top is None:
            return min(2 * least, most)  # the form sees no size that holds: the simulation looks for one
        below = ladder[ladder < top]
        low = int(below[-1]) + 1 if below.size else top
        between = np.unique(np.round(np.linspace(low, top, min(top - low + 1, 32))))
        return self._first_good(between) or top

    def _first_good(self, counts: Array) -> int | None:
        good = np.flatnonzero(self.shares(counts) >= self.slo.share)
        return int(counts[good[0]]) if good.size else None
