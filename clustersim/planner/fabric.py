"""A cluster's fabric as a graph: its parts counted, and traffic that shares its links beside the closed forms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from clustersim.assemble.brought import is_brought, laid_out
from clustersim.assemble.parts import dragonfly_shape, network_parts, network_spec
from clustersim.assemble.supernode import supernode_spec
from clustersim.errors import InfeasibleError, InputError
from clustersim.fabric.maxmin import fair_rates
from clustersim.fabric.network import Network, torus_hops
from clustersim.fabric.placement import Placement, contention
from clustersim.fabric.routing import route
from clustersim.fabric.supernode import Supernode
from clustersim.fabric.topologies import (
    OpticalSupernode,
    dragonfly,
    fat_tree,
    full_mesh,
    pcie_tree,
    rail_optimized,
    switched,
    torus,
)
from clustersim.fabric.topology import Graph, check_connected
from clustersim.fabric.topology import network_parts as parts_of_graph
from clustersim.perf.plan import Plan
from clustersim.schema.inputs import Inputs

__all__ = ["MOST_CARDS", "Checked", "fabric_check", "failed_circuits", "groups_sharing"]

#: Cards of the largest part of a cluster that is laid out as a graph.
MOST_CARDS = 512


@dataclass(frozen=True, slots=True)
class Checked:
    """Bytes/s per card that a pattern of traffic reaches: by the closed form, and by fair rates on the graph."""

    level: str
    pattern: str
    cards: int
    closed_bytes_per_s: float
    graph_bytes_per_s: float

    @property
    def error(self) -> float:
        """Closed form over the graph's rate, less one."""
        return self.closed_bytes_per_s / self.graph_bytes_per_s - 1.0


def fabric_check(inputs: Inputs) -> tuple[list[Checked], dict[str, tuple[int, int]]]:
    """Return rates of rings and of traffic to everyone on both levels, and parts of the network by both counts.

    No more than ``MOST_CARDS`` cards of the cluster are laid out; the parts are those of as many.
    """
    network = network_spec(inputs)
    checked = _inside(inputs, network)
    counted: dict[str, tuple[int, int]] = {}
    if inputs.scenario.cluster.fabric is not None and inputs.servers > 1:
        small = _cut(inputs)
        graph = _between(small)
        check_connected(graph)
        checked += _outside(small, graph, network_spec(small))
        ours, theirs = network_parts(small), parts_of_graph(graph)
        names = ("leaf", "spine", "core", "nics", "switch_side_modules", "nic_side_modules", "cables")
        counted = {name: (getattr(ours, name), getattr(theirs, name)) for name in names}
    return checked, counted


def _cut(inputs: Inputs) -> Inputs:
    """The same cluster with no more cards than are laid out."""
    per_server = int(inputs.parts.server.cards.value)
    most = max(1, MOST_CARDS // per_server) * per_server
    cards = min(inputs.cards, most)
    count = inputs.scenario.cluster.cards
    assert count is not None
    cluster = inputs.scenario.cluster.model_copy(
        update={"cards": replace(count, value=float(cards), low=None, high=None)}
    )
    return replace(inputs, scenario=inputs.scenario.model_copy(update={"cluster": cluster}))


def _between(inputs: Inputs) -> Graph:
    """The graph of the network between servers."""
    parts, fabric = inputs.parts, inputs.fabric
    if fabric.topology == "dragonfly":
        d = dragonfly_shape(inputs)
        return dragonfly(
            groups=d.groups, routers=d.routers, servers_per_router=d.servers_per_router, global_links=d.global_links,
            nic_rate=d.nic_rate, port_rate=d.port_rate, cards_per_server=d.nics, local_links=d.local_links,
            servers=d.servers, per_port=d.per_port,
        )  # fmt: skip
    if is_brought(fabric.topology):
        return laid_out(inputs).graph
    build = rail_optimized if fabric.topology == "rail_optimized" else fat_tree
    return build(
        cards=inputs.cards, cards_per_server=int(parts.server.cards.value),
        nics_per_card=inputs.scenario.cluster.nics_per_card.value, nic_rate=parts.nic.rate.value,
        ports=int(parts.switch.ports.value), port_rate=parts.switch.port_rate.value,
        oversubscription=fabric.oversubscription.value,
    )  # fmt: skip


def _outside(inputs: Inputs, graph: Graph, network: Network) -> list[Checked]:
    """A ring through all servers, and everyone to everyone, with a stream for each card of a server."""
    per_server = int(inputs.parts.server.cards.value)
    everyone = np.arange(inputs.cards)[np.newaxis]
    ring = float(contention(graph, everyone, cards_per_server=per_server).shared[0])
    found = contention(graph, everyone, cards_per_server=per_server, pattern="all_to_all")
    spread = float(found.shared[0]) * (inputs.cards - per_server)
    share = network.scale_out_efficiency
    return [
        Checked("between servers", "ring", inputs.cards, network.scale_out_rate / share, ring),
        Checked("between servers", "all_to_all", inputs.cards, network.spread_rate / share, spread),
    ]


def _inside(inputs: Inputs, network: Network) -> list[Checked]:
    """Neighbours to neighbours, and everyone to everyone, in one coherent domain."""
    cards = int(network.scale_up_size)
    if cards < 2 or cards > MOST_CARDS:
        return []
    graph = _domain(network, supernode_spec(inputs))
    names = [node for node, kind in graph.nodes(data="kind") if kind == "card"]
    pairs = [(a, b) for a in names for b in names if a != b] if cards <= 128 else _sampled(names)
    usage = route(graph, pairs)
    scale = cards * (cards - 1) / len(pairs)
    rates = fair_rates(type(usage)(usage.flow, usage.link, usage.share * scale, usage.capacity, usage.flows))
    spread = float(rates.min()) * (cards - 1)
    bandwidth = float(network.scale_up_bandwidth)
    closed = bandwidth
    if network.scale_up_wiring == "torus":
        hops = float(torus_hops(network.scale_up_dims, cards))
        closed = bandwidth / (2 * len(network.scale_up_dims)) * 2 / hops * (cards - 1) / cards
    elif network.block_size:
        out = cards - int(network.block_size)
        closed = min(bandwidth, float(network.block_bandwidth) * (cards - 1) / out)
    return [Checked("coherent domain", "all_to_all", cards, closed, spread)]


def _sampled(names: list[Any]) -> list[tuple[Any, Any]]:
    """Pairs at evenly spread distances, as many from each card as to it."""
    n = len(names)
    shifts = sorted({1 + i * (n - 1) // 64 for i in range(64)})
    return [(names[i], names[(i + shift) % n]) for shift in shifts for i in range(n)]


def _domain(network: Network, node: Supernode | None) -> Graph:
    """The graph of one coherent domain."""
    cards, rate = int(network.scale_up_size), float(network.scale_up_bandwidth)
    if network.scale_up_wiring == "torus":
        dims = network.scale_up_dims
        return torus(dims=dims, link_rate=rate / (2 * len(dims)))
    if network.block_size and node is not None:
        return _optical(node).graph()
    if network.scale_up_wiring == "full_mesh":
        return full_mesh(cards=cards, bandwidth=rate)
    if network.scale_up_wiring == "pcie":
        return pcie_tree(cards=cards, bandwidth=rate, cards_per_switch=cards)
    return switched(cards=cards, bandwidth=rate)


def _optical(node: Supernode) -> OpticalSupernode:
    return OpticalSupernode(
        blocks=node.blocks, cards_per_block=node.block, degree=node.degree, link_bandwidth=node.link_rate,
        block_bandwidth=node.bandwidth, spare_links=node.spare_links, ports_per_switch=node.circuit_ports,
    )  # fmt: skip


def failed_circuits(inputs: Inputs, failures: tuple[int, ...] = (0, 1, 4, 8, 16)) -> list[dict[str, float]]:
    """Return what is left between blocks of an optical domain after failures in one block, and a phase's two times.

    The phase sends a gigabyte from every card to the next block: over circuits laid for it, or left as they lie.
    Nothing where the cluster has no such domain.
    """
    node = supernode_spec(inputs)
    if node is None or node.blocks < 2:
        return []
    circuits = inputs.parts.supernode.circuits
    assert circuits is not None
    whole = replace(_optical(node), reconfigure_s=circuits.reconfiguration.value)
    wanted = np.zeros((node.blocks, node.blocks))
    for block in range(node.blocks):
        for other in ((block + 1) % node.blocks, (block - 1) % node.blocks):
            wanted[block, other] = 1e9 * node.block
    rows = []
    for count in failures:
        try:
            hurt = whole.with_failures([0] * count) if count else whole
        except InfeasibleError:
            break
        ports = hurt.usable_ports()
        rows.append(
            {
                "failed_links": float(count),
                "circuits_left": float(ports[0]),
                "bandwidth_left": float(ports[0]) / float(whole.usable_ports()[0]),
                "phase_relaid_s": hurt.phase_time(wanted),
                "phase_as_laid_s": hurt.phase_time(wanted, relaid=False),
            }
        )
    return rows


def groups_sharing(inputs: Inputs, plan: Plan) -> list[dict[str, Any]]:
    """Return by how much the groups of a plan slow each other on the network between servers when all exchange at once.

    No more cards are laid out than ``MOST_CARDS``: whole replicas of the plan, fewer of them.
    """
    if inputs.scenario.cluster.fabric is None or inputs.servers < 2:
        return []
    small = _cut(inputs)
    per_server = int(inputs.parts.server.cards.value)
    inner = plan.tp * plan.cp * plan.pp
    degrees = {"tp": plan.tp, "cp": plan.cp, "pp": plan.pp, "dp": max(1, small.cards // inner)}
    placed = Placement(degrees, cards_per_server=per_server, order=("tp", "cp", "dp", "pp"))
    if placed.cards > small.cards:
        raise InputError(
            f"a replica of the plan has {inner} cards; only {MOST_CARDS} of the cluster are laid out"
        )
    graph = _between(small)
    rows = []
    for axis in ("tp", "cp", "dp", "pp"):
        if degrees[axis] > 1:
            groups = placed.groups(axis)
            shared = contention(graph, groups, cards_per_server=per_server)
            rows.append(
                {
                    "groups": axis,
                    "members": degrees[axis],
                    "of_them_in_a_server": placed.local(axis),
                    "slower_together": shared.factor,
                }
            )
    return rows
