"""The table that ``make bench`` prints: task, figure, method, limit, growth exponent. Nothing here asserts a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

_ROWS: list[Row] = []


@dataclass(frozen=True)
class Row:
    """One measured task."""

    task: str
    figure: str
    method: str
    limit: str = ""
    growth: str = ""


@pytest.fixture
def say(benchmark: Any) -> Callable[..., None]:
    """Put a row into the table."""

    def said(task: str, figure: str, method: str, limit: str = "", growth: str = "") -> None:
        benchmark.extra_info["said"] = True
        _ROWS.append(Row(task, figure, method, limit, growth))

    return said


def seconds(runs: Iterable[Callable[[], object]]) -> float:
    """Return the median processor time of some runs, the first of which only warms up."""
    spent = []
    for run in runs:
        begin = time.process_time()
        run()
        spent.append(time.process_time() - begin)
    return float(np.median(spent[1:]))


def exponent(sizes: Sequence[float], spent: Sequence[float]) -> str:
    """Return the power of the size that the time grows with, over the sizes that were measured."""
    slope = np.polyfit(np.log(sizes), np.log(np.maximum(spent, 1e-9)), 1)[0]
    return f"{slope:.2f} ({min(sizes):,.0f} to {max(sizes):,.0f})"


def _whole_calls(config: Any) -> list[Row]:
    session = getattr(config, "_benchmarksession", None)
    found = [] if session is None else [b for b in session.benchmarks if not b.has_error]
    # A benchmark that puts rows of its own into the table only holds its place in the list.
    found = [b for b in found if not b.extra_info.get("said")]
    return [
        Row(
            b.name.removeprefix("test_").replace("_", " "),
            f"{b.stats.median * 1e3:,.4g} ms",
            f"processor time, median of {b.stats.rounds}",
        )
        for b in found
    ]


def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    """Print the table."""
    rows = [*_ROWS, *_whole_calls(config)]
    if not rows:
        return
    terminalreporter.write_line("\n| task | figure | method | limit | growth exponent |")
    terminalreporter.write_line("|---|---|---|---|---|")
    for r in rows:
        terminalreporter.write_line(f"| {r.task} | {r.figure} | {r.method} | {r.limit} | {r.growth} |")
