"""A law of a valuation as data: a printed line, and the ways to it of other lines.

One form serves twice: to hold a line to its parts, and to run a valuation again with a figure mended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from clustersim.finance.audit.figures import Finding, Interval, compare, first_that_holds, total
from clustersim.finance.audit.quantities import Typed, value_of
from clustersim.finance.audit.records import Record

__all__ = ["ONE", "Choice", "Law", "Parts", "as_is", "law_of", "made_of", "negated", "summed"]

ONE = Interval.exactly(1.0)


Parts = Sequence[Interval]


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to a line: its parts and what is made of them."""

    parts: tuple[tuple[Record, str], ...]
    make: Callable[[Parts], Interval]
    says: str

    def value(self) -> Interval:
        """What the printed parts come to."""
        return self.make([value_of(r, role) for r, role in self.parts])


@dataclass(frozen=True, slots=True)
class Law:
    """A printed line and the ways to it; any that holds will do."""

    name: str
    target: Record
    role: str
    choices: tuple[Choice, ...]

    def check(self) -> Finding:
        """Hold the line to its parts."""
        printed = value_of(self.target, self.role)
        return first_that_holds(
            partial(self._as, choice, printed) for choice in reversed(self.choices)
        )  # fmt: skip

    def _as(self, choice: Choice, printed: Interval) -> Finding:
        return compare(self.name, self.target.where, printed, choice.value(), note=choice.says)


def made_of(*parts: Typed) -> tuple[tuple[Record, str], ...]:
    return tuple((p.record, p.role) for p in parts)


def law_of(name: str, target: Typed, *choices: Choice) -> Law:
    return Law(name, target.record, target.role, choices)


def as_is(parts: Parts) -> Interval:
    return parts[0]


def negated(parts: Parts) -> Interval:
    return parts[0].scaled(-1.0)


def summed(signs: Sequence[float]) -> Callable[[Parts], Interval]:
    return lambda p: total(x.scaled(s) for x, s in zip(p, signs, strict=True))
