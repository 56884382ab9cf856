"""The search over plans loses nothing: it is one plan at a time, only faster."""

from dataclasses import replace
from itertools import product

import pytest

from clustersim.errors import ClusterSimError, InfeasibleError, InputError
from clustersim.perf.job import TrainJob
from clustersim.perf.plan import Plan
from clustersim.perf.search import PlanSpace, search_plans
from clustersim.perf.step import train_step
from clustersim.planner.training import best_plans, cards_for_deadline, goodput
from clustersim.schema.inputs import load_inputs
from tests.laws.test_perf_laws import CARD, MIXTURE, MODEL, network

SPACE = PlanSpace(tp=(1, 2, 4, 8), cp=(1, 2), ep=(1, 4), micro_batch=(1, 2), interleave=(1, 2))


@pytest.mark.parametrize("model", [MODEL, MIXTURE])
def test_the_best_is_the_best_of_all_plans_one_by_one(model) -> None:  # type: ignore[no-untyped-def]
    job = TrainJob(card=CARD, network=network(), model=model, cards=32, global_batch=64, seq_len=4096)
    found = search_plans(job, SPACE, top=5)
    times = []
    stages = range(1, 33)
    for tp, cp, pp, ep, micro, v, recompute, zero, sp in product(
        SPACE.tp, SPACE.cp, stages, SPACE.ep, SPACE.micro_batch, SPACE.interleave, SPACE.recompute, SPACE.zero,
        SPACE.sequence_parallel,
    ):  # fmt: skip
        if 32 % (tp * cp * pp):
            continue
        plan = Plan(
            tp=tp, cp=cp, pp=pp, dp=32 // (tp * cp * pp), ep=ep, micro_batch=micro, interleave=v, recompute=recompute,
            zero=zero, sequence_parallel=sp, schedule="interleaved" if v > 1 else "1f1b",
        )  # fmt: skip
        try:
            one = train_step(job.with_plan(plan))
        except ClusterSimError:
            continue
        times.append((one.step_time_s, one.memory.total, plan))
    assert len(times) == found.fitting
    distinct = sorted({(round(time, 9), round(memory)) for time, memory, _ in times})
    assert [f.step_time_s for f in found.best] == pytest.approx([time for time, _ in distinct[:5]], abs=2e-9)
    for other in found.others:
        own = getattr(found.best[0].plan, other.choice)
        unlike = min(time for time, _, plan in times if getattr(plan, other.choice) != own)
        assert other.found.step_time_s == pytest.approx(unlike, rel=1e-12)
        assert getattr(other.found.plan, other.choice) != own and other.slower_s >= 0
    for found_plan in found.front:
        smaller = [time for time, memory, _ in times if memory < found_plan.memory_bytes * (1 - 1e-9)]
        assert all(time > found_plan.step_time_s * (1 - 1e-12) for time in smaller)


def test_what_is_found_can_be_run() -> None:
    inputs = load_inputs("nanjing-1024", with_incumbent=False)
    from clustersim import assemble

    job = assemble.train_job(inputs.scenario, inputs.hardware)
    for found in best_plans(inputs, top=5).best:
        step = train_step(job.with_plan(found.plan))
        assert step.step_time_s == pytest.approx(found.step_time_s, rel=1e-12)
        assert step.memory.total == pytest.approx(found.memory_bytes, rel=1e-12)


def test_the_front_is_ordered_and_nothing_on_it_is_beaten() -> None:
    front = best_plans(load_inputs("br166-1024", with_incumbent=False)).front
    times = [f.step_time_s for f in front]
    sizes = [f.memory_bytes for f in front]
    assert times == sorted(times) and sizes == sorted(sizes, reverse=True)


def test_a_deadline_is_met_by_the_forward_run_and_missed_by_the_next_smaller() -> None:
    inputs = load_inputs("br166-1024", with_incumbent=False)
    answer = cards_for_deadline(inputs, tokens=1e12, seconds=30 * 86400)
    assert 1e12 / goodput(inputs, answer.plan, answer.cards) <= 30 * 86400
    assert answer.smaller_days is not None and answer.smaller_days > 30


def test_impossible_questions() -> None:
    inputs = load_inputs("br166-1024", with_incumbent=False)
    with pytest.raises(InfeasibleError, match=r"is not reached .* cards take"):
        cards_for_deadline(inputs, tokens=1e18, seconds=86400, most=256)
    with pytest.raises(InputError, match="above zero"):
        cards_for_deadline(inputs, tokens=-1, seconds=86400)
    job = TrainJob(card=CARD, network=network(), model=MODEL, cards=8, global_batch=8, seq_len=128)
    with pytest.raises(InfeasibleError, match="no plan can lay out"):
        search_plans(
            replace(job, model=replace(MODEL, layers=6, heads=31, kv_heads=31), cards=7, global_batch=13)
        )
    with pytest.raises(InfeasibleError, match="take more cards or offload"):
        search_plans(replace(job, card=replace(CARD, memory_bytes=1e9)))
