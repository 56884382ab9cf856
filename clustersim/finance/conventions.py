"""The conventions of a discounted cash flow as choices, and what a printed or market value implies under them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from clustersim.columns import as_array
from clustersim.errors import InfeasibleError, InputError
from clustersim.finance.company import Array, Value

__all__ = [
    "Convention",
    "Implied",
    "PresentValue",
    "Steady",
    "Terminal",
    "capm",
    "check_growth",
    "discounted",
    "flow_times",
    "implied",
    "wacc",
]

TIMINGS = ("end-year", "mid-year", "dated", "stub")
TERMINALS = ("gordon", "exit-multiple", "fade")


@dataclass(frozen=True, slots=True)
class PresentValue:
    """The present value of the explicit flows and of the terminal value."""

    flows: Value
    terminal: Value

    @property
    def enterprise_value(self) -> Value:
        """Their sum."""
        return self.flows + self.terminal


@dataclass(frozen=True, slots=True)
class Steady:
    """The steady state after the last year: a flow that grows, and working capital whose growth it must fund."""

    flow: Value
    working_capital: Value

    def next_flow(self, growth: Value) -> Value:
        """Flow of the first year after: F (1 + g) - g W.

        >>> Steady(100.0, 50.0).next_flow(0.02)
        101.0
        """
        return self.flow * (1 + growth) - growth * self.working_capital


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """What the years after the last one are worth.

    ``gordon``: F (1 + g) / (w - g). ``exit-multiple``: ``multiple`` x ``base`` (EBITDA or sales of the last year).
    ``fade``: growth falls in a line from ``first_growth`` to g over ``fade_years``, then Gordon.
    """

    kind: str = "gordon"
    multiple: float = 0.0
    base: Value = 0.0
    first_growth: float = 0.0
    fade_years: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """When flows arrive, seen from the valuation date.

    ``end-year`` flows arrive at 31 December and ``mid-year`` flows at the middle of their year, both counted in whole
    years from the end of the year before the first. ``dated`` counts days / 365 from the valuation date to 31
    December; ``stub`` also keeps only the share of the first year's flow that is still to come.
    """

    timing: str = "end-year"
    valuation_date: date | None = None
    terminal: Terminal = Terminal()


def flow_times(convention: Convention, first_year: int, count: int) -> tuple[tuple[float, ...], float]:
    """Return the time of every flow in years, and the share of the first flow that counts.

    >>> flow_times(Convention(timing="mid-year"), 2026, 2)
    ((0.5, 1.5), 1.0)
    >>> times, share = flow_times(Convention(timing="stub", valuation_date=date(2026, 7, 2)), 2026, 1)
    >>> round(times[0], 4), round(share, 4)
    (0.4986, 0.4986)

    Raises InputError for an unknown timing, or a date missing or outside the first year and the year before.
    """
    if convention.timing not in TIMINGS:
        raise InputError(f"unknown timing {convention.timing!r} (known: {', '.join(TIMINGS)})")
    if convention.timing in {"end-year", "mid-year"}:
        shift = 0.0 if convention.timing == "end-year" else 0.5
        return tuple(i + 1 - shift for i in range(count)), 1.0
    when = convention.valuation_date
    if when is None:
        raise InputError(f"timing {convention.timing} needs a valuation date")
    if when > date(first_year, 12, 31) or when < date(first_year - 1, 12, 31):
        raise InputError(
            f"the valuation date {when} must lie within the year of the first flow, {first_year}"
        )
    left = (date(first_year, 12, 31) - when).days / 365
    share = min(left, 1.0) if convention.timing == "stub" else 1.0
    return tuple(left + i for i in range(count)), share


def discounted(
    flows: Sequence[float] | Array,
    *,
    wacc: Value,
    growth: Value,
    first_year: int,
    convention: Convention | None = None,
    steady: Steady | None = None,
) -> PresentValue:
    """Return the present value of yearly flows and of what follows them under a convention.

    Flows are (years) or (years, points); ``wacc`` and ``growth`` a float or (points,). Without ``steady`` the last
    flow itself goes on.

    >>> pv = discounted([100.0, 100.0], wacc=0.10, growth=0.0, first_year=2026)
    >>> round(pv.flows, 2), round(pv.terminal, 2)
    (173.55, 826.45)

    Raises InputError for growth not below the WACC where the terminal value needs it, or for no flow.
    """
    convention = convention or Convention()
    if not len(flows):
        raise InputError("a present value needs at least one yearly flow")
    rows = list(flows)
    times, share = flow_times(convention, first_year, len(rows))
    counted = [rows[0] * share, *rows[1:]]
    value = sum(f * (1 + wacc) ** -t for f, t in zip(counted, times, strict=True))
    after = steady or Steady(rows[-1], 0.0)
    terminal = _terminal(after, wacc, growth, convention.terminal) * (1 + wacc) ** -times[-1]
    return PresentValue(_plain(value), _plain(terminal))


def _plain(value: Value) -> Value:
    """One point is a float."""
    return value if np.ndim(value) else float(value)


def check_growth(wacc: Value, growth: Value) -> None:
    """Raise InputError where growth is not below the WACC, naming the worst pair."""
    gap = as_array(wacc) - as_array(growth)
    if np.any(gap <= 0):
        w, g = (np.broadcast_to(v, gap.shape).flat[int(np.argmin(gap))] for v in (wacc, growth))
        raise InputError(
            f"company.terminal_growth={g:.4g} must be below company.wacc={w:.4g}: the terminal value is infinite"
            " otherwise; lower the one or raise the other"
        )


def _terminal(after: Steady, wacc: Value, growth: Value, terminal: Terminal) -> Value:
    if terminal.kind not in TERMINALS:
        raise InputError(f"unknown terminal value {terminal.kind!r} (known: {', '.join(TERMINALS)})")
    if terminal.kind == "exit-multiple":
        return terminal.multiple * terminal.base
    check_growth(wacc, growth)
    value: Value = 0.0
    factor: Value = 1.0
    flow: Value = after.next_flow(growth) / (1 + growth)
    n = terminal.fade_years if terminal.kind == "fade" else 0
    for i in range(n):
        rate = terminal.first_growth + (growth - terminal.first_growth) * (i + 1) / (n + 1)
        flow = flow * (1 + rate)
        factor = factor / (1 + wacc)
        value = value + flow * factor
    return value + flow * (1 + growth) / (wacc - growth) * factor


@dataclass(frozen=True, slots=True)
class Implied:
    """What a value of the enterprise implies, one input at a time, the others as they are; None where nothing does."""

    enterprise_value: float
    wacc: float | None
    growth: float | None
    flow_haircut: float
    """Share by which every flow would have to fall (negative: rise)."""


def implied(
    enterprise_value: float,
    flows: Sequence[float] | Array,
    *,
    wacc: float,
    growth: float,
    first_year: int,
    convention: Convention | None = None,
    steady: Steady | None = None,
) -> Implied:
    """Return the WACC, the growth and the haircut on the flows at which the flows are worth ``enterprise_value``.

    >>> found = implied(1000.0, [100.0], wacc=0.2, growth=0.0, first_year=2026)
    >>> round(found.wacc, 6), round(found.flow_haircut, 6)
    (0.1, -1.0)
    """

    def value(w: float, g: float) -> float:
        present = discounted(
            flows, wacc=w, growth=g, first_year=first_year, convention=convention, steady=steady
        )
        return float(present.enterprise_value)

    return Implied(
        enterprise_value,
        _root(lambda w: value(w, growth) - enterprise_value, growth + 1e-4, 1.0),
        _root(lambda g: value(wacc, g) - enterprise_value, -0.5, wacc - 1e-4),
        1 - enterprise_value / value(wacc, growth),
    )


def _root(function: Callable[[float], float], low: float, high: float) -> float | None:
    """Bisect; None where the ends have the same sign."""
    at_low = function(low)
    if at_low * function(high) > 0:
        return None
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) * at_low > 0 else (low, middle)
    return (low + high) / 2


def capm(*, risk_free: Value, beta: Value, premium: Value) -> Value:
    """Return the cost of equity r_f + beta x premium.

    >>> round(capm(risk_free=0.014, beta=1.1, premium=0.094), 4)
    0.1174
    """
    return risk_free + beta * premium


def wacc(*, cost_of_equity: Value, cost_of_debt: Value, debt_to_equity: Value, tax_rate: Value) -> Value:
    """Return E/V r_e + D/V r_d (1 - t) for a debt-to-equity ratio on book or market weights, as it is given.

    >>> round(wacc(cost_of_equity=0.113, cost_of_debt=-0.023, debt_to_equity=0.009, tax_rate=0.15), 4)
    0.1118

    Raises InfeasibleError for a debt-to-equity ratio of -1 or below.
    """
    if np.any(as_array(debt_to_equity) <= -1):
        raise InfeasibleError(f"a debt-to-equity ratio of {debt_to_equity} leaves no equity")
    equity = 1 / (1 + debt_to_equity)
    return equity * cost_of_equity + (1 - equity) * cost_of_debt * (1 - tax_rate)
