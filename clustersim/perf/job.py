"""A training job: one model, trained by one plan on the cards of one network; and whether it can be laid out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from clustersim.columns import number
from clustersim.errors import InputError
from clustersim.fabric.network import Network
from clustersim.perf.card import Card
from clustersim.perf.model import Model
from clustersim.perf.plan import RECOMPUTE, SCHEDULES, Plan
from clustersim.perf.schedules import fewest_micro_batches

__all__ = ["TrainJob", "check_plan"]

#: A number, or an array with one entry a plan.
Real = Any

#: What a search starts from, and a job on one card.
ONE_CARD = Plan()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainJob:
    """What a training step is computed from.

    Attributes:
        card: one of the equal cards.
        network: what joins them.
        model: what is trained.
        plan: how it is spread over them; its degrees and micro-batch may be arrays of one entry a plan. A search
            replaces what its space names and keeps the rest, such as the software.
        cards: how many there are.
        global_batch: sequences of one optimizer step.
        seq_len: tokens of a sequence.
        dtype: the data type of the products with weights.
    """

    card: Card
    network: Network
    model: Model
    plan: Plan = ONE_CARD
    cards: int
    global_batch: int
    seq_len: int
    dtype: str = "bf16"

    @property
    def tokens(self) -> float:
        """Tokens of one optimizer step."""
        return number(self.global_batch) * self.seq_len  # type: ignore[no-any-return]

    @property
    def micro_batches(self) -> Real:
        """Micro-batches that every replica passes through its pipeline in a step."""
        return self.global_batch // (self.plan.dp * self.plan.micro_batch)

    @property
    def micro_tokens(self) -> Real:
        """Tokens of a micro-batch on one card of a context group."""
        return self.plan.micro_batch * self.seq_len / self.plan.cp

    def with_plan(self, plan: Plan) -> TrainJob:
        """Return the same job by another plan."""
        return replace(self, plan=plan)


def _divisors_near(number: int, wanted: int) -> int:
    return min((d for d in range(1, number + 1) if number % d == 0), key=lambda d: (abs(d - wanted), d))


def check_plan(job: TrainJob) -> None:
    """Raise InputError, naming the nearest value that works, for a plan that cannot be laid out."""
    plan, model, cards, global_batch = job.plan, job.model, job.cards, job.global_batch
    if plan.cards != cards:
        inner = plan.tp * plan.pp * plan.cp
        hint = f"; dp={cards // inner} would fit" if cards % inner == 0 else ""
        raise InputError(
            f"plan: tp x pp x dp x cp = {plan.tp} x {plan.pp} x {plan.dp} x {plan.cp} = {plan.cards},"
            f" but the cluster has {cards} cards{hint}"
        )
    if model.heads % plan.tp:
        near = _divisors_near(model.heads, plan.tp)
        raise InputError(f"plan: {model.heads} heads do not divide by tp={plan.tp}; tp={near} would do")
    if plan.ep > 1 and (
        not model.experts or model.experts % plan.ep or (plan.dp * plan.cp * plan.tp) % (plan.ep * plan.etp)
    ):
        raise InputError(
            f"plan: ep={plan.ep} needs experts divisible by it ({model.experts}) and dp x cp x tp divisible by"
            f" ep x etp = {plan.ep * plan.etp}"
        )
    if plan.tp % plan.etp:
        raise InputError(f"plan: etp={plan.etp} must divide tp={plan.tp}; etp=1 would do")
    step = plan.dp * plan.micro_batch
    if global_batch % step:
        below = max(step, global_batch // step * step)
        raise InputError(
            f"training.global_batch={global_batch} is no multiple of dp x micro_batch = {step}; {below} would be"
        )
    _check_words(plan)
    _check_stages(job)


def _check_words(plan: Plan) -> None:
    if plan.schedule not in SCHEDULES:
        raise InputError(f"plan: unknown schedule {plan.schedule!r}; known: {', '.join(SCHEDULES)}")
    if plan.recompute not in RECOMPUTE:
        raise InputError(f"plan: unknown recompute {plan.recompute!r}; known: {', '.join(RECOMPUTE)}")
    if plan.zero not in (0, 1, 2, 3):
        raise InputError(f"plan: zero={plan.zero} is unknown; known: 0, 1, 2, 3")
    copies = plan.dp * plan.cp
    if plan.shard and copies % plan.shard:
        near = _divisors_near(copies, plan.shard)
        raise InputError(f"plan: shard={plan.shard} must divide dp x cp = {copies}; {near} would do")
    if plan.unit_layers < 1 or plan.prefetch < 0 or plan.shard < 0:
        raise InputError("plan: unit_layers must be at least 1, prefetch and shard at least 0")


def _check_stages(job: TrainJob) -> None:
    """Every chunk of the pipeline needs a slot, and a schedule what it is made for."""
    plan, model = job.plan, job.model
    rounds = 2 if plan.schedule == "zb_v" else plan.interleave
    slots = model.layers + plan.embedding_slot + plan.loss_slot
    if plan.pp * rounds > slots:
        counted = [
            word
            for word, slot in (("embedding", plan.embedding_slot), ("output head", plan.loss_slot))
            if slot
        ]
        beside = (
            f" and {len(counted)} that the plan counts as layers ({', '.join(counted)})" if counted else ""
        )
        raise InputError(
            f"plan: {model.name} has {model.layers} layers{beside}, fewer than pp x interleave ="
            f" {plan.pp} x {rounds} chunks; at most {slots} chunks, one layer each"
        )
    if plan.interleave > 1 and plan.pp == 1:
        raise InputError("plan: interleave > 1 needs pp > 1; set interleave=1")
    if (plan.interleave > 1) != (plan.schedule == "interleaved"):
        raise InputError(
            f"plan: schedule {plan.schedule!r} with interleave={plan.interleave};"
            " interleave above 1 and schedule 'interleaved' go together"
        )
    if plan.schedule == "dualpipe" and plan.pp % 2:
        raise InputError(
            f"plan: schedule 'dualpipe' serves a stage and its mirror; pp={plan.pp} must be even"
        )
    micro_batches, least = job.micro_batches, fewest_micro_batches(plan)
    if plan.interleave > 1 and micro_batches % plan.pp:
        raise InputError(
            f"plan: an interleaved schedule needs micro-batches ({micro_batches}) in multiples of pp={plan.pp}"
        )
    if plan.pp > 1 and micro_batches < least:
        raise InputError(
            f"plan: schedule {plan.schedule!r} needs at least {least} micro-batches, not {micro_batches}"
        )
