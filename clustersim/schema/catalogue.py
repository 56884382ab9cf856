"""Every key that an input goes by, read from the schema classes: unit, bounds, usual range, default, and what it says.

A name that the user chooses stands in capitals: ``cards.NAME.memory.bandwidth``, ``demand.NAME.slo.ttft``,
``company.drivers.receivable_days.YEAR``. Messages look through all of them for what a mistyped key may have meant.
"""

import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel

from clustersim.schema.base import Named, field_docs
from clustersim.schema.company import CompanyFile
from clustersim.schema.company_rows import Series
from clustersim.schema.overrides import PROFILE_KINDS, SITE_VALUES
from clustersim.schema.prices import PriceBook
from clustersim.schema.profiles import KINDS
from clustersim.schema.quantity import Quantity
from clustersim.schema.scenario import Scenario

__all__ = ["NAME", "YEAR", "Key", "all_keys", "keys_of", "near_keys", "same_key"]

NAME, YEAR = "NAME", "YEAR"
#: No more keys than these are named in a message.
_NAMED = 4
_WORDS = {int: "whole number", float: "number", str: "text", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class Key:
    """One input: its key, what may stand there, and what it is."""

    key: str
    takes: str
    """``quantity``, ``whole number``, ``text``, or the words of which it is one."""
    unit: str = ""
    allowed: str = ""
    usual: str = ""
    default: str = ""
    says: str = ""
    sourced: bool = False
    """Whether a file must state its source and tier (profiles and prices)."""

    @property
    def last(self) -> str:
        """The last part that is no name of the user's."""
        return next((part for part in reversed(self.key.split(".")) if part not in {NAME, YEAR}), self.key)


@lru_cache(maxsize=2)
def all_keys(*, described: bool = True) -> tuple[Key, ...]:
    """Return every key that ``--set`` and ``--vary`` take, of scenarios, profiles, prices and companies, in that order.

    >>> [k.unit for k in all_keys() if k.key == "cards.NAME.memory.bandwidth"]
    ['GB/s']
    """
    roots: list[tuple[str, type[BaseModel], bool]] = [("", Scenario, False)]
    roots += [(f"{kind}.{NAME}", KINDS[kind][1], True) for kind in PROFILE_KINDS]
    roots += [("prices", PriceBook, True), ("company", CompanyFile, False)]
    found: dict[str, Key] = {}
    for path, model, sourced in roots:
        for key in keys_of(model, path, described=described):
            if key.key.startswith(f"{SITE_VALUES}."):
                continue  # a flag sets the profile's own key
            found.setdefault(key.key, replace(key, sourced=sourced and key.takes == "quantity"))
    return tuple(found.values())


def keys_of(model: type[BaseModel], path: str = "", *, described: bool = True) -> Iterator[Key]:
    """Yield the keys of a schema class below ``path``."""
    docs = field_docs(model) if described else {}
    for name, field in model.model_fields.items():
        if name == getattr(model, "STANDS_FOR", None):
            continue
        default = "" if field.is_required() else _shown(field.get_default(call_default_factory=True))
        stated = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
        for key in _keys(stated, f"{path}.{name}" if path else name, described=described):
            own = key.key == (f"{path}.{name}" if path else name)
            yield replace(key, default=key.default or default, says=key.says or docs.get(name, "")) if own else (
                replace(key, says=key.says or docs.get(name, ""))
            )  # fmt: skip


def _shown(value: Any) -> str:
    unit = getattr(value, "unit", None)
    if unit is not None and hasattr(value, "tier") and not isinstance(value, BaseModel):
        return "" if value.value != value.value else f"{value.value:g}" + ("" if unit == "1" else f" {unit}")
    if value is None or isinstance(value, BaseModel | dict) or value in ("", ()):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _keys(annotation: Any, path: str, limits: tuple[Any, ...] = (), *, described: bool) -> Iterator[Key]:
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        stated = next((m for m in args[1:] if isinstance(m, Quantity)), None)
        if stated is not None:
            yield _quantity(path, stated)
        else:
            yield from _keys(args[0], path, (*limits, *args[1:]), described=described)
    elif origin in (Union, types.UnionType):
        seen: set[str] = set()
        for member in args:
            for key in () if member is type(None) else _keys(member, path, limits, described=described):
                if key.key not in seen:
                    seen.add(key.key)
                    yield key
    elif origin is Literal:
        yield Key(path, " | ".join(map(str, args)))
    elif origin is dict:
        names = typing.get_args(args[0]) if typing.get_origin(args[0]) is Literal else (NAME,)
        for name in names:
            yield from _keys(args[1], f"{path}.{name}", limits, described=described)
    elif origin in (tuple, list):
        inner = args[0]
        models = isinstance(inner, type) and issubclass(inner, BaseModel)
        if models:
            yield from keys_of(inner, f"{path}.{NAME}", described=described)
        else:
            yield Key(path, "list")
            if any(isinstance(part, Quantity) for part in typing.get_args(inner)[1:]):
                yield from _keys(inner, f"{path}.{NAME}", described=described)
    elif isinstance(annotation, type) and issubclass(annotation, Series):
        unit = "" if annotation.unit == "1" else annotation.unit
        yield Key(path, "row by year", unit=unit)
        yield Key(f"{path}.{YEAR}", "quantity", unit=unit)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        flat = getattr(annotation, "STANDS_FOR", None)
        if flat is not None:
            field = annotation.model_fields[flat]
            yield from _keys(Annotated[(field.annotation, *field.metadata)], path, described=described)
        yield from keys_of(annotation, path, described=described)
    elif named := next((m for m in limits if isinstance(m, Named)), None):
        yield Key(path, " | ".join((*named.words, "a package's")))
    else:
        yield Key(path, _WORDS.get(annotation, "text"), allowed=_limits(limits))


def _quantity(path: str, stated: Quantity) -> Key:
    usual = "" if stated.usual is None else " to ".join(stated.usual)
    unit = "" if stated.unit == "1" else stated.written
    return Key(path, "quantity", unit, stated.bounds.words(stated.unit), usual)


def _limits(limits: Iterable[Any]) -> str:
    words = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}
    said = []
    for limit in limits:
        for part in getattr(limit, "metadata", None) or (limit,):
            said += [f"{word} {getattr(part, name):g}" for name, word in words.items() if hasattr(part, name)]
    return ", ".join(said)


def same_key(pattern: str, key: str) -> bool:
    """Return whether a key is one of a pattern's, dots in the user's names included.

    >>> same_key("cards.NAME.price", "cards.H100.price"), same_key("models.NAME.layers", "models.qwen2.5.layers")
    (True, True)
    >>> same_key("cards.NAME.price", "cards.H100.rent")
    False
    """
    before, _, rest = pattern.partition(NAME)
    if not rest and NAME not in pattern:
        return _years(pattern, key)
    if not key.startswith(before):
        return False
    tail = key[len(before) :]
    cuts = [i for i in range(1, len(tail) + 1) if i == len(tail) or tail[i] == "."]
    return any(same_key(rest, tail[i:]) for i in cuts)


def _years(pattern: str, key: str) -> bool:
    if not pattern.endswith(YEAR):
        return pattern == key
    head = pattern.removesuffix(YEAR)
    return key.startswith(head) and key[len(head) :][:2] == "20" and "." not in key[len(head) :]


def near_keys(asked: str, known: Iterable[str] = ()) -> str:
    """Return ``did you mean … or …?`` with the keys of all inputs whose last part is, or is near, the asked one's.

    >>> near_keys("finance.wacc")
    "did you mean 'tco.wacc' or 'company.wacc'?"
    >>> near_keys("tco.tarif")
    "did you mean 'tco.tariff'?"
    >>> near_keys("cluster.groups.a.colour")
    ''

    ``known`` are keys that are wanted instead of all; empty where nothing is near.
    """
    import difflib

    keys = [(key, key.rpartition(".")[2]) for key in known]
    keys = keys or [(k.key, k.last) for k in all_keys(described=False)]
    last = asked.rpartition(".")[2]
    near = [last] if any(end == last for _, end in keys) else (
        difflib.get_close_matches(last, sorted({end for _, end in keys}), n=1, cutoff=0.75)
    )  # fmt: skip
    found = [key for key, end in keys if end in near]
    if (
        not found
    ):  # a key that shares its section alone is another thing: its last part must be like the asked one's
        like = difflib.get_close_matches(last, sorted({end for _, end in keys}), n=8, cutoff=0.65)
        found = difflib.get_close_matches(asked, [key for key, end in keys if end in like], n=1, cutoff=0.75)
    best = max((_shared(asked, key) for key in found), default=0)
    if best:  # keys of the asked section alone, where it has one
        found = [key for key in found if _shared(asked, key) == best]
    depth = asked.count(".")
    beside = [key for key in found if key.count(".") == depth == _shared(asked, key)]
    found = beside or found
    shown = " or ".join(repr(key) for key in found[:_NAMED])
    more = f" (`clustersim keys {last}` lists {len(found)})" if len(found) > _NAMED else ""
    return f"did you mean {shown}?{more}" if found else ""


def _shared(asked: str, key: str) -> int:
    """How many of the first parts agree."""
    pairs = zip(asked.split("."), key.split("."), strict=False)
    count = 0
    for a, b in pairs:
        if a != b and b != NAME:
            break
        count += 1
    return count
