"""Everything a question needs, read and checked: the scenario, its profiles, its prices, company and incumbent.

``schema.load_inputs`` reads one scenario with its incumbent, ``schema.sides`` several to compare; every value knows
its origin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from clustersim.errors import InputError, Problem
from clustersim.provenance import Sourced
from clustersim.schema.base import sourced_fields
from clustersim.schema.company import CompanyFile
from clustersim.schema.demand import Workload
from clustersim.schema.groups import LinkSection
from clustersim.schema.overrides import INCUMBENT, Override, site_overrides
from clustersim.schema.parts import Parts, absent
from clustersim.schema.prices import PriceBook
from clustersim.schema.profiles import ModelProfile, Profile
from clustersim.schema.reliability import CheckpointSection, ReliabilitySection
from clustersim.schema.scenario import FabricSection, Scenario, StorageSection
from clustersim.schema.tco import TcoSection
from clustersim.schema.yamlfile import Document

__all__ = ["MONEY_NEEDS", "NEEDS", "Inputs"]

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
