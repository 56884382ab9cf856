"""Where each parallel group lies, and what several groups cost each other on shared links."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InputError, suggest
from clustersim.fabric.maxmin import Usage, fair_rates
from clustersim.fabric.network import Network
from clustersim.fabric.routing import route
from clustersim.fabric.topology import Graph

__all__ = ["DEFAULT_ORDER", "Contention", "Placement", "contended", "contention"]

#: Fastest-moving axis first: neighbours in the first axis are neighbouring cards. Megatron-LM's own default order
#: (its ``--use-tp-pp-dp-mapping`` turned off; published).
DEFAULT_ORDER = ("tp", "cp", "ep", "dp", "pp")

Ranks = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Placement:
    """Cards numbered along the parallel axes, ``order[0]`` moving fastest; server s holds ``cards_per_server`` cards.

    ``ep`` here divides what remains beside ``dp``: dp x ep is the data-parallel size of the dense layers.

    >>> p = Placement({"tp": 8, "dp": 4, "pp": 2}, cards_per_server=8)
    >>> p.cards, p.groups("tp")[0].tolist(), p.groups("dp")[0].tolist()
    (64, [0, 1, 2, 3, 4, 5, 6, 7], [0, 8, 16, 24])
    >>> p.local("tp"), p.local("dp")
    (8, 1)

    Raises InputError for an unknown or repeated axis, an axis missing from the order, or a degree below one.
    """

    degrees: Mapping[str, int]
    cards_per_server: int = 8
    order: tuple[str, ...] = DEFAULT_ORDER

    def __post_init__(self) -> None:
        if len(set(self.order)) != len(self.order):
            raise InputError(f"the order {'-'.join(self.order)} names an axis twice")
        for axis, degree in self.degrees.items():
            if axis not in self.order:
                raise InputError(f"axis {axis!r} is not in the order; {suggest(axis, self.order)}")
            if degree < 1:
                raise InputError(f"{axis}={degree}: a parallel degree must be at least 1")
        if self.cards_per_server < 1:
            raise InputError("a server must hold at least one card")

    @property
    def cards(self) -> int:
        """All cards: the product of the degrees."""
        return math.prod(self.degrees.values())

    def _shape(self) -> tuple[int, ...]:
        """Degrees with the slowest axis first, as NumPy counts."""
        return tuple(self.degrees.get(axis, 1) for axis in reversed(self.order))

    def groups(self, *axes: str) -> Ranks:
        """Return the cards of every group along one or several axes: one row per group, nearest members adjacent.

        >>> Placement({"tp": 2, "dp": 2, "pp": 2}, order=("tp", "pp", "dp")).groups("tp", "dp").tolist()
        [[0, 1, 4, 5], [2, 3, 6, 7]]
        """
        for axis in axes:
            if axis not in self.order:
                raise InputError(f"there is no axis {axis!r}; {suggest(axis, self.order)}")
        numbers = np.arange(self.cards).reshape(self._shape())
        names = list(reversed(self.order))
        inner = [i for i, name in enumerate(names) if name in axes]
        outer = [i for i in range(len(names)) if i not in inner]
        members = math.prod(numbers.shape[i] for i in inner)
        return np.asarray(np.transpose(numbers, (*outer, *inner)).reshape(-1, members))

    def local(self, *axes: str) -> int:
        """Return how many members of a group share a server: the least over all groups and the servers they touch.

        This is the ``local`` of ``collective_time``; a group that lies unevenly is as slow as its thinnest server.
        """
        servers = self.groups(*axes) // self.cards_per_server
        counts = [np.unique(row, return_counts=True)[1].min() for row in np.unique(servers, axis=0)]
        return int(min(counts))


@dataclass(frozen=True, slots=True)
class Contention:
    """Rates of groups that exchange at the same time, beside what each would get alone (bytes/s, slowest hop)."""

    alone: NDArray[np.float64]
    shared: NDArray[np.float64]

    @property
    def factor(self) -> float:
        """How many times slower the slowest group runs than alone; 1 where nobody is in the way."""
        finite = np.isfinite(self.alone)
        return float(np.max(self.alone[finite] / self.shared[finite], initial=1.0))


def contended(network: Network, found: Contention) -> Network:
    """Return the network as the slowest group sees it, for ``collective_time``: the factor found on the graph takes
    the place of the leaf's oversubscription, which supposes that everything crosses.

    >>> net = Network.flat(bandwidth=50e9, latency=5e-6)
    >>> contended(net, Contention(np.array([50e9]), np.array([25e9]))).oversubscription
    2.0
    """
    return replace(network, oversubscription=max(found.factor, 1.0))


def contention(graph: Graph, groups: Ranks, *, cards_per_server: int, pattern: str = "ring") -> Contention:
    """Return the rate of every card's stream when all groups run their collectives at once on a graph of servers.

    ``ring``: a group with k members on a server runs k rings, one through each member's NIC. ``all_to_all``: each
    member sends to every other, and shares its NIC among those elsewhere. Traffic within a server does not use
    the network. Fair rates by progressive filling; a group runs at its slowest stream.

    Raises InputError for an unknown pattern, a card beyond the graph's servers, or a graph in pieces.
    """
    if pattern not in {"ring", "all_to_all"}:
        raise InputError(f"unknown pattern {pattern!r}; {suggest(pattern, ('ring', 'all_to_all'))}")
    servers = np.asarray(groups) // cards_per_server
    streams = _ring_streams(servers) if pattern == "ring" else _pair_streams(servers)
    if not streams:
        return Contention(np.full(len(servers), np.inf), np.full(len(servers), np.inf))
    limit = np.asarray([_nic_rate(graph, s.start, cards_per_server) / s.sharing for s in streams])
    usage = _weighted(route(graph, [(("server", s.start), ("server", s.end)) for s in streams]), streams)
    owner = np.asarray([s.group for s in streams], dtype=np.int64)
    shared = _slowest(fair_rates(usage, limit), owner, len(servers))
    alone = np.full(len(servers), np.inf)
    for group in np.unique(owner):
        mine = np.flatnonzero(owner == group)
        alone[group] = float(fair_rates(usage.only(mine), limit)[mine].min())
    return Contention(alone, shared)


@dataclass(frozen=True, slots=True)
class _Stream:
    """``count`` streams alike of one group between two servers; a NIC is shared by ``sharing`` of them."""

    group: int
    start: int
    end: int
    count: int
    sharing: int


def _nic_rate(graph: Graph, server: int, cards_per_server: int) -> float:
    """Bytes/s of network per card of a server."""
    node = ("server", server)
    if node not in graph:
        raise InputError(f"the fabric has no {node}; the placement needs more servers than it has")
    total = sum(edge["capacity"] for _, _, edge in graph.edges(node, data=True))
    return float(total) / cards_per_server


def _ring_streams(servers: Ranks) -> list[_Stream]:
    streams: list[_Stream] = []
    for index, row in enumerate(servers):
        found, counts = np.unique(row, return_counts=True)
        members = dict(zip(found.tolist(), counts.tolist(), strict=True))
        hops = {(int(a), int(b)) for a, b in zip(row, np.roll(row, -1), strict=True) if a != b}
        streams += [_Stream(index, a, b, min(members[a], members[b]), 1) for a, b in sorted(hops)]
    return streams


def _pair_streams(servers: Ranks) -> list[_Stream]:
    streams: list[_Stream] = []
    for index, row in enumerate(servers):
        found, counts = np.unique(row, return_counts=True)
        members = dict(zip(found.tolist(), counts.tolist(), strict=True))
        streams += [
            _Stream(index, a, b, members[a] * members[b], len(row) - members[a])
            for a in members for b in members if a != b
        ]  # fmt: skip
    return streams


def _weighted(usage: Usage, streams: Sequence[_Stream]) -> Usage:
    """Let a flow that stands for several streams load its links as many times."""
    weight = np.asarray([stream.count for stream in streams], dtype=float)
    return Usage(usage.flow, usage.link, usage.share * weight[usage.flow], usage.capacity, usage.flows)


def _slowest(rates: NDArray[np.float64], owner: Ranks, groups: int) -> NDArray[np.float64]:
    out = np.full(groups, np.inf)
    np.minimum.at(out, owner, rates)
    return out
