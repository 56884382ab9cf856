"""What is wrong with text that is no YAML, in the words of whoever typed it and at the line where it stands."""

from __future__ import annotations

import re
import unicodedata

import yaml

from clustersim.errors import InputError

__all__ = ["explain"]

_TAB = re.compile(r" *\t")
#: A key and a colon as Chinese input methods type it, with no plain colon before.
_WIDE_COLON = re.compile(r"\s*(?:- +)?[^\s:#'\"：]{1,60}：")
#: What may follow such a colon and hold plain ones of its own.
_QUOTED = re.compile(r"[^：]*：\s*[{\[\"']")
_EQUALS = re.compile(r"\s*(?:- +)?[\w.-]+\s*=\s*[^=\s]")
_SEMICOLON = re.compile(r"[^#'\"]*[;；]")
#: Full-width signs that YAML would need in their plain form, by their names.
_WIDE = {"，": "comma", "｛": "brace", "｝": "brace", "［": "bracket", "］": "bracket", "＃": "number sign"}
_NO_SPACE = re.compile(r"\s*(?:- +)?[\w.-]+:[^\s:/]")
_SEPARATORS = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


def explain(error: yaml.MarkedYAMLError | None, text: str, name: str, line: int = 1) -> InputError:
    """Return the message for an error of the parser, or (without one) for a top level that is no mapping.

    A tab before a key, a full-width colon after one and a semicolon between two are looked for on every
    line from where the parser's sentence began to where it stopped, because it notices some only lines later.
    """
    what = "the top level must be a mapping of keys to values"
    begins = line
    if error is not None:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        begins = min(line, error.context_mark.line + 1) if error.context_mark else line
        what = f"not valid YAML: {error.problem or error.context}"
    rows = _SEPARATORS.split(text)
    if (
        "mapping values" in what or "':'" in what
    ):  # lines above may have been read as the beginning of this one
        while begins > 1 and _joins_the_next(rows[begins - 2]):
            begins -= 1
    for at in range(begins, min(line, len(rows)) + 1):
        if _has_wide_colon(rows[at - 1]):
            return InputError(f"{name}:{at}: a full-width colon stands after the key; write ': '")
        if _TAB.match(rows[at - 1]):
            return InputError(f"{name}:{at}: the line is indented with a tab; use spaces")
        if _SEMICOLON.match(rows[at - 1]):
            return InputError(f"{name}:{at}: a semicolon separates nothing here; write one key a line")
        if _EQUALS.match(rows[at - 1]) and ": " not in rows[at - 1]:
            return InputError(f"{name}:{at}: an equals sign follows the key; write ': '")
        sign = next((c for c in rows[at - 1].partition("#")[0] if c in _WIDE), "")
        if sign:
            plain = unicodedata.normalize("NFKC", sign)
            return InputError(
                f"{name}:{at}: a full-width {_WIDE[sign]} {sign!r} stands here; write {plain!r}"
            )
        if _NO_SPACE.match(rows[at - 1]) and ": " not in rows[at - 1]:
            return InputError(f"{name}:{at}: no space follows the colon; write ': '")
    return InputError(f"{name}:{line}: {what}")


def _has_wide_colon(row: str) -> bool:
    """Whether a full-width colon stands where the plain one of a key should: no plain one makes another key of it."""
    return bool(_WIDE_COLON.match(row)) and (": " not in row or bool(_QUOTED.match(row)))


def _joins_the_next(row: str) -> bool:
    """Whether a line has no key of YAML, so that the parser reads it as the beginning of the next one."""
    return _has_wide_colon(row) or (": " not in row and bool(_SEMICOLON.match(row) or _EQUALS.match(row)))
