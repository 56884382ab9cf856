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

from clustersim.des.serving.closed_crossing import LEAST_LOAD, Crossing, crossing, solved_for
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
    within_level,
)
from clustersim.des.serving.fluid_batch import prefill_limit
from clustersim.des.serving.fluid_inputs import Traffic, mean_of
from clustersim.des.serving.fluid_latency import FirstToken
from clustersim.des.serving.fluid_pace import Pace
from clustersim.des.serving.fluid_use import FluidUse, use_of
from clustersim.des.serving.fluid_verdict import slo_verdict, verdict_of
from clustersim.des.serving.metrics import Slo

__all__ = [
    "ClosedForm",
    "Fleet",
    "FluidPool",
    "SloColumns",
    "closed_form",
    "fleet_of",
    "shares_at",
    "slower_share",
]

Array = NDArray[np.float64]


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
    asked = (
        np.where(best > 0, best, solved.saturated[:, 0] * LEAST_LOAD) if rate_per_s is None else rate_per_s
    )
    asked = np.broadcast_to(row_of(asked), np.broadcast_shapes(row_of(asked).shape, best.shape))
    kept = found.here if rate_per_s is None else None
    here = kept or state_at(solved, asked[:, None], slo)
    return _answer(solved, here, asked, best, found.fall)


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


def slower_share(
    form: ClosedForm, level: Slo | SloColumns, outside_s: Array, ttft: Array, tpot: Array
) -> Array:
    """Return the share within the level, (points,), where TTFT takes ``ttft`` and TPOT ``tpot`` times as long.

    A form of one point answers for as many factors as there are; ``outside_s`` are seconds of a request that the level
    is without and that take as much longer.

    >>> from clustersim.des.serving.fluid_inputs import fluid_cost, traffic_of
    >>> from clustersim.des.serving.rules import Batching, ReplicaCost
    >>> from clustersim.des.serving.stream import Lengths, Stream
    >>> cost = fluid_cost(ReplicaCost(tuple(0.02 + 5e-5 * n for n in range(2305)), 5e-5, 1e-7, 0.0, 0.0, 400_000))
    >>> t = traffic_of(Stream(1.0, Lengths(500, "constant"), Lengths(101, "constant")))
    >>> level = Slo(tpot_s=0.05)
    >>> c = closed_form(Fleet(FluidPool(cost, Batching(2048, 256))), t, level)
    >>> found = slower_share(c, level, np.zeros(1), np.ones(3), np.array([0.5, 1.0, 2.0]))
    >>> bool(found[1] == c.slo_share[0]), bool(found[0] > found[1] > found[2])
    (True, True)
    """
    rate = np.broadcast_to(
        form.rate_per_s, np.broadcast_shapes(form.rate_per_s.shape, ttft.shape, tpot.shape)
    )
    first = form.first.mean_s[:, 0]
    same = (ttft == 1.0) & (tpot == 1.0)
    whole = ((row_of(level.e2e_s) + outside_s) - (first + outside_s) * ttft) / tpot + first
    slower = SloColumns(
        np.where(ttft == 1.0, row_of(level.ttft_s), (row_of(level.ttft_s) + outside_s) / ttft - outside_s),
        row_of(level.tpot_s) / tpot,
        np.where(same, row_of(level.e2e_s), whole),
    )
    return within_level(form.first, form.pace, slower, rate[:, None])[:, 0]


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
