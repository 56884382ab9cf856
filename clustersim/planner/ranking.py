"""Fair ranking, in one place: a difference below what any prediction can tell is a tie, and the cheaper wins it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

__all__ = ["TIE", "fair_front", "fair_order", "ties_of"]

T = TypeVar("T")

#: Relative difference below which two predictions are a tie. No figure that is predicted here is known to half a
#: percent (the best rows of `validate training` come within 2 %; assumption).
TIE = 0.005


def _lead(better: float, worse: float) -> float:
    """How far the smaller of two figures leads, as a share of the larger."""
    size = max(abs(better), abs(worse))
    return (worse - better) / size if size > 0 else 0.0


def fair_order(
    items: Sequence[T], value: Callable[[T], float], cost: Callable[[T], float], *, tie: float = TIE
) -> list[T]:
    """Return items in order of a value of which less is better; those within ``tie`` of the leader by their cost.

    The leader of what is left takes all that it leads by less than ``tie`` into its group; inside a group the cheaper
    comes first, then the better. So no item that is more than ``tie`` better stands behind a worse one of a later
    group, and the order does not depend on the order of the items.

    >>> nics = [("400G", 99.9, 12.0), ("200G", 100.0, 10.0), ("100G", 120.0, 9.0)]
    >>> [name for name, *_ in fair_order(nics, lambda n: n[1], lambda n: n[2])]
    ['200G', '400G', '100G']
    """
    left = sorted(items, key=lambda item: (value(item), cost(item)))
    out: list[T] = []
    while left:
        leader = value(left[0])
        group = [item for item in left if _lead(leader, value(item)) < tie]
        out += sorted(group, key=lambda item: (cost(item), value(item)))
        left = left[len(group) :]
    return out


def ties_of(first: T, others: Sequence[T], value: Callable[[T], float], *, tie: float = TIE) -> list[T]:
    """Return those of ``others`` whose value is a tie with that of the item that came first.

    >>> ties_of(100.0, [100.2, 101.0], lambda v: v)
    [100.2]
    """
    return [item for item in others if abs(_lead(value(first), value(item))) < tie]


def fair_front(items: Sequence[T], values: Callable[[T], tuple[float, ...]], *, tie: float = TIE) -> list[T]:
    """Return the items that no other beats, in order of their first value, which is their cost; less is better in all.

    An item beats another that is nowhere better than it by ``tie`` or more, and that is worse by so much somewhere, or
    else dearer. Every item that is left out has one on the front that is nowhere worse by more than two ties.

    >>> fair_front([(10.0, 5.0), (12.0, 4.99), (12.0, 4.0), (13.0, 4.5)], lambda v: v)
    [(10.0, 5.0), (12.0, 4.0)]
    """
    front: list[T] = []
    for item in sorted(items, key=values):
        mine = values(item)
        # What came before is as cheap or cheaper: it need only be no worse in the rest.
        if all(
            any(_lead(m, o) >= tie for m, o in zip(mine[1:], values(other)[1:], strict=True))
            for other in front
        ):
            front.append(item)
    return _without_beaten(front, values, tie)


def _without_beaten(front: list[T], values: Callable[[T], tuple[float, ...]], tie: float) -> list[T]:
    """Take out, dearest first, what another beats although it is dearer by less than a tie."""
    kept = list(front)
    for item in reversed(front):
        mine = values(item)
        for other in kept:
            leads = [_lead(o, m) for o, m in zip(values(other), mine, strict=True)]
            if other is not item and min(leads) > -tie and max(leads) >= tie:
                kept.remove(item)
                break
    return kept
