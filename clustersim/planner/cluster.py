"""Which cluster: the most throughput, the cheapest token, or the cheapest cluster that meets a deadline, under limits.

Every candidate is a scenario with other cards, NICs or size; each is bought, planned and run forward by the functions
of the corridor, so that a plan and its forward run cannot disagree. What is cheap to know (the bill, the provisioned
power, the racks, the lead time, what the peak of the cards allows) is asked first, and only what passes is run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from clustersim.errors import InfeasibleError, InputError, suggest
from clustersim.pipeline import StageCache
from clustersim.planner.candidates import (
    Candidate,
    Limits,
    Planned,
    breaks,
    candidate,
    least_days,
    planned,
    with_days,
    words_of,
)
from clustersim.planner.ranking import fair_front, fair_order, ties_of
from clustersim.planner.training import Question, sizes

__all__ = ["BATCHES", "OBJECTIVES", "Answer", "ClusterPlan", "Goal", "Limits", "Margin", "plan_cluster"]

BATCHES = ("keep", "auto")
#: What is made small, and what decides between two that tie in it.
OBJECTIVES: dict[str, tuple[Callable[[Planned], float], Callable[[Planned], float]]] = {
    "goodput": (lambda p: 1 / p.goodput_tokens_per_s, lambda p: p.cny_per_mtoken),
    "cny_per_mtoken": (lambda p: p.cny_per_mtoken, lambda p: p.run.bill.total_cny),
    "capex_cny": (lambda p: p.run.bill.total_cny, lambda p: p.cny_per_mtoken),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What is wanted of the cluster.

    Attributes:
        objective: ``goodput`` (most tokens per second kept), ``cny_per_mtoken`` (the cheapest token) or ``capex_cny``
            (the cheapest cluster that meets the limits, one of every template).
        tokens: to be trained; the days that they take are then known of every cluster.
        batch: ``keep`` the scenario's, or ``auto``: within a tenth of it, so that more sizes can share it.
        most: cards of the largest cluster.
        top: how many clusters are given.
    """

    objective: str = "goodput"
    tokens: float | None = None
    batch: str = "keep"
    most: int = 16_384
    top: int = 5

    def __post_init__(self) -> None:
        """Refuse words that are unknown and tokens that are not above zero."""
        for word, known in ((self.objective, tuple(OBJECTIVES)), (self.batch, BATCHES)):
            if word not in known:
                raise InputError(f"{word!r} is unknown here; {suggest(word, known)}")
        if self.tokens is not None and not self.tokens > 0:
            raise InputError(f"--tokens must be above zero, not {self.tokens:g}")


@dataclass(frozen=True, slots=True)
class Margin:
    """Why no other size was chosen: the next of the same template, and the limit that it breaks.

    It is the next larger one, or for the cheapest cluster the next smaller one that can be run, with its days.
    """

    cards: int | None
    breaks: str
    days: float | None = None


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """A cluster that meets every limit, with its forward run."""

    planned: Planned
    margin: Margin
    tied: bool = False
    """Whether its objective is a tie with that of the first."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The best clusters, those that none beats in both throughput and cost, and how many were seen and run."""

    best: tuple[ClusterPlan, ...]
    front: tuple[ClusterPlan, ...]
    candidates: int
    within: int


@dataclass(frozen=True, slots=True)
class _Search:
    """What stays the same over all candidates of an answer."""

    limits: Limits
    goal: Goal
    cache: StageCache

    def run(self, of: Candidate) -> Planned | None:
        """The forward run; nothing where no plan fits."""
        return planned(of, self.goal.tokens, batch=self.goal.batch, cache=self.cache)

    def too_slow(self, of: Candidate) -> Candidate:
        """The candidate with the least days that its peak allows, where a deadline is asked for."""
        if self.goal.tokens is None:
            return of
        return with_days(of, least_days(of.asked, self.goal.tokens))


def plan_cluster(
    templates: Mapping[str, Question],
    limits: Limits,
    goal: Goal | None = None,
    *,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> Answer:
    """Return the best clusters among the templates at every size that meets the limits.

    Differences below a tie are none: of clusters that tie in the objective the cheaper comes first.

    Raises InputError for days without tokens, InfeasibleError, with the nearest candidate, when none meets the limits.
    """
    goal = goal or Goal()
    if goal.tokens is None and {"days", "finish_days"} & set(limits.asked()):
        raise InputError("a deadline needs the tokens to be trained; give --tokens, for example --tokens 2T")
    search = _Search(limits, goal, StageCache())
    found: list[ClusterPlan] = []
    refused: list[Candidate] = []
    counts = {name: sizes(asked, goal.most, batch=goal.batch) for name, asked in templates.items()}
    seen, total = 0, sum(len(c) for c in counts.values())
    for name, asked in templates.items():
        rows = [candidate(asked.on(n), name, limits) for n in counts[name]]
        for index, row in enumerate(rows):
            seen += 1
            tell(seen, total)
            made = _within(search, row, refused)
            if made is None:
                continue
            found.append(ClusterPlan(made, _margin(search, rows, index)))
            if goal.objective == "capex_cny":
                break
    if not found:
        raise InfeasibleError(_nearest(search, refused, templates))
    return _answer(found, goal, seen)


def _within(search: _Search, row: Candidate, refused: list[Candidate]) -> Planned | None:
    """The forward run of a candidate that meets the limits; what does not is kept with what it takes."""
    early = search.too_slow(row)
    if breaks(early, search.limits):
        refused.append(early)
        return None
    made = search.run(row)
    if made is None:
        return None
    if breaks(made.candidate, search.limits):
        refused.append(made.candidate)
        return None
    return made


def _answer(found: Sequence[ClusterPlan], goal: Goal, seen: int) -> Answer:
    value, cost = OBJECTIVES[goal.objective]
    order = fair_order(found, lambda p: value(p.planned), lambda p: cost(p.planned))
    tied = {id(p) for p in ties_of(order[0], order[1:], lambda p: value(p.planned))}
    best = [replace(p, tied=id(p) in tied) for p in order[: goal.top]]
    front = fair_front(found, lambda p: (p.planned.run.bill.total_cny, 1 / p.planned.goodput_tokens_per_s))
    return Answer(tuple(best), tuple(front), seen, len(found))


def _margin(search: _Search, rows: Sequence[Candidate], index: int) -> Margin:
    if search.goal.objective == "capex_cny":
        return _smaller(search, rows[:index])
    if index + 1 == len(rows):
        return Margin(None, "largest size")
    larger = search.too_slow(rows[index + 1])
    return Margin(larger.cards, breaks(larger, search.limits) or "nothing")


def _smaller(search: _Search, rows: Sequence[Candidate]) -> Margin:
    """The next smaller size that has a plan, and the limit that it breaks."""
    for row in reversed(rows):
        made = search.run(row)
        if made is not None:
            of = made.candidate
            return Margin(of.cards, breaks(of, search.limits) or "nothing", of.takes.get("days"))
    return Margin(None, "smallest size")


def _nearest(search: _Search, refused: Sequence[Candidate], templates: Mapping[str, Question]) -> str:
    """Say which candidate comes nearest to the limits and still has a plan, and what it would take."""
    limits = search.limits.asked()

    def over(row: Candidate) -> float:
        return max((row.takes[n] / most for n, most in limits.items() if n in row.takes), default=0.0)

    asked = ", ".join(f"at most {words_of(name, value)}" for name, value in limits.items())
    best: Candidate | None = None
    for row in sorted(refused, key=over):
        if best is not None and over(row) >= over(best):
            break  # what it takes is at least this, and a run already takes less
        made = search.run(row)
        if made is not None and (best is None or over(made.candidate) < over(best)):
            best = made.candidate
    if best is None:
        return (
            f"no cluster of {', '.join(templates)} has a training plan that fits; take another model or card"
        )
    takes = ", ".join(words_of(name, best.takes[name]) for name in limits if name in best.takes)
    batch = best.asked.work.global_batch
    more = (
        f"; with its batch of {batch} sequences no more cards can share the work: allow more time, a larger"
        f" demand.{best.asked.name}.global_batch, or --batch auto"
        if {"days", "finish_days"} & set(limits) and search.goal.batch == "keep"
        else ""
    )
    return (
        f"no cluster of {', '.join(templates)} meets {asked or 'the memory of its cards'}; the nearest is"
        f" {best.cards} cards of {best.template}, which takes {takes}{more}"
    )
