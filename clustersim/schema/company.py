"""A company file: drivers, products, the opening balance and market data; what a report printed is a block of its own.

Only ``drivers``, ``products``, an opening balance, shares, price and a cost of capital are needed; see docs/company.md
for a file of thirty lines. With ``printed``, drivers and products that are left out are the printed ones.
"""

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from clustersim.columns import as_array, values_of
from clustersim.plugins import TAX_REGIMES
from clustersim.provenance import Sourced
from clustersim.schema.base import Amount, Fraction, Model, Named, Number, quantity
from clustersim.schema.company_market import MarketSizeFile, ResponseFile, SupplyFile
from clustersim.schema.company_parts import (
    ActualsFile,
    CapmFile,
    HistoryFile,
    JournalEntry,
    Kcny,
    OpeningFile,
    PeersFile,
    Positive,
    PrintedDriversFile,
    Rate,
    RefinancingFile,
    SotpFile,
)  # fmt: skip
from clustersim.schema.company_rows import DaySeries, MoneySeries, Series, refuse_out_of_bounds

__all__ = [
    "AnchorFile",
    "AnchorRow",
    "CompanyFile",
    "DriversFile",
    "PrintedFile",
    "ProductFile",
]

Years = Annotated[Sourced, quantity("1", gt=0)]
#: How a year is written, a forecast one or an actual one.
_YEAR = re.compile(r"[12]\d{3}[AE]?")


class FollowsFile(Model):
    """A roadmap card without a profile of its own: its worth per card, as a multiple of another line's."""

    product: str
    """The line that it follows."""
    worth_ratio: Positive
    """Its worth per card as a multiple of that line's."""


class ProductFile(Model):
    """Units, price and unit cost (kCNY) of one product line by year or half-year."""

    units: Series = Field(default_factory=Series)
    """Cards sold, by year or half-year."""
    asp: MoneySeries = Field(default_factory=MoneySeries)
    """Average selling price of a card."""
    unit_cost: MoneySeries = Field(default_factory=MoneySeries)
    """Years without one: the price at the gross margin of the year."""
    ramp: Series = Field(default_factory=Series)
    """Share of the year's plan that can be delivered; all of it in a year that is not given."""
    end_of_life: str | None = None
    """The last year of sales."""
    cannibalises: dict[str, float] = Field(default_factory=dict)
    """Units of another line that one unit beyond the plan takes away."""
    scenario: str | None = None
    """The scenario that values this line's card."""
    follows: FollowsFile | None = None
    """For a card without a profile of its own: the line whose worth moves it."""

    @model_validator(mode="after")
    def _within_bounds(self) -> Self:
        refuse_out_of_bounds(self)
        return self


class DriversFile(Model):
    """What moves the statements, along the years; see ``finance.company.Drivers``."""

    gross_margin: Series | None = None
    """Gross profit over revenue."""
    selling_share: Series | None = None
    """Selling and marketing expenses over revenue."""
    administrative_share: Series | None = None
    """General and administrative expenses over revenue."""
    research_share: Series | None = None
    """Research and development expenses over revenue."""
    research_expense: MoneySeries | None = None
    """Research that does not follow revenue, beside the share."""
    other_income: MoneySeries | None = None
    """Other income (subsidies, interest on deposits)."""
    other_gains: MoneySeries | None = None
    """Other gains less losses."""
    finance_net: MoneySeries | None = None
    """Net finance income; a cost is negative."""
    receivable_days: DaySeries | None = None
    """Trade receivables over revenue, in days of sales."""
    inventory_days: DaySeries | None = None
    """Inventories over cost of sales, in days."""
    payable_days: DaySeries | None = None
    """Trade payables over cost of sales, in days."""
    capex_share: Series | None = None
    """Purchases of equipment and intangibles over revenue."""
    depreciation: MoneySeries | None = None
    """Depreciation and amortisation of the plan, inside the operating costs."""
    services_share: Series | None = None
    """Services and software sold with the cards, as a share of revenue."""
    channel_discount: Series | None = None
    """Share of the price that distributors keep."""
    share_based_pay: MoneySeries | None = None
    """Share-based pay: a cost that takes no cash."""
    first_taxed_year: str | None = None
    """First year that is taxed: years before are exempt, and losses are not used up in them."""
    conversion: Kcny | None = None
    """Equity that redeemable instruments turn into at the listing."""
    variable_opex_share: Fraction | None = None
    """Share of the operating costs that follows a departure of revenue from the plan."""
    warranty_share: Fraction | None = None
    """Cost of warranty over revenue."""
    progress_ratio: Annotated[Sourced, quantity("1", gt=0, le=1)] | None = None
    """Unit cost left at each doubling of the units made; 1 is no learning."""
    asset_life: Years | None = None
    """Years over which capital expenditure beyond the plan is written off."""
    interest_rate: Fraction | None = None
    """Earned on the opening cash of a year, where finance_mode is cash."""
    opening_tax_losses: Kcny | None = None
    """Tax losses carried forward at the start; when given they alone relieve profits from tax."""
    tax_regime: Annotated[str, Named(TAX_REGIMES, ("loss_pool",))] = "loss_pool"
    """How profits along the years are taxed: losses carried forward without end, or a regime of another package."""
    finance_mode: Literal["given", "cash"] = "given"
    """Net finance income as given, or the interest rate on opening cash."""
    product_mode: Literal["printed", "calibrated", "simulated"] = "simulated"
    """Whether price and units stay printed, follow products and scales only, or also the simulated value of cards."""

    @model_validator(mode="after")
    def _within_bounds(self) -> Self:
        refuse_out_of_bounds(self)
        return self


class PrintedFile(Model):
    """A report's own forecast and valuation, in kCNY and the listing currency."""

    source: str = ""
    """Where all of it is printed."""
    revenue: MoneySeries
    """Revenue of the forecast."""
    drivers: PrintedDriversFile
    """The drivers that reproduce the printed rows."""
    products: dict[str, ProductFile]
    """Units, prices and unit costs by product line, as printed or as calibrated to the revenue."""
    cash_flow_rows: dict[str, MoneySeries]
    """Rows of the printed cash-flow table, by name."""
    capm: CapmFile | None = None
    """The printed cost of capital."""
    peers: PeersFile
    """The printed price-to-sales leg."""
    pv_fcf: Kcny
    """Present value of the free cash flows."""
    pv_terminal: Kcny
    """Present value of the terminal value."""
    dcf_m: Positive
    """Equity by discounted cash flow, millions of the listing currency."""
    ps_m: Positive
    """Equity by price to sales, millions of the listing currency."""
    blended_m: Positive
    """Equity by both, millions of the listing currency."""
    target_price: Positive
    """Printed target price, in the listing currency."""


class CompanyFile(Model):
    """Everything about the company."""

    name: str
    """Its name in results; that of its file."""
    title: str = ""
    """Full name of the company."""
    source: str = ""
    """Where the figures come from."""
    currency: Literal["CNY", "HKD", "USD"] = "CNY"
    """The currency of the listing: price, target price and market value."""
    as_of: date | None = None
    """Date of the market data; what of the first year is over by then cannot be moved any more."""
    years: tuple[str, ...] = Field(min_length=1)
    """The forecast's years, in order."""
    drivers: DriversFile = Field(default_factory=DriversFile)
    """What moves the statements; as printed where left out."""
    products: dict[str, ProductFile] = Field(default_factory=dict)
    """Product lines by name; as printed where left out."""
    history: HistoryFile | None = None
    """Statements of past years."""
    opening: OpeningFile | None = None
    """The last actual balance; instead of a history."""
    printed: PrintedFile | None = None
    """What a report prints, kept apart and never edited."""
    asp_scale: Positive = Field(default_factory=lambda: Sourced(1.0, "1"))
    """Multiplies every product's price."""
    units_scale: Positive = Field(default_factory=lambda: Sourced(1.0, "1"))
    """Multiplies every product's units."""
    tax_rate: Fraction | None = None
    """Rate of corporate income tax; as printed where left out."""
    wacc: Rate | None = None
    """Cost of capital; by its parts (capm) where left out."""
    terminal_growth: Rate = Field(
        default_factory=lambda: Sourced(0.02, "1", "default: growth of prices", "assumption")
    )
    """Growth of the free cash flow after the last year."""
    capm: CapmFile | None = None
    """The parts of the cost of capital."""
    net_cash: Kcny | None = None
    """Net cash for the equity bridge; the opening cash where it is left out."""
    fx_per_cny: Positive = Field(default_factory=lambda: Sourced(1.0, "1"))
    """Listing currency per CNY."""
    fx: dict[str, float] = Field(default_factory=dict)
    """Listing currency per CNY by date; the last one up to ``as_of`` replaces ``fx_per_cny``."""
    shares_m: Positive
    """Shares, millions."""
    options_m: Amount = Field(default_factory=lambda: Sourced(0.0, "1"))
    """Options, millions."""
    option_price: Amount = Field(default_factory=lambda: Sourced(0.0, "1"))
    """Price at which an option buys a share, in the listing currency."""
    price: Positive
    """Price of the share, in the listing currency."""
    dcf_weight: Fraction | None = None
    """Weight of discounted cash flow beside price to sales."""
    peers: PeersFile | None = None
    """The price-to-sales leg."""
    refinancing: RefinancingFile = Field(default_factory=RefinancingFile)
    """What is done when cash would fall below the minimum."""
    listing_proceeds: Positive | None = None
    """Gross proceeds of a listing that the cash flow leaves out, millions of the listing currency."""
    supply: dict[str, SupplyFile] = Field(default_factory=dict)
    """What bounds a product's units, by product."""
    market_size: MarketSizeFile | None = None
    """The market that revenue is held against."""
    response: ResponseFile = Field(default_factory=ResponseFile)
    """How the maker and its market answer a change of a card's worth."""
    cases: dict[str, dict[str, str | float]] = Field(default_factory=dict)
    """Named cases: keys of this file and the values that replace them."""
    probabilities: dict[str, Fraction] = Field(default_factory=dict)
    """Probability of each case, ``base`` included; they sum to one."""
    first_half_share: Fraction = Field(
        default_factory=lambda: Sourced(0.4, "1", "sales of hardware lean to the second half", "assumption")
    )
    """Share of a year's sales in its first half."""
    actuals: dict[str, ActualsFile] = Field(default_factory=dict)
    """Reported halves, 2026H1."""
    sotp: dict[str, SotpFile] = Field(default_factory=dict)
    """Segments valued by multiples of their own, by product."""
    journal: tuple[JournalEntry, ...] = ()
    """Who changed what, when and why."""

    @model_validator(mode="after")
    def _years_are_known(self) -> Self:
        problems = [
            f"{key}.{year}: not a year of the forecast ({self.years[0]} to {self.years[-1]})"
            for key, row in _rows(self)
            for year in row.by_year
            if year.replace("H1", "").replace("H2", "") not in self.years and not year.endswith("A")
        ]
        problems += _out_of_order(self.years, self.opening.year if self.opening is not None else None)
        if self.history is None and self.opening is None:
            problems.append(
                "opening: is needed and missing; add `opening: {year: 2025A, balance: {cash: 100}}`"
            )
        if self.currency != "CNY" and "fx_per_cny" not in self.model_fields_set and not self.fx:
            problems.append(
                f"fx_per_cny: is needed for a listing in {self.currency}; add {self.currency} per CNY with its source,"
                " or fx by date"
            )
        if self.currency == "CNY" and np.any(as_array(values_of(self.fx_per_cny.value)) != 1):
            problems.append(
                "fx_per_cny: the listing is in CNY, so that it is 1; leave it out, or say the currency of the listing"
            )
        if not self.products and self.printed is None:
            problems.append("products: is needed and missing; add units and asp by year")
        if problems:
            raise ValueError("; ".join(problems))
        return self


def _out_of_order(years: tuple[str, ...], opening: str | None) -> list[str]:
    """What is wrong with the years: flows are discounted, and balances carried on, from each to the next one."""
    strange = [year for year in (*years, *filter(None, [opening])) if not _YEAR.fullmatch(year)]
    if strange:
        return [
            f"years: {year} is no year; write 2026E for a forecast one and 2025A for an actual one"
            for year in strange
        ]
    out = [
        f"years: {year} does not follow {before}; write each year once, in order and without a gap"
        for before, year in pairwise(years)
        if int(year[:4]) != int(before[:4]) + 1
    ]
    if opening is not None and int(opening[:4]) + 1 != int(years[0][:4]):
        out.append(f"opening.year: {opening} is not the year before {years[0]}, the first of the forecast")
    return out


def _rows(file: CompanyFile) -> list[tuple[str, Series]]:
    out = [(f"drivers.{name}", row) for name, row in file.drivers if isinstance(row, Series)]
    for name, product in file.products.items():
        out += [(f"products.{name}.{key}", row) for key, row in product if isinstance(row, Series)]
    return out


class AnchorRow(Model):
    """What the simulator gave for a product line in a shipped scenario, at the shipped profiles."""

    scenario: str
    """The shipped scenario."""
    product: str
    """The product line."""
    value_in_use_price_cny: Number
    """Price at which a buyer pays as much for a unit of work as on the incumbent."""
    by_workload_cny: dict[str, Number]
    """The same by workload; they sum to it."""
    other_cost_cny: Number
    """What the card makes its buyer spend beside its price, capitalised, per card in terms of the price."""


class AnchorFile(Model):
    """The anchors: the first of a product line stands for the scenarios that have none of their own."""

    name: str
    """The file's name."""
    anchors: tuple[AnchorRow, ...]
    """One row for each scenario and product line."""
