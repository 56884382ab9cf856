"""Which cluster: the most throughput, the cheapest token, or the cheapest cluster that meets a deadline, under limits.

Every candidate is a scenario with other cards, NICs or size; each is bought, planned and run forward by the functions
of the corridor, so that a plan and its forward run cannot disagree. What is cheap to know (the bill, the provisioned
power, the racks, the lead time, what the peak of the cards allows) is asked first, and only what passes is run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from clustersim.errors import InfeasibleError, InputError, suggest
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
from clustersim.planner.chances import Chance, Sureness, judge, settles, shares_of_wins
from clustersim.planner.ranking import fair_front, fair_order, ties_of
from clustersim.planner.training import Question, sizes
from clustersim.planner.uncertainty import LEADS
from clustersim.workloads.work import StageCache

__all__ = ["BATCHES", "OBJECTIVES", "Answer", "ClusterPlan", "Goal", "Limits", "Margin", "plan_cluster"]

BATCHES = ("keep", "auto")
#: What a cluster breaks that meets the limits at the inputs' values, but in too few of the draws.
CHANCE = "probability"
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
    chance: Chance | None = None
    """How it fares over the draws of what is uncertain; nothing where none were made."""
    share_wins: float | None = None
    """Share of the draws in which it meets the limits and none of the best is better."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The best clusters, those that none beats in both throughput and cost, and how many were seen and run."""

    best: tuple[ClusterPlan, ...]
    front: tuple[ClusterPlan, ...]
    candidates: int
    within: int
    lead: str = ""
    """Whether the first leads over the draws, or what would settle the tie; nothing where none were made."""


@dataclass(frozen=True, slots=True)
class _Search:
    """What stays the same over all candidates of an answer."""

    limits: Limits
    goal: Goal
    cache: StageCache
    sure: Sureness | None

    @property
    def probability(self) -> float | None:
        """With which the limits must be met; nothing where it is asked of the inputs' values alone."""
        return self.sure.probability if self.sure is not None else None

    def chance(self, made: Planned) -> Chance:
        """How a cluster fares over the draws."""
        assert self.sure is not None
        return judge(self.sure.load, [made], self.limits, self.goal.tokens, self.sure.draws)[0]

    def broken(self, of: Candidate) -> str:
        """The limit that a candidate breaks at the inputs' values; with a probability, if it breaks it by far."""
        if self.probability is None:
            return breaks(of, self.limits)
        assert self.sure is not None
        return "" if self.sure.may_meet(of.takes, self.limits) else breaks(of, self.limits)

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
    sure: Sureness | None = None,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> Answer:
    """Return the best clusters among the templates at every size that meets the limits.

    Differences below a tie are none: of clusters that tie in the objective the cheaper comes first. ``sure`` adds how
    they fare over draws of what is uncertain, and lets the limits be met with a probability.

    Raises InputError for days without tokens, InfeasibleError, with the nearest candidate, when none meets the limits.
    """
    goal = goal or Goal()
    if goal.tokens is None and {"days", "finish_days"} & set(limits.asked()):
        raise InputError("a deadline needs the tokens to be trained; give --tokens, for example --tokens 2T")
    search = _Search(limits, goal, StageCache(), sure)
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
    return _with_chances(_answer(found, goal, seen), search)


def _with_chances(answer: Answer, search: _Search) -> Answer:
    """The best and the front with how they fare over the same draws, and whether the first leads."""
    if search.sure is None:
        return answer
    every = [*answer.best, *(p for p in answer.front if p not in answer.best)]
    chances = judge(
        search.sure.load, [p.planned for p in every], search.limits, search.goal.tokens, search.sure.draws
    )
    of = {id(p.planned): chance for p, chance in zip(every, chances, strict=True)}
    best = [of[id(p.planned)] for p in answer.best]
    name, sign = DRAWN[search.goal.objective]
    wins = shares_of_wins([sign * c.samples[name] for c in best], [c.meets for c in best])
    return replace(
        answer,
        best=tuple(
            replace(p, chance=c, share_wins=w) for p, c, w in zip(answer.best, best, wins, strict=True)
        ),
        front=tuple(replace(p, chance=of[id(p.planned)]) for p in answer.front),
        lead=_lead_words(answer, best, wins, name),
    )


#: Objective -> what is drawn of it, and the sign with which less is better.
DRAWN = {
    "goodput": ("training_goodput_tokens_per_s", -1.0), "cny_per_mtoken": ("cny_per_mtoken", 1.0),
    "capex_cny": ("budget_cny", 1.0),
}  # fmt: skip


def _lead_words(answer: Answer, best: Sequence[Chance], wins: Sequence[float], name: str) -> str:
    """Whether one of the best leads, or it is a tie and what would settle it."""
    if len(best) < 2:
        return ""
    top = max(range(len(best)), key=lambda i: wins[i])
    shares = ", ".join(
        f"{p.planned.candidate.cards} cards of {p.planned.candidate.template} {share:.0%}"
        for p, share in zip(answer.best, wins, strict=True)
    )
    if wins[top] >= LEADS:
        return f"best in the draws: {shares}"
    other = max((i for i in range(len(best)) if i != top), key=lambda i: wins[i])
    known = settles(best[top].headlines[name], best[other].headlines[name])
    return f"best in the draws: {shares}: a tie" + (f"; most would be settled by {known}" if known else "")


def _within(search: _Search, row: Candidate, refused: list[Candidate]) -> Planned | None:
    """The forward run of a candidate that meets the limits; what does not is kept with what it takes."""
    early = search.too_slow(row)
    if search.broken(early):
        refused.append(early)
        return None
    made = search.run(row)
    if made is None:
        return None
    wanted = search.probability
    if search.broken(made.candidate) or (wanted is not None and search.chance(made).share_meets < wanted):
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
    return Margin(larger.cards, search.broken(larger) or "nothing")


def _smaller(search: _Search, rows: Sequence[Candidate]) -> Margin:
    """The next smaller size that has a plan, and the limit that it breaks."""
    for row in reversed(rows):
        made = search.run(row)
        if made is not None:
            of = made.candidate
            why = breaks(of, search.limits) or ("nothing" if search.probability is None else CHANCE)
            return Margin(of.cards, why, of.takes.get("days"))
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
    if search.probability is not None:
        met = (
            search.chance(planned_again).share_meets
            if (planned_again := search.run(best)) is not None
            else 0.0
        )
        takes += (
            f" at the inputs' values, and meets them in {met:.0%} of the draws, not {search.probability:.0%}"
        )
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
