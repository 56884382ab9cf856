"""``--set KEY=VALUE``: overrides of any input by its key.

Keys of the scenario are written as they stand in its file (``training.plan.tp``); keys of a profile begin with its
kind and name (``cards.BR166M.scale_up.bandwidth``); ``company.…`` is the company file and ``incumbent.…`` the
scenario of the incumbent.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from clustersim.errors import InputError, suggest
from clustersim.schema.base import NUMBER_PARTS
from clustersim.schema.yamlfile import Document, KeyPath, parse_yaml

__all__ = ["PROFILE_KINDS", "Override", "apply_overrides", "parse_overrides"]

PROFILE_KINDS = ("cards", "servers", "nics", "switches", "optics", "models", "cooling")


@dataclass(frozen=True, slots=True)
class Override:
    """One override: which document it belongs to, the path inside it, and the new value."""

    key: str
    document: str
    """``scenario``, ``incumbent``, ``company``, ``prices``, or ``<kind>.<name>`` of a profile."""
    path: KeyPath
    value: Any


def parse_overrides(sets: Iterable[str] | Mapping[str, Any]) -> tuple[Override, ...]:
    """Parse ``KEY=VALUE`` texts (or a mapping of keys to values).

    >>> parse_overrides(["cards.BR166M.scale_up.bandwidth=300 GB/s"])[0].document
    'cards.BR166M'

    Raises InputError for a text without ``=``, an incomplete profile key, or a key given twice.
    """
    pairs = list(sets.items()) if isinstance(sets, Mapping) else [_split(text) for text in sets]
    seen: set[str] = set()
    out = []
    for key, value in pairs:
        if key in seen:
            raise InputError(f"--set {key}: given twice; keep one")
        seen.add(key)
        out.append(_route(key, value))
    return tuple(out)


def _split(text: str) -> tuple[str, Any]:
    key, separator, value = text.partition("=")
    if not separator or not key.strip() or not value.strip():
        raise InputError(f"--set {text!r}: write KEY=VALUE, for example tco.pue=1.2")
    return key.strip(), parse_yaml(f"v: {value.strip()}", f"--set {text}").data["v"]


def _route(key: str, value: Any) -> Override:
    parts = key.split(".")
    if parts[0] in PROFILE_KINDS:
        # A profile's name may hold dots of its own only when written as a path; names never do.
        if len(parts) < 3:
            raise InputError(f"--set {key}: write {parts[0]}.NAME.FIELD")
        return Override(key, f"{parts[0]}.{parts[1]}", tuple(parts[2:]), value)
    if parts[0] in {"incumbent", "company", "prices"}:
        if len(parts) < 2:
            raise InputError(f"--set {key}: write {parts[0]}.FIELD")
        return Override(key, parts[0], tuple(parts[1:]), value)
    return Override(key, "scenario", tuple(parts), value)


def apply_overrides(document: Document, overrides: Iterable[Override]) -> Document:
    """Return a copy of the document with the overrides in place.

    A scalar given for a ``{value, source, tier}`` mapping replaces the value and says so in its source; the tier
    becomes ``given`` and the range goes, because a what-if is no claim about the world.
    """
    chosen = list(overrides)
    if not chosen:
        return document
    data = copy.deepcopy(document.data)
    lines = dict(document.lines)
    for override in chosen:
        _put(data, override)
        lines.pop(override.path, None)
    return Document(document.file, data, lines)


def _put(data: dict[str, Any], override: Override) -> None:
    node: Any = data
    for part in override.path[:-1]:
        if isinstance(node, list):
            node = _item(node, part, override)
        elif isinstance(node, dict):
            node = node.setdefault(part, {})
        if not isinstance(node, dict | list):
            raise InputError(f"--set {override.key}: {part!r} is a value and has no fields")
    last = override.path[-1]
    if isinstance(node, list):
        node[node.index(_item(node, last, override))] = override.value
        return
    old = node.get(last)
    if isinstance(old, dict) and "value" in old and not isinstance(override.value, dict):
        # Keys beside the number's own (a part's lead time) are not what the override is about: they stay.
        rest = {k: v for k, v in old.items() if k not in NUMBER_PARTS}
        node[last] = {"value": override.value, "source": f"--set {override.key}", "tier": "given", **rest}
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
    return {"value": override.value, "source": f"--set {override.key}", "tier": "given"}


def _item(items: list[Any], name: str | int, override: Override) -> Any:
    """Find an item of a list by its ``name`` field or its index."""
    for index, item in enumerate(items):
        if str(index) == str(name) or (isinstance(item, dict) and item.get("name") == name):
            return item
    known = [str(i.get("name", n)) if isinstance(i, dict) else str(n) for n, i in enumerate(items)]
    raise InputError(f"--set {override.key}: no item {name!r}; {suggest(str(name), known)}")
