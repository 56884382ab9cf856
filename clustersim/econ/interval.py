"""What a bill and a cost may come to when every uncertain price and term takes its range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.econ.bom import Bill
from clustersim.econ.tco import HOURS_PER_YEAR
from clustersim.errors import InputError

__all__ = [
    "Range",
    "Spread",
    "bill_samples",
    "card_hour_samples",
    "closing_card_price",
    "line_swings",
    "spread",
]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Range:
    """A value with the low and high end of what it may be."""

    low: float
    value: float
    high: float

    def draw(self, rng: np.random.Generator, count: int) -> Array:
        """Draw from the triangle of the three; the value itself where it has no range."""
        if not self.low < self.high:
            return np.full(count, self.value)
        return rng.triangular(self.low, self.value, self.high, count)


@dataclass(frozen=True, slots=True)
class Spread:
    """P10, P50 and P90 of an outcome."""

    p10: float
    p50: float
    p90: float


def spread(samples: Array) -> Spread:
    """Return the percentiles of samples.

    >>> spread(np.arange(101.0))
    Spread(p10=10.0, p50=50.0, p90=90.0)
    """
    return Spread(*(float(v) for v in np.percentile(samples, [10, 50, 90])))


def bill_samples(bill: Bill, integration: Range, rng: np.random.Generator, count: int) -> Array:
    """Return totals of the bill, VAT included, with every line's price and the integration drawn from their ranges."""
    hardware = np.zeros(count)
    for line in bill.lines:
        low = line.unit_price_cny if line.low_cny is None else line.low_cny
        high = line.unit_price_cny if line.high_cny is None else line.high_cny
        hardware += line.quantity * Range(low, line.unit_price_cny, high).draw(rng, count)
    return np.asarray(hardware * (1 + integration.draw(rng, count)) * (1 + bill.vat))


def card_hour_samples(
    capex: Array, terms: Mapping[str, Range], *, cards: int, it_power_w: float, rng: np.random.Generator
) -> Array:
    """Return costs of a sold card-hour: annuity of capex less residual, electricity, maintenance, staff.

    ``terms`` holds the ranges of years, wacc, residual, tariff (CNY/kWh), pue, maintenance, staff (CNY/year) and
    sold_share.
    """
    count = capex.size
    drawn = {name: term.draw(rng, count) for name, term in terms.items()}
    years, wacc = drawn["years"], drawn["wacc"]
    annuity = np.where(np.abs(wacc) < 1e-12, 1 / years, wacc / (1 - (1 + wacc) ** -years))
    capital = capex * (1 - drawn["residual"] * (1 + wacc) ** -years) * annuity
    electricity = it_power_w / 1e3 * drawn["pue"] * HOURS_PER_YEAR * drawn["tariff"]
    yearly = capital + electricity + drawn["maintenance"] * capex + drawn["staff"]
    return np.asarray(yearly / (cards * HOURS_PER_YEAR * drawn["sold_share"]))


def line_swings(bill: Bill) -> list[tuple[str, float, float]]:
    """Return what the total becomes at the low and the high end of each line alone, the widest first."""
    markup = (1 + bill.integration_share) * (1 + bill.vat)
    rows = []
    for line in bill.lines:
        ends = [line.unit_price_cny if e is None else e for e in (line.low_cny, line.high_cny)]
        low, high = (bill.total_cny + line.quantity * (e - line.unit_price_cny) * markup for e in ends)
        rows.append((line.part, low, high))
    return sorted(rows, key=lambda row: row[1] - row[2])


def closing_card_price(bill: Bill, contract_cny: float) -> float:
    """Return the card price before VAT at which the bill is exactly a contract's value.

    Raises InputError for a bill without cards, or a contract below everything else on it.
    """
    cards = sum(line.quantity for line in bill.lines if line.group == "cards")
    if cards <= 0:
        raise InputError("the bill has no cards whose price could close the gap")
    hardware = contract_cny / ((1 + bill.integration_share) * (1 + bill.vat))
    price = (hardware - (bill.hardware_cny - bill.card_cny)) / cards
    if price < 0:
        raise InputError(f"a contract of {contract_cny:,.0f} CNY is below the bill without any card")
    return price
