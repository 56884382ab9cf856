"""Speed of request serving: the Azure hour, a million requests, a hundred replicas (pytest-benchmark)."""

from __future__ import annotations

import time

import numpy as np
import pytest

from clustersim.compiled import COMPILES
from clustersim.des.serving.arrivals import draw_parts
from clustersim.des.serving.book import Requests
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.fleet import serve_parts
from clustersim.des.serving.metrics import records
from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.des.serving.run import counts
from clustersim.des.serving.settings import Pool
from clustersim.des.serving.traces import shipped_trace
from tests.benchmarks.conftest import exponent

COST = ReplicaCost(tuple(0.012 + 70e-6 * n for n in range(8193)), 70e-6, 1.2e-7, 1e-10, 5e-6, 120_000)
RULES = Batching(max_tokens=2048, max_sequences=256)


@pytest.fixture(scope="module")
def azure() -> Requests:
    return shipped_trace("azure-conv").requests


def copies(requests: Requests, count: int, gap_s: float) -> Requests:
    span = float(requests.arrival[-1]) + gap_s
    return Requests(
        np.concatenate([requests.arrival + i * span for i in range(count)]),
        np.tile(requests.prompt, count),
        np.tile(requests.output, count),
    )


@pytest.mark.parametrize("router", ["round_robin", "least_loaded"])
def test_azure_hour_with_records(benchmark, azure, router) -> None:
    def hour():
        return records(simulate(azure, Pool(4, COST, RULES), router=router))

    rows = benchmark.pedantic(hour, rounds=5, warmup_rounds=1)
    assert np.isfinite(rows["e2e_s"]).all()


@pytest.mark.parametrize("replicas", [1, 100])
def test_cost_per_request_by_replicas(benchmark, azure, replicas) -> None:
    busy = azure.faster(0.4 * replicas)
    run = benchmark.pedantic(
        lambda: simulate(busy, Pool(replicas, COST, RULES), router="least_loaded"), rounds=3, warmup_rounds=1
    )
    assert counts(run)["completed"] == len(azure)


def test_a_million_requests(benchmark, azure) -> None:
    many = copies(azure, 52, 1.0)
    run = benchmark.pedantic(lambda: simulate(many, Pool(4, COST, RULES)), rounds=1)
    assert counts(run)["completed"] == len(many) == 1_007_032


@pytest.mark.parametrize("router", ["round_robin", "least_loaded"])
def test_a_fleet_by_parts(benchmark, say, router) -> None:
    """A thousand replicas: the time of fifty million requests is told from runs of up to a fiftieth of them."""
    pool, sizes, spent = Pool(1000, COST, RULES), [250_000, 1_000_000], []
    for count in sizes[:1] * COMPILES + sizes:  # with numba the first run only compiles
        parts = draw_parts(
            count, part=250_000, rate=2500.0, prompt_mean=1000, output_mean=200, rng=np.random.default_rng(1)
        )
        begun = time.process_time()
        serve_parts(parts, pool, router=router)
        spent.append(time.process_time() - begun)
    spent = spent[-2:]
    benchmark.pedantic(lambda: None, rounds=1)
    say(
        f"50,000,000 requests on 1,000 replicas, {router}",
        f"{spent[-1] / sizes[-1] * 5e7:,.0f} s",
        f"processor time of {sizes[-1]:,} requests, times {5e7 / sizes[-1]:g}"
        f"{', compiled' if COMPILES else ', without numba'}",
        "<= 600 s",
        exponent(sizes, spent),
    )
