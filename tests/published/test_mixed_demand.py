"""A card that is bought for training and for serving is valued over the mix, and anchored like any other."""

import pytest

from clustersim.errors import InputError
from clustersim.market.value import refuse_unequal
from clustersim.pipeline.chain import run_chain
from clustersim.schema.load_inputs import load_inputs


@pytest.fixture(scope="module")
def shipped():  # type: ignore[no-untyped-def]
    return run_chain(load_inputs("br166-mixed"), replications=0)


def test_at_the_shipped_profiles_the_forecast_is_the_printed_one(shipped) -> None:  # type: ignore[no-untyped-def]
    assert shipped.link.value_change_cny == pytest.approx(0.0, abs=1e-3)
    assert round(float(shipped.valuation.target_price), 2) == 87.31


def test_the_value_is_the_sum_of_its_workloads(shipped) -> None:  # type: ignore[no-untyped-def]
    parts = shipped.value.by_segment_cny
    assert set(parts) == {"pretrain", "chat"}
    assert sum(parts.values()) == pytest.approx(shipped.value.price_cny)


def test_both_sides_do_the_same_work(shipped) -> None:  # type: ignore[no-untyped-def]
    for mine, theirs in zip(shipped.own.works, shipped.incumbent.works, strict=True):
        refuse_unequal(mine.name, mine.asked, theirs.asked)
    with pytest.raises(InputError, match="equal work"):
        refuse_unequal("chat", {"model": "a"}, {"model": "b"})


def test_faster_memory_is_worth_more_where_the_card_serves(shipped) -> None:  # type: ignore[no-untyped-def]
    inputs = load_inputs("br166-mixed", ["cards.BR166M.memory.bandwidth=2.4 TB/s"])
    faster = run_chain(inputs, replications=0)
    gain = {
        name: value - shipped.value.by_segment_cny[name]
        for name, value in faster.value.by_segment_cny.items()  # type: ignore[union-attr]
    }
    assert gain["chat"] > gain["pretrain"] > 0
    assert faster.valuation.target_price > shipped.valuation.target_price  # type: ignore[union-attr]


def test_work_stated_in_hours_of_ones_own_card_values_no_card() -> None:
    """A job's hours are hours of this card: another card would need other hours, so the two sides are unequal."""
    market = "market={incumbent: h20-1024, switching_discount: 10 %, value_share: 50 %, price_sensitivity: 1}"
    with pytest.raises(InputError, match="equal work"):
        run_chain(load_inputs("shared-1024", [market]), replications=0)
