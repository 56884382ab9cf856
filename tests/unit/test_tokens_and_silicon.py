"""Tokens to cards and back, and the cost of a card by its silicon."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import clustersim as cs
from clustersim.assemble.silicon import silicon_of
from clustersim.econ.silicon import die_yield, dies_per_wafer, silicon_cost
from clustersim.errors import InputError
from clustersim.planner.tokens import silicon_range
from clustersim.schema.lookup import known_names
from clustersim.schema.profiles import load_profile

BASE = silicon_of(load_profile("silicon", "BR166M"))  # type: ignore[arg-type]
#: What makes a card dearer, and what cheaper.
UP = (
    "dies",
    "area_mm2",
    "wafer_cny",
    "defects_per_cm2",
    "stacks",
    "stack_cny",
    "package_cny",
    "test_cny",
    "board_cny",
)
DOWN = ("harvest", "package_yield")


@given(st.sampled_from((*UP, *DOWN)), st.floats(1.001, 1.04))
def test_every_input_has_its_sign(name: str, more: float) -> None:
    moved = silicon_cost(replace(BASE, **{name: getattr(BASE, name) * more})).card_cny
    base = silicon_cost(BASE).card_cny
    assert moved > base if name in UP else moved < base


@given(st.floats(20.0, 858.0), st.floats(0.0, 1.0))
def test_larger_dies_yield_less_and_waste_more(area: float, defects: float) -> None:
    assert die_yield(area_mm2=area * 1.1, defects_per_cm2=defects) <= die_yield(
        area_mm2=area, defects_per_cm2=defects
    )
    assert dies_per_wafer(area_mm2=area * 1.1) * 1.1 <= dies_per_wafer(area_mm2=area)


def test_what_no_die_can_be() -> None:
    with pytest.raises(InputError, match="positive"):
        dies_per_wafer(area_mm2=0.0)
    with pytest.raises(InputError, match="does not fit"):
        dies_per_wafer(area_mm2=1e5)
    with pytest.raises(InputError, match="between 0 and 1"):
        silicon_cost(replace(BASE, package_yield=1.2))


@pytest.mark.parametrize("card", known_names("hwprofiles/silicon"))
def test_the_range_holds_the_cost(card: str) -> None:
    cost, low, high = silicon_range(card)
    assert low < cost.card_cny < high and cost.wafers_per_card > 0


def test_tokens_need_cards_and_units_need_wafers() -> None:
    one = cs.plan_tokens(years=2).data
    rows = [row for row in one["classes"] if row["year"] == 0]
    assert sum(row["tokens_per_month"] for row in rows) == pytest.approx(113.3e12)
    dear = cs.plan_tokens(changes={"tco.tariff": "1.5 CNY/kWh"}).data["classes"]
    for before, after in zip(rows, dear, strict=True):
        assert after["cards"] == before["cards"]
        assert after["cny_per_served_mtoken"] > before["cny_per_served_mtoken"]
    assert one["totals"][1]["cards"] > one["totals"][0]["cards"] > one["totals"][1]["new_cards"]
    units = cs.load("br166-1024").plan_units().data
    first = units["years"][0]
    assert first["memory_stacks"] > 4 * first["units"] and first["wafers"] < first["units"]
    assert first["margin_low"] < first["margin_at_asp"] < first["margin_high"]
    with pytest.raises(InputError, match="names no company"):
        cs.load("hunan-1024").plan_units()


def test_clips_wait_for_channels_and_encoders() -> None:
    clips = {"frames": 250, "sampled": 8, "tokens_per_frame": 256, "network": "vit-l-16", "dtype": "fp16",
             "channel_fps": "30 1/s"}  # fmt: skip
    site = cs.load("step-br166-1024").set(
        {"demand.chat.traffic.requests": 200, "demand.chat.traffic.rate": "0.5 1/s"}
    )
    found = site.set({"demand.chat.clips": clips}).serve(whole=True).data["clips"]
    assert found["decoded_p50_s"] == pytest.approx(250 / 30, rel=0.01)
    assert found["decoded_p50_s"] < found["seen_p50_s"] < found["ttft_p50_s"] < found["e2e_p50_s"]
    assert "clips" not in site.serve(whole=True).data
