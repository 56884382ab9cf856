"""Ratios that reports print beside the statements, under every usual convention before one is called wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

from clustersim.finance.audit.figures import Finding, Interval, compare, first_that_holds
from clustersim.finance.audit.multiples import fx, shares
from clustersim.finance.audit.per_share import per_share_checks
from clustersim.finance.audit.records import Record, Tables

__all__ = ["MAKERS", "opened", "profit_of", "ratio_checks"]

HALF = Interval.exactly(0.5)
Choice = tuple[str, Interval]


def ratio_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the checks of returns, per-share figures, multiples, tax rate, turnover days and liquidity."""
    for record in tables.records:
        if record.table not in {"ratios", "income_statement", "claims", "valuation"} or record.year is None:
            continue
        make = MAKERS.get(record.item)
        if make is None or record.value is None or (record.table == "claims" and record.item == "shares"):
            continue
        choices = list(make(tables, record.year))
        if choices and opened(tables, record.item, record.year):
            yield _best(record, choices)
    yield from _implied_shares(tables)
    yield from per_share_checks(tables)


def opened(tables: Tables, item: str, year: int) -> bool:
    """Whether a rate may be judged: one that may be of an average needs the balance with which its year opens."""
    stocks = AVERAGED.get(item, ())
    now = [s for s in stocks if tables.find("balance_sheet", s, year)]
    if not now or any(tables.find("balance_sheet", s, year - 1) for s in now):
        return True
    # Without it the years after tell: a rate that is of the closing balance there is so here.
    later = tables.find("ratios", item, year + 1)
    return later is not None and any(
        "closing" in says and _best(later, [(says, value)]).verdict in {"ok", "rounding"}
        for says, value in MAKERS[item](tables, year + 1)
    )


def _best(record: Record, choices: list[Choice]) -> Finding:
    printed = record.interval.scaled(0.01) if record.unit == "percent" else record.scaled[1]
    name = f"{record.item} {record.period} ({record.figure or record.table})"
    makers: list[Callable[[], Finding]] = [
        lambda value=value, says=says: compare(name, record.where, printed, value, note=says)  # type: ignore[misc]
        for says, value in reversed(choices)
    ]
    return first_that_holds(makers)


def profit_of(tables: Tables, item: str, year: int) -> Interval | None:
    """Return a profit of a year, in thousands; a gross profit that is not printed is revenue less its cost."""
    record = tables.find("income_statement", item, year)
    if record is not None or item != "gross_profit":
        return None if record is None else record.scaled[1]
    revenue, cost = (tables.find("income_statement", i, year) for i in ("revenue", "cost_of_sales"))
    if revenue is None or cost is None:
        return None
    size = cost.scaled[1]
    return revenue.scaled[1] + (size if size.middle < 0 else size.scaled(-1.0))


def _flow(tables: Tables, item: str, year: int) -> Interval | None:
    record = tables.find("income_statement", item, year)
    return None if record is None else record.scaled[1]


def _stock(tables: Tables, item: str, year: int) -> Interval | None:
    record = tables.find("balance_sheet", item, year)
    return None if record is None else record.scaled[1]


def _profits(tables: Tables, year: int) -> Iterator[Choice]:
    for item in ("net_profit", "profit_attributable_to_owners", "adjusted_net_profit"):
        value = _flow(tables, item, year)
        if value is not None:
            yield item, value


def _levels(tables: Tables, item: str, year: int) -> Iterator[Choice]:
    now, then = _stock(tables, item, year), _stock(tables, item, year - 1)
    if now is not None:
        yield f"closing {item}", now
        if then is not None:
            yield f"average {item}", (now + then) * HALF


def _owned(tables: Tables, year: int) -> Iterator[Choice]:
    """Equity of the owners where the table prints that of all and that of the others."""
    both = [
        (whole - others) for y in (year, year - 1)
        if (whole := _stock(tables, "total_equity", y)) and (others := _stock(tables, "non_controlling_interests", y))
    ]  # fmt: skip
    if both and _stock(tables, "total_equity", year) is not None:
        yield "closing equity less outside owners", both[0]
        if len(both) == 2:
            yield "average equity less outside owners", (both[0] + both[1]) * HALF


def _return(stock: str) -> Callable[[Tables, int], Iterator[Choice]]:
    def make(tables: Tables, year: int) -> Iterator[Choice]:
        names = (stock, "equity_attributable_to_owners") if stock == "total_equity" else (stock,)
        for says, profit in _profits(tables, year):
            for name in names:
                for level, value in _levels(tables, name, year):
                    yield f"{says} over {level}", profit / value
            if stock == "total_equity":
                yield from ((f"{says} over {level}", profit / v) for level, v in _owned(tables, year))

    return make


def _count(tables: Tables, year: int, first: str = "shares") -> Iterator[Choice]:
    for item in (first, *({"shares", "diluted_shares"} - {first})):
        for table in ("income_statement", "balance_sheet", "ratios"):
            record = tables.find(table, item, year)
            if record is not None and record.scaled[0] == "million_shares":
                yield "shares", record.scaled[1]
                return
    one = tables.one("valuation", "shares")
    if one is not None and one.scaled[0] == "million_shares":
        yield "shares", one.scaled[1]
    elif (found := shares(tables)) is not None:
        yield "market value over price", found


def _eps(tables: Tables, year: int, first: str = "shares") -> Iterator[Choice]:
    for number, count in _count(tables, year, first):
        if number == "market value over price":
            return
        for says, profit in _profits(tables, year):
            yield f"{says} over {number}", profit.scaled(1e-3) / count


def _diluted(tables: Tables, year: int) -> Iterator[Choice]:
    return _eps(tables, year, "diluted_shares")


def _bps(tables: Tables, year: int) -> Iterator[Choice]:
    for number, count in _count(tables, year):
        for item in ("total_equity", "equity_attributable_to_owners"):
            equity = _stock(tables, item, year)
            if equity is not None and number == "shares":
                yield f"{item} over shares", equity.scaled(1e-3) / count
        for says, equity in _owned(tables, year):
            if number == "shares" and says.startswith("closing"):
                yield f"{says} over shares", equity.scaled(1e-3) / count


def _tax_rate(tables: Tables, year: int) -> Iterator[Choice]:
    tax, profit = _flow(tables, "income_tax", year), _flow(tables, "profit_before_income_tax", year)
    if tax is not None and profit is not None:
        yield "income tax over profit before tax", Interval.exactly(-1.0) * tax / profit


def _turnover(stock: str, flows: tuple[str, ...]) -> Callable[[Tables, int], Iterator[Choice]]:
    def make(tables: Tables, year: int) -> Iterator[Choice]:
        for item in flows:
            flow = _flow(tables, item, year)
            if flow is None:
                continue
            flow = flow.scaled(-1.0) if flow.middle < 0 else flow
            for level, value in _levels(tables, stock, year):
                for days in (360.0, 365.0):
                    yield f"{level} over {item} x {days:g}", value.scaled(days) / flow

    return make


def _over(top: str, bottom: str, less: str = "") -> Callable[[Tables, int], Iterator[Choice]]:
    def make(tables: Tables, year: int) -> Iterator[Choice]:
        one, two = _stock(tables, top, year), _stock(tables, bottom, year)
        taken = _stock(tables, less, year) if less else Interval.exactly(0.0)
        if one is not None and two is not None and taken is not None:
            yield f"{top} over {bottom}", (one - taken) / two

    return make


def _prices(tables: Tables) -> Iterator[Choice]:
    rate = fx(tables)
    for item in ("target_price", "current_price"):
        price = tables.one("valuation", item)
        if price is not None and rate is not None:
            yield item, price.interval / rate


def _price_over(
    what: Callable[[Tables, int], Iterator[Choice]], item: str
) -> Callable[[Tables, int], Iterator[Choice]]:
    def make(tables: Tables, year: int) -> Iterator[Choice]:
        printed = [
            (item, r.interval)
            for t in ("income_statement", "ratios")
            if (r := tables.find(t, item, year)) is not None
        ]
        for says, price in _prices(tables):
            for name, each in (*printed, *what(tables, year)):
                yield f"{says} over {name}", price / each

    return make


def _yield(tables: Tables, year: int) -> Iterator[Choice]:
    for table in ("ratios", "income_statement"):
        a_share = tables.find(table, "dividend_per_share", year)
        for says, price in _prices(tables):
            if a_share is not None and a_share.value is not None:
                yield f"{a_share.item} over {says}", a_share.scaled[1] / price


def _sales_per_share(tables: Tables, year: int) -> Iterator[Choice]:
    revenue = _flow(tables, "revenue", year)
    for number, count in _count(tables, year):
        if revenue is not None:
            yield f"revenue over {number}", revenue.scaled(1e-3) / count


MAKERS: dict[str, Callable[[Tables, int], Iterator[Choice]]] = {
    "roe": _return("total_equity"), "roa": _return("total_assets"), "eps": _eps, "diluted_eps": _diluted,
    "bps": _bps, "dividend_yield": _yield,
    "effective_tax_rate": _tax_rate, "pe": _price_over(_eps, "eps"), "pb": _price_over(_bps, "bps"),
    "ps": _price_over(_sales_per_share, "sales_per_share"),
    "inventory_days": _turnover("inventories", ("cost_of_sales", "revenue")),
    "receivable_days": _turnover("trade_and_notes_receivables", ("revenue",)),
    "payable_days": _turnover("trade_and_other_payables", ("cost_of_sales", "revenue")),
    "current_ratio": _over("total_current_assets", "total_current_liabilities"),
    "quick_ratio": _over("total_current_assets", "total_current_liabilities", "inventories"),
    "debt_to_assets": _over("total_liabilities", "total_assets"),
}  # fmt: skip
#: Rates that may be of the average of two balances, and whose.
AVERAGED = {
    "roe": ("total_equity", "equity_attributable_to_owners"), "roa": ("total_assets",),
    "inventory_days": ("inventories",), "receivable_days": ("trade_and_notes_receivables",),
    "payable_days": ("trade_and_other_payables",),
}  # fmt: skip
#: Without a printed issue or buy-back the number of shares that EPS implies does not move by more.
MOST_MOVED = 0.15


def _implied_shares(tables: Tables) -> Iterator[Finding]:
    """EPS without a printed number of shares: the number it implies stays, unless shares are issued or bought."""
    for table, item in product(("income_statement", "ratios"), ("eps", "diluted_eps")):
        for year in tables.years(table):
            now, then = tables.find(table, item, year), tables.find(table, item, year - 1)
            if now is None or then is None or any(n == "shares" for n, _ in _count(tables, year)):
                continue
            flows = [
                tables.find("cash_flow", i, year)
                for i in ("proceeds_from_issue_of_shares", "repurchase_of_shares")
            ]
            profit, before = _flow(tables, "net_profit", year), _flow(tables, "net_profit", year - 1)
            if profit is None or before is None or any(f is not None and f.value for f in flows):
                continue
            moved = (profit / now.interval) / (before / then.interval) - Interval.exactly(1.0)
            if not moved.low <= moved.high < float("inf"):
                continue
            wrong = moved.low > MOST_MOVED or moved.high < -MOST_MOVED
            yield Finding(
                f"{item} {now.period} implies the shares of {then.period}", now.where, now.value,
                round(profit.middle / before.middle * (then.value or 0.0), 4), "mismatch" if wrong else "ok",
                f"the shares it implies move by {100 * moved.middle:.0f} %, and none are issued" if wrong else "",
                cells=moved.cells,
            )  # fmt: skip
