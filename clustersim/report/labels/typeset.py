"""Chinese punctuation: the phrases are written with the marks of a keyboard, and set with those of Chinese."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["chinese", "set_words"]

_HAN = re.compile("[\u4e00-\u9fff]")
#: A place for a value stays as it is; its own marks are no punctuation.
_PLACE = re.compile(r"(\{[^{}]*\})")
_FULL = {
    ",": "\uff0c",
    ":": "\uff1a",
    ";": "\uff1b",
    "(": "\uff08",
    ")": "\uff09",
    "!": "\uff01",
    "?": "\uff1f",
}
#: Between digits a comma or a colon is part of a number or of a time.
_MARK = re.compile(r"(?<!\d) ?([,:;!?()]) ?|(?<=\d) ?([;!?()]) ?|(?<=\d) ?([,:]) ?(?!\d)")


def chinese(text: str) -> str:
    """Return a Chinese phrase with full marks; one without a Chinese character stays as it is.

    >>> chinese("WACC与增长率(%),共1,024点:{a:,.1f}"), chinese("DCF (HKD)")
    ('WACC与增长率（%），共1,024点：{a:,.1f}', 'DCF (HKD)')
    """
    if not _HAN.search(text):
        return text
    parts = _PLACE.split(text)
    return "".join(
        part if k % 2 else _MARK.sub(lambda m: _FULL[m[1] or m[2] or m[3]], part)
        for k, part in enumerate(parts)
    )


def set_words(words: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Return a table of words with its Chinese set."""
    return {key: (english, chinese(other)) for key, (english, other) in words.items()}
