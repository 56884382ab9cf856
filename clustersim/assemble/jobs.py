"""From the sections of a scenario to the jobs, services, site, policy and failures of a shared site's simulation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from clustersim.assemble.parts import model_spec
from clustersim.assemble.reliability import Trained, training_run_of
from clustersim.des.jobs.book import SharedRun
from clustersim.des.jobs.engine import simulate_shared
from clustersim.des.jobs.generate import JobClass, JobMix, draw_jobs
from clustersim.des.jobs.model import Breaks, Job, Policy, ServerGroup, Service, Site
from clustersim.des.jobs.traces import JobTrace, read_jobs
from clustersim.des.training.run import TrainingRun
from clustersim.errors import InputError
from clustersim.fabric.parts import nics_per_leaf
from clustersim.provenance import Sourced
from clustersim.schema.demand import JobsWorkload
from clustersim.schema.inputs import Inputs
from clustersim.schema.jobs import MOST_DRAWN, ClassSection, DrawnSection, JobSection, PolicySection

__all__ = ["SharedInputs", "shared_inputs"]

#: What of a long run a queue of jobs reads; a scenario that states more is told so.
_READ = ("technicians", "maintenance_every_s", "maintenance_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedInputs:
    """All that the simulation takes."""

    jobs: tuple[Job, ...]
    services: tuple[Service, ...]
    site: Site
    policy: Policy
    breaks: Breaks
    duration_s: float
    seed: int
    notes: tuple[str, ...]

    def run(self) -> SharedRun:
        """Simulate the site from its seed."""
        return simulate_shared(
            self.jobs,
            site=self.site,
            duration_s=self.duration_s,
            rng=np.random.default_rng(self.seed),
            services=self.services,
            policy=self.policy,
            breaks=self.breaks,
        )

    def with_servers(self, more: int) -> SharedInputs:
        """Return the same with that many more servers of the first group."""
        first, *rest = self.site.groups
        groups = (replace(first, count=first.count + more), *rest)
        return replace(self, site=replace(self.site, groups=groups))


def shared_inputs(inputs: Inputs, work: JobsWorkload) -> SharedInputs:
    """Return what the simulation takes of a workload of jobs on its site.

    Raises InputError for a trace that cannot be read and for what the long run refuses.
    """
    parameters = model_spec(inputs.model(work)).parameters if work.model is not None else 0.0
    groups = inputs.groups or (inputs,)
    run = training_run_of(inputs, groups, Trained(parameters))
    partner = next(level.interval_s for level in run.levels if level.name == "partner")
    restart = run.recovery.total_s("node")
    site = Site(
        groups=tuple(
            ServerGroup(count=one.servers, cards=int(one.parts.server.cards.value), card=one.parts.card.name)
            for one in groups
        ),
        servers_per_leaf=min(_servers_per_leaf(one) for one in groups),
    )
    per_server = _cards_per_server(inputs, site, work.jobs)
    listed = [_job(one, per_server, partner, restart) for one in work.jobs]
    trace = None if work.trace is None else read_jobs(work.trace.file, work.trace.layout)
    traced = [replace(job, checkpoint_s=partner, restart_s=restart) for job in trace.jobs] if trace else []
    seed = inputs.scenario.seed
    drawn = [] if work.drawn is None else _drawn(work.drawn, site, run.duration_s, seed, (partner, restart))
    services = tuple(
        Service(name=s.name, servers_by_hour=s.servers_by_hour, tenant=s.tenant, priority=s.priority)
        for s in work.services
    )
    jobs = (*listed, *traced, *drawn)
    _check_tenants(work.policy, {job.tenant for job in jobs} | {one.tenant for one in services})
    return SharedInputs(
        jobs=jobs,
        services=services,
        site=site,
        policy=_policy(work.policy),
        breaks=_breaks(inputs, run),
        duration_s=run.duration_s,
        seed=seed,
        notes=(*_trace_notes(trace), *_not_read(inputs, run), *_unlike(inputs)),
    )


def _cards_per_server(inputs: Inputs, site: Site, jobs: Sequence[JobSection]) -> int:
    """Cards of a server; raises InputError for jobs that ask whole servers where servers are unlike."""
    sizes = {group.cards for group in site.groups}
    asked = [one.name for one in jobs if one.nodes is not None]
    if len(sizes) > 1 and asked:
        raise InputError(
            f"{inputs.file}: job {asked[0]}: nodes says how many servers, and those of this site have"
            f" {', '.join(map(str, sorted(sizes)))} cards; say cards instead"
        )
    return site.groups[0].cards


def _unlike(inputs: Inputs) -> tuple[str, ...]:
    """What is said of a queue on unlike cards."""
    if not inputs.groups:
        return ()
    return (
        "a job stands on cards of one group, the first that has room in the order of cluster.groups, and runs as long"
        " on any: say card_types of jobs whose work is stated for some cards",
    )


def _check_tenants(policy: PolicySection, tenants: set[str]) -> None:
    """Refuse a quota or a weight of somebody who has no job: it would bind nobody, in silence."""
    named = [
        (kind, one) for kind in ("quotas", "weights") for one in getattr(policy, kind) if one not in tenants
    ]
    if named:
        known = ", ".join(sorted(tenant for tenant in tenants if tenant)) or "none is named"
        told = "\n".join(f"policy.{kind}: no job or service has the tenant {one!r}" for kind, one in named)
        raise InputError(f"{told}\ntenants of this workload: {known}")


def _value(number: Sourced | None) -> float | None:
    return None if number is None else number.value


def _job(one: JobSection, per_server: int, checkpoint_s: float, restart_s: float) -> Job:
    cards = one.cards.value if one.cards is not None else one.nodes.value * per_server if one.nodes else 0.0
    return Job(
        name=one.name,
        cards=cards,
        work_s=one.work.value,
        arrives_s=one.arrives.value if one.arrives else 0.0,
        tenant=one.tenant,
        priority=one.priority,
        checkpoint_s=checkpoint_s,
        restart_s=restart_s,
        limit_s=_value(one.limit),
        min_cards=_value(one.min_cards),
        card_types=tuple(one.card_types),
        patience_s=_value(one.patience),
        outcome=one.outcome,
    )


def _drawn(
    drawn: DrawnSection, site: Site, duration_s: float, seed: int, pauses: tuple[float, float]
) -> list[Job]:
    classes = [_class(one) for one in drawn.classes]
    weights = sum(one.weight for one in classes)
    mean = sum(one.weight * one.mean_card_s for one in classes) / weights
    count = drawn.jobs or max(
        1, round((drawn.load.value if drawn.load else 0.0) * site.cards * duration_s / mean)
    )
    if count > MOST_DRAWN:
        raise InputError(
            f"drawn.load asks {count:,} jobs in {duration_s / 86400.0:g} days, of {mean / 3600.0:.3g} card-hours each;"
            f" at most {MOST_DRAWN:,} are drawn: shorten reliability.duration, or draw fewer, longer jobs"
        )
    mix = JobMix(classes=classes, jobs=count, swing=drawn.swing.value)
    rng = np.random.default_rng(np.random.SeedSequence(seed).spawn(1)[0])
    return draw_jobs(mix, span_s=duration_s, rng=rng, checkpoint_s=pauses[0], restart_s=pauses[1])


def _class(one: ClassSection) -> JobClass:
    return JobClass(
        cards=one.cards.value,
        weight=one.weight.value,
        median_s=one.median.value,
        p90_s=one.p90.value,
        tenant=one.tenant,
        priority=one.priority,
        failed_share=one.failed_share.value,
        min_cards=_value(one.min_cards),
    )


def _policy(section: PolicySection) -> Policy:
    return Policy(
        order=section.order,
        backfill=section.backfill,
        preempt=section.preempt,
        quotas={tenant: cards.value for tenant, cards in section.quotas.items()},
        weights={tenant: weight.value for tenant, weight in section.weights.items()},
        half_life_s=section.half_life.value,
    )


def _breaks(inputs: Inputs, run: TrainingRun) -> Breaks:
    process = sum(c.rate_per_s for c in run.failures if c.domain == "process")
    maintenance = inputs.reliability.maintenance
    return Breaks(
        server_per_s=(run.rate_per_s - process) / run.nodes,
        process_per_s=process / run.nodes,
        repair_s=run.repair_s,
        spares=run.spare_nodes,
        swap_s=inputs.reliability.spares.swap_time.value,
        technicians=run.extras.technicians,
        maintenance_every_s=maintenance.interval.value if maintenance else 0.0,
        maintenance_s=maintenance.time.value if maintenance else 0.0,
        rolling=maintenance.rolling if maintenance else False,
    )


def _servers_per_leaf(inputs: Inputs) -> int:
    """Servers below one leaf switch; on rails, those whose NICs of one rail a leaf takes. 0 without a fabric."""
    cluster, parts = inputs.scenario.cluster, inputs.parts
    if cluster.fabric is None or parts.switch_or_none is None:
        return 0
    per_port = max(1, math.floor(parts.switch.port_rate.value / parts.nic.rate.value))
    nics = max(1, round(cluster.nics_per_card.value * parts.server.cards.value))
    rails = cluster.fabric.topology == "rail_optimized"
    whole = 1 if rails else nics
    taken = nics_per_leaf(
        per_port, int(parts.switch.ports.value), cluster.fabric.oversubscription.value, whole
    )
    return max(1, taken // whole)


def _trace_notes(trace: JobTrace | None) -> list[str]:
    if trace is None:
        return []
    return [f"{trace.name}: {count} lines left out: {reason}" for reason, count in trace.left_out.items()]


def _not_read(inputs: Inputs, run: TrainingRun) -> list[str]:
    """Say what of the reliability section a queue of jobs does not read."""
    section = inputs.reliability
    extras = [key for key in type(section.extras).model_fields if key not in _READ]
    unread = [f"extras.{key}" for key in extras if getattr(section.extras, key) is not None]
    unread += [key for key in ("contention", "log", "elastic", "link_flaps") if getattr(section, key)]
    unread += [key for key in ("weibull_shape", "repair_times", "domains") if getattr(section, key)]
    if any(c.domain == "multi" for c in run.failures):
        unread.append("failures that reach several servers (each takes one)")
    return [f"the queue of jobs does not read reliability: {', '.join(unread)}"] if unread else []
