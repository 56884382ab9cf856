"""What moves the target price of a company: each uncertain input over its range, and where it would meet the market."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from clustersim.finance.analysis import now, target_price
from clustersim.finance.capital import cost_of_capital
from clustersim.planner.company import ForecastRun
from clustersim.planner.ranges import Ranged, ranged_of

__all__ = ["Move", "moves"]

_POINTS = 400


@dataclass(frozen=True, slots=True)
class Move:
    """One input over its range: its ends, the target price at each, and the value at which the target is the price.

    Attributes:
        key: the key of the company file.
        low, value, high: of the input.
        target_at_low, target_at_high: in the listing currency per share.
        at_market: value at which the target price is the market price; None where no value within ``tried`` is.
        tried: from where to where it was sought.
    """

    key: str
    low: float
    value: float
    high: float
    target_at_low: float
    target_at_high: float
    at_market: float | None
    tried: tuple[float, float]

    @property
    def swing(self) -> float:
        """How far the target price moves over the range."""
        return abs(self.target_at_high - self.target_at_low)


def moves(run: ForecastRun) -> tuple[Move, ...]:
    """Return the inputs that have a range, the one that moves the target price most first."""
    found = (_move(run, key, one) for key, one in ranged_of(run).items())
    return tuple(sorted(found, key=lambda m: -m.swing))


def _move(run: ForecastRun, key: str, one: Ranged) -> Move:
    ends = [float(_target(run, one, end)) for end in (one.low, one.high)]
    span = _span(run, key) if one.span is None else one.span
    at = _crossing(run, one, span)
    return Move(key, one.low, one.value, one.high, ends[0], ends[1], at, span)


def _target(run: ForecastRun, one: Ranged, value: Any) -> Any:
    return np.asarray(target_price(run.company, run.links, dict.fromkeys(one.reach, value)))[()]


def _span(run: ForecastRun, key: str) -> tuple[float, float]:
    """A rate stays half a point clear of where the terminal value is infinite."""
    if key == "wacc":
        return float(np.asarray(run.company.terminal_growth)) + 0.005, 0.4
    return -0.2, float(np.asarray(cost_of_capital(run.company))) - 0.005


def _crossing(run: ForecastRun, one: Ranged, span: tuple[float, float]) -> float | None:
    """The value nearest to the input's own at which the target price is the market price; three scans of a grid."""
    at, near = now(run.company, one.reach[0]), None
    low, high = span
    for _ in range(3):
        grid = np.linspace(low, high, _POINTS)
        above = _targets(run, one, grid) - run.company.price
        places = np.flatnonzero(np.sign(above[:-1]) * np.sign(above[1:]) <= 0)
        if not places.size:
            return None
        first = places[np.argmin(np.abs(grid[places] - at))]
        low, high = float(grid[first]), float(grid[first + 1])
        rise = float(above[first + 1] - above[first])
        near = low if rise == 0 else low - float(above[first]) * (high - low) / rise
    # What a scan cannot tell from nothing is nothing.
    return 0.0 if near is not None and abs(near) < 1e-12 * (span[1] - span[0]) else near


def _targets(run: ForecastRun, one: Ranged, grid: Any) -> Any:
    if run.company.refinancing.by == "equity":  # the shares that are issued follow the cash of each point
        return np.array([_target(run, one, float(x)) for x in grid])
    return np.broadcast_to(_target(run, one, grid), grid.shape)
