"""A scenario with its incumbent, read and checked: whose keys reach which of the two, and what each does.

``schema.load_one`` reads one side alone; ``schema.sides.load_sides`` reads several to compare. A file is parsed only
once while it does not change, and all problems of a file come at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from clustersim.errors import InputError
from clustersim.schema.demand import Workload
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_one import load_one
from clustersim.schema.loader import refuse_unused
from clustersim.schema.lookup import find_file
from clustersim.schema.overrides import (
    INCUMBENT,
    Override,
    in_demand,
    of_layout,
    parse_overrides,
    reaching,
    refuse_own_demand,
    refuse_twice,
)
from clustersim.schema.profiles import read_document
from clustersim.schema.scenario import Scenario

__all__ = ["doing", "laid_out", "load_inputs", "named_sides"]


def load_inputs(
    name: str, sets: Iterable[str] | Mapping[str, Any] = (), *, with_incumbent: bool = True
) -> Inputs:
    """Load a scenario by path or name, with overrides, and everything it refers to.

    Raises InputError with every problem of the first file that has any, and for an override that nothing uses.
    """
    overrides = parse_overrides(sets, named_sides(name))
    inputs = load_one(name, tuple(o for o in overrides if not o.side))
    refuse_twice(overrides, inputs.documents["scenario"])
    if with_incumbent and inputs.scenario.market is not None:
        inputs = replace(inputs, incumbent=_incumbent(inputs, overrides))
    inputs = replace(inputs, overrides=overrides)
    sides = [inputs] if inputs.incumbent is None else [inputs, inputs.incumbent]
    if inputs.incumbent is None and any(o.side for o in overrides):
        kept = next(o for o in overrides if o.side)
        if inputs.scenario.market is None:
            raise InputError(f"--set {kept.key}: the scenario has no incumbent")
        overrides = tuple(o for o in overrides if not o.side)
    refuse_unused(overrides, [side.documents for side in sides], inputs.file)
    return inputs


def named_sides(name: str) -> dict[str, str]:
    """Return what addresses a side of a scenario alone: its incumbent's file, and its own, which is no side.

    A name that is a key of a scenario as well addresses none.
    """
    market = read_document("scenarios", name).data.get("market")
    other = market.get("incumbent") if isinstance(market, dict) else None
    sides = {str(other): INCUMBENT} if other is not None else {}
    named = {**sides, find_file("scenarios", name).stem: ""}
    return {stem: side for stem, side in named.items() if stem not in Scenario.model_fields}


def _incumbent(inputs: Inputs, overrides: tuple[Override, ...]) -> Inputs:
    """The incumbent: its own cluster, on which it does our demand under our terms."""
    assert inputs.scenario.market is not None
    mine = reaching(overrides, INCUMBENT, first=False, own_terms=False)
    refuse_own_demand(mine)
    kept = tuple(
        o
        for o in mine
        if not (o.side and of_layout(o)) and (o.side or o.document not in {"scenario", "company", "prices"})
    )
    other = load_one(inputs.scenario.market.incumbent, kept)
    return laid_out(doing(other, inputs), inputs, tuple(o for o in mine if o.side and of_layout(o)))


def laid_out(side: Inputs, asker: Inputs, layouts: tuple[Override, ...]) -> Inputs:
    """Return a side with the layouts that keys state for it alone, of workloads that its own file may lack."""
    if not layouts:
        return side
    stated = load_one(asker.file, (*(o for o in asker.overrides if not o.side), *layouts)).scenario.demand
    demand = dict(side.scenario.demand)
    for override in in_demand(layouts, asker.documents["scenario"]):
        _, name, key = (str(part) for part in override.path[:3])
        demand[name] = demand[name].model_copy(update={key: getattr(stated[name], key)})
    return replace(side, scenario=side.scenario.model_copy(update={"demand": demand}))


def doing(side: Inputs, first: Inputs, *, own_terms: bool = False) -> Inputs:
    """Return a side's cluster with the first one's demand, under the first one's terms unless it keeps its own.

    A layout that the side's own file states for a workload of the same name stays its own; else it is searched for.
    """
    demand = {
        name: _laid_out(work, side.scenario.demand.get(name)) for name, work in first.scenario.demand.items()
    }
    changed: dict[str, Any] = {"demand": demand, "seed": first.scenario.seed}
    prices = side.prices_or_none
    if not own_terms:
        changed["tco"], prices = first.scenario.tco, first.prices_or_none
    return replace(
        side,
        scenario=side.scenario.model_copy(update=changed),
        models=first.models,
        networks=first.networks,
        prices_or_none=prices,
        company=None,
    )


def _laid_out(work: Workload, own: Workload | None) -> Workload:
    if not hasattr(work, "plan"):
        return work
    stated = own.plan if own is not None and type(own) is type(work) and hasattr(own, "plan") else "best"
    return work.model_copy(update={"plan": stated})
