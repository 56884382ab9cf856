"""The arithmetic of the cash-flow table, and its present values under every usual convention."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from clustersim.finance.audit.figures import Finding, Interval, compare, total
from clustersim.finance.audit.money import currency_of
from clustersim.finance.audit.multiples import equities
from clustersim.finance.audit.records import Record, Tables

__all__ = [
    "Discount", "Printed", "convention", "conventions", "dates_of", "discount_checks", "flows_of", "net_cash",
    "present", "printed_values", "year_end",
]  # fmt: skip

ROWS = (
    "ebit", "depreciation_and_amortisation", "tax", "change_in_working_capital", "capital_expenditure",
    "other_cash_items",
)  # fmt: skip
Discount = tuple[str, tuple[float, ...], float, float]
"""Name, times of the flows, time of the terminal value, share of the first flow that counts."""


def discount_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the sums of the cash-flow table, its bridge to equity, and the check of its present values."""
    for year in tables.years("dcf"):
        target = tables.find("dcf", "free_cash_flow", year)
        parts = _parts(tables, year, target)
        if target is not None and len(parts) > 2:
            yield compare(
                f"free_cash_flow {target.period}", target.where, target.interval, total(p.interval for p in parts),
                note="should be " + " + ".join(p.item for p in parts),
            )  # fmt: skip
        yield from _after_tax(tables, year)
    yield from _bridge(tables)
    yield from _order(tables)
    yield from _present_values(tables)


def _parts(tables: Tables, year: int, target: Record | None) -> list[Record]:
    """The lines of a free cash flow; a line of another name is one where it is money and stands before the total."""
    names = [n for n in ROWS if n not in {"ebit", "tax"}]
    whole = [tables.find("dcf", n, year) for n in ("ebit", "tax")]
    after = tables.find("dcf", "net_operating_profit_after_tax", year)
    first = [r for r in whole if r] if all(whole) or after is None else [after]
    parts = first + [r for n in names if (r := tables.find("dcf", n, year))]
    for record in tables.of("dcf"):
        if target is None or record is target:
            break
        strange = record.year == year and not record.understood and record.value is not None
        if strange and currency_of(record.unit) and not record.unit.endswith("per_share"):
            parts.append(record)
    return parts


def _after_tax(tables: Tables, year: int) -> Iterator[Finding]:
    """Profit after tax is EBIT with its tax."""
    after = tables.find("dcf", "net_operating_profit_after_tax", year)
    ebit, tax = tables.find("dcf", "ebit", year), tables.find("dcf", "tax", year)
    if after is not None and ebit is not None and tax is not None:
        yield compare(
            f"net_operating_profit_after_tax {after.period}", after.where, after.scaled[1],
            total((ebit.scaled[1], tax.scaled[1])), note="should be ebit + tax",
        )  # fmt: skip


def _bridge(tables: Tables) -> Iterator[Finding]:
    flows, terminal = tables.one("dcf", "pv_of_free_cash_flow"), tables.one("dcf", "pv_of_terminal_value")
    enterprise = tables.one("dcf", "enterprise_value")
    if flows and terminal and enterprise:
        yield compare(
            "enterprise_value", enterprise.where, enterprise.scaled[1], flows.scaled[1] + terminal.scaled[1],
            note="should be the two present values together",
        )  # fmt: skip
    net = net_cash(tables)
    equity = equities(tables)[0]
    if enterprise and net and equity:
        yield compare(
            "equity_value", equity.where, equity.scaled[1], enterprise.scaled[1] + net.scaled[1],
            note="should be enterprise value plus net cash",
        )  # fmt: skip


def _order(tables: Tables) -> Iterator[Finding]:
    rate, growth = (
        tables.one("dcf", "wacc") or tables.one("wacc", "wacc"),
        tables.one("dcf", "terminal_growth") or tables.one("wacc", "terminal_growth"),
    )
    if rate and growth and rate.value is not None and growth.value is not None and growth.value >= rate.value:
        yield Finding(
            "terminal_growth below wacc", growth.where, growth.value, rate.value, "mismatch",
            "the terminal value is infinite or negative",
        )  # fmt: skip


def net_cash(tables: Tables) -> Record | None:
    """Return the net cash that the cash-flow table adds to the enterprise value."""
    return tables.one("dcf", "net_cash_less_debt_and_minorities") or tables.one("dcf", "net_cash")


def year_end(count: int) -> Discount:
    """Return the convention of so many flows at the ends of their years, valued a year before the first.

    >>> year_end(2)
    ('year-end flows', (1.0, 2.0), 2.0, 1.0)
    """
    return "year-end flows", tuple(i + 1.0 for i in range(count)), float(count), 1.0


def flows_of(tables: Tables) -> list[Record]:
    """Return the free cash flows in the order of their years."""
    return [r for y in tables.years("dcf") if (r := tables.find("dcf", "free_cash_flow", y))]


def conventions(first: int, count: int, dates: list[date]) -> Iterator[Discount]:
    """Yield the usual conventions: year ends and mid-years counted from several dates, with and without a stub."""
    for shift, when in (
        (0, "end of the year before"),
        (1, "end of the first year"),
        (-1, "two year ends before"),
    ):
        for timing, half in (("year-end", 0.0), ("mid-year", 0.5), ("year-start", 1.0)):
            times = tuple(i + 1.0 - half - shift for i in range(count))
            for last in {times[-1], times[-1] + half, times[-1] + 1}:
                yield f"{timing} flows, valued at the {when}", times, last, 1.0
                if shift == 1:
                    yield f"{timing} flows without the first, valued at the {when}", times, last, 0.0
    for day in dates:
        left = (date(first, 12, 31) - day).days / 365
        if not -1 <= left <= 2:
            continue
        for share in (1.0, min(max(left, 0.0), 1.0)):
            stub = " with the stub of the first year" if share < 1 else ""
            ends = tuple(left + i for i in range(count))
            middles = (left / 2, *(left + i - 0.5 for i in range(1, count)))
            yield f"year-end flows from {day}{stub}", ends, ends[-1], share
            yield f"mid-year flows from {day}{stub}", middles, middles[-1], share
            yield f"mid-year flows from {day}{stub}, terminal at the year end", middles, ends[-1], share


def present(flows: list[float], rate: float, growth: float, how: Discount) -> tuple[float, float]:
    """Return the present values of the flows and of what follows them."""
    _, times, last, share = how
    counted = [flows[0] * share, *flows[1:]]
    value = sum(f * (1 + rate) ** -t for f, t in zip(counted, times, strict=True))
    return value, flows[-1] * (1 + growth) / (rate - growth) * (1 + rate) ** -last


def dates_of(tables: Tables) -> list[date]:
    """Return every date that the valuation prints, in order."""
    out = []
    for record in tables.of("valuation"):
        for text in (record.text, record.period):
            try:
                out.append(date.fromisoformat(text))
            except ValueError:
                continue
    return sorted(set(out))


def _ranges(flows: list[float], rate: Record, growth: Record, how: Discount) -> tuple[Interval, Interval]:
    w, g = rate.interval.scaled(0.01), growth.interval.scaled(0.01)
    dear = present(flows, w.high, g.low, how)
    cheap = present(flows, w.low, g.high, how)
    cells = rate.interval.cells | growth.interval.cells
    return (
        Interval(min(dear[0], cheap[0]), max(dear[0], cheap[0]), cells),
        Interval(min(dear[1], cheap[1]), max(dear[1], cheap[1]), cells),
    )


@dataclass(frozen=True, slots=True)
class Printed:
    """What the present values were made from, and the convention that comes nearest to them."""

    flows: list[float]
    rate: Record
    growth: Record
    pv: Record
    tv: Record
    tried: list[Discount]
    nearest: Discount
    fits: bool

    first_year: int

    @property
    def rates(self) -> tuple[float, float]:
        """WACC and growth as fractions."""
        return (self.rate.value or 0.0) / 100, (self.growth.value or 0.0) / 100


def convention(tables: Tables) -> Discount | None:
    """Return the convention that gives the printed present values; None where none does or they are not printed."""
    found = printed_values(tables)
    return found.nearest if found is not None and found.fits else None


def printed_values(tables: Tables) -> Printed | None:
    """Return the printed present values with what they were made from; None where they are not all printed."""
    rate = tables.one("dcf", "wacc") or tables.one("wacc", "wacc")
    growth = tables.one("dcf", "terminal_growth") or tables.one("wacc", "terminal_growth")
    pv, tv = tables.one("dcf", "pv_of_free_cash_flow"), tables.one("dcf", "pv_of_terminal_value")
    rows = flows_of(tables)
    if rate is None or growth is None or pv is None or tv is None or not rows or rows[0].year is None:
        return None
    w, g = (rate.value or 0.0) / 100, (growth.value or 0.0) / 100
    if g >= w:
        return None
    flows = [r.scaled[1].middle for r in rows]
    printed = pv.scaled[1], tv.scaled[1]
    tried = list(conventions(rows[0].year, len(flows), dates_of(tables)))
    nearest = min(tried, key=lambda how: _miss(present(flows, w, g, how), printed))
    ranges = _ranges(flows, rate, growth, nearest)
    fits = all(p.meets(r) for p, r in zip(printed, ranges, strict=True))
    return Printed(flows, rate, growth, pv, tv, tried, nearest, fits, rows[0].year)


def _present_values(tables: Tables) -> Iterator[Finding]:
    found = printed_values(tables)
    if found is None:
        return
    w, g = found.rates
    values = present(found.flows, w, g, found.nearest)
    ranges = _ranges(found.flows, found.rate, found.growth, found.nearest)
    base = present(found.flows, w, g, found.tried[0])
    for name, record, value, span, plain in (
        ("pv_of_free_cash_flow", found.pv, values[0], ranges[0], base[0]),
        ("pv_of_terminal_value", found.tv, values[1], ranges[1], base[1]),
    ):
        check = f"{name} at the printed WACC and growth"
        if found.fits:
            yield compare(check, record.where, record.scaled[1], span, point=value)
        else:
            yield Finding(
                check, record.where, record.scaled[1].middle, plain, "mismatch",
                f"{len(found.tried)} conventions were tried and none gives both present values; the value beside is"
                f" for {found.tried[0][0]}; nearest: {found.nearest[0]}",
            )  # fmt: skip
    if not found.fits:
        yield from _implied(found.flows, g, (found.pv.scaled[1], found.tv.scaled[1]), found.pv)


def _miss(values: tuple[float, float], printed: tuple[Interval, Interval]) -> float:
    return sum(abs(v / p.middle - 1) if p.middle else abs(v) for v, p in zip(values, printed, strict=True))


def _implied(
    flows: list[float], growth: float, printed: tuple[Interval, Interval], pv: Record
) -> Iterator[Finding]:
    goal = printed[0].middle + printed[1].middle
    how = year_end(len(flows))
    low, high = growth + 1e-4, 1.0
    if sum(present(flows, low, growth, how)) < goal:
        return
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(present(flows, middle, growth, how)) > goal else (low, middle)
    yield Finding(
        "WACC that the printed enterprise value implies, %", pv.where, None, round(100 * low, 2), "info",
        "year-end flows valued at the end of the year before",
    )  # fmt: skip
