"""Periods as reports print them: years, halves and quarters, actual or estimated."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Period", "read_period"]

_YEAR = r"(?:FY|CY)?\s*'?(?P<year>(?:19|20)\d\d|\d\d)(?:\s*年度?)?"
_KIND = r"\s*(?P<kind>[AEFPaefp]|actual|forecast|estimate|预测|实际)?"
_PART = r"(?P<part>[1-4]H|H[12]|[12]H|Q[1-4]|[1-4]Q|上半年|下半年|中期|[一二三四]季度|第[一二三四]季度|1-6月|7-12月)"
_FORMS = (
    re.compile(rf"{_YEAR}{_KIND}", re.I),
    re.compile(rf"{_PART}\s*[-/]?\s*{_YEAR}{_KIND}", re.I),
    re.compile(rf"{_YEAR}\s*[-/]?\s*{_PART}{_KIND}", re.I),
    re.compile(r"(?P<year>20\d\d)[-/.](?P<end>12)[-/.]31(?P<kind>)", re.I),
    re.compile(r"(?P<year>20\d\d)年12月31日(?P<kind>)"),
    re.compile(r"(?:year ended\s*)?31 (?:dec|december),? (?P<year>20\d\d)(?P<kind>)", re.I),
)
_ORDER = {"一": "1", "二": "2", "三": "3", "四": "4"}


@dataclass(frozen=True, slots=True)
class Period:
    """A year or a part of one (``H1``, ``Q3``), and the letter that is printed beside it (A, E, or none)."""

    year: int
    part: str = ""
    label: str = ""

    def __str__(self) -> str:
        return f"{self.year}{self.part}{'E' if self.label == 'E' else ''}"


@lru_cache(maxsize=20_000)
def read_period(text: str) -> Period | None:
    """Read a printed period; None for text that is none.

    >>> [str(read_period(t)) for t in ("2026E", "FY25A", "1H23", "2024上半年", "Q3 2025", "2025年")]
    ['2026E', '2025', '2023H1', '2024H1', '2025Q3', '2025']
    >>> read_period("valuation") is None
    True
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    for form in _FORMS:
        found = form.fullmatch(plain)
        if found is None:
            continue
        named = found.groupdict()
        digits = named["year"]
        if len(digits) == 2 and re.fullmatch(r"\d+", plain):
            return None
        year = int(digits) + (2000 if len(digits) == 2 else 0)
        return Period(year, _part(named.get("part") or ""), _label(named.get("kind") or ""))
    return None


def _label(kind: str) -> str:
    plain = kind.lower()
    if plain in {"e", "f", "p", "forecast", "estimate", "预测"}:
        return "E"
    return "A" if plain in {"a", "actual", "实际"} else ""


def _part(text: str) -> str:
    plain = text.upper()
    for word, part in (("上半年", "H1"), ("中期", "H1"), ("1-6月", "H1"), ("下半年", "H2"), ("7-12月", "H2")):
        if plain == word:
            return part
    if "季度" in plain:
        return f"Q{_ORDER[plain.removeprefix('第')[0]]}"
    letter = "Q" if "Q" in plain else "H"
    digit = re.sub(r"\D", "", plain)
    return f"{letter}{digit}" if digit else ""
