"""What a card costs its maker: dies from wafers, memory stacks, package, test and board."""

from __future__ import annotations

import math
from dataclasses import dataclass

from clustersim.columns import number
from clustersim.errors import InputError

__all__ = ["Silicon", "SiliconCost", "die_yield", "dies_per_wafer", "silicon_cost"]


def dies_per_wafer(*, area_mm2: float, wafer_mm: float = 300.0) -> float:
    """Return the whole dies of a wafer: pi (d/2)^2 / A - pi d / sqrt(2 A), the usual estimate of what the edge loses.

    >>> round(dies_per_wafer(area_mm2=537.0))
    103

    Raises InputError for an area that is not positive or leaves no die.
    """
    if area_mm2 <= 0:
        raise InputError(f"a die of {area_mm2:g} mm2; its area must be positive")
    dies = math.pi * (wafer_mm / 2) ** 2 / area_mm2 - math.pi * wafer_mm / math.sqrt(2 * area_mm2)
    if dies < 1:
        raise InputError(f"a die of {area_mm2:g} mm2 does not fit a wafer of {wafer_mm:g} mm")
    return dies


def die_yield(*, area_mm2: float, defects_per_cm2: float, clustering: float = 3.0) -> float:
    """Return the share of good dies, (1 + A D / a)^-a: the negative binomial model (Stapper 1989).

    >>> round(die_yield(area_mm2=537.0, defects_per_cm2=0.1), 3)
    0.611
    >>> die_yield(area_mm2=537.0, defects_per_cm2=0.0)
    1.0

    Raises InputError for negative defects or clustering that is not positive.
    """
    if defects_per_cm2 < 0 or clustering <= 0:
        raise InputError("defects must not be negative, and clustering must be positive")
    return number((1 + area_mm2 / 100 * defects_per_cm2 / clustering) ** -clustering)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True, kw_only=True)
class Silicon:
    """A card's parts; money in CNY, shares of one.

    Attributes:
        dies: compute dies of a card.
        area_mm2: of one die.
        wafer_cny: price of a processed wafer of 300 mm.
        defects_per_cm2, clustering: of the process.
        harvest: share of the dies with a defect that are sold with units switched off.
        stacks: memory stacks of a card.
        stack_cny: price of one.
        package_cny: interposer, substrate and assembly of a card.
        package_yield: share of the assembled packages that work; what fails takes its dies and stacks along.
        test_cny: test of a card, wafer test included.
        board_cny: board, power supply, cooling plate and everything else.
    """

    dies: float
    area_mm2: float
    wafer_cny: float
    defects_per_cm2: float
    clustering: float
    harvest: float
    stacks: float
    stack_cny: float
    package_cny: float
    package_yield: float
    test_cny: float
    board_cny: float


@dataclass(frozen=True, slots=True)
class SiliconCost:
    """The cost of a card by part, and what it takes of scarce things."""

    dies_cny: float
    memory_cny: float
    package_cny: float
    test_cny: float
    board_cny: float
    package_loss_cny: float
    die_yield: float
    wafers_per_card: float
    stacks_per_card: float

    @property
    def card_cny(self) -> float:
        """Cost of a card that works."""
        return (
            self.dies_cny
            + self.memory_cny
            + self.package_cny
            + self.package_loss_cny
            + self.test_cny
            + self.board_cny
        )

    def margin(self, price_cny: float) -> float:
        """Share of a price that is left after the cost of a card."""
        return 1.0 - self.card_cny / price_cny


def silicon_cost(silicon: Silicon) -> SiliconCost:
    """Return the cost of a card.

    Dies: wafer / (dies per wafer x sold share), sold share = yield + harvest (1 - yield). Packages that fail are lost
    with what is in them: (dies + stacks + package) (1 / package yield - 1).

    >>> s = Silicon(dies=2, area_mm2=537, wafer_cny=70e3, defects_per_cm2=0.1, clustering=3, harvest=0.5, stacks=4,
    ...     stack_cny=2e3, package_cny=3e3, package_yield=0.95, test_cny=500, board_cny=3e3)
    >>> cost = silicon_cost(s)
    >>> round(cost.dies_cny), round(cost.card_cny)
    (1682, 16850)

    Raises InputError for shares outside their range.
    """
    for name in ("harvest", "package_yield"):
        value = getattr(silicon, name)
        if not 0 <= value <= 1 or (name == "package_yield" and value == 0):
            raise InputError(f"silicon.{name} is {value:g}; it must lie between 0 and 1")
    good = die_yield(
        area_mm2=silicon.area_mm2, defects_per_cm2=silicon.defects_per_cm2, clustering=silicon.clustering
    )
    sold = good + silicon.harvest * (1 - good)
    wafers = silicon.dies / (dies_per_wafer(area_mm2=silicon.area_mm2) * sold)
    dies, memory = wafers * silicon.wafer_cny, silicon.stacks * silicon.stack_cny
    lost = (dies + memory + silicon.package_cny) * (1 / silicon.package_yield - 1)
    return SiliconCost(
        dies_cny=dies, memory_cny=memory, package_cny=silicon.package_cny, test_cny=silicon.test_cny,
        board_cny=silicon.board_cny, package_loss_cny=lost, die_yield=good,
        wafers_per_card=wafers / silicon.package_yield, stacks_per_card=silicon.stacks / silicon.package_yield,
    )  # fmt: skip
