"""What an analyst edits first, with the sign and size that it must have (base 87.31 HKD)."""

import pytest
from click.testing import CliRunner

from clustersim.cli.forecast import command
from clustersim.errors import InputError
from clustersim.finance.messages import messages
from clustersim.market.link import first_of
from clustersim.planner.company import forecast_run

BASE = 87.3118


def target(*sets: str) -> float:
    return float(forecast_run("biren", tuple(f"company.{text}" for text in sets)).valuation.target_price)


def said(*sets: str) -> str:
    run = forecast_run("biren", tuple(f"company.{text}" for text in sets))
    return "\n".join(messages(run.company, run.forecast, run.links))


def test_the_base_stays() -> None:
    assert target() == pytest.approx(BASE, abs=5e-4)


@pytest.mark.parametrize(
    ("edit", "low", "high"),
    [
        # Slower collection of one year: its interest, not its level.
        ("drivers.receivable_days.2027E=150", -0.05, -0.015),
        ("drivers.receivable_days.2028E=150", -0.05, -0.02),
        ("drivers.receivable_days.2029E=150", -0.10, -0.02),
        ("drivers.receivable_days.2034E=150", -0.30, -0.05),
        # In the last year it also stays for ever: growth of 2 % on it, no more.
        ("drivers.receivable_days.2035E=150", -3.0, -1.0),
        # 16,538 cards at 155 kCNY, and what they earn; the multiple is on 2027E.
        ("products.BR200.units.2027E=50000", 10.0, 20.0),
        ("products.BR200.asp.2027E=200", 6.0, 12.0),
        ("capm.beta=1.4", -20.0, -10.0),
        ("peers.members.Cambricon.2027E=35.3", 1.0, 3.0),
        ("tax_rate=25 %", -8.0, -4.0),
        ("drivers.gross_margin.2030E=0.5", -0.5, -0.1),
        ("drivers.warranty_share=3 %", -3.0, -1.0),
        ("drivers.capex_share.2035E=0.02", -2.5, -0.5),
    ],
)
def test_an_edit_has_its_sign_and_size(edit: str, low: float, high: float) -> None:
    assert low <= target(edit) - BASE <= high


def test_what_cannot_move_the_target_says_so() -> None:
    for edit, key in (
        ("drivers.finance_mode=cash", "drivers.finance_mode=cash"),
        ("drivers.finance_net.2030E=0", "drivers.finance_net"),
        ("drivers.progress_ratio=0.9", "drivers.progress_ratio"),
        ("drivers.variable_opex_share=0.2", "drivers.variable_opex_share"),
        ("drivers.depreciation.2026E=0", "drivers.depreciation.2026E"),
        ("supply.BR200.units.2027E=99999", "supply.BR200"),
    ):
        assert target(edit) == pytest.approx(BASE, abs=5e-4)
        assert f"company.{key}" in said(edit)
        assert "no effect on the target price because" in said(edit)
    shown = CliRunner().invoke(
        command, ["show", "biren", "--set", "company.drivers.finance_mode=cash", "-f", "table"]
    )
    assert "no effect on the target price because the free cash flow is before financing" in shown.stdout


def test_the_multiple_and_the_revenue_are_of_one_year() -> None:
    with pytest.raises(InputError, match="no 2028E multiple for Cambricon"):
        target("peers.year=2028E")
    # The members' mean of 2026E on revenue of 2026E.
    run = forecast_run("biren", ("company.peers.year=2026E",))
    mean = (46.3 + 29.5 + 115.3 + 73.0 + 37.3 + 28.5) / 6
    assert run.valuation.ps_m == pytest.approx(mean * 0.7 * 2168.956 * 1.154639, rel=1e-6)


def test_units_beyond_supply_are_not_sold() -> None:
    limit = "supply.BR200.units.2027E=40000"
    assert target(limit, "products.BR200.units.2027E=50000") == pytest.approx(
        target(limit, "products.BR200.units.2027E=60000"), rel=1e-12
    )
    assert "only up to the 40,000 units" in said(limit, "products.BR200.units.2027E=50000")


def test_wafers_memory_packaging_and_stock_bound_units() -> None:
    def sold(*parts: str) -> float:
        sets = tuple(f"company.supply.BR166.{part}" for part in parts)
        run = forecast_run("biren", ("company.products.BR166.units.2026E=100000", *sets))
        line = next(p for p in run.forecast.products if p.name == "BR166")
        return float(line.units[0])

    assert sold("wafers.2026E=1000", "good_dies_per_wafer=30", "dies_per_card=2") == 15_000
    assert sold("memory_stacks.2026E=80000", "stacks_per_card=4") == 20_000
    assert sold("packaging.2026E=9000", "opening_inventory=500") == 9_500


def test_a_card_takes_from_another_and_ends() -> None:
    more = "products.BR200.units.2027E=50000"
    taking = "products.BR200.cannibalises.BR166=0.3"
    assert target(taking) == pytest.approx(BASE, abs=5e-4)  # as planned nothing is taken
    assert BASE < target(more, taking) < target(more)
    assert target("products.BR200.end_of_life=2030E") < BASE
    assert target("products.BR300.ramp.2029E=0.5") < BASE


def test_learning_needs_volume() -> None:
    more = "units_scale=1.2"
    assert target(more, "drivers.progress_ratio=0.9") > target(more)


def test_halves_sum_to_the_year() -> None:
    by_year = target("products.BR200.units.2027E=50000")
    halves = target("products.BR200.units.2027H1E=20000", "products.BR200.units.2027H2E=30000")
    assert halves == pytest.approx(by_year, rel=1e-12)


def test_a_year_of_a_row_that_is_one_number_can_be_set() -> None:
    """The other years keep the number, whether a flag or the file says so."""
    every = target("drivers.variable_opex_share=0", "drivers.receivable_days=100")
    one = target("drivers.receivable_days=100", "drivers.receivable_days.2030E=150")
    assert every - 1 < one < every
    assert one == pytest.approx(target("drivers.receivable_days={value: 100, 2030E: 150}"), rel=1e-12)
    with pytest.raises(InputError, match=r"receivable_days.2030E: -3 must be at least 0"):
        target("drivers.receivable_days=100", "drivers.receivable_days.2030E=-3")


def test_a_rate_for_a_listing_in_the_same_money_is_refused() -> None:
    with pytest.raises(InputError, match="the listing is in CNY, so that it is 1"):
        forecast_run("metax", ("company.fx_per_cny=1.1",))


def test_years_are_keys_and_the_old_form_is_refused_with_the_new_one() -> None:
    with pytest.raises(InputError, match=r"drivers.receivable_days.2040E: not a year of the forecast"):
        target("drivers.receivable_days.2040E=100")
    with pytest.raises(InputError, match=r"old form; write the years as keys: \{YEAR1: 200, YEAR2: 100"):
        target("drivers.receivable_days={values: [200, 100], tier: given}")


def test_a_defect_of_a_card_moves_its_own_line() -> None:
    """How much comes through which leg sums to the whole."""
    from clustersim.finance.attribution import through

    run = forecast_run("br166-1024", ("cards.BR166M.peak.bf16=700 TFLOP/s",))
    parts = through(run.company, run.links)
    base = float(forecast_run("biren", ()).valuation.target_price)
    assert sum(part.whole for part in parts) == pytest.approx(
        float(run.valuation.target_price) - base, rel=1e-9
    )
    assert [part.product for part in parts if abs(part.whole) > 1e-9] == ["BR166"]


def test_one_event_of_the_market_gives_one_answer_from_any_scenario() -> None:
    """It reaches every line, followers included; a card's own terms come on top and reach one."""
    event = "market.switching_discount=0.25"
    runs = [
        forecast_run(name, (event,)) for name in ("nanjing-1024", "br166-1024", "br20x-4096", "br166-mixed")
    ]
    prices = [float(run.valuation.target_price) for run in runs]
    assert prices == pytest.approx([prices[0]] * 4, rel=1e-12)
    assert prices[0] < BASE - 5
    moved = {link.product for link in runs[0].links if float(first_of(link.units_factor)) < 1}
    assert moved == {"BR106", "BR110", "BR166", "BR200", "BR300", "successor"}
    both = forecast_run("br166-1024", (event, "cards.BR166M.efficiency.gemm=0.6"))
    after = {link.product: float(first_of(link.units_factor)) for link in both.links}
    before = {link.product: float(first_of(link.units_factor)) for link in runs[1].links}
    assert {name for name in after if after[name] != pytest.approx(before[name], rel=1e-9)} == {"BR166"}


#: Events of the market with the bound of what they may do: the outside option and what can be made hold them.
EVENTS = {
    "market.incumbent=h100-1024": (0.0, 20.0),
    "incumbent.reliability.mttf_scale=0.01": (BASE + 50, 250.0),
}


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_of_the_market_is_bounded_and_one_answer_from_any_scenario(event: str) -> None:
    names = ("nanjing-1024", "br166-1024", "br20x-4096")
    runs = [forecast_run(name, (event,)) for name in names]
    prices = [float(run.valuation.target_price) for run in runs]
    assert prices == pytest.approx([prices[0]] * len(names), rel=1e-12)
    low, high = EVENTS[event]
    assert low < prices[0] < high


#: What a site of each line pays for electricity, CNY/kWh: they stand in different provinces.
PAID = {"nanjing-1024": 0.70, "br166-1024": 0.50, "br20x-4096": 0.50}


@pytest.mark.parametrize("factor", [1.0, 1.0001, 0.8, 1.2])
def test_dearer_electricity_is_one_event_and_no_jump(factor: float) -> None:
    """Every site pays its own tariff times the factor: a small change is a small change on every line."""
    runs = [forecast_run(name, (f"tco.tariff={paid * factor!r} CNY/kWh",)) for name, paid in PAID.items()]
    prices = [float(run.valuation.target_price) for run in runs]
    assert prices == pytest.approx([prices[0]] * len(PAID), rel=1e-9)
    # Our cards are the more frugal: the incumbent's users pay more of it. A fifth more is worth a share of what they
    # spend on power, and a change of nothing is nothing.
    assert prices[0] == pytest.approx(BASE, abs=15 * abs(factor - 1) + 5e-4)
    assert (prices[0] - BASE) * (factor - 1) >= -1e-9


def test_what_bounds_an_event_is_said() -> None:
    run = forecast_run("nanjing-1024", ("incumbent.reliability.mttf_scale=0.01",))
    text = "\n".join(messages(run.company, run.forecast, run.links))
    assert "the incumbent costs more than the buyer's outside option in pretrain" in text
    assert "units stand at the most that can be made beyond the plan (company.response.headroom)" in text
    worse = forecast_run("nanjing-1024", ("incumbent.reliability.mttf_scale=0.001",))
    assert float(worse.valuation.target_price) == pytest.approx(float(run.valuation.target_price), rel=2e-2)
    wider = ("incumbent.reliability.mttf_scale=0.01", "market.outside_option=2")
    assert float(forecast_run("nanjing-1024", wider).valuation.target_price) > float(
        run.valuation.target_price
    )
    fallen = forecast_run("nanjing-1024", ("market.incumbent=h100-1024",))
    text = "\n".join(messages(fallen.company, fallen.forecast, fallen.links))
    assert "shareholders owe nothing, so that leg counts as zero" in text
    assert float(fallen.valuation.equity_m) < 0 == float(fallen.valuation.dcf_m)


def test_a_tenth_more_throughput_is_bounded_by_what_can_be_made_and_half_a_year_gone() -> None:
    base = forecast_run("br166-1024", ()).forecast.revenue_kcny
    faster = forecast_run("br166-1024", ("cards.BR166M.efficiency.gemm=0.77",)).forecast.revenue_kcny
    assert 1.0 < faster[0] / base[0] < 1.10
    far = forecast_run("br166-1024", ("cards.BR166M.efficiency.gemm=0.85", "market.price_sensitivity=30"))
    line = next(p for p in far.forecast.products if p.name == "BR166")
    assert line.units[0] <= 15_866 * 1.25 and line.units[1] <= 18_077 * 1.5 * (1 + 1e-9)


@pytest.mark.parametrize(
    "change",
    ["demand.chat.share=0.2", "tco.pue=1.5", "tco.maintenance=4 %", "cards.BR106M.efficiency.gemm=0.6",
     "cards.BR106M.power.tdp=450 W"],
)  # fmt: skip
def test_a_card_that_is_worth_more_lifts_its_line_and_one_worth_less_does_not(change: str) -> None:
    from clustersim.finance.attribution import through

    still, run = (forecast_run("nanjing-1024", sets) for sets in ((), (change,)))
    worth = run.chain.value.price_cny - still.chain.value.price_cny
    own = next(part for part in through(run.company, run.links) if part.product == "BR106")
    assert abs(worth) > 1 and own.whole * worth > 0


#: What is edited without effect, and the words of the reason.
SILENT = {
    "company.drivers.finance_mode=cash": "before financing",
    "company.refinancing.rate=5 %": "cash never falls below its minimum",
    "company.listing_proceeds=6000": "show --proceeds",
    "company.response.headroom=2": "worth what its anchor records",
    "market.outside_option=1.2": "worth what its anchor records",
    "company.printed.target_price=80": "beside the recomputed target",
    "company.supply.BR200.wafers.2027E=99999": "good_dies_per_wafer",
    "company.products.BR300.follows.worth_ratio=2": "worth what its anchor records",
    "cards.BR106M.price=90000 CNY": "not in its value in use",
    "company.price=60": "upside and the rating",
}


def test_a_change_without_effect_is_never_without_a_word() -> None:
    from clustersim.cli.site import explain

    sets = [part for edit in SILENT for part in ("--set", edit)]
    outcome = CliRunner().invoke(explain, ["nanjing-1024", *sets, "-f", "json"], catch_exceptions=False)
    lines = outcome.stderr.splitlines()
    for edit, why in SILENT.items():
        key = edit.partition("=")[0]
        said = [
            line for line in lines if line.startswith(key) and "has no effect on the target price" in line
        ]
        assert said and why in said[0], (key, outcome.stderr)


def test_explain_splits_an_event_by_line_and_leg() -> None:
    import json

    from clustersim.cli.site import explain

    outcome = CliRunner().invoke(
        explain,
        ["nanjing-1024", "--set", "market.switching_discount=0.25", "-f", "json"],
        catch_exceptions=False,
    )
    rows = json.loads(outcome.stdout)
    parts = [row["after"] - row["before"] for row in rows if ".through_" in row["term"]]
    whole = next(row for row in rows if row["term"] == "target_price_hkd")
    assert sum(parts) == pytest.approx(whole["after"] - whole["before"], rel=1e-9)
