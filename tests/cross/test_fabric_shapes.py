"""Closed forms of dragonflies, optical domains and tori beside fair rates on their graphs, from 64 to 512 cards."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from clustersim.errors import InfeasibleError
from clustersim.fabric.collectives import collective_time
from clustersim.fabric.dragonfly import dragonfly_of
from clustersim.fabric.maxmin import fair_rates, flow_times
from clustersim.fabric.network import Network
from clustersim.fabric.placement import contention
from clustersim.fabric.routing import route
from clustersim.fabric.supernode import Supernode
from clustersim.fabric.topologies import OpticalSupernode, dragonfly, torus
from clustersim.fabric.topology import network_parts

PORT = 5e10
SHAPES = [
    (servers, nics, ports, share)
    for servers, nics, ports, share in itertools.product(
        (8, 16, 32, 48, 64, 100), (2, 4, 8), (12, 16, 24, 32, 64), (1, 2)
    )
    if 64 <= servers * nics <= 512
]


@pytest.mark.parametrize("nics", [2, 4, 8])
def test_a_dragonfly_is_as_slow_as_its_busiest_link(nics: int) -> None:
    tried = 0
    for servers, n, ports, share in SHAPES:
        if n != nics or (servers * nics > 256 and ports < 32):
            continue
        try:
            d = dragonfly_of(servers=servers, nics=n, nic_rate=PORT / share, ports=ports, port_rate=PORT)
        except InfeasibleError:
            continue
        graph = dragonfly(
            groups=d.groups, routers=d.routers, servers_per_router=d.servers_per_router, global_links=d.global_links,
            nic_rate=d.nic_rate, port_rate=PORT, cards_per_server=n, local_links=d.local_links, servers=servers,
        )  # fmt: skip
        parts = network_parts(graph)
        assert (parts.leaf, parts.nics) == (d.parts.leaf, d.parts.nics)
        assert parts.cables - parts.nics == d.parts.cables - d.parts.nics
        everyone = np.arange(servers * n)[np.newaxis]
        ring = contention(graph, everyone, cards_per_server=n).shared[0]
        assert d.nic_rate / d.ring_oversubscription == pytest.approx(float(ring), rel=0.1), d
        spread = contention(graph, everyone, cards_per_server=n, pattern="all_to_all").shared[0]
        alone = d.nic_rate / (servers * n - n)
        assert alone / d.spread_oversubscription == pytest.approx(float(spread), rel=0.1), d
        tried += 1
    assert tried >= 8


def _domain(node: Supernode, wiring: str = "switched", dims: tuple[int, ...] = ()) -> Network:
    several = node.blocks > 1
    return Network(
        scale_up_size=node.cards, scale_up_bandwidth=node.bandwidth, scale_up_latency=0.0, scale_up_wiring=wiring,
        scale_up_efficiency=1.0, scale_out_bandwidth=1e9, scale_out_latency=0.0, scale_out_efficiency=1.0,
        launch_latency=0.0, block_size=node.block if several else 0, block_bandwidth=node.block_bandwidth,
        scale_up_dims=dims,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cards", "block", "degree"), [(64, 32, 2), (128, 32, 3), (256, 32, 6), (512, 64, 2)]
)
def test_an_optical_domain_exchanges_as_its_circuits_allow(cards: int, block: int, degree: int) -> None:
    node = Supernode(
        wiring="optical", cards=cards, per_server=8, bandwidth=300e9, link_rate=50e9, block=block, degree=degree,
        spare_links=2,
    )  # fmt: skip
    graph_of = OpticalSupernode(
        blocks=node.blocks, cards_per_block=block, degree=degree, link_bandwidth=50e9, block_bandwidth=300e9,
        spare_links=2,
    )  # fmt: skip
    network, size = _domain(node), 1e9
    # Everyone to everyone: circuits lie evenly.
    graph = graph_of.graph()
    pairs = [
        (("card", a), ("card", b)) for a, b in itertools.product(range(0, cards, 8), range(cards)) if a != b
    ]
    usage = route(graph, pairs)
    weighted = type(usage)(usage.flow, usage.link, usage.share * 8, usage.capacity, usage.flows)
    # An eighth of the senders, each for eight: what enters and leaves a block is the whole, a card's own link is not.
    ocs = np.isin(usage.link, _links_between_blocks(graph))
    between = type(usage)(
        weighted.flow[ocs], weighted.link[ocs], weighted.share[ocs], weighted.capacity, weighted.flows
    )
    slowest = float(fair_rates(between).min())
    closed = float(collective_time("all_to_all", size, cards, local=cards, network=network).total_s)
    inside = size * (cards - 1) / cards / node.bandwidth
    assert closed == pytest.approx(max(inside, size / cards / slowest), rel=0.1)
    # A ring through all cards in their order, one through each member of a block: circuits lie along the ring.
    wanted = np.zeros((node.blocks, node.blocks))
    for b in range(node.blocks):
        wanted[b, (b + 1) % node.blocks] = wanted[(b + 1) % node.blocks, b] = 1.0
    ring = graph_of.circuits(wanted)
    # Half of the rings go each way round, so that both directions of every circuit carry one.
    lanes = min(int(ring[b, (b + 1) % node.blocks]) for b in range(node.blocks)) * (
        1 if node.blocks == 2 else 2
    )
    moved = 2 * (cards - 1) / cards * size
    border = moved / (lanes * 50e9)
    reduce = float(
        collective_time("all_reduce", size, cards, local=cards, network=network, algorithm="ring").total_s
    )
    assert reduce == pytest.approx(max(moved / 300e9, border), rel=0.1)


def _links_between_blocks(graph: object) -> np.ndarray:
    edges = list(graph.edges())  # type: ignore[attr-defined]
    return np.array(
        [2 * i + side for i, (a, b) in enumerate(edges) for side in (0, 1) if "ocs" in (a[0], b[0])]
    )


@pytest.mark.parametrize("dims", [(8, 8), (4, 4, 4), (4, 8, 8), (8, 8, 8), (5, 5, 5)])
def test_rings_of_a_torus_are_exact_and_spread_traffic_is_its_bisection(dims: tuple[int, ...]) -> None:
    cards, link = int(np.prod(dims)), 50e9
    graph, bandwidth = torus(dims=dims, link_rate=link), 2 * len(dims) * link
    node = Supernode(wiring="torus", cards=cards, per_server=1, bandwidth=bandwidth, link_rate=link)
    network = _domain(node, "torus", dims)
    # Rings along the first dimension, both ways at once: each runs at a link's rate.
    row = [("card", i, *(0 for _ in dims[1:])) for i in range(dims[0])]
    ways = [(a, b) for a, b in zip(row, row[1:] + row[:1], strict=True)]
    usage = route(graph, ways + [(b, a) for a, b in ways])
    moved = 2 * (dims[0] - 1) / dims[0] * 1e9
    times = flow_times(usage, moved / 2)
    closed = collective_time("all_reduce", 1e9, dims[0], local=dims[0], network=network, algorithm="ring")
    assert float(closed.total_s) == pytest.approx(float(times.max()), rel=1e-12)
    # Everyone to everyone from one card; by symmetry every link carries what one card puts on all of a dimension.
    first = ("card", *(0 for _ in dims))
    others = [node for node in graph if node != first]
    usage = route(graph, [(first, other) for other in others])
    edges = list(graph.edges())
    axis = np.array([next(i for i in range(len(dims)) if a[i + 1] != b[i + 1]) for a, b in edges])
    load = np.bincount(axis[usage.link // 2], usage.share, minlength=len(dims)) / 2
    closed = collective_time("all_to_all", 1e9, cards, local=cards, network=network)
    assert float(closed.total_s) == pytest.approx(1e9 / cards * float(load.max()) / link, rel=0.01)
