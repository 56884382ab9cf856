"""Parts of a company file: balances and statements, peers, cost of capital, refinancing, reported halves, journal."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from clustersim.errors import InputError
from clustersim.provenance import Sourced
from clustersim.schema.base import Fraction, Model, quantity
from clustersim.schema.company_rows import DaySeries, MoneySeries, Series, line_name

__all__ = [
    "ActualsFile", "CapmFile", "HistoryFile", "JournalEntry", "Kcny", "OpeningFile", "PeersFile", "Positive",
    "PrintedDriversFile", "Rate", "RefinancingFile", "SotpFile",
]  # fmt: skip

Kcny = Annotated[Sourced, quantity("kCNY", usual=("-10000 GCNY", "10000 GCNY"))]
Rate = Annotated[Sourced, quantity("1", gt=-1, lt=1, usual=("-10 %", "40 %"))]
Positive = Annotated[Sourced, quantity("1", gt=0)]


class PrintedDriversFile(Model):
    """The drivers that reproduce the printed rows, days on average balances."""

    gross_margin_step: Series
    """Change of the gross margin on the year before."""
    selling_share: Series
    """Selling and marketing expenses over revenue."""
    administrative_share: Series
    """General and administrative expenses over revenue."""
    research_share: Series
    """Research and development expenses over revenue."""
    later_operating_share: Series | None = None
    """The three together in the years after the last one that has all; their split stays."""
    other_income: MoneySeries
    """Other income (subsidies, interest on deposits)."""
    other_gains: MoneySeries
    """Other gains less losses."""
    finance_net: MoneySeries
    """Net finance income; a cost is negative."""
    receivable_days: DaySeries
    """Trade receivables over revenue, in days of sales."""
    inventory_days: DaySeries
    """Inventories over cost of sales, in days."""
    payable_days: DaySeries
    """Trade payables over cost of sales, in days."""
    capex_share: Series
    """Purchases of equipment and intangibles over revenue."""
    services_share: Series
    """Services and software sold with the cards, as a share of revenue."""
    first_taxed_year: str
    """First year that is taxed: years before are exempt, and losses are not used up in them."""
    tax_rate: Fraction
    """Rate of corporate income tax."""
    warranty_share: Fraction
    """Cost of warranty over revenue."""
    conversion: Kcny
    """Equity that redeemable instruments turn into at the listing."""


class HistoryFile(Model):
    """Statements by item along ``years``, in kCNY: actual years, and forecast years where they are printed."""

    years: tuple[str, ...]
    """The years that the rows run along, actual (2025A) and printed forecast (2026E)."""
    source: str
    """Where the statements are printed."""
    tier: str
    """How strong that source is."""
    income: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    """Rows of the income statement, by item."""
    balance: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    """Rows of the balance sheet, by item."""
    cash_flow: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    """Rows of the cash-flow statement, by item."""

    @model_validator(mode="after")
    def _along_the_years(self) -> Self:
        for name in ("income", "balance", "cash_flow"):
            for item, row in getattr(self, name).items():
                if len(row) != len(self.years):
                    raise ValueError(f"{name}.{item} has {len(row)} values for {len(self.years)} years")
        return self


class OpeningFile(Model):
    """The last actual year: balances and what is known of its income, by line name or alias, in ``unit``."""

    year: str
    """The last actual year, 2025A."""
    unit: str = "kCNY"
    """Unit of every figure here."""
    source: str = ""
    """Where the figures stand."""
    tier: str = "given"
    """How strong that source is."""
    balance: dict[str, float]
    """Balances at the end of that year, by line."""
    income: dict[str, float] = Field(default_factory=dict)
    """What is known of that year's income statement, by line."""

    @model_validator(mode="before")
    @classmethod
    def _names(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        out = dict(raw)
        for part in ("balance", "income"):
            if isinstance(raw.get(part), dict):
                try:
                    out[part] = {line_name(str(k)): v for k, v in raw[part].items()}
                except InputError as error:
                    raise ValueError(f"{part}: {error}") from None
        return out


class PeersFile(Model):
    """The price-to-sales leg; without ``price_to_sales`` the ``statistic`` of the members of the year."""

    price_to_sales: Positive | None = None
    """Market value over revenue of comparable companies."""
    discount: Fraction | None = None
    """Taken off that multiple."""
    year: str | None = None
    """Year of the revenue that the multiple is put on."""
    statistic: Literal["mean", "median"] = "mean"
    """How the members are summed up."""
    members: dict[str, dict[str, Annotated[float, Field(gt=0)] | None]] = Field(default_factory=dict)
    """Multiples of the peers, by company and year."""


class CapmFile(Model):
    """Cost of capital by its parts; with a printed block, parts left out are the printed ones."""

    risk_free: Rate | None = None
    """Yield of a long government bond."""
    beta: Positive | None = None
    """Sensitivity of the share to the market."""
    premium: Rate | None = None
    """Return of the market beyond the risk-free one."""
    cost_of_debt: Rate | None = None
    """Interest on debt, before tax."""
    debt_to_equity: Annotated[Sourced, quantity("1", ge=0, usual=("0 %", "400 %"))] | None = None
    """Debt over equity, at market values."""


class RefinancingFile(Model):
    """What is done when cash would fall below the minimum."""

    by: Literal["debt", "equity"] = "debt"
    """What is raised: a loan, or new shares."""
    rate: Rate = Field(
        default_factory=lambda: Sourced(0.035, "1", "five-year loan prime rate, 2025, rounded", "assumption")
    )
    """Interest on the loan."""
    minimum_cash: Kcny = Field(default_factory=lambda: Sourced(0.0, "kCNY"))
    """Cash below which something is raised."""


class ActualsFile(Model):
    """A half-year's reported figures, by line name or alias, in ``unit``."""

    unit: str = "kCNY"
    """Unit of every figure here."""
    source: str = ""
    """Where the half-year was reported."""
    lines: dict[str, float]
    """Reported figures, by line."""


class SotpFile(Model):
    """A segment's own multiple of its revenue in a year."""

    price_to_sales: Positive
    """Multiple of the segment's revenue."""
    year: str
    """Year of that revenue."""


class JournalEntry(Model):
    """Who changed which driver, when and why."""

    date: date
    """Day of the change."""
    who: str
    """Who changed it."""
    key: str
    """The key that was changed."""
    was: float | str
    """The value before."""
    now: float | str
    """The value since."""
    why: str
    """The reason."""
