"""Identities of a forecast, year by year: what each is off by, and what rounding may explain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clustersim.finance.company import Array, Company
from clustersim.finance.forecast import LAST_DIGIT, Forecast

__all__ = ["Check", "departs", "run_checks"]


@dataclass(frozen=True, slots=True)
class Check:
    """One identity in one year: what it is off by, and what rounding may explain."""

    check: str
    year: str
    difference_kcny: float
    tolerance_kcny: float
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether the difference is within the tolerance."""
        return abs(self.difference_kcny) <= self.tolerance_kcny


def departs(company: Company, forecast: Forecast) -> bool:
    """Return whether the free cash flow, interest or the conversion departs from the printed one beyond rounding."""
    printed, ours = company.printed, company.drivers
    if (
        printed is None
        or ours.finance_mode != "given"
        or ours.conversion_kcny != printed.drivers.conversion_kcny
    ):
        return True
    apart = (
        forecast.fcf_kcny - printed.rows["free_cash_flow"],
        forecast.finance_net_kcny - printed.drivers.finance_net,
    )
    return any(bool(np.abs(row).max() > LAST_DIGIT) for row in apart)


def run_checks(
    company: Company,
    forecast: Forecast,
    balance: Mapping[str, Array],
    flow: Mapping[str, Array],
    proceeds: bool,
) -> tuple[Check, ...]:
    """Return every check in every year."""
    out = []
    printed_cash = company.printed is not None and not departs(company, forecast) and not proceeds
    for i, year in enumerate(company.years):
        gap = balance["total_assets"][i] - balance["total_liabilities"][i] - balance["total_equity"][i]
        out.append(
            Check("assets = liabilities + equity", year, float(gap), 2.0, "printed subtotals are rounded")
        )
        if forecast.products:
            products = sum(float(p.revenue_kcny[i]) for p in forecast.products)
            off = products - float(forecast.revenue_kcny[i])
            out.append(Check("products sum to revenue", year, off, 1e-3))
        out += [
            Check(f"printed drivers give the printed {name}", year, float(row[i]), LAST_DIGIT)
            for name, row in forecast.gaps.items()
        ]
        out.append(_cash(company, flow, i))
        if printed_cash and year in company.history.years:
            printed = company.history.at("balance", "cash_and_cash_equivalents", year)
            out.append(Check("cash is the printed one", year, float(flow["closing_cash"][i] - printed), 4.0))
    return (*out, *_supply(company, forecast))


def _cash(company: Company, flow: Mapping[str, Array], i: int) -> Check:
    lacking = float(flow["shortfall"][i])
    refinancing = company.refinancing
    how = (
        f"debt at {100 * float(np.asarray(refinancing.rate)):.3g} %"
        if refinancing.by == "debt"
        else "new shares"
    )
    note = f"{lacking / 1e6:,.2f} bn CNY lack and are raised by {how}" if lacking else ""
    return Check("cash without refinancing is not below its minimum", company.years[i], -lacking, 0.0, note)


def _supply(company: Company, forecast: Forecast) -> list[Check]:
    out = []
    for line in forecast.products:
        for i, year in enumerate(company.years):
            asked, limit = float(line.asked_units[i]), float(line.limit_units[i])
            if asked > limit:
                note = f"asks for {asked:,.0f} units, supply allows {limit:,.0f}: sold {line.units[i]:,.0f}"
                lost = (asked - limit) * float(line.asp_kcny[i])
                out.append(Check(f"supply of {line.name}", year, lost, 0.0, note))
    return out
