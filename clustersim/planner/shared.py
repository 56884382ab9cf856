"""A shared site asked again: with one more server, another policy, or the jobs of a trace on a table of servers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clustersim.assemble.jobs import SharedInputs
from clustersim.des.jobs.model import Breaks, Policy, Site
from clustersim.des.jobs.summary import headline
from clustersim.des.jobs.traces import read_jobs, read_servers

__all__ = ["replay", "what_if"]

_COLUMNS = ("useful_share", "utilisation", "wait_p50_h", "wait_p95_h", "finished", "service_met_share")


def what_if(shared: SharedInputs) -> list[dict[str, Any]]:
    """Return one row a change: today's policy, one more server, and each other order and backfill.

    ``useful_card_h`` is comparable between rows; the shares are of each row's own cards.
    """
    policy = shared.policy
    changes = [("as it is", shared), ("one more server", shared.with_servers(1))]
    if policy.order != "recorded":
        orders = [order for order in ("arrival", "fair_share", "shortest") if order != policy.order]
        fills = [fill for fill in ("reserve", "ahead", "none") if fill != policy.backfill]
        changes += [(f"order: {o}", replace(shared, policy=replace(policy, order=o))) for o in orders]
        changes += [(f"backfill: {f}", replace(shared, policy=replace(policy, backfill=f))) for f in fills]
        turned = replace(policy, preempt=not policy.preempt)
        words = "without pre-emption" if policy.preempt else "with pre-emption"
        changes.append((words, replace(shared, policy=turned)))
    return [_row(change, one) for change, one in changes]


def _row(change: str, shared: SharedInputs) -> dict[str, Any]:
    run = shared.run()
    told = headline(run)
    hours = run.useful_share * run.cards * run.duration_s / 3600.0
    return {"change": change, "useful_card_h": hours, **{column: told[column] for column in _COLUMNS}}


def replay(trace: str, layout: str, servers: str, policy: Policy, seed: int) -> SharedInputs:
    """Return a trace of jobs on a table of servers, without failures, until the last recorded end.

    Raises InputError for files that cannot be read and InfeasibleError for a job that no server holds.
    """
    read = read_jobs(trace, layout)
    ends = [(job.starts_s if job.starts_s is not None else job.arrives_s) + job.work_s for job in read.jobs]
    notes = [f"{read.name}: {count} lines left out: {reason}" for reason, count in read.left_out.items()]
    return SharedInputs(
        jobs=read.jobs,
        services=(),
        site=Site(groups=read_servers(servers)),
        policy=policy,
        breaks=Breaks(),
        duration_s=max(ends),
        seed=seed,
        notes=tuple(notes),
    )
