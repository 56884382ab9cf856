"""One run of a serving workload's own traffic on its replicas: what `serve` prints, and what a published row states."""

from __future__ import annotations

from dataclasses import dataclass
from math import isinf

from clustersim.assemble.serving import deployment, requests_of, slo_of
from clustersim.des.serving.book import Requests
from clustersim.des.serving.deployment import Deployment, check_slo, with_request_time
from clustersim.des.serving.fit import Misfit, misfit
from clustersim.des.serving.metrics import Summary, summarise
from clustersim.des.serving.run import ServingRun
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.schema.serving import ServingPlan
from clustersim.workloads.serving import fewest_for

__all__ = ["Served", "served"]


@dataclass(frozen=True, slots=True)
class Served:
    """A deployment, the requests it was given, their run and its figures (seconds; tokens per second)."""

    deployment: Deployment
    requests: Requests
    run: ServingRun
    summary: Summary
    unfit: Misfit | None
    """Requests that fit no empty replica."""


def served(
    inputs: Inputs,
    work: ServingWorkload,
    plan: ServingPlan,
    requests: Requests | None = None,
) -> Served:
    """Run a workload's own traffic, or other requests, by a plan.

    Raises InfeasibleError where the model does not fit, where no request does, and where even an unloaded replica
    misses the service level.
    """
    deployed = deployment(inputs, work, plan)
    slo = slo_of(work, deployed.request_s)
    given = requests if requests is not None else requests_of(work, inputs.scenario.seed)[0]
    unfit = misfit(given, deployed.pool, deployed.decode_pool)
    if unfit is not None and unfit.all:
        raise unfit.error(fewest_for(inputs, work, unfit.needed_tokens))
    if not all(map(isinf, (slo.ttft_s, slo.tpot_s, slo.e2e_s))):
        check_slo(deployed, given, slo)
    run = deployed.simulate(given)
    return Served(deployed, given, run, with_request_time(summarise(run, slo), deployed.request_s), unfit)
