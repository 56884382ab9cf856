"""Graphs of one coherent domain: full mesh, switched, PCIe tree; cards of one or several dies."""

from __future__ import annotations

from itertools import combinations

import networkx as nx

from clustersim.errors import InputError
from clustersim.fabric.topology import Graph, add_link, add_part

__all__ = ["full_mesh", "pcie_tree", "switched"]


def _cards(cards: int, dies: int, die_bandwidth: float) -> Graph:
    """Return cards without links between them; a card of several dies is a star of dies around the card.

    Two dies exchange over the link between them, so each reaches the package at that link's rate.
    """
    if cards < 1 or dies < 1 or (dies > 1 and not die_bandwidth > 0):
        raise InputError(
            f"{cards} cards of {dies} dies with {die_bandwidth:g} B/s between them: counts must be positive, and so"
            " must the link of several dies"
        )
    graph: Graph = nx.Graph()
    for card in range(cards):
        add_part(graph, ("card", card), "card")
        for die in range(dies if dies > 1 else 0):
            add_part(graph, ("die", card, die), "die")
            add_link(graph, ("card", card), ("die", card, die), rate=die_bandwidth)
    return graph


def full_mesh(*, cards: int = 8, bandwidth: float, dies: int = 1, die_bandwidth: float = 0.0) -> Graph:
    """Return a domain in which every pair of cards has its own link of bandwidth / (cards - 1).

    >>> mesh = full_mesh(bandwidth=128e9)
    >>> mesh.number_of_edges(), round(mesh.edges[("card", 0), ("card", 1)]["capacity"] / 1e9, 2)
    (28, 18.29)
    """
    graph = _cards(cards, dies, die_bandwidth)
    for a, b in combinations(range(cards), 2):
        add_link(graph, ("card", a), ("card", b), rate=bandwidth / (cards - 1))
    return graph


def switched(
    *, cards: int = 8, bandwidth: float, switches: int = 1, dies: int = 1, die_bandwidth: float = 0.0
) -> Graph:
    """Return a domain whose cards spread their links evenly over non-blocking switches.

    >>> switched(bandwidth=450e9, switches=4).number_of_edges()
    32
    """
    if switches < 1:
        raise InputError(f"a switched domain needs at least one switch, not {switches}")
    graph = _cards(cards, dies, die_bandwidth)
    for switch in range(switches):
        add_part(graph, ("scale_up_switch", switch), "scale_up_switch")
        for card in range(cards):
            add_link(graph, ("card", card), ("scale_up_switch", switch), rate=bandwidth / switches)
    return graph


def pcie_tree(
    *, cards: int = 8, bandwidth: float, cards_per_switch: int = 4, uplink: float | None = None
) -> Graph:
    """Return cards under PCIe switches, the switches under one root; an uplink is as fast as one card's link.

    >>> tree = pcie_tree(cards=8, bandwidth=32e9)
    >>> tree.number_of_nodes()        # eight cards, two switches, the root
    11
    """
    if cards_per_switch < 1:
        raise InputError(f"a PCIe switch must hold at least one card, not {cards_per_switch}")
    graph = _cards(cards, 1, 0.0)
    add_part(graph, ("pcie_switch", "root"), "pcie_switch")
    for card in range(cards):
        switch = ("pcie_switch", card // cards_per_switch)
        if switch not in graph:
            add_part(graph, switch, "pcie_switch")
            add_link(graph, switch, ("pcie_switch", "root"), rate=uplink or bandwidth)
        add_link(graph, ("card", card), switch, rate=bandwidth)
    return graph
