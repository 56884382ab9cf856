"""The long run against a Monte Carlo written from its words alone, from 8 to 131,072 cards.

It steps from failure to failure in plain Python and shares nothing with the package but the inputs: a job saves to
host memory, to a partner and to storage, counts by steps done or by timers that begin anew at each restart, rolls back
to the newest copy that a failure leaves, and recovers while further failures may strike.
"""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import replace

import pytest

from clustersim.des.training.components import FailureClass, failure_classes
from clustersim.des.training.fidelity import expected_goodput, run_fidelity
from clustersim.des.training.run import CheckpointLevel, Recovery, TrainingRun

DAY = 86400.0
LEVELS = ((600.0, 0.05), (1800.0, 0.3), (7200.0, 46.0))
DOMAINS = ("process", "node", "multi")
RECOVERY_S = 270.0


def described(cards: int, counted_by: str, days: float) -> TrainingRun:
    """A run of that many cards, with servers to spare so that nothing waits."""
    nodes = max(1, cards // 8)
    return TrainingRun(
        nodes=nodes,
        duration_s=days * DAY,
        failures=failure_classes(cards=cards, nodes=nodes),
        recovery=Recovery(detect_s=60, localise_s=120, reschedule_s=(60, 60, 60), initialise_s=30),
        levels=tuple(
            CheckpointLevel(
                name=name, interval_s=tau, blocking_s=0.0, lag_s=lag, restore_s=0.0, survives=DOMAINS[: k + 1]
            )
            for k, (name, (tau, lag)) in enumerate(zip(("host", "partner", "storage"), LEVELS, strict=True))
        ),
        spare_nodes=4000,
        repair_s=1.0,
        counted_by=counted_by,
    )


def by_hand(
    shares: list[float], rate: float, counted_by: str, end: float, rng: random.Random, spares: int = 4000,
    repair: float = 1.0,
) -> float:  # fmt: skip
    """Work that is left at the end of one run, over its time."""
    now = position = 0.0
    free = [0.0] * spares
    copies = [0.0, 0.0, 0.0]
    while True:
        ran = rng.expovariate(rate)
        if now + ran >= end:
            return (position + end - now) / end
        for k, (tau, lag) in enumerate(LEVELS):
            if counted_by == "time":
                number = math.floor((ran - lag) / tau)
                if number >= 1:
                    copies[k] = position + number * tau
            elif ran > lag:
                newest = math.floor((position + ran - lag) / tau + 1e-9) * tau
                copies[k] = max(copies[k], newest) if newest > position else copies[k]
        now, position = now + ran, position + ran
        while True:
            needed = rng.choices((0, 1, 2), shares)[0]
            position = max(copies[needed:])
            copies = [min(copy, position) for copy in copies]
            if needed > 0:
                # The server goes to repair, and the job waits for the spare that is free first.
                now = max(now, heapq.heappushpop(free, now + repair))
                if now >= end:
                    return position / end
            struck = rng.expovariate(rate)
            if struck >= RECOVERY_S:
                now += RECOVERY_S
                break
            now += struck
        if now >= end:
            return position / end


@pytest.mark.parametrize("counted_by", ["time", "steps"])
@pytest.mark.parametrize(
    ("cards", "days", "runs"),
    [(8, 300.0, 40), (1024, 30.0, 150), (16_384, 30.0, 20), (65_536, 30.0, 8), (131_072, 30.0, 8)],
)
def test_every_fidelity_agrees_with_it(cards: int, days: float, runs: int, counted_by: str) -> None:
    run = described(cards, counted_by, days)
    shares = [sum(c.rate_per_s for c in run.failures if c.domain == d) / run.rate_per_s for d in DOMAINS]
    rng = random.Random(20_410_680)
    values = [by_hand(shares, run.rate_per_s, counted_by, run.duration_s, rng) for _ in range(runs)]
    mean = sum(values) / runs
    half = 1.96 * math.sqrt(sum((v - mean) ** 2 for v in values) / (runs - 1) / runs)
    closed = expected_goodput(run)
    assert closed.fidelity == "closed"
    assert abs(closed.ettr - mean) <= 2 * half + 1e-4
    for fidelity, count in (("vector", 200), ("des", runs)):
        other = run_fidelity(run, 5, fidelity=fidelity, replications=count).ettr
        assert abs(closed.ettr - other.mean) <= 2 * other.half_width + 2e-4, fidelity
        assert abs(other.mean - mean) <= 2 * math.hypot(other.half_width, half) + 1e-4, fidelity


@pytest.mark.parametrize(
    ("cards", "spares", "repair_h", "days", "runs"),
    [
        (8, 0, 24.0, 900.0, 60),
        (1024, 0, 24.0, 30.0, 300),
        (1024, 1, 72.0, 30.0, 300),
        (1024, 2, 240.0, 30.0, 300),
        (16_384, 6, 24.0, 30.0, 60),
        pytest.param(65_536, 24, 24.0, 15.0, 16, marks=pytest.mark.full),
        pytest.param(131_072, 40, 12.0, 10.0, 10, marks=pytest.mark.full),
    ],
)
def test_every_fidelity_agrees_on_waits_for_spares(
    cards: int, spares: int, repair_h: float, days: float, runs: int
) -> None:
    run = replace(described(cards, "steps", days), spare_nodes=spares, repair_s=repair_h * 3600)
    shares = [sum(c.rate_per_s for c in run.failures if c.domain == d) / run.rate_per_s for d in DOMAINS]
    rng = random.Random(20_410_681)
    values = [
        by_hand(shares, run.rate_per_s, "steps", run.duration_s, rng, spares, run.repair_s)
        for _ in range(runs)
    ]
    mean = sum(values) / runs
    half = 1.96 * math.sqrt(sum((v - mean) ** 2 for v in values) / (runs - 1) / runs)
    door = expected_goodput(run)
    assert abs(door.ettr - mean) <= 2 * math.hypot(half, door.half_width) + 1e-4
    for fidelity, count in (("vector", 400), ("des", runs)):
        other = run_fidelity(run, 5, fidelity=fidelity, replications=count).ettr
        assert abs(other.mean - mean) <= 2 * math.hypot(other.half_width, half) + 1e-4, fidelity


@pytest.mark.parametrize(
    ("cards", "by_timers", "by_steps"), [(65_536, 0.392, 0.577), (131_072, 0.040, 0.273)]
)
def test_a_large_cluster_lives_or_dies_by_how_it_counts(
    cards: int, by_timers: float, by_steps: float
) -> None:
    """Values of an earlier, separate Monte Carlo of the same intervals; its recoveries differ by some seconds."""
    assert expected_goodput(described(cards, "time", 30.0)).ettr == pytest.approx(by_timers, abs=0.02)
    assert expected_goodput(described(cards, "steps", 30.0)).ettr == pytest.approx(by_steps, abs=0.02)


def test_one_level_is_the_renewal_formula() -> None:
    run = TrainingRun(
        nodes=1,
        duration_s=1e9,
        failures=(FailureClass("any", 1 / 7200, "process"),),
        recovery=Recovery(detect_s=300, localise_s=0, reschedule_s=(0, 0, 0), initialise_s=0),
        levels=(
            CheckpointLevel(name="s", interval_s=900, blocking_s=0, lag_s=0, restore_s=0, survives=DOMAINS),
        ),
        spare_nodes=0,
        repair_s=1.0,
    )
    exact = 900 / 7200 / math.expm1(900 / 7200) * math.exp(-300 / 7200)
    for counted_by in ("time", "steps"):
        object.__setattr__(run, "counted_by", counted_by)
        assert expected_goodput(run).ettr == pytest.approx(exact, rel=1e-6)
