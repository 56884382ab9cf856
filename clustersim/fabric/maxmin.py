"""Max-min fair rates on shared links by progressive filling, and the times of flows that share them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clustersim.errors import InputError

__all__ = ["Usage", "fair_rates", "flow_times"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

#: Shares that lie within this of one another are one share.
_TIE = 1e-12


@dataclass(frozen=True, slots=True)
class Usage:
    """Which flow loads which link: entry i says that ``flow[i]`` puts ``share[i]`` of its rate on ``link[i]``.

    ``capacity`` is per link. The two directions of a cable are two links.
    """

    flow: Index
    link: Index
    share: Array
    capacity: Array
    flows: int

    @classmethod
    def of_paths(cls, paths: Sequence[Sequence[int]], capacity: ArrayLike) -> Usage:
        """Return the usage of flows that each take one path, given as link numbers."""
        flow = np.repeat(np.arange(len(paths)), [len(p) for p in paths])
        link = np.asarray([i for p in paths for i in p], dtype=np.int64)
        rates = np.asarray(capacity, dtype=float)
        if link.size and (link.min() < 0 or link.max() >= rates.size):
            raise InputError(f"a path names link {int(link.max())}; there are links 0 to {rates.size - 1}")
        return cls(flow.astype(np.int64), link, np.ones(link.size), rates, len(paths))

    def only(self, flows: ArrayLike) -> Usage:
        """Return the usage with the other flows gone; the numbers stay."""
        kept = np.zeros(self.flows, dtype=bool)
        kept[np.asarray(flows, dtype=np.int64)] = True
        entries = kept[self.flow]
        return Usage(self.flow[entries], self.link[entries], self.share[entries], self.capacity, self.flows)


def fair_rates(usage: Usage, limit: ArrayLike | None = None) -> Array:
    """Return the max-min fair rate of every flow, in the unit of the capacities.

    Progressive filling: all flows grow alike until a link is full or a flow meets its own ``limit``; those stop, the
    others grow on (Bertsekas and Gallager, Data Networks, 2nd ed., section 6.5.2). What a link would give each of its
    flows only rises while others stop, so that all links are filled at once that none of their flows leaves for a
    tighter one: the rounds, each a few passes over the entries, are as many as such links depend on one another, and
    not as many as there are links. A flow that loads nothing gets its limit, or infinity.

    >>> usage = Usage.of_paths([[0], [0, 1], [1]], [1.0, 2.0])
    >>> fair_rates(usage).tolist()
    [0.5, 0.5, 1.5]

    Raises InputError for a negative or missing capacity.
    """
    if not np.all(usage.capacity >= 0):
        raise InputError("every link needs a capacity that is a number and not negative")
    rates = np.full(usage.flows, np.inf)
    if limit is not None:
        rates[:] = limit
    left = usage.capacity.astype(float).copy()
    endless = np.isinf(left)
    flow, link, share = _telling(usage)
    while flow.size:
        load = np.bincount(link, weights=share, minlength=left.size)
        level = np.divide(left, load, out=np.full(left.size, np.inf), where=load > 0)
        least = rates.copy()
        np.minimum.at(least, flow, level[link])
        # A link is settled where none of its flows is held lower elsewhere; so is a flow at its own limit.
        held = np.full(left.size, np.inf)
        np.minimum.at(held, link, least[flow])
        full = held >= level * (1 - _TIE)
        settled = np.zeros(usage.flows, dtype=bool)
        settled[flow[full[link]]] = True
        settled |= least >= rates
        entries = settled[flow]
        rates[settled] = least[settled]
        taken = np.bincount(link[entries], share[entries] * rates[flow[entries]], minlength=left.size)
        left = np.where(endless, np.inf, np.maximum(left - taken, 0.0))
        flow, link, share = flow[~entries], link[~entries], share[~entries]
    return rates


def _telling(usage: Usage) -> tuple[Index, Index, Array]:
    """The entries of one link out of all that hold the same flows at the same shares and have one capacity.

    Such links, the many cables between two layers of switches, fill together. They are known by sums over their
    flows with weights drawn at random, which agree to the last bit for no others.
    """
    weight = np.random.default_rng(0).random((2, usage.flows))
    links = usage.capacity.size
    sums = [np.bincount(usage.link, usage.share * w[usage.flow], minlength=links) for w in weight]
    _, kept = np.unique(np.column_stack([*sums, usage.capacity]), axis=0, return_index=True)
    tells = np.zeros(links, dtype=bool)
    tells[kept] = True
    entries = tells[usage.link]
    return usage.flow[entries], usage.link[entries], usage.share[entries]


def flow_times(usage: Usage, sizes: ArrayLike) -> Array:
    """Return when each flow ends, all starting at once: whenever one ends, the others share anew.

    >>> flow_times(Usage.of_paths([[0], [0]], [1.0]), [1.0, 3.0]).tolist()
    [2.0, 4.0]

    Raises InputError for a flow that can never end (its link has no capacity).
    """
    left = np.array(np.broadcast_to(np.asarray(sizes, dtype=float), usage.flows))
    if not np.all(left >= 0):
        raise InputError("sizes of flows must not be negative")
    ends, now = np.zeros(usage.flows), 0.0
    waiting = left > 0
    while waiting.any():
        rates = fair_rates(usage.only(np.flatnonzero(waiting)))
        if not np.all(rates[waiting] > 0):
            raise InputError("a flow crosses a link without capacity and never ends")
        need = np.where(waiting, left / np.where(waiting, rates, 1.0), np.inf)
        step = float(need.min())
        done = waiting & (need <= step * (1 + 1e-9))
        now += step
        left = np.where(waiting, left - rates * step, 0.0)
        ends[done] = now
        waiting &= ~done
    return ends
