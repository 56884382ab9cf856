"""Maturity of software on a card: measured there, or how far it is from where it was measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from clustersim.intervals.residuals import FIRST_PORT, Residual, shipped_residuals
from clustersim.schema.find_software import UNMEASURED, load_software

__all__ = [
    "CLASSES",
    "FIRST",
    "MEASURED",
    "OTHER_CARD",
    "PORT",
    "Known",
    "established",
    "known_of",
    "shipped_known",
]

MEASURED = "measured stack"
OTHER_CARD = "same vendor, other card"
PORT = "new vendor port"
FIRST = FIRST_PORT
#: From what is best known to what is least.
CLASSES = (MEASURED, OTHER_CARD, PORT, FIRST)


@lru_cache(maxsize=1)
def established() -> frozenset[str]:
    """Makers whose cards the constants of engines that nobody measured were found on."""
    serving = load_software(UNMEASURED["serving"]).serving
    assert serving is not None
    return frozenset(maker for constants in serving.constants for maker in constants.makers)


@dataclass(frozen=True, slots=True)
class Known:
    """Which software was measured where.

    Attributes:
        tuned: pairs of software and card whose rows gave constants.
        own: software whose rows are all of one maker's cards, with the maker.
    """

    tuned: frozenset[tuple[str, str]]
    own: frozenset[tuple[str, str]]

    def maturity(self, software: str, card: str, maker: str) -> str:
        """Return the class of a software's profile on a card.

        A maker that no constants were found on is a new vendor; a stack that was measured on its cards alone is its
        own port.

        >>> known = Known(frozenset({("vllm", "H100"), ("fl", "C550")}), frozenset({("mindie", "Huawei")}))
        >>> known.maturity("vllm", "H100", "NVIDIA"), known.maturity("vllm", "H20", "NVIDIA")
        ('measured stack', 'same vendor, other card')
        >>> known.maturity("mindie", "910B", "Huawei"), known.maturity("vllm", "BR106M", "Biren")
        ('new vendor port', 'new vendor first port')
        """
        here = (software, card) in self.tuned
        if maker in established():
            return MEASURED if here or not software else OTHER_CARD
        return PORT if here or (software, maker) in self.own else FIRST


def known_of(rows: Iterable[Residual]) -> Known:
    """Return what rows say of which software was measured where; classes of what nobody measured count as nothing."""
    tuned, makers = set(), dict[str, set[str]]()
    for r in rows:
        if r.scored and r.software and r.software not in UNMEASURED.values():
            makers.setdefault(r.software, set()).add(r.maker)
            if r.tuned:
                tuned.add((r.software, r.card))
    own = {(name, next(iter(of))) for name, of in makers.items() if len(of) == 1}
    return Known(frozenset(tuned), frozenset(own))


@lru_cache(maxsize=1)
def shipped_known() -> Known:
    """Return what the shipped rows say."""
    return known_of(shipped_residuals())
