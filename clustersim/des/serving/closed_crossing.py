"""Up to which rate a fleet holds a service level, by the closed form: where the share within it falls to its target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.closed_state import (
    Fleet,
    SloColumns,
    Solved,
    State,
    row_of,
    solve,
    state_at,
)
from clustersim.des.serving.fluid_inputs import Traffic
from clustersim.des.serving.fluid_tails import FEW, Looks
from clustersim.des.serving.metrics import Slo
from clustersim.special import ndtri

__all__ = ["LEAST_LOAD", "Crossing", "crossing", "probe", "solved_for"]

Array = NDArray[np.float64]

#: Loads, as shares of the saturated rate, at which the share within the SLO is looked at; the last is the largest
#: that is called stable (`steady.STABLE_SHARE`).
_LOADS = np.concatenate([np.geomspace(0.004, 0.06, 4), np.linspace(0.12, 0.9, 9), [0.94, 0.98]])
#: How far below the crossing of a line, as parts of the rate, the rate at the level is looked for: never above it.
_BELOW = np.array([0.0, 1e-6, 1e-5, 1e-4, 1e-3])
#: Those of them that are looked at first: between two of these the share does not rise.
_FIRST = np.array([0, 4, 8, 12, 14])
#: Where the level is crossed, the stretch between two of them is looked at again in so many parts.
_INNER = np.linspace(0.0, 1.0, 17)
#: The smallest of them.
LEAST_LOAD = float(_LOADS[0])


def solved_for(fleet: Fleet, traffic: Traffic, slo: Slo | SloColumns) -> Solved:
    """Return the fleet's saturated rates and its table of batches, for as many points as it or the level has."""
    return solve(fleet, traffic, max(row_of(v).size for v in (slo.ttft_s, slo.tpot_s, slo.e2e_s, slo.share)))


@dataclass(frozen=True, slots=True)
class Crossing:
    """The rate of a whole fleet up to which the SLO's share holds (0 where it never does), arrays over points.

    ``fall`` is by how much the share falls there per relative change of the rate: the rate's error is the share's over
    it. ``here`` is the fleet at the rate, where it was looked at on the way.
    """

    solved: Solved
    rate_per_s: Array
    fall: Array
    here: State | None = None

    def take(self, rows: NDArray[np.int64]) -> Crossing:
        """Return some of the points."""
        rate, fall = (x[rows] if x.size > 1 else x for x in (self.rate_per_s, self.fall))
        return Crossing(self.solved.take(rows), rate, fall)


def crossing(solved: Solved, slo: Slo | SloColumns) -> Crossing:
    """Return where the share within the SLO falls below its target.

    Some loads are looked at, then the stretch in which the share first falls so far is cut in half again and again.
    Between the last two loads the share's normal deviation is taken as a line, and the rate is then one at which the
    share was found to meet the target.
    """

    def share_of(part: Array) -> Array:
        return state_at(solved, solved.saturated * part, slo).share

    target = row_of(slo.share)[:, None]
    points = max(len(solved.saturated), len(target))
    loads = Looks(share_of, np.broadcast_to(_LOADS, (points, len(_LOADS))))
    shares = loads.at(np.broadcast_to(_FIRST, (points, len(_FIRST))))
    good = shares >= target
    every = np.all(good, axis=1)
    at = np.maximum(np.where(every, len(_FIRST) - 1, np.argmin(good, axis=1)), 1)[:, None]
    stretch = _Stretch(
        loads, _FIRST[at - 1], _FIRST[at], *(np.take_along_axis(shares, i, axis=1) for i in (at - 1, at))
    )
    stretch = stretch.halved(target, int(np.ceil(np.log2(np.diff(_FIRST).max()))))
    low, high = loads.place(stretch.first), loads.place(stretch.last)
    inner = Looks(share_of, low + (high - low) * _INNER)
    ends = np.zeros_like(stretch.first), np.full_like(stretch.last, len(_INNER) - 1)
    stretch = _Stretch(inner, *ends, stretch.above, stretch.below).halved(target, 2)
    fall = (stretch.above - stretch.below) * stretch.high / np.maximum(stretch.high - stretch.low, 1e-300)
    stretch = stretch.halved(target, 2)
    load, here = _met(solved, slo, stretch, points)
    rate = np.where(good[:, :1], solved.saturated * load, 0.0)
    here = here if good[:, 0].all() else None
    fall = np.where(every[:, None], np.inf, fall)
    return Crossing(solved, rate[:, 0], np.broadcast_to(fall, rate.shape)[:, 0], here)


def _met(solved: Solved, slo: Slo | SloColumns, stretch: _Stretch, points: int) -> tuple[Array, State | None]:
    """Return the load, (points, 1), of a stretch between neighbours at which the share is found to meet the target,
    and the fleet there, where it stands as it was looked at."""
    target = row_of(slo.share)[:, None]
    above, below, low, high = stretch.above, stretch.below, stretch.low, stretch.high
    most, least, wish = (ndtri(np.clip(x, 1e-12, 1.0 - 1e-12)) for x in (above, below, target))
    between = np.clip((most - wish) / np.maximum(most - least, 1e-12), 0.0, 1.0)
    # The share is no line: of rates a little below where a line meets the target, the first that does meet it.
    tries = np.maximum(low + between * (high - low) - _BELOW * high, low)
    if points <= FEW:
        # A call more costs most: the last resort is looked at with the others.
        tries = np.hstack([tries, low])
        state = state_at(solved, solved.saturated * tries, slo)
        meets = state.share >= target
        meets[:, -1] = True
        first = np.argmax(meets, axis=1)[:, None]
        return np.take_along_axis(tries, first, axis=1), state.at(first)
    load = np.array(tries[:, :1])
    missed = np.flatnonzero(state_at(solved, solved.saturated * load, slo).share < target)
    if missed.size:
        level = SloColumns(slo.ttft_s, slo.tpot_s, slo.e2e_s, slo.share).take(missed)
        some, rest = solved.take(missed), np.hstack([tries[missed, 1:], low[missed]])
        meets = state_at(some, some.saturated * rest, level).share >= row_of(level.share)[:, None]
        meets[:, -1] = True
        load[missed] = np.take_along_axis(rest, np.argmax(meets, axis=1)[:, None], axis=1)
    return load, None


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Two places of a grid of loads, by their numbers, between which the share falls below the target, and the shares
    there; all (points, 1)."""

    grid: Looks
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    above: Array
    below: Array

    @property
    def low(self) -> Array:
        """The smaller load."""
        return self.grid.place(self.first)

    @property
    def high(self) -> Array:
        """The larger load."""
        return self.grid.place(self.last)

    def halved(self, target: Array, times: int) -> _Stretch:
        """Return the half of it in which the share falls so far, again and again; neighbours are left as they are."""
        first, last, above, below = self.first, self.last, self.above, self.below
        for _ in range(times):
            middle = (first + last) // 2
            share = self.grid.at(middle)
            holds, inside = share >= target, middle > first
            above, first = np.where(holds & inside, share, above), np.where(holds & inside, middle, first)
            below, last = np.where(~holds & inside, share, below), np.where(~holds & inside, middle, last)
        return _Stretch(self.grid, first, last, above, below)


def probe(solved: Solved, slo: Slo | SloColumns, rate: Array) -> NDArray[np.bool_]:
    """Return whether the rate at the SLO may reach ``rate``, (points,): where not, `crossing` gives less.

    Asked is the share at the last load below ``rate`` among those that `crossing` begins with.
    """
    loads = np.broadcast_to(solved.saturated, (max(rate.size, len(solved.saturated)), 1)) * _LOADS[_FIRST]
    below = np.sum(loads < rate[:, None], axis=1) - 1
    at = np.take_along_axis(loads, np.maximum(below, 0)[:, None], axis=1)
    share = state_at(solved, at, slo).share[:, 0]
    return np.asarray((below < 0) | (share >= row_of(slo.share)))
