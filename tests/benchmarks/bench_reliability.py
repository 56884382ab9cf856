"""Speed of long runs. Run with ``make bench``; nothing here asserts a time."""

from dataclasses import replace

import numpy as np

from clustersim.des.training.components import failure_classes
from clustersim.des.training.fidelity import expected_goodput, run_fidelity
from clustersim.des.training.run import Contention, Extras
from clustersim.des.training.simulate import simulate_run
from tests.laws.test_reliability_laws import make_run


def test_ten_thousand_replications_vectorised(benchmark) -> None:  # type: ignore[no-untyped-def]
    benchmark.extra_info["replications"] = 10_000
    benchmark(lambda: run_fidelity(make_run(), 1, replications=10_000))


def test_one_simulated_month_plain(benchmark) -> None:  # type: ignore[no-untyped-def]
    benchmark(lambda: simulate_run(make_run(), np.random.default_rng(1)))


def test_one_simulated_month_with_everything_on(benchmark) -> None:  # type: ignore[no-untyped-def]
    extras = Extras(
        infant_factor=1.0, lemon_share=0.1, lemon_factor=5.0, burst_share=0.1, hang_share=0.2, drain_share=0.1,
        sdc_delay_s=3600.0, straggler_per_s=1e-5, straggler_slowdown=1.5, warm_spares=2, warm_s=120.0, technicians=2,
        repair_fails=0.2,
    )  # fmt: skip
    storage = Contention(bandwidth=30e9, checkpoint_bytes=1.4e12, other_writes_per_s=1e-4, other_bytes=2e12)
    run = replace(make_run(extras=extras), contention=storage)
    benchmark(lambda: simulate_run(run, np.random.default_rng(1)))


def _per_failure(cards: int, benchmark) -> None:  # type: ignore[no-untyped-def]
    run = replace(
        make_run(), nodes=cards // 8, failures=failure_classes(cards=cards, nodes=cards // 8), repair_s=3600.0
    )
    month = simulate_run(run, np.random.default_rng(1))
    benchmark.extra_info["failures"] = month.failures
    benchmark(lambda: simulate_run(run, np.random.default_rng(1)))


def test_failures_of_1024_cards(benchmark) -> None:  # type: ignore[no-untyped-def]
    _per_failure(1024, benchmark)


def test_failures_of_131072_cards(benchmark) -> None:  # type: ignore[no-untyped-def]
    _per_failure(131_072, benchmark)


def test_the_mean_in_closed_form(benchmark) -> None:  # type: ignore[no-untyped-def]
    benchmark(lambda: expected_goodput(make_run()))


def test_the_mean_with_waits_replayed(benchmark) -> None:  # type: ignore[no-untyped-def]
    run = replace(make_run(12.0, spares=1, extras=Extras(technicians=1)), repair_s=3 * 86400.0)
    benchmark(lambda: expected_goodput(run))
