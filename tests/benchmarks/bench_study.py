"""Speed of studies: points per second, the overhead over a bare loop, and what a second process brings."""

import time

from clustersim.pipeline import run_chain
from clustersim.schema.inputs import load_inputs
from clustersim.study import driver, execute
from clustersim.study.driver import run_in_memory
from clustersim.study.space import parse_axis
from clustersim.study.spec import make_spec


def spec(points: int):  # type: ignore[no-untyped-def]
    return make_spec("sweep", "nanjing-1024", axes=[parse_axis(f"tco.tariff=0.3:0.9 CNY/kWh:{points}")])


def test_points_of_the_whole_chain(benchmark) -> None:  # type: ignore[no-untyped-def]
    study = spec(200)
    benchmark.extra_info["points"] = 200
    benchmark.pedantic(lambda: run_in_memory(study, workers=1), rounds=3)


def test_the_chain_once_warm(benchmark) -> None:  # type: ignore[no-untyped-def]
    inputs = load_inputs("nanjing-1024")
    benchmark(lambda: run_chain(inputs, replications=0))


def _slow_rows(study, start: int, stop: int):  # type: ignore[no-untyped-def]
    """Points of 10 ms each, so that what remains is the study's own cost."""
    rows = []
    for index in range(start, stop):
        until = time.perf_counter() + 0.01
        while time.perf_counter() < until:
            pass
        rows.append({"point": index, "tco.tariff": "0.3 CNY/kWh", "tokens_per_s": 1.0, "error": ""})
    return rows


def _timed(workers: int, points: int) -> float:
    begin = time.perf_counter()
    run_in_memory(spec(points), workers=workers)
    return time.perf_counter() - begin


def test_overhead_and_two_processes(benchmark, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(execute, "evaluate", _slow_rows)
    monkeypatch.setattr(driver, "evaluate", _slow_rows)
    points = 600
    begin = time.perf_counter()
    _slow_rows(None, 0, points)
    bare = time.perf_counter() - begin
    one = benchmark.pedantic(lambda: _timed(1, points), rounds=1)
    two = _timed(2, points)
    with capsys.disabled():
        print(
            f"\nbare loop {bare:.2f} s, study {one:.2f} s ({one / bare - 1:+.1%}), two processes x{one / two:.2f}"
        )
