"""``--set KEY=VALUE``: overrides of any input by its key, and which sides of a comparison each one reaches.

Keys of the scenario are written as they stand in its file (``tco.tariff``, ``demand.pretrain.model``); a key of the
demand may leave out ``demand.NAME.`` where it can mean one workload only (``model``, ``training.seq_len``,
``slo.ttft``). Keys of a profile begin with its kind and name (``cards.BR166M.scale_up.bandwidth``); ``company.…`` is
the company file; ``incumbent.KEY`` and ``SCENARIO.KEY`` address one side of a comparison alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

from clustersim.columns import Varied
from clustersim.errors import InputError
from clustersim.schema.demand import KINDS_OF_WORK, LAYOUT_FIELDS
from clustersim.schema.lookup import exact_name, known_names
from clustersim.schema.yamlfile import Document, KeyPath, parse_yaml

__all__ = [
    "INCUMBENT", "PROFILE_KINDS", "SITE_VALUES", "Override", "changes_of", "in_demand", "of_demand", "of_layout",
    "parse_overrides", "plain_changes", "reaching", "refuse_more", "refuse_own_demand", "refuse_twice",
    "site_overrides",
]  # fmt: skip

PROFILE_KINDS = ("cards", "servers", "nics", "switches", "optics", "supernodes", "models", "cooling")
#: The section of a scenario that says which values of its profiles are others at this site.
SITE_VALUES = "profile_values"
#: The side that a scenario's market names.
INCUMBENT = "incumbent"
#: What is asked of all sides at once.
_ASKED = ("market", "company", "seed", "name", "description")
#: Parts of a serving workload that may be named without it.
_SERVING_PARTS = ("slo", "traffic")


@dataclass(frozen=True, slots=True)
class Override:
    """One override: which document it belongs to, the path inside it, the new value, and the side it is kept to."""

    key: str
    document: str
    """``scenario``, ``company``, ``prices``, or ``<kind>.<name>`` of a profile."""
    path: KeyPath
    value: Any
    side: str = ""
    """``incumbent`` or a scenario's name where the key says so; empty: every side that its kind of key reaches."""
    stands_in: str = ""
    """The file and line whose ``profile_values`` state it; empty: a flag."""

    @property
    def full_key(self) -> str:
        """The key with the parts that may be left out."""
        return ".".join([*([] if self.document == "scenario" else [self.document]), *map(str, self.path)])

    @property
    def said(self) -> str:
        """Where the override stands, in words."""
        return self.stands_in or f"--set {self.key}"


def parse_overrides(
    sets: Iterable[str] | Mapping[str, Any], sides: Mapping[str, str] = MappingProxyType({})
) -> tuple[Override, ...]:
    """Parse ``KEY=VALUE`` texts (or a mapping of keys to values); ``sides`` are names and the side that each means.

    A key that names a side is kept by the side's own name, so that one input has one key.

    >>> parse_overrides(["cards.BR166M.scale_up.bandwidth=300 GB/s"])[0].document
    'cards.BR166M'
    >>> parse_overrides(["h20-1024.cluster.nic=roce-200g"], {"h20-1024": "incumbent"})[0].key
    'incumbent.cluster.nic'

    Raises InputError for a text without ``=``, an incomplete profile key, a key given twice, and a value of the site
    itself, whose flag is the profile's own key.
    """
    pairs = list(sets.items()) if isinstance(sets, Mapping) else [_split(text) for text in sets]
    # A key that was copied from a document may hold marks of where its lines may end.
    pairs = [(stated.replace("\u200b", ""), value) for stated, value in pairs]
    seen: set[str] = set()
    out = []
    for stated, value in pairs:
        side, inner = _side(stated, sides)
        key = f"{side}.{inner}" if side else inner
        if key in seen:
            raise InputError(f"--set {key}: given twice; keep one")
        seen.add(key)
        _refuse_site_value(key, inner)
        out.append(replace(_route(inner, value), key=key, side=side))
    return tuple(out)


def _refuse_site_value(key: str, inner: str) -> None:
    """Raise InputError for a key of what a file states of its profiles: a flag comes after it by the profile's key."""
    section, _, rest = inner.partition(".")
    if section != SITE_VALUES or not rest:
        return
    kind = rest.partition(".")[0]
    if kind in PROFILE_KINDS and rest.count(".") > 1:
        raise InputError(
            f"--set {key}: a flag sets the profile's own key; write {key.removesuffix(inner)}{rest}=VALUE"
        )
    raise InputError(
        f"--set {key}: a flag sets the profile's own key; write KIND.NAME.FIELD=VALUE, with a kind of"
        f" {', '.join(PROFILE_KINDS)}"
    )


def refuse_twice(overrides: Sequence[Override], document: Document) -> None:
    """Raise InputError where two keys mean one input, or a later one replaces what an earlier one is a part of.

    ``document`` is the scenario with its overrides: its workloads tell what a key of the demand means.
    """
    own, others = [o for o in overrides if not o.side], [o for o in overrides if o.side]
    # A whole demand that comes last leaves no workload that an earlier key could be told by.
    _refuse_lost(replace(o, path=("demand", *o.path[o.path[0] == "demand" :])) for o in own if of_demand(o))
    _refuse_lost([*in_demand(own, document), *others])


def _refuse_lost(overrides: Iterable[Override]) -> None:
    seen: dict[tuple[str, str, KeyPath], str] = {}
    for one in overrides:
        mine = (one.side, one.document, one.path)
        for (side, document, path), key in seen.items():
            if (side, document) == mine[:2] and path[: len(one.path)] == one.path:
                if path == one.path:
                    raise InputError(f"--set {key} and --set {one.key}: are one input; keep one")
                raise InputError(
                    f"--set {key}: would be lost in --set {one.key}, which comes after it; keep one"
                )
        seen[mine] = one.key


def changes_of(texts: Iterable[str]) -> dict[str, Any]:
    """Return ``KEY=VALUE`` texts as values by key, read as YAML reads them.

    >>> changes_of(["tco.pue=1.2", "tco.tariff=0.6 CNY/kWh"])
    {'tco.pue': 1.2, 'tco.tariff': '0.6 CNY/kWh'}

    Raises InputError for a text of another form, and for a key that stands twice.
    """
    out: dict[str, Any] = {}
    for text in texts:
        key, value = _split(text)
        if key in out:
            raise InputError(f"--set {key}: given twice; keep one")
        out[key] = value
    return out


def plain_changes(changes: object) -> dict[str, object]:
    """Return changes of a script as the values that a file could hold: numbers of NumPy as Python's, tuples as lists.

    >>> import numpy as np
    >>> plain_changes({"cluster.cards": np.int64(512), "tco.pue": np.float64(1.2)})
    {'cluster.cards': 512, 'tco.pue': 1.2}

    Raises InputError for what is no mapping of keys to values, and for a value that no file can hold.
    """
    if not isinstance(changes, Mapping):
        raise InputError("changes are values by key, for example {'tco.pue': 1.2}")
    for key in changes:
        if not isinstance(key, str):
            raise InputError(f"{key!r} is no key; keys are text, for example 'tco.pue'")
    return {key: _plain(key, value) for key, value in changes.items()}


def _plain(key: str, value: object) -> object:
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if value is None or isinstance(value, str | int | float | Varied):
        return value
    if isinstance(value, Mapping):
        return plain_changes(value)
    if isinstance(value, list | tuple):
        return [_plain(key, item) for item in value]
    if isinstance(value, date | PurePath):
        return str(value)
    raise InputError(
        f"{key}: {type(value).__name__} is no value of a file; give a number, or text with its unit"
    )


def site_overrides(document: Document) -> tuple[Override, ...]:
    """Return what a scenario's ``profile_values`` say as overrides that name the place where they stand.

    Raises InputError for a key that is no profile's.
    """
    given = document.data.get(SITE_VALUES)
    out = []
    for key, value in given.items() if isinstance(given, dict) else ():
        where = f"{document.file}:{document.line_of((SITE_VALUES, key))}: {SITE_VALUES}.{key}"
        if key.partition(".")[0] not in PROFILE_KINDS or not isinstance(
            value, str | int | float | bool | None
        ):
            raise InputError(
                f"{where}: write KIND.NAME.FIELD: VALUE, with a kind of {', '.join(PROFILE_KINDS)}"
            )
        out.append(replace(_route(key, value), stands_in=where))
    return tuple(out)


def _split(text: str) -> tuple[str, Any]:
    key, separator, value = text.partition("=")
    if not separator or not key.strip() or not value.strip():
        raise InputError(f"--set {text!r}: write KEY=VALUE, for example tco.pue=1.2")
    refuse_more("--set", text)
    return key.strip(), _value_of(key.strip(), value.strip())


#: A plus before a number: as the value, quoted, or as an item of a list or a mapping; not that of 1e+3.
_MORE = re.compile(r"(?:^|[\[,:{])\s*['\"]?(\+\s*(\.?\d[^,\]}'\"]*))")


def refuse_more(flag: str, text: str) -> None:
    """Raise InputError where a value of ``KEY=VALUE`` is written as a change: YAML reads +10 as 10, in silence.

    >>> refuse_more("--set", "tco.tariff=+10 %")
    Traceback (most recent call last):
    clustersim.errors.InputError: --set tco.tariff=+10 %: +10 % would be 10 %, not that much more; write the whole value
    """
    found = _MORE.search(text.partition("=")[2])
    if found:
        raise InputError(
            f"{flag} {text}: {found[1].strip()} would be {found[2].strip()}, not that much more; write the whole value"
        )


def _value_of(key: str, value: str) -> Any:
    """What a flag's value is as YAML; raises InputError that names the key, and what is wrong inside of the value."""
    try:
        return parse_yaml(f"v: {value}", f"--set {key}").data["v"]
    except InputError as error:
        inside = [replace(p, line=None, key=f"{key}{p.key.removeprefix('v')}") for p in error.problems]
        if inside:
            raise InputError(f"--set {key}: {len(inside)} problem(s)", inside) from None
        said = re.sub(r"^:\d+: ", "", str(error).removeprefix(f"--set {key}"))
        raise InputError(f"--set {key}: {said}") from None


def _side(key: str, sides: Mapping[str, str]) -> tuple[str, str]:
    """The side that a key names, or none, and the key without it."""
    names = {INCUMBENT: INCUMBENT, **sides}
    first = next((name for name in names if key == name or key.startswith(f"{name}.")), "")
    if not first:
        return "", key
    rest = key[len(first) + 1 :]
    if not rest:
        raise InputError(f"--set {key}: write {first}.KEY")
    return names[first], rest


def _route(key: str, value: Any) -> Override:
    parts = key.split(".")
    if parts[0] in PROFILE_KINDS:
        name = _profile_name(parts)
        field = key[len(parts[0]) + len(name) + 2 :]
        if not name or not field:
            raise InputError(f"--set {key}: write {parts[0]}.NAME.FIELD")
        known = exact_name(f"hwprofiles/{parts[0]}", name) or name
        return Override(key, f"{parts[0]}.{known}", tuple(field.split(".")), value)
    if parts[0] in {"company", "prices"} and len(parts) > 1:
        return Override(key, parts[0], tuple(parts[1:]), value)
    return Override(key, "scenario", tuple(parts), value)


def _profile_name(parts: Sequence[str]) -> str:
    """The name of a profile in a key: the longest known one, for names may hold dots; else the second part."""
    rest = ".".join(parts[1:])
    known = [n for n in known_names(f"hwprofiles/{parts[0]}") if "." in n and rest.startswith(f"{n}.")]
    return max(known, key=len, default=parts[1] if len(parts) > 1 else "")


def reaching(
    overrides: Iterable[Override], side: str, *, first: bool, own_terms: bool
) -> tuple[Override, ...]:
    """Return the overrides that reach one side of a comparison; see the table in docs/design.md.

    ``first`` is the side that the unnamed keys of a cluster mean; ``own_terms`` whether this side's own ``tco`` prices
    it (the first one's always does).

    Raises InputError for a key of terms that are kept to a side whose own terms are not used.
    """
    out = []
    for override in overrides:
        if override.side and override.side != side:
            continue
        root = override.path[0] if override.document == "scenario" else ""
        if override.side and root == "tco" and not (own_terms or first):
            raise InputError(
                f"--set {override.key}: {side} is priced under the first side's terms; leave out {side}. to change"
                " them, or compare with --own-site"
            )
        if override.side and (override.document == "company" or root in _ASKED):
            raise InputError(
                f"--set {override.key}: belongs to the question, which is the same for every side; leave out"
                f" {override.side}."
            )
        everywhere = override.document not in {"scenario", "company"} or root == "tco" or of_demand(override)
        if override.side or first or (everywhere and not of_layout(override)):
            out.append(override)
    return tuple(out)


def refuse_own_demand(overrides: Iterable[Override]) -> None:
    """Raise InputError for a key of the demand that is kept to a side which does another's demand."""
    for override in overrides:
        if override.side and of_demand(override) and not of_layout(override):
            raise InputError(
                f"--set {override.key}: a comparison is of equal work: {override.side} does the demand of the other"
                f" side; leave out {override.side}. to change it on every side"
            )


def of_layout(override: Override) -> bool:
    """Whether the key says how a cluster meets a workload, which no other side shares."""
    if override.document != "scenario" or override.path[0] in _SERVING_PARTS:
        return False
    at = 2 if override.path[0] == "demand" else 1
    return len(override.path) > at and override.path[at] in LAYOUT_FIELDS


def of_demand(override: Override) -> bool:
    """Whether a key is one of the demand."""
    roots = {"demand", "model", *KINDS_OF_WORK, *_SERVING_PARTS}
    return override.document == "scenario" and override.path[0] in roots


def in_demand(overrides: Iterable[Override], document: Document) -> tuple[Override, ...]:
    """Write out the workload of every key of the demand that leaves it out.

    Raises InputError, with the full keys, where it could mean several workloads, or none.
    """
    return tuple(
        replace(o, path=_full_path(o, document)) if o.document == "scenario" else o for o in overrides
    )


def _full_path(override: Override, document: Document) -> KeyPath:
    root = str(override.path[0])
    demand = document.data.get("demand")
    if root not in {"model", *KINDS_OF_WORK, *_SERVING_PARTS} or not isinstance(demand, dict):
        return override.path
    rest = override.path if root in {"model", *_SERVING_PARTS} else override.path[1:]
    kind = {"model": "", **dict.fromkeys(_SERVING_PARTS, "serving")}.get(root, root)
    names = [
        name
        for name, work in demand.items()
        if isinstance(work, dict) and (work.get("kind") == kind or (not kind and "model" in work))
    ]
    if not rest or len(names) != 1:
        tail = ".".join(str(p) for p in rest) or "KEY"
        if not names:
            raise InputError(
                f"--set {override.key}: {document.file} has no workload of kind {kind or 'a model'}"
            )
        choices = " or ".join(f"demand.{name}.{tail}" for name in names)
        raise InputError(f"--set {override.key}: write {choices}")
    return ("demand", names[0], *rest)
