"""What a cash-flow valuation rests on: the base of its tax, one rate for both legs, net cash of the right year."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clustersim.finance.audit.discounting import (
    Discount,
    conventions,
    dates_of,
    flows_of,
    present,
    printed_values,
)
from clustersim.finance.audit.figures import Finding, Interval, compare, total
from clustersim.finance.audit.records import Record, Tables

__all__ = ["capital_checks", "net_amounts"]

DEBTS = (
    "borrowings_non_current", "borrowings_current", "lease_liabilities_non_current", "lease_liabilities_current",
)  # fmt: skip


def capital_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the checks of tax, of the ratio of the present values, and of net cash."""
    yield from _tax(tables)
    yield from _legs(tables)
    yield from _net_cash(tables)


def _tax(tables: Tables) -> Iterator[Finding]:
    """Tax of a cash flow before financing is levied on EBIT: on pre-tax profit it counts the tax shield twice."""
    rate = tables.one("wacc", "tax_rate") or tables.one("dcf", "tax_rate")
    if rate is None or not rate.value:
        return
    right: list[Finding] = []
    profit: list[tuple[Record, float]] = []
    other: list[tuple[Record, float]] = []
    for year in tables.years("dcf"):
        tax, ebit = tables.find("dcf", "tax", year), tables.find("dcf", "ebit", year)
        if tax is None or ebit is None or tax.value is None or ebit.value is None:
            continue
        due = ebit.scaled[1] * rate.interval.scaled(-0.01)
        owed = tables.find("income_statement", "income_tax", year)
        if ebit.value <= 0 or not tax.value:
            continue
        found = compare(f"tax {tax.period} on EBIT", tax.where, tax.scaled[1], due, worse="mismatch",
                        note=f"{rate.text} % of EBIT")  # fmt: skip
        base = -tax.scaled[1].middle / (rate.value / 100)
        if found.verdict in {"ok", "rounding"}:
            right.append(found)
        elif owed is not None and owed.scaled[1].meets(tax.scaled[1]):
            profit.append((tax, base))
        else:
            other.append((tax, base))
    yield from right
    if profit:
        yield _levied(
            tables, "levied on EBIT", profit, "it is the income statement's, levied on pre-tax profit"
        )
    if other and len(other) > max(1, len(right)):
        why = f"at {rate.text} % its base is not EBIT but EBIT plus income that grows: pre-tax profit"
        yield _levied(tables, "beyond the statements levied on EBIT", other, why)
    elif other:
        for tax, _ in other:
            profit_before = tables.find("dcf", "ebit", tax.year or 0)
            assert profit_before is not None
            due = profit_before.scaled[1] * rate.interval.scaled(-0.01)
            note = f"{rate.text} % of EBIT"
            yield compare(f"tax {tax.period} on EBIT", tax.where, tax.scaled[1], due, note=note)


def _levied(tables: Tables, what: str, rows: list[tuple[Record, float]], why: str) -> Finding:
    says = []
    for tax, base in rows:
        ebit = tables.find("dcf", "ebit", tax.year or 0)
        gap = base - (ebit.scaled[1].middle if ebit else 0.0)
        says.append(f"{tax.period} {gap:+,.0f}")
    first = rows[0][0]
    share = _of_ebit(tables, *rows[0])
    return Finding(
        f"tax of the cash flow {what}, {first.period} to {rows[-1][0].period}", first.where,
        first.scaled[1].middle, first.scaled[1].middle * share, "inconsistent",
        f"{why}; base less EBIT: {', '.join(says)}", cells=frozenset(r.where for r, _ in rows),
        mends=tuple((r.where, (r.value or 0.0) * _of_ebit(tables, r, base)) for r, base in rows),
    )  # fmt: skip


def _of_ebit(tables: Tables, tax: Record, base: float) -> float:
    """EBIT of the year of a tax over the base that it was levied on."""
    ebit = tables.find("dcf", "ebit", tax.year or 0)
    return (ebit.scaled[1].middle if ebit else 0.0) / base


def _legs(tables: Tables) -> Iterator[Finding]:
    """The ratio of the two present values does not depend on the valuation date; each leg implies a WACC."""
    found = printed_values(tables)
    if found is None or found.fits:
        return
    w, g = found.rates
    pv, tv = found.pv.scaled[1], found.tv.scaled[1]
    year = int(found.first_year)
    ratios = {
        how[0]: (values[0] / values[1])
        for how in conventions(year, len(found.flows), dates_of(tables))
        if (values := present(found.flows, w, g, how))[1]
    }
    nearest = min(ratios, key=lambda name: abs(ratios[name] / (pv / tv).middle - 1))
    yield compare(
        "ratio of the two present values, at any valuation date", found.pv.where, pv / tv,
        Interval.exactly(ratios[nearest]), note=f"of {len(ratios)} conventions the nearest is {nearest}",
    )  # fmt: skip
    how: Discount = ("", tuple(i + 1.0 for i in range(len(found.flows))), float(len(found.flows)), 1.0)
    one = _solve(lambda x: present(found.flows, x, g, how)[0], pv.middle, g)
    two = _solve(lambda x: present(found.flows, x, g, how)[1], tv.middle, g)
    if one is not None and two is not None:
        yield Finding(
            "one WACC for both present values, %", found.tv.where, round(100 * one, 1), round(100 * two, 1),
            "inconsistent" if abs(one - two) > 0.002 else "ok",
            f"the flows imply {100 * one:.1f} % and the terminal value {100 * two:.1f} %; printed {found.rate.text} %",
            cells=frozenset((found.pv.where, found.tv.where)),
        )  # fmt: skip


def _solve(value: Callable[[float], float], goal: float, growth: float) -> float | None:
    low, high = growth + 1e-4, 2.0
    if not value(high) < goal < value(low):
        return None
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if value(middle) > goal else (low, middle)
    return low


def _net_cash(tables: Tables) -> Iterator[Finding]:
    """Net cash is that of the balance sheet from which the flows start, not of the year that they hold already."""
    net = tables.one("dcf", "net_cash_less_debt_and_minorities") or tables.one("dcf", "net_cash")
    flows = flows_of(tables)
    if net is None or not flows or flows[0].year is None:
        return
    start = flows[0].year - 1
    years = sorted(tables.years("balance_sheet"), key=lambda y: (y != start, y))
    for year in years:
        for name, amount in net_amounts(tables, year):
            if not amount.meets(net.scaled[1]):
                continue
            here = year == start
            base = next((v for _, v in net_amounts(tables, start)), None)
            yield Finding(
                f"net cash is that of {start}", net.where, net.scaled[1].middle,
                base.middle if base is not None and not here else amount.middle, "ok" if here else "inconsistent",
                "" if here else f"it is {name} of {year}, whose cash flow is discounted beside it",
                cells=net.scaled[1].cells | amount.cells,
            )  # fmt: skip
            return


def net_amounts(tables: Tables, year: int) -> Iterator[tuple[str, Interval]]:
    """Yield what net cash may be at the end of a year, the usual first."""
    cash = tables.find("balance_sheet", "cash_and_cash_equivalents", year)
    if cash is None:
        return
    debts = [r for i in DEBTS if (r := tables.find("balance_sheet", i, year))]
    if debts:
        yield "cash less debt and leases", cash.scaled[1] - total(r.scaled[1] for r in debts)
    loans = [r for r in debts if "borrowings" in r.item]
    if loans and len(loans) < len(debts):
        yield "cash less debt", cash.scaled[1] - total(r.scaled[1] for r in loans)
    yield "cash", cash.scaled[1]
    ratio, equity = tables.one("wacc", "debt_to_equity"), tables.find("balance_sheet", "total_equity", year)
    if ratio is not None and equity is not None and (equity.value or 0.0) > 0:
        share = ratio.interval.scaled(0.01) if ratio.unit == "percent" else ratio.interval
        yield (
            f"cash less the printed debt ratio ({ratio.text} {ratio.unit}) of equity",
            (cash.scaled[1] - share * equity.scaled[1]),
        )
