"""A training workload as the engine takes it: the job without a plan, a stated plan, and a found plan as a section."""

from __future__ import annotations

from dataclasses import replace

from clustersim.assemble.calibrated import calibrated_stack
from clustersim.assemble.parts import card_spec, model_spec, network_spec
from clustersim.assemble.software import constants_of, port_factor, stack_software
from clustersim.perf.job import TrainJob
from clustersim.perf.plan import Plan, Software
from clustersim.schema.demand import TrainingWorkload
from clustersim.schema.find_software import find_software
from clustersim.schema.inputs import Inputs
from clustersim.schema.lookup import exact_name
from clustersim.schema.profiles import CardProfile
from clustersim.schema.software import StackConstants
from clustersim.schema.training import PlanSection

__all__ = ["plan_section", "plan_spec", "software_spec", "train_job"]


def plan_spec(work: TrainingWorkload, plan: PlanSection, card: CardProfile) -> Plan:
    """Return the parallel plan, with the software that runs it on a card."""
    return Plan(**plan.model_dump(), software=software_spec(work, card))


def software_spec(work: TrainingWorkload, card: CardProfile) -> Software:
    """Return what the training software adds or leaves out: a named stack's constants, replaced by the stated ones.

    Without a name, what the file leaves out keeps the engine's value, but for the factor of software that is new to
    the cards of a maker.
    """
    section = work.software
    given = constants_of(section, StackConstants.model_fields)
    if section.name is None:
        plain = Software(**{"kernel_factor": port_factor("", card), **given})
        return calibrated_stack(plain, card.calibrated)
    profile = find_software(section.name, role="training").profile
    formats = (work.dtype, work.recipe) if work.recipe else (work.dtype,)
    model = exact_name("hwprofiles/models", work.model) or ""
    found = calibrated_stack(stack_software(profile, card, *formats, model=model), card.calibrated)
    return replace(found, **given)


def plan_section(plan: Plan) -> PlanSection:
    """Return a plan as it stands in a file."""
    return PlanSection(**{name: getattr(plan, name) for name in PlanSection.model_fields})


def train_job(inputs: Inputs, work: TrainingWorkload) -> TrainJob:
    """Return the job of a workload; with its stated plan, or with the software alone where the plan is searched for."""
    card = inputs.parts.card
    software = Plan(software=software_spec(work, card))
    plan = software if work.plan == "best" else plan_spec(work, work.plan, card)
    return TrainJob(
        card=card_spec(card),
        network=network_spec(inputs),
        model=model_spec(inputs.model(work)),
        plan=plan,
        cards=inputs.cards,
        global_batch=work.global_batch,
        seq_len=work.seq_len,
        dtype=work.dtype,
    )
