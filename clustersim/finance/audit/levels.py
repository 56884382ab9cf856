"""What the tables give for a line and a year that a sentence names: levels, ratios, growth."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from clustersim.finance.audit.binding import Bound
from clustersim.finance.audit.figures import Finding, Interval, compare, first_that_holds
from clustersim.finance.audit.ratios import MAKERS, opened, profit_of
from clustersim.finance.audit.records import STATEMENTS, Record, Tables

__all__ = [
    "GROWTH",
    "ONE",
    "PER_SHARE",
    "SPENT",
    "Choices",
    "Make",
    "held",
    "is_ratio",
    "rate_of",
    "ratio_of",
    "records_of",
]

ONE = Interval.exactly(1.0)
#: Lines that are printed below zero where prose says them without a minus.
SPENT = re.compile(r"expenses|cost|tax|paid|repurchase|purchase_of|payments|repayment|finance_costs")
PER_SHARE = {"eps", "diluted_eps", "dividend_per_share", "bps"}
_RATIOS = {
    "gross_margin",
    "operating_margin",
    "net_margin",
    "adjusted_net_margin",
    "attributable_net_margin",
    *MAKERS,
} - PER_SHARE
_MARGINS = {"gross_margin": ("gross_profit",), "operating_margin": ("operating_profit", "ebit"), "net_margin": (
    "net_profit", "profit_attributable_to_owners"), "adjusted_net_margin": ("adjusted_net_profit",),
    "attributable_net_margin": ("profit_attributable_to_owners",)}  # fmt: skip
#: What a name may mean beside itself, the nearest first.
_ALSO = {"net_profit": ("profit_attributable_to_owners",), "operating_profit": ("ebit",), "eps": ("diluted_eps",),
         "diluted_eps": ("eps",), "profit_before_tax": ("profit_before_income_tax",),
         "total_equity": ("equity_attributable_to_owners",)}  # fmt: skip
GROWTH = {
    "revenue_growth_yoy": "revenue",
    "gross_profit_growth_yoy": "gross_profit",
    "net_profit_growth_yoy": "net_profit",
}


Choices = list[Interval]
Make = Callable[[int], Choices]
#: Years on either side that a figure bound in doubt may be of.
AROUND = 6


def held(tables: Tables, check: str, bound: Bound, make: Make, factor: float) -> Iterator[Finding]:
    """Hold a figure to what the tables give for its year; of one bound in doubt that fits another, nothing is said."""
    printed, year = bound.printed(factor), bound.year
    choices = make(year) if year is not None else []
    if printed is None or year is None or not choices:
        return
    name = f"{check} {_label(tables, year)}"
    found = first_that_holds(
        lambda c=c: compare(name, bound.where, printed, c, worse="inconsistent", note=bound.quoted)  # type: ignore[misc]
        for c in reversed(choices)
    )
    if found.verdict not in {"ok", "rounding"} and not bound.sure:
        others = [c for y in range(year - AROUND, year + AROUND + 1) for c in make(y)]
        # It may be of that year: nothing is said of it, neither that it is right nor that it is wrong.
        if any(printed.meets(c) for c in others):
            return
    yield found


def _label(tables: Tables, year: int) -> str:
    ahead = any(r.forecast for t in STATEMENTS for r in tables.of(t) if r.year == year)
    return f"{year}E" if ahead else str(year)


def records_of(tables: Tables, item: str, year: int) -> list[Record]:
    out = []
    for one in (item, *_ALSO.get(item, ())):
        record = next(
            (
                r
                for t in (*STATEMENTS, "ratios", "segments", *tables.schedules)
                if (r := tables.find(t, one, year)) is not None
            ),
            None,
        )
        if record is not None:
            out.append(record)
    if item == "profit_attributable_to_owners" and not out:
        return records_of(tables, "net_profit", year)
    return out


def ratio_of(tables: Tables, item: str, year: int) -> Choices:
    if item in _MARGINS:
        revenue = tables.find("income_statement", "revenue", year)
        tops = [p for i in _MARGINS[item] if (p := profit_of(tables, i, year)) is not None]
        return [t / revenue.scaled[1] for t in tops] if revenue is not None and revenue.value else []
    out = (
        [value for _, value in MAKERS[item](tables, year)]
        if item in MAKERS and opened(tables, item, year)
        else []
    )
    stated = tables.find("ratios", item, year)
    if stated is not None:
        out.append(stated.interval.scaled(0.01) if stated.unit == "percent" else stated.interval)
    return out


def rate_of(tables: Tables, item: str, words: str, year: int) -> Choices:
    """Growth of a line over the year before; of a loss or a cost, in its size."""
    out = []
    for now, then in zip(records_of(tables, item, year), records_of(tables, item, year - 1), strict=False):
        one, two = now.scaled[1], then.scaled[1]
        below = one.high < 0 and two.high < 0
        sized = SPENT.search(item) or re.search(r"loss|亏损|used", words, re.I)
        if now.item == then.item and ((one.low > 0 and two.low > 0) or (below and sized)):
            out.append(one / two - ONE)
    return out


def is_ratio(tables: Tables, item: str) -> bool:
    """Whether a line is a rate: one that is known as such, or that the tables print in per cent, times or turns."""
    if item in PER_SHARE:
        return False
    return item in _RATIOS or any(
        r.unit in {"percent", "x", "turns", "days"} for r in tables.of("ratios") if r.item == item
    )
