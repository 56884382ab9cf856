"""The target price: DCF and price-to-sales, blended, per share, beside what the report prints."""

from __future__ import annotations

from dataclasses import dataclass

from clustersim.finance.company import Company
from clustersim.finance.dcf import PresentValue, present_value
from clustersim.finance.forecast import Forecast

__all__ = ["Valuation", "value_company"]

WHY_DIFFERENT = (
    "The printed present values do not follow from the printed cash flows at the printed WACC and growth under any"
    " usual convention; recomputed from the same flows (year-end, valued at the end of the last actual year) the"
    " enterprise value is higher, and so is the target price."
)


@dataclass(frozen=True, slots=True)
class Valuation:
    """The legs of the target price, in HKD million and HKD per share."""

    present: PresentValue
    net_cash_kcny: float
    hkd_per_cny: float
    ps_hkd_m: float
    dcf_weight: float
    shares_m: float
    price_hkd: float

    @property
    def dcf_hkd_m(self) -> float:
        """Equity value by DCF."""
        return (self.present.enterprise_value + self.net_cash_kcny) * self.hkd_per_cny / 1e3

    @property
    def blended_hkd_m(self) -> float:
        """The legs by their weights."""
        return self.dcf_weight * self.dcf_hkd_m + (1 - self.dcf_weight) * self.ps_hkd_m

    @property
    def target_price_hkd(self) -> float:
        """The blended equity value per share."""
        return self.blended_hkd_m / self.shares_m

    @property
    def upside(self) -> float:
        """The target over the market price, less one."""
        return self.target_price_hkd / self.price_hkd - 1


def value_company(company: Company, forecast: Forecast) -> Valuation:
    """Value a forecast by the report's own method: year-end flows valued at the end of the year before the first,
    Gordon growth; forward price-to-sales of the peers less a discount; both blended.
    """
    present = present_value(forecast.fcf_kcny, wacc=company.wacc, growth=company.terminal_growth)
    sales = forecast.revenue_kcny[forecast.years.index(company.peers.year)]
    multiple = company.peers.price_to_sales * (1 - company.peers.discount)
    return Valuation(
        present=present,
        net_cash_kcny=company.net_cash_kcny,
        hkd_per_cny=company.hkd_per_cny,
        ps_hkd_m=multiple * sales * company.hkd_per_cny / 1e3,
        dcf_weight=company.dcf_weight,
        shares_m=company.shares_m,
        price_hkd=company.price_hkd,
    )
