"""Which printed figure is wrong where several checks fail: the one whose mending makes them hold and breaks none.

A line of the valuation whose part alone is a misprint fails its own check with it. Every figure that two failing checks
share, and every figure that a check would mend, is mended in turn and all checks are run again: what then holds follows
from that figure, and is said as such instead of as another fault.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from clustersim.finance.audit.figures import Finding, decimals
from clustersim.finance.audit.records import Record, Tables
from clustersim.finance.audit.rerun import mended, mends_of

__all__ = ["settled"]

Family = Callable[[Tables], Iterator[Finding]]
Again = Callable[[Mapping[str, float]], tuple[dict[str, Finding], int]]
_HOLDS = {"ok", "rounding", "info"}
#: The most figures that are mended in turn: beyond so many faults a report is wrong throughout.
MOST = 6
#: Steps of the secant.
STEPS = 5
#: Of so many checks that share a figure it is solved: the coarsest of them does not tell its last digit.
MOST_SOLVED = 3
#: No printed figure that is solved for is larger.
MOST_VALUE = 1e15
_VALUATION = ("valuation", "dcf", "wacc", "comps")


@dataclass(frozen=True)
class _Trial:
    """All checks with one figure mended: what fails no longer, and what fails by it."""

    place: str
    value: float
    healed: tuple[Finding, ...]
    broken: int


def settled(tables: Tables, findings: Sequence[Finding], families: Iterable[Family]) -> list[Finding]:
    """Return the findings, those that follow from another figure's misprint told as following from it."""
    places = {r.where: r for r in tables.records if r.value is not None}
    wrong = [f for f in findings if f.verdict not in _HOLDS and _numbers(f)]
    lines = {r.where for r in tables.records if r.table in _VALUATION}
    if len(wrong) < 2 or not any(f.where in lines or f.cells & lines for f in wrong):
        return list(findings)
    again = _again(tables, findings, tuple(families))
    best: _Trial | None = None
    for trial in _trials(places, wrong, again):
        if (
            len(trial.healed) > 1
            and not trial.broken
            and len(trial.healed) > (len(best.healed) if best else 0)
        ):
            best = trial
        if best is not None and len(best.healed) == len(wrong):
            break
    if best is None:
        return list(findings)
    first = _first(best, places[best.place])
    return [_told(f, best, first, places[best.place]) if f in best.healed else f for f in findings]


def _numbers(found: Finding) -> bool:
    return not isinstance(found.printed, str | None) and not isinstance(found.recomputed, str | None)


def _again(tables: Tables, findings: Sequence[Finding], families: Sequence[Family]) -> Again:
    """Run every check with figures mended; by name, and how many fail that did not."""
    failed = {f.check for f in findings if f.verdict not in _HOLDS}

    def run(mends: Mapping[str, float]) -> tuple[dict[str, Finding], int]:
        other = mended(tables, mends)
        now = {f.check: f for family in families for f in family(other)}
        return now, sum(f.verdict not in _HOLDS and f.check not in failed for f in now.values())

    return run


def _trials(
    places: Mapping[str, Record],
    wrong: Sequence[Finding],
    again: Again,
) -> Iterator[_Trial]:
    """Figures that a check would mend and another has looked at, then figures that several failing checks share."""
    shared = Counter(cell for f in wrong for cell in f.cells if cell in places)
    tried: set[tuple[str, float]] = set()
    for found in wrong:
        mends = dict(found.mends) or mends_of(found, places)
        if len(mends) == 1 and any(shared[place] > 1 for place in mends) and len(tried) < MOST:
            ((place, value),) = mends.items()
            value = _as_printed(places[place], value)
            if (place, round(value, 6)) not in tried:
                tried.add((place, round(value, 6)))
                yield _trial(place, value, wrong, again)
    for place, count in shared.most_common(MOST):
        if count > 1:
            # One of each kind: several years of one ratio tell the same.
            kinds = {f.check.split()[0]: f for f in reversed(wrong) if place in f.cells}
            for target in list(kinds.values())[:MOST_SOLVED]:
                solved = _solved(places[place], target, again)
                solved = None if solved is None else _as_printed(places[place], solved)
                if solved is not None and (place, round(solved, 6)) not in tried:
                    tried.add((place, round(solved, 6)))
                    yield _trial(place, solved, wrong, again)


def _as_printed(record: Record, value: float) -> float:
    """A figure as its line would print it: with the digits that it has."""
    exponent = "e" in record.text.lower()
    return value if exponent else round(value, decimals(record.text))


def _trial(
    place: str,
    value: float,
    wrong: Sequence[Finding],
    again: Again,
) -> _Trial:
    now, broken = again({place: value})
    # A check at the figure itself that is no longer made has nothing left to say.
    healed = tuple(
        f for f in wrong
        if (now[f.check].verdict in {"ok", "rounding"} if f.check in now else f.where == place)
    )  # fmt: skip
    return _Trial(place, value, healed, broken)


def _solved(
    record: Record,
    found: Finding,
    again: Again,
) -> float | None:
    """The value of a part that makes a check hold, by the secant: sums are straight in each part, ratios nearly."""
    known = [(record.value or 0.0, _gap(found))]
    value = known[0][0] + (abs(known[0][0]) * 1e-3 or 1.0)
    for _ in range(STEPS):
        now = again({record.where: value})[0].get(found.check)
        if now is None or not _numbers(now):
            return None
        known.append((value, _gap(now)))
        if abs(known[-1][1]) <= 1e-3 * now.half:
            return value
        (x, f), (y, g) = known[-2:]
        if f == g:
            return None
        value = y - g * (y - x) / (g - f)
        if not math.isfinite(value) or abs(value) > MOST_VALUE:
            return None
    return value


def _gap(found: Finding) -> float:
    return float(found.difference or 0.0)


def _first(trial: _Trial, record: Record) -> Finding:
    """The finding that stays a fault: the one at the figure, one that names it, or the first."""
    at = [f for f in trial.healed if f.where == record.where]
    named = [f for f in trial.healed if f.check.startswith(record.item)]
    return (at or named or list(trial.healed))[0]


def _told(found: Finding, trial: _Trial, first: Finding, record: Record) -> Finding:
    if found is not first:
        return replace(
            found, verdict="info", note=f"holds once {record.item} at {record.where} is mended", mends=()
        )
    if found.where == record.where:
        return found
    return replace(
        found, where=record.where, printed=record.value, recomputed=trial.value, mends=((record.where, trial.value),),
        note=f"with it {len(trial.healed)} checks hold; {found.note}",
    )  # fmt: skip
