"""Plans in order of the time that they will really take, as far as the error of their kind is known.

A step model is not equally wrong about all plans: what it says too fast would win every search. Validation measures
the error of each kind of plan; here it is data. A lead that lies inside the errors is a tie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clustersim.perf.plan import Plan
from clustersim.perf.search import FoundPlan

__all__ = ["PLAN_CLASSES", "PlanClassError", "RankedPlan", "plan_class", "rank_plans"]

#: Kinds of plans whose errors are told apart: weights sharded over all copies or over some, or whole in every copy,
#: in a pipeline or not.
PLAN_CLASSES = ("fsdp", "hsdp", "pipeline", "replicas")


@dataclass(frozen=True, slots=True)
class PlanClassError:
    """What is known of the predictions of a kind of plan.

    Attributes:
        bias: predicted over measured seconds less one, on average over ``rows`` held-out rows; below 0 too fast.
        spread: mean absolute deviation of that error from the bias.
        rows: how many rows say so.
    """

    bias: float
    spread: float
    rows: int


@dataclass(frozen=True, slots=True)
class RankedPlan:
    """A found plan, the seconds that it is expected to take and their bounds, and whether it ties with the first."""

    found: FoundPlan
    expected_s: float
    low_s: float
    high_s: float
    ties: bool


def plan_class(plan: Plan) -> str:
    """Return the kind of a plan, one of ``PLAN_CLASSES``.

    >>> plan_class(Plan(dp=8, zero=3)), plan_class(Plan(dp=8, zero=3, shard=4)), plan_class(Plan(pp=4))
    ('fsdp', 'hsdp', 'pipeline')
    """
    if plan.zero >= 3:
        return "hsdp" if plan.shard else "fsdp"
    return "pipeline" if plan.pp > 1 else "replicas"


def rank_plans(
    found: Sequence[FoundPlan], errors: Mapping[str, PlanClassError], *, tie: float = 0.0
) -> tuple[RankedPlan, ...]:
    """Return plans in order of expected time: predicted / (1 + bias of their kind).

    The bounds are expected / (1 ± spread); plans whose low bound is below the high bound of the first tie with it, and
    so do those within a share of ``tie`` of its time. A kind without an error is taken as predicted.
    """
    rows = []
    for one in found:
        error = errors.get(plan_class(one.plan), PlanClassError(0.0, 0.0, 0))
        expected = one.step_time_s / (1.0 + error.bias)
        rows.append((expected, expected / (1.0 + error.spread), expected / (1.0 - error.spread), one))
    rows.sort(key=lambda row: row[0])
    limit = max(rows[0][2], rows[0][0] * (1.0 + tie)) if rows else 0.0
    return tuple(RankedPlan(one, expected, low, high, low <= limit) for expected, low, high, one in rows)
