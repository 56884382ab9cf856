"""A document with its overrides in place: each one put where its path leads, and said to be there.

What an override's key means, and which sides it reaches, is told in ``schema.overrides``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clustersim.errors import InputError, suggest
from clustersim.schema.base import NUMBER_PARTS
from clustersim.schema.overrides import PROFILE_KINDS, Override
from clustersim.schema.set_years import YEAR, keep_other_years
from clustersim.schema.yamlfile import Document

__all__ = ["apply_overrides"]


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
