"""Inputs of a company file that have a range: its numbers, and the rows of products and drivers year by year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from clustersim.errors import InputError
from clustersim.finance.capital import cost_of_capital
from clustersim.finance.company import Company
from clustersim.planner.company import ForecastRun
from clustersim.schema.company_rows import ROW_BOUNDS, Series

__all__ = ["SAMPLED", "SAMPLES", "Ranged", "ranged_of", "ranges_of", "reaches"]

#: Draws of a target price, where nobody asks for another count: the same ones in every document.
SAMPLES = 10_000
#: Inputs of the company file that are one number, whose ranges are drawn from and moved along.
SAMPLED = (
    "asp_scale", "units_scale", "wacc", "terminal_growth", "peers.discount", "drivers.variable_opex_share",
    "drivers.progress_ratio",
)  # fmt: skip
#: How far one number is moved in search of the market's price, where nothing narrower bounds it.
_SPANS = {
    "asp_scale": (0.1, 3.0), "units_scale": (0.0, 4.0), "peers.discount": (0.0, 0.95),
    "drivers.variable_opex_share": (0.0, 1.0), "drivers.progress_ratio": (0.6, 1.0),
}  # fmt: skip
#: Rows of a product that a valuation can move; of them those that go on where a year has none.
_ROWS, _CARRIED = ("units", "asp", "unit_cost"), {"asp"}


@dataclass(frozen=True, slots=True)
class Ranged:
    """An input with a range.

    Attributes:
        low, value, high: of the input.
        reach: the keys that move with it: itself, or every year of its row that keeps its value.
        span: from where to where the market's price is sought; nothing where the caller knows better.
    """

    low: float
    value: float
    high: float
    reach: tuple[str, ...]
    span: tuple[float, float] | None = None


def ranged_of(run: ForecastRun) -> dict[str, Ranged]:
    """Return every input that has a range in the company file, by its key.

    Raises InputError for a range of the WACC or of growth that has no value at one of its ends.
    """
    out = {}
    for key in SAMPLED:
        at: Any = run.file
        for part in key.split("."):
            at = getattr(at, part, None)
        if at is not None and at.range[0] < at.range[1]:
            out[key] = Ranged(at.range[0], at.value, at.range[1], (key,), _SPANS.get(key))
    _check_rates(run.company, out)
    for row, series, years, carried in _rows(run):
        out |= _of_row(row, series, years, carried=carried)
    return out


def _check_rates(company: Company, found: Mapping[str, Ranged]) -> None:
    """Refuse the end of a range at which growth is not below the WACC, by the name of that end."""
    wacc = float(np.min(cost_of_capital(company)))
    growth = float(np.max(company.terminal_growth))
    low, high = found.get("wacc"), found.get("terminal_growth")
    # The parts of CAPM move the WACC from the given one: the end of its range moves by as much.
    departed = 0.0 if company.wacc is None else wacc - float(np.min(company.wacc))
    if low is not None and low.low + departed <= growth:
        raise InputError(
            f"company.wacc has a range from {low.low:.4g}, which is not above company.terminal_growth={growth:.4g}: the"
            " terminal value is infinite at that end; raise the low end of the range, or lower growth"
        )
    if high is not None and high.high >= wacc:
        raise InputError(
            f"company.terminal_growth has a range to {high.high:.4g}, which is not below company.wacc={wacc:.4g}: the"
            " terminal value is infinite at that end; lower the high end of the range, or raise the WACC"
        )


def ranges_of(run: ForecastRun) -> dict[str, tuple[float, float, float]]:
    """Return low, value and high of every input that has a range in the company file."""
    return {key: (one.low, one.value, one.high) for key, one in ranged_of(run).items()}


def reaches(run: ForecastRun) -> dict[str, tuple[str, ...]]:
    """Return the keys that move with every input that has a range."""
    return {key: one.reach for key, one in ranged_of(run).items()}


def _rows(run: ForecastRun) -> Iterator[tuple[str, Series, tuple[str, ...], bool]]:
    """Rows by key, the years that they reach, and whether a year that is left out keeps the one before it."""
    sold = {line.name: line for line in run.company.products}
    for name, block in run.file.products.items():
        line = sold[name]
        of_cost = tuple(y for y in run.company.years if y in line.unit_cost_kcny)
        of_units = tuple(y for y in run.company.years if y in line.units)
        for row in _ROWS:
            years = of_cost if row == "unit_cost" else of_units
            yield f"products.{name}.{row}", getattr(block, row), years, row in _CARRIED
    for row, series in run.file.drivers:
        if isinstance(series, Series):
            yield f"drivers.{row}", series, run.company.years, run.file.printed is None


def _of_row(row: str, series: Series, years: tuple[str, ...], *, carried: bool) -> dict[str, Ranged]:
    out = {}
    for year, (low, high) in series.ranges.items():
        value = series.by_year[year] if year else series.every_year
        kept = [f"{row}.{y}" for y in years if _stands_for(series, y, carried=carried) == year]
        if value is not None and kept and low < high:
            wide, (least, most) = high - low, ROW_BOUNDS.get(row.rsplit(".", 1)[-1], (-1e300, 1e300))
            span = max(least, low - 2 * wide), min(most, high + 2 * wide)
            if most <= span[1]:
                span = span[0], high + 0.99 * (most - high)
            out[f"{row}.{year}" if year else row] = Ranged(low, value, high, tuple(kept), span)
    return out


def _stands_for(series: Series, year: str, *, carried: bool) -> str | None:
    """The year whose value a year has: itself, the one value for every year (empty), or the last one given before."""
    if year in series.by_year:
        return year
    if series.every_year is not None:
        return ""
    given = sorted(y for y in series.by_year if "H" not in y and y.endswith("E"))
    before = [y for y in given if y < year]
    if not carried or not given:
        return None
    return before[-1] if before else given[0]
