"""What a sentence mentions: figures with their units, years, and lines of the tables by any of their names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from clustersim.finance.audit.figures import Interval, half_digit, number
from clustersim.finance.audit.labels import VOCABULARY
from clustersim.finance.audit.money import CURRENCIES
from clustersim.finance.audit.wording import (
    COMMON,
    OTHERS_AFTER,
    OTHERS_AFTER_ZH,
    PLAIN_BEFORE,
    PLAIN_BEFORE_ZH,
    SPOKEN,
)

__all__ = ["Figure", "Name", "Year", "figures", "key_of", "names", "years"]

#: Scales as prose writes them: factor in thousands of the currency.
SCALES = {"万亿": 1e9, "千亿": 1e8, "百亿": 1e7, "十亿": 1e6, "亿": 1e5, "億": 1e5, "千万": 1e4, "百万": 1e3,
          "万": 10.0, "千": 1.0,
          "trillion": 1e9, "billion": 1e6, "million": 1e3, "thousand": 1.0, "bn": 1e6, "mn": 1e3, "mm": 1e3, "m": 1e3,
          "b": 1e6, "k": 1.0}  # fmt: skip
_WORDS = {w: code for code, ws in CURRENCIES.items() for w in ws if w not in {"won", "元人民币"}}
#: Signs that several currencies share.
SHARED = {"$": ("USD", "HKD", "SGD", "TWD"), "¥": ("CNY", "JPY"), "￥": ("CNY", "JPY"), "元": ()}
_SHORT = {"hk": "HKD", "rmb": "CNY", "元人民币": "CNY"}


def _either(words: Iterable[str]) -> str:
    parts = []
    for word in sorted(words, key=len, reverse=True):
        text = re.escape(word)
        parts.append(
            rf"(?<![A-Za-z]){text}(?![A-Za-z])"
            if word[0].isalpha() and word.isascii() and word[-1].isalpha()
            else text
        )
    return "|".join(parts)


_COIN = _either([*_WORDS, "$", "¥", "￥"])
_AFTER = _either([*(w for w in _WORDS if not w.isascii() or len(w) > 2), "元人民币", "元"])
_NUMBER = r"(?P<number>[-−+]?\d+(?:,\d+)*(?:\.\d+)?)"
_SCALE = (
    r"(?:万亿|千亿|百亿|十亿|亿|億|千万|百万|万|千|"
    r"(?:trillion|billion|million|thousand|bn|mn|mm|m|b|k)(?![A-Za-z]))"
)
_FIGURE = re.compile(
    rf"(?:(?P<coin>{_COIN}|(?<![A-Za-z])HK(?=\d))\s*|(?<![A-Za-z\d.,])(?<!\d[-/])){_NUMBER}(?![\d])"
    rf"(?:\s*(?P<points>个?百分点|percentage[- ]points?|pct points?|ppts?\b|pps?\b|bps\b|basis points?|个?基点)"
    r"|\s*(?P<percent>%|％|per ?cent\b|pct\b)"
    rf"|\s*(?P<cents>(?:HK |US |S |Singapore |euro )?cents?\b|港仙|美分|pence\b|(?<=\d)p(?![A-Za-z]))"
    r"|\s?(?P<times>x\b|倍|times\b)"
    rf"|\s*(?P<scale>{_SCALE})?\s*(?P<after>{_AFTER})?)",
    re.I,
)  # fmt: skip
_SLASHED = re.compile(
    r"(?<![A-Za-z0-9./-])[-−]?\d[\d,]{0,30}\.\d{1,12}(?:\s?/\s?[-−]?\d[\d,]{0,30}\.\d{1,12}){1,40}"
)
_RUN = re.compile(r"\s*[／、及和与]\s*(?=[-−+]?\d)")
_YEAR = re.compile(
    r"(?<![\d.,/])(?:FY\s?)?(?P<first>20\d\d)[/-](?P<split>\d\d)(?![\d/-])[AEF]?|"
    r"(?<![\d.,A-Z])(?:FY|CY|[Ff]iscal(?: [Yy]ear)?)?\s?(20\d\d)(?![\d,.]\d|\d)(?:[AEF](?![a-z]))?|"
    r"\bFY\s?(?:\d{1,2}/)?'?(\d\d)(?![\d/])[AEF]?|(?<![\d.])([12]\d)年(?!均|来|内)"
)
_MONTHS = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_DATES = re.compile(
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTHS}\b|\b{_MONTHS}\s+\d{{1,2}}\b(?!,\d)|\d{{1,2}}\s*月(?:\s*\d{{1,2}}\s*日)?|20\d\d[-/.]\d{{1,2}}[-/.]\d{{1,2}}",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with what stands beside it; ``kind`` is percent, points, money, cents, times or count."""

    start: int
    end: int
    text: str
    number: str
    kind: str
    factor: float = 1.0
    coin: str = ""
    scaled: bool = False

    def interval(self, cells: frozenset[str], factor: float = 1.0) -> Interval | None:
        """All values that round to it, times a factor; None for a number that no report prints."""
        plain = self.number.replace("−", "-").lstrip("+")
        value = number(plain)
        if value is None:
            return None
        half = half_digit(plain)
        low, high = sorted((factor * (value - half), factor * (value + half)))
        return Interval(low, high, cells)


@dataclass(frozen=True, slots=True)
class Year:
    """A year that is mentioned."""

    start: int
    end: int
    year: int


@dataclass(frozen=True, slots=True)
class Name:
    """A line that is mentioned; ``qualified`` where it is a part of the line or another's."""

    start: int
    end: int
    item: str
    text: str
    qualified: bool


def key_of(where: str, figure: Figure) -> str:
    """The cell of a figure in a text, for the list of what no check covers."""
    return f"{where} {figure.number.replace('−', '-')[:40]}"


def figures(text: str) -> list[Figure]:
    """Return the figures of a sentence; years, dates, codes and numbering are none.

    >>> said = "Sales of HK$551.9 million rose 15.8% in 2024, EPS HK18.34 cents, 9.1x"
    >>> [(f.kind, f.number, f.coin) for f in figures(said)]
    [('money', '551.9', 'HKD'), ('percent', '15.8', ''), ('cents', '18.34', 'HKD'), ('times', '9.1', '')]
    """
    # Strokes between numbers with points part a list, and no date.
    text = _SLASHED.sub(lambda m: m[0].replace("/", "、"), text)
    dates = [(m.start(), m.end()) for m in _DATES.finditer(text)]
    whens = {y.start for y in years(text)} | {y.end for y in years(text)}
    out: list[Figure] = []
    waiting: list[tuple[re.Match[str], int]] = []
    for m in _FIGURE.finditer(text):
        at = m.start("number")
        kind = next((k for k in ("points", "percent", "cents", "times") if m[k]), "")
        money = bool(m["coin"] or m["scale"] or m["after"])
        dated = any(a <= at < b for a, b in dates) or (
            re.search(r"(?<!\d)(?:19|20)\d\d$", m["number"]) and not money and not kind
        )
        if dated or (not kind and not money and (at in whens or m.end("number") in whens)):
            continue
        if not kind and not money and (run := _RUN.match(text, m.end())) is not None:
            # The first numbers of "a/b/c bn" have the unit of the last.
            waiting.append((m, run.end()))
            continue
        if not kind and not money and not re.match(r"\s?[a-z一-鿿]", text[m.end() :], re.I):
            continue
        coin = (
            m["coin"] or m["after"] or ("hk" if (m["cents"] or "").lower().startswith("hk") else "")
        ).lower()
        code = _WORDS.get(coin) or _SHORT.get(coin) or coin
        factor = SCALES.get((m["scale"] or "").lower(), 1e-3)
        while waiting and waiting[-1][1] == (
            out[-1].start if out and out[-1].start > waiting[-1][0].start() else m.start()
        ):
            early, _ = waiting.pop()
            out.append(Figure(early.start(), early.end(), early[0].strip(), early["number"],
                              kind or ("money" if money else "count"), factor, code, bool(m["scale"])))  # fmt: skip
        waiting.clear()
        out.append(
            Figure(m.start() + len(m[0]) - len(m[0].lstrip()), m.end(), m[0].strip(), m["number"],
                   kind or ("money" if money else "count"), factor, code, bool(m["scale"]))
        )  # fmt: skip
    return sorted(out, key=lambda f: f.start)


def years(text: str) -> list[Year]:
    """Return the years that are mentioned.

    >>> [y.year for y in years("from FY2022 to FY25E, 2026年; 2,024 cards")]
    [2022, 2025, 2026]
    >>> [y.year for y in years("2024/25財年; 2027e and FY2025/26, 2024-27")]
    [2025, 2027, 2026, 2024]
    """
    out = []
    for m in _YEAR.finditer(text):
        if m["first"]:
            # A year that begins in one and ends in the next is named after the second; other pairs are a span.
            follows = int(m["split"]) == (int(m["first"]) + 1) % 100
            year = int(m["first"]) + follows
            out.append(Year(m.start(), m.end() if follows else m.start("first") + 4, year))
            continue
        digits = m[3] or m[4] or m[5]
        if (
            m[3]
            and re.match(rf"\s*(?:{_SCALE}|%|倍)", text[m.end() :], re.I)
            and not text[m.end() :].startswith("年")
        ):
            continue
        out.append(Year(m.start(), m.end(), int(digits) if len(digits) == 4 else 2000 + int(digits)))
    return out


#: Names of known lines in prose, whatever letters a table prints them in.
SPOKEN_WORDS = frozenset(w.lower() for words in SPOKEN.values() for w in words.split("|"))


@lru_cache(maxsize=64)
def _aliases(printed: tuple[tuple[str, str], ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    """One pattern of all names, the longest first, and whose they are; the tables' own labels among them."""
    owner: dict[str, str] = {}
    for item, words in SPOKEN.items():
        for word in words.split("|"):
            owner.setdefault(word.lower(), item)
    for label, item in printed:
        if len(label) > 1:
            owner.setdefault(label.lower(), item)
    for table in ("income_statement", "balance_sheet", "cash_flow", "ratios"):
        for item, words in VOCABULARY[table].items():
            for word in (item.replace("_", " "), *words.split("|")):
                if len(word) > 2 or not word.isascii():
                    owner.setdefault(word.lower(), item)
    own = {label.lower() for label, _ in printed} | {w for ws in SPOKEN.values() for w in ws.split("|")}
    usable = [w for w in owner if (w not in COMMON or w in own) and len(w) > 1]
    return re.compile(_either(usable), re.I), owner


def names(text: str, printed: tuple[tuple[str, str], ...] = ()) -> list[Name]:
    """Return the lines that a sentence mentions, by the longest name at each place.

    A name with another word before it (``cloud revenue``) or a source behind it (``sales of chips``) is qualified.

    >>> [(n.item, n.qualified) for n in names("Gross margin of cloud revenue fell, while revenue rose")]
    [('gross_margin', True), ('revenue', True), ('revenue', False)]
    """
    pattern, owner = _aliases(printed)
    out: list[Name] = []
    capitals = {label.lower() for label, _ in printed if label.isascii() and label.isupper()}
    for m in pattern.finditer(text):
        if m[0].islower() and len(m[0]) < 5 and m[0] in capitals and m[0] not in SPOKEN_WORDS:
            # Initials in small letters are a word: "per" is no personnel expense ratio.
            continue
        # "期末现金及银行结余" is that line at the end of the period.
        longer = pattern.match(text, m.start() + 2) if m[0][:2] in {"期末", "年末"} else None
        m = longer if longer is not None and longer.end() > m.end() else m
        # What stands farther off qualifies nothing.
        before, after = text[max(0, m.start() - 40) : m.start()], text[m.end() : m.end() + 60]
        if m[0].isascii():
            word = re.search(r"([A-Za-z][\w'’&-]*)\s*$", before)
            plain = bool(
                word is None
                or word[1].lower().replace("’", "'") in PLAIN_BEFORE
                or re.fullmatch(r"(?:FY|CY)\d[\w-]*|[AEF]|[HQ]\d", word[1])
            )
            qualified = not plain or bool(OTHERS_AFTER.match(after))
        else:
            tail = before[-1:]
            plain = not re.match(r"[一-鿿]", tail) or bool(PLAIN_BEFORE_ZH.search(before))
            qualified = not plain or bool(OTHERS_AFTER_ZH.match(after)) or (tail.isascii() and tail.isalpha())
        if out and out[-1].end == m.start():
            qualified = out[-1].qualified
        out.append(Name(m.start(), m.end(), owner[m[0].lower()], m[0], qualified))
    return out
