"""From the reliability and checkpoint sections of a scenario to the long run that the engine takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from clustersim.assemble.parts import needed
from clustersim.des.training.components import FailureClass, failure_classes
from clustersim.des.training.log import read_failure_log
from clustersim.des.training.run import (
    CheckpointLevel,
    Contention,
    Extras,
    Recovery,
    TrainingRun,
    checkpoint_levels,
)
from clustersim.errors import InputError, suggest
from clustersim.provenance import Sourced
from clustersim.schema.inputs import Inputs
from clustersim.schema.reliability import CheckpointSection, ExtrasSection, RecoverySection

__all__ = ["training_run"]


def _reschedule(times: RecoverySection) -> tuple[float, float, float]:
    """A process restarts where it is; a server needs another; several at once need a new placement."""
    node = times.reschedule.value
    process = times.reschedule_process.value if times.reschedule_process else node
    multi = times.reschedule_multi.value if times.reschedule_multi else node
    return process, node, multi


def training_run(inputs: Inputs, parameters: float) -> TrainingRun:
    """Return the description of the long run of a model with so many parameters."""
    reliability, checkpoint, storage = inputs.reliability, inputs.checkpoint, inputs.storage
    nodes, parts = inputs.servers, inputs.parts
    per_server = parts.server.cards.value
    host_link = parts.card.host_link
    host = checkpoint.host.bandwidth or (host_link.bandwidth if host_link else None)
    partner = checkpoint.partner.bandwidth
    nic = parts.nic.rate.value * parts.nic.efficiency.value * inputs.scenario.cluster.nics_per_card.value
    times = reliability.recovery
    size = parameters * checkpoint.bytes_per_parameter.value
    return TrainingRun(
        nodes=nodes,
        duration_s=reliability.duration.value,
        failures=_failures(inputs, nodes),
        recovery=Recovery(
            detect_s=times.detect.value,
            localise_s=times.localise.value,
            reschedule_s=_reschedule(times),
            initialise_s=times.initialise.value,
        ),
        levels=_levels(
            checkpoint,
            partners=int(checkpoint.partners.value) if checkpoint.partners else 1,
            checkpoint_bytes=size,
            nodes=nodes,
            host_interval_s=checkpoint.host.interval.value,
            partner_interval_s=checkpoint.partner.interval.value,
            storage_interval_s=checkpoint.storage.interval.value,
            host_bandwidth=needed(host, f"cards.{parts.card.name}.host_link.bandwidth") * per_server,
            partner_bandwidth=partner.value if partner else nic * per_server,
            storage_write_bandwidth=storage.write_bandwidth.value,
            storage_read_bandwidth=storage.read_bandwidth.value,
        ),
        spare_nodes=int(reliability.spares.hot.value),
        repair_s=reliability.repair_time.value,
        extras=_extras(reliability.extras),
        contention=None
        if reliability.contention is None
        else Contention(
            bandwidth=storage.write_bandwidth.value,
            checkpoint_bytes=size,
            other_writes_per_s=reliability.contention.other_writes.value,
            other_bytes=reliability.contention.other_size.value,
        ),
        log=read_failure_log(Path(reliability.log)) if reliability.log else (),
    )


def _failures(inputs: Inputs, nodes: int) -> tuple[FailureClass, ...]:
    """The component table at the cluster's size, with the scenario's rates and shapes."""
    reliability = inputs.reliability
    classes = failure_classes(
        cards=inputs.cards,
        nodes=nodes,
        mttf_scale=reliability.mttf_scale.value,
        per_year={name: rate.value for name, rate in reliability.failures_per_year.items()},
    )
    names = [c.name for c in classes]
    for name in reliability.weibull_shape:
        if name not in names:
            raise InputError(f"reliability.weibull_shape.{name}: unknown component; {suggest(name, names)}")
    shapes = {name: shape.value for name, shape in reliability.weibull_shape.items()}
    return tuple(replace(c, shape=shapes.get(c.name, 1.0)) for c in classes)


def _levels(checkpoint: CheckpointSection, **sizes: Any) -> tuple[CheckpointLevel, ...]:
    """The three levels, with the share of copies that turn out corrupted."""
    share = checkpoint.corrupt_share
    levels = checkpoint_levels(**sizes)
    return levels if share is None else tuple(replace(level, corrupt_share=share.value) for level in levels)


#: Keys of the file whose engine field has its unit in the name.
_EXTRA_NAMES = {
    "infant_decay": "infant_decay_s", "burst_gap": "burst_gap_s", "hang_timeout": "hang_timeout_s",
    "sdc_delay": "sdc_delay_s", "straggler_rate": "straggler_per_s", "straggler_time": "straggler_s",
    "warm_time": "warm_s", "cold_time": "cold_s",
}  # fmt: skip
_WHOLE = ("warm_spares", "cold_spares", "technicians", "retained")


def _extras(section: ExtrasSection) -> Extras:
    """What the file turns on; every key that is absent keeps the engine's neutral value."""
    given: dict[str, Any] = {}
    for key in type(section).model_fields:
        value = getattr(section, key)
        if value is not None:
            number = value.value if isinstance(value, Sourced) else value
            given[_EXTRA_NAMES.get(key, key)] = int(number) if key in _WHOLE else number
    return Extras(**given)
