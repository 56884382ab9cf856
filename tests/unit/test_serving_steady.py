"""Steady state: windows, standard errors, streams; plans that hold whatever their length; video that starts warm."""

from typing import cast

import numpy as np
import pytest

from clustersim.des.serving.book import Requests
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.day import day_rates, hours_of
from clustersim.des.serving.judge import LONGEST, Judge
from clustersim.des.serving.metrics import Slo, records, summarise, within_slo
from clustersim.des.serving.plant import Plant, Trial
from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.des.serving.settings import Pool, Transfer
from clustersim.des.serving.sizing import replicas_for
from clustersim.des.serving.split import split_for
from clustersim.des.serving.steady import Share, rate_at_slo, saturated, steady_state
from clustersim.des.serving.stream import Lengths, Stream, stream_of
from clustersim.des.serving.video import FULL_HD, StreamKind, VideoCard, cards_for_streams, simulate_streams
from clustersim.des.serving.window import Window
from clustersim.errors import InfeasibleError, InputError

COST = ReplicaCost(tuple(0.012 + 7e-5 * n for n in range(2305)), 7e-5, 1.2e-7, 1e-10, 5e-6, 120_000)
POOL = Pool(1, COST, Batching(2048, 128))
STREAM = Stream(4.0, Lengths(400), Lengths(120))
SLO = Slo(ttft_s=0.5, tpot_s=0.04)


def serve(requests: Requests):
    return simulate(requests, POOL)


def test_a_stream_has_its_rate_exactly_and_a_trace_its_lengths() -> None:
    drawn = STREAM.draw(500, np.random.default_rng(1))
    assert drawn.rate == pytest.approx(4.0, rel=1e-12)
    sample = stream_of(Requests(drawn.arrival, drawn.prompt, drawn.output))
    again = sample.draw(2000, np.random.default_rng(2))
    assert set(zip(again.prompt, again.output, strict=True)) <= set(
        zip(drawn.prompt, drawn.output, strict=True)
    )
    with pytest.raises(InputError, match="one instant"):
        stream_of(Requests(np.zeros(3), np.ones(3, int), np.ones(3, int)))


def test_saturation_does_not_depend_on_the_length_of_the_run() -> None:
    rates = [saturated(STREAM, serve, seed=1, requests=n) for n in (3000, 12_000)]
    assert rates[0] == pytest.approx(rates[1], rel=0.03)


def test_steady_figures_come_with_their_error_and_agree_between_seeds() -> None:
    states = [steady_state(STREAM, serve, SLO, seed=s, error=0.02) for s in (1, 2)]
    first, second = (summarise(s.run, SLO, window=s.window) for s in states)
    assert all(s.reached and s.worst <= 0.02 for s in states)
    for name in ("ttft_s", "e2e_s"):
        mean, other = getattr(first, name)["mean"], getattr(second, name)["mean"]
        assert abs(mean / other - 1) <= 3.5 * np.hypot(states[0].errors[name], states[1].errors[name])
    assert first.completed_per_s == pytest.approx(4.0, rel=0.06)
    assert first.little_gap < 0.02


def test_an_overloaded_stream_has_no_steady_state() -> None:
    with pytest.raises(InfeasibleError, match="no steady state"):
        steady_state(STREAM.at(1000.0), serve, SLO, seed=1)


def test_the_rate_at_the_slo_is_where_the_share_falls() -> None:
    found = rate_at_slo(STREAM, serve, SLO, seed=3, requests=6000)
    assert 0 < found.rate < found.saturated
    assert found.share.share >= SLO.share
    more = simulate(STREAM.at(found.rate * 1.1).draw(6000, np.random.default_rng(3)), POOL)
    assert within_slo(records(more), SLO).mean() < found.share.share


def test_planned_replicas_do_not_depend_on_the_length_and_one_fewer_fails() -> None:
    demand = STREAM.at(60.0)
    plant = Plant(POOL, "least_loaded")
    plans = [replicas_for(plant, demand, SLO, seed=n, requests=n) for n in (4000, 16_000)]
    assert abs(plans[0].replicas - plans[1].replicas) <= 1
    best = plans[1]
    assert best.share.lower >= SLO.share
    assert best.one_fewer.verdict in {"fails", "not_refuted", "no_steady_state"}
    assert best.one_fewer.share is None or best.one_fewer.share.lower < SLO.share
    for n in (4000, 16_000):
        forward = Trial(plant.sized(best.replicas), demand).share(SLO, n, 99)
        assert forward.share + 2 * forward.error >= SLO.share
    with pytest.raises(InfeasibleError, match="do not carry"):
        replicas_for(plant, demand, SLO, seed=1, most=2)


def test_a_split_plant_is_sized_on_both_sides() -> None:
    prefill = Pool(1, COST, Batching(2048, 128, prefill_only=True))
    plant = Plant(prefill, "least_loaded", POOL, Transfer(1e-5, 1e-7))
    plan = split_for(plant, STREAM.at(40.0), SLO, seed=1)
    assert plan.share.lower >= SLO.share
    fewer = Trial(plant.sized(plan.replicas, max(plan.decode_replicas - 1, 1)), STREAM.at(40.0)).share(
        SLO, 8000, 1
    )
    assert plan.decode_replicas == 1 or fewer.lower < plan.share.share


@pytest.mark.full
def test_a_large_fleet_takes_no_more_replicas_for_its_rate_than_the_cell_that_stands_for_it() -> None:
    split = Plant(
        Pool(1, COST, Batching(2048, 128, prefill_only=True)), "least_loaded", POOL, Transfer(1e-5, 1e-7)
    )
    plans = [
        (replicas_for, Plant(POOL, "least_loaded"), 300.0, 9_000.0),
        (split_for, split, 100.0, 6_000.0),
    ]
    for size, plant, small, large in plans:
        one = size(plant, STREAM.at(small), SLO, seed=1, most=4096)
        many = size(plant, STREAM.at(large), SLO, seed=1, most=4096)
        counts = [plan.replicas + plan.decode_replicas for plan in (one, many)]
        assert many.simulated_replicas < counts[1]
        assert many.share.lower >= SLO.share
        assert 0.75 <= counts[1] / large / (counts[0] / small) <= 1.05


def test_a_day_is_followed_by_the_replicas() -> None:
    plant, rates = Plant(POOL, "least_loaded"), day_rates(60.0, 0.6)
    peak = STREAM.at(60.0 * 1.6)
    planned = replicas_for(plant, peak, SLO, seed=1)
    hours = hours_of(plant, peak, SLO, planned, rates)
    counts = np.array([hour.replicas for hour in hours])
    assert [hour.requests_per_s for hour in hours] == pytest.approx(rates)
    assert counts[np.argmax(rates)] == counts.max() <= planned.replicas
    assert counts.max() > counts.mean() > counts.min() >= 1
    low = int(np.argmin(rates))
    forward = Trial(plant.sized(int(counts[low])), STREAM.at(rates[low])).share(SLO, 8000, 99)
    assert forward.share + 2 * forward.error >= SLO.share
    with pytest.raises(InputError, match="daily swing"):
        day_rates(1.0, 1.0)


CARD = VideoCard("BR", 32, 4, 30.0, 56e6, 2.4e14, 32e9)
KINDS = [(StreamKind("hd", FULL_HD, 30.0), 24.0)]


def test_video_use_does_not_depend_on_the_duration() -> None:
    runs = [
        simulate_streams(KINDS, CARD, cards=1, session_s=600.0, duration_s=d, rng=np.random.default_rng(1))
        for d in (36_000.0, 360_000.0)
    ]
    assert runs[0].use["decode"] == pytest.approx(runs[1].use["decode"], rel=0.06)
    assert runs[1].use["decode"] == pytest.approx(24.0 * runs[1].share / 32.0, rel=0.03)


def test_cards_for_streams_agree_with_erlang() -> None:
    """The fewest cards by Erlang's loss formula, or one more where the simulation cannot tell so finely."""
    many = [(KINDS[0][0], 200.0)]
    count, run = cards_for_streams(many, CARD, admitted=0.99, session_s=600.0, rng=np.random.default_rng(5))

    def lost(channels: int) -> float:
        value = 1.0
        for k in range(1, channels + 1):
            value = 200.0 * value / (k + 200.0 * value)
        return value

    fewest = next(n for n in range(1, 20) if 1 - lost(32 * n) >= 0.99)
    assert run.lower >= 0.99
    assert count in {fewest, fewest + 1}


def test_a_count_is_asked_again_only_where_that_may_say_that_it_holds() -> None:
    """Of two counts that failed, the one whose interval reaches what the longest run needs is asked by it."""
    runs: list[int] = []

    class Fake:
        stream = Stream(1.0, Lengths(9.0), Lengths(9.0))

        def share(self, _: Slo, requests: int, __: int) -> Share:
            runs.append(requests)
            return Share(0.93, 0.005, Window(0.0, 1.0, 0.1), requests)

    judge: Judge[int] = Judge(lambda _: cast(Trial, Fake()), Slo(share=0.9), 1)
    for count, share in ((3, 0.87), (4, 0.91)):
        judge.seen[count] = Share(share, 0.01, Window(0.0, 1.0, 0.1), 9)
        judge.asked[count] = LONGEST
    assert not judge.settled(3) and runs == []
    assert judge.settled(4) and runs == [2 * LONGEST]
