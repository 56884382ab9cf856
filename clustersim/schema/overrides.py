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
from clustersim.errors import InputError, suggest
from clustersim.schema.base import NUMBER_PARTS
from clustersim.schema.demand import KINDS_OF_WORK, LAYOUT_FIELDS
from clustersim.schema.lookup import exact_name, known_names
from clustersim.schema.set_years import YEAR, keep_other_years
from clustersim.schema.yamlfile import Document, KeyPath, parse_yaml

__all__ = [
    "INCUMBENT", "PROFILE_KINDS", "Override", "apply_overrides", "changes_of", "in_demand", "of_demand", "of_layout",
    "parse_overrides", "plain_changes", "reaching", "refuse_more", "refuse_own_demand", "refuse_twice",
    "site_overrides",
]  # fmt: skip

PROFILE_KINDS = ("cards", "servers", "nics", "switches", "optics", "supernodes", "models", "cooling")
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

    Raises InputError for a text without ``=``, an incomplete profile key, or a key given twice.
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
        out.append(replace(_route(inner, value), key=key, side=side))
    return tuple(out)


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
    given = document.data.get("profile_values")
    out = []
    for key, value in given.items() if isinstance(given, dict) else ():
        where = f"{document.file}:{document.line_of(('profile_values', key))}: profile_values.{key}"
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


def _copied(node: Any) -> Any:
    """The same in mappings and lists of its own; what stands in them never changes."""
    if isinstance(node, dict):
        return {key: _copied(item) for key, item in node.items()}
    return [_copied(item) for item in node] if isinstance(node, list) else node


def apply_overrides(document: Document, overrides: Iterable[Override]) -> Document:
    """Return a copy of the document with the overrides in place.

    A scalar given for a ``{value, source, tier}`` mapping replaces the value and says so in its source; the tier
    becomes ``given`` and the range goes, because a what-if is no claim about the world. Nothing (``null``) takes an
    optional key out. A year of a company's row is that year alone: the others keep what they had.
    """
    chosen = list(overrides)
    if not chosen:
        return document
    data = _copied(document.data)
    lines, flags = dict(document.lines), dict(document.flags)
    for override in chosen:
        _put(data, override)
        lines.pop(override.path, None)
        flags[override.path] = override.said
    years = [(o.path, o.said) for o in chosen if o.document == "company" and YEAR.fullmatch(str(o.path[-1]))]
    if years:
        keep_other_years(document.data, data, years)
    return Document(document.file, data, lines, flags)


def _refuse_index(data: Mapping[str, Any], override: Override) -> None:
    """Raise InputError for a row of a company file by the index of the year, with the key that names the year."""
    parts = list(map(str, override.path))
    if override.document != "company" or parts[-2:-1] != ["values"] or not parts[-1].isdigit():
        return
    years, index = data.get("years"), int(parts[-1])
    known = isinstance(years, list) and index < len(years)
    year = years[index] if known else "YEAR"  # type: ignore[index]
    raise InputError(
        f"{override.said}: years are keys now; write company.{'.'.join([*parts[:-2], str(year)])}"
    )


def _open_row(node: dict[str, Any], part: str, override: Override) -> None:
    """One number for every year becomes a row, so that one of its years can be set."""
    if YEAR.fullmatch(str(override.path[-1])) and isinstance(node.get(part), int | float | str):
        node[part] = {"value": node[part]}


def _put(data: dict[str, Any], override: Override) -> None:
    _refuse_index(data, override)
    node: Any = data
    for at, part in enumerate(override.path[:-1]):
        if override.document == "company" and part == override.path[-2] and isinstance(node, dict):
            _open_row(node, str(part), override)
        if isinstance(node, list):
            node = _item(node, part, override)
        elif isinstance(node, dict):
            node = node.setdefault(part, {})
        if not isinstance(node, dict | list):
            inner = f"{override.value}"
            for name in reversed(override.path[at + 1 :]):
                inner = f"{{{name}: {inner}}}"
            raise InputError(
                f"{override.said}: {part!r} is the value {node!r} and has no fields; give all of it, for example"
                f" {part}='{inner}'"
            )
    last = override.path[-1]
    if isinstance(node, list):
        node[node.index(_item(node, last, override))] = override.value
        return
    if override.value is None:
        node.pop(last, None)
        return
    old = node.get(last)
    if isinstance(old, dict) and "value" in old and not isinstance(override.value, dict):
        # Keys beside the number's own (a part's lead time) are not what the override is about: they stay.
        rest = {k: v for k, v in old.items() if k not in NUMBER_PARTS}
        node[last] = {"value": override.value, "source": f"{override.said}", "tier": "given", **rest}
    elif override.document.partition(".")[0] in PROFILE_KINDS and not isinstance(
        override.value, dict | list | bool
    ):
        node[last] = _profile_value(last, override)
    else:
        node[last] = override.value


def _profile_value(last: str | int, override: Override) -> Any:
    """A new number in a profile carries where it came from; plain text and parts of a number stay plain."""
    plain = last in {"value", "low", "high", "source", "tier", "note", "wiring", "form", "product", "dies"}
    if plain or override.document.startswith("models."):
        return override.value
    return {"value": override.value, "source": f"{override.said}", "tier": "given"}


def _item(items: list[Any], name: str | int, override: Override) -> Any:
    """Find an item of a list by its ``name`` field or its index."""
    for index, item in enumerate(items):
        if str(index) == str(name) or (isinstance(item, dict) and item.get("name") == name):
            return item
    known = [str(i.get("name", n)) if isinstance(i, dict) else str(n) for n, i in enumerate(items)]
    raise InputError(f"{override.said}: no item {name!r}; {suggest(str(name), known)}")
