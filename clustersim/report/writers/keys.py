"""Long keys in narrow cells: they go on in the next line behind their dots, not in the middle of a word."""

from __future__ import annotations

import re

__all__ = ["breakable"]

_LONG_KEY = re.compile(r"[A-Za-z][\w.:-]{14,}")


def breakable(text: str, mark: str) -> str:
    """Return a text in whose long keys a mark says where a line may end.

    >>> breakable("5.87", "|"), breakable("cards.X.memory.bandwidth", "|")
    ('5.87', 'cards.|X.|memory.|bandwidth')
    """
    return _LONG_KEY.sub(lambda key: re.sub(r"(?<=[.:_])(?=\w)", mark, key[0]), text)
