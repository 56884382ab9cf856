"""How large a fleet must be: replicas for a demand, prefill to decode, the frontier, the hours of a day.

The closed form proposes, the simulation decides. A plan holds where the *lower* bound of the 95 % interval of the
share within the SLO meets the target on a stationary stream, so that it does not depend on how long it was run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.book import Requests
from clustersim.des.serving.closed_form import Fleet, closed_form, fleet_of
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.fluid_inputs import traffic_of
from clustersim.des.serving.metrics import Slo
from clustersim.des.serving.run import ServingRun
from clustersim.des.serving.settings import Pool, Transfer
from clustersim.des.serving.steady import STABLE_SHARE, Share, saturated, share_of
from clustersim.des.serving.stream import Stream
from clustersim.des.serving.window import Window
from clustersim.errors import InfeasibleError, InputError

__all__ = [
    "FrontierPoint", "Plant", "Sizing", "diurnal_replicas", "frontier", "replicas_for", "split_for",
    "tokens_to_requests",
]  # fmt: skip

Array = NDArray[np.float64]

#: Requests of a run that is asked for a share: at first, and at most while the interval spans the target.
_FIRST, _LONGEST = 8_000, 64_000
#: A larger fleet is simulated as a cell of so many replicas with its part of the stream: routing among more changes
#: little, and a run that is long enough for all of them would take minutes.
_CELL = 32
#: Requests at once in a cell: a dozen of their stays fit the longest run (`_Judge.holds` goes to twice `_LONGEST`).
_PRESENT = 2 * _LONGEST / 12
#: A large fleet is counted in steps of this part of it: no run tells finer ones apart.
_STEPS = 200


@dataclass(frozen=True, slots=True)
class Plant:
    """One kind of replica, or a prefill and a decode kind with their hand-over; the pools' own counts are not used."""

    pool: Pool
    router: str
    decode: Pool | None = None
    transfer: Transfer | None = None
    cached_share: float = 0.0

    def sized(self, replicas: int, decode_replicas: int = 0) -> Plant:
        """Return the plant with these numbers of replicas."""
        decode = replace(self.decode, replicas=decode_replicas) if self.decode else None
        return replace(self, pool=replace(self.pool, replicas=replicas), decode=decode)

    def fleet(self) -> Fleet:
        """Return the plant as the closed form sees it."""
        return fleet_of(self.pool, self.decode, self.transfer, router=self.router)

    def simulate(self, requests: Requests) -> ServingRun:
        """Serve requests, without a log."""
        return simulate(
            requests,
            self.pool,
            router=self.router,
            decode_pool=self.decode,
            transfer=self.transfer,
            cached_share=self.cached_share,
            log=False,
        )

    def share(self, stream: Stream, slo: Slo, requests: int, seed: int) -> Share:
        """Serve a stream and return the share within the SLO over its steady window."""
        return share_of(self.simulate(stream.draw(requests, np.random.default_rng(seed))), slo)


@dataclass(frozen=True, slots=True)
class Sizing:
    """The fewest replicas for a demand, the share they reach, and what the closed form alone would have said.

    ``share.lower`` is what meets the target. ``one_fewer`` is the share of one replica fewer (absent where that is
    not stable, would be none, or where replicas are counted in larger steps). ``simulated_replicas`` were served, with
    their part of the stream: all, or a cell of a fleet that is too large for one run.
    """

    replicas: int
    decode_replicas: int
    share: Share
    one_fewer: Share | None
    closed_form_replicas: int
    requests: int
    simulated_replicas: int


def tokens_to_requests(tokens_per_day: float, stream: Stream) -> float:
    """Return requests per second for tokens (prompt and answer) per day.

    >>> from clustersim.des.serving.stream import Lengths
    >>> tokens_to_requests(86400 * 600.0, Stream(1.0, Lengths(500, "constant"), Lengths(100, "constant")))
    1.0
    """
    return float(tokens_per_day / 86400.0 / traffic_of(stream).tokens)


def replicas_for(
    plant: Plant, stream: Stream, slo: Slo, *, seed: int, most: int = 4096, requests: int = _FIRST
) -> Sizing:
    """Return the fewest replicas that serve the stream's rate with the SLO's share, by its lower 95 % bound.

    The closed form gives the first count, the simulation steps from there. Runs of ``requests`` at first; longer ones
    where those leave no steady window, or while the interval of a share spans the target.

    Raises InfeasibleError where ``most`` replicas are not enough, InputError for a split plant (`split_for`).
    """
    if plant.decode is not None:
        raise InputError("a split plant is sized by split_for: its pools have counts of their own")
    single = saturated(stream, plant.sized(1).simulate, seed=seed)
    if single <= 0:
        raise InfeasibleError("no request of this stream can be served: none fits the cache")
    least = ceil(stream.rate / (STABLE_SHARE * single))
    if least > most:
        raise InfeasibleError(_too_few(most, stream))
    guess = max(_closed_count(plant.fleet(), stream, slo, least, most), least)
    cell, unit = _cell(plant, stream, guess), max(1, guess // _STEPS)

    def part(steps: int) -> tuple[Plant, Stream]:
        count = steps * unit
        held = min(cell, count)
        return plant.sized(held), stream.at(stream.rate * held / count)

    judge = _Judge(part, slo, seed, ceil(least / unit), requests)
    steps = judge.search(ceil(guess / unit), most // unit)
    if steps is None:
        raise InfeasibleError(_too_few(most, stream))
    fewer = judge.seen.get(steps - 1) if unit == 1 else None
    count = steps * unit
    return Sizing(count, 0, judge.seen[steps], fewer, guess, judge.asked[steps], min(cell, count))


def _too_few(most: int, stream: Stream) -> str:
    return f"{most} replicas do not carry {stream.rate:.4g} requests/s at the service level"


def _cell(plant: Plant, stream: Stream, replicas: int, decode_replicas: int = 0) -> int:
    """Return how many replicas (of the larger pool) a run can serve: the requests in them stay well below its own.

    By Little's law, with the mean stay of the closed form at this count.
    """
    traffic = traffic_of(stream)
    c = closed_form(plant.sized(replicas, decode_replicas).fleet(), traffic, rate_per_s=stream.rate)
    stay = float(c.ttft_s["mean"][0] + c.tpot_s["mean"][0] * traffic.output)
    present = stream.rate * stay / max(replicas, decode_replicas)
    return int(np.clip(_PRESENT / present, 1, _CELL)) if 0 < present < np.inf else _CELL


def _closed_count(fleet: Fleet, stream: Stream, slo: Slo, least: int, most: int) -> int:
    """Return the fewest replicas by the closed form: counts in a geometric ladder, then every one in between."""
    traffic = traffic_of(stream)

    def first_good(counts: Array) -> int | None:
        pool = replace(fleet.pool, replicas=counts)
        c = closed_form(replace(fleet, pool=pool), traffic, slo, rate_per_s=np.full(len(counts), stream.rate))
        good = np.flatnonzero((c.slo_share >= slo.share) & (stream.rate < STABLE_SHARE * c.saturated_per_s))
        return int(counts[good[0]]) if good.size else None

    ladder = np.unique(np.minimum(np.round(max(least, 1) * np.geomspace(1.0, 16.0, 24)), most))
    top = first_good(ladder)
    if top is None:
        return most
    below = ladder[ladder < top]
    low = int(below[-1]) + 1 if below.size else top
    between = np.unique(np.round(np.linspace(low, top, min(top - low + 1, 32))))
    return first_good(between) or top


@dataclass(slots=True)
class _Judge:
    """Asks the simulation whether a count of replicas holds the SLO, each count once."""

    part: Callable[[int], tuple[Plant, Stream]]
    """The plant that is simulated for a count, and the part of the stream that it serves."""
    slo: Slo
    seed: int
    least: int
    first: int = _FIRST
    seen: dict[int, Share] = field(default_factory=dict)
    asked: dict[int, int] = field(default_factory=dict)

    def holds(self, count: int) -> bool:
        """Tell whether the lower bound of the share meets the target; more requests where the interval spans it."""
        if count < self.least:
            return False
        if count not in self.seen:
            requests = self.first
            while True:
                found = self._share(count, requests)
                clear = found is not None and abs(found.share - self.slo.share) > 1.96 * found.error
                if clear or requests >= _LONGEST:
                    break
                requests *= 4
            self.seen[count] = found or Share(0.0, 0.0, Window(0.0, 0.0, 0.0), 0)
            self.asked[count] = requests
        return self.seen[count].lower >= self.slo.share

    def _share(self, count: int, requests: int) -> Share | None:
        try:
            plant, stream = self.part(count)
            return plant.share(stream, self.slo, requests, self.seed)
        except InputError:  # too short a run for a steady window: the requests stay too long
            return None

    def search(self, guess: int, most: int) -> int | None:
        """Return the fewest count that holds, stepping from a guess with growing steps and then one by one."""
        low, high, step = max(self.least, 1) - 1, min(max(guess, 1), most), 1
        while not self.holds(high):
            if high >= most:
                return None
            low, high, step = high, min(high + step, most), 2 * step
        step = 1
        while high - step > low and self.holds(high - step):
            high, step = high - step, 2 * step
        low = max(low, high - step)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.holds(middle) else (middle, high)
        return high


def split_for(
    plant: Plant,
    stream: Stream,
    slo: Slo,
    *,
    seed: int,
    cost: tuple[float, float] = (1.0, 1.0),
    most: int = 512,
    requests: int = _FIRST,
) -> Sizing:
    """Return the cheapest numbers of prefill and decode replicas for the stream, by the share's lower 95 % bound.

    ``cost`` are those of a prefill and of a decode replica (cards, or money). The closed form orders the pairs by
    cost; the simulation takes the first that holds.

    Raises InfeasibleError where no pair of up to ``most`` replicas each holds, InputError for a plant that is not
    split.
    """
    if plant.decode is None:
        raise InputError("split_for needs a plant with a decode pool; use replicas_for")
    pairs = _pairs(plant, stream, slo, cost, most)
    for first, second in pairs[:_TRIES]:
        a, b, part = _split_cell(first, second, _cell(plant, stream, first, second))
        judge = _Judge(
            partial(_same, plant.sized(a, b), stream.at(stream.rate * part)), slo, seed, 0, requests
        )
        if judge.holds(1):
            return Sizing(first, second, judge.seen[1], None, pairs[0][0], judge.asked[1], a + b)
    raise InfeasibleError(
        f"no pair of up to {most} prefill and decode replicas carries {stream.rate:.4g} requests/s at the service level"
    )


def _split_cell(first: int, second: int, cell: int) -> tuple[int, int, float]:
    """Return a cell's prefill and decode replicas, no more than its part of the fleet, and that part.

    >>> _split_cell(3, 2, 8), _split_cell(300, 150, 8)
    ((3, 2, 1.0), (8, 4, 0.02666666666666667))
    """
    larger = max(first, second)
    if larger <= cell:
        return first, second, 1.0
    least = min(cell, max(1, -(-larger // max(min(first, second), 1))))  # one of the rarer kind at least
    parts = [max(n, 1) / larger for n in range(max(least, (cell + 1) // 2), cell + 1)]

    def whole(part: float) -> float:
        return min(floor(n * part + 1e-9) / (n * part) for n in (first, second))

    part = max(parts, key=lambda p: (whole(p), p))
    a, b = (max(1, floor(n * part + 1e-9)) for n in (first, second))
    return a, b, part


def _same(plant: Plant, stream: Stream, _: int) -> tuple[Plant, Stream]:
    """Return the plant whatever count is asked: a pair stands alone."""
    return plant, stream


#: Pairs that are tried by simulation, in the order of their cost.
_TRIES = 24


def _pairs(
    plant: Plant, stream: Stream, slo: Slo, cost: tuple[float, float], most: int
) -> list[tuple[int, int]]:
    """Return pairs of counts, cheapest first, from just below what the closed form says is needed."""
    fleet, traffic = plant.fleet(), traffic_of(stream)
    assert fleet.decode is not None
    alone = closed_form(fleet, traffic, slo, rate_per_s=stream.rate)
    least_p = max(1, ceil(stream.rate / alone.prefill_saturated_per_s[0] * plant.pool.replicas))
    assert plant.decode is not None
    least_d = max(1, ceil(stream.rate / alone.decode_saturated_per_s[0] * plant.decode.replicas))
    sides = [np.unique(np.round(n * np.geomspace(1.0, 6.0, 24))) for n in (least_p, least_d)]
    a, b = (x.ravel() for x in np.meshgrid(*sides, indexing="ij"))
    a, b = a[(a <= most) & (b <= most)], b[(a <= most) & (b <= most)]
    if not a.size:
        return []
    c = closed_form(
        replace(fleet, pool=replace(fleet.pool, replicas=a), decode=replace(fleet.decode, replicas=b)),
        traffic,
        slo,
        rate_per_s=np.full(len(a), stream.rate),
    )
    # The closed form is a few hundredths off in the share: pairs a little below the target are tried too.
    good = (c.slo_share >= slo.share - 0.04) & (stream.rate < c.saturated_per_s)
    order = np.argsort(a[good] * cost[0] + b[good] * cost[1], kind="stable")
    return [(int(x), int(y)) for x, y in zip(a[good][order], b[good][order], strict=True)]


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """One load of the throughput-interactivity frontier: a fleet's token rate against a user's."""

    rate_per_s: float
    output_tokens_per_s: float
    tokens_per_s: float
    tokens_per_s_per_user: float
    ttft_p90_s: float
    batch: float


def frontier(fleet: Fleet, stream: Stream, *, loads: Sequence[float] = ()) -> list[FrontierPoint]:
    """Return throughput against interactivity (one over the mean TPOT) at shares of the saturated rate.

    >>> from clustersim.des.serving.closed_form import FluidPool
    >>> from clustersim.des.serving.fluid_inputs import fluid_cost
    >>> from clustersim.des.serving.rules import Batching, ReplicaCost
    >>> from clustersim.des.serving.stream import Lengths
    >>> cost = fluid_cost(ReplicaCost(tuple(0.02 + 5e-5 * n for n in range(2305)), 5e-5, 1e-7, 0.0, 0.0, 400_000))
    >>> points = frontier(Fleet(FluidPool(cost, Batching(2048, 256))), Stream(1.0, Lengths(500), Lengths(100)))
    >>> points[0].tokens_per_s < points[-1].tokens_per_s
    True
    >>> points[0].tokens_per_s_per_user > points[-1].tokens_per_s_per_user
    True
    """
    traffic = traffic_of(stream)
    parts = np.asarray(loads if len(loads) else np.linspace(0.05, 0.98, 16))
    top = closed_form(fleet, traffic, rate_per_s=stream.rate).saturated_per_s[0]
    c = closed_form(fleet, traffic, rate_per_s=top * parts)
    pace = np.maximum(c.tpot_s["mean"], 1e-12)
    return [
        FrontierPoint(
            rate_per_s=float(c.rate_per_s[i]),
            output_tokens_per_s=float(c.output_tokens_per_s[i]),
            tokens_per_s=float(c.tokens_per_s[i]),
            tokens_per_s_per_user=float(1.0 / pace[i]),
            ttft_p90_s=float(c.ttft_s["p90"][i]),
            batch=float(c.batch[i]),
        )
        for i in range(len(parts))
    ]


def diurnal_replicas(
    fleet: Fleet, stream: Stream, slo: Slo, *, swing: float, hours: int = 24, most: int = 4096
) -> tuple[NDArray[np.int64], Array]:
    """Return the replicas of each hour of a day whose rate is ``stream.rate`` (1 + swing sin), and the hourly rates.

    By the closed form, for a fleet that is opened and closed with the day: the peak is what must be bought, the mean
    what must be run.
    """
    if not 0.0 <= swing < 1.0:
        raise InputError("swing must be at least 0 and below 1: the rate may not fall below zero")
    phase = 2.0 * np.pi * (np.arange(hours) + 0.5) / hours
    rates = stream.rate * (1.0 + swing * np.sin(phase))
    one = closed_form(replace(fleet, pool=replace(fleet.pool, replicas=1.0)), traffic_of(stream), slo)
    single = float(one.saturated_per_s[0])
    counts = [_closed_count(fleet, stream.at(r), slo, ceil(r / (STABLE_SHARE * single)), most) for r in rates]
    return np.array(counts, dtype=np.int64), rates
