"""Laws of the whole corridor: whatever the inputs, a better part never makes anything worse."""

from functools import lru_cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clustersim.pipeline.chain import ChainRun, run_chain
from clustersim.schema.load_inputs import load_inputs

#: Scenario -> its card. Laws of training are asked of training alone: what is served beside it is taken out.
CARDS = {"nanjing-1024": "BR106M", "br166-1024": "BR166M", "br20x-4096": "BR20X"}
ALONE = {"nanjing-1024": ("demand.chat=null", "demand.pretrain.share=100 %")}
SLACK = 1 + 1e-9
factors = st.floats(1.0, 4.0)
scenarios = st.sampled_from(sorted(CARDS))


@lru_cache(maxsize=64)
def chain(scenario: str, *sets: str) -> ChainRun:
    return run_chain(load_inputs(scenario, (*ALONE.get(scenario, ()), *sets)), replications=0)


def scaled(scenario: str, key: str, factor: float) -> str:
    """An override that multiplies a sourced input of the scenario."""
    base = dict(load_inputs(scenario).fields())[key]
    return f"{key}={base.value * factor!r} {base.unit if base.unit != '1' else ''}".strip()


def value(run: ChainRun) -> float:
    assert run.value is not None
    return run.value.price_cny


def target(run: ChainRun) -> float:
    assert run.valuation is not None
    return float(run.valuation.target_price)


def revenue(run: ChainRun) -> float:
    assert run.forecast is not None
    return float(sum(run.forecast.revenue_kcny))


BETTER = (
    "cards.{card}.scale_up.bandwidth",
    "cards.{card}.memory.bandwidth",
    "cards.{card}.peak.bf16",
    "cards.{card}.efficiency.memory",
    "reliability.mttf_scale",
)


def buys_links(scenario: str, pattern: str) -> bool:
    """Whether a faster card link must be bought: a supernode's switches and optics are counted by bandwidth."""
    return "scale_up" in pattern and load_inputs(scenario).scenario.cluster.supernode is not None


@settings(max_examples=24, deadline=None)
@given(scenarios, st.sampled_from(BETTER), factors)
def test_a_better_part_never_lowers_goodput_value_or_revenue(
    scenario: str, pattern: str, factor: float
) -> None:
    assume(not buys_links(scenario, pattern))
    key = pattern.format(card=CARDS[scenario])
    if "efficiency" in key:
        factor = min(factor, 1.1)
    before, after = chain(scenario), chain(scenario, scaled(scenario, key, factor))
    assert after.own.training.goodput_tokens_per_s * SLACK >= before.own.training.goodput_tokens_per_s
    assert after.own.cny_per_mtoken <= before.own.cny_per_mtoken * SLACK
    assert value(after) * SLACK >= value(before)
    assert revenue(after) * SLACK >= revenue(before)
    assert target(after) * SLACK >= target(before)


@settings(max_examples=12, deadline=None)
@given(scenarios, st.sampled_from(BETTER[:3]), st.floats(0.3, 0.99))
def test_a_worse_card_lowers_revenue_and_target_alike(scenario: str, pattern: str, factor: float) -> None:
    assume(not buys_links(scenario, pattern))
    key = pattern.format(card=CARDS[scenario])
    before, after = chain(scenario), chain(scenario, scaled(scenario, key, factor))
    assert value(after) <= value(before) * SLACK
    assert revenue(after) <= revenue(before) * SLACK
    assert target(after) <= target(before) * SLACK


@settings(max_examples=12, deadline=None)
@given(scenarios, st.sampled_from(["nics.{nic}.rate"]), st.floats(1.0, 2.0))
def test_a_faster_network_never_lowers_goodput(scenario: str, pattern: str, factor: float) -> None:
    nic = load_inputs(scenario).scenario.cluster.nic
    inputs = load_inputs(scenario)
    port, rate = inputs.parts.switch.port_rate.value, inputs.parts.nic.rate.value
    before = chain(scenario)
    after = chain(scenario, scaled(scenario, pattern.format(nic=nic), min(factor, port / rate)))
    assert after.own.training.goodput_tokens_per_s * SLACK >= before.own.training.goodput_tokens_per_s


@settings(max_examples=12, deadline=None)
@given(scenarios, st.floats(0.05, 3.0), st.floats(1.001, 3.0))
def test_a_dearer_tariff_moves_value_by_the_difference_of_energy(
    scenario: str, tariff: float, factor: float
) -> None:
    low = chain(scenario, f"tco.tariff={tariff!r} CNY/kWh")
    high = chain(scenario, f"tco.tariff={tariff * factor!r} CNY/kWh")
    assert high.own.cny_per_mtoken > low.own.cny_per_mtoken
    assert low.value is not None and low.incumbent is not None
    rise = tariff * (factor - 1)

    def kwh_per_mtoken(run):  # type: ignore[no-untyped-def]
        yearly = run.power.facility_power_w / 1e3 * 8760
        return yearly / (run.units_per_card_year(run.main) * run.cards)

    own, other = kwh_per_mtoken(low.own), kwh_per_mtoken(low.incumbent)
    discount = low.inputs.scenario.market.switching_discount.value  # type: ignore[union-attr]
    per_token = (1 - discount) * other - own
    moved = (
        rise
        * per_token
        * low.own.units_per_card_year(low.own.main)
        / low.value.capital_factor
        / low.value.price_markup
    )
    assert value(high) - value(low) == pytest.approx(moved, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("scenario", ["br166-1024", "br20x-4096", "h100-1024"])
def test_the_same_seed_gives_the_same_run(scenario: str) -> None:
    inputs = load_inputs(scenario)
    assert run_chain(inputs, replications=5).simulated == run_chain(inputs, replications=5).simulated


@pytest.mark.parametrize("scenario", sorted(CARDS))
def test_shares_of_the_wall_clock_sum_to_it_in_every_simulated_month(scenario: str) -> None:
    inputs = load_inputs(scenario, ALONE.get(scenario, ()))
    for month in run_chain(inputs, replications=20).simulated:
        parts = month.productive_s + month.checkpoint_s + month.rework_s + month.recovery_s + month.slow_s
        assert parts == pytest.approx(month.duration_s, rel=1e-12)
        assert month.rework_s == pytest.approx(sum(i.lost_work_s for i in month.incidents), abs=1e-6)


@settings(max_examples=12, deadline=None)
@given(scenarios, st.floats(0.2, 5.0))
def test_terms_sum_to_totals(scenario: str, scale: float) -> None:
    run = chain(scenario, f"reliability.mttf_scale={scale!r}")
    expected = run.own.training.expected
    lost = expected.checkpoint + expected.rework + expected.recovery + expected.slow
    assert expected.productive + lost == pytest.approx(1.0)
    bill = run.own.bill
    assert sum(bill.group_totals().values()) == pytest.approx(bill.total_cny)
    tco = run.own.tco
    assert tco.cost_cny_per_year == pytest.approx(tco.capital_cny_per_year + tco.opex_cny_per_year)
