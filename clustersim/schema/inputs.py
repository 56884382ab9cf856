"""Everything a question needs, read and checked: the scenario, its profiles, its prices, company and incumbent.

``load_inputs`` reads one scenario with its incumbent; ``schema.sides.load_sides`` reads several to compare. A file is
parsed only once while it does not change, all problems of a file come at once, and every value knows its origin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from clustersim.errors import InputError, Problem
from clustersim.provenance import Sourced
from clustersim.schema.base import sourced_fields
from clustersim.schema.company import CompanyFile
from clustersim.schema.demand import ServingWorkload, TrainingWorkload, VisionWorkload, Workload
from clustersim.schema.grouped import alike, apportioned, group_scenario
from clustersim.schema.groups import GroupSection, LinkSection
from clustersim.schema.loader import Loader, refuse_unused
from clustersim.schema.lookup import find_file
from clustersim.schema.models import described_model
from clustersim.schema.overrides import (
    INCUMBENT,
    Override,
    in_demand,
    of_layout,
    parse_overrides,
    reaching,
    refuse_own_demand,
    refuse_twice,
    site_overrides,
)
from clustersim.schema.parts import Parts, absent
from clustersim.schema.prices import PriceBook
from clustersim.schema.profiles import ModelProfile, Profile, read_document
from clustersim.schema.reliability import CheckpointSection, ReliabilitySection
from clustersim.schema.scenario import FabricSection, Scenario, StorageSection
from clustersim.schema.tco import TcoSection
from clustersim.schema.yamlfile import Document

__all__ = ["MONEY_NEEDS", "NEEDS", "Inputs", "load_inputs", "load_one", "named_sides"]

#: Parts of the site that each kind of workload needs, and that a price needs besides.
NEEDS: dict[str, tuple[str, ...]] = {
    "training": (
        "cluster.cards", "cluster.server", "cluster.nic", "cluster.fabric", "cluster.storage", "reliability",
        "checkpoint",
    ),
    "serving": ("cluster.nic",),
    "video": (),
    "vision": (),
    "jobs": ("cluster.cards", "cluster.server", "cluster.nic", "cluster.storage", "reliability", "checkpoint"),
}  # fmt: skip
#: Sections of the long run: a scenario of training alone that has none of them asks for the step alone.
LONG_RUN = ("cluster.storage", "reliability", "checkpoint")
STEP_NEEDS = ("cluster.cards", "cluster.nic")
MONEY_NEEDS = ("cluster.cards", "cluster.server", "cluster.nic", "cluster.fabric", "tco")


@dataclass(frozen=True, slots=True)
class Inputs:
    """One scenario with everything it refers to."""

    file: str
    scenario: Scenario
    parts: Parts
    nominal: Parts
    """The same parts as their files state them, without overrides."""
    models: Mapping[str, ModelProfile]
    prices_or_none: PriceBook | None
    company: CompanyFile | None
    incumbent: Inputs | None
    overrides: tuple[Override, ...]
    documents: Mapping[str, Document]
    slower: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By workload: measured over predicted time of its unit (``unit``), its TTFT and its TPOT; empty: as predicted."""
    networks: Mapping[str, Profile] = field(default_factory=dict)
    """Networks of vision workloads, by name."""
    groups: tuple[Inputs, ...] = ()
    """Unlike cards: each group with the demand and terms of the whole; ``parts`` are then those of the first."""
    group: str = ""
    """Of a group: its name in the site."""
    only: str = ""
    """Of a site of equal cards that the file states as a group: that group's name, for messages."""
    owned: bool = False
    """Of a group: whether it is paid for."""
    nominal_link: LinkSection | None = None
    """What joins the groups as the scenario's file states it, without overrides."""

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.scenario.name

    @property
    def cards(self) -> int:
        """Working cards; raises InputError where the cluster states none."""
        if self.groups:
            return sum(group.cards for group in self.groups)
        count = self.scenario.cluster.cards
        if count is None:
            raise absent(self.file, "cluster.cards")
        return int(count.value)

    @property
    def card_words(self) -> str:
        """The card's name, or the names of all groups' cards."""
        return "+".join(dict.fromkeys(g.parts.card.name for g in self.groups)) or self.parts.card.name

    def refuse_groups(self, question: str) -> None:
        """Raise InputError where the site has groups of unlike cards, and ``question`` is asked of equal ones."""
        if self.groups:
            names = ", ".join(group.group for group in self.groups)
            raise InputError(
                f"{self.name}: has groups of unlike cards ({names}), and {question} is asked of equal cards; ask `run`,"
                " `tco`, `train`, `compare` or `plan training` of the whole, or this of a scenario with one group"
            )

    def key_of(self, name: str) -> str:
        """Return the scenario's key of what a cluster states: of a group where these inputs are one's."""
        group = self.group or self.only
        return f"cluster.groups.{group}.{name}" if group else f"cluster.{name}"

    @property
    def servers(self) -> int:
        """Servers that the cards fill; raises InputError with the nearest count where they do not."""
        if self.groups:
            return sum(group.servers for group in self.groups)
        server = self.parts.server
        per_server = int(server.cards.value)
        if self.cards % per_server:
            near = max(per_server, round(self.cards / per_server) * per_server)
            raise InputError(
                f"{self.key_of('cards')}={self.cards} does not fill servers of {per_server} ({server.name});"
                f" {near} would"
            )
        return self.cards // per_server

    @property
    def fabric(self) -> FabricSection:
        """The network between servers; raises InputError where the cluster has none."""
        if self.scenario.cluster.fabric is None:
            raise absent(self.file, "cluster.fabric")
        return self.scenario.cluster.fabric

    @property
    def storage(self) -> StorageSection:
        """The parallel storage; raises InputError where the cluster has none."""
        if self.scenario.cluster.storage is None:
            raise absent(self.file, "cluster.storage")
        return self.scenario.cluster.storage

    @property
    def reliability(self) -> ReliabilitySection:
        """Failures and recovery; raises InputError where the scenario has none."""
        if self.scenario.reliability is None:
            raise absent(self.file, "reliability")
        return self.scenario.reliability

    @property
    def checkpoint(self) -> CheckpointSection:
        """Checkpoints; raises InputError where the scenario has none."""
        if self.scenario.checkpoint is None:
            raise absent(self.file, "checkpoint")
        return self.scenario.checkpoint

    @property
    def tco(self) -> TcoSection:
        """Prices and terms of the site; raises InputError where the scenario has none."""
        if self.scenario.tco is None:
            raise absent(self.file, "tco", "a price needs it")
        return self.scenario.tco

    @property
    def prices(self) -> PriceBook:
        """The price book; raises InputError where the scenario has no terms that name one."""
        if self.prices_or_none is None:
            raise absent(self.file, "tco", "a price needs it")
        return self.prices_or_none

    def model(self, workload: Workload) -> ModelProfile:
        """The model of a workload; raises InputError where it names none."""
        if workload.model is None:
            raise InputError(
                f"{self.file}: the {workload.kind} workload names no model, and this question needs one"
            )
        return self.models[workload.model]

    def of_kind(self, kind: str) -> dict[str, Workload]:
        """Return the workloads of one kind by name."""
        return {name: work for name, work in self.scenario.demand.items() if work.kind == kind}

    @property
    def step_alone(self) -> bool:
        """Whether the scenario describes training steps and nothing of a long run: no failures, no checkpoints."""
        trained = all(work.kind == "training" for work in self.scenario.demand.values())
        return trained and not any(self._has(key) for key in LONG_RUN)

    def refuse_idle(self) -> None:
        """Raise InputError for a scenario that names collectives and no workload."""
        if not self.scenario.demand:
            raise InputError(
                f"{self.file}: the demand names no workload, so nothing runs; `clustersim collectives` takes it"
            )

    def require(self, *, money: bool, step_alone: bool = False) -> None:
        """Raise one InputError that lists every part of the site that the demand, or its price, lacks.

        With ``step_alone`` a scenario of training steps alone need not have what a long run needs.
        """
        self.refuse_idle()
        for group in self.groups:
            group.require(money=money, step_alone=step_alone)
        if self.groups:
            return
        wanted: dict[str, list[str]] = {}
        for name, work in self.scenario.demand.items():
            for key in STEP_NEEDS if step_alone and self.step_alone else NEEDS[work.kind]:
                wanted.setdefault(key, []).append(f"demand.{name} ({work.kind})")
        for key in MONEY_NEEDS if money else ():
            wanted.setdefault(key, []).append("its price")
        lacking = {key: who for key, who in wanted.items() if not self._has(key)}
        if lacking:
            problems = [
                Problem(self.file, None, key, "is not in the scenario", f"needed by {', '.join(who)}")
                for key, who in lacking.items()
            ]
            raise InputError(f"{self.file}: the site lacks {len(lacking)} part(s)", problems)

    def _has(self, key: str) -> bool:
        node: Any = self.scenario
        for part in key.split("."):
            node = getattr(node, part)
        return node is not None

    def fields(self) -> Iterator[tuple[str, Sourced]]:
        """Yield every sourced number that the run may use, by its key."""
        yield from _keyed(self.scenario)
        for kind, profile in self._profiles():
            yield from _keyed(profile, f"{kind}.{profile.name}")
        if self.prices_or_none is not None:
            for part, line in self.prices_or_none.parts.items():
                yield f"prices.parts.{part}", line.price
            for currency, at in self.prices_or_none.currencies.items():
                yield f"prices.currencies.{currency}", at.rate
        if self.company is not None:
            yield from _keyed(self.company, "company")
        if self.incumbent is not None:
            yield from self._incumbent_fields()

    def _incumbent_fields(self) -> Iterator[tuple[str, Sourced]]:
        """The incumbent's own cluster and profiles; it shares this file's demand, terms, prices and company."""
        assert self.incumbent is not None
        own = {f"{kind}.{profile.name}" for kind, profile in self._profiles()}
        for section in ("cluster", "reliability", "checkpoint"):
            value = getattr(self.incumbent.scenario, section)
            if value is not None:
                yield from _keyed(value, f"{INCUMBENT}.{section}")
        for kind, profile in self.incumbent._profiles():
            if f"{kind}.{profile.name}" not in own:
                yield from _keyed(profile, f"{kind}.{profile.name}")

    def origins(self) -> Iterator[tuple[str, Any, str]]:
        """Yield key, value and where the value came from (file and line, or the flag)."""
        given = {".".join(map(str, o.path)) if o.document == "scenario" else o.key for o in self.overrides}
        stated = {
            f"{o.document}.{'.'.join(map(str, o.path))}": o.said
            for o in site_overrides(self.documents["scenario"])
        }
        for name, document in self.documents.items():
            prefix = "" if name == "scenario" else f"{name}."
            for key, value in _leaves(document.data):
                full = prefix + ".".join(str(part) for part in key)
                line = document.line_of(key)
                flag = any(full == g or full.startswith(f"{g}.") for g in given)
                own = next((w for k, w in stated.items() if full == k or full.startswith(f"{k}.")), "")
                yield full, value, "--set" if flag else own or f"{document.file}:{line}"

    def _profiles(self) -> Iterator[tuple[str, Profile]]:
        seen = set()
        for parts in [self.parts, *(group.parts for group in self.groups)]:
            for kind, profile in parts.profiles():
                if (kind, profile.name) not in seen:
                    seen.add((kind, profile.name))
                    yield kind, profile
        for model in self.models.values():
            yield "models", model


def _keyed(value: Any, path: str = "") -> Iterator[tuple[str, Sourced]]:
    """Every sourced number of a checked file with its key."""
    for place, number in sourced_fields(value):
        yield ".".join([*([path] if path else []), *map(str, place)]), number


def _leaves(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(data, dict) and not ("value" in data and "source" in data):
        for key, value in data.items():
            yield from _leaves(value, (*path, key))
    else:
        yield path, data["value"] if isinstance(data, dict) else data


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
    """Return what addresses a side of one scenario alone: its incumbent's file, and its own, which is no side."""
    """The sides of a scenario by the names of their files, but for a name that is a key of a scenario as well."""
    market = read_document("scenarios", name).data.get("market")
    other = market.get("incumbent") if isinstance(market, dict) else None
    sides = {str(other): INCUMBENT} if other is not None else {}
    named = {**sides, find_file("scenarios", name).stem: ""}
    return {stem: side for stem, side in named.items() if stem not in Scenario.model_fields}


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
