"""Which of a site's unlike groups to have: every subset bought, planned and run forward, and what each group adds."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from clustersim.assemble.purchase import purchase
from clustersim.errors import InfeasibleError, InputError
from clustersim.pipeline.site import SiteRun, run_site
from clustersim.planner.candidates import Limits, words_of
from clustersim.planner.finish import delivery_weeks, work_named
from clustersim.planner.training import Question, days_for
from clustersim.schema.grouped import apportioned
from clustersim.schema.inputs import Inputs
from clustersim.workloads.work import StageCache

__all__ = ["MOST_GROUPS", "Added", "Subset", "added", "best_subsets", "site_of", "subsets", "with_spares"]

#: Groups of which every subset is run.
MOST_GROUPS = 6


@dataclass(frozen=True, slots=True)
class Subset:
    """Some groups of a site as a site: what it takes of the limits, what it gives, and why it cannot.

    Attributes:
        names: the groups'.
        takes: as a ``Candidate``'s: CNY, W, racks, and weeks, days where they are asked.
        broken: the limit that it breaks furthest; empty where it meets all.
    """

    names: tuple[str, ...]
    cards: int
    takes: Mapping[str, float]
    broken: str
    reason: str = ""
    run: SiteRun | None = None
    goodput_tokens_per_s: float = 0.0
    cny_per_mtoken: float = float("inf")


def site_of(inputs: Inputs, names: Sequence[str]) -> Inputs:
    """Return some groups of a site as a site: the site's hot spares are theirs; one group alone has its storage and no
    link."""
    kept = with_spares(inputs, tuple(group for group in inputs.groups if group.group in names))
    if len(kept) == 1:
        return replace(kept[0], group="", only=kept[0].group)
    return replace(inputs, groups=kept, parts=kept[0].parts, nominal=kept[0].nominal)


def with_spares(inputs: Inputs, kept: tuple[Inputs, ...]) -> tuple[Inputs, ...]:
    """Return the groups with the site's hot spares shared out among those that state none, as the loader does."""
    reliability, stated = inputs.scenario.reliability, inputs.scenario.cluster.groups
    if reliability is None:
        return kept
    free = [g for g in kept if any(stated[name].spares is None for name in g.group.split("+"))]
    parts = apportioned(reliability.spares.hot.value, [float(g.cards) for g in free]) if free else []
    of = {g.group: part for g, part in zip(free, parts, strict=True)}
    return tuple(_spared(g, of[g.group]) if g.group in of else g for g in kept)


def _spared(group: Inputs, hot: float) -> Inputs:
    reliability = group.scenario.reliability
    assert reliability is not None
    count = replace(reliability.spares.hot, value=hot, low=None, high=None)
    own = reliability.model_copy(update={"spares": reliability.spares.model_copy(update={"hot": count})})
    return replace(group, scenario=group.scenario.model_copy(update={"reliability": own}))


def subsets(
    inputs: Inputs, name: str, limits: Limits, tokens: float | None,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> list[Subset]:  # fmt: skip
    """Return every subset of a site's groups, run forward where it meets the limits that are known before.

    Raises InputError for more groups than ``MOST_GROUPS``, and for a deadline without tokens.
    """
    if len(inputs.groups) > MOST_GROUPS:
        raise InputError(
            f"{inputs.name}: has {len(inputs.groups)} groups, and every subset of at most {MOST_GROUPS} is run; take"
            " some out (--set cluster.groups.NAME=null)"
        )
    if tokens is None and {"days", "finish_days"} & set(limits.asked()):
        raise InputError("a deadline needs the tokens to be trained; give --tokens, for example --tokens 2T")
    every = [group.group for group in inputs.groups]
    asked = [some for n in range(1, len(every) + 1) for some in itertools.combinations(every, n)]
    cache, out = StageCache(), []
    for done, some in enumerate(asked, 1):
        out.append(_subset(site_of(inputs, some), name, some, limits, tokens, cache))
        tell(done, len(asked))
    return out


def _subset(
    site: Inputs, name: str, names: tuple[str, ...], limits: Limits, tokens: float | None, cache: StageCache
) -> Subset:
    bought = purchase(site)
    takes = {
        "budget_cny": float(bought.bill.total_cny), "power_w": bought.provisioned_it_w * site.tco.pue.value,
        "racks": float(bought.racks.total),
    }  # fmt: skip
    if limits.dated:
        takes["weeks"] = delivery_weeks(site, bought.bill.lead_time_weeks)
    early = Subset(names, site.cards, takes, _broken(takes, limits))
    if early.broken:
        return early
    try:
        run = run_site(site, cache)
    except InfeasibleError as error:
        return replace(early, reason=str(error))
    work = work_named(run, name)
    goodput = work.rates["training_goodput_tokens_per_s"]
    if tokens is not None:
        takes["days"] = float(days_for(tokens, goodput, Question(site, name).card_hour_share))
        if "weeks" in takes:
            takes["finish_days"] = takes["weeks"] * 7 + takes["days"]
    return replace(
        early, takes=takes, broken=_broken(takes, limits), run=run, goodput_tokens_per_s=float(goodput),
        cny_per_mtoken=float(run.cny_per_unit(work)),
    )  # fmt: skip


def _broken(takes: Mapping[str, float], limits: Limits) -> str:
    """The limit that is broken furthest; nothing where all that is known is met."""
    over = {n: takes[n] / most for n, most in limits.asked().items() if n in takes and takes[n] > most}
    return max(over, key=lambda n: over[n]) if over else ""


#: What is made small.
_OBJECTIVES: dict[str, Callable[[Subset], float]] = {
    "goodput": lambda s: -s.goodput_tokens_per_s,
    "cny_per_mtoken": lambda s: s.cny_per_mtoken,
    "capex_cny": lambda s: s.takes["budget_cny"],
}


def best_subsets(found: Sequence[Subset], objective: str, limits: Limits) -> list[Subset]:
    """Return the subsets that meet the limits and can train, the best first; of equals the one of fewer groups.

    Raises InfeasibleError, with what the nearest takes, where there is none.
    """
    good = [s for s in found if s.run is not None and not s.broken]
    if not good:
        raise InfeasibleError(_nearest(found, limits))
    value = _OBJECTIVES[objective]
    return sorted(good, key=lambda s: (value(s), len(s.names), s.takes["budget_cny"]))


def _nearest(found: Sequence[Subset], limits: Limits) -> str:
    broken = [s for s in found if s.broken]
    if not broken:
        return f"no subset of the groups can train the model: {found[-1].reason}"
    asked = limits.asked()

    def over(s: Subset) -> float:
        return max(s.takes[n] / most for n, most in asked.items() if n in s.takes)

    near = min(broken, key=over)
    takes = ", ".join(words_of(n, near.takes[n]) for n in asked if n in near.takes)
    most = ", ".join(f"at most {words_of(n, v)}" for n, v in asked.items())
    return f"no subset of the groups meets {most}; the nearest is {'+'.join(near.names)}, which takes {takes}"


@dataclass(frozen=True, slots=True)
class Added:
    """What a group adds to all the others: to goodput, capex and the cost of a token."""

    group: str
    goodput_tokens_per_s: float
    capex_cny: float
    cny_per_mtoken: float | None
    """Nothing where the others alone cannot train."""


def added(found: Sequence[Subset]) -> list[Added]:
    """Return what each group adds where both the whole site and the site without it were run."""
    by = {s.names: s for s in found}
    whole = found[-1]
    out = []
    for name in whole.names if whole.run is not None and len(whole.names) > 1 else ():
        rest = by[tuple(n for n in whole.names if n != name)]
        if rest.run is None and not rest.reason:
            continue
        cost = whole.cny_per_mtoken - rest.cny_per_mtoken if rest.run is not None else None
        out.append(Added(
            name, whole.goodput_tokens_per_s - rest.goodput_tokens_per_s,
            whole.takes["budget_cny"] - rest.takes["budget_cny"], cost,
        ))  # fmt: skip
    return out
