"""Receivables, inventory and payables along the years, and the rule by which a report carries them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clustersim.finance.company import Array

__all__ = ["BALANCES", "WorkingCapital", "average_balance"]

DAYS = 365.0
#: Balances of working capital, in the order of ``WorkingCapital``.
BALANCES = ("trade_and_notes_receivables", "inventories", "trade_and_other_payables")


@dataclass(frozen=True, slots=True)
class WorkingCapital:
    """Closing balances along the years, in kCNY, and the opening ones."""

    receivables: Array
    inventories: Array
    payables: Array
    opening: tuple[float, float, float]

    @property
    def net(self) -> Array:
        """Receivables plus inventory less payables."""
        return self.receivables + self.inventories - self.payables

    @property
    def change(self) -> Array:
        """Cash effect of the change: an increase of the net balance is an outflow (negative)."""
        net = self.net
        start = np.zeros_like(net[:1]) + (self.opening[0] + self.opening[1] - self.opening[2])
        return -np.diff(np.concatenate([start, net]), axis=0)


def average_balance(opening: float, flows: Sequence[float] | Array, days: Sequence[float] | Array) -> Array:
    """Return closing balances whose mean with the opening one is flow x days / 365: B_t = 2 F_t d_t / 365 - B_(t-1).

    This is how a report carries its balances, so the replica needs it. It never damps: a change of one year's days
    comes back with the other sign in every later year. No change of a driver goes through it (see ``engine``).

    >>> average_balance(100.0, [730.0], [100.0]).tolist()
    [300.0]
    """
    out, balance = [], opening
    for flow, day in zip(flows, days, strict=True):
        balance = 2 * flow * day / DAYS - balance
        out.append(balance)
    return np.array(out, dtype=float)
