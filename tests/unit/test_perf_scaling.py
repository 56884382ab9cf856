"""Scaling curves carry what they were measured under, and their losses sum."""

import pytest

from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.job import TrainJob
from clustersim.perf.plan import Plan
from clustersim.perf.scaling import powers, scaling_curve
from tests.laws.test_perf_laws import CARD, MODEL, network

JOB = TrainJob(
    card=CARD, network=network(), model=MODEL, plan=Plan(tp=4, pp=2, dp=8, zero=1), cards=64, global_batch=256,
    seq_len=4096,
)  # fmt: skip


@pytest.mark.parametrize("kind", ["weak", "strong"])
def test_losses_sum_to_what_is_lost(kind: str) -> None:
    curve = scaling_curve(JOB, powers(8, 1024), kind=kind)
    assert curve.points[0].efficiency == pytest.approx(1.0)
    assert curve.base_cards == 8 and curve.kind == kind and "sequences" in curve.batch_rule
    for point in curve.points:
        assert sum(point.lost.values()) == pytest.approx(1 - point.efficiency, abs=1e-12)


def test_strong_scaling_ends_where_the_batch_does() -> None:
    strong = scaling_curve(JOB, powers(8, 131072), kind="strong")
    assert max(p.cards for p in strong.points) == 2048
    weak = scaling_curve(JOB, powers(8, 131072), kind="weak")
    assert max(p.cards for p in weak.points) == 131072


def test_bad_questions() -> None:
    with pytest.raises(InputError, match="unknown kind"):
        scaling_curve(JOB, [8], kind="sideways")
    with pytest.raises(InfeasibleError, match="a replica takes 8 cards"):
        scaling_curve(JOB, [2, 4], kind="weak")
    with pytest.raises(InputError, match="is empty"):
        powers(16, 8)
