"""Speed of the chain on one core: points in a batch, a band, a sensitivity study, one warm point, commands.

Method: processor time of this process, the median of three runs over points that no cache has seen, plans warm.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from resource import RUSAGE_CHILDREN, getrusage

import numpy as np
import pytest

import clustersim as cs
from clustersim.finance.analysis import monte_carlo
from clustersim.pipeline.chain import run_chain
from clustersim.planner.uncertainty import headlines, one_side
from clustersim.schema.load_inputs import load_inputs
from clustersim.study.execute import evaluate
from clustersim.study.outputs import outputs_of
from clustersim.study.space import parse_axis
from clustersim.study.spec import StudySpec, make_spec
from clustersim.workloads.work import StageCache
from tests.benchmarks.conftest import exponent, seconds

METHOD = "processor time, median of three, plans warm, points new to every cache"
#: {} makes the points of every run others. A tariff is an event of the market, which every product line answers.
OWN = ("cards.BR166M.memory.bandwidth=25{}:3500 GB/s:90", "tco.pue=1.1:1.4:91")
LONG_RUN = ("tco.staff=2.0{}:5 MCNY/year:90", "reliability.mttf_scale=0.5:2:91")
ALL_LINES = ("tco.tariff=0.3{}:0.9 CNY/kWh:8190",)
SITE = ("tco.pue=1.1{}:1.4:8190",)
SERVED = ("cards.BR166M.memory.bandwidth=25{}:3500 GB/s:1024",)
#: As `OWN`: every card of a grid stands beside every number of the site.
SERVED_GRID = ("cards.BR166M.memory.bandwidth=25{}:3500 GB/s:20", "tco.pue=1.1:1.4:400")
_RUNS = itertools.count(10)


def sweep(scenario: str, *vary: str) -> StudySpec:
    mark = next(_RUNS)
    return make_spec("sweep", scenario, axes=[parse_axis(text.format(mark)) for text in vary])


def fresh(scenario: str, vary: tuple[str, ...]) -> list[Callable[[], object]]:
    specs = [sweep(scenario, *vary) for _ in range(4)]
    return [lambda spec=spec: evaluate(spec, 0, spec.total) for spec in specs]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("task", "scenario", "vary", "limit"),
    [
        ("training, a card's number and a site's", "br166-1024", OWN, ">= 50,000/s"),
        ("training, the long run and a site's number", "br166-1024", LONG_RUN, ">= 50,000/s"),
        ("training, all product lines", "br166-1024", ALL_LINES, ">= 5,000/s"),
        ("training and serving, a site's number", "br166-mixed", SITE, ">= 20,000/s"),
        ("training and serving, a card's number and a site's", "br166-mixed", SERVED_GRID, ">= 20,000/s"),
        ("training and serving, every point another card", "br166-mixed", SERVED, ">= 20,000/s"),
    ],
)
def test_points_of_the_chain(task, scenario, vary, limit, say, benchmark) -> None:  # type: ignore[no-untyped-def]
    total = sweep(scenario, *vary).total
    spent = benchmark.pedantic(lambda: seconds(fresh(scenario, vary)), rounds=1)
    say(f"chain points in a batch: {task}", f"{total / spent:,.0f}/s", METHOD, limit)


def test_growth_with_the_points(say, benchmark) -> None:  # type: ignore[no-untyped-def]
    sizes = [1024, 4096, 16_384]
    spent = [seconds(fresh("br166-1024", (f"tco.pue=1.1{{}}:1.4:{n}",))) for n in sizes]
    benchmark.pedantic(lambda: None, rounds=1)
    say(f"{sizes[-1]:,} chain points, one number", f"{spent[-1]:.2f} s", METHOD, "", exponent(sizes, spent))


def test_a_band(say, benchmark) -> None:  # type: ignore[no-untyped-def]
    load = one_side("br166-1024", {})
    spent = benchmark.pedantic(lambda: seconds([lambda: headlines(load, count=1024)] * 4), rounds=1)
    say("a band of 1,024 points", f"{spent:.3f} s", "processor time, median of three, warm", "<= 0.1 s")


@pytest.mark.parametrize("vary", [SITE, OWN, ALL_LINES])
def test_one_warm_point(vary, say, benchmark) -> None:  # type: ignore[no-untyped-def]
    spec = sweep("br166-1024", *vary)
    site, points = cs.load("br166-1024"), itertools.count()
    for _ in range(5):  # run, recorded, proven
        site.numbers(spec.point(next(points)))
    runs = [lambda: [site.numbers(spec.point(next(points))) for _ in range(10)]] * 4
    spent = benchmark.pedantic(lambda: seconds(runs), rounds=1)
    say(
        f"one warm chain point from Python, varying {', '.join(spec.varied)}",
        f"{spent / 10 * 1e3:.2f} ms", "Scenario.numbers, replayed; processor time, median of three", "<= 1 ms",
    )  # fmt: skip


def test_one_loaded_point(say, benchmark) -> None:  # type: ignore[no-untyped-def]
    inputs, cache = load_inputs("br166-1024"), StageCache()
    runs = [lambda: outputs_of(run_chain(inputs, replications=0, cache=cache))] * 20
    spent = benchmark.pedantic(lambda: seconds(runs), rounds=1)
    say("one run of loaded inputs", f"{spent * 1e3:.1f} ms", "processor time, median of 19, warm")


def test_ten_thousand_valuations(say, benchmark) -> None:  # type: ignore[no-untyped-def]
    run = run_chain(load_inputs("br166-1024"), replications=0)
    assert run.company is not None
    keys = ("asp_scale", "units_scale", "wacc", "terminal_growth")
    ranges = {key: (0.9 * v, v, 1.1 * v) for key in keys if (v := float(getattr(run.company, key)))}
    rng = np.random.default_rng(1)
    runs = [lambda: monte_carlo(run.company, run.links, ranges, samples=10_000, rng=rng)] * 4
    spent = benchmark.pedantic(lambda: seconds(runs), rounds=1)
    say("10,000 valuations", f"{spent:.3f} s", "processor time, median of three", "<= 0.3 s")


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        ("check br166-1024", "<= 0.35 s"),
        ("train br166-1024", "<= 0.35 s"),
        ("tco br166-1024", "<= 0.35 s"),
        ("explain br166-1024 --set tco.pue=1.2", "<= 0.35 s"),
        ("tco nanjing-1024", ""),
        ("run br166-1024 -o {folder}", "<= 1.2 s"),
        ("sensitivity scenarios/studies/target-price.yaml --workers 1", "<= 3 s"),
    ],
)
def test_a_command(words: str, limit: str, say, benchmark, tmp_path) -> None:  # type: ignore[no-untyped-def]
    spent = []
    # An installed program has its bytecode; the first of the four runs writes it here.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for n in range(4):
        given = words.format(folder=tmp_path / str(n)).split()
        before = getrusage(RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "clustersim", *given], capture_output=True, check=True, env=kept
        )
        after = getrusage(RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    benchmark.pedantic(lambda: None, rounds=1)
    say(
        f"clustersim {words.format(folder='FOLDER')}",
        f"{np.median(spent[1:]):.2f} s",
        "processor time, median of three",
        limit,
    )
