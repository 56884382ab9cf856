"""What the memory of stages keeps: a study of any length must not grow with its points."""

from __future__ import annotations

import numpy as np
import pytest

from clustersim.columns import Column, held
from clustersim.workloads import work
from clustersim.workloads.work import StageCache


def test_columns_are_kept_up_to_a_number_of_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: 4,096 results were kept whatever they held, so each block of a study stayed for good."""
    monkeypatch.setattr(work, "MOST_HELD", 1_000)
    cache, ran = StageCache(), []

    def result(n: int) -> dict[str, object]:
        ran.append(n)
        return {"rate": Column(np.full(300, float(n))), "name": "step"}

    for n in range(20):
        cache.get("step", n, lambda n=n: result(n))  # type: ignore[misc]
    for n in (17, 18, 19):
        cache.get("step", n, lambda n=n: result(n))  # type: ignore[misc]
    assert ran == list(range(20)), "the newest three hold 900 numbers and are remembered"
    cache.get("step", 16, lambda: result(16))
    assert ran[-1] == 16, "a fourth would hold 1,200: the oldest was let go"


def test_plain_results_do_not_push_one_another_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A result without columns takes no numbers, and one larger than the limit is kept alone."""
    monkeypatch.setattr(work, "MOST_HELD", 10)
    cache = StageCache(3)
    for n in range(3):
        assert cache.get("step", n, lambda n=n: n) == n  # type: ignore[misc]
    assert [cache.get("step", n, lambda: -1) for n in range(3)] == [0, 1, 2]
    large = Column(np.arange(100.0))
    assert cache.get("large", 0, lambda: large) is large
    assert cache.get("large", 0, lambda: None) is large
    assert held(large) == 100
