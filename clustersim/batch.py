"""Many points of one question at once: loaded once with columns for what varies, run by the functions of one point.

Points that take another branch somewhere are run again as a group of their own, points of another structure (a name, a
plan, a number of layers) from their own load, and points that have no form on columns one by one. All of it is the
same code: nothing here knows what is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from clustersim.columns import Column, Decided, Split, Unbatchable, Varied, batch, pick, places
from clustersim.errors import ClusterSimError

__all__ = ["Answers", "Question", "Values", "at"]

T = TypeVar("T")
Points = NDArray[np.int64]
#: What one input takes, a value a point: numbers in one unit, or whatever may stand in a file.
Values = Varied | Sequence[Any]
#: Groups of fewer points are not worth a run on columns.
FEW = 3


@dataclass(slots=True)
class Answers:
    """Named numbers of some points, NaN where there is none; errors by point; how many points were run one by one."""

    total: int
    columns: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    alone: int = 0
    why_alone: str = ""

    def put(self, points: Points, found: Mapping[str, Any]) -> None:
        """Keep what some points gave."""
        for name, value in found.items():
            if name not in self.columns:
                self.columns[name] = np.full(self.total, np.nan)
            self.columns[name][points] = value.values if isinstance(value, Column) else float(value)


class Question(Generic[T]):
    """A question with inputs that vary: how a point is loaded, and what is asked of it.

    ``load`` takes overrides by key, ``run`` gives named numbers of what was loaded.
    """

    def __init__(
        self, load: Callable[[Mapping[str, Any]], T], run: Callable[[T], Mapping[str, Any]],
        known: dict[tuple[str, str], bool] | None = None,
    ) -> None:  # fmt: skip
        self._load, self._run = load, run
        #: Whether a key in a unit has a form on columns: ``known`` keeps it for questions about the same keys.
        self._one_value: dict[tuple[str, str], bool] = {} if known is None else known

    def alone(self, point: Mapping[str, Any]) -> dict[str, float]:
        """Return the numbers of one point; raises what it says where it cannot be run."""
        return {name: float(value) for name, value in self._run(self._load(point)).items()}

    def answers(self, varied: Mapping[str, Values], total: int, *, hasty: bool = False) -> Answers:
        """Return the numbers of all points, in their order.

        ``hasty``: give up, with ``alone`` above zero, where some points would have to be run one by one.
        """
        out = Answers(total)
        for words, points in self._structures(varied, total):
            numbers = {k: v for k, v in varied.items() if k not in words and isinstance(v, Varied)}
            _Run(self, out, varied, words, numbers, points, hasty).all()
            if hasty and out.alone:
                break
        return out

    def _structures(
        self, varied: Mapping[str, Values], total: int
    ) -> Iterator[tuple[dict[str, Any], Points]]:
        """Groups of points that share all that is not a number, in the order of their first points."""
        keys = self.words(varied)
        if not keys:
            yield {}, np.arange(total)
            return
        groups: dict[tuple[str, ...], list[int]] = {}
        for point in range(total):
            groups.setdefault(tuple(repr(at(varied[k], point)) for k in keys), []).append(point)
        for points in groups.values():
            yield {k: at(varied[k], points[0]) for k in keys}, np.array(points)

    def words(self, varied: Mapping[str, Values]) -> list[str]:
        """Return the keys whose values are no numbers of one unit, or that no column can stand for."""
        fixed = [k for k, v in varied.items() if not isinstance(v, Varied)]
        numbers = {k: v for k, v in varied.items() if isinstance(v, Varied)}
        asked = [k for k, v in numbers.items() if (k, v.unit) not in self._one_value]
        if asked:
            base = {k: at(varied[k], 0) for k in fixed}
            few = {k: Varied(v.numbers[:1], v.unit) for k, v in numbers.items()}
            together = self._takes({**base, **{k: few[k] for k in asked}})
            for key in asked:
                takes = together or self._takes({**base, key: few[key]})
                self._one_value[key, numbers[key].unit] = not takes
        return fixed + [k for k, v in numbers.items() if self._one_value[k, v.unit]]

    def _takes(self, point: Mapping[str, Any]) -> bool:
        """Whether columns can be loaded."""
        try:
            self._load(point)
        except Split:
            return True
        except (ClusterSimError, Unbatchable):
            return False
        return True


def at(values: Values, point: int) -> Any:
    """Return what stands for an input at a point."""
    return values.text(point) if isinstance(values, Varied) else values[point]


@dataclass(slots=True)
class _Run:
    """The points of one structure on their way to the answers."""

    question: Question[Any]
    out: Answers
    varied: Mapping[str, Values]
    words: Mapping[str, Any]
    numbers: Mapping[str, Varied]
    points: Points
    hasty: bool = False
    loaded: Any = None
    where: Any = None
    decided: Decided = field(default_factory=Decided)

    def all(self) -> None:
        """Run all points, in groups that agree."""
        try:
            self.loaded = self._load(self.points)
            self.where = places(self.loaded)
        except (Split, Unbatchable, ClusterSimError):
            self.loaded = None
        todo = [np.arange(self.points.size)]
        while todo:
            mine = todo.pop()
            if mine.size < FEW:
                self._alone(mine)
                continue
            try:
                with batch(mine, self.decided, self.points.size):
                    found = self.question._run(self._some(mine))
                self.out.put(self.points[mine], found)
            except Split as split:
                todo += [mine[group] for group in split.groups()]
            except ClusterSimError:
                todo += self._failed(mine)
            except (Unbatchable, ValueError, TypeError) as error:
                # Plain arrays of points, as finance takes them, say so by a ValueError where something is asked of one.
                self.out.why_alone = self.out.why_alone or f"{type(error).__name__}: {error}"
                self.out.alone += mine.size
                if self.hasty:
                    return
                self._alone(mine)

    def _failed(self, mine: Points) -> list[Points]:
        """A group in which some points fail: halves, unless both of its ends do."""
        self._alone(mine[[0, -1]])
        rest = mine[1:-1]
        if all(int(self.points[i]) in self.out.errors for i in mine[[0, -1]]) or rest.size < FEW:
            self._alone(rest)
            return []
        middle = rest.size // 2
        return [rest[middle:], rest[:middle]]

    def _load(self, points: Points) -> Any:
        some = {k: Varied(v.numbers[points], v.unit) for k, v in self.numbers.items()}
        return self.question._load({**self.words, **some})

    def _some(self, mine: Points) -> Any:
        if self.loaded is None:
            return self._load(self.points[mine])
        return self.loaded if mine.size == self.points.size else pick(self.loaded, self.where, mine)

    def _alone(self, mine: Points) -> None:
        for point in self.points[mine].tolist():
            try:
                found = self.question.alone({k: at(v, point) for k, v in self.varied.items()})
            except ClusterSimError as error:
                self.out.errors[point] = str(error)
            else:
                self.out.put(np.array([point]), found)
