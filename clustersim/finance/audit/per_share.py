"""Figures a share that their table can be held to without a printed number of shares, and dividends a share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from statistics import median

from clustersim.finance.audit.figures import Finding, Interval, compare, first_that_holds, total
from clustersim.finance.audit.records import Record, Tables
from clustersim.finance.audit.rolls import kept_by_most

__all__ = ["per_share_checks"]

#: A dividend that moves by this factor beside earnings that do not is one with a slipped point.
SLIP = 8.0
_PROFITS = ("profit_attributable_to_owners", "net_profit")


def per_share_checks(tables: Tables) -> Iterator[Finding]:
    """Yield EPS against share capital at par, and dividends a share against what was paid and what was earned."""
    yield from _par(tables)
    yield from _paid(tables)
    yield from _slipped(tables)
    yield from _of_parts(tables)


def _of_parts(tables: Tables) -> Iterator[Finding]:
    """EPS of halves and quarters: the profit of that part over its shares, as most parts have it; dividends add up."""
    by = {
        (r.item, r.period): r for r in tables.of("income_statement") if r.value is not None and r.year is None
    }
    for item, counts in (
        ("eps", ("shares", "diluted_shares")),
        ("diluted_eps", ("diluted_shares", "shares")),
    ):
        rolls: list[tuple[Record, Finding]] = []
        for (name, period), eps in by.items():
            count = next((c for i in counts if (c := by.get((i, period))) and c.value), None)
            profits = [r for i in _PROFITS if (r := by.get((i, period)))]
            if name == item and count is not None and profits and count.scaled[0] == "million_shares":
                makers = (partial(_each, eps, p, count) for p in reversed(profits))
                rolls.append((eps, first_that_holds(makers)))
        yield from kept_by_most(rolls)
    for year in tables.years("income_statement"):
        whole = tables.find("income_statement", "dividend_per_share", year)
        for kind, number in (("Q", 4), ("H", 2)):
            paid = [
                r for (i, p), r in by.items() if i == "dividend_per_share" and p.startswith(f"{year}{kind}")
            ]
            if whole is not None and len(paid) == number:
                yield compare(
                    f"dividend_per_share {whole.period} of its parts", whole.where, whole.scaled[1],
                    total(r.scaled[1] for r in paid), worse="inconsistent",
                    note=" + ".join(f"{r.text} ({r.period})" for r in paid),
                )  # fmt: skip


def _each(eps: Record, profit: Record, count: Record) -> Finding:
    return compare(
        f"{eps.item} {eps.period} (income_statement)", eps.where, eps.scaled[1],
        profit.scaled[1].scaled(1e-3) / count.scaled[1], note=f"{profit.item} over shares",
    )  # fmt: skip


def _counts(tables: Tables, year: int) -> Iterator[Interval]:
    """What may count the shares of a year, in millions: printed numbers of it and of the years beside it."""
    for y in (year, year - 1, year + 1):
        for table in ("income_statement", "balance_sheet", "ratios"):
            for item in ("shares", "diluted_shares"):
                record = tables.find(table, item, y)
                if record is not None and record.scaled[0] == "million_shares":
                    yield record.scaled[1]


def _par(tables: Tables) -> Iterator[Finding]:
    """A mainland share has a par value of one yuan: share capital counts the shares where no number is printed.

    Its closing or average number is what most years follow, or nothing is said; all years off by one power of ten are a
    slip of the unit.
    """
    if tables.currency != "CNY" or any(
        True for y in tables.years("income_statement") for _ in _counts(tables, y)
    ):
        return
    for item in ("eps", "diluted_eps"):
        rolls: list[tuple[Record, Finding]] = []
        for year in tables.years("income_statement"):
            eps = tables.find("income_statement", item, year)
            now, then = (tables.find("balance_sheet", "share_capital", y) for y in (year, year - 1))
            profits = [r for i in _PROFITS if (r := tables.find("income_statement", i, year))]
            if eps is None or not eps.value or now is None or not now.value or not profits:
                continue
            levels = [now.scaled[1], *([(now.scaled[1] + then.scaled[1]).scaled(0.5)] if then else [])]
            makers = (partial(_at_par, eps, p, n) for n in reversed(levels) for p in reversed(profits))
            rolls.append((eps, first_that_holds(makers)))
        powers = [_power(f) for _, f in rolls]
        if len(rolls) > 1 and powers[0] and len(set(powers)) == 1:
            yield from (f for _, f in rolls)
        else:
            yield from kept_by_most(rolls)


def _at_par(eps: Record, profit: Record, capital: Interval) -> Finding:
    return compare(
        f"{eps.item} {eps.period} at a par value of one", eps.where, eps.scaled[1], profit.scaled[1] / capital,
        note=f"{profit.item} over share capital",
    )  # fmt: skip


def _power(found: Finding) -> int:
    """The power of ten by which a figure is off, 0 where it is off by none or is no near multiple of one."""
    if isinstance(found.printed, str | None) or isinstance(found.recomputed, str | None):
        return 0
    ratio = found.printed / found.recomputed if found.recomputed else 0.0
    if ratio <= 0:
        return 0
    power = round(math.log10(ratio))
    return power if abs(ratio / 10.0**power - 1.0) < 0.05 else 0


def _paid(tables: Tables) -> Iterator[Finding]:
    """Dividends paid are the dividend a share of the year, or of the one before, times the shares: most years tell."""
    best: list[tuple[Record, Finding]] = []
    for lag in (0, 1):
        found = []
        for year in tables.years("cash_flow"):
            paid = tables.find("cash_flow", "dividends_paid", year)
            a_share = tables.find("income_statement", "dividend_per_share", year - lag) or tables.find(
                "ratios", "dividend_per_share", year - lag
            )
            counts = list(_counts(tables, year - lag))
            if paid is None or not paid.value or a_share is None or not counts:
                continue
            found.append(
                (a_share, first_that_holds(
                    lambda c=c, a=a_share, p=paid: compare(  # type: ignore[misc]
                        f"dividend_per_share {a.period} and dividends_paid {p.period}", a.where, a.scaled[1],
                        p.scaled[1].scaled(-1e-3) / c, note=f"{p.where} prints {p.text}",
                    )
                    for c in reversed(counts)
                ))
            )  # fmt: skip
        if _right(found) > _right(best):
            best = found
    yield from kept_by_most(best)


def _right(rolls: list[tuple[Record, Finding]]) -> int:
    return sum(f.verdict in {"ok", "rounding"} for _, f in rolls)


def _slipped(tables: Tables) -> Iterator[Finding]:
    """A dividend a share many times that of the other years, over earnings that are not."""
    rows = [
        (d, e) for y in tables.years("income_statement")
        if (d := tables.find("income_statement", "dividend_per_share", y)) and d.value
        and (e := tables.find("income_statement", "eps", y) or tables.find("income_statement", "diluted_eps", y))
        and e.value
    ]  # fmt: skip
    if len(rows) < 3:
        return
    shares = [d.scaled[1].middle / abs(e.scaled[1].middle) for d, e in rows]
    usual = median(shares)
    for (dividend, eps), share in zip(rows, shares, strict=True):
        wrong = not 1 / SLIP < share / usual < SLIP
        yield Finding(
            f"dividend_per_share {dividend.period} beside earnings", dividend.where, dividend.value, None,
            "misprint" if wrong else "info", f"{100 * share:.0f} % of EPS, in other years {100 * usual:.0f} %",
            cells=frozenset((dividend.where, eps.where)),
        )  # fmt: skip
