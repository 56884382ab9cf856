"""Whom a job of higher priority sends back to the queue: as few as it takes, the least important and newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from clustersim.des.jobs.floor import Floor, Need
from clustersim.des.jobs.hold import Hold
from clustersim.des.jobs.model import WHOLE

__all__ = ["victims"]


def victims(
    need: Need, priority: int, floor: Floor, holds: Mapping[int, Hold], on: Callable[[int], list[int]]
) -> list[int] | None:
    """Return the jobs whose removal gives ``need`` a place, or None where no removal of lower ones does.

    Servers are chosen by the fewest cards that must be taken from somebody; a gang chooses whole servers.
    """
    for group in need.groups:
        size = floor.cards_of_group[group]
        if size == 0:
            continue
        cards = max(1, -(-need.thousandths // WHOLE))
        full, rest = divmod(cards, size)
        chosen = _servers(group, full, rest, priority, floor, holds, on)
        if chosen is not None:
            return _jobs(chosen, priority, floor, holds, on)
    return None


def _servers(
    group: int,
    full: int,
    rest: int,
    priority: int,
    floor: Floor,
    holds: Mapping[int, Hold],
    on: Callable[[int], list[int]],
) -> list[tuple[int, int]] | None:
    """Return (server, cards wanted there), or None."""
    gains = []
    for server in floor.members[group]:
        if floor.up[server]:
            could = floor.free[server] + _reclaimable(server, priority, holds, on(server))
            gains.append((could, floor.free[server], server))
    size = floor.cards_of_group[group]
    whole = sorted(((-free, server) for could, free, server in gains if could >= size))[:full]
    if len(whole) < full:
        return None
    chosen = [(server, size) for _, server in whole]
    if rest:
        taken = {server for server, _ in chosen}
        partial = sorted(
            (max(rest - free, 0), server)
            for could, free, server in gains
            if could >= rest and server not in taken
        )
        if not partial:
            return None
        chosen.append((partial[0][1], rest))
    return chosen


def _reclaimable(server: int, priority: int, holds: Mapping[int, Hold], jobs: Iterable[int]) -> int:
    """Cards of a server that would be whole and free without its jobs of lower priority."""
    cards = 0
    shared: dict[int, bool] = {}
    for job in jobs:
        hold = holds[job]
        lower = hold.job.priority < priority
        for piece in hold.pieces:
            if piece.server != server:
                continue
            if piece.share:
                shared[piece.slot] = shared.get(piece.slot, True) and lower
            elif lower:
                cards += piece.cards
    return cards + sum(shared.values())


def _jobs(
    chosen: list[tuple[int, int]],
    priority: int,
    floor: Floor,
    holds: Mapping[int, Hold],
    on: Callable[[int], list[int]],
) -> list[int]:
    """Return the jobs that must go so that each chosen server has its cards, each named once."""
    gone: list[int] = []
    for server, wanted in chosen:
        lower = [job for job in on(server) if holds[job].job.priority < priority]
        lower.sort(key=lambda job: (holds[job].job.priority, -holds[job].begin_s, -job))
        for job in lower:
            left = [other for other in on(server) if other not in gone]
            if floor.free[server] + _freed(server, holds, on(server), left) >= wanted:
                break
            if job not in gone:
                gone.append(job)
    return gone


def _freed(server: int, holds: Mapping[int, Hold], jobs: list[int], left: list[int]) -> int:
    """Whole cards that those who are not ``left`` give back to a server."""
    cards = 0
    slots: set[int] = set()
    kept: set[int] = set()
    for job in jobs:
        for piece in holds[job].pieces:
            if piece.server != server:
                continue
            if piece.share:
                (kept if job in left else slots).add(piece.slot)
            elif job not in left:
                cards += piece.cards
    return cards + len(slots - kept)
