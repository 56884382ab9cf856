"""Training asked backwards: which plan, and how many cards for a deadline."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clustersim import assemble, assemble_reliability
from clustersim.des.training.fidelity import expected_goodput
from clustersim.errors import ClusterSimError, InfeasibleError, InputError
from clustersim.perf.search import FoundPlan, PlanSpace, SearchResult, search_plans
from clustersim.pipeline import run_cluster
from clustersim.schema.inputs import Inputs
from clustersim.schema.scenario import PlanSection

__all__ = [
    "LEAN", "DeadlineAnswer", "best_plans", "cards_for_deadline", "cost_per_mtoken", "goodput", "priced_front",
    "resized", "sizes",
]  # fmt: skip

#: Words that lose no time: with sequence parallelism a plan is never slower and never larger, and sharding the
#: optimizer costs nothing over copying it (held to the full space by a test).
LEAN = PlanSpace(sequence_parallel=(True,), zero=(1, 2, 3))


@dataclass(frozen=True, slots=True)
class DeadlineAnswer:
    """The smallest cluster that trains the tokens in time, its plan, and what the next smaller one reaches."""

    cards: int
    plan: FoundPlan
    goodput_tokens_per_s: float
    days: float
    smaller_cards: int | None
    smaller_days: float | None


def _contexts(inputs: Inputs) -> tuple[int, ...]:
    """Long sequences may be shared out over cards."""
    return (1, 2, 4, 8) if inputs.scenario.training.seq_len >= 16384 else (1,)


def best_plans(
    inputs: Inputs,
    *,
    cards: int | None = None,
    top: int = 10,
    offload: bool = False,
    space: PlanSpace | None = None,
    roomy: bool = False,
) -> SearchResult:
    """Return the best plans of a scenario's model on its cards, or on another number; ``roomy``: as if all fitted."""
    words = space or PlanSpace()
    away = (False, True) if offload else (False,)
    words = replace(words, cp=_contexts(inputs), offload_optimizer=away, offload_activations=away)
    job = assemble.train_job(inputs.scenario, inputs.hardware)
    if roomy:
        job = replace(job, card=replace(job.card, memory_bytes=math.inf))
    return search_plans(replace(job, cards=cards or job.cards), words, top)


def sizes(inputs: Inputs, most: int = 16_384, least: int = 1) -> list[int]:
    """Return numbers of cards, in whole servers, on which the model can be laid out with the scenario's batch.

    With stages that are as many as a divisor of the layers or a power of two: uneven stages allow others, too.
    """
    per_server = int(inputs.hardware.server.cards.value)
    model, batch = assemble.model_spec(inputs.hardware.model), inputs.scenario.training.global_batch
    stages = [p for p in range(1, model.layers + 1) if model.layers % p == 0 or p & (p - 1) == 0]
    shares = [d for d in range(1, batch + 1) if batch % d == 0]
    degrees = {t * c for t in LEAN.tp if model.heads % t == 0 for c in _contexts(inputs)}
    found = {t * p * d for t in degrees for p in stages for d in shares}
    return sorted(n for n in found if least <= n <= most and n % per_server == 0)


def resized(inputs: Inputs, cards: int, plan: FoundPlan | None = None) -> Inputs:
    """Return the inputs with another number of cards, and a found plan where one is given."""
    scenario = inputs.scenario
    count = replace(scenario.cluster.cards, value=float(cards))
    changed: dict[str, object] = {"cluster": scenario.cluster.model_copy(update={"cards": count})}
    if plan is not None:
        section = PlanSection(**{key: getattr(plan.plan, key) for key in PlanSection.model_fields})
        changed["training"] = scenario.training.model_copy(update={"plan": section})
    return replace(inputs, scenario=scenario.model_copy(update=changed))


def cost_per_mtoken(inputs: Inputs, plan: FoundPlan) -> float:
    """Return CNY per million tokens that are kept, of the scenario's cluster resized to the plan's cards.

    Raises InputError where the scenario or its prices leave something out that the bill needs.
    """
    sized = resized(inputs, plan.plan.cards, plan)
    return run_cluster(sized, sized.scenario.tco).cny_per_mtoken


def priced_front(
    found: Sequence[FoundPlan], price: Callable[[FoundPlan], float]
) -> list[tuple[FoundPlan, float]]:
    """Return the plans, of any sizes, that no other beats in step time, memory and cost at once, with their cost."""
    rows = [(plan, price(plan)) for plan in sorted(found, key=lambda plan: plan.step_time_s)]
    # A cost that is not known, for one reason for all, decides nothing.
    points = np.nan_to_num([(plan.step_time_s, plan.memory_bytes, cost) for plan, cost in rows])

    def beaten(mine: NDArray[np.float64]) -> bool:
        return bool(np.any(np.all(points <= mine, axis=1) & np.any(points < mine, axis=1)))

    return [row for row, mine in zip(rows, points, strict=True) if not beaten(mine)]


def goodput(inputs: Inputs, plan: FoundPlan, cards: int) -> float:
    """Return tokens per second that are kept on ``cards``, failures and checkpoints included."""
    training = inputs.scenario.training
    parameters = assemble.model_spec(inputs.hardware.model).parameters
    run = assemble_reliability.training_run(resized(inputs, cards).scenario, inputs.hardware, parameters)
    return training.global_batch * training.seq_len / plan.step_time_s * expected_goodput(run).ettr


def cards_for_deadline(
    inputs: Inputs, *, tokens: float, seconds: float, most: int = 131_072
) -> DeadlineAnswer:
    """Return the smallest cluster, of all sizes on which the model can be laid out, that meets a deadline.

    A size whose cards could not do it at their peak is passed over without a search.

    Raises InputError for tokens or time that are not positive, and InfeasibleError, with what the largest size takes,
    when even ``most`` cards do not.
    """
    if tokens <= 0 or seconds <= 0:
        raise InputError("a deadline needs tokens and time above zero")
    training = inputs.scenario.training
    per_token = assemble.model_spec(inputs.hardware.model).flops_per_token(training.seq_len)
    peak = assemble.needed(
        inputs.hardware.card.peak.get(training.dtype),
        f"cards.{inputs.hardware.card.name}.peak.{training.dtype}",
    )
    before: tuple[int, float] | None = None
    for cards in sizes(inputs, most):
        ideal = tokens * per_token / (cards * peak)
        found = _days(inputs, cards, tokens) if ideal <= seconds else None
        if found is None:
            continue
        plan, rate, days = found
        if days * 86400 <= seconds:
            below = before or _next_smaller(inputs, cards, tokens)
            return DeadlineAnswer(cards, plan, rate, days, *(below or (None, None)))
        before = (cards, days)
    largest = _next_smaller(inputs, most + 1, tokens)
    best = f"{largest[0]} cards take {largest[1]:.1f} days" if largest else "no size has a plan that fits"
    raise InfeasibleError(
        f"{tokens:.3g} tokens in {seconds / 86400:.1f} days is not reached with a batch of"
        f" {inputs.scenario.training.global_batch} sequences: {best}; allow more time or a larger global_batch"
    )


def _days(inputs: Inputs, cards: int, tokens: float) -> tuple[FoundPlan, float, float] | None:
    """The best plan of a size, its goodput and days; nothing where no plan fits or can be laid out."""
    try:
        plan = best_plans(inputs, cards=cards, top=1, space=LEAN).best[0]
        rate = goodput(inputs, plan, cards)
    except ClusterSimError:
        return None
    return plan, rate, tokens / rate / 86400


def _next_smaller(inputs: Inputs, cards: int, tokens: float) -> tuple[int, float] | None:
    for smaller in reversed(sizes(inputs, cards - 1)):
        found = _days(inputs, smaller, tokens)
        if found is not None:
            return smaller, found[2]
    return None
