"""A training workload as the engine takes it: the job without a plan, a stated plan, and a found plan as a section."""

from __future__ import annotations

from typing import Any

from clustersim.assemble.parts import card_spec, model_spec, network_spec
from clustersim.perf.job import TrainJob
from clustersim.perf.plan import Plan, Software
from clustersim.provenance import Sourced
from clustersim.schema.demand import TrainingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.schema.training import PlanSection, SoftwareSection

__all__ = ["plan_section", "plan_spec", "software_spec", "train_job"]


def plan_spec(work: TrainingWorkload, plan: PlanSection) -> Plan:
    """Return the parallel plan, with the software that runs it."""
    return Plan(**plan.model_dump(), software=software_spec(work.software))


#: Keys of the file whose engine field has its unit in the name.
_SOFTWARE_NAMES = {
    "layer_overhead": "layer_overhead_s", "host_layer": "host_layer_s", "expert_overhead": "expert_overhead_s",
    "runtime_memory": "runtime_bytes",
}  # fmt: skip


def software_spec(section: SoftwareSection) -> Software:
    """Return what the training software adds or leaves out; what the file leaves out keeps the engine's value."""
    given: dict[str, Any] = {}
    for key in type(section).model_fields:
        value = getattr(section, key)
        if value is not None:
            given[_SOFTWARE_NAMES.get(key, key)] = value.value if isinstance(value, Sourced) else value
    return Software(**given)


def plan_section(plan: Plan) -> PlanSection:
    """Return a plan as it stands in a file."""
    return PlanSection(**{name: getattr(plan, name) for name in PlanSection.model_fields})


def train_job(inputs: Inputs, work: TrainingWorkload) -> TrainJob:
    """Return the job of a workload; with its stated plan, or with the software alone where the plan is searched for."""
    plan = Plan(software=software_spec(work.software)) if work.plan == "best" else plan_spec(work, work.plan)
    return TrainJob(
        card=card_spec(inputs.parts.card),
        network=network_spec(inputs),
        model=model_spec(inputs.model(work)),
        plan=plan,
        cards=inputs.cards,
        global_batch=work.global_batch,
        seq_len=work.seq_len,
        dtype=work.dtype,
    )
