"""Graphs of the network between servers: fat tree, rail-optimised, dragonfly, torus."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import combinations, product

import networkx as nx
import numpy as np

from clustersim.errors import InputError
from clustersim.fabric.parts import Counts, Levels, breakout, leaf_loads, nics_per_leaf, planes_needed
from clustersim.fabric.topology import Graph, add_link, add_part

__all__ = ["dragonfly", "fat_tree", "rail_optimized", "torus"]


def _servers(cards: int, cards_per_server: int, nics_per_card: float) -> tuple[Graph, int, int]:
    """Return a graph of servers, their count, and the NICs of one."""
    nics = cards_per_server * nics_per_card
    if cards < 1 or cards_per_server < 1 or nics < 1 or nics != int(nics):
        raise InputError(
            f"{cards} cards, {cards_per_server} in a server, {nics_per_card:g} NICs each: a server needs a whole"
            " number of NICs, at least one"
        )
    graph: Graph = nx.Graph()
    servers = math.ceil(cards / cards_per_server)
    for server in range(servers):
        inside = min(cards_per_server, cards - server * cards_per_server)
        add_part(graph, ("server", server), "server", cards=inside, nics=int(nics))
    return graph, servers, int(nics)


def _raise_levels(graph: Graph, plane: int, leaves: int, levels: Levels, port_rate: float) -> None:
    """Add the spines and cores of one plane above its leaves."""
    first = np.concatenate([[0], np.cumsum(levels.spines_of_pod)])
    for spine in range(levels.spine):
        add_part(graph, ("spine", plane, spine), "spine")
    for leaf in range(leaves):
        pod = leaf // levels.leaves_per_pod
        spines = range(int(first[pod]), int(first[pod + 1]))
        # A leaf starts where the leaf before it ended, so that no spine gets more links than it has ports.
        start = int(levels.leaf_up[pod * levels.leaves_per_pod : leaf].sum())
        for spine, links in _deal(int(levels.leaf_up[leaf]), len(spines), start):
            ends = ("leaf", plane, leaf), ("spine", plane, spines[spine])
            add_link(graph, *ends, rate=port_rate, links=links, optical=True)
    for core in range(levels.core):
        add_part(graph, ("core", plane, core), "core")
    start = 0
    for spine in range(levels.spine if levels.core else 0):
        up = int(levels.spine_up[spine])
        for core, links in _deal(up, levels.core, start):
            ends = ("spine", plane, spine), ("core", plane, core)
            add_link(graph, *ends, rate=port_rate, links=links, optical=True)
        start += up


def _deal(links: int, targets: int, start: int) -> Iterable[tuple[int, int]]:
    """Deal links to targets like cards, beginning at ``start``; yield (target, how many)."""
    if targets == 0:
        return
    each, rest = divmod(links, targets)
    extra = {(start + i) % targets for i in range(rest)}
    for target in range(targets):
        if each or target in extra:
            yield target, each + (target in extra)


def fat_tree(
    *,
    cards: int,
    cards_per_server: int = 8,
    nics_per_card: float = 1,
    nic_rate: float,
    ports: int = 64,
    port_rate: float = 5e10,
    oversubscription: float = 1.0,
) -> Graph:
    """Return a fat tree: whole servers fill leaves one after another; two levels, or three where two do not reach.

    Counted by ``network_parts`` it gives what ``fat_tree_parts`` (told ``nics_per_server``) gives without building it.

    >>> graph = fat_tree(cards=1024, nic_rate=12.5e9)
    >>> from clustersim.fabric.topology import network_parts
    >>> parts = network_parts(graph)
    >>> parts.leaf, parts.spine, parts.switch_side_modules, parts.nic_side_modules
    (8, 4, 768, 1024)
    """
    per_port = breakout(nic_rate, port_rate)
    graph, servers, nics = _servers(cards, cards_per_server, nics_per_card)
    planes_of = [p for p in (1, 2, 4, 8) if nics % p == 0]
    loads = {
        p: leaf_loads(servers * nics // p, per_port, ports, oversubscription, nics // p) for p in planes_of
    }
    planes, levels = planes_needed(loads, ports, oversubscription)
    per_leaf = nics_per_leaf(per_port, ports, oversubscription, nics // planes)
    for plane in range(planes):
        _add_leaves(graph, plane, loads[planes], per_port)
        for server in range(servers):
            first = server * (nics // planes)
            for leaf in range(first // per_leaf, (first + nics // planes - 1) // per_leaf + 1):
                links = min(first + nics // planes, (leaf + 1) * per_leaf) - max(first, leaf * per_leaf)
                ends = ("server", server), ("leaf", plane, leaf)
                add_link(graph, *ends, rate=nic_rate, links=links, optical=True)
        _raise_levels(graph, plane, len(loads[planes]), levels, port_rate)
    return graph


def _add_leaves(graph: Graph, plane: int, loads: Counts, per_port: int) -> None:
    for leaf in range(len(loads)):
        add_part(graph, ("leaf", plane, leaf), "leaf", breakout=per_port)


def rail_optimized(
    *,
    cards: int,
    cards_per_server: int = 8,
    nics_per_card: float = 1,
    nic_rate: float,
    ports: int = 64,
    port_rate: float = 5e10,
    oversubscription: float = 1.0,
) -> Graph:
    """Return a rail-optimised network: NIC r of every server hangs on a leaf of rail r, so that cards of the same
    place in different servers meet after one switch.

    >>> graph = rail_optimized(cards=256, nic_rate=5e10)
    >>> sorted(leaf for _, leaf in graph.edges(("server", 0)))[0]
    ('leaf', 0, 0)
    """
    per_port = breakout(nic_rate, port_rate)
    graph, servers, rails = _servers(cards, cards_per_server, nics_per_card)
    rail = leaf_loads(servers, per_port, ports, oversubscription)
    loads = {p: np.tile(rail, rails // p) for p in (1, 2, 4, 8) if rails % p == 0}
    planes, levels = planes_needed(loads, ports, oversubscription)
    per_leaf = nics_per_leaf(per_port, ports, oversubscription)
    per_plane = rails // planes
    for plane in range(planes):
        _add_leaves(graph, plane, loads[planes], per_port)
        for server, r in product(range(servers), range(per_plane)):
            leaf = r * len(rail) + server // per_leaf
            add_link(graph, ("server", server), ("leaf", plane, leaf), rate=nic_rate, optical=True)
        _raise_levels(graph, plane, len(loads[planes]), levels, port_rate)
    return graph


def dragonfly(
    *, groups: int, routers: int, servers_per_router: int, global_links: int, nic_rate: float, port_rate: float,
    cards_per_server: int = 8, local_links: int = 1, servers: int | None = None, per_port: int = 1,
) -> Graph:  # fmt: skip
    """Return a dragonfly: routers of a group all joined, every pair of groups joined by global links.

    ``global_links`` per router are dealt to the other groups, router by router (Kim et al. 2008,
    doi:10.1109/ISCA.2008.19); with fewer than groups - 1 global links in a group some pairs would not meet, which is an
    InputError. A server reaches its router over one bundle of ``cards_per_server`` NICs, ``per_port`` of them to a
    port. ``servers`` are fewer than there is room for.

    >>> graph = dragonfly(groups=3, routers=2, servers_per_router=2, global_links=1, nic_rate=5e10, port_rate=5e10)
    >>> graph.number_of_nodes(), graph.number_of_edges()
    (18, 18)
    """
    if min(groups, routers, servers_per_router, cards_per_server) < 1 or global_links < 0:
        raise InputError("a dragonfly needs at least one group, router and server")
    if routers * global_links < groups - 1:
        raise InputError(
            f"{routers} routers with {global_links} global links cannot reach {groups - 1} other groups; give at"
            f" least {math.ceil((groups - 1) / routers)} global links per router"
        )
    graph: Graph = nx.Graph()
    for group, router in product(range(groups), range(routers)):
        add_part(graph, ("leaf", group, router), "leaf", breakout=per_port)
        for other in range(router):
            joined = ("leaf", group, router), ("leaf", group, other)
            add_link(graph, *joined, rate=port_rate, links=local_links, optical=True)
        for i in range(servers_per_router):
            number = (group * routers + router) * servers_per_router + i
            if servers is not None and number >= servers:
                continue
            server = ("server", number)
            add_part(graph, server, "server", cards=cards_per_server, nics=cards_per_server)
            add_link(
                graph, server, ("leaf", group, router), rate=nic_rate, links=cards_per_server, optical=True
            )
    ports = [0] * groups
    per_pair = routers * global_links // max(groups - 1, 1)
    for a, b in combinations(range(groups), 2):
        for _ in range(per_pair):
            ends = (("leaf", g, (ports[g] + ports[g] // routers) % routers) for g in (a, b))
            add_link(graph, *ends, rate=port_rate, optical=True)
            ports[a], ports[b] = ports[a] + 1, ports[b] + 1
    return graph


def torus(*, dims: tuple[int, ...], link_rate: float) -> Graph:
    """Return cards on a torus: each joined to its two neighbours in every dimension.

    Dimensions of two have one link between the two cards, not two.

    >>> torus(dims=(4, 4), link_rate=5e10).number_of_edges()
    32
    """
    if not dims or min(dims) < 1:
        raise InputError(f"a torus needs positive dimensions, not {dims}")
    graph: Graph = nx.Graph()
    places = list(product(*(range(d) for d in dims)))
    for place in places:
        add_part(graph, ("card", *place), "card")
    for place, axis in product(places, range(len(dims))):
        after = tuple((x + (i == axis)) % dims[i] for i, x in enumerate(place))
        if after != place and not graph.has_edge(("card", *place), ("card", *after)):
            add_link(graph, ("card", *place), ("card", *after), rate=link_rate)
    return graph
