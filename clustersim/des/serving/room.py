"""Room in a full cache: who gives its blocks up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clustersim.des.serving.replica import Replica

__all__ = ["make_room"]


def make_room(replica: Replica) -> None:
    """Take the cache from what was admitted last until one more token per sequence fits."""
    book = replica.book
    grow = replica.batching.tokens_per_step
    replica.blocked = False
    while replica.S + replica.held - replica.saved + grow * replica.B > replica.cache:
        if replica.chunks:
            request, _, _, need = replica.chunks.pop()
            replica.held -= need + 1
        else:
            request, (last, _) = replica.running.popitem()
            left = grow * (last - replica.step)
            context = (
                replica.final.pop(request) if replica.final else book.prompt[request] + book.output[request]
            ) - left
            replica.B -= 1
            replica.S -= context
            book.produced[request] = min(int(context) - book.prompt[request], book.output[request] - 1)
        if replica.prefix is not None:
            replica.release(request)
        replica.waiting.appendleft(request)
        book.preemptions[request] = book.preemptions.get(request, 0) + 1
