"""The target price: DCF and price-to-sales, blended, per diluted share, for one point or columns of points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clustersim.columns import as_array, of_points
from clustersim.errors import InputError
from clustersim.finance.capital import NEAR, cost_of_capital
from clustersim.finance.company import Company, Printed, Value
from clustersim.finance.conventions import Convention, PresentValue, Steady, discounted
from clustersim.finance.forecast import Forecast
from clustersim.finance.multiples import NOT_RATED, base_multiple, rating
from clustersim.finance.statements import Statements, make_statements

__all__ = [
    "WHY_DIFFERENT",
    "Valuation",
    "diluted_shares",
    "expected_target",
    "legs",
    "rating_of",
    "value_company",
]

WHY_DIFFERENT = (
    "The printed present values do not follow from the printed cash flows at the printed WACC and growth under any"
    " usual convention; recomputed from the same flows (year-end, valued at the end of the last actual year) the"
    " enterprise value is higher, and so is the target price."
)


@dataclass(frozen=True, slots=True)
class Valuation:
    """The legs of the target price, in millions of the listing currency and in that currency per share."""

    currency: str
    present: PresentValue
    wacc: Value
    terminal_growth: Value
    net_cash_kcny: Value
    fx_per_cny: Value
    ps_m: Value
    dcf_weight: Value
    shares_m: Value
    price: float
    proceeds_m: float = 0.0

    @property
    def equity_m(self) -> Value:
        """What the flows leave to shareholders; below zero where debts and losses are worth more than the business."""
        equity = self.present.enterprise_value + self.net_cash_kcny
        return equity * self.fx_per_cny / 1e3 + self.proceeds_m

    @property
    def dcf_m(self) -> Value:
        """Equity value by DCF; nothing where it would be below zero, for shareholders owe no more than they paid."""
        found: Value = np.maximum(self.equity_m, 0.0)
        return found if np.ndim(found) else float(found)

    @property
    def blended_m(self) -> Value:
        """The legs by their weights."""
        return self.dcf_weight * self.dcf_m + (1 - self.dcf_weight) * self.ps_m

    @property
    def target_price(self) -> Value:
        """The blended equity value per diluted share."""
        return self.blended_m / self.shares_m

    @property
    def upside(self) -> Value:
        """The target over the market price, less one."""
        return self.target_price / self.price - 1

    @property
    def is_answer(self) -> bool:
        """Whether the target price can be told as one: it is above zero, and a WACC well above growth determines it."""
        room = np.asarray(self.wacc) - np.asarray(self.terminal_growth)
        return bool(np.all(room >= NEAR - 1e-9) and np.all(np.asarray(self.target_price) > 0))

    @property
    def rating(self) -> str:
        """The upside on the house's own scale; withheld where the target price is no answer."""
        return rating(float(np.asarray(self.upside))) if self.is_answer else NOT_RATED


def rating_of(value: Valuation, statements: Statements) -> str:
    """Return the rating, withheld where a check of the statements fails that the target price rests on."""
    return value.rating if statements.all_ok else NOT_RATED


def legs(of: Valuation | Printed, currency: str) -> dict[str, float]:
    """Return the legs of a target price by name, the currency in it: ``dcf_hkd_m`` to ``target_price_hkd``."""
    unit = currency.lower()
    return {
        f"dcf_{unit}_m": of_points(of.dcf_m),
        f"ps_{unit}_m": of_points(of.ps_m),
        f"blended_{unit}_m": of_points(of.blended_m),
        f"target_price_{unit}": of_points(of.target_price),
    }


def diluted_shares(company: Company) -> Value:
    """Return shares with the options in the money at the market price by the treasury method, in millions."""
    if not company.options_m:
        return company.shares_m
    return company.shares_m + company.options_m * max(1 - company.option_price / company.price, 0.0)


def value_company(
    company: Company,
    forecast: Forecast,
    *,
    convention: Convention | None = None,
    peers: str = "given",
    year: str | None = None,
    listing_proceeds: bool = False,
) -> Valuation:
    """Value a forecast: DCF under a convention, and forward price-to-sales of the peers less a discount, blended.

    Without choices: year-end flows valued at the end of the year before the first, Gordon growth, the multiple of
    ``company.peers.year``. ``listing_proceeds`` adds the gross proceeds that the cash flow leaves out. Shares that a
    refinancing by equity issues dilute.

    Raises InputError for growth not below the WACC, peers of a year that is not in the forecast, or a refinancing by
    equity on columns of points.
    """
    wacc = cost_of_capital(company)
    present = discounted(
        forecast.fcf_kcny,
        wacc=wacc,
        growth=company.terminal_growth,
        first_year=company.first_year,
        convention=convention,
        steady=Steady(forecast.terminal_flow_kcny, forecast.terminal_working_capital_kcny),
    )
    return Valuation(
        currency=company.currency,
        present=present,
        wacc=wacc,
        terminal_growth=company.terminal_growth,
        net_cash_kcny=company.net_cash_kcny,
        fx_per_cny=company.fx_per_cny,
        ps_m=_price_to_sales(company, forecast, peers, year),
        dcf_weight=company.dcf_weight,
        shares_m=diluted_shares(company) + _new_shares(company, forecast),
        price=company.price,
        proceeds_m=company.listing_proceeds_m if listing_proceeds else 0.0,
    )


def _new_shares(company: Company, forecast: Forecast) -> float:
    if company.refinancing.by != "equity":
        return 0.0
    if forecast.fcf_kcny.ndim > 1:
        raise InputError(
            "refinancing by equity is valued one point at a time; set company.refinancing.by=debt"
        )
    return make_statements(company, forecast).new_shares_m


def _price_to_sales(company: Company, forecast: Forecast, how: str, year: str | None) -> Value:
    if company.peers is None:
        if np.all(as_array(company.dcf_weight) == 1):
            return 0.0
        raise InputError(f"company {company.name}: company.dcf_weight below 1 needs company.peers")
    at = year or company.peers.year
    if at not in forecast.years:
        raise InputError(
            f"company.peers.year={at} is not a year of the forecast ({', '.join(forecast.years)})"
        )
    sales = forecast.revenue_kcny[forecast.years.index(at)]
    multiple = base_multiple(company, how, at) * (1 - company.peers.discount)
    worth: Value = multiple * sales * company.fx_per_cny / 1e3
    return worth


def expected_target(targets: Mapping[str, float], probabilities: Mapping[str, float]) -> float:
    """Return the target price over named cases by their probabilities.

    >>> expected_target({"base": 80.0, "bear": 40.0}, {"base": 0.75, "bear": 0.25})
    70.0

    Raises InputError for a probability of a case that is not there, or probabilities that do not sum to one.
    """
    unknown = sorted(set(probabilities) - set(targets))
    total = sum(probabilities.values())
    if unknown or abs(total - 1) > 1e-9 or any(p < 0 for p in probabilities.values()):
        raise InputError(
            f"company.probabilities must name cases ({', '.join(targets)}) and sum to 1;"
            f" they name {', '.join(unknown) or 'no other'} and sum to {total:g}"
        )
    return sum(p * targets[name] for name, p in probabilities.items())
