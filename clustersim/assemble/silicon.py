"""A card's silicon as the engine takes it."""

from __future__ import annotations

from clustersim.econ.silicon import Silicon
from clustersim.schema.silicon import SiliconProfile

__all__ = ["silicon_of"]


def silicon_of(profile: SiliconProfile) -> Silicon:
    """Return the parts of a card with their costs in CNY."""
    return Silicon(
        dies=profile.dies.value, area_mm2=profile.area_mm2.value, wafer_cny=profile.wafer.value,
        defects_per_cm2=profile.defects_per_cm2.value, clustering=profile.clustering.value,
        harvest=profile.harvest.value, stacks=profile.stacks.value, stack_cny=profile.stack.value,
        package_cny=profile.package.value, package_yield=profile.package_yield.value, test_cny=profile.test.value,
        board_cny=profile.board.value,
    )  # fmt: skip
