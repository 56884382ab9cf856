"""A company file: the printed forecast, the calibrated products, and the valuation's inputs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from clustersim.provenance import Sourced
from clustersim.schema.base import Fraction, Model, Number, quantity

__all__ = ["AnchorFile", "AnchorRow", "CompanyFile", "DriversFile", "HistoryFile", "ProductFile", "Series"]

Kcny = Annotated[Sourced, quantity("kCNY")]
Rate = Annotated[Sourced, quantity("1", gt=-1, lt=1)]
Positive = Annotated[Sourced, quantity("1", gt=0)]


class Series(Model):
    """One row along the years, all values from one source."""

    values: tuple[float, ...]
    tier: str
    source: str = ""


class ProductFile(Model):
    """Units and price (kCNY) of one product line by year."""

    units: dict[str, float]
    asp: dict[str, float]


class DriversFile(Model):
    """What moves the statements, along the years; see ``finance.company.Drivers``."""

    gross_margin_step: Series
    selling_share: Series
    administrative_share: Series
    research_share: Series
    later_operating_share: Series
    other_income: Series
    other_gains: Series
    finance_net: Series
    receivable_days: Series
    inventory_days: Series
    payable_days: Series
    capex_share: Series
    first_taxed_year: str
    conversion: Kcny
    variable_opex_share: Fraction
    warranty_share: Fraction
    progress_ratio: Fraction
    interest_rate: Fraction
    opening_tax_losses: Kcny | None = None
    """Tax losses carried forward at the start; needed for ``tax_mode: pool``."""
    tax_mode: Literal["printed", "pool"] = "printed"
    finance_mode: Literal["printed", "cash"] = "printed"
    """Net finance income as printed, or the interest rate on opening cash."""
    product_mode: Literal["printed", "calibrated", "simulated"] = "simulated"
    """Whether price and units stay printed, follow the scales only, or also the simulated value of the card."""


class HistoryFile(Model):
    """The printed statements by item, in kCNY."""

    years: tuple[str, ...]
    source: str
    tier: str
    income: dict[str, tuple[float, ...]]
    balance: dict[str, tuple[float, ...]]
    cash_flow: dict[str, tuple[float, ...]]

    @model_validator(mode="after")
    def _along_the_years(self) -> HistoryFile:
        for name in ("income", "balance", "cash_flow"):
            for item, row in getattr(self, name).items():
                if len(row) != len(self.years):
                    raise ValueError(f"{name}.{item} has {len(row)} values for {len(self.years)} years")
        return self


class CashFlowRows(Model):
    """The printed rows of the cash flow, outflows negative."""

    ebit: tuple[float, ...]
    depreciation_and_amortisation: tuple[float, ...]
    tax: tuple[float, ...]
    change_in_working_capital: tuple[float, ...]
    capital_expenditure: tuple[float, ...]
    free_cash_flow: tuple[float, ...]


class PeersFile(Model):
    """The price-to-sales leg."""

    price_to_sales: Positive
    discount: Fraction
    year: str
    members: dict[str, dict[str, float | None]] = Field(default_factory=dict)


class CapmFile(Model):
    """Cost of capital as printed."""

    risk_free: Rate
    beta: Positive
    premium: Rate
    cost_of_debt: Rate
    debt_to_equity: Rate


class MarketSizeFile(Model):
    """The market that the maker sells into, at two years; between them it grows at a constant rate."""

    first_year: int
    last_year: int
    first: Positive
    last: Positive
    domestic_first: Fraction
    domestic_last: Fraction


class PrintedFile(Model):
    """The report's own valuation."""

    pv_fcf: Kcny
    pv_terminal: Kcny
    dcf_hkd_m: Positive
    ps_hkd_m: Positive
    blended_hkd_m: Positive
    target_price_hkd: Positive


class CompanyFile(Model):
    """Everything about the company."""

    name: str
    source: str
    years: tuple[str, ...] = Field(min_length=1)
    revenue: Series
    drivers: DriversFile
    history: HistoryFile
    cash_flow_rows: CashFlowRows
    products: dict[str, ProductFile]
    services_share: dict[str, float]
    asp_scale: Positive
    """Multiplies every product's price; 1 is the printed forecast."""
    units_scale: Positive
    """Multiplies every product's units; 1 is the printed forecast."""
    tax_rate: Fraction
    wacc: Rate
    terminal_growth: Rate
    capm: CapmFile | None = None
    net_cash: Kcny
    hkd_per_cny: Positive
    shares_m: Positive
    price_hkd: Positive
    dcf_weight: Fraction
    peers: PeersFile
    printed: PrintedFile
    listing_proceeds: Positive | None = None
    """Gross proceeds of a listing that the cash flow leaves out, HKD million."""
    supply: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Most units of a product that can be made, by year; asking for more is a failed check."""
    market_size: MarketSizeFile | None = None
    cases: dict[str, dict[str, str | float]] = Field(default_factory=dict)
    """Named cases: keys of this file and the values that replace them."""


class AnchorRow(Model):
    """What the simulator gave for a product line in a shipped scenario, at the shipped profiles."""

    scenario: str
    product: str
    value_in_use_price_cny: Number
    by_workload_cny: dict[str, Number]
    """The same by workload; they sum to it."""


class AnchorFile(Model):
    """The anchors: the first of a product line stands for the scenarios that have none of their own."""

    name: str
    anchors: tuple[AnchorRow, ...]
