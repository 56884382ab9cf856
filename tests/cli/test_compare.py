"""``compare`` and ``tco`` from the command line: parts sum, break-even closes, and mistakes are named."""

import json

import pytest
from click.testing import CliRunner

from clustersim.cli.compare import command as compare
from clustersim.cli.tco import command as tco
from clustersim.errors import InputError

PAIR = ["nanjing-1024", "h100-1024"]


def result_of(command, *arguments):
    outcome = CliRunner().invoke(command, [*arguments, "-f", "json"], catch_exceptions=False)
    return json.loads(outcome.stdout)


def test_terms_sum_to_the_cost_per_token():
    result = result_of(compare, *PAIR)
    for row in result["clusters"]:
        terms = result["cny_per_mtoken_terms"][row["cluster"]]
        assert sum(terms.values()) == pytest.approx(row["cny_per_mtoken"], rel=1e-12)


def test_break_even_price_closes_the_gap():
    even = result_of(compare, *PAIR)["break_even_card_price_cny"]["h100-1024"]
    from clustersim.pipeline import run_cluster
    from clustersim.schema.inputs import load_inputs

    first = load_inputs("nanjing-1024", (), with_incumbent=False)
    other = load_inputs("h100-1024", (f"cards.H100.price={even} CNY",), with_incumbent=False)
    site = first.scenario.tco
    ours, theirs = run_cluster(first, site), run_cluster(other, site)
    assert theirs.cny_per_mtoken == pytest.approx(ours.cny_per_mtoken, rel=1e-9)


def test_one_scenario_is_refused():
    with pytest.raises(InputError, match="at least two"):
        CliRunner().invoke(compare, ["nanjing-1024"], catch_exceptions=False)


def test_tco_lines_sum_to_the_bill():
    result = result_of(tco, "nanjing-1024")
    assert sum(line["total_cny"] for line in result["lines"]) == pytest.approx(
        result["hardware_cny"], abs=0.005
    )
    parts = result["hardware_cny"] + result["integration_cny"] + result["vat_cny"]
    assert parts == pytest.approx(result["capex_cny"], abs=0.005)


BAD = [
    ("tco.tariff=-0.1 CNY/kWh", "must be at least 0"),
    ("tco.sold_share=1.2", "must be at most 1"),
    ("tco.pue=0.9", "must be at least 1"),
    ("tco.staff=-1 CNY/year", "must be at least 0"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_terms_out_of_range_are_named(change, message):
    outcome = CliRunner().invoke(tco, ["nanjing-1024", "--set", change])
    assert isinstance(outcome.exception, InputError)
    assert message in str(outcome.exception)
    assert change.partition("=")[0] in str(outcome.exception)


def book(tmp_path, change):
    """A copy of the shipped price book with one change to its text, beside a scenario that names it."""
    from clustersim.schema.lookup import find_file

    text = find_file("hwprofiles/prices", "cn-2026").read_text(encoding="utf-8")
    folder = tmp_path / "hwprofiles" / "prices"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(change(text).replace("name: cn-2026", "name: mine"), encoding="utf-8")
    return str(folder / "mine.yaml")


def without(part):
    return lambda text: "\n".join(line for line in text.splitlines() if not line.startswith(f"  {part}:"))


def test_a_missing_part_says_who_needs_it_and_where_it_goes(tmp_path):
    path = book(tmp_path, without("switch-64x400g"))
    outcome = CliRunner().invoke(tco, ["nanjing-1024", "--set", f"tco.price_book={path}"])
    assert isinstance(outcome.exception, InputError)
    assert "no part 'switch-64x400g', needed by switches.eth-64x400g" in str(outcome.exception)
    assert "add it to hwprofiles/prices/mine.yaml" in str(outcome.exception)


def test_a_currency_needs_a_rate_and_a_fresh_one(tmp_path):
    dollars = ["nanjing-1024", "--set", "cards.BR106M.price=8000 USD"]
    path = book(tmp_path, without("USD"))
    outcome = CliRunner().invoke(tco, [*dollars, "--set", f"tco.price_book={path}"])
    assert "no rate for it; add currencies.USD" in str(outcome.exception)
    outcome = CliRunner().invoke(tco, [*dollars, "--set", "tco.as_of=2028-06"])
    assert "24 months old at 2028-06" in str(outcome.exception)
    fresh = CliRunner().invoke(tco, [*dollars, "--draws", "0"], catch_exceptions=False)
    assert fresh.exit_code == 0


def test_time_of_day_and_building_terms():
    flat = result_of(tco, "nanjing-1024", "--draws", "0", "--set", "tco.tariff=0.7 CNY/kWh")
    bands = "[{name: day, hours: 12 h, tariff: 1.0 CNY/kWh}, {name: night, hours: 12 h, tariff: 0.4 CNY/kWh}]"
    banded = result_of(tco, "nanjing-1024", "--draws", "0", "--set", f"tco.tariff_bands={bands}")
    assert banded["mean_tariff_cny_per_kwh"] == pytest.approx(0.7)
    assert banded["cny_per_card_hour"] == pytest.approx(flat["cny_per_card_hour"])
    short = "[{name: day, hours: 12 h, tariff: 1.0 CNY/kWh}]"
    outcome = CliRunner().invoke(tco, ["nanjing-1024", "--set", f"tco.tariff_bands={short}"])
    assert "the hours sum to 12; they must fill 24" in str(outcome.exception)
    rented = result_of(
        tco, "nanjing-1024", "--draws", "0", "--set", "tco.colocation=450 CNY/kW/month", "--set",
        "tco.colocation_includes_power=true",
    )  # fmt: skip
    assert rented["terms_cny_per_year"]["electricity"] == 0
    expected = 450 * 12 * rented["provisioned_it_power_w"] / 1e3
    assert rented["terms_cny_per_year"]["colocation"] == pytest.approx(expected)
    owned = result_of(
        tco,
        "nanjing-1024",
        "--draws",
        "0",
        "--set",
        "tco.building=60 CNY/W",
        "--set",
        "tco.building_horizon=15 year",
    )
    annuity = 0.08 / (1 - 1.08**-15)
    assert owned["terms_cny_per_year"]["building"] == pytest.approx(
        60 * owned["provisioned_it_power_w"] * annuity
    )


def test_a_climate_gives_the_pue_of_the_cooling(tmp_path):
    from clustersim.schema.lookup import find_file

    text = find_file("scenarios", "nanjing-1024").read_text(encoding="utf-8")
    lines = [line if not line.startswith("  pue:") else "  climate: cold" for line in text.splitlines()]
    (tmp_path / "nanjing-1024.yaml").write_text("\n".join(lines), encoding="utf-8")
    path = str(tmp_path / "nanjing-1024.yaml")
    assert result_of(tco, path, "--draws", "0")["pue"] == 1.20
    cooled = result_of(tco, path, "--draws", "0", "--set", "cluster.server=oam8-coldplate")
    assert cooled["pue"] == 1.10
    assert cooled["racks"]["cooling"] == "coldplate"
    assert cooled["racks"]["total"] < 51


def test_storage_too_small_for_the_run_is_refused():
    outcome = CliRunner().invoke(tco, ["nanjing-1024", "--set", "cluster.storage.capacity=1 TB"])
    assert "need 0.00" in str(outcome.exception)
    assert getattr(outcome.exception, "exit_code", None) == 3


def test_compare_gives_intervals_and_the_share_of_draws():
    result = result_of(compare, *PAIR, "--draws", "64")
    band = result["intervals"]["h100-1024"]
    assert band["p10"] < band["p50"] < band["p90"]
    assert 0.5 < band["share_cheaper_than_first"] <= 1.0
    assert result["intervals"]["nanjing-1024"]["share_cheaper_than_first"] == 0.0
