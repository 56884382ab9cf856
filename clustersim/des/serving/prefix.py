"""A prefix cache: blocks of prompt tokens kept after use, the least recently used leaving first."""

from __future__ import annotations

from collections import OrderedDict

from clustersim.errors import InputError

__all__ = ["PrefixCache"]


class PrefixCache:
    """Blocks that were computed before; a prompt needs no work for its longest run of known leading blocks.

    ``capacity_tokens`` is taken out of the room for running requests when it lies in the card's own memory.

    >>> cache = PrefixCache(1024)
    >>> cache.look_up((1, 2), 512), cache.look_up((1, 3), 512), cache.look_up((1, 2), 512)
    (0, 512, 512)
    """

    __slots__ = ("blocks", "capacity_tokens", "hit_tokens", "looked_up_tokens")

    def __init__(self, capacity_tokens: int) -> None:
        if capacity_tokens < 0:
            raise InputError(f"prefix cache: a capacity of {capacity_tokens} tokens is below zero")
        self.capacity_tokens = capacity_tokens
        self.blocks: OrderedDict[int, None] = OrderedDict()
        self.hit_tokens = self.looked_up_tokens = 0

    def look_up(self, blocks: tuple[int, ...], block_tokens: int) -> int:
        """Return the known leading tokens, and keep the blocks as the most recently used."""
        known = self.blocks
        hits = 0
        for block in blocks:
            if block not in known:
                break
            hits += 1
        for block in blocks:
            known[block] = None
            known.move_to_end(block)
        room = self.capacity_tokens // block_tokens
        while len(known) > room:
            known.popitem(last=False)
        self.hit_tokens += hits * block_tokens
        self.looked_up_tokens += len(blocks) * block_tokens
        return hits * block_tokens

    def share(self, blocks: tuple[int, ...]) -> int:
        """Return how many leading blocks are known, without touching them (for the router)."""
        hits = 0
        for block in blocks:
            if block not in self.blocks:
                break
            hits += 1
        return hits

    def clear(self) -> None:
        """Forget everything (the replica failed)."""
        self.blocks.clear()
