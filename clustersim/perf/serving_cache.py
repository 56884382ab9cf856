"""Whether a model fits a replica's cards, and how many cached tokens it leaves room for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clustersim.columns import least, whole
from clustersim.errors import InfeasibleError
from clustersim.perf.card import Card
from clustersim.perf.model import Model
from clustersim.perf.serving_draft import Draft, draft_weight_bytes
from clustersim.perf.serving_engine import (
    TYPICAL_CONTEXT,
    Layout,
    Precision,
    stage_share,
    weight_bytes_per_card,
)
from clustersim.perf.serving_reserve import (
    DEFAULT_LIMITS,
    DEFAULT_RESERVE,
    BatchLimits,
    EngineReserve,
    reserve_bytes,
)
from clustersim.perf.serving_work import cache_growth, state_bytes

__all__ = ["CachePlan", "CacheRoom", "cache_room", "cache_tokens", "smallest_tp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePlan:
    """How an engine gives out a card's memory: its share (None: the engine's own), its reserve, its largest batch.

    ``context`` is about how long sequences are, in tokens; ``draft`` holds weights and a cache beside the model's;
    ``beside_bytes`` are held on each card besides (adapters).
    """

    memory_share: float | None = None
    reserve: EngineReserve = DEFAULT_RESERVE
    limits: BatchLimits = DEFAULT_LIMITS
    context: float = TYPICAL_CONTEXT
    draft: Draft | None = None
    beside_bytes: float = 0.0

    @property
    def share(self) -> float:
        """Share of the memory that the engine plans with: of the device or of what is free, as the engine means it."""
        return self.reserve.memory_share if self.memory_share is None else self.memory_share


#: Where no engine is named: vLLM's share and reserve.
DEFAULT_PLAN = CachePlan()


@dataclass(frozen=True, slots=True)
class CacheRoom:
    """What one replica has for its caches: bytes on each card, and what a sequence takes of them there.

    ``states`` is how many sequences a group's pool of states holds, where the engine keeps one apart (else None).
    """

    bytes_per_card: float
    per_token: float
    per_sequence: float
    groups: int
    states: Any = None

    def tokens(self, context: float) -> Any:
        """Tokens held at once by sequences of ``context`` tokens each: room x context / bytes of one sequence."""
        if not self.per_sequence:
            found = whole(self.bytes_per_card / self.per_token)
        else:
            one = self.per_token * context + self.per_sequence
            found = whole(self.bytes_per_card * context / one)
        if self.states is None:
            return found * self.groups
        return least(found, whole(self.states * context)) * self.groups

    def sequences(self, context: float) -> Any:
        """Sequences of ``context`` tokens that are held at once."""
        found = self.bytes_per_card / (self.per_token * context + self.per_sequence)
        return (found if self.states is None else least(found, self.states)) * self.groups


def cache_room(
    model: Model,
    layout: Layout,
    precision: Precision,
    card: Card,
    plan: CachePlan = DEFAULT_PLAN,
) -> CacheRoom:
    """Return what the memory share, less weights and the engine's reserve, leaves for caches; may be negative."""
    taken = weight_bytes_per_card(model, layout, precision)
    taken += reserve_bytes(plan.reserve, model, plan.limits, tp=layout.tp, dp=layout.dp)
    taken += draft_weight_bytes(plan.draft, layout, precision) if plan.draft else 0.0
    taken += plan.beside_bytes
    free = plan.reserve.share_of == "free"
    left = (card.memory_bytes - taken) * plan.share if free else card.memory_bytes * plan.share - taken
    per_token = per_sequence = 0.0
    for held in (model, *([plan.draft.model] if plan.draft else [])):
        one = cache_growth(held, plan.context, bytes_per_value=precision.kv_bytes, tp=layout.tp)
        stage = stage_share(held, layout)
        per_token += one.per_token * stage
        per_sequence += one.per_sequence * stage
    kept, share = state_bytes(model, layout.tp) * stage_share(model, layout), plan.reserve.state_share
    if not share or not kept:
        return CacheRoom(left, per_token, per_sequence, layout.dp)
    states = whole(left * share / (plan.reserve.state_slots * kept))
    return CacheRoom(left * (1.0 - share), per_token, per_sequence - kept, layout.dp, states)


def cache_tokens(
    model: Model,
    layout: Layout,
    precision: Precision,
    card: Card,
    plan: CachePlan = DEFAULT_PLAN,
) -> Any:
    """Return how many tokens one replica's caches hold in sequences of about ``context`` tokens.

    Raises InfeasibleError, naming the smallest tensor-parallel degree that fits, where a thousand do not.
    """
    room = cache_room(model, layout, precision, card, plan)
    if room.tokens(plan.context) >= LEAST_TOKENS * layout.dp:
        return room.tokens(plan.context)
    weights = weight_bytes_per_card(model, layout, precision)
    kept = reserve_bytes(plan.reserve, model, plan.limits, tp=layout.tp, dp=layout.dp) + plan.beside_bytes
    share = plan.share
    fit = smallest_tp(model, layout, precision, card, plan)
    beside = " and adapters" if plan.beside_bytes else ""
    hint = f"the smallest that fits is tp={fit}" if fit else "no tp up to 1024 fits; add pp or fewer bits"
    raise InfeasibleError(
        f"{model.name} needs {(weights + kept) / 1e9:.1f} GB per card at tp={layout.tp} (weights {weights / 1e9:.1f},"
        f" the engine's reserve{beside} {kept / 1e9:.1f}), but {card.name} gives"
        f" {card.memory_bytes * share / 1e9:.1f} GB ({share:g} of {card.memory_bytes / 1e9:.1f}): it does not fit;"
        f" {hint}"
    )


#: Tokens of cache below which a replica counts as not fitting: less than one ordinary prompt.
LEAST_TOKENS = 1024


def smallest_tp(
    model: Model,
    layout: Layout,
    precision: Precision,
    card: Card,
    plan: CachePlan = DEFAULT_PLAN,
) -> int | None:
    """Return the smallest power-of-two tensor-parallel degree at which weights, reserve and some cache fit."""
    for power in range(11):
        trial = Layout(tp=2**power, pp=layout.pp, dp=layout.dp)
        room = cache_room(model, trial, precision, card, plan)
        if room.tokens(plan.context) >= LEAST_TOKENS * layout.dp:
            return trial.tp
    return None
