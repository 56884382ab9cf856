"""Read one YAML file by the YAML 1.2 core rules, with the line of every key.

PyYAML alone turns ``no`` into False, ``1e3`` into a string, ``12:30`` into 750, and lets the last of two equal
keys win silently. Here plain scalars follow YAML 1.2 and a repeated key is an error.

The data is built from the parser's events, one at a time: text that is nested without end, or that grows when its
aliases are written out, is refused where it passes the limit and never held in memory.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import yaml

from clustersim.errors import InputError, Problem
from clustersim.reading.guarded import printable, read_text
from clustersim.reading.jsontext import Limits
from clustersim.schema.yamlwords import explain

__all__ = ["Document", "read_yaml"]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LIMITS = Limits()
_INT = re.compile(r"[-+]?[0-9]+$")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
#: A number, with or without a unit, that ends like a line of a program.
_ENDED = re.compile(r"[-+]?[0-9][^;；]{0,60}[;；]$")
#: A number whose thousands are set apart, as people write it.
_THOUSANDS = re.compile(r"[-+]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$")
#: What a comma in brackets leaves of ``1,024``.
_LED_BY_ZERO = re.compile(r"0[0-9][0-9]$")
_WIDE_NUMBER = re.compile(r"[-+＋－]?[0-9]*[０-９][０-９0-9．，.,]*")
_REPORTED = 50
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_SPECIAL = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its data, and the line on which every key or item stands."""

    AS_WRITTEN: ClassVar[bool] = True
    """What is checked from it stands elsewhere: no batch looks here for its points."""

    file: str
    data: dict[str, Any]
    lines: Mapping[KeyPath, int] = field(repr=False)
    flags: Mapping[KeyPath, str] = field(default_factory=dict, repr=False)
    """What was set since it was read, and by what: a flag, or another file's line."""

    def line_of(self, path: KeyPath) -> int | None:
        """Return the line of the deepest part of ``path`` that the file has."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return 1 if self.lines else None

    def place_of(self, path: KeyPath) -> tuple[str, int | None]:
        """Return the file and line of a path, or the flag that set it, or part of it."""
        for at, said in self.flags.items():
            shorter = min(len(at), len(path))
            if shorter and tuple(map(str, at[:shorter])) == tuple(map(str, path[:shorter])):
                return said, None
        return self.file, self.line_of(path)


def read_yaml(path: str | Path) -> Document:
    """Read a YAML file whose top level is a mapping.

    Raises InputError, with file and line, for an unreadable, overlong or empty file, wrong syntax, a repeated key, an
    alias, nesting and numbers beyond the limits, or a top level that is not a mapping.
    """
    source = read_text(path, gbk=False)
    return parse_yaml(source.text, source.name)


def parse_yaml(text: str, name: str) -> Document:
    """Parse YAML text; ``name`` stands for the file in messages.

    >>> parse_yaml("a: no\\nb: 1e3\\n", "x.yaml").data
    {'a': 'no', 'b': 1000.0}
    """
    builder = _Builder(name)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise explain(error, text, name) from None
    except yaml.reader.ReaderError as error:
        found = _CONTROL.search(text)
        where = text.count("\n", 0, found.start() if found else 0) + 1
        raise InputError(f"{name}:{where}: not valid YAML: {error.reason}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{name}:1: not valid YAML: {str(error).splitlines()[0]}") from None
    except UnicodeEncodeError as error:
        where = text.count("\n", 0, error.start) + 1
        raise InputError(f"{name}:{where}: holds bytes that are no UTF-8 text") from None
    return builder.document(text)


@dataclass(slots=True)
class _Open:
    """A mapping or list that has begun and not ended."""

    data: dict[str, Any] | list[Any]
    path: KeyPath
    counts: bool
    """False below a key that is in error: what stands there is read past."""
    key: str | None = None
    """The key whose value comes next."""
    awaits: bool = False
    """Whether a key was read whose value comes next."""


class _Builder:
    """Builds the data from events."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []
        self.open: list[_Open] = []
        self.root: Any = None
        self.root_line = 0
        self.nodes = 0

    def take(self, event: yaml.Event) -> None:
        """Take the next event; raises InputError beyond a limit."""
        assert event.start_mark is not None  # the parser marks every event
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            self._count(line)
            self._scalar(event, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._count(line)
            self._refuse_tag(event, line)
            self._begin({} if isinstance(event, yaml.MappingStartEvent) else [], line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.open.pop()
        elif isinstance(event, yaml.AliasEvent):
            raise self._refusal(
                line, f"the alias *{printable(str(event.anchor))} is not read; write the value out"
            )
        elif isinstance(event, yaml.DocumentStartEvent) and self.root_line:
            raise self._refusal(line, "a second document begins; give one in a file")

    def document(self, text: str) -> Document:
        """Return what was built; raises InputError with every problem at once."""
        if not self.root_line or (self.root is None and not text.strip()):
            raise InputError(
                f"{self.name}: the file is empty; copy one of the shipped scenarios to start from"
            )
        if not isinstance(self.root, dict):
            raise explain(None, text, self.name, self.root_line)
        if self.problems:
            raise InputError(f"{self.name}: {len(self.problems)} problem(s)", self.problems[:_REPORTED])
        return Document(self.name, self.root, self.lines)

    def _refusal(self, line: int, what: str) -> InputError:
        return InputError(f"{self.name}:{line}: {what}")

    def _problem(self, line: int, path: KeyPath, what: str, hint: str = "") -> None:
        key = printable(".".join(map(str, path)))
        self.problems.append(Problem(self.name, line, key, what, hint))

    def _count(self, line: int) -> None:
        self.nodes += 1
        if self.nodes > _LIMITS.nodes:  # type: ignore[operator]
            raise self._refusal(line, f"holds more than {_LIMITS.nodes:,} values")
        if len(self.open) >= _LIMITS.depth:
            raise self._refusal(line, f"is nested deeper than {_LIMITS.depth}")

    def _refuse_tag(self, event: yaml.NodeEvent, line: int) -> None:
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            raise self._refusal(line, f"the tag {printable(tag)} is not read; quote what must stay text")

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        self._refuse_tag(event, line)
        top = self.open[-1] if self.open else None
        if top is not None and isinstance(top.data, dict) and not top.awaits:
            self._key(top, str(event.value), line)
        else:
            self._put(self._value(event, line), line)

    def _key(self, top: _Open, key: str, line: int) -> None:
        top.awaits, top.key = True, key
        here = (*top.path, key)
        if not top.counts:
            return
        if key in top.data:
            what = f"the key stands twice (first on line {self.lines[here]})"
            self._problem(line, here, what, "keep one of them")
            top.key = None
        else:
            self.lines[here] = line

    def _begin(self, data: dict[str, Any] | list[Any], line: int) -> None:
        top = self.open[-1] if self.open else None
        if top is not None and isinstance(top.data, dict) and not top.awaits:
            if top.counts:
                self._problem(line, top.path, "a key must be plain text")
            top.awaits, top.key = True, None
            self.open.append(_Open(data, top.path, counts=False))
            return
        path, counts = self._put(data, line)
        self.open.append(_Open(data, path, counts))

    def _put(self, value: Any, line: int) -> tuple[KeyPath, bool]:
        """Put a value where it belongs; return its path and whether it counts."""
        if not self.open:
            self.root, self.root_line = value, line
            return (), True
        top = self.open[-1]
        if isinstance(top.data, list):
            here = (*top.path, len(top.data))
            top.data.append(value)
            if top.counts:
                self.lines[here] = line
            return here, top.counts
        key, top.key, top.awaits = top.key, None, False
        if key is None:
            return top.path, False
        top.data[key] = value
        return (*top.path, key), top.counts

    def _value(self, event: yaml.ScalarEvent, line: int) -> Any:
        text = str(event.value)
        if event.style:  # quoted or block text stays text
            return text
        if text in _SPECIAL:
            return _SPECIAL[text]
        if _THOUSANDS.match(text):
            text = text.replace(",", "")
        number = _INT.match(text) or _FLOAT.match(text)
        if number is None:
            self._slip(text, line)
            return text
        above = self.open[-1].data if self.open else None
        if isinstance(above, list) and above and isinstance(above[-1], int) and _LED_BY_ZERO.match(text):
            what = f"{printable(text, 40)} begins with a zero"
            hint = "in brackets a comma separates: write 1024 for 1,024; quote what is text"
            self._problem(line, self._here(), what, hint)
        if len(text) > _LIMITS.digits:
            raise self._refusal(line, f"a number has more than {_LIMITS.digits} digits")
        return int(text) if _INT.match(text) else float(text)

    def _slip(self, text: str, line: int) -> None:
        """Name what a keyboard left in a number, for what it is."""
        shown = printable(text, 40)
        if _ENDED.match(text):
            self._problem(line, self._here(), f"{shown!r} ends in a semicolon", "remove it")
        elif _WIDE_NUMBER.match(text):
            narrow = unicodedata.normalize("NFKC", shown)
            self._problem(
                line, self._here(), f"{shown!r} is in full-width digits", f"write {narrow}, or quote it"
            )

    def _here(self) -> KeyPath:
        top = self.open[-1] if self.open else None
        if top is None:
            return ()
        return (*top.path, len(top.data) if isinstance(top.data, list) else str(top.key))
