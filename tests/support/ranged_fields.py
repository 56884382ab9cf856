"""Every field of the schema with a usual range, and the quantity by which it is read."""

import importlib
import pkgutil
import typing
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Any

import clustersim.schema
from clustersim.schema.base import Model
from clustersim.schema.quantity import Quantity

for module in pkgutil.walk_packages(clustersim.schema.__path__, "clustersim.schema."):
    importlib.import_module(module.name)

Field = tuple[str, str]


def classes(model: type[Model] = Model) -> Iterator[type[Model]]:
    for below in model.__subclasses__():
        yield below
        yield from classes(below)


def stated(annotation: Any, metadata: Any = ()) -> Quantity | None:
    """The quantity that a field, or what its mapping holds, is checked by."""
    found = next((m for m in metadata if isinstance(m, Quantity)), None)
    if found is not None:
        return found
    if typing.get_origin(annotation) is Annotated:
        inner, *more = typing.get_args(annotation)
        return stated(inner, more)
    inners = (stated(a) for a in typing.get_args(annotation))
    return next((q for q in inners if q is not None), None)


@lru_cache(maxsize=1)
def ranged() -> dict[Field, Quantity]:
    """Every field of the schema that has a usual range."""
    out = {}
    for model in set(classes()):
        for name, field in model.model_fields.items():
            quantity = stated(field.annotation, field.metadata)
            if quantity is not None and quantity.usual is not None:
                out[model.__qualname__, name] = quantity
    return out
