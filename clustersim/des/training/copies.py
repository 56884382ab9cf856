"""Checkpoint levels: where copies lie, what they cost, and which failures they outlive."""

from __future__ import annotations

import math
from dataclasses import dataclass

from clustersim.des.training.components import DOMAINS
from clustersim.errors import InputError

__all__ = ["PLACEMENTS", "CheckpointLevel", "check_level", "checkpoint_levels", "partner_survival"]

#: Where the partners of a server are: in one group of partners, next to each other in a ring, or in another rack.
PLACEMENTS = ("group", "ring", "other_rack")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointLevel:
    """One level of asynchronous checkpoints.

    A checkpoint is taken every ``interval_s`` of running; it blocks training for ``blocking_s``, is durable
    ``lag_s`` after it was taken, and takes ``restore_s`` to load. ``survives`` are the failure domains after which
    its copies still exist; ``multi_share`` of the failures of several servers at once leave them too, by where the
    copies were placed; ``corrupt_share`` of the copies turn out torn or corrupted when read.
    """

    name: str
    interval_s: float
    blocking_s: float
    lag_s: float
    restore_s: float
    survives: tuple[str, ...]
    corrupt_share: float = 0.0
    multi_share: float = 0.0


def check_level(level: CheckpointLevel, duration_s: float) -> None:
    """Refuse a level that can never be written.

    Raises InputError for an interval longer than the run, one shorter than the copy takes, or a share outside 0 to 1.
    """
    if level.interval_s >= duration_s:
        raise InputError(
            f"checkpoint.{level.name}: an interval of {level.interval_s:g} s is not shorter than the run"
            f" of {duration_s:g} s"
        )
    if level.lag_s > level.interval_s:
        raise InputError(
            f"checkpoint.{level.name}: a copy takes {level.lag_s:g} s to become durable, longer than the"
            f" interval of {level.interval_s:g} s; the shortest sustainable interval is {level.lag_s:g} s"
        )
    if not 0 <= level.corrupt_share < 1:
        raise InputError(
            f"checkpoint.{level.name}: corrupt_share must lie between 0 and 1, not {level.corrupt_share}"
        )


def checkpoint_levels(
    *,
    checkpoint_bytes: float,
    nodes: int,
    host_interval_s: float,
    partner_interval_s: float,
    storage_interval_s: float,
    host_bandwidth: float,
    partner_bandwidth: float,
    storage_write_bandwidth: float,
    storage_read_bandwidth: float,
    partners: int = 1,
    asynchronous: bool = True,
    partner_survival: float = 0.0,
) -> tuple[CheckpointLevel, ...]:
    """Return the three levels of a checkpoint: host memory, partner servers, parallel storage.

    Host and partner bandwidths are bytes/s per server and direction, the storage's are for the whole cluster. Only
    the copy to host memory blocks training, and the copies onward run beside it; where they are not
    ``asynchronous``, training waits until each is durable. ``partner_survival`` is the share of failures of several
    servers after which some partner still holds each copy.

    >>> levels = checkpoint_levels(checkpoint_bytes=1.4e12, nodes=128, host_interval_s=600, partner_interval_s=1800,
    ...     storage_interval_s=7200, host_bandwidth=200e9, partner_bandwidth=50e9, storage_write_bandwidth=30e9,
    ...     storage_read_bandwidth=40e9)
    >>> [round(level.lag_s, 2) for level in levels]
    [0.05, 0.27, 46.72]

    Raises InputError for more partners than there are other servers.
    """
    if not 1 <= partners < max(2, nodes):
        raise InputError(
            f"checkpoint.partner: {partners} partner copies need {partners + 1} servers; there are {nodes}"
        )
    per_node = checkpoint_bytes / nodes
    staging = per_node / host_bandwidth
    send = partners * per_node / partner_bandwidth
    write, read = checkpoint_bytes / storage_write_bandwidth, checkpoint_bytes / storage_read_bandwidth
    rows = (
        ("host", host_interval_s, staging, staging, ("process",)),
        ("partner", partner_interval_s, staging + send, staging + send / partners, ("process", "node")),
        ("storage", storage_interval_s, staging + write, staging + read, DOMAINS),
    )
    return tuple(
        CheckpointLevel(
            name=name,
            interval_s=tau,
            blocking_s=staging if asynchronous else lag,
            lag_s=lag,
            restore_s=restore,
            survives=survives,
            multi_share=partner_survival if name == "partner" else 0.0,
        )
        for name, tau, lag, restore, survives in rows
    )


def partner_survival(*, nodes: int, partners: int, failed: int, placement: str = "group") -> float:
    """Return the probability that ``failed`` servers at random leave a copy of every server's state.

    In groups of m = partners + 1 servers that hold each other's state no whole group may be among the failed:
    sum_j (-1)^j C(N/m, j) C(N - jm, k - jm) / C(N, k), of which GEMINI's corollary 1 (SOSP 2023) keeps j <= 1. In a
    ring, where the next m - 1 servers hold the copies, no m neighbours may be. With partners in other racks a failure
    within one rack leaves them all.

    >>> two = partner_survival(nodes=128, partners=1, failed=2)
    >>> abs(two - (1 - 1 / 127)) < 1e-12
    True
    >>> [round(partner_survival(nodes=n, partners=1, failed=k), 4) for n, k in ((128, 8), (16, 2))]
    [0.7925, 0.9333]
    >>> partner_survival(nodes=128, partners=1, failed=1), partner_survival(nodes=128, partners=1, failed=128)
    (1.0, 0.0)

    Raises InputError for an unknown placement.
    """
    if placement not in PLACEMENTS:
        raise InputError(f"checkpoint.placement: {placement!r} is unknown; known: {', '.join(PLACEMENTS)}")
    size = partners + 1
    if failed <= partners or placement == "other_rack":
        return 1.0
    if failed >= nodes:
        return 0.0
    if placement == "ring":
        return _ring_survival(nodes, size, failed)
    # Servers beyond the last whole group back each other up in the group before: counted as whole groups.
    groups = max(1, nodes // size)
    ways = sum(
        (-1) ** j * math.comb(groups, j) * math.comb(nodes - j * size, failed - j * size)
        for j in range(min(groups, failed // size) + 1)
    )
    return float(ways / math.comb(nodes, failed))


def _ring_survival(nodes: int, size: int, failed: int) -> float:
    """No ``size`` neighbours on a circle among the failed: the gaps between survivors are each shorter than that.

    The survivors cut the circle into N - k gaps of at most size - 1 failed servers; counted by inclusion-exclusion.
    """
    gaps = nodes - failed
    fillings = sum(
        (-1) ** j * math.comb(gaps, j) * math.comb(failed - j * size + gaps - 1, gaps - 1)
        for j in range(min(gaps, failed // size) + 1)
    )
    return float(fillings * nodes / gaps / math.comb(nodes, failed))
