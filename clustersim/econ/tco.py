"""Total cost of ownership over a horizon, by term, and what follows per card-hour and per token."""

from __future__ import annotations

from dataclasses import dataclass

from clustersim.columns import number
from clustersim.errors import InputError

__all__ = ["HOURS_PER_YEAR", "Tco", "capital_recovery_factor", "total_cost"]

HOURS_PER_YEAR = 8760.0


def capital_recovery_factor(rate: float, years: float) -> float:
    """Return the yearly payment that repays one unit over ``years``: r / (1 - (1 + r)^-n), 1/n at r = 0.

    >>> round(capital_recovery_factor(0.08, 5), 6)
    0.250456
    >>> capital_recovery_factor(0.0, 5)
    0.2

    Raises InputError for a horizon that is not positive or a rate of -100 % or less.
    """
    if years <= 0 or rate <= -1:
        raise InputError(f"a capital recovery factor needs years > 0 and rate > -1, not {years} and {rate}")
    if abs(rate) < 1e-12:
        return 1.0 / years
    return number(rate / (1.0 - (1.0 + rate) ** -years))  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Tco:
    """Yearly costs in CNY by term over ``years`` at cost of capital ``wacc``."""

    capex_cny: float
    capital_cny_per_year: float
    electricity_cny_per_year: float
    maintenance_cny_per_year: float
    staff_cny_per_year: float
    colocation_cny_per_year: float
    building_cny_per_year: float
    network_transit_cny_per_year: float
    software_cny_per_year: float
    years: float
    wacc: float
    residual: float
    cards: int
    sold_share: float

    @property
    def opex_cny_per_year(self) -> float:
        """Everything but capital."""
        return sum(self.terms().values()) - self.capital_cny_per_year

    @property
    def fixed_cny_per_year(self) -> float:
        """What neither the price of the hardware nor its power moves: staff, rooms, transit, software."""
        return (
            self.staff_cny_per_year
            + self.colocation_cny_per_year
            + self.building_cny_per_year
            + self.network_transit_cny_per_year
            + self.software_cny_per_year
        )

    def terms(self) -> dict[str, float]:
        """Return the yearly costs by name; they sum to the cost of a year."""
        return {
            "capital": self.capital_cny_per_year,
            "electricity": self.electricity_cny_per_year,
            "maintenance": self.maintenance_cny_per_year,
            "staff": self.staff_cny_per_year,
            "colocation": self.colocation_cny_per_year,
            "building": self.building_cny_per_year,
            "network_transit": self.network_transit_cny_per_year,
            "software": self.software_cny_per_year,
        }

    @property
    def cost_cny_per_year(self) -> float:
        """Capital and running cost of one year."""
        return sum(self.terms().values())

    @property
    def tco_cny(self) -> float:
        """Capex, running costs and residual value over the horizon, not discounted."""
        return self.capex_cny * (1 - self.residual) + self.opex_cny_per_year * self.years

    @property
    def tco_discounted_cny(self) -> float:
        """The same discounted at the cost of capital."""
        annuity = 1.0 / capital_recovery_factor(self.wacc, self.years)
        back: float = self.residual * self.capex_cny * (1 + self.wacc) ** -self.years
        return self.capex_cny - back + self.opex_cny_per_year * annuity

    @property
    def cny_per_card_hour(self) -> float:
        """Cost of a card-hour on sold hours."""
        return self.cost_cny_per_year / (self.cards * HOURS_PER_YEAR * self.sold_share)

    @property
    def cny_per_available_card_hour(self) -> float:
        """Cost of a card-hour on all hours of the year, sold or not."""
        return self.cny_per_card_hour * self.sold_share

    def cny_per_mtoken(self, tokens_per_s: float) -> float:
        """Cost per million tokens when sold hours yield ``tokens_per_s`` on average (goodput).

        Raises InputError for a rate that is not positive.
        """
        if tokens_per_s <= 0:
            raise InputError(f"a cost per token needs tokens per second above zero, not {tokens_per_s}")
        return self.cost_cny_per_year / (tokens_per_s * self.sold_share * HOURS_PER_YEAR * 3600 / 1e6)


def total_cost(
    *,
    capex_cny: float,
    cards: int,
    facility_power_w: float,
    provisioned_it_w: float,
    years: float,
    wacc: float,
    residual: float,
    tariff_cny_per_kwh: float,
    maintenance_share: float,
    staff_cny_per_year: float,
    sold_share: float,
    colocation_cny_per_kw_month: float = 0.0,
    colocation_includes_power: bool = False,
    building_cny_per_w: float = 0.0,
    building_years: float = 15.0,
    network_transit_cny_per_year: float = 0.0,
    software_cny_per_year: float = 0.0,
) -> Tco:
    """Return the yearly costs of a cluster.

    Capital is the annuity of capex less the present value of what is left at the end; electricity is facility power
    x 8,760 h x tariff; maintenance a share of capex; an own building the annuity over its own life of what a
    provisioned watt costs to house, power and cool (Barroso and Hoelzle, The Datacenter as a Computer, chapter 6).

    >>> t = total_cost(capex_cny=180e6, cards=1024, facility_power_w=0.76e6, provisioned_it_w=0.68e6, years=5,
    ...     wacc=0.08, residual=0.05, tariff_cny_per_kwh=0.5, maintenance_share=0.03, staff_cny_per_year=3e6,
    ...     sold_share=1.0)
    >>> round(t.capital_cny_per_year / 1e6, 1), round(t.cny_per_card_hour, 1)
    (43.5, 6.2)
    """
    for name, value in (
        ("tariff", tariff_cny_per_kwh),
        ("maintenance", maintenance_share),
        ("capex", capex_cny),
        ("staff", staff_cny_per_year),
        ("colocation", colocation_cny_per_kw_month),
        ("building", building_cny_per_w),
        ("network_transit", network_transit_cny_per_year),
        ("software", software_cny_per_year),
    ):
        if value < 0:
            raise InputError(f"tco: {name} must not be negative, not {value}")
    if not 0 < sold_share <= 1:
        raise InputError(f"tco: sold_share must lie between 0 and 1, not {sold_share}")
    kwh = 0.0 if colocation_includes_power else facility_power_w / 1e3 * HOURS_PER_YEAR
    building = building_cny_per_w * provisioned_it_w * capital_recovery_factor(wacc, building_years)
    financed = capex_cny * (1 - residual * (1 + wacc) ** -years)
    return Tco(
        capex_cny=capex_cny,
        capital_cny_per_year=financed * capital_recovery_factor(wacc, years),
        electricity_cny_per_year=kwh * tariff_cny_per_kwh,
        maintenance_cny_per_year=maintenance_share * capex_cny,
        staff_cny_per_year=staff_cny_per_year,
        colocation_cny_per_year=colocation_cny_per_kw_month * provisioned_it_w / 1e3 * 12,
        building_cny_per_year=building,
        network_transit_cny_per_year=network_transit_cny_per_year,
        software_cny_per_year=software_cny_per_year,
        years=years,
        wacc=wacc,
        residual=residual,
        cards=cards,
        sold_share=sold_share,
    )
