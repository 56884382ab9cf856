"""One name in two spellings: companies, words, and the lines of the tables that a text miswrites by one character."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clustersim.finance.audit.figures import Finding
from clustersim.finance.audit.labels import VOCABULARY
from clustersim.finance.audit.records import STATEMENTS, Tables
from clustersim.finance.audit.script import folded, unmarked

__all__ = ["spelling_checks"]

#: A line's name of fewer characters is another word where one of them differs.
SHORTEST = 6
#: Characters that change places in names of lines and leave each a name of its own.
_OTHER = (
    "收付支",
    "资负",
    "内外",
    "长短",
    "增减",
    "上下",
    "前后",
    "初末终",
    "入出",
    "借贷",
    "投融筹",
    "净总毛",
    "年期",
    "应预已",
    "税利",
    "本益",
    "基稀",
)


def spelling_checks(tables: Tables, name: str, text: str) -> Iterator[Finding]:
    """Yield names in two spellings, and names of the tables' lines with one wrong character."""
    yield from _names(name, text)
    yield from _lines(tables, name, text)


def _lines(tables: Tables, name: str, text: str) -> Iterator[Finding]:
    """A line of the tables by its printed name but for one character, once: another name stands more often."""
    plain = folded(text)
    labels = {
        re.sub(r"[\s(（].*", "", folded(unmarked(r.printed)))
        for t in (*STATEMENTS, "ratios", "claims") for r in tables.of(t)
    }  # fmt: skip
    labels |= {folded(x) for r in tables.records for x in _zh(r.item)}
    usable = sorted(x for x in labels if len(x) >= SHORTEST and re.fullmatch(r"[一-鿿]+", x) and x in plain)
    known = {
        w for table in VOCABULARY.values() for words in table.values() for w in words.split("|")
    } | labels
    for label in usable:
        half = len(label) // 2
        for part, at in ((label[:half], 0), (label[half:], half)):
            for m in re.finditer(part, plain):
                start = m.start() - at
                said = plain[max(0, start) : start + len(label)]
                if start < 0 or not _one_off(said, label) or said in known or plain.count(said) > 1:
                    continue
                line = plain.count("\n", 0, start) + 1
                yield Finding(
                    f"text: {label} in two spellings", f"{name}:{line}", text[start : start + len(label)], label,
                    "misprint", f"the tables and the text elsewhere call this line {label}",
                )  # fmt: skip


def _zh(item: str) -> list[str]:
    """The Chinese names of a canonical line."""
    return [
        w
        for table in STATEMENTS
        for w in VOCABULARY[table].get(item, "").split("|")
        if re.fullmatch(r"[一-鿿]+", w)
    ]


def _one_off(said: str, label: str) -> bool:
    """Whether two texts of one length differ in one character that makes no other name.

    >>> _one_off("销售及营销开始", "销售及营销开支"), _one_off("其他应付款项", "其他应收款项")
    (True, False)
    """
    if len(said) != len(label):
        return False
    off = [(a, b) for a, b in zip(said, label, strict=True) if a != b]
    if len(off) != 1 or not re.fullmatch(r"[一-鿿]", off[0][0]):
        return False
    return not any(off[0][0] in group and off[0][1] in group for group in _OTHER)


def _names(name: str, text: str) -> Iterator[Finding]:
    """One name in two spellings: companies that differ in one character, and words that differ in case alone."""
    where: dict[str, int] = {}
    counts: dict[str, int] = {}
    for line, row in enumerate(text.splitlines(), 1):
        for word in re.findall(r"(?<![一-鿿])[一-鿿]{2}(?=科技|集团|股份)|[A-Z][A-Za-z]{4,}", row):
            where.setdefault(word, line)
            counts[word] = counts.get(word, 0) + 1
    words = sorted(where)
    for i, one in enumerate(words):
        for other in words[i + 1 :]:
            if not _alike(one, other):
                continue
            rare, usual = sorted((one, other), key=lambda w: counts[w])
            yield Finding(
                f"text: {usual} in two spellings", f"{name}:{where[rare]}", rare, usual, "misprint",
                f"{rare} {counts[rare]} times, {usual} {counts[usual]} times",
            )  # fmt: skip


def _alike(one: str, other: str) -> bool:
    if one.isascii() and other.isascii():
        if len(one) == len(other) > 6 and one != other and sorted(one) == sorted(other):
            # Two letters that changed places.
            return sum(a != b for a, b in zip(one, other, strict=True)) == 2
        inner = any(c.isupper() for c in one[1:]) != any(c.isupper() for c in other[1:])
        return one.lower() == other.lower() and inner and not one.isupper() and not other.isupper()
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) == 1
