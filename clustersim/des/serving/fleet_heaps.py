"""What a fleet's loop keeps in order: running sequences by when they end, replicas by their load and next change.

Everything is a row of an array, so that the functions compile (`clustersim.compiled`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clustersim.compiled import loop

__all__ = ["Running", "first_from", "put", "running_of", "tree_of"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Running(NamedTuple):
    """Sequences that decode, one row a replica, each row a heap by ``due``: the step that the last token comes with.

    ``joined`` numbers them in the order in which they joined, ``final`` is the context that each ends with.
    """

    due: Ints
    slot: Ints
    joined: Ints
    final: Floats


def running_of(replicas: int, most: int) -> Running:
    """Return the room of so many replicas with at most so many sequences each."""
    shape = (replicas, most)
    return Running(
        np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape)
    )


@loop
def swap(heap: Running, i: int, a: int, b: int) -> None:
    """Let two places of a heap change what they hold."""
    heap.due[i, a], heap.due[i, b] = heap.due[i, b], heap.due[i, a]
    heap.slot[i, a], heap.slot[i, b] = heap.slot[i, b], heap.slot[i, a]
    heap.joined[i, a], heap.joined[i, b] = heap.joined[i, b], heap.joined[i, a]
    heap.final[i, a], heap.final[i, b] = heap.final[i, b], heap.final[i, a]


@loop
def rise(heap: Running, i: int, at: int) -> None:
    """Move what stands at a place up to where it belongs."""
    while at > 0 and heap.due[i, at] < heap.due[i, (at - 1) // 2]:
        swap(heap, i, at, (at - 1) // 2)
        at = (at - 1) // 2


@loop
def remove(heap: Running, i: int, at: int, count: int) -> None:
    """Take one of ``count`` sequences out; the last place is free then."""
    last = count - 1
    if at == last:
        return
    swap(heap, i, at, last)
    rise(heap, i, at)
    while True:
        child = 2 * at + 1
        if child >= last:
            return
        if child + 1 < last and heap.due[i, child + 1] < heap.due[i, child]:
            child += 1
        if heap.due[i, at] <= heap.due[i, child]:
            return
        swap(heap, i, at, child)
        at = child


@loop
def latest(heap: Running, i: int, count: int) -> int:
    """Return the place of the sequence that joined last."""
    best = 0
    for at in range(1, count):
        if heap.joined[i, at] > heap.joined[i, best]:
            best = at
    return best


def tree_of(values: NDArray[Any]) -> NDArray[Any]:
    """Return a tree whose root (place 1) is the least of the values, which stand in its second half.

    >>> int(tree_of(np.array([3, 1, 2]))[1])
    1
    """
    leaves = 1 << max(len(values) - 1, 1).bit_length()
    high = np.iinfo(values.dtype).max if values.dtype.kind == "i" else np.inf
    tree = np.full(2 * leaves, high, dtype=values.dtype)
    tree[leaves : leaves + len(values)] = values
    for at in range(leaves - 1, 0, -1):
        tree[at] = min(tree[2 * at], tree[2 * at + 1])
    return tree


@loop
def put(tree: NDArray[Any], i: int, value: Any) -> None:
    """Set a value of a tree."""
    at = len(tree) // 2 + i
    tree[at] = value
    while at > 1:
        at //= 2
        least = min(tree[2 * at], tree[2 * at + 1])
        if tree[at] == least:
            return
        tree[at] = least


@loop
def first_from(tree: NDArray[Any], start: int) -> int:
    """Return the first at or after ``start`` that has the least value of all, or else the first of all that has it.

    >>> tree = tree_of(np.array([1, 2, 1, 3]))
    >>> first_from(tree, 0), first_from(tree, 1), first_from(tree, 3)
    (0, 2, 0)
    """
    leaves, least = len(tree) // 2, tree[1]
    at = leaves + start
    if tree[at] != least:
        # Up until a neighbour on the right holds it; where none does, down from the root.
        while at > 1 and (at % 2 == 1 or tree[at + 1] != least):
            at //= 2
        at = at + 1 if at > 1 else 1
        while at < leaves:
            at = 2 * at if tree[2 * at] == least else 2 * at + 1
    return at - leaves
