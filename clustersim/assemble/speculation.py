"""Speculative decoding of a workload as the engine takes it: what drafts, and the chance that each draft is kept."""

from __future__ import annotations

from typing import Any

from clustersim.assemble.parts import model_spec
from clustersim.errors import InputError
from clustersim.perf.model import Model
from clustersim.perf.serving_draft import Draft, draft_layer
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.inputs import Inputs

__all__ = ["acceptance_of", "draft_of"]


def acceptance_of(inputs: Inputs, work: ServingWorkload) -> tuple[Any, ...]:
    """Return the chance of every drafted position; nothing where the workload does not speculate.

    Positions beyond those that the model's file states keep the last one's.

    Raises InputError where neither the workload nor its model says it.
    """
    section = work.speculative
    if section is None:
        return ()
    if section.acceptance is not None:
        return (section.acceptance.value,) * section.draft_tokens
    if section.acceptance_by_position:
        return tuple(chance.value for chance in section.acceptance_by_position)
    prediction = inputs.model(work).prediction
    known = prediction.acceptance_by_position if prediction and section.draft == "layer" else ()
    if not known:
        raise InputError(
            f"speculative drafts {section.draft_tokens} tokens, and nothing says how many are kept; give"
            " speculative.acceptance (at every position) or speculative.acceptance_by_position"
        )
    values = [chance.value for chance in known]
    return tuple((values + values[-1:] * section.draft_tokens)[: section.draft_tokens])


def draft_of(inputs: Inputs, work: ServingWorkload, model: Model) -> Draft | None:
    """Return what drafts; nothing without speculation, and for a table of earlier text."""
    section = work.speculative
    if section is None or section.draft == "lookup":
        return None
    if section.draft_model is not None:
        return Draft(model_spec(inputs.models[section.draft_model]), section.draft_tokens, own_table=True)
    return Draft(draft_layer(model), section.draft_tokens)
