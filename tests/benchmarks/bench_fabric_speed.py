"""How fast fabrics are evaluated: run with ``make bench``."""

from __future__ import annotations

from typing import Any

import numpy as np

from clustersim.fabric.collectives import collective_time
from clustersim.fabric.maxmin import fair_rates
from clustersim.fabric.network import Network
from clustersim.fabric.parts import fat_tree_parts
from clustersim.fabric.placement import Placement, contention
from clustersim.fabric.routing import route
from clustersim.fabric.topologies import fat_tree
from clustersim.fabric.topology import network_parts
from tests.benchmarks.conftest import exponent, seconds

NETWORK = Network(
    scale_up_size=8, scale_up_bandwidth=450e9, scale_up_latency=3.4e-6, scale_up_wiring="switched",
    scale_up_efficiency=0.8, scale_out_bandwidth=50e9, scale_out_latency=14e-6, scale_out_efficiency=0.94,
)  # fmt: skip


def test_one_collective(benchmark: Any) -> None:
    benchmark(collective_time, "all_reduce", 1e8, 64, local=8, network=NETWORK)


def test_a_hundred_thousand_collectives(benchmark: Any) -> None:
    sizes = np.logspace(3, 10, 100_000)
    benchmark(collective_time, "all_reduce", sizes, 64, local=8, network=NETWORK)


def test_counting_131072_cards(benchmark: Any) -> None:
    benchmark(fat_tree_parts, cards=131_072, nics_per_card=1, nic_rate=25e9, ports=64, port_rate=5e10)


def test_building_and_counting_131072_cards(benchmark: Any) -> None:
    benchmark.pedantic(lambda: network_parts(fat_tree(cards=131_072, nic_rate=25e9)), rounds=3)


def test_contention_of_64_groups_on_1024_cards(benchmark: Any) -> None:
    graph = fat_tree(cards=1024, nic_rate=5e10, oversubscription=3.0)
    groups = Placement({"tp": 8, "pp": 8, "dp": 16}).groups("dp")
    benchmark.pedantic(contention, (graph, groups), {"cards_per_server": 8}, rounds=3)


def test_fair_rates(say: Any, benchmark: Any) -> None:
    graph, rng = fat_tree(cards=8192, nic_rate=5e10), np.random.default_rng(0)
    sizes, routing, filling = [1000, 4000, 16_000], [], []
    for flows in sizes:
        ends = rng.integers(0, 1024, (flows, 2))
        pairs = [(("server", int(a)), ("server", int(b))) for a, b in ends if a != b]
        usages: list[Any] = []
        routing.append(seconds([lambda p=pairs, u=usages: u.append(route(graph, p))] * 2))  # type: ignore[misc]
        filling.append(seconds([lambda u=usages: fair_rates(u[-1])] * 3))  # type: ignore[misc]
    benchmark.pedantic(lambda: None, rounds=1)
    method = "processor time, warm"
    say("routes of 16,000 flows on 8,192 cards", f"{routing[-1]:.2f} s", method, "", exponent(sizes, routing))
    say("fair rates of them", f"{filling[-1]:.2f} s", method, "<= 5 s", exponent(sizes, filling))


def test_routes_by_cards(say: Any, benchmark: Any) -> None:
    sizes, spent, rng = [1024, 4096, 16_384], [], np.random.default_rng(0)
    for cards in sizes:
        graph, ends = fat_tree(cards=cards, nic_rate=5e10), rng.integers(0, cards // 8, (500, 2))
        pairs = [(("server", int(a)), ("server", int(b))) for a, b in ends if a != b]
        spent.append(seconds([lambda g=graph, p=pairs: route(g, p)] * 2))  # type: ignore[misc]
    benchmark.pedantic(lambda: None, rounds=1)
    say(
        "routes of 500 flows on 16,384 cards",
        f"{spent[-1]:.2f} s",
        "processor time",
        "",
        exponent(sizes, spent),
    )
