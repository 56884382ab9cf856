"""The host's time for the tokens of prompts: one request after another, before it may be admitted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.des.serving.book import DONE, Requests
from clustersim.des.serving.closed_form import Fleet, FluidPool, closed_form
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.fluid_inputs import fluid_cost, traffic_of
from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.des.serving.settings import ClosedLoop, Failures, Pool
from clustersim.des.serving.stream import Lengths, Stream

TABLE = tuple(0.01 + 2e-5 * n for n in range(1025))


def cost(host_s: float) -> ReplicaCost:
    return ReplicaCost(TABLE, 2e-5, 1e-8, 1e-10, 1e-6, 100_000, host_s=host_s)


def burst(count: int, prompt: int = 200, output: int = 8) -> Requests:
    return Requests(np.zeros(count), np.full(count, prompt), np.full(count, output))


def ttft(host_s: float, requests: Requests, **more: object) -> np.ndarray:
    run = simulate(requests, Pool(1, cost(host_s), Batching(1024, 64)), **more)  # type: ignore[arg-type]
    assert all(status == DONE for status in run.book.status)
    return np.array(run.book.first) - np.array(run.book.arrival)


def test_one_request_waits_for_its_own_tokens() -> None:
    alone, with_host = ttft(0.0, burst(1))[0], ttft(1e-4, burst(1))[0]
    assert with_host - alone == pytest.approx(200 * 1e-4)


def test_requests_at_once_wait_one_after_another() -> None:
    found = np.sort(ttft(1e-3, burst(5)))
    assert np.all(np.diff(found) >= 0.2 - 0.05)
    assert found[-1] >= 5 * 200 * 1e-3


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 500), min_size=1, max_size=20), st.floats(0.0, 5e-4), st.floats(0.0, 5e-4),
    st.sampled_from(["arrivals", "loop", "coalesced"]),
)  # fmt: skip
def test_more_host_time_never_brings_a_first_token_sooner_in_the_mean(
    prompts: list[int], less: float, more: float, how: str
) -> None:
    n = len(prompts)
    requests = Requests(np.linspace(0.0, 0.5, n), np.array(prompts), np.full(n, 5))
    low, high = sorted((less, more))
    given_: dict[str, object] = {"closed_loop": ClosedLoop(3)} if how == "loop" else {}
    # A request held back may meet fewer others in its iteration: only its own host time is certain.
    assert np.mean(ttft(high, requests, **given_)) >= np.mean(prompts) * high
    assert np.mean(ttft(high, requests, **given_)) >= np.mean(ttft(low, requests, **given_)) * (1 - 0.35)


def test_stepping_gives_the_same_schedule() -> None:
    requests = Requests(np.linspace(0.0, 1.0, 12), np.arange(20, 260, 20), np.arange(3, 15))
    both = [
        simulate(requests, Pool(1, cost(2e-4), Batching(256, 4, coalesce=flag))) for flag in (True, False)
    ]
    assert list(both[0].book.finish) == pytest.approx(list(both[1].book.finish), rel=1e-9)


def test_failing_replicas_lose_what_the_host_prepares() -> None:
    run = simulate(
        burst(30), Pool(2, cost(1e-3), Batching(1024, 64)), failures=Failures(0.4, 0.1, 200),
        rng=np.random.default_rng(1),
    )  # fmt: skip
    assert run.failures > 0
    assert all(status == DONE for status in run.book.status)


def test_the_closed_form_is_bound_by_the_host_and_says_where_requests_queue_for_it() -> None:
    stream = traffic_of(Stream(1.0, Lengths(500, "constant"), Lengths(50, "constant")))
    found = [
        closed_form(
            Fleet(FluidPool(fluid_cost(cost(0.0)), Batching(1024, 64), host_s=h)), stream, rate_per_s=[r]
        )
        for h, r in ((0.0, 0.5), (1e-3, 0.5), (1e-3, 1.5))
    ]
    assert found[1].saturated_per_s[0] == pytest.approx(min(2.0, found[0].saturated_per_s[0]))
    assert "host" not in found[1].why[0]
    assert "host" in found[2].why[0]


def test_the_hosts_of_attention_ranks_work_side_by_side() -> None:
    def last(ranks: int, count: int) -> float:
        pool = Pool(1, replace(cost(1e-3), ranks=ranks), Batching(1024, 64))
        return float(max(simulate(burst(count), pool).book.first))

    assert last(4, 4) == pytest.approx(last(4, 1), abs=0.05)
    assert last(4, 5) >= last(4, 4) + 0.2 - 0.05
    assert last(1, 4) >= 4 * 0.2
