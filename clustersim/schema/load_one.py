"""One side read and checked: a scenario, the groups of its site, its parts, models, networks, terms and company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from clustersim.errors import InputError
from clustersim.schema.company import CompanyFile
from clustersim.schema.demand import ServingWorkload, TrainingWorkload, VisionWorkload
from clustersim.schema.grouped import alike, apportioned, group_scenario
from clustersim.schema.groups import GroupSection
from clustersim.schema.inputs import Inputs
from clustersim.schema.loader import Loader, refuse_unused
from clustersim.schema.models import described_model
from clustersim.schema.overrides import Override
from clustersim.schema.profiles import ModelProfile, Profile
from clustersim.schema.scenario import Scenario
from clustersim.schema.yamlfile import Document

__all__ = ["load_one"]


def load_one(name: str | Document, overrides: tuple[Override, ...] = ()) -> Inputs:
    """Load one side: a scenario and what its cluster, demand and terms refer to, without an incumbent.

    A scenario that a program built comes as its document, and is checked like a file.
    """
    loader = Loader(overrides)
    scenario = loader.scenario(name)
    each, owned, alone = _grouped(loader, scenario), False, ""
    if len(each) == 1:
        # Groups that are alike in all but their number are a site of equal cards.
        alone, (scenario, only) = next(iter(each.items()))
        owned = only.owned
    first = next(iter(each.values()))[0] if each else scenario
    _refuse_parts(loader, each)
    parts = loader.parts(first)
    nominal = loader.as_filed().nominal(first, parts) if loader.touches_parts() else parts
    models = _models(loader, scenario)
    prices, scenario = loader.terms(scenario, parts)
    company = None
    if scenario.company is not None:
        company = loader.load("company", "scenarios/company", scenario.company, CompanyFile, sourced=False)
    file = loader.documents["scenario"].file
    whole = Inputs(
        file, scenario, parts, nominal, models, prices, company, None, overrides, loader.documents,
        networks=_networks(loader, scenario), owned=owned, only=alone,
    )  # fmt: skip
    refuse_unused(loader.own, [loader.documents], file)
    if len(each) > 1:
        link = loader.filed_link(name, scenario)
        whole = replace(whole, nominal_link=link)
        whole = replace(whole, groups=_groups(loader, whole, each))
    if whole.groups and not whole.scenario.cluster.link:
        raise InputError(
            f"{file}: cluster.link: what joins the groups is needed (link: {{bandwidth: 100 Gb/s}})"
        )
    return whole


def _grouped(loader: Loader, scenario: Scenario) -> dict[str, tuple[Scenario, GroupSection]]:
    """The scenario of every group by name, equal groups put together; nothing for a site of equal cards."""
    site = scenario.cluster
    if not site.groups:
        return {}
    link = site.link.bandwidth.value if site.link is not None and site.link.bandwidth is not None else None

    def fast(group: GroupSection) -> bool:
        nic = group.nic or site.nic
        if link is None or nic is None:
            return link is None and site.link is not None and not site.link.through_hosts
        assert site.link is not None
        own = loader.profile("nics", nic).rate.value * (group.nics_per_card or site.nics_per_card).value
        return bool(link >= own * (1 - 1e-9)) and not site.link.through_hosts

    groups = alike(site.groups, fast)
    hot = scenario.reliability.spares.hot.value if scenario.reliability is not None else 0.0
    free = [name for name, group in groups.items() if group.spares is None]
    shares = apportioned(hot, [groups[name].cards.value for name in free]) if free else []
    of = dict(zip(free, shares, strict=True))
    return {
        name: (group_scenario(scenario, group, of.get(name, _spares(group))), group)
        for name, group in groups.items()
    }


def _spares(group: GroupSection) -> float | None:
    return group.spares.value if group.spares is not None else None


def _refuse_parts(loader: Loader, each: Mapping[str, tuple[Scenario, GroupSection]]) -> None:
    """Raise InputError with what is wrong with the parts of any group, each problem once."""
    said: dict[str, None] = {}
    for scenario, _ in each.values():
        try:
            loader.parts(scenario)
        except InputError as error:
            said[str(error)] = None
    if said:
        raise InputError("\n".join(said))


def _groups(
    loader: Loader, whole: Inputs, each: Mapping[str, tuple[Scenario, GroupSection]]
) -> tuple[Inputs, ...]:
    """Every group as a site of its own."""
    return tuple(_group(loader, whole, name, *of) for name, of in each.items())


def _group(loader: Loader, whole: Inputs, name: str, scenario: Scenario, group: GroupSection) -> Inputs:
    """One group as a site of its own, at the terms of the whole."""
    parts = loader.parts(scenario)
    nominal = loader.as_filed().nominal(scenario, parts) if loader.touches_parts() else parts
    priced = scenario.model_copy(update={"tco": whole.scenario.tco, "name": name})
    return replace(whole, scenario=priced, parts=parts, nominal=nominal, group=name, owned=group.owned)


def _models(loader: Loader, scenario: Scenario) -> dict[str, ModelProfile]:
    """The models of the demand: those that it describes itself, and the files that it names."""
    described = {
        work.model: described_model(work.model, work.dimensions)
        for work in scenario.demand.values()
        if isinstance(work, TrainingWorkload) and work.dimensions is not None
    }
    named = {work.model for work in scenario.demand.values() if work.model is not None}
    named |= {
        work.speculative.draft_model
        for work in scenario.demand.values()
        if isinstance(work, ServingWorkload) and work.speculative and work.speculative.draft_model
    }
    return described | {name: loader.profile("models", name) for name in sorted(named - set(described))}


def _networks(loader: Loader, scenario: Scenario) -> dict[str, Profile]:
    """The networks of what sees or generates."""
    names = {work.network for work in scenario.demand.values() if isinstance(work, VisionWorkload)}
    served = [work for work in scenario.demand.values() if isinstance(work, ServingWorkload)]
    names |= {work.clips.network for work in served if work.clips is not None}
    return {name: loader.profile("networks", name) for name in sorted(names)}
