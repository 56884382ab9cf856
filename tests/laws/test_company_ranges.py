"""Law: a range moves what `--set` moves of the years that its number stands for, whatever row it stands on."""

from pathlib import Path

import pytest

from clustersim.errors import InputError
from clustersim.planner.company import forecast_run
from clustersim.planner.moves import moves
from clustersim.planner.ranges import ranged_of, reaches
from clustersim.report.labels import known, label
from clustersim.report.pages.company_moves import cases_answer, draws_answer

FILE = """
name: mine
title: A company of its own file
currency: CNY
years: [2026E, 2027E, 2028E]
products:
  card-one:
    units: {2026E: {value: 10000, low: 8000, high: 11000}, 2028E: 25000}
    asp: {2026E: 60, 2027E: {value: 55, low: 45, high: 60, note: two quotes}}
    unit_cost: {value: 28, low: 25, high: 33, 2028E: 27}
  "A1 {x}.y": {units: {2026E: 500, 2027E: 500}, asp: {value: 30, low: 20, high: 33}}
drivers:
  research_expense: 200000
  selling_share: 5 %
  administrative_share: {value: 5 %, low: 4 %, high: 6 %}
  gross_margin: 45 %
  receivable_days: {2026E: 90, 2027E: {value: 95, low: 80, high: 150}}
  inventory_days: 120
  payable_days: {2027E: {value: 60, low: 40, high: 90}}
opening: {year: 2025A, unit: MCNY, income: {revenue: 400, gross profit: 200},
          balance: {cash: 900, inventories: 100, trade receivables: 90, payables: 40}}
wacc: {value: 12 %, low: 10 %, high: 14 %, source: mine, tier: assumption}
cases: {bear: {asp_scale: 0.8}}
probabilities: {base: 60 %, bear: 0.4}
shares_m: 100
price: 20
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ranges") / "mine.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def _set(file: Path, keys: tuple[str, ...], to: float) -> float:
    """The target price where every year that a number of the file stands for is set: a year alone is that year's."""
    return float(
        forecast_run(str(file), tuple(f"company.{key}={to!r}" for key in keys)).valuation.target_price
    )


def test_a_range_moves_what_its_key_moves(file: Path) -> None:
    run = forecast_run(str(file), ())
    found, reach = {m.key: m for m in moves(run)}, reaches(run)
    assert set(found) == {
        "wacc", "products.card-one.units.2026E", "products.card-one.asp.2027E", "products.card-one.unit_cost",
        "products.A1 {x}.y.asp", "drivers.administrative_share", "drivers.receivable_days.2027E",
        "drivers.payable_days.2027E",
    }  # fmt: skip
    for key, move in found.items():
        assert known(key) and label(key, "zh") != key != label(key, "en")
        if " " in key:
            continue  # no key of the command line has a space
        for end, target in ((move.low, move.target_at_low), (move.high, move.target_at_high)):
            said = _set(file, reach[key], end)
            assert target == pytest.approx(said, rel=1e-12), (key, end)
        if move.at_market is not None:
            at = _set(file, reach[key], move.at_market)
            assert at == pytest.approx(run.company.price, rel=1e-4), key


def test_a_year_that_is_left_out_moves_with_the_one_that_it_keeps(file: Path) -> None:
    reach = {key: one.reach for key, one in ranged_of(forecast_run(str(file), ())).items()}
    assert reach["products.card-one.asp.2027E"] == (
        "products.card-one.asp.2028E",
    )  # nothing is sold in 2027E
    assert reach["products.card-one.unit_cost"] == ("products.card-one.unit_cost.2026E",)
    assert reach["drivers.receivable_days.2027E"] == tuple(
        f"drivers.receivable_days.{y}" for y in ("2027E", "2028E")
    )
    assert len(reach["drivers.payable_days.2027E"]) == 3  # the years before the first one given take it too


def test_draws_and_probabilities(file: Path) -> None:
    run = forecast_run(str(file), ())
    rows = draws_answer(run, 400).data
    assert rows["percentiles"][1]["target_price"] < rows["percentiles"][5]["target_price"]
    assert "products.card-one.asp.2027E" in rows["ranges"]
    bear = forecast_run(str(file), ("company.asp_scale=0.8",))
    told = cases_answer({"base": run, "bear": bear}).data["expected_target_price"]
    whole = 0.6 * float(run.valuation.target_price) + 0.4 * float(bear.valuation.target_price)
    assert told == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize(
    ("units", "said"),
    [
        ("{2026E: {value: 5, low: 6, high: 7}}", "2026E.value: 5 is not within its range 6 to 7"),
        ("{2026E: {low: 6}}", "2026E.value: is needed"), ("{low: 6, 2026E: 5}", "needs the value that it is of"),
        ("{2026E: {value: 1, lo: 2}}", "did you mean 'low'"), ("{2026E: [1, 2]}", "is not one number"),
        ("{2026H1E: {value: 1, low: 0}}", "a half-year takes no range"),
        ("{2026E: {value: 5, low: -1}}", "-1 must be at least 0"),
    ],
)  # fmt: skip
def test_what_is_no_range_is_refused(units: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        FILE.replace("{2026E: {value: 10000, low: 8000, high: 11000}, 2028E: 25000}", units), "utf-8"
    )
    with pytest.raises(InputError) as found:
        forecast_run(str(path), ())
    assert said in str(found.value) and "unhashable" not in str(found.value)


@pytest.mark.parametrize(
    ("wacc", "growth", "said"),
    [
        (
            "{value: 12 %, low: 10 %, high: 14 %}",
            "11 %",
            "company.wacc has a range from 0.1, which is not above",
        ),
        ("12 %", "{value: 3 %, low: 2 %, high: 12.5 %}", "company.terminal_growth has a range to 0.125"),
        ("{value: 12 %, low: 10 %, high: 14 %}", "9.9 %", ""),
        ("12 %", "{value: 3 %, low: 2 %, high: 11.9 %}", ""),
    ],
)
def test_an_end_without_a_value_is_named(tmp_path: Path, wacc: str, growth: str, said: str) -> None:
    """Not two numbers of which no file holds one: the range, its end, and what to do."""
    old = "wacc: {value: 12 %, low: 10 %, high: 14 %, source: mine, tier: assumption}"
    assert old in FILE
    path = tmp_path / "ends.yaml"
    path.write_text(FILE.replace(old, f"wacc: {wacc}\nterminal_growth: {growth}"), encoding="utf-8")
    run = forecast_run(str(path), ())
    if not said:
        assert {m.key for m in moves(run)} & {"wacc", "terminal_growth"}
        return
    with pytest.raises(InputError, match=said):
        draws_answer(run, 10)
    with pytest.raises(InputError, match=said):
        moves(run)
