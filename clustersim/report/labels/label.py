"""The label of a key: a table of words in both languages, composed where a key names a part."""

from __future__ import annotations

from collections.abc import Mapping

from clustersim.report.labels import (
    inputs,
    notes,
    page,
    page_asks,
    page_panels,
    results,
    sheets,
    stacks,
    statements,
)

__all__ = ["LANGUAGES", "all_words", "known", "label"]

LANGUAGES = ("en", "zh", "both")
_WORDS: dict[str, tuple[str, str]] = {
    **results.WORDS,
    **page.WORDS,
    **statements.WORDS,
    **inputs.WORDS,
    **sheets.WORDS,
}


def known(key: str) -> bool:
    """Return whether a key has words of its own.

    >>> known("revenue"), known("no such thing")
    (True, False)
    """
    return key in _WORDS


def label(key: str, language: str, **parts: object) -> str:
    """Return the label of a key: ``en``, ``zh``, or ``both``; ``parts`` stand in the places that it names.

    A key may name its table (``printed.income:revenue``). One without words is a name of the user's and stays as it is.

    >>> label("revenue", "both")
    'Revenue 收入'
    >>> label("units_of", "zh", part="BR166")
    '计划销量,BR166'
    """
    words = _WORDS.get(key) or _WORDS.get(key.rsplit(":", 1)[-1])
    if words is None:
        return key
    english, chinese = (text.format(**parts) for text in words)
    if language == "both":
        return f"{english} {chinese}" if english != chinese else english
    return chinese if language == "zh" else english


def all_words() -> Mapping[str, tuple[str, str]]:
    """Return every key with its English and its Chinese."""
    said = {english: (english, chinese) for english, chinese in notes.NOTES.items()}
    return {**said, **stacks.WORDS, **page_panels.WORDS, **page_asks.WORDS, **_WORDS}
