"""Failure profiles of published fleets: how many card-hours of a job pass between two failures, and who counted."""

from __future__ import annotations

from typing import Annotated, Literal

from clustersim.provenance import Sourced
from clustersim.schema.base import quantity
from clustersim.schema.profile_base import Profile

__all__ = ["FleetProfile"]


class FleetProfile(Profile):
    """One fleet: its rate of failures that stop a job, and what was counted."""

    kind: Literal["fleet"]
    """A fleet's failures."""
    card: str
    """The generation, as the source names it."""
    counts: Literal["all", "hardware"]
    """Whether failures of software are among them."""
    stands_for: Literal["field", "part", "claim"]
    """Counted in the field; one kind of part only; or a vendor's statement. Only the first tell of other fleets."""
    card_hours_per_failure: Annotated[Sourced, quantity("h", gt=0, usual=("100 h", "10000000 h"))]
    """Card-hours of a job between two failures that stop it."""
    cards: Annotated[Sourced, quantity("1", ge=1, integer=True)] | None = None
    """Cards that were watched."""
