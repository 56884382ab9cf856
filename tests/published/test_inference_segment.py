"""The inference segment feeds the price of a card, and is anchored like training."""

import pytest
from clustersim.planner.segments import serving_rates

from clustersim.pipeline import run_chain
from clustersim.schema.inputs import load_inputs


@pytest.fixture(scope="module")
def shipped():  # type: ignore[no-untyped-def]
    inputs = load_inputs("br166-mixed")
    return run_chain(inputs, replications=0, serving=serving_rates(inputs))


def test_at_the_shipped_profiles_the_forecast_is_the_printed_one(shipped) -> None:  # type: ignore[no-untyped-def]
    assert shipped.value.inference is not None
    assert shipped.link.value_change_cny == pytest.approx(0.0, abs=1e-3)
    assert round(shipped.valuation.target_price_hkd, 2) == 87.31


def test_the_value_is_the_mix_of_its_segments(shipped) -> None:  # type: ignore[no-untyped-def]
    value = shipped.value
    low, high = sorted((value.training.price_cny, value.inference.price_cny))
    assert low <= value.price_cny <= high
    assert value.price_cny == pytest.approx((value.training.price_cny + value.inference.price_cny) / 2)


def test_faster_memory_is_worth_more_where_the_card_serves(shipped) -> None:  # type: ignore[no-untyped-def]
    inputs = load_inputs("br166-mixed", ["cards.BR166M.memory.bandwidth=2.4 TB/s"])
    faster = run_chain(inputs, replications=0, serving=serving_rates(inputs))
    gain_serving = faster.value.inference.price_cny - shipped.value.inference.price_cny  # type: ignore[union-attr]
    gain_training = faster.value.training.price_cny - shipped.value.training.price_cny  # type: ignore[union-attr]
    assert gain_serving > gain_training > 0
    assert faster.valuation.target_price_hkd > shipped.valuation.target_price_hkd  # type: ignore[union-attr]
