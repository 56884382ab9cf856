"""Company model: calibration, tax pool, terminal values, consensus, and mistakes that are named."""

import json
import math
from dataclasses import replace

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from clustersim.assemble.company import company_spec
from clustersim.cli.forecast import command
from clustersim.errors import InfeasibleError, InputError
from clustersim.finance.calibrate import calibrate
from clustersim.finance.consensus import read_consensus
from clustersim.finance.conventions import Convention, Terminal, discounted, wacc
from clustersim.finance.forecast import make_forecast
from clustersim.finance.multiples import base_multiple
from clustersim.finance.recover import recover_revenue
from clustersim.finance.statements import make_statements
from clustersim.finance.tax import loss_pool
from clustersim.finance.valuation import value_company
from clustersim.market.link import neutral_link
from clustersim.schema.load_inputs import load_inputs

money = st.floats(1.0, 1e6)


def company(*sets):
    return company_spec(load_inputs("nanjing-1024", sets).company)


def forecast(one):
    return make_forecast(one, neutral_link())


@given(st.lists(st.tuples(money, st.floats(1.0, 500.0)), min_size=1, max_size=6), st.floats(0.3, 1.5))
def test_calibration_keeps_the_identity_exactly(priors, factor):
    named = {str(i): prior for i, prior in enumerate(priors)}
    total = factor * sum(u * a for u, a in priors)
    found = calibrate("2026E", total, named)
    assert abs(found.residual_kcny) <= 1e-9 * total
    for line in found.lines:
        low, high = line.band("units")
        assert low < line.units < high
        assert 0 <= line.units_identified <= 1


def test_calibration_is_the_nearest_point():
    """No small step along the identity comes nearer to the priors."""
    priors = {"A": (100.0, 50.0), "B": (40.0, 90.0)}
    found = calibrate("2026E", 12_000.0, priors)

    def distance(units):
        return sum((math.log(u / priors[n][0]) / 0.5) ** 2 for n, u in units.items())

    def price_part():
        return sum((math.log(line.asp_kcny / priors[line.name][1]) / 0.12) ** 2 for line in found.lines)

    at = {line.name: line.units for line in found.lines}
    asp = {line.name: line.asp_kcny for line in found.lines}
    best = distance(at) + price_part()
    for step in (-1e-3, 1e-3):
        other = {"A": at["A"] * (1 + step)}
        other["B"] = (12_000.0 - other["A"] * asp["A"]) / asp["B"]
        assert distance(other) + price_part() > best


def test_calibration_names_what_cannot_be():
    with pytest.raises(InputError, match="raise the prior"):
        calibrate("2026E", 1e9, {"A": (1.0, 1.0)})
    with pytest.raises(InputError, match="A must be greater than zero"):
        calibrate("2026E", 1.0, {"A": (0.0, 1.0)})


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=10), st.floats(0.0, 1e6))
def test_losses_are_used_once(profits, opening):
    rows = loss_pool(profits, rate=0.15, opening=opening)
    assert min(rows.closing) >= 0
    taxed = -sum(rows.tax) / 0.15
    assert taxed + sum(rows.used) == pytest.approx(sum(p for p in profits if p > 0), abs=1e-3)
    assert opening + sum(rows.added) - sum(rows.used) == pytest.approx(rows.closing[-1], abs=1e-3)


def test_growth_fades_into_gordon():
    flat = discounted([100.0], wacc=0.1, growth=0.02, first_year=2026)
    same = Convention(terminal=Terminal(kind="fade", first_growth=0.02, fade_years=5))
    faster = Convention(terminal=Terminal(kind="fade", first_growth=0.2, fade_years=5))
    assert discounted(
        [100.0], wacc=0.1, growth=0.02, first_year=2026, convention=same
    ).terminal == pytest.approx(flat.terminal)
    assert (
        discounted([100.0], wacc=0.1, growth=0.02, first_year=2026, convention=faster).terminal
        > flat.terminal
    )


def test_exit_multiple_is_discounted_with_the_last_flow():
    choice = Convention(terminal=Terminal(kind="exit-multiple", multiple=10, base=110.0))
    assert discounted(
        [1.0], wacc=0.1, growth=0.5, first_year=2026, convention=choice
    ).terminal == pytest.approx(1000)


def test_interest_on_cash_keeps_the_sheet_balanced():
    one = company("company.drivers.finance_mode=cash")
    statements = make_statements(one, forecast(one))
    assert statements.income["net_finance_cost"][0] == pytest.approx(0.0295 * 1_037_701)
    assert all(c.ok for c in statements.checks if c.check == "assets = liabilities + equity")


def test_a_pool_of_losses_relieves_profits():
    given_ = company("company.drivers.opening_tax_losses=10000000 kCNY")
    # To the unit of kCNY that the printed tax row differs from its drivers by.
    assert forecast(given_).tax_kcny[2] == pytest.approx(0, abs=7_000)
    assert value_company(given_, forecast(given_)).target_price > 87.32


def test_printed_mode_ignores_the_simulator():
    one = replace(company(), asp_scale=1.2)
    assert forecast(one).revenue_kcny[0] > 2_168_956
    printed = replace(one, drivers=replace(one.drivers, product_mode="printed"))
    assert forecast(printed).revenue_kcny[0] == pytest.approx(2_168_956, abs=0.01)


def test_an_unbalanced_opening_sheet_is_named_with_its_gap():
    one = company()
    balance = dict(one.history.balance)
    balance["total_equity"] = (*balance["total_equity"][:2], -23_843_000.0, *balance["total_equity"][3:])
    with pytest.raises(InputError, match=r"2025A does not balance.*leave -738 kCNY"):
        broken = replace(one, history=replace(one.history, balance=balance))
        make_statements(broken, forecast(broken))


def test_more_units_than_the_supply_is_a_failed_check():
    one = replace(company(), supply_units={"BR166": {"2026E": 10_000.0}})
    failed = [c for c in make_statements(one, forecast(one)).checks if not c.ok]
    assert [c.check for c in failed] == ["supply of BR166"]
    assert "supply allows 10,000" in failed[0].note


def test_a_peer_without_a_multiple_is_named():
    one = company()
    members = {**one.peers.members, "Newcomer": {"2026E": 10.0}}
    with pytest.raises(InputError, match="2027E multiple for Newcomer"):
        base_multiple(replace(one, peers=replace(one.peers, members=members)), "mean")


def test_printed_drivers_that_do_not_give_the_printed_rows_are_flagged():
    """The printed rows are no plug: the replica's own drivers must give them, and a check says where they do not."""
    for override, item in (
        ("company.printed.drivers.tax_rate=25 %", "tax"),
        ("company.printed.drivers.capex_share.2026E=0.1", "capital_expenditure"),
        ("company.printed.drivers.receivable_days.2027E=150", "change_in_working_capital"),
    ):
        one = company(override)
        failed = {c.check for c in make_statements(one, forecast(one)).checks if not c.ok}
        assert f"printed drivers give the printed {item}" in failed


def test_growth_must_be_below_the_wacc():
    one = company("company.terminal_growth=12 %")
    with pytest.raises(InputError, match=r"below company\.wacc"):
        value_company(one, forecast(one))


def test_wacc_refuses_no_equity():
    with pytest.raises(InfeasibleError):
        wacc(cost_of_equity=0.1, cost_of_debt=0.05, debt_to_equity=-1, tax_rate=0.15)


def test_recovery_says_which_years_no_driver_explains():
    with pytest.raises(InfeasibleError, match="leaves out"):
        recover_revenue(
            years=("a", "b", "c"), working_capital=(-1234567, -7654321, -1111111),
            capex=(-123457, -7, -999_983), opening_net_working_capital=1e6, opening_gross_margin=0.5,
        )  # fmt: skip


def test_consensus_reads_aliases_and_units():
    table = read_consensus(
        '年度,营业收入（亿元）,Net Income (CNY mn),EPS\n2026E,21.5,-700,1\nFY2027,70,"1,400",2\n', "c.csv"
    )
    assert table["revenue", "2026E"] == pytest.approx(2_150_000)
    assert table["net_profit", "2027E"] == pytest.approx(1_400_000)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", r"c.csv:1: no column of years"),
        ("FY,Widgets\n2026,2\n", r"c.csv:1: no known item"),
        ("FY,Sales\n2026,many\n", r"c.csv:2: Sales: 'many' is not a number"),
        ("FY,Sales (parsecs)\n2026,1\n", r"unit 'parsecs'"),
        ("FY,Sales\n", "needs a heading and at least one row"),
    ],
)
def test_consensus_names_the_line(text, message):
    with pytest.raises(InputError, match=message):
        read_consensus(text, "c.csv")


@pytest.mark.parametrize("name", ["recover", "value", "calibrate", "cases", "grid"])
def test_commands_print_json(name):
    outcome = CliRunner().invoke(command, [name, "nanjing-1024", "-f", "json"], catch_exceptions=False)
    assert outcome.exit_code == 0
    assert json.loads(outcome.stdout)


def test_show_says_that_checks_hold_and_writes_tables(tmp_path):
    outcome = CliRunner().invoke(
        command, ["show", "nanjing-1024", "-o", str(tmp_path), "-f", "json"], catch_exceptions=False
    )
    assert json.loads(outcome.stdout)["all_checks_ok"] is True
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "balance.csv", "cash_flow.csv", "checks.csv", "dcf.csv", "forecast.json", "income.csv", "products.csv",
        "ratios.csv",
    ]  # fmt: skip


def test_consensus_command_compares(tmp_path):
    file = tmp_path / "c.csv"
    file.write_text("FY,Sales (CNY mn)\n2026E,2000\n", encoding="utf-8")
    outcome = CliRunner().invoke(command, ["consensus", "nanjing-1024", str(file), "-f", "json"])
    row = json.loads(outcome.stdout)[0]
    assert row["difference_pct"] == pytest.approx(100 * (2168.956 / 2000 - 1))
