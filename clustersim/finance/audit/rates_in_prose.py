"""Rates, multiples, currencies and tickers in the prose against the tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clustersim.finance.audit.figures import Finding, Interval, compare
from clustersim.finance.audit.money import CURRENCIES, canonical_unit, currency_of
from clustersim.finance.audit.prose import (
    ITEMS,
    NUMBER,
    PERCENT,
    SCALES,
    Sentence,
    clauses,
    interval,
    label,
    sentences,
)
from clustersim.finance.audit.records import Tables

__all__ = ["rate_checks"]

_GROWS = re.compile(
    r"同比|增长|增幅|增速|year[- ]on[- ]year|yoy|\bgr[eo]ws?\b|growth|\brises?\b|\brose\b|\bup\b", re.I
)
_NOT_GROWTH = re.compile(
    r"率为|毛利率|占|CAGR|复合|环比|超过?|约|逾|市场|行业"
    r"|over|more than|about|margin|share of|compound|market|industry",
    re.I,
)
_BEFORE = re.compile(r"环比|quarter[- ]on[- ]quarter|half[- ]on[- ]half|qoq|hoh|sequential", re.I)
_YEAR_BEFORE = re.compile(r"同比|year[- ]on[- ]year|yoy|from a year earlier|year over year", re.I)
_PART = re.compile(
    r"(?P<year>20\d\d)\s*年?\s*(?:(?P<half>上|下)半年|(?P<h>H[12])|第?(?P<q>[一二三四1-4])季度|(?P<k>Q[1-4]))"
)
_PART_EN = re.compile(r"\b(?P<k>[HQ][1-4]|[12]H)\s*(?P<year>20\d\d)\b")
_QUARTERS = {"一": "1", "二": "2", "三": "3", "四": "4"}
_MULTIPLES = {
    "implied_ps_blended": r"市销率|P/S|price[- ]to[- ]sales",
    "implied_pe_blended": r"市盈率|P/E|price[- ]to[- ]earnings",
}
_COINED = re.compile(
    rf"{NUMBER}\s*(?P<scale>十亿|百万|亿|billion|bn|million|mn)\s*(?P<coin>美元|港元|欧元|元|人民币|日元)?",
    re.I,
)
_TICKER = re.compile(
    r"(?P<name>[一-鿿A-Za-z][一-鿿A-Za-z ]{1,30}?)\s*[(（]\s*(?P<code>\d{4,6}|[A-Z]{1,5})\s*\."
    r"\s*(?P<board>HK|SH|SZ|US|KS|T|L)\s*[)）]"
)


def rate_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the checks of every text: growth, what a growth is over, multiples, currencies, tickers."""
    for name, text in tables.prose:
        for sentence in sentences(name, text):
            for clause in clauses(sentence):
                yield from _period_words(tables, sentence, clause)
                yield from _multiple(tables, sentence, clause)
                yield from _currency(tables, sentence, clause)
                yield from _unit(sentence, clause)
            yield from _tickers(tables, sentence)


def _part(clause: str) -> tuple[int, str, int] | None:
    """Year, ``H`` or ``Q``, and which of them a clause names; None for none or several."""
    found = [*_PART.finditer(clause), *_PART_EN.finditer(clause)]
    if len(found) != 1:
        return None
    named = found[0].groupdict()
    if named.get("half"):
        return int(named["year"]), "H", 1 if named["half"] == "上" else 2
    if named.get("q"):
        return int(named["year"]), "Q", int(_QUARTERS.get(named["q"], named["q"]))
    text = named.get("h") or named.get("k") or ""
    kind, which = ("H", text.strip("H")) if "H" in text else ("Q", text.strip("Q"))
    return int(named["year"]), kind, int(which)


def _period_words(tables: Tables, sentence: Sentence, clause: str) -> Iterator[Finding]:
    """A growth of part of a year that the words call one over a year before and that is one over the part before."""
    part, rate = _part(clause), PERCENT.search(clause)
    item = label(clause, ITEMS, "income_statement")
    sequential = _BEFORE.search(clause) is not None
    if part is None or rate is None or item is None or not (sequential or _YEAR_BEFORE.search(clause)):
        return
    year, kind, which = part
    last = 2 if kind == "H" else 4
    before = (year, which - 1) if which > 1 else (year - 1, last)
    values = {
        words: _sub(tables, item, *at, kind)
        for words, at in (("now", (year, which)), ("sequential", before), ("year", (year - 1, which)))
    }
    now, asked = values["now"], values["sequential" if sequential else "year"]
    other = values["year" if sequential else "sequential"]
    printed = interval(rate["number"], 0.01, sentence.where)
    if now is None:
        return
    as_other = other is not None and printed.meets(now / other - Interval.exactly(1.0))
    found = None if asked is None else compare(
        f"text: {item} growth {year}{kind}{which}", sentence.where, printed, now / asked - Interval.exactly(1.0),
        worse="inconsistent", note=sentence.quoted,
    )  # fmt: skip
    if as_other and (found is None or found.verdict == "inconsistent"):
        words = ("the part before", "a year before") if sequential else ("a year before", "the part before")
        yield Finding(
            f"text: {item} growth {year}{kind}{which}, over which period", sentence.where, printed.middle,
            found.recomputed if found else None, "inconsistent",
            f"called over {words[0]}, it is the growth over {words[1]}: {sentence.quoted}",
        )  # fmt: skip
    elif found is not None:
        yield found


def _sub(tables: Tables, item: str, year: int, which: int, kind: str) -> Interval | None:
    for record in tables.of("income_statement"):
        if record.item == item and record.period.rstrip("AE") == f"{year}{kind}{which}" and record.value:
            return record.scaled[1]
    return None


def _multiple(tables: Tables, sentence: Sentence, clause: str) -> Iterator[Finding]:
    """A multiple of a named year: one of those that the valuation prints for that year."""
    for item, words in _MULTIPLES.items():
        found = re.search(
            rf"(20\d\d)\s*(?:年|E)?[^\d]{{0,6}}(?:{words})[^\d]{{0,12}}{NUMBER}\s*(?:倍|x\b|times)",
            clause,
            re.I,
        )
        if found is None or re.search(r"平均|\baverage|\bmean\b|peer|同业|可比", clause, re.I):
            continue
        family = item.split("_")[1]
        rows = [
            r for r in tables.of("valuation")
            if r.item.startswith(f"implied_{family}") and r.year == int(found[1]) and r.value is not None
        ]  # fmt: skip
        if not rows:
            continue
        printed = interval(found["number"], 1.0, sentence.where)
        best = min(rows, key=lambda r: abs((r.value or 0.0) - printed.middle))
        yield compare(
            f"text: implied {family.upper()} {found[1]}", sentence.where, printed, best.interval, worse="inconsistent",
            note=f"{sentence.quoted}; {best.where} prints {best.text}",
        )  # fmt: skip


def _currency(tables: Tables, sentence: Sentence, clause: str) -> Iterator[Finding]:
    """A value of the company that the tables print in one currency and the prose in another."""
    values = [r for r in tables.of("valuation") if re.match(r"value_(dcf|ps|blended)$", r.item) and r.value]
    for amount in re.finditer(
        rf"{NUMBER}\s*(?P<scale>十亿|百万|亿|billion|bn|million|mn)\s*(?P<coin>美元|港元|欧元|元|人民币|日元)?",
        clause,
        re.I,
    ):
        before = re.search(rf"({'|'.join(re.escape(w) for ws in CURRENCIES.values() for w in ws if len(w) > 1)})\s*$",
                           clause[: amount.start()].lower())  # fmt: skip
        coin = amount["coin"] or (before[1] if before else "")
        code = currency_of(canonical_unit(coin) or "") if coin and coin != "元" else "CNY" if coin else None
        for record in values:
            printed = interval(amount["number"], SCALES[amount["scale"].lower()], sentence.where)
            own = currency_of(record.unit)
            if (
                code not in {None, own}
                and printed.meets(record.scaled[1])
                and len(amount["number"].strip("-")) > 2
            ):
                yield Finding(
                    f"text: currency of {amount[0].strip()}", sentence.where, code, own, "inconsistent",
                    f"{record.where} prints this number in {own}: {sentence.quoted}",
                )  # fmt: skip
                break


#: What a unit in brackets counts, and the words that its number must be followed by.
_SCALED_UNITS = re.compile(
    rf"{NUMBER}\s*(?P<words>次浮点运算|次运算|floating[- ]point operations?|operations?|瓦|watts?|字节|bytes?)"
    r"[^（()]{0,16}"
    r"[（(]\s*(?P<unit>[EPTGMk])(?:FLOPS|FLOP/s|OPS|W|B)\s*[）)]", re.I,
)  # fmt: skip


def _unit(sentence: Sentence, clause: str) -> Iterator[Finding]:
    """A number of plain units, and beside it in brackets a unit a thousand and more times as large."""
    for found in _SCALED_UNITS.finditer(clause):
        yield Finding(
            f"text: unit of {found['number']} {found['words']}", sentence.where, found["words"], found[0], "misprint",
            f"the words count single units and the bracket larger ones: {sentence.quoted}",
        )  # fmt: skip


def _tickers(tables: Tables, sentence: Sentence) -> Iterator[Finding]:
    """A company with its code in the prose, and another code in the tables."""
    known: dict[str, set[str]] = {}
    for _, company, ticker in tables.tickers:
        known.setdefault(company.strip().lower(), set()).update(_codes(ticker))
    for record in tables.records:
        for company in (record.company, record.company_zh):
            if record.table == "comps" and company and record.ticker:
                known.setdefault(company.strip().lower(), set()).update(_codes(record.ticker))
    for found in _TICKER.finditer(sentence.text):
        code = f"{found['code']}.{found['board']}".upper()
        name = found["name"].strip().lower()
        own = next((codes for company, codes in known.items() if name.endswith(company) and company), None)
        if own is not None and code not in own:
            yield Finding(
                f"text: ticker of {found['name'].strip()}", sentence.where, code, ", ".join(sorted(own)),
                "inconsistent", f"the tables print another code: {sentence.quoted}",
            )  # fmt: skip


def _codes(text: str) -> set[str]:
    return {re.sub(r"\s+", "", part).upper() for part in text.split("/") if part.strip()}
