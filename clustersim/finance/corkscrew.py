"""Opening balance, flows, closing balance: the form in which every balance of the model moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clustersim.finance.company import Company
from clustersim.finance.forecast import Forecast

__all__ = ["Corkscrew", "fixed_assets"]

Row = tuple[float, ...]
FIXED = ("property_plant_equipment", "right_of_use_assets", "intangible_assets")


@dataclass(frozen=True, slots=True)
class Corkscrew:
    """One balance along the years: what it starts from and the flows that move it.

    >>> Corkscrew("x", 10.0, {"added": (5.0, 1.0), "used": (-2.0, 0.0)}).closing
    (13.0, 14.0)
    """

    name: str
    start: float
    flows: Mapping[str, Row]

    @property
    def closing(self) -> Row:
        """Closing balances."""
        balance, out = self.start, []
        for values in zip(*self.flows.values(), strict=True):
            balance += sum(values)
            out.append(balance)
        return tuple(out)

    @property
    def opening(self) -> Row:
        """Opening balances."""
        return (self.start, *self.closing[:-1])


def fixed_assets(company: Company, forecast: Forecast) -> tuple[Corkscrew, ...]:
    """Return plant, right-of-use and intangible assets with additions, depreciation and other movements.

    The report prints closing balances by class but capital expenditure and depreciation only in total, so both are
    shared out by the opening balances, and what then misses the printed closing balance is shown as *other*. After
    the printed years the totals are those of the cash-flow table, right-of-use assets stay, and *other* is zero.
    What the forecast departs by in capital expenditure goes to plant.
    """
    history, last = company.history, company.history.actual_years[-1]
    start = {name: history.at("balance", name, last) for name in FIXED}
    flows: dict[str, dict[str, list[float]]] = {
        name: {"additions": [], "depreciation": [], "other": []} for name in FIXED
    }
    printed_balance, base_balance = dict(start), dict(start)
    for i, year in enumerate(company.years):
        printed = year in history.years
        spent, worn = _totals(company, forecast, i)
        classes = FIXED if printed else ("property_plant_equipment", "intangible_assets")
        total = sum(base_balance[name] for name in classes)
        extra = company.drivers.capex_share[i] * forecast.moved.revenue[i]
        for name in FIXED:
            share = base_balance[name] / total if name in classes else 0.0
            added, depreciated = spent * share, -worn * share
            other = 0.0
            if printed:
                closing = history.at("balance", name, year)
                other = closing - printed_balance[name] - added - depreciated
                printed_balance[name] = closing
            base_balance[name] += added + depreciated + other
            flows[name]["additions"].append(added + (extra if name == FIXED[0] else 0.0))
            flows[name]["depreciation"].append(depreciated)
            flows[name]["other"].append(other)
    return tuple(
        Corkscrew(name, start[name], {k: tuple(v) for k, v in flows[name].items()}) for name in FIXED
    )


def _totals(company: Company, forecast: Forecast, index: int) -> tuple[float, float]:
    """Capital expenditure and depreciation of a year before any departure: the cash-flow statement's where it is
    printed, else the cash-flow table's.
    """
    history, year = company.history, company.years[index]
    if year in history.years:
        spent = -history.at("cash_flow", "purchase_of_ppe_and_intangibles", year)
        return spent, history.at("cash_flow", "depreciation_and_amortisation", year)
    extra = company.drivers.capex_share[index] * forecast.moved.revenue[index]
    return -forecast.capex_kcny[index] - extra, forecast.depreciation_kcny[index]
