"""Speed of studies on one core: points of the chain in a batch, a band, a whole sensitivity study, one warm point.

Method: processor time of this process, the best of three after one warm run. A line says task, figure and limit.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from clustersim.planner.uncertainty import headlines, one_side
from clustersim.study.driver import run_in_memory
from clustersim.study.execute import evaluate, question_of
from clustersim.study.space import parse_axis
from clustersim.study.spec import StudySpec, input_distributions, make_spec, read_study, sampled_spec

SCENARIO = "br166-1024"
#: Keys of our own card and site; a tariff is an event of the market, which every product line answers.
OWN = ("cards.BR166M.memory.bandwidth=2500:3500 GB/s:90", "tco.pue=1.1:1.4:91")
LONG_RUN = ("tco.staff=2:5 MCNY/year:90", "reliability.mttf_scale=0.5:2:91")
ALL_LINES = ("tco.tariff=0.3:0.9 CNY/kWh:8190",)


def seconds(run: Callable[[], object]) -> float:
    run()
    best = float("inf")
    for _ in range(3):
        begin = time.process_time()
        run()
        best = min(best, time.process_time() - begin)
    return best


def say(capsys: pytest.CaptureFixture[str], task: str, figure: str, limit: str) -> None:
    with capsys.disabled():
        print(f"\n| {task} | {figure} | processor time, best of three, warm | {limit} |")


def sweep(*vary: str) -> StudySpec:
    return make_spec("sweep", SCENARIO, axes=[parse_axis(text) for text in vary])


@pytest.mark.parametrize(
    ("task", "vary", "limit"),
    [
        ("chain points in a batch, a card's number and a site's", OWN, "50,000/s"),
        ("chain points in a batch, the long run and a site's number", LONG_RUN, "50,000/s"),
        ("chain points in a batch, all product lines", ALL_LINES, "5,000/s"),
    ],
)
def test_points_of_the_chain(task: str, vary: tuple[str, ...], limit: str, capsys, benchmark) -> None:  # type: ignore[no-untyped-def]
    spec = sweep(*vary)
    spent = benchmark.pedantic(lambda: seconds(lambda: evaluate(spec, 0, spec.total)), rounds=1)
    say(capsys, task, f"{spec.total / spent:,.0f}/s", f">= {limit}")


def test_a_sensitivity_study(capsys, benchmark) -> None:  # type: ignore[no-untyped-def]
    file = read_study("target-price")

    def run() -> None:
        inputs = input_distributions(file.scenario, dict(file.set), file.inputs)
        spec = sampled_spec(
            "sobol", file.scenario, inputs, sets=dict(file.set), seed=file.seed, points=file.points
        )
        run_in_memory(spec, workers=1)

    spent = benchmark.pedantic(lambda: seconds(run), rounds=1)
    say(capsys, "sensitivity of the target price, 9,984 runs, without start-up", f"{spent:.2f} s", "<= 3 s")


def test_a_band(capsys, benchmark) -> None:  # type: ignore[no-untyped-def]
    load = one_side(SCENARIO, {})
    spent = benchmark.pedantic(lambda: seconds(lambda: headlines(load, count=1024)), rounds=1)
    say(capsys, "a band of 1,024 points", f"{spent:.3f} s", "<= 0.1 s")


@pytest.mark.parametrize("vary", [OWN, ALL_LINES])
def test_one_warm_point(vary: tuple[str, ...], capsys, benchmark) -> None:  # type: ignore[no-untyped-def]
    spec = sweep(*vary)
    question = question_of(spec)
    spent = benchmark.pedantic(
        lambda: seconds(lambda: [question.alone(spec.point(i)) for i in range(10)]), rounds=1
    )
    say(
        capsys,
        f"one chain point from its files, varying {', '.join(spec.varied)}",
        f"{spent / 10 * 1e3:.1f} ms",
        "<= 1 ms",
    )
