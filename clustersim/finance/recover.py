"""Recover what a report does not print: revenue behind its working-capital and capital-expenditure rows.

A spreadsheet of drivers leaves finger prints. Where the printed years follow *capex = rounded share x revenue* and
*working capital = whole days on average balances*, the same rule holds in the later years with other round numbers.
With N the net working capital, R revenue, m the gross margin, d the receivable days and k the payable less the
inventory days,

    N_t + N_(t-1) = 2 R_t (d_t - k (1 - m_t)) / 365,    capex_t = p_t R_t,

so a guess of the round numbers (p, d, k, m) is right only when both rows agree to the last printed digit. Every
combination on the grid of round numbers is tried; how many agree by chance is computed beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clustersim.errors import InfeasibleError, InputError

__all__ = ["Grid", "Hypothesis", "Match", "Recovery", "coincidence", "recover_operating", "recover_revenue"]

DAYS = 365.0
#: Half of the last printed digit.
HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The round numbers that are tried: what an analyst types into a driver sheet (assumption, printed beside)."""

    capex_share: tuple[float, float, float] = (0.005, 0.025, 0.0001)
    receivable_days: tuple[float, float, float] = (60.0, 200.0, 5.0)
    spread_days: tuple[float, float, float] = (0.0, 150.0, 10.0)
    margin_step: tuple[float, float, float] = (-0.01, 0.01, 0.001)

    def axis(self, name: str) -> np.ndarray:
        """Return the values of one axis."""
        low, high, step = getattr(self, name)
        values: np.ndarray = low + step * np.arange(round((high - low) / step) + 1)
        return values


@dataclass(frozen=True, slots=True)
class Match:
    """One combination that agrees with both rows of a year to the last digit."""

    year: str
    capex_share: float
    receivable_days: float
    revenue_low: float
    revenue_high: float


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One step of the margin a year and one spread of days for all years, and the years that it explains."""

    margin_step: float
    spread_days: float
    matches: tuple[tuple[Match, ...], ...]
    expected_by_chance: float
    """How many years a wrong guess would explain."""

    @property
    def years_explained(self) -> int:
        """Years in which at least one combination agrees."""
        return sum(bool(found) for found in self.matches)

    @property
    def path(self) -> tuple[Match, ...]:
        """The smoothest way through the matches: least change of days from year to year."""
        best: list[tuple[float, tuple[Match, ...]]] = [(0.0, ())]
        for found in self.matches:
            best = [
                min(
                    (cost + (abs(m.receivable_days - way[-1].receivable_days) if way else 0.0), (*way, m))
                    for cost, way in best
                )
                for m in found
            ] or best
        return min(best)[1]


@dataclass(frozen=True, slots=True)
class Recovery:
    """The recovered path, and how strongly the printed rows support it."""

    best: Hypothesis
    runner_up: Hypothesis
    hypotheses: int
    combinations_per_year: int
    revenue: tuple[float, ...]
    revenue_low: tuple[float, ...]
    revenue_high: tuple[float, ...]
    gross_margin: tuple[float, ...]
    working_capital: tuple[float, ...]
    capex: tuple[float, ...]

    @property
    def log10_chance(self) -> float:
        """Log10 of the chance that some wrong guess explains as many years (union over all that were tried)."""
        n = len(self.best.matches)
        rate = min(1.0, max(self.best.expected_by_chance / n, 1e-300))
        return min(0.0, math.log10(self.hypotheses) + self.best.years_explained * math.log10(rate))


def recover_revenue(
    *,
    years: Sequence[str],
    working_capital: Sequence[float],
    capex: Sequence[float],
    opening_net_working_capital: float,
    opening_gross_margin: float,
    grid: Grid | None = None,
) -> Recovery:
    """Return the revenue of the years from their rows of working-capital change and capital expenditure.

    Rows are as printed (outflows negative, one unit of money throughout); the opening balance is receivables plus
    inventory less payables at the end of the year before. The recovered revenue reproduces both rows to one unit.

    Raises InputError for rows of unequal length or a capex of the wrong sign, InfeasibleError when no guess explains
    every year.
    """
    grid = grid or Grid()
    if not len(years) == len(working_capital) == len(capex):
        raise InputError("recovery needs one working-capital change and one capex for every year")
    if any(c >= 0 for c in capex):
        raise InputError("recovery needs capital expenditure printed as an outflow (negative)")
    net = np.cumsum([opening_net_working_capital, *(-w for w in working_capital)])
    tried = [
        _hypothesis(years, net, capex, opening_gross_margin, step, spread, grid)
        for step in grid.axis("margin_step")
        for spread in grid.axis("spread_days")
    ]
    tried.sort(key=lambda h: (-h.years_explained, sum(len(m) for m in h.matches), abs(h.margin_step)))
    best = tried[0]
    if best.years_explained < len(years):
        missing = [y for y, found in zip(years, best.matches, strict=True) if not found]
        raise InfeasibleError(
            f"no round drivers explain all years: the best guess leaves out {', '.join(missing)};"
            " widen the grid or give the years that follow one rule"
        )
    combinations = grid.axis("capex_share").size * grid.axis("receivable_days").size
    return _recovery(best, tried[1], len(tried), combinations, net, opening_gross_margin)


def _hypothesis(
    years: Sequence[str],
    net: np.ndarray,
    capex: Sequence[float],
    margin: float,
    step: float,
    spread: float,
    grid: Grid,
) -> Hypothesis:
    share = grid.axis("capex_share")[:, None]
    days = grid.axis("receivable_days")[None, :]
    matches, chance = [], 0.0
    for i, year in enumerate(years):
        held = days - spread * (1.0 - margin - step * (i + 1))
        both = (net[i] + net[i + 1]) * DAYS / 2
        slack = _slack(i) * DAYS / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            low = np.maximum((-capex[i] - HALF) / share, (both - slack) / held)
            high = np.minimum((-capex[i] + HALF) / share, (both + slack) / held)
        fits = (held > 0) & (low <= high)
        matches.append(
            tuple(
                Match(year, float(share[a, 0]), float(days[0, b]), float(low[a, b]), float(high[a, b]))
                for a, b in zip(*np.nonzero(fits), strict=True)
            )
        )
        # A wrong guess puts the revenue of the two rows anywhere in the range that the grid spans (even in logs);
        # it agrees when the windows of rounding meet.
        window = 2 * (HALF / -capex[i] + slack / abs(both))
        width = math.log(share.max() / share.min()) + math.log(days.max() / days.min())
        chance += min(1.0, float((held > 0).sum()) * window / width)
    return Hypothesis(float(step), float(spread), tuple(matches), chance)


def _slack(index: int) -> float:
    """What rounding leaves open in N_t + N_(t-1): printed changes add up from the opening balance, half a unit each,
    like independent errors; three of their standard deviations.
    """
    return 3 * math.sqrt((4 * index + 1) / 12.0) + 1.5


def _recovery(
    best: Hypothesis,
    runner_up: Hypothesis,
    hypotheses: int,
    combinations: int,
    net: np.ndarray,
    margin: float,
) -> Recovery:
    path = best.path
    margins = [margin + best.margin_step * (i + 1) for i in range(len(path))]
    held, revenue, changes = float(net[0]), [], []
    for i, (match, m) in enumerate(zip(path, margins, strict=True)):
        days = match.receivable_days - best.spread_days * (1 - m)
        # The revenue that gives the printed closing balance, to the unit of the table, within what capex allows.
        exact = (held + float(net[i + 1])) * DAYS / 2 / days
        r = float(round(min(max(exact, match.revenue_low), match.revenue_high)))
        revenue.append(r)
        closing = 2 * r * days / DAYS - held
        changes.append(held - closing)
        held = closing
    return Recovery(
        best=best,
        runner_up=runner_up,
        hypotheses=hypotheses,
        combinations_per_year=combinations,
        revenue=tuple(revenue),
        revenue_low=tuple(m.revenue_low for m in path),
        revenue_high=tuple(m.revenue_high for m in path),
        gross_margin=tuple(margins),
        working_capital=tuple(changes),
        capex=tuple(-m.capex_share * r for m, r in zip(path, revenue, strict=True)),
    )


def recover_operating(
    recovery: Recovery, ebit: Sequence[float], other_income: float, step: float = 0.001
) -> tuple[tuple[float, float], ...]:
    """Return (operating-cost share, other income) by year: EBIT = R (m - share) + other income.

    The share is the round number (of ``step``) that leaves other income nearest to that of the year before. This
    uses a row that the recovery of revenue did not: a wrong revenue leaves other income anywhere within half a step
    of revenue, see ``coincidence``.
    """
    out = []
    for revenue, margin, profit in zip(recovery.revenue, recovery.gross_margin, ebit, strict=True):
        share = round((margin - (profit - other_income) / revenue) / step) * step
        other_income = profit - revenue * (margin - share)
        out.append((float(share), float(other_income)))
    return tuple(out)


def coincidence(
    recovery: Recovery, operating: Sequence[tuple[float, float]], other_income: float, step: float = 0.001
) -> float:
    """Return log10 of the chance that wrong revenues leave other income as close to the year before as this.

    With revenue R wrong, other income lies anywhere within step R / 2 of the year before: |change| / (step R / 2).
    """
    total = 0.0
    for revenue, (_, income) in zip(recovery.revenue, operating, strict=True):
        total += math.log10(min(1.0, max(abs(income - other_income), HALF) / (step * revenue / 2)))
        other_income = income
    return total
