"""Laws of the training step, for all plans."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clustersim.errors import ClusterSimError
from clustersim.fabric.network import Network
from clustersim.perf.card import Card
from clustersim.perf.job import TrainJob
from clustersim.perf.memory import memory_per_card
from clustersim.perf.model import Model
from clustersim.perf.plan import Plan, Software
from clustersim.perf.shapes import layer_seconds, shape_efficiency
from clustersim.perf.step import StepTime, estimate_step

SOFTWARE = st.builds(
    Software, flash_attention=st.booleans(), layer_overhead_s=st.sampled_from((0.0, 1e-3)),
    gradient_bytes=st.sampled_from((2.0, 4.0)),
)  # fmt: skip
CARD = Card(
    name="X", peak={"bf16": 4e14}, memory_bytes=80e9, memory_bandwidth=2e12, gemm_efficiency=0.8,
    memory_efficiency=0.85, host_link_bandwidth=5e10,
)  # fmt: skip
MODEL = Model(
    name="m",
    layers=32,
    hidden=4096,
    heads=32,
    kv_heads=8,
    head_dim=128,
    ffn_hidden=14336,
    gated=True,
    vocab=128256,
)
MIXTURE = replace(MODEL, name="moe", experts=16, experts_per_token=2, expert_ffn_hidden=4096, moe_layers=32)


def network(wiring: str = "switched", up: float = 3e11, out: float = 2.5e10) -> Network:
    return Network(
        scale_up_size=8, scale_up_bandwidth=up, scale_up_latency=3e-6, scale_up_wiring=wiring, scale_up_efficiency=0.8,
        scale_out_bandwidth=out, scale_out_latency=1e-5, scale_out_efficiency=0.9,
    )  # fmt: skip


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    pp = draw(st.sampled_from([1, 2, 4, 8]))
    interleave = draw(st.sampled_from([1, 2])) if pp > 1 else 1
    return Plan(
        tp=draw(st.sampled_from([1, 2, 4, 8])), pp=pp, dp=draw(st.sampled_from([1, 2, 8])),
        cp=draw(st.sampled_from([1, 2])), interleave=interleave, micro_batch=draw(st.sampled_from([1, 2])),
        schedule="interleaved" if interleave > 1 else draw(st.sampled_from(["gpipe", "1f1b", "zb_h1"])),
        sequence_parallel=draw(st.booleans()), recompute=draw(st.sampled_from(["none", "selective", "full"])),
        zero=draw(st.integers(0, 3)), software=draw(SOFTWARE), offload_optimizer=draw(st.booleans()),
    )  # fmt: skip


def job(plan: Plan, card: Card = CARD, net: Network | None = None, model: Model = MODEL) -> TrainJob:
    return TrainJob(
        card=card,
        network=net or network(),
        model=model,
        plan=plan,
        cards=plan.cards,
        global_batch=128,
        seq_len=4096,
    )


def step(plan: Plan, card: Card = CARD, net: Network | None = None, model: Model = MODEL) -> StepTime:
    try:
        return estimate_step(job(plan, card, net, model))
    except ClusterSimError:
        assume(False)
        raise


@settings(max_examples=100, deadline=None)
@given(plans(), st.sampled_from(["switched", "full_mesh"]))
def test_terms_sum_to_the_step_and_none_is_negative(plan: Plan, wiring: str) -> None:
    one = step(plan, net=network(wiring))
    parts = [getattr(one.terms, f.name) for f in fields(one.terms)]
    assert sum(parts) == pytest.approx(one.step_time_s, rel=1e-12)
    assert min(parts) >= 0
    assert 0 < one.mfu <= one.hfu <= 1


@settings(max_examples=80, deadline=None)
@given(plans())
def test_the_step_is_never_faster_than_the_roofline(plan: Plan) -> None:
    one = step(plan)
    # Fused causal attention skips half of the square that model FLOPs count.
    counted = one.tokens * 6.0 * MODEL.active_parameters
    assert one.step_time_s >= counted / (CARD.peak["bf16"] * plan.cards)


@settings(max_examples=80, deadline=None)
@given(plans(), st.sampled_from(["peak", "memory", "up", "out"]), st.floats(1.0, 8.0))
def test_a_faster_part_never_slows_the_step(plan: Plan, part: str, factor: float) -> None:
    before = step(plan).step_time_s
    card, net = CARD, network()
    if part == "peak":
        card = replace(CARD, peak={"bf16": 4e14 * factor})
    elif part == "memory":
        card = replace(CARD, memory_bandwidth=2e12 * factor)
    else:
        net = network(
            up=3e11 * (factor if part == "up" else 1), out=2.5e10 * (factor if part == "out" else 1)
        )
    assert step(plan, card, net).step_time_s <= before * (1 + 1e-12)


WAVES = replace(CARD, compute_units=108.0)


@settings(max_examples=80, deadline=None)
@given(plans())
def test_shapes_never_beat_the_best_rate_and_a_faster_part_never_slows_them(plan: Plan) -> None:
    one = step(plan, WAVES)
    counted = one.tokens * 6.0 * (MODEL.active_parameters - MODEL.vocab * MODEL.hidden)
    assert one.terms.compute_s + one.terms.recompute_s >= counted / (4e14 * 0.8 * plan.cards) * (1 - 1e-9)
    for faster in (replace(WAVES, peak={"bf16": 8e14}), replace(WAVES, memory_bandwidth=4e12)):
        assert step(plan, faster).step_time_s <= one.step_time_s * (1 + 1e-12)


sides = st.floats(1.0, 2e5)


@given(sides, sides, sides, st.floats(1, 64), st.sampled_from([20.0, 108.0, 132.0]))
def test_a_shape_reaches_some_of_the_best_rate(
    m: float, n: float, k: float, groups: float, units: float
) -> None:
    share = float(shape_efficiency(m, n, k, groups, units))
    assert 0 < share <= 1
    assert float(shape_efficiency(n, m, k, groups, units)) == pytest.approx(share)
    assert float(shape_efficiency(m, n, 2 * k, groups, units)) >= share


@given(st.lists(st.sampled_from([1, 2, 4, 8]), min_size=2, max_size=20))
def test_layers_of_many_plans_are_those_of_each(degrees: list[int]) -> None:
    words = {"rate": 2.5e14, "bandwidth": 1.7e12, "units": 108.0}
    for model, mixture in ((MODEL, False), (MIXTURE, True)):
        kind = {**words, "mixture": mixture}
        many = layer_seconds(model, Plan(tp=np.array(degrees)), 4096.0, **kind)  # type: ignore[arg-type]
        each = [layer_seconds(model, Plan(tp=tp), 4096.0, **kind) for tp in degrees]  # type: ignore[arg-type]
        assert pytest.approx(np.array(each), rel=1e-12) == np.asarray(many).T


def test_one_card_communicates_nothing() -> None:
    terms = step(Plan(recompute="none", zero=0)).terms
    assert (
        terms.exposed_tp_s
        == terms.exposed_pp_s
        == terms.exposed_dp_s
        == terms.exposed_cp_s
        == terms.bubble_s
        == 0
    )


@settings(max_examples=60, deadline=None)
@given(plans())
def test_more_zero_and_more_recomputation_never_need_more_memory(plan: Plan) -> None:
    def total(**change: object) -> float:
        return memory_per_card(job(replace(plan, **change))).total  # type: ignore[arg-type]

    sizes = [total(zero=z) for z in (0, 1, 2, 3)]
    assert sizes == sorted(sizes, reverse=True)
    kept = [total(recompute=r) for r in ("none", "selective")]
    assert kept[0] >= kept[1]


def test_offloaded_activations_cost_what_the_host_link_cannot_hide() -> None:
    plan = Plan(tp=2, pp=4, dp=2, recompute="none")
    away = replace(plan, offload_activations=True)
    slow, fast = replace(CARD, host_link_bandwidth=1e9), replace(CARD, host_link_bandwidth=1e14)
    assert step(away, fast).step_time_s == pytest.approx(step(plan).step_time_s, rel=1e-9)
    assert step(away, slow).terms.offload_s > step(away).terms.offload_s >= 0
    kept, moved = (memory_per_card(job(p)) for p in (plan, away))
    assert moved.activations < kept.activations


def test_experts_handed_on_inside_a_domain_cross_less() -> None:
    once = Plan(tp=1, dp=32, ep=16)
    copies = replace(once, software=Software(expert_forwarding=False))
    one, many = (step(p, model=MIXTURE).terms.exposed_ep_s for p in (once, copies))
    assert 0 < one < many
    inside = Plan(tp=1, dp=32, ep=8)
    both = [step(replace(inside, software=s), model=MIXTURE).terms.exposed_ep_s
            for s in (Software(), Software(expert_forwarding=False))]  # fmt: skip
    # Two of eight cards hold a token's two experts seven times of eight: once to each card is (1 - (7/8)^2) of 2/8.
    assert both[0] < both[1]
    assert both[0] == pytest.approx(both[1] * (8 * (1 - (7 / 8) ** 2)) / 2, rel=0.02)


def test_experts_add_their_exchange() -> None:
    base = Plan(tp=2, dp=8, zero=1)
    assert step(replace(base, ep=8), model=MIXTURE).terms.exposed_ep_s > 0
    assert step(base, model=MIXTURE).terms.exposed_ep_s == 0
