"""What a site's card-hours yield in each kind of workload; one module a kind, one shape of result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clustersim.errors import InfeasibleError
from clustersim.schema.inputs import Inputs
from clustersim.workloads.work import StageCache, Work

__all__ = ["run_workload"]

Run = Callable[[Inputs, str, Any, StageCache], Work]


def _run_of(kind: str) -> Run:
    """What runs a kind of workload; loaded where a site has one, for loading all takes longer than most runs."""
    if kind == "training":
        from clustersim.workloads import training as module
    elif kind == "serving":
        from clustersim.workloads import serving as module  # type: ignore[no-redef]
    elif kind == "video":
        from clustersim.workloads import video as module  # type: ignore[no-redef]
    elif kind == "vision":
        from clustersim.workloads import vision as module  # type: ignore[no-redef]
    else:
        from clustersim.workloads import jobs as module  # type: ignore[no-redef]
    run: Run = module.work_of
    return run


def run_workload(inputs: Inputs, name: str, cache: StageCache) -> Work:
    """Return what one workload of the demand makes of the site's card-hours.

    Raises InfeasibleError, with the workload's name, where the site cannot do it.
    """
    work = inputs.scenario.demand[name]
    try:
        # A queue of jobs is one for all groups; what is served is each group's own.
        if inputs.groups and work.kind != "jobs":
            from clustersim.workloads.mixture import trained_on_groups
            from clustersim.workloads.on_groups import on_groups

            if work.kind == "training":
                return trained_on_groups(inputs, name, work, cache)
            if work.kind == "serving" and work.disaggregated and work.disaggregated.prefill_on:
                from clustersim.workloads.phases import served_apart

                return served_apart(inputs, name, work, cache)
            return on_groups(inputs, name, _run_of(work.kind), cache)
        return _run_of(work.kind)(inputs, name, work, cache)
    except InfeasibleError as error:
        raise InfeasibleError(f"demand.{name} on {inputs.name} ({inputs.card_words}): {error}") from None
