"""What serving answers when it is asked backwards: a rate, a fleet, a plan among others."""

from __future__ import annotations

from dataclasses import dataclass

from clustersim.des.serving.day import Hour

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
    95 % interval, which meets the level. ``one_fewer`` tells whether one replica fewer fails: ``fails`` (the whole
    interval of its share is below the level), ``not_refuted`` (the level is inside the interval), ``no_steady_state``
    (the rate is above what so few sustain), ``none_left``, ``not_looked_at``; ``one_fewer_share`` is its share and
    ``one_fewer_share_upper`` the upper bound (absent where it was not run); then the same of decode replicas.
    ``closed_form_replicas`` is what the closed form alone says; ``simulated_requests`` how many were served, by
    ``simulated_replicas``: a large fleet is simulated as a cell with its part of the stream, and counted in steps of
    ``counted_in`` replicas.
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
    one_fewer: str
    one_fewer_share: float | None
    one_fewer_share_upper: float | None
    one_fewer_decode: str | None
    one_fewer_decode_share: float | None
    one_fewer_decode_share_upper: float | None
    closed_form_replicas: int
    simulated_requests: int
    simulated_replicas: int
    counted_in: int
    mean_cards: float | None
    """Cards that must run on average over a day that swings; ``cards`` are those of its peak."""
    hours: tuple[Hour, ...] = ()


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
