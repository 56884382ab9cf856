"""What a bill and a cost may come to when every uncertain price and term takes its range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.econ.bom import Bill
from clustersim.errors import InputError
from clustersim.special import quantiles

__all__ = ["Range", "Spread", "bill_range", "closing_card_price", "spread"]

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

    def at(self, level: float) -> float:
        """Return the value below which the triangle holds a share of its draws.

        >>> Range(0.0, 1.0, 2.0).at(0.5), Range(3.0, 3.0, 3.0).at(0.9)
        (1.0, 3.0)
        """
        width, rise = self.high - self.low, self.value - self.low
        if not width > 0:
            return self.value
        if level * width < rise:
            return self.low + float(np.sqrt(level * width * rise))
        return self.high - float(np.sqrt((1.0 - level) * width * (self.high - self.value)))


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
    return Spread(*(float(v) for v in quantiles(samples, (0.1, 0.5, 0.9))))


def bill_range(bill: Bill, integration: tuple[float, float]) -> tuple[float, float]:
    """Return what the bill comes to, VAT included, when every price and the integration stand at one end.

    >>> from clustersim.econ.bom import BillLine, bill_of_materials
    >>> line = BillLine(group="cards", part="X", quantity=2, unit_price_cny=100.0, low_cny=80.0, high_cny=150.0)
    >>> bill_range(bill_of_materials([line], integration_share=0.1, vat=0.0), (0.0, 0.2))
    (160.0, 360.0)
    """
    low = sum(x.quantity * (x.unit_price_cny if x.low_cny is None else x.low_cny) for x in bill.lines)
    high = sum(x.quantity * (x.unit_price_cny if x.high_cny is None else x.high_cny) for x in bill.lines)
    return low * (1 + integration[0]) * (1 + bill.vat), high * (1 + integration[1]) * (1 + bill.vat)


def closing_card_price(bill: Bill, contract_cny: float) -> float:
    """Return the card price before VAT at which the bill is exactly a contract's value.

    Raises InputError for a bill without cards, or a contract below everything else on it.
    """
    cards = bill.card_quantity
    if cards <= 0:
        raise InputError("the bill has no cards whose price could close the gap")
    hardware = contract_cny / ((1 + bill.integration_share) * (1 + bill.vat))
    price = (hardware - (bill.hardware_cny - bill.card_cny)) / cards
    if price < 0:
        raise InputError(f"a contract of {contract_cny:,.0f} CNY is below the bill without any card")
    return price
