"""Income tax with a pool of losses carried forward."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from clustersim.errors import InputError
from clustersim.finance.company import Company

__all__ = ["TaxRows", "loss_pool", "tax_rows"]


@dataclass(frozen=True, slots=True)
class TaxRows:
    """The corkscrew of tax losses and the tax itself (negative), along the years, in kCNY."""

    opening: tuple[float, ...]
    added: tuple[float, ...]
    used: tuple[float, ...]
    closing: tuple[float, ...]
    tax: tuple[float, ...]


def loss_pool(profits: Sequence[float], *, rate: float, opening: float) -> TaxRows:
    """Return the pool year by year: losses add to it, profits use it up before they are taxed.

    >>> loss_pool([-100.0, 60.0, 100.0], rate=0.15, opening=0.0).tax
    (0.0, 0.0, -9.0)

    Raises InputError for a negative opening pool.
    """
    if opening < 0:
        raise InputError(f"opening tax losses must not be negative, not {opening:,.0f}")
    rows: list[tuple[float, float, float, float, float]] = []
    for profit in profits:
        added = max(-profit, 0.0)
        used = min(opening, max(profit, 0.0))
        closing = opening + added - used
        rows.append((opening, added, used, closing, 0.0 - rate * (max(profit, 0.0) - used)))
        opening = closing
    return TaxRows(*(tuple(column) for column in zip(*rows, strict=True)))


def tax_rows(company: Company, profits: Sequence[float]) -> TaxRows:
    """Return the tax rows of a company: as printed (relief until the first taxed year) or from the pool.

    The report relieves every profit before its first taxed year in full and none after it; the opening pool is the
    least that allows this.

    Raises InputError when the pool is asked for and its opening balance is not given.
    """
    d = company.drivers
    if d.tax_mode == "pool":
        if d.opening_tax_losses_kcny is None:
            raise InputError(
                "company.drivers.tax_mode=pool needs company.drivers.opening_tax_losses: the report prints none"
            )
        return loss_pool(profits, rate=company.tax_rate, opening=d.opening_tax_losses_kcny)
    first = company.years.index(d.first_taxed_year)
    needed = max((0.0, *itertools.accumulate(profits[:first])))
    relieved = loss_pool(profits[:first], rate=company.tax_rate, opening=needed)
    rest = tuple(profits[first:])
    zero = tuple(0.0 for _ in rest)
    taxed = tuple(0.0 - company.tax_rate * p for p in rest)
    expired = TaxRows(zero, zero, zero, zero, taxed)
    return TaxRows(
        *(
            getattr(relieved, name) + getattr(expired, name)
            for name in ("opening", "added", "used", "closing", "tax")
        )
    )
