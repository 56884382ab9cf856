"""Reads, overrides and checks the files of one side, and remembers each document under its key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from clustersim.errors import InputError, suggest
from clustersim.schema.base import validate
from clustersim.schema.groups import LinkSection
from clustersim.schema.lookup import profile_name
from clustersim.schema.old_form import refuse_old_form
from clustersim.schema.overridden import apply_overrides
from clustersim.schema.overrides import Override, in_demand, site_overrides
from clustersim.schema.parts import Parts
from clustersim.schema.pointing import point_to_keys
from clustersim.schema.price_overlay import book_document
from clustersim.schema.prices import MONTH, PriceBook, cny_rate, rate_words
from clustersim.schema.profiles import KINDS, read_document
from clustersim.schema.quantity import hearing, tell_once
from clustersim.schema.scenario import Scenario
from clustersim.schema.tco import BY_CLIMATE
from clustersim.schema.yamlfile import Document

__all__ = ["Loader", "refuse_unused"]

S = TypeVar("S", bound=BaseModel)

#: What a process has checked: a document as it was read, the overrides on it, what they gave, and what was said of it.
#: A file that changes is read as another document.
_CHECKED: dict[tuple[Any, ...], tuple[Document, Document, Any, tuple[str, ...]]] = {}
#: A point of a study brings one or two documents of its own beside those that all points share.
_MOST_CHECKED = 512


class Loader:
    """The files of one side."""

    def __init__(self, overrides: tuple[Override, ...]) -> None:
        self.overrides = overrides
        self.documents: dict[str, Document] = {}
        self.own: tuple[Override, ...] = ()
        """What the scenario itself says of its profiles; what ``overrides`` say comes after it."""
        self.asked_rates = False
        """Whether the file being read names amounts at a rate: what it gives then depends on the price book too."""

    def load(self, key: str, folder: str, name: str | Document, model: type[S], *, sourced: bool) -> S:
        """Read one file with its overrides and check it; its document is kept under ``key``."""
        mine = [o for o in (*self.own, *self.overrides) if o.document == key]
        read = name if isinstance(name, Document) else read_document(folder, name)
        content = _content(read, mine, model, sourced)
        known = _CHECKED.get(content) if content is not None else None
        if known is not None:
            self.documents[key] = known[1]
            for text in known[3]:
                tell_once(text)
            return known[2]  # type: ignore[no-any-return]
        document = apply_overrides(read, mine)
        self.documents[key] = document
        rates = self if key in {"scenario", "company"} else None
        self.asked_rates = False
        try:
            with hearing() as heard:
                checked = validate(model, document, require_source=sourced, rates=rates)
        except InputError as error:
            raise point_to_keys(error, self.documents["scenario"].data) from None
        if content is not None and not self.asked_rates:
            _keep(content, read, document, checked, heard)
        return checked

    def cny(self, currency: str, key: str) -> Any:
        """Return CNY per unit of a currency by the price book of the terms, at the month of the question.

        Raises InputError where the scenario names no price book, or it has no fresh rate.
        """
        self.asked_rates = True
        return cny_rate(self._book(), currency, key)

    def said(self, currency: str) -> str:
        """Return the rate in words."""
        return rate_words(self._book(), currency)

    def _book(self) -> PriceBook:
        terms = self.documents["scenario"].data.get("tco")
        name = terms.get("price_book") if isinstance(terms, dict) else None
        if not isinstance(terms, dict) or not isinstance(name, str):
            raise InputError("tco.price_book is needed for a rate")
        as_of = str(terms.get("as_of") or "")
        return self._prices(name, as_of if re.fullmatch(MONTH, as_of) else "")

    def _prices(self, name: str, as_of: str) -> PriceBook:
        prices = self.load("prices", "hwprofiles/prices", book_document(name), PriceBook, sourced=True)
        return prices.model_copy(update={"date": as_of}) if as_of else prices

    def scenario(self, name: str | Document) -> Scenario:
        """Read the scenario, or take one that was built; its keys of the demand are written out first."""
        document = name if isinstance(name, Document) else read_document("scenarios", name)
        refuse_old_form(document)
        self.overrides = in_demand(self.overrides, document)
        scenario = self.load("scenario", "scenarios", document, Scenario, sourced=False)
        self.own = site_overrides(self.documents["scenario"])
        return scenario

    def touches_parts(self) -> bool:
        """Whether an override changes a profile."""
        return any(o.document not in {"scenario", "company", "prices"} for o in self.overrides)

    def as_filed(self) -> Loader:
        """Return a reader of the same scenario's profiles without the flags."""
        plain = Loader(())
        plain.own = self.own
        return plain

    def filed_link(self, name: str | Document, scenario: Scenario) -> LinkSection | None:
        """Return what joins the groups as the file states it; where the file states none, as the flags do."""
        link = scenario.cluster.link
        if link is None or not any(o.path[:2] == ("cluster", "link") for o in self.overrides):
            return link
        try:
            filed = Loader(()).scenario(name).cluster.link
        except InputError:
            return link
        # Whether it goes through hosts is no number: what is asked decides which ways there are.
        return link if filed is None else link.model_copy(update={"bandwidth": filed.bandwidth})

    def nominal(self, scenario: Scenario, parts: Parts) -> Parts:
        """Read the same profiles without overrides; a file that is incomplete without them stands as it was read."""
        try:
            return self.parts(scenario, parts.file)
        except InputError:
            return parts

    def parts(self, scenario: Scenario, file: str = "") -> Parts:
        """Read the profiles that a cluster names."""
        cluster = scenario.cluster
        server = self._named("servers", cluster.server)
        fabric = cluster.fabric
        return Parts(
            file=file or self.documents["scenario"].file,
            card=self.profile("cards", cluster.card),
            server_or_none=server,
            nic_or_none=self._named("nics", cluster.nic),
            switch_or_none=self._named("switches", fabric.switch if fabric else None),
            optics_or_none=self._named("optics", fabric.optics if fabric else None),
            cooling_or_none=self._named("cooling", server.cooling if server else None),
            supernode_or_none=self._named(
                "supernodes", cluster.supernode.profile if cluster.supernode else None
            ),
        )

    def _named(self, kind: str, name: str | None) -> Any:
        return None if name is None else self.profile(kind, name)

    def profile(self, kind: str, name: str) -> Any:
        """Read one profile; its name must be its file's."""
        folder, model = KINDS[kind]
        if not name.endswith((".yaml", ".yml")):
            name = profile_name(folder, name)
        # Keys name a profile by its own name, also where a scenario gives its path.
        stem = Path(name).stem if name.endswith((".yaml", ".yml")) else name
        profile = self.load(f"{kind}.{stem}", folder, name, model, sourced=True)
        document = self.documents[f"{kind}.{stem}"]
        if profile.name != stem:
            raise InputError(
                f"{document.file}:{document.line_of(('name',))}: name: must be {stem!r} like its file"
            )
        return profile

    def terms(self, scenario: Scenario, parts: Parts) -> tuple[PriceBook | None, Scenario]:
        """Read the price book of the terms at their month, and take the PUE from the cooling where a climate says."""
        tco = scenario.tco
        if tco is None:
            return None, scenario
        prices = self._prices(tco.price_book, tco.as_of)
        if tco.pue is not BY_CLIMATE or tco.climate is None:
            return prices, scenario
        cooling = parts.cooling
        if tco.climate not in cooling.pue:
            hint = suggest(tco.climate, sorted(cooling.pue))
            raise InputError(f"cooling.{cooling.name}.pue has no climate {tco.climate!r}; {hint}")
        placed = tco.model_copy(update={"pue": cooling.pue[tco.climate]})
        return prices, scenario.model_copy(update={"tco": placed})


def _content(
    read: Document, overrides: Sequence[Override], model: type[BaseModel], sourced: bool
) -> tuple[Any, ...] | None:
    """What a checked document depends on; None where an override is no plain value, such as values of many points."""
    if not all(isinstance(o.value, str | int | float | bool | None) for o in overrides):
        return None
    return (id(read), model, sourced, *((o.path, o.said, type(o.value), o.value) for o in overrides))


def _keep(
    content: tuple[Any, ...], read: Document, document: Document, checked: BaseModel, heard: Sequence[str]
) -> None:
    """Keep a checked document; the document that was read stays with it, so that no other can take its identity."""
    if len(_CHECKED) >= _MOST_CHECKED:
        _CHECKED.pop(next(iter(_CHECKED)))
    _CHECKED[content] = read, document, checked, tuple(heard)


def refuse_unused(overrides: Sequence[Override], sides: Sequence[Mapping[str, Document]], file: str) -> None:
    """Raise InputError for the override of a profile that no side reads: it would change nothing."""
    known = sorted({key for documents in sides for key in documents})
    for override in overrides:
        if override.document not in known:
            hint = suggest(override.document, known)
            raise InputError(f"{override.said}: {file} does not use {override.document}; {hint}")
