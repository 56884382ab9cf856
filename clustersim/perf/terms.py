"""The terms of a training step."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

__all__ = ["NO_TERMS", "StepTerms"]

#: A number, or an array with one entry a plan.
Real = Any


@dataclass(frozen=True, slots=True)
class StepTerms:
    """Seconds of one step on the critical path."""

    compute_s: Real
    attention_s: Real
    memory_bound_s: Real
    recompute_s: Real
    software_s: Real
    logits_s: Real
    exposed_tp_s: Real
    exposed_cp_s: Real
    exposed_ep_s: Real
    exposed_pp_s: Real
    exposed_dp_s: Real
    bubble_s: Real
    optimizer_s: Real
    offload_s: Real

    @property
    def total(self) -> Real:
        """The step time: the sum of all terms."""
        return sum(getattr(self, f.name) for f in fields(self))


#: Of a plan whose time alone is asked for.
NO_TERMS = StepTerms(*(0.0 for _ in fields(StepTerms)))
