"""A printed figure and what its digits leave open; checks compare intervals, never bare numbers."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from clustersim.finance.audit.script import unmarked

__all__ = ["VERDICTS", "Finding", "Interval", "compare", "decimals", "follow", "half_digit", "number"]

#: From silent to serious. ``ok`` and ``rounding`` are right; ``info`` is said once and means no fault.
VERDICTS = ("ok", "rounding", "info", "omission", "inconsistent", "misprint", "mismatch")


@dataclass(frozen=True, slots=True)
class Interval:
    """All values that round to what is printed.

    >>> Interval(1.0, 2.0) * Interval(-1.0, 3.0)
    Interval(low=-2.0, high=6.0)
    """

    low: float
    high: float
    cells: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    """The printed figures that it is made of: what a check has looked at."""

    @classmethod
    def exactly(cls, value: float) -> Interval:
        """An interval of one value."""
        return cls(value, value)

    @property
    def middle(self) -> float:
        """The printed value itself."""
        return (self.low + self.high) / 2

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high, self.cells | other.cells)

    def __sub__(self, other: Interval) -> Interval:
        return Interval(self.low - other.high, self.high - other.low, self.cells | other.cells)

    def __mul__(self, other: Interval) -> Interval:
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends), self.cells | other.cells)

    def __truediv__(self, other: Interval) -> Interval:
        if other.low <= 0 <= other.high:
            return Interval(-math.inf, math.inf, self.cells | other.cells)
        ends = [a / b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends), self.cells | other.cells)

    def scaled(self, factor: float) -> Interval:
        """Every value times a factor."""
        return self * Interval.exactly(factor)

    def meets(self, other: Interval) -> bool:
        """Whether some value lies in both, but for the last bits of the arithmetic."""
        slack = 1e-9 * max(1.0, abs(self.middle) if math.isfinite(self.middle) else 1.0)
        return self.low <= other.high + slack and other.low <= self.high + slack


#: No printed figure is larger.
MOST = 1e100


@lru_cache(maxsize=20_000)
def number(text: str) -> float | None:
    """Read a printed number; None for text that is none (``>5x``, ``new``, an empty cell).

    Parentheses mean a negative number; a sign of per cent or of a multiple behind it is left off. Beyond 10^100 no
    report prints.

    >>> number("1,234.5"), number(">5x"), number("(400)"), number("33.8x"), number("1e999")
    (1234.5, None, -400.0, 33.8, None)
    >>> number("1 234"), number("△1'234.5"), number("123¹")
    (1234.0, -1234.5, 123.0)
    """
    plain = _plain(text)
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", plain):
        return None
    value = float(plain)
    exponent = plain.lower().partition("e")[2]
    return value if abs(value) < MOST and abs(int(exponent or 0)) < 100 else None


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", unmarked(text.strip())).replace("−", "-").replace("–", "-").strip()
    plain = re.sub(r"^[△▲]\s*", "-", plain)
    # Spaces and apostrophes part thousands as commas do.
    if re.fullmatch(r"[-(]?\d{1,3}(?:[ '’]\d{3})+(?:\.\d*)?\)?%?", plain):
        plain = re.sub(r"[ '’]", "", plain)
    if not plain.isascii() and re.fullmatch(r".*\d倍", plain):
        plain = plain[:-1]
    plain = re.sub(r"(?<=[\d)])\s*[%xX]$", "", plain)
    inside = re.fullmatch(r"\((.*)\)", plain)
    plain = f"-{inside[1].strip()}" if inside and not inside[1].strip().startswith("-") else plain
    plain = plain.removesuffix("%").strip()
    # A comma parts thousands; in any other place it is no number that can be trusted.
    if "," in plain:
        if not re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", plain):
            return "?"
        plain = plain.replace(",", "")
    return plain


def decimals(text: str) -> int:
    """How many digits a printed number has behind its point.

    >>> decimals("1,234.50"), decimals("(7)")
    (2, 0)
    """
    return len(_plain(text).lower().partition("e")[0].partition(".")[2])


@lru_cache(maxsize=20_000)
def half_digit(text: str) -> float:
    """Return half of the last printed digit: what rounding may have taken.

    >>> half_digit("33.8"), half_digit("2168956")
    (0.05, 0.5)
    """
    plain = _plain(text)
    mantissa, _, exponent = plain.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(0.5 * 10.0 ** (int(exponent or 0) - decimals))


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what is printed, what it comes to, and the verdict."""

    check: str
    where: str
    printed: float | str | None
    recomputed: float | str | None
    verdict: str
    note: str = ""
    materiality: float | None = None
    """What the difference is worth per share, in the currency of the target price, where it enters the valuation."""
    cells: frozenset[str] = field(default=frozenset(), compare=False)
    """The printed figures that the check has looked at."""
    mends: tuple[tuple[str, float], ...] = field(default=(), compare=False)
    """Place and right figure, in the printed unit, where it is not the recomputed one at ``where``."""
    half: float = field(default=0.0, compare=False)
    """Half of the last printed digit in the unit of ``printed``: it tells that unit of a printed zero, too."""

    @property
    def difference(self) -> float | None:
        """Printed less recomputed."""
        if isinstance(self.printed, str | None) or isinstance(self.recomputed, str | None):
            return None
        return self.printed - self.recomputed


def compare(
    check: str,
    where: str,
    printed: Interval,
    recomputed: Interval,
    *,
    point: float | None = None,
    worse: str = "mismatch",
    note: str = "",
) -> Finding:
    """Hold a printed value to a recomputed one.

    ``ok`` when the recomputed ``point`` (default: the middle of its interval) rounds to the printed digits,
    ``rounding`` when the rounding of the inputs explains the difference, else ``worse``.
    """
    value = recomputed.middle if point is None else point
    slack = 1e-9 * max(1.0, abs(value))
    if printed.low - slack <= value <= printed.high + slack:
        verdict = "ok"
    elif printed.meets(recomputed):
        verdict = "rounding"
    else:
        verdict = worse
    return Finding(
        check, where, printed.middle, value, verdict, "" if verdict in {"ok", "rounding"} else note,
        cells=printed.cells | recomputed.cells, half=(printed.high - printed.low) / 2,
    )  # fmt: skip


#: Standard deviations of a sum's rounding that are still called rounding: one sum in two thousand is beyond.
SIGMAS = 3.5


def total(parts: Iterable[Interval]) -> Interval:
    """Sum intervals whose ends come from independent rounding.

    Half digits rarely all point the same way: the sum is open by their worst case or by 3.5 standard deviations
    (half^2 / 3 each), whichever is less.

    >>> total([Interval(0.5, 1.5), Interval(1.5, 2.5)])
    Interval(low=2.0, high=4.0)
    """
    every = list(parts)
    halves = [(p.high - p.low) / 2 for p in every]
    middle = sum(p.middle for p in every)
    half = min(sum(halves), SIGMAS * math.sqrt(sum(h * h / 3 for h in halves)))
    return Interval(middle - half, middle + half, frozenset[str]().union(*(p.cells for p in every)))


def first_that_holds(candidates: Iterable[Callable[[], Finding]]) -> Finding:
    """Return the first candidate that is right, else the last one: several conventions are all correct.

    What fails has looked at the figures of all of them.
    """
    found: Finding | None = None
    cells: frozenset[str] = frozenset()
    for candidate in candidates:
        found = candidate()
        if found.verdict in {"ok", "rounding"}:
            return found
        cells |= found.cells
    assert found is not None
    return replace(found, cells=cells)


def follow(printed: Interval | None, then: float, now: float) -> float:
    """How a printed line moves with what it is made of: not at all where only the mended parts give it.

    >>> follow(Interval(9.5, 10.5), 10.0, 12.0), follow(Interval(11.9, 12.1), 10.0, 12.0)
    (2.0, 0.0)
    """
    if printed is not None and then != now:
        slack = 3 * (printed.high - printed.low) + 1e-9 * abs(printed.middle)
        if abs(now - printed.middle) <= slack < abs(then - printed.middle):
            return 0.0
    return now - then
