"""Lines, headings and cells in the chosen language: found by what stands in the catalogue, else left as they are.

A line is looked up as it is, then by templates whose places ``{}`` hold what differs (a number, a name, or words that
are looked up in turn), then in the pieces between its joints. Names of the user's and of products stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from clustersim.report.language import language
from clustersim.report.term_units import heading, spoken_unit

__all__ = ["chinese", "spoken", "spoken_cell", "spoken_heading"]

#: What joins the pieces of a line, the strongest first; and how Chinese joins them.
_JOINTS = (("; ", ";"), (": ", ":"), (", ", ","))
_LEAD = re.compile(r"^(\s*(?:- )?)(.*?)(\s*)$", re.DOTALL)
#: A line that was put into words before it was laid out.
_LAID_OUT = re.compile("[\u4e00-\u9fff](?=.*   )|   (?=.*[\u4e00-\u9fff])")
_BEHIND = re.compile(r"^(.*\S) \(([^()]*)\)$", re.DOTALL)
_PLACE = re.compile(r"\{(n?)\}")
_NUMBER = r"([-+~≤≥<>]?\d[\d.,%e+x-]*)"
#: Columns that hold names of the user's or of files: nothing in them is put into other words.
_NAMES = frozenset({
    "name", "scenario", "side", "workload", "card", "file", "key", "keys", "source", "plan", "model", "id", "row",
    "input", "where", "inputs", "from", "value", "example", "default", "read_by", "says", "site",
})  # fmt: skip
#: Columns of ``keys`` that say what an input may be: these words of theirs are no values.
_LIMITS: dict[str, tuple[tuple[str, str], ...]] = {
    "allowed": (
        ("at least", "至少"), ("at most", "至多"), ("above", "大于"), ("below", "小于"), ("whole", "整数"),
    ),
    "usual": ((" to ", " 至 "),),
}  # fmt: skip
_TAKES = {
    "quantity": "数量", "whole number": "整数", "true or false": "true 或 false", "text": "文本", "list": "列表",
    "row by year": "逐年的行", "number": "数", "date": "日期",
}  # fmt: skip
#: A column of a percentile of another, and one of a year, by its name or its number.
_PERCENTILE = re.compile(r"(.+)_(p\d\d?)")
_DATED = re.compile(r"(.+)_(20\d\d(?:H[12])?[AE])")
_OF_A_YEAR = re.compile(r"(.+)_year_(\d)")
_KEY = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
#: A term as it is called, with the year where it has one for each.
_TERM = re.compile(rf"({_KEY.pattern})(?: \d{{4}}E?)?")


def spoken(text: str) -> str:
    """Return a line (or several) in the chosen language."""
    if language() != "zh":
        return text
    return "\n".join(chinese(line) for line in text.split("\n"))


def spoken_heading(key: str) -> str:
    """Return what people read above a column, in the chosen language; its unit stands in brackets."""
    if language() != "zh":
        return heading(key)
    from clustersim.report.labels.columns import COLUMNS, UNITS

    if key not in COLUMNS and (ranged := _PERCENTILE.fullmatch(key)):
        return f"{spoken_heading(ranged[1])} {ranged[2].upper()}"
    base, unit = spoken_unit(key)
    if yearly := _OF_A_YEAR.fullmatch(base):
        return f"第 {yearly[2]} 年{spoken_heading(f'{yearly[1]}{key.removeprefix(base)}')}"
    if dated := _DATED.fullmatch(base):
        return f"{dated[2]} {spoken_heading(f'{dated[1]}{key.removeprefix(base)}')}"
    words = COLUMNS.get(key) or COLUMNS.get(base) or _label(key) or _label(base)
    if not words:
        return chinese(heading(key))
    said = UNITS.get(unit, unit)
    told = not unit or key in COLUMNS or "(" in words or "/" in words or unit in words or said in words
    return words if told else f"{words}({said})"


def spoken_cell(column: str, text: str) -> str:
    """Return a cell of text in the chosen language; a term keeps its key behind its words: it is what one types."""
    if language() != "zh":
        return text
    if column in _NAMES:
        return _own(text) if column == "source" else text
    if column == "takes":
        return _TAKES.get(text, text)
    if column in _LIMITS:
        for english, ours in _LIMITS[column]:
            text = text.replace(english, ours)
        return text
    if column == "note":
        return _note(text)
    if term := _TERM.fullmatch(text):
        words = _label(term[1]) or _label(spoken_unit(term[1])[0])
        return f"{words} {text}" if words else _catalogue()[0].get(text, text)
    return chinese(text)


def _own(text: str) -> str:
    """A source that the program states itself, a sentence of the catalogue; what files say of theirs stays."""
    return _catalogue()[0].get(text, text) if text.count(" ") >= 2 else text


def _note(text: str) -> str:
    """A remark of ours in Chinese; one that is quoted from a file, of which only pieces have words, as it stands."""
    pieces = text.split("; ")
    said = [chinese(piece) for piece in pieces]
    if any(one == piece and re.search("[a-z]{3}", one) for one, piece in zip(said, pieces, strict=True)):
        whole = _whole(text, across=True)
        return whole or text
    return ";".join(said)


@lru_cache(maxsize=20_000)
def chinese(line: str) -> str:
    """Return a line in Chinese as far as the catalogue goes.

    >>> chinese("weak scaling, 8 to 1024 cards"), chinese("a name of the user's")
    ('弱扩展效率,8 至 1024 卡', "a name of the user's")
    """
    found = _LEAD.match(line)
    assert found is not None
    lead, body, tail = found.groups()
    if not re.search("[A-Za-z]", body) or _LAID_OUT.search(body):
        return line
    return f"{lead}{_words(body)}{tail}"


def _words(body: str) -> str:
    return _whole(body, across=False) or _sentence(body) or _pieces(body) or _whole(body, across=True) or body


def _sentence(body: str) -> str | None:
    """The words of a remark of the engine, or of why something could not be: they stand in pages as well."""
    if body.count(" ") < 3:
        return None
    from clustersim.report.labels.notes import translated
    from clustersim.report.spoken_errors import chinese_sentence

    note = translated(body, "zh")
    return note if note != body else chinese_sentence(body)


def _whole(body: str, *, across: bool) -> str | None:
    """The words of a text that stands in the catalogue as a whole; a place may reach ``across`` a semicolon."""
    exact, templates = _catalogue()
    body = re.sub(" {2,}", " ", body)
    if body in exact:
        return exact[body]
    if not _KEY.fullmatch(body) and (words := _label(body)):
        return words
    for literal, pattern, answer in templates:
        match = pattern.fullmatch(body) if literal in body else None
        # What has no word of its own ("{} {n}%") holds one piece, not several.
        joint = "; " if re.search("[A-Za-z]", literal) else ", "
        if match and (across or not any(joint in group for group in match.groups())):
            return answer.format(*(chinese(group) for group in match.groups()))
    return None


def _pieces(body: str) -> str | None:
    """The words of the pieces between the joints, where any of them has words."""
    for joint, ours in _JOINTS:
        if joint in body and (said := _joined(body, joint)) is not None:
            return ours.join(said)
    if body.endswith(".") and (said_whole := _whole(body[:-1], across=True)):
        return f"{said_whole}。"
    if behind := _BEHIND.match(body):
        front, inside = (chinese(part) for part in behind.groups())
        if (front, inside) != behind.groups():
            return f"{front}({inside})"
    return None


def _joined(body: str, joint: str) -> tuple[str, str] | None:
    """The words before and behind a joint: the last one before which all stands in the catalogue, else the first."""
    at = body.rfind(joint)
    while at > 0 and (said := _whole(body[:at].strip(), across=False)) is None:
        at = body.rfind(joint, 0, at)
    if at > 0:
        return said or "", chinese(body[at + len(joint) :])
    head, _, rest = body.partition(joint)
    found = chinese(head), chinese(rest)
    return None if found == (head, rest) else found


def _label(key: str) -> str:
    """The Chinese label of a key, nothing where it has none."""
    return _labels().get(key, "")


@lru_cache(maxsize=1)
def _labels() -> Mapping[str, str]:
    """Chinese by key, of the labels without places of their own."""
    from clustersim.report.labels import all_words

    return {key: zh for key, (_, zh) in all_words().items() if not set("{.") & set(zh + key)}


@lru_cache(maxsize=1)
def _catalogue() -> tuple[Mapping[str, str], list[tuple[str, re.Pattern[str], str]]]:
    """What is said as it is, and templates, the one with most letters of its own first."""
    from clustersim.report.labels import all_words
    from clustersim.report.labels.lines import LINES

    labels = {en: zh for en, zh in all_words().values() if "{" not in zh and en != zh}
    exact = labels | {key: words for key, words in LINES.items() if not _PLACE.search(key)}
    made = [
        (max(_PLACE.split(key)[::2], key=len), _pattern(key), words)
        for key, words in sorted(LINES.items(), key=lambda item: -len(_PLACE.sub("", item[0])))
        if _PLACE.search(key)
    ]
    return exact, made


def _pattern(key: str) -> re.Pattern[str]:
    pieces = _PLACE.split(key)
    made = [
        re.escape(piece) if i % 2 == 0 else _NUMBER if piece == "n" else "(.*?)"
        for i, piece in enumerate(pieces)
    ]
    return re.compile("".join(made), re.DOTALL)
