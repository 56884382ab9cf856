"""The cheapest pair of pools: how many replicas compute prompts and how many decode, for a demand at its level."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.closed_form import Fleet, closed_form, shares_at
from clustersim.des.serving.fluid_inputs import Traffic, traffic_of
from clustersim.des.serving.judge import FIRST, Judge, cell_of, moved, normal_of, refuse_unshowable
from clustersim.des.serving.metrics import Slo
from clustersim.des.serving.plant import Fewer, Plant, Sizing, Trial
from clustersim.des.serving.steady import STABLE_SHARE, Share
from clustersim.des.serving.stream import Stream
from clustersim.errors import InfeasibleError, InputError

__all__ = ["pairs_of", "split_for"]

Array = NDArray[np.float64]
Pair = tuple[int, int]

#: Replicas of the largest pool that is looked at.
_MOST = 100_000
#: Counts of a side that the closed form is asked for at once, and how far above the least that the rate needs.
_SIDE, _REACH = 14, 4.0
#: A pool is counted in steps of this part of it: no run tells finer ones apart.
_STEPS = 200
#: Pairs that are tried by simulation at most.
_TRIES = 16
#: Steps from what is known to fail within which a side is gone down by single ones.
_NEAR = 4


def split_for(
    plant: Plant,
    stream: Stream,
    slo: Slo,
    *,
    seed: int,
    cost: tuple[float, float] = (1.0, 1.0),
    most: int = _MOST,
    requests: int = FIRST,
) -> Sizing:
    """Return the cheapest numbers of prefill and decode replicas for the stream, by the share's lower 95 % bound.

    ``cost`` are those of a prefill and of a decode replica (cards, or money). The closed form, moved to what the runs
    said, names the cheapest pair that should hold; the answer holds by simulation, and one replica fewer of either
    kind does not.

    Raises InfeasibleError where no pair of up to ``most`` replicas each holds, InputError for a plant that is not
    split.
    """
    if plant.decode is None:
        raise InputError("split_for needs a plant with a decode pool; use replicas_for")
    refuse_unshowable(slo, stream)
    form = _Pairs.of(plant, stream, slo, cost)
    if max(form.least) > most:
        raise InfeasibleError(_none_holds(most, stream))
    start = form.cheapest([], float(slo.share))
    cell = cell_of(plant, stream, *start)
    judge: Judge[Pair] = Judge(lambda pair: _trial(plant, stream, pair, cell), slo, seed, requests)
    search = _Descent(judge, form)
    found = search.run(start)
    if found is None or max(found) > most:
        raise InfeasibleError(_none_holds(most, stream))
    first, second = found
    units = form.units(found)
    held = judge.trial(found).plant
    assert held.decode is not None
    return Sizing(
        first,
        second,
        judge.seen[found],
        search.fewer((first - units[0], second), 0),
        search.fewer((first, second - units[1]), 1),
        start[0],
        judge.asked[found],
        held.pool.replicas + held.decode.replicas,
        max(units),
    )


def pairs_of(plant: Plant, stream: Stream, slo: Slo) -> _Pairs:
    """Return what the closed form says to pairs of counts of a split plant at a stream's rate."""
    return _Pairs.of(plant, stream, slo, (1.0, 1.0))


def _none_holds(most: int, stream: Stream) -> str:
    return (
        f"no pair of up to {most} prefill and decode replicas carries {stream.rate:.4g} requests/s at the service"
        " level; relax it, or ask for less"
    )


def _trial(plant: Plant, stream: Stream, pair: Pair, cell: int) -> Trial:
    """Return a pair, or a cell of it in which both pools have the load that they have in the pair.

    Decode replicas first, as many as the cell holds; as many prefill replicas as feed them or more, and of what these
    compute only the decode cell's part goes on.
    """
    first, second = pair
    if max(pair) <= cell:
        return Trial(plant.sized(first, second), stream)
    b = max((n for n in range(1, second + 1) if max(n, ceil(first * n / second)) <= cell), default=1)
    a = min(ceil(first * b / second), first)
    return Trial(plant.sized(a, b), stream.at(stream.rate * a / first), (b / second) / (a / first))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """What the closed form says to pairs of counts, and what they cost."""

    fleet: Fleet
    traffic: Traffic
    slo: Slo
    rate: float
    cost: tuple[float, float]
    least: Pair
    """The fewest of each kind that the rate alone needs."""

    @classmethod
    def of(cls, plant: Plant, stream: Stream, slo: Slo, cost: tuple[float, float]) -> _Pairs:
        """Return the closed form of a plant at a stream's rate."""
        fleet, traffic = plant.sized(1, 1).fleet(), traffic_of(stream)
        alone = closed_form(fleet, traffic, slo, rate_per_s=stream.rate)
        tops = alone.prefill_saturated_per_s[0], alone.decode_saturated_per_s[0]
        first, second = (max(1, ceil(stream.rate / (STABLE_SHARE * float(top)))) for top in tops)
        return cls(fleet, traffic, slo, stream.rate, cost, (first, second))

    def units(self, pair: Pair) -> Pair:
        """Return the steps that the pools of a pair are counted in."""
        return max(1, pair[0] // _STEPS), max(1, pair[1] // _STEPS)

    def shares(self, first: Array, second: Array) -> Array:
        """Return the share within the SLO by pairs; zero where a queue grows."""
        assert self.fleet.decode is not None
        fleet = replace(
            self.fleet,
            pool=replace(self.fleet.pool, replicas=first),
            decode=replace(self.fleet.decode, replicas=second),
        )
        share, top = shares_at(fleet, self.traffic, self.slo, self.rate)
        return np.where(self.rate < top, share, 0.0)

    def cheapest(self, said: list[tuple[Pair, float]], target: float, not_in: _Descent | None = None) -> Pair:
        """Return the cheapest pair that should reach a share, as runs have moved the form; counts ever finer."""
        low = [float(n) for n in self.least]
        high = [n * _REACH + 2 for n in self.least]
        best = (ceil(high[0]), ceil(high[1]))
        for _ in range(3):
            sides = [np.unique(np.round(np.geomspace(a, b, _SIDE))) for a, b in zip(low, high, strict=True)]
            chosen = self._best_of(sides, said, target, not_in)
            if chosen is None:
                break
            best = chosen
            steps = [float(np.max(np.diff(s), initial=1.0)) for s in sides]
            if max(steps) <= 1.0:
                break
            ratio = [(b / a) ** (1.5 / _SIDE) for a, b in zip(low, high, strict=True)]
            low = [max(float(least), n / r - 1) for n, r, least in zip(best, ratio, self.least, strict=True)]
            high = [n * r + 1 for n, r in zip(best, ratio, strict=True)]
        return best

    def _best_of(
        self, sides: list[Array], said: list[tuple[Pair, float]], target: float, not_in: _Descent | None
    ) -> Pair | None:
        a, b = (x.ravel() for x in np.meshgrid(*sides, indexing="ij"))
        pairs = np.array([p for p, _ in said]).reshape(-1, 2)
        all_a, all_b = np.append(a, pairs[:, 0]), np.append(b, pairs[:, 1])
        shares = self.shares(all_a, all_b)
        beside = [(float(f), s) for f, (_, s) in zip(shares[len(a) :], said, strict=True)]
        good = moved(shares[: len(a)], beside) >= normal_of(np.array([target]))
        if not_in is not None:
            good &= np.array([not_in.open(int(x), int(y)) for x, y in zip(a, b, strict=True)])
        if not good.any():
            return None
        price = np.where(good, a * self.cost[0] + b * self.cost[1], np.inf)
        at = int(np.argmin(price - 1e-9 * shares[: len(a)]))
        return int(a[at]), int(b[at])


def _share(one: Share) -> float:
    return one.share


@dataclass(slots=True)
class _Descent:
    """Tries pairs by simulation: what holds bounds the cost from above, what does not rules out all smaller pairs."""

    judge: Judge[Pair]
    form: _Pairs
    best: Pair | None = None
    failed: list[Pair] = field(default_factory=list)

    def price(self, pair: Pair) -> float:
        """Return the cost of a pair."""
        return pair[0] * self.form.cost[0] + pair[1] * self.form.cost[1]

    def open(self, first: int, second: int) -> bool:
        """Tell whether a pair may still be the answer: cheaper than what holds, and not below what failed."""
        if self.best is not None and self.price((first, second)) >= self.price(self.best):
            return False
        return not any(first <= a and second <= b for a, b in self.failed)

    def fewer(self, pair: Pair, side: int) -> Fewer:
        """Return what is known of one step fewer on a side: itself, or a pair at least as large that does not hold."""
        target, seen = self.judge.slo.share, self.judge.seen
        larger = [seen[p] for p in self.failed if pair[0] <= p[0] and pair[1] <= p[1]]
        own = seen.get(pair) or min(larger, key=_share, default=None)
        return Fewer.of(own, target, pair[side], self.form.least[side])

    def run(self, start: Pair) -> Pair | None:
        """Return the cheapest pair that holds, or nothing within the tries."""
        at: Pair | None = start
        for _ in range(_TRIES):
            if at is None:
                break
            if self.judge.holds(at):
                self.best = at
            else:
                self.failed.append(at)
            at = self._next(at) or self._reopened()
        return self.best

    def _reopened(self) -> Pair | None:
        """Return a pair one step below the best that holds after all, asked by the longest run."""
        if self.best is None:
            return None
        (a, b), units = self.best, self.form.units(self.best)
        for pair in ((a - units[0], b), (a, b - units[1])):
            if pair in self.failed and self.judge.settled(pair):
                self.failed.remove(pair)
                return pair
        return None

    def _step(self, side: int) -> int:
        """Return how far below the best to look on a side: half of the way to what is known to fail, or one step."""
        assert self.best is not None
        count, other, unit = self.best[side], self.best[1 - side], self.form.units(self.best)[side]
        low = [p[side] for p in self.failed if p[1 - side] >= other and p[side] < count]
        gap = count - max([self.form.least[side] - 1, *low])
        return gap // 2 if gap > _NEAR * unit else unit

    def _next(self, at: Pair) -> Pair | None:
        """Return the pair to try next: below the best on a side, else what the moved form names."""
        if self.best is None:
            said = [(p, s.share) for p, s in list(self.judge.seen.items())[-2:]]
            wish = self.form.cheapest(said, min(self.judge.aim(at), 0.999), self)
            if self.open(*wish):
                return wish
            return at[0] + max(1, at[0] // 10), at[1] + max(1, at[1] // 10)
        if len(self.judge.seen) < 3 and self.judge.seen[self.best].share > self.judge.slo.share:
            said = [(p, s.share) for p, s in list(self.judge.seen.items())[-2:]]
            wish = self.form.cheapest(said, self.judge.aim(self.best), self)
            if self.open(*wish) and wish not in self.judge.seen:
                return wish
        a, b = self.best
        below = [(a - self._step(0), b), (a, b - self._step(1))]
        below.sort(key=self.price)
        least = self.form.least
        return next((p for p in below if p[0] >= least[0] and p[1] >= least[1] and self.open(*p)), None)
