"""What moves the target price: grids, samples, and the way from one case to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from clustersim.errors import InputError
from clustersim.finance.company import Company
from clustersim.finance.forecast import make_forecast
from clustersim.finance.valuation import value_company
from clustersim.market.link import Link

__all__ = ["Sampled", "Step", "grid", "implied_share", "monte_carlo", "target_price", "waterfall"]

Change = Callable[[Company, float], Company]

#: Inputs of a company that analyses move, by key: how a value replaces the one that is there.
CHANGES: dict[str, Change] = {
    "asp_scale": lambda c, v: replace(c, asp_scale=v),
    "units_scale": lambda c, v: replace(c, units_scale=v),
    "wacc": lambda c, v: replace(c, wacc=v),
    "terminal_growth": lambda c, v: replace(c, terminal_growth=v),
    "tax_rate": lambda c, v: replace(c, tax_rate=v),
    "dcf_weight": lambda c, v: replace(c, dcf_weight=v),
    "hkd_per_cny": lambda c, v: replace(c, hkd_per_cny=v),
    "peers.discount": lambda c, v: replace(c, peers=replace(c.peers, discount=v)),
    "peers.price_to_sales": lambda c, v: replace(c, peers=replace(c.peers, price_to_sales=v)),
    "drivers.variable_opex_share": lambda c, v: replace(c, drivers=replace(c.drivers, variable_opex_share=v)),
    "drivers.progress_ratio": lambda c, v: replace(c, drivers=replace(c.drivers, progress_ratio=v)),
}


def target_price(company: Company, link: Link, values: Mapping[str, float] | None = None) -> float:
    """Return the target price (HKD per share) with some inputs replaced.

    Raises InputError for a key that is not one of the analyses'.
    """
    for key, value in (values or {}).items():
        if key not in CHANGES:
            raise InputError(f"analyses do not move company.{key} (they move: {', '.join(CHANGES)})")
        company = CHANGES[key](company, value)
    return value_company(company, make_forecast(company, link)).target_price_hkd


def grid(
    company: Company, link: Link, rows: tuple[str, Sequence[float]], columns: tuple[str, Sequence[float]]
) -> list[list[float]]:
    """Return target prices over two inputs, a row for each value of the first."""
    return [[target_price(company, link, {rows[0]: r, columns[0]: c}) for c in columns[1]] for r in rows[1]]


@dataclass(frozen=True, slots=True)
class Sampled:
    """Target prices of a Monte Carlo and the inputs that gave them."""

    prices: np.ndarray
    inputs: Mapping[str, np.ndarray]

    def percentile(self, q: float) -> float:
        """Return a percentile of the target price."""
        return float(np.percentile(self.prices, q))

    def share_above(self, price: float) -> float:
        """Return the share of samples above a price."""
        return float((self.prices > price).mean())

    def standard_error(self, q: float) -> float:
        """Return the Monte Carlo error of a percentile, by its order statistics (binomial, one sigma)."""
        n, p = self.prices.size, q / 100
        half = np.sqrt(p * (1 - p) / n) * 100
        low, high = np.percentile(self.prices, [max(q - half, 0), min(q + half, 100)])
        return float(high - low) / 2


def monte_carlo(
    company: Company,
    link: Link,
    ranges: Mapping[str, tuple[float, float, float]],
    *,
    samples: int,
    rng: np.random.Generator,
) -> Sampled:
    """Return the target prices of ``samples`` draws, every input triangular over its (low, value, high).

    Raises InputError for a range whose value is not inside it.
    """
    columns = {}
    for key, (low, value, high) in ranges.items():
        if not low <= value <= high:
            raise InputError(f"company.{key}: {value:g} is not within its range {low:g} to {high:g}")
        columns[key] = rng.triangular(low, value, high, samples) if high > low else np.full(samples, value)
    prices = np.array(
        [target_price(company, link, {k: float(c[i]) for k, c in columns.items()}) for i in range(samples)]
    )
    return Sampled(prices, columns)


@dataclass(frozen=True, slots=True)
class Step:
    """One input moved from one case to the other, and what it does to the target price."""

    key: str
    before: float
    after: float
    target_price_hkd: float
    change_hkd: float


def waterfall(company: Company, link: Link, values: Mapping[str, float]) -> tuple[Step, ...]:
    """Return the way to another case, one input after the other in the order given; the changes sum to the whole."""
    steps, moved = [], {}
    last = target_price(company, link)
    for key, value in values.items():
        moved[key] = value
        price = target_price(company, link, moved)
        steps.append(Step(key, _now(company, key), value, price, price - last))
        last = price
    return tuple(steps)


def _now(company: Company, key: str) -> float:
    at: object = company
    for part in key.split("."):
        at = getattr(at, part)
    assert isinstance(at, float | int)
    return float(at)


def implied_share(revenue_kcny: float, *, market_usd_bn: float, cny_per_usd: float, domestic: float) -> float:
    """Return the share of the domestic makers' market that a revenue means.

    >>> round(implied_share(24_213_622.0, market_usd_bn=172.3, cny_per_usd=7.0, domestic=0.6), 4)
    0.0335
    """
    return revenue_kcny * 1e3 / (market_usd_bn * 1e9 * cny_per_usd * domestic)
