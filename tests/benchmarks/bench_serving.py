"""Speed of request serving: the Azure hour, a million requests, a hundred replicas (pytest-benchmark)."""

from __future__ import annotations

import numpy as np
import pytest

from clustersim.des.serving.book import Requests
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.metrics import records
from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.des.serving.run import counts
from clustersim.des.serving.settings import Pool
from clustersim.des.serving.traces import shipped_trace

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
