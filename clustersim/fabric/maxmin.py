"""Max-min fair rates on shared links by progressive filling, and the times of flows that share them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clustersim.errors import InputError
from clustersim.fabric.topology import Graph

__all__ = ["Usage", "fair_rates", "flow_times", "route"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

#: Links whose fair share lies within this of the least are filled in the same round.
_TIE = 1e-12


@dataclass(frozen=True, slots=True)
class Usage:
    """Which flow loads which link: entry i says that ``flow[i]`` puts ``share[i]`` of its rate on ``link[i]``.

    ``capacity`` is per link. The two directions of a cable are two links.
    """

    flow: Index
    link: Index
    share: Array
    capacity: Array
    flows: int

    @classmethod
    def of_paths(cls, paths: Sequence[Sequence[int]], capacity: ArrayLike) -> Usage:
        """Return the usage of flows that each take one path, given as link numbers."""
        flow = np.repeat(np.arange(len(paths)), [len(p) for p in paths])
        link = np.asarray([i for p in paths for i in p], dtype=np.int64)
        rates = np.asarray(capacity, dtype=float)
        if link.size and (link.min() < 0 or link.max() >= rates.size):
            raise InputError(f"a path names link {int(link.max())}; there are links 0 to {rates.size - 1}")
        return cls(flow.astype(np.int64), link, np.ones(link.size), rates, len(paths))

    def only(self, flows: ArrayLike) -> Usage:
        """Return the usage with the other flows gone; the numbers stay."""
        kept = np.zeros(self.flows, dtype=bool)
        kept[np.asarray(flows, dtype=np.int64)] = True
        entries = kept[self.flow]
        return Usage(self.flow[entries], self.link[entries], self.share[entries], self.capacity, self.flows)


def fair_rates(usage: Usage, limit: ArrayLike | None = None) -> Array:
    """Return the max-min fair rate of every flow, in the unit of the capacities.

    Progressive filling: all flows grow alike until a link is full or a flow meets its own ``limit``; those stop, the
    others grow on (Bertsekas and Gallager, Data Networks, 2nd ed., section 6.5.2). Each round is a few passes
    over the entries, and at least one link or flow settles in it. A flow that loads nothing gets its limit, or
    infinity.

    >>> usage = Usage.of_paths([[0], [0, 1], [1]], [1.0, 2.0])
    >>> fair_rates(usage).tolist()
    [0.5, 0.5, 1.5]

    Raises InputError for a negative or missing capacity.
    """
    if not np.all(usage.capacity >= 0):
        raise InputError("every link needs a capacity that is a number and not negative")
    ceiling = np.full(usage.flows, np.inf)
    if limit is not None:
        ceiling[:] = limit
    rates = np.zeros(usage.flows)
    left = usage.capacity.astype(float).copy()
    growing = np.ones(usage.flows, dtype=bool)
    growing[np.bincount(usage.flow, minlength=usage.flows) == 0] = False
    rates[~growing] = ceiling[~growing]
    flow, link, share = usage.flow, usage.link, usage.share
    while growing.any():
        load = np.bincount(link, weights=share, minlength=left.size)
        room = np.divide(left, load, out=np.full(left.size, np.inf), where=load > 0)
        step = min(float(room.min(initial=np.inf)), float(np.min(ceiling[growing] - rates[growing])))
        rates[growing] += step
        left = np.maximum(left - step * load, 0.0)
        full = room <= step * (1 + _TIE)
        settled = np.zeros(usage.flows, dtype=bool)
        settled[flow[full[link]]] = True
        settled |= growing & (rates >= ceiling * (1 - _TIE))
        growing &= ~settled
        entries = growing[flow]
        flow, link, share = flow[entries], link[entries], share[entries]
    return rates


def flow_times(usage: Usage, sizes: ArrayLike) -> Array:
    """Return when each flow ends, all starting at once: whenever one ends, the others share anew.

    >>> flow_times(Usage.of_paths([[0], [0]], [1.0]), [1.0, 3.0]).tolist()
    [2.0, 4.0]

    Raises InputError for a flow that can never end (its link has no capacity).
    """
    left = np.array(np.broadcast_to(np.asarray(sizes, dtype=float), usage.flows))
    if not np.all(left >= 0):
        raise InputError("sizes of flows must not be negative")
    ends, now = np.zeros(usage.flows), 0.0
    waiting = left > 0
    while waiting.any():
        rates = fair_rates(usage.only(np.flatnonzero(waiting)))
        if not np.all(rates[waiting] > 0):
            raise InputError("a flow crosses a link without capacity and never ends")
        need = np.where(waiting, left / np.where(waiting, rates, 1.0), np.inf)
        step = float(need.min())
        done = waiting & (need <= step * (1 + 1e-9))
        now += step
        left = np.where(waiting, left - rates * step, 0.0)
        ends[done] = now
        waiting &= ~done
    return ends


def route(graph: Graph, pairs: Iterable[tuple[Any, Any]]) -> Usage:
    """Return the usage of one flow per pair of parts, each spread over all its shortest paths.

    At every hop a flow splits over the links that lie on a shortest path, evenly link by link: equal-cost multipath
    with many streams, and one stream per NIC of a server. Each direction of an edge is a link of its own.

    Raises InputError for a part that is not in the graph, or a pair that no path joins.
    """
    number: dict[tuple[Any, Any], int] = {}
    capacity: list[float] = []
    for a, b, rate in graph.edges(data="capacity"):
        for ends in ((a, b), (b, a)):
            number[ends] = len(capacity)
            capacity.append(float(rate))
    flow: list[int] = []
    link: list[int] = []
    share: list[float] = []
    count = 0
    for index, (start, end) in enumerate(pairs):
        count += 1
        for ends, part in _spread(graph, start, end).items():
            flow.append(index)
            link.append(number[ends])
            share.append(part)
    return Usage(
        np.asarray(flow, dtype=np.int64), np.asarray(link, dtype=np.int64), np.asarray(share), np.asarray(capacity),
        count,
    )  # fmt: skip


def _spread(graph: Graph, start: Any, end: Any) -> dict[tuple[Any, Any], float]:
    """Return the share of a flow on each directed edge of the shortest paths from start to end."""
    for part in (start, end):
        if part not in graph:
            raise InputError(f"{part} is no part of the fabric")
    if start == end:
        return {}
    after = _next_hops(graph, start, end)
    held: dict[Any, float] = defaultdict(float, {start: 1.0})
    shares: dict[tuple[Any, Any], float] = {}
    # All paths are of one length, so a layer's nodes have their whole share before they pass it on.
    layer = [start]
    while layer != [end]:
        following: dict[Any, None] = {}
        for node in layer:
            wide = [float(graph.edges[node, hop]["capacity"]) for hop in after[node]]
            for hop, capacity in zip(after[node], wide, strict=True):
                part = held[node] * capacity / sum(wide)
                shares[(node, hop)] = part
                held[hop] += part
                following[hop] = None
        layer = list(following)
    return shares


def _next_hops(graph: Graph, start: Any, end: Any) -> dict[Any, list[Any]]:
    """Return, for every part on a shortest path, its next hops; searched from both ends, which in a tree of switches
    touches a few hundred parts and not all."""
    depth: tuple[dict[Any, int], dict[Any, int]] = ({start: 0}, {end: 0})
    edge: list[list[Any]] = [[start], [end]]
    met: list[Any] = []
    while not met:
        side = 0 if len(edge[0]) <= len(edge[1]) else 1
        grown: list[Any] = []
        for node in edge[side]:
            for near in graph.adj[node]:
                if near not in depth[side]:
                    depth[side][near] = depth[side][node] + 1
                    grown.append(near)
        if not grown:
            raise InputError(f"no path leads from {start} to {end}: the fabric is in pieces")
        edge[side] = grown
        met = [node for node in grown if node in depth[1 - side]]
    after: dict[Any, list[Any]] = defaultdict(list)
    for side in (0, 1):
        layer = met
        while layer != [(start, end)[side]]:
            closer: dict[Any, None] = {}
            for node in layer:
                for near in graph.adj[node]:
                    if depth[side].get(near, -1) == depth[side][node] - 1:
                        closer[near] = None
                        a, b = (near, node) if side == 0 else (node, near)
                        after[a].append(b)
            layer = list(closer)
    return after
