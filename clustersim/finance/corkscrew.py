"""Opening balance, flows, closing balance: the form in which every balance of the model moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clustersim.finance.company import Array, Company
from clustersim.finance.forecast import Forecast

__all__ = ["FIXED", "Corkscrew", "fixed_assets"]

FIXED = ("property_plant_equipment", "right_of_use_assets", "intangible_assets")
#: Classes that capital expenditure adds to once nothing is printed any more.
BOUGHT = ("property_plant_equipment", "intangible_assets")


@dataclass(frozen=True, slots=True)
class Corkscrew:
    """One balance along the years: what it starts from and the flows that move it.

    >>> Corkscrew("x", 10.0, {"added": np.array([5.0, 1.0]), "used": np.array([-2.0, 0.0])}).closing.tolist()
    [13.0, 14.0]
    """

    name: str
    start: float
    flows: Mapping[str, Array]

    @property
    def closing(self) -> Array:
        """Closing balances."""
        moved: Array = sum(self.flows.values(), np.zeros(len(next(iter(self.flows.values())))))
        return self.start + np.cumsum(moved)

    @property
    def opening(self) -> Array:
        """Opening balances."""
        return np.concatenate([[self.start], self.closing[:-1]])


def fixed_assets(company: Company, forecast: Forecast) -> tuple[Corkscrew, ...]:
    """Return plant, right-of-use and intangible assets with additions, depreciation and other movements.

    The report prints closing balances by class but capital expenditure and depreciation only in total, so both are
    shared out by the opening balances, and what then misses the printed closing balance is shown as *other*. After
    the printed years right-of-use assets stay and *other* is zero. What our forecast departs by goes to plant.
    """
    last = company.history.actual_years[-1]
    start = {name: company.history.at("balance", name, last) for name in FIXED}
    flows = {
        name: {key: np.zeros(len(company.years)) for key in ("additions", "depreciation", "other")}
        for name in FIXED
    }
    held = dict(start)
    for i, year in enumerate(company.years):
        printed = company.printed is not None and year in company.history.years
        spent, worn = _planned(company, forecast, i)
        shares = _shares(held, FIXED if printed else BOUGHT)
        for name in FIXED:
            added, depreciated = spent * shares[name], -worn * shares[name]
            closing = (
                company.history.at("balance", name, year) if printed else held[name] + added + depreciated
            )
            for key, value in (("additions", added), ("depreciation", depreciated),
                               ("other", closing - held[name] - added - depreciated)):  # fmt: skip
                flows[name][key][i] = value
            held[name] = closing
    plant = flows[FIXED[0]]
    more, less = _departures(company, forecast)
    plant["additions"], plant["depreciation"] = plant["additions"] + more, plant["depreciation"] - less
    return tuple(Corkscrew(name, start[name], flows[name]) for name in FIXED)


def _shares(held: Mapping[str, float], classes: tuple[str, ...]) -> dict[str, float]:
    """How a total is shared out: by balances; all to plant where there is none."""
    total = sum(held[name] for name in classes)
    if total <= 0:
        return {name: float(name == FIXED[0]) for name in FIXED}
    return {name: held[name] / total if name in classes else 0.0 for name in FIXED}


def _planned(company: Company, forecast: Forecast, index: int) -> tuple[float, float]:
    """Capital expenditure and depreciation of a year before any departure from the printed forecast.

    The cash-flow statement's where it is printed, else the cash-flow table's; all of ours without a printed one.
    """
    if company.printed is None:
        return -float(forecast.capex_kcny[index]), float(forecast.depreciation_kcny[index])
    history, year = company.history, company.years[index]
    if year in history.years:
        spent = -history.at("cash_flow", "purchase_of_ppe_and_intangibles", year)
        return spent, history.at("cash_flow", "depreciation_and_amortisation", year)
    rows = company.printed.rows
    return -float(rows["capital_expenditure"][index]), float(rows["depreciation_and_amortisation"][index])


def _departures(company: Company, forecast: Forecast) -> tuple[Array, Array]:
    """Additions and depreciation beyond the printed forecast."""
    if company.printed is None:
        zero = np.zeros(len(company.years))
        return zero, zero
    rows = company.printed.rows
    return (
        np.asarray(rows["capital_expenditure"]) - forecast.capex_kcny,
        forecast.depreciation_kcny - np.asarray(rows["depreciation_and_amortisation"]),
    )
