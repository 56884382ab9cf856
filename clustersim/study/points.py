"""The points of a study as columns: what is put into a range of them, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from clustersim.batch import Values
from clustersim.columns import Varied
from clustersim.study.space import Axis, Span, as_number
from clustersim.study.spec import StudySpec

__all__ = ["BLOCK", "MOST_PARTS", "Found", "blocks", "joined", "varied_values"]

Array = NDArray[np.float64]

#: Points that run together, near enough: so many that what a batch costs once is little, and few enough for a worker's
#: memory. A study of up to half as many again is one block.
BLOCK = 8192
#: Points together where most share their numbers with few others, as where names or counts vary.
SMALL_BLOCK = 64
#: Files of finished points that a study makes at most.
MOST_PARTS = 1500


@dataclass(frozen=True, slots=True)
class Found:
    """What the points ``start`` to ``stop`` gave: outputs by name, NaN where there is none, and errors by point."""

    start: int
    stop: int
    columns: Mapping[str, Array]
    errors: Mapping[int, str]
    alone: int = 0
    """Points of the blocks behind it that were run one by one, because something has no form on columns."""
    why_alone: str = ""

    def column(self, name: str) -> Array:
        """Return an output, NaN for all points where none of them has it."""
        return self.columns.get(name, np.full(self.stop - self.start, np.nan))

    def cut(self, start: int, stop: int) -> Found:
        """Return some of the points."""
        if (start, stop) == (self.start, self.stop):
            return self
        mine = slice(start - self.start, stop - self.start)
        errors = {point: text for point, text in self.errors.items() if start <= point < stop}
        columns = {name: column[mine] for name, column in self.columns.items()}
        return Found(start, stop, columns, errors, self.alone, self.why_alone)


def joined(parts: Sequence[Found]) -> Found:
    """Return consecutive ranges as one.

    >>> a, b = Found(0, 1, {"x": np.array([1.0])}, {}), Found(1, 3, {}, {1: "no", 2: "no"})
    >>> joined([a, b]).column("x"), joined([a, b]).errors
    (array([ 1., nan, nan]), {1: 'no', 2: 'no'})
    """
    names = dict.fromkeys(name for part in parts for name in part.columns)
    return Found(
        parts[0].start,
        parts[-1].stop,
        {name: np.concatenate([part.column(name) for part in parts]) for name in names},
        {point: text for part in parts for point, text in part.errors.items()},
        sum(part.alone for part in parts),
        next((part.why_alone for part in parts if part.why_alone), ""),
    )


def varied_values(spec: StudySpec, start: int, stop: int) -> dict[str, Values]:
    """Return what each varied input takes at the points ``start`` to ``stop``."""
    if not spec.axes:
        rows = spec.samples[start:stop]
        return {k: Varied(rows[:, i], u) for i, (k, u) in enumerate(zip(spec.keys, spec.units, strict=True))}
    chosen = np.array(spec.chosen[start:stop]) if spec.chosen else np.arange(start, stop)
    values: dict[str, Values] = {}
    for axis in reversed(spec.axes):
        chosen, position = np.divmod(chosen, len(axis.values))
        values[axis.key] = _on_axis(axis, position)
    return {axis.key: values[axis.key] for axis in spec.axes}


def _on_axis(axis: Axis, position: NDArray[np.int64]) -> Values:
    """Numbers of one unit as they are, anything else as it is written."""
    if isinstance(axis.values, Span):
        return Varied(axis.values.numbers(position), axis.values.unit, axis.values, position)
    numbers = [as_number(value) for value in axis.values]
    units = {number[1] if number is not None else None for number in numbers}
    if len(units) == 1 and None not in units:
        known = np.array([number[0] for number in numbers if number is not None])
        return Varied(known[position], units.pop() or "", axis.values, position)
    return [axis.values[i] for i in position.tolist()]


def blocks(spec: StudySpec, words: Sequence[str], *, together: bool) -> int:
    """Return how many points run together, by the study alone, so that its bytes do not depend on who runs it.

    ``words`` are the inputs that no column can stand for; ``together`` is whether points can share a run at all.
    """
    numbers = [key for key in spec.varied if key not in words]
    if not together or not numbers:
        return 1
    sharing = spec.total
    if spec.axes and not spec.chosen:
        sharing = int(np.prod([len(a.values) for a in spec.axes if a.key in numbers]))
    if sharing < SMALL_BLOCK:
        return SMALL_BLOCK
    return ceil(spec.total / max(1, round(spec.total / BLOCK)))
