"""Collective times by the alpha-beta model, hierarchical over the two levels of the network.

Sizes are counted as the NCCL tests count them: the buffer of an all-reduce or broadcast, the whole gathered buffer
of an all-gather or reduce-scatter, everything one rank sends (its own part included) of an all-to-all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clustersim.errors import InputError, suggest
from clustersim.fabric.network import Network

__all__ = ["KINDS", "CollectiveTime", "bus_factor", "collective_time"]

KINDS = ("all_reduce", "all_gather", "reduce_scatter", "all_to_all", "broadcast", "send")

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CollectiveTime:
    """The terms of one collective, in seconds (floats or arrays).

    The two transfers are pipelined against each other: ``scale_out_transfer_s`` is the time of the network between
    domains, ``scale_up_transfer_s`` the part of the time inside the domain that it does not cover.
    """

    latency_s: Array
    scale_up_transfer_s: Array
    scale_out_transfer_s: Array
    algorithm: str

    @property
    def total_s(self) -> Array:
        """The sum of the terms."""
        return self.latency_s + self.scale_up_transfer_s + self.scale_out_transfer_s


def bus_factor(kind: str, n: ArrayLike) -> Array:
    """Return busbw / algbw: all-reduce 2(n-1)/n; all-gather, reduce-scatter, all-to-all (n-1)/n; else 1.

    >>> float(bus_factor("all_reduce", 8))
    1.75
    """
    ranks = np.maximum(np.asarray(n, dtype=float), 1.0)
    if kind == "all_reduce":
        return np.asarray(2 * (ranks - 1) / ranks)
    if kind in {"all_gather", "reduce_scatter", "all_to_all"}:
        return np.asarray((ranks - 1) / ranks)
    return np.ones_like(ranks)


def collective_time(
    kind: str, size: ArrayLike, n: ArrayLike, *, local: ArrayLike, network: Network, algorithm: str = "best"
) -> CollectiveTime:
    """Return the time of a collective over ``n`` cards, of which ``local`` share each coherent domain.

    Ring and tree differ in steps: a ring takes n - 1 steps per pass, a tree log2(n); the transfer is
    bytes on the wire over the rate of the slowest level, the levels pipelined against each other. A group of one
    takes exactly no time.

    >>> net = Network.flat(bandwidth=50e9, latency=5e-6)
    >>> float(collective_time("all_reduce", 1e9, 1, local=1, network=net).total_s)
    0.0
    >>> t = collective_time("all_gather", 1e9, 4, local=1, network=net)
    >>> round(float(t.scale_out_transfer_s), 4)
    0.015

    Raises InputError for an unknown kind or algorithm.
    """
    if kind not in KINDS:
        raise InputError(f"unknown collective {kind!r}; {suggest(kind, KINDS)}")
    if algorithm not in {"best", "ring", "tree"}:
        raise InputError(f"unknown algorithm {algorithm!r}; known: best, ring, tree")
    ranks = np.asarray(n, dtype=float)
    inside = np.minimum(np.asarray(local, dtype=float), ranks)
    domains = ranks / np.maximum(inside, 1.0)
    bytes_ = np.asarray(size, dtype=float)
    up, out = _transfers(kind, bytes_, ranks, inside, domains, network)
    steps, name = _latency(kind, inside, domains, network, algorithm)
    alone = ranks <= 1
    zero = np.zeros(np.broadcast_shapes(up.shape, out.shape, steps.shape, alone.shape))
    return CollectiveTime(
        latency_s=np.where(alone, 0.0, steps + network.launch_latency) + zero,
        scale_up_transfer_s=np.where(alone, 0.0, np.maximum(up - out, 0.0)) + zero,
        scale_out_transfer_s=np.where(alone, 0.0, out) + zero,
        algorithm=name,
    )


def _transfers(
    kind: str, size: Array, ranks: Array, inside: Array, domains: Array, network: Network
) -> tuple[Array, Array]:
    """Return the transfer times inside the domain and between domains, each as if alone."""
    k, m = np.maximum(inside, 1.0), np.maximum(domains, 1.0)
    up_rate, out_rate = network.scale_up_rate(k), network.scale_out_rate
    passes = 2.0 if kind == "all_reduce" and not network.in_network_reduction else 1.0
    if kind in {"all_reduce", "all_gather", "reduce_scatter"}:
        # Inside: (k-1)/k of the buffer a pass. Between: each card carries its 1/k shard over its own NIC.
        up = passes * size * (k - 1) / k / up_rate
        out = passes * (size / k) * (m - 1) / m / out_rate
    elif kind == "all_to_all":
        up = size * (k - 1) / ranks / up_rate
        out = size * (ranks - k) / ranks / out_rate
    else:
        # A pair has one link in a full mesh; a broadcast streams through all members at one link's rate.
        up = np.where(k > 1, size / network.scale_up_rate(2.0 if kind == "send" else k), 0.0)
        out = np.where(m > 1, size / out_rate, 0.0)
    if network.dies_per_card > 1 and network.die_bandwidth > 0:
        # The dies of a card exchange their halves over the die-to-die link before or after the domain does.
        share = (network.dies_per_card - 1) / network.dies_per_card
        up = np.maximum(up, passes * size * share / network.die_bandwidth)
    return np.asarray(up), np.asarray(out)


def _latency(kind: str, inside: Array, domains: Array, network: Network, algorithm: str) -> tuple[Array, str]:
    passes = 2.0 if kind == "all_reduce" else 1.0
    k, m = np.maximum(inside, 1.0), np.maximum(domains, 1.0)
    if kind == "send":
        step = np.where(m > 1, network.scale_out_latency, network.scale_up_latency)
        return np.asarray(step, dtype=float), "direct"
    if kind == "all_to_all":
        # Messages to all peers are posted at once; each further peer domain costs one posting, about 1 us
        # (DeepEP and NCCL point-to-point overheads; tier: assumption).
        return np.asarray(
            (k > 1) * network.scale_up_latency + (m > 1) * network.scale_out_latency + 1e-6 * (m - 1)
        ), ("direct")
    ring = passes * ((k - 1) * network.scale_up_latency + (m - 1) * network.scale_out_latency)
    tree = passes * (
        np.ceil(np.log2(k)) * network.scale_up_latency + np.ceil(np.log2(m)) * network.scale_out_latency
    )
    if algorithm == "ring":
        return np.asarray(ring), "ring"
    return np.asarray(tree), "tree" if algorithm == "tree" else "hierarchical"
