"""JSON Schema (draft 7, as editors read it) of every kind of input file: units, bounds, tiers and what each field is.

Read from the same classes that check a file: nothing is written down twice. What only spans several fields (shares that
sum to one, plans that fill the cards) is checked by ``clustersim check`` alone.
"""

import datetime
import re
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel

from clustersim.provenance import TIERS
from clustersim.schema.base import Named, field_docs
from clustersim.schema.company_rows import Series
from clustersim.schema.quantity import Quantity

__all__ = ["file_schema"]

_TIER = {
    "given": "the user's own choice",
    "measured": "measured by whoever states it",
    "published": "stated by the maker or a publication",
    "derived": "computed from published numbers",
    "assumption": "nobody states it",
}
assert set(_TIER) == set(TIERS)
_NUMBER_TEXT = r"^\s*[-+]?(\d|\.\d)"
_TEXT: dict[str, Any] = {"type": "string"}
#: A number, or text that begins as one.
_BARE: dict[str, Any] = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _NUMBER_TEXT}]}


def file_schema(model: type[BaseModel], *, sourced: bool) -> dict[str, Any]:
    """Return the schema of a kind of file; with ``sourced`` every quantity must state its source and tier.

    >>> from clustersim.schema.prices import PriceBook
    >>> made = file_schema(PriceBook, sourced=True)
    >>> made["required"], made["properties"]["rate_months"]["default"]
    (['kind', 'name', 'date', 'parts'], 12)
    """
    build = _Builder(sourced)
    root = build.object_of(model)
    title = model.__name__
    return {
        "$schema": "http://json-schema.org/draft-07/schema#", "title": title, **root,
        "definitions": dict(sorted(build.definitions.items())),
    }  # fmt: skip


class _Builder:
    """Makes schemas of classes and annotations; each class once, below ``definitions``."""

    def __init__(self, sourced: bool) -> None:
        self.sourced = sourced
        self.definitions: dict[str, Any] = {}
        self.classes: dict[str, type[BaseModel]] = {}

    def object_of(self, model: type[BaseModel]) -> dict[str, Any]:
        """Return a class as an object with its fields."""
        docs = field_docs(model)
        properties: dict[str, Any] = {}
        for name, field in model.model_fields.items():
            made = self.of(field.annotation, tuple(field.metadata))
            made = {"allOf": [made]} if "$ref" in made else made
            says = " ".join(text for text in (docs.get(name, ""), made.pop("description", "")) if text)
            default = None if field.is_required() else field.get_default(call_default_factory=True)
            if default is not None and isinstance(default, str | int | float) and default != "":
                made["default"] = default
            properties[name] = {"description": says, **made}
        required = [name for name, field in model.model_fields.items() if field.is_required()]
        return {
            "type": "object", "description": (model.__doc__ or "").split("\n\n")[0].replace("\n", " ").strip(),
            "properties": properties, "required": required, "additionalProperties": False,
        }  # fmt: skip

    def of(self, annotation: Any, limits: tuple[Any, ...] = ()) -> dict[str, Any]:
        """Return the schema of an annotation with the limits that stand beside it."""
        origin, args = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is Annotated:
            return self.of(args[0], (*limits, *args[1:]))
        stated = next((m for m in limits if isinstance(m, Quantity)), None)
        if stated is not None:
            return self._quantity(stated)
        if origin in (Union, types.UnionType):
            return self._any_of([self.of(member, limits) for member in args])
        if origin is Literal:
            return {"enum": list(args)}
        if origin is dict:
            return self._mapping(args[0], args[1], limits)
        if origin in (tuple, list):
            return self._array(args, limits)
        if isinstance(annotation, type) and issubclass(annotation, Series):
            self.definitions[_YEARS] = _years()
            return _row(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return self._reference(annotation)
        named = next((m for m in limits if isinstance(m, Named)), None)
        if named is not None:
            said = f"Or the name of what an installed package brings to {named.group}."
            return {"anyOf": [{"enum": list(named.words)}, _TEXT], "description": said}
        return _plain(annotation, limits)

    def _any_of(self, members: list[dict[str, Any]]) -> dict[str, Any]:
        said = " ".join(d for m in members if (d := m.pop("description", "")))
        flat = [part for m in members for part in (m["anyOf"] if set(m) == {"anyOf"} else [m])]
        return {"anyOf": flat, **({"description": said} if said else {})}

    def _mapping(self, names: Any, values: Any, limits: tuple[Any, ...]) -> dict[str, Any]:
        made: dict[str, Any] = {"type": "object", "additionalProperties": self.of(values)}
        said = made["additionalProperties"].get("description", "")
        if typing.get_origin(names) is Literal:
            made["propertyNames"] = {"enum": list(typing.get_args(names))}
        least = _limit(limits, "min_length")
        return made | ({"minProperties": least} if least else {}) | ({"description": said} if said else {})

    def _array(self, args: tuple[Any, ...], limits: tuple[Any, ...]) -> dict[str, Any]:
        made: dict[str, Any] = {"type": "array", "items": self.of(args[0])}
        fixed = len(args) if len(args) > 1 and args[1] is not Ellipsis else None
        least = fixed or _limit(limits, "min_length")
        return made | ({"minItems": least} if least else {}) | ({"maxItems": fixed} if fixed else {})

    def _reference(self, model: type[BaseModel]) -> dict[str, Any]:
        name = model.__name__
        assert self.classes.setdefault(name, model) is model, f"two classes are called {name}"
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name] = self._flat(model) or self.object_of(model)
        return {"$ref": f"#/definitions/{name}"}

    def _flat(self, model: type[BaseModel]) -> dict[str, Any]:
        """A class whose mapping is itself a number, with a few keys beside the number's own."""
        inner = getattr(model, "STANDS_FOR", None)
        if inner is None:
            return {}
        docs = field_docs(model)
        stated = next(m for m in model.model_fields[inner].metadata if isinstance(m, Quantity))
        number = self._sourced_number(stated)
        for name, field in model.model_fields.items():
            if name != inner:
                number["properties"][name] = _beside(docs[name], field.annotation, tuple(field.metadata))
        doc = (model.__doc__ or "").strip()
        return {**number, "description": f"{doc} {_words(stated)}"}

    def _quantity(self, stated: Quantity) -> dict[str, Any]:
        """A quantity of its kind, once below ``definitions``; a field adds what it is."""
        words = _words(stated)
        name = "quantity_" + re.sub(r"\W+", "_", f"{stated.unit} {words}").strip("_")
        if name not in self.definitions:
            bare = [] if self.sourced else _bare(stated)
            told = {"x-unit": stated.unit} | ({"x-usual": list(stated.usual)} if stated.usual else {})
            self.definitions[name] = {**told, "anyOf": [*bare, self._sourced_number(stated)]}
        return {"description": words, "allOf": [{"$ref": f"#/definitions/{name}"}]}

    def _sourced_number(self, stated: Quantity) -> dict[str, Any]:
        bare = {"anyOf": _bare(stated)}
        return {
            "type": "object", "additionalProperties": False,
            "required": ["value", "source", "tier"] if self.sourced else ["value"],
            "properties": {
                "value": {"description": f"The number. {_words(stated)}", **bare},
                "source": {"description": "Who says so.", "type": "string"},
                "tier": {
                    "description": f"How strong the source is: {'; '.join(map(', '.join, _TIER.items()))}.",
                    "enum": list(TIERS),
                },
                "low": {"description": "Lower end of the range that the number may lie in.", **bare},
                "high": {"description": "Upper end of that range.", **bare},
                "note": {"description": "A remark.", "type": "string"},
            },
        }  # fmt: skip


def _bare(stated: Quantity) -> list[dict[str, Any]]:
    """A number without its source: text with a unit, or (without dimension) a number."""
    text = {"type": "string", "pattern": _NUMBER_TEXT}
    if stated.unit != "1":
        return [text]
    bounds = stated.bounds
    named = (
        ("exclusiveMinimum", bounds.gt), ("minimum", bounds.ge),
        ("exclusiveMaximum", bounds.lt), ("maximum", bounds.le),
    )  # fmt: skip
    number = {"type": "integer" if bounds.integer else "number"}
    return [number | {name: value for name, value in named if value is not None}, text]


def _beside(says: str, annotation: Any, limits: tuple[Any, ...]) -> dict[str, Any]:
    """A key beside a number's own: its source and tier are the number's."""
    parts = [annotation, *typing.get_args(annotation)]
    stated = next((m for p in parts for m in typing.get_args(p)[1:] if isinstance(m, Quantity)), None)
    if stated is not None:
        return {"description": f"{says} {_words(stated)}", "anyOf": _bare(stated)}
    return {"description": says, **_plain(next(p for p in parts if p is str), limits)}


def _words(stated: Quantity) -> str:
    """Unit, bounds and usual range in a sentence."""
    unit = "A plain number" if stated.unit == "1" else f"With its unit, as {stated.written}"
    if stated.priced:
        unit += " (or in USD or HKD)"
    bounds = stated.bounds.words(stated.unit)
    usual = f"usually {stated.usual[0]} to {stated.usual[1]}" if stated.usual else ""
    return ", ".join(part for part in (unit, bounds, usual) if part) + "."


#: The definition of a row with years as keys.
_YEARS = "Years"


def _years() -> dict[str, Any]:
    """A mapping of years to numbers, each of which may have a range."""
    held = {
        "tier": {"description": "How strong the source is.", "enum": list(TIERS)},
        "source": {"description": "Who says so.", **_TEXT},
        "why": {"description": "Why an analyst departs from what stood there.", **_TEXT},
        "note": {"description": "A remark.", **_TEXT},
        "value": {"description": "The number itself.", **_BARE},
        "low": {"description": "Lower end of the range that the number may lie in.", **_BARE},
        "high": {"description": "Upper end of that range.", **_BARE},
    }
    of_year = {"type": "object", "properties": held, "required": ["value"], "additionalProperties": False}
    numbers = {"description": "The number of a year.", "anyOf": [*_BARE["anyOf"], of_year]}
    return {
        "type": "object", "properties": held, "additionalProperties": False,
        "patternProperties": {r"^20\d\d(H[12])?[AE]$": numbers},
    }  # fmt: skip


def _row(row: type[Series]) -> dict[str, Any]:
    unit = "plain numbers" if row.unit == "1" else f"in {row.unit} where no unit is written"
    return {
        "description": f"One value for every year, or years as keys ({{2026E: 1}}), {unit}.", "x-unit": row.unit,
        "anyOf": [*_BARE["anyOf"], {"$ref": f"#/definitions/{_YEARS}"}],
    }  # fmt: skip


def _limit(limits: tuple[Any, ...], name: str) -> Any:
    for limit in limits:
        for part in getattr(limit, "metadata", None) or (limit,):
            if getattr(part, name, None) is not None:
                return getattr(part, name)
    return None


def _plain(annotation: Any, limits: tuple[Any, ...]) -> dict[str, Any]:
    kinds: Mapping[Any, dict[str, Any]] = {
        str: _TEXT, bool: {"type": "boolean"}, int: {"type": "integer"}, float: {"type": "number"},
        type(None): {"type": "null"}, datetime.date: {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}, Any: {},
    }  # fmt: skip
    names = {
        "gt": "exclusiveMinimum",
        "ge": "minimum",
        "lt": "exclusiveMaximum",
        "le": "maximum",
        "pattern": "pattern",
    }
    found = {word: value for name, word in names.items() if (value := _limit(limits, name)) is not None}
    if annotation is str:
        found = {word: value for word, value in found.items() if word == "pattern"}
    return {**kinds[annotation], **found}
