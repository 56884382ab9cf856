"""From the iteration model to the plain numbers of the simulation."""

from __future__ import annotations

import numpy as np

from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.fabric.network import Network
from clustersim.perf.card import Card
from clustersim.perf.model import Model
from clustersim.perf.serving_cache import CachePlan, cache_tokens
from clustersim.perf.serving_cost import IterationTerms, iteration_terms
from clustersim.perf.serving_engine import TYPICAL_CONTEXT, Efficiency, Layout, Precision
from clustersim.perf.serving_reserve import DEFAULT_RESERVE, BatchLimits, EngineReserve

__all__ = ["build", "replica_cost", "table_terms"]


def table_terms(
    model: Model,
    layout: Layout,
    card: Card,
    network: Network,
    efficiency: Efficiency,
    precision: Precision,
    batching: Batching,
    context: float = TYPICAL_CONTEXT,
) -> IterationTerms:
    """Return the iteration terms for 0 to max_tokens + 256 new tokens (index = tokens)."""
    return iteration_terms(
        np.arange(batching.max_tokens + 257, dtype=np.float64),
        model=model,
        layout=layout,
        card=card,
        network=network,
        efficiency=efficiency,
        precision=precision,
        context=context,
    )


def replica_cost(terms: IterationTerms, cache: int, ranks: int = 1, host_s: float = 0.0) -> ReplicaCost:
    """Return the numbers that the simulation reads; beyond the table the last slope goes on.

    ``host_s`` is the host's time for a prompt token, before a request may be admitted.
    """
    fixed = terms.fixed_s
    slope = float(fixed[-1] - fixed[-257]) / 256.0 if len(fixed) > 257 else float(fixed[-1] / len(fixed))
    return ReplicaCost(
        tuple(fixed.tolist()), slope, terms.kv_s, terms.pair_s, terms.sequence_s, cache, ranks, host_s
    )


def build(
    model: Model,
    layout: Layout,
    card: Card,
    network: Network,
    efficiency: Efficiency,
    precision: Precision,
    batching: Batching,
    memory_share: float | None = None,
    *,
    reserve: EngineReserve = DEFAULT_RESERVE,
    context: float = TYPICAL_CONTEXT,
) -> tuple[ReplicaCost, IterationTerms]:
    """Return the cost of a replica and its terms.

    Raises InfeasibleError where the model does not fit, with the smallest tensor-parallel degree that does.
    """
    limits = BatchLimits(batching.max_tokens, batching.max_sequences)
    plan = CachePlan(memory_share=memory_share, reserve=reserve, limits=limits, context=context)
    cache = cache_tokens(model, layout, precision, card, plan)
    terms = table_terms(model, layout, card, network, efficiency, precision, batching, context)
    return replica_cost(terms, cache), terms
