"""Laws of fabrics that hold for all inputs."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.fabric.algorithms import ALGORITHMS, offered
from clustersim.fabric.collectives import KINDS, collective_time
from clustersim.fabric.maxmin import Usage, fair_rates, flow_times
from clustersim.fabric.network import WIRINGS, Network
from clustersim.fabric.parts import fat_tree_parts, rail_parts
from clustersim.fabric.placement import Placement
from clustersim.fabric.routing import route
from clustersim.fabric.topologies import OpticalSupernode, fat_tree, rail_optimized
from clustersim.fabric.topology import check_connected, network_parts

KIND = st.sampled_from(KINDS)
SIZE = st.floats(1.0, 1e11)
LOCAL = st.sampled_from([1, 2, 4, 8])
DOMAINS = st.integers(1, 64)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    wiring = draw(st.sampled_from(WIRINGS))
    return Network(
        scale_up_size=8,
        scale_up_bandwidth=draw(st.floats(1e9, 2e12)),
        scale_up_latency=draw(st.floats(0.0, 1e-4)),
        scale_up_wiring=wiring,
        scale_up_efficiency=draw(st.floats(0.1, 1.0)),
        scale_out_bandwidth=draw(st.floats(1e9, 2e11)),
        scale_out_latency=draw(st.floats(0.0, 1e-4)),
        scale_out_efficiency=draw(st.floats(0.1, 1.0)),
        oversubscription=draw(st.floats(1.0, 8.0)),
        dies_per_card=draw(st.sampled_from([1, 2])),
        die_bandwidth=draw(st.sampled_from([0.0, 448e9])),
        in_network_reduction=draw(st.booleans()),
        scale_up_reduction_efficiency=draw(st.sampled_from([0.0, 0.66])) if wiring == "switched" else 0.0,
        scale_up_dims=(8,) if wiring == "torus" else (),
    )


@settings(deadline=None)
@given(KIND, SIZE, networks())
def test_one_card_communicates_nothing(kind: str, size: float, network: Network) -> None:
    assert float(collective_time(kind, size, 1, local=1, network=network).total_s) == 0.0


@settings(deadline=None)
@given(KIND, SIZE, LOCAL, DOMAINS, networks(), st.floats(1.0, 10.0))
def test_more_bandwidth_never_slows(
    kind: str, size: float, local: int, domains: int, network: Network, more: float
) -> None:
    before = float(collective_time(kind, size, local * domains, local=local, network=network).total_s)
    for field in ("scale_up_bandwidth", "scale_out_bandwidth", "die_bandwidth"):
        faster = replace(network, **{field: getattr(network, field) * more})
        after = float(collective_time(kind, size, local * domains, local=local, network=faster).total_s)
        assert after <= before * (1 + 1e-12)


@settings(deadline=None)
@given(KIND, SIZE, LOCAL, DOMAINS, networks(), st.floats(1.0, 10.0))
def test_more_latency_or_size_never_quickens(
    kind: str, size: float, local: int, domains: int, network: Network, more: float
) -> None:
    n = local * domains
    before = float(collective_time(kind, size, n, local=local, network=network).total_s)
    for field in ("scale_up_latency", "scale_out_latency", "launch_latency", "oversubscription"):
        slower = replace(network, **{field: getattr(network, field) * more})
        assert float(collective_time(kind, size, n, local=local, network=slower).total_s) >= before * (
            1 - 1e-12
        )
    assert float(collective_time(kind, size * more, n, local=local, network=network).total_s) >= before * (
        1 - 1e-12
    )


@settings(deadline=None)
@given(st.sampled_from(["all_reduce", "broadcast"]), SIZE, LOCAL, DOMAINS, networks())
def test_more_domains_are_never_faster(
    kind: str, size: float, local: int, domains: int, network: Network
) -> None:
    times = collective_time(
        kind, size, np.array([domains, domains + 1]) * local, local=local, network=network
    ).total_s
    assert times[1] >= times[0] * (1 - 1e-12)


@settings(deadline=None)
@given(SIZE, LOCAL, DOMAINS, networks())
def test_gathering_from_more_ranks_is_never_faster(
    chunk: float, local: int, domains: int, network: Network
) -> None:
    n = np.array([domains, domains + 1]) * local
    for kind in ("all_gather", "reduce_scatter", "all_to_all"):
        times = collective_time(kind, chunk * n, n, local=local, network=network).total_s
        assert times[1] >= times[0] * (1 - 1e-12)


@settings(deadline=None)
@given(SIZE, st.integers(2, 7), networks())
def test_a_bigger_group_behind_a_switch_is_never_faster(size: float, k: int, network: Network) -> None:
    # A full mesh and a torus are excepted: a further member brings links; so is reduction in the switch, S(1 + 1/k).
    plain = replace(network, scale_up_reduction_efficiency=0.0)
    if plain.scale_up_wiring not in {"full_mesh", "torus"}:
        n = np.array([k, k + 1])
        times = collective_time("all_reduce", size, n, local=n, network=plain).total_s
        assert times[1] >= times[0] * (1 - 1e-12)


@settings(deadline=None)
@given(KIND, SIZE, LOCAL, DOMAINS, networks())
def test_terms_are_not_negative_and_best_is_best(
    kind: str, size: float, local: int, domains: int, network: Network
) -> None:
    n = local * domains
    t = collective_time(kind, size, n, local=local, network=network)
    terms = (t.latency_s, t.scale_up_transfer_s, t.scale_out_transfer_s, t.die_transfer_s, t.ramp_s)
    assert all(float(term) >= 0 for term in terms)
    assert float(t.total_s) == pytest.approx(sum(float(term) for term in terms))
    # The time between dies is the same for every algorithm and may hide all of a difference.
    for name in offered(kind, network):
        other = collective_time(kind, size, n, local=local, network=network, algorithm=name)
        assert float(t.total_s - t.die_transfer_s) <= float(other.total_s - other.die_transfer_s) * (
            1 + 1e-12
        )


@settings(deadline=None)
@given(SIZE, LOCAL, st.integers(2, 64), networks())
def test_no_all_reduce_beats_its_nics(size: float, local: int, domains: int, network: Network) -> None:
    # Without reduction on the way, 2(m-1)/m S/k must cross every NIC.
    plain = replace(network, in_network_reduction=False)
    least = 2 * (domains - 1) / domains * size / local / float(plain.scale_out_bandwidth)
    for name in ("ring", "tree", "hierarchical"):
        t = collective_time("all_reduce", size, local * domains, local=local, network=plain, algorithm=name)
        assert float(t.total_s) >= least * (1 - 1e-12)


@settings(deadline=None)
@given(st.lists(SIZE, min_size=1, max_size=5), LOCAL, DOMAINS, networks())
def test_arrays_give_what_single_calls_give(
    sizes: list[float], local: int, domains: int, network: Network
) -> None:
    for kind in ALGORITHMS:
        whole = collective_time(kind, np.array(sizes), local * domains, local=local, network=network).total_s
        each = [
            float(collective_time(kind, s, local * domains, local=local, network=network).total_s)
            for s in sizes
        ]
        assert whole.tolist() == pytest.approx(each, rel=1e-12)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    links = draw(st.integers(1, 6))
    capacity = draw(st.lists(st.integers(1, 100), min_size=links, max_size=links))
    path = st.lists(st.integers(0, links - 1), min_size=1, max_size=links, unique=True)
    return Usage.of_paths(draw(st.lists(path, min_size=1, max_size=12)), np.array(capacity, dtype=float))


@settings(deadline=None)
@given(usages())
def test_fair_rates_fill_links_and_every_flow_has_a_bottleneck(usage: Usage) -> None:
    rates = fair_rates(usage)
    load = np.bincount(usage.link, weights=rates[usage.flow], minlength=usage.capacity.size)
    assert np.all(load <= usage.capacity * (1 + 1e-9))
    full = load >= usage.capacity * (1 - 1e-9)
    for flow in range(usage.flows):
        mine = usage.link[usage.flow == flow]
        # Bertsekas and Gallager: on some full link of its path nobody has more than it.
        assert any(
            full[link] and rates[flow] >= rates[usage.flow[usage.link == link]].max() * (1 - 1e-9)
            for link in mine
        )


@settings(deadline=None)
@given(usages(), st.randoms(use_true_random=False))
def test_numbering_flows_anew_changes_nothing(usage: Usage, random: object) -> None:
    order = np.arange(usage.flows)
    random.shuffle(order)  # type: ignore[attr-defined]
    renamed = Usage(order[usage.flow], usage.link, usage.share, usage.capacity, usage.flows)
    assert fair_rates(renamed)[order] == pytest.approx(fair_rates(usage))


@settings(deadline=None)
@given(usages(), st.lists(st.floats(0.1, 100.0), min_size=12, max_size=12))
def test_flows_never_end_before_their_tightest_link_allows(usage: Usage, sizes: list[float]) -> None:
    size = np.array(sizes[: usage.flows])
    ends = flow_times(usage, size)
    for flow in range(usage.flows):
        assert ends[flow] >= size[flow] / usage.capacity[usage.link[usage.flow == flow]].min() * (1 - 1e-9)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 300), st.sampled_from([12.5e9, 25e9, 5e10]), st.sampled_from([1.0, 1.5, 2.0, 3.0]),
    st.sampled_from([16, 32, 64]),
)  # fmt: skip
def test_the_graph_and_the_closed_form_count_the_same(
    servers: int, rate: float, over: float, ports: int
) -> None:
    common = {
        "cards": servers * 8, "nics_per_card": 1, "nic_rate": rate, "ports": ports, "port_rate": 5e10,
        "oversubscription": over,
    }  # fmt: skip
    for graph, parts in (
        (fat_tree(**common), fat_tree_parts(**common, nics_per_server=8)),  # type: ignore[arg-type]
        (rail_optimized(**common), rail_parts(**common, cards_per_server=8)),  # type: ignore[arg-type]
    ):
        check_connected(graph)
        assert network_parts(graph) == parts
        for node, kind in graph.nodes(data="kind"):
            if kind in {"spine", "core"}:
                assert sum(e["links"] for _, _, e in graph.edges(node, data=True)) <= ports


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 60), st.data())
def test_a_route_carries_one_flow_over_shortest_paths(servers: int, data: st.DataObject) -> None:
    graph = fat_tree(cards=servers * 8, nic_rate=5e10, ports=16)
    a, b = (("server", data.draw(st.integers(0, servers - 1))) for _ in range(2))
    usage = route(graph, [(a, b)])
    hops = nx.shortest_path_length(graph, a, b)
    # One unit leaves, one arrives, and each hop carries it whole.
    assert usage.share.sum() == pytest.approx(hops)


@settings(deadline=None)
@given(
    st.permutations(["tp", "cp", "ep", "dp", "pp"]), st.sampled_from([1, 2, 4]), st.sampled_from([1, 2, 3]),
    st.sampled_from([1, 2, 4]),
)  # fmt: skip
def test_groups_of_an_axis_hold_every_card_once(order: list[str], tp: int, dp: int, pp: int) -> None:
    place = Placement({"tp": tp, "dp": dp, "pp": pp}, order=tuple(order))
    for axes in (("tp",), ("dp",), ("pp",), ("tp", "dp")):
        groups = place.groups(*axes)
        assert sorted(groups.ravel().tolist()) == list(range(place.cards))
        assert 1 <= place.local(*axes) <= min(8, groups.shape[1])


@settings(deadline=None)
@given(st.integers(2, 6), st.integers(0, 20), st.data())
def test_circuits_respect_ports_and_demand(blocks: int, failures: int, data: st.DataObject) -> None:
    node = OpticalSupernode(blocks=blocks, cards_per_block=16, degree=2, spare_links=3)
    node = node.with_failures([data.draw(st.integers(0, blocks - 1)) for _ in range(failures)])
    want = np.array(
        data.draw(st.lists(st.integers(0, 9), min_size=blocks**2, max_size=blocks**2)), dtype=float
    )
    want = want.reshape(blocks, blocks)
    laid = node.circuits(want + want.T)
    assert np.array_equal(laid, laid.T)
    assert np.all(laid.sum(axis=1) <= node.usable_ports())
    off = ~np.eye(blocks, dtype=bool)
    assert np.array_equal((laid > 0)[off], (want + want.T > 0)[off])
