"""``compare`` and ``tco`` from the command line: parts sum, break-even closes, and mistakes are named."""

import json

import pytest
from click.testing import CliRunner

from clustersim.cli.site import compare, tco
from clustersim.errors import InputError

PAIR = ["br166-1024", "h100-1024"]
#: The requests that tests of a mix simulate: the answers need no more.
FEW = ("--set", "demand.chat.traffic.requests=300")
SITE = ["br166-1024"]


def result_of(command, *arguments):
    outcome = CliRunner().invoke(command, [*arguments, "-f", "json"], catch_exceptions=False)
    return json.loads(outcome.stdout)


def test_terms_sum_to_the_cost_of_a_unit_and_differences_to_its_difference():
    result = result_of(compare, "nanjing-1024", "h20-1024", "--demand", "nanjing-1024", "--draws", "0", *FEW)
    rows = {(r["workload"], r["side"]): r for r in result["workloads"]}
    for work, unit in (("pretrain", "mtoken"), ("chat", "served_mtoken")):
        costs = {side: rows[work, side][f"cny_per_{unit}"] for side in ("nanjing-1024", "h20-1024")}
        for side, cost in costs.items():
            assert sum(result["terms"][work][side].values()) == pytest.approx(cost, rel=1e-12)
        less = sum(result["difference_to_first"][work]["h20-1024"].values())
        assert less == pytest.approx(costs["h20-1024"] - costs["nanjing-1024"], rel=1e-12)
    chat = rows["chat", "h20-1024"]
    # The rate at the level is found to five digits.
    assert chat["slo_share"] >= 0.9 - 1e-4 and chat["stated"] is False and chat["plan"]
    assert {"cny_per_input_mtoken", "cny_per_output_mtoken", "kwh_per_served_mtoken"} <= set(chat)


MIXES = [
    (PAIR, []),
    (["nanjing-1024", "h20-1024"], ["--demand", "nanjing-1024", *FEW, "--set", "demand.chat.share=10 %"]),
    (["h20-1024", "h100-1024"], ["--own-site", "--set", "tco.sold_share=60 %"]),
]


@pytest.mark.parametrize(("pair", "words"), MIXES)
def test_at_the_break_even_price_both_do_the_demand_at_one_cost(pair, words):
    """Over the mix: what a year of a card's work would cost on the first side is what the card costs."""
    even = result_of(compare, *pair, *words, "--draws", "0")["break_even_card_price_cny"][pair[1]]
    assert even == pytest.approx(mix_price(pair, words, even), rel=1e-9)


def mix_price(pair, words, price):
    """The gap of the second side's cost at a card price, as a price: nothing where it is even."""
    from clustersim.pipeline.site import run_site
    from clustersim.schema.sides import load_sides

    given = [words[i + 1].partition("=") for i, word in enumerate(words) if word == "--set"]
    sets = {key: value for key, _, value in given}
    demand = words[words.index("--demand") + 1] if "--demand" in words else ""
    card = load_sides(pair, sets, demand=demand)[1].parts.card.name
    # A price below zero is no input: it is taken off the bill of a card for nothing.
    sets[f"cards.{card}.price"] = f"{max(price, 0.0)!r} CNY"
    sides = load_sides(pair, sets, demand=demand, own_site="--own-site" in words)
    first, other = (run_site(side) for side in sides)
    hours = sum(
        w.share * first.cny_per_unit(f) * w.main.per_card_hour
        for w, f in zip(other.works, first.works, strict=True)
    ) / sum(w.share for w in other.works)  # fmt: skip
    gap = (hours - other.tco.cny_per_card_hour) * 8760 * other.tco.sold_share
    tco = sides[1].tco
    from clustersim.econ.tco import capital_recovery_factor

    residual = tco.residual.value * (1 + tco.wacc.value) ** -tco.horizon.value
    factor = (
        capital_recovery_factor(tco.wacc.value, tco.horizon.value) * (1 - residual) + tco.maintenance.value
    )
    markup = (1 + tco.integration.value) * (1 + tco.vat.value) * other.bill.card_quantity / other.cards
    return max(price, 0.0) + gap / factor / markup


def test_a_site_against_its_own_copy_breaks_even_at_its_own_price(tmp_path):
    """With half of the hours given to no workload, too."""
    from clustersim.schema.lookup import find_file

    text = find_file("scenarios", "br166-1024").read_text(encoding="utf-8")
    path = tmp_path / "copy.yaml"
    path.write_text(text.replace("kind: training", "kind: training\n    share: 50 %"), encoding="utf-8")
    words = ["br166-1024", str(path), "--set", "demand.pretrain.share=50 %", "--draws", "0"]
    result = result_of(compare, *words)
    row = result["sides"][1]
    assert row["side"] == "copy"  # both files state one name; a side goes by its file
    from clustersim.schema.load_inputs import load_inputs

    own = load_inputs("br166-1024", (), with_incumbent=False).parts.card.price.value
    assert result["break_even_card_price_cny"]["copy"] == pytest.approx(own, rel=1e-9)
    assert result["cheapest"]["pretrain"] == ["br166-1024", "copy"]


def test_a_key_of_the_demand_or_the_terms_reaches_both_and_one_of_a_cluster_the_first():
    pair = ["br166-1024", "h20-1024"]
    plain = costs(*pair)
    both = result_of(
        compare, *pair, "--draws", "0", "--set", "model=llama3-70b", "--set", "tco.tariff=0.9 CNY/kWh"
    )
    assert both["demand"]["pretrain"]["model"] == "llama3-70b"
    changed = costs(*pair, "--set", "model=llama3-70b", "--set", "tco.tariff=0.9 CNY/kWh")
    assert changed[0] < plain[0] and changed[1] < plain[1]
    for side in pair:
        terms = both["terms"]["pretrain"][side]
        cheaper = result_of(compare, *pair, "--draws", "0", "--set", "model=llama3-70b")["terms"]["pretrain"][
            side
        ]
        assert terms["electricity"] == pytest.approx(0.9 / 0.5 * cheaper["electricity"], rel=1e-9)
    nic = costs(*pair, "--set", "cluster.nic=roce-400g")
    assert nic[0] != plain[0] and nic[1] == plain[1]
    named = costs(*pair, "--set", "h20-1024.cluster.nic=roce-200g")
    assert named[0] == plain[0] and named[1] != plain[1]


def test_own_sites_all_pay_the_tariff_that_is_set():
    pair = ["br166-1024", "h20-1024", "--own-site"]
    plain, dear = costs(*pair), costs(*pair, "--set", "tco.tariff=0.9 CNY/kWh")
    assert dear[0] > plain[0] and dear[1] > plain[1]


def test_the_price_of_a_card_that_any_side_uses_is_accepted():
    pair = ["br166-1024", "h100-1024"]
    plain, cheap = costs(*pair), costs(*pair, "--set", "cards.H100.price=100000 CNY")
    assert cheap[0] == plain[0] and cheap[1] < plain[1]
    outcome = CliRunner().invoke(compare, [*pair, "--set", "cards.A800.price=100000 CNY"])
    assert isinstance(outcome.exception, InputError) and "do" in str(outcome.exception)


def costs(*words):
    rows = result_of(compare, *words, "--draws", "0")["workloads"]
    return [row["cny_per_mtoken"] for row in rows]


REFUSED = [
    (["nanjing-1024"], "at least two"),
    (["nanjing-1024", "h20-1024"], "put one demand on all with --demand"),
    (["br166-1024", "h20-1024", "--set", "demand.pretrain.plan={tp: 8, pp: 1, dp: 128}"], "--stated-plans"),
    (["shared-1024", "h20-1024", "--demand", "shared-1024"], "card: 'BR106M' against 'H20'"),
    (["br166-1024", "br166-1024"], "compared with itself"),
    (["br166-1024", "h20-1024", "--set", "incumbent.cluster.cards=8"], "has no incumbent"),
    (["br166-1024", "h20-1024", "--set", "h20-1024.tco.tariff=0.9 CNY/kWh"], "--own-site"),
]


@pytest.mark.parametrize(("words", "message"), REFUSED)
def test_unfair_comparisons_are_refused_with_one_message(words, message):
    outcome = CliRunner().invoke(compare, [*words, "--draws", "0"])
    assert isinstance(outcome.exception, InputError)
    assert message in str(outcome.exception)


def test_a_side_that_cannot_do_the_demand_has_no_cost_and_says_why():
    """405 billion parameters in 8 bits do not fit eight A30."""
    result = result_of(
        compare, "h20-1024", "serve-qwen3-32b", "--demand", "serve-qwen3-32b", "--draws", "0",
        "--set", "serve-qwen3-32b.cluster.card=A30", "--set", "model=llama3-405b", *FEW,
    )  # fmt: skip
    (able, site), (done, row) = result["sides"], result["workloads"]
    assert able["reason"] == "" and done["cny_per_served_mtoken"] > 0
    assert site["cny_per_card_hour"] is None and "cannot serve llama3-405b" in site["reason"]
    assert "cny_per_served_mtoken" not in row and row["reason"] == site["reason"]
    assert result["cheapest"]["chat"] == ["h20-1024"]
    assert result["break_even_card_price_cny"] == {"serve-qwen3-32b": None}


def test_tco_lines_sum_to_the_bill():
    result = result_of(tco, *SITE, "--draws", "0")
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
    outcome = CliRunner().invoke(tco, [*SITE, "--draws", "0", "--set", change])
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
    outcome = CliRunner().invoke(tco, [*SITE, "--draws", "0", "--set", f"tco.price_book={path}"])
    assert isinstance(outcome.exception, InputError)
    assert "no part 'switch-64x400g', needed by switches.eth-64x400g" in str(outcome.exception)
    assert "add it to hwprofiles/prices/mine.yaml" in str(outcome.exception)


def test_a_currency_needs_a_rate_and_a_fresh_one(tmp_path):
    dollars = [*SITE, "--set", "cards.BR166M.price=8000 USD"]
    path = book(tmp_path, without("USD"))
    outcome = CliRunner().invoke(tco, [*dollars, "--set", f"tco.price_book={path}"])
    assert "no rate for it; add currencies.USD" in str(outcome.exception)
    outcome = CliRunner().invoke(tco, [*dollars, "--set", "tco.as_of=2028-06"])
    assert "24 months old at 2028-06" in str(outcome.exception)
    fresh = CliRunner().invoke(tco, [*dollars, "--draws", "0"], catch_exceptions=False)
    assert fresh.exit_code == 0


def test_time_of_day_and_building_terms():
    flat = result_of(tco, *SITE, "--draws", "0", "--set", "tco.tariff=0.7 CNY/kWh")
    bands = "[{name: day, hours: 12 h, tariff: 1.0 CNY/kWh}, {name: night, hours: 12 h, tariff: 0.4 CNY/kWh}]"
    banded = result_of(tco, *SITE, "--draws", "0", "--set", f"tco.tariff_bands={bands}")
    assert banded["mean_tariff_cny_per_kwh"] == pytest.approx(0.7)
    assert banded["cny_per_card_hour"] == pytest.approx(flat["cny_per_card_hour"])
    short = "[{name: day, hours: 12 h, tariff: 1.0 CNY/kWh}]"
    outcome = CliRunner().invoke(tco, [*SITE, "--draws", "0", "--set", f"tco.tariff_bands={short}"])
    assert "the hours sum to 12; they must fill 24" in str(outcome.exception)
    rented = result_of(
        tco, *SITE, "--draws", "0", "--set", "tco.colocation=450 CNY/kW/month", "--set",
        "tco.colocation_includes_power=true",
    )  # fmt: skip
    assert rented["terms_cny_per_year"]["electricity"] == 0
    expected = 450 * 12 * rented["provisioned_it_power_w"] / 1e3
    assert rented["terms_cny_per_year"]["colocation"] == pytest.approx(expected)
    owned = result_of(
        tco,
        *SITE,
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

    text = find_file("scenarios", "br166-1024").read_text(encoding="utf-8")
    lines = [line if not line.startswith("  pue:") else "  climate: cold" for line in text.splitlines()]
    (tmp_path / "br166-1024.yaml").write_text("\n".join(lines), encoding="utf-8")
    path = str(tmp_path / "br166-1024.yaml")
    assert result_of(tco, path, "--draws", "0")["pue"] == 1.20
    cooled = result_of(tco, path, "--draws", "0", "--set", "cluster.server=oam8-coldplate")
    assert cooled["pue"] == 1.10
    assert cooled["racks"]["cooling"] == "coldplate"
    assert cooled["racks"]["total"] < 74


def test_storage_too_small_for_the_run_is_refused():
    outcome = CliRunner().invoke(tco, [*SITE, "--draws", "0", "--set", "cluster.storage.capacity=7 TB"])
    assert "need 0.0" in str(outcome.exception)
    assert getattr(outcome.exception, "exit_code", None) == 3


def test_compare_gives_intervals_and_the_share_of_draws():
    result = result_of(compare, *PAIR, "--draws", "24")
    band = result["intervals"]["pretrain"]["h100-1024"]
    assert band["p10"] < band["p50"] < band["p90"]
    cheaper = result_of(compare, *PAIR, "--draws", "24", "--set", "cards.H100.price=100 kCNY")
    least = cheaper["intervals"]["pretrain"]["h100-1024"]["share_cheaper_than_first"]
    assert 0.0 <= band["share_cheaper_than_first"] < least == 1.0
    assert result["draws"] == 24
    assert result["intervals"]["pretrain"]["br166-1024"]["share_cheaper_than_first"] == 0.0
