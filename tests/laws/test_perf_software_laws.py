"""Laws of what the training software and the data type add to a step."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.perf.exchange import local_members
from clustersim.perf.memory import memory_per_card, stage_memory
from clustersim.perf.plan import Plan, Software
from clustersim.perf.split import stage_layers, stage_load
from clustersim.perf.step import estimate_step
from tests.laws.test_perf_laws import CARD, MIXTURE, MODEL, job, network, plans, step

NARROW = replace(CARD, peak={"bf16": 4e14, "fp8": 8e14}, gemm_efficiency_fp8=0.7)


@settings(max_examples=60, deadline=None)
@given(plans(), st.floats(0, 5e-3), st.floats(0, 5e-3))
def test_a_slower_host_never_speeds_a_step_up(plan: Plan, less: float, more: float) -> None:
    low, high = sorted((less, more))
    fast, slow = (
        step(replace(plan, software=replace(plan.software, host_layer_s=s))).step_time_s for s in (low, high)
    )
    assert fast <= slow * (1 + 1e-12)


def test_no_pass_of_a_layer_is_shorter_than_its_launch() -> None:
    small = replace(MODEL, hidden=256, heads=4, kv_heads=4, head_dim=64, ffn_hidden=1024, vocab=1000)
    plan = Plan(recompute="full", software=Software(host_layer_s=1e-3))
    one = step(plan, model=small)
    busy = one.step_time_s - one.terms.optimizer_s - one.terms.logits_s
    assert busy == pytest.approx(128 * 3 * small.layers * 1e-3, rel=1e-9)
    replayed = step(replace(plan, software=Software(host_layer_s=0.0)), model=small)
    assert replayed.terms.software_s == 0 and replayed.step_time_s < one.step_time_s


def test_a_layer_of_experts_costs_more_in_every_pass() -> None:
    plan = Plan(dp=8, ep=8, recompute="none")
    waits, fixed = (
        step(replace(plan, software=Software(expert_overhead_s=s)), model=MIXTURE).terms.software_s
        for s in (2e-3, 0.0)
    )
    assert waits - fixed == pytest.approx(16 * 2 * MIXTURE.moe_layers * 2e-3)
    assert step(plan, model=MODEL).terms.software_s == 0


@settings(max_examples=60, deadline=None)
@given(plans(), st.floats(0, 1), st.floats(0, 1))
def test_hiding_more_traffic_never_slows_a_step(plan: Plan, less: float, more: float) -> None:
    low, high = sorted((less, more))
    for name in ("tp_overlap", "ep_overlap", "dp_overlap"):
        shares = [replace(plan.software, **{name: share}) for share in (low, high)]
        slow, fast = (step(replace(plan, software=s)).step_time_s for s in shares)
        assert fast <= slow * (1 + 1e-12)


@settings(max_examples=60, deadline=None)
@given(plans())
def test_eight_bits_speed_up_the_products_only(plan: Plan) -> None:
    wide, narrow = (estimate_step(replace(job(plan, NARROW), dtype=dtype)).terms for dtype in ("bf16", "fp8"))
    assert narrow.compute_s < wide.compute_s
    assert narrow.attention_s == wide.attention_s and narrow.logits_s == wide.logits_s
    assert narrow.memory_bound_s > wide.memory_bound_s  # the casts


def test_selective_recomputation_trades_memory_for_a_little_time() -> None:
    none, some, full = (Plan(tp=2, dp=4, recompute=word) for word in ("none", "selective", "full"))
    times = [step(p).step_time_s for p in (none, some, full)]
    sizes = [memory_per_card(job(p)).activations for p in (none, some, full)]
    assert times == sorted(times) and sizes == sorted(sizes, reverse=True)
    assert times[1] - times[0] < 0.2 * (times[2] - times[0])


@given(st.integers(1, 4096), st.sampled_from([1, 2, 4, 8]), st.sampled_from([8, 64, 72]))
def test_a_group_lies_evenly_in_its_domains(group: int, inner: int, size: int) -> None:
    net = replace(network(), scale_up_size=size)
    local = int(local_members(group, inner, net))
    assert group % local == 0 and local * inner <= size
    many = local_members(np.array([group, group]), inner, net)
    assert many.tolist() == [local, local]


def test_a_rack_of_72_holds_64_of_a_group_of_256() -> None:
    net = replace(network(), scale_up_size=72)
    assert int(local_members(256, 1, net)) == 64
    assert int(local_members(72, 1, net)) == 72
    assert int(local_members(144, 1, net)) == 72


def test_experts_split_by_tensors_hold_less_and_gather_more() -> None:
    whole = Plan(tp=4, dp=8, ep=8, zero=1, recompute="none")
    split = replace(whole, etp=4)
    kept = [memory_per_card(job(p, model=MIXTURE)) for p in (whole, split)]
    assert kept[1].weights < kept[0].weights and kept[1].optimizer == pytest.approx(kept[0].optimizer)
    times = [step(p, model=MIXTURE).terms for p in (whole, split)]
    assert times[1].exposed_ep_s > times[0].exposed_ep_s
    assert times[1].compute_s == pytest.approx(times[0].compute_s, rel=0.1)


def test_experts_share_their_states_with_fewer_copies() -> None:
    """Of 8 replicas that exchange experts over 8 cards none holds the same expert: nothing can be shared out."""
    apart = Plan(dp=8, ep=8, zero=1)
    more = replace(apart, dp=16)
    expert = MIXTURE.moe_layers * MIXTURE.experts / 8 * MIXTURE.ffn_params(MIXTURE.expert_ffn_hidden)
    sizes = [memory_per_card(job(p, model=MIXTURE)).optimizer for p in (apart, more)]
    assert sizes[0] > 12 * expert
    assert sizes[1] == pytest.approx(sizes[0] / 2)


def test_the_last_stage_is_the_fullest_where_the_vocabulary_is_large() -> None:
    wide = replace(MODEL, vocab=512_000)
    plan = Plan(tp=2, pp=4, recompute="full")
    terms = memory_per_card(job(plan, model=wide))
    assert terms.logits > 0
    narrow = memory_per_card(job(plan, model=replace(MODEL, vocab=1000)))
    assert narrow.logits == 0


#: Keys of the software of which more never speeds a step up, with two values.
NEVER_FASTER = {
    "scale_loss": (0.0, 0.02), "loss_bytes": (20.0, 52.0), "gather_bytes": (1.0, 2.0), "gate_values": (9.0, 66.0),
    "expert_launch_s": (0.0, 5e-5), "host_layer_s": (0.0, 2e-3), "gradient_bytes": (2.0, 4.0),
    "layer_overhead_s": (0.0, 1e-3),
}  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(plans(), st.sampled_from(sorted(NEVER_FASTER)), st.sampled_from(["bf16", "fp8"]))
def test_what_a_stack_adds_never_speeds_a_step_up(plan: Plan, key: str, dtype: str) -> None:
    fast, slow = (
        estimate_step(
            replace(job(replace(plan, software=replace(plan.software, **{key: value})), NARROW), dtype=dtype)
        ).step_time_s
        for value in NEVER_FASTER[key]
    )
    assert fast <= slow * (1 + 1e-12)


@settings(max_examples=40, deadline=None)
@given(plans())
def test_what_a_stack_hides_or_shares_never_slows_a_step(plan: Plan) -> None:
    base = step(plan).step_time_s
    slow = step(replace(plan, software=replace(plan.software, shard_rate=0.125))).step_time_s
    hides = step(replace(plan, software=replace(plan.software, overlap_sends=True))).step_time_s
    assert hides <= base * (1 + 1e-12) and base <= slow * (1 + 1e-12)


def test_a_rate_that_the_power_limit_sustains_is_the_rate_of_every_product() -> None:
    plan = Plan(tp=2, dp=4)
    full, held = (estimate_step(job(plan, replace(CARD, gemm_sustained=share))).terms for share in (1.0, 0.8))
    assert held.attention_s == pytest.approx(full.attention_s / 0.8)
    assert full.compute_s < held.compute_s <= full.compute_s / 0.8 * (1 + 1e-9)
    assert held.memory_bound_s == full.memory_bound_s


def test_loss_at_scale_is_a_share_of_every_doubling_beyond_a_domain() -> None:
    plan = Plan(dp=128)
    plain, lossy = (
        step(replace(plan, software=Software(scale_loss=loss))).step_time_s for loss in (0.0, 0.01)
    )
    assert lossy == pytest.approx(plain * (1 + 0.01 * np.log2(128 / network().scale_up_size)))
    inside = Plan(dp=int(network().scale_up_size))
    alone, same = (
        step(replace(inside, software=Software(scale_loss=loss))).step_time_s for loss in (0.0, 0.01)
    )
    assert alone == same


def test_one_launch_for_all_experts_saves_those_of_each() -> None:
    plan = Plan(dp=8, ep=2, recompute="none", software=Software(expert_overhead_s=0.0, expert_launch_s=0.0))
    each = step(plan, model=MIXTURE).terms.compute_s
    grouped = replace(plan, software=replace(plan.software, grouped_experts=True))
    assert step(grouped, model=MIXTURE).terms.compute_s < each


def test_a_pass_of_experts_is_no_shorter_than_their_launches() -> None:
    plan = Plan(dp=8, ep=2, recompute="none", software=Software(expert_overhead_s=0.0, host_layer_s=0.0))
    model = replace(MIXTURE, moe_layers=MIXTURE.layers)
    few, many = (
        step(replace(plan, software=replace(plan.software, expert_launch_s=seconds)), model=model).terms
        for seconds in (0.0, 1.0)
    )
    kernels = 4.0 * model.experts / plan.ep
    passes = 2 * model.layers * job(plan, model=model).micro_batches
    busy = many.compute_s + many.attention_s + many.memory_bound_s + many.exposed_tp_s + many.exposed_ep_s
    assert few.software_s == 0
    assert many.software_s + busy == pytest.approx(passes * kernels * 1.0, rel=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 8), st.integers(1, 3))
def test_extra_predictions_count_as_two_layers_each_where_the_head_counts(pp: int, extra: int) -> None:
    model = replace(MODEL, layers=10 * pp - 1 - 2 * extra, prediction_layers=extra)
    layers = stage_layers(model, Plan(pp=pp, loss_slot=True))
    assert sum(layers) == model.layers and layers[:-1] == (10.0,) * (pp - 1)
    assert layers[-1] == 10 - 1 - 2 * extra


def test_experts_hide_their_exchange_under_all_kernels_of_another_pass() -> None:
    plan = Plan(dp=8, ep=8, recompute="none", software=Software(ep_overlap=1.0, interference=0.0))
    bare = replace(plan, software=replace(plan.software, ep_overlap=0.0))
    hidden, exposed = (step(p, model=MIXTURE).terms for p in (plan, bare))
    kernels = exposed.compute_s + exposed.attention_s + exposed.memory_bound_s
    assert hidden.exposed_ep_s == pytest.approx(max(0.0, exposed.exposed_ep_s - kernels), rel=0.05, abs=1e-9)


def test_the_loss_of_separate_operators_holds_more_and_products_kept_hold_less() -> None:
    plan = Plan(zero=3, dp=8, recompute="selective")
    fused, own = (memory_per_card(job(replace(plan, software=Software(logit_bytes=b)))) for b in (6.0, 14.0))
    assert own.logits == pytest.approx(fused.logits * 14 / 6)
    kept = memory_per_card(job(replace(plan, software=Software(saves_products=True))))
    assert kept.activations < fused.activations


def test_operands_that_were_cast_are_kept_narrow() -> None:
    plan = Plan(tp=2, dp=4, recompute="none", software=Software(gather_bytes=1.0))
    wide, narrow = (
        memory_per_card(replace(job(plan, NARROW), dtype=dtype)).activations for dtype in ("bf16", "fp8")
    )
    assert narrow < wide


@settings(max_examples=40, deadline=None)
@given(plans())
def test_gathered_tensors_and_a_stages_messages_are_held_and_pieces_hold_fewer(plan: Plan) -> None:
    held = [
        float(memory_per_card(job(replace(plan, software=replace(plan.software, **change)))).total)
        for change in ({"tp_overlap": 0.5}, {"tp_overlap": 0.0}, {"tp_overlap": 0.0, "stage_buffers": True})
    ]
    assert held == sorted(held)
    one = job(plan)
    sums = 2 * 2.0 * one.micro_tokens * one.model.hidden if plan.tp > 1 and plan.sequence_parallel else 0.0
    assert held[1] - held[0] == pytest.approx(sums)
    assert plan.pp > 1 or held[2] == held[1]


def test_the_last_of_pytorchs_stages_keeps_the_outputs_of_every_micro_batch() -> None:
    plan = Plan(tp=2, pp=2, dp=2, zero=1, recompute="full")
    bare, buffered = (
        stage_memory(job(replace(plan, software=Software(stage_buffers=b))), stage_load(MODEL, plan, 1))
        for b in (False, True)
    )
    each, batches = job(plan).micro_tokens, job(plan).micro_batches
    messages = (2 * batches - 1) * 2 * each * MODEL.hidden / 2
    outputs = batches * 2 * each * MODEL.vocab / 2
    assert buffered.activations - bare.activations == pytest.approx(messages + outputs)
