"""What serving answers when it is asked backwards: a rate, a fleet, a plan among others."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CardsAnswer", "PlanRow", "RateAnswer"]


@dataclass(frozen=True, slots=True)
class RateAnswer:
    """The largest rate at the service level of a deployment, and what it is worth."""

    card: str
    cards: int
    tp: int
    replicas: int
    requests_per_s: float
    output_tokens_per_s: float
    tokens_per_s: float
    saturated_requests_per_s: float
    fidelity: str
    """Closed form or simulation."""
    cny_per_mtoken: float | None


@dataclass(frozen=True, slots=True)
class CardsAnswer:
    """The fewest replicas, and so cards, that carry a demand at the service level on a stationary stream.

    ``sized_for_per_s`` is the demand, or the peak of its daily wave; ``slo_share_lower`` the lower bound of the share's
    95 % interval, which meets the level; ``one_fewer_share`` the share of one replica fewer, and of one decode replica
    fewer (absent where that is not stable); ``closed_form_replicas`` what the closed form alone says;
    ``simulated_requests`` how many were served, by ``simulated_replicas``: a large fleet is simulated as a cell with
    its part of the stream, and counted in steps of ``counted_in`` replicas.
    """

    card: str
    tp: int
    pp: int
    dp: int
    ep: int
    replicas: int
    decode_replicas: int
    cards: int
    demand_per_s: float
    sized_for_per_s: float
    slo_share: float
    slo_share_lower: float
    one_fewer_share: float | None
    one_fewer_decode_share: float | None
    closed_form_replicas: int
    simulated_requests: int
    simulated_replicas: int
    counted_in: int


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One parallel plan in the comparison; ``reason`` where it cannot serve."""

    card: str
    tp: int
    pp: int
    dp: int
    ep: int
    cards: int
    requests_per_s: float | None
    cny_per_mtoken: float | None
    reason: str = ""
