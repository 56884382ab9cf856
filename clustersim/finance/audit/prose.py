"""What the prose says against the tables: rules for Chinese and English, the sentence quoted in every finding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from clustersim.finance.audit.figures import Finding, Interval, compare, half_digit, number
from clustersim.finance.audit.labels import VOCABULARY
from clustersim.finance.audit.records import Tables
from clustersim.finance.audit.script import folded
from clustersim.finance.audit.spellings import spelling_checks

__all__ = [
    "ITEMS", "MONEY", "NUMBER", "PERCENT", "SCALES", "YEAR", "Sentence", "clauses", "interval", "label", "prose_checks",
    "sentences",
]  # fmt: skip

#: Scales as prose writes them: factor in thousands of the currency.
SCALES = {"亿": 1e5, "万": 10.0, "百万": 1e3, "千": 1.0, "十亿": 1e6, "billion": 1e6, "bn": 1e6, "million": 1e3,
           "mn": 1e3, "m": 1e3, "thousand": 1.0}  # fmt: skip
_SIZE = r"(?P<scale>十亿|百万|亿|万|千|billion|bn|million|mn|m|thousand)"
NUMBER = r"(?P<number>[-−]?(?<!\d)\d[\d,]{0,40}(?:\.\d{1,20})?(?!\d))"
MONEY = re.compile(rf"{NUMBER}\s*{_SIZE}(?![a-z])(?P<coin>美元|港元|欧元)?", re.I)
PERCENT = re.compile(rf"{NUMBER}\s*(?:%|per cent|percent)", re.I)
YEAR = re.compile(r"(?<![\d.])(20\d\d)(?![\d.])")
_SPAN = re.compile(r"(20\d\d)\s*(?:年)?\s*(?:-|–|—|至|to)\s*(20\d\d)")
ITEMS = ("revenue", "gross_profit", "net_profit", "adjusted_net_profit", "selling_and_marketing_expenses",
          "general_and_administrative_expenses", "research_and_development_expenses", "cost_of_sales",
          "operating_profit")  # fmt: skip
_BALANCES = (
    "inventories",
    "trade_and_notes_receivables",
    "cash_and_cash_equivalents",
    "total_assets",
    "total_equity",
)


#: Letters of the longest sentence that is read as one.
LONGEST = 600


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with its place."""

    where: str
    text: str
    """What it says, in simplified characters."""
    printed: str = ""

    @property
    def quoted(self) -> str:
        """The sentence as it is printed, shortened where it is long."""
        text = self.printed or self.text
        return f"“{text if len(text) <= 120 else text[:117] + '...'}”"


def sentences(name: str, text: str) -> Iterator[Sentence]:
    """Yield the sentences of a text with file and line.

    >>> [s.text for s in sentences("a.txt", "Revenue is 1.5 bn. It grows; fast。是")]
    ['Revenue is 1.5 bn', 'It grows', 'fast', '是']
    """
    for line, row in enumerate(text.splitlines(), 1):
        for whole in re.split(r"[。；;！？]|\.(?=\s|$)", row):
            for part in _stretches(whole):
                if part.strip():
                    yield Sentence(f"{name}:{line}", folded(part.strip()), part.strip())


def _stretches(sentence: str) -> Iterator[str]:
    """Yield a sentence, or parts of one that no report prints: figures are bound to names within a part.

    A part ends at a comma or a space where its second half has one, else behind what is no digit: no number is cut, and
    the work grows with the text and not with its square.
    """
    at = 0
    while len(sentence) - at > LONGEST:
        half = at + LONGEST // 2
        stretch = sentence[half : at + LONGEST]
        ends = [m.end() for m in re.finditer(r"[，、]|, |\s(?=[^\d\s])", stretch)] or [
            m.end() for m in re.finditer(r"[^\d.,](?!\d)", stretch)
        ]
        end = half + ends[-1] if ends else at + LONGEST
        yield sentence[at:end]
        at = end
    yield sentence[at:]


def clauses(sentence: Sentence) -> list[str]:
    """Return what the commas of a sentence part; a comma within a number parts nothing.

    >>> clauses(Sentence("a.txt:1", "Sales of 1,500, up 3%, grow，利润增长"))
    ['Sales of 1,500', 'up 3%', 'grow', '利润增长']
    """
    return re.split(r"[，]|, (?=[a-zA-Z])", sentence.text)


def prose_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the checks of every text that stands beside the tables."""
    for name, text in tables.prose:
        for sentence in sentences(name, text):
            for clause in clauses(sentence):
                yield from _method(tables, sentence, clause)
            yield from _from_to(sentence)
            yield from _late(tables, sentence)
        yield from _headings(name, text)
        yield from _captions(name, text)
        yield from spelling_checks(tables, name, text)


def label(clause: str, items: tuple[str, ...], table: str) -> str | None:
    """The only item that a clause names, by the longest of its names; None for none or several."""
    low, found = clause.lower(), {}
    for item in items:
        words = (item.replace("_", " "), *VOCABULARY[table][item].split("|"))
        hits = [w for w in words if len(w) > 1 and w.lower() in low]
        if hits:
            found[item] = max(hits, key=len)
    # "Adjusted profit" contains "profit": a name within a longer one is not named.
    kept = [i for i, w in found.items() if not any(w in v and w != v for v in found.values())]
    return kept[0] if len(kept) == 1 else None


def interval(text: str, factor: float, where: str) -> Interval:
    """All values that round to a number of a text, times a factor; its place and digits are the cell."""
    plain = text.replace("−", "-").rstrip(",")
    value, half = number(plain) or 0.0, half_digit(plain)
    return Interval(value - half, value + half, frozenset((f"{where} {plain}",))).scaled(factor)


def _from_to(sentence: Sentence) -> Iterator[Finding]:
    """``from A to B, up X %``: the rate, plain or compound, against the two amounts beside it."""
    text = sentence.text
    amounts = list(MONEY.finditer(text))
    rate = re.search(
        r"(?P<kind>复合年?增长率|年均复合增速|CAGR|增幅|增长率|增长|up|growth of|increase of)"
        r"[^\d，,]{0,6}(?P<rate>\d+(?:\.\d+)?)\s*%",
        text, re.I,
    )  # fmt: skip
    if len(amounts) != 2 or rate is None or not re.search(r"(由|从|from).*(至|到|to)", text):
        return
    then, now = (interval(m["number"], SCALES[m["scale"].lower()], sentence.where) for m in amounts)
    if then.low <= 0 or re.search(r"(超过?|over|more than|约|about)[^\d]{0,4}$", text[: rate.start("rate")]):
        return
    ratio, years = now / then, sorted({int(y) for y in YEAR.findall(text)})
    if re.search(r"复合|CAGR", rate["kind"], re.I):
        if len(years) != 2:
            return
        power = 1 / (years[1] - years[0])
        ratio = Interval(ratio.low**power, ratio.high**power)
    yield compare(
        "text: growth between the two amounts", sentence.where, interval(rate["rate"], 0.01, sentence.where),
        ratio - Interval.exactly(1.0), worse="inconsistent", note=sentence.quoted,
    )  # fmt: skip


_QUARTER = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}


def _late(tables: Tables, sentence: Sentence) -> Iterator[Finding]:
    """Something expected for a date that had passed when the report was issued."""
    issued = next((r.text for r in tables.of("valuation") if r.item == "report_date"), "")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", issued):
        return
    for found in re.finditer(
        r"(?:预计于?|待[^，]{0,12}|expected (?:in|by|for) )\s*(?:Q(?P<q>[1-4]) )?(?P<year>20\d\d)\s*年?\s*"
        r"(?:第?(?P<quarter>[一二三四1-4])季度|Q(?P<after>[1-4]))?", sentence.text, re.I,
    ):  # fmt: skip
        part = _QUARTER.get(found["quarter"] or found["after"] or found["q"] or "4", 4)
        ends = f"{found['year']}-{3 * part:02d}-30"
        if ends < issued:
            yield Finding(
                "text: status is out of date", sentence.where, found[0], issued, "inconsistent",
                f"expected for a date before the report: {sentence.quoted}",
            )  # fmt: skip


def _method(tables: Tables, sentence: Sentence, clause: str) -> Iterator[Finding]:
    """A value that the tables reach by sales is not said to be reached by earnings."""
    value = tables.one("valuation", "value_ps")
    if value is None or not re.search(r"市盈率|price-to-earnings|p/e\b", clause, re.I):
        return
    for amount in MONEY.finditer(clause):
        if interval(amount["number"], SCALES[amount["scale"].lower()], sentence.where).meets(value.scaled[1]):
            yield Finding(
                f"text: the multiple behind {amount[0]}", sentence.where, "P/E", "P/S", "inconsistent",
                f"{value.where} reaches it by sales: {sentence.quoted}",
            )  # fmt: skip


_CAPTION = re.compile(
    r"^\s*(?:图表|图|表|Figure|Table|Exhibit)\s*(\d+)\s*[.．:：]\s*(.+?)(?:\t\d+)?\s*$", re.I
)
_TITLES = {"损益表": "income", "利润表": "income", "资产负债表": "balance", "现金流量表": "cash", "重要比率": "ratios",
           "income statement": "income", "balance sheet": "balance", "cash flow statement": "cash",
           "key ratios": "ratios"}  # fmt: skip


def _title(text: str) -> str | None:
    return next((kind for word, kind in _TITLES.items() if word in text.lower()), None)


def _captions(name: str, text: str) -> Iterator[Finding]:
    """A caption printed twice in two wordings, and a table headed as another than its caption says."""
    first: dict[str, tuple[int, str]] = {}
    rows = text.splitlines()
    for at, row in enumerate(rows):
        found = _CAPTION.match(row)
        if found is None:
            continue
        words = re.sub(r"[\s()（）]+", "", found[2]).lower()
        line, before = first.setdefault(found[1], (at + 1, words))
        if words != before:
            yield Finding(
                f"text: caption {found[1]}", f"{name}:{at + 1}", found[2], rows[line - 1].strip(), "inconsistent",
                f"line {line} words it otherwise",
            )  # fmt: skip
        after = [r for r in rows[at + 1 : at + 5] if r.strip()][:1]
        heads = _title(after[0].split("\t")[0]) if after and not _CAPTION.match(after[0]) else None
        if heads is not None and _title(found[2]) not in {None, heads}:
            yield Finding(
                f"text: heading of table {found[1]}", f"{name}:{at + 2}", after[0].split("\t")[0].strip(), found[2],
                "misprint", "the table is headed as another one",
            )  # fmt: skip


def _headings(name: str, text: str) -> Iterator[Finding]:
    """A heading and its line in the contents that differ in one character."""
    first: dict[int, list[tuple[int, str]]] = {}
    for line, row in enumerate(text.splitlines(), 1):
        words = re.sub(r"\s+\d+$", "", row.strip())
        if not 8 <= len(words) <= 80 or re.search(r"\d", words) or not re.search(r"[a-z一-鿿]", words):
            continue
        for at, before in first.setdefault(len(words), []):
            if sum(a != b for a, b in zip(words, before, strict=True)) == 1:
                yield Finding(
                    "text: one heading in two spellings", f"{name}:{line}", words, before, "misprint",
                    f"line {at} spells it otherwise",
                )  # fmt: skip
        if all(before != words for _, before in first[len(words)]):
            first[len(words)].append((line, words))
