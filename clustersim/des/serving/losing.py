"""What a failure takes from a replica."""

from __future__ import annotations

from clustersim.des.serving.book import PENDING
from clustersim.des.serving.replica import Replica

__all__ = ["lose_all"]


def lose_all(replica: Replica, now: float) -> list[int]:
    """Lose everything in flight at ``now``; return the lost requests in the order of their indices.

    An iteration that would have ended after ``now`` did not happen: what it finished is lost too.
    """
    lost = {*replica.waiting, *replica.running, *(chunk[0] for chunk in replica.chunks)}
    lost |= {chunk[0] for _, chunk in replica.loading} | {request for _, request in replica.arriving}
    undone = {request for when, request in replica.done if when > now}
    replica.done = [(when, request) for when, request in replica.done if when <= now]
    lost |= undone
    for request in lost:
        replica.book.status[request] = PENDING
        replica.book.first[request] = replica.book.finish[request] = float("nan")
        replica.book.produced.pop(request, None)
    replica.clear()
    if replica.prefix is not None:
        replica.prefix.clear()
    replica.clock, replica.up = now, False
    return sorted(lost)
