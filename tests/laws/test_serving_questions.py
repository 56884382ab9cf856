"""Serving asked backwards, whatever the question: one reason for what never fits, options that are never swallowed,
bounds that a finite run allows, and answers that speak both languages."""

import re
from dataclasses import fields
from math import ceil
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clustersim as cs
from clustersim.des.serving.capacity import Turned, closed_loop_verdict, verdict
from clustersim.des.serving.day import Hour
from clustersim.des.serving.fit import Misfit
from clustersim.des.serving.judge import Judge, refuse_unshowable
from clustersim.des.serving.metrics import Slo
from clustersim.des.serving.plant import Fewer
from clustersim.des.serving.rules import Batching
from clustersim.des.serving.settings import ClosedLoop
from clustersim.des.serving.split import _Descent
from clustersim.des.serving.steady import Share
from clustersim.des.serving.stream import Lengths, Stream
from clustersim.des.serving.window import Window
from clustersim.errors import InfeasibleError, InputError
from clustersim.planner.serving import Serving
from clustersim.planner.serving_answers import CardsAnswer, PlanRow, RateAnswer
from clustersim.planner.serving_search import FleetAnswer, FrontierRow, Option
from clustersim.report.spoken import spoken, spoken_cell, spoken_heading
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.serving import ServingPlan

QUESTIONS = [
    {}, {"demand": "1 1/s"}, {"tokens_per_day": "1G"}, {"search": True}, {"frontier": True}, {"racks": "900"},
]  # fmt: skip
NOWHERE = Window(0.0, 0.0, 0.0)


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_what_never_fits_is_told_by_one_name_to_every_question(question) -> None:
    """The prompt, what the cache holds and the fewest cards: no question calls it the service level's fault."""
    site = cs.load("serve-qwen3-32b").set(
        {
            "demand.chat.plan": {"tp": 2},
            "traffic.prompt": {"mean": 150_000, "shape": "constant"},
            "traffic.output": {"mean": 500, "shape": "constant"},
        }
    )
    with pytest.raises(InfeasibleError, match=r"every request is rejected: a prompt of 150000 .* holds \d+"):
        site.plan_serving(**question)


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_plan_that_does_not_agree_with_its_model_is_refused_by_every_question(question) -> None:
    with pytest.raises(InputError, match="heads=64 cannot be split by tp=3"):
        cs.load("serve-qwen3-32b").set({"demand.chat.plan": {"tp": 3}}).plan_serving(**question)


@pytest.mark.parametrize("question", [one for one in QUESTIONS if "racks" not in one], ids=str)
def test_video_is_told_the_option_that_asks_for_its_cards(question) -> None:
    for workload in ("", "calls"):
        with pytest.raises(InputError, match="--streams"):
            cs.load("video-analytics-5g").plan_serving(workload=workload, **question)


def test_requests_are_told_the_options_that_ask_for_their_cards() -> None:
    for workload in ("", "chat"):
        with pytest.raises(InputError, match="--demand or --tokens-per-day"):
            cs.load("serve-qwen3-32b").plan_serving(workload=workload, streams="100")


@pytest.mark.parametrize(
    ("named", "words"),
    [("--top", {"top": 3}), ("--admitted", {"admitted": 0.9}), ("--formats", {"formats": True})],
)
def test_no_option_is_swallowed_by_a_question_that_does_not_read_it(named, words) -> None:
    with pytest.raises(InputError, match=named):
        cs.load("serve-qwen3-32b").plan_serving(demand="1 1/s", **words)


@given(
    requests=st.integers(1, 200_000),
    missed=st.integers(0, 200_000),
    error=st.one_of(st.just(0.0), st.floats(0.0, 0.3)),
)
@settings(max_examples=60)
def test_no_finite_run_is_certain(requests: int, missed: int, error: float) -> None:
    """A run in which all requests, or none, meet the level has an interval all the same: three over their number."""
    share = Share(1.0 - min(missed, requests) / requests, error, NOWHERE, requests)
    assert 0.0 <= share.lower <= share.share <= share.upper <= 1.0
    assert share.lower <= max(1.0 - 3.0 / requests, 0.0)
    assert share.upper >= min(3.0 / requests, 1.0)


def test_a_level_beyond_what_a_run_shows_is_refused_and_one_within_is_asked_longer() -> None:
    stream = Stream(1.0, Lengths(400), Lengths(100))
    for share in (1.0, 0.99999):
        with pytest.raises(InputError, match="cannot be shown"):
            refuse_unshowable(Slo(ttft_s=1.0, share=share), stream)
    for share in (0.5, 0.999, 0.9999):
        refuse_unshowable(Slo(ttft_s=1.0, share=share), stream)
    with pytest.raises(InputError, match="cannot be shown"):
        cs.load("serve-qwen3-32b").set({"slo.share": "100 %"}).plan_serving(demand="1 1/s")
    judge: Judge[int] = Judge(lambda _: None, Slo(ttft_s=1.0, share=0.9999), 1)  # type: ignore[arg-type,return-value]
    assert not judge._clear(Share(1.0, 0.0, NOWHERE, 6_000), 8_000)
    assert judge._clear(Share(1.0, 0.0, NOWHERE, 40_000), 48_000)


@pytest.mark.parametrize("kind", [RateAnswer, CardsAnswer, PlanRow, Option, FrontierRow, FleetAnswer, Hour])
def test_every_column_of_an_answer_has_its_chinese(kind) -> None:
    with cs.speaking("zh"):
        said = {
            one.name: spoken_heading(one.name) for one in fields(kind) if one.name not in {"rate", "hours"}
        }
    assert not [f"{name}: {words}" for name, words in said.items() if re.search("[a-z]{3}", words)]


def test_every_verdict_on_one_fewer_has_its_chinese() -> None:
    runs = [Share(0.5, 0.01, NOWHERE, 9), Share(0.9, 0.01, NOWHERE, 9), Share(0.0, 0.0, NOWHERE, 0), None]
    said = {
        Fewer.of(run, 0.9, count, least).verdict for run in runs for count in (0, 1, 3) for least in (1, 2)
    }
    assert len(said) == 5
    with cs.speaking("zh"):
        assert not [one for one in said if re.search("[a-z]", spoken_cell("one_fewer", one))]


def verdicts() -> list[str]:
    rules = Batching(64, 8, max_waiting=3)
    loop = [
        closed_loop_verdict(ClosedLoop(users, 1.0), served_per_s=2.0, unloaded_s=4.0, sustainable=10.0)
        for users in (1, 400)
    ]
    some, every = (Misfit(n, 60, 150_000, 500, 150_501, 98_000) for n in (3, 60))
    offered = [
        verdict(rate, 10.0, unfit=unfit, turned=Turned(60, away, rules))
        for rate in (4.0, 40.0)
        for unfit in (None, some, every)
        for away in (0, 10, 60)
    ]
    return [f"BR106M: {one.text}" for one in (*loop, *offered)]


@pytest.mark.parametrize("said", dict.fromkeys(verdicts()))
def test_every_verdict_has_its_chinese(said: str) -> None:
    with cs.speaking("zh"):
        left = re.sub(r"max_waiting=3|BR106M", "", spoken(said))
    assert not re.search("[a-z]{3}", left), left


def test_a_burst_that_one_replica_misses_the_level_by_is_shared_by_a_fleet() -> None:
    """Whether a demand can be met does not depend on the replicas that the file states; a level that no fleet meets is
    told by the reason of the stated ones."""

    def plan(**sets: object) -> ServingPlan:
        rules = {"demand.chat.plan": {"tp": 8}, "traffic.burstiness": 8, **sets}
        return Serving(load_inputs("serve-qwen3-32b", rules, with_incumbent=False))._fleet_plan()

    assert plan() == plan(**{"demand.chat.replicas": 40})
    with pytest.raises(InfeasibleError, match="no load meets the SLO"):
        plan(**{"slo.tpot": "1 ms"})


@given(
    need=st.tuples(st.integers(1, 90_000), st.integers(1, 90_000)),
    over=st.tuples(st.floats(1.0, 3.0), st.floats(1.0, 1.3)),
)
@settings(max_examples=60)
def test_a_split_fleet_is_as_small_at_every_scale(need: tuple[int, int], over: tuple[float, float]) -> None:
    """From a pair that is far too large the descent comes down to what holds, within two steps of either side, whatever
    the number of replicas: a plan of a million requests a second took twice the prefill replicas it needed."""
    seen: dict[tuple[int, int], Share] = {}

    def holds(pair: tuple[int, int]) -> bool:
        good = pair[0] >= need[0] and pair[1] >= need[1]
        seen[pair] = Share(0.99 if good else 0.1, 0.001, NOWHERE, 10_000)
        return good

    judge = SimpleNamespace(
        holds=holds, seen=seen, slo=Slo(share=0.9), aim=lambda _: 0.9, settled=lambda _: False
    )
    start = (ceil(need[0] * over[0]), ceil(need[1] * over[1]))
    form = SimpleNamespace(
        cost=(1.0, 1.0),
        least=tuple(max(1, n * 9 // 10) for n in need),
        units=lambda pair: (max(1, pair[0] // 200), max(1, pair[1] // 200)),
        cheapest=lambda *_: start,
    )
    found = _Descent(judge, form).run(start)  # type: ignore[arg-type]
    assert found is not None
    for count, least in zip(found, need, strict=True):
        assert least <= count <= least * 1.02 + 2


ONE_TOKEN = {"demand.chat.plan": {"tp": 8}, "traffic.output": {"mean": 1, "shape": "constant"}}


@pytest.mark.parametrize("question", [{}, {"demand": "5 1/s"}, {"plans": True}], ids=str)
def test_answers_of_one_token_are_planned_without_a_pace(question) -> None:
    """They have no time between tokens: nothing is divided by it, and no figure is made of it."""
    site = cs.load("serve-qwen3-32b").set(ONE_TOKEN)
    for row in site.plan_serving(**question).data["answers"]:
        assert row.get("cards", 1) > 0 and "nan" not in str(row)


def test_a_frontier_of_paces_is_refused_where_no_answer_has_one() -> None:
    with pytest.raises(InputError, match="has no pace"):
        cs.load("serve-qwen3-32b").set(ONE_TOKEN).plan_serving(frontier=True)
    said = cs.load("serve-qwen3-32b").set(ONE_TOKEN).serve(whole=True).text("table")
    assert "nan to nan" not in said and "TTFT p50" in said
