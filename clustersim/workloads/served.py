"""One run of a serving workload's own traffic on its replicas: what `serve` prints, and what a published row states."""

from __future__ import annotations

from dataclasses import dataclass

from clustersim.assemble.serving import deployment
from clustersim.assemble.traffic import requests_of, slo_of
from clustersim.des.serving.book import Requests
from clustersim.des.serving.deployment import Deployment, check_slo, with_request_time
from clustersim.des.serving.fit import Misfit, misfit
from clustersim.des.serving.metrics import Slo, Summary, summarise
from clustersim.des.serving.run import ServingRun
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.schema.serving import ServingPlan
from clustersim.workloads.serving_plans import fewest_for

__all__ = ["Prepared", "Served", "prepare", "served"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A deployment and the requests that it is given, checked against each other and the service level."""

    deployment: Deployment
    requests: Requests
    slo: Slo
    unfit: Misfit | None
    """Requests that fit no empty replica."""


@dataclass(frozen=True, slots=True)
class Served:
    """The run of all its requests, start and drain included, and its figures (seconds; tokens per second)."""

    deployment: Deployment
    run: ServingRun
    summary: Summary


def prepare(
    inputs: Inputs, work: ServingWorkload, plan: ServingPlan, requests: Requests | None = None
) -> Prepared:
    """Return what is run: a workload's own traffic, or other requests, on its replicas by a plan.

    Raises InfeasibleError where the model does not fit, where no request does, and where even an unloaded replica
    misses the service level.
    """
    deployed = deployment(inputs, work, plan)
    slo = slo_of(work, deployed.request_s)
    given = requests if requests is not None else requests_of(work, inputs.scenario.seed)[0]
    unfit = misfit(given, deployed.pool, deployed.decode_pool)
    if unfit is not None and unfit.all:
        raise unfit.error(fewest_for(inputs, work, unfit.needed_tokens))
    if slo.bounds:
        check_slo(deployed, given, slo)
    return Prepared(deployed, given, slo, unfit)


def served(inputs: Inputs, work: ServingWorkload, plan: ServingPlan) -> Served:
    """Run a workload's own traffic whole; raises as ``prepare``."""
    ready = prepare(inputs, work, plan)
    run = ready.deployment.simulate(ready.requests)
    return Served(
        ready.deployment, run, with_request_time(summarise(run, ready.slo), ready.deployment.request_s)
    )
