"""The best of several fleets at every point, by the closed form: requests per second and card at the service level.

A fleet is asked in full only at the points where it may be the best one: what it saturates at bounds its rate, and so
does the first load at which its share within the level is found to be too small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.closed_crossing import Crossing, crossing, probe, solved_for
from clustersim.des.serving.closed_state import Fleet, FluidPool, SloColumns, row_of, saturated_of
from clustersim.des.serving.fluid_inputs import Traffic, stack_costs

__all__ = ["Best", "Offered", "best_of", "stacked"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Offered:
    """A fleet of so many cards, the level that it must meet, and at which points it can be laid out: (points,)."""

    fleet: Fleet
    cards: int
    slo: SloColumns
    fits: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Best:
    """By point the number of the best fleet, -1 where none serves.

    ``asked`` has by fleet the points at which it was asked in full, ascending, and where it crosses the level there.
    """

    fleet: NDArray[np.int64]
    asked: Mapping[int, tuple[NDArray[np.int64], Crossing]]

    def crossing(self, fleet: int) -> tuple[NDArray[np.int64], Crossing]:
        """Return the points at which a fleet is the best one, and where it crosses the level there."""
        rows, found = self.asked[fleet]
        best = self.fleet[rows] == fleet
        return rows[best], found if best.all() else found.take(np.flatnonzero(best))


def best_of(offered: Sequence[Offered | None], traffic: Traffic) -> Best:
    """Return the best of the fleets that are offered at every point: of equal ones the one of fewer cards.

    >>> from clustersim.des.serving.fluid_inputs import fluid_cost, traffic_of
    >>> from clustersim.des.serving.closed_form import FluidPool
    >>> from clustersim.des.serving.rules import Batching, ReplicaCost
    >>> from clustersim.des.serving.stream import Lengths, Stream
    >>> cost = ReplicaCost(tuple(0.02 + 5e-5 * n for n in range(2305)), 5e-5, 1e-7, 0.0, 0.0, 400_000)
    >>> t = traffic_of(Stream(1.0, Lengths(500, "constant"), Lengths(101, "constant")))
    >>> fleet, level = Fleet(FluidPool(fluid_cost(cost), Batching(2048, 256))), SloColumns(tpot_s=[0.05, 0.001])
    >>> best_of([Offered(fleet, cards, level, np.ones(2, dtype=bool)) for cards in (2, 1)], t).fleet.tolist()
    [1, -1]
    """
    points = next((len(one.fits) for one in offered if one is not None), 0)
    best = np.full(points, -1, dtype=np.int64)
    asked: dict[int, tuple[NDArray[np.int64], Crossing]] = {}
    yields, cards = np.zeros(points), np.full(points, np.inf)
    tops = {n: _most(one, traffic) for n, one in enumerate(offered) if one is not None}
    for n in _order(offered, tops, traffic):
        one = offered[n]
        assert one is not None
        rows = np.flatnonzero(one.fits & (tops[n] >= yields))
        if not rows.size:
            continue
        level = one.slo.take(rows)
        solved = solved_for(_rows(one.fleet, rows, points), traffic, level)
        may = np.flatnonzero(probe(solved, level, yields[rows] * one.cards))
        if not may.size:
            continue
        rows = rows[may]
        at = crossing(solved.take(may) if len(solved.saturated) > 1 else solved, one.slo.take(rows))
        asked[n] = rows, at
        rate = np.broadcast_to(at.rate_per_s, rows.shape) / one.cards
        better = (rate > yields[rows]) | ((rate == yields[rows]) & (rate > 0.0) & (one.cards < cards[rows]))
        rows, rate = rows[better], rate[better]
        best[rows], yields[rows], cards[rows] = n, rate, one.cards
    return Best(best, asked)


def _most(one: Offered, traffic: Traffic) -> Array:
    """Requests per second and card that no load of a fleet exceeds, (points,)."""
    top = saturated_of(one.fleet, traffic, len(one.fits)) / one.cards
    return np.asarray(np.broadcast_to(top[:, 0], one.fits.shape))


def _order(offered: Sequence[Offered | None], tops: Mapping[int, Array], traffic: Traffic) -> list[int]:
    """The fleets in the order of what they yield at one of the points: the first leaves little to be asked."""
    named = [(n, one, np.flatnonzero(one.fits)[:1]) for n, one in enumerate(offered) if one is not None]
    named = [found for found in named if found[2].size]
    if not named:
        return []
    levels = [one.slo.take(row) for _, one, row in named]
    level = SloColumns(
        *(np.concatenate([row_of(getattr(v, n)) for v in levels]) for n in SloColumns.__slots__)
    )
    fleet = stacked([one.fleet.take(row) for _, one, row in named])
    rates = crossing(solved_for(fleet, traffic, level), level).rate_per_s
    worth = {
        n: rate / one.cards or -1.0 / float(tops[n][row][0])
        for (n, one, row), rate in zip(named, rates.tolist(), strict=True)
    }
    return sorted(worth, key=lambda n: (-worth[n], n))


def _rows(fleet: Fleet, rows: NDArray[np.int64], points: int) -> Fleet:
    """A fleet at some of its points."""
    return fleet if rows.size == points else fleet.take(rows)


def stacked(fleets: Sequence[Fleet]) -> Fleet:
    """Return several fleets of one scheduler as the points of one."""
    if len(fleets) == 1:
        return fleets[0]

    def stack(pools: Sequence[FluidPool]) -> FluidPool:
        first = pools[0]
        replicas = np.array([float(np.ravel(p.replicas)[0]) for p in pools])
        host = np.array([float(np.ravel(p.host_s)[0]) for p in pools])
        return FluidPool(stack_costs([p.cost for p in pools]), first.rules, replicas, first.pooled, host)

    decode = [f.decode for f in fleets if f.decode is not None]
    return Fleet(
        stack([f.pool for f in fleets]),
        stack(decode) if decode else None,
        np.array([float(np.ravel(f.transfer_latency_s)[0]) for f in fleets]),
        np.array([float(np.ravel(f.transfer_token_s)[0]) for f in fleets]),
    )
