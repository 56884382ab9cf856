"""Laws of plans under uncertainty: surer never smaller, shares add up, centres of classes have their sign."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clustersim as cs
from clustersim.errors import InputError
from clustersim.intervals.bands import Calibration
from clustersim.intervals.maturity import FIRST
from clustersim.intervals.residuals import Residual
from clustersim.pipeline.chain import run_chain
from clustersim.planner.chances import shares_of_wins
from clustersim.planner.contributions import parts_of
from clustersim.schema.load_inputs import load_inputs

SWINGS = st.lists(st.tuples(st.floats(-5.0, 5.0), st.floats(-5.0, 5.0)), min_size=1, max_size=8)


def _cheapest(**how: Any) -> dict[str, Any]:
    found = cs.load("br166-1024").plan_training(tokens="1T", days="60 d", draws=24, **how).data
    assert isinstance(found, dict)
    best: dict[str, Any] = found["best"][0]
    return best


def test_a_surer_cluster_is_never_smaller_and_meets_what_was_asked() -> None:
    even, sure = _cheapest(probability=0.5), _cheapest(probability=0.9)
    assert even["cards"] <= sure["cards"]
    assert sure["share_meets_limits"] >= 0.9 and even["share_meets_limits"] >= 0.5
    band = sure["intervals"]["days"]
    assert band["p10"] <= band["p50"] <= band["p90"] <= 60.0
    assert band["from"] and band["from"][0]["share"] >= band["from"][-1]["share"]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"probability": 0.9}, "meeting limits"),
        ({"probability": 1.5, "days": "60 d", "tokens": "1T"}, "between 0 and 1"),
        ({"probability": 0.9, "draws": 0, "days": "60 d", "tokens": "1T"}, "needs draws"),
    ],
)
def test_a_probability_without_meaning_is_refused(how: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        cs.load("br166-1024").plan_training(**how)


@given(st.integers(1, 4), st.integers(2, 30), st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_each_draw_has_a_winner_where_any_meets_the_limits(plans: int, draws: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = [rng.random(draws) for _ in range(plans)]
    meets = [rng.random(draws) < 0.7 for _ in range(plans)]
    wins = shares_of_wins(values, meets)
    assert sum(wins) == pytest.approx(np.any(meets, axis=0).mean())
    assert all(win <= meet.mean() + 1e-12 for win, meet in zip(wins, meets, strict=True))


@given(SWINGS, st.floats(1.0, 3.0))
@settings(max_examples=40, deadline=None)
def test_shares_of_a_width_add_up_and_a_wider_source_adds_no_less(
    swings: list[tuple[float, float]], by: float
) -> None:
    names = [f"s{i}" for i in range(len(swings))]
    ends = np.array(swings).ravel()
    parts = {p.source: p.share for p in parts_of(names, ends)}
    if not parts:
        return
    assert sum(parts.values()) == pytest.approx(1.0)
    wider = ends.copy()
    wider[1] = wider[0] + by * (wider[1] - wider[0])
    again = {p.source: p.share for p in parts_of(names, wider)}
    assert again.get("s0", 0.0) >= parts.get("s0", 0.0) - 1e-12


@given(st.lists(st.floats(-2.0, 2.0), min_size=1, max_size=10))
@settings(max_examples=40, deadline=None)
def test_a_band_of_one_class_holds_its_middle(values: list[float]) -> None:
    """A middle between residuals, or between them and the prediction: to it the middles of few are drawn."""
    rows = [
        Residual("step_time", f"s{i}", "X", "C", "x", "", v, maturity=FIRST) for i, v in enumerate(values)
    ]
    low, middle, high = Calibration(rows).band(FIRST).quantile([0.1, 0.5, 0.9])
    assert low <= middle <= high
    assert min(*values, 0.0) - 1e-9 <= middle <= max(*values, 0.0) + 1e-9


def test_slower_kernels_cost_more_and_a_card_is_worth_less_to_the_target_price() -> None:
    runs = [
        run_chain(
            load_inputs("br166-1024", {"demand.pretrain.software.kernel_factor": factor}), replications=0
        )
        for factor in (1.0, 1.3, 2.0)
    ]
    costs = [run.own.cny_per_unit(run.own.main) for run in runs]
    assert costs == sorted(costs) and costs[0] < costs[-1]
    steps = [run.own.training.step.step_time_s for run in runs]
    assert steps == sorted(steps) and steps[-1] > 1.5 * steps[0]
    assert [run.own.training.step.u_tensor for run in runs] == sorted(
        (run.own.training.step.u_tensor for run in runs), reverse=True
    )


def test_a_card_without_measurements_takes_its_class_and_says_so() -> None:
    found = run_chain(load_inputs("br166-1024"), replications=0)
    assert found.own.training.job.plan.software.kernel_factor > 1.2
    assert any("nobody measured this stack on cards of Biren" in note for note in found.own.main.notes)
    stated = load_inputs("br166-1024", {"demand.pretrain.software.name": "megatron-core"})
    assert run_chain(stated, replications=0).own.training.job.plan.software.kernel_factor > 1.2


def test_claims_are_met_in_a_share_of_the_draws_that_grows_with_the_cards() -> None:
    few, many = (
        cs.load("br166-1024").set({"reliability.mttf_scale": scale}).claims(draws=16).data
        for scale in (1.0, 4.0)
    )
    assert isinstance(few, dict) and isinstance(many, dict)
    for mine, other in zip(few["readings"], many["readings"], strict=True):
        assert 0.0 <= mine["share_met"] <= other["share_met"] <= 1.0
        assert mine["probability_p10"] <= mine["probability_p50"] <= mine["probability_p90"]
    band = few["intervals"]["mtbf_h"]
    assert band["p10"] <= band["p50"] <= band["p90"] < many["intervals"]["mtbf_h"]["p90"]
    assert 0.0 <= few["linear_scaling"]["share_met"] <= 1.0
