"""Laws of calibration: simulation-based ranks, wrong rows, more rows, and the judgement of known cards."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from clustersim.calibration.constants import FACTORS
from clustersim.calibration.judge import judge, known_of
from clustersim.calibration.posterior import fit, free_factors
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
