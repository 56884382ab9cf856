"""A company file: the printed forecast, the calibrated products, and the valuation's inputs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from clustersim.provenance import Sourced
from clustersim.schema.base import Fraction, Model, Number, quantity

__all__ = ["AnchorFile", "AnchorRow", "CompanyFile", "ProductFile", "Series"]

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
    gross_margin: Series
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
    net_cash: Kcny
    hkd_per_cny: Positive
    shares_m: Positive
    price_hkd: Positive
    dcf_weight: Fraction
    peers: PeersFile
    printed: PrintedFile


class AnchorRow(Model):
    """What the simulator gave for a product line at the shipped profiles."""

    scenario: str
    value_in_use_price_cny: Number
    inference_value_in_use_price_cny: Number | None = None
    cny_per_mtoken: Number


class AnchorFile(Model):
    """All anchors, by product line."""

    name: str
    anchors: dict[str, AnchorRow]
