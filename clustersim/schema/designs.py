"""Designs to compare: several what-ifs, each a scenario with changes of its own; one scenario may stand there often.

A change belongs to the design that states it. A design of another scenario is held against the first one as
``schema.sides`` holds it: it does the first one's demand under its terms, and what the first one's changes say of
demand, terms, prices and parts reaches it, beneath its own changes. A design of the first one's scenario has its own
alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clustersim.errors import InputError
from clustersim.schema.demand import LAYOUT_FIELDS, Workload
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import doing, laid_out, named_sides
from clustersim.schema.load_one import load_one
from clustersim.schema.lookup import find_file
from clustersim.schema.overrides import INCUMBENT, Override, of_demand, of_layout, parse_overrides, reaching
from clustersim.schema.sides import as_side, refuse_unlike

__all__ = ["What", "labels_of", "load_designs"]

#: What a scenario says of money: that of the first design holds on other scenarios.
_TERMS = ("tco", "prices")


@dataclass(frozen=True, slots=True)
class What:
    """One design: a scenario by its name or file, and its own changes by key."""

    scenario: str
    changes: Mapping[str, object] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """The scenario's file."""
        return find_file("scenarios", self.scenario)


def labels_of(designs: Sequence[What]) -> list[str]:
    """Return what each design goes by: its scenario, with its number before it where a scenario stands twice.

    >>> labels_of([What("br166-1024"), What("br166-1024", {"tco.pue": 1.2})])
    ['1: br166-1024', '2: br166-1024']
    """
    names = [one.file.stem for one in designs]
    twice = len(set(names)) < len(names)
    return [f"{number}: {name}" if twice else name for number, name in enumerate(names, 1)]


def load_designs(
    designs: Sequence[What],
    point: Mapping[str, Any],
    *,
    own_site: bool = False,
    one_demand: bool = False,
) -> tuple[Inputs, ...]:
    """Load designs with some more keys overridden, which what a design itself changes stands against.

    ``one_demand``: all do the demand of the first; without it all must state the same.

    Raises InputError for unequal demands, with what differs, and for a design that changes what is asked of all.
    """
    files = [one.file.resolve() for one in designs]
    stems = [one.file.stem for one in designs]
    addressed = {stem: stem for stem in stems}
    drawn = parse_overrides(point, addressed)
    asked = tuple(o for o in parse_overrides(designs[0].changes, addressed) if o.side != INCUMBENT)
    labels = labels_of(designs)
    first = load_one(
        designs[0].scenario, reaching((*drawn, *asked), stems[0], first=True, own_terms=own_site)
    )
    first.refuse_idle()
    sides = [_labelled(doing(first, first, own_terms=True), labels[0])]
    for one, file, stem, label in list(zip(designs, files, stems, labels, strict=True))[1:]:
        own = tuple(o for o in parse_overrides(one.changes, named_sides(one.scenario)) if not o.side)
        if one_demand:
            _refuse_demand(own, label)
        if file == files[0]:
            base = reaching(drawn, stem, first=True, own_terms=own_site)
            side = _labelled(load_one(one.scenario, (*base, *own)), label)
            side = _of_one_scenario(side, sides[0], one_demand=one_demand)
        else:
            base = reaching((*drawn, *asked), stem, first=False, own_terms=own_site)
            base = tuple(o for o in base if not (one_demand and of_demand(o)))
            side = _labelled(load_one(one.scenario, (*base, *own)), label)
            side = _of_another(side, first, sides[0], own, one_demand=one_demand)
            if not own_site:
                side = as_side(side, _terms(first, own), label, own_site)
        sides.append(side)
    return tuple(sides)


def _labelled(side: Inputs, label: str) -> Inputs:
    return replace(side, scenario=side.scenario.model_copy(update={"name": label}))


def _refuse_demand(own: Sequence[Override], label: str) -> None:
    changed = [o.key for o in own if of_demand(o) and not of_layout(o)]
    if changed:
        raise InputError(
            f"{label}: changes what is asked ({', '.join(changed)}); a comparison is of equal work: change it on the"
            " first design, whose demand all do"
        )


def _of_one_scenario(side: Inputs, first: Inputs, *, one_demand: bool) -> Inputs:
    """A design of the first one's scenario: its own layouts and terms, and the first one's demand where all do that."""
    scenario = side.scenario.model_copy(update={"seed": first.scenario.seed})
    if not one_demand:
        refuse_unlike(first, side)
        return replace(side, scenario=scenario, company=None)
    demand = {
        name: _with_layout(work, side.scenario.demand[name]) for name, work in first.scenario.demand.items()
    }
    scenario = scenario.model_copy(update={"demand": demand})
    return replace(side, scenario=scenario, models=first.models, networks=first.networks, company=None)


def _with_layout(asked: Workload, own: Workload) -> Workload:
    """What is asked, met as a design of its own meets it."""
    kept = {name: getattr(own, name) for name in LAYOUT_FIELDS if name in type(asked).model_fields}
    return asked.model_copy(update=kept)


def _of_another(
    side: Inputs, first: Inputs, labelled: Inputs, own: Sequence[Override], *, one_demand: bool
) -> Inputs:
    """A design of another scenario: the first one's demand, the layouts that its own changes state."""
    if not one_demand:
        side.refuse_idle()
        refuse_unlike(labelled, side)
    return laid_out(doing(side, first, own_terms=True), first, tuple(o for o in own if of_layout(o)))


def _terms(first: Inputs, own: Sequence[Override]) -> Inputs:
    """The scenario whose terms another design has: the first one's, with what the design itself changes of them."""
    mine = [o for o in own if o.document in _TERMS or (o.document == "scenario" and o.path[0] in _TERMS)]
    return load_one(first.file, (*first.overrides, *mine)) if mine else first
