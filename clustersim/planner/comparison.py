"""The same demand on several sides, each at its sustainable rate: costs by workload and term, and who is cheaper.

A side that cannot do the demand (no plan fits, no rate meets the service level) has no cost; its reason stands instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InfeasibleError, InputError
from clustersim.market.value import refuse_unequal
from clustersim.pipeline.site import SiteRun, run_site
from clustersim.pipeline.value import value_of_card
from clustersim.planner.candidates import Limits
from clustersim.planner.contributions import parts_of
from clustersim.planner.equal import sized
from clustersim.planner.ranking import TIE, ties_of
from clustersim.planner.uncertainty import (
    LEADS,
    SMALLEST_SHARE,
    Headline,
    LoadSides,
    bearable_draws,
    headlines,
    outcomes,
)
from clustersim.schema.designs import What, load_designs
from clustersim.schema.inputs import Inputs
from clustersim.schema.sides import load_sides, refuse_stated_plans
from clustersim.terms import unit_costs, work_terms
from clustersim.workloads.work import StageCache, Work

__all__ = ["Asked", "Side", "compare", "decision", "run_sides", "side_numbers", "unit_cost_name"]

#: Draws behind the intervals where no number is asked for.
DRAWS = 128
#: Costs that differ by less are one: two ways of adding up.
EQUAL = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is compared, and how.

    Attributes:
        names: the scenarios.
        sets: overrides by key; docs/design.md says which sides each one reaches.
        own_site: each side under its own terms; else all under the first one's.
        demand: the scenario whose demand all do; empty: they state the same one.
        stated_plans: let a plan that one side alone states be held against the best plan of another.
        own: changes that each has alone, ``sets`` being the first one's; a scenario may then stand there often.
    """

    names: tuple[str, ...]
    sets: Mapping[str, object]
    own_site: bool = False
    demand: str = ""
    stated_plans: bool = False
    own: tuple[Mapping[str, object], ...] = ()

    def load(self, point: Mapping[str, object]) -> tuple[Inputs, ...]:
        """Load the sides with some more keys overridden."""
        if self.own:
            return load_designs(self.designs, point, own_site=self.own_site, one_demand=bool(self.demand))
        return load_sides(self.names, {**self.sets, **point}, own_site=self.own_site, demand=self.demand)

    @property
    def designs(self) -> list[What]:
        """The scenarios with the changes that each has alone."""
        changes = [{**self.sets, **self.own[0]}, *self.own[1:]]
        return [What(name, own) for name, own in zip(self.names, changes, strict=True)]

    @property
    def one_scenario(self) -> bool:
        """Whether all are what-ifs of one scenario: a plan that one of them states is what is asked."""
        return bool(self.own) and len({one.file.resolve() for one in self.designs}) == 1

    def changed(self, more: Sequence[Mapping[str, object]]) -> Asked:
        """Return the question with more keys of each side's cluster changed."""
        if self.own:
            return replace(self, own=tuple({**own, **new} for own, new in zip(self.own, more, strict=True)))
        names = [side.name for side in self.load({})]
        sets = {
            f"{name}.{key}": value
            for name, new in zip(names, more, strict=True)
            for key, value in new.items()
        }
        return replace(self, sets={**self.sets, **sets})


@dataclass(frozen=True, slots=True)
class Side:
    """One side: its forward run, or why there is none."""

    inputs: Inputs
    run: SiteRun | None
    reason: str = ""

    @property
    def name(self) -> str:
        """The side's name."""
        return self.inputs.name


def run_sides(sides: Sequence[Inputs], cache: StageCache | None = None) -> list[Side]:
    """Run every side; one on which the demand cannot be done keeps the reason.

    Raises InputError where two sides do not do the same work.
    """
    cache = cache or StageCache()
    out = [_run(side, cache) for side in sides]
    able = [side.run for side in out if side.run is not None]
    for run in able[1:]:
        for mine, other in zip(able[0].works, run.works, strict=True):
            refuse_unequal(mine.name, mine.asked, other.asked)
    return out


def _run(side: Inputs, cache: StageCache) -> Side:
    try:
        return Side(side, run_site(side, cache))
    except InfeasibleError as error:
        return Side(side, None, str(error).splitlines()[0])


def compare(asked: Asked, *, draws: int | None = 0, limits: Limits | None = None) -> dict[str, Any]:
    """Return the comparison: rows of sites and of workloads, costs by term, differences, intervals, break-even prices.

    With ``limits`` every side is as large as they allow (`planner/equal.py`), and what it makes in a day stands beside.

    Raises InputError for fewer than two scenarios, unequal demands, or a plan that one side alone states,
    InfeasibleError where not even the smallest size of a side meets the limits.
    """
    if len(asked.names) < 2:
        raise InputError("compare needs at least two scenarios")
    asked, equal = (asked, []) if limits is None else _at(asked, limits)
    loaded = asked.load({})
    refuse_stated_plans(loaded, allowed=asked.stated_plans or asked.one_scenario)
    sides = run_sides(loaded)
    first = sides[0]
    works = list(loaded[0].scenario.demand)
    count, said = bearable_draws(draws, DRAWS, [side.run for side in sides if side.run is not None])
    terms = {name: {s.name: _terms(s.run, name) for s in sides if s.run is not None} for name in works}
    return {
        "site": "own" if asked.own_site else first.name,
        "demand": {n: _demand(loaded[0], n) for n in works},
        **(
            {"equal": {"limits": limits.asked(), "sides": equal, "per_day": _per_day(sides)}}
            if limits
            else {}
        ),
        "sides": [_site_row(side) for side in sides],
        "workloads": [_work_row(side, name) for name in works for side in sides],
        "terms": terms,
        "difference_to_first": {name: _differences(terms[name], first.name) for name in works},
        "cheapest": {name: _cheapest(sides, name) for name in works},
        "draws": count,
        "draws_said": said,
        "intervals": (intervals := _intervals(asked, sides, count) if count else {}),
        "leads": {name: decision(of) for name, of in intervals.items()},
        "settles": _settles(intervals),
        "break_even_card_price_cny": {s.name: _break_even(first, s) for s in sides[1:]},
    }


def _at(asked: Asked, limits: Limits) -> tuple[Asked, list[dict[str, Any]]]:
    """The question with every side at the largest size within limits, and what each takes of them."""
    found = [sized(side, limits) for side in asked.load({})]
    rows = [{"side": one.side, **one.takes, "binds": one.binds} for one in found]
    return asked.changed([one.counts for one in found]), rows


def _per_day(sides: Sequence[Side]) -> list[dict[str, Any]]:
    """What each whole site makes of each workload in a day, in the workload's unit."""
    out = []
    for side in sides:
        if side.run is None:
            continue
        scenario = side.inputs.scenario
        sold = 1.0 if scenario.tco is None else scenario.tco.sold_share.value
        for work in side.run.works:
            hours = side.inputs.cards * 24.0 * sold * scenario.shares[work.name]
            out.append({"side": side.name, "workload": work.name, "unit": work.main.name,
                        "units_per_day": work.main.per_card_hour * hours})  # fmt: skip
    return out


def _demand(inputs: Inputs, name: str) -> dict[str, Any]:
    work = inputs.scenario.demand[name]
    return {"kind": work.kind, "share": inputs.scenario.shares[name], "model": work.model}


def _site_row(side: Side) -> dict[str, Any]:
    run, card = side.run, side.inputs.card_words
    row: dict[str, Any] = {"side": side.name, "card": card, "cards": side.inputs.cards}
    numbers = (
        "it_power_kw", "facility_power_kw", "racks", "capex_mcny", "tco_mcny", "cny_per_card_hour",
    )  # fmt: skip
    if run is None:
        return row | dict.fromkeys(numbers) | {"reason": side.reason}
    values = (
        run.power.it_power_w / 1e3, run.power.facility_power_w / 1e3, run.racks.total, run.tco.capex_cny / 1e6,
        run.tco.tco_cny / 1e6, run.tco.cny_per_card_hour,
    )  # fmt: skip
    return row | dict(zip(numbers, values, strict=True)) | {"reason": ""}


def side_numbers(side: Side) -> dict[str, float]:
    """Return the numbers of a side by name: of its row, of its cost, and of each workload's row as ``WORK:NAME``.

    Empty where the demand cannot be done there.
    """
    if side.run is None:
        return {}
    run = side.run
    found: dict[str, object] = {
        **_site_row(side),
        **outcomes(run),
    }
    for work in run.works:
        row = _work_row(side, work.name) | {"units_per_card_hour": work.main.per_card_hour}
        found |= {f"{work.name}:{name}": value for name, value in row.items()}
    return {n: float(v) for n, v in found.items() if isinstance(v, int | float) and not isinstance(v, bool)}


def _work(run: SiteRun, name: str) -> Work:
    return next(work for work in run.works if work.name == name)


def _work_row(side: Side, name: str) -> dict[str, Any]:
    """One workload on one side: what a unit costs and takes, the level that is met, and by which plan."""
    row: dict[str, Any] = {"workload": name, "side": side.name}
    if side.run is None:
        return row | {"reason": side.reason}
    work = _work(side.run, name)
    layout = dict(work.layout)
    return row | {
        f"{work.main.name}_per_card_hour": work.main.per_card_hour,
        **unit_costs(side.run, work),
        **work.rates,
        **work.service,
        "plan": layout.pop("plan", None),
        "stated": layout.pop("stated", None),
        **layout,
        "notes": list(work.notes),
        "reason": "",
    }


def _terms(run: SiteRun, name: str) -> dict[str, float]:
    """Cost of a unit by term of the site's cost; they sum to it."""
    tco, cost = run.tco, run.cny_per_unit(_work(run, name))
    return {term: value / tco.cost_cny_per_year * cost for term, value in tco.terms().items()}


def _differences(terms: Mapping[str, Mapping[str, float]], first: str) -> dict[str, dict[str, float]]:
    if first not in terms:
        return {}
    base = terms[first]
    return {
        name: {term: value - base[term] for term, value in mine.items()}
        for name, mine in terms.items()
        if name != first
    }


def _cheapest(sides: Sequence[Side], name: str) -> list[str]:
    """The side whose unit costs least, and those that tie with it."""
    costs = {s.name: s.run.cny_per_unit(_work(s.run, name)) for s in sides if s.run is not None}
    if not costs:
        return []
    order = sorted(costs, key=lambda side: costs[side])
    return [order[0], *ties_of(order[0], order[1:], lambda side: costs[side], tie=TIE)]


def _break_even(first: Side, side: Side) -> float | None:
    """Card price before VAT at which a side does the demand at the first one's cost; below zero where none does."""
    if first.run is None or side.run is None:
        return None
    return value_of_card(side.inputs, side.run, first.run, 0.0).price_cny


def _loader(asked: Asked, able: set[str]) -> LoadSides:
    return lambda point: [side for side in asked.load(point) if side.name in able]


def _intervals(asked: Asked, sides: Sequence[Side], draws: int) -> dict[str, Any]:
    """Cost of a unit at P10, P50 and P90 by workload and side, in which share of the draws it beats the first, and in
    which it is the cheapest of all.

    What sides share is drawn once for all. Nothing where the first side cannot do the demand: its keys would reach
    another.
    """
    if sides[0].run is None:
        return {}
    able = {side.name for side in sides if side.run is not None}
    found = headlines(_loader(asked, able), count=draws, parts=True)
    out: dict[str, Any] = {}
    for work in sides[0].run.works:
        key = unit_cost_name(sides[0].run, work)
        drawn = {side: next(h for h in rows if h.name == key) for side, rows in found.items()}
        base = drawn[sides[0].name].samples
        out[work.name] = {}
        wins = _wins({side: headline.samples for side, headline in drawn.items()})
        for side, headline in drawn.items():
            both = np.isfinite(headline.samples) & np.isfinite(base)
            out[work.name][side] = {
                **asdict(headline.spread),
                "share_cheaper_than_first": float((headline.samples[both] < base[both]).mean()),
                "share_cheapest": wins[side],
                "difference_from": _apart_by(headline, drawn[sides[0].name]),
            }
    return out


def _apart_by(mine: Headline, first: Headline) -> list[dict[str, Any]]:
    """What the width of the ratio to the first side comes from; what moves both alike adds nothing."""
    ratio = np.log(np.maximum(mine.at_ends, 1e-300) / np.maximum(first.at_ends, 1e-300))
    found = parts_of(mine.sources, ratio, SMALLEST_SHARE)
    return [
        {"source": p.source, "times_at_p10": float(np.exp(p.low)), "times_at_p90": float(np.exp(p.high)),
         "share": p.share}
        for p in found
    ]  # fmt: skip


def _wins(samples: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """In which share of the draws each side is the cheapest of all, of the draws that all sides can run; sides that
    cost the same in a draw share it.

    >>> _wins({"a": np.array([1.0, 2.0, np.nan]), "b": np.array([2.0, 1.0, 1.0])})
    {'a': 0.5, 'b': 0.5}
    """
    table = np.column_stack(list(samples.values()))
    table = table[np.isfinite(table).all(axis=1)]
    least = table <= table.min(axis=1, keepdims=True) * (1.0 + EQUAL)
    shares = (least / least.sum(axis=1, keepdims=True)).mean(axis=0)
    return {side: float(share) for side, share in zip(samples, shares, strict=True)}


def decision(intervals: Mapping[str, Mapping[str, float]]) -> str:
    """Return the side that leads, cheapest in ``LEADS`` of the draws or more; empty for a tie.

    >>> decision({"a": {"share_cheapest": 0.95}, "b": {"share_cheapest": 0.05}})
    'a'
    >>> decision({"a": {"share_cheapest": 0.6}, "b": {"share_cheapest": 0.4}})
    ''
    """
    best = max(intervals, key=lambda side: intervals[side]["share_cheapest"], default="")
    return best if best and intervals[best]["share_cheapest"] >= LEADS else ""


def _settles(intervals: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, str]:
    """By workload, what would narrow a comparison most if it were known: the source that adds most to the width of a
    ratio to the first side; nothing where none has a width."""
    out = {}
    for name, sides in intervals.items():
        found = [part for side in sides.values() for part in side["difference_from"][:1]]
        widest = max(found, key=_log_width, default=None)
        out[name] = "" if widest is None else f"{widest['source']} ({widest['share']:.0%} of the width)"
    return out


def _log_width(part: Mapping[str, Any]) -> float:
    return abs(float(np.log(part["times_at_p90"] / part["times_at_p10"])))


def unit_cost_name(run: SiteRun, work: Work) -> str:
    """The name of the cost of a workload's unit among the terms of the site."""
    plain = f"cny_per_{work.main.name}"
    return plain if plain in work_terms(run)["econ"] else f"{work.name}.{plain}"
