"""A price book that lies over another: what it does not hold is the other's."""

from __future__ import annotations

from typing import Any

from clustersim.errors import InputError
from clustersim.schema.profiles import read_document
from clustersim.schema.yamlfile import Document

__all__ = ["book_document"]

FOLDER = "hwprofiles/prices"
#: Pairs of documents that were laid over each other; each is kept while its result is, so that none takes its identity.
_LAID: dict[tuple[int, int], tuple[Document, Document, Document]] = {}
_MOST = 64


def book_document(name: str) -> Document:
    """Return the document of a price book; of one with a ``base``, its parts and rates over the base's.

    A part that both hold takes the price of the upper book, and of the lower what the upper does not say (its lead
    time, its racks).

    Raises InputError where the base has a base itself.
    """
    upper = read_document(FOLDER, name)
    base = upper.data.get("base")
    if not isinstance(base, str):
        return upper
    lower = read_document(FOLDER, base)
    if lower.data.get("base") is not None:
        raise InputError(f"{upper.file}: base: {base} lies over another book itself; name that one's base")
    key = id(upper), id(lower)
    if key not in _LAID:
        if len(_LAID) >= _MOST:
            _LAID.pop(next(iter(_LAID)))
        _LAID[key] = upper, lower, _over(upper, lower)
    return _LAID[key][2]


def _over(upper: Document, lower: Document) -> Document:
    data: dict[str, Any] = {**lower.data, **upper.data}
    for key in ("parts", "currencies"):
        under, above = lower.data.get(key), upper.data.get(key)
        if isinstance(under, dict) and isinstance(above, dict):
            data[key] = {**under, **{name: _part(under.get(name), part) for name, part in above.items()}}
    return Document(upper.file, data, upper.lines)


def _part(under: Any, above: Any) -> Any:
    if not (isinstance(under, dict) and isinstance(above, dict)):
        return above
    return {**{key: under[key] for key in ("lead_time", "racks") if key in under}, **above}
