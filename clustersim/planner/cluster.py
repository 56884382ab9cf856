"""Which cluster: the most throughput, or the cheapest token, under a budget, a power limit, racks or a date.

Every candidate is a scenario with other cards, NICs or size; each is bought, planned and run forward by the functions
of the corridor, so that a plan and its forward run cannot disagree. What is cheap to know (the bill, the provisioned
power, the racks, the lead time) is asked first, and only what passes is planned and run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from clustersim.econ.bom import Bill
from clustersim.errors import ClusterSimError, InfeasibleError, InputError
from clustersim.perf.search import FoundPlan
from clustersim.pipeline import ClusterRun, StageCache, purchase, run_cluster
from clustersim.planner.training import LEAN, best_plans, resized, sizes
from clustersim.schema.inputs import Inputs
from clustersim.schema.tco import TcoSection

__all__ = ["Answer", "Candidate", "ClusterPlan", "Limits", "Margin", "plan_cluster"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a cluster may at most take; infinite where nothing is asked.

    Power is the provisioned IT power times PUE: what the site must be able to feed.
    """

    budget_cny: float = math.inf
    power_w: float = math.inf
    racks: float = math.inf
    weeks: float = math.inf

    def __post_init__(self) -> None:
        """Refuse a limit that is not positive."""
        for name in ("budget_cny", "power_w", "racks", "weeks"):
            if not getattr(self, name) > 0:
                raise InputError(f"a limit must be above zero; {name} is {getattr(self, name):g}")

    def asked(self) -> dict[str, float]:
        """Return the limits that were given."""
        names = ("budget_cny", "power_w", "racks", "weeks")
        return {n: getattr(self, n) for n in names if math.isfinite(getattr(self, n))}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One cluster that could be bought, and what it takes of each limit."""

    inputs: Inputs
    template: str
    bill: Bill
    takes: Mapping[str, float]

    @property
    def cards(self) -> int:
        """Working cards."""
        return int(self.inputs.scenario.cluster.cards.value)


@dataclass(frozen=True, slots=True)
class Margin:
    """Why nothing larger was chosen: the next size of the same template, and the limit that it breaks."""

    cards: int | None
    breaks: str


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """A cluster that meets every limit, its training plan, and its forward run."""

    candidate: Candidate
    plan: FoundPlan
    run: ClusterRun
    margin: Margin


@dataclass(frozen=True, slots=True)
class Answer:
    """The best clusters, those that none beats in both throughput and cost, and how many were seen."""

    best: tuple[ClusterPlan, ...]
    front: tuple[ClusterPlan, ...]
    candidates: int
    within: int


def _candidate(inputs: Inputs, template: str, tco: TcoSection, limits: Limits) -> Candidate:
    bought = purchase(inputs, tco)
    takes = {
        "budget_cny": bought.bill.total_cny,
        "power_w": bought.provisioned_it_w * tco.pue.value,
        "racks": float(bought.racks.total),
    }
    if math.isfinite(limits.weeks):
        assembly = inputs.prices.integration_time
        if assembly is None:
            raise InputError(
                f"price book {inputs.prices.name} has no integration_time, needed for a delivery date"
            )
        takes["weeks"] = bought.bill.lead_time_weeks + assembly.value
    return Candidate(inputs, template, bought.bill, takes)


def _breaks(candidate: Candidate, limits: Limits) -> str:
    """Name the limit that a candidate breaks furthest; nothing where it meets all."""
    over = {n: candidate.takes[n] / most for n, most in limits.asked().items() if candidate.takes[n] > most}
    return max(over, key=lambda name: over[name]) if over else ""


def plan_cluster(
    templates: Mapping[str, Inputs],
    limits: Limits,
    *,
    objective: str = "goodput",
    site: TcoSection | None = None,
    most: int = 16_384,
    top: int = 5,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> Answer:
    """Return the best clusters among the templates at every size that meets the limits.

    ``objective`` is ``goodput`` (most tokens per second kept, failures and checkpoints included) or ``cny_per_mtoken``
    (least). ``site`` prices every template on the same terms; absent: each on its own.

    Raises InputError for an unknown objective, InfeasibleError, with the nearest candidate, when none meets the limits.
    """
    if objective not in ("goodput", "cny_per_mtoken"):
        raise InputError(f"objective {objective!r} is unknown (known: goodput, cny_per_mtoken)")
    found: list[ClusterPlan] = []
    refused: list[tuple[Candidate, str]] = []
    seen = 0
    counts = {name: sizes(inputs, most) for name, inputs in templates.items()}
    total = sum(len(c) for c in counts.values())
    cache = StageCache()
    for name, inputs in templates.items():
        tco = site or inputs.scenario.tco
        rows = [_candidate(resized(inputs, n), name, tco, limits) for n in counts[name]]
        for index, candidate in enumerate(rows):
            seen += 1
            tell(seen, total)
            over = _breaks(candidate, limits)
            if over:
                refused.append((candidate, over))
                continue
            made = _made(candidate, tco, _margin(rows, index, limits), cache)
            if made is not None:
                found.append(made)
    if not found:
        raise InfeasibleError(_nearest(refused, limits, templates))
    order = sorted(found, key=_key(objective))
    return Answer(tuple(order[:top]), _front(found), seen, len(found))


def _key(objective: str) -> Callable[[ClusterPlan], tuple[float, float, str]]:
    def key(plan: ClusterPlan) -> tuple[float, float, str]:
        rate, cost = plan.run.goodput_tokens_per_s, plan.run.cny_per_mtoken
        first = (-rate, cost) if objective == "goodput" else (cost, -rate)
        return *first, plan.candidate.template

    return key


def _made(candidate: Candidate, tco: TcoSection, margin: Margin, cache: StageCache) -> ClusterPlan | None:
    """Plan and run a candidate; nothing where no plan fits its memory."""
    try:
        plan = best_plans(candidate.inputs, top=1, space=LEAN).best[0]
        planned = resized(candidate.inputs, candidate.cards, plan)
        return ClusterPlan(replace(candidate, inputs=planned), plan, run_cluster(planned, tco, cache), margin)
    except InfeasibleError:
        return None


def _margin(rows: Sequence[Candidate], index: int, limits: Limits) -> Margin:
    if index + 1 == len(rows):
        return Margin(None, "largest size")
    larger = rows[index + 1]
    return Margin(larger.cards, _breaks(larger, limits) or "nothing")


def _front(found: Sequence[ClusterPlan]) -> tuple[ClusterPlan, ...]:
    """Of clusters in order of capex, those that keep more tokens than every cheaper one."""
    front, most = [], 0.0
    for plan in sorted(found, key=lambda p: (p.run.bill.total_cny, -p.run.goodput_tokens_per_s)):
        if plan.run.goodput_tokens_per_s > most:
            front.append(plan)
            most = plan.run.goodput_tokens_per_s
    return tuple(front)


def _nearest(
    refused: Sequence[tuple[Candidate, str]], limits: Limits, templates: Mapping[str, Inputs]
) -> str:
    """Say which candidate comes nearest to the limits and still has a plan, and what it would take."""

    def over(row: tuple[Candidate, str]) -> float:
        return max((row[0].takes[n] / most for n, most in limits.asked().items()), default=0.0)

    asked = ", ".join(f"{name} at most {value:,.6g}" for name, value in limits.asked().items())
    for candidate, _ in sorted(refused, key=over):
        try:
            best_plans(candidate.inputs, top=1, space=LEAN).best[0]
        except ClusterSimError:
            continue
        takes = ", ".join(f"{name} {candidate.takes[name]:,.6g}" for name in limits.asked())
        return (
            f"no cluster of {', '.join(templates)} meets {asked or 'the memory of its cards'}; the nearest is"
            f" {candidate.cards} cards of {candidate.template}, which takes {takes}"
        )
    return f"no cluster of {', '.join(templates)} has a training plan that fits; take another model or card"
