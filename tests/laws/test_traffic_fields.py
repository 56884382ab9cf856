"""Law: what a workload's traffic states moves the requests, or it is said that nothing reads it."""

import logging
from typing import Any

import numpy as np
import pytest

from clustersim.assemble.traffic import requests_of
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.quantity import _tell

LENGTH = {"mean": 900, "shape": "lognormal", "spread": 0.7}
DRAWN: dict[str, Any] = {
    "requests": 200,
    "rate": "3 1/s",
    "prompt": LENGTH,
    "output": {**LENGTH, "mean": 200},
}
SESSIONS = {"turns": {"mean": 4}, "first": {"mean": 500}, "added": {"mean": 100}, "pause": "5 s"}
TRAFFIC: dict[str, dict[str, Any]] = {
    "poisson": DRAWN,
    "gamma": {**DRAWN, "process": "gamma", "burstiness": 2},
    "diurnal": {**DRAWN, "process": "diurnal", "swing": 0.5},
    "constant": {**DRAWN, "prompt": {"mean": 900, "shape": "constant"}},
    "uniform": {**DRAWN, "output": {"mean": 900, "shape": "uniform", "spread": 0.5}},
    "trace": {"trace": "azure-conv", "requests": 200},
    "users": {**DRAWN, "closed_loop": {"users": 8, "think": "3 s"}},
    "sessions": {"requests": 200, "rate": "1 1/s", "output": LENGTH, "sessions": SESSIONS},
    "users of sessions": {
        "requests": 200, "output": LENGTH, "sessions": SESSIONS, "closed_loop": {"users": 8},
    },
}  # fmt: skip
CHANGES: dict[str, Any] = {
    "rate": "5 1/s", "burstiness": 4, "swing": 0.3, "period": "2 h", "load_factor": 2, "requests": 150, "skip": 3,
    "columns": ["a", "b", "c"], "prompt.mean": 1300, "prompt.spread": 0.4, "output.mean": 333, "output.spread": 0.3,
    "sessions.pause": "50 s", "sessions.turns.mean": 9, "closed_loop.think": "9 s", "closed_loop.users": 80,
}  # fmt: skip


def seen(traffic: dict[str, Any]) -> Any:
    """What the engine gets of a workload's traffic: no arrivals where users ask when they are answered."""
    inputs = load_inputs("serve-qwen3-32b", {"traffic": traffic})
    (work,) = inputs.scenario.demand.values()
    assert isinstance(work, ServingWorkload)
    requests, _ = requests_of(work, 7)
    loop = work.traffic.closed_loop
    arrivals = [] if loop is not None else np.asarray(requests.arrival).tolist()
    users = None if loop is None else (loop.users, loop.think.value)
    pauses = None if work.traffic.sessions is None else work.traffic.sessions.pause.value
    return arrivals, np.asarray(requests.prompt).tolist(), np.asarray(requests.output).tolist(), users, pauses


def changed(traffic: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    first, _, rest = key.partition(".")
    if not rest:
        return {**traffic, first: value}
    return {**traffic, first: changed(traffic[first], rest, value)}


@pytest.mark.parametrize("kind", TRAFFIC)
def test_a_stated_field_moves_the_requests_or_is_said(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    traffic = TRAFFIC[kind]
    before = seen(traffic)
    for key, value in CHANGES.items():
        if "." in key and key.partition(".")[0] not in traffic:
            continue
        if kind == "trace" and key in {"skip", "columns"}:  # how a file is read; this one is shipped
            continue
        _tell.cache_clear()
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            moved = seen(changed(traffic, key, value)) != before
        said = [r.getMessage() for r in caplog.records if "and not read" in r.getMessage()]
        names = (f"traffic.{key.partition('.')[0]} ", f"lengths.{key.rpartition('.')[2]} ")
        assert moved != any(text.startswith(names) for text in said), (key, said)
