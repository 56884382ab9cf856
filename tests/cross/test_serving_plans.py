"""Planned fleets run forward: they hold whatever the length of the run, one replica fewer does not, and plans of
different lengths agree. The whole family is marked full; `make test` runs one fleet."""

from pathlib import Path

import numpy as np
import pytest

from clustersim.des.serving.sizing import replicas_for
from clustersim.des.serving.split import split_for
from clustersim.des.serving.steady import STABLE_SHARE, saturated
from clustersim.planner.serving import Serving, plant_of
from clustersim.planner.serving_answers import CardsAnswer
from clustersim.schema.load_inputs import load_inputs
from clustersim.workloads.video import simulated, sized

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted(path.stem for path in (ROOT / "scenarios").glob("*.yaml"))
LENGTHS = (4_000, 16_000, 64_000)
TIGHT = ("slo.ttft=2 s", "slo.tpot=50 ms")


def asked(name: str, *sets: str) -> Serving:
    return Serving(load_inputs(name, sets, with_incumbent=False))


def kinds(name: str) -> set[str]:
    return {work.kind for work in load_inputs(name, (), with_incumbent=False).scenario.demand.values()}


SERVING = [name for name in SCENARIOS if "serving" in kinds(name)]
VIDEO = [name for name in SCENARIOS if "video" in kinds(name)]


def counts(serving: Serving, demand: float, lengths: tuple[int, ...]) -> list[tuple[int, int]]:
    """Replicas by plans that start from runs of these lengths, each of its own draw."""
    base = serving.deployment()
    plant, cards = plant_of(base)
    stream, slo = serving._stream().at(demand), serving.level(base)
    if base.decode_layout is None:
        plans = [replicas_for(plant, stream, slo, seed=n, requests=n) for n in lengths]
    else:
        plans = [split_for(plant, stream, slo, seed=n, requests=n, cost=cards) for n in lengths]
    return [(plan.replicas, plan.decode_replicas) for plan in plans]


def holds(serving: Serving, plan: CardsAnswer, lengths: tuple[int, ...]) -> None:
    target = serving.work.slo.share.value
    for length in lengths:
        forward = serving.forward(plan, length, length + 1)
        assert forward.share + 2.0 * forward.error >= target, (length, forward)


def fails_with_one_fewer(serving: Serving, plan: CardsAnswer) -> None:
    """One fewer misses the level in a run that sees the same errors, or has no steady state at all."""
    if plan.replicas == 1:
        return
    one = plant_of(serving.deployment())[0].sized(1, plan.decode_replicas)
    stream = serving._stream().at(plan.sized_for_per_s)
    if plan.decode_replicas == 0:
        most = (plan.replicas - 1) * saturated(stream, one.simulate, seed=1)
        if plan.sized_for_per_s > STABLE_SHARE * most:
            return
    fewer = serving.forward(plan, LENGTHS[-1], LENGTHS[-1] + 1, fewer=1)
    assert fewer.lower < serving.work.slo.share.value, fewer


def check(name: str, sets: tuple[str, ...], demand: float, lengths: tuple[int, ...]) -> CardsAnswer:
    serving = asked(name, *sets)
    found = counts(serving, demand, lengths)
    for side in zip(*found, strict=True):
        assert max(side) - min(side) <= 1, found
    plan = serving.cards_for(demand)
    holds(serving, plan, lengths)
    fails_with_one_fewer(serving, plan)
    return plan


def test_a_fleet_holds_at_every_length_and_one_fewer_fails() -> None:
    """The page on serving tells this very plan."""
    plan = check("serve-qwen3-32b", TIGHT, 231.0, LENGTHS[:2])
    page = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    size = f"take {plan.replicas} replicas of {plan.tp * plan.pp} cards"
    assert f"231 requests/s of `serve-qwen3-32b` within 2 s and 50 ms {size}" in " ".join(page.split())


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "sets", "demand"),
    [
        ("serve-qwen3-32b", TIGHT, 231.0),
        ("serve-qwen3-32b", ("serving.plan={tp: 8}",), 120.0),
        ("serve-qwen3-32b", ("traffic.burstiness=4", *TIGHT), 150.0),
        ("serve-llama3-70b", (), 60.0),
        ("serve-deepseek-v3", (), 150.0),
    ],
)
def test_every_fleet_holds_at_every_length_and_one_fewer_fails(name, sets, demand) -> None:
    check(name, sets, demand, LENGTHS)


def drawn_demands() -> list[tuple[str, float]]:
    """Two demands of tokens a day for every scenario, drawn once: 1 to 30 G in equal ratios."""
    rng = np.random.default_rng(20261126)
    drawn = np.exp(rng.uniform(np.log(1e9), np.log(3e10), (len(SERVING), 2))).round()
    return [(name, demand) for name, row in zip(SERVING, drawn.tolist(), strict=True) for demand in row]


@pytest.mark.full
@pytest.mark.parametrize(("name", "tokens_per_day"), drawn_demands())
def test_fleets_for_drawn_demands_hold_at_every_length(name, tokens_per_day) -> None:
    check(name, (), asked(name).requests_per_s(tokens_per_day), LENGTHS)


def said(name: str, demand: float, unit: str, cards: float, share: float, error: float) -> str:
    """One row of the table of plans run forward: ``pytest -m full -s -k shipped`` on this file prints it."""
    return f"| {name} | {demand:.3g} {unit} | {cards} | {share:.1%} +- {2.0 * error:.1%} |"


@pytest.mark.full
@pytest.mark.parametrize("tokens_per_day", [2e9, 2e10])
@pytest.mark.parametrize("name", SERVING)
def test_tokens_a_day_of_every_shipped_scenario_are_confirmed_forward(name, tokens_per_day) -> None:
    serving = asked(name)
    plan = serving.cards_for(serving.requests_per_s(tokens_per_day))
    length = 16_000
    forward = serving.forward(plan, length, length + 1)
    print(said(name, tokens_per_day, "tokens/day", plan.cards, forward.share, forward.error))
    assert forward.share + 2.0 * forward.error >= serving.work.slo.share.value
    fails_with_one_fewer(serving, plan)


@pytest.mark.full
@pytest.mark.parametrize("streams", [300.0, 5000.0])
@pytest.mark.parametrize("name", VIDEO)
def test_streams_of_every_shipped_scenario_are_confirmed_forward(name, streams) -> None:
    inputs = load_inputs(name, (), with_incumbent=False)
    asked_of = next(w for w in inputs.scenario.demand.values() if w.kind == "video")
    cards, planned = sized(inputs, asked_of, streams, 0.99)
    assert planned.lower >= 0.99
    mix = sum(kind.streams for kind in asked_of.streams)
    scaled = tuple(k.model_copy(update={"streams": k.streams * streams / mix}) for k in asked_of.streams)
    forward = simulated(inputs, asked_of.model_copy(update={"replicas": cards, "streams": scaled}))
    error = (forward.share - forward.lower) / 1.96
    print(said(name, streams, "streams", cards, forward.share, error))
    assert forward.share + 2.0 * error >= 0.99
