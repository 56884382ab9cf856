# ruff: noqa: E501 (a list of words stays on its lines)
"""What the prose says of the valuation, by roles: rates, values, multiples, price and target against any labels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from clustersim.finance.audit.figures import Finding, Interval, compare, first_that_holds
from clustersim.finance.audit.mentions import Figure, figures, key_of, years
from clustersim.finance.audit.money import currency_of
from clustersim.finance.audit.prose import Sentence
from clustersim.finance.audit.quantities import Valuation, method_of, typed, year_in
from clustersim.finance.audit.records import Record, Tables
from clustersim.finance.audit.valued_lines import Mention, lines_of
from clustersim.finance.audit.wording import BETWEEN, LIGHT, PART, REVISED, REVISED_AFTER, VAGUE

__all__ = ["valued_checks"]

#: role -> what a sentence calls it, and the kinds of figure that it may have.
SPOKEN: tuple[tuple[str, re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (role, re.compile(words, re.I), kinds) for role, words, kinds in (
        ("wacc", r"WACC|weighted average cost of capital|discount rate|加权平均资[本金]成本(?:（WACC）|\(WACC\))?|折现率|贴现率", ("percent",)),
        ("cost_of_equity", r"cost of equity|权益成本|股权成本", ("percent",)),
        ("growth", r"(?:terminal|perpetual|perpetuity|long[- ](?:term|run)) growth(?: rate)?|永续增长率?|长期增长率", ("percent",)),
        ("upside", r"upside(?: potential)?|潜在升幅|升幅|上涨空间|上升空间", ("percent",)),
        ("yield", r"dividend yield|股息率", ("percent",)),
        ("target", r"(?:12-month )?price target|target price|fair value|目标价格?|合理价值", ("a_share",)),
        ("price", r"last close|(?:current|closing|last)(?: share| stock)? price|(?:share|stock) price|收市价|收盘价|现价|(?:当前)?股价", ("a_share",)),
        ("bvps", r"(?<![A-Za-z])(?:BVPS|BPS|NAVP[SU]|TBVPS)(?![A-Za-z])|(?:book value|net asset value|NAV) per (?:share|unit)|每股净资产|每股资产净值", ("a_share",)),
        ("eps", r"(?<![A-Za-z])EPS(?![A-Za-z])|每股收益", ("a_share",)),
        ("equity", r"equity value|股权价值|权益价值|股东价值|目标市值", ("money",)),
        ("market_cap", r"market cap(?:itali[sz]ation)?|总市值|(?<!目标)市值", ("money",)),
        ("ev", r"enterprise value|企业价值", ("money",)),
        ("income:ebitda", r"(?<!/)EBITDA", ("money",)),
        ("pv_terminal", r"(?:present value|PV) of (?:the )?terminal value|终值现值|终值的现值", ("money",)),
        ("terminal", r"(?<!of )(?<!of the )terminal value|终值(?!的?现值)", ("money",)),
        ("flow", r"free cash flows?|(?<![A-Z])FCFF?(?![A-Z])|自由现金流", ("money",)),
        ("net_debt", r"net (?:financial )?debt|净负债|净债务", ("money",)), ("net_cash", r"net cash(?! (?:from|used|provided|generated|flow|outflow|inflow))|净现金(?!流)", ("money",)),
        ("debt", r"total (?:debt|borrowings)|(?<!term )(?<!current )(?<!bank )(?<!new )(?<!net )(?<!other )(?<!of )(?<!proceeds from )(?<![A-Za-z-])borrowings(?! and)|interest-bearing (?:debt|borrowings)|有息负债|有息债务|借款合计|(?:银行)?借款总额", ("money",)),
    )
)  # fmt: skip
_MULTIPLE = re.compile(
    r"EV\s*/\s*EBITDA|EV\s*/\s*EBIT(?!D)|EV\s*/\s*(?:sales|revenue)|P\s*/\s*[EBS](?![A-Za-z])|(?<![A-Za-z])P[EBS]R?(?![A-Za-z])|price[- ]to[- ](?:book|earnings|sales)|市盈率|市净率|市销率",
    re.I,
)
_BASE = re.compile(
    r"\s*(?:to )?(?:its |our )?(?:fiscal )?(?:FY\d{1,2}/\d\d|FY\d\d|20\d\d)?[AEF]?(?:年)?\s*(?:E|F)?\s*(?P<base>EBITDA|earnings|EPS|BVPS|BPS|NAV|book(?: value)?|sales|revenues?)\b|\s*(?:its |our )?(?:forward |target )?(?:fiscal )?(?:FY\d{1,2}/\d\d|FY\d\d|FY20\d\d|20\d\d)?[AEF]?\s*(?P<sign>EV\s*/\s*[A-Za-z]+|P\s*/\s*(?:E|B|S|NAV|BV)(?![A-Za-z]))|\s*的?\s*(?:股票)?(?P<name>市盈率|市净率|市销率|市账率)",
    re.I,
)
_METHOD = {
    "ebitda": "ev_ebitda",
    "earnings": "pe",
    "eps": "pe",
    "bvps": "pb",
    "bps": "pb",
    "nav": "pb",
    "book": "pb",
    "book value": "pb",
    "sales": "ps",
    "revenue": "ps",
    "revenues": "ps",
}
#: ``EBITDA of 1,109bn at 6.5x``: the multiple is of what stands before its amount.
_APPLIED = re.compile(
    r"(?P<base>EBITDA|EPS|BVPS|BPS|earnings|sales|revenue)\b(?: of)?\s*\S{0,20}\s*(?:at|by|on|times)\s*$",
    re.I,
)
#: What comes of a method: ``yields 145 per share``, ``EV/Sales ($53)``.
_COMES = re.compile(
    r"(?:\b(?:yields?|gives?|giving|impl(?:y|ies)|=|or|worth|of|at)|[(（]|得到|对应|为)\s*$", re.I
)
_WEIGHTED = re.compile(r"(?:\bat|\bweight\w*(?: of| at)?|权重(?:为|是)?)\s*$", re.I)
_YIELD = re.compile(
    r"\s*(?:on|of|for) (?:our |its |the )?(?:fiscal )?(?:FY\S+ |20\d\d\S* )?(?:DPU|DPS|dividends?|distributions?)",
    re.I,
)
_ABOVE = re.compile(
    r"\s*(?:above|below|higher than|lower than|over|upside (?:to|from))\s+(?:the |its |our )?(?:last close|(?:current |closing |share |stock )*price)|\s*的?(?:潜在升幅|升幅|上涨空间|上升空间)|\s*的?(?:下跌空间|下行空间)|\s*(?:potential )?(?:upside|downside)",
    re.I,
)
_BELOW = re.compile(r"\s*(?:below|lower than|downside)|\s*的?(?:下跌空间|下行空间)", re.I)
_PEERS = re.compile(r"\bpeers?\b|\baverage\b|\bmean\b|\bmedian\b|可比|同业|平均|中位", re.I)
_TRADES = re.compile(r"trad(?:e|es|ing) (?:at|on)\b|\b(?:stock|shares?|units?) (?:is|are) on\b", re.I)
_AT_PRICE = re.compile(
    r"trad(?:e|es|ing)|(?:stock|shares?) (?:is|are) on|at (?:the )?(?:current|share|last)|当前|现价|股价|对应|相当于",
    re.I,
)
#: Between a role's name and its figure nothing else is named within so many letters.
REACH = 48


def valued_checks(tables: Tables, v: Valuation, sentence: Sentence) -> Iterator[Finding]:
    """Yield the checks of the figures of a sentence that say what the valuation tables print."""
    text = sentence.text
    found = figures(text)
    for i, figure in enumerate(found):
        ahead = text[: figure.start]
        if VAGUE.search(ahead) or REVISED.search(ahead) or REVISED_AFTER.match(text[figure.end :]):
            continue
        mention = _mention(text, found, i)
        if mention is not None:
            yield from _held(tables, v, sentence, mention)


def _mention(text: str, found: Sequence[Figure], i: int) -> Mention | None:
    figure = found[i]
    start = found[i - 1].end if i else 0
    if figure.kind == "times":
        return _multiple(text, figure, start)
    kind = _kind(text, figure)
    if kind == "percent" and _ABOVE.match(text[figure.end :]):
        return Mention("upside", "", figure, None)
    if kind == "percent" and re.search(r"\byield(?:s|ing)?\s*$", text[: figure.start], re.I):
        behind = _YIELD.match(text[figure.end :])
        year = year_in(behind[0]) if behind else None
        return Mention("yield", "", figure, year) if behind else None
    if kind == "a_share" and re.search(
        r"\bupside (?:to|from|on|versus|over)\s*$", text[: figure.start], re.I
    ):
        return Mention("price", "", figure, None)
    listed = _listed(text, found, i)
    if listed is not None:
        return Mention(listed, "", figure, None) if listed else None
    best: tuple[int, str] | None = None
    for role, words, kinds in SPOKEN:
        for m in words.finditer(text, max(0, figure.start - 120), figure.start) if kind in kinds else ():
            gap = text[m.end() : figure.start]
            if m.end() >= start and _light(gap) and (best is None or m.end() > best[0]):
                best = (m.end(), role)
    if best is None:
        # An amount a share beside a value of the company is that value a share.
        shared = kind == "a_share" and (
            _SHARED.match(text[figure.end :]) or re.search(r"每股(?:价值)?\s*$", text[: figure.start])
        )
        value = shared and re.search(
            r"equity value|enterprise value|DCF|股权价值|企业价值|权益价值", text[: figure.start], re.I
        )
        if value and not method_of(text[: figure.start]):
            return Mention("value", "", figure, None)
        return _of_method(text, figure, kind)
    stretch = text[max(0, start) : figure.end + 24]
    if PART.search(re.sub(r"\d+-months?", "", stretch)):
        return None
    return Mention(best[1], _way(text[start : figure.start]), figure, _near_year(text, figure, best[0]))


def _of_method(text: str, figure: Figure, kind: str) -> Mention | None:
    """A value or weight of the method that is named last before a figure: what it yields, what it is weighed at."""
    ahead = text[max(0, figure.start - 160) : figure.start]
    method = _last_method(ahead)
    if not method:
        return None
    if kind == "percent" and _WEIGHTED.search(ahead):
        return Mention("method_weight", method, figure, None)
    if kind == "a_share" and (_COMES.search(ahead) or _SHARED.match(text[figure.end :])):
        return Mention("value of", method, figure, None)
    return None


_NAMED = re.compile(
    rf"(?:{_MULTIPLE.pattern})|EV\s*/\s*U?FCF|\d\s*x (?:\S+ )?(?P<base>EBITDA|earnings|EPS|BVPS|BPS|NAV|sales)\b"
    r"|(?P<applied>EBITDA|EPS|BVPS|BPS|earnings|sales)\b(?: of)?\s*\S{0,20}\s*(?:at|by) \d[\d.]*x|dividend discount|DDM|DCF|股利折现|现金流折现",
    re.I,
)


def _last_method(text: str) -> str:
    found = list(_NAMED.finditer(text))
    if not found:
        return ""
    base = (found[-1]["base"] or found[-1]["applied"] or "").lower()
    return _METHOD.get(base, "") or method_of(found[-1][0])


def _listed(text: str, found: Sequence[Figure], i: int) -> str | None:
    """The role of a figure of a list that names as many roles before it: ``WACC and growth of 11.2 % and 2 %``.

    Nothing where it is no such list, an empty role where the two lists differ in length.
    """
    first = i
    while (
        first
        and found[first - 1].kind == found[i].kind
        and BETWEEN.fullmatch(text[found[first - 1].end : found[first].start])
    ):
        first -= 1
    last = i
    while (
        last + 1 < len(found)
        and found[last + 1].kind == found[i].kind
        and BETWEEN.fullmatch(text[found[last].end : found[last + 1].start])
    ):
        last += 1
    if first == last:
        return None
    start = found[first - 1].end if first else 0
    said = sorted(
        (m.start(), m.end(), role) for role, words, kinds in SPOKEN if found[i].kind in kinds
        for m in words.finditer(text, start, found[first].start)
    )  # fmt: skip
    kept = [s for k, s in enumerate(said) if k + 1 == len(said) or said[k + 1][0] >= s[1]]
    roles = [
        role
        for k, (_, end, role) in enumerate(kept)
        if k == 0 or len(text[kept[k - 1][1] : kept[k][0]]) <= 12
    ]
    distinct = list(dict.fromkeys(roles))
    if len(distinct) < 2:
        return None
    return distinct[i - first] if len(distinct) == last - first + 1 else ""


def _kind(text: str, figure: Figure) -> str:
    """What a figure measures: money without a scale is an amount a share."""
    if figure.kind == "cents" or (figure.kind == "money" and not figure.scaled and figure.coin):
        return "a_share"
    return figure.kind


def _light(gap: str) -> bool:
    plain = re.sub(r"(?:FY\d{1,2}/\d\d|FY\d\d|20\d\d)[AEF]?年?", "", gap)
    return len(gap) <= REACH and not re.sub(r"[^\w一-鿿]", "", LIGHT.sub("", plain))


def _way(text: str) -> str:
    """The method that the words before a figure name."""
    return method_of(text)


def _near_year(text: str, figure: Figure, at: int) -> int | None:
    """The year beside a figure: between its name and it, right behind it, or before its name."""
    said = years(text)
    between = [y for y in said if at <= y.start < figure.start]
    behind = [
        y
        for y in said
        if y.start >= figure.end
        and re.fullmatch(
            r"\s*(?:in|for|at the end of|at year-end|by)?\s*(?:the )?", text[figure.end : y.start]
        )
    ]
    before = [y for y in said if y.end <= at]
    rows = between[-1:] or behind[:1] or before[-1:]
    return rows[0].year if rows else None


def _multiple(text: str, figure: Figure, start: int) -> Mention | None:
    behind = _BASE.match(text[figure.end :])
    method = ""
    at = figure.start
    if behind is not None:
        method = _METHOD.get((behind["base"] or "").lower(), "") or method_of(
            behind["name"] or behind["sign"] or ""
        )
        at = figure.end
    elif (base := _APPLIED.search(text[max(0, figure.start - 80) : figure.start])) is not None:
        method, at = _METHOD[base["base"].lower()], max(0, figure.start - 80) + base.start()
    else:
        named = [
            m for m in _MULTIPLE.finditer(text, start, figure.start) if _light(text[m.end() : figure.start])
        ]
        if named:
            method, at = method_of(named[-1][0]), named[-1].start()
    if not method or (method == "ev_ebitda" and _OWED.search(text[: figure.start])):
        return None
    stretch = text[start : figure.end]
    # A verb before the first of two multiples is that of both.
    clause = re.split(r"[,;，；]", text[: figure.end])[-1]
    role = (
        "peers"
        if _PEERS.search(stretch)
        else "implied_multiple"
        if _AT_PRICE.search(stretch) or _TRADES.search(clause)
        else "multiple"
    )
    year = year_in(text[figure.end : figure.end + len(behind[0])]) if behind is not None else None
    return Mention(role, method, figure, year if year is not None else _near_year(text, figure, at))


#: What is owed over EBITDA is no multiple of the company's value.
_OWED = re.compile(
    r"^(?!.*\bEV\b).*(?:net (?:financial )?debt|leverage|borrowings|gearing|净负债|净债务|杠杆)", re.I
)
_SHARED = re.compile(r"\s*(?:per|a) share", re.I)


def _held(tables: Tables, v: Valuation, sentence: Sentence, m: Mention) -> Iterator[Finding]:
    """Hold a figure to the lines of its role; nothing is said where the tables print none."""
    printed = _printed(sentence, m, tables)
    if printed is None:
        return
    if m.role == "upside" and printed.low > 0 and _BELOW.match(sentence.text[m.figure.end :]):
        printed = printed.scaled(-1.0)
    lines = lines_of(tables, v, m)
    if not lines or (
        _kind(sentence.text, m.figure) == "money" and m.role in _VALUES and _elsewhere(tables, m, printed)
    ):
        return
    name = f"text: {_NAMES.get(m.role, m.role.removeprefix('income:'))}{' ' + m.method if m.method and m.role in {'multiple', 'peers', 'implied_multiple'} else ''}"
    name += f" {m.year}" if m.year is not None and m.role in {"flow", "net_debt", "net_cash", "debt"} else ""
    yield first_that_holds(
        partial(_as, name, sentence, printed, value, says) for value, says in reversed(lines)
    )  # fmt: skip


#: What a check is called where its role is a line of the valuation by name.
_NAMES = {"target": "target_price", "price": "current_price"}
#: Roles whose words reports use for any value of the company.
_VALUES = {"equity", "market_cap", "ev"}


def _elsewhere(tables: Tables, m: Mention, printed: Interval) -> bool:
    """Whether another line of the valuation is this amount: the words may mean that one."""
    return any(
        r.value is not None and currency_of(r.unit) and printed.meets(r.scaled[1]) and typed_role(r) != m.role
        for table in ("valuation", "dcf") for r in tables.of(table)
    )  # fmt: skip


def typed_role(record: Record) -> str:
    """The role of a line of the valuation; empty for none."""
    found = typed(record)
    return found.role if found is not None else ""


def _as(name: str, sentence: Sentence, printed: Interval, value: Interval, says: str) -> Finding:
    return compare(
        name, sentence.where, printed, value, worse="inconsistent", note=f"{sentence.quoted}; {says}"
    )


def _printed(sentence: Sentence, m: Mention, tables: Tables) -> Interval | None:
    figure = m.figure
    cells = frozenset((key_of(sentence.where, figure),))
    kind = _kind(sentence.text, figure)
    factor = {"percent": 0.01, "times": 1.0, "a_share": 0.01 if figure.kind == "cents" else 1.0}.get(
        kind, figure.factor
    )
    return figure.interval(cells, factor)
