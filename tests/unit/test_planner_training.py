"""Training asked backwards: what is found can be run, and the front is one."""

import pytest

from clustersim.perf.step import train_step
from clustersim.planner.training import Question, best_plans, chosen_workload
from clustersim.schema.load_inputs import load_inputs


def asked(scenario: str) -> Question:
    inputs = load_inputs(scenario)
    return Question(inputs, chosen_workload(inputs, "training"))


def test_what_is_found_can_be_run() -> None:
    question = asked("nanjing-1024")
    for found in best_plans(question, top=5).best:
        step = train_step(question.job.with_plan(found.plan))
        assert step.step_time_s == pytest.approx(found.step_time_s, rel=1e-12)
        assert step.memory.total == pytest.approx(found.memory_bytes, rel=1e-12)
        assert sum(step.stage_layers) == question.job.model.layers


def test_every_kinds_front_is_ordered_and_nothing_on_it_is_beaten() -> None:
    for result in best_plans(asked("br166-1024")).results:
        times = [f.step_time_s for f in result.front]
        sizes = [f.memory_bytes for f in result.front]
        assert times == sorted(times) and sizes == sorted(sizes, reverse=True)
