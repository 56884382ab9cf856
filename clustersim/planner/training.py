"""Training asked backwards: which plan, and how many cards for a deadline."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clustersim import assemble
from clustersim.des.training.closed_form import expected_run
from clustersim.errors import ClusterSimError, InfeasibleError, InputError
from clustersim.perf.search import FoundPlan, PlanSpace, SearchResult, search_plans
from clustersim.schema.inputs import Inputs
from clustersim.schema.scenario import Scenario

__all__ = ["DeadlineAnswer", "best_plans", "cards_for_deadline", "goodput"]


@dataclass(frozen=True, slots=True)
class DeadlineAnswer:
    """The smallest cluster that trains the tokens in time, its plan, and what the next smaller one reaches."""

    cards: int
    plan: FoundPlan
    goodput_tokens_per_s: float
    days: float
    smaller_cards: int | None
    smaller_days: float | None


def best_plans(
    inputs: Inputs, *, cards: int | None = None, top: int = 10, offload: bool = False
) -> SearchResult:
    """Return the best plans of a scenario's model on its cards, or on another number of them."""
    scenario, hardware = inputs.scenario, inputs.hardware
    model = assemble.model_spec(hardware.model)
    context = (1, 2, 4, 8) if scenario.training.seq_len >= 16384 else (1,)
    space = PlanSpace(cp=context, offload_optimizer=(False, True) if offload else (False,))
    return search_plans(
        card=assemble.card_spec(hardware.card),
        network=assemble.network_spec(scenario, hardware),
        model=model,
        cards=cards or int(scenario.cluster.cards.value),
        global_batch=scenario.training.global_batch,
        seq_len=scenario.training.seq_len,
        dtype=scenario.training.dtype,
        space=space,
        top=top,
    )


def _sized(scenario: Scenario, cards: int) -> Scenario:
    cluster = scenario.cluster
    return scenario.model_copy(
        update={"cluster": cluster.model_copy(update={"cards": replace(cluster.cards, value=float(cards))})}
    )


def goodput(inputs: Inputs, plan: FoundPlan, cards: int) -> float:
    """Return tokens per second that are kept on ``cards``, failures and checkpoints included."""
    training = inputs.scenario.training
    parameters = assemble.model_spec(inputs.hardware.model).parameters
    run = assemble.training_run(_sized(inputs.scenario, cards), inputs.hardware, parameters)
    return training.global_batch * training.seq_len / plan.step_time_s * expected_run(run).ettr


def cards_for_deadline(
    inputs: Inputs, *, tokens: float, seconds: float, most: int = 131_072
) -> DeadlineAnswer:
    """Return the smallest cluster of whole servers, of 1, 1.5, 2, 3, 4, 6, … servers, that meets a deadline.

    Raises InputError for tokens or time that are not positive, and InfeasibleError, with the best that was reached,
    when even ``most`` cards do not.
    """
    if tokens <= 0 or seconds <= 0:
        raise InputError("a deadline needs tokens and time above zero")
    per_server = int(inputs.hardware.server.cards.value)
    before: tuple[int, float] | None = None
    fastest: tuple[float, int] | None = None
    for cards in _sizes(per_server, most):
        try:
            plan = best_plans(inputs, cards=cards, top=1).best[0]
            rate = goodput(inputs, plan, cards)
        except ClusterSimError:
            continue  # no plan fits or can be laid out on so many cards
        days = tokens / rate / 86400
        if days * 86400 <= seconds:
            return DeadlineAnswer(cards, plan, rate, days, *(before or (None, None)))
        before = (cards, days)
        fastest = min(fastest or (days, cards), (days, cards))
    best = f"{fastest[1]} cards take {fastest[0]:.1f} days" if fastest else "no size has a plan that fits"
    raise InfeasibleError(
        f"{tokens:.3g} tokens in {seconds / 86400:.1f} days is not reached with a batch of"
        f" {inputs.scenario.training.global_batch} sequences: {best}; allow more time or a larger global_batch"
    )


def _sizes(per_server: int, most: int) -> list[int]:
    sizes, servers = [], 1
    while servers * per_server <= most:
        sizes += [servers * per_server, servers * per_server * 3 // 2] if servers > 1 else [per_server]
        servers *= 2
    return sorted({s for s in sizes if s % per_server == 0 and s <= most})
