"""What the prose asserts in words: steady growth, so many times another product, first sales, nobody there, codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from clustersim.finance.audit.figures import Finding
from clustersim.finance.audit.prose import ITEMS, YEAR, Sentence, label, sentences
from clustersim.finance.audit.records import Tables

__all__ = ["assertion_checks"]

_STEADY = re.compile(
    r"稳定增长|稳步增长|持续增长|逐年增长|逐年上升"
    r"|grows? (?:steadily|every year|each year)|steady growth|rises? every year",
    re.I,
)
_OPEX = re.compile(r"三项?费用|三费|operating expenses", re.I)
_EXPENSES = (
    "selling_and_marketing_expenses",
    "general_and_administrative_expenses",
    "research_and_development_expenses",
)
_TIMES = {"两": 2.0, "二": 2.0, "三": 3.0, "四": 4.0, "五": 5.0, "twice": 2.0, "double": 2.0, "three times": 3.0,
          "four times": 4.0}  # fmt: skip
_PRODUCT = r"[A-Z][A-Za-z]*[- ]?\d{2,4}[A-Z]?"
_TWICE = re.compile(
    rf"(?P<one>{_PRODUCT})[^。]{{0,40}}?(?:是|为)\s*(?P<other>{_PRODUCT})\s*的\s*(?P<times>[两二三四五]|\d+(?:\.\d+)?)\s*倍"
)
_TWICE_EN = re.compile(
    rf"(?P<one>{_PRODUCT})\b.{{0,80}}?\b(?P<times>twice|double|three times|four times|\d+(?:\.\d+)?(?:x| times))"
    rf".{{0,20}}?\b(?P<other>{_PRODUCT})", re.I,
)  # fmt: skip
#: A spoken multiple is round: within 5 % of it.
ROUND = 0.05
_FIRST_SALES = re.compile(
    r"(20\d\d)\s*年(?:开始|起|首次)[^，。]{0,20}(?:产生收入|创收|录得收入)"
    r"|(?:first|began|started)[^.]{0,40}(?:revenue|sales)[^.]{0,10}in (20\d\d)",
    re.I,
)
_NOBODY = re.compile(
    r"空白|尚无|没有(?:一家)?(?:本土|国产|中国)|no (?:domestic|local|Chinese) (?:vendor|maker|supplier|player)",
    re.I,
)
_OWN = re.compile(r"本土|国产|中国芯片|domestic|local|Chinese", re.I)
_CODE = re.compile(r"\b(?:ZL|CN)\d{9,13}(?:\.[\dX])?|\b20\d\dSR\d{7}\b|\bUS\d{7,8}\b")


def assertion_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the checks of what every text asserts in words."""
    for name, text in tables.prose:
        for sentence in sentences(name, text):
            yield from _steady(tables, sentence)
            yield from _times(sentence, text)
            yield from _first(tables, sentence)
            yield from _nobody(tables, sentence)
        yield from _codes_twice(name, text)


def _steady(tables: Tables, sentence: Sentence) -> Iterator[Finding]:
    """Steady growth of named lines: no year of those that are named, or of the forecast, falls."""
    if not _STEADY.search(sentence.text) or re.search(r"市场|行业|market|industry", sentence.text, re.I):
        return
    clause = next(c for c in re.split(r"[，]|, ", sentence.text) if _STEADY.search(c))
    item = label(clause, ITEMS, "income_statement")
    items = _EXPENSES if _OPEX.search(clause) else (item,) if item else ()
    years = sorted({int(y) for y in YEAR.findall(sentence.text)})
    for one in items:
        rows = {
            r.year: r
            for r in tables.of("income_statement")
            if r.item == one and r.year and r.value is not None
        }
        asked = [
            y for y in (years or [y for y, r in rows.items() if r.forecast]) if y in rows and y - 1 in rows
        ]
        for year in asked:
            now, then = abs(rows[year].value or 0.0), abs(rows[year - 1].value or 0.0)
            if now < then:
                yield Finding(
                    f"text: {one} grows in {year}", sentence.where, now, then, "inconsistent",
                    f"said to grow steadily, it falls ({rows[year - 1].text} to {rows[year].text}): {sentence.quoted}",
                )  # fmt: skip


def _times(sentence: Sentence, text: str) -> Iterator[Finding]:
    """One product so many times another in named respects: each respect by the table that lists both."""
    for found in (*_TWICE.finditer(sentence.text), *_TWICE_EN.finditer(sentence.text)):
        words = found["times"].lower()
        times = _TIMES.get(words) or float(re.sub(r"[^\d.]", "", words) or 0.0)
        rows = _product_rows(text)
        one, other = found["one"].lower(), found["other"].lower()
        if not times or one == other or one not in rows or other not in rows:
            continue
        for column, base in rows[other].items():
            for value in rows[one].get(column, ()):
                if not _names(found[0], column) or not base or base[0] <= 0:
                    continue
                ratio = value / base[0]
                good = abs(ratio / times - 1.0) <= ROUND
                note = "" if good else f"the table prints {value:g} and {base[0]:g}: {sentence.quoted}"
                yield Finding(
                    f"text: {found['one']} over {found['other']}, {column}", sentence.where, times, ratio,
                    "ok" if good else "inconsistent", note,
                )  # fmt: skip


def _names(said: str, column: str) -> bool:
    """Whether a sentence names what a column holds: a word of two letters of Chinese, or a word of English."""
    words = re.findall(r"[a-z]{4,}", column.lower())
    pairs = [a + b for run in re.findall(r"[一-鿿]+", column) for a, b in pairwise(run)]
    codec = "编解码" in said and ("编码" in column or "解码" in column)
    return codec or any(w in said.lower() for w in words) or any(p in said for p in pairs)


def _product_rows(text: str) -> dict[str, dict[str, list[float]]]:
    """Return the numbers of every table of tab-separated rows: product -> column -> its distinct values.

    A row without a product in its first cell goes on with the one before; cells that are empty are left out.
    """
    out: dict[str, dict[str, list[float]]] = {}
    head: list[str] = []
    product = ""
    for row in text.splitlines():
        cells = [cell.strip() for cell in row.split("\t")]
        if len(cells) < 4:
            head = [] if row.strip() else head
            continue
        if not head:
            head, product = cells, ""
            continue
        if re.fullmatch(_PRODUCT, cells[0]):
            product = cells[0].lower()
        # The numbers stand at the right of the names: a cell's column is counted from the end where rows are short.
        for column, cell in zip(head[1:], cells[-len(head) + 1 :], strict=False):
            values = [float(v) for v in re.findall(r"\d+(?:\.\d+)?", cell.replace(",", ""))]
            if product and len(values) == 1 and not re.search(r"[A-Za-z]\d", cell):
                known = out.setdefault(product, {}).setdefault(column, [])
                if values[0] not in known:
                    known.append(values[0])
    return out


def _first(tables: Tables, sentence: Sentence) -> Iterator[Finding]:
    """First revenue in a year whose printed growth needs revenue in the year before."""
    found = _FIRST_SALES.search(sentence.text)
    if found is None:
        return
    year = int(found[1] or found[2])
    growth = tables.find("ratios", "revenue_growth_yoy", year)
    now = tables.find("income_statement", "revenue", year)
    before = tables.find("income_statement", "revenue", year - 1)
    if before is not None and (before.value or 0.0) > 0:
        implied = before.value
    elif growth is not None and now is not None and growth.value is not None and now.value:
        implied = now.value / (1.0 + growth.value / 100.0)
    else:
        return
    yield Finding(
        f"text: first revenue in {year}", sentence.where, 0.0, implied, "inconsistent",
        f"the tables have revenue in {year - 1}: {sentence.quoted}",
    )  # fmt: skip


def _nobody(tables: Tables, sentence: Sentence) -> Iterator[Finding]:
    """A share that the tables print above nought, of those who are said not to be there."""
    clause = next((c for c in re.split(r"[，；]|, ", sentence.text) if _NOBODY.search(c)), None)
    if clause is None or not _OWN.search(clause):
        return
    years = {int(y) for y in YEAR.findall(sentence.text)}
    for record in tables.of("market"):
        share = re.search(r"domestic|local", record.item) and record.item.endswith("share")
        if share and record.value and (not years or record.year in years):
            yield Finding(
                f"text: nobody there in {record.year}", sentence.where, 0.0, record.value, "inconsistent",
                f"{record.where} prints {record.text} {record.unit}: {sentence.quoted}",
            )  # fmt: skip
            return


def _codes_twice(name: str, text: str) -> Iterator[Finding]:
    """A patent or a registration listed under two numbers of one list."""
    first: dict[str, tuple[int, str]] = {}
    for line, row in enumerate(text.splitlines(), 1):
        number = re.match(r"\s*(\d+)[\t .、)]", row)
        for code in _CODE.findall(row) if number else ():
            assert number is not None
            at, entry = first.setdefault(code, (line, number[1]))
            if entry != number[1]:
                yield Finding(
                    f"text: {code} listed twice", f"{name}:{line}", number[1], entry, "inconsistent",
                    f"line {at} lists it as number {entry}: {row.strip()[:100]}",
                )  # fmt: skip
