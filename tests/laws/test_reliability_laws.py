"""Laws of the long run, for all inputs and at every fidelity."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.des.training import fidelity as fidelity_module
from clustersim.des.training.components import FailureClass
from clustersim.des.training.fidelity import expected_goodput, run_fidelity
from clustersim.des.training.replicate import replicate_run
from clustersim.des.training.run import CheckpointLevel, Contention, Extras, Recovery, TrainingRun
from clustersim.des.training.simulate import simulate_run

DAY = 86400.0


def make_run(
    mttf_h: float = 28.8,
    steps_s: float = 300.0,
    spares: int = 4,
    extras: Extras | None = None,
    days: float = 30.0,
) -> TrainingRun:
    rate = 1 / (mttf_h * 3600)
    survives = (("process",), ("process", "node"), ("process", "node", "multi"))
    return TrainingRun(
        nodes=128,
        duration_s=days * DAY,
        failures=(
            FailureClass("software", 0.35 * rate, "process"),
            FailureClass("card", 0.6 * rate, "node", 1024),
            FailureClass("network", 0.05 * rate, "multi"),
        ),
        recovery=Recovery(detect_s=steps_s, localise_s=0.0, reschedule_s=(60.0, 60.0, 60.0), initialise_s=30.0),
        levels=tuple(
            CheckpointLevel(name=n, interval_s=t, blocking_s=1.0, lag_s=lag, restore_s=r, survives=s)
            for n, t, lag, r, s in zip(
                ("host", "partner", "storage"), (600.0, 1800.0, 7200.0), (1.0, 2.0, 60.0), (1.0, 2.0, 60.0), survives,
                strict=True,
            )
        ),
        spare_nodes=spares,
        repair_s=DAY,
        extras=extras or Extras(),
    )  # fmt: skip


EXTRAS = st.builds(
    Extras,
    infant_factor=st.sampled_from([0.0, 2.0]),
    lemon_share=st.sampled_from([0.0, 0.1]),
    lemon_factor=st.just(5.0),
    burst_share=st.sampled_from([0.0, 0.2]),
    hang_share=st.sampled_from([0.0, 0.3]),
    drain_share=st.sampled_from([0.0, 0.3]),
    sdc_delay_s=st.sampled_from([0.0, 3600.0]),
    straggler_per_s=st.sampled_from([0.0, 1e-5]),
    straggler_slowdown=st.just(1.5),
    warm_spares=st.integers(0, 2),
    warm_s=st.just(120.0),
    technicians=st.integers(0, 2),
    repair_fails=st.sampled_from([0.0, 0.3]),
    on_shortage=st.sampled_from(["wait", "shrink"]),
)


@settings(max_examples=60, deadline=None)
@given(EXTRAS, st.floats(2, 200), st.integers(0, 3), st.integers(0, 2**31), st.booleans())
def test_time_is_conserved_exactly_with_everything_on(
    extras: Extras, mttf_h: float, spares: int, seed: int, shared: bool
) -> None:
    run = make_run(mttf_h, spares=spares, extras=extras, days=10)
    if shared:
        run = replace(
            run,
            contention=Contention(
                bandwidth=30e9, checkpoint_bytes=1.4e12, other_writes_per_s=1e-3, other_bytes=2e12
            ),
        )
    month = simulate_run(run, np.random.default_rng(seed))
    parts = (month.productive_s, month.checkpoint_s, month.rework_s, month.slow_s, month.recovery_s)
    assert sum(parts) == pytest.approx(run.duration_s, rel=1e-9)
    assert min(parts) >= -1e-6
    assert month.rework_s == pytest.approx(sum(i.lost_work_s for i in month.incidents), abs=1e-3)
    last = 0.0
    for i in month.incidents:
        assert last - 1e-6 <= i.failed_at_s <= i.resumed_at_s <= run.duration_s
        assert i.lost_work_s >= -1e-6  # a checkpoint never restores work that it did not contain
        last = i.resumed_at_s


@settings(max_examples=40, deadline=None)
@given(st.floats(5, 500), st.floats(10, 2000), st.floats(1.0, 4.0))
def test_sturdier_or_faster_never_lowers_the_expected_ettr(
    mttf_h: float, steps_s: float, factor: float
) -> None:
    base = expected_goodput(make_run(mttf_h, steps_s)).ettr
    assert expected_goodput(make_run(mttf_h * factor, steps_s)).ettr >= base - 1e-12
    assert expected_goodput(make_run(mttf_h, steps_s / factor)).ettr >= base - 1e-12


@pytest.mark.parametrize(
    ("worse", "better"),
    [((24, 300, 2), (48, 300, 2)), ((24, 600, 2), (24, 100, 2)), ((12, 300, 0), (12, 300, 6))],
)
def test_with_common_random_numbers_the_mean_follows(worse, better) -> None:  # type: ignore[no-untyped-def]
    low = replicate_run(make_run(*worse), np.random.default_rng(3), 4000).ettr.mean()
    high = replicate_run(make_run(*better), np.random.default_rng(3), 4000).ettr.mean()
    assert high > low


@pytest.mark.parametrize("fidelity", ["closed", "vector", "des"])
def test_without_failures_only_the_overhead_is_lost(fidelity: str) -> None:
    run = make_run()
    quiet = replace(run, failures=tuple(replace(c, rate_per_s=0.0) for c in run.failures))
    summary = run_fidelity(quiet, 1, fidelity=fidelity, replications=3)
    assert summary.ettr.mean == pytest.approx(1 - quiet.overhead, rel=1e-12)


@pytest.mark.parametrize("fidelity", ["vector", "des"])
def test_the_same_seed_gives_the_same_numbers(fidelity: str) -> None:
    one, two = (run_fidelity(make_run(), 7, fidelity=fidelity, replications=20) for _ in range(2))
    assert one == two


def test_more_replications_never_change_the_earlier_ones() -> None:
    few = run_fidelity(make_run(), 7, fidelity="des", replications=5).runs
    many = run_fidelity(make_run(), 7, fidelity="des", replications=9).runs
    assert many[:5] == few


def test_any_number_of_processes_gives_the_same_months(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fidelity_module, "LONG_S", 0.0)
    one, two = (
        run_fidelity(make_run(), 7, fidelity="des", replications=24, workers=workers) for workers in (1, 2)
    )
    assert one == two


def test_shares_sum_to_one_at_every_fidelity() -> None:
    for fidelity in ("closed", "vector", "des"):
        summary = run_fidelity(make_run(), 1, fidelity=fidelity, replications=30)
        assert sum(summary.shares.values()) == pytest.approx(1.0)
