"""Unlike cards together: equal halves are one cluster, and no part is asked for more than it can."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.columns import Column, pick, places
from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.hetero import Part, mixed_step
from clustersim.perf.hetero_stages import mixed_pipeline
from clustersim.perf.job import TrainJob
from clustersim.perf.memory import memory_per_card
from clustersim.perf.model import Model
from clustersim.perf.plan import Plan
from clustersim.perf.step import estimate_step, step_columns
from tests.laws.test_perf_laws import CARD, MIXTURE, MODEL, network

PLAN = Plan(tp=4, pp=2, dp=8, zero=0, recompute="selective")
LINK = {"link_bandwidth": 2.5e10}
WHOLE = TrainJob(
    card=CARD, network=network(), model=MODEL, plan=PLAN, cards=PLAN.cards, global_batch=256, seq_len=4096
)


def part(name: str, speed: float = 1.0, **plan: object) -> Part:
    card = replace(CARD, name=name, peak={"bf16": 4e14 * speed}, memory_bandwidth=2e12 * speed)
    changed = replace(PLAN, **plan)  # type: ignore[arg-type]
    return Part(name=name, job=replace(WHOLE, card=card, plan=changed, cards=changed.cards))


def doing(parts: list[Part], **change: object) -> list[Part]:
    """The same parts with another card or another demand."""
    return [replace(p, job=replace(p.job, **change)) for p in parts]  # type: ignore[arg-type]


def test_two_equal_halves_are_one_cluster() -> None:
    mixed = mixed_step([part("a"), part("b")], **LINK)
    whole = estimate_step(replace(WHOLE, plan=replace(PLAN, dp=16), cards=128))
    assert mixed.step_time_s == pytest.approx(whole.step_time_s, rel=1e-9)
    assert set(mixed.micro_batches.values()) == {16}
    assert max(mixed.waiting.values()) == pytest.approx(0.0, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.3, 1.0))
def test_the_slower_part_gets_fewer_micro_batches_and_still_helps(speed: float) -> None:
    mixed = mixed_step([part("fast"), part("slow", speed)], **LINK)
    assert mixed.micro_batches["slow"] <= mixed.micro_batches["fast"]
    assert sum(8 * m for m in mixed.micro_batches.values()) == 256
    assert mixed.gain > 0
    equal = mixed_step([part("fast"), part("slow", 1.0)], **LINK)
    assert mixed.tokens_per_s <= equal.tokens_per_s * (1 + 1e-12)


def test_a_slow_link_takes_the_gain_away() -> None:
    parts = [part("fast"), part("slow", 0.5)]
    gains = [mixed_step(parts, link_bandwidth=b).gain for b in (2.5e10, 1e9, 5e7)]
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > 0.2 > gains[-1]


def test_four_kinds_of_cards_train_together() -> None:
    parts = [part(f"vendor{i}", s, dp=d) for i, (s, d) in enumerate(((1.0, 8), (0.8, 4), (0.5, 4), (0.3, 2)))]
    mixed = mixed_step(doing(parts, global_batch=512), **LINK)
    assert mixed.gain > 0.3
    assert list(mixed.micro_batches.values()) == sorted(mixed.micro_batches.values(), reverse=True)


def test_parts_that_cannot_train_together() -> None:
    with pytest.raises(InputError, match="same name"):
        mixed_step([part("a"), part("a")], **LINK)
    with pytest.raises(InputError, match="part b differs from a in seq_len"):
        mixed_step([part("a"), *doing([part("b")], seq_len=2048)], **LINK)
    with pytest.raises(InputError, match="one micro-batch"):
        mixed_step([part("a"), part("b", micro_batch=2)], **LINK)
    with pytest.raises(InputError, match="fewer than the 16 replicas"):
        mixed_step(doing([part("a"), part("b")], global_batch=8), **LINK)
    with pytest.raises(InputError, match="are left over"):
        mixed_step(doing([part("a"), part("b")], global_batch=250), **LINK)
    [small] = doing([part("b")], card=replace(CARD, memory_bytes=5e9))
    with pytest.raises(InfeasibleError, match="does not fit on part b"):
        mixed_step([part("a"), small], **LINK)


def test_a_pipeline_over_two_equal_halves_is_one_cluster() -> None:
    """With a large vocabulary it is even faster: the stages before the head are longer than those with it."""
    for large in (MODEL, MIXTURE):
        model = replace(large, vocab=1000)
        halves = [part("a"), part("b")]
        mixed = mixed_pipeline(doing(halves, model=model), **LINK)
        whole = estimate_step(replace(WHOLE, model=model, plan=replace(PLAN, pp=4), cards=128))
        assert mixed.layers == {"a": (8, 8), "b": (8, 8)}
        assert mixed.step_time_s == pytest.approx(whole.step_time_s, rel=1e-9)
        assert mixed.bubble_s == pytest.approx(whole.terms.bubble_s, rel=1e-9)
        longer = mixed_pipeline(doing(halves, model=large), **LINK)
        assert longer.layers["b"][-1] < 8 < longer.layers["b"][0]


@settings(max_examples=25, deadline=None)
@given(st.floats(0.3, 1.0))
def test_the_slower_part_gets_shorter_stages_and_still_helps(speed: float) -> None:
    mixed = mixed_pipeline([part("fast"), part("slow", speed)], **LINK)
    assert sum(mixed.layers["slow"]) <= sum(mixed.layers["fast"])
    assert sum(map(sum, mixed.layers.values())) == MODEL.layers
    assert min(mixed.waiting.values()) == 0
    equal = mixed_pipeline([part("fast"), part("slow", 1.0)], **LINK)
    assert equal.step_time_s <= mixed.step_time_s * (1 + 1e-12)


def test_no_other_sharing_out_is_faster() -> None:
    parts = [part("fast"), part("slow", 0.45)]
    pace = mixed_pipeline(parts, **LINK).stages_s / 32
    for each in range(1, 16):
        terms = [
            step_columns(replace(p.job, model=replace(MODEL, layers=2 * n))).terms
            for p, n in zip(parts, (each, 16 - each), strict=True)
        ]
        paces = [
            float(t.total - t.exposed_pp_s - t.exposed_dp_s - t.bubble_s - t.optimizer_s) / 32 for t in terms
        ]
        paces[0] -= float(terms[0].logits_s) / 32
        assert max(paces) >= pace * (1 - 1e-9)


def test_a_part_without_memory_gets_fewer_layers() -> None:
    [tight] = doing([part("b")], card=replace(CARD, name="b", memory_bytes=11e9))
    roomy, little = (mixed_pipeline([part("a"), b], **LINK) for b in (part("b"), tight))
    assert sum(little.layers["b"]) < sum(roomy.layers["b"])
    assert little.alone_tokens_per_s["b"] == 0


@pytest.mark.parametrize("recompute", ["none", "selective", "full"])
@pytest.mark.parametrize("zero", [0, 1, 3])
def test_a_mixed_pipeline_needs_the_memory_of_one_cluster(recompute: str, zero: int) -> None:
    """To the byte: just enough for the whole pipeline is just enough for its halves."""
    model = replace(MODEL, vocab=1000)
    plan = {"recompute": recompute, "zero": zero}
    need = memory_per_card(replace(WHOLE, model=model, plan=replace(PLAN, pp=4, **plan))).total  # type: ignore[arg-type]

    def halves(memory_bytes: float) -> dict[str, tuple[int, ...]]:
        card = replace(CARD, memory_bytes=memory_bytes)
        parts = [part(name, **plan) for name in ("a", "b")]
        return mixed_pipeline(doing(parts, card=card, model=model), **LINK).layers

    assert halves(need * (1 + 1e-9)) == {"a": (8, 8), "b": (8, 8)}
    try:
        assert halves(need * (1 - 1e-6))["a"][0] < 8
    except InfeasibleError as error:
        assert "does not fit on these parts" in str(error)


def test_only_activations_cross_the_link_of_a_pipeline() -> None:
    """A link a hundred times slower costs a pipeline its sends, and sharing out the batch all its gradients."""
    parts = [part("a"), part("b")]
    ways = (mixed_pipeline, mixed_step)
    lost = [run(parts, link_bandwidth=2.5e8).step_time_s - run(parts, **LINK).step_time_s for run in ways]
    assert 0 < lost[0] < lost[1]


def test_parts_that_form_no_pipeline() -> None:
    with pytest.raises(InputError, match="at least two parts"):
        mixed_pipeline([part("a")], **LINK)
    with pytest.raises(InputError, match="one dp in all parts"):
        mixed_pipeline([part("a"), part("b", dp=4)], **LINK)
    with pytest.raises(InputError, match="schedule 1f1b"):
        mixed_pipeline([part("a"), part("b", interleave=2, schedule="interleaved")], **LINK)
    with pytest.raises(InputError, match="32 layers cannot be given out to 40 stages"):
        mixed_pipeline([part("a", pp=20), part("b", pp=20)], **LINK)
    [none] = doing([part("b")], card=replace(CARD, memory_bytes=1e9))
    with pytest.raises(InfeasibleError, match="does not fit on these parts"):
        mixed_pipeline([none, replace(none, name="c")], **LINK)


def test_the_order_of_identical_parts_changes_nothing() -> None:
    parts = [part("a"), part("b"), part("c", 0.5)]
    swapped = [parts[1], parts[0], parts[2]]
    for run in (mixed_step, mixed_pipeline):
        one, other = (run(doing(order, global_batch=240), **LINK).step_time_s for order in (parts, swapped))
        assert one == pytest.approx(other, rel=1e-12)


def _drawn(parts: list[Part], speeds: list[float]) -> list[Part]:
    """The second part as fast as each point says."""
    card = parts[1].job.card
    bandwidth = Column(card.memory_bandwidth * np.array(speeds))
    peak = {"bf16": Column(card.peak["bf16"] * np.array(speeds))}
    changed = replace(card, memory_bandwidth=bandwidth, peak=peak)
    return [parts[0], replace(parts[1], job=replace(parts[1].job, card=changed))]


@pytest.mark.parametrize("model", [MODEL, MIXTURE], ids=["dense", "mixture"])
def test_many_points_together_are_each_point_alone(model: Model) -> None:
    speeds, links = [1.0, 0.8, 0.35, 0.21], [2.5e10, 1e10, 1e9, 2.5e10]
    parts = doing([part("fast", pp=4, dp=4), part("slow", pp=2)], model=model)
    laid = doing([part("fast", pp=4), part("slow")], model=model)
    link = Column(np.array(links))
    for way, of in ((mixed_step, parts), (mixed_pipeline, laid)):
        together = way(_drawn(of, speeds), link_bandwidth=link)
        for at, (speed, one_link) in enumerate(zip(speeds, links, strict=True)):
            one = [of[0], _drawn(of, [speed])[1]]
            one[1] = pick(one[1], places(one[1]), 0)
            alone = way(one, link_bandwidth=one_link)
            point = pick(together, places(together), at)
            assert asdict(point) == approx_all(asdict(alone))


def approx_all(value: object) -> object:
    """Numbers to 1e-12, whatever they stand in."""
    if isinstance(value, dict):
        return {key: approx_all(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(approx_all(item) for item in value)
    return pytest.approx(value, rel=1e-12, abs=1e-15)
