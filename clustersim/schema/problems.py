"""What the checker of a file found, told as problems: where in the file, what is wrong, what to do.

The checker follows the classes, and where a field takes one of several kinds it names the kind that it tried as a part
of the place. No file has that part: what is told is the place in the file, once, with all that may stand there.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel

from clustersim.errors import InputError, Problem, suggest
from clustersim.reading.guarded import printable
from clustersim.schema.yamlfile import Document, KeyPath

__all__ = ["refusal"]

#: No more problems than these are told of one file.
_REPORTED = 100
#: What may stand where something of another kind does, by what the checker says of it.
_TAKES = {
    "dict_type": "a section of keys", "model_type": "a section of keys", "model_attributes_type": "a section of keys",
    "list_type": "a list", "tuple_type": "a list", "bool_type": "true or false", "bool_parsing": "true or false",
    "int_type": "a whole number", "int_parsing": "a whole number", "int_from_float": "a whole number",
    "int_parsing_size": "a whole number", "float_type": "a number", "float_parsing": "a number",
    "finite_number": "a finite number", "string_type": "a text", "literal_error": "",
}  # fmt: skip


#: What something has to be, by what the checker says of it.
_MUST = {
    "too_short": "must hold at least {min_length} item(s), not {value}",
    "too_long": "must hold at most {max_length} item(s), not {value}",
    "string_too_short": "must have at least {min_length} letter(s), not {value}",
    "string_too_long": "must have at most {max_length} letter(s), not {value}",
    "string_pattern_mismatch": "must match the pattern '{pattern}', not {value}",
}  # fmt: skip
#: What a file does not have.
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class _Found:
    """One finding of the checker at its place in the file."""

    detail: Mapping[str, Any]
    path: KeyPath
    known: tuple[str, ...]
    """Keys beside the last part of the place."""
    choice: KeyPath | None
    """The place of the nearest field on the way that takes one of several kinds."""
    taken: Any
    """What the classes say may stand there."""

    @property
    def mistaken(self) -> bool:
        """Whether the value is of a kind that the field does not take."""
        return self.detail["type"] in _TAKES

    @property
    def takes(self) -> str:
        """What may stand there, in words."""
        expected = str(self.detail.get("ctx", {}).get("expected", ""))
        return _TAKES[self.detail["type"]] or expected


def refusal(
    model: type[BaseModel], document: Document, at: KeyPath, details: Sequence[Mapping[str, Any]]
) -> InputError:
    """Return the error with every problem in the order of the lines; of a file that is wrong throughout, the first."""
    whole: Any = document.data
    for key in at:
        whole = whole[key]
    found = _together(_found(model, detail, whole) for detail in details)
    found.sort(key=lambda alike: document.place_of((*at, *alike[0].path))[1] or 0)
    problems = [_problem(document, at, alike) for alike in found[:_REPORTED]]
    problems.sort(key=lambda p: (p.line or 0, p.key))
    left = f", the first {_REPORTED} of them here" if len(found) > _REPORTED else ""
    return InputError(f"{document.file}: {len(found)} problem(s){left}", problems)


def _together(findings: typing.Iterable[_Found]) -> list[list[_Found]]:
    """Findings that are one problem: a value that is none of the kinds which its field takes was tried as each.

    Where it is of a kind, and something in it is wrong, the other kinds have nothing to say.
    """
    found = list(findings)
    inside = {one.choice for one in found if one.choice != one.path}
    items = {one.path[:-1] for one in found}
    # A list whose item is wrong is not short besides.
    alone = [
        [one]
        for one in found
        if one.choice != one.path and not (one.detail["type"] == "too_short" and one.path in items)
    ]
    tried: dict[KeyPath, list[_Found]] = {}
    for one in found:
        if one.choice == one.path and one.path not in inside:
            tried.setdefault(one.path, []).append(one)
    return alone + [[one for one in kinds if not one.mistaken][:1] or kinds for kinds in tried.values()]


def _problem(document: Document, at: KeyPath, alike: Sequence[_Found]) -> Problem:
    first = alike[0]
    path, kind = (*at, *first.path), first.detail["type"]
    key = printable(".".join(str(part) for part in path), 200)
    file, line = document.place_of(path)
    if kind == "extra_forbidden":
        return Problem(file, line, key, "unknown key", suggest(str(path[-1])[:80], first.known))
    if kind == "missing":
        return Problem(file, line, key, "is needed and missing", "add it")
    if kind in {"union_tag_not_found", "union_tag_invalid"}:
        words = ", ".join(name for member in _members(first.taken) for name in _kinds_of(member))
        return Problem(file, line, f"{key}.kind", "is needed and missing or unknown", f"one of {words}")
    value = printable(repr(first.detail["input"]), 120)
    if first.mistaken:
        return Problem(file, line, key, f"must be {_either([one.takes for one in alike])}, not {value}")
    if kind in _MUST:
        return Problem(file, line, key, _MUST[kind].format(**first.detail["ctx"], value=value))
    message = str(first.detail["msg"]).removeprefix("Value error, ")
    if kind not in {"value_error", "assertion_error"}:
        message = f"{message[0].lower()}{message[1:]}, not {value}"
    return Problem(file, line, key, message)


def _either(words: Sequence[str]) -> str:
    """Words of which one holds, each once; every whole number is a number."""
    said = [w for w in dict.fromkeys(words) if w != "a whole number" or "a number" not in words]
    said.sort(key=lambda word: word != "true or false")
    return " or ".join(filter(None, (", ".join(said[:-1]), said[-1])))


def _found(model: type[BaseModel], detail: Mapping[str, Any], data: Any) -> _Found:
    """Follow a finding's place through the classes to its place in the file, whose ``data`` may leave a part out."""
    taken: Any = model
    path: list[str | int] = []
    known: tuple[str, ...] = ()
    choice: KeyPath | None = None
    for part in (part for part in detail["loc"] if part != "[key]"):
        taken = _plain(taken)
        members = _members(taken)
        if len(members) > 1:
            choice, taken = tuple(path), _chosen(members, str(part))
            continue
        inner = data.get(part, _ABSENT) if isinstance(data, Mapping) else _ABSENT
        inner = data[part] if isinstance(data, list) and isinstance(part, int) and part < len(data) else inner
        if inner is not _ABSENT or part != getattr(taken, "STANDS_FOR", None):
            path.append(part)
            data = inner
        fields = taken.model_fields if _is_section(taken) else {}
        known = tuple(fields)
        taken = fields[part].annotation if part in fields else _item(taken)
    return _Found(detail, tuple(path), known, choice, _plain(taken))


def _plain(annotation: Any) -> Any:
    """An annotation without what is said beside it, and without the nothing that may stand in its place."""
    while typing.get_origin(annotation) is Annotated:
        annotation = typing.get_args(annotation)[0]
    members = _members(annotation)
    return _plain(members[0]) if len(members) == 1 and members[0] is not annotation else annotation


def _members(annotation: Any) -> tuple[Any, ...]:
    """The kinds of which a field takes one; an annotation of one kind is its own."""
    if typing.get_origin(annotation) not in (Union, types.UnionType):
        return (annotation,)
    return tuple(_plain(one) for one in typing.get_args(annotation) if one is not type(None))


def _chosen(members: Sequence[Any], label: str) -> Any:
    """The kind that the checker calls so: a section by its ``kind`` or its class, a list or mapping by what it is."""
    for member in members:
        if _is_section(member) and (label in _kinds_of(member) or member.__name__ in label):
            return member
        origin = typing.get_origin(member)
        if origin in (list, tuple, dict) and label.startswith(f"{origin.__name__}["):
            return member
    return None


def _item(annotation: Any) -> Any:
    """What stands in a mapping or a list; nothing is known of what stands in anything else."""
    arguments = typing.get_args(annotation)
    origin = typing.get_origin(annotation)
    return arguments[-1] if origin is dict else arguments[0] if origin in (list, tuple) else None


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _kinds_of(section: Any) -> tuple[str, ...]:
    """The words of a section's ``kind``."""
    field = section.model_fields.get("kind")
    stated = field is not None and typing.get_origin(field.annotation) is Literal
    return tuple(map(str, typing.get_args(field.annotation))) if stated else ()
