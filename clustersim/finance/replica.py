"""The printed forecast again, from the drivers that its report must have used; nothing that is edited passes here.

The income statement follows from shares of revenue; working capital from days on *average* balances, as printed. What
the printed rows differ by is a gap: within the last digit it is rounding, beyond it the printed drivers are wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clustersim.finance.company import Array, Company
from clustersim.finance.engine import Projection, plan_of, project
from clustersim.finance.products import Sales
from clustersim.finance.tax import tax_rows
from clustersim.finance.working_capital import BALANCES, WorkingCapital, average_balance

__all__ = ["LAST_DIGIT", "Replica", "replicate"]

#: A printed row and its drivers may differ by this much (kCNY) from rounding of the row and of what is in it.
LAST_DIGIT = 1.5


@dataclass(frozen=True, slots=True)
class Replica:
    """What the printed drivers give: the engine's rows at them, the printed way of balances, and the gaps."""

    rows: Projection
    working_capital: WorkingCapital
    gaps: Mapping[str, Array]


def replicate(company: Company, sales: Sales | None) -> Replica | None:
    """Return the replica of a company's printed forecast, sold as planned; None where none is printed."""
    printed = company.printed
    if printed is None or sales is None:
        return None
    d, last = printed.drivers, company.history.actual_years[-1]
    rows = project(d, sales, plan_of(company, sales, sales))
    opening = tuple(company.history.at("balance", item, last) for item in BALANCES)
    revenue = printed.revenue_kcny
    cost = revenue * (1 - d.gross_margin)
    flows = (revenue, cost, cost)
    days = (d.receivable_days, d.inventory_days, d.payable_days)
    held = [average_balance(start, f, n) for start, f, n in zip(opening, flows, days, strict=True)]
    work = WorkingCapital(held[0], held[1], held[2], (opening[0], opening[1], opening[2]))
    profit = rows.operating_profit[:, 0]
    computed = {
        "revenue": sales.revenue[:, 0],
        "ebit": profit,
        "tax": tax_rows(d, profit + d.finance_net).tax,
        "change_in_working_capital": work.change,
        "capital_expenditure": rows.capex[:, 0],
    }
    rows_printed = {**printed.rows, "revenue": revenue}
    gaps = {name: np.asarray(rows_printed[name]) - row for name, row in computed.items()}
    return Replica(rows, work, gaps)
