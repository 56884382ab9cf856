"""Every figure of a text that names a line and a year, against the tables: levels, growth, rates, shares of revenue.

A figure is bound to the line named last before it and to the year beside it. What is bound in doubt (another line's
words between, a year of the sentence before) is a fault only where it fits no year of its line; what cannot be bound is
listed among the figures that no check covers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from clustersim.finance.audit.binding import Bound, Told, bound_figures
from clustersim.finance.audit.counts import COUNTS
from clustersim.finance.audit.figures import Finding, Interval, compare, first_that_holds
from clustersim.finance.audit.labels import VOCABULARY
from clustersim.finance.audit.levels import (
    GROWTH,
    PER_SHARE,
    SPENT,
    Choices,
    held,
    is_ratio,
    rate_of,
    ratio_of,
    records_of,
)
from clustersim.finance.audit.mentions import SHARED, Name, figures, key_of, years
from clustersim.finance.audit.money import currency_of
from clustersim.finance.audit.moves_in_prose import compound, direction, last, points
from clustersim.finance.audit.multiples import summary_of
from clustersim.finance.audit.proportions import initials
from clustersim.finance.audit.prose import Sentence, sentences
from clustersim.finance.audit.quantities import Valuation
from clustersim.finance.audit.records import STATEMENTS, Record, Tables
from clustersim.finance.audit.script import folded, unmarked
from clustersim.finance.audit.valued_in_prose import valued_checks
from clustersim.finance.audit.wording import BASE, DOWN, OF_SALES, OF_SALES_ZH, RATE_OF, UP, YOY

__all__ = ["figure_checks", "uncovered_figures"]


def figure_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the check of every figure of the texts that is bound to a line and a year."""
    own, v = _printed_names(tables), Valuation(tables)
    strangers = {r.company.lower() for r in tables.of("comps") if len(r.company) > 2 and not summary_of(r)}
    strangers |= {r.company_zh for r in tables.of("comps") if len(r.company_zh) > 1 and not summary_of(r)}
    for file, text in tables.prose:
        told = Told()
        for sentence in sentences(file, text):
            if sentence.text.count("\t") > 2:
                continue
            told = told.at(sentence.where)
            named: list[Name] = []
            if not any(s in sentence.text.lower() for s in strangers):
                priced = list(valued_checks(tables, v, sentence))
                yield from priced
                done = frozenset().union(*(f.cells for f in priced))
                for bound in bound_figures(sentence, own, told):
                    named.append(bound.name)
                    if bound.cells <= done:
                        continue
                    yield from (
                        _said(tables, bound) if bound.year is not None else compound(tables, sentence, bound)
                    )
            yield from _peers(tables, sentence)
            said = years(sentence.text)
            # A year that is only compared with is not what the text goes on to tell.
            based = [y.year for y in said if BASE.search(sentence.text[: y.start])]
            told = told.then([y.year for y in said], named, based)


def _printed_names(tables: Tables) -> tuple[tuple[str, str], ...]:
    """Names of the lines that the tables print: whole, by their initials, and of a part of revenue with that word."""
    places = (*STATEMENTS, "ratios", "segments", *tables.schedules)
    rows = dict.fromkeys(
        (re.sub(r"\s*[(（].*", "", folded(unmarked(r.printed))).strip(), r.item, r.table)
        for place in places for r in tables.of(place) if r.printed and not re.search(r"_\d+$|^other|^subtotal", r.item)
    )  # fmt: skip
    out = dict.fromkeys((w, i) for w, i, _ in rows if _tells(w))
    known = {w.lower() for w, _ in out}
    more: dict[str, set[str]] = {}
    for word, item, table in rows:
        for form in _forms(
            word,
            part=table == "segments"
            or table in tables.schedules
            or (table == "income_statement" and not _known(item)),
        ):
            more.setdefault(form, set()).add(item)
    out |= dict.fromkeys(
        (w, next(iter(i))) for w, i in more.items() if len(i) == 1 and w.lower() not in known
    )
    return tuple(out)


def _tells(word: str) -> bool:
    """Whether a label is a name wherever it stands: no single short word of everyday English."""
    return not word.isascii() or " " in word or len(word) > 5 or (len(word) > 2 and word.isupper())


def _known(item: str) -> bool:
    return item in VOCABULARY["income_statement"]


def _forms(word: str, *, part: bool) -> Iterator[str]:
    """Other ways in which prose writes a label.

    >>> list(_forms("Net property income", part=False)), list(_forms("Subscription", part=True))
    (['NPI', 'Net income'], ['Subscription revenue', 'Subscription revenues', 'Subscription sales'])
    """
    if not word.isascii():
        yield from ((f"{word}收入", f"{word}业务收入") if part else ())
        return
    if part and not re.search(r"revenue|sales|cost|expense", word, re.I):
        yield from (f"{word} {behind}" for behind in ("revenue", "revenues", "sales"))
    if letters := initials(word):
        yield letters
    of, _, kind = word.rpartition(" ")
    if kind.lower() in {"margin", "growth", "yield", "ratio", "share"} and (letters := initials(of)):
        yield f"{letters} {kind}"
    bare = re.sub(r",? (?:net|gross)$", "", word)
    words = bare.split()
    if bare != word:
        yield bare
    if 3 <= len(words) <= 4 and "and" not in words:
        yield from (" ".join(words[:k] + words[k + 1 :]) for k in range(1, len(words) - 1))
    if "/" in word:
        yield from (word.replace("/", between) for between in ("-to-", " to ", "-"))


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
                f"{sentence.where}: {_shown(sentence)[max(0, f.start - 24) : f.end].strip()[:80]}" for f in rows
                if key_of(sentence.where, f) not in seen
            ]  # fmt: skip
    return tuple(out)


def _shown(sentence: Sentence) -> str:
    """A sentence as it is printed, where its letters stand where they are read."""
    return sentence.printed if len(sentence.printed) == len(sentence.text) else sentence.text


#: Balances that are told in days, too.
_IN_DAYS = {
    "inventories": "inventory_days", "trade_and_notes_receivables": "receivable_days",
    "trade_and_other_payables": "payable_days",
}  # fmt: skip


def _said(tables: Tables, bound: Bound) -> Iterator[Finding]:
    item, kind = bound.name.item, bound.figure.kind
    if kind == "count" and _DAYS.match(bound.after):
        item = _IN_DAYS.get(item, item)
    item = GROWTH.get(item, item)
    spoken = bound.before + " " + bound.after[:24]
    # "Sales rose 6 % and profit 8 % to ...": the second is told by the verb of the first.
    shared = bool(_SAID_TO.match(bound.after)) and bool(UP.search(bound.ahead) or DOWN.search(bound.ahead))
    moves = (
        bool(UP.search(spoken) or DOWN.search(spoken) or YOY.search(spoken) or bound.name.item in GROWTH)
        or shared
    )
    if kind == "percent" and not is_ratio(tables, item) and (told := list(_MARGIN.finditer(bound.before))):
        # A margin that is told behind a line is that line's; another margin is none of its rates.
        if _A_MARGIN.search(bound.before[: told[-1].end() + 4]):
            yield from _share(tables, bound, item)
    elif kind == "points" or (
        kind == "count" and _DAYS_MOVED.search(bound.before) and _DAYS.match(bound.after)
    ):
        yield from points(tables, bound, item)
    elif kind == "percent" and (
        OF_SALES.match(bound.after)
        or OF_SALES_ZH.search(bound.before)
        or RATE_OF.match(bound.before)
        or (
            _PARTLY.search(bound.before)
            and tables.of("segments")
            and records_of(tables, item, bound.year or 0)
            and not any(r.item == item for t in STATEMENTS for r in tables.of(t))
        )
    ):
        yield from _share(tables, bound, item)
    elif kind == "percent" and is_ratio(tables, item):
        if not _moving(bound) or _LEVEL.search(bound.before):
            yield from held(tables, f"text: {item}", bound, partial(ratio_of, tables, item), 0.01)
            yield from direction(tables, bound, item)
    elif kind == "percent" and moves:
        down = last(DOWN, bound) > last(UP, bound)
        if shared and not UP.search(spoken) and not DOWN.search(spoken):
            down = _last_of(DOWN, bound.ahead) > _last_of(UP, bound.ahead)
        sign = -1.0 if down and not bound.figure.number.startswith(("-", "−")) else 1.0
        yield from held(
            tables,
            f"text: {item} growth",
            bound,
            partial(rate_of, tables, item, bound.name.text),
            0.01 * sign,
        )
    elif kind == "count" and is_ratio(tables, item) and _DAYS.match(bound.after):
        yield from held(tables, f"text: {item}", bound, partial(ratio_of, tables, item), 1.0)
    elif kind in {"money", "cents"}:
        yield from _amount(tables, bound, item)
    elif kind == "times" and is_ratio(tables, item) and not _implied(tables, item):
        yield from held(tables, f"text: {item}", bound, partial(ratio_of, tables, item), 1.0)


_MARGIN = re.compile(r"\bmargins?\b|利润率|溢利率", re.I)
_A_MARGIN = re.compile(r"[,(（]\s*(?:or |for |at |with |implying |giving )?an? margin of", re.I)
_DAYS = re.compile(r"\s*(?:天|日|days?\b)", re.I)
_DAYS_MOVED = re.compile(
    r"(?:下降|减少|缩短|增加|上升|延长|\bby|\bup|\bdown|fell|rose|improved|lengthened|shortened)\s*了?\s*$",
    re.I,
)
#: What a segment is of revenue, said without the word.
_PARTLY = re.compile(r"占比(?:为|达到?|约)?\s*$")
_SAID_TO = re.compile(r"\s*(?:y-o-y|yoy|y/y|year[- ]on[- ]year)?\s*to\b", re.I)


def _last_of(words: re.Pattern[str], text: str) -> int:
    return max((m.start() for m in words.finditer(text)), default=-1)


#: What stands before a level, even of a line that moved.
_LEVEL = re.compile(
    r"(?:\b(?:to|at|from|of|than|was|were|is|reach\w*)|[至为达到从由在的])\s*$"
    r"|(?:\b(?:to|at|from|of)|[至从由在])\s*(?:FY\d{1,2}/\d\d|FY\d\d|20\d\d)[AEF]?\s*年?度?的?\s*$",
    re.I,
)


def _moving(bound: Bound) -> bool:
    return bool(
        UP.search(bound.before) or DOWN.search(bound.before) or YOY.search(bound.before + bound.after[:12])
    )


def _implied(tables: Tables, item: str) -> bool:
    """Whether the valuation prints its own multiple of this kind: a text means that one."""
    return any(r.item.startswith(f"implied_{item}_") for r in tables.of("valuation"))


def _share(tables: Tables, bound: Bound, item: str) -> Iterator[Finding]:
    def make(year: int) -> Choices:
        revenue = tables.find("income_statement", "revenue", year)
        if revenue is None or not revenue.value:
            return []
        return [_size(r.scaled[1] / revenue.scaled[1]) for r in records_of(tables, item, year)]

    if item not in PER_SHARE and not is_ratio(tables, item):
        yield from held(tables, f"text: {item} over revenue", bound, make, 0.01)


def _size(value: Interval) -> Interval:
    """A share of revenue is said without the minus of a cost."""
    return value.scaled(-1.0) if value.middle < 0 else value


_EARNED = {"net_profit", "profit_attributable_to_owners"}
_A_SHARE = re.compile(r"\s*(?:per|a) share\b", re.I)


def _amount(tables: Tables, bound: Bound, item: str) -> Iterator[Finding]:
    figure = bound.figure
    a_share = not figure.scaled and (figure.kind == "cents" or figure.coin)
    if (item == "dividends_paid" and a_share and re.match(r"\s*(?:per|a) share|/股", bound.after + " ")) or (
        item == "dividends_paid" and figure.kind == "cents"
    ):
        item = "dividend_per_share"
    if item in _EARNED and a_share and _A_SHARE.match(bound.after):
        # "Profit was 114.6 million, or 2.57 per share".
        item = "eps"
    records = records_of(tables, item, bound.year or 0)
    each = item in PER_SHARE or bool(records and records[0].unit.endswith("per_share"))
    if each != bool(a_share) or is_ratio(tables, item):
        return
    if not records:
        return
    own = currency_of(records[0].unit) or tables.currency
    factor = (0.01 if figure.kind == "cents" else 1.0) if a_share else figure.factor
    if item in COUNTS:
        if figure.coin:
            return
        # Shares are counted in millions where money is in thousands.
        factor = figure.factor * 1e-3
    if figure.coin and not _same_coin(figure.coin, own):
        yield from _other_coin(bound, records, factor, own)
        return

    def make(year: int) -> Choices:
        return [
            _unsigned(r.scaled[1], item, bound) for r in records_of(tables, item, year) if r.value is not None
        ]

    yield from held(tables, f"text: {item}", bound, make, factor)
    yield from direction(tables, bound, item)


def _same_coin(coin: str, own: str) -> bool:
    return coin == own or (coin in SHARED and (not SHARED[coin] or own in SHARED[coin]))


def _unsigned(value: Interval, item: str, bound: Bound) -> Interval:
    """A cost, a payment or a loss is said without its minus."""
    lost = re.search(
        r"loss|expenses?\b|\bcosts?\b|费用|开支|成本|亏损|\bused\b|outflow|流出|negative",
        bound.name.text + " " + bound.before,
        re.I,
    )
    minus = bound.figure.number.startswith(("-", "−"))
    if not minus and value.middle < 0 and (SPENT.search(item) or lost):
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
