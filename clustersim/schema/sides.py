"""The sides of a comparison: several clusters that do one demand, and which keys reach which of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from clustersim.errors import InputError, suggest
from clustersim.provenance import Sourced
from clustersim.schema.demand import KINDS_OF_WORK, identity
from clustersim.schema.groups import LinkSection
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import doing, laid_out
from clustersim.schema.load_one import load_one
from clustersim.schema.loader import refuse_unused
from clustersim.schema.lookup import find_file
from clustersim.schema.overrides import (
    INCUMBENT,
    PROFILE_KINDS,
    Override,
    of_demand,
    of_layout,
    parse_overrides,
    reaching,
    refuse_own_demand,
)
from clustersim.schema.scenario import Scenario

__all__ = ["as_side", "joined_sides", "load_sides", "refuse_stated_plans"]


def joined_sides(sides: Sequence[Inputs], bandwidth: float) -> Inputs:
    """Return the clusters of several scenarios as groups of one site, at the first one's terms.

    ``bandwidth`` is bytes/s per card and direction between them.

    Raises InputError where a scenario is itself a site of groups.
    """
    first = sides[0]
    for side in sides:
        if side.groups:
            raise InputError(f"{side.name}: has groups of its own; write all groups into one scenario")
    link = LinkSection(bandwidth=Sourced(bandwidth, "B/s"))
    site = first.scenario.cluster.model_copy(update={"link": link})
    return replace(
        first,
        scenario=first.scenario.model_copy(update={"cluster": site}),
        groups=tuple(replace(side, group=side.name) for side in sides),
    )


def load_sides(
    names: Sequence[str],
    sets: Iterable[str] | Mapping[str, Any] = (),
    *,
    own_site: bool = False,
    demand: str = "",
    variants: Sequence[Mapping[str, Any]] = ({},),
) -> tuple[Inputs, ...]:
    """Load scenarios to be compared: one demand, under the terms of the first one unless each keeps its own.

    Keys of the demand, of terms, prices and parts reach every side, keys of a cluster the first, ``NAME.KEY`` one
    alone (docs/design.md). ``demand`` names the scenario whose demand every cluster does; without it all must state
    the same. Each scenario is one side for every one of ``variants``: keys of its cluster with values of their own.

    Raises InputError for unequal demands, with what differs, for an override that no side uses, and for a name that
    stands twice.
    """
    short = _side_names(names)
    if demand and find_file("scenarios", demand).stem not in short:
        raise InputError(f"--demand {demand}: is none of the scenarios; {suggest(demand, short)}")
    overrides = parse_overrides(sets, {side: side for side in short})
    _refuse_incumbent(overrides)
    asks = find_file("scenarios", demand).stem if demand else ""
    loaded = []
    for number, (name, side) in enumerate(zip(names, short, strict=True)):
        mine = _reaching(overrides, side, asks, first=number == 0, own_site=own_site)
        loaded += [load_one(name, (*mine, *parse_overrides(own))) for own in variants]
    refuse_unused(overrides, [side.documents for side in loaded], ", ".join(short))
    asker = loaded[short.index(asks) * len(variants)] if asks else loaded[0]
    for one in [asker] if demand else loaded:
        one.refuse_idle()
    if not demand:
        for other in loaded[1:]:
            refuse_unlike(loaded[0], other)
    labels = [" ".join([name, *map(str, own.values())]) for name in short for own in variants]
    sides = [doing(one, asker, own_terms=True) for one in loaded]
    if asks:
        sides = [
            laid_out(
                one, asker, tuple(o for o in overrides if o.side == name and name != asks and of_layout(o))
            )
            for one, name in zip(sides, [n for n in short for _ in variants], strict=True)
        ]
    return tuple(as_side(one, loaded[0], label, own_site) for one, label in zip(sides, labels, strict=True))


def _side_names(names: Sequence[str]) -> list[str]:
    """The names that the sides and their keys go by: the files' own."""
    files = [find_file("scenarios", name) for name in names]
    short = [file.stem for file in files]
    if len({file.resolve() for file in files}) < len(files):
        raise InputError(f"{', '.join(short)}: a cluster is compared with itself; give different scenarios")
    twice = sorted({name for name in short if short.count(name) > 1})
    if twice:
        raise InputError(
            f"two files go by the name {twice[0]}, and keys address a side by it; rename one of them"
        )
    roots = {
        *Scenario.model_fields,
        *PROFILE_KINDS,
        *KINDS_OF_WORK,
        "model",
        "prices",
        "slo",
        "traffic",
        INCUMBENT,
    }
    taken = [name for name in short if name in roots]
    if taken:
        raise InputError(f"{taken[0]}: a scenario's file may not be named like a key; rename it")
    return short


def _reaching(
    overrides: tuple[Override, ...], side: str, asks: str, *, first: bool, own_site: bool
) -> tuple[Override, ...]:
    """The overrides of one side; where one side's demand is put on all, its keys are that side's alone."""
    mine = reaching(overrides, side, first=first, own_terms=own_site)
    if not asks:
        return mine
    if side != asks:
        refuse_own_demand(mine)
    rest = tuple(o for o in mine if not of_demand(o) or (o.side and side == asks))
    return (*rest, *(o for o in overrides if of_demand(o) and not o.side and side == asks))


def as_side(side: Inputs, first: Inputs, label: str, own_site: bool) -> Inputs:
    """Return a side under the first one's terms unless it keeps its own, by the name that its keys go by.

    Copies of a file may state one name.
    """
    changed: dict[str, Any] = {"name": label}
    prices = side.prices_or_none
    if not own_site and side.file != first.file:
        changed["tco"], prices = first.scenario.tco, first.prices_or_none
    return replace(side, scenario=side.scenario.model_copy(update=changed), prices_or_none=prices)


def _refuse_incumbent(overrides: Iterable[Override]) -> None:
    for override in overrides:
        if override.side == "incumbent":
            raise InputError(
                f"--set {override.key}: a comparison has no incumbent; write the name of a scenario, as in"
                " SCENARIO.KEY"
            )


def refuse_unlike(first: Inputs, side: Inputs) -> None:
    """Raise InputError where two scenarios ask for different work, naming every difference."""
    mine, theirs = first.scenario.demand, side.scenario.demand
    if list(mine) != list(theirs):
        raise InputError(
            f"{first.name} asks for {', '.join(mine)} and {side.name} for {', '.join(theirs)}; a comparison is of"
            f" equal work: put one demand on all with --demand {first.name}"
        )
    unlike = []
    for name in mine:
        a, b = identity(mine[name]), identity(theirs[name])
        a["share"], b["share"] = first.scenario.shares[name], side.scenario.shares[name]
        unlike += [
            f"demand.{name}.{key}: {a.get(key)!r} on {first.name}, {b.get(key)!r} on {side.name}"
            for key in sorted({*a, *b})
            if a.get(key) != b.get(key)
        ]
    if unlike:
        raise InputError(
            f"a comparison is of equal work, and the demands differ: {'; '.join(unlike)}. Set the keys for all, or"
            f" put one demand on all with --demand {first.name}"
        )


def refuse_stated_plans(sides: Sequence[Inputs], *, allowed: bool) -> None:
    """Raise InputError where some sides state a plan for a workload and others search for theirs.

    A layout that somebody chose by hand, held against the best of another cluster, compares two people.
    """
    if allowed:
        return
    for name in sides[0].scenario.demand:
        stated = [side.name for side in sides if _states_plan(side, name)]
        if stated and len(stated) < len(sides):
            others = ", ".join(side.name for side in sides if side.name not in stated)
            raise InputError(
                f"demand.{name}.plan is stated for {', '.join(stated)} and searched for on {others}: state it on every"
                " side (incumbent.KEY or SCENARIO.KEY), write plan: best, or allow it where it may be:"
                " market.stated_plans in a file, --stated-plans of compare"
            )


def _states_plan(side: Inputs, name: str) -> bool:
    """Whether a side, or any group of its site, states how a workload runs."""
    plans = (getattr(one.scenario.demand[name], "plan", "best") for one in (side, *side.groups))
    return any(plan != "best" for plan in plans)
