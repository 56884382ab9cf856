"""The batch that is under way, and the decisions about its points."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.columns.column import Column, Split
from clustersim.columns.numbers import values_of
from clustersim.columns.points import pick, places

__all__ = ["Batch", "as_plain", "batch", "decide"]


@dataclass(slots=True)
class Batch:
    """Points that are run together, and what was decided about them on the way."""

    points: NDArray[np.int64]
    decided: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    """By number of the decision, for every point of the whole; -1 where it is not known yet."""
    total: int = 0
    calls: int = 0


_UNDER_WAY: ContextVar[Batch | None] = ContextVar("batch", default=None)


@contextmanager
def batch(points: NDArray[np.int64], decided: dict[int, NDArray[np.int64]], total: int) -> Any:
    """Run some of ``total`` points together; decisions that were made before stand."""
    token = _UNDER_WAY.set(Batch(points, decided, total))
    try:
        yield
    finally:
        _UNDER_WAY.reset(token)


def decide(label: Callable[[], Any]) -> int:
    """Return the one label of all points; they split where they differ. What was dear to find is not found twice."""
    now = _UNDER_WAY.get()
    if now is None:
        return int(Column(np.asarray(values_of(label()))))
    known = now.decided.setdefault(now.calls, np.full(now.total, -1, dtype=np.int64))
    now.calls += 1
    mine = known[now.points]
    if np.any(mine < 0):
        mine = np.broadcast_to(np.asarray(values_of(label()), dtype=np.int64), mine.shape)
        known[now.points] = mine
    if np.all(mine == mine[0]):
        return int(mine[0])
    raise Split(mine)


def as_plain(value: Any) -> Any:
    """Return the same with arrays of points in place of columns, for functions whose last axis is the points."""
    return (
        value if _UNDER_WAY.get() is None else pick(value, places(value), slice(None), lambda values: values)
    )
