"""Scaling curves: what a card still yields as their number grows, and where the rest went.

A curve always says its kind, its base count, its batch rule and its plan: an efficiency without them means nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.job import TrainJob
from clustersim.perf.plan import Plan
from clustersim.perf.step import StepTime, train_step

__all__ = ["KINDS", "ScalingCurve", "ScalingPoint", "powers", "scaling_curve"]

KINDS = ("weak", "strong")
_CAUSES = {
    "compute_s": "computation", "attention_s": "computation", "memory_bound_s": "computation",
    "software_s": "computation",
    "logits_s": "computation", "recompute_s": "computation", "exposed_tp_s": "tensor exchange",
    "exposed_cp_s": "context exchange",
    "exposed_ep_s": "expert exchange", "exposed_pp_s": "pipeline sends", "exposed_dp_s": "data-parallel exchange",
    "bubble_s": "pipeline bubble", "optimizer_s": "optimizer", "offload_s": "offload",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScalingPoint:
    """One card count: its efficiency against the base, and the share of its time lost to each cause since."""

    cards: int
    tokens_per_s_per_card: float
    efficiency: float
    lost: dict[str, float]


@dataclass(frozen=True, slots=True)
class ScalingCurve:
    """Points of one kind of scaling, with what they were measured under."""

    kind: str
    base_cards: int
    batch_rule: str
    plan: Plan
    points: tuple[ScalingPoint, ...]


def powers(low: int, high: int) -> list[int]:
    """Return low, 2 low, 4 low, … up to high.

    >>> powers(8, 64)
    [8, 16, 32, 64]

    Raises InputError for an empty range.
    """
    if low < 1 or high < low:
        raise InputError(f"the range {low}:{high} of cards is empty")
    counts = []
    while low <= high:
        counts.append(low)
        low *= 2
    return counts


def scaling_curve(job: TrainJob, counts: Sequence[int], kind: str) -> ScalingCurve:
    """Return the scaling of a job's plan over card counts; only its data-parallel degree changes.

    Weak scaling keeps the batch of a replica, strong scaling the whole batch. Counts that the plan cannot be laid out
    on, or on which it does not fit, are left out; the first that works is the base.

    Raises InputError for an unknown kind and InfeasibleError when no count works.
    """
    if kind not in KINDS:
        raise InputError(f"unknown kind of scaling {kind!r}; known: {', '.join(KINDS)}")
    plan, global_batch = job.plan, job.global_batch
    replica = plan.tp * plan.pp * plan.cp
    per_replica = max(1, global_batch // plan.dp)
    steps: list[StepTime] = []
    for cards in counts:
        if cards % replica:
            continue
        dp = cards // replica
        batch = per_replica * dp if kind == "weak" else global_batch
        try:
            resized = replace(job, plan=replace(plan, dp=dp), cards=cards, global_batch=batch)
            steps.append(train_step(resized))
        except (InfeasibleError, InputError):
            continue
    if not steps:
        raise InfeasibleError(
            f"no count between {min(counts)} and {max(counts)} cards can run this plan (a replica takes {replica} cards"
            " and must fit their memory)"
        )
    rule = f"{per_replica} sequences per replica" if kind == "weak" else f"{global_batch} sequences in all"
    return ScalingCurve(kind, steps[0].cards, rule, plan, tuple(_point(steps[0], step) for step in steps))


def _per_token(step: StepTime) -> dict[str, float]:
    """Card-seconds per token by cause."""
    scale = step.cards / step.tokens
    out: dict[str, float] = {}
    for f in fields(step.terms):
        cause = _CAUSES[f.name]
        out[cause] = out.get(cause, 0.0) + float(getattr(step.terms, f.name)) * scale
    return out


def _point(base: StepTime, step: StepTime) -> ScalingPoint:
    """The losses sum to one minus the efficiency."""
    before, now = _per_token(base), _per_token(step)
    total = sum(now.values())
    lost = {cause: (now[cause] - before[cause]) / total for cause in now}
    return ScalingPoint(step.cards, step.tokens_per_s_per_card, sum(before.values()) / total, lost)
