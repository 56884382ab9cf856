"""A point of a batch is the single run of that point: over every scenario, every kind of key, every way to fail."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clustersim import batch
from clustersim.batch import Answers, Question, at
from clustersim.columns import Column, Decided, Split, Varied, decide
from clustersim.columns import batch as batch_of
from clustersim.des.training.replayed_waits import Queue
from clustersim.des.training.waits import mean_waits
from clustersim.errors import ClusterSimError
from clustersim.pipeline.chain import run_chain
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.study.outputs import outputs_of
from clustersim.workloads import serving_points
from clustersim.workloads.work import StageCache

SCENARIOS = sorted(p.stem for p in Path(__file__).resolve().parents[2].glob("scenarios/*.yaml"))
#: Scenarios without a workload that is simulated or searched for at every point.
TRAINED = [n for n in SCENARIOS if n in {"br166-1024", "h20-1024", "h100-1024", "nanjing-1024", "br20x-4096"}]
POINTS = 5


@pytest.fixture(autouse=True)
def on_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let even a point that is left alone in its group run on columns: else much would be compared with itself."""
    monkeypatch.setattr(batch, "FEW", 1)


def question(name: str, fixed: Mapping[str, Any] = {}) -> Question[Inputs]:
    cache = StageCache()
    return Question(
        lambda point: load_inputs(name, {**fixed, **point}),
        lambda inputs: outputs_of(run_chain(inputs, replications=0, cache=cache)),
    )


def hold(asked: Question[Inputs], varied: dict[str, Any], total: int) -> Answers:
    """Run a batch and hold every point of it to its own run."""
    found = asked.answers(varied, total)
    for point in range(total):
        try:
            alone = asked.alone({key: at(values, point) for key, values in varied.items()})
        except ClusterSimError as error:
            assert found.errors[point] == str(error)
            continue
        assert point not in found.errors
        for name, value in alone.items():
            assert found.columns[name][point] == pytest.approx(value, rel=1e-12, abs=1e-300), (name, point)
    return found


def around(value: float, low: float, high: float) -> np.ndarray:
    """Values about a number: over its range where it has one, and far beyond."""
    ends = (low, high) if low < high else (0.8 * value, 1.25 * value)
    return np.array([value, *ends, 0.97 * value, 1.03 * value])


def numeric_keys(name: str) -> dict[str, Varied]:
    found = {}
    for key, sourced in load_inputs(name).fields():
        unit = "" if sourced.unit == "1" else sourced.unit
        if not key.startswith("incumbent."):
            found[key] = Varied(around(sourced.value, *sourced.range), unit)
    return found


def check_keys(name: str, keys: list[str]) -> None:
    asked, known = question(name), numeric_keys(name)
    for key in keys:
        try:
            asked.alone({key: known[key].text(0)})
        except ClusterSimError:
            continue  # a number that cannot be named so, or only together with others
        hold(asked, {key: known[key]}, POINTS)


@pytest.mark.parametrize("name", TRAINED)
def test_a_point_of_a_batch_is_its_own_run(name: str) -> None:
    keys = sorted(numeric_keys(name))
    check_keys(name, random.Random(20260603).sample(keys, 6))


def test_an_answer_does_not_depend_on_what_was_asked_before() -> None:
    """What stands for other lines is remembered in a process, and what is remembered makes no decision again."""
    for name in ("br166-1024", "br20x-4096"):
        check_keys(name, ["cards.H20.peak.fp8"])


def test_a_remembered_result_keeps_the_numbers_of_later_decisions() -> None:
    cache, points = StageCache(), np.arange(4)
    decided = Decided()

    def run(content: str, group: np.ndarray) -> tuple[int, int]:
        with batch_of(group, decided, 4):
            first = cache.get("stage", content, lambda: decide(lambda: np.zeros(group.size)))
            return first, decide(lambda: 1 + group // 2)

    with batch_of(points, Decided(), 4):
        cache.get("stage", "all", lambda: decide(lambda: np.zeros(4)))
    with pytest.raises(Split):
        run("all", points)  # remembered: the second decision is number one all the same
    assert [run(f"{half}", points[half]) for half in (slice(0, 2), slice(2, 4))] == [(0, 1), (0, 2)]


def test_points_that_wait_for_spares_unlike_part_there_and_meet_again() -> None:
    """Some wait by formula, some by replay, some never: they share the rest of the run, so none may split it."""
    rng, total = np.random.default_rng(18), 20
    failures = np.append(10 ** rng.uniform(-6.0, 2.5, total - 1), 0.0)
    repairs = rng.uniform(0.1, 20.0, total) * 86_400.0

    def queue(hazard: Any, repair: Any) -> Queue:
        return Queue(edges_s=(0.0, 30 * 86_400.0), hazard=(0.0, hazard), spares=2, repair_s=repair)

    found = mean_waits(queue(Column(failures), Column(repairs)))
    assert isinstance(found.replayed, Column)
    assert set(found.replayed.values.tolist()) == {True, False}
    for point in range(total):
        alone = mean_waits(queue(float(failures[point]), float(repairs[point])))
        assert found.by_bin.values[0, point] == pytest.approx(alone.by_bin[0], rel=1e-12, abs=1e-300)  # type: ignore[attr-defined]
        assert found.half_width.values[point] == pytest.approx(alone.half_width, rel=1e-12)  # type: ignore[attr-defined]
        assert found.replayed.values[point] == alone.replayed


def test_points_that_wait_unlike_run_together() -> None:
    asked, runs = question("br166-1024"), []
    plain = asked._run
    asked._run = lambda inputs: [runs.append(1), plain(inputs)][1]  # type: ignore[method-assign,func-returns-value]
    scale = Varied(np.array([0.02, 0.1, 0.5, 1.0, 3.0, 30.0, 3000.0]), "")
    found = asked.answers({"reliability.mttf_scale": scale}, 7)
    assert (len(runs), found.alone, found.errors) == (1, 0, {})
    for point in (1, 6):
        alone = asked.alone({"reliability.mttf_scale": scale.text(point)})
        assert found.columns["ettr"][point] == pytest.approx(alone["ettr"], rel=1e-12)


@pytest.mark.full
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_key_of_every_scenario(name: str) -> None:
    check_keys(name, sorted(numeric_keys(name)))


def test_many_inputs_at_once_take_the_columns() -> None:
    rng = np.random.default_rng(7)
    keys = (
        "cards.BR166M.memory.bandwidth", "cards.BR166M.efficiency.gemm", "nics.roce-200g.latency", "tco.wacc",
        "reliability.mttf_scale", "servers.oam8-air.host_power", "market.price_sensitivity", "company.asp_scale",
    )  # fmt: skip
    known = numeric_keys("br166-1024")
    total = 40
    varied = {k: Varied(rng.uniform(*sorted(known[k].numbers[1:3]), total), known[k].unit) for k in keys}
    found = hold(question("br166-1024"), varied, total)
    assert found.alone == 0, found.why_alone
    assert not found.errors


def test_points_that_fail_say_what_they_say_alone() -> None:
    shares = Varied(np.array([0.5, 1.2, 0.7, 0.9, 0.0, 0.8, 1.0, 0.6]), "")
    found = hold(question("nanjing-1024"), {"tco.sold_share": shares}, 8)
    assert sorted(found.errors) == [1, 4]
    # A growth above the cost of capital is refused in the valuation, which takes plain arrays of points.
    growth = Varied(np.array([0.01, 0.02, 0.5, 0.015, 0.018, 0.012, 0.4, 0.021, 0.011]), "")
    found = hold(question("br166-1024"), {"company.terminal_growth": growth}, 9)
    assert sorted(found.errors) == [2, 6]


def test_words_and_counts_group_the_points() -> None:
    varied = {
        "training.global_batch": [512, 1024, 512, 1024, 512, 1024, 512, 512],
        "cluster.card": ["BR106M", "BR106M", "BR106M", "nobody", "BR106M", "BR106M", "BR106M", "BR106M"],
        "tco.tariff": Varied(np.linspace(0.3, 0.8, 8), "CNY/kWh"),
        "reliability.spares.hot": Varied(np.array([4.0, 4.0, 4.0, 2.0, 8.0, 4.0, 4.0, 4.5]), ""),
    }
    found = hold(question("nanjing-1024"), varied, 8)
    assert sorted(found.errors) == [3, 7]


def test_a_card_that_holds_fewer_plans_takes_another_or_says_so() -> None:
    """Memory decides which plans fit, and at the least which points fail; a search at some points keeps the columns."""
    sizes = Varied(np.array([144.0, 96.0, 64.0, 40.0, 24.0, 8.0, 120.0, 1.0]), "GB")
    found = hold(question("br166-1024"), {"cards.BR166M.memory.capacity": sizes}, 8)
    assert found.alone == 0, found.why_alone


def test_what_is_simulated_is_run_point_by_point_and_said() -> None:
    varied = {"reliability.extras.burst_share": Varied(np.array([0.0, 0.1, 0.0, 0.2, 0.0]), "")}
    hold(question("nanjing-1024", {"reliability.duration": "3 d"}), varied, 5)


@pytest.mark.full
def test_many_cards_that_serve_are_their_own_runs() -> None:
    """Formats, links, memory and the level move; a memory that holds fewer plans, and a level that few of them meet."""
    rng = np.random.default_rng(11)
    total = 24
    varied = {
        "cards.BR166M.memory.bandwidth": Varied(rng.uniform(1500.0, 4000.0, total), "GB/s"),
        "cards.BR166M.memory.capacity": Varied(rng.choice([40.0, 80.0, 128.0], total), "GB"),
        "nics.roce-200g.latency": Varied(rng.uniform(1.0, 9.0, total), "us"),
        "demand.chat.slo.tpot": Varied(rng.uniform(60.0, 160.0, total), "ms"),
        "demand.chat.slo.share": Varied(rng.uniform(0.8, 0.97, total), ""),
    }
    found = hold(question("br166-mixed"), varied, total)
    assert found.alone <= 6, found.why_alone  # those at which the form does not hold are simulated


def test_cards_that_serve_take_the_columns_and_alike_ones_are_asked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    whole = serving_points.best_of
    monkeypatch.setattr(
        serving_points, "best_of", lambda o, t: asked.append(max(f.fits.size for f in o if f)) or whole(o, t)
    )
    varied = {
        "cards.BR166M.memory.bandwidth": Varied(np.repeat([1640.0, 2400.0], 2), "GB/s"),
        "demand.chat.slo.tpot": Varied(np.repeat([100.0, 90.0], 2), "ms"),
        "tco.pue": Varied(np.array([1.1, 1.2, 1.3, 1.4]), ""),
    }
    found = hold(question("br166-mixed"), varied, 4)
    assert found.alone == 0, found.why_alone
    assert max(asked) == 2
