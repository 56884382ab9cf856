"""JSON from outside: no repeated key, no NaN, no number of thousands of digits, no nesting that exhausts the stack."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from clustersim.errors import InputError
from clustersim.reading.guarded import printable, read_text

__all__ = ["DEPTH", "DIGITS", "NODES", "Limits", "parse_json", "read_json"]

#: How deep values may be nested, how many there may be, and how many digits a number may have.
DEPTH, NODES, DIGITS = 64, 100_000, 400


@dataclass(frozen=True, slots=True)
class Limits:
    """What a structured text may hold; ``nodes`` None leaves the count of values free, ``infinite`` allows Infinity."""

    depth: int = DEPTH
    nodes: int | None = NODES
    digits: int = DIGITS
    infinite: bool = False


#: A string to its end (or to the end of the text), a bracket, a comma, or a run of a number's characters.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{},]|[0-9][0-9.eE+-]*', re.DOTALL)


def parse_json(text: str, name: str, limits: Limits | None = None, *, line: int = 0) -> Any:
    """Parse JSON text; ``name`` stands for the file, ``line`` (where given) for the place of the text in it.

    >>> parse_json('{"a": [1, 2.5]}', "x.json")
    {'a': [1, 2.5]}

    Raises InputError, with the line, for wrong syntax, a repeated key, NaN or infinity, and beyond the limits.
    """
    allowed = limits or Limits()
    before = max(line - 1, 0)
    _scan(text, name, allowed, before)

    def constant(value: str) -> float:
        return math.inf if allowed.infinite and value == "Infinity" else refuse(value)

    def refuse(value: str) -> NoReturn:
        raise InputError(f"{name}:{before + _line(text, text.find(value))}: {value} is no JSON number")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        out = dict(pairs)
        if len(out) < len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            raise InputError(f"{name}{f':{line}' if line else ''}: the key {printable(twice)!r} stands twice")
        return out

    def finite(value: str) -> float:
        return float(value) if math.isfinite(float(value)) else refuse(value)

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=constant, parse_float=finite)
    except json.JSONDecodeError as error:
        raise InputError(f"{name}:{before + error.lineno}: not valid JSON: {error.msg}") from None


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, max(at, 0)) + 1


def _scan(text: str, name: str, limits: Limits, before: int) -> None:
    """Walk the brackets once: the parser recurses, so what is too deep must not reach it."""
    depth = nodes = 0
    for token in _TOKEN.finditer(text):
        mark = token[0][0]
        if mark in "[{,":
            nodes += 1
            depth += mark != ","
        elif mark in "]}":
            depth -= 1
        problem = ""
        if depth > limits.depth:
            problem = f"is nested deeper than {limits.depth}"
        elif limits.nodes is not None and nodes > limits.nodes:
            problem = f"holds more than {limits.nodes:,} values"
        elif mark.isdigit() and len(token[0]) > limits.digits:
            problem = f"a number has more than {limits.digits} digits"
        if problem:
            raise InputError(f"{name}:{before + _line(text, token.start())}: {problem}")


def read_json(path: str | Path, limits: Limits | None = None, *, limit: int | None = None) -> Any:
    """Read a JSON file.

    Raises InputError as ``read_text`` and ``parse_json`` do.
    """
    source = read_text(path, limit=limit)
    return parse_json(source.text, source.name, limits)
