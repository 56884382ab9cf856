"""Collectives do their formulas, hand-computed."""

from __future__ import annotations

import numpy as np
import pytest

from clustersim.errors import InputError
from clustersim.fabric.algorithms import ALGORITHMS, offered
from clustersim.fabric.collectives import KINDS, RAMP_CAP, bus_factor, collective_time, wire_rate
from clustersim.fabric.network import Network


def network(**changes: object) -> Network:
    fields: dict[str, object] = {
        "scale_up_size": 8, "scale_up_bandwidth": 400e9, "scale_up_latency": 3e-6, "scale_up_wiring": "switched",
        "scale_up_efficiency": 0.75, "scale_out_bandwidth": 50e9, "scale_out_latency": 10e-6,
        "scale_out_efficiency": 0.8, "launch_latency": 5e-6,
    }  # fmt: skip
    return Network(**{**fields, **changes})  # type: ignore[arg-type]


def test_ring_inside_a_domain() -> None:
    t = collective_time("all_reduce", 1e9, 8, local=8, network=network(), algorithm="ring")
    assert float(t.latency_s) == pytest.approx(5e-6 + 14 * 3e-6)
    assert float(t.scale_up_transfer_s) == pytest.approx(1.75e9 / 300e9)
    assert float(t.scale_out_transfer_s) == 0
    assert float(t.ramp_s) == pytest.approx(RAMP_CAP * 47e-6)


def test_ring_between_domains_crosses_on_every_nic() -> None:
    t = collective_time("all_reduce", 1e9, 32, local=8, network=network(), algorithm="ring")
    assert float(t.latency_s) == pytest.approx(5e-6 + 2 * (28 * 3e-6 + 3 * 10e-6))
    assert float(t.scale_out_transfer_s) == pytest.approx(2 * 31 / 32 * 1e9 / 8 / 40e9)
    assert float(t.scale_up_transfer_s) == pytest.approx(
        2 * 31 / 32 * 1e9 / 300e9 - t.scale_out_transfer_s, abs=1e-12
    )


@pytest.mark.parametrize(("domains", "factor"), [(2, 1.0), (3, 1.5), (4, 2.0), (16, 2.0)])
def test_tree_sends_less_with_few_domains(domains: int, factor: float) -> None:
    t = collective_time("all_reduce", 1e9, domains, local=1, network=network(), algorithm="tree")
    assert float(t.scale_out_transfer_s) == pytest.approx(factor * 1e9 / 40e9 / 0.92)
    assert float(t.latency_s) == pytest.approx(5e-6 + 2 * np.ceil(np.log2(domains)) * 10e-6)


def test_hierarchical_moves_the_shard() -> None:
    t = collective_time("all_reduce", 1e9, 32, local=8, network=network(), algorithm="hierarchical")
    assert float(t.scale_out_transfer_s) == pytest.approx(1.5e9 / 8 / 40e9)
    assert float(t.latency_s) == pytest.approx(5e-6 + 2 * (7 * 3e-6 + 3 * 10e-6))


def test_in_switch_reduction() -> None:
    net = network(scale_up_reduction_efficiency=0.5)
    t = collective_time("all_reduce", 1e9, 8, local=8, network=net, algorithm="in_switch")
    assert float(t.scale_up_transfer_s) == pytest.approx(1.125e9 / 200e9)
    assert float(t.latency_s) == pytest.approx(5e-6 + 8 * 3e-6)


def test_in_network_reduction_sends_the_shard_once() -> None:
    net = network(in_network_reduction=True)
    t = collective_time("all_reduce", 1e10, 64, local=8, network=net, algorithm="in_network")
    assert float(t.scale_out_transfer_s) == pytest.approx(1e10 / 8 / 40e9)
    ring = collective_time("all_reduce", 1e10, 64, local=8, network=net, algorithm="ring")
    assert float(t.total_s) < float(ring.total_s)


@pytest.mark.parametrize("kind", ["all_gather", "reduce_scatter"])
def test_half_collectives_move_half_of_an_all_reduce(kind: str) -> None:
    net = network(launch_latency=0.0)
    half = collective_time(kind, 1e9, 32, local=8, network=net, algorithm="ring")
    whole = collective_time("all_reduce", 1e9, 32, local=8, network=net, algorithm="ring")
    assert 2 * float(half.total_s) == pytest.approx(float(whole.total_s))


def test_all_to_all_splits_by_where_the_peers_are() -> None:
    t = collective_time("all_to_all", 1e9, 32, local=8, network=network())
    assert float(t.scale_out_transfer_s) == pytest.approx(1e9 * 24 / 32 / 40e9)
    inside = collective_time("all_to_all", 1e9, 8, local=8, network=network())
    assert float(inside.scale_up_transfer_s) == pytest.approx(1e9 * 7 / 8 / 300e9)


def test_send_uses_one_link_of_a_mesh_and_the_whole_nic() -> None:
    mesh = network(scale_up_wiring="full_mesh")
    near = collective_time("send", 1e9, 2, local=2, network=mesh)
    far = collective_time("send", 1e9, 2, local=1, network=mesh)
    assert float(near.scale_up_transfer_s) == pytest.approx(1e9 / (300e9 / 7))
    assert float(far.scale_out_transfer_s) == pytest.approx(1e9 / 40e9)
    assert float(far.latency_s) == pytest.approx(15e-6)


@pytest.mark.parametrize(("k", "share"), [(2, 1 / 7), (4, 3 / 7), (8, 1.0)])
def test_a_part_of_a_full_mesh_has_only_its_own_links(k: int, share: float) -> None:
    mesh = network(scale_up_wiring="full_mesh")
    assert float(mesh.scale_up_rate(k)) == pytest.approx(300e9 * share)
    t = collective_time("all_reduce", 1e9, k, local=k, network=mesh)
    assert float(t.scale_up_transfer_s) == pytest.approx(2 * (k - 1) / k * 1e9 / (300e9 * share))


def test_dies_are_a_level_of_their_own() -> None:
    slow = network(dies_per_card=2, die_bandwidth=10e9)
    t = collective_time("all_reduce", 1e9, 8, local=8, network=slow, algorithm="ring")
    assert float(t.die_transfer_s) == pytest.approx(1e9 / 10e9 - float(t.scale_up_transfer_s))
    fast = network(dies_per_card=2, die_bandwidth=448e9)
    assert float(collective_time("all_reduce", 1e9, 8, local=8, network=fast).die_transfer_s) == 0


def test_oversubscription_slows_what_crosses() -> None:
    one = collective_time("all_to_all", 1e9, 32, local=8, network=network())
    four = collective_time("all_to_all", 1e9, 32, local=8, network=network(oversubscription=4.0))
    assert float(four.scale_out_transfer_s) == pytest.approx(4 * float(one.scale_out_transfer_s))


def test_best_changes_its_mind_with_the_size() -> None:
    sizes = np.array([1e3, 1e11])
    t = collective_time("all_reduce", sizes, 256, local=8, network=network())
    assert list(np.asarray(t.algorithm)) == ["tree", "ring"]
    for i, name in enumerate(("tree", "ring")):
        alone = collective_time("all_reduce", sizes[i], 256, local=8, network=network(), algorithm=name)
        assert float(t.total_s[i]) == float(alone.total_s)


def test_hierarchical_is_not_offered_but_known() -> None:
    assert offered("all_reduce", network()) == ("ring", "tree")
    assert "hierarchical" in ALGORITHMS["all_reduce"]
    with_switches = network(scale_up_reduction_efficiency=0.6, in_network_reduction=True)
    assert offered("all_reduce", with_switches) == ("ring", "tree", "in_switch")
    between = network(in_network_reduction=True)
    assert offered("all_reduce", between) == ("ring", "tree", "in_network")
    mesh = network(scale_up_reduction_efficiency=0.6, scale_up_wiring="full_mesh")
    assert "in_switch" not in offered("all_reduce", mesh)


def test_arrays_of_networks_broadcast() -> None:
    bandwidths = np.array([25e9, 50e9])
    t = collective_time("all_gather", 1e9, 16, local=8, network=network(scale_out_bandwidth=bandwidths))
    assert t.total_s.shape == (2,)
    assert t.total_s[0] > t.total_s[1]


def test_bus_factors_and_wire_rate() -> None:
    assert float(bus_factor("all_reduce", 4)) == 1.5
    assert float(bus_factor("all_gather", 4)) == 0.75
    assert float(bus_factor("broadcast", 4)) == 1.0
    assert float(wire_rate(78.3e9, 16, 8)) == pytest.approx(5.22e9)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"kind": "all_reduces"}, "did you mean 'all_reduce'"),
        ({"algorithm": "rings"}, "did you mean 'ring'"),
        ({"kind": "all_to_all", "algorithm": "ring"}, "known: best, direct"),
        ({"size": -1.0}, "must not be negative"),
        ({"size": float("nan")}, "must not be negative"),
        ({"local": 16, "n": 16}, "do not share a domain of 8"),
        ({"algorithm": "in_switch"}, "scale_up_reduction_efficiency"),
    ],
)
def test_wrong_calls_say_what_to_do(call: dict[str, object], words: str) -> None:
    given: dict[str, object] = {
        "kind": "all_reduce",
        "size": 1e6,
        "n": 8,
        "local": 8,
        "network": network(),
        **call,
    }
    with pytest.raises(InputError, match=words):
        collective_time(
            given.pop("kind"), given.pop("size"), given.pop("n"), **given  # type: ignore[arg-type]
        )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scale_up_wiring": "meshed"}, "did you mean 'full_mesh'|known"),
        ({"scale_out_bandwidth": 0.0}, "scale_out_bandwidth is 0; it must be finite, positive"),
        ({"scale_up_efficiency": 1.2}, "at most 1"),
        ({"oversubscription": 0.5}, "at least 1"),
        ({"scale_out_latency": float("nan")}, "must be finite"),
        ({"scale_up_bandwidth": np.array([1e9, -1e9])}, "is -1e\\+09"),
    ],
)
def test_impossible_networks_are_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        network(**change)


def test_every_kind_is_free_for_one_card() -> None:
    for kind in KINDS:
        assert float(collective_time(kind, 1e9, 1, local=1, network=network()).total_s) == 0.0
