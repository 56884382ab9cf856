"""What a site's card-hours yield in each kind of workload; one module a kind, one shape of result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clustersim.errors import InfeasibleError
from clustersim.schema.inputs import Inputs
from clustersim.workloads import jobs, serving, training, video
from clustersim.workloads.work import StageCache, Work

__all__ = ["run_workload"]

_KINDS: dict[str, Callable[[Inputs, str, Any, StageCache], Work]] = {
    "training": training.work_of,
    "serving": serving.work_of,
    "video": video.work_of,
    "jobs": jobs.work_of,
}


def run_workload(inputs: Inputs, name: str, cache: StageCache) -> Work:
    """Return what one workload of the demand makes of the site's card-hours.

    Raises InfeasibleError, with the workload's name, where the site cannot do it.
    """
    work = inputs.scenario.demand[name]
    try:
        return _KINDS[work.kind](inputs, name, work, cache)
    except InfeasibleError as error:
        raise InfeasibleError(f"demand.{name} on {inputs.name} ({inputs.parts.card.name}): {error}") from None
