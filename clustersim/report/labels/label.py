"""The label of a key: a table of words in both languages, composed where a key names a part."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from clustersim.report.labels import (
    inputs,
    notes,
    page,
    page_asks,
    page_panels,
    page_terms,
    plans,
    results,
    sheet_parts,
    sheets,
    stacks,
    statements,
)
from clustersim.report.labels.rooms import joined
from clustersim.report.labels.typeset import set_words

__all__ = ["LANGUAGES", "all_words", "known", "label"]

LANGUAGES = ("en", "zh", "both")
_ROW = re.compile(
    r"(?:products\.(?P<name>.+)|drivers)\.(?P<row>[a-z_]+)(?:\.(?P<year>20\d\d(?:H[12])?[AE]))?", re.S
)
_OF_PRODUCT = {"units": "units_of", "asp": "price_of", "unit_cost": "unit_cost_of"}
_WORDS = set_words(joined(results.WORDS, page.WORDS, statements.WORDS, inputs.WORDS, sheets.WORDS,
                          sheet_parts.WORDS))  # fmt: skip


def known(key: str) -> bool:
    """Return whether a key has words of its own.

    >>> known("revenue"), known("no such thing")
    (True, False)
    """
    return key in _WORDS or _of_row(key) is not None


def _of_row(key: str) -> tuple[str, str] | None:
    """The words of a row of a company file, or of one of its years; a name in them stays as it is."""
    found = _ROW.fullmatch(key)
    if found is None:
        return None
    name, row, year = (found[k] for k in ("name", "row", "year"))
    words = _WORDS.get(_OF_PRODUCT.get(row, "") if name else row)
    if words is None:
        return None
    part = (name or "").replace("{", "{{").replace("}", "}}")
    one, other = (text.replace("{part}", part) for text in words)
    return (f"{one}, {year}", f"{other}\uff0c{year}") if year else (one, other)


def label(key: str, language: str, **parts: object) -> str:
    """Return the label of a key: ``en``, ``zh``, or ``both``; ``parts`` stand in the places that it names.

    A key may name its table (``printed.income:revenue``). One without words is a name of the user's and stays as it is.

    >>> label("revenue", "both")
    'Revenue 收入'
    >>> label("units_of", "zh", part="BR166")
    '计划销量，BR166'
    >>> label("products.BR166.asp.2027E", "en"), label("drivers.receivable_days.2027E", "zh")
    ('Price, BR166, 2027E', '应收账款周转天数，2027E')
    """
    words = _WORDS.get(key) or _of_row(key) or _WORDS.get(key.rsplit(":", 1)[-1])
    if words is None:
        return key
    english, chinese = (text.format(**parts) for text in words)
    if language == "both":
        return f"{english} {chinese}" if english != chinese else english
    return chinese if language == "zh" else english


@lru_cache(maxsize=1)
def all_words() -> Mapping[str, tuple[str, str]]:
    """Return every key with its English and its Chinese."""
    said = {english: (english, other) for english, other in notes.NOTES.items()}
    panels = joined(said, stacks.WORDS, page_panels.WORDS, page_asks.WORDS, page_terms.WORDS, plans.WORDS)
    return joined(set_words(panels), _WORDS)
