"""Which links a flow between two parts of a fabric loads: all its shortest paths, by equal-cost multipath."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InputError
from clustersim.fabric.maxmin import Usage
from clustersim.fabric.topology import Graph

__all__ = ["route"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Links:
    """The directed links of a graph by number: each edge is two of them, one after the other."""

    number: dict[Any, int]
    """Of every part."""
    tail: Index
    head: Index
    capacity: Array

    @classmethod
    def of(cls, graph: Graph) -> _Links:
        number = {part: i for i, part in enumerate(graph)}
        edges = list(graph.edges(data="capacity"))
        ends = np.array([(number[a], number[b]) for a, b, _ in edges], dtype=np.int64).reshape(-1, 2)
        rates = np.array([float(rate) for _, _, rate in edges])
        return cls(number, ends.reshape(-1), ends[:, ::-1].reshape(-1), np.repeat(rates, 2))


def route(graph: Graph, pairs: Iterable[tuple[Any, Any]]) -> Usage:
    """Return the usage of one flow per pair of parts, each spread over all its shortest paths.

    At every hop a flow splits over the links that lie on a shortest path, in proportion to their capacity: equal-cost
    multipath with many streams, and one stream per NIC of a server. Each direction of an edge is a link of its own.
    All flows to one part are spread together, by its distances to the others.

    Raises InputError for a part that is not in the graph, or a pair that no path joins.
    """
    asked, links = list(pairs), _Links.of(graph)
    for part in (part for pair in asked for part in pair):
        if part not in links.number:
            raise InputError(f"{part} is no part of the fabric")
    ends = np.array([[links.number[p] for p in pair] for pair in asked], dtype=np.int64).reshape(-1, 2)
    order = np.argsort(links.tail, kind="stable")
    first = np.searchsorted(links.tail[order], np.arange(len(links.number) + 1))
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for end in np.unique(ends[:, 1]).tolist():
        flows = np.flatnonzero((ends[:, 1] == end) & (ends[:, 0] != end))
        away = _distances(links.head[order], first, end)
        lost = flows[away[ends[flows, 0]] < 0]
        if lost.size:
            start, to = asked[int(lost[0])]
            raise InputError(f"no path leads from {start} to {to}: the fabric is in pieces")
        found += _spread(links, away, flows, ends[flows, 0])
    flow, link, share = (np.concatenate(column) for column in zip(*found, strict=True))
    sort = np.argsort(flow, kind="stable")
    return Usage(flow[sort], link[sort], share[sort], links.capacity, len(asked))


def _ranges(first: Index, count: Index) -> Index:
    """The numbers from each ``first`` on, ``count`` of each, one after another."""
    shift = np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count)
    counted: Index = np.arange(int(count.sum())) + shift
    return counted


def _distances(near: Index, first: Index, end: int) -> Index:
    """Hops from every part to ``end``, -1 where no path leads there; ``near`` are the parts' neighbours in a row."""
    away = np.full(first.size - 1, -1, dtype=np.int64)
    away[end], edge, hops = 0, np.array([end]), 0
    while edge.size:
        hops += 1
        reached = near[_ranges(first[edge], first[edge + 1] - first[edge])]
        away[reached[away[reached] < 0]] = hops
        edge = np.unique(reached[away[reached] == hops])
    return away


def _spread(links: _Links, away: Index, flows: Index, start: Index) -> list[tuple[Index, Index, Array]]:
    """Shares of flows to one part on the links, hop by hop: flow, link and share of every entry."""
    nearer = np.flatnonzero((away[links.head] == away[links.tail] - 1) & (away[links.head] >= 0))
    nearer = nearer[np.argsort(links.tail[nearer], kind="stable")]
    tail, width = links.tail[nearer], links.capacity[nearer]
    first = np.searchsorted(tail, np.arange(away.size + 1))
    part = width / np.bincount(tail, weights=width, minlength=away.size)[tail]
    row: Index = np.arange(flows.size)
    node, held = start, np.ones(flows.size)
    found = []
    while row.size:
        count = first[node + 1] - first[node]
        taken = _ranges(first[node], count)
        passed = np.repeat(held, count) * part[taken]
        row = np.repeat(row, count)
        found.append((flows[row], nearer[taken], passed))
        # What several links bring to one part goes on together.
        places, each = np.unique(row * away.size + links.head[nearer[taken]], return_inverse=True)
        whole = np.bincount(each, weights=passed, minlength=places.size)
        row, node = np.divmod(places, away.size)
        there = away[node] > 0
        row, node, held = row[there], node[there], np.asarray(whole[there])
    return found
