"""Builders, part counts, routes, placement and contention on cases that can be counted on paper."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from clustersim.errors import InfeasibleError, InputError
from clustersim.fabric.maxmin import Usage, fair_rates, flow_times
from clustersim.fabric.parts import NetworkParts, fat_tree_parts, rail_parts
from clustersim.fabric.placement import Placement, contention
from clustersim.fabric.routing import route
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
from clustersim.fabric.topology import add_link, add_part, check_connected, count_kind, network_parts

GBPS = 1.25e8


@pytest.mark.parametrize("build", [fat_tree, rail_optimized])
@pytest.mark.parametrize(
    ("gbps", "leaf", "spine", "modules"), [(100, 8, 4, 768), (200, 16, 8, 1536), (400, 32, 16, 3072)]
)
def test_the_network_of_1024_cards(build: object, gbps: int, leaf: int, spine: int, modules: int) -> None:
    parts = network_parts(build(cards=1024, nic_rate=gbps * GBPS))  # type: ignore[operator]
    assert (parts.leaf, parts.spine, parts.core) == (leaf, spine, 0)
    assert (parts.switch_side_modules, parts.nic_side_modules, parts.nics) == (modules, 1024, 1024)
    assert parts.switches == leaf + spine


def test_a_small_cluster_needs_one_leaf_and_no_spine() -> None:
    assert fat_tree_parts(cards=16, nics_per_card=1, nic_rate=5e10, ports=64, port_rate=5e10) == NetworkParts(
        leaf=1, spine=0, core=0, nics=16, switch_side_modules=16, nic_side_modules=16, cables=16
    )


def test_three_levels_are_the_textbook_fat_tree() -> None:
    # k = 16 ports: k^3/4 = 1,024 NICs on 128 edge, 128 aggregation and 64 core switches.
    parts = fat_tree_parts(cards=1024, nics_per_card=1, nic_rate=5e10, ports=16, port_rate=5e10)
    assert (parts.leaf, parts.spine, parts.core) == (128, 128, 64)
    graph = fat_tree(cards=1024, nic_rate=5e10, ports=16)
    ends = ("server", 0), ("server", 127)
    assert nx.shortest_path_length(graph, *ends) == 6
    cut, _ = nx.minimum_cut(graph, *ends)
    assert cut == pytest.approx(8 * 5e10)


def test_beyond_three_levels_the_nics_of_a_server_lie_in_planes() -> None:
    parts = fat_tree_parts(cards=131_072, nics_per_card=1, nic_rate=5e10, ports=64, port_rate=5e10)
    assert (parts.leaf, parts.spine, parts.core) == (4096, 4096, 2048)
    with pytest.raises(InfeasibleError, match="even in 8 planes"):
        fat_tree_parts(cards=131_072, nics_per_card=1, nic_rate=5e10, ports=16, port_rate=5e10)


def test_oversubscription_saves_spines() -> None:
    one = fat_tree_parts(cards=3072, nics_per_card=1, nic_rate=5e10, ports=64, port_rate=5e10)
    three = fat_tree_parts(
        cards=3072, nics_per_card=1, nic_rate=5e10, ports=64, port_rate=5e10, oversubscription=3.0
    )
    assert (three.leaf, three.spine, three.core) == (64, 16, 0)
    assert three.switches < one.switches


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        ({"nic_rate": 1e11}, InfeasibleError, "800 Gb/s does not fit a switch port of 400 Gb/s"),
        ({"nic_rate": 0.0}, InputError, "must be positive"),
        ({"cards": 0}, InputError, "at least one NIC"),
        ({"ports": 1}, InputError, "at least 2 ports"),
        ({"oversubscription": 0.5}, InputError, "at least 1"),
    ],
)
def test_impossible_fat_trees(call: dict[str, object], error: type[Exception], words: str) -> None:
    given: dict[str, object] = {
        "cards": 64, "nics_per_card": 1, "nic_rate": 5e10, "ports": 64, "port_rate": 5e10, **call,
    }  # fmt: skip
    with pytest.raises(error, match=words):
        fat_tree_parts(**given)  # type: ignore[arg-type]


def test_rails_need_whole_nics() -> None:
    with pytest.raises(InputError, match=r"2\.4 rails"):
        rail_parts(cards=64, cards_per_server=8, nics_per_card=0.3, nic_rate=5e10, ports=64, port_rate=5e10)
    with pytest.raises(InputError, match="whole"):
        rail_optimized(cards=64, nics_per_card=0.3, nic_rate=5e10)


def test_same_rail_meets_after_one_leaf() -> None:
    graph = rail_optimized(cards=256, nic_rate=5e10)
    assert nx.shortest_path_length(graph, ("server", 0), ("server", 31)) == 2
    assert len(list(nx.common_neighbors(graph, ("server", 0), ("server", 31)))) == 8


def test_a_pair_of_a_full_mesh_has_one_link() -> None:
    mesh = full_mesh(bandwidth=256e9 / 2)
    usage = route(mesh, [(("card", 0), ("card", 1))])
    assert fair_rates(usage)[0] == pytest.approx(128e9 / 7)


def test_dies_hang_on_their_card() -> None:
    mesh = full_mesh(bandwidth=288e9, dies=2, die_bandwidth=448e9)
    assert (count_kind(mesh, "card"), count_kind(mesh, "die")) == (8, 16)
    rate = fair_rates(route(mesh, [(("die", 0, 0), ("die", 0, 1))]))[0]
    assert rate == pytest.approx(448e9)
    with pytest.raises(InputError, match="several dies"):
        switched(bandwidth=1e9, dies=2)


def test_switched_cards_see_their_whole_bandwidth() -> None:
    graph = switched(bandwidth=450e9, switches=4)
    assert fair_rates(route(graph, [(("card", 0), ("card", 5))]))[0] == pytest.approx(450e9)
    assert network_parts(graph).scale_up_switch == 4


def test_pcie_cards_share_the_way_to_the_root() -> None:
    tree = pcie_tree(cards=8, bandwidth=32e9)
    across = [(("card", i), ("card", 4 + i)) for i in range(4)]
    assert fair_rates(route(tree, across)).tolist() == pytest.approx([8e9] * 4)
    assert fair_rates(route(tree, [(("card", 0), ("card", 1))]))[0] == pytest.approx(32e9)


def test_torus_has_two_links_per_card_and_dimension() -> None:
    graph = torus(dims=(4, 3, 2), link_rate=1e10)
    degrees = {d for _, d in graph.degree()}
    assert degrees == {5}  # two, two, and one where the dimension is a pair
    check_connected(graph)


def test_dragonfly_reaches_every_group_in_three_switch_hops() -> None:
    graph = dragonfly(
        groups=5, routers=4, servers_per_router=2, global_links=1, nic_rate=5e10, port_rate=5e10
    )
    check_connected(graph)
    assert nx.shortest_path_length(graph, ("server", 0), ("server", 39)) <= 5
    crossing = sum(
        e["links"] for a, b, e in graph.edges(data=True) if a[0] == b[0] == "leaf" and a[1] != b[1]
    )
    assert crossing == 10
    with pytest.raises(InputError, match="give at least 2 global links"):
        dragonfly(groups=9, routers=4, servers_per_router=1, global_links=1, nic_rate=5e10, port_rate=5e10)


def test_a_disconnected_graph_is_a_clear_error() -> None:
    graph = fat_tree(cards=1024, nic_rate=5e10)
    graph.remove_edges_from(list(graph.edges(("server", 7))))
    with pytest.raises(InputError, match=r"in 2 pieces: 175 part\(s\).*, 1 part\(s\) with \('server', 7\)"):
        check_connected(graph)
    with pytest.raises(InputError, match="no path leads from"):
        route(graph, [(("server", 7), ("server", 0))])
    with pytest.raises(InputError, match="no path leads from"):
        contention(graph, np.array([[7 * 8, 0]]), cards_per_server=8)
    with pytest.raises(InputError, match="no parts"):
        check_connected(nx.Graph())


def test_parts_and_links_are_checked() -> None:
    graph = nx.Graph()
    with pytest.raises(InputError, match="did you mean 'spine'"):
        add_part(graph, "a", "spines")
    add_part(graph, "a", "leaf")
    with pytest.raises(InputError, match="b is no part"):
        add_link(graph, "a", "b", rate=1.0)
    add_part(graph, "b", "spine")
    with pytest.raises(InputError, match="both must be positive"):
        add_link(graph, "a", "b", rate=0.0)
    add_link(graph, "a", "b", rate=2.0)
    add_link(graph, "b", "a", rate=2.0, links=2)
    assert graph.edges["a", "b"]["capacity"] == 6.0


def test_optical_circuits_follow_the_demand() -> None:
    node = OpticalSupernode()
    assert node.cards == 128
    graph = node.graph()
    check_connected(graph)
    assert network_parts(graph).ocs == 2
    assert sum(1 for _, k in graph.nodes(data="kind") if k == "ocs") == 6
    ring = np.zeros((4, 4))
    for a in range(4):
        ring[a, (a + 1) % 4] = ring[(a + 1) % 4, a] = 1.0
    assert node.circuits(ring)[0].tolist() == [0, 31, 0, 31]
    assert node.with_failures([0, 0]).circuits(ring)[0].tolist() == [0, 31, 0, 31]
    assert node.with_failures([0] * 4).circuits(ring)[0].sum() == 60


def test_relaying_circuits_pays_only_for_long_phases() -> None:
    node, pair = OpticalSupernode(), np.zeros((4, 4))
    pair[0, 1] = pair[1, 0] = 1.0
    short, long = pair * 1e9, pair * 1e12
    assert node.phase_time(short, relaid=False) < node.phase_time(short)
    assert node.phase_time(long) < node.phase_time(long, relaid=False)
    assert node.phase_time(np.zeros((4, 4))) == 0.0


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: OpticalSupernode(spare_links=64), InputError, "leave none"),
        (lambda: OpticalSupernode(link_bandwidth=0.0), InputError, "must be positive"),
        (lambda: OpticalSupernode().with_failures([4]), InputError, "blocks 0 to 3"),
        (lambda: OpticalSupernode().with_failures([1] * 64), InfeasibleError, "lost all"),
        (lambda: OpticalSupernode().circuits(np.ones((3, 3))), InputError, "symmetric"),
        (
            lambda: OpticalSupernode(blocks=8, cards_per_block=4, degree=1, spare_links=0).circuits(
                np.ones((8, 8))
            ),
            InfeasibleError,
            "use a ring of blocks",
        ),
    ],
)
def test_impossible_supernodes(call: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()  # type: ignore[operator]


def test_a_limit_caps_a_flow_and_frees_the_rest() -> None:
    usage = Usage.of_paths([[0], [0]], [10.0])
    assert fair_rates(usage, [2.0, np.inf]).tolist() == [2.0, 8.0]
    assert fair_rates(Usage.of_paths([[], [0]], [10.0]), [3.0, 4.0]).tolist() == [3.0, 4.0]


def test_bad_usage_is_refused() -> None:
    with pytest.raises(InputError, match="links 0 to 0"):
        Usage.of_paths([[1]], [1.0])
    with pytest.raises(InputError, match="capacity"):
        fair_rates(Usage.of_paths([[0]], [-1.0]))
    with pytest.raises(InputError, match="never ends"):
        flow_times(Usage.of_paths([[0]], [0.0]), [1.0])
    with pytest.raises(InputError, match="must not be negative"):
        flow_times(Usage.of_paths([[0]], [1.0]), [-1.0])


def test_order_decides_who_is_near() -> None:
    degrees = {"tp": 8, "pp": 4, "dp": 4}
    usual = Placement(degrees)
    assert (usual.local("tp"), usual.local("dp"), usual.local("pp")) == (8, 1, 1)
    turned = Placement(degrees, order=("dp", "pp", "tp"))
    assert (turned.local("dp"), turned.local("tp")) == (4, 1)
    assert turned.groups("dp")[0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Placement({"xp": 2}), "not in the order"),
        (lambda: Placement({"tp": 0}), "at least 1"),
        (lambda: Placement({"tp": 2}, order=("tp", "tp")), "twice"),
        (lambda: Placement({"tp": 2}, cards_per_server=0), "at least one card"),
        (lambda: Placement({"tp": 2}).groups("dq"), "no axis 'dq'"),
    ],
)
def test_impossible_placements(make: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()  # type: ignore[operator]


def test_groups_do_not_disturb_each_other_without_oversubscription() -> None:
    place = Placement({"tp": 8, "pp": 8, "dp": 16})
    for build in (fat_tree, rail_optimized):
        found = contention(build(cards=1024, nic_rate=5e10), place.groups("dp"), cards_per_server=8)
        assert found.factor == pytest.approx(1.0)
        assert found.shared == pytest.approx(np.full(64, 5e10))


def test_an_oversubscribed_leaf_slows_groups_that_all_cross_it() -> None:
    # 3:1, six servers on a leaf. With dp outermost every hop of every ring leaves its leaf.
    graph = fat_tree(cards=768, nic_rate=5e10, oversubscription=3.0)
    place = Placement({"tp": 8, "pp": 12, "dp": 8}, order=("tp", "pp", "dp"))
    assert contention(graph, place.groups("dp"), cards_per_server=8).factor == pytest.approx(3.0)
    near = Placement({"tp": 8, "pp": 12, "dp": 8}, order=("tp", "dp", "pp"))
    assert contention(graph, near.groups("dp"), cards_per_server=8).factor < 2.0


def test_all_to_all_inside_servers_needs_no_network() -> None:
    graph = fat_tree(cards=64, nic_rate=5e10)
    place = Placement({"ep": 8, "dp": 8})
    found = contention(graph, place.groups("ep"), cards_per_server=8, pattern="all_to_all")
    assert np.all(np.isinf(found.shared)) and found.factor == 1.0
    wide = contention(
        graph, Placement({"ep": 16, "dp": 4}).groups("ep"), cards_per_server=8, pattern="all_to_all"
    )
    assert wide.shared == pytest.approx(np.full(4, 5e10 / 8))
    with pytest.raises(InputError, match="did you mean 'ring'"):
        contention(graph, place.groups("ep"), cards_per_server=8, pattern="rings")
    with pytest.raises(InputError, match="needs more servers"):
        contention(graph, np.array([[0, 512]]), cards_per_server=8)
