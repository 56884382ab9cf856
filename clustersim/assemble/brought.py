"""A network between servers as another package lays it out: its graph, its parts, and what traffic gets on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from clustersim.errors import InputError, PackageError
from clustersim.fabric.parts import TOPOLOGIES as OURS
from clustersim.fabric.parts import NetworkParts
from clustersim.plugins import TOPOLOGIES, brought
from clustersim.schema.inputs import Inputs

if TYPE_CHECKING:
    from clustersim.fabric.topology import Graph

__all__ = ["MOST_SERVERS", "LaidOut", "is_brought", "laid_out"]

#: Servers of the largest network whose traffic to everyone is found on the graph; beyond, the builder states it.
MOST_SERVERS = 128
#: Attributes of the graph by which a builder states what a ring and traffic to everyone get of their NICs.
RING, SPREAD = "ring_oversubscription", "spread_oversubscription"


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A network of another package: its graph, its parts, and how many times slower than its NIC a card exchanges."""

    graph: Graph
    parts: NetworkParts
    ring: float
    spread: float


def is_brought(topology: str) -> bool:
    """Return whether a topology is another package's."""
    return topology not in {*OURS, "dragonfly"}


def laid_out(inputs: Inputs) -> LaidOut:
    """Return the network of a cluster whose topology another package brings.

    Raises PackageError, with the package's name, where it gives no graph of servers in one piece with the NICs that
    were asked for.
    """
    parts, fabric = inputs.parts, inputs.fabric
    return _laid_out(
        fabric.topology, inputs.cards, int(parts.server.cards.value),
        float(inputs.scenario.cluster.nics_per_card.value), float(parts.nic.rate.value), int(parts.switch.ports.value),
        float(parts.switch.port_rate.value), float(fabric.oversubscription.value),
    )  # fmt: skip


@lru_cache(maxsize=32)
def _laid_out(
    name: str, cards: int, per_server: int, nics_per_card: float, nic_rate: float, ports: int, port_rate: float,
    oversubscription: float,
) -> LaidOut:  # fmt: skip
    import networkx as nx  # a tenth of a second, which only another package's network is worth

    from clustersim.fabric.topology import check_connected, network_parts

    build = brought(TOPOLOGIES, name)
    graph = build(
        cards=cards, cards_per_server=per_server, nics_per_card=nics_per_card, nic_rate=nic_rate, ports=ports,
        port_rate=port_rate, oversubscription=oversubscription,
    )  # fmt: skip
    servers = -(-cards // per_server)
    if not isinstance(graph, nx.Graph) or any(("server", s) not in graph for s in range(servers)):
        raise PackageError(
            f"{build.__doc__}: gives no graph with the parts ('server', 0) to ('server', {servers - 1})"
        )
    try:
        check_connected(graph)
        counted = network_parts(graph)
        ring, spread = _slower(graph, cards, per_server, nic_rate * nics_per_card)
    except (InputError, KeyError) as error:
        raise PackageError(f"{build.__doc__}: {error}") from None
    wanted = round(cards * nics_per_card)
    if counted.nics < wanted:
        raise PackageError(
            f"{build.__doc__}: its links hold {counted.nics} NICs, not the {wanted} of {cards} cards"
        )
    return LaidOut(graph, counted, ring, spread)


def _slower(graph: Graph, cards: int, per_server: int, rate: float) -> tuple[float, float]:
    """How many times slower than its NIC's rate a card gets on in a ring, and in traffic to everyone."""
    if cards <= per_server:
        return 1.0, 1.0
    from clustersim.fabric.placement import contention

    everyone = np.arange(cards)[np.newaxis]
    ring = graph.graph.get(RING)
    if ring is None:
        ring = rate / float(contention(graph, everyone, cards_per_server=per_server).shared[0])
    spread = graph.graph.get(SPREAD)
    if spread is None:
        if cards > MOST_SERVERS * per_server:
            raise PackageError(
                f"traffic to everyone is found on graphs of at most {MOST_SERVERS} servers; let the builder state"
                f" graph.graph[{SPREAD!r}]"
            )
        found = contention(graph, everyone, cards_per_server=per_server, pattern="all_to_all")
        spread = rate / (float(found.shared[0]) * (cards - per_server))
    return max(float(ring), 1.0), max(float(spread), 1.0)
