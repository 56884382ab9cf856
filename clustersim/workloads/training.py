"""Training: the step by the stated or the best plan, the long run with its failures, and the tokens that are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from clustersim.assemble.parts import card_spec, network_spec
from clustersim.assemble.reliability import Trained, training_run
from clustersim.assemble.training import train_job
from clustersim.columns import places, values_of
from clustersim.des.training.fidelity import Expected, expected_goodput
from clustersim.des.training.run import TrainingRun
from clustersim.errors import InfeasibleError, InputError
from clustersim.intervals.maturity import established
from clustersim.perf.binds import time_shares
from clustersim.perf.job import TrainJob
from clustersim.perf.memory import memory_per_card
from clustersim.perf.plan import Plan
from clustersim.perf.search import PlanSpace
from clustersim.perf.serving_checks import length_words
from clustersim.perf.shortlist import (
    LEAN,
    Choice,
    KindError,
    PlanErrors,
    choose,
    fastest_rate,
    kind_of,
    shortlist,
)
from clustersim.perf.step import StepTime, estimate_step, train_step
from clustersim.reading.guarded import Text, read_text
from clustersim.reading.tables import parse_table
from clustersim.schema.demand import TrainingWorkload, identity
from clustersim.schema.find_software import find_software
from clustersim.schema.inputs import Inputs
from clustersim.workloads.work import Load, Product, StageCache, Work

__all__ = [
    "TrainingDetail",
    "fit_words",
    "length_said",
    "plan_errors",
    "planned_job",
    "rate_of",
    "space_of",
    "step_of",
    "trained",
    "work_of",
]


#: Below this share of its time a run keeps nothing, and its tokens have no cost.
NO_PROGRESS = 1e-9


@dataclass(frozen=True, slots=True)
class TrainingDetail:
    """The training job with its plan, its step and its long run."""

    job: TrainJob
    choice: Choice | None
    """How the plan was found; nothing for a stated plan."""
    step: StepTime
    run: TrainingRun
    expected: Expected

    @property
    def goodput_tokens_per_s(self) -> float:
        """Tokens per second that are kept, failures and checkpoints included."""
        return self.step.tokens_per_s * self.expected.ettr

    @property
    def scaling(self) -> tuple[int, float]:
        """Base count and weak-scaling efficiency: tokens/s per card against the fewest replicas that fit.

        Weak scaling: the same plan and the same batch per replica.
        """
        job, plan = self.job, self.job.plan
        per_replica = job.global_batch // plan.dp
        for replicas in (r for r in range(1, plan.dp + 1) if plan.dp % r == 0):
            cards, batch = plan.cards // plan.dp * replicas, per_replica * replicas
            smaller = replace(job, plan=replace(plan, dp=replicas), cards=cards, global_batch=batch)
            try:
                base = train_step(smaller)
            except (InfeasibleError, InputError):
                continue
            return cards, self.step.tokens_per_s_per_card / base.tokens_per_s_per_card
        return job.cards, 1.0


@lru_cache(maxsize=1)
def plan_errors() -> PlanErrors:
    """Return the known errors by kind of plan, as `clustersim validate training --plan-errors` found them."""
    source = read_text(Path(__file__).resolve().parent.parent / "data" / "plan_errors.csv")
    lines = (line for line in source.text.splitlines() if not line.startswith("#"))
    rows = parse_table(Text(source.name, "\n".join(lines), source.encoding)).rows
    return PlanErrors(
        {
            r["kind"]: KindError(float(r["bias"]), float(r["spread"]), int(r["rows"]), float(r["between"]))
            for r in rows
        }
    )


def space_of(job: TrainJob) -> PlanSpace:
    """Return the plans that are searched: long sequences may be shared out over cards."""
    return replace(LEAN, cp=(1, 2, 4, 8) if job.seq_len >= 16384 else (1,))


def _nominal(inputs: Inputs, job: TrainJob) -> TrainJob:
    """The job at the numbers of the files as they stand, in the structure that was asked for.

    The kept plans must not depend on the point of a study, or neighbouring points would not agree. What decides which
    plans are possible (domain, wiring, dies) is the job's own. A profile that is incomplete without the overrides has
    no nominal numbers: the job's own stand in.
    """
    plain = replace(inputs, parts=inputs.nominal)
    try:
        card, network = card_spec(plain.parts.card), network_spec(plain)
    except InputError:
        return job
    mine = job.network
    structure = ("scale_up_size", "scale_up_wiring", "scale_up_dims", "block_size", "dies_per_card")
    same = {name: getattr(mine, name) for name in structure}
    if mine.block_size and not network.block_size:
        same["block_bandwidth"] = mine.block_bandwidth
    return replace(job, card=card, network=replace(network, **same))


def planned_job(inputs: Inputs, work: TrainingWorkload, cache: StageCache) -> tuple[TrainJob, Choice | None]:
    """Return the job of a workload by its stated plan, or by the best one and how it was found.

    Raises InfeasibleError where no plan fits.
    """
    job = train_job(inputs, work)
    if work.plan != "best":
        return job, None
    space, errors = space_of(job), plan_errors()
    plans, kind = _kept_plans(inputs, job, cache)
    if places(job) is not None:
        # Decisions about a batch are made at every run of its points.
        choice = choose(job, plans, space, errors, kind)
    else:
        choice = cache.get("plan choice", (job, plans, kind), lambda: choose(job, plans, space, errors, kind))
    return job.with_plan(choice.found.plan), choice


def _kept_plans(inputs: Inputs, job: TrainJob, cache: StageCache) -> tuple[tuple[Plan, ...], str]:
    """The plans that can win when numbers change, and the kind that is best where they stand as filed."""
    space, errors = space_of(job), plan_errors()
    base = _nominal(inputs, job)
    plans: tuple[Plan, ...] = cache.get("plan search", (base, space), lambda: shortlist(base, space, errors))
    kind = cache.get(
        "plan kind", (base, plans), lambda: kind_of(choose(base, plans, space, errors).found.plan)
    )
    return plans, kind


def rate_of(inputs: Inputs, work: TrainingWorkload, cache: StageCache) -> tuple[TrainJob, Any]:
    """Return a workload's job, its plan left open where points of a batch take different ones, and its tokens/s.

    Raises InfeasibleError where no plan fits.
    """
    job = train_job(inputs, work)
    if work.plan == "best" and places(job) is not None:
        plans, kind = _kept_plans(inputs, job, cache)
        space, errors = space_of(job), plan_errors()
        rate = cache.get("rate", (job, plans, kind), lambda: fastest_rate(job, plans, space, errors, kind))
        return job, rate
    job, _ = planned_job(inputs, work, cache)
    return job, cache.get("training step", (job, False), lambda: estimate_step(job)).tokens_per_s


def step_of(work: TrainingWorkload, job: TrainJob) -> StepTime:
    """Return the step of a workload's job.

    Raises InputError for a plan or a type that the cluster cannot run, InfeasibleError where it does not fit, unless
    the workload says that the job was run.
    """
    return train_step(job, known_to_fit=work.known_to_fit)


def length_said(work: TrainingWorkload, job: TrainJob) -> str:
    """Say that sequences are longer than their model was published for; nothing where they are not."""
    return length_words(job.model, work.seq_len, "sequences")


def fit_words(work: TrainingWorkload, job: TrainJob) -> str:
    """Say that a job that was run does not fit by the formulas; nothing where it does."""
    need, has = float(memory_per_card(job).total), job.card.memory_bytes
    if not work.known_to_fit or need <= has:
        return ""
    return f"known to fit, though the formulas put {need / 2**30:.1f} GiB on a card of {has / 2**30:.1f}"


def port_words(inputs: Inputs, work: TrainingWorkload, job: TrainJob) -> str:
    """Say where the class of software that is new to a maker's cards sets the pace; nothing elsewhere."""
    factor, card = job.plan.software.kernel_factor, inputs.parts.card
    if work.software.kernel_factor is not None or factor == 1.0:
        return ""
    first = card.vendor not in established()
    what = "first ports, and not NVIDIA's mean" if first else "stacks that nobody named"
    return (
        f"nobody measured this stack on cards of {card.vendor}: its kernels take {factor:g} times as long as a tuned"
        f" stack's, the centre of {what} (software.kernel_factor states another)"
    )


def work_of(inputs: Inputs, name: str, work: TrainingWorkload, cache: StageCache) -> Work:
    """Return what a training workload makes of the site's card-hours.

    Raises InputError for a plan or a type that the cluster cannot run, InfeasibleError where nothing fits.
    """
    job, choice = planned_job(inputs, work, cache)
    step = cache.get("training step", (job, work.known_to_fit), lambda: step_of(work, job))
    run = training_run(inputs, _trained(inputs, job, step))
    expected = cache.get("long run", run, lambda: expected_goodput(run))
    if expected.ettr <= NO_PROGRESS:
        raise InfeasibleError(
            f"the long run makes no progress: {expected.recovery:.1%} of its time it is down, and"
            f" what it does is lost again ({run.failures_expected:,.0f} failures in {run.duration_s / 86400:g} days)"
        )
    detail = TrainingDetail(job, choice, step, run, expected)
    said = [choice.words() if choice is not None else ""]
    drawn = np.any(values_of(expected.half_width))  # of a batch: at any of its points
    said += [f"mean of the long run by {expected.fidelity}: {expected.why}" if drawn else ""]
    said += [*expected.notes, fit_words(work, job), length_said(work, job), port_words(inputs, work, job)]
    said += [find_software(work.software.name, role="training").said] if work.software.name else []
    layout = {"plan": plan_words(job.plan), "stated": choice is None}
    return trained(inputs, name, work, detail, cards=job.cards, layout=layout, said=said)


def trained(
    inputs: Inputs, name: str, work: TrainingWorkload, detail: TrainingDetail, *, cards: float,
    layout: Mapping[str, Any], said: Sequence[str], group_loads: Mapping[str, Load] | None = None,
) -> Work:  # fmt: skip
    """Return the work of a training job on so many cards, as its step and its long run have it."""
    step, kept = detail.step, detail.goodput_tokens_per_s
    product = Product("mtoken", kept * 3600 / 1e6 / cards)
    return Work(
        name=name,
        kind="training",
        share=inputs.scenario.shares[name],
        asked=identity(work),
        main=product,
        products=(product,),
        load=Load(step.u_tensor, step.u_memory, step.u_link, 1.0 - detail.expected.recovery),
        service={"ettr": detail.expected.ettr},
        rates={
            "step_time_s": step.step_time_s,
            "tokens_per_s": step.tokens_per_s,
            "training_goodput_tokens_per_s": kept,
            "mfu": step.mfu,
        },
        terms=asdict(step.terms),
        layout=layout,
        notes=tuple(text for text in said if text),
        detail=detail,
        group_loads=group_loads or {},
    )


def _trained(inputs: Inputs, job: TrainJob, step: StepTime) -> Trained:
    """What the long run needs of the job; the shares of its step only where slow parts ask for them."""
    slow = inputs.reliability.degradations or inputs.scenario.cluster.supernode is not None
    shares = time_shares(step.terms, job.plan, job.network) if slow else {}
    return Trained(job.model.parameters, step.step_time_s, job.plan.dp, shares)


def plan_words(plan: Plan) -> str:
    """Say a plan in one line: its degrees above one, and its words.

    >>> plan_words(Plan(tp=8, pp=4, dp=2, interleave=2, schedule="interleaved", zero=1))
    'tp 8, pp 4, dp 2, interleave 2, micro-batch 1, recompute selective, ZeRO 1'
    >>> plan_words(Plan(pp=4, schedule="zb_h1"))
    'pp 4, schedule zb_h1, micro-batch 1, recompute selective, ZeRO 1'
    """
    degrees = [
        f"{n} {getattr(plan, n)}"
        for n in ("tp", "pp", "dp", "cp", "ep", "etp", "interleave")
        if getattr(plan, n) > 1
    ]
    # Interleaving and its schedule go together: the degree says both.
    usual = plan.schedule in {Plan().schedule, "interleaved"}
    words = [] if usual else [f"schedule {plan.schedule}"]
    words += [f"micro-batch {plan.micro_batch}", f"recompute {plan.recompute}", f"ZeRO {plan.zero}"]
    words += [
        w
        for w, on in (
            ("optimizer on the host", plan.offload_optimizer),
            ("activations on the host", plan.offload_activations),
        )
        if on
    ]
    return ", ".join(degrees + words)
