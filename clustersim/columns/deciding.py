"""The batch that is under way, and the decisions about its points."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.columns.column import Column, Noted, Split
from clustersim.columns.numbers import as_array, values_of
from clustersim.columns.points import pick, places

__all__ = ["Batch", "Decided", "as_plain", "batch", "decide", "decide_with", "decisions", "pass_over"]


@dataclass(slots=True)
class Decided:
    """What was decided about some points, by number of the decision, for every one of them."""

    labels: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    """-1 where it is not known yet."""
    numbers: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    """What was found with the labels, (points, numbers)."""


@dataclass(slots=True)
class Batch:
    """Points that are run together, and what was decided about the ``total`` of them on the way."""

    points: NDArray[np.int64]
    decided: Decided
    total: int


_UNDER_WAY: ContextVar[Batch | None] = ContextVar("batch", default=None)
#: How many decisions came before: the number of the next.
_MADE: ContextVar[int] = ContextVar("made", default=0)


@contextmanager
def batch(points: NDArray[np.int64], decided: Decided, total: int) -> Any:
    """Run some of ``total`` points together; decisions that were made before stand."""
    token, made = _UNDER_WAY.set(Batch(points, decided, total)), _MADE.set(0)
    try:
        yield
    finally:
        _UNDER_WAY.reset(token)
        _MADE.reset(made)


def decide(label: Callable[[], Any]) -> int:
    """Return the one label of all points; they split where they differ. What was dear to find is not found twice."""
    return decide_with(lambda: (label(), np.empty((1, 0))))[0]


def decide_with(label: Callable[[], tuple[Any, NDArray[np.float64]]]) -> tuple[int, NDArray[np.float64]]:
    """Return the one label of all points, and the numbers that were found with it, (points, numbers).

    Groups that split by their labels find both as they were found for all points.
    """
    now, number = _UNDER_WAY.get(), _MADE.get()
    _MADE.set(number + 1)
    if now is None:
        labels, numbers = label()
        return int(Column(as_array(values_of(labels), None))), numbers
    known = now.decided.labels.setdefault(number, np.full(now.total, -1, dtype=np.int64))
    mine = known[now.points]
    if np.any(mine < 0):
        labels, numbers = label()
        found = values_of(labels)
        if isinstance(found, Noted):
            return int(Column(as_array(found))), numbers
        mine = np.broadcast_to(np.asarray(found, dtype=np.int64), mine.shape)
        known[now.points] = mine
        every = now.decided.numbers.setdefault(number, np.full((now.total, numbers.shape[1]), np.nan))
        every[now.points] = numbers
    if np.all(mine == mine[0]):
        return int(mine[0]), now.decided.numbers[number][now.points]
    raise Split(mine)


def decisions() -> int:
    """Return how many decisions were made, or passed over, so far."""
    return _MADE.get()


def pass_over(count: int) -> None:
    """Count decisions that a remembered result took when it was found, so that the next keeps its number.

    A decision is known by its number: a batch that finds a result remembered, and one of its groups that does not,
    must number all that follows alike.
    """
    _MADE.set(_MADE.get() + count)


def as_plain(value: Any) -> Any:
    """Return the same with arrays of points in place of columns, for functions whose last axis is the points."""
    return (
        value if _UNDER_WAY.get() is None else pick(value, places(value), slice(None), lambda values: values)
    )
