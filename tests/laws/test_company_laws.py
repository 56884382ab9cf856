"""Laws of the company model: every driver in every year has its economic sign, a size within a bound, and no jump.

The whole grid is 16 drivers x 10 years x 2 signs x 4 companies x 2 states (2,560 cases), and 636 of units, prices and
unit costs by product and year: marker ``full``. The ordinary suite takes a seeded sample of it.
"""

import random
from functools import lru_cache

import numpy as np
import pytest

from clustersim.assemble.company import company_spec
from clustersim.finance.analysis import now, target_price, with_values
from clustersim.finance.capital import cost_of_capital
from clustersim.finance.company import YEARLY_DRIVERS, Company
from clustersim.finance.forecast import make_forecast
from clustersim.finance.messages import messages
from clustersim.finance.statements import make_statements
from clustersim.finance.valuation import value_company
from clustersim.schema.company_load import load_company_file

COMPANIES = ("biren", "metax", "moore-threads", "iluvatar")
#: A state of the file that departs from what is shipped: the laws hold there as well.
STATES: dict[str, tuple[str, ...]] = {
    "as shipped": (),
    "moved": (
        "company.asp_scale=0.93", "company.units_scale=1.2", "company.drivers.progress_ratio=0.92",
        "company.drivers.variable_opex_share=0.2", "company.tax_rate=20 %",
    ),
}  # fmt: skip
#: Sign of the target price for more of the driver; 0 moves nothing, with a reason in the output.
SIGNS = {
    "gross_margin": 1, "selling_share": -1, "administrative_share": -1, "research_share": -1,
    "research_expense": -1, "other_income": 1,
    "other_gains": 1, "finance_net": 0, "receivable_days": -1, "inventory_days": -1, "payable_days": 1,
    "capex_share": -1, "depreciation": 1, "services_share": 1, "channel_discount": -1, "share_based_pay": 0,
}  # fmt: skip
#: Products: units and price more, cost less.
PRODUCT_SIGNS = {"units": 1, "asp": 1, "unit_cost": -1}
SCALARS = {
    "asp_scale": 1, "units_scale": 1, "wacc": -1, "terminal_growth": 1, "tax_rate": -1, "fx_per_cny": 1, "net_cash": 1,
    "shares_m": -1, "peers.discount": -1, "drivers.warranty_share": -1, "drivers.progress_ratio": -1,
    "drivers.opening_tax_losses": 1, "capm.beta": -1, "capm.risk_free": -1, "capm.premium": -1,
}  # fmt: skip


@lru_cache(maxsize=16)
def company(name: str, state: str) -> Company:
    return company_spec(load_company_file(name, STATES[state]))


@lru_cache(maxsize=16)
def base(name: str, state: str) -> float:
    return float(target_price(company(name, state)))


def step(driver: str, at: float) -> float:
    """A change that an analyst would make, never out of the driver's own range."""
    if driver.endswith("_days"):
        return 25.0
    if driver in {
        "research_expense",
        "other_income",
        "other_gains",
        "finance_net",
        "depreciation",
        "share_based_pay",
    }:
        return 50_000.0
    return min(0.02, max(at / 2, 0.005))


def yearly() -> list[tuple[str, str, str, int, int]]:
    assert set(SIGNS) == set(YEARLY_DRIVERS)
    return [
        (name, state, driver, year, sign)
        for name in COMPANIES
        for state in STATES
        for driver in SIGNS
        for year in range(10)
        for sign in (1, -1)
    ]


def products() -> list[tuple[str, str, str, str, int]]:
    out = []
    for name in COMPANIES:
        for state in STATES:
            for line in company(name, state).products:
                for what in PRODUCT_SIGNS:
                    for year in line.units:
                        if what != "unit_cost" or year in line.unit_cost_kcny:
                            out += [
                                (name, state, f"products.{line.name}.{what}.{year}", what, s) for s in (1, -1)
                            ]
    return out


def reasons(one: Company) -> str:
    return "\n".join(messages(one, make_forecast(one)))


def check_yearly(case: tuple[str, str, str, int, int]) -> None:
    name, state, driver, year, sign = case
    one = company(name, state)
    key = f"drivers.{driver}.{one.years[year]}"
    at = now(one, key)
    change = sign * step(driver, at)
    moved = with_values(one, {key: at + change})
    effect = float(target_price(moved)) - base(name, state)
    wanted = SIGNS[driver] * sign
    where = (case, effect)
    if wanted == 0 or abs(effect) < 1e-12:
        assert abs(effect) < 1e-12, where
        said = reasons(moved)
        assert f"company.drivers.{driver}" in said, (where, said)
        return
    assert np.sign(effect) == wanted, where
    assert abs(effect) <= bound(one, driver, year, change), where
    half = float(target_price(with_values(one, {key: at + change / 1e6}))) - base(name, state)
    assert abs(half) <= 2e-5 * abs(effect) + 1e-9, ("jump", where, half)


def bound(one: Company, driver: str, year: int, change: float) -> float:
    """What the change can be worth at most, per share: the money of the year, once and (in the last year) for ever.

    Money of the year is the change x revenue (shares), x flow / 365 (days), or itself; it is discounted from its own
    year, a year's working capital comes back a year later, and the last year's goes into the terminal value.
    """
    forecast, wacc = make_forecast(one), float(np.asarray(cost_of_capital(one)))
    growth, last = float(np.asarray(one.terminal_growth)), len(one.years) - 1
    revenue = float(forecast.revenue_kcny[year])
    sales = {"receivable_days": revenue, "inventory_days": -float(forecast.cost_of_sales_kcny[year]),
             "payable_days": -float(forecast.cost_of_sales_kcny[year])}  # fmt: skip
    discount = (1 + wacc) ** -(year + 1)
    forever = 1 + (1 + growth) / (wacc - growth)
    if driver in sales:
        money = sales[driver] * abs(change) / 365
        worth = money * discount * ((1 + growth / (wacc - growth)) if year == last else (1 - 1 / (1 + wacc)))
    elif driver in {"research_expense", "other_income", "other_gains", "depreciation"}:
        worth = abs(change) * discount * (forever if year == last else 1.0)
    else:
        # A share also moves what follows revenue: working capital for a year, costs and capital expenditure.
        worth = revenue * abs(change) * 2.5 * discount * (forever if year == last else 1.0)
        if (
            driver in {"services_share", "channel_discount"}
            and one.peers is not None
            and one.years[year] == one.peers.year
        ):
            worth += 60 * revenue * abs(change) * 2.5
    rate = float(np.asarray(one.fx_per_cny)) / 1e3 / float(np.asarray(one.shares_m))
    return worth * rate * (1 + 1e-9) + 1e-9


def check_product(case: tuple[str, str, str, str, int]) -> None:
    name, state, key, what, sign = case
    one = company(name, state)
    at = now(one, key)
    effect = float(target_price(with_values(one, {key: at * (1 + 0.1 * sign)}))) - base(name, state)
    assert np.sign(effect) == PRODUCT_SIGNS[what] * sign, (case, effect)
    small = float(target_price(with_values(one, {key: at * (1 + 1e-7 * sign)}))) - base(name, state)
    assert abs(small) <= 2e-5 * abs(effect) + 1e-9, ("jump", case, small)


def sample(cases: list, count: int) -> list:
    return random.Random(20260602).sample(cases, count)


@pytest.mark.parametrize("case", sample(yearly(), 150), ids=str)
def test_a_driver_of_a_year_has_its_sign_and_size(case: tuple[str, str, str, int, int]) -> None:
    check_yearly(case)


@pytest.mark.parametrize("case", sample(products(), 60), ids=str)
def test_a_product_of_a_year_has_its_sign(case: tuple[str, str, str, str, int]) -> None:
    check_product(case)


@pytest.mark.full
def test_every_driver_of_every_year_has_its_sign_and_size() -> None:
    cases = yearly()
    assert len(cases) == 4 * 2 * 16 * 10 * 2
    for case in cases:
        check_yearly(case)


@pytest.mark.full
def test_every_product_of_every_year_has_its_sign() -> None:
    cases = products()
    assert len(cases) == 636
    for case in cases:
        check_product(case)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("key", SCALARS)
@pytest.mark.parametrize("name", COMPANIES)
def test_a_scalar_has_its_sign(name: str, key: str, sign: int) -> None:
    one = company(name, "moved")
    at = now(one, key)
    if np.isnan(at):  # CAPM sets the WACC; no losses are brought forward
        at = float(np.asarray(cost_of_capital(one))) if key == "wacc" else 0.0
    value = at * (1 + 0.05 * sign) if at else (1e6 if sign > 0 else None)
    if key == "drivers.progress_ratio":
        value = min(value, 1.0)
    if value is None:
        pytest.skip("losses brought forward cannot be less than none")
    moved = with_values(one, {key: value})
    effect = float(target_price(moved)) - base(name, "moved")
    if abs(effect) < 1e-12:
        assert f"company.{key.partition('.')[0]}" in reasons(moved) or key in reasons(moved), (name, key)
        return
    assert np.sign(effect) == SCALARS[key] * sign, (name, key, effect)


@pytest.mark.parametrize("name", COMPANIES)
def test_many_points_are_valued_as_each_alone(name: str) -> None:
    rng = np.random.default_rng(3)
    one, count = company(name, "moved"), 40
    line = one.products[0]
    year = next(iter(line.units))
    values = {
        "asp_scale": rng.uniform(0.8, 1.2, count),
        "wacc": rng.uniform(0.09, 0.13, count),
        "tax_rate": rng.uniform(0.1, 0.3, count),
        "drivers.gross_margin": rng.uniform(0.4, 0.7, count),
        f"drivers.receivable_days.{one.years[2]}": rng.uniform(50, 200, count),
        f"products.{line.name}.units.{year}": rng.uniform(1e3, 1e5, count),
    }
    together = target_price(one, (), values)
    for i in range(count):
        alone = target_price(one, (), {key: float(column[i]) for key, column in values.items()})
        assert together[i] == pytest.approx(alone, rel=1e-12)


@pytest.mark.parametrize("name", COMPANIES)
@pytest.mark.parametrize("state", STATES)
def test_the_balance_sheet_balances(name: str, state: str) -> None:
    one = company(name, state)
    statements = make_statements(one, make_forecast(one))
    assert [c for c in statements.checks if not c.ok and c.check.startswith("assets")] == []


def test_growth_at_or_above_the_wacc_is_an_error_and_near_it_a_warning() -> None:
    from clustersim.errors import InputError

    one = company("biren", "as shipped")
    near = with_values(one, {"wacc": 0.027})
    assert any("terminal value is a quotient" in text for text in messages(near, make_forecast(near)))
    for wacc in (0.02, 0.01):
        with pytest.raises(InputError, match="terminal value is infinite"):
            value_company(with_values(one, {"wacc": wacc}), make_forecast(one))
