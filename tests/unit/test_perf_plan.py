"""Plans that cannot be laid out say what is wrong and the nearest that can."""

from dataclasses import replace

import pytest

from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.card import Card
from clustersim.perf.job import TrainJob, check_plan
from clustersim.perf.memory import check_fits, memory_per_card
from clustersim.perf.model import Model
from clustersim.perf.plan import Plan
from tests.laws.test_perf_laws import CARD, MODEL, network


@pytest.mark.parametrize(
    ("change", "cards", "batch", "message"),
    [
        ({"tp": 4}, 8, 64, "= 4, but the cluster has 8 cards; dp=2 would fit"),
        ({"pp": 33}, 33, 64, "32 layers, fewer than pp x interleave = 33 x 1 chunks; at most 32 chunks"),
        ({"pp": 3, "schedule": "dualpipe"}, 3, 63, "pp=3 must be even"),
        ({"pp": 4, "schedule": "dualpipe"}, 4, 7, "at least 8 micro-batches, not 7"),
        ({"tp": 3}, 3, 64, "32 heads do not divide by tp=3; tp=2 would do"),
        ({"interleave": 2, "schedule": "interleaved"}, 1, 64, "interleave > 1 needs pp > 1"),
        ({"dp": 3}, 3, 64, "is no multiple of dp x micro_batch = 3; 63 would be"),
        ({"pp": 4, "interleave": 2, "schedule": "interleaved"}, 4, 6, "in multiples of pp=4"),
        ({"ep": 4}, 1, 64, "needs experts divisible by it"),
        ({"schedule": "magic"}, 1, 64, "unknown schedule 'magic'"),
        ({"recompute": "some"}, 1, 64, "unknown recompute 'some'"),
        ({"zero": 4}, 1, 64, "zero=4 is unknown"),
        ({"zero": 3, "dp": 8, "shard": 3}, 8, 64, "shard=3 must divide dp x cp = 8; 2 would do"),
        ({"zero": 3, "unit_layers": 0}, 1, 64, "unit_layers must be at least 1"),
        ({"schedule": "interleaved"}, 1, 64, "go together"),
    ],
)
def test_impossible_plans(change, cards: int, batch: int, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=message):
        check_plan(_job(replace(Plan(), **change), cards=cards, global_batch=batch))


def _job(plan: Plan, card: Card = CARD, cards: int = 8, global_batch: int = 64) -> TrainJob:
    return TrainJob(
        card=card,
        network=network(),
        model=MODEL,
        plan=plan,
        cards=cards,
        global_batch=global_batch,
        seq_len=4096,
    )


def test_a_model_that_does_not_fit_names_the_smallest_tp_that_does() -> None:
    plan = Plan(tp=1, dp=8, zero=1, recompute="full")
    needs = {tp: memory_per_card(_job(replace(plan, tp=tp, dp=8 // tp))).total for tp in (1, 2, 4, 8)}
    small = replace(CARD, memory_bytes=needs[4])
    with pytest.raises(InfeasibleError, match="the smallest tp that fits is 4"):
        check_fits(_job(plan, small))
    tiny = replace(CARD, memory_bytes=2e9)
    with pytest.raises(InfeasibleError, match="no tp fits"):
        check_fits(_job(Plan(tp=1, dp=8), tiny))


def test_a_missing_data_type_names_those_there_are() -> None:
    with pytest.raises(InputError, match=r"no fp8 peak .* has: bf16"):
        CARD.peak_of("fp8")


def test_heads_must_share_keys_evenly() -> None:
    with pytest.raises(InputError, match="not a multiple of kv_heads"):
        Model(
            name="m", layers=1, hidden=8, heads=3, kv_heads=2, head_dim=4, ffn_hidden=8, gated=False, vocab=8
        )


def test_cards_are_plain() -> None:
    assert isinstance(CARD, Card) and CARD.peak_of("bf16") == 4e14
