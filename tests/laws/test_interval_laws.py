"""Laws of intervals: wider in, never narrower out; what is shared is drawn once; more of the same never widens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim import Scenario
from clustersim.columns import Column, values_of
from clustersim.intervals.bands import Band, Calibration, shipped_band
from clustersim.intervals.draws import levels
from clustersim.intervals.maturity import CLASSES, FIRST, MEASURED
from clustersim.intervals.residuals import Residual
from clustersim.pipeline.chain import run_chain
from clustersim.pipeline.site import SHARED, run_site
from clustersim.planner.comparison import Asked, compare
from clustersim.planner.uncertainty import headlines, one_side
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.workloads import run_workload
from clustersim.workloads.work import AS_PREDICTED, is_time

RESIDUALS = st.lists(st.floats(-2.0, 2.0), min_size=2, max_size=12)


def _row(source: str, value: float, maturity: str = FIRST) -> Residual:
    return Residual("step_time", source, "Biren", "BR106M", "x", "", value, maturity=maturity)


def _rows(values: list[float], maturity: str = FIRST) -> list[Residual]:
    return [_row(f"{maturity} {i}", v, maturity) for i, v in enumerate(values)]


def _width(rows: list[Residual], maturity: str = FIRST) -> float:
    low, high = Calibration(rows).band(maturity).quantile([0.1, 0.9])
    return float(high - low)


@given(RESIDUALS, st.floats(1.0, 3.0))
@settings(max_examples=40, deadline=None)
def test_wider_residuals_never_narrow_a_band(values: list[float], by: float) -> None:
    assert _width(_rows([v * by for v in values])) >= _width(_rows(values)) - 1e-12


@given(RESIDUALS, st.integers(2, 5))
@settings(max_examples=40, deadline=None)
def test_more_sources_that_say_the_same_never_widen_a_band(values: list[float], times: int) -> None:
    one = _rows(values)
    more = [replace(r, source=f"{r.source} {n}") for r in one for n in range(times)]
    assert _width(more) <= _width(one) + 1e-9


@given(RESIDUALS, st.integers(2, 5))
@settings(max_examples=40, deadline=None)
def test_a_source_does_not_gain_weight_by_saying_it_twice(values: list[float], times: int) -> None:
    one, other = _rows(values), _rows([0.3, -0.2, 0.0], MEASURED)
    again = [r for r in one for _ in range(times)]
    for maturity in (FIRST, MEASURED):
        many, few = Calibration([*again, *other]).band(maturity), Calibration([*one, *other]).band(maturity)
        assert many.sources == few.sources
        assert _mean(many) == pytest.approx(_mean(few), abs=1e-9)


def _mean(band: Band) -> float:
    """The mean of a band by the weights that its levels stand in the middle of."""
    total, before = 0.0, 0.0
    for middle, value in zip(band.at, band.log_ratio, strict=True):
        weight = 2.0 * (middle - before)
        before += weight
        total += weight * value
    assert before == pytest.approx(1.0)
    return total


@given(RESIDUALS)
@settings(max_examples=30, deadline=None)
def test_a_class_without_rows_takes_the_wider_one_and_levels_are_in_order(values: list[float]) -> None:
    rows = Calibration(_rows(values, MEASURED))
    levels_asked = np.linspace(0.01, 0.99, 25)
    for maturity in CLASSES:
        band = rows.band(maturity)
        assert (np.diff(band.quantile(levels_asked)) >= -1e-12).all()
        assert band.quantile(0.5) == pytest.approx(rows.band(MEASURED).quantile(0.5))
        low, middle, high = band.of_time(2.0)
        assert low <= middle <= high
        slow, typical, fast = band.of_rate(2.0)
        assert (slow, typical, fast) == pytest.approx((4.0 / high, 4.0 / middle, 4.0 / low))


def test_the_shipped_bands_widen_from_what_is_measured_to_what_is_not() -> None:
    known = shipped_band("tpot", "vllm-0.9", "H100", "NVIDIA")
    other = shipped_band("tpot", "vllm-0.9", "H20", "NVIDIA")
    first = shipped_band("tpot", "vllm-0.9", "BR106M", "Biren")
    widths = [float(np.diff(b.quantile([0.1, 0.9]))[0]) for b in (known, other, first)]
    assert widths == sorted(widths)


def _drawn(sets: Mapping[str, object], name: str = "br166-1024") -> dict[str, float]:
    # Few draws tell a P90 to some percent only, which is more than a tariff adds beside the error of a prediction.
    rows = headlines(one_side(name, sets), count=4000)[name]
    return {h.name: h.spread.p90 - h.spread.p10 for h in rows}


def _tariff(low: float, high: float) -> dict[str, object]:
    stated = {"value": "0.70 CNY/kWh", "low": f"{low} CNY/kWh", "high": f"{high} CNY/kWh"}
    return {"tco.tariff": {**stated, "source": "law", "tier": "assumption"}}


def test_a_wider_input_never_narrows_an_output() -> None:
    narrow, wide = _drawn(_tariff(0.65, 0.85)), _drawn(_tariff(0.05, 2.0))
    for name in ("cny_per_card_hour", "opex_cny_per_year", "cny_per_mtoken"):
        assert wide[name] >= narrow[name] * (1 - 1e-9), name


def _slower(inputs: Inputs, factor: float) -> Inputs:
    slower = {work: {"unit": factor, "ttft": factor, "tpot": factor} for work in inputs.scenario.demand}
    return replace(inputs, slower=slower)


@pytest.mark.parametrize("name", ["br166-1024", "serve-qwen3-32b"])
def test_slower_than_predicted_costs_more_and_a_card_is_worth_less(name: str) -> None:
    inputs = load_inputs(name)
    before, after = run_chain(inputs, replications=0), run_chain(_slower(inputs, 1.25), replications=0)
    for old, new in zip(before.own.works, after.own.works, strict=True):
        assert new.main.per_card_hour == pytest.approx(old.main.per_card_hour / 1.25)
        assert before.own.cny_per_unit(old) < after.own.cny_per_unit(new)
    assert before.value is not None and after.value is not None
    assert after.value.price_cny < before.value.price_cny
    assert before.valuation is not None and after.valuation is not None
    assert after.valuation.target_price <= before.valuation.target_price
    same = run_site(_slower(inputs, 1.0))
    assert [same.cny_per_unit(w) for w in same.works] == [
        before.own.cny_per_unit(w) for w in before.own.works
    ]


def test_common_factors_are_drawn_once() -> None:
    own, rival = load_inputs("br166-1024"), load_inputs("h20-1024")
    spreads = []
    for share in (0.0, 0.5, 0.9, 1.0):
        a, b = (levels(side, "pretrain", "x", 4000, 1, share) for side in (own, rival))
        spreads.append(float(np.std(a - b)))
        assert float(np.mean(a)) == pytest.approx(0.5, abs=0.03)
    assert spreads == sorted(spreads, reverse=True) and spreads[-1] < 1e-12


def test_two_sides_on_one_card_err_alike() -> None:
    asked = Asked(names=("h100-1024", "h20-1024"), sets={"h20-1024.cluster.card": "H100"}, demand="h100-1024")
    found = headlines(asked.load, count=64)
    mine, other = (
        np.log(next(h.samples for h in rows if h.name == "cny_per_mtoken")) for rows in found.values()
    )
    assert np.std(mine - other) < 0.3 * np.std(mine), "what both share was drawn apart"


def test_shares_of_wins_sum_to_one_and_a_side_that_is_dearer_in_all_leads_nothing() -> None:
    asked = Asked(
        names=("br166-1024", "h100-1024"), sets={"cards.BR166M.price": "900000 CNY"}, stated_plans=True
    )
    found = compare(asked, draws=32)
    shares = {side: band["share_cheapest"] for side, band in found["intervals"]["pretrain"].items()}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert found["leads"]["pretrain"] == "h100-1024" and shares["h100-1024"] >= 0.9
    assert "BR166M" in found["settles"]["pretrain"]


@pytest.mark.parametrize(
    "name",
    ["nanjing-1024", "images-br166", "video-analytics-5g", "jiangsu-four-vendors", "serve-deepseek-v3"],
)
@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_every_number_of_a_slower_work_moves_or_is_known_to_stay(name: str, factor: float) -> None:
    """Times grow, rates fall, the share within the level is that of the longer latencies; what stays is on a list."""
    inputs = load_inputs(name, with_incumbent=False)
    for work_name in inputs.scenario.demand:
        before = run_workload(inputs, work_name, SHARED)
        after = before.slowed(dict.fromkeys(("unit", "ttft", "tpot"), factor))
        for key, value in {**before.rates, **before.service}.items():
            now, last = {**after.rates, **after.service}[key], key.rpartition(".")[2]
            if last == "slo_share":
                assert now == pytest.approx(value) if factor == 1.0 else (now > value) == (factor < 1.0)
            elif last in {*AS_PREDICTED, "ettr"}:
                assert now == value, key
            else:
                assert now == pytest.approx(value * factor if is_time(key) else value / factor), key


@given(st.floats(0.2, 5.0), st.floats(0.2, 5.0), st.floats(1.0, 2.0))
@settings(max_examples=20, deadline=None)
def test_the_share_within_the_level_agrees_with_the_latencies_beside_it(
    ttft: float, tpot: float, more: float
) -> None:
    """What is drawn slower is within its level less often, and a P99 beyond a bound leaves less than 99 % within."""
    inputs = load_inputs("serve-qwen3-32b", with_incumbent=False)
    level = inputs.scenario.demand["chat"].slo
    work = run_workload(inputs, "chat", SHARED)
    slower = work.slowed({"unit": 1.0, "ttft": ttft, "tpot": tpot}).service
    for worse in ({"ttft": ttft * more, "tpot": tpot}, {"ttft": ttft, "tpot": tpot * more}):
        assert work.slowed({"unit": 1.0, **worse}).service["slo_share"] <= slower["slo_share"] + 1e-12
    bounds = {"ttft": level.ttft, "tpot": level.tpot}
    for quantity, bound in bounds.items():
        if bound is not None and slower[f"{quantity}_p99_s"] > 1.01 * bound.value:
            assert slower["slo_share"] < 0.99 + 1e-3
    columns = work.slowed({q: Column(np.array([v, v * more])) for q, v in (("ttft", ttft), ("tpot", tpot))})
    both = values_of(columns.service["slo_share"])
    one = work.slowed({"ttft": ttft * more, "tpot": tpot * more}).service["slo_share"]
    assert both.tolist() == pytest.approx([slower["slo_share"], one], abs=1e-12)


@pytest.mark.parametrize("name", ["serve-qwen3-32b", pytest.param("nanjing-1024", marks=pytest.mark.full)])
def test_a_run_prints_every_number_with_its_range_or_says_that_there_is_none(name: str) -> None:
    page = str(Scenario(name).run(draws=8).text())
    lines = [
        line for line in page.splitlines() if re.search(r"\[(measured|published|derived|assumption)\]", line)
    ]
    assert len(lines) > 15
    said = ("not drawn", "the same in all draws", "the same in all replications")
    for line in lines:
        behind = line.partition("]")[2]
        assert re.search(r"\S+ to \S+", behind) or behind.strip() in said, line
    # What is drawn stands beside what is drawn: latencies that have a range leave the share within the level none.
    share = next((line for line in lines if "within the service level" in line), "")
    assert not share or " to " in share
