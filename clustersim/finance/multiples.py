"""Peer multiples: what a group of listed companies says a unit of sales is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, median

from clustersim.errors import InputError

__all__ = ["PeerMultiple", "peer_multiple", "rating"]

#: The house's own scale (report p. 36): lowest upside of each rating.
RATING_SCALE: tuple[tuple[str, float], ...] = (("strong buy", 0.20), ("buy", 0.10), ("neutral", -0.10))


@dataclass(frozen=True, slots=True)
class PeerMultiple:
    """Mean and median of the peers' multiple of one year."""

    mean: float
    median: float
    low: float
    high: float
    peers: int

    def after(self, discount: float, how: str = "mean") -> float:
        """Return the chosen middle less a discount."""
        return float(getattr(self, how) * (1 - discount))


def peer_multiple(multiples: Mapping[str, float | None], year: str) -> PeerMultiple:
    """Return the middle of the peers.

    >>> peer_multiple({"A": 10.0, "B": 20.0, "C": 60.0}, "2027E")
    PeerMultiple(mean=30.0, median=20.0, low=10.0, high=60.0, peers=3)

    Raises InputError for a peer without a multiple, by name: leaving it out is a choice that must be said.
    """
    missing = [name for name, value in multiples.items() if value is None]
    if missing:
        raise InputError(
            f"no {year} multiple for {', '.join(missing)}: give one, or take the peer out of the group"
        )
    values = [value for value in multiples.values() if value is not None]
    if not values:
        raise InputError(f"no peer has a {year} multiple")
    return PeerMultiple(fmean(values), median(values), min(values), max(values), len(values))


def rating(upside: float) -> str:
    """Return the rating of an upside by the house's own scale.

    >>> rating(0.275), rating(0.15), rating(0.0), rating(-0.3)
    ('strong buy', 'buy', 'neutral', 'avoid')
    """
    return next((name for name, least in RATING_SCALE if upside >= least), "avoid")
