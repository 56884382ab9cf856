"""Unlike cards together: equal halves are one cluster, and no part is asked for more than it can."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.hetero import Part, mixed_step
from clustersim.perf.plan import Plan
from clustersim.perf.step import estimate_step
from tests.laws.test_perf_laws import CARD, MODEL, network

PLAN = Plan(tp=4, pp=2, dp=8, zero=0, recompute="selective")
JOB = {"model": MODEL, "global_batch": 256, "seq_len": 4096, "link_bandwidth": 2.5e10}


def part(name: str, speed: float = 1.0, **plan: object) -> Part:
    card = replace(CARD, name=name, peak={"bf16": 4e14 * speed}, memory_bandwidth=2e12 * speed)
    return Part(name=name, card=card, network=network(), plan=replace(PLAN, **plan))  # type: ignore[arg-type]


def test_two_equal_halves_are_one_cluster() -> None:
    mixed = mixed_step([part("a"), part("b")], **JOB)
    whole = estimate_step(
        card=CARD,
        network=network(),
        model=MODEL,
        plan=replace(PLAN, dp=16),
        cards=128,
        global_batch=256,
        seq_len=4096,
    )
    assert mixed.step_time_s == pytest.approx(whole.step_time_s, rel=1e-9)
    assert set(mixed.micro_batches.values()) == {16}
    assert max(mixed.waiting.values()) == pytest.approx(0.0, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.3, 1.0))
def test_the_slower_part_gets_fewer_micro_batches_and_still_helps(speed: float) -> None:
    mixed = mixed_step([part("fast"), part("slow", speed)], **JOB)
    assert mixed.micro_batches["slow"] <= mixed.micro_batches["fast"]
    assert sum(8 * m for m in mixed.micro_batches.values()) == 256
    assert mixed.gain > 0
    equal = mixed_step([part("fast"), part("slow", 1.0)], **JOB)
    assert mixed.tokens_per_s <= equal.tokens_per_s * (1 + 1e-12)


def test_a_slow_link_takes_the_gain_away() -> None:
    parts = [part("fast"), part("slow", 0.5)]
    gains = [mixed_step(parts, **{**JOB, "link_bandwidth": b}).gain for b in (2.5e10, 1e9, 5e7)]
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > 0.2 > gains[-1]


def test_four_kinds_of_cards_train_together() -> None:
    parts = [part(f"vendor{i}", s, dp=d) for i, (s, d) in enumerate(((1.0, 8), (0.8, 4), (0.5, 4), (0.3, 2)))]
    mixed = mixed_step(parts, **{**JOB, "global_batch": 512})
    assert mixed.gain > 0.3
    assert list(mixed.micro_batches.values()) == sorted(mixed.micro_batches.values(), reverse=True)


def test_parts_that_cannot_train_together() -> None:
    with pytest.raises(InputError, match="same name"):
        mixed_step([part("a"), part("a")], **JOB)
    with pytest.raises(InputError, match="one micro-batch"):
        mixed_step([part("a"), part("b", micro_batch=2)], **JOB)
    with pytest.raises(InputError, match="fewer than the 16 replicas"):
        mixed_step([part("a"), part("b")], **{**JOB, "global_batch": 8})
    with pytest.raises(InputError, match="are left over"):
        mixed_step([part("a"), part("b")], **{**JOB, "global_batch": 250})
    small = replace(part("b"), card=replace(CARD, memory_bytes=5e9))
    with pytest.raises(InfeasibleError, match="does not fit on part b"):
        mixed_step([part("a"), small], **JOB)
