"""One model on unlike clusters: shares of the batch, or shares of the layers, whichever is faster."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clustersim.errors import ClusterSimError, InfeasibleError, InputError, suggest
from clustersim.perf.hetero import MixedStep, Part, alone_tokens_per_s, mixed_step
from clustersim.perf.hetero_stages import MixedPipeline, mixed_pipeline
from clustersim.perf.plan import Plan
from clustersim.perf.search import PlanSpace
from clustersim.perf.shortlist import LEAN
from clustersim.planner.training import Question, best_plans, chosen_workload
from clustersim.schema.inputs import Inputs
from clustersim.workloads.training import planned_job
from clustersim.workloads.work import StageCache

__all__ = ["SHARES", "Together", "train_on_all"]

SHARES = ("best", "batch", "layers")
#: Plans of every cluster and micro-batch that are tried together.
FEW = 2


@dataclass(frozen=True, slots=True)
class Together:
    """The step of all parts, how it shares them out, and the parts as it uses them."""

    share: str
    step: MixedStep | MixedPipeline
    parts: tuple[Part, ...]
    refused: str
    """Why the other way was not possible; empty where it was only slower, or not asked."""


def train_on_all(
    every: Sequence[Inputs], *, link_bandwidth: float, share: str = "best", workload: str = ""
) -> Together:
    """Return one step of the sides' training workload (the named one, or the first) on all their clusters.

    Each cluster comes with the plan that it states for the workload, or with one of the best few that are found for it
    with a micro-batch that all share; the line-up that is fastest together is taken. ``batch``: every cluster keeps its
    plan and takes replicas and micro-batches by its speed. ``layers``: every replica is one pipeline through all
    clusters, its stages as long as they are fast; every cluster keeps its tensor degree and the number of replicas is
    the fastest that divides them all. What each cluster does alone is by its own best plan.

    Raises InputError or InfeasibleError where the way that was asked is not possible, or neither is.
    """
    if share not in SHARES:
        raise InputError(f"share {share!r} is unknown; {suggest(share, SHARES)}")
    name = chosen_workload(every[0], "training", workload, first=True)
    asked = [Question(one, name) for one in every]
    alone = {one.inputs.name: alone_tokens_per_s(_best(one)) for one in asked}
    found: list[Together] = []
    errors: list[ClusterSimError] = []
    ups = _line_ups(asked)
    for way, run, tried in (("batch", _by_batch, ups), ("layers", _by_layers, _unlike(ups))):
        if share in (way, "best"):
            ways, reason = _fastest(run, tried, _Joint(link_bandwidth, alone))
            found += ways
            errors += [reason] if not ways and reason is not None else []
    if not found:
        raise errors[0]
    best = max(found, key=lambda way: way.step.tokens_per_s)
    return replace(best, refused=str(errors[0]).splitlines()[0] if errors else "")


@dataclass(frozen=True, slots=True)
class _Joint:
    """What joins the clusters, and what each does alone."""

    link_bandwidth: float
    alone: Mapping[str, float]


def _best(asked: Question) -> Part:
    """A cluster by the plan that the corridor runs it with."""
    return Part(name=asked.inputs.name, job=planned_job(asked.inputs, asked.work, StageCache())[0])


def _line_ups(asked: Sequence[Question]) -> list[tuple[Part, ...]]:
    """Combinations of the clusters' stated or best few plans, of one micro-batch each."""
    out: list[tuple[Part, ...]] = []
    for micro in PlanSpace().micro_batch:
        each = [_few(one, micro) for one in asked]
        out += itertools.product(*each)
    return out


def _unlike(ups: Sequence[tuple[Part, ...]]) -> list[tuple[Part, ...]]:
    """Line-ups that differ in more than what a pipeline through all clusters sets itself: replicas and stages."""
    kept: dict[tuple[Plan, ...], tuple[Part, ...]] = {}
    for parts in ups:
        kept.setdefault(tuple(replace(p.job.plan, **_SET_BY_LAYERS) for p in parts), parts)
    return list(kept.values())


def _few(asked: Question, micro: int) -> list[Part]:
    """A cluster by its stated plan, or by the best few of its plans with a micro-batch."""
    if asked.work.plan != "best":
        stated = _best(asked)
        return [stated] if stated.job.plan.micro_batch == micro else []
    try:
        best = best_plans(asked, top=FEW, space=replace(LEAN, zero=(1, 2), micro_batch=(micro,))).best
    except InfeasibleError:
        return []
    return [Part(name=asked.inputs.name, job=asked.job.with_plan(found.plan)) for found in best]


#: Fields of a plan that a pipeline through all clusters sets itself.
_SET_BY_LAYERS: dict[str, Any] = {"dp": 1, "pp": 1, "interleave": 1, "schedule": "1f1b"}
Way = Callable[[Sequence[Part], _Joint], Together]


def _fastest(
    run: Way, line_ups: Sequence[Sequence[Part]], joint: _Joint
) -> tuple[list[Together], ClusterSimError | None]:
    """The fastest line-up of one way; nothing, and the first reason, where none is possible."""
    found: list[Together] = []
    reason: ClusterSimError | None = InfeasibleError("no plans of one micro-batch fit all clusters")
    for parts in line_ups:
        try:
            found.append(run(parts, joint))
        except (InputError, InfeasibleError) as error:
            reason = error
    return ([max(found, key=lambda way: way.step.tokens_per_s)] if found else []), reason


def _by_batch(parts: Sequence[Part], joint: _Joint) -> Together:
    step = mixed_step(parts, link_bandwidth=joint.link_bandwidth)
    return Together("batch", replace(step, alone_tokens_per_s=dict(joint.alone)), tuple(parts), "")


def _by_layers(parts: Sequence[Part], joint: _Joint) -> Together:
    """The fastest number of replicas that gives every part whole stages."""
    found: list[Together] = []
    reason: ClusterSimError = InputError(
        "no number of replicas gives every cluster whole stages for a pipeline through all"
    )
    plans = [p.job.plan for p in parts]
    most = min(p.cards // (p.tp * p.cp) for p in plans)
    for dp in range(1, most + 1):
        if any(p.cards % (p.tp * p.cp * dp) for p in plans):
            continue
        laid = [_laid(p, parts[0], dp) for p in parts]
        try:
            step = mixed_pipeline(laid, link_bandwidth=joint.link_bandwidth, alone=dict(joint.alone))
            found.append(Together("layers", step, tuple(laid), ""))
        except (InputError, InfeasibleError) as error:
            reason = error
    if not found:
        raise reason
    return max(found, key=lambda way: way.step.tokens_per_s)


def _laid(part: Part, first: Part, dp: int) -> Part:
    plan = part.job.plan
    stages = plan.cards // (plan.tp * plan.cp * dp)
    changed = replace(
        plan, dp=dp, pp=stages, interleave=1, schedule="1f1b", micro_batch=first.job.plan.micro_batch
    )
    return replace(part, job=part.job.with_plan(changed))
