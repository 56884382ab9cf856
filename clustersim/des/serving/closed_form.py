"""Serving in closed form: what pools of replicas carry, at which latency and use, without a random draw.

A fluid batch under the scheduler's limits (`fluid_batch`), waits and percentiles on top of it (`fluid_latency`), what
the cards do meanwhile (`fluid_use`). Everything takes arrays over points: cards, prices, plans, rates. Where the
form does not hold it says why, and a simulation should be asked instead (`steady`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from clustersim.des.serving.fluid_use import FluidUse, use_of
from clustersim.des.serving.fluid_verdict import slo_verdict, verdict_of
from clustersim.des.serving.metrics import Slo
from clustersim.special import ndtri

__all__ = ["ClosedForm", "Fleet", "FluidPool", "SloColumns", "closed_form", "fleet_of", "shares_at"]

Array = NDArray[np.float64]

#: Loads, as shares of the saturated rate, at which the share within the SLO is looked at; the last is the largest
#: that is called stable (`steady.STABLE_SHARE`).
_LOADS = np.concatenate([np.geomspace(0.004, 0.06, 4), np.linspace(0.12, 0.9, 9), [0.94, 0.98]])
#: Where the level is crossed, the stretch between two loads is looked at again at these parts of it, so many times.
_PARTS, _TURNS = np.array([0.25, 0.5, 0.75]), 2
#: How far below the crossing of a line, as parts of the rate, the rate at the level is looked for: never above it.
_BELOW = np.array([0.0, 1e-6, 1e-5, 1e-4, 1e-3])


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
) -> ClosedForm:
    """Return what a fleet does with a stream, at ``rate_per_s`` or, without it, at the largest rate at the SLO.

    One call answers many points: a hundred cost about as much as ten one by one. Shapes: the costs of ``fleet`` are
    (points, knots) and (points, 1) (`FluidCost`, stacked by `stack_costs`: cards and plans); replicas, transfer
    times, the bounds of `SloColumns` and ``rate_per_s`` are (points,), or one value for all. The scheduler's rules and
    the traffic's moments are those of all points. Every answer is (points,); prices play no part: a cost per token is
    card-hours over ``tokens_per_s``, with a price per point if there is one.

    Without any rate at the SLO the figures are those of the smallest load looked at, and ``rate_at_slo_per_s`` is
    zero.

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
    target = row_of(slo.share)[:, None]
    solved = solve(
        fleet, traffic, max(row_of(v).size for v in (slo.ttft_s, slo.tpot_s, slo.e2e_s, slo.share))
    )
    loads = solved.saturated * _LOADS
    table = state_at(solved, loads, slo)
    best, steep = _crossing(lambda rate: state_at(solved, rate, slo).share, loads, table.share, target)
    asked = np.where(best > 0, best, loads[:, 0]) if rate_per_s is None else row_of(rate_per_s)
    asked = np.broadcast_to(asked, np.broadcast_shapes(asked.shape, best.shape))
    here = state_at(solved, asked[:, None], slo)
    return _answer(solved, here, asked, best, steep)


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
    """Two loads between which the share first falls below the target, and the shares there, (points, 1)."""

    low: Array
    high: Array
    above: Array
    below: Array

    @classmethod
    def of(cls, rates: Array, share: Array, target: Array) -> _Stretch:
        """Return the stretch among ascending loads; the last one if the share never falls so far."""
        good = share >= target
        first = np.where(good.all(axis=1), share.shape[1] - 1, np.argmin(good, axis=1))
        at = np.maximum(first, 1)[:, None]
        ends = (np.take_along_axis(x, i, axis=1) for x in (rates, share) for i in (at - 1, at))
        return cls(*ends)

    def finer(self, share_of: Callable[[Array], Array], target: Array) -> _Stretch:
        """Return the part of the stretch in which the share falls below the target."""
        inner = self.low + (self.high - self.low) * _PARTS
        rates = np.concatenate([self.low, inner, self.high], axis=1)
        return self.of(rates, np.concatenate([self.above, share_of(inner), self.below], axis=1), target)


def _crossing(
    share_of: Callable[[Array], Array], loads: Array, share: Array, target: Array
) -> tuple[Array, Array]:
    """Return the rate up to which the share holds (0 where it never does), and by how much the share falls there.

    The fall is that per relative change of the rate: the rate's error is the share's over it. Between the last two
    loads the share's normal deviation is taken as a line, and the rate is then one at which the share was found to
    meet the target.
    """
    at = _Stretch.of(loads, share, target)
    steep = np.zeros_like(at.low)
    for turn in range(_TURNS):
        at = at.finer(share_of, target)
        if turn == 0:
            steep = (at.above - at.below) * at.high / np.maximum(at.high - at.low, 1e-300)
    high, low, wish = (ndtri(np.clip(x, 1e-12, 1.0 - 1e-12)) for x in (at.above, at.below, target))
    part = np.clip((high - wish) / np.maximum(high - low, 1e-12), 0.0, 1.0)
    # The share is no line: of rates a little below where a line meets the target, the first that does meet it.
    tries = np.maximum(at.low + part * (at.high - at.low) * np.ones_like(_BELOW) - _BELOW * at.high, at.low)
    meets = share_of(tries) >= target
    first = np.argmax(meets, axis=1)[:, None]
    rate = np.where(meets.any(axis=1, keepdims=True), np.take_along_axis(tries, first, axis=1), at.low)
    steep = np.where(np.all(share >= target, axis=1, keepdims=True), np.inf, steep)
    return np.where(share[:, :1] >= target, rate, 0.0)[:, 0], steep[:, 0]


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
