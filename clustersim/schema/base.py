"""The building blocks of every input file: strict frozen models and quantities that keep their source.

A quantity is written as text with a unit (``"400 Gb/s"``), as a plain number where it has no dimension, or as a
mapping ``{value, source, tier, low, high, note}``. In a profile the mapping with ``source`` and ``tier`` is
required; in a scenario a bare value is the user's own choice (tier ``given``).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError, ValidationInfo

from clustersim.errors import InputError, Problem, suggest
from clustersim.provenance import TIERS, Sourced
from clustersim.reading.guarded import printable
from clustersim.schema.yamlfile import Document, KeyPath
from clustersim.units import to_float

__all__ = [
    "NUMBER_PARTS",
    "Amount",
    "Bandwidth",
    "Count",
    "Duration",
    "Fraction",
    "Model",
    "Money",
    "Number",
    "OpRate",
    "Power",
    "Share",
    "Size",
    "field_docs",
    "money",
    "quantity",
    "validate",
]  # fmt: skip

#: Prices may stand in any of these; the unit of the parsed value says which.
CURRENCIES = ("CNY", "USD", "HKD")

#: No more problems than these are told of one file.
_REPORTED = 100

NUMBER_PARTS = ("value", "source", "tier", "low", "high", "note")


class Model(BaseModel):
    """Base of every schema class: frozen, unknown keys refused, defaults checked; ``field_docs`` reads what is said."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, defer_build=True)


def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """Return what the source says of each field of a schema class, the text below it.

    Read when it is asked for: parsing the source of every class took a third of the program's start.

    >>> from clustersim.schema.scenario import StorageSection
    >>> field_docs(StorageSection)["capacity"]
    'Usable bytes.'
    """
    import ast
    import inspect
    import textwrap

    docs: dict[str, str] = {}
    for owner in (c for c in reversed(model.__mro__) if issubclass(c, BaseModel) and c is not BaseModel):
        body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, text in itertools.pairwise(body.body):
            said = text.value if isinstance(text, ast.Expr) else None
            named = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            if named and isinstance(said, ast.Constant) and isinstance(said.value, str):
                docs[field.target.id] = inspect.cleandoc(said.value)  # type: ignore[attr-defined]
    return docs


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a quantity must satisfy, in its own unit."""

    gt: float | None = None
    ge: float | None = None
    lt: float | None = None
    le: float | None = None
    integer: bool = False

    def check(self, value: float, raw: Any, unit: str) -> None:
        """Raise ValueError with the bound that ``value`` breaks."""
        if self.integer and value != math.floor(value):
            raise ValueError(f"{raw!r} must be a whole number")
        for bound, holds, words in (
            (self.gt, self.gt is None or value > self.gt, "greater than"),
            (self.ge, self.ge is None or value >= self.ge, "at least"),
            (self.lt, self.lt is None or value < self.lt, "less than"),
            (self.le, self.le is None or value <= self.le, "at most"),
        ):
            if not holds:
                shown = f"{bound:g}" + ("" if unit == "1" else f" {unit}")
                raise ValueError(f"{raw!r} must be {words} {shown}")


def quantity(
    unit: str,
    *,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    integer: bool = False,
) -> PlainValidator:
    """Return the validator of a quantity expressed in ``unit`` within the stated bounds."""
    bounds = Bounds(gt, ge, lt, le, integer)
    return PlainValidator(lambda raw, info: _sourced(raw, info, unit, bounds))


def money(per: str = "") -> PlainValidator:
    """Return the validator of an amount in whichever known currency it is written (CNY where it says none)."""
    bounds = Bounds(ge=0.0)

    def check(raw: Any, info: ValidationInfo) -> Sourced:
        text = str(raw.get("value") if isinstance(raw, Mapping) else raw)
        currency = next((c for c in CURRENCIES if c in text), "CNY")
        return _sourced(raw, info, currency + per, bounds)

    return PlainValidator(check)


def _sourced(raw: Any, info: ValidationInfo, unit: str, bounds: Bounds) -> Sourced:
    if isinstance(raw, Sourced):
        return raw
    if raw is None:
        raise ValueError("has no value; remove the key where the number is unknown")
    strict = bool(info.context and info.context.get("require_source"))
    if isinstance(raw, Mapping):
        return _from_mapping(raw, strict, unit, bounds)
    if strict:
        raise ValueError("needs {value, source, tier}: a profile never states a number without its source")
    return Sourced(_number(raw, unit, bounds), unit)


def _number(raw: Any, unit: str, bounds: Bounds, part: str = "") -> float:
    try:
        value = to_float(raw, unit)
        bounds.check(value, raw, unit)
    except (InputError, ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{part}{error}") from None
    return value


def _from_mapping(raw: Mapping[str, Any], strict: bool, unit: str, bounds: Bounds) -> Sourced:
    unknown = [key for key in raw if key not in NUMBER_PARTS]
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}; {suggest(unknown[0], NUMBER_PARTS)}")
    missing = [key for key in ("value", "source", "tier") if raw.get(key) in (None, "")]
    if "value" in missing or (strict and missing):
        raise ValueError(f"lacks {', '.join(missing)}")
    tier = raw.get("tier") or "given"
    if tier not in TIERS:
        raise ValueError(f"unknown tier {tier!r}; {suggest(str(tier), TIERS)}")
    value = _number(raw["value"], unit, bounds)
    low, high = (
        None if raw.get(k) is None else _number(raw[k], unit, bounds, f"{k}: ") for k in ("low", "high")
    )
    if (low is not None and low > value) or (high is not None and high < value):
        raise ValueError(
            f"value {raw['value']!r} is outside its own range {raw.get('low')!r} to {raw.get('high')!r}"
        )
    return Sourced(
        value, unit, str(raw.get("source") or ""), str(tier), low, high, str(raw.get("note") or "")
    )


Number = Annotated[Sourced, quantity("1")]
Amount = Annotated[Sourced, quantity("1", ge=0)]
Fraction = Annotated[Sourced, quantity("1", ge=0, le=1)]
Share = Annotated[Sourced, quantity("1", gt=0, le=1)]
Count = Annotated[Sourced, quantity("1", ge=0, integer=True)]
Bandwidth = Annotated[Sourced, quantity("B/s", gt=0)]
Size = Annotated[Sourced, quantity("B", gt=0)]
OpRate = Annotated[Sourced, quantity("FLOP/s", gt=0)]
Duration = Annotated[Sourced, quantity("s", ge=0)]
Power = Annotated[Sourced, quantity("W", ge=0)]
Money = Annotated[Sourced, quantity("CNY", ge=0)]

M = TypeVar("M", bound=BaseModel)


def validate(model: type[M], document: Document, *, require_source: bool = False, at: KeyPath = ()) -> M:
    """Validate a document (or the part of it below ``at``), reporting every problem with its line at once.

    Raises InputError whose problems name file, line, key, what is wrong and what to do.
    """
    data: Any = document.data
    for key in at:
        data = data[key]
    try:
        return model.model_validate(data, context={"require_source": require_source})
    except ValidationError as error:
        details = error.errors()
        kept = [d for d in details if not _repeated(d, details)]
        raise _refusal(model, document, at, kept) from None


def _refusal(model: type[BaseModel], document: Document, at: KeyPath, details: Sequence[Any]) -> InputError:
    """Every problem in the order of the lines; of a file that is wrong throughout, the first hundred."""
    details = sorted(details, key=lambda d: document.line_of((*at, *d["loc"])) or 0)
    problems = [_problem(model, document, at, detail) for detail in details[:_REPORTED]]
    problems.sort(key=lambda p: (p.line or 0, p.key))
    left = f", the first {_REPORTED} of them here" if len(details) > _REPORTED else ""
    return InputError(f"{document.file}: {len(details)} problem(s){left}", problems)


def _problem(model: type[BaseModel], document: Document, at: KeyPath, detail: Any) -> Problem:
    loc = tuple(part for part in detail["loc"] if part != "[key]")
    known, path = _walk(model, loc)
    path = (*at, *path)
    key = printable(".".join(str(part) for part in path), 200)
    kind = detail["type"]
    line = document.line_of(path)
    if kind == "extra_forbidden":
        return Problem(document.file, line, key, "unknown key", suggest(str(detail["loc"][-1])[:80], known))
    if kind == "missing":
        return Problem(document.file, line, key, "is needed and missing", "add it")
    if kind in {"union_tag_not_found", "union_tag_invalid"}:
        words = str(detail["ctx"].get("expected_tags") or "training, serving, video or jobs").replace("'", "")
        return Problem(
            document.file, line, f"{key}.kind", "is needed and missing or unknown", f"one of {words}"
        )
    message = str(detail["msg"]).removeprefix("Value error, ")
    if kind not in {"value_error", "assertion_error"}:
        message = f"{message[0].lower()}{message[1:]}, not {printable(repr(detail['input']), 120)}"
    return Problem(document.file, line, key, message)


def _walk(model: type[BaseModel], loc: tuple[str | int, ...]) -> tuple[list[str], KeyPath]:
    """Follow a problem's place through the classes: the keys known beside its last part, and its place in the file.

    A union names the class that it took as a part of the place; no file has that part.
    """
    current: Any = model
    path: list[str | int] = []
    known: list[str] = []
    for part in loc:
        if getattr(current, "__origin__", None) in (dict, tuple, list):
            path.append(part)
            current = current.__args__[-1] if current.__origin__ is dict else current.__args__[0]
            continue
        members = _models_in(current)
        chosen = next((m for m in members if part in _names_of(m)), None)
        if current not in members and chosen is not None:
            current = chosen
            continue
        if isinstance(part, str) and part.startswith("literal["):
            continue
        path.append(part)
        fields = members[0].model_fields if len(members) == 1 else {}
        known = list(fields)
        current = fields[str(part)].annotation if part in fields else None
    return known, tuple(path)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """The classes of files that an annotation names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for argument in getattr(annotation, "__args__", ()) for m in _models_in(argument)]


def _names_of(model: type[BaseModel]) -> tuple[str, ...]:
    """What a union calls a class in a problem's place: its ``kind``, or its own name."""
    kind = model.model_fields.get("kind")
    return (model.__name__, *(getattr(kind.annotation, "__args__", ()) if kind is not None else ()))


def _repeated(detail: Any, details: list[Any]) -> bool:
    """Whether a problem only says that a value is not another branch's, beside the problem of the branch meant."""
    if detail["type"] not in {"literal_error", "model_type"}:
        return False
    branch = detail["loc"][:-1]
    beside = [d for d in details if d is not detail and d["loc"][: len(branch)] == branch and len(branch)]
    if detail["type"] == "literal_error" and str(detail["loc"][-1]).startswith("literal["):
        return isinstance(detail["input"], Mapping) and bool(beside)
    words = any(d["type"] == "literal_error" and str(d["loc"][-1]).startswith("literal[") for d in beside)
    return detail["type"] == "model_type" and words
