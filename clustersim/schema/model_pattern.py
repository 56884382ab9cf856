"""Patterns of layer kinds as short text: ``window*5 full``, ``(linear*3 full)*10``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from clustersim.errors import InputError

__all__ = ["parse_pattern", "write_pattern"]

_TOKEN = re.compile(r"\s*(?:([A-Za-z][\w-]*)|(\()|(\))|\*\s*(\d+))")
#: Longest cycle that a pattern is searched for.
_CYCLE = 16


def parse_pattern(text: str) -> tuple[str, ...]:
    """Return the kinds of the layers that a pattern spells out.

    >>> parse_pattern("dense (linear*2 full)*2")
    ('dense', 'linear', 'linear', 'full', 'linear', 'linear', 'full')

    Raises InputError where the text is no pattern.
    """
    stack: list[list[str]] = [[]]
    last: list[str] = []
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise InputError(
                f"pattern {text!r}: cannot read {text[at:].strip()[:12]!r}; write kind, kind*N or (…)*N"
            )
        name, opening, closing, times = found.groups()
        if name:
            last = [name]
            stack[-1] += last
        elif opening:
            stack.append([])
        elif closing and len(stack) > 1:
            last = stack.pop()
            stack[-1] += last
        elif times and last and int(times) > 0:
            stack[-1] += last * (int(times) - 1)
            last = []
        else:
            raise InputError(f"pattern {text!r}: {text[: found.end()]!r} closes or repeats nothing")
        at = found.end()
    if len(stack) > 1:
        raise InputError(f"pattern {text!r}: a bracket is not closed")
    return tuple(stack[0])


def write_pattern(kinds: Sequence[str]) -> str:
    """Return a short pattern that spells out ``kinds``: from the left, the cycle that covers most, and so on.

    >>> write_pattern(["full"] * 3 + ["linear", "linear", "full"] * 4)
    'full*3 (linear*2 full)*4'
    >>> parse_pattern(write_pattern("abcabcab")) == tuple("abcabcab")
    True
    """
    parts, at = [], 0
    while at < len(kinds):
        cycle, times = max(
            ((size, _repeats(kinds, at, size)) for size in range(1, _CYCLE + 1)),
            key=lambda found: (found[0] * found[1] if found[1] > 1 else 1, -found[0]),
        )
        unit = " ".join(
            kind if count == 1 else f"{kind}*{count}"
            for kind, count in ((k, len(list(run))) for k, run in groupby(kinds[at : at + cycle]))
        )
        parts.append(unit if times == 1 else f"{unit}*{times}" if cycle == 1 else f"({unit})*{times}")
        at += cycle * times
    return " ".join(parts)


def _repeats(kinds: Sequence[str], at: int, size: int) -> int:
    """How often the next ``size`` kinds stand one after another."""
    unit, times = kinds[at : at + size], 1
    while len(unit) == size and kinds[at + times * size : at + (times + 1) * size] == unit:
        times += 1
    return times if len(unit) == size else 1
