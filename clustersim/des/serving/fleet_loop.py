"""The replicas of a fleet on arrays: `replica.Replica` without what a fleet has not, in loops that compile.

A fleet's replicas only take requests in (`fleet`), so that nothing of hosts, known blocks, classes, logs and ends that
others react to stands here. What stands here does the same sums in the same order: every request fares, to the bit, as
`Replica` and `dispatch.Cluster` have it (tests/laws/test_fleet_loop.py).
"""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import NDArray

from clustersim.compiled import loop
from clustersim.des.serving.book import DONE, IN_FLIGHT, REJECTED
from clustersim.des.serving.fleet_heaps import first_from, latest, put, remove, rise
from clustersim.des.serving.fleet_state import Columns, Rules, State
from clustersim.des.serving.room import SLACK_TOKENS
from clustersim.des.serving.stretch import steps_to

__all__ = ["finish_all", "serve_in_turn", "serve_least_loaded"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_steps_to = loop(steps_to)


@loop
def _fixed(rules: Rules, tokens: int) -> float:
    last = len(rules.fixed_s) - 1
    if tokens <= last:
        return float(rules.fixed_s[tokens])
    return float(rules.fixed_s[last] + rules.slope_s * (tokens - last))


@loop
def _prompt_s(rules: Rules, pairs: float, prompts: int) -> float:
    if rules.ranks == 1:
        return rules.pair_s * pairs
    fullest = -(-prompts // rules.ranks)
    return rules.pair_s * pairs * rules.ranks * fullest / max(prompts, 1)


@loop
def _load(state: State, i: int) -> int:
    return int(state.waiting[i] + (1 if state.chunk[i, 0] >= 0 else 0) + state.decoding[i])


@loop
def _pop_waiting(state: State, book: Columns, i: int) -> int:
    request = state.head[i]
    state.head[i] = book.after[request]
    if state.head[i] < 0:
        state.tail[i] = -1
    state.waiting[i] -= 1
    return int(request)


@loop
def _push(state: State, book: Columns, rules: Rules, i: int, request: int, now: float) -> None:
    """Queue a request at a replica that has been brought up to ``now``, or reject it."""
    most = book.prompt[request] + book.output[request] + rules.grow
    if not most <= rules.cache or state.waiting[i] >= rules.max_waiting:
        book.status[request] = REJECTED
        book.finish[request] = now
        return
    if state.clock[i] < now:
        state.clock[i] = now
    book.status[request] = IN_FLIGHT
    book.replica[request] = i
    book.after[request] = -1
    if state.tail[i] >= 0:
        book.after[state.tail[i]] = request
    else:
        state.head[i] = request
    state.tail[i] = request
    state.waiting[i] += 1


@loop
def _make_room(state: State, book: Columns, rules: Rules, i: int) -> None:
    """Take the cache from what was admitted last until one more token per sequence fits (`room.make_room`)."""
    heap = state.running
    state.blocked[i] = False
    while state.context[i] + state.held[i] + rules.grow * state.decoding[i] > rules.cache:
        if state.chunk[i, 0] >= 0:
            request = state.chunk[i, 0]
            state.held[i] -= state.chunk[i, 3] + 1
            state.chunk[i, 0] = -1
        else:
            at = latest(heap, i, state.decoding[i])
            request = heap.slot[i, at]
            context = heap.final[i, at] - rules.grow * (heap.due[i, at] - state.step[i])
            remove(heap, i, at, state.decoding[i])
            state.decoding[i] -= 1
            state.context[i] -= context
            made = int(context + SLACK_TOKENS) - book.prompt[request]
            book.produced[request] = min(made, book.output[request] - 1)
        book.after[request] = state.head[i]
        state.head[i] = request
        if state.tail[i] < 0:
            state.tail[i] = request
        state.waiting[i] += 1
        book.preemptions[request] += 1


@loop
def _run_length(state: State, rules: Rules, i: int) -> tuple[int, float, float]:
    """Iterations until a sequence ends or the cache is full, the first one's time and the increment."""
    count = state.decoding[i]
    grow = rules.grow * count
    k = state.running.due[i, 0] - state.step[i]
    room = int((rules.cache - state.context[i] - state.held[i]) // grow)
    a = _fixed(rules, count * rules.width) + rules.sequence_s * count + rules.kv_s * state.context[i]
    return min(int(k), room), a, rules.kv_s * grow


@loop
def _finish_due(state: State, book: Columns, i: int) -> None:
    """Close every sequence whose last token came with this iteration."""
    heap = state.running
    state.blocked[i] = False
    while state.decoding[i] > 0 and heap.due[i, 0] <= state.step[i]:
        request = heap.slot[i, 0]
        state.context[i] -= heap.final[i, 0]
        remove(heap, i, 0, state.decoding[i])
        state.decoding[i] -= 1
        book.finish[request] = state.clock[i]
        book.status[request] = DONE


@loop
def _decode(state: State, book: Columns, rules: Rules, i: int, until: float) -> None:
    """Take as many equal iterations as fit before the next change of the batch or ``until``."""
    k, a, d = _run_length(state, rules, i)
    if k <= 0:
        _make_room(state, book, rules, i)
        return
    if not rules.coalesce:
        k = 1
    clock = state.clock[i]
    took = k * a + d * (k * (k - 1) / 2)
    if k > 1 and clock + took > until:
        k = _steps_to(until, clock, a, d, k)
        took = k * a + d * (k * (k - 1) / 2)
    state.clock[i] = clock + took
    state.step[i] += k
    state.context[i] += rules.grow * state.decoding[i] * k
    if state.running.due[i, 0] <= state.step[i]:
        _finish_due(state, book, i)


@loop
def _join(state: State, book: Columns, rules: Rules, i: int, request: int, context: int, made: int) -> None:
    """Put a sequence of ``context`` tokens, ``made`` of them its own, among the decoding ones."""
    left = book.output[request] - made
    steps = left if rules.grow == 1 else int(np.ceil(left / rules.grow))
    heap, at = state.running, state.decoding[i]
    heap.due[i, at] = state.step[i] + steps
    heap.slot[i, at] = request
    heap.joined[i, at] = state.joined[i]
    heap.final[i, at] = context + rules.grow * steps
    state.joined[i] += 1
    state.decoding[i] += 1
    state.context[i] += context
    rise(heap, i, at)


@loop
def _iterate(
    state: State, book: Columns, rules: Rules, i: int, tokens: int, pairs: float, ended: int
) -> None:
    """Pass one iteration with ``tokens`` prompt tokens, and the decoding sequences where they mix."""
    count, n = state.decoding[i], tokens
    took = _prompt_s(rules, pairs, ended + (1 if state.chunk[i, 0] >= 0 else 0))
    mixed = rules.mixed and count > 0
    if mixed:
        n += count * rules.width
        took += rules.kv_s * state.context[i] + rules.sequence_s * count
    took += _fixed(rules, n)
    state.clock[i] += took
    if mixed:
        state.step[i] += 1
        state.context[i] += rules.grow * count
        if state.running.due[i, 0] <= state.step[i]:
            _finish_due(state, book, i)
    for at in range(ended):
        request, need = state.ended[at, 0], state.ended[at, 1]
        state.held[i] -= need + 1
        made = need - book.prompt[request] + 1
        if made == 1 or np.isnan(book.first[request]):
            book.first[request] = state.clock[i]
        if made >= book.output[request]:
            book.finish[request] = state.clock[i]
            book.status[request] = DONE
        else:
            _join(state, book, rules, i, request, need + 1, made)


@loop
def _has_room(state: State, rules: Rules, i: int, need: int, alone: bool) -> bool:
    room = rules.cache if alone and not state.decoding[i] else rules.limit
    taken = state.context[i] + state.held[i] + need + 1
    return bool(taken + (state.decoding[i] if rules.mixed else 0) <= room)


@loop
def _admit(
    state: State, book: Columns, rules: Rules, i: int, budget: int, tokens: int, ended: int
) -> tuple[int, float, int]:
    """Admit waiting requests while tokens, sequences and cache allow; return tokens, pairs, prompts at an end."""
    pairs = 0.0
    while state.waiting[i] > 0 and budget > 0:
        chunks = 1 if state.chunk[i, 0] >= 0 else 0
        if state.decoding[i] + chunks + ended >= rules.max_sequences:
            break
        request = state.head[i]
        need = book.prompt[request] + book.produced[request]
        new_here = np.isnan(book.admitted[request])
        if new_here and state.clock[i] - book.arrival[request] > rules.timeout_s:
            request = _pop_waiting(state, book, i)
            book.status[request] = REJECTED
            book.finish[request] = state.clock[i]
            continue
        if not _has_room(state, rules, i, need, not (chunks or ended)):
            break
        cached = min(book.cached[request], need - 1)
        new = need - cached
        take = new
        if new > budget:
            if rules.chunked:
                take = budget
            elif tokens > 0:
                break
        _pop_waiting(state, book, i)
        if new_here:
            book.admitted[request] = state.clock[i]
        state.held[i] += need + 1
        pairs += take * (cached + (take + 1) * 0.5)
        tokens += take
        budget -= take
        if take == new:
            state.ended[ended, 0], state.ended[ended, 1] = request, need
            ended += 1
        else:
            state.chunk[i, 0], state.chunk[i, 1] = request, new - take
            state.chunk[i, 2], state.chunk[i, 3] = cached + take, need
    return tokens, pairs, ended


@loop
def _prefill(state: State, book: Columns, rules: Rules, i: int) -> bool:
    """Run one iteration with prompt tokens; return False where none can be taken now."""
    if rules.mixed and state.decoding[i] > 0:
        taken = state.context[i] + state.held[i]
        if taken + rules.grow * state.decoding[i] > rules.cache:
            _make_room(state, book, rules, i)
    budget = rules.max_tokens - (state.decoding[i] * rules.width if rules.mixed else 0)
    if budget <= 0:
        return False
    ended, tokens, pairs = 0, 0, 0.0
    if state.chunk[i, 0] >= 0:
        left, done = state.chunk[i, 1], state.chunk[i, 2]
        take = left if left <= budget or not rules.chunked else budget
        pairs += take * (done + (take + 1) * 0.5)
        state.chunk[i, 1] -= take
        state.chunk[i, 2] += take
        budget -= take
        tokens += take
        if state.chunk[i, 1] == 0:
            state.ended[0, 0], state.ended[0, 1] = state.chunk[i, 0], state.chunk[i, 3]
            state.chunk[i, 0] = -1
            ended = 1
    if state.waiting[i] > 0 and budget > 0:
        tokens, more, ended = _admit(state, book, rules, i, budget, tokens, ended)
        pairs += more
    if tokens == 0 and ended == 0:
        return False
    _iterate(state, book, rules, i, tokens, pairs, ended)
    return True


@loop
def _advance(state: State, book: Columns, rules: Rules, i: int, until: float) -> None:
    """Commit every iteration that starts before ``until``; the clock then stands at or beyond it."""
    while state.clock[i] < until:
        pending = state.waiting[i] > 0 or state.chunk[i, 0] >= 0
        if pending and not state.blocked[i]:
            if _prefill(state, book, rules, i):
                continue
            state.blocked[i] = state.decoding[i] > 0
        if state.decoding[i] > 0:
            _decode(state, book, rules, i, until)
        elif state.waiting[i] == 0 and state.chunk[i, 0] < 0:
            return


@loop
def _next_change(state: State, rules: Rules, i: int) -> float:
    """Return when to look again if nothing arrives: the end of the run, or the clock where one is due now."""
    if (state.waiting[i] > 0 or state.chunk[i, 0] >= 0) and not state.blocked[i]:
        return float(state.clock[i])
    if state.decoding[i] == 0:
        return inf
    k, a, d = _run_length(state, rules, i)
    return float(state.clock[i] + (k * a + d * (k * (k - 1) / 2)) if k > 0 else state.clock[i])


@loop
def _beyond(when: float) -> float:
    return float(np.nextafter(when, inf))


@loop
def _catch_up(state: State, book: Columns, rules: Rules, now: float) -> None:
    """Advance the replicas whose next change lies at or before ``now`` (`dispatch.Cluster.catch_up`)."""
    kept, tree = 0, state.change
    leaves = len(tree) // 2
    while tree[1] <= now:
        i = first_from(tree, 0)
        when = tree[leaves + i]
        if when == now and when == state.clock[i]:
            state.kept[kept] = i
            kept += 1
            put(tree, i, inf)
            continue
        while True:
            _advance(state, book, rules, i, _beyond(when) if when == state.clock[i] else when)
            when = _next_change(state, rules, i)
            if when >= now:
                break
        put(tree, i, when)
        put(state.load, i, _load(state, i))
    for at in range(kept):
        put(tree, state.kept[at], now)


@loop
def serve_least_loaded(state: State, book: Columns, rules: Rules, requests: Ints, replicas: int) -> None:
    """Send each request, in order, to the first of the least loaded replicas after the last one's turn."""
    for request in requests:
        now = book.arrival[request]
        _catch_up(state, book, rules, now)
        state.turn[0] = (state.turn[0] + 1) % replicas
        i = first_from(state.load, state.turn[0])
        _advance(state, book, rules, i, now)
        _push(state, book, rules, i, request, now)
        put(state.change, i, _next_change(state, rules, i))
        put(state.load, i, _load(state, i))


@loop
def serve_in_turn(state: State, book: Columns, rules: Rules, requests: Ints, replicas: int) -> None:
    """Deal requests out in turn, one replica after the other: each stays in the processor's cache for a while."""
    for i in range(replicas):
        begin = (i - state.turn[0]) % replicas
        for at in range(begin, len(requests), replicas):
            now = book.arrival[requests[at]]
            _advance(state, book, rules, i, now)
            _push(state, book, rules, i, requests[at], now)
    state.turn[0] = (state.turn[0] + len(requests)) % replicas


@loop
def finish_all(state: State, book: Columns, rules: Rules, replicas: int) -> None:
    """Serve what is still there to its end."""
    for i in range(replicas):
        _advance(state, book, rules, i, inf)
