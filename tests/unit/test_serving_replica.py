"""The scheduler of one replica: admission, chunks, the cache limit, preemption, speculative decoding, prefixes."""

import math
from dataclasses import replace

import numpy as np
import pytest

from clustersim.des.serving.block_cache import BlockCache, Known
from clustersim.des.serving.book import DONE, REJECTED, Book, Requests
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.metrics import records, summarise
from clustersim.des.serving.replica import Replica
from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.des.serving.run import counts
from clustersim.des.serving.settings import Autoscale, ClosedLoop, Failures, Pool, Transfer
from clustersim.errors import InputError

UNIT = ReplicaCost(
    tuple(0.01 + 0.0001 * n for n in range(4097)), 0.0001, 1e-6, 0.0, 0.0, cache_tokens=100_000
)
RULES = Batching(max_tokens=512, max_sequences=64)


def asked(*rows: tuple[float, int, int], blocks: tuple[tuple[int, ...], ...] = ()) -> Requests:
    arrival, prompt, output = zip(*rows, strict=True)
    return Requests(np.array(arrival, dtype=float), np.array(prompt), np.array(output), blocks)


def test_one_request_costs_prefill_and_decode_by_hand() -> None:
    run = simulate(asked((0.0, 100, 3)), Pool(1, UNIT, RULES))
    rows = records(run)
    assert rows["ttft_s"][0] == pytest.approx(0.01 + 0.01)
    # two decode iterations reading 101 and 102 cached tokens
    assert rows["e2e_s"][0] == pytest.approx(0.02 + 2 * 0.0101 + (101 + 102) * 1e-6)
    assert rows["tpot_s"][0] == pytest.approx((rows["e2e_s"][0] - rows["ttft_s"][0]) / 2)


def test_chunks_take_the_budget_of_an_iteration() -> None:
    run = simulate(asked((0.0, 1200, 1)), Pool(1, UNIT, RULES))
    assert run.log(0)[:, 5].tolist() == [512, 512, 176]
    whole = simulate(asked((0.0, 1200, 1)), Pool(1, UNIT, replace(RULES, chunked=False)))
    assert whole.log(0)[:, 5].tolist() == [1200]


def test_prompts_first_stalls_decoding_and_mixing_does_not() -> None:
    traffic = asked((0.0, 10, 50), (0.1, 500, 2))
    mixed = simulate(traffic, Pool(1, UNIT, RULES))
    first = simulate(traffic, Pool(1, UNIT, replace(RULES, mixed=False)))
    assert (mixed.log(0)[:, 5] * mixed.log(0)[:, 2]).max() > 0
    assert (first.log(0)[:, 5] * first.log(0)[:, 2]).max() == 0


def test_cache_limit_queues_and_preempts_but_loses_nothing() -> None:
    tight = replace(UNIT, cache_tokens=300)
    run = simulate(asked(*[(0.0, 60, 120)] * 8), Pool(1, tight, replace(RULES, watermark=0.0)))
    rows = records(run)
    assert run.replicas[0].peak_tokens <= 300
    assert rows["preemptions"].sum() > 0
    assert counts(run)["completed"] == 8
    assert rows["output_tokens"].sum() == 8 * 120


def test_a_request_larger_than_the_cache_is_rejected() -> None:
    run = simulate(asked((0.0, 90, 10), (1.0, 900, 10)), Pool(1, replace(UNIT, cache_tokens=200), RULES))
    assert counts(run) == {"completed": 1, "rejected": 1, "failed": 0, "in_flight": 0}


def test_admission_control_rejects_beyond_the_queue_and_after_the_timeout() -> None:
    crowd = asked(*[(0.0, 400, 40)] * 20)
    short = simulate(crowd, Pool(1, UNIT, replace(RULES, max_waiting=3, max_sequences=1)))
    assert counts(short)["rejected"] == 17
    late = simulate(crowd, Pool(1, UNIT, replace(RULES, timeout_s=1.0, max_sequences=1)))
    assert 0 < counts(late)["rejected"] < 20
    assert sum(counts(late).values()) == 20


def test_speculation_needs_fewer_iterations() -> None:
    plain = simulate(asked((0.0, 10, 101)), Pool(1, UNIT, RULES))
    rules = replace(RULES, tokens_per_step=2.0, draft_tokens=1)
    fast = simulate(asked((0.0, 10, 101)), Pool(1, UNIT, rules))
    assert plain.log(0)[:, 2].sum() == 100
    assert fast.log(0)[:, 2].sum() == 50
    assert fast.replicas[0].S == 0


def test_known_prefix_blocks_need_no_prefill() -> None:
    blocks = ((1, 2), (1, 2))
    traffic = asked((0.0, 1100, 2), (5.0, 1100, 2), blocks=blocks)
    run = simulate(traffic, Pool(1, UNIT, RULES, Known()))
    rows = records(run)
    assert rows["cached_tokens"].tolist() == [0, 1024]
    assert rows["ttft_s"][1] < rows["ttft_s"][0] / 2
    assert run.replicas[0].cache == UNIT.cache_tokens


def test_prefix_cache_forgets_the_least_recently_used() -> None:
    cache = BlockCache(512)
    for request, block in enumerate((1, 2, 1, 3)):
        cache.claim(request, (block,), 1000, 0.0, 1024)
        cache.computed(request, (block,))
        cache.release(request, free=1024)
    assert 1 in cache.idle
    assert 2 not in cache.idle


def test_prefix_affinity_finds_more_hits_than_round_robin() -> None:
    n = 400
    blocks = tuple((i % 7 * 10, i % 7 * 10 + 1) for i in range(n))
    traffic = Requests(np.arange(n) * 0.2, np.full(n, 1024), np.full(n, 4), blocks)
    pool = Pool(4, replace(UNIT, cache_tokens=4096), RULES, Known())
    hits = {
        r: records(simulate(traffic, pool, router=r))["cached_tokens"].sum()
        for r in ("round_robin", "prefix_affinity")
    }
    assert hits["prefix_affinity"] > hits["round_robin"]


def test_least_loaded_beats_round_robin_on_uneven_requests() -> None:
    n = 200
    outputs = np.where(np.arange(n) % 2 == 0, 400, 4)
    traffic = Requests(np.arange(n) * 0.05, np.full(n, 50), outputs)
    pool = Pool(2, UNIT, replace(RULES, max_sequences=8))
    e2e = {
        r: records(simulate(traffic, pool, router=r))["e2e_s"].mean() for r in ("round_robin", "least_loaded")
    }
    assert e2e["least_loaded"] < e2e["round_robin"]


def test_closed_loop_keeps_its_users_busy() -> None:
    traffic = asked(*[(0.0, 50, 20)] * 60)
    run = simulate(traffic, Pool(1, UNIT, RULES), closed_loop=ClosedLoop(6))
    assert counts(run)["completed"] == 60
    assert summarise(run).mean_in_system == pytest.approx(6, rel=0.1)
    thinking = simulate(traffic, Pool(1, UNIT, RULES), closed_loop=ClosedLoop(6, think_s=1.0))
    assert thinking.end_s > run.end_s + 8


def test_disaggregation_hands_the_cache_over_the_link() -> None:
    traffic = asked((0.0, 100, 5))
    run = simulate(
        traffic,
        Pool(1, UNIT, replace(RULES, prefill_only=True)),
        decode_pool=Pool(1, UNIT, RULES),
        transfer=Transfer(0.5, 0.001),
    )
    alone = simulate(traffic, Pool(1, UNIT, RULES))
    assert records(run)["ttft_s"][0] == pytest.approx(records(alone)["ttft_s"][0])
    assert records(run)["e2e_s"][0] == pytest.approx(records(alone)["e2e_s"][0] + 0.5 + 0.1)


def test_engines_take_their_own_time_to_hand_over_beside_the_link() -> None:
    def ended(transfer: Transfer) -> list[float]:
        pools = Pool(1, UNIT, replace(RULES, prefill_only=True)), Pool(1, UNIT, RULES)
        run = simulate(asked((0.0, 100, 5), (0.0, 50, 5)), pools[0], decode_pool=pools[1], transfer=transfer)
        return list(records(run)["e2e_s"])

    plain, slow = ended(Transfer(0.5, 0.0)), ended(Transfer(0.5, 0.0, 0.1))
    # Prompts do not wait for one another: each is later by its own tokens, or by a step that it then meets.
    assert slow[1] - plain[1] == pytest.approx(5.0, abs=2.0)
    assert slow[0] - plain[0] == pytest.approx(10.0, abs=2.0)


def test_a_router_in_turn_lets_requests_meet_that_the_least_load_keeps_apart() -> None:
    def waited(router: str) -> float:
        requests = asked(*[(0.0, 10, 200 if i % 2 == 0 else 20) for i in range(40)])
        run = simulate(
            requests, Pool(1, UNIT, replace(RULES, prefill_only=True)), closed_loop=ClosedLoop(4),
            decode_pool=Pool(4, UNIT, replace(RULES, max_sequences=1, sends_first=True)),
            transfer=Transfer(0.0, 0.0), decode_router=router,
        )  # fmt: skip
        return float(np.mean(records(run)["ttft_s"]))

    assert waited("round_robin") > waited("least_loaded")
    with pytest.raises(InputError, match="router"):
        waited("at random")


def test_failed_replicas_lose_no_request_silently() -> None:
    n = 300
    traffic = Requests(np.arange(n) * 0.1, np.full(n, 100), np.full(n, 60))
    run = simulate(
        traffic,
        Pool(2, UNIT, RULES),
        failures=Failures(5.0, 2.0, max_retries=1),
        rng=np.random.default_rng(3),
    )
    number = counts(run)
    rows = records(run)
    assert run.failures > 0
    assert rows["retries"].sum() > 0
    assert number["in_flight"] == 0
    assert number["completed"] + number["failed"] == n
    assert number["failed"] > 0
    assert np.isfinite(rows["finish_s"]).all()


def test_same_seed_same_run() -> None:
    n = 100
    traffic = Requests(np.arange(n) * 0.1, np.full(n, 100), np.full(n, 60))

    def once() -> bytes:
        run = simulate(
            traffic, Pool(2, UNIT, RULES), failures=Failures(5.0, 2.0), rng=np.random.default_rng(3)
        )
        return run.book.finish.tobytes()

    assert once() == once()


def test_autoscaling_follows_the_load_after_its_start_time() -> None:
    n = 600
    traffic = Requests(np.arange(n) * 0.02, np.full(n, 100), np.full(n, 100))
    rule = Autoscale(1, 4, target_load=10, period_s=1.0, start_up_s=2.0)
    run = simulate(
        traffic, Pool(1, UNIT, replace(RULES, max_sequences=16)), router="least_loaded", autoscale=rule
    )
    starts = sorted(span[0] for span in run.spans)
    assert starts[0] == 0.0
    assert len(run.spans) > 1
    used = records(run)
    other = used["replica"] > 0
    assert used["admitted_s"][other].min() >= starts[1] + 2.0
    assert run.replica_seconds < 4 * run.end_s


def test_push_reports_what_does_not_fit() -> None:
    book = Book.of(asked((0.0, 10, 2), (0.0, 5000, 2)))
    replica = Replica(book, replace(UNIT, cache_tokens=1000), RULES)
    assert replica.push(0, 0.0)
    assert not replica.push(1, 0.0)
    replica.advance(math.inf)
    assert book.status[0] == DONE
    assert book.status[1] == REJECTED


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: simulate(asked((0.0, 1, 1)), Pool(1, UNIT, RULES), router="rund_robin"),
            "did you mean 'round_robin'",
        ),
        (
            lambda: simulate(asked((0.0, 1, 1)), Pool(1, UNIT, RULES), failures=Failures(1, 1)),
            "random generator",
        ),
        (lambda: simulate(asked((0.0, 1, 1)), Pool(1, UNIT, RULES), transfer=Transfer(0, 0)), "decode pool"),
        (lambda: Pool(0, UNIT, RULES), "at least 1"),
        (lambda: Batching(max_tokens=64, max_sequences=65), "no room for prompts"),
        (lambda: Requests(np.array([]), np.array([]), np.array([])), "zero arrivals"),
        (lambda: asked((1.0, 1, 1), (0.0, 1, 1)), "ascending"),
        (lambda: asked((0.0, 0, 1)), "at least one prompt"),
    ],
)
def test_wrong_input_is_named(call, words) -> None:
    with pytest.raises(InputError, match=words):
        call()
