"""One replica with continuous batching, advanced lazily and exactly.

Between two changes of the batch every decode iteration costs ``a + d i`` (the cache it reads grows by the same
amount each time), so k iterations cost ``k a + d k (k - 1) / 2`` and are taken in one stroke. The batch changes
only when a request arrives, is admitted, finishes, or when the cache is full; a run therefore costs as much as
its requests, not as its tokens. ``coalesce=False`` steps every iteration and gives the same schedule.

Rules of the scheduler (vLLM's and Orca's, OSDI'22): first come, first served; an iteration takes at most
``max_tokens`` new tokens and ``max_sequences`` sequences; the prompt's cache is claimed at admission, a decoding
sequence's grows as it goes; when the cache is full the request admitted last gives up its cache and is computed
again later.
"""

from __future__ import annotations

from array import array
from collections import deque
from heapq import heappop, heappush
from math import ceil, inf, sqrt

from clustersim.des.serving.book import DONE, FAILED, IN_FLIGHT, PENDING, REJECTED, Book
from clustersim.des.serving.prefix import PrefixCache
from clustersim.des.serving.rules import Batching, ReplicaCost

__all__ = ["LOG_COLUMNS", "Batching", "Replica", "ReplicaCost"]

#: Columns of the run log: one row per iteration with prompt tokens, one per run of equal decode batches.
LOG_COLUMNS = ("start_s", "duration_s", "steps", "sequences", "context", "prompt", "pairs", "waiting")


class Replica:
    """The state of one replica: its queue, its batch, its cache, and the clock of its last iteration's end."""

    __slots__ = (
        "B", "S", "batching", "blocked", "book", "cache", "chunks", "clock", "cost", "done", "final", "heap",
        "held", "index", "limit", "log", "peak_tokens", "prefix", "reactive", "ready", "running", "step", "up",
        "waiting", "width",
    )  # fmt: skip

    def __init__(
        self,
        book: Book,
        cost: ReplicaCost,
        batching: Batching,
        *,
        index: int = 0,
        prefix: PrefixCache | None = None,
        log: bool = True,
        reactive: bool = False,
    ) -> None:
        self.book, self.cost, self.batching, self.index = book, cost, batching, index
        self.prefix, self.reactive = prefix, reactive
        self.cache = cost.cache_tokens - (prefix.capacity_tokens if prefix else 0)
        self.limit = int(self.cache * (1.0 - batching.watermark))
        self.width = batching.draft_tokens + 1
        self.log: array[float] | None = array("d") if log else None
        self.clock, self.up, self.peak_tokens = 0.0, True, 0.0
        self.step = 0
        self.done: list[tuple[float, int]] = []
        self._clear()

    def _clear(self) -> None:
        self.waiting: deque[int] = deque()
        self.chunks: deque[list[int]] = deque()
        self.running: dict[int, tuple[int, int]] = {}
        self.heap: list[tuple[int, int]] = []
        self.final: dict[int, float] = {}
        self.ready: set[int] = set()
        self.B = 0
        self.S: float = 0
        self.held = 0
        # True while the head of the queue cannot be admitted; only an end or a lost cache changes that.
        self.blocked = False

    @property
    def load(self) -> int:
        """Requests waiting, in prefill and decoding."""
        return len(self.waiting) + len(self.chunks) + self.B

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
        if not self.fits(request) or (limit is not None and len(self.waiting) >= limit):
            self.book.status[request] = REJECTED
            self.book.finish[request] = now
            return False
        if self.clock < now:
            self.clock = now
        self.book.status[request] = IN_FLIGHT
        self.book.replica[request] = self.index
        if ready:
            self.ready.add(request)
        self.waiting.append(request)
        return True

    def advance(self, until: float) -> None:
        """Commit every iteration that starts before ``until``; the clock then stands at or beyond it."""
        while self.clock < until:
            if (self.waiting or self.chunks) and not self.blocked:
                if self._prefill():
                    continue
                self.blocked = self.B > 0
            if self.B:
                self._decode(until)
            elif not self.waiting and not self.chunks:
                return

    def next_event(self) -> float:
        """Return when to look again if nothing arrives: the end of the run, or the clock where one is due now."""
        if (self.chunks or self.waiting) and not self.blocked:
            return self.clock
        if not self.B:
            return inf
        k, a, d = self._run_length()
        return self.clock + (k * a + d * (k * (k - 1) / 2)) if k > 0 else self.clock

    def _run_length(self) -> tuple[int, float, float]:
        """Iterations until a sequence ends or the cache is full, the first one's time and the increment."""
        heap, running = self.heap, self.running
        while running.get(heap[0][1]) is not heap[0]:
            heappop(heap)
        B, cost, grow = self.B, self.cost, self.batching.tokens_per_step * self.B
        k = heap[0][0] - self.step
        room = int((self.cache - self.S - self.held) // grow)
        n = B * self.width
        fixed = cost.fixed_s[n] if n < len(cost.fixed_s) else cost.of(n)
        a = fixed + cost.sequence_s * B + cost.kv_s * self.S
        return (k if k < room else room), a, cost.kv_s * grow

    def _decode(self, until: float) -> None:
        """Take as many equal iterations as fit before the next change of the batch or ``until``."""
        k, a, d = self._run_length()
        if k <= 0:
            self._make_room()
            return
        if not self.batching.coalesce:
            k = 1
        clock = self.clock
        took = k * a + d * (k * (k - 1) / 2)
        if k > 1 and clock + took > until:
            k = _steps_to(until, clock, a, d, k)
            took = k * a + d * (k * (k - 1) / 2)
        if self.log is not None:
            self.log.extend((clock, took, k, self.B, self.S, 0, 0, len(self.waiting)))
        self.clock = clock + took
        self.step += k
        self.S += self.batching.tokens_per_step * self.B * k
        if self.S + self.held > self.peak_tokens:
            self.peak_tokens = self.S + self.held
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
            if self.reactive:
                self.done.append((clock, request))

    def _make_room(self) -> None:
        """Take the cache from what was admitted last until one more token per sequence fits."""
        grow = self.batching.tokens_per_step
        self.blocked = False
        while self.S + self.held + grow * self.B > self.cache:
            if self.chunks:
                request, _, _, need = self.chunks.pop()
                self.held -= need + 1
            else:
                request, (last, _) = self.running.popitem()
                left = grow * (last - self.step)
                context = (self.final.pop(request) if self.final else self._whole(request)) - left
                self.B -= 1
                self.S -= context
                self.book.produced[request] = min(
                    int(context) - self.book.prompt[request], self.book.output[request] - 1
                )
            self.waiting.appendleft(request)
            self.book.preemptions[request] = self.book.preemptions.get(request, 0) + 1

    def _whole(self, request: int) -> int:
        return self.book.prompt[request] + self.book.output[request]

    def _prefill(self) -> bool:
        """Run one iteration with prompt tokens; return False where none can be taken now."""
        rules, width = self.batching, self.width
        if rules.mixed and self.B and self.S + self.held + rules.tokens_per_step * self.B > self.cache:
            self._make_room()
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
        self._iterate(tokens, pairs, ended)
        return True

    def _admit(self, budget: int, tokens: int, ended: list[list[int]]) -> tuple[int, float]:
        """Admit waiting requests while tokens, sequences and cache allow; return new tokens and pairs."""
        book, waiting, rules = self.book, self.waiting, self.batching
        chunks, ready, produced = self.chunks, self.ready, book.produced
        pairs, start, mixed = 0.0, tokens, rules.mixed
        while waiting and budget > 0 and self.B + len(chunks) + len(ended) < rules.max_sequences:
            request = waiting[0]
            need = book.prompt[request]
            if produced:
                need += produced.get(request, 0)
            seen = book.admitted[request] == book.admitted[request]  # NaN until the first admission
            if not seen and self.clock - book.arrival[request] > rules.timeout_s:
                self._drop(waiting.popleft())
                continue
            alone = not (self.B or chunks or ended)
            if self.S + self.held + need + 1 + (self.B if mixed else 0) > (
                self.cache if alone else self.limit
            ):
                break
            if ready and request in ready:
                waiting.popleft()
                ready.discard(request)
                budget -= self.width if mixed else 0
                self._join(request, need + 1, 1)
                continue
            cached = self._cached(request, need) if self.prefix or book.cached else 0
            new = need - cached
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

    def _drop(self, request: int) -> None:
        self.book.status[request] = REJECTED
        self.book.finish[request] = self.clock
        if self.reactive:
            self.done.append((self.clock, request))

    def _cached(self, request: int, need: int) -> int:
        """Prompt tokens that need no work: known blocks, or the share that the book states; never all."""
        book = self.book
        known = book.cached.get(request, 0)
        if self.prefix is not None and book.blocks:
            known = self.prefix.look_up(book.blocks[request], book.block_tokens)
            book.cached[request] = known = min(known, need - 1)
        return min(known, need - 1)

    def _iterate(self, tokens: int, pairs: float, ended: list[list[int]]) -> None:
        """Pass one iteration with ``tokens`` prompt tokens, and the decoding sequences where they mix."""
        B, cost = self.B, self.cost
        if self.S + self.held > self.peak_tokens:
            self.peak_tokens = self.S + self.held
        n, took = tokens, cost.pair_s * pairs
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
        if made == 1 or book.first[request] != book.first[request]:
            book.first[request] = self.clock
        if made >= book.output[request]:
            book.finish[request] = self.clock
            book.status[request] = DONE
        elif not self.batching.prefill_only:
            self._join(request, need + 1, made)
            return
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

    def fail(self, now: float) -> list[int]:
        """Lose everything in flight at ``now``; return the lost requests in the order of their indices.

        An iteration that would have ended after ``now`` did not happen: what it finished is lost too.
        """
        lost = {*self.waiting, *self.running, *(chunk[0] for chunk in self.chunks)}
        undone = {request for when, request in self.done if when > now}
        self.done = [(when, request) for when, request in self.done if when <= now]
        lost |= undone
        for request in lost:
            self.book.status[request] = PENDING
            self.book.first[request] = self.book.finish[request] = float("nan")
            self.book.produced.pop(request, None)
        self._clear()
        if self.prefix is not None:
            self.prefix.clear()
        self.clock, self.up = now, False
        return sorted(lost)

    def give_up(self, request: int, now: float) -> None:
        """Mark a request that ran out of retries."""
        self.book.status[request] = FAILED
        self.book.finish[request] = now


def _steps_to(until: float, clock: float, a: float, d: float, most: int) -> int:
    """Smallest k in 1..most whose end ``clock + k a + d k (k - 1) / 2`` reaches ``until``.

    The root of the quadratic in the form that survives d -> 0, then put right by at most a step or two.

    >>> _steps_to(3.0, 0.0, 1.0, 0.0, 10)
    3
    >>> _steps_to(3.1, 0.0, 1.0, 1.0, 10)
    3
    """
    b, x = a - d / 2, until - clock
    k = min(max(ceil(2 * x / (b + sqrt(b * b + 2 * d * x))), 1), most)
    while k > 1 and clock + ((k - 1) * a + d * ((k - 1) * (k - 2) / 2)) >= until:
        k -= 1
    while k < most and clock + (k * a + d * (k * (k - 1) / 2)) < until:
        k += 1
    return k
