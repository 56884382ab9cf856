"""Jobs of several teams on the site: which share of the card-hours does useful work."""

from __future__ import annotations

from dataclasses import dataclass

from clustersim.assemble.jobs import SharedInputs, shared_inputs
from clustersim.des.jobs.book import SharedRun
from clustersim.des.jobs.summary import headline
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
    """What was simulated, and the account of it."""

    shared: SharedInputs
    run: SharedRun


def work_of(inputs: Inputs, name: str, work: JobsWorkload, cache: StageCache) -> Work:
    """Return what the jobs make of the site's card-hours: card-hours of useful work.

    Raises InfeasibleError where nothing useful is done.
    """
    shared = shared_inputs(inputs, work)
    run = cache.get("jobs", shared, shared.run)
    if run.useful_share <= 0:
        raise InfeasibleError(
            f"{inputs.file}: demand.{name}: no job does useful work within {shared.duration_s / 86400:g} days"
        )
    product = Product("useful_card_hour", run.useful_share)
    return Work(
        name=name,
        kind="jobs",
        share=inputs.scenario.shares[name],
        # A job states its work in hours of the card that it runs on: the card is part of what is asked.
        asked={**identity(work), "card": inputs.card_words},
        main=product,
        products=(product,),
        load=Load(*BUSY, run.utilisation),
        service={"useful_share": run.useful_share, **_waits(run)},
        rates={"utilisation": run.utilisation},
        terms={
            "useful_share": run.useful_share,
            "unsuccessful_share": run.unsuccessful_share,
            "lost_share": run.lost_share,
            "down_share": run.down_share,
            "idle_share": run.idle_share,
        },
        layout={},
        notes=(
            "the power of busy cards is that of a middling training step: the jobs' programs are not described",
            *shared.notes,
        ),
        detail=JobsDetail(shared, run),
    )


def _waits(run: SharedRun) -> dict[str, float]:
    """What the owners of jobs and services feel: waits, jobs that are through, and service hours that were met."""
    told = headline(run)
    names = ("wait_p50_h", "wait_p95_h", "finished", "service_met_share")
    return {name: float(told[name]) for name in names if told[name] is not None}
