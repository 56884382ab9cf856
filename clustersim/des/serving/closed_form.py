"""Serving in closed form: what pools of replicas carry, at which latency and use, without a random draw.

A fluid batch under the scheduler's limits (`fluid_batch`), waits and percentiles on top of it (`fluid_latency`), what
the cards do meanwhile (`fluid_use`). Everything takes arrays over points: cards, prices, plans, rates. Where the
form does not hold it says why, and a simulation should be asked instead (`steady`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clustersim.des.serving.closed_state import (
    Fleet,
    FluidPool,
    SloColumns,
    Solved,
    State,
    fleet_of,
    row_of,
    solve,
    state_at,
)
from clustersim.des.serving.fluid_batch import prefill_limit
from clustersim.des.serving.fluid_inputs import Traffic, mean_of
from clustersim.des.serving.fluid_latency import FirstToken
from clustersim.des.serving.fluid_pace import Pace
from clustersim.des.serving.fluid_tails import FEW, Looks
from clustersim.des.serving.fluid_use import FluidUse, use_of
from clustersim.des.serving.fluid_verdict import slo_verdict, verdict_of
from clustersim.des.serving.metrics import Slo
from clustersim.special import ndtri

__all__ = [
    "ClosedForm", "Crossing", "Fleet", "FluidPool", "SloColumns", "closed_form", "crossing", "fleet_of", "probe",
    "shares_at", "solved_for",
]  # fmt: skip

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


@dataclass(frozen=True)
class ClosedForm:
    """What the closed form says, arrays of shape (points,); rates are those of the whole fleet, per second.

    ``saturated_per_s`` is the rate that no queue survives (``prefill_saturated_per_s`` and ``decode_saturated_per_s``
    those of prompts and of answers alone), ``rate_at_slo_per_s`` the largest at which the SLO's share holds (zero
    where none does), ``slo_fall`` by how much the share falls there per relative change of the rate: an error in the
    share moves the rate by that error over it.

    Everything else stands at ``rate_per_s``: the share within the SLO, latencies (mean, p50, p90, p99) in seconds, the
    mean decoding batch of a replica, the share of its cache in use, token rates, and the use of the cards (``use`` of
    the pool, ``decode_use`` of a decode pool). ``input_share`` is the part of the busy replica-time that prompts take,
    ``limited_by`` what bounds the batch. Where ``holds`` is false for these figures, ``why`` says why; ``slo_holds``
    and ``slo_why`` speak of ``rate_at_slo_per_s``.
    """

    saturated_per_s: Array
    prefill_saturated_per_s: Array
    decode_saturated_per_s: Array
    rate_at_slo_per_s: Array
    slo_fall: Array
    rate_per_s: Array
    slo_share: Array
    batch: Array
    largest_batch: Array
    cache: Array
    input_tokens_per_s: Array
    cached_tokens_per_s: Array
    output_tokens_per_s: Array
    input_share: Array
    use: FluidUse
    decode_use: FluidUse | None
    limited_by: tuple[str, ...]
    holds: NDArray[np.bool_]
    why: tuple[str, ...]
    slo_holds: NDArray[np.bool_]
    slo_why: tuple[str, ...]
    first: FirstToken = field(repr=False)
    pace: Pace = field(repr=False)

    @cached_property
    def ttft_s(self) -> Mapping[str, Array]:
        """Time to the first token by mean and percentile, found when it is asked for: half of a point's time."""
        return self.first.percentiles()

    @cached_property
    def tpot_s(self) -> Mapping[str, Array]:
        """Time per output token by mean and percentile."""
        return self.pace.percentiles()

    @cached_property
    def e2e_s(self) -> Mapping[str, Array]:
        """Whole time by mean and percentile."""
        return self.pace.end_to_end(self.first)

    def take(self, rows: NDArray[np.int64]) -> ClosedForm:
        """Return some of the points, in this order.

        >>> from clustersim.des.serving.fluid_inputs import fluid_cost, traffic_of
        >>> from clustersim.des.serving.rules import Batching, ReplicaCost
        >>> from clustersim.des.serving.stream import Lengths, Stream
        >>> cost = fluid_cost(ReplicaCost(tuple(0.02 + 5e-5 * n for n in range(2305)), 5e-5, 1e-7, 0.0, 0.0, 400_000))
        >>> t = traffic_of(Stream(1.0, Lengths(500, "constant"), Lengths(101, "constant")))
        >>> c = closed_form(Fleet(FluidPool(cost, Batching(2048, 256))), t, rate_per_s=[1.0, 2.0, 3.0])
        >>> c.take(np.array([2, 0])).rate_per_s.tolist()
        [3.0, 1.0]
        """
        taken: ClosedForm = _taken(self, rows, len(self.rate_per_s))
        return taken

    @property
    def tokens_per_s(self) -> Array:
        """All tokens per second, prompt and answer."""
        return np.asarray(self.input_tokens_per_s + self.cached_tokens_per_s + self.output_tokens_per_s)


def _taken(value: Any, rows: NDArray[np.int64], points: int) -> Any:
    """Return the rows of every array and tuple over points, through dataclasses."""
    if isinstance(value, np.ndarray):
        return value[rows] if value.shape[:1] == (points,) else value
    if isinstance(value, tuple):
        return tuple(value[i] for i in rows)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _taken(getattr(value, f.name), rows, points) for f in fields(value)})
    return value


def closed_form(
    fleet: Fleet,
    traffic: Traffic,
    slo: Slo | SloColumns | None = None,
    *,
    rate_per_s: ArrayLike | None = None,
    known: Crossing | None = None,
) -> ClosedForm:
    """Return what a fleet does with a stream, at ``rate_per_s`` or, without it, at the largest rate at the SLO.

    One call answers many points: a hundred cost about as much as ten one by one. Shapes: the costs of ``fleet`` are
    (points, knots) and (points, 1) (`FluidCost`, stacked by `stack_costs`: cards and plans); replicas, transfer
    times, the bounds of `SloColumns` and ``rate_per_s`` are (points,), or one value for all. The scheduler's rules and
    the traffic's moments are those of all points. Every answer is (points,); prices play no part: a cost per token is
    card-hours over ``tokens_per_s``, with a price per point if there is one.

    Without any rate at the SLO the figures are those of the smallest load looked at, and ``rate_at_slo_per_s`` is
    zero. ``known`` is the fleet's own `crossing`, where that was found before.

    >>> from clustersim.des.serving.fluid_inputs import fluid_cost, traffic_of
    >>> from clustersim.des.serving.rules import Batching, ReplicaCost
    >>> from clustersim.des.serving.stream import Lengths, Stream
    >>> cost = ReplicaCost(tuple(0.02 + 5e-5 * n for n in range(2305)), 5e-5, 1e-7, 0.0, 0.0, 400_000)
    >>> t = traffic_of(Stream(1.0, Lengths(500, "constant"), Lengths(101, "constant")))
    >>> c = closed_form(Fleet(FluidPool(fluid_cost(cost), Batching(2048, 256))), t, Slo(tpot_s=0.05))
    >>> bool(c.rate_at_slo_per_s[0] < c.saturated_per_s[0]), abs(float(c.slo_share[0]) - 0.9) < 0.02, c.limited_by[0]
    (True, True, 'sequences')
    """
    slo = slo or Slo()
    found = known if known is not None else crossing(solved_for(fleet, traffic, slo), slo)
    solved, best = found.solved, found.rate_per_s
    asked = np.where(best > 0, best, solved.saturated[:, 0] * _LOADS[0]) if rate_per_s is None else rate_per_s
    asked = np.broadcast_to(row_of(asked), np.broadcast_shapes(row_of(asked).shape, best.shape))
    kept = found.here if rate_per_s is None else None
    here = kept or state_at(solved, asked[:, None], slo)
    return _answer(solved, here, asked, best, found.fall)


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
    above, below, low, high = stretch.above, stretch.below, stretch.low, stretch.high
    most, least, wish = (ndtri(np.clip(x, 1e-12, 1.0 - 1e-12)) for x in (above, below, target))
    between = np.clip((most - wish) / np.maximum(most - least, 1e-12), 0.0, 1.0)
    # The share is no line: of rates a little below where a line meets the target, the first that does meet it.
    tries = np.maximum(low + between * (high - low) - _BELOW * high, low)
    few = points <= FEW
    # Where points are few a call more costs most: the last resort is looked at with the others, and kept as it stands.
    state = state_at(solved, solved.saturated * np.hstack([tries, low] if few else [tries]), slo)
    meets = state.share[:, : tries.shape[1]] >= target
    first = np.argmax(meets, axis=1)[:, None]
    held = meets.any(axis=1, keepdims=True)
    load = np.where(held, np.take_along_axis(tries, first, axis=1), low)
    rate = np.where(good[:, :1], solved.saturated * load, 0.0)
    here = state.at(np.where(held, first, tries.shape[1])) if few and good[:, 0].all() else None
    fall = np.where(every[:, None], np.inf, fall)
    return Crossing(solved, rate[:, 0], np.broadcast_to(fall, rate.shape)[:, 0], here)


def shares_at(
    fleet: Fleet, traffic: Traffic, slo: Slo | SloColumns, rate_per_s: ArrayLike
) -> tuple[Array, Array]:
    """Return the share within the SLO at a rate and the saturated rate, (points,): `closed_form` without its search.

    >>> from clustersim.des.serving.fluid_inputs import fluid_cost, traffic_of
    >>> from clustersim.des.serving.rules import Batching, ReplicaCost
    >>> from clustersim.des.serving.stream import Lengths, Stream
    >>> cost = fluid_cost(ReplicaCost(tuple(0.02 + 5e-5 * n for n in range(2305)), 5e-5, 1e-7, 0.0, 0.0, 400_000))
    >>> t = traffic_of(Stream(1.0, Lengths(500, "constant"), Lengths(101, "constant")))
    >>> fleet, slo = Fleet(FluidPool(cost, Batching(2048, 256))), Slo(tpot_s=0.05)
    >>> share, top = shares_at(fleet, t, slo, [10.0])
    >>> whole = closed_form(fleet, t, slo, rate_per_s=[10.0])
    >>> bool(share[0] == whole.slo_share[0]), bool(top[0] == whole.saturated_per_s[0])
    (True, True)
    """
    rate = row_of(rate_per_s)
    solved = solve(fleet, traffic, max(row_of(v).size for v in (rate, slo.ttft_s, slo.tpot_s, slo.e2e_s)))
    top = solved.saturated[:, 0]
    rate = np.broadcast_to(rate, top.shape)
    return state_at(solved, rate[:, None], slo).share[:, 0], top


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


def _answer(solved: Solved, here: State, rate: Array, best: Array, steep: Array) -> ClosedForm:
    traffic, decode = solved.entry.traffic, solved.decode
    entry_use = use_of(solved.entry, here.entry, here.first)
    decode_use = use_of(decode, here.decode, here.first) if solved.split else None
    names = ("sequences", "cache", "tokens", "prefill")
    by = solved.limit.by[:, 0] * np.ones(len(rate), dtype=int)
    by = np.where(solved.saturated[:, 0] < solved.decode_saturated[:, 0], 3, by)
    held = here.decode.batch[:, 0] * traffic.context
    if solved.entry.prefills and not solved.split:
        held = held + here.decode.rate[:, 0] * mean_of(here.first.base)[:, 0] * traffic.prompt
    top = solved.saturated[:, 0]
    fold = solved.fold[:, 0]
    host = solved.entry.replicas * solved.entry.host_limit[:, 0]
    figures = verdict_of(
        solved.entry, decode, solved.limit, rate / top, here.decode.batch[:, 0], rate >= fold, rate / host
    )
    # At another rate than the asked one the batch is in proportion, near enough to tell one sequence from none.
    scaled = here.decode.batch[:, 0] * best / np.maximum(rate, 1e-300)
    there = verdict_of(
        solved.entry, decode, solved.limit, best * np.ones_like(rate) / top, scaled, best >= fold, best / host
    )
    at_slo = slo_verdict(there, steep * np.ones_like(rate), best / top * np.ones_like(rate))
    busy = entry_use.busy_s + (decode_use.busy_s if decode_use else 0.0)
    ones = np.ones_like(rate)
    return ClosedForm(
        saturated_per_s=solved.saturated[:, 0] * ones,
        prefill_saturated_per_s=(solved.entry.replicas[:, None] * prefill_limit(solved.entry))[:, 0] * ones,
        decode_saturated_per_s=solved.decode_saturated[:, 0] * ones,
        rate_at_slo_per_s=best * ones,
        slo_fall=steep * ones,
        rate_per_s=rate,
        slo_share=here.share[:, 0],
        batch=here.decode.batch[:, 0],
        largest_batch=solved.limit.batch[:, 0] * ones,
        cache=held / (decode.cost.cache_tokens[:, 0]),
        input_tokens_per_s=rate * traffic.new,
        cached_tokens_per_s=rate * traffic.cached,
        output_tokens_per_s=rate * traffic.output,
        input_share=(entry_use.input_s + (decode_use.input_s if decode_use else 0.0))
        / np.maximum(busy, 1e-12),
        use=entry_use,
        decode_use=decode_use,
        limited_by=tuple(names[i] for i in by),
        holds=figures[0],
        why=figures[1],
        slo_holds=at_slo[0],
        slo_why=at_slo[1],
        first=here.first,
        pace=here.pace,
    )
