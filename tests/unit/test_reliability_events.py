"""What only events can answer: ages, lemons, technicians, logs, contention, many jobs; and bad input."""

import json
from dataclasses import replace

import numpy as np
import pytest

from clustersim.des.training.clocks import FailureClock
from clustersim.des.training.components import FailureClass
from clustersim.des.training.fidelity import choose_fidelity, run_fidelity
from clustersim.des.training.log import chrome_trace
from clustersim.des.training.run import Contention, Extras, LoggedFailure, checkpoint_levels
from clustersim.des.training.simulate import simulate_run
from clustersim.errors import InputError
from tests.laws.test_reliability_laws import DAY, make_run


def mean_failures(run, count: int = 150) -> float:  # type: ignore[no-untyped-def]
    return run_fidelity(run, 5, fidelity="des", replications=count).failures.mean


def with_shape(shape: float):  # type: ignore[no-untyped-def]
    run = make_run(28.8)
    return replace(run, failures=(FailureClass("card", 1 / (28.8 * 3600), "node", 128, shape),))


def test_ages_are_kept_so_that_weibull_units_do_not_start_anew() -> None:
    """One life of 154 days per unit: with ages kept, infant mortality (k = 0.7) gives about 51 failures in 30 days.

    A simulator that redraws every unit at each failure gives about 200.
    """
    assert mean_failures(with_shape(0.7)) == pytest.approx(51.2, rel=0.1)
    assert mean_failures(with_shape(2.0)) < 6


def test_infants_fail_more_and_drains_lose_no_work() -> None:
    base = make_run()
    assert mean_failures(replace(base, extras=Extras(infant_factor=2.0))) > 1.5 * mean_failures(base)
    drained = run_fidelity(replace(base, extras=Extras(drain_share=1.0)), 5, fidelity="des", replications=50)
    for month in drained.runs:
        assert all(
            i.lost_work_s == 0
            for i in month.incidents
            if i.domain == "node" and not i.failures_during_recovery
        )


def test_bursts_are_overdispersed() -> None:
    calm = run_fidelity(make_run(), 5, fidelity="des", replications=200).runs
    bursty = run_fidelity(make_run(extras=Extras(burst_share=0.5)), 5, fidelity="des", replications=200).runs

    def dispersion(runs):  # type: ignore[no-untyped-def]
        counts = np.array([r.failures for r in runs])
        return counts.var(ddof=1) / counts.mean()

    assert dispersion(calm) == pytest.approx(1.0, abs=0.3)
    assert dispersion(bursty) > 1.6


def test_lemon_servers_keep_the_average_rate_at_the_start() -> None:
    lemons = replace(
        make_run(extras=Extras(lemon_share=0.15, lemon_factor=5.0)), spare_nodes=30, repair_s=1e9
    )
    # Lemons that fail leave for good here, so that the cluster becomes better than its average.
    assert mean_failures(lemons) < mean_failures(replace(make_run(), spare_nodes=30, repair_s=1e9))


def test_one_technician_makes_the_job_wait() -> None:
    free = replace(make_run(12.0, spares=1), repair_s=2 * DAY)
    one = replace(free, extras=Extras(technicians=1))
    assert (
        run_fidelity(one, 5, fidelity="des", replications=60).ettr.mean
        < run_fidelity(free, 5, fidelity="des", replications=60).ettr.mean
    )


def test_a_shrunk_job_does_better_than_one_that_waits() -> None:
    waits = replace(make_run(12.0, spares=0), repair_s=DAY)
    shrinks = replace(waits, extras=Extras(on_shortage="shrink"))
    low = run_fidelity(waits, 5, fidelity="des", replications=40)
    high = run_fidelity(shrinks, 5, fidelity="des", replications=40)
    assert high.ettr.mean > low.ettr.mean
    assert high.shares["slow"] > 0


def test_late_found_corruption_costs_more_work() -> None:
    run = replace(make_run(), failures=(FailureClass("silent_corruption", 1e-5, "node"),))
    late = replace(run, extras=Extras(sdc_delay_s=6 * 3600.0))
    assert (
        run_fidelity(late, 5, fidelity="des", replications=40).shares["rework"]
        > 2 * run_fidelity(run, 5, fidelity="des", replications=40).shares["rework"]
    )


def test_stragglers_slow_and_never_stop() -> None:
    extras = Extras(straggler_per_s=1 / DAY, straggler_s=7200.0, straggler_slowdown=2.0)
    summary = run_fidelity(make_run(extras=extras), 5, fidelity="des", replications=60)
    # One episode a day of two hours at half speed: 1/24 of the running time.
    assert summary.shares["slow"] == pytest.approx(1 / 24, rel=0.15)
    assert summary.failures.mean == pytest.approx(mean_failures(make_run()), rel=0.15)


def test_a_log_is_replayed_as_it_is() -> None:
    log = (LoggedFailure(3600.0, "card", "node"), LoggedFailure(7200.0, "software", "process"))
    month = simulate_run(replace(make_run(), log=log), np.random.default_rng(1))
    assert [(i.failed_at_s, i.component) for i in month.incidents] == [(3600.0, "card"), (7200.0, "software")]


def test_contention_delays_the_durable_copy() -> None:
    run = replace(make_run(12.0), failures=(FailureClass("network", 1 / (12 * 3600), "multi"),))
    quiet = replace(
        run,
        contention=Contention(
            bandwidth=10e9, checkpoint_bytes=1.4e12, other_writes_per_s=0.0, other_bytes=0.0
        ),
    )
    busy = replace(
        quiet,
        contention=Contention(
            bandwidth=10e9, checkpoint_bytes=1.4e12, other_writes_per_s=1e-3, other_bytes=9e12
        ),
    )
    lost = [run_fidelity(r, 5, fidelity="des", replications=40).shares["rework"] for r in (quiet, busy)]
    assert lost[1] > lost[0]
    assert simulate_run(busy, np.random.default_rng(2)).storage_rate


def test_auto_says_what_needs_events() -> None:
    assert choose_fidelity(make_run(), "auto", 100)[0] == "vector"
    assert choose_fidelity(make_run(), "auto", 1)[0] == "closed"
    chosen, why = choose_fidelity(make_run(extras=Extras(technicians=1)), "auto", 100)
    assert (chosen, "technicians" in why) == ("des", True)
    with pytest.raises(InputError, match="cannot answer technicians"):
        choose_fidelity(make_run(extras=Extras(technicians=1)), "vector", 100)


def test_the_cost_of_a_failure_does_not_grow_with_the_cluster() -> None:
    clock = FailureClock(make_run(), np.random.default_rng(1))
    big = FailureClock(replace(make_run(), nodes=16384), np.random.default_rng(1))
    assert len(clock._heap) == len(big._heap) == 0  # memoryless: nothing is kept per card


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"log": (LoggedFailure(2.0, "a", "node"), LoggedFailure(1.0, "b", "node"))}, "goes back in time"),
        ({"extras": Extras(on_shortage="hope")}, "must be 'wait' or 'shrink'"),
        (
            {
                "contention": Contention(
                    bandwidth=1e8, checkpoint_bytes=1.4e12, other_writes_per_s=0.0, other_bytes=0.0
                )
            },
            "can never drain .* shortest sustainable interval is 14000 s",
        ),
    ],
)
def test_bad_runs(change, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=message):
        replace(make_run(), **change)


def test_an_interval_longer_than_the_run() -> None:
    with pytest.raises(InputError, match="not shorter than the run"):
        make_run(days=0.05)


def test_more_partners_than_servers() -> None:
    with pytest.raises(InputError, match="5 partner copies need 6 servers; there are 4"):
        checkpoint_levels(
            checkpoint_bytes=1e12, nodes=4, host_interval_s=600, partner_interval_s=1800, storage_interval_s=7200,
            host_bandwidth=2e11, partner_bandwidth=5e10, storage_write_bandwidth=3e10, storage_read_bandwidth=3e10,
            partners=5,
        )  # fmt: skip


def test_the_trace_is_json_with_a_span_for_every_incident() -> None:
    month = simulate_run(make_run(), np.random.default_rng(1))
    events = json.loads(chrome_trace([month]))["traceEvents"]
    assert sum(e["cat"] == "recovery" for e in events) == len(month.incidents)
    assert sum(e["cat"] == "running" for e in events) == len(month.segments())
