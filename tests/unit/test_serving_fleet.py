"""A fleet that is served part by part: every request fares as in one run, and the book stays short."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import clustersim as cs
from clustersim.des.serving.arrivals import draw_parts, draw_requests
from clustersim.des.serving.book import STATUS_NAMES, Requests
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.fleet import serve_parts
from clustersim.des.serving.metrics import Slo, records, summarise
from clustersim.des.serving.router import ROUTERS, Router
from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.des.serving.settings import Pool
from clustersim.des.serving.sketch import Sketch
from clustersim.errors import InputError
from clustersim.planner.serving import Serving
from clustersim.planner.serving_fleet import serve_whole

COST = ReplicaCost(tuple(0.012 + 70e-6 * n for n in range(2305)), 70e-6, 1.2e-7, 1e-10, 5e-6, 9_000)


def cut(requests: Requests, places: list[int]) -> list[Requests]:
    ends = [0, *sorted(places), len(requests)]
    return [
        Requests(requests.arrival[a:b], requests.prompt[a:b], requests.output[a:b])
        for a, b in itertools.pairwise(ends)
        if b > a
    ]


@pytest.mark.parametrize("router", ROUTERS)
@pytest.mark.parametrize("seed", range(3))
def test_every_request_fares_as_in_one_run(router: str, seed: int) -> None:
    """With a cache so small that sequences lose it, a queue that turns some away, and prompts known in part."""
    rng = np.random.default_rng(seed)
    drawn = draw_requests(600, rate=14.0, prompt_mean=900, output_mean=120, rng=rng, prompt_spread=1.5)
    rules = Batching(
        max_tokens=1024, max_sequences=int(rng.integers(8, 64)), max_waiting=int(rng.integers(4, 40))
    )
    pool = Pool(int(rng.integers(1, 5)), COST, rules)
    slo = Slo(ttft_s=2.0, tpot_s=0.1)
    whole = simulate(drawn, pool, router=router, cached_share=0.3, log=False)
    kept: list[dict[str, np.ndarray]] = []
    parts = cut(drawn, rng.integers(1, 600, 6).tolist())
    found = serve_parts(
        parts, pool, router=router, slo=slo, cached_share=0.3, keep=lambda n, rows: kept.append(dict(rows))
    )
    there = records(whole)
    order = np.argsort(np.concatenate([rows["request"] for rows in kept]))
    for name, values in there.items():
        mine = np.concatenate([rows[name] for rows in kept])[order]
        if name == "status":
            mine = np.asarray(STATUS_NAMES)[mine]
        np.testing.assert_array_equal(mine, values, err_msg=name)
    summary, plain = summarise(whole, slo), found.plain()
    assert plain["slo_share"] == summary.slo_share
    assert found.completed == summary.completed
    assert found.rejected == summary.rejected > 0
    assert plain["mean_in_system"] == pytest.approx(summary.mean_in_system, rel=1e-9)
    assert plain["ttft_s"]["mean"] == pytest.approx(summary.ttft_s["mean"], rel=1e-12)
    assert found.preemptions == summary.preemptions


@pytest.mark.parametrize(("process", "shape"), [("poisson", "lognormal"), ("gamma", "exponential")])
def test_a_stream_drawn_in_parts_is_the_stream(process: str, shape: str) -> None:
    asked = {
        "rate": 3.0,
        "prompt_mean": 900,
        "output_mean": 90,
        "process": process,
        "burstiness": 2.0,
        "shape": shape,
    }
    whole = draw_requests(1000, rng=np.random.default_rng(5), **asked)
    parts = list(draw_parts(1000, part=170, rng=np.random.default_rng(5), **asked))
    for name in ("arrival", "prompt", "output"):
        mine = np.concatenate([getattr(one, name) for one in parts])
        np.testing.assert_array_equal(mine, getattr(whole, name))


def test_the_book_holds_two_parts_and_what_is_in_service() -> None:
    drawn = draw_requests(8000, rate=10.0, prompt_mean=300, output_mean=40, rng=np.random.default_rng(1))
    found = serve_parts(cut(drawn, list(range(500, 8000, 500))), Pool(4, COST, Batching(2048, 64)))
    assert found.requests == 8000
    assert found.most_in_book < 1000


@pytest.mark.parametrize("spread", [0.01, 0.5, 3.0])
def test_a_percentile_is_within_its_bin(spread: float) -> None:
    values = np.exp(np.random.default_rng(2).normal(-2.0, spread, 20_001))
    one, two, both = Sketch(), Sketch(), Sketch()
    one.add(values[:5000])
    two.add(values[5000:])
    both.add(values)
    assert np.array_equal(one.bins + two.bins, both.bins)
    for p in (0.1, 1.0, 50.0, 90.0, 99.0, 99.9, 100.0):
        exact = np.percentile(values, p, method="inverted_cdf")
        assert both.percentile(p) == pytest.approx(exact, rel=Sketch.error()), p
    assert both.mean == pytest.approx(values.mean(), rel=1e-12)


def test_a_router_finds_the_first_of_the_least_loaded_after_its_turn() -> None:
    rng = np.random.default_rng(3)
    router = Router("least_loaded", range(5, 42))
    loads, turn = [0.0] * 37, 0
    for _ in range(3000):
        at, load = int(rng.integers(37)), int(rng.integers(6))
        if rng.random() < 0.1:
            opened = bool(rng.random() < 0.8)
            router.set_open(5 + at, opened, load)
            loads[at] = float(load) if opened else np.inf
        elif loads[at] != np.inf:
            router.update(5 + at, load)
            loads[at] = float(load)
        if min(loads) == np.inf:
            continue
        turn = (turn + 1) % 37
        equals = [i for i, value in enumerate(loads) if value == min(loads)]
        expected = next((i for i in equals if i >= turn), equals[0])
        assert router.choose(None, 0) == 5 + expected  # type: ignore[arg-type]


def test_the_command_keeps_a_record_of_every_request(tmp_path: Path) -> None:
    """By part, as the whole run's; a folder with records, and what reacts to an end, are refused."""
    drawn = {"traffic": {"requests": 700, "rate": "20 1/s", "prompt": {"mean": 300}, "output": {"mean": 40}}}
    site = cs.load("serve-llama3-70b").set(
        {"demand.chat.traffic": drawn["traffic"], "serving.plan": {"tp": 8}}
    )
    inputs = site.load(incumbent=False)
    found = serve_whole(Serving(inputs), tmp_path / "kept", part=200)
    files = sorted((tmp_path / "kept").iterdir())
    table = pa.concat_tables([pq.read_table(file) for file in files])
    assert len(files) >= 4
    assert sorted(table["request"].to_pylist()) == list(range(700))
    whole = Serving(inputs).serve(whole=True).summary
    assert found["ttft_s"]["mean"] == pytest.approx(whole.ttft_s["mean"], rel=1e-12)
    assert found["slo_share"] == whole.slo_share
    assert found["ttft_s"]["p99"] == pytest.approx(whole.ttft_s["p99"], rel=0.03)
    with pytest.raises(InputError, match="holds records already"):
        serve_whole(Serving(inputs), tmp_path / "kept")
    failing = site.set({"serving.failures": {"card_mttf": "1000 h"}}).load(incumbent=False)
    with pytest.raises(InputError, match="leave out failures"):
        serve_whole(Serving(failing), None)


def test_parts_that_cannot_be_served_so_are_refused() -> None:
    one = Requests(np.array([1.0]), np.array([9]), np.array([2]))
    early = Requests(np.array([0.5]), np.array([9]), np.array([2]))
    blocks = Requests(np.array([1.0]), np.array([9]), np.array([2]), ((1,),))
    pool = Pool(1, COST, Batching(2048, 64))
    with pytest.raises(InputError, match="one after another"):
        serve_parts([one, early], pool)
    with pytest.raises(InputError, match="prefix blocks"):
        serve_parts([blocks], pool)
