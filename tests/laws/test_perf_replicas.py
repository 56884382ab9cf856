"""Laws of what replicas exchange: sharding, hybrid sharding, units, and what hidden traffic costs."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.perf.memory import memory_per_card
from clustersim.perf.plan import Plan, Software
from clustersim.perf.stage import hidden_under
from tests.laws.test_perf_laws import MIXTURE, MODEL, job, network, plans, step

SHARDED = Plan(dp=64, zero=3, recompute="full")


@settings(max_examples=60, deadline=None)
@given(plans(), st.sampled_from([1, 2, 4]))
def test_sharding_over_all_copies_is_not_hybrid(plan: Plan, micro: int) -> None:
    all_copies = replace(plan, shard=plan.dp * plan.cp)
    assert step(all_copies).step_time_s == pytest.approx(step(plan).step_time_s, rel=1e-12)
    assert memory_per_card(job(all_copies)).total == pytest.approx(memory_per_card(job(plan)).total)


def test_a_wider_shard_holds_less_and_gathers_from_farther() -> None:
    narrow = network(out=2e9)
    widths = [2, 8, 16, 64]
    ways = [replace(SHARDED, shard=width) for width in widths]
    sizes = [memory_per_card(job(way)).total for way in ways]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > 2 * sizes[-1]
    inside, outside = (step(way, net=narrow).terms.exposed_dp_s for way in (ways[1], ways[3]))
    assert inside < outside
    # Of two shards the groups still reduce among one another.
    assert step(ways[0], net=narrow).terms.exposed_dp_s > 0


@settings(max_examples=60, deadline=None)
@given(plans())
def test_gathering_early_never_slows_and_keeping_weights_never_saves_memory(plan: Plan) -> None:
    sharded = replace(plan, zero=3)
    late, early = (step(replace(sharded, prefetch=ahead)).step_time_s for ahead in (0, 1))
    assert early <= late * (1 + 1e-12)
    again, kept = sharded, replace(sharded, reshard=False)
    assert step(kept).step_time_s <= step(again).step_time_s * (1 + 1e-12)
    assert memory_per_card(job(kept)).weights >= memory_per_card(job(again)).weights * (1 - 1e-12)
    one, four = (memory_per_card(job(replace(sharded, unit_layers=u))).weights for u in (1, 4))
    assert one <= four * (1 + 1e-12)


@given(st.floats(0, 10), st.floats(0, 10), st.floats(0, 10), st.floats(0, 0.9))
def test_hidden_traffic_costs_between_nothing_and_itself(
    traffic: float, less: float, more: float, share: float
) -> None:
    low, high = sorted((less, more))
    software = Software(interference=share)
    added = [float(hidden_under(traffic, work, software)) for work in (0.0, low, high)]
    assert added[0] == pytest.approx(traffic) and added == sorted(added, reverse=True)
    assert added[-1] >= share * traffic * (1 - 1e-9) - 1e-12


@settings(max_examples=40, deadline=None)
@given(plans())
def test_interference_and_operators_one_by_one_never_speed_a_step_up(plan: Plan) -> None:
    calm, busy = (
        step(replace(plan, software=replace(plan.software, interference=s))).step_time_s for s in (0.0, 0.3)
    )
    assert calm <= busy * (1 + 1e-12)
    fused, eager = (
        step(replace(plan, software=replace(plan.software, eager=word))).step_time_s for word in (False, True)
    )
    assert fused <= eager * (1 + 1e-12)


def test_an_asynchronous_tensor_exchange_hides_all_but_its_first_piece() -> None:
    plan = Plan(tp=8, recompute="none")
    waits = step(plan).terms.exposed_tp_s
    hides = step(replace(plan, software=Software(tp_overlap=1.0, interference=0.0))).terms.exposed_tp_s
    assert hides == pytest.approx(waits / 8)


def test_dualpipe_hides_experts_for_a_second_copy_of_the_parameters() -> None:
    plain = Plan(pp=4, dp=8, ep=8, recompute="full")
    both = replace(plain, schedule="dualpipe")
    terms = [step(plan, model=MIXTURE).terms for plan in (plain, both)]
    assert terms[1].exposed_ep_s < 0.5 * terms[0].exposed_ep_s
    assert terms[1].bubble_s < terms[0].bubble_s
    held = [memory_per_card(job(plan, model=replace(MIXTURE, vocab=8))).weights for plan in (plain, both)]
    assert held[1] == pytest.approx(2 * held[0])


def test_dense_models_share_states_out_over_a_shard() -> None:
    states = [memory_per_card(job(Plan(dp=16, zero=1, shard=s), model=MODEL)).optimizer for s in (0, 4, 16)]
    assert states[0] == states[2] == pytest.approx(states[1] / 4)
