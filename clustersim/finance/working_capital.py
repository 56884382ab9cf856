"""Receivables, inventory and payables from days of sales and of cost."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["WorkingCapital", "average_balance", "year_end_balance"]

DAYS = 365.0


@dataclass(frozen=True, slots=True)
class WorkingCapital:
    """Closing balances along the years, in kCNY, and the opening ones."""

    receivables: tuple[float, ...]
    inventories: tuple[float, ...]
    payables: tuple[float, ...]
    opening: tuple[float, float, float]

    @property
    def net(self) -> tuple[float, ...]:
        """Receivables plus inventory less payables."""
        return tuple(
            r + i - p for r, i, p in zip(self.receivables, self.inventories, self.payables, strict=True)
        )

    @property
    def change(self) -> tuple[float, ...]:
        """Cash effect of the change: an increase of the net balance is an outflow (negative)."""
        net = (self.opening[0] + self.opening[1] - self.opening[2], *self.net)
        return tuple(a - b for a, b in itertools.pairwise(net))


def average_balance(opening: float, flows: Sequence[float], days: Sequence[float]) -> tuple[float, ...]:
    """Return closing balances whose mean with the opening one is flow x days / 365: B_t = 2 F_t d_t / 365 - B_(t-1).

    >>> average_balance(100.0, [730.0], [100.0])
    (300.0,)
    """
    out: list[float] = []
    for flow, day in zip(flows, days, strict=True):
        opening = 2 * flow * day / DAYS - opening
        out.append(opening)
    return tuple(out)


def year_end_balance(flows: Sequence[float], days: Sequence[float]) -> tuple[float, ...]:
    """Return closing balances of flow x days / 365.

    >>> year_end_balance([730.0], [100.0])
    (200.0,)
    """
    return tuple(flow * day / DAYS for flow, day in zip(flows, days, strict=True))
