"""The cost of capital that a valuation uses, and what to say about it."""

from __future__ import annotations

import numpy as np

from clustersim.errors import InputError
from clustersim.finance.company import Capm, Company, Value
from clustersim.finance.conventions import capm, wacc

__all__ = ["capital_warnings", "cost_of_capital", "weighted_cost"]

#: A WACC this near to growth makes the terminal value a quotient of two small numbers.
NEAR = 0.01


def weighted_cost(parts: Capm, tax_rate: Value) -> Value:
    """Return the WACC of the parts of CAPM: E/V (r_f + beta ERP) + D/V r_d (1 - t)."""
    equity = capm(risk_free=parts.risk_free, beta=parts.beta, premium=parts.premium)
    return wacc(
        cost_of_equity=equity,
        cost_of_debt=parts.cost_of_debt,
        debt_to_equity=parts.debt_to_equity,
        tax_rate=tax_rate,
    )


def cost_of_capital(company: Company) -> Value:
    """Return the WACC: the given one, moved by what CAPM departs from its printed parts; or CAPM's own.

    A report prints a WACC and parts that need not give it; a change of a part is then a change from the printed
    WACC, as with every driver.

    Raises InputError where neither a WACC nor the parts of CAPM are given.
    """
    rate = company.drivers.tax_rate
    if company.wacc is None:
        if company.capm is None:
            raise InputError(f"company {company.name}: give company.wacc, or all parts of company.capm")
        return weighted_cost(company.capm, rate)
    printed = company.printed.capm if company.printed is not None else None
    if printed is None or company.capm is None:
        return company.wacc
    return company.wacc + (weighted_cost(company.capm, rate) - weighted_cost(printed, rate))


def capital_warnings(company: Company) -> tuple[str, ...]:
    """Return what a reader must know of the cost of capital: WACC within a point of growth."""
    gap = float(np.min(np.asarray(cost_of_capital(company)) - company.terminal_growth))
    if gap < NEAR:
        return (
            f"the WACC is only {100 * gap:.2f} points above terminal growth: the terminal value is a quotient of two"
            " small numbers and moves the target price by any amount",
        )
    return ()
