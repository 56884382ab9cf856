"""Room in a full cache: who gives its blocks up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clustersim.des.serving.replica import Replica

__all__ = ["SLACK_TOKENS", "make_room"]

#: Rounding of a context that grew by fractions of a token at a time; far above it, far below a token.
SLACK_TOKENS = 1e-6


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
            # A sum of shares of a token may fall an ulp short of the tokens that it is: it would never get on.
            made = int(context + SLACK_TOKENS) - book.prompt[request]
            book.produced[request] = min(made, book.output[request] - 1)
        if replica.prefix is not None:
            replica.release(request)
        replica.waiting.appendleft(request)
        book.preemptions[request] = book.preemptions.get(request, 0) + 1
