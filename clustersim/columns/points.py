"""The points of a question: where its columns stand, some of its points, and each of them alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.columns.column import Column, Noted, Split, Unbatchable

__all__ = ["Varied", "distinct", "each_group", "each_point", "held", "pick", "places"]

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Varied:
    """The values of one input as they would be written, one a point, all in one unit.

    >>> Varied(np.array([1.5, 2.0]), "GB/s").text(1)
    '2.0 GB/s'
    """

    numbers: Any
    unit: str
    written: Sequence[Any] = ()
    """The values as somebody wrote them, where somebody did, and which of them each point takes."""
    taken: Array | None = None

    def text(self, point: int) -> Any:
        """Return what stands in the file at a point."""
        if self.taken is not None:
            return self.written[int(self.taken[point])]
        value = float(self.numbers[point])
        return f"{value!r} {self.unit}" if self.unit else value

    def __str__(self) -> str:
        return f"{len(self.numbers)} values in {self.unit or '1'}"

    def __deepcopy__(self, memo: Any) -> Varied:
        return self


def places(value: Any) -> Any:
    """Return where columns stand in dataclasses, schema objects, mappings and tuples; None where there are none."""
    kind = type(value)
    names = _NAMES.get(kind, _UNSEEN)
    if names is _UNSEEN:
        names = _NAMES[kind] = _names_of(kind)
    if names is None or names is True:
        return names
    found = {key: place for key, item in _items(value, names) if (place := places(item)) is not None}
    return found or None


_UNSEEN = object()
_NAMES: dict[type, Any] = {}
"""By type: True for columns, None where none can be inside, the names of the fields, or how its items are listed."""


def _names_of(kind: type) -> Any:
    if issubclass(kind, Column | Varied):
        return True
    if getattr(kind, "AS_WRITTEN", False):
        return None  # the text of a file says the same once more
    if is_dataclass(kind):
        return tuple(f.name for f in fields(kind))
    known = getattr(kind, "model_fields", None)
    if known is not None:
        return tuple(known)
    if issubclass(kind, dict):
        return dict.items
    return enumerate if issubclass(kind, tuple | list) else None


def _items(value: Any, names: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(names, tuple):
        return [(name, getattr(value, name)) for name in names]
    listed: Iterable[tuple[Any, Any]] = names(value)
    return listed


def _parts(value: Any) -> Iterable[tuple[Any, Any]]:
    """What is inside of something in which columns stand."""
    return _items(value, _NAMES[type(value)])


def pick(value: Any, where: Any, points: Any, wrap: Callable[[Array], Any] = Column) -> Any:
    """Return the same with columns of some of the points, or with plain numbers at one point.

    >>> one = {"a": Column(np.array([1.0, 2.0, 3.0])), "b": "word"}
    >>> pick(one, places(one), 1)
    {'a': 2.0, 'b': 'word'}
    """
    if where is None:
        return value
    if isinstance(value, Varied):
        taken = None if value.taken is None else value.taken[points]
        return Varied(value.numbers[points], value.unit, value.written, taken)
    if where is True:
        chosen = value.values[..., points]
        return float(chosen) if isinstance(points, int) and np.ndim(chosen) == 0 else (
            chosen if isinstance(points, int) else wrap(chosen)
        )  # fmt: skip
    new = {key: pick(item, where[key], points, wrap) for key, item in _parts(value) if key in where}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **new)
    if hasattr(value, "model_copy"):
        return value.model_copy(update=new)
    if isinstance(value, dict):
        return {**value, **new}
    return type(value)(new.get(i, item) for i, item in enumerate(value))


def distinct(value: Any, where: Any) -> tuple[Array, Array]:
    """Return a point of every kind of points that are alike in ``value``, and by point which of them it is.

    >>> one = {"a": Column(np.array([1.0, 2.0, 1.0]))}
    >>> first, which = distinct(one, places(one))
    >>> first.tolist(), which.tolist()
    ([0, 1], [0, 1, 0])

    Raises Unbatchable for columns that are recorded.
    """
    rows = [leaf.numbers if isinstance(leaf, Varied) else leaf.values for leaf in _leaves(value, where)]
    if any(isinstance(row, Noted) for row in rows):
        raise Unbatchable("recorded points cannot be told apart")
    table = np.concatenate([np.reshape(row, (-1, np.shape(row)[-1])) for row in rows])
    _, first, which = np.unique(table, axis=1, return_index=True, return_inverse=True)
    return first, which.reshape(-1)


def _leaves(value: Any, where: Any) -> Iterator[Any]:
    if where is True:
        yield value
        return
    for key, item in _parts(value):
        if key in where:
            yield from _leaves(item, where[key])


def held(value: Any) -> int:
    """Return how many numbers the columns inside of something hold: what it takes to keep it.

    >>> held({"a": Column(np.array([1.0, 2.0, 3.0])), "b": 4.0}), held("word")
    (3, 0)
    """
    where = places(value)
    leaves = [] if where is None else list(_leaves(value, where))
    return sum(int(np.size(leaf.numbers if isinstance(leaf, Varied) else leaf.values)) for leaf in leaves)


def each_point(run: Callable[[Any], Any], question: Any) -> Any:
    """Return what a function that takes one point gives for every point of a question: its numbers as columns.

    For what has no form on columns, such as a simulation. Points must agree in everything that is no number.

    >>> each_point(lambda q: {"twice": 2 * q["a"], "by": "hand"}, {"a": Column(np.array([1.0, 2.0]))})["twice"].values
    array([2., 4.])
    """
    where = places(question)
    if where is None:
        return run(question)
    count = _count(question, where)
    return _joined([run(pick(question, where, i)) for i in range(count)])


def each_group(run: Callable[[Any], Any], question: Any) -> Any:
    """Return what a function gives for points that it decides about unlike: each group that agrees by itself, joined.

    For a function at whose end the ways meet again: the points part here, and not from the beginning of the whole run.
    Its answer is a dataclass of numbers, truths and arrays; points must agree in everything else.

    >>> def halved(q):
    ...     return replace(q, numbers=q.numbers / 2) if q.numbers > 2 else q
    >>> @dataclass(frozen=True)
    ... class Some:
    ...     numbers: Column
    >>> each_group(halved, Some(Column(np.array([1.0, 4.0, 8.0])))).numbers.values.tolist()
    [1.0, 2.0, 4.0]
    """
    try:
        return run(question)
    except Split as split:
        where, todo = places(question), split.groups()
    found = []
    while todo:
        mine = todo.pop()
        try:
            found.append((mine, run(pick(question, where, mine))))
        except Split as split:
            todo += [mine[group] for group in split.groups()]
    count = sum(mine.size for mine, _ in found)
    first = found[0][1]
    named = {f.name: _scattered([(m, getattr(r, f.name)) for m, r in found], count) for f in fields(first)}
    return replace(first, **named)


def _scattered(found: Sequence[tuple[Array, Any]], count: int) -> Any:
    """What groups of points gave, each at its points."""
    alike = found[0][1]
    if isinstance(alike, bool | float | int | str) and all(value == alike for _, value in found):
        return alike
    parts = [(m, v.values if isinstance(v, Column) else np.asarray(v)[..., None]) for m, v in found]
    shape = np.broadcast_shapes(*(part.shape[:-1] for _, part in parts))
    out = np.empty((*shape, count), dtype=np.result_type(*(part for _, part in parts)))
    for mine, part in parts:
        out[..., mine] = part
    return Column(out)


def _count(value: Any, where: Any) -> int:
    if where is True:
        return len(value.numbers) if isinstance(value, Varied) else int(value.values.shape[-1])
    key = next(iter(where))
    return _count(dict(_parts(value))[key], where[key])


def _joined(results: Sequence[Any]) -> Any:
    first = results[0]
    if isinstance(first, float | int | np.floating | np.integer) and not isinstance(first, bool):
        values = np.array(results, dtype=float)
        return first if np.all(values == values[0]) else Column(values)
    if isinstance(first, np.ndarray):
        return Column(np.stack(results, axis=-1))
    if is_dataclass(first) and not isinstance(first, type):
        named = {f.name: _joined([getattr(r, f.name) for r in results]) for f in fields(first)}
        return replace(first, **named)
    if isinstance(first, dict):
        return {key: _joined([r[key] for r in results]) for key in first}
    if isinstance(first, tuple):
        if len({len(r) for r in results}) > 1:
            raise Split(np.array([len(r) for r in results]))
        return tuple(_joined([r[i] for r in results]) for i in range(len(first)))
    known = {value: n for n, value in enumerate(dict.fromkeys(results))}
    if len(known) > 1:
        raise Split(np.array([known[r] for r in results]))
    return first
