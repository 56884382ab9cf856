"""Income tax with losses carried forward, along the years and any axis of points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clustersim.columns import as_array
from clustersim.errors import InputError, PackageError
from clustersim.finance.company import Array, Drivers, Value
from clustersim.plugins import TAX_REGIMES, brought

__all__ = ["TaxRows", "loss_pool", "tax_rows", "taxed"]


@dataclass(frozen=True, slots=True)
class TaxRows:
    """The corkscrew of tax losses and the tax itself (negative), along the years, in kCNY."""

    opening: Array
    added: Array
    used: Array
    closing: Array
    tax: Array


def loss_pool(
    profits: Sequence[float] | Array, *, rate: Value, opening: Value = 0.0, first_taxed: int = 0
) -> TaxRows:
    """Return the pool year by year: losses add to it, profits use it up before they are taxed.

    Years before ``first_taxed`` are exempt: they bear no tax, and the pool stands still.

    >>> loss_pool([-100.0, 60.0, 100.0], rate=0.15).tax.tolist()
    [0.0, 0.0, -9.0]
    >>> loss_pool([50.0, 100.0], rate=0.15, first_taxed=1).tax.tolist()
    [0.0, -15.0]

    Raises InputError for a negative opening pool.
    """
    profit = as_array(profits)
    if np.any(as_array(opening) < 0):
        raise InputError(f"opening tax losses must not be negative, not {opening:,.0f}")
    pool = np.zeros_like(np.sum(profit[:0], axis=0)) + opening
    columns: tuple[list[Array], ...] = ([], [], [], [], [])
    for year, one in enumerate(profit):
        taxed = year >= first_taxed
        gain = np.maximum(one, 0.0)
        added = np.maximum(-one, 0.0) if taxed else np.zeros_like(pool)
        used = np.minimum(pool, gain) if taxed else np.zeros_like(pool)
        closing = pool + added - used
        tax = -(rate * (gain - used)) if taxed else np.zeros_like(pool)
        for column, value in zip(columns, (pool, added, used, closing, tax + 0.0), strict=True):
            column.append(value)
        pool = closing
    return TaxRows(*(np.stack(column) if column else np.zeros_like(profit) for column in columns))


def tax_rows(drivers: Drivers, profits: Array) -> TaxRows:
    """Return the tax rows of a company: exempt until its first taxed year, or relieved by a pool of losses only.

    A report that relieves every profit before its first taxed year in full prints no pool; where the opening pool is
    given, it alone relieves, from the first year on. Another regime than ``loss_pool`` is code of an installed package
    (``clustersim.plugins``) that is asked in the same way; the year after the last bears the rate alone.

    Raises PackageError where a regime gives no row for each year, or a tax that is paid to the company.
    """
    given = drivers.opening_tax_losses_kcny
    relief: dict[str, Any] = {"first_taxed": drivers.first_taxed} if given is None else {"opening": given}
    if drivers.tax_regime == "loss_pool":
        return loss_pool(profits, rate=drivers.tax_rate, **relief)
    return taxed(brought(TAX_REGIMES, drivers.tax_regime), profits, rate=drivers.tax_rate, **relief)


def taxed(regime: Callable[..., Any], profits: Array, **relief: Any) -> TaxRows:
    """Return the tax rows of another package's regime; raises PackageError where they are none."""
    found = regime(as_array(profits), **{"opening": 0.0, "first_taxed": 0, **relief})
    if not isinstance(found, TaxRows) or np.shape(found.tax) != np.shape(profits):
        raise PackageError(f"{regime.__doc__}: gives no TaxRows with a tax for each of {len(profits)} years")
    if not np.all(np.isfinite(found.tax)) or np.any(found.tax > 0):
        raise PackageError(
            f"{regime.__doc__}: gives a tax above zero, or no number; tax that is paid is negative"
        )
    return found
