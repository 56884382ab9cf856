"""A company as plain numbers: drivers, products, what a report printed of it, and what a share is made of.

Money is in kCNY. A driver is one value a year along ``years``, on the first axis of an array; further axes are
points (samples of a study), so that ten thousand companies are valued at once. What a report printed stays apart in
``Printed``, with the drivers that reproduce it: the forecast takes every departure from those as a change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

from clustersim.errors import InputError

__all__ = [
    "YEARLY_DRIVERS",
    "Array",
    "Capm",
    "Company",
    "Drivers",
    "History",
    "Peers",
    "Printed",
    "ProductLine",
    "Refinancing",
]

Array = npt.NDArray[np.float64]
Value = float | Array


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductLine:
    """Units, average selling price and unit cost (kCNY) of one line, by year; years without sales are absent.

    ``unit_cost_kcny`` may lack years: the cost then follows the price at the year's gross margin. ``ramp`` is the
    share of the year's plan that can be delivered (1 where absent), ``end_of_life`` the last year of sales, and
    ``cannibalises`` how many units of another line one unit beyond the plan takes away.
    """

    name: str
    units: Mapping[str, Value]
    asp_kcny: Mapping[str, Value]
    unit_cost_kcny: Mapping[str, Value] = field(default_factory=dict)
    past_units: float = 0.0
    ramp: Mapping[str, Value] = field(default_factory=dict)
    end_of_life: str | None = None
    cannibalises: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """The price-to-sales leg: the multiple before the discount, the year it applies to, and its members."""

    price_to_sales: Value | None
    """The multiple as it is given; None takes the ``statistic`` of the members of the year."""
    discount: Value
    year: str
    statistic: str = "mean"
    members: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capm:
    """The parts of the cost of capital."""

    risk_free: Value
    beta: Value
    premium: Value
    cost_of_debt: Value
    debt_to_equity: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Refinancing:
    """What is done when cash would fall below ``minimum_cash_kcny``: ``debt`` at a rate, or ``equity`` at the price."""

    by: str = "debt"
    rate: float = 0.0
    minimum_cash_kcny: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """What moves the statements; rows run along the years, shares are of revenue, money in kCNY.

    ``research_expense`` does not follow revenue and comes on top of the share; ``depreciation`` is that of the plan,
    inside the operating costs; ``channel_discount`` is the share of the price that distributors keep. Profits before
    ``first_taxed`` (an index of the years) bear no tax, unless ``opening_tax_losses_kcny`` is given: then losses
    carried forward are all that relieves them.
    """

    gross_margin: Array
    selling_share: Array
    administrative_share: Array
    research_share: Array
    research_expense: Array
    other_income: Array
    other_gains: Array
    finance_net: Array
    receivable_days: Array
    inventory_days: Array
    payable_days: Array
    capex_share: Array
    depreciation: Array
    services_share: Array
    channel_discount: Array
    share_based_pay: Array
    tax_rate: Value
    first_taxed: int
    variable_opex_share: Value
    warranty_share: Value
    progress_ratio: Value
    asset_life_years: Value
    conversion_kcny: float
    interest_rate: Value
    opening_tax_losses_kcny: Value | None = None
    tax_regime: str = "loss_pool"
    finance_mode: str = "given"
    product_mode: str = "simulated"


#: The drivers with one value a year.
YEARLY_DRIVERS: tuple[str, ...] = tuple(f.name for f in fields(Drivers) if f.type == "Array")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The printed statements, actual and forecast years, rows by item in kCNY; an item that is absent is nothing."""

    years: tuple[str, ...]
    income: Mapping[str, tuple[float, ...]]
    balance: Mapping[str, tuple[float, ...]]
    cash_flow: Mapping[str, tuple[float, ...]]

    def at(self, statement: str, item: str, year: str) -> float:
        """Return one printed figure; 0 for an item that the statement does not have."""
        rows: Mapping[str, tuple[float, ...]] = getattr(self, statement)
        return rows[item][self.years.index(year)] if item in rows else 0.0

    @property
    def actual_years(self) -> tuple[str, ...]:
        """Years that are over."""
        return tuple(y for y in self.years if y.endswith("A"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What a report prints, kept apart from ours: statements come from ``Company.history``.

    ``drivers`` reproduce its rows with days on *average* balances; ``products`` are calibrated to its revenue.
    ``rows`` are its cash-flow rows by name (``ebit``, ``depreciation_and_amortisation``, ``tax``,
    ``change_in_working_capital``, ``capital_expenditure``, and ``free_cash_flow``, their rounded sum).
    """

    revenue_kcny: Array
    drivers: Drivers
    products: tuple[ProductLine, ...]
    rows: Mapping[str, Array]
    peers: Peers
    capm: Capm | None
    pv_fcf_kcny: float
    pv_terminal_kcny: float
    dcf_m: float
    ps_m: float
    blended_m: float
    target_price: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Everything the forecast and the valuation start from; ``*_m`` and ``price`` are in the listing currency.

    ``wacc`` None lets CAPM set it. ``fx_per_cny`` is listing currency per CNY; ``elapsed_share`` is the part of the
    first year that is over and cannot be sold into any more; ``supply_units`` are upper limits by product and year.

    Raises InputError for a driver that does not run along the years.
    """

    name: str
    years: tuple[str, ...]
    currency: str
    drivers: Drivers
    products: tuple[ProductLine, ...]
    history: History
    printed: Printed | None
    wacc: Value | None
    capm: Capm | None
    terminal_growth: Value
    net_cash_kcny: Value
    fx_per_cny: Value
    shares_m: Value
    price: float
    dcf_weight: Value
    peers: Peers | None
    refinancing: Refinancing = Refinancing()
    listing_proceeds_m: float = 0.0
    options_m: float = 0.0
    option_price: float = 0.0
    elapsed_share: float = 0.0
    supply_units: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    asp_scale: Value = 1.0
    units_scale: Value = 1.0
    assumed: tuple[str, ...] = ()
    """What the file leaves out and a default filled in, in words."""

    def __post_init__(self) -> None:
        rows = {name: getattr(self.drivers, name) for name in YEARLY_DRIVERS}
        if self.printed is not None:
            rows |= {**self.printed.rows, "revenue": self.printed.revenue_kcny}
        for name, row in rows.items():
            if len(row) != len(self.years):
                raise InputError(
                    f"company {self.name}: {name} has {len(row)} values for {len(self.years)} years"
                )

    @property
    def reference(self) -> tuple[ProductLine, ...]:
        """The plan that departures are counted from: the calibrated one, or the file's own."""
        return self.printed.products if self.printed is not None else self.products

    @property
    def product_years(self) -> tuple[str, ...]:
        """Years for which units and prices by product are given."""
        return tuple(y for y in self.years if any(y in p.units for p in self.products))

    @property
    def first_year(self) -> int:
        """Calendar year of the first flow."""
        return int(self.years[0].rstrip("AE"))
