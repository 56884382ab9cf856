"""Growth, margins and per-share figures below each statement, the actual years included."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from clustersim.finance.company import Array, Company
from clustersim.finance.statements import Statements
from clustersim.finance.valuation import diluted_shares
from clustersim.report.workbook.book import Book
from clustersim.report.workbook.formulas import fill

__all__ = ["balance_ratios", "cash_ratios", "income_ratios"]

_NONE = "–"
Series = Sequence[float]


def income_ratios(book: Book, company: Company, statements: Statements) -> None:
    """Write growth of revenue, margins, and earnings per share in the listing currency."""
    book.section("Income", "s.per_share")
    rows = {item: _whole(book, company, statements, "income", item) for item in
            ("revenue", "gross_profit", "operating_profit", "net_profit")}  # fmt: skip
    growth(book, "Income", "revenue_growth", "revenue", rows["revenue"])
    for key, item in (("gross_margin_now", "gross_profit"), ("ebit_margin", "operating_profit"),
                      ("net_margin", "net_profit")):  # fmt: skip
        share(book, "Income", key, (item, rows[item]), ("revenue", rows["revenue"]))
    _per_share(book, company, statements, ("Income", "eps", "net_profit"), statements.income["net_profit"])


def balance_ratios(book: Book, company: Company, statements: Statements) -> None:
    """Write the equity ratio, growth of assets, book value per share and the return on average equity."""
    book.section("Balance", "s.per_share")
    rows = {
        item: _whole(book, company, statements, "balance", item) for item in ("total_assets", "total_equity")
    }
    growth(book, "Balance", "assets_growth", "bs.total_assets", rows["total_assets"])
    share(book, "Balance", "equity_ratio", ("bs.total_equity", rows["total_equity"]),
          ("bs.total_assets", rows["total_assets"]))  # fmt: skip
    _per_share(
        book, company, statements, ("Balance", "bps", "bs.total_equity"), statements.balance["total_equity"]
    )
    equity = rows["total_equity"][len(book.past) - 1 :] if book.past else rows["total_equity"]
    if not book.past:
        return
    mean = (np.asarray(equity[1:]) + np.asarray(equity[:-1])) / 2
    profit = np.asarray(statements.income["net_profit"])
    middle = "([bs.total_equity]+[bs.total_equity<])/2"
    returns = [float(p / m) if m > 0 else _NONE for p, m in zip(profit, mean, strict=True)]
    text = f'IF(AND(ISNUMBER([bs.total_equity<]),{middle}>0),[net_profit]/({middle}),"{_NONE}")'
    book.row("Balance", "roe", lambda i: fill(text, book, i), returns, unit="", number="0.0%")


def cash_ratios(book: Book, company: Company, statements: Statements) -> None:
    """Write what of revenue becomes cash from operations."""
    book.section("Cash flow", "s.per_share")
    flow = _whole(book, company, statements, "cash_flow", "net_cash_from_operating")
    revenue = _whole(book, company, statements, "income", "revenue")
    share(book, "Cash flow", "cash_margin", ("cf.net_cash_from_operating", flow), ("revenue", revenue))


def _per_share(
    book: Book, company: Company, statements: Statements, row: tuple[str, str, str], values: Array
) -> None:
    """Write a row of a sheet (sheet, its key, the row that is shared out) a share, in the listing currency."""
    sheet, key, of = row
    text = f'IF(ISNUMBER({{shares_used}}),[{of}]*{{fx_per_cny}}/1000/{{shares_used}},"{_NONE}")'
    rate = float(np.asarray(company.fx_per_cny))
    shares = float(np.asarray(diluted_shares(company))) + np.asarray(statements.new_shares_m)
    shown = (np.asarray(values) * rate / 1e3 / shares).tolist()
    book.row(sheet, key, lambda i: fill(text, book, i), shown, unit=company.currency, number="0.00")


def _whole(book: Book, company: Company, statements: Statements, which: str, item: str) -> list[float]:
    """An item over the actual years that the sheets show, NaN where history has none, and the forecast."""
    past = getattr(company.history, which).get(item, ())[: len(book.past)]
    ours: Array = getattr(statements, which)[item]
    return [*([float(v) for v in past] or [math.nan] * len(book.past)), *(float(v) for v in ours)]


def growth(book: Book, sheet: str, key: str, of: str, values: Series) -> None:
    """Write the growth of a row over the year before, where that is above zero."""
    shown = [now / was - 1 if was > 0 else _NONE for was, now in pairwise(values)]
    text = f'IF([{of}<]>0,[{of}]/[{of}<]-1,"{_NONE}")'
    start = 1 - len(book.past)
    book.row(sheet, key, lambda i: fill(text, book, i), shown, unit="", number="0.0%", start=start)


def share(book: Book, sheet: str, key: str, part: tuple[str, Series], whole: tuple[str, Series]) -> None:
    """Write a row as a share of another, where that is above zero and history has the row."""
    pairs = zip(part[1], whole[1], strict=True)
    shown = [a / b if b > 0 and not math.isnan(a) else _NONE for a, b in pairs]
    text = f'IF(AND([{whole[0]}]>0,ISNUMBER([{part[0]}])),[{part[0]}]/[{whole[0]}],"{_NONE}")'
    start = -len(book.past)
    book.row(sheet, key, lambda i: fill(text, book, i), shown, unit="", number="0.0%", start=start)
