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

from clustersim.des.serving.fluid_batch import (
    Balance,
    Limit,
    Site,
    balance,
    largest_batch,
    prefill_balance,
    prefill_limit,
)
from clustersim.des.serving.fluid_inputs import FluidCost, Traffic, fluid_cost, mean_of
from clustersim.des.serving.fluid_latency import FirstToken, Pace, first_token, pace, slot_wait
from clustersim.des.serving.fluid_use import FluidUse, use_of
from clustersim.des.serving.fluid_verdict import FOLD, slo_verdict, verdict_of
from clustersim.des.serving.metrics import Slo
from clustersim.des.serving.rules import Batching
from clustersim.des.serving.settings import Pool, Transfer

__all__ = ["ClosedForm", "Fleet", "FluidPool", "SloColumns", "closed_form", "fleet_of"]

Array = NDArray[np.float64]

#: Loads, as shares of the saturated rate, at which the share within the SLO is looked at; the last is the largest
#: that is called stable (`steady.STABLE_SHARE`).
_LOADS = np.concatenate([np.geomspace(0.004, 0.06, 4), np.linspace(0.12, 0.9, 9), [0.94, 0.98]])
#: Where the level is crossed, the stretch between two loads is looked at again at these parts of it.
_PARTS = np.linspace(0.0, 1.0, 6)
#: Batches, as shares of the largest, at which the balance is tabulated.
_BATCHES = np.concatenate([[1e-7], np.geomspace(1e-3, 0.2, 10), np.linspace(0.28, 1.0, 12)])


@dataclass(frozen=True, slots=True)
class FluidPool:
    """Equal replicas: their cost (one point or many), the scheduler, how many; ``pooled`` where the router looks at
    the load, else requests are dealt out in turn."""

    cost: FluidCost
    rules: Batching
    replicas: ArrayLike = 1.0
    pooled: bool = True


@dataclass(frozen=True, slots=True)
class SloColumns:
    """A service level of every point: bounds in seconds (infinity where there is none) and shares, shape (points,)."""

    ttft_s: ArrayLike = np.inf
    tpot_s: ArrayLike = np.inf
    e2e_s: ArrayLike = np.inf
    share: ArrayLike = 0.9


@dataclass(frozen=True, slots=True)
class Fleet:
    """A pool that does both, or a prefill and a decode pool with the hand-over between them (seconds)."""

    pool: FluidPool
    decode: FluidPool | None = None
    transfer_latency_s: ArrayLike = 0.0
    transfer_token_s: ArrayLike = 0.0


def fleet_of(pool: Pool, decode: Pool | None, transfer: Transfer | None, *, router: str) -> Fleet:
    """Return the fleet of the pools that a simulation takes."""
    pooled = router != "round_robin"
    entry = FluidPool(fluid_cost(pool.cost), pool.batching, pool.replicas, pooled)
    if decode is None or transfer is None:
        return Fleet(entry)
    second = FluidPool(fluid_cost(decode.cost), decode.batching, decode.replicas)
    return Fleet(entry, second, transfer.latency_s, transfer.token_s)


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
        >>> from clustersim.des.serving.rules import ReplicaCost
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


@dataclass(frozen=True, slots=True)
class _State:
    """A fleet at given loads: balances, latencies and the share within the SLO."""

    entry: Balance
    decode: Balance
    first: FirstToken
    pace: Pace
    share: Array


@dataclass(frozen=True, slots=True)
class _Solved:
    """A fleet's sites, limits and saturated rates, and the table from rate to batch."""

    entry: Site
    decode: Site
    limit: Limit
    saturated: Array
    decode_saturated: Array
    grid: Array
    rates: Array
    fold: Array
    latency_s: Array
    token_s: Array

    @property
    def split(self) -> bool:
        """Whether prompts and answers have pools of their own."""
        return self.entry is not self.decode


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
    >>> from clustersim.des.serving.rules import ReplicaCost
    >>> from clustersim.des.serving.stream import Lengths, Stream
    >>> cost = ReplicaCost(tuple(0.02 + 5e-5 * n for n in range(2305)), 5e-5, 1e-7, 0.0, 0.0, 400_000)
    >>> t = traffic_of(Stream(1.0, Lengths(500, "constant"), Lengths(101, "constant")))
    >>> c = closed_form(Fleet(FluidPool(fluid_cost(cost), Batching(2048, 256))), t, Slo(tpot_s=0.05))
    >>> bool(c.rate_at_slo_per_s[0] < c.saturated_per_s[0]), abs(float(c.slo_share[0]) - 0.9) < 0.02, c.limited_by[0]
    (True, True, 'sequences')
    """
    slo = slo or Slo()
    target = _row(slo.share)[:, None]
    solved = _solve(fleet, traffic, max(_row(v).size for v in (slo.ttft_s, slo.tpot_s, slo.e2e_s, slo.share)))
    loads = solved.saturated * _LOADS
    table = _state(solved, loads, slo)
    low, high = _bracket(loads, table.share, target)
    fine = low[:, None] + (high - low)[:, None] * _PARTS
    best, steep = _crossing(fine, _state(solved, fine, slo).share, target)
    best = np.where(table.share[:, 0] >= target[:, 0], best, 0.0)
    asked = np.where(best > 0, best, loads[:, 0]) if rate_per_s is None else _row(rate_per_s)
    asked = np.broadcast_to(asked, np.broadcast_shapes(asked.shape, best.shape))
    here = _state(solved, asked[:, None], slo)
    return _answer(solved, here, asked, best, steep)


def _row(value: ArrayLike) -> Array:
    return np.atleast_1d(np.asarray(value, dtype=np.float64)).ravel()


def _site(pool: FluidPool, traffic: Traffic, points: int, *, prefills: bool, decodes: bool) -> Site:
    replicas = np.broadcast_to(_row(pool.replicas), (points,)).astype(float)
    return Site(pool.cost, pool.rules, traffic, replicas, prefills, decodes, pool.pooled)


def _solve(fleet: Fleet, traffic: Traffic, least: int = 1) -> _Solved:
    """Return the fleet's sites with their saturated rates (whole pools, shape (points, 1)), of ``least`` points."""
    pools = [fleet.pool, *([fleet.decode] if fleet.decode else [])]
    sizes = [s for p in pools for s in (p.cost.points, _row(p.replicas).size)]
    points = max(*sizes, _row(fleet.transfer_token_s).size, least)
    split = fleet.decode is not None
    entry = _site(fleet.pool, traffic, points, prefills=True, decodes=not split)
    if traffic.outputs.max() <= 1.0:
        entry = _site(fleet.pool, traffic, points, prefills=True, decodes=False)
    decode = _site(fleet.decode, traffic, points, prefills=False, decodes=True) if fleet.decode else entry
    limit = largest_batch(decode)
    grid = np.broadcast_to(limit.batch * _BATCHES, (points, len(_BATCHES)))
    fold = np.full((points, 1), np.inf)
    if decode.decodes:
        rates = balance(decode, grid, limit).rate
        fold = decode.replicas[:, None] * _fold(rates)
        # A queue that is never empty stands at the last batch, even where bursts made a smaller one go faster.
        rates = np.maximum.accumulate(np.minimum(rates, rates[:, -1:]), axis=1)
        most = decode.replicas[:, None] * rates[:, -1:]
    else:
        rates, most = grid, entry.replicas[:, None] * prefill_limit(entry)
    saturated = np.minimum(most, entry.replicas[:, None] * prefill_limit(entry)) if split else most
    columns = (
        np.broadcast_to(_row(v), (points,))[:, None]
        for v in (fleet.transfer_latency_s, fleet.transfer_token_s)
    )
    return _Solved(entry, decode, limit, saturated, most, grid, rates, fold, *columns)


def _fold(rates: Array) -> Array:
    """Return the least rate, (points, 1), that a smaller batch reaches too (infinite where more is always faster).

    Bursts gather prompts into groups that slow each other, so that the balance may turn back over the batch: one rate
    then has two balances, and the mean of a batch that goes from one to the other is neither.
    """
    behind = rates < np.maximum.accumulate(rates, axis=1) * (1.0 - FOLD)
    return np.asarray(np.where(behind, rates, np.inf).min(axis=1, keepdims=True))


def _state(solved: _Solved, rate: Array, slo: Slo | SloColumns) -> _State:
    """Return the fleet at rates of shape (points, loads)."""
    entry, decode = solved.entry, solved.decode
    each = rate / decode.replicas[:, None]
    if decode.decodes:
        # Rate over batch is nearly linear in the rate (exactly so where a step's time is linear in the batch).
        paces = solved.rates / solved.grid
        table = (np.broadcast_to(x, (len(each), x.shape[1])) for x in (solved.rates, paces))
        slow = [np.interp(r, t, p) for r, t, p in zip(each, *table, strict=True)]
        batch = np.minimum(each / np.stack(slow), solved.limit.batch)
        b = balance(decode, batch, solved.limit)
    else:
        b = prefill_balance(entry, each)
    if solved.split:
        p = prefill_balance(entry, rate / entry.replicas[:, None])
        first = first_token(entry, p, solved.saturated / entry.replicas[:, None])
        later = pace(decode, b, None, _hand_over(solved, p, b))
    else:
        p = b
        first = first_token(entry, b, solved.saturated / entry.replicas[:, None])
        later = pace(entry, b, first)
    return _State(p, b, first, later, _within(first, later, slo, rate))


def _within(first: FirstToken, later: Pace, slo: Slo | SloColumns, rate: Array) -> Array:
    """Return the share of requests within every bound; TTFT and the pace are taken as independent."""
    share = np.ones_like(rate)
    ttft, tpot, e2e = (_row(bound)[:, None] for bound in (slo.ttft_s, slo.tpot_s, slo.e2e_s))
    if np.any(np.isfinite(ttft)):
        share = first.within(np.broadcast_to(ttft, rate.shape))
    bound = np.broadcast_to(tpot, rate.shape)[..., None]
    if np.any(np.isfinite(e2e)):
        left = (e2e - first.mean_s)[..., None] / later.steps
        bound = np.minimum(bound, left)
    if np.any(np.isfinite(bound)):
        share = share * mean_of(later.within(bound))
    return share


def _hand_over(solved: _Solved, p: Balance, b: Balance) -> tuple[Array, Array]:
    """Return mean and variance of the time between first token and first decode step of a split fleet.

    Latency, the prompt's own transfer and those queued before it on the replica's link (Pollaczek-Khinchine), the
    rest of the decode step that is met, and the wait for a slot.
    """
    traffic = solved.entry.traffic
    own = solved.token_s * traffic.prompt
    wide2 = traffic.wide2
    load = np.minimum(p.rate * own, 0.98)
    queue = load / (1.0 - load) * own * (1.0 + wide2) / 2.0
    share, wait = slot_wait(solved.decode, b, solved.decode_saturated / solved.decode.replicas[:, None])
    mean = solved.latency_s + own + queue + b.step_s / 2.0 + share * wait
    variance = own**2 * wide2 + queue**2 + b.step_s**2 / 12.0 + share * (2.0 - share) * wait**2
    return mean, variance


def _bracket(rates: Array, share: Array, target: Array) -> tuple[Array, Array]:
    """Return the two loads between which the share first falls below the target (the last two if it never does)."""
    good = share >= target
    below = np.where(good.all(axis=1), share.shape[1] - 1, np.argmin(good, axis=1))
    row, at = np.arange(len(rates)), np.maximum(below, 1)
    return rates[row, at - 1], rates[row, at]


def _crossing(rates: Array, share: Array, target: Array) -> tuple[Array, Array]:
    """Return the rate up to which the share holds (0 where it never does), and by how much the share falls there.

    The fall is that per relative change of the rate: the rate's error is the share's over it.
    """
    good = share >= target
    below = np.where(good.all(axis=1), share.shape[1] - 1, np.argmin(good, axis=1))
    row = np.arange(len(rates))
    at, before = np.maximum(below, 1), np.maximum(below, 1) - 1
    drop = share[row, before] - share[row, at]
    part = np.clip((share[row, before] - target[:, 0]) / np.maximum(drop, 1e-12), 0.0, 1.0)
    rate = rates[row, before] + part * (rates[row, at] - rates[row, before])
    steep = drop * rates[row, at] / np.maximum(rates[row, at] - rates[row, before], 1e-300)
    steep = np.where(good.all(axis=1), np.inf, steep)
    return np.where(good[:, 0], rate, 0.0), steep


def _answer(solved: _Solved, here: _State, rate: Array, best: Array, steep: Array) -> ClosedForm:
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
    figures = verdict_of(
        solved.entry, decode, solved.limit, rate / top, here.decode.batch[:, 0], rate >= fold
    )
    # At another rate than the asked one the batch is in proportion, near enough to tell one sequence from none.
    scaled = here.decode.batch[:, 0] * best / np.maximum(rate, 1e-300)
    there = verdict_of(
        solved.entry, decode, solved.limit, best * np.ones_like(rate) / top, scaled, best >= fold
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
