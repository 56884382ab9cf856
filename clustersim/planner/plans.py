"""The best plans of one or several clusters, ranked fairly, each with its forward run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from clustersim.errors import ClusterSimError
from clustersim.perf.search import FoundPlan
from clustersim.perf.shortlist import PlanErrors, kind_of
from clustersim.pipeline import SiteRun, StageCache
from clustersim.planner.finish import work_named
from clustersim.planner.ranking import TIE, fair_front, fair_order, ties_of
from clustersim.planner.training import PlanSearch, Question, best_plans, run_planned

__all__ = ["PlannedRun", "Ranking", "rank_plans"]


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A plan on a cluster, its time corrected for the error of its kind, and its forward run where it has a price."""

    asked: Question
    found: FoundPlan
    corrected_s: float
    run: SiteRun | None

    @property
    def cny_per_mtoken(self) -> float:
        """Cost of a million trained tokens of the forward run; not a number without a price."""
        return math.nan if self.run is None else self.run.cny_per_unit(work_named(self.run, self.asked.name))

    @property
    def corrected_cny_per_mtoken(self) -> float:
        """The cost at the corrected time, by which plans of unlike kinds are held against each other; 0 if unknown."""
        cost = self.cny_per_mtoken
        return 0.0 if math.isnan(cost) else cost * self.corrected_s / self.found.step_time_s


@dataclass(frozen=True, slots=True)
class Ranking:
    """Plans of all clusters in fair order, the searches behind them, and why a plan has no price."""

    plans: tuple[PlannedRun, ...]
    searches: tuple[tuple[Question, PlanSearch], ...]
    unpriced: tuple[str, ...]
    errors: PlanErrors

    def tie(self, plan: PlannedRun) -> str:
        """Say why a plan is no worse than the first as far as is known; nothing where it is, or is the first."""
        first = self.plans[0]
        if plan is first:
            return ""
        if ties_of(first, [plan], lambda p: p.corrected_s):
            return f"within {TIE:.1%}"
        lead = plan.corrected_s / first.corrected_s - 1.0
        unlike = kind_of(plan.found.plan) != kind_of(first.found.plan)
        if unlike and self.errors.lead_inside(first.found.plan, plan.found.plan, lead):
            return "within the known error of its kind"
        return ""


def rank_plans(
    templates: Mapping[str, Question],
    counts: Sequence[int | None],
    *,
    top: int,
    offload: bool = False,
    front: bool = False,
    cache: StageCache | None = None,
) -> Ranking:
    """Return the best plans of every cluster at every count of cards, fairly ranked by corrected time.

    Differences under 0.5 % are ties, and the cheaper token comes first. Several clusters share ``top`` evenly, one plan
    each at least. ``front``: only the plans that no other beats in cost, time and memory at once.

    Raises InfeasibleError where a cluster has no plan that fits.
    """
    cache = cache or StageCache()
    top = max(1, top // (len(templates) * len(counts)))
    searches = [
        (
            asked if count is None else asked.on(count),
            best_plans(asked, cards=count, top=top, offload=offload),
        )
        for asked in templates.values()
        for count in counts
    ]
    said: list[str] = []
    rows = [
        _run(asked, found, search.errors, cache, said.append)
        for asked, search in searches
        for found in (search.front if front else search.best)
    ]
    errors = searches[0][1].errors
    if front:
        kept = fair_front(rows, lambda p: (p.corrected_cny_per_mtoken, p.corrected_s, p.found.memory_bytes))
        plans = sorted(kept, key=lambda p: (p.corrected_s, p.found.memory_bytes))
    else:
        plans = fair_order(rows, lambda p: p.corrected_s, lambda p: p.corrected_cny_per_mtoken)
    return Ranking(tuple(plans), tuple(searches), tuple(dict.fromkeys(said)), errors)


def _run(
    asked: Question, found: FoundPlan, errors: PlanErrors, cache: StageCache, say: Callable[[str], None]
) -> PlannedRun:
    """A plan with its forward run; without one where the bill cannot be made."""
    try:
        run = run_planned(asked, found, cache)
    except ClusterSimError as error:
        say(str(error).splitlines()[0])
        run = None
    return PlannedRun(asked, found, errors.corrected(found), run)
