"""A larger coherent domain is bought: it adds parts, power and price, and never slows a step at equal bandwidth."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clustersim.assemble.purchase import purchase
from clustersim.assemble.supernode import joined
from clustersim.assemble.training import train_job
from clustersim.errors import InfeasibleError, InputError
from clustersim.fabric.collectives import KINDS, collective_time
from clustersim.fabric.network import Network
from clustersim.fabric.supernode import Supernode
from clustersim.perf.step import estimate_step
from clustersim.pipeline.site import run_site
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs

SIZES = (8, 16, 32, 64, 128, 256, 512)


def _site(profile: str, cards: int, **sets: object) -> Inputs:
    keys = {
        "cluster.supernode.profile": profile, "cluster.supernode.cards": cards,
        "demand.pretrain.plan": {"tp": 8, "pp": 8, "dp": 64, "zero": 1}, **sets,
    }  # fmt: skip
    return load_inputs("br20x-4096", keys, with_incumbent=False)


@pytest.mark.parametrize("profile", ["electrical", "optical"])
@pytest.mark.parametrize(
    "plan",
    [{"tp": 8, "pp": 8, "dp": 64, "zero": 1}, {"tp": 2, "pp": 1, "dp": 2048, "zero": 3, "recompute": "none"}],
)
def test_a_larger_domain_costs_parts_power_and_price_and_slows_nothing(profile: str, plan: object) -> None:
    # Circuits as fast as the card's own links: equal bandwidth per card.
    equal = {"supernodes.optical.circuits.degree": 12, "supernodes.optical.circuits.spare_links": 0}
    before = None
    for cards in SIZES:
        inputs = _site(
            profile, cards, **(equal if profile == "optical" else {}), **{"demand.pretrain.plan": plan}
        )
        found, bought = joined(inputs), purchase(inputs)
        work = inputs.scenario.demand["pretrain"]
        step = estimate_step(train_job(inputs, work)).step_time_s  # type: ignore[arg-type]
        now = (found.parts.links, bought.provisioned_it_w, bought.bill.total_cny, bought.racks.total)
        if before is None:
            assert found.parts.links == 0
            base = now
        else:
            assert all(a <= b for a, b in zip(before[0], now, strict=True)), cards
            assert all(a < b for a, b in zip(base[:3], now, strict=False)), cards
            assert step <= before[1] * (1 + 1e-12), cards
        before = now, step


def test_the_bill_power_and_racks_hold_what_joins_the_domains() -> None:
    inputs = _site("optical", 128)
    found, node = joined(inputs), purchase(inputs)
    lines = {line.part: line.quantity for line in node.bill.lines if line.group == "supernode"}
    assert lines == {
        "supernode-module": found.parts.modules, "supernode-cable": found.parts.cables,
        "supernode-switch": found.parts.switches, "circuit-switch": found.parts.circuit_switches,
    }  # fmt: skip
    assert found.domains == 32 and found.parts.modules == 4096 * 3
    without = purchase(_site("optical", 8))
    assert node.provisioned_it_w - without.provisioned_it_w == pytest.approx(1.1 * found.power_w)


def test_a_domain_that_nobody_sells_is_refused_where_a_price_is_asked() -> None:
    inputs = load_inputs("nanjing-1024", ["cards.BR106M.scale_up.domain=16"], with_incumbent=False)
    with pytest.raises(InputError, match=r"name cluster\.supernode\.profile"):
        purchase(inputs)
    with pytest.raises(InfeasibleError, match="joins at most 1024"):
        purchase(_site("electrical", 2048))
    with pytest.raises(InputError, match="no whole number of servers of 8; 16 would be"):
        purchase(_site("electrical", 12))
    # Racks that are sold whole hold their domain in the server's price.
    whole = load_inputs("nanjing-1024", {"cluster.card": "Ascend-910C", "cluster.server": "cm384",
                                         "cluster.cards": 768, "checkpoint.host.bandwidth": "60 GB/s"},
                        with_incumbent=False)  # fmt: skip
    assert purchase(whole).bill.total_cny > 0


def test_more_failing_links_never_help_and_spares_never_hurt() -> None:
    def kept(**sets: object) -> tuple[float, float]:
        run = run_site(_site("optical", 128, **{k.replace("__", "."): v for k, v in sets.items()}))
        return run.training.expected.ettr, run.cny_per_mtoken

    few = kept()
    many = kept(supernodes__optical__link_failures_per_year="2 1/year")
    assert many[0] < few[0] and many[1] > few[1]
    bare = kept(
        supernodes__optical__link_failures_per_year="2 1/year", supernodes__optical__circuits__spare_links=0
    )
    slow = kept(
        supernodes__optical__link_failures_per_year="2 1/year",
        supernodes__optical__circuits__reconfiguration="10 min",
    )
    assert slow[0] < many[0]
    assert bare[0] != many[0]


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(KINDS),
    st.floats(1e3, 1e10),
    st.sampled_from([1, 2, 4, 8, 16]),
    st.sampled_from([8, 16, 32, 64]),
    st.floats(1.0, 20.0),
    st.floats(1e-6, 5e-6),
)
def test_no_collective_is_slower_in_twice_the_domain(
    kind: str, size: float, domains: int, local: int, faster: float, latency: float
) -> None:
    """From a server on: within one, a chain of cards may take longer than the two NICs that it replaces.

    An exchange of all with all uses links and NICs at once, links within the domain and NICs beyond: where a card's
    links are less than twice its NICs, moving half of the peers from the NICs to the links loads the links more.
    """
    assume(kind != "all_to_all" or faster >= 2.0)
    small = Network(
        scale_up_size=local, scale_up_bandwidth=50e9 * faster, scale_up_latency=latency, scale_up_wiring="switched",
        scale_up_efficiency=0.8, scale_out_bandwidth=50e9, scale_out_latency=17e-6, scale_out_efficiency=0.8,
    )  # fmt: skip
    n, large = local * domains, replace(small, scale_up_size=2 * local)
    here = float(collective_time(kind, size, n, local=local, network=small).total_s)
    there = float(collective_time(kind, size, n, local=min(2 * local, n), network=large).total_s)
    assert there <= here * (1 + 1e-9)


def test_parts_of_a_domain() -> None:
    node = Supernode(wiring="switched", cards=72, per_server=8, bandwidth=300e9, link_rate=50e9)
    parts = node.parts()
    # 432 links on leaves of 32 down: 14 leaves; 432 links up: 7 spines; cables everywhere but beyond the reach.
    assert (parts.switches, parts.cables, parts.modules) == (21, 0, 2 * 864)
    with pytest.raises(InputError, match="unknown"):
        replace(node, wiring="mesh")
