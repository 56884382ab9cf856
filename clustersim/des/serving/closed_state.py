"""A fleet in the closed form: its pools, their saturated rates, and how it stands at given loads."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clustersim.des.serving.fluid_batch import (
    Balance,
    Limit,
    balance,
    largest_batch,
    prefill_balance,
    prefill_limit,
)
from clustersim.des.serving.fluid_inputs import FluidCost, Traffic, fluid_cost, mean_of
from clustersim.des.serving.fluid_latency import FirstToken, first_token, slot_wait
from clustersim.des.serving.fluid_pace import Pace, pace
from clustersim.des.serving.fluid_site import Site
from clustersim.des.serving.fluid_tails import interpolated
from clustersim.des.serving.fluid_verdict import FOLD, KNEE, SHORTER
from clustersim.des.serving.metrics import Slo
from clustersim.des.serving.rules import Batching
from clustersim.des.serving.settings import Pool, Transfer

__all__ = [
    "Fleet", "FluidPool", "SloColumns", "Solved", "State", "fleet_of", "row_of", "saturated_of", "solve",
    "state_at", "within_level",
]  # fmt: skip

Array = NDArray[np.float64]

#: Batches, as shares of the largest, at which the balance is tabulated.
_BATCHES = np.concatenate([[1e-7], np.geomspace(1e-3, 0.2, 10), np.linspace(0.28, 1.0, 12)])


@dataclass(frozen=True, slots=True)
class FluidPool:
    """Equal replicas: their cost (one point or many), the scheduler, how many; ``pooled`` where the router looks at
    the load, else requests are dealt out in turn. ``host_s`` is the host's time for each prompt token."""

    cost: FluidCost
    rules: Batching
    replicas: ArrayLike = 1.0
    pooled: bool = True
    host_s: ArrayLike = 0.0


@dataclass(frozen=True, slots=True)
class SloColumns:
    """A service level of every point: bounds in seconds (infinity where there is none) and shares, shape (points,)."""

    ttft_s: ArrayLike = np.inf
    tpot_s: ArrayLike = np.inf
    e2e_s: ArrayLike = np.inf
    share: ArrayLike = 0.9

    def take(self, rows: NDArray[np.int64]) -> SloColumns:
        """Return the level of some of the points; one for all stays so."""
        every = (row_of(getattr(self, name)) for name in SloColumns.__slots__)
        return SloColumns(*(values[rows] if values.size > 1 else values for values in every))


@dataclass(frozen=True, slots=True)
class Fleet:
    """A pool that does both, or a prefill and a decode pool with the hand-over between them (seconds)."""

    pool: FluidPool
    decode: FluidPool | None = None
    transfer_latency_s: ArrayLike = 0.0
    transfer_token_s: ArrayLike = 0.0

    def take(self, rows: NDArray[np.int64]) -> Fleet:
        """Return the fleet at some of the points."""

        def some(of: ArrayLike) -> ArrayLike:
            return row_of(of)[rows] if row_of(of).size > 1 else of

        def pool(of: FluidPool) -> FluidPool:
            return replace(of, cost=of.cost.take(rows), replicas=some(of.replicas), host_s=some(of.host_s))

        decode = pool(self.decode) if self.decode is not None else None
        return Fleet(pool(self.pool), decode, some(self.transfer_latency_s), some(self.transfer_token_s))


def fleet_of(
    pool: Pool,
    decode: Pool | None,
    transfer: Transfer | None,
    *,
    router: str,
    decode_router: str = "least_loaded",
) -> Fleet:
    """Return the fleet of the pools that a simulation takes."""
    pooled = router != "round_robin"
    entry = FluidPool(
        fluid_cost(pool.cost), pool.batching, pool.replicas, pooled, pool.cost.host_s / pool.cost.ranks
    )
    if decode is None or transfer is None:
        return Fleet(entry)
    by_load = decode_router != "round_robin"
    second = FluidPool(fluid_cost(decode.cost), decode.batching, decode.replicas, by_load)
    return Fleet(entry, second, transfer.latency_s, transfer.token_s)


@dataclass(frozen=True, slots=True)
class State:
    """A fleet at given loads: balances, latencies and the share within the SLO."""

    entry: Balance
    decode: Balance
    first: FirstToken
    pace: Pace
    share: Array

    def at(self, load: NDArray[np.int64]) -> State:
        """Return the fleet at one load of each point, ``load`` (points, 1) by its number."""
        count = self.share.shape[1]

        def one(value: Any) -> Any:
            if isinstance(value, np.ndarray):
                if value.ndim < 2 or value.shape[1] != count:
                    return value
                return value[np.arange(len(load))[:, None] % len(value), load]
            return replace(value, **{f.name: one(getattr(value, f.name)) for f in fields(value)})

        decode = one(self.decode)
        entry = decode if self.entry is self.decode else one(self.entry)
        return State(entry, decode, one(self.first), one(self.pace), one(self.share))


@dataclass(frozen=True, slots=True)
class Solved:
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

    def take(self, rows: NDArray[np.int64]) -> Solved:
        """Return some of the points."""

        def some(of: Array) -> Array:
            return of[rows] if len(of) > 1 else of

        def site(of: Site) -> Site:
            return replace(of, cost=of.cost.take(rows), replicas=some(of.replicas), host_s=some(of.host_s))

        entry = site(self.entry)
        bounds: dict[str, Any] = {n: some(getattr(self.limit, n)) for n in Limit.__slots__}
        named = ("saturated", "decode_saturated", "grid", "rates", "fold", "latency_s", "token_s")
        own = (some(getattr(self, n)) for n in named)
        return Solved(entry, site(self.decode) if self.split else entry, Limit(**bounds), *own)


def row_of(value: ArrayLike) -> Array:
    return np.atleast_1d(np.asarray(value, dtype=np.float64)).ravel()


def _site(pool: FluidPool, traffic: Traffic, points: int, *, prefills: bool, decodes: bool) -> Site:
    replicas, host_s = (
        np.broadcast_to(row_of(v), (points,)).astype(float) for v in (pool.replicas, pool.host_s)
    )
    return Site(pool.cost, pool.rules, traffic, replicas, prefills, decodes, pool.pooled, host_s)


def _sites(fleet: Fleet, traffic: Traffic, least: int) -> tuple[Site, Site, int]:
    """The pools of prompts and of answers, the same one where one does both, and the number of points."""
    pools = [fleet.pool, *([fleet.decode] if fleet.decode else [])]
    sizes = [s for p in pools for s in (p.cost.points, row_of(p.replicas).size, row_of(p.host_s).size)]
    points = max(*sizes, row_of(fleet.transfer_token_s).size, least)
    split = fleet.decode is not None
    entry = _site(fleet.pool, traffic, points, prefills=True, decodes=not split)
    if traffic.outputs.max() <= 1.0:
        entry = _site(fleet.pool, traffic, points, prefills=True, decodes=False)
    decode = _site(fleet.decode, traffic, points, prefills=False, decodes=True) if fleet.decode else entry
    return entry, decode, points


def saturated_of(fleet: Fleet, traffic: Traffic, least: int = 1) -> Array:
    """Return the saturated rates of `solve`, (points, 1), without its table."""
    entry, decode, points = _sites(fleet, traffic, least)
    limit = largest_batch(decode)
    most = prompts = entry.replicas[:, None] * prefill_limit(entry)
    if decode.decodes:
        full = np.broadcast_to(limit.batch, (points, 1))
        most = decode.replicas[:, None] * balance(decode, full, limit).rate
        most = np.minimum(most, prompts) if entry is not decode else most
    return np.minimum(most, entry.replicas[:, None] * entry.host_limit)


def solve(fleet: Fleet, traffic: Traffic, least: int = 1) -> Solved:
    """Return the fleet's sites with their saturated rates (whole pools, shape (points, 1)), of ``least`` points."""
    entry, decode, points = _sites(fleet, traffic, least)
    limit = largest_batch(decode)
    grid = np.broadcast_to(limit.batch * _BATCHES, (points, len(_BATCHES)))
    fold = np.full((points, 1), np.inf)
    if decode.decodes:
        b = balance(decode, grid, limit)
        rates = b.rate
        fold = decode.replicas[:, None] * _fold(rates, b.step_s, grid)
        # A queue that is never empty stands at the last batch, even where bursts made a smaller one go faster.
        rates = np.maximum.accumulate(np.minimum(rates, rates[:, -1:]), axis=1)
        most = decode.replicas[:, None] * rates[:, -1:]
    else:
        rates, most = grid, entry.replicas[:, None] * prefill_limit(entry)
    split = entry is not decode
    saturated = np.minimum(most, entry.replicas[:, None] * prefill_limit(entry)) if split else most
    saturated = np.minimum(saturated, entry.replicas[:, None] * entry.host_limit)
    columns = (
        np.broadcast_to(row_of(v), (points,))[:, None]
        for v in (fleet.transfer_latency_s, fleet.transfer_token_s)
    )
    return Solved(entry, decode, limit, saturated, most, grid, rates, fold, *columns)


def _fold(rates: Array, steps: Array, grid: Array) -> Array:
    """Return the least rate, (points, 1), that a smaller batch reaches too, or nearly (infinite without one).

    Bursts gather prompts into groups that slow each other, so that the balance may turn back over the batch: one rate
    then has two balances, and the mean of a batch that goes from one to the other is neither. Where it does not turn
    back but hardly rises, and rises again beyond (`KNEE`), the least error in a time moves the batch as far. A step
    that gets shorter over the batch is the same: what a batch near its bound sees rests on a wander that it cuts off.
    """
    behind = rates < np.maximum.accumulate(rates, axis=1) * (1.0 - FOLD)
    behind |= steps < np.maximum.accumulate(steps, axis=1) * (1.0 - SHORTER)
    rise = np.diff(np.log(rates), axis=1) / np.diff(np.log(grid), axis=1)
    later = np.maximum.accumulate(rise[:, ::-1], axis=1)[:, ::-1]
    behind[:, :-1] |= (rise < KNEE) & (later > 3.0 * KNEE)
    return np.asarray(np.where(behind, rates, np.inf).min(axis=1, keepdims=True))


def state_at(solved: Solved, rate: Array, slo: Slo | SloColumns) -> State:
    """Return the fleet at rates of shape (points, loads)."""
    entry, decode = solved.entry, solved.decode
    each = rate / decode.replicas[:, None]
    if decode.decodes:
        # Rate over batch is nearly linear in the rate (exactly so where a step's time is linear in the batch).
        paces = solved.rates / solved.grid
        slow = interpolated(each, solved.rates, paces)
        batch = np.minimum(each / slow, solved.limit.batch)
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
    return State(p, b, first, later, within_level(first, later, slo, rate))


def within_level(first: FirstToken, later: Pace, slo: Slo | SloColumns, rate: Array) -> Array:
    """Return the share of requests within every bound; TTFT and the pace are taken as independent."""
    share = np.ones_like(rate)
    ttft, tpot, e2e = (row_of(bound)[:, None] for bound in (slo.ttft_s, slo.tpot_s, slo.e2e_s))
    if np.any(np.isfinite(ttft)):
        share = first.within(np.broadcast_to(ttft, rate.shape))
    bound = np.broadcast_to(tpot, rate.shape)[..., None]
    if np.any(np.isfinite(e2e)):
        left = (e2e - first.mean_s)[..., None] / later.steps
        bound = np.minimum(bound, left)
    if np.any(np.isfinite(bound)):
        share = share * mean_of(later.within(bound))
    return share


def _hand_over(solved: Solved, p: Balance, b: Balance) -> tuple[Array, Array]:
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
