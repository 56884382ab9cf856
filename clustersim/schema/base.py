"""The building blocks of every input file: strict frozen models and quantities that keep their source.

A quantity is written as text with a unit (``"400 Gb/s"``), as a plain number where it has no dimension, or as a
mapping ``{value, source, tier, low, high, note}``. In a profile the mapping with ``source`` and ``tier`` is
required; in a scenario a bare value is the user's own choice (tier ``given``).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core.core_schema import no_info_after_validator_function

from clustersim.errors import Problem, suggest
from clustersim.plugins import installed
from clustersim.provenance import Sourced
from clustersim.schema.problems import refusal
from clustersim.schema.quantity import NUMBER_PARTS, Rates, money, quantity, tell_once
from clustersim.schema.yamlfile import Document, KeyPath

__all__ = [
    "NUMBER_PARTS",
    "Amount",
    "Bandwidth",
    "Count",
    "Duration",
    "Fraction",
    "Held",
    "Model",
    "Named",
    "Number",
    "OpRate",
    "Overhead",
    "PartPower",
    "Power",
    "Share",
    "Spell",
    "Wait",
    "WireRate",
    "field_docs",
    "money",
    "quantity",
    "sourced_fields",
    "tell_idle",
    "validate",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """One of our words, or the name of code that another installed package brings to a group of entry points."""

    group: str
    words: tuple[str, ...]

    def check(self, value: str) -> str:
        """Return the value; raises ValueError for a name that nobody brings."""
        if value in self.words:
            return value
        known = (*self.words, *installed(self.group))
        if value not in known:
            raise ValueError(
                f"there is no {value!r}, ours or of an installed package; {suggest(value, known)}"
            )
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return no_info_after_validator_function(self.check, handler(source))


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
    docs: dict[str, str] = {}
    for owner in (c for c in reversed(model.__mro__) if issubclass(c, BaseModel) and c is not BaseModel):
        docs |= _docs_of_module(owner.__module__).get(owner.__name__, {})
    return docs


@lru_cache(maxsize=64)
def _docs_of_module(name: str) -> dict[str, dict[str, str]]:
    import ast
    import inspect
    import sys

    found: dict[str, dict[str, str]] = {}
    for body in ast.parse(inspect.getsource(sys.modules[name])).body:
        if not isinstance(body, ast.ClassDef):
            continue
        docs = found.setdefault(body.name, {})
        for field, text in itertools.pairwise(body.body):
            said = text.value if isinstance(text, ast.Expr) else None
            named = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            if named and isinstance(said, ast.Constant) and isinstance(said.value, str):
                docs[field.target.id] = inspect.cleandoc(said.value)  # type: ignore[attr-defined]
    return found


Number = Annotated[Sourced, quantity("1")]
Amount = Annotated[Sourced, quantity("1", ge=0)]
Fraction = Annotated[Sourced, quantity("1", ge=0, le=1)]
Share = Annotated[Sourced, quantity("1", gt=0, le=1)]
Count = Annotated[Sourced, quantity("1", ge=0, integer=True)]
Bandwidth = Annotated[Sourced, quantity("B/s", gt=0, usual=("0.1 GB/s", "100000 GB/s"))]
#: Of a network, whose links are sold by bits a second: ``400G`` is one of 400 Gb/s.
WireRate = Annotated[Sourced, quantity("B/s", gt=0, usual=("0.1 GB/s", "10000 GB/s"), short="b/s")]
#: What a program holds on one card beside the model.
Held = Annotated[Sourced, quantity("B", gt=0, usual=("1 MB", "500 GB"))]
OpRate = Annotated[Sourced, quantity("FLOP/s", gt=0, usual=("1 TFLOP/s", "500 PFLOP/s"))]
#: What a host or a kernel takes beside the work; what a machine or an operator takes; what a repair takes; any time.
Overhead = Annotated[Sourced, quantity("s", ge=0, usual=("0 us", "100 ms"))]
Wait = Annotated[Sourced, quantity("s", ge=0, usual=("0 s", "1 d"))]
Spell = Annotated[Sourced, quantity("s", ge=0, usual=("0 s", "90 d"))]
Duration = Annotated[Sourced, quantity("s", ge=0, usual=("0 s", "1 year"))]
#: Of one box, and of what is plugged into it.
Power = Annotated[Sourced, quantity("W", ge=0, usual=("0 W", "20 kW"))]
PartPower = Annotated[Sourced, quantity("W", ge=0, usual=("0 W", "300 W"))]

M = TypeVar("M", bound=BaseModel)


def tell_idle(section: Model, of: str, idle: Mapping[str, str]) -> None:
    """Say every field that is stated, is not its default, and that nothing reads beside the others.

    ``idle`` says of each such field why. A section's own validator calls it.
    """
    for name, why in idle.items():
        value, default = getattr(section, name), type(section).model_fields[name].get_default()
        if name in section.model_fields_set and _bare(value) != _bare(default):
            tell_once(f"{of}.{name} is stated and not read: {why}")


def _bare(value: Any) -> Any:
    return value.value if isinstance(value, Sourced) else value


def validate(
    model: type[M],
    document: Document,
    *,
    require_source: bool = False,
    at: KeyPath = (),
    rates: Rates | None = None,
) -> M:
    """Validate a document (or the part of it below ``at``), reporting every problem with its line at once.

    Values outside the usual range of their field, and what ``400G`` is read as, are said on stderr, once each.
    ``rates`` are what amounts in other currencies are converted by where a field is in CNY.

    Raises InputError whose problems name file, line, key, what is wrong and what to do.
    """
    data: Any = document.data
    for key in at:
        data = data[key]
    said: list[tuple[Sourced, str]] = []
    try:
        found = model.model_validate(
            data, context={"require_source": require_source, "rates": rates, "said": said}
        )
    except ValidationError as error:
        raise refusal(model, document, at, error.errors()) from None
    if said:
        _tell(found, document, at, said)
    return found


def sourced_fields(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Sourced]]:
    """Walk a checked file: yield every sourced number with its place; items of a list go by their names."""
    if isinstance(value, Sourced):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from sourced_fields(getattr(value, name), (*path, name))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from sourced_fields(item, (*path, str(name)))
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from sourced_fields(item, (*path, getattr(item, "name", index)))


def _tell(found: BaseModel, document: Document, at: KeyPath, said: Sequence[tuple[Sourced, str]]) -> None:
    places = {id(number): path for path, number in sourced_fields(found)}
    for number, words in said:
        path = (*at, *places.get(id(number), ()))
        file, line = document.place_of(path)
        shown = f"{number.value:g}" + ("" if number.unit == "1" else f" {number.unit}")
        if not isinstance(number.value, float):
            shown = "a value of a batch"
        key = ".".join(map(str, path))
        tell_once(str(Problem(file, line, key, f"{shown} {words}")))
