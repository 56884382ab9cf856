"""Laws of the stages of a pipeline: nothing is lost in giving out layers, and the telling stages tell."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clustersim.errors import InputError
from clustersim.perf.job import TrainJob, check_plan
from clustersim.perf.memory import fullest_stage, stage_memory, stage_shard
from clustersim.perf.mixers import Attention, LayerGroup, NoMixer, StateSpace
from clustersim.perf.model import Model
from clustersim.perf.plan import SCHEDULES, Plan
from clustersim.perf.schedules import Phases, bubble_share, in_flight
from clustersim.perf.split import stage_layers, stage_load, telling_loads
from clustersim.perf.stage import layers_seconds
from clustersim.perf.step import estimate_step, head_seconds, slowest
from tests.laws.test_perf_laws import CARD, MIXTURE, MODEL, network

LEADING = replace(MIXTURE, name="leading", layers=61, moe_layers=58, shared_experts=1)
ALTERNATING = replace(MIXTURE, name="alternating", layers=48, moe_layers=24)
PLAIN = [name for name in SCHEDULES if name != "interleaved"]
PREDICTING = replace(LEADING, name="leading", prediction_layers=1)
WINDOWED = replace(
    MODEL, name="windowed", ffn_free_layers=8,
    mixers=(
        LayerGroup(16, Attention(heads=32, kv_heads=8, head_dim=128, window=128.0)),
        LayerGroup(8, StateSpace(heads=64, head_dim=64, state=128, groups=8)), LayerGroup(8, NoMixer()),
    ),
)  # fmt: skip
KINDS = (
    MODEL,
    MIXTURE,
    LEADING,
    ALTERNATING,
    PREDICTING,
    WINDOWED,
    replace(MODEL, tied_embeddings=True, vocab=500_000),
)


def job(model: Model, plan: Plan, **change: object) -> TrainJob:
    every = {"global_batch": 128 * plan.dp, "seq_len": 2048, "cards": plan.cards} | change
    return TrainJob(card=CARD, network=network(), model=model, plan=plan, **every)  # type: ignore[arg-type]


@st.composite
def jobs(draw: st.DrawFn) -> TrainJob:
    kind, layers = draw(st.sampled_from(KINDS)), draw(st.integers(1, 130))
    mixtures = {"moe": layers, "leading": max(0, layers - 3), "alternating": layers // 2}.get(kind.name, 0)
    model = replace(kind, layers=layers, moe_layers=mixtures)
    pp, rounds = draw(st.integers(1, 32)), draw(st.integers(1, 5))
    schedule = draw(st.sampled_from(PLAIN)) if rounds == 1 else "interleaved"
    plan = Plan(
        pp=pp, tp=draw(st.sampled_from([1, 2])), dp=draw(st.sampled_from([1, 4])), interleave=rounds, schedule=schedule,
        embedding_slot=draw(st.booleans()), loss_slot=draw(st.booleans()),
        recompute=draw(st.sampled_from(["none", "full"])),
    )  # fmt: skip
    made = job(model, plan, global_batch=64 * pp * plan.dp)
    try:
        check_plan(made)
    except InputError:
        assume(False)
    return made


@settings(max_examples=150, deadline=None)
@given(jobs())
def test_the_stages_are_the_model(one: TrainJob) -> None:
    model, plan = one.model, one.plan
    loads = [stage_load(model, plan, n) for n in range(plan.pp)]
    assert sum(float(x.layers) for x in loads) == pytest.approx(model.layers)
    assert sum(float(x.mixtures) for x in loads) == pytest.approx(model.moe_layers)
    assert sum(float(x.head) for x in loads) == sum(float(x.embedding) for x in loads) == 1
    assert min(float(x.layers) for x in loads) >= 0 and min(float(x.dense) for x in loads) >= -1e-9
    shards = [stage_shard(model, plan, x) for x in loads]
    held = sum(float(s.dense * plan.tp + s.experts * plan.expert_cards) for s in shards)
    copies = float(shards[0].dense_copies / (plan.dp * plan.cp))
    # A tied embedding that stands apart from the head is a matrix more.
    apart = model.tied_embeddings and all(float(x.embedding * x.head) == 0 for x in loads)
    again = model.vocab * model.hidden if apart else 0
    if not (model.tied_embeddings and plan.schedule == "dualpipe"):
        # Extra predictions look their tokens up where the head is.
        beside = model.prediction_layers * max(
            0.0, sum(float(x.head) - float(x.embedding) for x in loads if x.head)
        )
        more = model.prediction_parameters + beside * model.vocab * model.hidden
        assert held / copies == pytest.approx(model.parameters + again + more)


@settings(max_examples=150, deadline=None)
@given(jobs())
def test_the_telling_stages_hold_the_slowest_and_the_fullest(one: TrainJob) -> None:
    model, plan = one.model, one.plan
    every = [stage_load(model, plan, n) for n in range(plan.pp)]
    layers, head = layers_seconds(one), head_seconds(one)
    pace, _, _ = slowest(layers, telling_loads(model, plan), head)
    assert float(pace) == pytest.approx(max(float(layers.of(x).total + x.head * head) for x in every))
    mean = float(
        layers.of(stage_load(model, replace(plan, pp=1, interleave=1, schedule="1f1b"), 0)).total + head
    )
    assert float(pace) >= mean / plan.pp * (1 - 1e-12)
    needs = [float(stage_memory(one, x).total) for x in every]
    load, terms = fullest_stage(one)
    assert terms.total == pytest.approx(max(needs))
    assert terms.total >= sum(needs) / len(needs) * (1 - 1e-12)
    assert float(stage_memory(one, load).total) == pytest.approx(terms.total)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from([2, 3, 4, 8]), st.integers(1, 12), st.integers(0, 7), st.sampled_from([1, 2]))
def test_uneven_stages_are_never_faster_than_even_ones_of_the_same_total(
    pp: int, each: int, more: int, rounds: int
) -> None:
    """A step without replicas is linear in even layers; an uneven one lies on that line or above it."""
    assume(more < pp)
    plan = Plan(pp=pp, interleave=rounds, schedule="interleaved" if rounds > 1 else "1f1b", zero=0)

    def seconds(layers: int) -> float:
        model = replace(MODEL, layers=layers, vocab=8)
        terms = estimate_step(job(model, plan, global_batch=8 * pp)).terms
        return float(terms.total - terms.optimizer_s)

    even, next_even = seconds(each * rounds * pp), seconds((each + 1) * rounds * pp)
    line = even + (next_even - even) * more / (rounds * pp)
    assert line * (1 - 1e-9) <= seconds(each * rounds * pp + more) <= next_even * (1 + 1e-9)


def test_even_stages_are_the_homogeneous_pipeline() -> None:
    plan, layers = Plan(pp=4, dp=2), layers_seconds(job(MODEL, Plan(pp=4, dp=2)))
    terms = estimate_step(job(MODEL, plan)).terms
    stage = layers.of(stage_load(MODEL, plan, 1))
    assert stage_layers(MODEL, plan) == (8, 8, 8, 8)
    assert terms.compute_s == pytest.approx(128 * float(stage.gemm))
    assert terms.bubble_s == pytest.approx(3 * float(stage.total))


@pytest.mark.parametrize(
    ("layers", "plan", "expected"),
    [
        (30, Plan(pp=4), (8, 8, 7, 7)),
        (61, Plan(pp=16), (4,) * 13 + (3,) * 3),
        (126, Plan(pp=16, embedding_slot=True, loss_slot=True), (7, *(8,) * 14, 7)),
        (94, Plan(pp=4, interleave=4, schedule="interleaved"), (24, 24, 23, 23)),
        (30, Plan(pp=4, schedule="zb_v"), (7, 7, 8, 8)),
        (30, Plan(pp=4, schedule="dualpipe"), (7.5, 7.5, 7.5, 7.5)),
    ],
)
def test_layers_of_stages(layers: int, plan: Plan, expected: tuple[float, ...]) -> None:
    assert stage_layers(replace(MODEL, layers=layers), plan) == expected


thirds = st.floats(0.01, 10)


@given(thirds, thirds, thirds, st.sampled_from([2, 4, 8, 16]))
def test_schedules_in_order(forward: float, inputs: float, weights: float, pp: int) -> None:
    """Zero-bubble never leaves more idle than 1F1B; what fills more keeps more in flight or copies parameters."""
    phases = Phases(forward, inputs, weights)
    names = ("1f1b", "zb_h1", "zb_h2")
    idle = [float(bubble_share(Plan(pp=pp, schedule=name), phases)) for name in names]
    assert idle == sorted(idle, reverse=True)
    flight = [float(in_flight(Plan(pp=pp, schedule=name), 100, pp - 1)) for name in (*names, "gpipe")]
    assert flight == sorted(flight)
    assert 0 <= float(bubble_share(Plan(pp=pp, schedule="dualpipe"), phases)) <= 1


def test_layers_that_see_less_cost_less() -> None:
    plan = Plan(tp=2, dp=2)
    full, windowed = (estimate_step(job(model, plan, seq_len=8192)).terms for model in (MODEL, WINDOWED))
    assert windowed.attention_s < 0.1 * full.attention_s
    assert windowed.compute_s < full.compute_s and windowed.memory_bound_s < full.memory_bound_s
    near = replace(
        WINDOWED, mixers=(LayerGroup(32, Attention(heads=32, kv_heads=8, head_dim=128)),), ffn_free_layers=0
    )
    same = estimate_step(job(near, plan, seq_len=8192)).terms
    assert same.total == pytest.approx(full.total, rel=1e-12)


def test_an_extra_prediction_is_a_layer_and_a_head_more_on_the_last_stage() -> None:
    plan = Plan(pp=4, dp=8, ep=8)
    plain, more = (estimate_step(job(replace(LEADING, prediction_layers=n), plan)) for n in (0, 1))
    assert more.slowest_stage == 3 and more.terms.logits_s > 2 * plain.terms.logits_s
    assert more.model_flops == plain.model_flops
