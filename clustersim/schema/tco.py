"""What the owner of a cluster pays, and for how long."""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from clustersim.provenance import Sourced
from clustersim.schema.base import Model, money, quantity

__all__ = ["BY_CLIMATE", "CLIMATES", "Pue", "TariffBand", "TcoSection"]

Tariff = Annotated[Sourced, quantity("CNY/kWh", ge=0, usual=("0.05 CNY/kWh", "5 CNY/kWh"))]
CnyPerYear = Annotated[Sourced, quantity("CNY/year", ge=0, usual=("0 CNY/year", "10 GCNY/year"))]
Colocation = Annotated[
    Sourced, quantity("CNY/kW/month", ge=0, usual=("50 CNY/kW/month", "5000 CNY/kW/month"))
]
Building = Annotated[Sourced, quantity("CNY/W", ge=0, usual=("1 CNY/W", "500 CNY/W"))]
Carbon = Annotated[Sourced, quantity("kgCO2/kWh", ge=0, usual=("0 kgCO2/kWh", "1.5 kgCO2/kWh"))]
Years = Annotated[Sourced, quantity("year", gt=0, usual=("0.5 year", "30 year"))]
Hours = Annotated[Sourced, quantity("h", gt=0, le=24, usual=("0.25 h", "24 h"))]
Pue = Annotated[Sourced, quantity("1", ge=1, le=3)]
Price = Annotated[Sourced, money(usual=("10 kCNY", "1000 GCNY"))]
Rate = Annotated[Sourced, quantity("1", gt=-1, lt=1, usual=("-10 %", "40 %"))]

Climate = Literal["cold", "temperate", "hot"]
CLIMATES = ("cold", "temperate", "hot")
#: Stands for a PUE that is read from the server's cooling and the site's climate when the scenario is loaded.
BY_CLIMATE = Sourced(math.nan, "1", "the cooling profile, by climate")


class TariffBand(Model):
    """Hours of the day at one price of electricity."""

    name: str
    """Its name, as peak or valley."""
    hours: Hours
    """Hours of a day."""
    tariff: Tariff
    """Price of electricity in them."""


class TcoSection(Model):
    """The site, its prices and terms."""

    price_book: str
    """Which prices (hwprofiles/prices)."""
    as_of: str = Field("", pattern=r"^(\d{4}-\d{2})?$")
    """Month of the question, as 2026-06; absent: the price book's own. Currency rates must be fresh at it."""
    horizon: Years
    """Years over which the cluster is written off."""
    wacc: Rate
    """The owner's cost of capital."""
    residual: Annotated[Sourced, quantity("1", ge=0, le=1, usual=("0 %", "70 %"))]
    """What the hardware is worth at the end of the horizon, as a share of its price."""
    vat: Annotated[Sourced, quantity("1", ge=0, le=1, usual=("0 %", "30 %"))]
    """Value-added tax on the bill."""
    tariff: Tariff
    """Price of electricity."""
    tariff_bands: tuple[TariffBand, ...] = ()
    """Time of day: where given, their mean over the day takes the place of ``tariff``; the hours must fill 24."""
    pue: Pue = BY_CLIMATE
    """Facility power over IT power; by climate where absent."""
    climate: Climate | None = None
    """Takes the PUE from the server's cooling profile where ``pue`` is absent."""
    maintenance: Annotated[Sourced, quantity("1", ge=0, le=1, usual=("0 %", "25 %"))]
    """Share of capex per year."""
    staff: CnyPerYear
    """Pay of those who run it."""
    network_transit: CnyPerYear | None = None
    """Lines to the outside."""
    software: CnyPerYear | None = None
    """Licences and support."""
    colocation: Colocation | None = None
    """Rent of the rooms per kW provisioned."""
    colocation_includes_power: bool = False
    """Whether that rent pays for electricity too."""
    building: Building | None = None
    """Own building with power and cooling, per watt provisioned; written off over ``building_horizon``."""
    building_horizon: Years | None = None
    """Years over which the building is written off."""
    sold_share: Annotated[Sourced, quantity("1", gt=0, le=1, usual=("2 %", "100 %"))]
    """Share of the hours that are sold or used."""
    integration: Annotated[Sourced, quantity("1", ge=0, le=1, usual=("0 %", "60 %"))]
    """Integration and installation, as a share of the hardware's price."""
    carbon: Carbon | None = None
    """Emissions of the grid's electricity."""
    contract: Price | None = None
    """What a buyer is known to have paid for the whole, VAT included, to hold the bill against."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        hours = sum(band.hours.value for band in self.tariff_bands)
        if self.tariff_bands and abs(hours - 24) > 1e-9:
            raise ValueError(f"tariff_bands: the hours sum to {hours:g}; they must fill 24")
        if (self.building is None) != (self.building_horizon is None):
            raise ValueError("building and building_horizon belong together; give both or neither")
        if self.building is not None and self.colocation is not None:
            raise ValueError("give colocation or building, not both")
        if self.pue is BY_CLIMATE and self.climate is None:
            raise ValueError(
                "pue is needed and missing; give it, or climate for the value of the cooling profile"
            )
        return self

    @property
    def mean_tariff(self) -> float:
        """CNY per kWh of a load that is even over the day."""
        if not self.tariff_bands:
            return self.tariff.value
        return sum(band.hours.value * band.tariff.value for band in self.tariff_bands) / 24
