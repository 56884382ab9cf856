"""The best plans of one or several clusters, ranked fairly, each with its forward run."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.econ.interval import Spread
from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.search import FoundPlan
from clustersim.perf.shortlist import PlanErrors, kind_of
from clustersim.pipeline.site import SiteRun, run_site
from clustersim.planner.chances import Sureness, shares_of_wins
from clustersim.planner.finish import work_named
from clustersim.planner.ranking import TIE, fair_front, fair_order, ties_of
from clustersim.planner.training import PlanSearch, Question, best_plans
from clustersim.planner.uncertainty import headlines
from clustersim.schema.inputs import Inputs
from clustersim.workloads.work import StageCache

__all__ = ["PlanChance", "PlannedRun", "Ranking", "fare", "rank_plans", "run_planned"]


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


@dataclass(frozen=True, slots=True)
class PlanChance:
    """A plan under the draws: the spread of its step and of its token's cost, and the share in which it is the best."""

    step_time_s: Spread
    cny_per_mtoken: Spread
    share_wins: float


def fare(ranking: Ranking, sure: Sureness) -> list[PlanChance | None]:
    """Return how every plan fares over the same draws; nothing for plans without a price.

    The best has the least corrected time. What all share, the software on its card above all, is drawn once; the error
    of a kind of plan is one number for all of the kind, and what no row tells of two plans of a kind is each one's own
    (``PlanErrors.between``).
    """
    order = list(sure.load({}))
    priced = [at for at, plan in enumerate(ranking.plans) if plan.run is not None]
    if not priced:
        return [None] * len(ranking.plans)
    name = ranking.plans[0].asked.name

    def cases(sides: Sequence[Inputs]) -> dict[str, Inputs]:
        by = {template: Question(side, name) for template, side in zip(order, sides, strict=True)}
        plans = {at: ranking.plans[at] for at in priced}
        return {_label(at, p): by[p.asked.inputs.name].by(p.found).inputs for at, p in plans.items()}

    def asked(run: SiteRun) -> dict[str, float]:
        work = work_named(run, name)
        return {"step_time_s": work.rates["step_time_s"], "cny_per_mtoken": run.cny_per_unit(work)}

    found = headlines(
        lambda point: [question.inputs for question in sure.load(point).values()], count=sure.draws, cases=cases,
        of=asked,
    )  # fmt: skip
    drawn = {at: {line.name: line for line in found[_label(at, ranking.plans[at])]} for at in priced}
    times = [drawn[at]["step_time_s"].samples * _noise(ranking, at, sure.draws) for at in priced]
    wins = shares_of_wins(times, [np.full(sure.draws, True)] * len(times))
    out: list[PlanChance | None] = [None] * len(ranking.plans)
    for at, share in zip(priced, wins, strict=True):
        lines = drawn[at]
        out[at] = PlanChance(lines["step_time_s"].spread, lines["cny_per_mtoken"].spread, share)
    return out


def _label(at: int, plan: PlannedRun) -> str:
    return f"plan {at + 1} on {plan.found.plan.cards} cards of {plan.asked.inputs.name}"


def _noise(ranking: Ranking, at: int, count: int) -> NDArray[np.float64]:
    """What a plan's time is corrected by, with the error of its kind and its own, on draws of their own streams."""
    plan, seed = ranking.plans[at], ranking.plans[at].asked.inputs.scenario.seed
    kind, errors = kind_of(plan.found.plan), ranking.errors
    shared, own = (
        np.random.default_rng([seed, zlib.crc32(text.encode())]).standard_normal(count)
        for text in (f"plan {kind}", f"plan {plan.found.plan!r}")
    )
    spread = errors.of(plan.found.plan).spread
    noise: NDArray[np.float64] = np.exp(spread * shared + errors.between * own)
    return noise * plan.corrected_s / plan.found.step_time_s


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


def run_planned(asked: Question, plan: FoundPlan, cache: StageCache | None = None) -> SiteRun:
    """Return the forward run of the site on a found plan's cards by that plan.

    Raises InputError where the scenario or its prices leave something out that the bill needs.
    """
    return run_site(asked.by(plan).inputs, cache)


def _run(
    asked: Question, found: FoundPlan, errors: PlanErrors, cache: StageCache, say: Callable[[str], None]
) -> PlannedRun:
    """A plan with its forward run; without one where the bill cannot be made."""
    try:
        run = run_planned(asked, found, cache)
    except (InfeasibleError, InputError) as error:
        say(str(error).splitlines()[0])
        run = None
    return PlannedRun(asked, found, errors.corrected(found), run)
