"""What a number of the page is made of gives the number; the steps from the file to now sum to the change."""

import math

import pytest

from clustersim.errors import ClusterSimError, InputError
from clustersim.report.labels import all_words
from clustersim.web.answers import base_of, result_of
from clustersim.web.asked import Design, scenarios
from clustersim.web.catalogue import keys_of
from clustersim.web.corridor import TILES, corridor
from clustersim.web.ends import ends_of
from clustersim.web.views_term import FORMULAS, formula_of, term_view
from clustersim.web.views_why import room_shares, why

BR = Design("br166-1024")
CHANGED = Design(
    "br166-1024", (("cards.BR166M.scale_up.bandwidth", "200 GB/s"), ("tco.pue", 1.4), ("tco.wacc", 0.1))
)


def formulas_of(design):
    """How many numbers of the corridor are shown with the numbers that they are computed from."""
    result = result_of(design)
    shown = {}
    for tile in corridor(design)["tiles"]:
        parts = formula_of(result, tile["term"], tile["value"])
        shown[tile["term"]] = parts
        for name in parts or {}:
            assert name in all_words() or name.rpartition(".")[2] in all_words() or name[:2].isupper(), name
    return shown


def test_formulas_give_the_numbers_they_are_shown_with():
    shown = formulas_of(CHANGED)
    without = {name for name, parts in shown.items() if parts is None}
    assert without <= {"units_factor"}, "a number of the anchor scenario lost its formula"
    result = result_of(CHANGED)
    for name in ("step_time_s", "cny_per_mtoken"):
        parts = formula_of(result, name, result.value(name))
        assert math.isclose(
            FORMULAS[name].value({k: v for k, (v, _) in parts.items()}), result.value(name), rel_tol=1e-9
        )
        assert formula_of(result, name, 1.01 * result.value(name)) is None, (
            "a formula that is not its is shown"
        )


@pytest.mark.full
@pytest.mark.parametrize("name", scenarios())
def test_every_scenarios_corridor_has_words_and_formulas_that_hold(name):
    try:
        shown = formulas_of(Design(name))
    except ClusterSimError:
        return
    assert len(shown) >= 3, "a corridor without numbers"
    for term in shown:
        bare = term.rpartition(".")[2]
        key = "target_price" if bare.startswith("target_price_") else bare
        assert f"formula.{key}" in all_words(), term
        assert term_view(Design(name), term)[0]["rows"]


def test_every_tile_has_words_of_how_it_is_computed():
    for names in TILES:
        for name in names:
            key = "target_price" if name.startswith("target_price_") else name
            assert f"formula.{key}" in all_words(), name


def test_a_number_leads_to_the_inputs_that_move_it_and_their_sources():
    made, behind = term_view(BR, "target_price_hkd")
    assert made["rows"][-1]["value"] == result_of(BR).value("target_price_hkd")
    assert behind["rows"] and all(row["source"] and row["tier"] for row in behind["rows"])
    widths = [abs(row["term_at_high"] - row["term_at_low"]) for row in behind["rows"]]
    assert widths == sorted(widths, reverse=True)
    row = next(r for r in behind["rows"] if r["unit"] == "1")
    moved = result_of(BR.with_changes({row["key"]: row["high"]})).value("target_price_hkd")
    assert moved == pytest.approx(row["term_at_high"], rel=1e-9)
    with pytest.raises(InputError):
        term_view(BR, "mfu")


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("br166-1024", {"cards.BR166M.scale_up.bandwidth": "150 GB/s", "tco.tariff": "0.9 CNY/kWh",
                        "tco.sold_share": 0.6}),
        ("br166-1024", {"cards.BR166M.efficiency.gemm": 0.6, "reliability.mttf_scale": 0.2}),
        ("serve-llama3-70b", {"tco.pue": 1.5, "tco.maintenance": 0.05}),
    ],
)  # fmt: skip
def test_rooms_sum_to_the_change_of_the_cost(name, changes):
    design = Design(name, tuple(sorted(changes.items())))
    base, now = base_of(design), result_of(design)
    (term,) = [t for t in now.terms["term"] if str(t) in {"cny_per_mtoken", "cny_per_served_mtoken"}]
    shares = room_shares(base, now, term)
    assert sum(shares.values()) == pytest.approx(now.value(term) - base.value(term), rel=1e-9)
    if "cards.BR166M.scale_up.bandwidth" in changes:
        assert shares["room.network"] > 0 and shares["room.electricity"] > 0 and shares["room.hours"] > 0
    if "reliability.mttf_scale" in changes:
        assert shares["room.step"] > 0 and shares["room.kept"] > 0
    if name.startswith("serve"):
        assert set(shares) == {"room.electricity", "room.running"}


def test_falls_begin_at_the_file_and_end_at_now():
    for panel in why(CHANGED)[:2]:
        low, high = (s["values"] for s in panel["chart"]["series"])
        assert panel["chart"]["kind"] == "falls" and low[0] == low[-1] == 0.0
        assert all(a == pytest.approx(b) for a, b in zip(low[1:-1], high[:-2], strict=True)), (
            "bars hang together"
        )
        assert high[-2] == pytest.approx(high[-1])
    steps = why(CHANGED)[1]
    assert steps["chart"]["series"][1]["values"][-1] == pytest.approx(
        result_of(CHANGED).value("target_price_hkd")
    )
    assert [row["change"] for row in steps["rows"]] == [
        "cards.BR166M.scale_up.bandwidth",
        "tco.pue",
        "tco.wacc",
    ]


def test_keys_of_a_designs_files_can_be_set_and_name_no_file():
    rows = keys_of(BR)
    assert len(rows) > 300 and {"cluster.card", "demand.pretrain.model"} <= {r["key"] for r in rows}
    assert all(set(row) == {"key", "value", "says"} for row in rows)
    assert not any(row["value"].startswith("/") or row["key"].endswith((".source", ".trace")) for row in rows)


def test_ends_are_runs_at_the_ends():
    swing = next(s for s in ends_of(BR)["cny_per_mtoken"] if s.key == "tco.pue")
    row = next(r for r in result_of(BR).inputs.to_dict("records") if r["term"] == "tco.pue")
    for end, at in (("low", swing.low), ("high", swing.high)):
        told = result_of(BR.with_changes({"tco.pue": row[end]})).value("cny_per_mtoken")
        assert at == pytest.approx(told, rel=1e-9)
