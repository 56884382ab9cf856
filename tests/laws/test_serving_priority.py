"""Laws of priorities: who goes before others waits less, nobody's work is lost, and without a class nothing moves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.des.serving.book import DONE, Requests
from clustersim.des.serving.cluster import first_class, simulate
from clustersim.des.serving.metrics import summarise
from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.des.serving.settings import ClosedLoop, Pool

TABLE = tuple(0.02 + 5e-5 * n for n in range(1025))
COST = ReplicaCost(TABLE, 5e-5, 1e-8, 1e-10, 1e-6, 6_000)


def queue(n: int, gap: float) -> Requests:
    return Requests(np.arange(n) * gap, np.full(n, 200), np.full(n, 30))


@settings(max_examples=20, deadline=None)
@given(st.floats(0.05, 0.95), st.floats(0.0, 0.1), st.booleans())
def test_the_first_class_waits_less_and_all_are_served(share: float, gap: float, loop: bool) -> None:
    more = {"closed_loop": ClosedLoop(20)} if loop else {}
    run = simulate(queue(80, gap), Pool(1, COST, Batching(512, 8)), priority_share=share, **more)  # type: ignore[arg-type]
    assert all(status == DONE for status in run.book.status)
    found = summarise(run).ttft_by_class_s
    if len(found) == 2 and gap < 0.05:
        assert found["first"]["mean"] <= found["others"]["mean"] * 1.05


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_one_class_alone_is_no_class(share: float) -> None:
    plain = simulate(queue(60, 0.02), Pool(1, COST, Batching(512, 8)))
    found = simulate(queue(60, 0.02), Pool(1, COST, Batching(512, 8)), priority_share=share)
    assert list(found.book.finish) == list(plain.book.finish)


def test_equal_requests_wait_as_long_in_the_mean_whoever_goes_first() -> None:
    """Conservation of work (Kleinrock 1965): what one class gains the other loses, where requests are alike."""
    one, two = (
        simulate(queue(200, 0.02), Pool(1, COST, Batching(512, 8, mixed=False)), priority_share=p)
        for p in (0.0, 0.4)
    )
    waits = [np.mean(np.array(r.book.first) - np.array(r.book.arrival)) for r in (one, two)]
    assert waits[1] == pytest.approx(waits[0], rel=0.02)


@given(st.integers(1, 5000), st.floats(0, 1))
def test_the_class_holds_its_share(count: int, share: float) -> None:
    assert sum(first_class(count, share)) == pytest.approx(share * count, abs=4 + 0.01 * count)
