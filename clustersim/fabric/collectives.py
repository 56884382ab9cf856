"""Collective times: latency, transfer and ramp of the best algorithm, for one group or for arrays of groups.

Sizes are counted as the NCCL tests count them: the buffer of an all-reduce or broadcast, the whole gathered buffer
of an all-gather or reduce-scatter, everything one rank sends (its own part included) of an all-to-all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clustersim.columns import Column, as_array
from clustersim.errors import InputError, suggest
from clustersim.fabric.algorithms import ALGORITHMS, CHAIN, Group, offered
from clustersim.fabric.network import Network

__all__ = ["KINDS", "RAMP_CAP", "CollectiveTime", "bus_factor", "collective_time", "wire_rate"]

KINDS = tuple(ALGORITHMS)

Array = NDArray[np.float64]
Cost4 = tuple[Array, Array, Array, Array]

#: The ramp never exceeds this many latencies: chunks stop growing at the size of the library's buffers (derived:
#: tuned on 8 A100 and 16 H100, see docs/fabric.md).
RAMP_CAP = 2.5


@dataclass(frozen=True, slots=True)
class CollectiveTime:
    """The terms of one collective, in seconds (floats or arrays).

    ``scale_out_transfer_s`` is the time of the network between domains, ``scale_up_transfer_s`` the part of the
    time inside the domain that it does not cover, ``die_transfer_s`` the same for the link between the dies of a
    card. ``ramp_s`` is what filling the pipeline of chunks costs. ``algorithm`` is a name, or an array of names
    where groups chose differently.
    """

    latency_s: Array
    scale_up_transfer_s: Array
    scale_out_transfer_s: Array
    algorithm: str | NDArray[np.str_]
    ramp_s: Array
    die_transfer_s: Array

    @property
    def total_s(self) -> Array:
        """The sum of the terms."""
        return (
            self.latency_s
            + self.scale_up_transfer_s
            + self.scale_out_transfer_s
            + self.die_transfer_s
            + self.ramp_s
        )


def bus_factor(kind: str, n: ArrayLike) -> Array:
    """Return busbw / algbw: all-reduce 2(n-1)/n; all-gather, reduce-scatter, all-to-all (n-1)/n; else 1.

    Source: PERFORMANCE.md of the NCCL tests.

    >>> float(bus_factor("all_reduce", 8))
    1.75
    """
    ranks = np.maximum(np.asarray(n, dtype=float), 1.0)
    if kind == "all_reduce":
        return np.asarray(2 * (ranks - 1) / ranks)
    if kind in {"all_gather", "reduce_scatter", "all_to_all"}:
        return np.asarray((ranks - 1) / ranks)
    return np.ones_like(ranks)


def wire_rate(bus_bandwidth: ArrayLike, n: ArrayLike, local: ArrayLike) -> Array:
    """Return the least bytes/s per NIC that an all-reduce of this bus bandwidth needs: busbw (m-1)/(n-1).

    Of 2(n-1)/n S per card, a domain of k need only send 2(m-1)/m S/k over each NIC (m = n/k domains). No
    measurement can exceed the NIC's rate; one that does has a wrong unit or NIC count.

    >>> round(float(wire_rate(369.9e9, 128, 8)) / 1e9, 1)   # of 50 GB/s
    43.7
    """
    ranks, inside = np.asarray(n, dtype=float), np.asarray(local, dtype=float)
    domains = ranks / inside
    return np.asarray(np.asarray(bus_bandwidth, dtype=float) * (domains - 1) / np.maximum(ranks - 1, 1.0))


def collective_time(
    kind: str, size: ArrayLike, n: ArrayLike, *, local: ArrayLike, network: Network, algorithm: str = "best",
    block: ArrayLike | None = None,
) -> CollectiveTime:  # fmt: skip
    """Return the time of a collective over ``n`` cards, of which ``local`` share each coherent domain.

    Of these, ``block`` share each block of a domain of several (default: neighbours, as many as a block holds).

    t = alpha + T + min(sqrt(alpha T), 2.5 alpha): alpha the latency of all steps and of the launch, T the bytes on
    the wire over the rate of the slower level. The last term is the ramp: a message is cut into chunks, many of
    them to fill the steps early and few to pay the step latency seldom; the best cut of a pipeline costs
    (sqrt(alpha) + sqrt(T))^2 at most (the textbook optimum, e.g. Chan et al. 2007, doi:10.1002/cpe.1206), and
    a chunk cannot outgrow the buffers, so the cost stops growing. ``best`` takes the algorithm with the least total.
    A group of one takes exactly no time. Sizes in bytes; ``size``, ``n`` and ``local`` broadcast.

    >>> net = Network.flat(bandwidth=50e9, latency=5e-6)
    >>> float(collective_time("all_reduce", 1e9, 1, local=1, network=net).total_s)
    0.0
    >>> t = collective_time("all_gather", 1e9, 4, local=1, network=net, algorithm="ring")
    >>> round(float(t.scale_out_transfer_s), 4), round(float(t.latency_s) * 1e6, 1)
    (0.015, 23.4)

    Raises InputError for an unknown kind or algorithm, a negative size, or ``local`` above the domain or ``n``.
    """
    group = _group(kind, size, n, local, network, block)
    names = _names(kind, algorithm, network)
    costs = [_terms(ALGORITHMS[kind][name](group), group) for name in names]
    if algorithm == "best" and kind not in {"all_to_all", "send"}:
        links = tuple(name for name in names if name != "in_switch")
        for smaller in _smaller(group):
            costs += [_terms(ALGORITHMS[kind][name](smaller), smaller) for name in links]
            names += links
    if len(costs) == 1:
        return _finish(kind, costs[0], names[0], group)
    totals = [alpha + transfer + ramp for alpha, transfer, _, ramp in costs]
    if any(isinstance(total, Column) for total in totals):
        return _finish(kind, _least_cost(costs, totals), "best", group)
    choice = np.argmin(np.stack(totals), axis=0)
    if np.all(choice == choice.flat[0]):
        first = int(choice.flat[0])
        return _finish(kind, costs[first], names[first], group)
    picked = tuple(
        np.take_along_axis(np.stack([cost[i] for cost in costs]), choice[np.newaxis], axis=0)[0]
        for i in range(4)
    )
    return _finish(kind, (picked[0], picked[1], picked[2], picked[3]), np.asarray(names)[choice], group)


def _least_cost(costs: Sequence[Cost4], totals: Sequence[Array]) -> Cost4:
    """The terms of the algorithm that is fastest at each point of a batch, the first of equals."""
    picked, best = costs[0], totals[0]
    for cost, total in zip(costs[1:], totals[1:], strict=True):
        faster = total < best
        best = np.where(faster, total, best)
        alpha, transfer, between, ramp = (
            np.where(faster, one, other) for one, other in zip(cost, picked, strict=True)
        )
        picked = (alpha, transfer, between, ramp)
    return picked


def _group(
    kind: str, size: ArrayLike, n: ArrayLike, local: ArrayLike, network: Network, block: ArrayLike | None
) -> Group:
    if kind not in KINDS:
        raise InputError(f"unknown collective {kind!r}; {suggest(kind, KINDS)}")
    bytes_ = as_array(size)
    ranks = np.maximum(as_array(n), 1.0)
    inside = np.clip(as_array(local), 1.0, ranks)
    if not np.all(bytes_ >= 0):
        raise InputError("the size of a collective must not be negative or not a number")
    if np.any(inside > network.scale_up_size):
        raise InputError(
            f"local={float(np.max(inside)):g} cards do not share a domain of {np.max(network.scale_up_size):g};"
            " give at most the domain's size"
        )
    shared = None
    if network.block_size:
        shared = np.minimum(inside, network.block_size if block is None else np.maximum(as_array(block), 1.0))
    return Group(bytes_, ranks, inside, np.maximum(ranks / inside, 1.0), network, shared)


def _smaller(group: Group) -> Iterator[Group]:
    """The same cards as members of smaller domains, down to a server: no library must leave its NICs idle."""
    if group.network.scale_up_wiring != "switched" or not np.any(group.network.scale_up_size > CHAIN):
        return
    k = group.k
    while np.any((k % 2 == 0) & (k > CHAIN)):
        k = np.where((k % 2 == 0) & (k > CHAIN), k / 2, k)
        block = None if group.block is None else np.minimum(group.block, k)
        yield replace(group, k=k, m=np.maximum(group.n / k, 1.0), block=block)


def _names(kind: str, algorithm: str, network: Network) -> tuple[str, ...]:
    if algorithm == "best":
        return offered(kind, network)
    if algorithm not in ALGORITHMS[kind]:
        known = ("best", *ALGORITHMS[kind])
        raise InputError(f"{kind} has no algorithm {algorithm!r}; {suggest(algorithm, known)}")
    if algorithm == "in_switch" and not np.all(network.scale_up_reduction_efficiency):
        raise InputError("in_switch needs network.scale_up_reduction_efficiency above 0")
    return (algorithm,)


def _terms(cost: tuple[Array, Array, Array], group: Group) -> tuple[Array, Array, Array, Array]:
    """Return (alpha, slower level's transfer, transfer between domains, ramp), all of one shape."""
    steps, inside, between = cost
    alpha = steps + group.network.launch_latency
    if group.network.scale_up_wiring == "pcie":
        # Cards and NIC exchange over the same host bridges: what crosses goes over them beside what stays.
        inside = np.where(group.m > 1, inside + between, inside)
    transfer = np.maximum(inside, between)
    ramp = np.minimum(np.sqrt(alpha * transfer), RAMP_CAP * alpha)
    alpha, transfer, between, ramp = np.broadcast_arrays(alpha, transfer, between, ramp)
    return alpha, transfer, between, ramp


def _finish(
    kind: str, cost: tuple[Array, Array, Array, Array], algorithm: str | NDArray[np.str_], group: Group
) -> CollectiveTime:
    alpha, transfer, between, ramp = cost
    die = np.maximum(_die_transfer(kind, group) - transfer, 0.0)
    busy = (group.n > 1).astype(float)
    return CollectiveTime(
        latency_s=alpha * busy,
        scale_up_transfer_s=(transfer - between) * busy,
        scale_out_transfer_s=between * busy,
        algorithm=algorithm,
        ramp_s=ramp * busy,
        die_transfer_s=die * busy,
    )


def _die_transfer(kind: str, group: Group) -> Array:
    """Seconds in which the dies of a card pass each other what leaves by the other die's links.

    Each of d dies owns 1/d of the card's links, so (d-1)/d of the size crosses between the dies; an all-reduce
    crosses back with the sum. It runs beside the work of the domain.
    """
    network = group.network
    bandwidth = as_array(network.die_bandwidth)
    passes = 2.0 if kind == "all_reduce" else 1.0
    share = (network.dies_per_card - 1) / network.dies_per_card
    crossing = passes * group.size * share
    return np.where(bandwidth > 0, crossing / np.where(bandwidth > 0, bandwidth, 1.0), 0.0)
