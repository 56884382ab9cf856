"""What a reader of a note looks up first: growth, margins, earnings per share, multiples, returns."""

from __future__ import annotations

from typing import Any

import numpy as np

from clustersim.finance.company import Array, Company
from clustersim.finance.statements import Statements
from clustersim.finance.valuation import Valuation, diluted_shares

__all__ = ["ratio_rows"]


def ratio_rows(company: Company, statements: Statements, value: Valuation) -> list[dict[str, Any]]:
    """Return ratios a row each along the years; per-share figures in the listing currency, None where meaningless.

    Shares are those of today, diluted by the treasury method, and new ones of a refinancing. Returns are on average
    equity; a price-earnings ratio of a loss, or a growth from nothing, has no value.
    """
    income, balance = statements.income, statements.balance
    shares = float(diluted_shares(company)) + statements.new_shares_m
    rate = float(np.asarray(company.fx_per_cny))
    profit = income["net_profit"]
    per_share = profit * rate / shares / 1e3
    adjusted = (profit + company.drivers.share_based_pay) * rate / shares / 1e3
    revenue_last = company.history.at("income", "revenue", statements.opening_year)
    profit_last = company.history.at("income", "net_profit", statements.opening_year)
    equity = balance["total_equity"]
    before = np.concatenate([[statements.opening_balance["total_equity"]], equity[:-1]])
    book = equity * rate / shares / 1e3
    unit = company.currency
    rows: list[tuple[str, Array]] = [
        ("revenue growth, %", 100 * _growth(income["revenue"], revenue_last)),
        ("net profit growth, %", 100 * _growth(profit, profit_last)),
        ("gross margin, %", 100 * _per(income["gross_profit"], income["revenue"])),
        ("EBIT margin, %", 100 * _per(income["operating_profit"], income["revenue"])),
        ("net margin, %", 100 * _per(profit, income["revenue"])),
        (f"earnings per share, diluted, {unit}", per_share),
        (f"adjusted earnings per share, share-based pay added back, {unit}", adjusted),
        (f"book value per share, {unit}", book),
        ("P/E at the market price", _over(company.price, per_share)),
        ("P/E at the target price", _over(float(np.asarray(value.target_price)), per_share)),
        ("P/B at the market price", _over(company.price, book)),
        ("return on equity, %", 100 * _over_average(profit, before, equity)),
        ("dilution, %", np.full(len(profit), 100 * (shares / float(np.asarray(company.shares_m)) - 1))),
    ]
    return [{"item": name} | dict(zip(statements.years, _shown(row), strict=True)) for name, row in rows]


def _growth(row: Array, last: float) -> Array:
    before = np.concatenate([[last], row[:-1]])
    return np.where(before > 0, row / np.where(before > 0, before, 1.0) - 1, np.nan)


def _over(price: float, row: Array) -> Array:
    return np.where(row > 0, price / np.where(row > 0, row, 1.0), np.nan)


def _per(row: Array, of: Array) -> Array:
    return np.where(of > 0, row / np.where(of > 0, of, 1.0), np.nan)


def _over_average(profit: Array, opening: Array, closing: Array) -> Array:
    mean = (opening + closing) / 2
    return np.where(mean > 0, profit / np.where(mean > 0, mean, 1.0), np.nan)


def _shown(row: Array) -> list[float | None]:
    return [None if np.isnan(v) else float(v) for v in row]
