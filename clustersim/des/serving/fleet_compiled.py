"""A fleet on arrays, whose loop is compiled: which pools have one, and what it takes in and hands on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving import fleet_loop
from clustersim.des.serving.book import Requests
from clustersim.des.serving.fleet_heaps import running_of, tree_of
from clustersim.des.serving.fleet_state import Columns, Rules, State
from clustersim.des.serving.metrics import rows_of_columns
from clustersim.des.serving.settings import Pool

__all__ = ["CompiledFleet", "covers"]

#: Sequences that all replicas together may have room for: 32 bytes each are held from the start.
_MOST_SEQUENCES = 4_000_000
_NO_LIMIT = 2**62


def covers(pool: Pool) -> bool:
    """Tell whether `fleet_loop` has all that such replicas do: no hosts that prepare, no prompts alone."""
    return (
        pool.cost.host_s == 0.0
        and not pool.batching.prefill_only
        and pool.replicas * _most(pool) <= _MOST_SEQUENCES
    )


def _most(pool: Pool) -> int:
    """Sequences that one replica can have: each holds two tokens at least."""
    return min(pool.batching.max_sequences, pool.cost.cache_tokens // 2 + 1)


def _rules(pool: Pool) -> Rules:
    cost, rules = pool.cost, pool.batching
    return Rules(
        fixed_s=np.array(cost.fixed_s, dtype=np.float64),
        slope_s=float(cost.slope_s),
        kv_s=float(cost.kv_s),
        pair_s=float(cost.pair_s),
        sequence_s=float(cost.sequence_s),
        ranks=cost.ranks,
        cache=cost.cache_tokens,
        limit=int(cost.cache_tokens * (1.0 - rules.watermark)),
        max_tokens=rules.max_tokens,
        max_sequences=rules.max_sequences,
        max_waiting=_NO_LIMIT if rules.max_waiting is None else rules.max_waiting,
        timeout_s=float(rules.timeout_s),
        chunked=rules.chunked,
        mixed=rules.mixed,
        coalesce=rules.coalesce,
        grow=float(rules.tokens_per_step),
        width=rules.draft_tokens + 1,
    )


def _state(pool: Pool) -> State:
    n, most = pool.replicas, _most(pool)

    def ints(value: int = 0) -> NDArray[np.int64]:
        return np.full(n, value, dtype=np.int64)

    return State(
        clock=np.zeros(n), step=ints(), context=np.zeros(n), held=ints(), decoding=ints(), joined=ints(),
        blocked=np.zeros(n, dtype=np.bool_), head=ints(-1), tail=ints(-1), waiting=ints(),
        chunk=np.full((n, 4), -1, dtype=np.int64), running=running_of(n, most),
        ended=np.zeros((most + 1, 2), dtype=np.int64), load=tree_of(ints()), change=tree_of(np.full(n, np.inf)),
        kept=ints(), turn=np.zeros(1, dtype=np.int64),
    )  # fmt: skip


class CompiledFleet:
    """The places of requests in service, and the replicas that serve them (as `fleet.PlainFleet`)."""

    def __init__(self, pool: Pool, router: str, cached_share: float) -> None:
        self.replicas, self.router, self.cached_share = pool.replicas, router, cached_share
        self.rules, self.state = _rules(pool), _state(pool)
        self.book = _columns(0)
        self.numbers = np.zeros(0, dtype=np.int64)
        self.free = np.zeros(0, dtype=np.int64)
        self.taken = 0

    @property
    def in_book(self) -> int:
        """Requests that have a place."""
        return len(self.numbers) - int(self.free.size)

    def serve(self, requests: Requests) -> None:
        """Take the next requests of the stream in, each when it comes."""
        slots = self._take(requests)
        serve = fleet_loop.serve_in_turn if self.router == "round_robin" else fleet_loop.serve_least_loaded
        serve(self.state, self.book, self.rules, slots, self.replicas)

    def finish(self) -> None:
        """Serve what is still there to its end."""
        fleet_loop.finish_all(self.state, self.book, self.rules, self.replicas)

    def ended(self) -> dict[str, NDArray[Any]] | None:
        """Return the records of what has ended, in the stream's order, and free its places; None where nothing has."""
        book = self.book
        slots = np.flatnonzero(book.status > 1)
        if not slots.size:
            return None
        slots = slots[np.argsort(self.numbers[slots])]
        rows = rows_of_columns({name: getattr(book, name)[slots] for name in _RECORDED})
        book.status[slots] = 0
        self.free = np.concatenate([self.free, slots])
        return rows | {"request": self.numbers[slots]}

    def _take(self, requests: Requests) -> NDArray[np.int64]:
        count = len(requests)
        while self.free.size < count:
            self._grow(count)
        slots, self.free = np.sort(self.free[:count]), self.free[count:]
        self.numbers[slots] = self.taken + np.arange(count)
        self.taken += count
        book = self.book
        book.arrival[slots], book.prompt[slots], book.output[slots] = (
            requests.arrival, requests.prompt, requests.output,
        )  # fmt: skip
        for column in (book.admitted, book.first, book.finish):
            column[slots] = np.nan
        book.replica[slots] = -1
        book.produced[slots] = book.preemptions[slots] = 0
        book.cached[slots] = (self.cached_share * requests.prompt).astype(np.int64)
        return slots

    def _grow(self, count: int) -> None:
        old = len(self.numbers)
        fresh = _columns(count)
        self.book = Columns(*(np.concatenate([old, new]) for old, new in zip(self.book, fresh, strict=True)))
        self.numbers = np.concatenate([self.numbers, np.zeros(count, dtype=np.int64)])
        self.free = np.concatenate([self.free, np.arange(old, old + count)])


_RECORDED = tuple(name for name in Columns._fields if name not in ("produced", "after"))


def _columns(count: int) -> Columns:
    """Return places that hold nothing."""
    kinds = {"status": np.uint8, "replica": np.intc} | dict.fromkeys(
        ("arrival", "admitted", "first", "finish"), np.float64
    )
    return Columns(*(np.zeros(count, dtype=kinds.get(name, np.int64)) for name in Columns._fields))
