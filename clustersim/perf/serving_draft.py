"""Speculative decoding: what drafting costs an iteration and its memory, and how many tokens a step yields.

A step drafts g tokens one after another and verifies all of them with one pass of the model, so it costs

    t(B (g + 1)) + d(B (g + 1)) + (g - 1) d(B)

with t the time of an iteration of the model and d that of the drafter, whose first pass also reads what was accepted
(and every prompt token, whose cache it needs), the further ones a token a sequence. The drafter is a layer of the
model's own kind with the model's head (a prediction layer, arXiv:2412.19437 section 2.2, or a trained head,
arXiv:2401.15077), a smaller model, or a table that costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from clustersim.errors import InputError
from clustersim.perf.mixers import LayerGroup
from clustersim.perf.model import Model
from clustersim.perf.serving_cost import IterationTerms, iteration_terms
from clustersim.perf.serving_engine import Layout, Precision, weight_bytes_per_card

__all__ = ["Draft", "draft_layer", "draft_weight_bytes", "speculative_terms", "tokens_per_step"]

Real = Any


@dataclass(frozen=True, slots=True)
class Draft:
    """What drafts: ``tokens`` a step, by a model of its own.

    ``own_table`` says whether its embedding and head are its own or the verified model's.
    """

    model: Model
    tokens: int
    own_table: bool = False


def tokens_per_step(acceptance: Sequence[Real]) -> Real:
    """Expected tokens per verification step: 1 + a1 + a1 a2 + ..., acceptance by position (arXiv:2211.17192).

    ``acceptance[i]`` is the chance that draft i + 1 is kept where all before it were.

    >>> tokens_per_step(()), tokens_per_step((0.5, 0.5))
    (1.0, 1.75)

    Raises InputError for a chance outside 0 to 1.
    """
    total, kept = 1.0, 1.0
    for chance in acceptance:
        if np.any(np.less(chance, 0.0)) or np.any(np.greater(chance, 1.0)):
            raise InputError(f"speculative decoding: an acceptance of {chance} is no probability from 0 to 1")
        kept = kept * chance
        total = total + kept
    return total


def draft_layer(model: Model) -> Model:
    """Return one layer of a model's own kind as a model: its prediction layer, or a head trained on its states.

    >>> m = Model(name="m", layers=4, hidden=64, heads=8, kv_heads=8, head_dim=8, ffn_hidden=64, gated=True, vocab=9)
    >>> draft_layer(m).layers, draft_layer(m).parameter_groups.attention == m.parameter_groups.attention / 4
    (1, True)
    """
    mixer = model.prediction_mixer or model.groups[-1].mixer
    return replace(
        model, name=f"the drafting layer of {model.name}", layers=1, moe_layers=1 if model.experts else 0,
        mixers=(LayerGroup(1, mixer),), ffn_free_layers=0, prediction_layers=0, prediction_mixer=None,
    )  # fmt: skip


def draft_weight_bytes(draft: Draft, layout: Layout, precision: Precision) -> float:
    """Bytes of a drafter's weights on a card; an embedding and head that are the verified model's count there.

    >>> m = Model(name="m", layers=1, hidden=64, heads=8, kv_heads=8, head_dim=8, ffn_hidden=256, gated=True, vocab=100)
    >>> whole = draft_weight_bytes(Draft(m, 1, own_table=True), Layout(), Precision())
    >>> whole - draft_weight_bytes(Draft(m, 1), Layout(), Precision()) == 2 * 2.0 * 100 * 64
    True
    """
    held = weight_bytes_per_card(draft.model, layout, precision)
    if draft.own_table:
        return held
    groups = draft.model.parameter_groups
    table = sum(getattr(groups, name) * precision.bytes_of(name) for name in ("embedding", "head"))
    return held - float(table) / layout.tp / layout.pp


def speculative_terms(
    terms: IterationTerms, draft: Draft, most_sequences: int, **given: Any
) -> IterationTerms:
    """Return the terms of an iteration with its drafting; ``given`` are the arguments that made ``terms``.

    In an iteration of n tokens n / (g + 1) sequences draft, at most ``most_sequences``; the host's time per iteration
    is not spent again.
    """
    efficiency = replace(given["efficiency"], step_s=0.0, sequence_s=0.0)
    # A drafter's pass looks at a sequence's cache for one token.
    same = given | {"model": draft.model, "efficiency": efficiency, "queries": 1.0}
    first = iteration_terms(terms.tokens, **same)
    alone = np.minimum(terms.tokens / (draft.tokens + 1), float(most_sequences))
    later = iteration_terms(alone, **same)
    again = draft.tokens - 1

    def both(name: str) -> Any:
        return getattr(terms, name) + getattr(first, name) + again * getattr(later, name)

    tables = ("weights_s", "activations_s", "exchange_s", "overhead_s", "near_s", "flops", "weight_bytes")
    # A sequence's cache is read by every pass of the drafter; a prompt's pairs are computed once.
    every = {
        name: getattr(terms, name) + draft.tokens * getattr(first, name)
        for name in ("kv_s", "kv_bytes", "sequence_s", "sequence_bytes")
    }
    once = {
        name: getattr(terms, name) + getattr(first, name) for name in ("pair_s", "pair_flops", "held_bytes")
    }
    left = tuple(said for said in terms.not_modelled if "prediction layer" not in said)
    return replace(terms, **{name: both(name) for name in tables}, **every, **once, not_modelled=left)
