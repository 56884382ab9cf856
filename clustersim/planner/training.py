"""Training asked backwards: the best plans of a cluster, and the sizes and batches on which a model can be laid out.

What a plan reaches, and what it costs, is asked of the corridor, so that a plan and its forward run cannot disagree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from clustersim.assemble.parts import model_spec
from clustersim.assemble.training import plan_section, train_job
from clustersim.errors import InfeasibleError, InputError, suggest
from clustersim.perf.job import TrainJob
from clustersim.perf.search import FoundPlan, Other, PlanSpace, SearchResult, search_plans
from clustersim.perf.shortlist import LEAN, PlanErrors, kind_of, kinds_in
from clustersim.schema.demand import TrainingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.workloads import run_workload
from clustersim.workloads.training import plan_errors, space_of
from clustersim.workloads.work import StageCache, Work

__all__ = [
    "BATCH_SLACK", "PlanSearch", "Question", "batches", "best_plans", "chosen_workload", "days_for", "goodput",
    "sizes", "with_batch",
]  # fmt: skip

#: How far a batch that is sized may lie from the scenario's own: training does not notice a tenth (assumption).
BATCH_SLACK = 0.10
#: Batches that are tried for one size.
MOST_BATCHES = 3


def chosen_workload(inputs: Inputs, kind: str, name: str | None = None, *, first: bool = False) -> str:
    """Return the name of the workload of a kind that a question means: the one named, or the only (or first) one.

    Raises InputError where there is none, where several could be meant, or where the name is of another kind.
    """
    of_kind = list(inputs.of_kind(kind))
    if name:
        if name not in inputs.scenario.demand:
            known = list(inputs.scenario.demand)
            raise InputError(f"--workload {name}: {inputs.name} has no such workload; {suggest(name, known)}")
        if name not in of_kind:
            own = inputs.scenario.demand[name].kind
            raise InputError(f"--workload {name}: is of kind {own}, and this question is about {kind}")
        return name
    if not of_kind:
        inputs.refuse_idle()
        kinds = ", ".join(f"{n} ({w.kind})" for n, w in inputs.scenario.demand.items())
        raise InputError(
            f"{inputs.name}: has no {kind} workload, and this question is about one; its demand is {kinds}"
        )
    if len(of_kind) > 1 and not first:
        raise InputError(
            f"{inputs.name}: has several {kind} workloads; choose one with --workload: {', '.join(of_kind)}"
        )
    return of_kind[0]


@dataclass(frozen=True, slots=True)
class Question:
    """A training workload on a cluster whose size, plan and batch are asked for."""

    inputs: Inputs
    name: str

    @property
    def work(self) -> TrainingWorkload:
        """The workload."""
        work = self.inputs.scenario.demand[self.name]
        assert isinstance(work, TrainingWorkload)
        return work

    @property
    def job(self) -> TrainJob:
        """The workload as the engine takes it."""
        return train_job(self.inputs, self.work)

    @property
    def card_hour_share(self) -> float:
        """Share of all card-hours that the workload gets: its own of those that are sold."""
        tco = self.inputs.scenario.tco
        return self.inputs.scenario.shares[self.name] * (tco.sold_share.value if tco is not None else 1.0)

    def on(self, cards: int) -> Question:
        """Return the question on another number of cards, the plan searched for."""
        cluster = self.inputs.scenario.cluster
        count = replace(cluster.cards, value=float(cards)) if cluster.cards is not None else None
        changed = cluster.model_copy(update={"cards": count})
        return self._with({"plan": "best"}, cluster=changed)

    def by(self, plan: FoundPlan) -> Question:
        """Return the question on a found plan's cards, by that plan."""
        return self.on(int(plan.plan.cards))._with({"plan": plan_section(plan.plan)})

    def _with(self, work: dict[str, object], **scenario: object) -> Question:
        demand = {**self.inputs.scenario.demand, self.name: self.work.model_copy(update=work)}
        changed = self.inputs.scenario.model_copy(update={**scenario, "demand": demand})
        return replace(self, inputs=replace(self.inputs, scenario=changed))


def with_batch(asked: Question, batch: int) -> Question:
    """Return the question with another global batch."""
    return asked._with({"global_batch": batch})


@dataclass(frozen=True, slots=True)
class PlanSearch:
    """The best plans by corrected time, and the searches of each kind behind them."""

    best: tuple[FoundPlan, ...]
    errors: PlanErrors
    results: tuple[SearchResult, ...]

    @property
    def possible(self) -> int:
        """Plans that can be laid out."""
        return sum(r.possible for r in self.results)

    @property
    def fitting(self) -> int:
        """Plans that fit the memory."""
        return sum(r.fitting for r in self.results)

    @property
    def front(self) -> tuple[FoundPlan, ...]:
        """The plans of every kind that none of its kind beats in time and memory."""
        return tuple(plan for result in self.results for plan in result.front)

    @property
    def others(self) -> tuple[Other, ...]:
        """For every choice of the winner, the best plan that chooses otherwise, in order of corrected time."""
        winner, best = self.best[0], dict[str, Other]()
        for other in (o for r in self.results for o in r.others_than(winner)):
            held = best.get(other.choice)
            if held is None or self.errors.corrected(other.found) < self.errors.corrected(held.found):
                best[other.choice] = other
        return tuple(sorted(best.values(), key=lambda o: self.errors.corrected(o.found)))

    def tied(self, other: FoundPlan) -> bool:
        """Return whether the winner's lead over a plan is inside what is known of the error of their kinds.

        Plans of one kind share its bias; what is left of it between them is not known, and no tie by itself.
        """
        winner = self.best[0]
        lead = self.errors.corrected(other) / self.errors.corrected(winner) - 1.0
        return kind_of(other.plan) != kind_of(winner.plan) and self.errors.lead_inside(
            winner.plan, other.plan, lead
        )


def best_plans(
    asked: Question,
    *,
    cards: int | None = None,
    top: int = 10,
    offload: bool = False,
    space: PlanSpace | None = None,
    roomy: bool = False,
) -> PlanSearch:
    """Return the best plans of a workload on its cards, or on another number; ``roomy``: as if all fitted.

    Plans are ranked by time corrected for the known error of their kind, as the corridor ranks them.

    Raises InfeasibleError where nothing fits.
    """
    job = asked.job
    away = (False, True) if offload else (False,)
    words = replace(
        space or PlanSpace(), cp=space_of(job).cp, offload_optimizer=away, offload_activations=away
    )
    if roomy:
        job = replace(job, card=replace(job.card, memory_bytes=math.inf))
    job = replace(job, cards=cards or job.cards)
    found: list[SearchResult] = []
    refused: list[InfeasibleError] = []
    for part in kinds_in(words):
        try:
            found.append(search_plans(job, part, top))
        except InfeasibleError as error:
            refused.append(error)
    if not found:
        raise refused[0]
    errors = plan_errors()
    plans = sorted((p for r in found for p in r.best), key=lambda p: (errors.corrected(p), p.memory_bytes))
    return PlanSearch(tuple(plans[:top]), errors, tuple(found))


def _degrees(asked: Question) -> tuple[set[int], list[int]]:
    """Products of tensor and context degrees, and pipeline depths, by which the model can be split."""
    job = asked.job
    model = model_spec(asked.inputs.model(asked.work))
    stages = [p for p in range(1, model.layers + 1) if model.layers % p == 0 or p & (p - 1) == 0]
    return {t * c for t in LEAN.tp if model.heads % t == 0 for c in space_of(job).cp}, stages


def sizes(asked: Question, most: int = 16_384, least: int = 1, *, batch: str = "keep") -> list[int]:
    """Return the numbers of cards, in whole servers, on which the model can be laid out.

    ``keep``: with the scenario's batch. No other number trains then, for its cards cannot all be given a share of the
    layers and of the batch. ``auto``: with a batch within a tenth of it; in steps of at most a sixteenth.
    """
    per_server = int(asked.inputs.parts.server.cards.value)
    degrees, stages = _degrees(asked)
    own = asked.work.global_batch
    shares = [d for d in range(1, own + 1) if own % d == 0]
    found = {t * p * d for t in degrees for p in stages for d in shares}
    if batch == "auto":
        grid = {m * per_server * 2**k for m in range(1, 32) for k in range(20)}
        found |= {n for n in grid if least <= n <= most and batches(asked, n)}
    return sorted(n for n in found if least <= n <= most and n % per_server == 0)


def batches(asked: Question, cards: int) -> list[int]:
    """Return the batches within a tenth of the scenario's that so many cards can share, those of the widest first.

    A batch that the number of replicas divides can be shared out; the more replicas divide it, the more plans there
    are. The scenario's own comes first where it can be shared.
    """
    own = asked.work.global_batch
    degrees, stages = _degrees(asked)
    replicas = sorted(
        {cards // (t * p) for t in degrees for p in stages if cards % (t * p) == 0}, reverse=True
    )
    found = [own] if any(own % r == 0 for r in replicas) else []
    for count in replicas:
        near = round(own / count) * count
        if near and abs(near - own) <= BATCH_SLACK * own:
            found.append(near)
    return list(dict.fromkeys(found))[:MOST_BATCHES]


def goodput(asked: Question, cache: StageCache | None = None) -> float:
    """Return tokens per second that are kept, failures and checkpoints included, as the corridor finds them."""
    work: Work = run_workload(asked.inputs, asked.name, cache or StageCache())
    return work.rates["training_goodput_tokens_per_s"]


def days_for(tokens: float, goodput_tokens_per_s: Any, card_hour_share: float) -> Any:
    """Return the days that tokens take at a goodput in a share of the card-hours; arrays are taken as they come.

    >>> days_for(864e9, 1e6, 0.5)
    20.0
    """
    return tokens / (goodput_tokens_per_s * card_hour_share) / 86400
