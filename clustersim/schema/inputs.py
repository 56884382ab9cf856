"""Everything a run needs, read and checked: the scenario, its profiles, its price book, company and incumbent.

``load_inputs`` is the one way in. It reports every problem of a file at once, knows where each value came from,
and parses a file only once while it does not change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from clustersim.errors import InputError, suggest
from clustersim.provenance import Sourced
from clustersim.reading.guarded import stamp
from clustersim.schema.base import validate
from clustersim.schema.company import CompanyFile
from clustersim.schema.lookup import find_file
from clustersim.schema.overrides import Override, apply_overrides, parse_overrides
from clustersim.schema.prices import PriceBook
from clustersim.schema.profiles import (
    KINDS,
    CardProfile,
    CoolingProfile,
    ModelProfile,
    NicProfile,
    OpticsProfile,
    Profile,
    ServerProfile,
    SwitchProfile,
)
from clustersim.schema.scenario import Scenario
from clustersim.schema.tco import BY_CLIMATE
from clustersim.schema.yamlfile import Document, read_yaml

__all__ = ["Hardware", "Inputs", "load_inputs", "sourced_fields"]

S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Hardware:
    """The profiles that one cluster names, and the model it runs."""

    card: CardProfile
    server: ServerProfile
    nic: NicProfile
    switch: SwitchProfile
    optics: OpticsProfile
    model: ModelProfile
    cooling: CoolingProfile


@dataclass(frozen=True, slots=True)
class Inputs:
    """One scenario with everything it refers to."""

    file: str
    scenario: Scenario
    hardware: Hardware
    prices: PriceBook
    company: CompanyFile | None
    incumbent: Inputs | None
    overrides: tuple[Override, ...]
    documents: Mapping[str, Document]

    def fields(self) -> Iterator[tuple[str, Sourced]]:
        """Yield every sourced number that the run may use, by its key."""
        yield from sourced_fields(self.scenario)
        for kind, profile in self._profiles():
            yield from sourced_fields(profile, f"{kind}.{profile.name}")
        for part, line in self.prices.parts.items():
            yield f"prices.parts.{part}", line.price
        for currency, at in self.prices.currencies.items():
            yield f"prices.currencies.{currency}", at.rate
        if self.company is not None:
            yield from sourced_fields(self.company, "company")
        if self.incumbent is not None:
            yield from self._incumbent_fields()

    def _incumbent_fields(self) -> Iterator[tuple[str, Sourced]]:
        """The incumbent's own scenario and profiles; it shares this file's site, prices and company."""
        assert self.incumbent is not None
        own = {f"{kind}.{profile.name}" for kind, profile in self._profiles()}
        for section in ("cluster", "reliability", "checkpoint"):
            yield from sourced_fields(getattr(self.incumbent.scenario, section), f"incumbent.{section}")
        for kind, profile in self.incumbent._profiles():
            if f"{kind}.{profile.name}" not in own:
                yield from sourced_fields(profile, f"{kind}.{profile.name}")

    def origins(self) -> Iterator[tuple[str, Any, str]]:
        """Yield key, value and where the value came from (file and line, or the flag)."""
        given = {o.key for o in self.overrides}
        for name, document in self.documents.items():
            prefix = "" if name == "scenario" else f"{name}."
            for key, value in _leaves(document.data):
                full = prefix + ".".join(str(part) for part in key)
                line = document.line_of(key)
                flag = any(full == g or full.startswith(f"{g}.") for g in given)
                yield full, value, "--set" if flag else f"{document.file}:{line}"

    def _profiles(self) -> Iterator[tuple[str, Profile]]:
        hardware = self.hardware
        yield "cards", hardware.card
        yield "servers", hardware.server
        yield "nics", hardware.nic
        yield "switches", hardware.switch
        yield "optics", hardware.optics
        yield "models", hardware.model
        yield "cooling", hardware.cooling


def sourced_fields(value: Any, path: str = "") -> Iterator[tuple[str, Sourced]]:
    """Walk a checked file: yield every sourced number with its key."""
    if isinstance(value, Sourced):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from sourced_fields(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from sourced_fields(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from sourced_fields(item, f"{path}.{getattr(item, 'name', index)}")


def _leaves(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(data, dict) and not ("value" in data and "source" in data):
        for key, value in data.items():
            yield from _leaves(value, (*path, key))
    else:
        yield path, data["value"] if isinstance(data, dict) else data


@lru_cache(maxsize=1024)
def _document(path: Path, at: int) -> Document:
    return read_yaml(path)


def _read(kind: str, name: str) -> Document:
    path = find_file(kind, name)
    return _document(path, stamp(path))


class _Reader:
    """Reads, overrides and checks files, and remembers each document under its key."""

    def __init__(self, overrides: tuple[Override, ...]) -> None:
        self.overrides = overrides
        self.documents: dict[str, Document] = {}

    def load(self, key: str, folder: str, name: str, model: type[S], *, sourced: bool) -> S:
        mine = [o for o in self.overrides if o.document == key]
        document = apply_overrides(_read(folder, name), mine)
        self.documents[key] = document
        try:
            return validate(model, document, require_source=sourced)
        except InputError as error:
            raise _blame_flags(error, mine, key) from None

    def profile(self, kind: str, name: str) -> Any:
        folder, model = KINDS[kind]
        profile = self.load(f"{kind}.{name}", folder, name, model, sourced=True)
        if profile.name != name and not name.endswith((".yaml", ".yml")):
            document = self.documents[f"{kind}.{name}"]
            raise InputError(
                f"{document.file}:{document.line_of(('name',))}: name: must be {name!r} like its file"
            )
        return profile


def _blame_flags(error: InputError, overrides: list[Override], key: str) -> InputError:
    """Problems at an overridden key are the flag's, not the file's."""
    from dataclasses import replace

    def blame(problem: Any) -> Any:
        for override in overrides:
            path = ".".join(str(part) for part in override.path)
            if (
                problem.key == path
                or problem.key.startswith(f"{path}.")
                or path.startswith(f"{problem.key}.")
            ):
                return replace(problem, file=f"--set {override.key}", line=None)
        return problem

    first = str(error).splitlines()[0]
    return InputError(first, [blame(p) for p in error.problems])


def load_inputs(
    name: str, sets: Iterable[str] | Mapping[str, Any] = (), *, with_incumbent: bool = True
) -> Inputs:
    """Load a scenario by path or name, with overrides, and everything it refers to.

    Raises InputError with every problem of the first file that has any.
    """
    overrides = parse_overrides(sets)
    inputs = _load(name, overrides, with_incumbent)
    _refuse_unused(inputs)
    return inputs


def _load(name: str, overrides: tuple[Override, ...], with_incumbent: bool) -> Inputs:
    reader = _Reader(overrides)
    scenario = reader.load("scenario", "scenarios", name, Scenario, sourced=False)
    cluster = scenario.cluster
    server = reader.profile("servers", cluster.server)
    hardware = Hardware(
        card=reader.profile("cards", cluster.card),
        server=server,
        nic=reader.profile("nics", cluster.nic),
        switch=reader.profile("switches", cluster.fabric.switch),
        optics=reader.profile("optics", cluster.fabric.optics),
        model=reader.profile("models", scenario.model),
        cooling=reader.profile("cooling", server.cooling),
    )
    scenario = _with_pue(scenario, hardware.cooling)
    prices = reader.load("prices", "hwprofiles/prices", scenario.tco.price_book, PriceBook, sourced=True)
    if scenario.tco.as_of:
        prices = prices.model_copy(update={"date": scenario.tco.as_of})
    company = None
    if scenario.company is not None:
        company = reader.load("company", "scenarios/company", scenario.company, CompanyFile, sourced=False)
    incumbent = None
    if with_incumbent and scenario.market is not None:
        incumbent = _load(scenario.market.incumbent, _for_incumbent(overrides), False)
    file = reader.documents["scenario"].file
    return Inputs(file, scenario, hardware, prices, company, incumbent, overrides, reader.documents)


def _with_pue(scenario: Scenario, cooling: CoolingProfile) -> Scenario:
    """Take the PUE from the cooling profile where the scenario gives a climate instead."""
    tco = scenario.tco
    if tco.pue is not BY_CLIMATE or tco.climate is None:
        return scenario
    if tco.climate not in cooling.pue:
        raise InputError(
            f"cooling.{cooling.name}.pue has no climate {tco.climate!r}; {suggest(tco.climate, sorted(cooling.pue))}"
        )
    return scenario.model_copy(update={"tco": tco.model_copy(update={"pue": cooling.pue[tco.climate]})})


def _for_incumbent(overrides: tuple[Override, ...]) -> tuple[Override, ...]:
    """The incumbent shares the profiles; its own scenario is reached by ``incumbent.…``."""
    out = []
    for override in overrides:
        if override.document == "incumbent":
            out.append(Override(override.key, "scenario", override.path, override.value))
        elif override.document not in {"scenario", "company"}:
            out.append(override)
    return tuple(out)


def _refuse_unused(inputs: Inputs) -> None:
    """An override of a profile that the run never reads would change nothing: say so instead."""
    known = set(inputs.documents) | (set(inputs.incumbent.documents) if inputs.incumbent else set())
    for override in inputs.overrides:
        if override.document == "incumbent":
            if inputs.incumbent is None:
                raise InputError(f"--set {override.key}: the scenario has no incumbent")
        elif override.document not in known:
            hint = suggest(override.document, sorted(known))
            raise InputError(f"--set {override.key}: {inputs.file} does not use {override.document}; {hint}")
