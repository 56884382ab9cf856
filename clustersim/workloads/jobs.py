"""Jobs of several teams on the site: which share of the card-hours does useful work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersim.assemble.parts import model_spec
from clustersim.assemble.reliability import Trained, training_run
from clustersim.des.training.jobs import ClusterDay, Job, simulate_jobs
from clustersim.errors import InfeasibleError
from clustersim.schema.demand import JobsWorkload, identity
from clustersim.schema.inputs import Inputs
from clustersim.workloads.work import Load, Product, StageCache, Work

__all__ = ["JobsDetail", "work_of"]

#: Use of a busy card by jobs whose programs are not described: tensor units, memory and links of a training step of
#: middling efficiency (assumption).
BUSY = (0.5, 0.4, 0.2)


@dataclass(frozen=True, slots=True)
class JobsDetail:
    """The simulated queue."""

    day: ClusterDay
    servers: int


def work_of(inputs: Inputs, name: str, work: JobsWorkload, cache: StageCache) -> Work:
    """Return what the jobs make of the site's card-hours: card-hours of useful work.

    Raises InfeasibleError where nothing useful is done.
    """
    parameters = model_spec(inputs.model(work)).parameters if work.model is not None else 0.0
    run = training_run(inputs, Trained(parameters))
    nodes = inputs.servers
    partner = next(level.interval_s for level in run.levels if level.name == "partner")
    jobs = [
        Job(
            name=job.name,
            nodes=int(job.nodes.value),
            work_s=job.work.value,
            arrives_s=job.arrives.value if job.arrives else 0.0,
            priority=job.priority,
            checkpoint_s=partner,
            restart_s=run.recovery.total_s("node"),
        )
        for job in work.jobs
    ]
    seed, length, rate = inputs.scenario.seed, inputs.reliability.duration.value, run.rate_per_s / nodes
    day = cache.get(
        "jobs",
        (jobs, nodes, rate, length, seed),
        lambda: simulate_jobs(
            jobs, nodes=nodes, failures_per_node_s=rate, duration_s=length, rng=np.random.default_rng(seed)
        ),
    )
    if day.useful_share <= 0:
        raise InfeasibleError(
            f"{inputs.file}: demand.{name}: no job does useful work within {length / 86400:g} days"
        )
    product = Product("useful_card_hour", day.useful_share)
    return Work(
        name=name,
        kind="jobs",
        share=inputs.scenario.shares[name],
        # A job states its work in hours of the card that it runs on: the card is part of what is asked.
        asked={**identity(work), "card": inputs.parts.card.name},
        main=product,
        products=(product,),
        load=Load(*BUSY, day.useful_share + day.lost_share),
        service={"useful_share": day.useful_share},
        rates={"utilisation": day.utilisation},
        terms={"useful_share": day.useful_share, "lost_share": day.lost_share, "idle_share": day.idle_share},
        layout={},
        notes=(
            "the power of busy cards is that of a middling training step: the jobs' programs are not described",
        ),
        detail=JobsDetail(day, nodes),
    )
