"""The search over plans loses nothing: it is one plan at a time, only faster."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from clustersim.columns import Column
from clustersim.errors import ClusterSimError, InfeasibleError
from clustersim.perf.job import TrainJob
from clustersim.perf.plan import SCHEDULES, Plan
from clustersim.perf.search import PlanSpace, plan_numbered, search_plans, search_points
from clustersim.perf.shortlist import PlanErrors, best_of_kinds, fastest_rate
from clustersim.perf.step import train_step
from tests.laws.test_perf_laws import CARD, MIXTURE, MODEL, network

SCHEDULES_TO_SEARCH = tuple(name for name in SCHEDULES if name != "interleaved")
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


@pytest.mark.parametrize("model", [MODEL, MIXTURE])
def test_points_take_the_plan_that_each_finds_alone(model) -> None:  # type: ignore[no-untyped-def]
    space = replace(SPACE, zero=(1, 3), sequence_parallel=(True,))
    rng = np.random.default_rng(18)
    memory = CARD.memory_bytes * np.append(rng.uniform(0.02, 1.0, 11), 1e-6)
    speed = CARD.memory_bandwidth * rng.uniform(0.1, 3.0, 12)
    memory[3], speed[3] = memory[2], speed[2]
    job = TrainJob(card=CARD, network=network(), model=model, cards=32, global_batch=64, seq_len=4096)
    card: Any = replace(CARD, memory_bytes=Column(memory), memory_bandwidth=Column(speed))
    found = search_points(replace(job, card=card), space)
    plans = set()
    for point in range(12):
        alone = replace(job, card=replace(CARD, memory_bytes=memory[point], memory_bandwidth=speed[point]))
        try:
            best = search_plans(alone, space, top=1).best[0]
        except InfeasibleError:
            assert found.number[point] == -1 and np.isinf(found.time[point])
            continue
        plan = plan_numbered(alone, space, int(found.number[point]))
        assert found.time[point] == pytest.approx(best.step_time_s, rel=1e-12)
        assert found.memory[point] == pytest.approx(best.memory_bytes, rel=1e-12)
        assert train_step(alone.with_plan(plan)).step_time_s == pytest.approx(best.step_time_s, rel=1e-12)
        plans.add(plan)
    assert len(plans) > 2 and found.number[-1] == -1


def test_points_without_a_kept_plan_are_searched_together() -> None:
    """One call answers them all, as a search at each alone does; where nothing fits it says so."""
    space, errors = replace(SPACE, zero=(1, 3), sequence_parallel=(True,)), PlanErrors({})
    job = TrainJob(card=CARD, network=network(), model=MODEL, cards=32, global_batch=64, seq_len=4096)
    memory = CARD.memory_bytes * np.geomspace(0.09, 0.3, 6)
    kept = (search_plans(job, space, top=1).best[0].plan,)
    alone = [replace(job, card=replace(CARD, memory_bytes=one)) for one in memory]
    best = [best_of_kinds(one, space, errors)[0] for one in alone]
    assert all(train_step(job.with_plan(kept[0])).memory.total > one for one in memory)
    assert len({found.plan for found in best}) > 1
    card: Any = replace(CARD, memory_bytes=Column(memory))
    rate = fastest_rate(replace(job, card=card), kept, space, errors, "")
    assert rate.values == pytest.approx([job.tokens / found.step_time_s for found in best], rel=1e-12)
    card = replace(CARD, memory_bytes=Column(memory * 1e-6))
    with pytest.raises(InfeasibleError, match="take more cards or offload"):
        fastest_rate(replace(job, card=card), kept, space, errors, "")


def test_impossible_questions() -> None:
    job = TrainJob(card=CARD, network=network(), model=MODEL, cards=8, global_batch=8, seq_len=128)
    with pytest.raises(InfeasibleError, match="no plan can lay out"):
        search_plans(
            replace(job, model=replace(MODEL, layers=6, heads=31, kv_heads=31), cards=7, global_batch=13)
        )
    with pytest.raises(InfeasibleError, match="take more cards or offload"):
        search_plans(replace(job, card=replace(CARD, memory_bytes=1e9)))


@pytest.mark.parametrize("layers", [61, 94, 126])
def test_uneven_layers_are_offered_pipelines(layers: int) -> None:
    job = TrainJob(
        card=CARD,
        network=network(),
        model=replace(MODEL, layers=layers),
        cards=64,
        global_batch=128,
        seq_len=4096,
    )
    found = search_plans(job, replace(SPACE, ep=(1,), interleave=(1, 2, 4)), top=1000).best
    assert {2, 4, 8, 16} <= {f.plan.pp for f in found}
    for one in found[:20]:
        assert train_step(job.with_plan(one.plan)).step_time_s == pytest.approx(one.step_time_s, rel=1e-12)


def test_schedules_are_words_of_a_search() -> None:
    job = TrainJob(card=CARD, network=network(), model=MIXTURE, cards=32, global_batch=64, seq_len=4096)
    words = replace(SPACE, recompute=("full",), zero=(1,), sequence_parallel=(True,))
    plain = search_plans(job, words)
    every = search_plans(job, replace(words, schedule=SCHEDULES_TO_SEARCH), top=400)
    assert every.best[0].step_time_s <= plain.best[0].step_time_s
    assert {f.plan.schedule for f in every.best} > {"1f1b", "interleaved", "zb_h1"}
    for one in every.best[:40]:
        assert train_step(job.with_plan(one.plan)).step_time_s == pytest.approx(one.step_time_s, rel=1e-12)
    assert (
        next(o for o in every.others if o.choice == "schedule").found.plan.schedule
        != every.best[0].plan.schedule
    )
