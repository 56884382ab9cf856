"""From the reliability and checkpoint sections of a scenario to the long run that the engine takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clustersim.assemble.failures import by_cause, component_failures, domain_failures
from clustersim.assemble.parts import needed
from clustersim.assemble.supernode_failures import link_failures
from clustersim.columns import least, most
from clustersim.des.training.components import YEAR_S
from clustersim.des.training.copies import CheckpointLevel, checkpoint_levels, partner_survival
from clustersim.des.training.log import FailureLog, read_failure_log
from clustersim.des.training.run import Contention, Extras, Recovery, Slowing, TrainingRun
from clustersim.errors import InputError
from clustersim.provenance import Sourced
from clustersim.schema.inputs import Inputs
from clustersim.schema.reliability import CheckpointLevel as CheckpointLevelSection

__all__ = ["Trained", "training_run", "training_run_of"]


@dataclass(frozen=True, slots=True)
class Trained:
    """What runs long: the size of what a checkpoint holds, and the step that turns steps into time."""

    parameters: float = 0.0
    step_time_s: float | None = None
    replicas: int = 1
    """Data-parallel replicas, of which an elastic job can lose one and go on."""
    time_shares: Mapping[str, float] = field(default_factory=dict)
    """Shares of the step by what it is spent on, where parts that are slow decide how long it takes."""


def training_run(inputs: Inputs, trained: Trained) -> TrainingRun:
    """Return the description of the long run.

    Raises InputError for what cannot be: components that do not exist, copies that fit nowhere, levels without an
    interval.
    """
    reliability, storage = inputs.reliability, inputs.storage
    nodes = inputs.servers
    size = trained.parameters * inputs.checkpoint.bytes_per_parameter.value
    extras = _extras(inputs, trained)
    _check_capacity(inputs, size, max(1, extras.retained))
    levels = _levels(inputs, size, nodes, _intervals(inputs, trained.step_time_s))
    log = FailureLog(())
    if reliability.log:
        log = read_failure_log(Path(reliability.log), reliability.log_start).within(
            reliability.duration.value
        )
    by_steps = inputs.checkpoint.counted_by == "steps" or any(x.steps for x in _sections(inputs).values())
    return TrainingRun(
        nodes=nodes,
        duration_s=reliability.duration.value,
        failures=(
            *component_failures(inputs, nodes),
            *domain_failures(inputs, nodes),
            *link_failures(inputs, trained.time_shares).failures,
        ),
        recovery=_recovery(inputs),
        levels=levels,
        spare_nodes=int(reliability.spares.hot.value),
        repair_s=reliability.repair_time.value,
        counted_by="steps" if by_steps else "time",
        extra_overhead=_interference(inputs, levels),
        extras=extras,
        contention=None
        if reliability.contention is None
        else Contention(
            bandwidth=storage.write_bandwidth.value,
            checkpoint_bytes=size,
            other_writes_per_s=reliability.contention.other_writes.value,
            other_bytes=reliability.contention.other_size.value,
        ),
        log=log.events,
        notes=log.notes,
    )


def training_run_of(inputs: Inputs, groups: Sequence[Inputs], trained: Trained) -> TrainingRun:
    """Return the long run of a job on some groups of unlike cards.

    Failures are those of every group, by cause; a copy is as slow as on the slowest of them, each with its part of the
    states; recovery is the site's at the cards of all. Of spares there is one pool.
    """
    if len(groups) == 1:
        return training_run(groups[0], trained)
    nodes = sum(group.servers for group in groups)
    each = [training_run(group, trained) for group in groups]
    intervals = _intervals(inputs, trained.step_time_s)
    size = trained.parameters * inputs.checkpoint.bytes_per_parameter.value
    levels = [_levels(group, size, nodes, intervals) for group in groups]
    worst = tuple(
        replace(
            same[0],
            **{name: most(*(getattr(level, name) for level in same)) for name in ("blocking_s", "lag_s", "restore_s")},
        )
        for same in zip(*levels, strict=True)
    )  # fmt: skip
    first = each[0]
    return replace(
        first,
        nodes=nodes,
        failures=by_cause([cause for run in each for cause in run.failures]),
        recovery=_recovery(inputs),
        levels=worst,
        spare_nodes=sum(run.spare_nodes for run in each),
        extra_overhead=_interference(inputs, worst),
        extras=replace(
            first.extras,
            slowed=tuple(slow for run in each for slow in run.extras.slowed),
            warm_spares=first.extras.warm_spares,
            cold_spares=first.extras.cold_spares,
            flap_per_s=most(*(run.extras.flap_per_s for run in each)),
        ),
        notes=tuple(dict.fromkeys(note for run in each for note in run.notes)),
    )


def _recovery(inputs: Inputs) -> Recovery:
    """The steps of a recovery at the cluster's size.

    A process restarts where it is; a server needs another, which takes at least a spare's swap; several at once need a
    new placement.
    """
    times, swap = inputs.reliability.recovery, inputs.reliability.spares.swap_time.value
    grown = 1.0
    if times.growth is not None and times.measured_at is not None:
        grown = (inputs.cards / times.measured_at.value) ** times.growth.value
    elif (times.growth is None) != (times.measured_at is None):
        raise InputError(
            "reliability.recovery: growth and measured_at belong together; give both, or leave both out"
        )
    node = times.reschedule.value
    process = times.reschedule_process.value if times.reschedule_process else node
    multi = times.reschedule_multi.value if times.reschedule_multi else node
    return Recovery(
        detect_s=times.detect.value,
        localise_s=times.localise.value * grown,
        reschedule_s=(process * grown, most(swap, node * grown), most(swap, multi * grown)),
        initialise_s=times.initialise.value * grown,
    )


def _sections(inputs: Inputs) -> dict[str, CheckpointLevelSection]:
    checkpoint = inputs.checkpoint
    return {"host": checkpoint.host, "partner": checkpoint.partner, "storage": checkpoint.storage}


def _intervals(inputs: Inputs, step_time_s: float | None) -> dict[str, float]:
    """Seconds between the copies of each level."""
    found = {}
    for name, level in _sections(inputs).items():
        if (level.interval is None) == (level.steps is None):
            raise InputError(f"checkpoint.{name}: give its interval or its steps, one of the two")
        if level.steps is not None:
            if step_time_s is None:
                raise InputError(
                    f"checkpoint.{name}.steps: counts optimizer steps, and nothing here is trained by steps"
                )
            found[name] = level.steps * step_time_s
        elif level.interval is not None:
            found[name] = level.interval.value
    return found


def _levels(
    inputs: Inputs, size: float, nodes: int, intervals: dict[str, float]
) -> tuple[CheckpointLevel, ...]:
    """The three levels, by the links that their copies take."""
    checkpoint, storage = inputs.checkpoint, inputs.storage
    per_server = inputs.parts.server.cards.value
    host_link = inputs.parts.card.host_link
    host = checkpoint.host.bandwidth or (host_link.bandwidth if host_link else None)
    partner = checkpoint.partner.bandwidth
    nic = inputs.parts.nic.rate.value * inputs.parts.nic.efficiency.value
    nic *= inputs.scenario.cluster.nics_per_card.value
    partners = int(checkpoint.partners.value) if checkpoint.partners else 1
    shared = inputs.reliability.shared
    survival = 0.0
    if shared is not None:
        survival = partner_survival(
            nodes=nodes,
            partners=partners,
            failed=min(nodes, int(shared.servers.value)),
            placement=checkpoint.placement,
        )
    levels = checkpoint_levels(
        partners=partners,
        checkpoint_bytes=size,
        nodes=nodes,
        host_interval_s=intervals["host"],
        partner_interval_s=intervals["partner"],
        storage_interval_s=intervals["storage"],
        host_bandwidth=needed(host, f"cards.{inputs.parts.card.name}.host_link.bandwidth") * per_server,
        partner_bandwidth=partner.value if partner else nic * per_server,
        storage_write_bandwidth=storage.write_bandwidth.value,
        storage_read_bandwidth=storage.read_bandwidth.value,
        asynchronous=checkpoint.asynchronous,
        partner_survival=survival,
    )
    share = checkpoint.corrupt_share
    return levels if share is None else tuple(replace(level, corrupt_share=share.value) for level in levels)


def _check_capacity(inputs: Inputs, size: float, copies: int) -> None:
    """The copies that are kept, and the one being written, must fit the storage."""
    capacity = inputs.storage.capacity.value
    if (copies + 1) * size > capacity:
        raise InputError(
            f"cluster.storage.capacity: {copies} checkpoints of {size / 1e12:.3g} TB and the one being written need"
            f" {(copies + 1) * size / 1e12:.3g} TB; the storage holds {capacity / 1e12:.3g} TB"
        )


def _interference(inputs: Inputs, levels: tuple[CheckpointLevel, ...]) -> float:
    """Share of running time that copies on the network slow training: slow-down x share of the time they travel."""
    slows = inputs.checkpoint.interference
    if slows is None:
        return 0.0
    travelling = sum(most(0.0, v.lag_s - v.blocking_s) / v.interval_s for v in levels if v.name != "host")
    return slows.value * least(1.0, travelling)  # type: ignore[no-any-return]


def _slowed(inputs: Inputs, trained: Trained) -> tuple[Slowing, ...]:
    """Degraded parts: one slow link or card makes the whole step wait for it, 1 + share x (1 / left - 1) times as long.

    Raises InputError where a section says its effect not once, or where no step is known on which it could have one.
    """
    found = []
    for name, part in inputs.reliability.degradations.items():
        key = f"reliability.degradations.{name}"
        effects = {
            k: v for k in ("bandwidth_left", "clock_left", "slowdown") if (v := getattr(part, k)) is not None
        }
        if len(effects) != 1:
            raise InputError(
                f"{key}: give one of bandwidth_left, clock_left and slowdown; it has {len(effects)}"
            )
        (effect, value), slowdown = *effects.items(), 1.0
        if effect == "slowdown":
            slowdown = value.value
        elif not trained.time_shares:
            raise InputError(f"{key}.{effect}: nothing here is trained by steps; give its slowdown")
        else:
            spent = trained.time_shares["network" if effect == "bandwidth_left" else "compute"]
            slowdown = 1.0 + spent * (1.0 / value.value - 1.0)
        rate = inputs.cards * part.per_year.value / YEAR_S / inputs.reliability.mttf_scale.value
        found.append(Slowing(per_s=rate, length_s=part.found_after.value, slowdown=slowdown))
    return tuple(found)


#: Keys of the file whose engine field has its unit in the name.
_EXTRA_NAMES = {
    "infant_decay": "infant_decay_s", "burst_gap": "burst_gap_s", "hang_timeout": "hang_timeout_s",
    "sdc_delay": "sdc_delay_s", "straggler_rate": "straggler_per_s", "straggler_time": "straggler_s",
    "warm_time": "warm_s", "cold_time": "cold_s",
}  # fmt: skip
_WHOLE = ("warm_spares", "cold_spares", "technicians", "retained")


def _extras(inputs: Inputs, trained: Trained) -> Extras:
    """What the file turns on; every key that is absent keeps the engine's neutral value."""
    reliability, given = inputs.reliability, dict[str, Any]()
    section = reliability.extras
    for key in type(section).model_fields:
        value = getattr(section, key)
        if value is not None:
            number = value.value if isinstance(value, Sourced) else value
            given[_EXTRA_NAMES.get(key, key)] = int(number) if key in _WHOLE else number
    if reliability.recovery.restart_fails is not None:
        given["restart_fails"] = reliability.recovery.restart_fails.value
    if reliability.maintenance is not None and not reliability.maintenance.rolling:
        given["maintenance_every_s"] = reliability.maintenance.interval.value
        given["maintenance_s"] = reliability.maintenance.time.value
    if reliability.link_flaps is not None:
        given["flap_per_s"], given["flap_s"] = (
            reliability.link_flaps.rate.value,
            reliability.link_flaps.time.value,
        )
    links = link_failures(inputs, trained.time_shares)
    given["slowed"] = (*_slowed(inputs, trained), *links.slowed)
    if links.stalls_per_s:
        # Stalls of several kinds: as often as all together, as long as their mean.
        often, long = given.get("flap_per_s", 0.0), given.get("flap_s", 0.0)
        given["flap_per_s"] = often + links.stalls_per_s
        given["flap_s"] = (often * long + links.stalls_per_s * links.stall_s) / given["flap_per_s"]
    if reliability.elastic is not None:
        given["elastic_replicas"] = trained.replicas
        given["elastic_stall_s"] = reliability.elastic.stall.value
    return Extras(**given)
