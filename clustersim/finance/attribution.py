"""Where a change of the target price comes from: which line, which leg, which year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clustersim.finance.capital import cost_of_capital
from clustersim.finance.company import Company
from clustersim.finance.forecast import Forecast, make_forecast
from clustersim.finance.valuation import Valuation, value_company
from clustersim.market.link import Link

__all__ = ["Through", "through"]


@dataclass(frozen=True, slots=True)
class Through:
    """A change of the target price, in the listing currency per share."""

    product: str
    through_cash_flow: float
    through_multiple: float
    by_year: dict[str, float]
    """Of the cash flow's part: each year, ``terminal``, and ``not_owed`` where shareholders would owe."""

    @property
    def whole(self) -> float:
        """Both legs."""
        return self.through_cash_flow + self.through_multiple


def through(company: Company, links: Sequence[Link]) -> tuple[Through, ...]:
    """Return what the links do to the target price, line after line in their order; the parts sum to the whole.

    A card's defect reaches one line and dies with its product; an event of the market reaches all of them, and with
    the last years the terminal value.
    """
    out, before = [], make_forecast(company, ())
    value = value_company(company, before)
    for i, link in enumerate(links):
        forecast = make_forecast(company, links[: i + 1])
        moved = value_company(company, forecast)
        out.append(_between(company, link.product or "", (before, value), (forecast, moved)))
        before, value = forecast, moved
    return tuple(out)


def _between(
    company: Company, product: str, old: tuple[Forecast, Valuation], new: tuple[Forecast, Valuation]
) -> Through:
    (was, then), (now, after) = old, new
    weight, shares = float(np.asarray(company.dcf_weight)), float(np.asarray(then.shares_m))
    unit = weight * float(np.asarray(company.fx_per_cny)) / 1e3 / shares
    rate = float(np.asarray(cost_of_capital(company)))
    flows = now.fcf_kcny - was.fcf_kcny
    years = {
        year: float(flow) * (1 + rate) ** -(i + 1) * unit
        for i, (year, flow) in enumerate(zip(company.years, flows, strict=True))
    }
    years["terminal"] = float(after.present.terminal - then.present.terminal) * unit
    owed = [float(np.asarray(v.dcf_m) - np.asarray(v.equity_m)) for v in (then, after)]
    if any(owed):
        years["not_owed"] = (owed[1] - owed[0]) * weight / shares
    multiple = (1 - weight) * float(np.asarray(after.ps_m) - np.asarray(then.ps_m)) / shares
    return Through(product, sum(years.values()), multiple, years)
