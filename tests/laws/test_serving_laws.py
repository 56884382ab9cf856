"""Conservation and monotony of request serving, and the proof that coalescing changes nothing."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.des.serving.book import Requests
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.metrics import Slo, records, summarise
from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.des.serving.run import ServingRun, counts
from clustersim.des.serving.settings import ClosedLoop, Failures, Pool, Transfer
from clustersim.des.serving.steady import rate_at_slo, saturated, share_of
from clustersim.des.serving.stream import Lengths, Stream

#: Powers of two: sums of these are exact in floating point, so two ways to the same time give the same bits.
TICK = 2.0**-20


def _requests(rows) -> Requests:
    return Requests(
        np.cumsum([r[0] for r in rows]) * TICK * 2**12,
        np.array([r[1] for r in rows]),
        np.array([r[2] for r in rows]),
    )


request = st.tuples(st.integers(0, 400), st.integers(1, 700), st.integers(1, 90))
#: Many long answers at nearly one instant: the cache fills and sequences are preempted.
crowd = st.tuples(st.integers(0, 5), st.integers(1, 120), st.integers(30, 90))
traffic = st.one_of(
    st.lists(request, min_size=1, max_size=40), st.lists(crowd, min_size=12, max_size=40)
).map(_requests)
costs = st.builds(
    lambda fixed, slope, kv, pair, cache: ReplicaCost(
        tuple((fixed + slope * n) * TICK for n in range(300)),
        slope * TICK,
        kv * TICK,
        pair * TICK,
        0.0,
        cache,
    ),
    st.integers(100, 20000),
    st.integers(0, 60),
    st.integers(0, 3),
    st.integers(0, 1),
    st.integers(800, 2500),
)
rules = st.builds(
    lambda tokens, seqs, chunked, mixed: Batching(
        max_tokens=tokens, max_sequences=min(seqs, tokens), chunked=chunked, mixed=mixed
    ),
    st.integers(40, 900),
    st.integers(1, 30),
    st.booleans(),
    st.booleans(),
)
routers = st.sampled_from(["round_robin", "least_loaded", "prefix_affinity"])


@settings(max_examples=150, deadline=None)
@given(traffic, costs, rules, routers, st.integers(1, 3))
def test_coalesced_schedule_equals_the_step_by_step_one_bit_for_bit(
    requests, cost, batching, router, count
) -> None:
    fast = simulate(requests, Pool(count, cost, batching), router=router)
    slow = simulate(requests, Pool(count, cost, replace(batching, coalesce=False)), router=router)
    for column in ("admitted", "first", "finish", "replica"):
        assert getattr(fast.book, column).tobytes() == getattr(slow.book, column).tobytes(), column
    assert fast.book.preemptions == slow.book.preemptions
    assert [r.clock for r in fast.replicas] == [r.clock for r in slow.replicas]


@settings(max_examples=40, deadline=None)
@given(traffic, costs, rules, st.integers(1, 8))
def test_closed_loop_and_disaggregation_are_coalesced_exactly_too(requests, cost, batching, users) -> None:
    def finishes(coalesce: bool, split: bool) -> bytes:
        rule = replace(batching, coalesce=coalesce)
        if split:
            run = simulate(
                requests,
                Pool(1, cost, replace(rule, prefill_only=True)),
                decode_pool=Pool(2, cost, rule),
                transfer=Transfer(TICK, TICK),
            )
        else:
            run = simulate(
                requests, Pool(2, cost, rule), closed_loop=ClosedLoop(users), router="least_loaded"
            )
        return run.book.finish.tobytes()

    for split in (False, True):
        assert finishes(True, split) == finishes(False, split)


def naive(requests: Requests, cost: ReplicaCost, rules: Batching) -> list[tuple[float, float]]:
    """A stepper written on its own: chunked, mixed, no preemption (cache taken as large enough)."""
    n, clock, queue, prefill, running = len(requests), 0.0, [], [], []
    todo = list(range(n))
    first, finish = [0.0] * n, [0.0] * n
    while todo or queue or prefill or running:
        while todo and requests.arrival[todo[0]] <= clock:
            queue.append(todo.pop(0))
        if not (queue or prefill or running):
            clock = float(requests.arrival[todo[0]])
            continue
        budget, pairs, done, tokens = rules.max_tokens - len(running), 0.0, [], 0
        for item in list(prefill):
            take = min(item[1], budget)
            if take <= 0:
                break
            pairs += take * (item[2] + (take + 1) * 0.5)
            item[1], item[2], budget, tokens = item[1] - take, item[2] + take, budget - take, tokens + take
            if item[1] == 0:
                prefill.remove(item)
                done.append(item[0])
        while queue and budget > 0 and len(running) + len(prefill) + len(done) < rules.max_sequences:
            r = queue.pop(0)
            take = min(int(requests.prompt[r]), budget)
            pairs += take * (take + 1) * 0.5
            budget, tokens = budget - take, tokens + take
            if take == requests.prompt[r]:
                done.append(r)
            else:
                prefill.append([r, int(requests.prompt[r]) - take, take])
        context = sum(c for _, _, c in running)
        clock += cost.pair_s * pairs + cost.kv_s * context + cost.of(len(running) + tokens)
        for item in list(running):
            item[1], item[2] = item[1] - 1, item[2] + 1
            if item[1] == 0:
                finish[item[0]] = clock
                running.remove(item)
        for r in done:
            first[r] = clock
            if requests.output[r] == 1:
                finish[r] = clock
            else:
                running.append([r, int(requests.output[r]) - 1, int(requests.prompt[r]) + 1])
    return list(zip(first, finish, strict=True))


@settings(max_examples=80, deadline=None)
@given(traffic, costs, st.integers(60, 900), st.integers(1, 30))
def test_schedule_equals_an_independent_stepper(requests, cost, tokens, seqs) -> None:
    big = replace(cost, cache_tokens=10**9)
    batching = Batching(max_tokens=tokens, max_sequences=min(seqs, tokens), chunked=True, mixed=True)
    run = simulate(requests, Pool(1, big, batching))
    assert list(zip(run.book.first, run.book.finish, strict=True)) == naive(requests, big, batching)


@settings(max_examples=100, deadline=None)
@given(traffic, costs, rules, routers, st.booleans(), st.integers(0, 2**32 - 1))
def test_every_request_ends_and_nothing_is_made_or_lost(
    requests, cost, batching, router, fails, seed
) -> None:
    extra = {"failures": Failures(1.0, 0.3, 2), "rng": np.random.default_rng(seed)} if fails else {}
    run = simulate(requests, Pool(2, cost, batching), router=router, **extra)
    number, rows = counts(run), records(run)
    assert number["completed"] + number["rejected"] + number["failed"] == len(requests)
    done = np.isfinite(rows["e2e_s"])
    assert (rows["first_token_s"][done] >= rows["arrival_s"][done]).all()
    assert (rows["finish_s"][done] >= rows["first_token_s"][done]).all()
    for replica in run.replicas:
        assert replica.peak_tokens <= replica.cache
        assert replica.S == replica.held == replica.B == 0
        log = run.log(replica.index)
        assert (np.diff(log[:, 0]) >= 0).all()
        assert (log[:, 1] > 0).all()
    if not fails and not rows["preemptions"].any():
        made = sum((run.log(i)[:, 2] * run.log(i)[:, 3]).sum() for i in range(2)) + number["completed"]
        assert made == rows["output_tokens"][done].sum()
        assert sum(run.log(i)[:, 5].sum() for i in range(2)) == rows["prompt_tokens"][done].sum()


@settings(max_examples=60, deadline=None)
@given(traffic, costs, rules, st.integers(1, 3))
def test_littles_law_on_every_run(requests, cost, batching, count) -> None:
    assert summarise(simulate(requests, Pool(count, cost, batching))).little_gap < 1e-9


@settings(max_examples=6, deadline=None)
@given(costs, st.integers(0, 1000))
def test_more_bandwidth_never_lowers_capacity(cost, seed) -> None:
    stream = Stream(1.0, Lengths(150, "uniform", 0.9), Lengths(30, "uniform", 0.9))
    faster = ReplicaCost(
        tuple(t / 2 for t in cost.fixed_s),
        cost.slope_s / 2,
        cost.kv_s / 2,
        cost.pair_s / 2,
        0.0,
        cost.cache_tokens,
    )
    batching = Batching(max_tokens=512, max_sequences=16)

    def runner(c: ReplicaCost) -> Callable[[Requests], ServingRun]:
        return lambda requests: simulate(requests, Pool(1, c, batching), log=False)

    # A level that neither meets by its unloaded latency alone.
    level = Slo(ttft_s=60 * cost.fixed_s[-1], tpot_s=4 * cost.fixed_s[-1], share=0.9)
    tops = [saturated(stream, runner(c), seed=seed, requests=1500) for c in (cost, faster)]
    # Ends are counted between two moments, at each of which up to a whole batch may be about to end.
    assert tops[1] >= tops[0] * (1 - 2 * 16 / 1500)
    slow = rate_at_slo(stream, runner(cost), level, seed=seed, requests=1500, most=tops[0], tolerance=0.02)
    drawn = stream.at(tops[0]).draw(1500, np.random.default_rng(seed)).faster(slow.rate / tops[0])
    quick = share_of(runner(faster)(drawn), level)
    assert quick.share >= slow.share.share - 3 * np.hypot(quick.error, slow.share.error)


def test_the_crowd_does_fill_the_cache() -> None:
    """The strategy above reaches preemption: without this the laws on the cache would be empty."""
    requests = _requests([(0, 100, 80)] * 30)
    cost = ReplicaCost(tuple([2.0**-6] * 300), 0.0, TICK, 0.0, 0.0, 1500)
    run = simulate(requests, Pool(1, cost, Batching(max_tokens=400, max_sequences=30)))
    assert run.book.preemptions
    assert 1400 < run.replicas[0].peak_tokens <= 1500


@settings(max_examples=40, deadline=None)
@given(traffic, costs, rules)
def test_a_loaded_replica_never_beats_an_empty_one(requests, cost, batching) -> None:
    rows = records(simulate(requests, Pool(1, cost, batching)))
    for i in range(len(requests)):
        if not np.isfinite(rows["e2e_s"][i]):
            continue
        alone = Requests(np.zeros(1), requests.prompt[i : i + 1], requests.output[i : i + 1])
        lone = records(simulate(alone, Pool(1, cost, batching)))
        assert rows["e2e_s"][i] >= lone["e2e_s"][0] * (1 - 1e-9)
