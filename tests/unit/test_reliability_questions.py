"""Spares, servers, intervals, and the price of a promise."""

import math
from dataclasses import replace

import numpy as np
import pytest

from clustersim.des.training.fidelity import expected_goodput, run_fidelity
from clustersim.des.training.promise import Promise, price_promise
from clustersim.des.training.questions import (
    out_for_repair,
    overprovisioned,
    spare_is_there,
    spares_for,
    tuned_intervals,
)
from clustersim.des.training.rare import rare_low_ettr, rare_probability, toward_low_ettr
from clustersim.des.training.replicate import replicate_run
from clustersim.errors import InputError
from tests.laws.test_reliability_door import C, R, X, expected, run_of
from tests.laws.test_reliability_laws import make_run


def waiting_share(spares: int, count: int = 400) -> float:
    """Share of server failures that wait for a spare, simulated over a long run."""
    run = replace(make_run(12.0, spares=spares, days=120.0))
    runs = run_fidelity(run, 3, fidelity="des", replications=count // 10).runs
    late = [i.waited_for_spare_s > 0 for r in runs for i in r.incidents if i.domain != "process"]
    return sum(late) / len(late)


def test_spares_for_a_rare_wait_are_those_that_simulation_needs() -> None:
    out = out_for_repair(make_run(12.0))
    assert out == pytest.approx(0.65 * 86_400 / (12 * 3600))
    enough = spares_for(out, 0.02)
    assert waiting_share(enough) < 0.025
    assert waiting_share(enough - 1) > 0.02
    for spares in (1, 3):
        assert 1 - spare_is_there(spares, out) == pytest.approx(waiting_share(spares), rel=0.15)
    with pytest.raises(InputError, match="between 0 and 1"):
        spares_for(out, 0.0)


def test_servers_for_an_availability() -> None:
    rng = np.random.default_rng(1)
    for out, availability in ((0.4, 0.95), (3.0, 0.999), (40.0, 0.99)):
        extra = overprovisioned(out, availability)
        counts = rng.poisson(out, 200_000)
        assert (counts <= extra).mean() >= availability - 0.001
        assert (counts <= extra - 1).mean() < availability + 0.001
    with pytest.raises(InputError, match="between 0 and 1"):
        overprovisioned(1.0, 1.0)


def test_tuned_intervals_beat_the_given_ones_in_simulation_too() -> None:
    run = run_of((C + "host.bandwidth=2 GB/s", R + "mttf_scale=0.1", R + "spares.hot=40"))
    tuned, found = tuned_intervals(run)
    assert found.ettr > expected_goodput(run).ettr
    before, after = (run_fidelity(r, 5, fidelity="vector", replications=2000).ettr for r in (run, tuned))
    assert after.mean > before.mean + before.half_width
    for k, level in enumerate(tuned.levels):
        for factor in (0.8, 1.25):
            other = [*tuned.levels]
            other[k] = replace(level, interval_s=max(level.lag_s, level.interval_s * factor))
            assert expected_goodput(replace(tuned, levels=tuple(other))).ettr <= found.ettr + 2e-4


#: Outcomes of about one in a thousand.
RARE = {
    "many failures": (lambda runs: runs.failures.astype(float), 28.0),
    "many failures of the network": (lambda runs: runs.by_cause[:, 5], 6.0),
}


@pytest.mark.parametrize("name", RARE)
def test_importance_sampling_is_brute_force_at_a_hundredth_of_the_cost(name: str) -> None:
    """1.5 million replications would pin one in a thousand to five percent; 15,000 do, where they are placed well."""
    score, beyond = RARE[name]
    run = run_of(())
    found = rare_probability(run, score, beyond, 7, replications=15_000)
    assert found.replications == 15_000
    brute = np.concatenate(
        [score(replicate_run(run, np.random.default_rng(seed), 20_000)) >= beyond for seed in range(15)]
    )
    error = 1.96 * brute.std() / math.sqrt(brute.size)
    assert abs(found.probability - brute.mean()) <= math.hypot(0.05 * brute.mean(), error)
    assert found.half_width <= 0.05 * found.probability
    exact = expected(()).failures
    if name == "many failures":
        from scipy.stats import poisson

        assert found.probability == pytest.approx(float(poisson.sf(beyond - 1, exact)), rel=0.06)


#: P(ETTR <= 0.9822) by 1.98 million plain replications, themselves sure to 4.5 %.
PLAIN = 0.000977


def test_a_rare_low_ettr_is_brute_force_at_a_hundredth_of_the_cost() -> None:
    run = run_of((R + "spares.hot=16",))
    found = rare_low_ettr(run, 0.9822, 3, replications=15_000)
    brute = np.concatenate(
        [replicate_run(run, np.random.default_rng(seed), 20_000).ettr <= 0.9822 for seed in range(4)]
    )
    error = 1.96 * brute.std() / math.sqrt(brute.size)
    assert abs(found.probability - brute.mean()) <= math.hypot(0.05 * brute.mean(), error)
    assert abs(found.probability / PLAIN - 1) <= 0.05
    assert found.half_width <= 0.07 * found.probability
    assert found.replications == 15_000


@pytest.mark.parametrize("counted_by", ["time", "steps"])
def test_weights_of_the_changed_measure_average_to_one(counted_by: str) -> None:
    """Whatever is likely: an outcome that plain replications see is found by weighted ones, too."""
    run = run_of((R + "spares.hot=16", C + "counted_by=" + counted_by))
    runs = toward_low_ettr(run, 0.988).drawn(run, np.random.default_rng(5), 20_000)
    plain = replicate_run(run, np.random.default_rng(6), 20_000)
    assert runs.weights.mean() == pytest.approx(1.0, abs=0.03)
    assert (runs.weights * runs.ettr).mean() == pytest.approx(plain.ettr.mean(), rel=0.03)
    assert (runs.weights * (runs.ettr < 0.99)).mean() == pytest.approx((plain.ettr < 0.99).mean(), rel=0.05)


def test_a_floor_that_is_hardly_ever_broken_has_a_price() -> None:
    run = run_of((R + "spares.hot=16",))
    promise = Promise(ettr_floor=0.983, per_point_cny=1e6)
    rare = price_promise(run, promise, 1, contracts=20_000)
    assert rare.how == "importance sampling"
    plain = np.concatenate(
        [promise.penalty(replicate_run(run, np.random.default_rng(seed), 50_000)) for seed in range(2)]
    )
    error = 1.96 * plain.std() / math.sqrt(plain.size)
    assert abs(rare.premium_cny - plain.mean()) <= 1.5 * math.hypot(error, rare.half_width_cny)
    assert rare.half_width_cny < 0.08 * rare.premium_cny


def test_a_promise_on_a_run_of_events_is_priced_by_events() -> None:
    sets = (X + "hang_share=20 %", R + "maintenance.interval=7 d", R + "maintenance.time=1 h")
    found = price_promise(run_of(sets), Promise(restore_s=600.0, per_restore_cny=1.0), 1, contracts=40)
    assert (found.how, found.contracts) == ("des", 40)
    plain = price_promise(run_of(()), Promise(restore_s=600.0, per_restore_cny=1.0), 1, contracts=2000)
    assert (
        found.premium_cny > plain.premium_cny + 1
    )  # a fifth of some fifteen failures hangs for half an hour


def test_people_are_needed_for_the_share_that_does_not_recover_alone() -> None:
    run = run_of(())
    price = price_promise(run, Promise(clean_cny=1.0, coverage=0.993), 1, contracts=20_000)
    assert price.expected_penalty_cny == pytest.approx(1 - math.exp(-0.007 * expected(()).failures), rel=0.01)


def test_a_premium_covers_the_losses_of_ten_thousand_contracts() -> None:
    promise = Promise(restore_s=280.0, per_restore_cny=50_000.0, ettr_floor=0.9925, per_point_cny=200_000.0)
    run = run_of((R + "mttf_scale=0.5",))
    price = price_promise(run, promise, 1, contracts=100_000)
    contracts = price_promise(run, promise, 2, contracts=10_000)
    assert contracts.expected_penalty_cny == pytest.approx(price.premium_cny, rel=0.02)
    assert price.half_width_cny < 0.01 * price.premium_cny
    loaded = price_promise(run, promise, 1, contracts=1000, loading=0.2)
    assert loaded.premium_cny == pytest.approx(1.2 * loaded.expected_penalty_cny)


def test_a_harder_promise_costs_more() -> None:
    run = run_of(())
    prices = [
        price_promise(run, Promise(restore_s=s, per_restore_cny=1.0), 1, contracts=2000).premium_cny
        for s in (3600.0, 300.0, 200.0)
    ]
    assert prices == sorted(prices)
    assert price_promise(run, Promise(clean_cny=1.0), 1, contracts=2000).p_any == pytest.approx(1.0, abs=1e-3)
