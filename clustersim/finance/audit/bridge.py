"""The way from the printed to the corrected target price."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from clustersim.finance.audit.capital import net_amounts
from clustersim.finance.audit.discounting import (
    Discount,
    convention,
    dates_of,
    flows_of,
    net_cash,
    present,
    year_end,
)
from clustersim.finance.audit.figures import total
from clustersim.finance.audit.multiples import fx, peers_of, quoted, shares
from clustersim.finance.audit.records import Tables

__all__ = ["Step", "bridge"]


@dataclass(frozen=True, slots=True)
class Step:
    """One correction: the target price after it, what it changed, and the currency of both."""

    step: str
    target_price: float
    change: float
    currency: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Basis:
    """What the target price is made of, with the printed figures; money in thousands of the statements' currency and
    millions of the quoted one, and million shares."""

    first_year: int
    flows: list[float]
    rate: float
    growth: float
    net_cash: float
    fx: float
    weight: float
    ps_m: float
    shares_m: float
    target: float
    how: Discount
    """The convention of the printed present values, or year-end flows where none gives them."""
    fits: bool

    def price(self, flows: list[float], ps_m: float, proceeds_m: float = 0.0) -> float:
        """Target price of the flows."""
        equity = sum(present(flows, self.rate, self.growth, self.how)) + self.net_cash
        dcf = equity * self.fx / 1e3 + proceeds_m
        return (self.weight * dcf + (1 - self.weight) * ps_m) / self.shares_m


def _basis(tables: Tables) -> _Basis | None:
    rows = flows_of(tables)
    rate = tables.one("dcf", "wacc") or tables.one("wacc", "wacc")
    growth = tables.one("dcf", "terminal_growth") or tables.one("wacc", "terminal_growth")
    net = net_cash(tables)
    ps, weight = tables.one("valuation", "value_ps"), tables.one("valuation", "weight_dcf")
    target, rate_quoted, blended = (
        tables.one("valuation", "target_price"),
        fx(tables),
        tables.one("valuation", "value_blended"),
    )
    if not (rows and rate and growth and net and ps and weight and target and rate_quoted and blended):
        return None
    count = blended.scaled[1].middle / 1e3 / (target.value or 1.0)
    found = shares(tables)
    if found is not None:
        count = found.middle
    w, g = (rate.value or 0.0) / 100, (growth.value or 0.0) / 100
    if g >= w or rows[0].year is None:
        return None
    found_how = convention(tables)
    return _Basis(
        rows[0].year, [r.scaled[1].middle for r in rows], w, g, net.scaled[1].middle, rate_quoted.middle,
        (weight.value or 0.0) / 100, ps.scaled[1].middle / 1e3, count, target.value or 0.0,
        found_how or year_end(len(rows)), found_how is not None,
    )  # fmt: skip


def bridge(tables: Tables, proceeds_m: float) -> tuple[Step, ...]:
    """Return the steps from the printed target price to the corrected one; empty where the tables do not allow it."""
    basis = _basis(tables)
    if basis is None:
        return ()
    code = quoted(tables)
    steps = [Step("as printed", basis.target, 0.0, code)]

    def add(name: str, price: float, note: str = "") -> None:
        steps.append(Step(name, price, price - steps[-1].target_price, code, note))

    if not basis.fits:
        note = "printed flows, WACC and growth; year-end flows valued at the end of the year before"
        add("present values recomputed", basis.price(basis.flows, basis.ps_m), note)
    ps = _unrounded(tables, basis)
    if ps is not None:
        add("peers' mean not rounded", basis.price(basis.flows, ps))
    last = ps if ps is not None else basis.ps_m
    flows = _statement_flows(tables, basis)
    if flows != basis.flows:
        add("depreciation and capital expenditure as in the cash-flow statement", basis.price(flows, last))
    taxed = _taxed_on_ebit(tables, basis, flows)
    if taxed != flows:
        flows = taxed
        add("tax on EBIT at the printed rate", basis.price(flows, last))
    net = _net_cash(tables, basis)
    if net is not None:
        basis = replace(basis, net_cash=net)
        add(f"net cash at the end of {basis.first_year - 1}", basis.price(flows, last))
    stub = _stub(tables, basis)
    if stub is not None:
        basis = replace(basis, how=stub)
        add(
            "flows from the valuation date on, with the stub of the first year",
            basis.price(flows, last),
            stub[0],
        )
    if proceeds_m:
        add("listing proceeds that the cash flow leaves out", basis.price(flows, last, proceeds_m))
    return tuple(steps)


def _taxed_on_ebit(tables: Tables, basis: _Basis, flows: list[float]) -> list[float]:
    """The flows with tax at the printed rate on EBIT in every year in which tax is paid."""
    rate = tables.one("wacc", "tax_rate") or tables.one("dcf", "tax_rate")
    out = list(flows)
    for i in range(len(out)):
        tax, ebit = (tables.find("dcf", item, basis.first_year + i) for item in ("tax", "ebit"))
        if rate is None or not rate.value or tax is None or ebit is None or not tax.value:
            continue
        due = ebit.scaled[1] * rate.interval.scaled(-0.01)
        if not due.meets(tax.scaled[1]):
            out[i] += due.middle - tax.scaled[1].middle
    return out


def _net_cash(tables: Tables, basis: _Basis) -> float | None:
    """Net cash of the balance sheet from which the flows start; None where it is the printed one, or none is there."""
    start = [amount for _, amount in net_amounts(tables, basis.first_year - 1)]
    net = net_cash(tables)
    if not start or net is None or any(a.meets(net.scaled[1]) for a in start):
        return None
    return start[0].middle


def _stub(tables: Tables, basis: _Basis) -> Discount | None:
    """Year-end flows discounted to the printed date, of the first only what follows it; None without such a date."""
    dates = [d for d in dates_of(tables) if d.year == basis.first_year]
    if not dates or basis.fits:
        return None
    left = (date(basis.first_year, 12, 31) - dates[0]).days / 365
    times = tuple(left + i for i in range(len(basis.flows)))
    return f"from {dates[0]}", times, times[-1], left


def _unrounded(tables: Tables, basis: _Basis) -> float | None:
    """The price-to-sales leg with the peers' mean to all its digits; None where the printed one was not rounded."""
    printed = tables.one("valuation", "peer_average_ps")
    if printed is None or not printed.value:
        return None
    members = [r.interval for r in peers_of(tables, printed.period)]
    if not members:
        return None
    mean = total(members).middle / len(members)
    if not printed.interval.low <= mean <= printed.interval.high:
        return None
    return basis.ps_m * mean / printed.value


def _statement_flows(tables: Tables, basis: _Basis) -> list[float]:
    """The printed flows with the cash-flow statement's own depreciation and capital expenditure."""
    flows = list(basis.flows)
    pairs = (
        ("depreciation_and_amortisation", "depreciation_and_amortisation"),
        ("capital_expenditure", "purchase_of_ppe_and_intangibles"),
    )
    for i in range(len(flows)):
        for ours, theirs in pairs:
            a = tables.find("dcf", ours, basis.first_year + i)
            b = tables.find("cash_flow", theirs, basis.first_year + i)
            if a is not None and b is not None:
                flows[i] += b.scaled[1].middle - a.scaled[1].middle
    return flows
