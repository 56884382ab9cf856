"""What the width of an interval comes from: every source at its P10 and P90 alone, the others at their values.

An outcome's width is nearly the root of the sum of squares of what its sources move it by, so that the share of a
source is the square of its own swing over the sum of all squares. What several clusters share is one source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.econ.interval import Range
from clustersim.intervals.draws import bands_of, common_share, level_of
from clustersim.schema.inputs import Inputs
from clustersim.special import Z90

__all__ = ["SLOWER", "Ends", "Part", "ends_of", "error_source", "parts_of"]

Array = NDArray[np.float64]
#: Before the name of a drawn factor: measured over predicted time of a workload of a side.
SLOWER = "slower|"
#: The levels that a source is put to.
LEVELS = (0.1, 0.9)
#: The same as standard normal numbers.
_NORMAL = (-Z90, Z90)


@dataclass(frozen=True, slots=True)
class Part:
    """What one source does to an outcome: the outcome at its P10 and at its P90, and its share of the width."""

    source: str
    low: float
    high: float
    share: float


@dataclass(frozen=True, slots=True)
class Ends:
    """Two points for every source, in their order: values of all keys that vary somewhere."""

    sources: tuple[str, ...]
    columns: Mapping[str, Array]

    @property
    def points(self) -> int:
        """How many points there are."""
        return 2 * len(self.sources)


def ends_of(ranges: Mapping[str, Range], sides: Sequence[Inputs], bare: Mapping[str, str]) -> Ends:
    """Return the points of all inputs with a range and of the errors of all predictions.

    ``bare`` names the source of a key: that of two clusters which share a section's draws is one.
    """
    moves: dict[str, dict[str, tuple[float, float]]] = {}
    for key, span in ranges.items():
        moves.setdefault(bare[key], {})[key] = (span.at(LEVELS[0]), span.at(LEVELS[1]))
    for source, key, ends in _errors(sides):
        moves.setdefault(source, {})[key] = ends
    still = {key: ranges[key].value if key in ranges else 1.0 for of in moves.values() for key in of}
    columns = {key: np.full(2 * len(moves), value) for key, value in still.items()}
    for at, of in enumerate(moves.values()):
        for key, ends in of.items():
            columns[key][2 * at : 2 * at + 2] = ends
    return Ends(tuple(moves), columns)


def error_source(work: str, card: str, software: str) -> str:
    """Return what the error of a workload's prediction on a card is called among the sources of a width."""
    return f"error of {work} on {card} by {software}"


def _errors(sides: Sequence[Inputs]) -> list[tuple[str, str, tuple[float, float]]]:
    """The factors on times at both ends of the part that a software's predictions share, and of each one's own."""
    out = []
    for side in sides:
        for work, predicted in bands_of(side).items():
            share = common_share(next(iter(predicted.bands)))
            for name, band in {"unit": predicted.unit, **predicted.bands}.items():
                if name not in {"unit", "ttft", "tpot"}:
                    continue
                key, middle = f"{SLOWER}{side.name}|{work}|{name}", band.factors(0.5)
                for source, common, own in (
                    (f"error of predictions by {predicted.software}, common", 1.0, 0.0),
                    (error_source(work, side.parts.card.name, predicted.software), 0.0, 1.0),
                ):
                    at = [float(band.factors(level_of(common * z, own * z, share)) / middle) for z in _NORMAL]
                    if at[0] < at[1]:
                        out.append((source, key, (at[0], at[1])))
    return out


def parts_of(sources: Sequence[str], outcome: Array, least: float = 0.0) -> list[Part]:
    """Return what each source does to an outcome, given at its two ends one source after the other, widest first.

    A source at one of whose ends the question cannot be run has no share; ``least`` leaves smaller shares out.

    >>> [(p.source, round(p.share, 3)) for p in parts_of(("a", "b"), np.array([1.0, 4.0, 2.0, 6.0]))]
    [('b', 0.64), ('a', 0.36)]
    """
    pairs = outcome.reshape(-1, 2)
    squares = np.where(np.isfinite(pairs).all(axis=1), (pairs[:, 1] - pairs[:, 0]) ** 2, 0.0)
    total = float(squares.sum())
    if not total > 0:
        return []
    found = [
        Part(source, float(low), float(high), float(square / total))
        for source, (low, high), square in zip(sources, pairs, squares, strict=True)
        if square > least * total
    ]
    return sorted(found, key=lambda part: -part.share)
