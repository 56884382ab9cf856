"""Several replicas served from start to end: arrivals or users, failures, autoscaling, and the run that comes out.

SimPy is not needed where nothing reacts to an end: arrivals are then sent in order. Elsewhere its processes stand here,
and what they act on in `dispatch`.
"""

from __future__ import annotations

from collections.abc import Generator
from math import ceil, inf
from typing import Any

import numpy as np
import simpy

from clustersim.des.serving.block_cache import BlockCache, OuterTier, tiers_of
from clustersim.des.serving.book import FAILED, IN_FLIGHT, Book, Requests
from clustersim.des.serving.dispatch import Cluster
from clustersim.des.serving.losing import lose_all
from clustersim.des.serving.replica import Replica
from clustersim.des.serving.router import ROUTERS, Router
from clustersim.des.serving.run import ServingRun
from clustersim.des.serving.settings import Autoscale, ClosedLoop, Failures, Pool, Transfer
from clustersim.des.serving.turns import send_turns
from clustersim.errors import InputError, suggest

__all__ = ["first_class", "simulate"]


def _straight(cluster: Cluster) -> None:
    """Send the arrivals in order: nothing reacts to an end, so no event has to meet another one."""
    dispatch = cluster.dispatch
    for request, when in enumerate(cluster.book.arrival):
        dispatch(request, when)


def _straight_split(cluster: Cluster, prefill_count: int) -> None:
    """Serve all prompts, then all answers: nothing of a decode pool reaches back to the prefill pool."""
    _straight(cluster)
    assert cluster.transfer is not None and cluster.onward is not None
    rule, book = cluster.transfer, cluster.book
    arrivals: list[tuple[float, float, int]] = []
    for replica in cluster.replicas[:prefill_count]:
        replica.advance(inf)
        free = 0.0
        for when, request in replica.done:
            if book.status[request] == IN_FLIGHT:
                free = max(when, free) + rule.token_s * book.prompt[request]
                arrivals.append((free + rule.beside_s(book.prompt[request]), when, request))
    cluster.calendar.clear()
    arrivals.sort()
    for when, _, request in arrivals:
        cluster.catch_up(when)
        cluster.put(cluster.onward.choose(book, request), request, when, ready=True)


def _arrivals(cluster: Cluster) -> Generator[Any, Any, None]:
    env, dispatch = cluster.env, cluster.dispatch
    for request, when in enumerate(list(cluster.book.arrival)):
        gap = when - env.now
        if gap > 0:
            yield env.timeout(gap)
        dispatch(request, when if when > env.now else env.now)


def _closed(cluster: Cluster, loop: ClosedLoop) -> None:
    """Let every user send a first request now and the next one after each answer."""
    env, book = cluster.env, cluster.book
    queue = iter(range(len(book.arrival)))

    def send(_: object = None) -> None:
        request = next(queue, None)
        if request is not None:
            book.arrival[request] = env.now
            cluster.dispatch(request, env.now)

    def on_end(_: int) -> None:
        if loop.think_s > 0:
            env.timeout(loop.think_s).callbacks.append(send)
        else:
            send()

    cluster.on_end = on_end
    for _ in range(min(loop.users, len(book.arrival))):
        send()


def _failing(cluster: Cluster, index: int, rng: np.random.Generator) -> Generator[Any, Any, None]:
    """Fail, lose, repair, come back; until every request has ended."""
    env, rule = cluster.env, cluster.failures
    assert rule is not None
    while True:
        yield env.timeout(float(rng.exponential(rule.mttf_s)))
        if cluster.left <= 0:
            return
        # The clock of a replica that is switched off starts again: the time to a failure has no memory.
        if index not in cluster.held:
            continue
        cluster.catch_up(env.now)
        replica = cluster.replicas[index]
        replica.advance(env.now)
        cluster.deliver(index, env.now)
        cluster.failed += 1
        lost = lose_all(replica, env.now)
        cluster.set_open(index, opened=False)
        cluster.watch(index)
        for request in lost:
            cluster.retry(request, env.now)
        yield env.timeout(rule.repair_s)
        replica.up = True
        replica.clock = max(replica.clock, env.now)
        if index in cluster.held:
            cluster.set_open(index, opened=True)


def _scaling(cluster: Cluster, rule: Autoscale, spans: list[list[float]]) -> Generator[Any, Any, None]:
    """Open and close replicas so that each has about the target load; one that failed is stood in for."""
    env, held = cluster.env, cluster.held
    starting: list[int] = []
    closed = list(range(rule.minimum, rule.maximum))

    def started(index: int) -> None:
        starting.remove(index)
        held.add(index)
        cluster.replicas[index].clock = max(cluster.replicas[index].clock, env.now)
        cluster.set_open(index, opened=True)

    while cluster.left > 0:
        yield env.timeout(rule.period_s)
        cluster.catch_up(env.now)
        load = sum(replica.load for replica in cluster.replicas) + len(cluster.parked)
        wanted = min(max(ceil(load / rule.target_load), rule.minimum), rule.maximum)
        up = [i for i in sorted(held) if i < rule.maximum and cluster.replicas[i].up]
        while len(up) + len(starting) < wanted and closed:
            index = closed.pop(0)
            starting.append(index)
            spans.append([env.now, inf, index])
            env.timeout(rule.start_up_s).callbacks.append(lambda _, i=index: started(i))
        idle = [i for i in up if cluster.replicas[i].load == 0]
        excess = len(up) + len(starting) - wanted
        for index in reversed(idle[len(idle) - max(min(excess, len(idle)), 0) :]):
            held.discard(index)
            closed.append(index)
            cluster.set_open(index, opened=False)
            next(span for span in reversed(spans) if span[2] == index)[1] = env.now


def _check(
    routers: tuple[str, ...],
    decode_pool: Pool | None,
    transfer: Transfer | None,
    failures: Failures | None,
    cached_share: float,
    rng: np.random.Generator | None,
) -> None:
    """Raise InputError for settings that do not go together."""
    for router in routers:
        if router not in ROUTERS:
            raise InputError(f"router {router!r} is unknown; {suggest(router, ROUTERS)}")
    if failures is not None and rng is None:
        raise InputError("failures need a random generator: pass rng")
    if (decode_pool is None) != (transfer is None):
        raise InputError("a decode pool needs a transfer, and a transfer a decode pool")
    if not 0.0 <= cached_share < 1.0:
        raise InputError(f"cached_share={cached_share}: it must be at least 0 and below 1")


def _replicas(book: Book, pools: list[tuple[Pool, int]], *, log: bool, reactive: bool) -> list[Replica]:
    """Return the replicas of the entry pool, then those of the decode pool."""
    out: list[Replica] = []
    shared: dict[str, OuterTier] = {}
    for pool, size in pools:
        for _ in range(size):
            prefix = None
            if pool.known is not None and book.blocks:
                tiers = tiers_of(pool.known, book.block_tokens, shared)
                prefix = BlockCache(book.block_tokens, tiers, pool.known.most_share * pool.cost.cache_tokens)
            out.append(
                Replica(
                    book, pool.cost, pool.batching, index=len(out), prefix=prefix, log=log, reactive=reactive
                )
            )
    return out


def first_class(count: int, share: float) -> list[bool]:
    """Return which of so many requests are of the first class: a share of them, spread evenly (golden ratio).

    >>> sum(first_class(1000, 0.25)), sum(first_class(10, 1.0)), sum(first_class(10, 0.0))
    (251, 10, 0)
    """
    return [bool(at < share) for at in (np.arange(1, count + 1) * 0.6180339887498949) % 1.0]


def simulate(
    requests: Requests,
    pool: Pool,
    *,
    router: str = "round_robin",
    decode_router: str = "least_loaded",
    closed_loop: ClosedLoop | None = None,
    decode_pool: Pool | None = None,
    transfer: Transfer | None = None,
    failures: Failures | None = None,
    autoscale: Autoscale | None = None,
    cached_share: float = 0.0,
    priority_share: float = 0.0,
    rng: np.random.Generator | None = None,
    log: bool = True,
) -> ServingRun:
    """Serve the requests until each has completed, been rejected or failed; return what happened.

    ``decode_pool`` with ``transfer`` splits prefill from decode, whose replicas take requests by ``decode_router``.
    ``cached_share`` is the share of every prompt
    whose cache is known beforehand, for traces without prefix blocks; ``priority_share`` is the share of the requests,
    evenly among them, that go before all others that wait. ``rng`` is needed with failures only.

    Raises InputError for an unknown router, for failures without ``rng`` and for a split without transfer.
    """
    _check((router, decode_router), decode_pool, transfer, failures, cached_share, rng)
    book = Book.of(requests)
    if cached_share > 0:
        book.cached = {i: int(cached_share * p) for i, p in enumerate(book.prompt)}
    if priority_share > 0:
        book.first_class = first_class(len(requests), priority_share)
    events = any(part is not None for part in (closed_loop, failures, autoscale)) or bool(book.follows)
    reactive = events or decode_pool is not None
    count = max(pool.replicas, autoscale.maximum if autoscale else 0)
    pools = [(pool, count), *([(decode_pool, decode_pool.replicas)] if decode_pool else [])]
    replicas = _replicas(book, pools, log=log, reactive=reactive)
    first_open = autoscale.minimum if autoscale else count
    entry = Router(router, range(count), opened=first_open)
    onward = Router(decode_router, range(count, len(replicas))) if decode_pool else None
    cluster = Cluster(simpy.Environment(), book, replicas, entry, onward, version=[0] * len(replicas))
    cluster.transfer, cluster.failures, cluster.left = transfer, failures, len(requests)
    cluster.reactive, cluster.watched = events, reactive or router != "round_robin"
    cluster.held = {i for i in range(len(replicas)) if i < first_open or i >= count}
    spans = [[0.0, inf, i] for i in sorted(cluster.held)]
    if events:
        _start(cluster, closed_loop, autoscale, spans, rng)
        cluster.env.run()
    elif decode_pool:
        _straight_split(cluster, count)
    else:
        _straight(cluster)
    for replica in replicas:
        replica.advance(inf)
    for request in cluster.parked:
        book.status[request] = FAILED
        book.finish[request] = cluster.env.now
    end = max((f for f in book.finish if f == f), default=0.0)
    return ServingRun(book, replicas, count, end, spans, cluster.failed, router)


def _start(
    cluster: Cluster,
    closed_loop: ClosedLoop | None,
    autoscale: Autoscale | None,
    spans: list[list[float]],
    rng: np.random.Generator | None,
) -> None:
    """Start the SimPy processes: users or arrivals, failures, autoscaling."""
    if cluster.book.follows:
        send_turns(cluster, closed_loop)
    elif closed_loop is not None:
        _closed(cluster, closed_loop)
    else:
        cluster.env.process(_arrivals(cluster))
    if cluster.failures is not None and rng is not None:
        for index, child in enumerate(rng.spawn(len(cluster.replicas))):
            cluster.env.process(_failing(cluster, index, child))
    if autoscale is not None:
        cluster.env.process(_scaling(cluster, autoscale, spans))
