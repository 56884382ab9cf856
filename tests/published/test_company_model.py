"""The company model gives the printed statements, and recovers what is not printed."""

import random
from dataclasses import replace
from datetime import date

import pytest

from clustersim.assemble.company import company_spec
from clustersim.finance.analysis import monte_carlo, target_price, waterfall
from clustersim.finance.company import Company, Refinancing
from clustersim.finance.conventions import Convention, discounted, implied
from clustersim.finance.forecast import make_forecast
from clustersim.finance.recover import Recovery, coincidence, recover_operating, recover_revenue
from clustersim.finance.statements import make_statements
from clustersim.finance.valuation import value_company
from clustersim.market.link import neutral_link
from clustersim.schema.load_inputs import load_inputs

LINK = neutral_link()


@pytest.fixture(scope="module")
def company() -> Company:
    return company_spec(load_inputs("nanjing-1024").company)


INCOME = (
    "revenue", "cost_of_sales", "gross_profit", "selling_and_marketing_expenses",
    "general_and_administrative_expenses", "research_and_development_expenses", "other_income",
    "other_gains_losses_net", "net_finance_cost", "profit_before_income_tax", "income_tax", "net_profit",
)  # fmt: skip
BALANCE = (
    "inventories", "trade_and_notes_receivables", "trade_and_other_payables", "total_non_current_assets",
    "total_assets", "total_liabilities", "total_equity",
)  # fmt: skip


@pytest.mark.parametrize("year", ["2026E", "2027E", "2028E"])
def test_printed_lines_come_out_to_one_thousand(company: Company, year: str) -> None:
    statements = make_statements(company, make_forecast(company, LINK))
    at = statements.years.index(year)
    for item in INCOME:
        assert statements.income[item][at] == pytest.approx(
            company.history.at("income", item, year), abs=1
        ), item
    for item in BALANCE:
        assert statements.balance[item][at] == pytest.approx(
            company.history.at("balance", item, year), abs=1
        ), item
    change = company.history.at("cash_flow", "change_in_working_capital", year)
    assert statements.cash_flow["change_in_working_capital"][at] == pytest.approx(change, abs=1)
    # Cash is the sum of every other rounding: half a thousand a line.
    cash = company.history.at("balance", "cash_and_cash_equivalents", year)
    assert statements.cash_flow["closing_cash"][at] == pytest.approx(cash, abs=2)


@pytest.mark.parametrize("proceeds", [0.0, 4_835_000.0])
@pytest.mark.parametrize("by", ["debt", "equity"])
def test_the_balance_sheet_balances_every_year(company: Company, proceeds: float, by: str) -> None:
    short = Refinancing(by=by, rate=0.035, minimum_cash_kcny=500_000.0)
    moved = replace(company, asp_scale=0.9, units_scale=0.8, refinancing=short)
    for one in (company, moved, replace(moved, drivers=replace(moved.drivers, finance_mode="cash"))):
        statements = make_statements(one, make_forecast(one, LINK), listing_proceeds_kcny=proceeds)
        b = statements.balance
        opening = statements.opening_balance
        gap = opening["total_assets"] - opening["total_liabilities"] - opening["total_equity"]
        for i in range(len(statements.years)):
            off = b["total_assets"][i] - b["total_liabilities"][i] - b["total_equity"][i]
            assert off == pytest.approx(gap, abs=2)
        for corkscrew in statements.corkscrews:
            assert corkscrew.opening[1:].tolist() == corkscrew.closing[:-1].tolist()


def test_every_check_holds_in_the_base_case(company: Company) -> None:
    statements = make_statements(company, make_forecast(company, LINK))
    assert [c for c in statements.checks if not c.ok] == []


def test_target_prices(company: Company) -> None:
    forecast = make_forecast(company, LINK)
    assert company.printed is not None and company.printed.target_price == 78.63
    assert round(value_company(company, forecast).target_price, 2) == 87.31
    # HKD 5,583 m are worth HKD 5,583 m: 88.46. The 88.84 that has been quoted multiplies them by HKD per CNY.
    with_proceeds = value_company(company, forecast, listing_proceeds=True)
    assert round(with_proceeds.target_price, 2) == 88.46
    wrong = replace(company, listing_proceeds_m=company.listing_proceeds_m * company.fx_per_cny**2)
    assert round(value_company(wrong, forecast, listing_proceeds=True).target_price, 2) == 88.84


@pytest.mark.parametrize(
    ("convention", "flows", "terminal"),
    [
        (Convention(), 60_262_134, 141_303_988),
        (Convention(timing="mid-year"), 63_547_270, 149_007_049),
        (Convention(timing="dated", valuation_date=date(2026, 6, 2)), 63_004_363, 147_734_027),
    ],
)
def test_present_values_of_the_three_conventions(
    company: Company, convention: Convention, flows: float, terminal: float
) -> None:
    forecast = make_forecast(company, LINK)
    present = discounted(forecast.fcf_kcny, wacc=0.112, growth=0.02, first_year=2026, convention=convention)
    assert present.flows == pytest.approx(flows, abs=1)
    assert present.terminal == pytest.approx(terminal, abs=1)


def test_reverse_dcf(company: Company) -> None:
    flows = make_forecast(company, LINK).fcf_kcny
    printed = implied(164_907_423, flows, wacc=0.112, growth=0.02, first_year=2026)
    assert printed.wacc is not None and round(100 * printed.wacc, 2) == 12.52
    equity = company.price * company.shares_m * 1e3 / company.fx_per_cny
    market = implied(equity - company.net_cash_kcny, flows, wacc=0.112, growth=0.02, first_year=2026)
    assert market.wacc is not None and round(100 * market.wacc, 2) == 14.29
    back = discounted(
        [f * (1 - market.flow_haircut) for f in flows], wacc=0.112, growth=0.02, first_year=2026
    )
    assert back.enterprise_value == pytest.approx(equity - company.net_cash_kcny, rel=1e-12)


@pytest.fixture(scope="module")
def recovered(company: Company) -> Recovery:
    return recover_revenue(
        years=company.years[3:],
        working_capital=company.printed.rows["change_in_working_capital"][3:],
        capex=company.printed.rows["capital_expenditure"][3:],
        opening_net_working_capital=4_878_818 + 2_818_310 - 3_337_279,
        opening_gross_margin=7_443_712 / 13_624_016,
    )


def test_recovered_revenue_reproduces_the_printed_rows(company: Company, recovered: Recovery) -> None:
    assert recovered.working_capital == pytest.approx(
        company.printed.rows["change_in_working_capital"][3:], abs=1
    )
    assert recovered.capex == pytest.approx(company.printed.rows["capital_expenditure"][3:], abs=1)
    assert recovered.revenue == tuple(company.printed.revenue_kcny[3:])
    assert all(len(found) == 1 for found in recovered.best.matches)
    assert recovered.log10_chance < -20
    assert recovered.runner_up.years_explained < 7


def test_recovery_is_confirmed_by_a_row_that_it_did_not_use(company: Company, recovered: Recovery) -> None:
    """EBIT over the recovered revenue leaves other income that hardly moves; over wrong revenues it does."""
    last, ebit = 167_047 - 10_214, company.printed.rows["ebit"][3:]
    right = coincidence(recovered, recover_operating(recovered, ebit, last), last)
    assert right < -7
    rng = random.Random(7)
    for _ in range(50):
        wrong = replace(recovered, revenue=tuple(r * rng.uniform(0.9, 1.1) for r in recovered.revenue))
        assert coincidence(wrong, recover_operating(wrong, ebit, last), last) > right


def test_recovery_finds_revenue_that_is_known(company: Company) -> None:
    """Rows made from hidden drivers: the recovery returns them."""
    revenue, margin, net = (20e6, 29e6, 37e6, 44e6), 0.5, 5e6
    held, changes, capex = net, [], []
    for i, (r, d, p) in enumerate(
        zip(revenue, (120, 110, 105, 100), (0.014, 0.013, 0.0121, 0.0117), strict=True)
    ):
        closing = 2 * r * (d - 60 * (1 - margin - 0.001 * (i + 1))) / 365 - held
        changes.append(round(held - closing))
        capex.append(-round(p * r))
        held = closing
    found = recover_revenue(
        years=("1", "2", "3", "4"), working_capital=changes, capex=capex,
        opening_net_working_capital=net, opening_gross_margin=margin,
    )  # fmt: skip
    assert found.revenue == pytest.approx(revenue, abs=60)


def test_waterfall_sums_to_the_whole_way(company: Company) -> None:
    values = {"asp_scale": 0.85, "units_scale": 0.75, "wacc": 0.125}
    steps = waterfall(company, LINK, values)
    whole = target_price(company, LINK, values) - target_price(company, LINK)
    assert sum(step.change for step in steps) == pytest.approx(whole, rel=1e-12)


def test_monte_carlo_is_the_base_when_nothing_is_uncertain(company: Company) -> None:
    import numpy as np

    found = monte_carlo(
        company, LINK, {"wacc": (0.112, 0.112, 0.112)}, samples=100, rng=np.random.default_rng(1)
    )
    assert (
        found.percentile(10) == found.percentile(90) == pytest.approx(target_price(company, LINK), rel=1e-12)
    )
