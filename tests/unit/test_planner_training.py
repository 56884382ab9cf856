"""Training asked backwards: what is found can be run, and a deadline is met."""

import pytest

from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.step import train_step
from clustersim.planner.training import best_plans, cards_for_deadline, goodput
from clustersim.schema.inputs import load_inputs


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


def test_deadlines_that_cannot_be_met() -> None:
    inputs = load_inputs("br166-1024", with_incumbent=False)
    with pytest.raises(InfeasibleError, match=r"is not reached .* cards take"):
        cards_for_deadline(inputs, tokens=1e18, seconds=86400, most=256)
    with pytest.raises(InputError, match="above zero"):
        cards_for_deadline(inputs, tokens=-1, seconds=86400)
