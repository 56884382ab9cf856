"""Laws of lines that another table prints: earnings, book value, net debt, and the multiples of peers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clustersim.finance.audit.discounting import net_cash
from clustersim.finance.audit.figures import total
from clustersim.finance.audit.law import Choice, Law, as_is, law_of, made_of, negated, summed
from clustersim.finance.audit.money import currency_of
from clustersim.finance.audit.multiples import summary_of
from clustersim.finance.audit.quantities import Typed, Valuation, method_of, year_in
from clustersim.finance.audit.script import folded

__all__ = ["multiple_laws", "tie_laws"]

#: What is written off, by the names of its lines.
_WORN = re.compile(r"depreciation|amorti[sz]ation|折旧|摊销", re.I)
#: Lines of a valuation that another table prints: role -> the table and its items.
TIED = {
    "eps": (("income_statement", ("diluted_eps", "eps")), ("ratios", ("eps",))),
    "dps": (("income_statement", ("dividend_per_share",)), ("ratios", ("dividend_per_share",))),
    "bvps": (("ratios", ("bps",)),),
    "income:net_profit": (("income_statement", ("net_profit", "profit_attributable_to_owners")),),
    "income:profit_attributable_to_owners": (("income_statement", ("profit_attributable_to_owners", "net_profit")),),
    "income:revenue": (("income_statement", ("revenue",)),), "income:ebitda": (("income_statement", ("ebitda",)),),
    "income:operating_profit": (("income_statement", ("operating_profit", "ebit")),),
    "shares": (("income_statement", ("diluted_shares", "shares")), ("balance_sheet", ("shares",))),
    "minorities": (("balance_sheet", ("non_controlling_interests",)),),
}  # fmt: skip


_DEBTS = ("borrowings", "lease_liabilities")


def _last_year(v: Valuation) -> int | None:
    """The last balance sheet that is no forecast."""
    years = [r.year for r in v.tables.of("balance_sheet") if r.year is not None and not r.forecast]
    return max(years, default=None)


def tie_laws(v: Valuation) -> Iterator[Law]:
    """Lines that the statements print: earnings, book value, profit, what is owed to others, net debt."""
    for t in v.rows:
        year = t.year or (_last_year(v) if t.role in {"minorities", "net_debt", "net_cash"} else None)
        if year is None or (t.record.table == "dcf" and t.record.year is not None):
            continue
        found = [
            r for table, items in TIED.get(t.role, ()) for i in items
            if (r := v.tables.find(table, i, year)) is not None
        ]  # fmt: skip
        found = [r for r in found if currency_of(r.unit) == currency_of(t.record.unit)]
        choices = [
            Choice(
                ((r, ""),), as_is if (r.value or 0.0) >= 0 else negated, f"{r.where} prints {r.text} {r.unit}"
            )
            for r in found
        ]
        if t.role == "income:ebitda" and not found:
            choices = list(_ebitda(v, year))
        if t.role in {"net_debt", "net_cash"} and t.record is not net_cash(v.tables):
            choices = list(_net_debt(v, year, t))
        if t.role == "bvps" and not found:
            choices = list(_book(v, year, t))
        if choices:
            yield law_of(f"{t.label.strip()} and the statements", t, *choices)


def _ebitda(v: Valuation, year: int) -> Iterator[Choice]:
    """Operating profit and what is written off, by the lines of the cash flow that say so."""
    profit = v.tables.find("income_statement", "operating_profit", year) or v.tables.find(
        "income_statement", "ebit", year
    )
    worn = [
        r for r in v.tables.of("cash_flow")
        if r.year == year and r.value and _WORN.search(folded(r.printed or r.item))
    ]  # fmt: skip
    if profit is not None and worn:
        yield Choice(
            tuple((r, "") for r in (profit, *worn)), total, "operating profit and what is written off"
        )


def _net_debt(v: Valuation, year: int, t: Typed) -> Iterator[Choice]:
    cash = v.tables.find("balance_sheet", "cash_and_cash_equivalents", year)
    debts = [
        r for r in v.tables.of("balance_sheet") if r.item.startswith(_DEBTS) and r.year == year and r.value
    ]
    if cash is None or not debts or currency_of(cash.unit) != currency_of(t.record.unit):
        return
    sign = -1.0 if t.role == "net_cash" else 1.0
    loans = [r for r in debts if "borrowings" in r.item]
    others = v.tables.find("balance_sheet", "non_controlling_interests", year)
    invested = v.tables.find("balance_sheet", "short_term_investments", year)
    sets = [debts, loans] if 0 < len(loans) < len(debts) else [debts]
    for owed in sets:
        yield Choice(
            ((cash, ""), *((r, "") for r in owed)),
            summed([-sign, *[sign] * len(owed)]),
            f"debt less cash of {year}",
        )
        for more, s in ((others, sign), (invested, -sign)):
            if more is not None:
                yield Choice(
                    ((cash, ""), *((r, "") for r in owed), (more, "")),
                    summed([-sign, *[sign] * len(owed), s]),
                    f"debt less cash of {year}, with {more.item}",
                )


def _book(v: Valuation, year: int, t: Typed) -> Iterator[Choice]:
    count = next(
        (r for table in ("income_statement", "balance_sheet") if (r := v.tables.find(table, "shares", year))),
        None,
    )
    for item in ("equity_attributable_to_owners", "total_equity"):
        equity = v.tables.find("balance_sheet", item, year)
        if equity is not None and count is not None:
            yield Choice(
                ((equity, ""), (count, "")), lambda p: p[0].scaled(1e-3) / p[1], f"{item} over shares"
            )


def multiple_laws(v: Valuation) -> Iterator[Law]:
    """The multiple that is applied: that of the peers where it says so, or what growth and returns give."""
    for t in v.all("multiple"):
        if any(
            w in t.label.lower()
            for w in ("peer", "average", "mean", "median", "可比", "同业", "平均", "中位")
        ):
            kind = "median" if any(w in t.label.lower() for w in ("median", "中位")) else "average"
            rows = [
                r for r in v.tables.of("comps")
                if summary_of(r) == kind and r.value is not None and method_of(r.printed or r.item) == t.method
                and (t.year is None or (r.year or year_in(r.column or r.period)) == t.year)
            ]  # fmt: skip
            if rows:
                yield law_of(
                    f"{t.label.strip()} and the peers",
                    t,
                    *(Choice(((r, ""),), as_is, f"{r.where} prints {r.text}") for r in rows),
                )
        roe, cost, growth = v.one("roe"), v.one("cost_of_equity"), v.one("growth")
        if t.method == "pb" and roe and cost and growth:
            yield law_of(
                "price to book of return and growth",
                t,
                Choice(
                    made_of(roe, cost, growth),
                    lambda p: (p[0] - p[2]) / (p[1] - p[2]),
                    "(return - growth) / (cost of equity - growth)",
                ),
            )
