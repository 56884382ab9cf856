"""What moves the target price of a company: each uncertain input over its range, and where it would meet the market."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from clustersim.finance.analysis import now, target_price
from clustersim.finance.capital import cost_of_capital
from clustersim.planner.company import ForecastRun

__all__ = ["SAMPLED", "Move", "moves", "ranges_of"]

#: Inputs of the company file whose ranges are drawn from and moved along.
SAMPLED = (
    "asp_scale", "units_scale", "wacc", "terminal_growth", "peers.discount", "drivers.variable_opex_share",
    "drivers.progress_ratio",
)  # fmt: skip
#: How far an input is moved in search of the market's price, where nothing narrower bounds it.
_SPANS = {
    "asp_scale": (0.1, 3.0), "units_scale": (0.0, 4.0), "peers.discount": (0.0, 0.95),
    "drivers.variable_opex_share": (0.0, 1.0), "drivers.progress_ratio": (0.6, 1.0),
}  # fmt: skip
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


def ranges_of(run: ForecastRun) -> dict[str, tuple[float, float, float]]:
    """Return low, value and high of every sampled input that has a range in the company file."""
    out = {}
    for key in SAMPLED:
        at: Any = run.file
        for part in key.split("."):
            at = getattr(at, part, None)
        if at is not None and at.range[0] < at.range[1]:
            out[key] = (at.range[0], at.value, at.range[1])
    return out


def moves(run: ForecastRun) -> tuple[Move, ...]:
    """Return the inputs that have a range, the one that moves the target price most first."""
    found = (_move(run, key, *ends) for key, ends in ranges_of(run).items())
    return tuple(sorted(found, key=lambda m: -m.swing))


def _move(run: ForecastRun, key: str, low: float, value: float, high: float) -> Move:
    ends = [_target(run, {key: end}) for end in (low, high)]
    span = _span(run, key)
    return Move(key, low, value, high, ends[0], ends[1], _crossing(run, key, span), span)


def _target(run: ForecastRun, values: Mapping[str, Any]) -> float:
    return float(np.asarray(target_price(run.company, run.links, values)))


def _span(run: ForecastRun, key: str) -> tuple[float, float]:
    """A rate stays half a point clear of where the terminal value is infinite."""
    if key == "wacc":
        return float(np.asarray(run.company.terminal_growth)) + 0.005, 0.4
    if key == "terminal_growth":
        return -0.2, float(np.asarray(cost_of_capital(run.company))) - 0.005
    return _SPANS[key]


def _crossing(run: ForecastRun, key: str, span: tuple[float, float]) -> float | None:
    """The value nearest to the input's own at which the target price is the market price; three scans of a grid."""
    at, near = now(run.company, key), None
    low, high = span
    for _ in range(3):
        grid = np.linspace(low, high, _POINTS)
        above = _targets(run, key, grid) - run.company.price
        places = np.flatnonzero(np.sign(above[:-1]) * np.sign(above[1:]) <= 0)
        if not places.size:
            return None
        first = places[np.argmin(np.abs(grid[places] - at))]
        low, high = float(grid[first]), float(grid[first + 1])
        rise = float(above[first + 1] - above[first])
        near = low if rise == 0 else low - float(above[first]) * (high - low) / rise
    return near


def _targets(run: ForecastRun, key: str, grid: Any) -> Any:
    if run.company.refinancing.by == "equity":  # the shares that are issued follow the cash of each point
        return np.array([_target(run, {key: float(x)}) for x in grid])
    return np.broadcast_to(target_price(run.company, run.links, {key: grid}), grid.shape)
