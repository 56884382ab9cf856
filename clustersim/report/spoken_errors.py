"""Errors in the chosen language: sentences of ours are put into words, names and values stay as they are typed.

A message is looked up whole, by templates whose places ``{}`` hold what differs, the one with most letters of its own
first, then behind the file and key that it is of, then in the pieces between its joints. What a place holds is
looked up in turn. A single word is a name or a value: one types it, so that nothing is put in its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from clustersim.errors import ClusterSimError, InputError, Problem
from clustersim.report.language import language

__all__ = ["chinese_error", "chinese_sentence", "told_error"]

_PLACE = re.compile(r"\{n?\}")
_FILLED = re.compile(r"\{(\d*)\}")
_JOINTS = (("; ", ";"), (": ", ":"), (", ", ","))
_BEHIND = re.compile(r"^(.*\S) \(([^()]*)\)$", re.DOTALL)
#: Longer messages are told as they are: a template is tried on text of a user's only so far.
_LONGEST = 4_000
#: Letters of its own from which a template is a sentence, and a phrase and no joint as ``no {}``.
_SENTENCE, _PHRASE = 12, 5
#: What stands in quotation marks is a name or a value of somebody's.
_NAME = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
#: A space that stood beside a name, and has Chinese on both sides now.
_BETWEEN = re.compile("(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")


def told_error(error: ClusterSimError) -> str:
    """Return what a user reads of an error, in the language that was chosen; names and values are as they are.

    >>> told_error(InputError("a.yaml: 1 problem(s)", [Problem("a.yaml", 3, "tco.pue", "has no value", "add it")]))
    'error: a.yaml: 1 problem(s)\\n  a.yaml:3: tco.pue: has no value (add it)'
    """
    if language() != "zh":
        return f"error: {error}"
    problems = error.problems if isinstance(error, InputError) else ()
    head = str(error).split("\n")[0] if problems else str(error)
    return "\n".join([f"错误:{chinese_error(head)}", *(f"  {_problem(one)}" for one in problems)])


def _problem(one: Problem) -> str:
    hint = f"({chinese_error(one.hint)})" if one.hint else ""
    return f"{':'.join([*one.where, chinese_error(one.what)])}{hint}"


@lru_cache(maxsize=2_000)
def chinese_error(text: str) -> str:
    """Return a message in Chinese as far as the catalogue of errors goes.

    >>> chinese_error("no scenario 'x'; did you mean 'y'?"), chinese_error("tco.pue")
    ("没有 scenario 'x';是否指 'y'?", 'tco.pue')
    """
    body = text.strip()
    if " " not in body or len(body) > _LONGEST or _NAME.fullmatch(body) or not re.search("[A-Za-z]", body):
        return text
    for least in (_SENTENCE, _PHRASE):
        if said := _whole(body, least) or _behind_its_place(body, least):
            return said
    if "\n" in body:
        return "\n".join(chinese_error(line) for line in text.split("\n"))
    return _pieces(body) or _whole(body, 1) or text


def chinese_sentence(text: str) -> str | None:
    """Return what an error says in Chinese where the catalogue has it as a whole; None for any other text.

    >>> chinese_sentence("a mean length of 0 tokens; it must be at least 1"), chinese_sentence("a page of some report")
    ('平均长度为 0 个词元;须至少为 1', None)
    """
    return _whole(text, _SENTENCE)


def _whole(body: str, least: int) -> str | None:
    """The words of a text that stands in the catalogue; a template has so many letters of its own at ``least``."""
    exact, templates = _catalogue()
    if body in exact:
        return exact[body]
    for letters, literals, english, answer in templates:
        if letters < least:
            return None
        if all(piece in body for piece in literals) and (match := _pattern(english).fullmatch(body)):
            return _filled(answer, [chinese_error(group) for group in match.groups()])
    return None


def _filled(answer: str, groups: list[str]) -> str:
    """Chinese with what its places hold: in order, or by number where it has another order."""
    in_order = iter(groups)
    said = _FILLED.sub(lambda place: groups[int(place[1])] if place[1] else next(in_order), answer)
    return _BETWEEN.sub("", said)


def _behind_its_place(body: str, least: int) -> str | None:
    """A sentence of the catalogue behind the file, line and key that it is of."""
    at = body.find(": ")
    while at > 0:
        if said := _whole(body[at + 2 :], least):
            return f"{body[:at]}:{said}"
        at = body.find(": ", at + 2)
    return None


def _pieces(body: str) -> str | None:
    """The words of the pieces between the strongest joint that gives any."""
    for joint, ours in _JOINTS:
        pieces = body.split(joint)
        if len(pieces) > 1 and (said := [chinese_error(piece) for piece in pieces]) != pieces:
            return ours.join(said)
    behind = _BEHIND.match(body)
    said = [chinese_error(part) for part in behind.groups()] if behind else []
    return f"{said[0]}({said[1]})" if behind and tuple(said) != behind.groups() else None


@lru_cache(maxsize=1)
def _catalogue() -> tuple[Mapping[str, str], list[tuple[int, tuple[str, ...], str, str]]]:
    """What is said as it is, and templates with their letters and pieces, the one with most of its own first."""
    from clustersim.report.labels.errors import TEXTS

    exact = {english: ours for english, ours in TEXTS.items() if not _PLACE.search(english)}
    placed = []
    for english in TEXTS.keys() - exact.keys():
        own = tuple(filter(None, _PLACE.split(english)))
        placed.append((sum(letter.isalpha() for letter in "".join(own)), own, english, TEXTS[english]))
    return exact, sorted(placed, key=lambda one: (-one[0], one[2]))


@lru_cache(maxsize=2_000)
def _pattern(english: str) -> re.Pattern[str]:
    """What a template matches: within a line, where it is of one line itself."""
    across = re.DOTALL if "\n" in english else re.NOFLAG
    return re.compile("(.*?)".join(map(re.escape, _PLACE.split(english))), across)
