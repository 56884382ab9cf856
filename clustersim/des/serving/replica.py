"""One replica with continuous batching, advanced lazily and exactly.

Between two changes of the batch every decode iteration costs ``a + d i`` (the cache it reads grows by the same
amount each time), so k iterations cost ``k a + d k (k - 1) / 2`` and are taken in one stroke. The batch changes
only when a request arrives, is admitted, finishes, or when the cache is full; a run therefore costs as much as
its requests, not as its tokens. ``coalesce=False`` steps every iteration and gives the same schedule.

Rules of the scheduler (vLLM's and Orca's, OSDI'22): first come, first served; an iteration takes at most
``max_tokens`` new tokens and ``max_sequences`` sequences; the prompt's cache is claimed at admission, a decoding
sequence's grows as it goes; when the cache is full the request admitted last gives its up and is computed again.
"""

from __future__ import annotations

from array import array
from collections import deque
from heapq import heappop, heappush, heapreplace
from math import ceil, inf

from clustersim.des.serving.block_cache import BlockCache
from clustersim.des.serving.book import DONE, IN_FLIGHT, REJECTED, Book
from clustersim.des.serving.room import make_room
from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.des.serving.stretch import steps_to

__all__ = ["LOG_COLUMNS", "Batching", "Replica", "ReplicaCost"]

#: Columns of the run log: one row per iteration with prompt tokens, one per run of equal decode batches.
LOG_COLUMNS = ("start_s", "duration_s", "steps", "sequences", "context", "prompt", "pairs", "waiting")


class Replica:
    """The state of one replica: its queue, its batch, its cache, and the clock of its last iteration's end."""

    __slots__ = (
        "B", "S", "arriving", "batching", "blocked", "book", "cache", "chunks", "clock", "cost", "done", "final",
        "heap", "held", "host_free", "index", "limit", "loading", "log", "peak_tokens", "prefix", "reactive", "ready",
        "running", "saved", "step", "up", "waiting", "width",
    )  # fmt: skip

    def __init__(
        self,
        book: Book,
        cost: ReplicaCost,
        batching: Batching,
        *,
        index: int = 0,
        prefix: BlockCache | None = None,
        log: bool = True,
        reactive: bool = False,
    ) -> None:
        self.book, self.cost, self.batching, self.index = book, cost, batching, index
        self.prefix, self.reactive = prefix, reactive
        self.cache = cost.cache_tokens
        self.limit = int(self.cache * (1.0 - batching.watermark))
        self.width = batching.draft_tokens + 1
        self.log: array[float] | None = array("d") if log else None
        self.clock, self.up, self.peak_tokens, self.step = 0.0, True, 0.0, 0
        self.done: list[tuple[float, int]] = []
        self.clear()

    def clear(self) -> None:
        """Forget everything in flight."""
        self.waiting: deque[int] = deque()
        # Requests whose prompts hosts still prepare, by when they have; when each rank's host is free again.
        self.arriving: list[tuple[float, int]] = []
        self.host_free = [0.0] * self.cost.ranks
        self.chunks: deque[list[int]] = deque()
        self.running: dict[int, tuple[int, int]] = {}
        self.heap: list[tuple[int, int]] = []
        self.final: dict[int, float] = {}
        self.ready: set[int] = set()
        self.B, self.held = 0, 0
        self.S: float = 0
        # Tokens that sequences share, and requests whose known blocks are on their way (when they are there).
        self.saved = 0
        self.loading: list[tuple[float, list[int]]] = []
        # True while the head of the queue cannot be admitted; only an end or a lost cache changes that.
        self.blocked = False

    @property
    def load(self) -> int:
        """Requests waiting, in prefill and decoding."""
        count = len(self.waiting) + len(self.chunks) + self.B
        return count + len(self.arriving) + len(self.loading) if self.arriving or self.loading else count

    @property
    def free(self) -> float:
        """Tokens of cache that no running sequence holds."""
        return self.cache - self.S - self.held + self.saved

    def fits(self, request: int) -> bool:
        """Tell whether the request's whole context fits an empty cache."""
        book = self.book
        most = book.prompt[request] + book.output[request] + self.batching.tokens_per_step
        return most <= self.cache

    def push(self, request: int, now: float, *, ready: bool = False) -> bool:
        """Queue a request at ``now``; return False where it is rejected. Call ``advance(now)`` before.

        ``ready`` marks a request whose prompt's cache was computed elsewhere and has arrived.
        """
        limit = self.batching.max_waiting
        if not self.fits(request) or (limit is not None and len(self.arriving) + len(self.waiting) >= limit):
            self.book.status[request] = REJECTED
            self.book.finish[request] = now
            return False
        if self.clock < now:
            self.clock = now
        self.book.status[request] = IN_FLIGHT
        self.book.replica[request] = self.index
        if ready:
            self.ready.add(request)
        elif self.cost.host_s:
            prepared = max(now, self.host_free[0]) + self.cost.host_s * self.book.prompt[request]
            heapreplace(self.host_free, prepared)
            heappush(self.arriving, (prepared, request))
            return True
        self._queue(request)
        return True

    def _queue(self, request: int) -> None:
        """Put a request behind those that wait, or, of the first class, behind those of its class."""
        first = self.book.first_class
        if not first or not first[request]:
            self.waiting.append(request)
            return
        at = next((i for i, other in enumerate(self.waiting) if not first[other]), len(self.waiting))
        self.waiting.insert(at, request)
        self.blocked = False

    @property
    def _arrives(self) -> float:
        """When the next request is prepared, or its known blocks are there; inf where nothing is on its way."""
        loaded = self.loading[0][0] if self.loading else inf
        return min(loaded, self.arriving[0][0]) if self.arriving else loaded

    def advance(self, until: float) -> None:
        """Commit every iteration that starts before ``until``; the clock then stands at or beyond it."""
        while self.clock < until:
            if self.loading and self.loading[0][0] <= self.clock:
                self.chunks.append(heappop(self.loading)[1])
                self.blocked = False
            while self.arriving and self.arriving[0][0] <= self.clock:
                self._queue(heappop(self.arriving)[1])
            if (self.waiting or self.chunks) and not self.blocked:
                if self._prefill():
                    continue
                self.blocked = self.B > 0 or bool(self.loading)
            if self.B:
                self._decode(min(until, self._arrives) if self.loading or self.arriving else until)
            elif self.loading or self.arriving:
                if self._arrives > until:
                    return
                self.clock = max(self.clock, self._arrives)
            elif not self.waiting and not self.chunks:
                return

    def next_event(self) -> float:
        """Return when to look again if nothing arrives: the end of the run, or the clock where one is due now."""
        if (self.chunks or self.waiting) and not self.blocked:
            return self.clock
        arrives = max(self._arrives, self.clock) if self.loading or self.arriving else inf
        if not self.B:
            return arrives
        k, a, d = self._run_length()
        ends = self.clock + (k * a + d * (k * (k - 1) / 2)) if k > 0 else self.clock
        return ends if ends <= arrives else arrives

    def _run_length(self) -> tuple[int, float, float]:
        """Iterations until a sequence ends or the cache is full, the first one's time and the increment."""
        heap, running = self.heap, self.running
        while running.get(heap[0][1]) is not heap[0]:
            heappop(heap)
        B, cost, grow = self.B, self.cost, self.batching.tokens_per_step * self.B
        k = heap[0][0] - self.step
        room = int((self.cache - self.S - self.held + self.saved) // grow)
        n = B * self.width
        fixed = cost.fixed_s[n] if n < len(cost.fixed_s) else cost.of(n)
        a = fixed + cost.sequence_s * B + cost.kv_s * self.S
        return (k if k < room else room), a, cost.kv_s * grow

    def _decode(self, until: float) -> None:
        """Take as many equal iterations as fit before the next change of the batch or ``until``."""
        k, a, d = self._run_length()
        if k <= 0:
            make_room(self)
            return
        if not self.batching.coalesce:
            k = 1
        clock = self.clock
        took = k * a + d * (k * (k - 1) / 2)
        if k > 1 and clock + took > until:
            k = steps_to(until, clock, a, d, k)
            took = k * a + d * (k * (k - 1) / 2)
        if self.log is not None:
            self.log.extend((clock, took, k, self.B, self.S, 0, 0, len(self.waiting)))
        self.clock = clock + took
        self.step += k
        self.S += self.batching.tokens_per_step * self.B * k
        if self.S + self.held - self.saved > self.peak_tokens:
            self.peak_tokens = self.S + self.held - self.saved
        if self.heap[0][0] <= self.step:
            self._finish_due()

    def _finish_due(self) -> None:
        """Close every sequence whose last token came with this iteration."""
        heap, running, step, book, clock = self.heap, self.running, self.step, self.book, self.clock
        self.blocked = False
        while heap and heap[0][0] <= step:
            entry = heappop(heap)
            request = entry[1]
            if running.get(request) is not entry:
                continue
            del running[request]
            self.B -= 1
            self.S -= self.final.pop(request) if self.final else book.prompt[request] + book.output[request]
            book.finish[request] = clock
            book.status[request] = DONE
            if self.prefix is not None:
                self.release(request, answered=True)
            if self.reactive:
                self.done.append((clock, request))

    def release(self, request: int, *, answered: bool = False) -> None:
        """Let go of a request's known blocks; those of its answer are known from now on."""
        assert self.prefix is not None
        book = self.book
        after = book.after[request][len(book.blocks[request]) :] if answered and book.after else ()
        self.prefix.release(request, after)
        self.saved = self.prefix.saved
        self.prefix.trim(self.free)

    def _prefill(self) -> bool:
        """Run one iteration with prompt tokens; return False where none can be taken now."""
        rules, width = self.batching, self.width
        taken = self.S + self.held - self.saved
        if rules.mixed and self.B and taken + rules.tokens_per_step * self.B > self.cache:
            make_room(self)
        budget = rules.max_tokens - (self.B * width if rules.mixed else 0)
        if budget <= 0:
            return False
        ended: list[list[int]] = []
        tokens, pairs = 0, 0.0
        chunks = self.chunks
        while chunks and budget > 0:
            chunk = chunks[0]
            take = chunk[1] if chunk[1] <= budget or not rules.chunked else budget
            pairs += take * (chunk[2] + (take + 1) * 0.5)
            chunk[1] -= take
            chunk[2] += take
            budget -= take
            tokens += take
            if chunk[1] == 0:
                ended.append(chunks.popleft())
        before = self.B
        if self.waiting and budget > 0:
            taken, more = self._admit(budget, tokens, ended)
            tokens += taken
            pairs += more
        if not tokens and not ended:
            return before < self.B
        self._iterate(tokens, pairs, ended, len(ended) + bool(chunks))
        return True

    def _admit(self, budget: int, tokens: int, ended: list[list[int]]) -> tuple[int, float]:
        """Admit waiting requests while tokens, sequences and cache allow; return new tokens and pairs."""
        book, waiting, rules = self.book, self.waiting, self.batching
        chunks, ready, produced = self.chunks, self.ready, book.produced
        pairs, start, mixed = 0.0, tokens, rules.mixed
        known, most = self.prefix, rules.max_sequences - len(self.loading)
        while waiting and budget > 0 and self.B + len(chunks) + len(ended) < most:
            request = waiting[0]
            need = book.prompt[request]
            if produced:
                need += produced.get(request, 0)
            seen = book.admitted[request] == book.admitted[request]  # NaN until the first admission
            if not seen and self.clock - book.arrival[request] > rules.timeout_s:
                self._drop(waiting.popleft())
                continue
            if not self._has_room(request, need, alone=not (chunks or ended)):
                break
            if ready and request in ready:
                waiting.popleft()
                ready.discard(request)
                budget -= self.width if mixed else 0
                if rules.sends_first:
                    book.first[request] = self.clock
                self._join(request, need + 1, 1)
                continue
            cached, there = self._cached(request, need) if known or book.cached else (0, self.clock)
            new = need - cached
            if there > self.clock:
                waiting.popleft()
                if not seen:
                    book.admitted[request] = self.clock
                self.held += need + 1
                heappush(self.loading, (there, [request, new, cached, need]))
                most -= 1
                continue
            take = new
            if new > budget:
                if rules.chunked:
                    take = budget
                elif tokens > 0:
                    break
            waiting.popleft()
            if not seen:
                book.admitted[request] = self.clock
            self.held += need + 1
            pairs += take * (cached + (take + 1) * 0.5)
            tokens += take
            budget -= take
            (ended if take == new else chunks).append([request, new - take, cached + take, need])
        return tokens - start, pairs

    def _has_room(self, request: int, need: int, *, alone: bool) -> bool:
        """Whether a request's context fits beside the running ones: what they hold of its blocks counts once."""
        together = self.prefix.shared(self.book.blocks[request], need - 1) if self.prefix else 0
        taken = self.S + self.held - self.saved + need + 1 - together
        room = self.cache if alone and not (self.B or self.loading) else self.limit
        return taken + (self.B if self.batching.mixed else 0) <= room

    def _drop(self, request: int) -> None:
        self.book.status[request] = REJECTED
        self.book.finish[request] = self.clock
        if self.reactive:
            self.done.append((self.clock, request))

    def _cached(self, request: int, need: int) -> tuple[int, float]:
        """Prompt tokens that need no work and when they are there: known blocks, or the share that the book states.

        Never all of them. What a request finds when it is computed again was its own.
        """
        book = self.book
        if self.prefix is None or not book.blocks:
            return min(book.cached.get(request, 0), need - 1), self.clock
        known, there = self.prefix.claim(request, book.blocks[request], need - 1, self.clock, self.free)
        self.saved = self.prefix.saved
        if request not in book.preemptions:
            book.cached[request] = known
        return known, there

    def _iterate(self, tokens: int, pairs: float, ended: list[list[int]], prompts: int) -> None:
        """Pass one iteration with ``tokens`` prompt tokens, and the decoding sequences where they mix."""
        B, cost = self.B, self.cost
        if self.S + self.held - self.saved > self.peak_tokens:
            self.peak_tokens = self.S + self.held - self.saved
        n, took = tokens, cost.prompt_s(pairs, prompts)
        mixed = self.batching.mixed and B
        if mixed:
            n += B * self.width
            took += cost.kv_s * self.S + cost.sequence_s * B
        took += cost.fixed_s[n] if n < len(cost.fixed_s) else cost.of(n)
        if self.log is not None:
            self.log.extend(
                (self.clock, took, 1 if mixed else 0, B, self.S, tokens, pairs, len(self.waiting))
            )
        self.clock += took
        if mixed:
            self.step += 1
            self.S += self.batching.tokens_per_step * B
            heap = self.heap
            if heap[0][0] <= self.step:
                self._finish_due()
        for request, _, _, need in ended:
            self.held -= need + 1
            self._first_token(request, need)

    def _first_token(self, request: int, need: int) -> None:
        """The prompt is through: its next token is out; the sequence ends, leaves or decodes on."""
        book = self.book
        made = need - book.prompt[request] + 1
        if self.prefix is not None and book.blocks:
            self.prefix.computed(request, book.blocks[request])
        if made == 1 or book.first[request] != book.first[request]:
            book.first[request] = self.clock
        if made >= book.output[request]:
            book.finish[request] = self.clock
            book.status[request] = DONE
        elif not self.batching.prefill_only:
            self._join(request, need + 1, made)
            return
        if self.prefix is not None:
            self.release(request, answered=made >= book.output[request])
        if self.reactive:
            self.done.append((self.clock, request))

    def _join(self, request: int, context: int, made: int) -> None:
        """Put a sequence of ``context`` tokens, ``made`` of them its own, among the decoding ones."""
        left = self.book.output[request] - made
        grow = self.batching.tokens_per_step
        steps = left if grow == 1 else ceil(left / grow)
        if grow != 1:
            self.final[request] = context + grow * steps
        self.S += context
        self.B += 1
        entry = (self.step + steps, request)
        self.running[request] = entry
        heappush(self.heap, entry)
