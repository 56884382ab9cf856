"""Periods as reports print them: years, halves and quarters, actual or estimated."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from clustersim.finance.audit.script import folded, unmarked

__all__ = ["Period", "read_period"]

_YEAR = (
    r"(?:FYE?|CY|(?:fiscal|financial)(?:\s+years?)?|years?)?\s*'?(?P<year>(?:19|20)\d\d|\d\d)(?:\s*年度?)?"
)
_KIND = (
    r"\s*[(\[]?\s*(?P<kind>[AEFPaefp]|actual|forecast|estimated?|est\.?|budget|guidance|"
    r"预测|预计|预估|推估|估计|估|实际|实绩)?\s*[)\]]?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?P<month>(?:{'|'.join(_MONTHS)})[a-z]*\.?)"
_ENDED = (
    r"(?:(?:for )?(?:the )?(?P<span>(?:fiscal )?years?|twelve months|six months|three months|"
    r"(?:half|quarter)(?:[- ]year)?)"
    r"\s*(?:ended|ending|to)\s*)?(?:as (?:at|of) |at )?"
)
_PART = (
    r"(?P<part>[1-4]H|H[12]|[12]H|Q[1-4]|[1-4]Q|上半年|下半年|中期|第?[一二三四]季度?|1-6月|7-12月|"
    r"(?:first|second|third|fourth|1st|2nd|3rd|4th)[- ](?:quarter|half)(?:\s*,|\s+of)?)"
)
_FORMS = (
    re.compile(rf"{_YEAR}{_KIND}", re.I),
    re.compile(rf"{_PART}\s*[-/]?\s*{_YEAR}{_KIND}", re.I),
    re.compile(rf"{_YEAR}\s*[-/]?\s*{_PART}{_KIND}", re.I),
    # A year is named after the calendar year in which it ends.
    re.compile(rf"(?P<year>20\d\d)[-/.](?:0?[1-9]|1[0-2])[-/.](?:2[89]|3[01]){_KIND}", re.I),
    re.compile(rf"(?:2[89]|3[01])[-/.](?:0?[1-9]|1[0-2])[-/.](?P<year>20\d\d){_KIND}", re.I),
    re.compile(rf"(?:0?[1-9]|1[0-2])/(?:2[89]|3[01])/(?P<year>20\d\d){_KIND}", re.I),
    re.compile(
        rf"(?:截至|于)?(?P<year>20\d\d)年(?:0?[1-9]|1[0-2])月(?:(?:2[89]|3[01])日|期|末|底)(?:止)?(?:年度)?{_KIND}"
    ),
    re.compile(rf"(?P<year>20\d\d)年(?:末|底|度|全年)?{_KIND}"),
    re.compile(rf"{_ENDED}(?:2[89]|3[01])\s*(?:st|th)?\s*{_MONTH},?\s*(?P<year>20\d\d|'?\d\d){_KIND}", re.I),
    re.compile(rf"{_ENDED}{_MONTH}\s*(?:2[89]|3[01]),?\s*(?P<year>20\d\d){_KIND}", re.I),
    re.compile(rf"(?:FYE?|{_ENDED})\s*{_MONTH}[-\s,']*(?P<year>20\d\d|\d\d){_KIND}", re.I),
    re.compile(rf"FY\s*(?:0?[1-9]|1[0-2])/(?P<year>20\d\d|\d\d){_KIND}", re.I),
    re.compile(rf"(?:0?[1-9]|1[0-2])/(?P<year>20\d\d){_KIND}", re.I),
    re.compile(rf"(?:FY)?\s*(?P<first>20\d\d|\d\d)\s*(?:/\s*(?P<year>20\d\d|\d\d)){_KIND}", re.I),
    re.compile(rf"(?:FY)?\s*(?P<first>20\d\d)\s*-\s*(?P<year>\d\d){_KIND}", re.I),
)
_ORDER = {"一": "1", "二": "2", "三": "3", "四": "4"}
_WORDED = {
    "FIRST": "1",
    "1ST": "1",
    "SECOND": "2",
    "2ND": "2",
    "THIRD": "3",
    "3RD": "3",
    "FOURTH": "4",
    "4TH": "4",
}
#: A year of the Republic of China counts from 1912: three digits before the word for a year.
_MINGUO = re.compile(r"(?:民国)?\s*(?<!\d)(1\d\d)(?=\s*年)")


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
    >>> [str(read_period(t)) for t in ("Year ended 30 June 2024", "FY3/25E", "2023/24", "2024年3月31日", "Dec-24 (E)")]
    ['2024', '2025E', '2024', '2024', '2024E']
    >>> [str(read_period(t)) for t in ("Fiscal 2025E", "Q1 FY25", "Third quarter 2024", "113年度", "2026年度(預估)")]
    ['2025E', '2025Q1', '2024Q3', '2024', '2026E']
    >>> read_period("valuation") is None
    True
    """
    plain = unicodedata.normalize("NFKC", unmarked(folded(text))).strip()
    plain = _MINGUO.sub(lambda m: str(int(m[1]) + 1911), plain)
    for form in _FORMS:
        found = form.fullmatch(plain)
        if found is None:
            continue
        named = found.groupdict()
        digits = named["year"].lstrip("'")
        if len(digits) == 2 and re.fullmatch(r"[\d\s/-]+", plain) and len(named.get("first") or "") != 4:
            return None
        year = int(digits) + (2000 if len(digits) == 2 else 0)
        if named.get("first") and int(named["first"]) % 100 != (year - 1) % 100:
            return None
        part = _part(named.get("part") or "") or _within(named.get("span"), named.get("month"))
        return Period(year, part, _label(named.get("kind") or ""))
    return None


def _label(kind: str) -> str:
    plain = kind.lower().rstrip(".")
    if plain in {
        "e",
        "f",
        "p",
        "forecast",
        "estimate",
        "estimated",
        "est",
        "budget",
        "guidance",
        "预测",
        "预计",
        "预估",
        "推估",
        "估计",
        "估",
    }:
        return "E"
    return "A" if plain in {"a", "actual", "实际", "实绩"} else ""


def _within(span: str | None, month: str | None) -> str:
    """The part of a year that so many months are which end in a month; the calendar's, as nothing else is known."""
    words = (span or "").lower()
    if "six" in words or "half" in words:
        return "H1" if _MONTHS.index((month or "jun")[:3].lower()) < 6 else "H2"
    if "three" in words or "quarter" in words:
        return f"Q{_MONTHS.index((month or 'mar')[:3].lower()) // 3 + 1}"
    return ""


def _part(text: str) -> str:
    plain = text.upper()
    for word, part in (("上半年", "H1"), ("中期", "H1"), ("1-6月", "H1"), ("下半年", "H2"), ("7-12月", "H2")):
        if plain == word:
            return part
    if "季" in plain:
        return f"Q{_ORDER[plain.removeprefix('第')[0]]}"
    if worded := re.match(r"(FIRST|1ST|SECOND|2ND|THIRD|3RD|FOURTH|4TH).(Q|H)", plain):
        return f"{worded[2]}{_WORDED[worded[1]]}"
    letter = "Q" if "Q" in plain else "H"
    digit = re.sub(r"\D", "", plain)
    return f"{letter}{digit}" if digit else ""
