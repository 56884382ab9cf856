"""Known blocks of prompt tokens: in a replica's own cache beside its running sequences, and in tiers outside it.

The device's memory is not divided. A block that running requests hold is counted once however many of them hold it; one
that nobody holds any more stays known as long as no running sequence needs its place, and the one that was used longest
ago leaves first, of one request its tail before its head. Every computed block is also written to the first tier; what
a tier has no room for goes down to the next. A prompt needs no work for its longest run of known leading blocks: those
of a tier are read over that tier's link, one request after another, before its prompt starts.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from clustersim.errors import InputError

__all__ = ["BlockCache", "Known", "OuterTier", "Runs", "TierRule", "tiers_of"]


class Runs(Sequence[int]):
    """Identifiers of blocks as a few runs of consecutive numbers, so that long prompts take no memory.

    >>> list(Runs(range(2), range(10, 12))), len(Runs(range(2), range(10, 12))), Runs(range(2), range(10, 12))[-1]
    ([0, 1, 10, 11], 4, 11)
    """

    __slots__ = ("parts",)

    def __init__(self, *parts: range) -> None:
        self.parts = parts

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts)

    def __iter__(self) -> Iterator[int]:
        for part in self.parts:
            yield from part

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...
    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        at = index if index >= 0 else index + len(self)
        for part in self.parts:
            if 0 <= at < len(part):
                return part[at]
            at -= len(part)
        raise IndexError(index)


@dataclass(frozen=True, slots=True, kw_only=True)
class TierRule:
    """A tier outside the device: its room, and what a token takes to come from there (seconds of each card's link).

    ``shared``: one for all replicas; else each has its own.
    """

    name: str
    capacity_tokens: float
    token_s: float
    latency_s: float = 0.0
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """How a pool keeps known blocks: the share of its cache that those which nobody holds may take, and its tiers."""

    most_share: float = 1.0
    tiers: tuple[TierRule, ...] = ()


class OuterTier:
    """Blocks kept outside the device, the least recently used leaving first, to the tier below where there is one.

    >>> ssd = OuterTier(TierRule(name="ssd", capacity_tokens=64, token_s=1e-3), 16)
    >>> host = OuterTier(TierRule(name="host", capacity_tokens=16, token_s=1e-4), 16, below=ssd)
    >>> host.write(1), host.write(2), 1 in host.blocks, 1 in ssd.blocks
    (None, None, False, True)
    """

    __slots__ = (
        "below",
        "block_tokens",
        "blocks",
        "free_at",
        "read_tokens",
        "room",
        "rule",
        "written_tokens",
    )

    def __init__(self, rule: TierRule, block_tokens: int, below: OuterTier | None = None) -> None:
        if not rule.capacity_tokens >= 0 or not rule.token_s >= 0 or not rule.latency_s >= 0:
            raise InputError(
                f"cache tier {rule.name}: capacity, time per token and latency must be zero or more"
            )
        self.rule, self.block_tokens, self.below = rule, block_tokens, below
        self.room = int(rule.capacity_tokens // block_tokens)
        self.blocks: OrderedDict[int, None] = OrderedDict()
        self.free_at = 0.0
        self.read_tokens = self.written_tokens = 0

    def write(self, block: int) -> None:
        """Keep a block as the most recently used."""
        if block in self.blocks:
            self.blocks.move_to_end(block)
            return
        self.blocks[block] = None
        self.written_tokens += self.block_tokens
        if len(self.blocks) > self.room:
            lost, _ = self.blocks.popitem(last=False)
            if self.below is not None:
                self.below.write(lost)

    def read(self, blocks: int, now: float) -> float:
        """Return when so many blocks that are asked for now are there: reads of a link follow one another."""
        tokens = blocks * self.block_tokens
        self.read_tokens += tokens
        self.free_at = max(self.free_at, now) + tokens * self.rule.token_s
        return self.free_at + self.rule.latency_s


def tiers_of(known: Known, block_tokens: int, shared: dict[str, OuterTier]) -> list[OuterTier]:
    """Return a replica's tiers, nearest first; those for all replicas are made once and kept in ``shared``."""
    out: list[OuterTier] = []
    below: OuterTier | None = None
    for rule in reversed(known.tiers):
        tier = shared.get(rule.name) if rule.shared else None
        if tier is None:
            tier = OuterTier(rule, block_tokens, below)
            if rule.shared:
                shared[rule.name] = tier
        out.insert(0, tier)
        below = tier
    return out


class BlockCache:
    """What one replica knows: blocks that running requests hold, blocks that nobody holds, and outer tiers.

    ``saved`` are the tokens that running requests hold together instead of each for itself; ``hit_tokens`` those that
    were found on the device, of ``asked_tokens``.

    >>> cache = BlockCache(16)
    >>> cache.claim(0, (1, 2), 31, 0.0, 1e9)
    (0, 0.0)
    >>> cache.computed(0, (1, 2)); cache.claim(1, (1, 3), 31, 0.0, 1e9), cache.saved
    ((16, 0.0), 16)
    """

    __slots__ = (
        "asked_tokens",
        "block_tokens",
        "held",
        "hit_tokens",
        "idle",
        "most",
        "refs",
        "saved",
        "tiers",
    )

    def __init__(
        self, block_tokens: int, tiers: Sequence[OuterTier] = (), most_tokens: float = float("inf")
    ) -> None:
        self.block_tokens, self.tiers, self.most = block_tokens, list(tiers), most_tokens
        self.hit_tokens = self.asked_tokens = 0
        self.saved = 0
        self.clear()

    def clear(self) -> None:
        """Forget what is on the device (the replica failed); tiers outside it stay."""
        self.refs: dict[int, int] = {}
        self.idle: OrderedDict[int, None] = OrderedDict()
        self.held: dict[int, list[int]] = {}
        self.saved = 0

    def shared(self, blocks: Sequence[int], most: int) -> int:
        """Tokens of the leading known blocks that running requests hold: they need no further room."""
        refs, out, left = self.refs, 0, most // self.block_tokens
        for block in blocks:
            if left <= 0:
                break
            if block in refs:
                out += self.block_tokens
            elif block not in self.idle:
                break
            left -= 1
        return out

    def claim(
        self, request: int, blocks: Sequence[int], most: int, now: float, free: float
    ) -> tuple[int, float]:
        """Take the longest run of known leading blocks, at most ``most`` tokens; return them and when they are there.

        ``free`` tokens are left beside what running requests hold: what nobody holds has to fit in them.
        """
        self.trim(free)
        size, refs, idle = self.block_tokens, self.refs, self.idle
        held: list[int] = []
        asked = [0] * len(self.tiers)
        for block in blocks:
            if (len(held) + 1) * size > most:
                break
            if block in refs:
                refs[block] += 1
                self.saved += size
            elif block in idle:
                del idle[block]
                refs[block] = 1
            else:
                level = next((i for i, tier in enumerate(self.tiers) if block in tier.blocks), -1)
                if level < 0:
                    break
                asked[level] += 1
                refs[block] = 1
            held.append(block)
        self.held[request] = held
        ready = max((t.read(n, now) for t, n in zip(self.tiers, asked, strict=True) if n), default=now)
        known = len(held) * size
        self.hit_tokens += known - sum(asked) * size
        self.asked_tokens += len(blocks) * size
        return known, ready

    def computed(self, request: int, blocks: Sequence[int]) -> None:
        """The prompt is through: its blocks are known from now on, and written to the first tier."""
        refs, idle = self.refs, self.idle
        held = self.held.setdefault(request, [])
        for block in blocks[len(held) :] if len(held) < len(blocks) else ():
            # A block that another request computed meanwhile is held twice: nobody shares this copy.
            if block not in refs and block not in idle:
                refs[block] = 1
                held.append(block)
        if self.tiers:
            for block in reversed(blocks):
                self.tiers[0].write(block)

    def release(self, request: int, after: Sequence[int] = (), free: float = float("inf")) -> None:
        """The request ended or lost its cache: nobody holds its blocks for it; ``after`` names those of its answer."""
        refs, idle = self.refs, self.idle
        for block in reversed(after):
            if block not in refs and block not in idle:
                idle[block] = None
            if self.tiers:
                self.tiers[0].write(block)
        for block in reversed(self.held.pop(request, ())):
            left = refs[block] - 1
            if left:
                refs[block] = left
                self.saved -= self.block_tokens
            else:
                del refs[block]
                idle[block] = None
        self.trim(free)

    def trim(self, free: float) -> None:
        """Forget the blocks that nobody holds and that ``free`` tokens of room do not carry, longest unused first."""
        room = (
            int(min(free, self.most) // self.block_tokens) if min(free, self.most) < 1e300 else len(self.idle)
        )
        while len(self.idle) > max(room, 0):
            self.idle.popitem(last=False)
