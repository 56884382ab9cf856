"""What the notes of a training row say of its run, for columns that hold a default or nothing.

``data/validation/note_words.csv`` has one line a word: a pattern, the column that must hold something (``when``) and
the pattern of what it ``says`` (nothing there: it is empty), the column that the word fills, and its value; an empty
value means that the number in the column is not the run's. A word that its clause denies (``not eager``, ``without
async TP``, ``async TP off``) is not read. Our own tables have no notes and are read as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from clustersim.validation.sources import shipped_rows

__all__ = ["noted"]

#: What ends a clause of notes.
_ENDS = re.compile(r"[;:,()]|\.\s")
#: Words before another in its clause that deny it, and words after it that do.
_DENIED = re.compile(
    r"\b(?:not?|non|never|without|w/o|instead of|rather than|unlike|versus|vs|disabled?)\b", re.I
)
_DENIES = re.compile(
    r"^\s*[:=]?\s*(?:is|was|are|were)?\s*(?:no|not|off|none|false|0|disabled|unused|would|could)\b", re.I
)


@lru_cache(maxsize=1)
def _words() -> tuple[tuple[re.Pattern[str], Mapping[str, str]], ...]:
    rows = shipped_rows("note_words.csv")
    return tuple((re.compile(row["pattern"], re.IGNORECASE), row) for row in rows)


def _holds(cell: str, says: str) -> bool:
    return re.fullmatch(says, cell, re.IGNORECASE) is not None if says else not cell


def _said(pattern: re.Pattern[str], notes: str) -> bool:
    """Whether notes say a word somewhere in a clause that does not deny it."""
    return any(
        not _DENIED.search(_ENDS.split(notes[: found.start()])[-1])
        and not _DENIES.search(notes[found.end() :])
        for found in pattern.finditer(notes)
    )


def noted(row: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return a row with what its notes say in its columns, and what was read there.

    >>> row = {"gpu": "H100", "notes": "H100 96GB HBM2e 2.4 TB/s, 500 W power limit (not the 700 W SXM); eager"}
    >>> noted(row)[0]["gpu"], noted(row)[1]
    ('H100-96G-500W', ["gpu='H100-96G-500W' by its notes"])
    >>> noted({"gpu": "H100", "notes": ""})[1], noted({"software": "TorchTitan", "notes": "compiled, not eager"})[1]
    ([], [])
    """
    found, said = dict(row), []
    notes = row.get("notes") or ""
    for pattern, word in _words() if notes else ():
        cell = (found.get(word["when"] or "") or "").strip()
        if (word["when"] and not _holds(cell, word["says"] or "")) or not _said(pattern, notes):
            continue
        value = word["value"] or ""
        if (found.get(word["column"]) or "").strip() != value:
            found[word["column"]] = value
            said.append(
                f"{word['column']}={value!r} by its notes" if value else f"{word['column']} open by its notes"
            )
    return found, said
