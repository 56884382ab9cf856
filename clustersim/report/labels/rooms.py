"""One catalogue of the words of several rooms: a key stands in one of them alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

__all__ = ["joined"]

T = TypeVar("T")


def joined(*rooms: Mapping[str, T]) -> dict[str, T]:
    """Return the words of all rooms; a key that two have would lose one of its meanings.

    >>> joined({"a": "A"}, {"b": "B"})
    {'a': 'A', 'b': 'B'}

    Raises ValueError for a key that stands in two rooms.
    """
    out: dict[str, T] = {}
    for words in rooms:
        twice = sorted(out.keys() & words.keys())
        if twice:
            raise ValueError(f"in two rooms of the catalogue: {', '.join(twice)}; name one of them otherwise")
        out |= words
    return out
