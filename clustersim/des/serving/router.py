"""Which replica takes the next request."""

from __future__ import annotations

from math import inf

from clustersim.des.serving.book import Book

__all__ = ["ROUTERS", "Router"]

#: round_robin: in turn; least_loaded: the fewest requests in flight; prefix_affinity: where the longest
#: known beginning of the prompt was sent last, unless that replica is much busier than the least busy one.
ROUTERS = ("round_robin", "least_loaded", "prefix_affinity")

#: A sticky replica may carry this many times the least load plus a few requests (assumption: the guard only
#: has to keep one hot prefix from queueing behind itself).
_STICKY_FACTOR, _STICKY_SLACK = 1.5, 8


class Router:
    """Chooses among the open replicas of one pool; loads are told by `update`."""

    __slots__ = ("by_load", "first", "home", "loads", "opened", "policy", "turn")

    def __init__(
        self,
        policy: str,
        members: range,
        *,
        opened: int | None = None,
    ) -> None:
        self.policy, self.first = policy, members.start
        count = len(members) if opened is None else opened
        self.opened = list(range(count))
        self.loads = [0.0 if i < count else inf for i in range(len(members))]
        self.turn = 0
        self.home: dict[int, int] = {}
        #: By load the open replicas that have it, one bit each: the least of a thousand without looking at all.
        self.by_load: dict[float, int] = {0.0: (1 << count) - 1} if count else {}

    def update(self, index: int, load: int) -> None:
        """Note the load of a replica (ignored while it is closed or belongs to another pool)."""
        i = index - self.first
        if 0 <= i < len(self.loads) and self.loads[i] != inf and self.loads[i] != load:
            self._note(i, load)

    def _note(self, i: int, load: float) -> None:
        """Move a replica to those of another load; none has an infinite one."""
        by_load, bit, old = self.by_load, 1 << i, self.loads[i]
        if old != inf:
            left = by_load[old] ^ bit
            if left:
                by_load[old] = left
            else:
                del by_load[old]
        if load != inf:
            by_load[load] = by_load.get(load, 0) | bit
        self.loads[i] = load

    def set_open(self, index: int, opened: bool, load: int) -> None:
        """Open a replica for requests, or close it."""
        i = index - self.first
        if not 0 <= i < len(self.loads):
            return
        self._note(i, load if opened else inf)
        self.opened = [j for j, value in enumerate(self.loads) if value != inf]

    def choose(self, book: Book, request: int) -> int:
        """Return the index of the replica for a request, -1 where none is open."""
        if not self.opened:
            return -1
        if self.policy == "round_robin":
            self.turn = (self.turn + 1) % len(self.opened)
            return self.first + self.opened[self.turn - 1]
        least = min(self.by_load)
        # Equals take turns: the same replica would otherwise get every request of a quiet time.
        self.turn = (self.turn + 1) % len(self.loads)
        equals = self.by_load[least]
        later = equals >> self.turn
        best = ((later & -later).bit_length() + self.turn if later else (equals & -equals).bit_length()) - 1
        if self.policy == "prefix_affinity" and book.blocks and book.blocks[request]:
            homes = self.home
            for block in reversed(book.blocks[request]):
                if block in homes:
                    if self.loads[homes[block]] <= _STICKY_FACTOR * least + _STICKY_SLACK:
                        best = homes[block]
                    break
            homes.update(dict.fromkeys(book.blocks[request], best))
        return self.first + best
