"""What the closed form is told: iteration costs at a few token counts, and the moments of the traffic.

Costs may be arrays over points (cards, prices, plans): every number is a float or a column, and the tables of all
points share their token counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.columns import values_of
from clustersim.des.serving.rules import ReplicaCost
from clustersim.des.serving.stream import Lengths, Stream
from clustersim.errors import InputError
from clustersim.perf.serving_cost import IterationTerms

__all__ = [
    "WEIGHTS",
    "FluidCost",
    "Traffic",
    "cost_of_terms",
    "fluid_cost",
    "stack_costs",
    "token_knots",
    "traffic_of",
]

Array = NDArray[np.float64]

#: Quantiles between which a distribution of lengths is taken by its mean: finer where levels of service are, between
#: eight and ninety-nine in a hundred, since a length is within a bound or not.
EDGES = np.array(
    [0.0, 0.125, 0.25, 0.375, 0.5, 0.6, 0.7, 0.775, 0.83, 0.87, 0.9, 0.925, 0.945, 0.96, 0.975, 0.99, 1.0]
)
#: The shares of the requests that these lengths stand for.
WEIGHTS = np.diff(EDGES)


def token_knots(max_tokens: int, count: int = 64) -> Array:
    """Return token counts at which an iteration's cost is known well enough: every small one, then by ratio.

    >>> k = token_knots(8192)
    >>> k[:3].tolist(), float(k[-1]), len(k) < 96
    ([0.0, 1.0, 2.0], 8448.0, True)
    """
    small = np.arange(min(17, max_tokens + 1), dtype=np.float64)
    rest = np.rint(np.geomspace(min(16, max_tokens), max_tokens + 256, count))
    return np.unique(np.concatenate([small, rest]))


def mean_of(values: Array, weights: Array = WEIGHTS) -> Array:
    """Return the mean over the last axis; a row's is the same whatever other rows there are, unlike a matrix product's.

    >>> round(float(mean_of(np.ones(16))), 12)
    1.0
    """
    return np.asarray(np.sum(values * weights, axis=-1))


@dataclass(frozen=True, slots=True)
class FluidCost:
    """Iteration costs of one point, or of ``points`` of them in columns.

    ``fixed_s`` has shape (points, knots) at the token counts ``tokens``; the rest has shape (points, 1). What the
    cards do meanwhile (``flops``, ``weight_bytes``, ``exchange_s`` per iteration, ``kv_bytes`` per cached token
    read, ``pair_flops`` per query-key pair, each of the busiest card) is zero where it is not known.
    """

    tokens: Array
    fixed_s: Array
    kv_s: Array
    pair_s: Array
    sequence_s: Array
    cache_tokens: Array
    flops: Array
    weight_bytes: Array
    exchange_s: Array
    kv_bytes: Array
    pair_flops: Array

    @property
    def points(self) -> int:
        """Number of points."""
        return int(self.fixed_s.shape[0])

    def take(self, rows: NDArray[Any]) -> FluidCost:
        """Return the costs of some of the points; those of one point are everybody's."""
        if self.points == 1:
            return self
        names = [name for name in FluidCost.__slots__ if name != "tokens"]
        return FluidCost(self.tokens, *(getattr(self, name)[rows] for name in names))

    def at(self, table: Array, tokens: Array) -> Array:
        """Return a table's values at ``tokens`` of shape (points, ...) by linear interpolation, carried on beyond.

        >>> c = fluid_cost(ReplicaCost((0.0, 1.0, 3.0), 2.0, 0.0, 0.0, 0.0, 9))
        >>> c.at(c.fixed_s, np.array([[1.5, 4.0]])).tolist()
        [[2.0, 7.0]]
        """
        grid = self.tokens
        low = grid[1:-1].searchsorted(
            tokens, side="right"
        )  # of the stretch between two knots, the outer ones open
        begin = grid[low]
        part = (tokens - begin) / (grid[low + 1] - begin)
        flat = table.ravel()
        if table.shape[0] > 1:
            low = low + len(grid) * np.arange(table.shape[0]).reshape((-1,) + (1,) * (tokens.ndim - 1))
        first = flat[low]
        return np.asarray(first + part * (flat[low + 1] - first))


def _column(value: Any) -> Array:
    return np.asarray(values_of(value), dtype=np.float64).reshape(-1, 1)


def fluid_cost(cost: ReplicaCost) -> FluidCost:
    """Return the costs of one replica, from the numbers that the simulation reads."""
    table = np.asarray(cost.fixed_s)
    last = len(table) - 1
    knots = token_knots(max(last - 256, 1))
    knots = knots[knots <= last] if last >= 2 else np.arange(last + 1, dtype=np.float64)
    fixed = table[knots.astype(int)]
    knots = np.append(knots, knots[-1] + 1024.0)
    fixed = np.append(fixed, fixed[-1] + 1024.0 * cost.slope_s)[None, :]
    zero, none = np.zeros_like(fixed), _column(0.0)
    return FluidCost(
        tokens=knots,
        fixed_s=fixed,
        kv_s=_column(cost.kv_s),
        pair_s=_column(cost.pair_s),
        sequence_s=_column(cost.sequence_s),
        cache_tokens=_column(float(cost.cache_tokens)),
        flops=zero,
        weight_bytes=zero,
        exchange_s=zero,
        kv_bytes=none,
        pair_flops=none,
    )


def cost_of_terms(terms: IterationTerms, cache_tokens: Any) -> FluidCost:
    """Return the costs of one point from its iteration terms, taken at `token_knots` (or at any ascending counts).

    Columns of points in the terms, whose tokens then have the shape (counts, 1), become the rows of the costs.
    """
    count = np.size(terms.tokens)
    tables, numbers = ("fixed_s", "flops", "weight_bytes", "exchange_s"), _NUMBERS
    found = {n: np.asarray(values_of(getattr(terms, n))).reshape(count, -1).T for n in tables}
    found |= {n: _column(getattr(terms, n)) for n in numbers} | {"cache_tokens": _column(cache_tokens)}
    points = max(len(rows) for rows in found.values())
    whole = {n: np.ascontiguousarray(np.broadcast_to(v, (points, v.shape[1]))) for n, v in found.items()}
    return FluidCost(tokens=np.ravel(terms.tokens), **whole)


_NUMBERS = ("kv_s", "pair_s", "sequence_s", "kv_bytes", "pair_flops")


def stack_costs(costs: list[FluidCost]) -> FluidCost:
    """Return the points of several costs in one; their token counts must be the same.

    Raises InputError where they are not.
    """
    if any(not np.array_equal(c.tokens, costs[0].tokens) for c in costs):
        raise InputError("costs to be stacked must share their token counts: take them at the same knots")
    names = [name for name in FluidCost.__slots__ if name != "tokens"]
    return FluidCost(costs[0].tokens, *(np.concatenate([getattr(c, n) for c in costs]) for n in names))


@dataclass(frozen=True, slots=True)
class Traffic:
    """The moments of a stream that the closed form needs (tokens), per request.

    ``prompts`` and ``outputs`` are lengths that stand for `WEIGHTS` of the requests. ``new`` are prompt tokens to
    compute (without the cached ones), ``pairs`` the query-key pairs of a prompt, ``context`` the mean tokens that a
    decode step of one sequence reads and ``context2`` their mean square, ``work2`` the squared variation of the tokens
    times steps that an answer holds, ``burstiness`` the coefficient of variation of the gaps between arrivals,
    ``longest`` the tokens that one request in a thousand exceeds, ``wide2`` the squared variation of the prompts,
    ``large`` the mean of their largest sixteenth. ``together`` is the mean of the shorter of two answers over that of
    one: how long the requests of a crowd stay together (1: alike, 1/2: exponential).
    """

    prompts: Array
    outputs: Array
    prompt: float
    output: float
    context: float
    context2: float
    work2: float
    pairs: float
    cached: float
    burstiness: float
    longest: float
    wide2: float
    large: float
    together: float

    @property
    def new(self) -> float:
        """Mean prompt tokens that are computed."""
        return self.prompt - self.cached

    @property
    def tokens(self) -> float:
        """Mean tokens of a request, prompt and answer."""
        return self.prompt + self.output


def _slices(values: Array) -> Array:
    """Return the means of the sorted values between the quantiles `EDGES`."""
    ordered = np.sort(values.astype(np.float64))
    edges = EDGES * len(ordered)
    total = np.concatenate([[0.0], np.cumsum(ordered)])
    summed = np.diff(np.interp(edges, np.arange(len(total)), total))
    return np.asarray(summed / np.diff(edges))


def traffic_of(stream: Stream, *, cached_share: float = 0.0) -> Traffic:
    """Return the moments of a stream; ``cached_share`` of every prompt needs no work.

    context = E[(O - 1)(P + O / 2)] / E[O - 1], pairs = E[n (c + (n + 1) / 2)] with n computed and c cached tokens.

    >>> from clustersim.des.serving.stream import Lengths
    >>> t = traffic_of(Stream(1.0, Lengths(100, "constant"), Lengths(11, "constant")))
    >>> t.prompt, t.output, t.context, t.pairs
    (100.0, 11.0, 105.5, 5050.0)
    """
    if stream.sample is None:
        assert stream.prompt is not None and stream.output is not None
        return _stated(stream.prompt, stream.output, cached_share, stream.burstiness)
    p, o = stream.sample.prompt.astype(float), stream.sample.output.astype(float)
    return _moments(_slices(p), _slices(o), p, o, cached_share, stream.burstiness)


@lru_cache(maxsize=64)
def _stated(prompt: Lengths, output: Lengths, cached_share: float, burstiness: float) -> Traffic:
    """The moments of stated lengths, which most points of a question have in common."""
    p, o = (x.ravel() for x in np.meshgrid(prompt.nodes(64), output.nodes(64)))
    found = _moments(_slices(prompt.nodes(256)), _slices(output.nodes(256)), p, o, cached_share, burstiness)
    found.prompts.flags.writeable = found.outputs.flags.writeable = False
    return found


def _moments(
    prompts: Array, outputs: Array, p: Array, o: Array, cached_share: float, burstiness: float
) -> Traffic:
    steps = np.maximum(o - 1.0, 0.0)
    mean_steps = float(steps.mean())
    weight = steps if mean_steps > 0 else np.ones_like(steps)
    context = float(np.average(p + o / 2.0, weights=weight))
    context2 = float(np.average(p**2 + p * o + o**2 / 3.0, weights=weight))
    work = steps * (p + o / 2.0) if mean_steps > 0 else p
    cached = cached_share * p
    new = p - cached
    return Traffic(
        prompts=prompts,
        outputs=outputs,
        prompt=float(p.mean()),
        output=float(o.mean()),
        context=context,
        context2=context2,
        work2=float(work.var() / work.mean() ** 2),
        pairs=float(np.mean(new * (cached + (new + 1.0) / 2.0))),
        cached=float(cached.mean()),
        burstiness=burstiness,
        longest=float(np.quantile(p + o, 0.999)),
        wide2=float(p.var() / p.mean() ** 2),
        large=float(np.sort(p)[-max(p.size // 16, 1) :].mean()),
        together=_together(weight),
    )


def _together(values: Array) -> float:
    """Return E[min(X, Y)] / E[X] of two independent values.

    >>> _together(np.array([4.0, 4.0])), _together(np.array([0.0, 2.0]))
    (1.0, 0.5)
    """
    count = values.size
    larger = 2.0 * (count - np.arange(count)) - 1.0
    return float(np.sum(np.sort(values) * larger) / count / values.sum())
