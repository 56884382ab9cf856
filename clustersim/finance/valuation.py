"""The target price: DCF and price-to-sales, blended, per share, beside what the report prints."""

from __future__ import annotations

from dataclasses import dataclass

from clustersim.finance.company import Company
from clustersim.finance.conventions import Convention, discounted
from clustersim.finance.dcf import PresentValue
from clustersim.finance.forecast import Forecast
from clustersim.finance.multiples import peer_multiple, rating

__all__ = ["Valuation", "base_multiple", "first_year", "value_company"]

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
    proceeds_hkd_m: float = 0.0

    @property
    def dcf_hkd_m(self) -> float:
        """Equity value by DCF."""
        equity = self.present.enterprise_value + self.net_cash_kcny
        return equity * self.hkd_per_cny / 1e3 + self.proceeds_hkd_m

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

    @property
    def rating(self) -> str:
        """The upside on the house's own scale."""
        return rating(self.upside)


def first_year(company: Company) -> int:
    """Return the calendar year of the first flow."""
    return int(company.years[0].rstrip("AE"))


def base_multiple(company: Company, how: str, year: str | None = None) -> float:
    """Return the peers' multiple before the discount: ``printed``, or the mean or median of the members.

    Raises InputError for a peer without a multiple of the year.
    """
    if how == "printed":
        return company.peers.price_to_sales
    year = year or company.peers.year
    members = {name: row.get(year) for name, row in company.peers.members.items()}
    found = peer_multiple(members, year)
    return found.mean if how == "mean" else found.median


def value_company(
    company: Company,
    forecast: Forecast,
    *,
    convention: Convention | None = None,
    peers: str = "printed",
    year: str | None = None,
    listing_proceeds: bool = False,
) -> Valuation:
    """Value a forecast: DCF under a convention, and forward price-to-sales of the peers less a discount, blended.

    Without choices this is the report's own method: year-end flows valued at the end of the year before the first,
    Gordon growth, the printed mean of the peers for the printed year. ``listing_proceeds`` adds the gross proceeds
    that the cash flow leaves out, in HKD as they were raised.
    """
    present = discounted(
        forecast.fcf_kcny,
        wacc=company.wacc,
        growth=company.terminal_growth,
        first_year=first_year(company),
        convention=convention,
    )
    at = year or company.peers.year
    sales = forecast.revenue_kcny[forecast.years.index(at)]
    multiple = base_multiple(company, peers, at) * (1 - company.peers.discount)
    return Valuation(
        present=present,
        net_cash_kcny=company.net_cash_kcny,
        hkd_per_cny=company.hkd_per_cny,
        ps_hkd_m=multiple * sales * company.hkd_per_cny / 1e3,
        dcf_weight=company.dcf_weight,
        shares_m=company.shares_m,
        price_hkd=company.price_hkd,
        proceeds_hkd_m=company.listing_proceeds_hkd_m if listing_proceeds else 0.0,
    )
