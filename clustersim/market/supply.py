"""What can be made: units are bounded by wafers, memory, packaging and what the books can buy."""

from __future__ import annotations

import math
from dataclasses import dataclass

from clustersim.errors import InputError

__all__ = ["SupplyLimit", "learned_cost", "supply_limit"]


@dataclass(frozen=True, slots=True)
class SupplyLimit:
    """Units that each limit allows; None where nothing is known of it."""

    wafers: float | None
    memory: float | None
    packaging: float | None
    purchases: float | None

    @property
    def units(self) -> float | None:
        """The least of the known limits."""
        known = [v for v in (self.wafers, self.memory, self.packaging, self.purchases) if v is not None]
        return min(known, default=None)

    @property
    def binds(self) -> str | None:
        """Which limit that is."""
        named = {n: getattr(self, n) for n in ("wafers", "memory", "packaging", "purchases")}
        known = {n: v for n, v in named.items() if v is not None}
        return min(known, key=lambda n: known[n], default=None)


def supply_limit(
    *,
    wafers: float | None = None,
    good_dies_per_wafer: float | None = None,
    dies_per_card: int = 1,
    memory_stacks: float | None = None,
    stacks_per_card: int = 1,
    packaging_units: float | None = None,
    opening_inventory: float | None = None,
    purchases: float | None = None,
    unit_cost: float | None = None,
) -> SupplyLimit:
    """Return the units that a year's supply allows; a limit whose parts are not all given is unknown, not infinite.

    A card of two dies (BR166) takes two good dies: the wafers make half as many.

    >>> limit = supply_limit(wafers=1000, good_dies_per_wafer=40, dies_per_card=2, opening_inventory=9e5,
    ...     purchases=1e5, unit_cost=50.0)
    >>> limit.units, limit.binds
    (20000.0, 'wafers')

    Raises InputError for negative amounts or a unit cost that is not positive.
    """
    given = [
        v for v in (wafers, good_dies_per_wafer, memory_stacks, packaging_units, purchases) if v is not None
    ]
    if any(v < 0 for v in given) or (unit_cost is not None and unit_cost <= 0) or dies_per_card < 1:
        raise InputError(
            "supply needs amounts that are not negative, a unit cost above zero and at least one die"
        )
    by_wafers = None
    if wafers is not None and good_dies_per_wafer is not None:
        by_wafers = wafers * good_dies_per_wafer / dies_per_card
    by_books = None
    if opening_inventory is not None and purchases is not None and unit_cost is not None:
        by_books = (opening_inventory + purchases) / unit_cost
    return SupplyLimit(
        by_wafers,
        None if memory_stacks is None else memory_stacks / stacks_per_card,
        packaging_units,
        by_books,
    )


def learned_cost(cost: float, *, volume_ratio: float, progress_ratio: float) -> float:
    """Return C0 (V / V0)^(log2 PR): every doubling of volume leaves PR of the unit cost.

    >>> learned_cost(100.0, volume_ratio=4.0, progress_ratio=0.9)
    81.0

    Raises InputError for a volume ratio that is not positive or a progress ratio outside (0, 1].
    """
    if volume_ratio <= 0 or not 0 < progress_ratio <= 1:
        raise InputError(
            "a learning curve needs a volume ratio above zero and a progress ratio within (0, 1]"
        )
    return float(cost * volume_ratio ** math.log2(progress_ratio))
