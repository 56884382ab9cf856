"""Read one YAML file by the YAML 1.2 core rules, with the line of every key.

PyYAML alone turns ``no`` into False, ``1e3`` into a string, ``12:30`` into 750, and lets the last of two equal
keys win silently. Here plain scalars follow YAML 1.2 and a repeated key is an error.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from clustersim.errors import InputError, Problem

__all__ = ["Document", "read_yaml"]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]+$")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
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

    file: str
    data: dict[str, Any]
    lines: Mapping[KeyPath, int] = field(repr=False)

    def line_of(self, path: KeyPath) -> int | None:
        """Return the line of the deepest part of ``path`` that the file has."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return 1 if self.lines else None


def read_yaml(path: str | Path) -> Document:
    """Read a YAML file whose top level is a mapping.

    Raises InputError, with file and line, for an unreadable or empty file, wrong syntax, a repeated key, or a
    top level that is not a mapping.
    """
    file = Path(path)
    name = str(path)
    if file.is_dir():
        raise InputError(f"{name}: is a folder, not a YAML file")
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{name}: no such file") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not a UTF-8 text file (byte {error.start})") from None
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})") from None
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> Document:
    """Parse YAML text; ``name`` stands for the file in messages.

    >>> parse_yaml("a: no\\nb: 1e3\\n", "x.yaml").data
    {'a': 'no', 'b': 1000.0}
    """
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise InputError(f"{name}:{line}: not valid YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{name}:1: not valid YAML: {str(error).splitlines()[0]}") from None
    if node is None:
        raise InputError(f"{name}: the file is empty; copy one of the shipped scenarios to start from")
    if not isinstance(node, yaml.MappingNode):
        raise InputError(
            f"{name}:{node.start_mark.line + 1}: the top level must be a mapping of keys to values"
        )
    lines: dict[KeyPath, int] = {}
    problems: list[Problem] = []
    data = _construct(node, (), name, lines, problems)
    if problems:
        raise InputError(f"{name}: {len(problems)} problem(s)", problems)
    return Document(name, data, lines)


def _construct(
    node: yaml.Node, path: KeyPath, file: str, lines: dict[KeyPath, int], problems: list[Problem]
) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, file, lines, problems)
    if isinstance(node, yaml.SequenceNode):
        items = []
        for index, item in enumerate(node.value):
            lines[(*path, index)] = item.start_mark.line + 1
            items.append(_construct(item, (*path, index), file, lines, problems))
        return items
    return _scalar(node)


def _mapping(
    node: yaml.MappingNode, path: KeyPath, file: str, lines: dict[KeyPath, int], problems: list[Problem]
) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key: Hashable = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
        if not isinstance(key, str):
            problems.append(Problem(file, line, ".".join(map(str, path)), "a key must be plain text"))
            continue
        here = (*path, key)
        if key in out:
            first = lines[here]
            what = f"the key stands twice (first on line {first})"
            problems.append(Problem(file, line, ".".join(map(str, here)), what, "keep one of them"))
            continue
        lines[here] = line
        out[key] = _construct(value_node, here, file, lines, problems)
    return out


def _scalar(node: yaml.Node) -> Any:
    text = str(node.value)
    if getattr(node, "style", None):  # quoted or block text stays text
        return text
    if text in _SPECIAL:
        return _SPECIAL[text]
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return text
