"""The base case is the printed forecast (Ping An Securities (Hong Kong), 3 June 2026)."""

import pytest

from clustersim.pipeline.chain import run_chain
from clustersim.schema.load_inputs import load_inputs

SCENARIOS = ("nanjing-1024", "br166-1024", "br20x-4096", "h100-1024")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_revenue_is_the_printed_one(scenario: str) -> None:
    run = run_chain(load_inputs(scenario), replications=0)
    assert run.forecast is not None
    revenue = dict(zip(run.forecast.years, run.forecast.revenue_kcny, strict=True))
    assert revenue["2026E"] == pytest.approx(2_168_956, abs=1)
    assert revenue["2027E"] == pytest.approx(7_029_736, abs=1)
    assert revenue["2028E"] == pytest.approx(13_624_016, abs=1)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_products_and_services_sum_to_revenue(scenario: str) -> None:
    run = run_chain(load_inputs(scenario), replications=0)
    assert run.forecast is not None and run.company is not None
    for i, _ in enumerate(run.company.years):
        total = sum(p.revenue_kcny[i] for p in run.forecast.products)
        assert total == pytest.approx(run.forecast.revenue_kcny[i], abs=1)


def test_target_price_recomputed_and_as_printed() -> None:
    run = run_chain(load_inputs("nanjing-1024"), replications=0)
    assert run.valuation is not None and run.company is not None
    assert round(run.valuation.target_price, 2) == 87.31
    assert run.company.printed is not None and run.company.printed.target_price == 78.63
    assert run.valuation.present.flows == pytest.approx(60_262_134, abs=1)
    assert run.valuation.present.terminal == pytest.approx(141_303_988, abs=1)
    assert run.valuation.ps_m == pytest.approx(192_044, abs=1)


def test_printed_free_cash_flow_adds_up() -> None:
    run = run_chain(load_inputs("nanjing-1024"), replications=0)
    assert run.forecast is not None
    printed = (56694, 469986, 786212, 3596857, 8597867, 13701991, 19506883, 23871421, 32159481, 36845966)
    assert run.forecast.fcf_kcny == pytest.approx(printed, abs=2)


def test_anchors_are_those_of_the_shipped_profiles() -> None:
    from clustersim.planner.anchors import SCENARIOS as ANCHORED
    from clustersim.planner.anchors import TOLERANCE_CNY
    from clustersim.schema.anchors import load_anchors

    recorded = {row.scenario: row for row in load_anchors().anchors}
    for scenario in ANCHORED:
        run = run_chain(load_inputs(scenario), replications=0)
        assert run.value is not None and run.valuation is not None
        row = recorded[scenario]
        assert run.value.price_cny == pytest.approx(row.value_in_use_price_cny.value, abs=TOLERANCE_CNY)
        assert round(float(run.valuation.target_price), 2) == 87.31, scenario
