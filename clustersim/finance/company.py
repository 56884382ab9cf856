"""A company as its analyst printed it: products, cash-flow rows, and what a share is made of. Money in kCNY."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from clustersim.errors import InputError

__all__ = ["Company", "Drivers", "History", "Peers", "Printed", "ProductLine"]


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
    members: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    """Forward multiples by peer and year."""


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
class Drivers:
    """What moves the statements, one value a year along the company's years; shares are of revenue, money in kCNY.

    ``other_income`` is other income and other gains together. Days are on average balances.
    """

    selling_share: tuple[float, ...]
    administrative_share: tuple[float, ...]
    research_share: tuple[float, ...]
    other_income: tuple[float, ...]
    other_gains: tuple[float, ...]
    finance_net: tuple[float, ...]
    receivable_days: tuple[float, ...]
    inventory_days: tuple[float, ...]
    payable_days: tuple[float, ...]
    capex_share: tuple[float, ...]
    first_taxed_year: str
    variable_opex_share: float
    warranty_share: float
    progress_ratio: float
    conversion_kcny: float
    interest_rate: float
    opening_tax_losses_kcny: float | None = None
    tax_mode: str = "printed"
    finance_mode: str = "printed"
    product_mode: str = "simulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The printed statements, actual and forecast years, rows by item in kCNY."""

    years: tuple[str, ...]
    income: Mapping[str, tuple[float, ...]]
    balance: Mapping[str, tuple[float, ...]]
    cash_flow: Mapping[str, tuple[float, ...]]

    def at(self, statement: str, item: str, year: str) -> float:
        """Return one printed figure."""
        rows: Mapping[str, tuple[float, ...]] = getattr(self, statement)
        return rows[item][self.years.index(year)]

    @property
    def actual_years(self) -> tuple[str, ...]:
        """Years that are over."""
        return tuple(y for y in self.years if y.endswith("A"))


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
    drivers: Drivers
    history: History
    listing_proceeds_hkd_m: float = 0.0
    capm: Mapping[str, float] = field(default_factory=dict)
    """risk_free, beta, premium, cost_of_debt, debt_to_equity."""
    supply_units: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    asp_scale: float = 1.0
    units_scale: float = 1.0

    def __post_init__(self) -> None:
        along = {f.name: getattr(self.drivers, f.name) for f in fields(Drivers)}
        for name, row in {
            **self.rows,
            "revenue": self.revenue_kcny,
            "gross_margin": self.gross_margin,
            **{name: row for name, row in along.items() if isinstance(row, tuple)},
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
