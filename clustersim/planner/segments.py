"""The inference segment of a card's value: what it and the incumbent serve at the same service level."""

from __future__ import annotations

from clustersim.errors import InputError
from clustersim.market.value import ServingRates
from clustersim.planner.serving import rate_at_slo
from clustersim.schema.inputs import Inputs
from clustersim.schema.serving import ComparisonCard, LoadedServing, load_serving

__all__ = ["serving_rates"]


def serving_rates(inputs: Inputs) -> ServingRates | None:
    """Return both cards' tokens per second and card at the service level; None where no segment is valued.

    Overrides of cards, NICs and models reach the serving scenario too.

    Raises InputError when the serving scenario does not hold one of the two cards.
    """
    market = inputs.scenario.market
    if market is None or market.inference is None or inputs.incumbent is None:
        return None
    name = market.inference.scenario
    used = load_serving(name)
    documents = {f"{kind}.{key}" for kind in ("cards", "nics", "models") for key in getattr(used, kind)}
    sets = {o.key: o.value for o in inputs.overrides if o.document in documents}
    loaded = load_serving(name, sets)
    own, other = (
        _rate(loaded, card) for card in (inputs.hardware.card.name, inputs.incumbent.hardware.card.name)
    )
    return ServingRates(name, own, other, market.inference.share.value)


def _rate(loaded: LoadedServing, card: str) -> float:
    """Tokens in and out per second and card at the largest rate within the service level."""
    other: ComparisonCard | None = None
    if loaded.scenario.cluster.card != card:
        other = next((c for c in loaded.scenario.compare if c.card == card), None)
        if other is None:
            raise InputError(f"{loaded.file}: does not serve on {card}; add it under compare")
    answer = rate_at_slo(loaded, other)
    return answer.tokens_per_s / answer.cards
