"""Every figure of a text that names a line and a year, against the tables: levels, growth, rates, shares of revenue.

A figure is bound to the line named last before it and to the year beside it. What is bound in doubt (another line's
words between, a year of the sentence before) is a fault only where it fits no year of its line; what cannot be bound is
listed among the figures that no check covers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from clustersim.finance.audit.binding import Bound, bound_figures
from clustersim.finance.audit.figures import Finding, Interval, compare, first_that_holds
from clustersim.finance.audit.mentions import SHARED, figures, key_of, years
from clustersim.finance.audit.money import currency_of
from clustersim.finance.audit.multiples import summary_of
from clustersim.finance.audit.prose import Sentence, sentences
from clustersim.finance.audit.ratios import MAKERS, opened, profit_of
from clustersim.finance.audit.records import STATEMENTS, Record, Tables
from clustersim.finance.audit.wording import (
    COUNTS,
    DOWN,
    FROM,
    LASTS,
    OF_SALES,
    OF_SALES_ZH,
    RATE_OF,
    SPAN,
    UP,
    YOY,
)

__all__ = ["figure_checks", "uncovered_figures"]

ONE = Interval.exactly(1.0)
#: Lines that are printed below zero where prose says them without a minus.
_SPENT = re.compile(r"expenses|cost|tax|paid|repurchase|purchase_of|payments|repayment|finance_costs")
_PER_SHARE = {"eps", "diluted_eps", "dividend_per_share", "bps"}
_RATIOS = {
    "gross_margin",
    "operating_margin",
    "net_margin",
    "adjusted_net_margin",
    "attributable_net_margin",
    *MAKERS,
} - _PER_SHARE
_MARGINS = {"gross_margin": ("gross_profit",), "operating_margin": ("operating_profit", "ebit"), "net_margin": (
    "net_profit", "profit_attributable_to_owners"), "adjusted_net_margin": ("adjusted_net_profit",),
    "attributable_net_margin": ("profit_attributable_to_owners",)}  # fmt: skip
#: What a name may mean beside itself, the nearest first.
_ALSO = {"net_profit": ("profit_attributable_to_owners",), "operating_profit": ("ebit",), "eps": ("diluted_eps",),
         "diluted_eps": ("eps",), "profit_before_tax": ("profit_before_income_tax",),
         "total_equity": ("equity_attributable_to_owners",)}  # fmt: skip
_GROWTH = {
    "revenue_growth_yoy": "revenue",
    "gross_profit_growth_yoy": "gross_profit",
    "net_profit_growth_yoy": "net_profit",
}


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
                for bound in bound_figures(sentence, own, context[1]):
                    yield from (
                        _said(tables, bound) if bound.year is not None else _compound(tables, sentence, bound)
                    )
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


def _said(tables: Tables, bound: Bound) -> Iterator[Finding]:
    item, kind = bound.name.item, bound.figure.kind
    item = _GROWTH.get(item, item)
    spoken = bound.before + " " + bound.after[:24]
    moves = bool(UP.search(spoken) or DOWN.search(spoken) or YOY.search(spoken) or bound.name.item in _GROWTH)
    if kind == "points":
        yield from _points(tables, bound, item)
    elif kind == "percent" and (
        OF_SALES.match(bound.after) or OF_SALES_ZH.search(bound.before) or RATE_OF.match(bound.before)
    ):
        yield from _share(tables, bound, item)
    elif kind == "percent" and item in _RATIOS:
        if not moves or re.search(r"\b(?:to|at|from|of)\s*$|[至为达到从由在]\s*$|than\s*$", bound.before):
            yield from _held(tables, f"text: {item}", bound, partial(_ratio, tables, item), 0.01)
    elif kind == "percent" and moves:
        down = _last(DOWN, bound) > _last(UP, bound)
        sign = -1.0 if down and not bound.figure.number.startswith(("-", "−")) else 1.0
        yield from _held(
            tables, f"text: {item} growth", bound, partial(_rate, tables, item, bound.name.text), 0.01 * sign
        )
    elif kind in {"money", "cents"}:
        yield from _amount(tables, bound, item)
    elif kind == "times" and item in _RATIOS and not _implied(tables, item):
        yield from _held(tables, f"text: {item}", bound, partial(_ratio, tables, item), 1.0)


def _implied(tables: Tables, item: str) -> bool:
    """Whether the valuation prints its own multiple of this kind: a text means that one."""
    return any(r.item.startswith(f"implied_{item}_") for r in tables.of("valuation"))


def _last(words: re.Pattern[str], bound: Bound) -> int:
    """Where a direction is said last before a figure; behind it, where only there."""
    at = max((m.start() for m in words.finditer(bound.before)), default=-1)
    return at if at >= 0 else (0 if words.search(bound.after[:24]) and not UP.search(bound.before) else -1)


Choices = list[Interval]
Make = Callable[[int], Choices]
#: Years on either side that a figure bound in doubt may be of.
AROUND = 6


def _held(tables: Tables, check: str, bound: Bound, make: Make, factor: float) -> Iterator[Finding]:
    """Hold a figure to what the tables give for its year; of one bound in doubt that fits another, nothing is said."""
    printed, year = bound.printed(factor), bound.year
    choices = make(year) if year is not None else []
    if printed is None or year is None or not choices:
        return
    name = f"{check} {_label(tables, year)}"
    found = first_that_holds(
        lambda c=c: compare(name, bound.where, printed, c, worse="inconsistent", note=bound.quoted)  # type: ignore[misc]
        for c in reversed(choices)
    )
    if found.verdict not in {"ok", "rounding"} and not bound.sure:
        others = [c for y in range(year - AROUND, year + AROUND + 1) for c in make(y)]
        # It may be of that year: nothing is said of it, neither that it is right nor that it is wrong.
        if any(printed.meets(c) for c in others):
            return
    yield found


def _label(tables: Tables, year: int) -> str:
    ahead = any(r.forecast for t in STATEMENTS for r in tables.of(t) if r.year == year)
    return f"{year}E" if ahead else str(year)


def _records(tables: Tables, item: str, year: int) -> list[Record]:
    out = []
    for one in (item, *_ALSO.get(item, ())):
        record = next(
            (r for t in (*STATEMENTS, "ratios") if (r := tables.find(t, one, year)) is not None), None
        )
        if record is not None:
            out.append(record)
    if item == "profit_attributable_to_owners" and not out:
        return _records(tables, "net_profit", year)
    return out


def _ratio(tables: Tables, item: str, year: int) -> Choices:
    if item in _MARGINS:
        revenue = tables.find("income_statement", "revenue", year)
        tops = [p for i in _MARGINS[item] if (p := profit_of(tables, i, year)) is not None]
        return [t / revenue.scaled[1] for t in tops] if revenue is not None and revenue.value else []
    out = (
        [value for _, value in MAKERS[item](tables, year)]
        if item in MAKERS and opened(tables, item, year)
        else []
    )
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


def _share(tables: Tables, bound: Bound, item: str) -> Iterator[Finding]:
    def make(year: int) -> Choices:
        revenue = tables.find("income_statement", "revenue", year)
        if revenue is None or not revenue.value:
            return []
        return [_size(r.scaled[1] / revenue.scaled[1], item) for r in _records(tables, item, year)]

    if item not in _RATIOS | _PER_SHARE:
        yield from _held(tables, f"text: {item} over revenue", bound, make, 0.01)


def _size(value: Interval, item: str) -> Interval:
    return value.scaled(-1.0) if _SPENT.search(item) and value.middle < 0 else value


def _points(tables: Tables, bound: Bound, item: str) -> Iterator[Finding]:
    """A change of a rate in points over the year before, or over the span that the words before it name."""
    since = _since(bound)
    bound = bound if since is None else replace(bound, sure=True)

    def make(year: int) -> Choices:
        then = year - 1 if since is None else since
        return [a - b for a, b in zip(_ratio(tables, item, year), _ratio(tables, item, then), strict=False)]

    down = _last(DOWN, bound) > _last(UP, bound)
    basis = re.search(r"bps|basis|基点", bound.figure.text, re.I)
    if item in _RATIOS and (down or UP.search(bound.before + bound.after[:24])):
        yield from _held(
            tables,
            f"text: change of {item}",
            bound,
            make,
            (1e-4 if basis else 0.01) * (-1.0 if down else 1.0),
        )


def _since(bound: Bound) -> int | None:
    """The year from which a change is told: the one behind ``from``, where the change ends in a later one."""
    starts = [m.end() for m in FROM.finditer(bound.before)]
    said = [y for y in years(bound.before) if starts and y.start >= starts[-1]]
    known = len(said) > 1 and bound.year == said[-1].year > said[0].year
    return said[0].year if known else None


def _amount(tables: Tables, bound: Bound, item: str) -> Iterator[Finding]:
    figure = bound.figure
    a_share = not figure.scaled and (figure.kind == "cents" or figure.coin)
    if (item == "dividends_paid" and a_share and re.match(r"\s*(?:per|a) share|/股", bound.after + " ")) or (
        item == "dividends_paid" and figure.kind == "cents"
    ):
        item = "dividend_per_share"
    if (item in _PER_SHARE) != bool(a_share) or item in _RATIOS:
        return
    records = _records(tables, item, bound.year or 0)
    if not records:
        return
    own = currency_of(records[0].unit) or tables.currency
    factor = (0.01 if figure.kind == "cents" else 1.0) if a_share else figure.factor
    if figure.coin and not _same_coin(figure.coin, own):
        yield from _other_coin(bound, records, factor, own)
        return

    def make(year: int) -> Choices:
        return [
            _unsigned(r.scaled[1], item, bound) for r in _records(tables, item, year) if r.value is not None
        ]

    yield from _held(tables, f"text: {item}", bound, make, factor)
    yield from _direction(tables, bound, item)


def _same_coin(coin: str, own: str) -> bool:
    return coin == own or (coin in SHARED and (not SHARED[coin] or own in SHARED[coin]))


def _unsigned(value: Interval, item: str, bound: Bound) -> Interval:
    """A cost, a payment or a loss is said without its minus."""
    lost = re.search(r"loss|亏损|\bused\b|outflow|流出|negative", bound.name.text + " " + bound.before, re.I)
    minus = bound.figure.number.startswith(("-", "−"))
    if not minus and value.middle < 0 and (_SPENT.search(item) or lost):
        return value.scaled(-1.0)
    # A loss that the tables print as a profit is none.
    return (
        value.scaled(-1.0)
        if not minus and value.middle > 0 and re.search(r"\bloss\b|亏损", bound.name.text, re.I)
        else value
    )


def _other_coin(bound: Bound, records: list[Record], factor: float, own: str) -> Iterator[Finding]:
    """An amount in another currency that is the table's number to its digits: one of the two is wrong."""
    printed = bound.printed(factor)
    for record in records:
        if printed is not None and printed.meets(_unsigned(record.scaled[1], record.item, bound)):
            yield Finding(
                f"text: currency of {bound.figure.text}", bound.where, bound.figure.coin, own, "inconsistent",
                f"{record.where} prints this number in {own}: {bound.quoted}", cells=bound.cells,
            )  # fmt: skip
            return


def _direction(tables: Tables, bound: Bound, item: str) -> Iterator[Finding]:
    """``rose to``, ``narrowed to``: the way that a line went from the year before, in its size where it is a loss."""
    verb = re.search(
        r"(\w+)\s+to\s*$|(增至|升至|提升至|增加至|增长至|上升至|扩大至|降至|减少至|下降至|下滑至|收窄至|减至)\s*$",
        bound.before,
    )
    if verb is None or not bound.sure:
        return
    word, year = verb[1] or verb[2], bound.year or 0
    up, down = bool(UP.fullmatch(word) or UP.search(word)), bool(DOWN.search(word))
    rates = [
        abs(now.scaled[1].middle) - abs(then.scaled[1].middle)
        for now, then in zip(_records(tables, item, year), _records(tables, item, year - 1), strict=False)
        if (now.value or 0.0) * (then.value or 0.0) > 0
        and ((now.value or 0.0) > 0 or _SPENT.search(item) or re.search(r"loss|亏损", bound.name.text, re.I))
    ]  # fmt: skip
    if up != down and rates and all((r < 0) if up else (r > 0) for r in rates):
        yield Finding(
            f"text: {item} {word} in {bound.year}", bound.where, word, rates[0], "inconsistent",
            f"the tables go the other way: {bound.quoted}", cells=bound.cells,
        )  # fmt: skip


def _compound(tables: Tables, sentence: Sentence, bound: Bound) -> Iterator[Finding]:
    """A compound rate over the span that is said, of so many years as are said."""
    figure, name, cells = bound.figure, bound.name, bound.cells
    spans = list(SPAN.finditer(sentence.text))
    if not spans:
        return
    span = min(spans, key=lambda m: min(abs(m.start() - figure.end), abs(figure.start - m.end())))
    first, last = (int(y) if len(y) == 4 else 2000 + int(y) for y in span.groups())
    lasts = LASTS.search(sentence.text)
    count = (lasts[1] or lasts[2]).lower() if lasts else ""
    if lasts and (COUNTS.get(count) or int(count)) not in {last - first, last - first + 1}:
        yield Finding(f"text: {count} years from {first} to {last}", sentence.where, count, last - first,
                      "inconsistent", sentence.quoted, cells=cells)  # fmt: skip
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


_SUMMED = re.compile(r"average|mean|median|平均|均值|中位数", re.I)
_PEERS = re.compile(
    r"(?P<what>EV/EBITDA|EV/Sales|EV/EBIT|P/E|P/S|P/B|PE\b|PS\b|PB\b|市盈率|市销率|市净率)[^\d，。]{0,12}", re.I,
)  # fmt: skip


def _peers(tables: Tables, sentence: Sentence) -> Iterator[Finding]:
    """A mean or median multiple of the peers in words, against their table."""
    if not re.search(r"peer|同业|可比|comparable", sentence.text, re.I):
        return
    for m in _PEERS.finditer(sentence.text):
        figure = next(
            (f for f in figures(sentence.text) if f.kind == "times" and m.end() - 1 <= f.start <= m.end()),
            None,
        )
        near = [s[0].lower() for s in _SUMMED.finditer(sentence.text, max(0, m.start() - 24), m.end())]
        kind = near[-1] if near else ""
        if figure is None or not kind:
            continue
        wanted = "median" if kind in {"median", "中位数"} else "average"
        rows = [
            r
            for r in tables.of("comps")
            if summary_of(r) == wanted and _multiple(r.item) == _multiple(m["what"])
        ]
        said = {y.year for y in years(sentence.text)}
        rows = [r for r in rows if not said or r.year in said or r.year is None]
        printed = figure.interval(frozenset((key_of(sentence.where, figure),)))
        if rows and printed is not None:
            name = f"text: {wanted} {m['what']} of the peers"
            yield first_that_holds(partial(_as_peers, name, sentence, printed, r) for r in rows)


def _as_peers(name: str, sentence: Sentence, printed: Interval, record: Record) -> Finding:
    note = f"{sentence.quoted}; {record.where} prints {record.text}"
    return compare(name, sentence.where, printed, record.interval, worse="inconsistent", note=note)


_MULTIPLES = {
    "pe": ("pe", "p/e", "市盈率", "price_to_earnings", "forward_pe", "price_earnings"),
    "ps": ("ps", "p/s", "市销率", "price_to_sales"), "pb": ("pb", "p/b", "市净率", "price_to_book"),
    "ev_ebitda": ("ev/ebitda", "ev_ebitda", "ev_to_ebitda"), "ev_sales": ("ev/sales", "ev_sales", "ev_to_sales"),
    "ev_ebit": ("ev/ebit", "ev_ebit", "ev_to_ebit"),
}  # fmt: skip


def _multiple(text: str) -> str:
    low = re.sub(r"^(?:forward|trailing)_", "", text.strip().lower())
    return next((k for k, words in _MULTIPLES.items() if low in words), low)
