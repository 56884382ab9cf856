"""Who says so: every number that enters carries its source and the strength of that source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["TIERS", "Sourced", "Tier", "weakest", "weakest_tier"]

Tier = str

#: Strongest first. ``given`` is what the user of a scenario chose (a card count, a batch size): it is not a
#: claim about the world, so it never weakens a result.
TIERS: tuple[Tier, ...] = ("given", "measured", "published", "derived", "assumption")


@dataclass(frozen=True, slots=True)
class Sourced:
    """A number with its unit, its source, the source's tier, and its range where it is uncertain.

    >>> Sourced(128e9, "B/s", "vendor datasheet", "published").value
    128000000000.0
    """

    value: float
    unit: str
    source: str = ""
    tier: Tier = "given"
    low: float | None = None
    high: float | None = None
    note: str = ""

    def __float__(self) -> float:
        return self.value

    @property
    def range(self) -> tuple[float, float]:
        """The low and high end; both equal the value where no range is stated."""
        return (
            self.value if self.low is None else self.low,
            self.value if self.high is None else self.high,
        )


def weakest_tier(tiers: Iterable[Tier]) -> Tier:
    """Return the weakest of the tiers; ``given`` when there is none.

    >>> weakest_tier(["measured", "derived", "published"])
    'derived'
    """
    return max(tiers, key=TIERS.index, default="given")


def weakest(inputs: Iterable[tuple[str, Sourced]]) -> tuple[Tier, tuple[str, ...]]:
    """Return the weakest tier among named inputs and the names that have it.

    >>> weakest([("a", Sourced(1, "1", tier="measured")), ("b", Sourced(2, "1", tier="assumption"))])
    ('assumption', ('b',))
    """
    named = list(inputs)
    tier = weakest_tier(sourced.tier for _, sourced in named)
    return tier, tuple(name for name, sourced in named if sourced.tier == tier)
