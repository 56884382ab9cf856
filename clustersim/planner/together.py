"""One model on unlike clusters: shares of the batch, or shares of the layers, whichever is faster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clustersim.errors import ClusterSimError, InfeasibleError, InputError, suggest
from clustersim.perf.hetero import MixedStep, Part, alone_tokens_per_s, mixed_step
from clustersim.perf.hetero_stages import MixedPipeline, mixed_pipeline
from clustersim.planner.training import chosen_workload
from clustersim.schema.demand import TrainingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.workloads.training import planned_job
from clustersim.workloads.work import StageCache

__all__ = ["SHARES", "Together", "train_on_all"]

SHARES = ("best", "batch", "layers")


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

    Each cluster comes with the plan that it states for the workload, or with the best that is found for it alone.
    ``batch``: every cluster keeps its plan and takes replicas and micro-batches by its speed. ``layers``: every replica
    is one pipeline through all clusters, its stages as long as they are fast; every cluster keeps its tensor degree and
    the number of replicas is the fastest that divides them all.

    Raises InputError or InfeasibleError where the way that was asked is not possible, or neither is.
    """
    if share not in SHARES:
        raise InputError(f"share {share!r} is unknown; {suggest(share, SHARES)}")
    name = chosen_workload(every[0], "training", workload, first=True)
    parts = [_part(one, name) for one in every]
    found: list[Together] = []
    errors: list[ClusterSimError] = []
    for way, run in (("batch", _by_batch), ("layers", _by_layers)):
        if share in (way, "best"):
            try:
                found.append(run(parts, link_bandwidth))
            except (InputError, InfeasibleError) as error:
                errors.append(error)
    if not found:
        raise errors[0]
    best = max(found, key=lambda way: way.step.tokens_per_s)
    return replace(best, refused=str(errors[0]).splitlines()[0] if errors else "")


def _part(one: Inputs, name: str) -> Part:
    work = one.scenario.demand[name]
    assert isinstance(work, TrainingWorkload)
    return Part(name=one.name, job=planned_job(one, work, StageCache())[0])


def _by_batch(parts: Sequence[Part], link_bandwidth: float) -> Together:
    return Together("batch", mixed_step(parts, link_bandwidth=link_bandwidth), tuple(parts), "")


def _by_layers(parts: Sequence[Part], link_bandwidth: float) -> Together:
    """The fastest number of replicas that gives every part whole stages; alone, each keeps the plan it came with."""
    found: list[Together] = []
    reason: ClusterSimError = InputError(
        "no number of replicas gives every cluster whole stages for a pipeline through all"
    )
    alone = {p.name: alone_tokens_per_s(p) for p in parts}
    plans = [p.job.plan for p in parts]
    most = min(p.cards // (p.tp * p.cp) for p in plans)
    for dp in range(1, most + 1):
        if any(p.cards % (p.tp * p.cp * dp) for p in plans):
            continue
        laid = [_laid(p, parts[0], dp) for p in parts]
        try:
            step = mixed_pipeline(laid, link_bandwidth=link_bandwidth, alone=alone)
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
