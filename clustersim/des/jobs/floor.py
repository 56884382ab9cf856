"""The servers of a site and what of them is free: where a job stands, best fit first, gangs below few leaves."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Container, Iterable
from dataclasses import dataclass

from clustersim.des.jobs.model import WHOLE, Site

__all__ = ["Floor", "Need", "Piece"]

NOWHERE: frozenset[int] = frozenset()
#: Slot of a piece that opens a card for shares.
NEW = -2


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """What a job holds at once: thousandths of cards, processors, bytes, and the groups of servers it may use.

    Jobs that need the same share one object, so that the queue finds them by it.
    """

    thousandths: int
    cpus: float
    memory_bytes: float
    groups: tuple[int, ...]


@dataclass(slots=True)
class Piece:
    """What a job holds of one server: whole cards, or thousandths of the shared card in a slot."""

    server: int
    cards: int
    share: int = 0
    slot: int = -1
    cpus: float = 0.0
    memory_bytes: float = 0.0


class Floor:
    """Servers in service, by how many of their cards are wholly free."""

    def __init__(self, site: Site) -> None:
        self.group: list[int] = []
        self.size: list[int] = []
        for index, one in enumerate(site.groups):
            self.group += [index] * one.count
            self.size += [one.cards] * one.count
        count = len(self.group)
        per_leaf = site.servers_per_leaf or max(1, count)
        self.leaf = [server // per_leaf for server in range(count)]
        self.free = list(self.size)
        self.cpus = [site.groups[g].cpus for g in self.group]
        self.memory = [site.groups[g].memory_bytes for g in self.group]
        self.up = [True] * count
        self.cards_of_group = [one.cards for one in site.groups]
        #: By group and number of wholly free cards: the servers, in the order in which they came to it.
        self.by_free: list[list[dict[int, None]]] = [
            [{} for _ in range(one.cards + 1)] for one in site.groups
        ]
        for server in range(count):
            self.by_free[self.group[server]][self.free[server]][server] = None
        #: By group: cards opened for shares, as (free thousandths, server, slot), sorted.
        self.opened: list[list[tuple[int, int, int]]] = [[] for _ in site.groups]
        self.slots: dict[tuple[int, int], int] = {}
        self._next_slot = 0
        self.members = [[s for s in range(count) if self.group[s] == g] for g in range(len(site.groups))]
        #: Free thousandths of cards of the servers in service, by group.
        self.total_free = [one.count * one.cards * WHOLE for one in site.groups]

    def fit(self, need: Need, avoid: Container[int] = NOWHERE) -> list[Piece] | None:
        """Return where a job may stand now, without taking it, or None. Groups are tried in the site's order."""
        for group in need.groups:
            if need.thousandths > self.total_free[group]:
                continue
            pieces = self._fit_in(group, need, avoid)
            if pieces is not None:
                return pieces
        return None

    def _holds(self, server: int, cpus: float, memory: float) -> bool:
        """Whether processors and memory are enough; sums of shares may be off in the last digits."""
        return cpus <= self.cpus[server] + 1e-6 and memory <= self.memory[server] + 1.0

    def _fit_in(self, group: int, need: Need, avoid: Container[int]) -> list[Piece] | None:
        if need.thousandths < WHOLE:
            return self._fit_share(group, need, avoid)
        cards, size = need.thousandths // WHOLE, self.cards_of_group[group]
        if size == 0:
            return None
        full, rest = divmod(cards, size)
        if full == 0 or (full == 1 and rest == 0):
            server = self._best(group, cards, need.cpus, need.memory_bytes, avoid)
            return None if server < 0 else [Piece(server, cards, 0, -1, need.cpus, need.memory_bytes)]
        return self._fit_gang(group, full, rest, need, avoid)

    def _fit_gang(
        self, group: int, full: int, rest: int, need: Need, avoid: Container[int]
    ) -> list[Piece] | None:
        servers = full + (1 if rest else 0)
        cpus, memory = need.cpus / servers, need.memory_bytes / servers
        size = self.cards_of_group[group]
        whole = self.by_free[group][size]
        if len(whole) < full:
            return None
        usable = [s for s in whole if s not in avoid and self._holds(s, cpus, memory)]
        if len(usable) < full:
            return None
        pieces = [Piece(s, size, 0, -1, cpus, memory) for s in self._few_leaves(usable, full)]
        if rest:
            taken = {piece.server for piece in pieces}
            server = self._best(group, rest, cpus, memory, avoid, taken)
            if server < 0:
                return None
            pieces.append(Piece(server, rest, 0, -1, cpus, memory))
        return pieces

    def _few_leaves(self, usable: list[int], count: int) -> list[int]:
        """Return servers below one leaf where one has enough (the fullest such), else of the emptiest leaves."""
        by_leaf: dict[int, list[int]] = {}
        for server in usable:
            by_leaf.setdefault(self.leaf[server], []).append(server)
        enough = [(len(found), leaf) for leaf, found in by_leaf.items() if len(found) >= count]
        if enough:
            return sorted(by_leaf[min(enough)[1]])[:count]
        chosen: list[int] = []
        for leaf in sorted(by_leaf, key=lambda leaf: (-len(by_leaf[leaf]), leaf)):
            chosen += sorted(by_leaf[leaf])
            if len(chosen) >= count:
                break
        return chosen[:count]

    def _best(
        self,
        group: int,
        cards: int,
        cpus: float,
        memory: float,
        avoid: Container[int],
        taken: Container[int] = NOWHERE,
    ) -> int:
        """Return the server with the fewest free cards that are enough, or -1."""
        for bucket in self.by_free[group][cards:]:
            for server in bucket:
                if server in avoid or server in taken:
                    continue
                if self._holds(server, cpus, memory):
                    return server
        return -1

    def _fit_share(self, group: int, need: Need, avoid: Container[int]) -> list[Piece] | None:
        """Return the opened card with the least room that is enough, else a card of the fullest server."""
        share, cpus, memory = need.thousandths, need.cpus, need.memory_bytes
        if share == 0:
            server = self._best(group, 0, cpus, memory, avoid)
            return None if server < 0 else [Piece(server, 0, 0, -1, cpus, memory)]
        opened = self.opened[group]
        for _, server, slot in opened[bisect_left(opened, (share, -1, -1)) :]:
            if server not in avoid and self._holds(server, cpus, memory):
                return [Piece(server, 0, share, slot, cpus, memory)]
        server = self._best(group, 1, cpus, memory, avoid)
        return None if server < 0 else [Piece(server, 0, share, NEW, cpus, memory)]

    def take(self, pieces: Iterable[Piece]) -> None:
        """Hold pieces that ``fit`` returned."""
        for piece in pieces:
            server, group = piece.server, self.group[piece.server]
            self.cpus[server] -= piece.cpus
            self.memory[server] -= piece.memory_bytes
            self.total_free[group] -= piece.cards * WHOLE + piece.share
            if piece.cards:
                self._move(server, -piece.cards)
            elif piece.share:
                self._take_share(piece, group)

    def _take_share(self, piece: Piece, group: int) -> None:
        if (piece.server, piece.slot) not in self.slots:
            piece.slot, self._next_slot = self._next_slot, self._next_slot + 1
            self._move(piece.server, -1)
            left = WHOLE
        else:
            left = self.slots[piece.server, piece.slot]
            self._forget(group, left, piece)
        self.slots[piece.server, piece.slot] = left - piece.share
        insort(self.opened[group], (left - piece.share, piece.server, piece.slot))

    def give(self, pieces: Iterable[Piece]) -> None:
        """Give pieces back; a shared card that nobody uses is whole again."""
        for piece in pieces:
            server, group = piece.server, self.group[piece.server]
            self.cpus[server] += piece.cpus
            self.memory[server] += piece.memory_bytes
            self.total_free[group] += piece.cards * WHOLE + piece.share
            if piece.cards:
                self._move(server, piece.cards)
            elif piece.share:
                left = self.slots.pop((server, piece.slot))
                self._forget(group, left, piece)
                if left + piece.share == WHOLE:
                    self._move(server, 1)
                else:
                    self.slots[server, piece.slot] = left + piece.share
                    insort(self.opened[group], (left + piece.share, server, piece.slot))

    def _forget(self, group: int, left: int, piece: Piece) -> None:
        opened = self.opened[group]
        del opened[bisect_left(opened, (left, piece.server, piece.slot))]

    def _move(self, server: int, cards: int) -> None:
        buckets = self.by_free[self.group[server]]
        del buckets[self.free[server]][server]
        self.free[server] += cards
        buckets[self.free[server]][server] = None

    def remove(self, server: int) -> None:
        """Take an empty server out of service."""
        self.up[server] = False
        del self.by_free[self.group[server]][self.free[server]][server]
        self.total_free[self.group[server]] -= self.size[server] * WHOLE

    def restore(self, server: int) -> None:
        """Put a server back into service."""
        self.up[server] = True
        self.by_free[self.group[server]][self.free[server]][server] = None
        self.total_free[self.group[server]] += self.size[server] * WHOLE
