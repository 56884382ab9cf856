"""What serving answers: what a deployment does with its traffic; backwards, a rate, a fleet, a plan among others."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from clustersim.des.serving.capacity import Verdict
from clustersim.des.serving.costs import TokenCost
from clustersim.des.serving.day import Hour
from clustersim.des.serving.deployment import Deployment
from clustersim.des.serving.known import KnownShares, known_shares
from clustersim.des.serving.metrics import Summary, Use
from clustersim.des.serving.plant import Fewer
from clustersim.des.serving.run import ServingRun
from clustersim.des.serving.steady import SteadyState

__all__ = ["Answer", "CardsAnswer", "PlanRow", "RateAnswer", "evidence"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a deployment does with its own traffic."""

    deployment: Deployment
    summary: Summary
    use: Use
    verdict: Verdict | None
    cost: TokenCost | None
    """Nothing for a site without terms, and for one that is overloaded: what cannot be kept up has no cost."""
    run: ServingRun
    steady: SteadyState | None = None
    """The window that the figures are those of, with their standard errors."""
    why_whole: str = ""
    """Why they are those of a whole run instead."""

    has_level: bool = True
    """Whether a service level was stated."""
    card_hour_cny: float | None = None
    """What a card-hour costs when the cards draw what this run takes; nothing for a site without terms."""

    def plain(self) -> dict[str, Any]:
        """Return the figures as plain values, without the run; shares within a level that nobody stated are null."""
        d = self.deployment
        figures = asdict(self.summary)
        if not self.has_level:
            figures |= {"slo_share": None, "slo_goodput_requests_per_s": None}
        return {
            "card": d.card,
            "cards": d.cards,
            "tp": d.layout.tp,
            "pp": d.layout.pp,
            "dp": d.layout.dp,
            "ep": d.layout.ep,
            "replicas": d.pool.replicas,
            "engine_constants": "calibrated"
            if d.calibrated
            else "not calibrated on this card and model (assumption)",
            "not_modelled": list(d.terms.not_modelled),
            "cache_tokens_per_replica": d.pool.cost.cache_tokens,
            **figures,
            "use": asdict(self.use),
            "cost_cny_per_mtoken": asdict(self.cost) if self.cost else None,
            "verdict": asdict(self.verdict) if self.verdict else None,
            "known": {"hit_share": known.total, **asdict(known)} if (known := self.known) else None,
            "steady_state": self.steady.plain() if self.steady is not None else None,
            "why_whole": self.why_whole or None,
        }

    @property
    def known(self) -> KnownShares | None:
        """What of the prompts was known, and where; nothing where no blocks are kept."""
        kept = self.deployment.pool.known is not None and bool(self.run.book.blocks)
        return known_shares(self.run) if kept else None


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


def evidence(name: str, fewer: Fewer | None) -> dict[str, Any]:
    """Return what is known of one step fewer, under the names of ``CardsAnswer``."""
    share = fewer.share if fewer is not None else None
    return {
        name: fewer.verdict if fewer is not None else None,
        f"{name}_share": share.share if share is not None else None,
        f"{name}_share_upper": share.upper if share is not None else None,
    }


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
