"""The words of one row of published training runs: names of profiles, number format, sizes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from clustersim.schema.find_software import FoundSoftware
from clustersim.schema.formats import NumberFormat, number_format
from clustersim.schema.profiles import CardProfile
from clustersim.validation.note_words import noted
from clustersim.validation.sites import Unpredictable, card_of, model_name, unreadable
from clustersim.validation.sources import filled, software_of_row

__all__ = ["TrainingRecord", "Unpredictable", "count", "number", "record", "stated_memory", "word"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecord:
    """A row in names of profiles and plain numbers: what a scenario of it would state.

    ``model`` is a model file, empty where the row's own dimensions are the model.
    """

    card: CardProfile
    software: FoundSoftware
    format: NumberFormat
    model: str
    cards: int
    seq_len: int
    row: Mapping[str, str]
    noted: tuple[str, ...] = ()
    """What the row's notes changed in its columns."""


def number(row: Mapping[str, str], key: str) -> float | None:
    """Return a cell as a finite number; nothing where it is empty or a word."""
    text = (row.get(key) or "").strip().replace(",", "")
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def count(row: Mapping[str, str], key: str, default: int | None = None) -> int:
    """Return a cell as a whole number of at least 1.

    >>> count({"tp": "1,024"}, "tp"), count({"tp": ""}, "tp", 1)
    (1024, 1)

    Raises Unpredictable where the cell is empty and there is no default, and for a cell that is no such number.
    """
    text = (row.get(key) or "").strip()
    if not text:
        if default is None:
            raise Unpredictable(f"the row has no {key}")
        return default
    value = number(row, key)
    if value is None or value < 1 or value != int(value):
        raise unreadable(key, text, "a whole number of 1 or more")
    return int(value)


def word(row: Mapping[str, str], key: str, words: Mapping[str, str]) -> str:
    """Return what the word in a cell means; an empty text where the cell is empty.

    >>> word({"seq_parallel": "Yes"}, "seq_parallel", {"yes": "on", "no": "off"})
    'on'

    Raises Unpredictable for any other word.
    """
    text = (row.get(key) or "").strip()
    if text and text.lower() not in words:
        raise unreadable(key, text, f"one of {', '.join(words)}")
    return words[text.lower()] if text else ""


def record(row: Mapping[str, str]) -> TrainingRecord:
    """Read a row's words: names of profiles, number format, sizes.

    Raises Unpredictable, or InputError with the nearest name, for what has no profile.
    """
    full, said = noted(filled(row))
    return TrainingRecord(
        card=card_of(full["gpu"]),
        software=software_of_row(full, "training"),
        format=number_format(full["dtype"]),
        model=model_name(full["model"]) or "",
        cards=count(full, "n_gpus"),
        seq_len=count(full, "seq_len"),
        row=full,
        noted=tuple(said),
    )


def stated_memory(row: Mapping[str, str]) -> tuple[float | None, bool]:
    """Return the GiB that a row's fullest card held, where it says so, and whether the run went out of memory."""
    if "peak_memory_gib" in row or "out_of_memory" in row:
        return number(row, "peak_memory_gib"), (row.get("out_of_memory") or "").lower() == "yes"
    notes = row.get("notes") or ""
    found = re.search(r"(?:peak mem[^;]*?|real alloc) ([\d.]+)\s*Gi?B", notes)
    return float(found[1]) if found else None, bool(re.search(r"peak mem[^;]*\bOOM\b", notes))
