"""Sessions and known blocks: what is found follows from what is kept, on the cards and outside them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clustersim.des.serving.block_cache import BlockCache, Known, TierRule
from clustersim.des.serving.book import Requests
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.known import known_shares
from clustersim.des.serving.metrics import records, summarise
from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.des.serving.run import ServingRun, counts
from clustersim.des.serving.sessions import SessionSpec, draw_sessions
from clustersim.des.serving.settings import ClosedLoop, Failures, Pool
from clustersim.des.serving.stream import Lengths
from clustersim.des.serving.traces import shipped_trace
from clustersim.errors import InputError
from clustersim.schema.load_one import load_one
from clustersim.schema.yamlfile import Document
from clustersim.workloads.served import served

COST = ReplicaCost(tuple(0.005 + 2e-5 * n for n in range(2305)), 2e-5, 2e-8, 1e-10, 0.0, cache_tokens=60_000)
RULES = Batching(max_tokens=2048, max_sequences=64)
SPEC = SessionSpec(
    turns=Lengths(8, "lognormal", 0.5), first=Lengths(2000, "lognormal", 0.3), added=Lengths(300, "lognormal", 0.5),
    output=Lengths(100, "lognormal", 0.5), shared_tokens=640, users=6, pause_s=0.5,
)  # fmt: skip
HOST = TierRule(name="host", capacity_tokens=1e7, token_s=1e-6)


def run_of(pool: Pool, spec: SessionSpec = SPEC, count: int = 240, **given: object) -> ServingRun:
    drawn = draw_sessions(spec, count, np.random.default_rng(3), rate=2.0 if not spec.users else None)
    loop = ClosedLoop(spec.users) if spec.users else None
    return simulate(drawn, pool, closed_loop=loop, **given)  # type: ignore[arg-type]


def hits(pool: Pool, **given: object) -> float:
    return known_shares(run_of(pool, **given)).total  # type: ignore[arg-type]


def test_a_turn_follows_the_answer_before_it() -> None:
    run = run_of(Pool(1, COST, RULES, Known()))
    rows, follows = records(run), np.asarray(run.book.follows)
    later = follows >= 0
    assert counts(run)["completed"] == 240
    assert np.all(rows["arrival_s"][later] >= rows["finish_s"][follows[later]])
    grown = rows["prompt_tokens"][later] > rows["prompt_tokens"][follows[later]]
    assert grown.mean() > 0.7, "most turns go on with their session"


def test_more_room_finds_more_and_never_less_than_no_room() -> None:
    rooms = [
        hits(Pool(1, replace(COST, cache_tokens=tokens), RULES, Known()))
        for tokens in (12_000, 30_000, 200_000)
    ]
    assert rooms[0] < rooms[1] < rooms[2] and rooms[2] > 0.75
    assert hits(Pool(1, COST, RULES)) == 0.0


def test_an_outer_tier_adds_hits_and_a_faster_one_shortens_the_wait() -> None:
    small = replace(COST, cache_tokens=12_000)
    none = run_of(Pool(1, small, RULES, Known()))
    slow, fast = (
        run_of(Pool(1, small, RULES, Known(tiers=(replace(HOST, token_s=s),)))) for s in (5e-5, 1e-6)
    )
    assert known_shares(slow).total > known_shares(none).total + 0.3
    assert known_shares(slow).tiers["host"] > 0.3 and known_shares(none).tiers == {}
    waits = [summarise(run).ttft_s["mean"] for run in (slow, fast)]
    assert waits[1] < waits[0]
    assert all(run.replicas[0].peak_tokens <= 12_000 for run in (none, slow, fast))


def test_a_second_tier_catches_what_the_first_has_no_room_for() -> None:
    small = replace(COST, cache_tokens=12_000)
    host = replace(HOST, capacity_tokens=6_000)
    one = known_shares(run_of(Pool(1, small, RULES, Known(tiers=(host,)))))
    two = known_shares(run_of(Pool(1, small, RULES, Known(tiers=(host, replace(HOST, name="ssd"))))))
    assert two.total > one.total and two.tiers["ssd"] > 0.1


def test_one_tier_for_all_replicas_knows_what_another_computed() -> None:
    pools = [
        Pool(3, replace(COST, cache_tokens=12_000), RULES, Known(tiers=(replace(HOST, shared=shared),)))
        for shared in (False, True)
    ]
    alone, together = (known_shares(run_of(pool, router="round_robin")).total for pool in pools)
    assert together > alone


def test_sessions_that_return_to_their_replica_find_more() -> None:
    pool = Pool(3, COST, RULES, Known())
    assert hits(pool, router="prefix_affinity") > hits(pool, router="round_robin") + 0.1


def test_what_running_requests_share_is_held_once() -> None:
    blocks = ((1, 2, 3, 4),) * 4
    at_once = Requests(np.arange(4) * 1e-3, np.full(4, 300), np.full(4, 400), blocks, 64)
    alone = Requests(np.arange(4) * 1e-3, np.full(4, 300), np.full(4, 400))
    apart, shared = (simulate(r, Pool(1, COST, RULES, Known())) for r in (alone, at_once))
    saved = apart.replicas[0].peak_tokens - shared.replicas[0].peak_tokens
    assert 2 * 256 <= saved <= 3 * 256
    assert shared.replicas[0].S == shared.replicas[0].saved == 0


def test_without_known_blocks_nothing_changes() -> None:
    trace = shipped_trace("mooncake-sample").requests.head(60)
    bare = Requests(trace.arrival, trace.prompt, trace.output)
    cost = replace(COST, cache_tokens=2_000_000)
    first, second = (
        records(simulate(r, Pool(2, cost, RULES, k))) for r, k in ((bare, Known()), (trace, None))
    )
    assert np.array_equal(first["finish_s"], second["finish_s"])


def test_the_trace_finds_what_a_list_of_the_last_used_blocks_holds() -> None:
    trace = shipped_trace("mooncake-sample").requests.head(400)
    expected = _last_used(trace, 200_000)
    cost = replace(COST, cache_tokens=4_000_000)
    rule = replace(HOST, capacity_tokens=200_000, shared=True)
    run = simulate(trace, Pool(1, cost, RULES, Known(0.0, (rule,))))
    found = known_shares(run)
    assert found.total == pytest.approx(expected, abs=0.03)


def _last_used(trace: Requests, tokens: int) -> float:
    """Share of block tokens among the last used ones, requests one after another."""
    kept: dict[int, None] = {}
    found = asked = 0
    for row in trace.blocks:
        known = 0
        while known < len(row) and row[known] in kept:
            known += 1
        found, asked = found + known, asked + len(row)
        for block in reversed(row):
            kept.pop(block, None)
            kept[block] = None
        while len(kept) > tokens // trace.block_tokens:
            del kept[next(iter(kept))]
    return found / asked


def test_failures_lose_what_was_known_on_the_cards_and_not_outside() -> None:
    small, rng = replace(COST, cache_tokens=30_000), np.random.default_rng
    failing = Failures(mttf_s=20.0, repair_s=1.0, max_retries=50)
    plain, tiered = (
        run_of(Pool(2, small, RULES, Known(tiers=tiers)), failures=failing, rng=rng(1))
        for tiers in ((), (HOST,))
    )
    assert counts(plain)["completed"] == counts(tiered)["completed"] == 240
    assert known_shares(tiered).total > known_shares(plain).total


def test_open_sessions_come_at_their_rate_and_the_same_seed_gives_the_same() -> None:
    spec = replace(SPEC, users=0)
    first, second = (records(run_of(Pool(2, COST, RULES, Known()), spec=spec)) for _ in range(2))
    assert np.array_equal(first["finish_s"], second["finish_s"])
    assert np.isfinite(first["ttft_s"]).all()


def test_tail_blocks_leave_before_the_head_that_makes_them_useful() -> None:
    cache = BlockCache(16)
    cache.claim(0, (1, 2, 3), 100, 0.0, 1e9)
    cache.computed(0, (1, 2, 3))
    cache.release(0, free=32)
    assert list(cache.idle) == [2, 1]


@pytest.mark.parametrize(
    ("traffic", "said"),
    [
        ({"prompt": {"mean": 10}}, "leave out trace and prompt"),
        ({"output": None}, "requests with prompt"),
    ],
)
def test_what_contradicts_sessions_is_refused(traffic, said) -> None:
    with pytest.raises(InputError, match=said):
        load_one(scenario({**TRAFFIC, **traffic}))


TRAFFIC = {
    "requests": 60, "closed_loop": {"users": 4}, "output": {"mean": 80},
    "sessions": {"turns": {"mean": 6}, "first": {"mean": 3000}, "added": {"mean": 400}, "pause": "1 s"},
}  # fmt: skip


def scenario(traffic: dict[str, object], prefix: dict[str, object] | None = None) -> Document:
    work: dict[str, object] = {
        "kind": "serving", "model": "llama3.1-70b", "engine": "vllm", "plan": {"tp": 4},
        "precision": {"weights": "fp8", "linear": "fp8", "cache": "fp8"},
        "batching": {"max_tokens": 2048, "max_sequences": 64},
        "traffic": {key: value for key, value in traffic.items() if value is not None},
    }  # fmt: skip
    if prefix is not None:
        work["prefix"] = prefix
    data = {"name": "x", "description": "", "seed": 1, "cluster": {"card": "H200", "nic": "ib-400g"}}
    return Document("x", data | {"demand": {"agents": work}}, {})


def test_a_scenario_of_sessions_is_served_and_says_what_was_known() -> None:
    found = []
    tier = {"name": "host", "capacity": "1 TB", "bandwidth": "50 GB/s"}
    for prefix in (None, {}, {"memory_share": 0.0, "tiers": [tier]}):
        inputs = load_one(scenario(TRAFFIC, prefix))
        work = inputs.scenario.demand["agents"]
        found.append(served(inputs, work, work.plan))  # type: ignore[union-attr,arg-type]
    shares = [known_shares(one.run) for one in found]
    assert shares[0].total == 0.0 and shares[1].device > 0.5
    assert shares[2].tiers["host"] > 0.5 and shares[2].device < 0.1
    first = [one.summary.ttft_s["mean"] for one in found]
    assert first[1] < first[0] and first[2] < first[0]
