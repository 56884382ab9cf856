"""Every figure of a text that names a line and a year, against the tables: levels, growth, rates, shares of revenue.

A figure is bound to the line named last before it and to the year beside it. What is bound in doubt (another line's
words between, a year of the sentence before) is a fault only where it fits no year of its line; what cannot be bound is
listed among the figures that no check covers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from clustersim.finance.audit.figures import Finding, Interval, compare, first_that_holds
from clustersim.finance.audit.mentions import SHARED, Figure, Name, Year, figures, key_of, names, years
from clustersim.finance.audit.money import currency_of
from clustersim.finance.audit.multiples import summary_of
from clustersim.finance.audit.prose import Sentence, sentences
from clustersim.finance.audit.ratios import MAKERS
from clustersim.finance.audit.records import STATEMENTS, Record, Tables

__all__ = ["figure_checks", "uncovered_figures"]

ONE = Interval.exactly(1.0)
_UP = re.compile(
    r"\b(?:gr[eo]ws?n?|growing|growth|rises?|rose|rising|increas\w*|up|climb\w*|advanc\w*|expand\w*|jump\w*|surg\w*|gain\w*|higher|improv\w*"
    r"|widen\w*|accelerat\w*|compounds?|soar\w*|strengthen\w*)\b"
    r"|增长|增加|上升|提升|增幅|增速|提高|增至|升至|上涨|扩大|同比\s*\+|大增|走高|上行", re.I,
)  # fmt: skip
_DOWN = re.compile(
    r"\b(?:fell|falls?|falling|declin\w*|decreas\w*|down|dropp?\w*|lower|shr[ia]nk\w*|contract(?:ed|s|ion)|narrow\w*|slipp?\w*|reduc\w*|weaken\w*|eas(?:ed|es))\b"
    r"|下降|减少|下滑|回落|降低|收窄|降至|下跌|同比\s*[-−]|走低|减至|缩小", re.I,
)  # fmt: skip
_YOY = re.compile(r"同比|year[- ]on[- ]year|year[- ]over[- ]year|\byoy\b|\by/y\b", re.I)
_COMPOUND = re.compile(r"CAGR|compound|复合|年均|per annum|a year over|annuali[sz]ed|每年平均", re.I)
_VAGUE = re.compile(
    r"(?:约|近|超过?|逾|突破|接近|不到|不足|至少|最多|低于|高于|大于|小于|不超过|over|more than|nearly|almost|about|approximately|around|some|roughly"
    r"|at least|up to|less than|under|below|above|exceed\w*|surpass\w*|excess of|[~≈><])\s*(?:HK|US|RMB|[A-Z]{3})?\s*[$€£¥]?\s*$", re.I,
)  # fmt: skip
_PART = re.compile(
    r"上半年|下半年|半年|季度|单季|前三季|月份|个月|\b[HQ][1-4]\b|\b[1-4][HQ]|\bhalf\b|\bquarter|\bmonths?\b|环比|\d\s*月(?!\s*3[01]日)|sequential", re.I
)
_OTHERS = re.compile(r"市场|行业|\bmarkets?\b|\bindustry\b|全球|global|同业|peers?\b|可比|consensus|一致预期|竞争|competitor", re.I)
_BASE = re.compile(r"(?:compar\w+ (?:with|to)|than|versus|vs\.?|against|from|over|较|比|相比|对比|相对)\s*(?:(?:that|those) (?:of|in|for)|in|the|于)?\s*$", re.I)
_DIRECT = re.compile(
    r"\s*(?:per share|a share|yoy|y/y|year[- ]on[- ]year)?\s*[(（]?\s*(?:in|for|during|at the end of|as of|as at|by the end of|at|by)?\s*"
    r"(?:the )?(?:full[- ]year|fiscal(?: year)?|financial year|calendar)?\s*(?:year ended |ended )?(?:\d{1,2} [A-Z][a-z]+ |[A-Z][a-z]+ \d{1,2}, )?", re.I,
)  # fmt: skip
_OF_SALES = re.compile(r"\s*(?:of|as a (?:share|percentage) of)\s+(?:the )?(?:total |net |group |annual )?(?:revenues?|sales|turnover|net sales)\b", re.I)
_OF_SALES_ZH = re.compile(r"(?:占|相当于)(?:公司|集团|当年|同期)?(?:总|营业)?(?:营收|收入|营业收入|销售额)(?:的)?(?:比例|比重|比)?(?:的|为|达到?|约|是)?\s*$")
_RATE_OF = re.compile(r"费用率|(?:to|over) (?:revenue|sales)|expense ratio|intensity", re.I)
#: Words that may stand between a line and its figure without naming another line.
_LIGHT = re.compile(
    r"[\s\d.,，、:：()（）%+\-–—−~“”\"'’]+|FY|CY|[AE]\b|同比|为|达到?|实现|录得|至|增长|增加|上升|提升|下降|减少|下滑|回落|较|上年|去年|上一?年度?|比|相比|的|分别|是|将|有望|预计|预期"
    r"|到|由|从|保持|维持|在|稳定|仅|水平|对应|增速|增幅|增长率|CAGR|复合|年均|合计|总额|净额|余额|规模|占|总|营业|收入|营收|进一步|大幅|小幅|快速|显著|明显|持续|继续|稳步|即|年度?|末|底|于|亿|万|千|百|元"
    r"|港|美|人民币|公司|我们|提高|增至|升至|降至|扩大|收窄|了|并|则|和|与|及|以及|而|但|约|也|当|期|报告|内|全|幅|率|上涨|占比|比例|比重|募集资金|金额"
    r"|HK|US|RMB|[$€£¥]|[A-Z]{3}\b"
    r"|\b(?:was|were|is|are|be|been|being|came|comes?|in|to|at|of|for|the|a|an|by|and|but|with|amount\w*|total\w*|stood|reach\w*|hit|expected|forecast\w*|project\w*|estimat\w*|"
    r"will|would|should|respectively|years?|ended|end|fiscal|calendar|per|share|annum|annual\w*|representing|represent\w*|increas\w*|decreas\w*|growth|gr[eo]w\w*|rate|ris\w+|rose|"
    r"f[ae]ll\w*|drop\w*|declin\w*|climb\w*|advanc\w*|expand\w*|contract\w*|narrow\w*|widen\w*|jump\w*|surg\w*|up|down|higher|lower|improv\w*|from|than|compar\w+|versus|vs|against|"
    r"over|on|year-on-year|year-over-year|yoy|compound\w*|one|two|three|four|five|remain\w*|negative|positive|remains|raised|lifted|cut|sharply|strongly|slightly|steadily|only|further|also|has|have|had|"
    r"which|it|that|we|our|its|between|implying|implies|imply|million|billion|thousand|bn|mn|m|set|settled|equal\w*|previous|prior|last|this|earlier|before|Jan\w*|Feb\w*|Mar\w*|Apr\w*|May|June?|July?|"
    r"Aug\w*|Sep\w*|Oct\w*|Nov\w*|Dec\w*|as|account\w*|record\w*|post\w*|generat\w*|deliver\w*|report\w*|while|both|another|again|just|worth|slipp\w*|eas(?:ed|es)|gain\w*|accelerat\w*|shr[aiu]nk\w*|reduc\w*)\b",
    re.I,
)  # fmt: skip
_SPAN = re.compile(r"(?:FY|CY)?(20\d\d|\d\d(?=[AE]?[-–—~]))[AE]?\s*年?\s*(?:-|–|—|~|至|到|to|and)\s*(?:FY|CY)?(20\d\d|\d\d)[AE]?(?!\d)", re.I)
_LASTS = re.compile(r"\b(two|three|four|five|six|seven|eight|nine|ten|\d{1,2})[- ]years?\b|(?<!\d)([两二三四五六七八九十]|\d{1,2})年(?:期|间|的)?(?:复合|CAGR|年均)", re.I)
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
           "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}  # fmt: skip
_PARTED = re.compile(r"，|、|,(?=\s)|\band\b|\bwhile\b|\bbut\b|以及|而(?!言)|[()（）]")
#: Lines that are printed below zero where prose says them without a minus.
_SPENT = re.compile(r"expenses|cost|tax|paid|repurchase|purchase_of|payments|repayment|finance_costs")
_PER_SHARE = {"eps", "diluted_eps", "dividend_per_share", "bps"}
_RATIOS = {"gross_margin", "operating_margin", "net_margin", "adjusted_net_margin", *MAKERS} - _PER_SHARE
_MARGINS = {"gross_margin": ("gross_profit",), "operating_margin": ("operating_profit", "ebit"), "net_margin": (
    "net_profit", "profit_attributable_to_owners"), "adjusted_net_margin": ("adjusted_net_profit",)}  # fmt: skip
#: What a name may mean beside itself, the nearest first.
_ALSO = {"net_profit": ("profit_attributable_to_owners",), "operating_profit": ("ebit",), "eps": ("diluted_eps",),
         "diluted_eps": ("eps",), "profit_before_tax": ("profit_before_income_tax",),
         "total_equity": ("equity_attributable_to_owners",)}  # fmt: skip
_GROWTH = {"revenue_growth_yoy": "revenue", "gross_profit_growth_yoy": "gross_profit", "net_profit_growth_yoy": "net_profit"}


@dataclass(frozen=True, slots=True)
class _Bound:
    """A figure with the line and the year that it is said of."""

    figure: Figure
    name: Name
    year: int
    sure: bool
    where: str
    quoted: str
    before: str
    after: str

    @property
    def cells(self) -> frozenset[str]:
        return frozenset((key_of(self.where, self.figure),))

    def printed(self, factor: float = 1.0) -> Interval | None:
        return self.figure.interval(self.cells, factor)


def figure_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the check of every figure of the texts that is bound to a line and a year."""
    own = _printed_names(tables)
    strangers = {r.company.lower() for r in tables.of("comps") if len(r.company) > 2 and not summary_of(r)}
    strangers |= {r.company_zh for r in tables.of("comps") if len(r.company_zh) > 1 and not summary_of(r)}
    for file, text in tables.prose:
        context: tuple[str, int | None] = ("", None)
        for sentence in sentences(file, text):
            if sentence.text.count("\t") > 2:
                continue
            context = (sentence.where, context[1] if context[0] == sentence.where else None)
            if not any(s in sentence.text.lower() for s in strangers):
                yield from _sentence(tables, sentence, own, context[1])
            yield from _peers(tables, sentence)
            said = years(sentence.text)
            if len({y.year for y in said}) == 1:
                context = (sentence.where, said[0].year)


def _printed_names(tables: Tables) -> tuple[tuple[str, str], ...]:
    rows = (
        (re.sub(r"\s*[(（].*", "", r.printed).strip(), r.item) for r in tables.records
        if r.table in STATEMENTS and r.understood and r.printed and not re.search(r"_\d+$|^other", r.item)
    )  # fmt: skip
    return tuple(dict.fromkeys(rows))


def uncovered_figures(tables: Tables, seen: set[str]) -> tuple[str, ...]:
    """Return the figures of the texts that no check has looked at, each with its place and its words."""
    out = []
    for file, text in tables.prose:
        for sentence in sentences(file, text):
            rows = figures(sentence.text)
            if sentence.text.count("\t") > 2:
                if rows:
                    out.append(f"{sentence.where}: {len(rows)} figures of a table in the text")
                continue
            out += [
                f"{sentence.where}: {sentence.text[max(0, f.start - 24) : f.end].strip()[:80]}" for f in rows
                if key_of(sentence.where, f) not in seen
            ]  # fmt: skip
    return tuple(out)


def _sentence(
    tables: Tables, sentence: Sentence, own: tuple[tuple[str, str], ...], context: int | None
) -> Iterator[Finding]:
    text = sentence.text
    found, named, said = figures(text), names(text, own), years(text)
    listed, first = _listed(text, found, said)
    for i, figure in enumerate(found):
        start, end = _segment(text, figure)
        before = text[max(start, found[i - 1].end if i else 0) : figure.start]
        after = text[figure.end : min(end, found[i + 1].start if i + 1 < len(found) else end)]
        stretch = text[start:end]
        if _VAGUE.search(text[: figure.start]) or _ranged(text, found, i) or _PART.search(stretch):
            continue
        name = _subject(text, found[first.get(i, i)], named, end)
        if name is None or name.qualified or _OTHERS.search(text[min(start, name.start) : end]):
            continue
        if _COMPOUND.search(text[name.start if name.start < figure.start else start : figure.end] + after[:30]) and figure.kind == "percent":
            yield from _compound(tables, sentence, figure, name)
            continue
        if name.end <= figure.start:
            before = text[name.end : figure.start]
        year, sure = listed[i] if i in listed else _year(text, figure, said, start, end, context)
        if year is not None:
            yield from _said(tables, _Bound(figure, name, year, sure, sentence.where, sentence.quoted, before, after))


def _segment(text: str, figure: Figure) -> tuple[int, int]:
    """The stretch between commas, brackets and conjunctions in which a figure stands."""
    start = max((m.end() for m in _PARTED.finditer(text, 0, figure.start)), default=0)
    end = next((m.start() for m in _PARTED.finditer(text, figure.end)), len(text))
    return start, end


def _ranged(text: str, found: Sequence[Figure], i: int) -> bool:
    """Whether a figure is an end of a range: ``20-30 %``, ``15% to 20%`` that nothing went from."""
    for one, two in ((i, i + 1), (i - 1, i)):
        if one < 0 or two >= len(found):
            continue
        gap = text[found[one].end : found[two].start]
        if found[one].kind in {found[two].kind, "count"} and re.fullmatch(r"\s*(?:-|–|—|~|至|到|to)\s*", gap, re.I):
            return not re.search(r"(?:from|由|从)\s*\D{0,12}$", text[: found[one].start], re.I)
    return bool(re.search(r"\d\s*%?\s*(?:-|–|—|~)\s*$", text[: found[i].start]))


def _subject(text: str, figure: Figure, named: Sequence[Name], end: int) -> Name | None:
    """The line that a figure is said of: the one behind it after ``in`` or ``of``, the last before it, the next."""
    behind = next((n for n in named if n.start >= figure.end), None)
    if behind is not None and figure.kind != "percent":
        if re.fullmatch(r"\s*(?:of|in|worth of)\s+(?:its |the )?|\s*的", text[figure.end : behind.start], re.I):
            return behind
    before = [n for n in named if n.end <= figure.start]
    if figure.kind == "percent" and (_OF_SALES.match(text[figure.end :]) or _OF_SALES_ZH.search(text[: figure.start])):
        before = [n for n in before if n.item not in {"revenue"}]
    if before:
        name = before[-1]
        if _light(text[name.end : figure.start]):
            return name
        return None
    if behind is not None and behind.end <= end + 30 and _light(text[figure.end : behind.start]):
        return behind
    return None


def _light(gap: str) -> bool:
    """Whether a stretch names nothing else."""
    return len(gap) <= 160 and not re.sub(r"[^\w一-鿿]", "", _LIGHT.sub("", gap))


_BETWEEN = re.compile(r"[\s/、,，;；年AEF度]*(?:和|与|及|以及|and|&)?[\s/、,，年]*", re.I)


def _runs(items: Sequence[Figure] | Sequence[Year], text: str) -> list[list[int]]:
    """Positions of what follows one another with nothing but ``and``, commas and strokes between."""
    out: list[list[int]] = []
    for i, item in enumerate(items):
        last = items[i - 1] if i else None
        alike = not isinstance(item, Figure) or (isinstance(last, Figure) and item.kind == last.kind)
        if last is not None and alike and _BETWEEN.fullmatch(text[last.end : item.start]):
            out[-1].append(i)
        else:
            out.append([i])
    return out


def _listed(
    text: str, found: Sequence[Figure], said: Sequence[Year]
) -> tuple[dict[int, tuple[int | None, bool]], dict[int, int]]:
    """Years of figures in a list, in the order of the last list of as many years before it; and each list's first.

    ``2025 and 2026 ... 1 and 2, respectively``; a list without such years has none.
    """
    lists = [[said[k].year for k in run] for run in _runs(said, text)]
    ends = [said[run[-1]].end for run in _runs(said, text)]
    for m in _SPAN.finditer(text):
        one, two = (int(y) if len(y) == 4 else 2000 + int(y) for y in m.groups())
        lists.append(list(range(one, two + 1)))
        ends.append(m.end())
    which: dict[int, tuple[int | None, bool]] = {}
    first: dict[int, int] = {}
    for run in _runs(found, text):
        if len(run) < 2:
            continue
        fit = [y for y, e in zip(lists, ends, strict=True) if len(y) == len(run) and e <= found[run[0]].start]
        for k, i in enumerate(run):
            which[i], first[i] = (fit[-1][k] if fit else None, True), run[0]
    return which, first


def _year(
    text: str, figure: Figure, said: Sequence[Year], start: int, end: int, context: int | None
) -> tuple[int | None, bool]:
    """The year of a figure, and whether it is sure: beside it, of its stretch, or the only one of its sentence."""
    after = next((y for y in said if y.start >= figure.end), None)
    if after is not None and _DIRECT.fullmatch(text[figure.end : after.start]):
        comparative = re.match(r"[AE]?年?度?\s*[:：]", text[after.end :])
        if comparative is None:
            return after.year, True
    before = [y for y in said if y.end <= figure.start]
    if before and re.fullmatch(r"[AE]?年?度?\s*[:：为]?\s*", text[before[-1].end : figure.start]):
        return before[-1].year, True
    bracketed = [y for y in said if re.search(r"[(（]\s*$", text[: y.start]) and re.match(r"[AE]?年?度?\s*[:：]", text[y.end :])]
    if bracketed and len(bracketed) == len(said):
        return bracketed[0].year + 1, False
    own = [y for y in said if not _BASE.search(text[: y.start]) and y not in bracketed]
    within = [y for y in own if start <= y.start < end]
    for rows in (within, own):
        earlier = [y for y in rows if y.end <= figure.start]
        if earlier:
            return earlier[-1].year, rows is within or len({y.year for y in own}) == 1
        if rows:
            return rows[0].year, rows is within or len({y.year for y in own}) == 1
    if said and not own:
        return said[0].year + 1, True
    return context, False


def _said(tables: Tables, bound: _Bound) -> Iterator[Finding]:
    item, kind = bound.name.item, bound.figure.kind
    item = _GROWTH.get(item, item)
    spoken = bound.before + " " + bound.after[:24]
    moves = bool(_UP.search(spoken) or _DOWN.search(spoken) or _YOY.search(spoken) or bound.name.item in _GROWTH)
    if kind == "points":
        yield from _points(tables, bound, item)
    elif kind == "percent" and (_OF_SALES.match(bound.after) or _OF_SALES_ZH.search(bound.before) or _RATE_OF.match(bound.before)):
        yield from _share(tables, bound, item)
    elif kind == "percent" and item in _RATIOS:
        if not moves or re.search(r"\b(?:to|at|from|of)\s*$|[至为达到从由在]\s*$|than\s*$", bound.before):
            yield from _held(f"text: {item}", bound, partial(_ratio, tables, item), 0.01)
    elif kind == "percent" and moves:
        down = _last(_DOWN, bound) > _last(_UP, bound)
        sign = -1.0 if down and not bound.figure.number.startswith(("-", "−")) else 1.0
        yield from _held(f"text: {item} growth", bound, partial(_rate, tables, item, bound.name.text), 0.01 * sign)
    elif kind in {"money", "cents"}:
        yield from _amount(tables, bound, item)
    elif kind == "times" and item in _RATIOS:
        yield from _held(f"text: {item}", bound, partial(_ratio, tables, item), 1.0)


def _last(words: re.Pattern[str], bound: _Bound) -> int:
    """Where a direction is said last before a figure; behind it, where only there."""
    at = max((m.start() for m in words.finditer(bound.before)), default=-1)
    return at if at >= 0 else (0 if words.search(bound.after[:24]) and not _UP.search(bound.before) else -1)


Choices = list[Interval]


def _held(check: str, bound: _Bound, make: object, factor: float) -> Iterator[Finding]:
    """Hold a figure to what the tables give for its year; one bound in doubt to what they give for any."""
    printed = bound.printed(factor)
    assert callable(make)
    choices: Choices = make(bound.year)
    if printed is None or not choices:
        return
    name = f"{check} {_label(make, bound.year)}"
    found = first_that_holds(
        lambda c=c: compare(name, bound.where, printed, c, worse="inconsistent", note=bound.quoted)  # type: ignore[misc]
        for c in reversed(choices)
    )
    if found.verdict not in {"ok", "rounding"} and not bound.sure:
        others = [c for y in range(bound.year - 6, bound.year + 7) for c in make(y)]
        if any(printed.meets(c) for c in others):
            found = replace(found, verdict="ok", note="")
    yield found


def _label(make: object, year: int) -> str:
    tables = make.args[0]  # type: ignore[attr-defined]
    ahead = any(r.forecast for t in STATEMENTS for r in tables.of(t) if r.year == year)
    return f"{year}E" if ahead else str(year)


def _records(tables: Tables, item: str, year: int) -> list[Record]:
    out = []
    for one in (item, *_ALSO.get(item, ())):
        record = next((r for t in (*STATEMENTS, "ratios") if (r := tables.find(t, one, year)) is not None), None)
        if record is not None:
            out.append(record)
    if item == "profit_attributable_to_owners" and not out:
        return _records(tables, "net_profit", year)
    return out


def _ratio(tables: Tables, item: str, year: int) -> Choices:
    if item in _MARGINS:
        revenue = tables.find("income_statement", "revenue", year)
        tops = [r for i in _MARGINS[item] if (r := tables.find("income_statement", i, year)) is not None]
        return [t.scaled[1] / revenue.scaled[1] for t in tops] if revenue is not None and revenue.value else []
    out = [value for _, value in MAKERS[item](tables, year)] if item in MAKERS else []
    stated = tables.find("ratios", item, year)
    if stated is not None:
        out.append(stated.interval.scaled(0.01) if stated.unit == "percent" else stated.interval)
    return out


def _rate(tables: Tables, item: str, words: str, year: int) -> Choices:
    """Growth of a line over the year before; of a loss or a cost, in its size."""
    out = []
    for now, then in zip(_records(tables, item, year), _records(tables, item, year - 1), strict=False):
        one, two = now.scaled[1], then.scaled[1]
        below = one.high < 0 and two.high < 0
        sized = _SPENT.search(item) or re.search(r"loss|亏损|used", words, re.I)
        if now.item == then.item and ((one.low > 0 and two.low > 0) or (below and sized)):
            out.append(one / two - ONE)
    return out


def _share(tables: Tables, bound: _Bound, item: str) -> Iterator[Finding]:
    def make(of: Tables, year: int) -> Choices:
        revenue = of.find("income_statement", "revenue", year)
        if revenue is None or not revenue.value:
            return []
        return [_size(r.scaled[1] / revenue.scaled[1], item) for r in _records(of, item, year)]

    if item not in _RATIOS | _PER_SHARE:
        yield from _held(f"text: {item} over revenue", bound, partial(make, tables), 0.01)


def _size(value: Interval, item: str) -> Interval:
    return value.scaled(-1.0) if _SPENT.search(item) and value.middle < 0 else value


def _points(tables: Tables, bound: _Bound, item: str) -> Iterator[Finding]:
    """A change of a rate in points over the year before."""

    def make(of: Tables, year: int) -> Choices:
        return [a - b for a, b in zip(_ratio(of, item, year), _ratio(of, item, year - 1), strict=False)]

    down = _last(_DOWN, bound) > _last(_UP, bound)
    basis = re.search(r"bps|basis|基点", bound.figure.text, re.I)
    if item in _RATIOS and (down or _UP.search(bound.before + bound.after[:24])):
        yield from _held(f"text: change of {item}", bound, partial(make, tables), (1e-4 if basis else 0.01) * (-1.0 if down else 1.0))


def _amount(tables: Tables, bound: _Bound, item: str) -> Iterator[Finding]:
    figure = bound.figure
    a_share = not figure.scaled and (figure.kind == "cents" or figure.coin)
    if item == "dividends_paid" and a_share and re.match(r"\s*(?:per|a) share|/股", bound.after + " ") or (
        item == "dividends_paid" and figure.kind == "cents"
    ):
        item = "dividend_per_share"
    if (item in _PER_SHARE) != bool(a_share) or item in _RATIOS:
        return
    records = _records(tables, item, bound.year)
    if not records:
        return
    own = currency_of(records[0].unit) or tables.currency
    factor = (0.01 if figure.kind == "cents" else 1.0) if a_share else figure.factor
    if figure.coin and not _same_coin(figure.coin, own):
        yield from _other_coin(bound, records, factor, own)
        return

    def make(of: Tables, year: int) -> Choices:
        return [_unsigned(r.scaled[1], item, bound) for r in _records(of, item, year) if r.value is not None]

    yield from _held(f"text: {item}", bound, partial(make, tables), factor)
    yield from _direction(tables, bound, item)


def _same_coin(coin: str, own: str) -> bool:
    return coin == own or (coin in SHARED and (not SHARED[coin] or own in SHARED[coin]))


def _unsigned(value: Interval, item: str, bound: _Bound) -> Interval:
    """A cost, a payment or a loss is said without its minus."""
    lost = re.search(r"loss|亏损|\bused\b|outflow|流出|negative", bound.name.text + " " + bound.before, re.I)
    minus = bound.figure.number.startswith(("-", "−"))
    if not minus and value.middle < 0 and (_SPENT.search(item) or lost):
        return value.scaled(-1.0)
    # A loss that the tables print as a profit is none.
    return value.scaled(-1.0) if not minus and value.middle > 0 and re.search(r"\bloss\b|亏损", bound.name.text, re.I) else value


def _other_coin(bound: _Bound, records: list[Record], factor: float, own: str) -> Iterator[Finding]:
    """An amount in another currency that is the table's number to its digits: one of the two is wrong."""
    printed = bound.printed(factor)
    for record in records:
        if printed is not None and printed.meets(_unsigned(record.scaled[1], record.item, bound)):
            yield Finding(
                f"text: currency of {bound.figure.text}", bound.where, bound.figure.coin, own, "inconsistent",
                f"{record.where} prints this number in {own}: {bound.quoted}", cells=bound.cells,
            )  # fmt: skip
            return


def _direction(tables: Tables, bound: _Bound, item: str) -> Iterator[Finding]:
    """``rose to``, ``narrowed to``: the way that a line went from the year before, in its size where it is a loss."""
    verb = re.search(r"(\w+)\s+to\s*$|(增至|升至|提升至|增加至|增长至|上升至|扩大至|降至|减少至|下降至|下滑至|收窄至|减至)\s*$", bound.before)
    if verb is None or not bound.sure:
        return
    word = verb[1] or verb[2]
    up, down = bool(_UP.fullmatch(word) or _UP.search(word)), bool(_DOWN.search(word))
    rates = [
        abs(now.scaled[1].middle) - abs(then.scaled[1].middle)
        for now, then in zip(_records(tables, item, bound.year), _records(tables, item, bound.year - 1), strict=False)
        if (now.value or 0.0) * (then.value or 0.0) > 0
        and ((now.value or 0.0) > 0 or _SPENT.search(item) or re.search(r"loss|亏损", bound.name.text, re.I))
    ]  # fmt: skip
    if up != down and rates and all((r < 0) if up else (r > 0) for r in rates):
        yield Finding(
            f"text: {item} {word} in {bound.year}", bound.where, word, rates[0], "inconsistent",
            f"the tables go the other way: {bound.quoted}", cells=bound.cells,
        )  # fmt: skip


def _compound(tables: Tables, sentence: Sentence, figure: Figure, name: Name) -> Iterator[Finding]:
    """A compound rate over the span that is said, of so many years as are said."""
    spans = list(_SPAN.finditer(sentence.text))
    if not spans:
        return
    span = min(spans, key=lambda m: min(abs(m.start() - figure.end), abs(figure.start - m.end())))
    first, last = (int(y) if len(y) == 4 else 2000 + int(y) for y in span.groups())
    lasts = _LASTS.search(sentence.text)
    count = (lasts[1] or lasts[2]).lower() if lasts else ""
    cells = frozenset((key_of(sentence.where, figure),))
    if lasts and (_COUNTS.get(count) or int(count)) not in {last - first, last - first + 1}:
        yield Finding(f"text: {count} years from {first} to {last}", sentence.where, count, last - first, "inconsistent",
                      sentence.quoted, cells=cells)  # fmt: skip
    item, printed = _GROWTH.get(name.item, name.item), figure.interval(cells, 0.01)
    then, now = _records(tables, item, first)[:1], _records(tables, item, last)[:1]
    if printed is None or not then or not now or last <= first:
        return
    ratio = now[0].scaled[1] / then[0].scaled[1]
    if ratio.low <= 0:
        return
    power = 1 / (last - first)
    yield compare(
        f"text: {now[0].item} {first}-{last} compound growth", sentence.where, printed,
        Interval(ratio.low**power - 1, ratio.high**power - 1, ratio.cells), worse="inconsistent", note=sentence.quoted,
    )  # fmt: skip


_PEERS = re.compile(
    r"(?P<kind>average|mean|median|平均|均值|中位数)?[^\d.,，。]{0,24}?(?P<what>EV/EBITDA|EV/Sales|EV/EBIT|P/E|P/S|P/B|PE\b|PS\b|PB\b|市盈率|市销率|市净率)"
    r"(?P<behind>(?:的)?(?:average|mean|median|平均值?|均值|中位数)?)[^\d，。]{0,12}", re.I,
)  # fmt: skip


def _peers(tables: Tables, sentence: Sentence) -> Iterator[Finding]:
    """A mean or median multiple of the peers in words, against their table."""
    if not re.search(r"peer|同业|可比|comparable", sentence.text, re.I):
        return
    for m in _PEERS.finditer(sentence.text):
        figure = next((f for f in figures(sentence.text) if f.kind == "times" and m.end() - 1 <= f.start <= m.end()), None)
        kind = (m["kind"] or m["behind"] or "").lower().removeprefix("的")
        if figure is None or not kind:
            continue
        wanted = "median" if kind in {"median", "中位数"} else "average"
        rows = [r for r in tables.of("comps") if summary_of(r) == wanted and _multiple(r.item) == _multiple(m["what"])]
        said = {y.year for y in years(sentence.text)}
        rows = [r for r in rows if not said or r.year in said or r.year is None]
        printed = figure.interval(frozenset((key_of(sentence.where, figure),)))
        if rows and printed is not None:
            yield first_that_holds(
                lambda r=r: compare(f"text: {wanted} {m['what']} of the peers", sentence.where, printed, r.interval,  # type: ignore[misc]
                                    worse="inconsistent", note=f"{sentence.quoted}; {r.where} prints {r.text}")
                for r in rows
            )  # fmt: skip


_MULTIPLES = {"pe": ("pe", "p/e", "市盈率", "price_to_earnings", "forward_pe", "price_earnings"), "ps": ("ps", "p/s", "市销率", "price_to_sales"),
              "pb": ("pb", "p/b", "市净率", "price_to_book"), "ev_ebitda": ("ev/ebitda", "ev_ebitda", "ev_to_ebitda"),
              "ev_sales": ("ev/sales", "ev_sales", "ev_to_sales"), "ev_ebit": ("ev/ebit", "ev_ebit", "ev_to_ebit")}  # fmt: skip


def _multiple(text: str) -> str:
    low = re.sub(r"^(?:forward|trailing)_", "", text.strip().lower())
    return next((k for k, words in _MULTIPLES.items() if low in words), low)
