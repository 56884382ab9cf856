"""Peer multiples: what a group of listed companies says a unit of sales is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from clustersim.columns import as_array
from clustersim.errors import InputError
from clustersim.finance.company import Company, Peers, Value

__all__ = ["NOT_RATED", "PeerMultiple", "base_multiple", "peer_multiple", "rating"]

#: The house's own scale (report p. 36): lowest upside of each rating.
RATING_SCALE: tuple[tuple[str, float], ...] = (("strong buy", 0.20), ("buy", 0.10), ("neutral", -0.10))
#: What stands where a rating is withheld: the target price is no answer, or a check fails.
NOT_RATED = "not rated"


@dataclass(frozen=True, slots=True)
class PeerMultiple:
    """Mean and median of the peers' multiple of one year."""

    mean: Any
    median: Any
    low: Any
    high: Any
    peers: int


def peer_multiple(multiples: Mapping[str, Value | None], year: str) -> PeerMultiple:
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
    rows = [as_array(value) for value in multiples.values() if value is not None]
    if not rows:
        raise InputError(f"no peer has a {year} multiple")
    values = np.stack(np.broadcast_arrays(*rows))

    def of(found: Any) -> Any:
        return found if np.ndim(found) else float(found)

    return PeerMultiple(
        of(values.mean(axis=0)),
        of(np.median(values, axis=0)),
        of(values.min(axis=0)),
        of(values.max(axis=0)),
        len(rows),
    )


def _middle(peers: Peers, how: str, year: str) -> Any:
    if how not in {"mean", "median"}:
        raise InputError(f"company.peers.statistic={how!r}: write mean or median")
    found = peer_multiple({name: row.get(year) for name, row in peers.members.items()}, year)
    return getattr(found, how)


def base_multiple(company: Company, how: str = "given", year: str | None = None) -> Value:
    """Return the peers' multiple before the discount, always that of the year whose revenue it multiplies.

    ``given`` is the multiple of the file, or else the printed one moved by what the members depart from the printed
    members; ``mean`` and ``median`` are those of the members.

    Raises InputError for a year of which the members have no multiple, by name.
    """
    peers = company.peers
    if peers is None:
        raise InputError(
            f"company {company.name}: has no peers; add company.peers, or set company.dcf_weight=1"
        )
    at = year or peers.year
    members: Value
    if how in {"mean", "median"}:
        members = _middle(peers, how, at)
        return members
    if peers.price_to_sales is not None and at == peers.year:
        return peers.price_to_sales
    printed = company.printed.peers if company.printed is not None else None
    same = printed is not None and at == printed.year and peers.statistic == printed.statistic
    if printed is None or not same or printed.price_to_sales is None:
        members = _middle(peers, peers.statistic, at)
        return members
    moved: Value = 0.0
    if peers.members:
        moved = _middle(peers, peers.statistic, at) - _middle(printed, printed.statistic, at)
    return printed.price_to_sales + moved


def rating(upside: float) -> str:
    """Return the rating of an upside by the house's own scale.

    >>> rating(0.275), rating(0.15), rating(0.0), rating(-0.3)
    ('strong buy', 'buy', 'neutral', 'avoid')
    """
    return next((name for name, least in RATING_SCALE if upside >= least), "avoid")
