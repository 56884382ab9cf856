"""Routes beside a walk over every shortest path, and rates with and without the links that say the same."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any

import networkx as nx
import numpy as np
import pytest

from clustersim.errors import InputError
from clustersim.fabric.maxmin import Usage, fair_rates
from clustersim.fabric.routing import route
from clustersim.fabric.topologies import fat_tree
from clustersim.fabric.topology import add_link, add_part


def _by_paths(graph: Any, start: Any, end: Any) -> dict[tuple[Any, Any], float]:
    """The share of a flow on each link: at every hop in proportion to the links that lead on."""
    after: dict[Any, set[Any]] = defaultdict(set)
    for path in nx.all_shortest_paths(graph, start, end):
        for a, b in itertools.pairwise(path):
            after[a].add(b)
    held, shares = defaultdict(float, {start: 1.0}), {}
    for node in sorted(after, key=lambda n: nx.shortest_path_length(graph, start, n)):
        wide = {b: graph.edges[node, b]["capacity"] for b in after[node]}
        for b, capacity in wide.items():
            shares[node, b] = held[node] * capacity / sum(wide.values())
            held[b] += shares[node, b]
    return shares


def _number(graph: Any) -> dict[int, tuple[Any, Any]]:
    return dict(enumerate(ends for a, b in graph.edges for ends in ((a, b), (b, a))))


def _random_graph(seed: int) -> Any:
    rng, graph = np.random.default_rng(seed), nx.Graph()
    for node in range(12):
        add_part(graph, node, "server")
    for node in range(1, 12):
        add_link(graph, node, int(rng.integers(node)), rate=float(rng.integers(1, 4)))
    for _ in range(10):
        a, b = (int(n) for n in rng.integers(0, 12, 2))
        if a != b:
            add_link(graph, a, b, rate=float(rng.integers(1, 4)))
    return graph


@pytest.mark.parametrize(
    "graph", [fat_tree(cards=256, nic_rate=5e10, oversubscription=3.0), *map(_random_graph, range(4))]
)
def test_a_route_is_all_shortest_paths(graph: Any) -> None:
    rng = np.random.default_rng(3)
    parts = [n for n in graph if graph.nodes[n]["kind"] == "server"]
    pairs = [(parts[a], parts[b]) for a, b in rng.integers(0, len(parts), (12, 2))]
    usage, ends = route(graph, pairs), _number(graph)
    assert np.all(np.diff(usage.flow) >= 0)
    for flow, (start, end) in enumerate(pairs):
        mine = usage.flow == flow
        found = {ends[int(i)]: s for i, s in zip(usage.link[mine], usage.share[mine], strict=True)}
        wanted = _by_paths(graph, start, end) if start != end else {}
        assert found == pytest.approx(wanted)


def test_pieces_and_strangers_are_refused() -> None:
    graph = nx.Graph()
    for node in ("a", "b"):
        add_part(graph, node, "server")
    with pytest.raises(InputError, match="no path leads from a to b"):
        route(graph, [("a", "b")])
    with pytest.raises(InputError, match="c is no part"):
        route(graph, [("a", "c")])
    assert route(graph, []).flows == 0


@pytest.mark.parametrize("seed", range(20))
def test_links_that_say_the_same_change_no_rate(seed: int) -> None:
    rng = np.random.default_rng(seed)
    paths = [sorted(set(rng.integers(0, 6, 3).tolist())) for _ in range(9)]
    capacity = rng.integers(1, 5, 6).astype(float)
    limit = np.where(rng.random(9) < 0.3, rng.random(9), np.inf)
    plain = fair_rates(Usage.of_paths(paths, capacity), limit)
    doubled = [[*path, *(link + 6 for link in path)] for path in paths]
    twice = fair_rates(Usage.of_paths(doubled, np.concatenate([capacity, capacity])), limit)
    assert twice.tolist() == plain.tolist()
    assert np.all(plain <= limit)
