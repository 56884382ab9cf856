"""Which English words are left in what Chinese readers are shown: not names, units, keys and what one types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import clustersim as cs
from clustersim.report.answer import Answer
from clustersim.report.spoken import _NAMES, spoken
from clustersim.report.text import table_cells
from clustersim.schema.yamlfile import read_yaml

_APART = r"[^\s,;:()\u3000-\uffff]"
#: What one types or reads in a file: in backticks, with a dot, an underscore, a slash, a digit or an equals sign.
_TYPED = re.compile(
    r"`[^`]*`|\"[^\"]*\"|(?<!\w)'[^']+'(?!\w)|--batch auto|--[a-z-]+|(?:recompute|micro-batch|interleave) \w+"
    rf"|{_APART}*[\d_/\\=@]{_APART}*|{_APART}*[A-Za-z]\.[A-Za-z]{_APART}*"
)
_WORD = re.compile(r"(?<![\w-])[A-Za-z]?[a-z]{2,}(?:-[a-z]{2,})*(?![\w-])")
#: Units, and terms that Chinese engineers write in English: the notation of plans, statistics by their inventor.
KEPT = frozenset((
    "clustersim", "bit", "min", "max", "Gbps", "log", "yaml", "json", "csv", "html",
    "recompute", "micro-batch", "interleave", "selective",
    "Llama", "Spearman", "Shapley", "Sobol", "Morris", "Weibull", "Poisson", "Young", "Daly",
))  # fmt: skip


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """Names in the shipped files: of profiles, scenarios, workloads, products; and their words with a capital."""
    root = Path(cs.__file__).parent.parent
    found: set[str] = set()
    for folder in ("hwprofiles", "scenarios"):
        for path in sorted((root / folder).rglob("*.yaml")):
            found |= {path.stem, *_named(read_yaml(path).data)}
    return frozenset(found | {w for name in found for w in re.findall(r"[A-Z][A-Za-z]+", name)})


def _named(data: object) -> Iterator[str]:
    """Names that a file gives: its own, its maker, and the keys under which workloads, products and peers stand."""
    if not isinstance(data, dict):
        return
    yield from (str(data[key]) for key in ("name", "title", "vendor", "family", "engine") if key in data)
    for key in ("demand", "products", "members", "groups", "cases", "parts", "sotp", "streams"):
        inside = data.get(key)
        yield from map(str, inside if isinstance(inside, dict) else ())
    for value in data.values():
        for inner in value if isinstance(value, list) else (value,):
            yield from _named(inner)


@lru_cache(maxsize=1)
def quotes() -> tuple[str, ...]:
    """What the shipped files quote of their sources, the longest first: a quotation stays in its language."""
    root = Path(cs.__file__).parent.parent
    found: set[str] = set()
    for folder in ("hwprofiles", "scenarios"):
        for path in sorted((root / folder).rglob("*.yaml")):
            found |= set(_quoted(read_yaml(path).data))
    return tuple(sorted((q for q in found if len(q) > 8), key=len, reverse=True))


def _quoted(data: object) -> Iterator[str]:
    if isinstance(data, list):
        for item in data:
            yield from _quoted(item)
    if isinstance(data, dict):
        yield from (str(data[key]) for key in ("source", "note") if key in data)
        for value in data.values():
            yield from _quoted(value)


def english_left(text: str) -> list[str]:
    """Return the English words of a text that is shown in Chinese.

    >>> english_left("单步时间 step_time_s，BR106M 与 bf16"), english_left("单步时间 of the step")
    ([], ['the', 'step'])
    """
    for quote in quotes() if " " in text else ():
        if quote in text:
            text = text.replace(quote, " ")
    return [w for w in _WORD.findall(_TYPED.sub(" ", text)) if w not in KEPT | names() and len(w) > 2]


#: Columns of names, of what one types, and of what files and sources say: they stay in their language.
QUOTED = _NAMES | {"fleet", "printed", "field", "unit", "rows of", "rests_on", "takes", "allowed", "usual"}


def shown(answer: Answer, quoted: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield every heading, cell, line and remark of an answer with where it stands, in the language that was chosen."""
    for block in answer.blocks:
        if isinstance(block, str):
            yield from (("line", line) for line in spoken(block).split("\n"))
        elif block:
            head, *rows = table_cells(block)
            yield from ((f"head of {key}", title) for key, title in zip(block[0], head, strict=True))
            for row in rows:
                cells = zip(block[0], row, strict=True)
                yield from ((f"cell of {key}", cell) for key, cell in cells if key not in {*QUOTED, *quoted})
    yield from (("said", spoken(text)) for text in (*answer.said, *answer.unread))


#: A unit that a heading says twice.
TWICE = re.compile(r"(秒|小时|周|天|年|元|字节|微秒|毫秒|%)[^()]{0,2}\(\1\)|/秒\((?:/|次/)秒\)")


def left_in_chinese(answer: Answer, quoted: Sequence[str] = ()) -> list[str]:
    """Headings, cells, lines and remarks of an answer that hold English words, or a unit twice, in Chinese."""
    with cs.speaking("zh"):  # a page that was laid out in English is made anew
        found = list(dict.fromkeys(shown(replace(answer), quoted)))
    doubled = [f"{where}: {text}" for where, text in found if where.startswith("head") and TWICE.search(text)]
    return doubled + [f"{where}: {text} {left}" for where, text in found if (left := english_left(text))]
