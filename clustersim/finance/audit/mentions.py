"""What a sentence mentions: figures with their units, years, and lines of the tables by any of their names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from clustersim.finance.audit.figures import Interval, half_digit, number
from clustersim.finance.audit.labels import VOCABULARY
from clustersim.finance.audit.money import CURRENCIES

__all__ = ["Figure", "Name", "Year", "figures", "key_of", "names", "years"]

#: Scales as prose writes them: factor in thousands of the currency.
SCALES = {"万亿": 1e9, "千亿": 1e8, "百亿": 1e7, "十亿": 1e6, "亿": 1e5, "億": 1e5, "千万": 1e4, "百万": 1e3, "万": 10.0, "千": 1.0,
          "trillion": 1e9, "billion": 1e6, "million": 1e3, "thousand": 1.0, "bn": 1e6, "mn": 1e3, "mm": 1e3, "m": 1e3,
          "b": 1e6, "k": 1.0}  # fmt: skip
_WORDS = {w: code for code, ws in CURRENCIES.items() for w in ws if w not in {"won", "元人民币"}}
#: Signs that several currencies share.
SHARED = {"$": ("USD", "HKD", "SGD", "TWD"), "¥": ("CNY", "JPY"), "￥": ("CNY", "JPY"), "元": ()}
_SHORT = {"hk": "HKD", "rmb": "CNY"}


def _either(words: Iterable[str]) -> str:
    parts = []
    for word in sorted(words, key=len, reverse=True):
        text = re.escape(word)
        parts.append(rf"(?<![A-Za-z]){text}(?![A-Za-z])" if word[0].isalpha() and word.isascii() and word[-1].isalpha() else text)
    return "|".join(parts)


_COIN = _either([*_WORDS, "$", "¥", "￥"])
_AFTER = _either([*(w for w in _WORDS if not w.isascii() or len(w) > 2), "元"])
_NUMBER = r"(?P<number>[-−+]?\d+(?:,\d+)*(?:\.\d+)?)"
_SCALE = r"(?:万亿|千亿|百亿|十亿|亿|億|千万|百万|万|千|(?:trillion|billion|million|thousand|bn|mn|mm|m|b|k)(?![A-Za-z]))"
_FIGURE = re.compile(
    rf"(?:(?P<coin>{_COIN}|(?<![A-Za-z])HK(?=\d))\s*|(?<![A-Za-z\d.,/])(?<!\d-)){_NUMBER}(?![\d])"
    rf"(?:\s*(?P<points>个?百分点|percentage[- ]points?|pct points?|ppts?\b|pps?\b|bps\b|basis points?|个?基点)"
    r"|\s*(?P<percent>%|％|per ?cent\b|pct\b)"
    rf"|\s*(?P<cents>(?:HK |US )?cents?\b|港仙|美分|pence\b)"
    r"|\s?(?P<times>x\b|倍|times\b)"
    rf"|\s*(?P<scale>{_SCALE})?\s*(?P<after>{_AFTER})?)",
    re.I,
)  # fmt: skip
_YEAR = re.compile(r"(?<![\d.,A-Z])(?:FY|CY)?\s?(20\d\d)(?![\d,.]\d|\d)(?:[AEF](?![a-z]))?|\bFY\s?'?(\d\d)(?!\d)[AEF]?|(?<![\d.])([12]\d)年(?!均|来|内)")
_MONTHS = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_DATES = re.compile(rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTHS}\b|\b{_MONTHS}\s+\d{{1,2}}\b(?!,\d)|\d{{1,2}}\s*月(?:\s*\d{{1,2}}\s*日)?|20\d\d[-/.]\d{{1,2}}[-/.]\d{{1,2}}", re.I)


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
    return f"{where} {figure.text[:40]}"


def figures(text: str) -> list[Figure]:
    """Return the figures of a sentence; years, dates, codes and numbering are none.

    >>> [(f.kind, f.number, f.coin) for f in figures("Sales of HK$551.9 million rose 15.8% in 2024, EPS HK18.34 cents, 9.1x")]
    [('money', '551.9', 'HKD'), ('percent', '15.8', ''), ('cents', '18.34', 'HKD'), ('times', '9.1', '')]
    """
    dates = [(m.start(), m.end()) for m in _DATES.finditer(text)]
    whens = {y.start for y in years(text)} | {y.end for y in years(text)}
    out = []
    for m in _FIGURE.finditer(text):
        at = m.start("number")
        kind = next((k for k in ("points", "percent", "cents", "times") if m[k]), "")
        money = bool(m["coin"] or m["scale"] or m["after"])
        dated = any(a <= at < b for a, b in dates) or re.search(r"(?<!\d)(?:19|20)\d\d$", m["number"]) and not money and not kind
        if dated or (not kind and not money and (at in whens or m.end("number") in whens)):
            continue
        if not kind and not money and not re.match(r"\s?[a-z一-鿿]", text[m.end() :], re.I):
            continue
        coin = (m["coin"] or m["after"] or ("hk" if (m["cents"] or "").lower().startswith("hk") else "")).lower()
        code = _WORDS.get(coin) or _SHORT.get(coin) or coin
        out.append(
            Figure(m.start() + len(m[0]) - len(m[0].lstrip()), m.end(), m[0].strip(), m["number"],
                   kind or ("money" if money else "count"), SCALES.get((m["scale"] or "").lower(), 1e-3), code,
                   bool(m["scale"]))
        )  # fmt: skip
    return out


def years(text: str) -> list[Year]:
    """Return the years that are mentioned.

    >>> [y.year for y in years("from FY2022 to FY25E, 2026年; 2,024 cards")]
    [2022, 2025, 2026]
    """
    out = []
    for m in _YEAR.finditer(text):
        digits = m[1] or m[2] or m[3]
        if m[1] and re.match(rf"\s*(?:{_SCALE}|%|倍)", text[m.end() :], re.I) and not text[m.end() :].startswith("年"):
            continue
        out.append(Year(m.start(), m.end(), int(digits) if len(digits) == 4 else 2000 + int(digits)))
    return out


#: What prose calls lines beside their names in tables.
SPOKEN = {
    "revenue": "top line|营收",
    "net_profit": "net loss|net losses|loss for the year|净亏损|年内亏损|bottom line",
    "profit_attributable_to_owners": "归母净利润|归母净利|归母|attributable profit|attributable net profit|profit attributable to owners"
    " of the company|profit attributable to owners of parent|归母净亏损",
    "gross_margin": "gross profit margin|毛利率", "operating_margin": "营业利润率", "net_margin": "净利率",
    "dividends_paid": "dividends|dividend|现金股利|派发股利|派发现金股利|现金分红|派息|分红|股利|股息",
    "repurchase_of_shares": "bought back|repurchased|buybacks|buy-backs|share repurchases|回购",
    "proceeds_from_issue_of_shares": "募集资金|募资|定向增发|equity raise",
    "net_cash_from_operating": "cash in operating activities|cash from operations|cash used in operations|operating cash flow|"
    "cash from operating activities|经营现金流|经营性现金流",
    "total_equity": "net assets|shareholders' equity|total equity|negative equity|净资产|所有者权益",
    "cash_and_cash_equivalents": "货币资金|cash and cash equivalents|bank balances and cash|cash balance",
    "dividend_per_share": "dps|dividend per share|每股股利|每股派息", "eps": "eps|earnings per share|loss per share|net loss per share|"
    "每股收益|每股盈利|每股亏损",
    "profit_before_income_tax": "pre-tax profit|profit before tax|利润总额|税前利润",
}  # fmt: skip
#: Names too short or too common to mean one line wherever they stand.
_COMMON = set("""tax|taxes|cash|equity|profit|earnings|capital|reserves|investments|reserve|other|others|税|税项|税金|其他|资本|股本|
收益|现金|储备|借款|debt|borrowings|depreciation|is|ev|price|discount|share price|beta|rating|投资|应付款项|应收款项|其他收益|income|fixed assets|
interest|goodwill|sales and marketing|总收入|收入合计|receivables|payables|shares|number of shares|market risk|同比增长|yoy growth|earnings growth|shares outstanding|total shares|capital expenditure per|dividend
""".replace("\n", "").split("|"))  # fmt: skip
#: Before a line's name in English these leave it the company's own.
_PLAIN_BEFORE = set("""the total net our its group groups company companys annual full-year fiscal reported consolidated overall and of in
for to that with on by while as but expect expects expected forecast forecasts project projects projected estimate estimates see year years
attributable basic diluted higher lower stronger weaker aggregate whose where had has have recorded posted generated reached a an record
from million billion thousand bn mn percent paid group's company's year's firm's firm is are was were be because therefore after before so
we they it total-group group-wide core both or per when if over improved rising falling growing strong weak solid respectively
stood corresponding projecting""".split())  # fmt: skip
_OTHERS_AFTER = re.compile(
    r"\s*(?:from(?! (?:HK|US|RMB|USD|[$€£¥\d]|20|FY))|per (?!cent|share|annum)|at(?= [A-Z][a-z])|contribution|mix|guidance|target"
    r"|of (?!(?:approximately |about |around )?(?:[A-Z]{2,3}\b|[A-Z]{0,2}[$€£¥\d]|Rmb|the (?:group|company)|20))"
    r"|in (?!20|FY|the (?:year|same|period)|fiscal|both|each|line))", re.I,
)  # fmt: skip
_PLAIN_BEFORE_ZH = re.compile(
    r"(?:公司|集团|实现|录得|年度?|[中年]报|预计|预期|预测|全年|报告期内?|我们|将|其中?|整体|合并|本期|和|与|及|主要|测算|公司总|对应|营业|总|使|而|但|则|"
    r"当年|当期|派发|累计|以及|计提|取得|完成|分别|并且|并|年末|期末|末|拥有|截至|单位|持有|同期|进行|发放|现金|通过|合计|为|是|方面|公司的|集团的|其的|保持|维持|：|:)$"
)
_OTHERS_AFTER_ZH = re.compile(r"(?:中的?|占比|构成|结构|来源|主体|的\d|规模化|预测|端|侧|确认|周期|指引|来自)")


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
    usable = [w for w in owner if (w not in _COMMON or w in own) and len(w) > 1]
    return re.compile(_either(usable), re.I), owner


def names(text: str, printed: tuple[tuple[str, str], ...] = ()) -> list[Name]:
    """Return the lines that a sentence mentions, by the longest name at each place.

    A name with another word before it (``cloud revenue``) or a source behind it (``sales of chips``) is qualified.

    >>> [(n.item, n.qualified) for n in names("Gross margin of cloud revenue fell, while revenue rose")]
    [('gross_margin', True), ('revenue', True), ('revenue', False)]
    """
    pattern, owner = _aliases(printed)
    out = []
    for m in pattern.finditer(text):
        before, after = text[: m.start()], text[m.end() :]
        if m[0].isascii():
            word = re.search(r"([A-Za-z][\w'’&-]*)\s*$", before)
            plain = word is None or word[1].lower().replace("’", "'") in _PLAIN_BEFORE or re.fullmatch(r"(?:FY|CY)\d[\w-]*|[AEF]|[HQ]\d", word[1])
            qualified = not plain or bool(_OTHERS_AFTER.match(after))
        else:
            tail = before[-1:]
            plain = not re.match(r"[一-鿿]", tail) or bool(_PLAIN_BEFORE_ZH.search(before))
            qualified = not plain or bool(_OTHERS_AFTER_ZH.match(after)) or tail.isascii() and tail.isalpha()
        if out and out[-1].end == m.start():
            qualified = out[-1].qualified
        out.append(Name(m.start(), m.end(), owner[m[0].lower()], m[0], qualified))
    return out
