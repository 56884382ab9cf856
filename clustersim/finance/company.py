"""A company as its analyst printed it: products, cash-flow rows, and what a share is made of. Money in kCNY."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clustersim.errors import InputError

__all__ = ["Company", "Peers", "Printed", "ProductLine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductLine:
    """Units and average selling price (kCNY) of one line, by year; years without sales are absent."""

    name: str
    units: Mapping[str, float]
    asp_kcny: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """The price-to-sales leg: the peers' forward multiple as printed, the discount, and the year it applies to."""

    price_to_sales: float
    discount: float
    year: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What the report prints of its own valuation, kept beside the recomputed values."""

    pv_fcf_kcny: float
    pv_terminal_kcny: float
    dcf_hkd_m: float
    ps_hkd_m: float
    blended_hkd_m: float
    target_price_hkd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Everything the forecast and the valuation start from.

    ``rows`` are the printed cash-flow rows in kCNY by name (``ebit``, ``depreciation_and_amortisation``, ``tax``,
    ``change_in_working_capital``, ``capital_expenditure``, and ``free_cash_flow``, their rounded sum), each along
    ``years``; ``revenue_kcny`` likewise.
    """

    name: str
    years: tuple[str, ...]
    revenue_kcny: tuple[float, ...]
    gross_margin: tuple[float, ...]
    rows: Mapping[str, tuple[float, ...]]
    products: tuple[ProductLine, ...]
    services_share: Mapping[str, float]
    tax_rate: float
    wacc: float
    terminal_growth: float
    net_cash_kcny: float
    hkd_per_cny: float
    shares_m: float
    price_hkd: float
    dcf_weight: float
    peers: Peers
    printed: Printed
    asp_scale: float = 1.0
    units_scale: float = 1.0

    def __post_init__(self) -> None:
        for name, row in {
            **self.rows,
            "revenue": self.revenue_kcny,
            "gross_margin": self.gross_margin,
        }.items():
            if len(row) != len(self.years):
                raise InputError(
                    f"company {self.name}: {name} has {len(row)} values for {len(self.years)} years"
                )
        if self.terminal_growth >= self.wacc:
            raise InputError(
                f"company.terminal_growth={self.terminal_growth:.4g} must be below company.wacc={self.wacc:.4g}:"
                " the terminal value is infinite otherwise"
            )

    @property
    def product_years(self) -> tuple[str, ...]:
        """Years for which units and prices by product are given."""
        return tuple(y for y in self.years if any(y in p.units for p in self.products))
