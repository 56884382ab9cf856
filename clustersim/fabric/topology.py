"""The graph of a fabric: parts as nodes, bundles of links with capacities as edges.

A node has ``kind``, one of ``KINDS``. An edge has ``capacity`` (bytes/s per direction of the whole bundle),
``links`` (how many links the bundle has) and ``optical`` (whether its switch ends hold modules). A ``server`` node
stands for all its cards and NICs, so that 131,072 cards are a graph of tens of thousands of nodes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from clustersim.errors import InputError, suggest
from clustersim.fabric.parts import NetworkParts

__all__ = ["ENDPOINTS", "KINDS", "add_link", "add_part", "check_connected", "count_kind", "network_parts"]

KINDS = (
    "card", "die", "nic", "server", "leaf", "spine", "core", "ocs", "pcie_switch", "scale_up_switch",
)  # fmt: skip
#: Kinds that traffic starts and ends at.
ENDPOINTS = ("card", "server")
_SWITCHES = ("leaf", "spine", "core")

Graph = Any  # networkx.Graph: its stubs ask for type parameters that the runtime class does not take


def add_part(graph: Graph, node: Any, kind: str, **attributes: Any) -> None:
    """Add a part.

    Raises InputError for an unknown kind.
    """
    if kind not in KINDS:
        raise InputError(f"unknown kind of part {kind!r}; {suggest(kind, KINDS)}")
    graph.add_node(node, kind=kind, **attributes)


def add_link(graph: Graph, a: Any, b: Any, *, rate: float, links: int = 1, optical: bool = False) -> None:
    """Add a bundle of ``links`` links of ``rate`` bytes/s per direction each.

    Raises InputError when the rate is not positive, or an end is not a part yet.
    """
    if not rate > 0 or links < 1:
        raise InputError(f"link {a}-{b}: {links} links of {rate:g} B/s; both must be positive")
    for end in (a, b):
        if end not in graph:
            raise InputError(f"link {a}-{b}: {end} is no part of the fabric")
    if graph.has_edge(a, b):
        links += graph.edges[a, b]["links"]
    graph.add_edge(a, b, capacity=rate * links, links=links, optical=optical)


def check_connected(graph: Graph) -> None:
    """Raise InputError unless every part can reach every other; says which parts are cut off.

    >>> import networkx as nx
    >>> g = nx.Graph(); add_part(g, "a", "card"); add_part(g, "b", "card")
    >>> check_connected(g)
    Traceback (most recent call last):
        ...
    clustersim.errors.InputError: the fabric is in 2 pieces: 1 part(s) with a, 1 part(s) with b; add a link between
    """
    import networkx as nx  # slow to import, and most commands lay out no graph

    if graph.number_of_nodes() == 0:
        raise InputError("the fabric has no parts")
    pieces = sorted(nx.connected_components(graph), key=len, reverse=True)
    if len(pieces) > 1:
        shown = ", ".join(f"{len(p)} part(s) with {min(map(str, p))}" for p in pieces[:3])
        more = ", …" if len(pieces) > 3 else ""
        raise InputError(f"the fabric is in {len(pieces)} pieces: {shown}{more}; add a link between")


def count_kind(graph: Graph, kind: str) -> int:
    """Return how many parts are of a kind."""
    return sum(1 for _, found in graph.nodes(data="kind") if found == kind)


def network_parts(graph: Graph) -> NetworkParts:
    """Return the parts of the network between servers, counted from its graph.

    A leaf's port carries ``breakout`` NICs (an attribute of the leaf, 1 where absent) and holds one module, each NIC
    one; a link between switches has a module at both ends. Copper links (``optical`` false) hold none.
    """
    kinds: dict[str, int] = defaultdict(int)
    for _, kind in graph.nodes(data="kind"):
        kinds[kind] += 1
    shared: dict[Any, int] = defaultdict(int)
    between = nics = nic_modules = cables = 0
    for a, b, edge in graph.edges(data=True):
        ends = {graph.nodes[a]["kind"], graph.nodes[b]["kind"]}
        if ends <= set(_SWITCHES):
            cables += edge["links"]
            between += edge["links"] if edge["optical"] else 0
        elif ends & set(_SWITCHES):
            switch = a if graph.nodes[a]["kind"] in _SWITCHES else b
            cables, nics = cables + edge["links"], nics + edge["links"]
            if edge["optical"]:
                shared[switch] += edge["links"]
                nic_modules += edge["links"]
    ports = sum(math.ceil(count / graph.nodes[leaf].get("breakout", 1)) for leaf, count in shared.items())
    return NetworkParts(
        leaf=kinds["leaf"], spine=kinds["spine"], core=kinds["core"], nics=nics,
        switch_side_modules=ports + 2 * between, nic_side_modules=nic_modules, cables=cables,
        ocs=int(graph.graph.get("ocs_devices", 0)),
        scale_up_switch=kinds["scale_up_switch"], pcie_switch=kinds["pcie_switch"],
    )  # fmt: skip
