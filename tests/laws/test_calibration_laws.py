"""Laws of calibration: simulation-based ranks, wrong rows, more rows, and the judgement of known cards."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from clustersim.calibration.constants import FACTORS, signs
from clustersim.calibration.fitted import fit, free_factors
from clustersim.calibration.judge import judge, known_of
from clustersim.calibration.surrogate import Surrogate
from tests.support.calibration import PRIOR, made, measured, ranks, shifts


def test_ranks_of_a_few_simulations_are_not_gathered_at_an_end() -> None:
    """Sampled by seed: with three simulations of nine factors no more than chance allows lie in the outer tenths."""
    found = [rank for seed in range(3) for rank in ranks(seed).values()]
    outside = sum(rank < 10 or rank >= 90 for rank in found)
    assert len(found) >= 20 and outside <= 0.2 * len(found) + 3 * np.sqrt(0.16 * len(found))


@pytest.mark.full
def test_simulation_based_calibration_is_uniform() -> None:
    """Data that the model made: ranks of the true factors are uniform (Talts et al. 2018), not rejected at 1 %."""
    by: dict[str, list[int]] = defaultdict(list)
    for seed in range(120):
        for name, rank in ranks(seed).items():
            by[name].append(rank)
    # Nine factors are looked at: one per cent of all of them together. Ranks of one simulation depend on each other.
    for found in by.values():
        counts = np.histogram(found, bins=10, range=(0, 100))[0]
        assert chisquare(counts).pvalue > 0.01 / len(by)
        assert kstest((np.array(found) + 0.5) / 100, "uniform").pvalue > 0.01 / len(by)


@pytest.mark.full
def test_wrong_rows_move_factors_by_less_than_their_deviation() -> None:
    """One wrong row in twenty, off by three to a thousand: fewer than one in twenty of the shifts pass one."""
    found = [s for f in (3.0, 1 / 3, 10.0, 1000.0) for seed in range(12) for s in shifts(seed, f).values()]
    assert np.mean(np.array(found) > 1.0) < 0.05 and np.median(found) < 0.15


def test_more_rows_never_leave_a_factor_less_known() -> None:
    rng = np.random.default_rng(11)
    rows, truth = made(rng, 24)
    given = measured(rng, rows, truth, PRIOR * rng.standard_normal(len(FACTORS)))
    prior = np.where(free_factors(given, truth, PRIOR), PRIOR, 0.0)
    few = np.arange(8)
    first = fit([given[i] for i in few], truth.some(few), prior)
    whole = fit(given, truth, prior)
    assert np.trace(whole.cov) < np.trace(first.cov)
    assert np.all(np.diag(whole.cov) <= PRIOR**2 * 1.05)


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_calibrated_is_not_worse_than_the_class(spread: float) -> None:
    """Of rows to come, where the class is right and where factors are as the prior says: by no more than noise."""
    worse = []
    for seed in range(4):
        rng = np.random.default_rng([28, seed])
        rows, truth = made(rng, 36)
        all_rows = measured(rng, rows, truth, spread * PRIOR * rng.standard_normal(len(FACTORS)))
        few, rest = np.arange(12), np.arange(12, 36)
        given, others = ([all_rows[i] for i in part] for part in (few, rest))
        prior = np.where(free_factors(given, truth.some(few), PRIOR), PRIOR, 0.0)
        found = fit(given, truth.some(few), prior)
        y = np.array([row.log_time for row in others])
        before = np.abs(truth.log_time[rest] - y)
        # By the factors alone, and with the discrepancy.
        by = found.predict(others, truth.some(rest))[:2]
        worse += [float(np.mean(np.abs(after - y) - before)) for after in by]
    # First tokens' discrepancies have a deviation of 0.9: a set's mean differs from another's by tenths.
    noise = 2.0 * np.std(worse) / np.sqrt(len(worse))
    assert np.mean(worse) < (min(noise, 0.04) if spread == 0.0 else 0.0)


def test_beyond_capacity_a_time_grows_with_service_and_no_power_of_it() -> None:
    """At the edge of capacity an elasticity may be ten; it holds at the point, and nowhere does a time fall below zero.

    As a power it carried a first token to 150 times its time where exact runs have six.
    """
    rng = np.random.default_rng(5)
    shares = rng.dirichlet(np.ones(len(FACTORS)), 8) * np.array([0.5, 1, 2, 4, 8, 12, 15, 20])[:, None]
    shares *= np.where(rng.random(shares.shape) < 0.2, -1.0, 1.0)
    edge = Surrogate(np.zeros(len(FACTORS)), rng.normal(0, 1, 8), shares)
    slower = signs()
    assert np.allclose(edge.slopes(edge.at), shares * signs())
    for z in (0.3 * slower, -0.3 * slower, rng.normal(0, 0.4, len(FACTORS))):
        step = 1e-6 * np.eye(len(FACTORS))
        numeric = np.array([(edge.log_times(z + s) - edge.log_times(z - s)) / 2e-6 for s in step]).T
        assert np.allclose(edge.slopes(z), numeric, atol=1e-5)
    only = Surrogate(edge.at, edge.log_time, np.abs(shares))
    grown = only.log_times(0.5 * slower) - only.log_time
    assert np.allclose(grown, np.log1p(np.abs(shares).sum(axis=1) * np.expm1(0.5)))
    assert np.all(np.isfinite(only.log_times(-5.0 * slower))) and np.all(np.diff(
        [only.log_times(t * slower) for t in np.linspace(-2, 2, 9)], axis=0) > 0)  # fmt: skip


@pytest.mark.full
@pytest.mark.parametrize(("card", "given"), [("Ascend-910B", 20), ("H20", 11)])
def test_a_known_card_taken_as_unknown(card: str, given: int) -> None:
    """Of 22 rows of the H20 one or two make the mean of those that a lot leaves: the median falls by a third."""
    found = judge(known_of(card, 150), given, 20, 1)
    if card == "H20":
        assert found.middle("median") <= 2 / 3 * found.middle("class_median")
        assert found.middle("error") < found.middle("class_error")
    else:
        assert found.middle("error") <= 0.25
    # No card is predicted worse than its class does, but for what lots differ by.
    assert found.middle("error") <= 1.05 * found.middle("class_error")
    assert 0.75 <= found.cover <= 0.98


@pytest.mark.full
@pytest.mark.parametrize("name", ["matrix", "memory", "scale_up", "host", "exposed"])
def test_a_factor_reaches_cost_and_target_price_with_its_sign(name: str) -> None:
    """A rate's factor above 1 never makes a token dearer nor a share cheaper; a time's never the other way round."""
    from clustersim.pipeline.chain import run_chain
    from clustersim.planner.uncertainty import chain_outcomes
    from clustersim.schema.load_inputs import load_inputs

    def asked(value: float) -> dict[str, float]:
        sets = {f"cards.BR166M.calibrated.{name}": value}
        return chain_outcomes(run_chain(load_inputs("br166-1024", sets), replications=0))

    slow, fast = (asked(v) for v in ((0.8, 1.2) if name in FACTORS[:6] else (1.2, 0.8)))
    assert fast["cny_per_mtoken"] <= slow["cny_per_mtoken"] * (1 + 1e-9)
    assert fast["target_price_hkd"] >= slow["target_price_hkd"] * (1 - 1e-9)
