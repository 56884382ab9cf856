"""What a replica holds beside its weights, and what must agree before it serves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clustersim.assemble.software import reserve_of
from clustersim.columns import Column
from clustersim.errors import InputError
from clustersim.fabric.network import Network
from clustersim.perf.card import Card
from clustersim.perf.formats import WeightFormats
from clustersim.perf.mixers import Attention, LayerGroup, Linear
from clustersim.perf.model import Model
from clustersim.perf.serving_cache import CachePlan, cache_room, cache_tokens
from clustersim.perf.serving_checks import check_serving, layout_problems, length_words
from clustersim.perf.serving_cost import iteration_terms
from clustersim.perf.serving_engine import (
    Efficiency,
    Layout,
    Precision,
    weight_bytes_per_card,
)
from clustersim.perf.serving_reserve import BatchLimits, EngineReserve, reserve_bytes
from clustersim.schema.find_software import load_software
from clustersim.schema.model_engine import model_spec
from clustersim.schema.profiles import load_model

ROOT = Path(__file__).resolve().parents[2]
H100 = Card(
    name="H100", peak={"bf16": 989e12, "fp8": 1979e12}, memory_bytes=81_559 * 2**20, memory_bandwidth=3.35e12,
    gemm_efficiency=0.8, memory_efficiency=0.85,
)  # fmt: skip
FP8 = Precision("fp8", "fp8", "bf16", "bf16")
NET = Network(
    scale_up_size=8, scale_up_bandwidth=450e9, scale_up_latency=2e-6, scale_up_wiring="switched",
    scale_up_efficiency=0.8, scale_out_bandwidth=50e9, scale_out_latency=5e-6, scale_out_efficiency=0.9,
)  # fmt: skip
IDEAL = Efficiency(1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@pytest.fixture(autouse=True)
def _from_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUSTERSIM_PATH", str(ROOT))


def engine(name: str) -> EngineReserve:
    return reserve_of(load_software(name))


def shipped(name: str) -> Model:
    return model_spec(load_model(name))


def test_the_start_up_logs_that_the_reserve_was_tuned_on() -> None:
    large, wide = shipped("qwen3-235b-a22b"), BatchLimits(8192, 1024)
    vllm = cache_tokens(large, Layout(tp=4), FP8, H100, CachePlan(limits=wide))
    assert vllm == pytest.approx(178_880, rel=0.03)
    sglang = cache_tokens(
        large,
        Layout(tp=4),
        FP8,
        H100,
        CachePlan(memory_share=0.93, reserve=engine("sglang-0.5"), limits=wide),
    )
    assert sglang == pytest.approx(367_404, rel=0.03)
    small = replace(H100, name="24 GB", memory_bytes=23.58 * 2**30)
    held = cache_tokens(
        shipped("llama3.1-8b"), Layout(), Precision(), small, CachePlan(limits=BatchLimits(2048, 256))
    )
    assert held == pytest.approx(31_232, rel=0.10)
    bound = cache_tokens(shipped("qwen3-32b"), Layout(), Precision(), H100, CachePlan(limits=wide))
    assert bound >= 32_000, "prompts of 32,000 tokens were served"


def test_a_start_up_log_that_it_was_not_tuned_on() -> None:
    # vLLM V1 on an A100 of 40 GB: 163,168 tokens of Llama-3.1-8B.
    card = replace(H100, name="A100-40G", memory_bytes=39.49 * 2**30)
    held = cache_tokens(
        shipped("llama3.1-8b"), Layout(), Precision(), card, CachePlan(limits=BatchLimits(2048, 256))
    )
    assert held == pytest.approx(163_168, rel=0.10)


def test_seventy_billion_on_two_cards_of_what_the_driver_reports() -> None:
    held = cache_tokens(shipped("llama3-70b"), Layout(tp=2), Precision(), H100)
    assert 15_000 <= held <= 30_000


def test_the_share_of_what_is_free_is_taken_after_the_weights() -> None:
    model, layout = shipped("llama3.1-8b"), Layout()
    free = engine("trtllm-1.0")
    taken = weight_bytes_per_card(model, layout, FP8) + reserve_bytes(free, model, BatchLimits())
    room = cache_room(model, layout, FP8, H100, CachePlan(reserve=free))
    assert room.bytes_per_card == pytest.approx(0.9 * (H100.memory_bytes - taken))


def test_windows_leave_room_for_more_tokens() -> None:
    mixed = shipped("gpt-oss-120b")
    whole = replace(mixed, mixers=())
    limits, layout = BatchLimits(), Layout(tp=2)
    more = cache_tokens(
        mixed, layout, Precision(), replace(H100, memory_bytes=160e9), CachePlan(limits=limits, context=8192)
    )
    less = cache_tokens(
        whole, layout, Precision(), replace(H100, memory_bytes=160e9), CachePlan(limits=limits, context=8192)
    )
    # Half of the layers keep 128 tokens of 8,192.
    assert more / less == pytest.approx(1 / (0.5 + 0.5 * 128 / 8192), rel=1e-3)


def test_a_window_longer_than_the_context_counts_per_token() -> None:
    group = LayerGroup(4, Attention(heads=8, kv_heads=8, head_dim=8, window=10_000))
    model = Model(name="m", layers=4, hidden=64, heads=8, kv_heads=8, head_dim=8, ffn_hidden=64, gated=True, vocab=64,
                  mixers=(group,))  # fmt: skip
    short, long = (
        cache_room(model, Layout(), Precision(), H100, CachePlan(context=c)) for c in (500.0, 50_000.0)
    )
    assert short.per_sequence == 0 and long.per_token == 0
    assert long.per_sequence == short.per_token * 10_000


def test_four_bit_experts_and_sixteen_bit_rest() -> None:
    model = shipped("gpt-oss-120b")
    by_group = Precision(linear="fp8", formats=model.formats)
    assert weight_bytes_per_card(model, Layout(), by_group) == pytest.approx(model.weight_bytes, rel=0.01)
    assert by_group.arithmetic_of("experts") == "fp8"
    assert by_group.arithmetic_of("attention") == "bf16"
    assert Precision("fp8", "fp8").arithmetic_of("attention") == "fp8"
    assert Precision(formats=WeightFormats(head="fp8")).bytes_of("head") == 1.0


def cost(model: Model, layout: Layout = Layout(), context: float = 4096.0, tokens: float = 64.0):  # type: ignore[no-untyped-def]  # noqa: B008
    return iteration_terms(
        np.asarray([tokens]), model=model, layout=layout, card=H100, network=NET, efficiency=IDEAL, precision=FP8,
        context=context,
    )  # fmt: skip


def test_decode_reads_the_window_and_no_more() -> None:
    mixed = cost(shipped("gpt-oss-120b"))
    whole = cost(replace(shipped("gpt-oss-120b"), mixers=()))
    assert mixed.kv_bytes == 36_864 and whole.kv_bytes == 73_728
    assert mixed.sequence_bytes == 4.5 * 2**20
    assert mixed.kv_s < whole.kv_s and mixed.pair_s == pytest.approx(whole.pair_s / 2)
    assert mixed.near_s[0] > 0 and whole.near_s[0] == 0
    far = 20_000
    assert mixed.total_s(0, 1, far, 0) < whole.total_s(0, 1, far, 0)


def test_a_state_is_read_and_written_once_a_token() -> None:
    group = LayerGroup(2, Linear(key_heads=8, value_heads=8, key_dim=64, value_dim=64, conv=0))
    model = Model(name="m", layers=2, hidden=64, heads=8, kv_heads=8, head_dim=8, ffn_hidden=64, gated=True, vocab=64,
                  mixers=(group,))  # fmt: skip
    terms = cost(model)
    assert terms.kv_s == terms.pair_s == 0.0
    assert terms.sequence_bytes == 2 * 2 * 8 * 64 * 64 * 4


def test_what_is_left_out_is_said() -> None:
    assert cost(shipped("llama3.1-8b")).not_modelled == ()
    said = " ".join(cost(shipped("deepseek-v4-flash"), Layout(tp=8)).not_modelled)
    for words in ("prediction layer", "residual streams", "compressed", "hash routing"):
        assert words in said


def test_routing_within_groups_reaches_fewer_cards() -> None:
    base = Model(name="m", layers=4, hidden=1024, heads=16, kv_heads=16, head_dim=64, ffn_hidden=64, gated=True,
                 vocab=64, experts=64, experts_per_token=8, expert_ffn_hidden=64, moe_layers=4)  # fmt: skip
    grouped = replace(base, router_groups=8, groups_per_token=2)
    layout = Layout(dp=32, ep=32)
    assert (
        cost(grouped, layout, tokens=4096.0).exchange_s[0] < cost(base, layout, tokens=4096.0).exchange_s[0]
    )


DENSE = Model(
    name="m",
    layers=61,
    hidden=64,
    heads=32,
    kv_heads=8,
    head_dim=8,
    ffn_hidden=64,
    gated=True,
    vocab=64,
    max_seq_len=4096,
)


@pytest.mark.parametrize(
    ("heads", "tp", "nearest"),
    [(32, 3, "2 and 4"), (32, 6, "4 and 8"), (64, 7, "4 and 8"), (64, 3, "2 and 4"), (64, 128, "64")],
)
def test_heads_that_do_not_divide_name_the_nearest_that_do(heads: int, tp: int, nearest: str) -> None:
    (problem,) = layout_problems(replace(DENSE, heads=heads), Layout(tp=tp))
    assert problem == f"heads={heads} cannot be split by tp={tp}; the nearest that divide are {nearest}"


@pytest.mark.parametrize("layout", [Layout(tp=16), Layout(tp=32), Layout(pp=2), Layout(tp=8, pp=60)])
def test_copied_kv_heads_and_uneven_stages_are_allowed(layout: Layout) -> None:
    assert layout_problems(DENSE, layout) == ()


def test_the_rest_of_the_checks_and_all_at_once() -> None:
    six = replace(DENSE, heads=36, kv_heads=6)
    assert "kv_heads=6" in layout_problems(six, Layout(tp=4))[0]
    assert "pp=62" in layout_problems(DENSE, Layout(pp=62))[0]
    assert "has none" in layout_problems(DENSE, Layout(tp=2, ep=2))[0]
    moe = replace(DENSE, experts=24, experts_per_token=2, expert_ffn_hidden=48, moe_layers=61)
    assert "experts=24" in layout_problems(moe, Layout(tp=32, ep=32))[0]
    assert "expert_ffn_hidden=48" in layout_problems(moe, Layout(tp=32, ep=1))[0]
    assert length_words(DENSE, 4096) == "" and length_words(replace(DENSE, max_seq_len=0), 1e9) == ""
    assert "5000 tokens are longer than max_seq_len=4096" in length_words(DENSE, 5000)
    with pytest.raises(InputError) as error:
        check_serving(DENSE, Layout(tp=3), Precision("int8", "int8"), H100)
    for words in ("tp=3", "linear=int8", "bf16, fp8"):
        assert words in str(error.value)
    check_serving(DENSE, Layout(tp=8), FP8, H100)


def test_the_fullest_stage_binds() -> None:
    even, uneven = replace(DENSE, layers=60), DENSE
    assert weight_bytes_per_card(uneven, Layout(pp=2), FP8) > weight_bytes_per_card(even, Layout(pp=2), FP8)
    whole = weight_bytes_per_card(replace(DENSE, layers=62), Layout(pp=2), FP8)
    assert weight_bytes_per_card(uneven, Layout(pp=2), FP8) == pytest.approx(whole)
    assert cost(uneven, Layout(pp=2)).kv_bytes == pytest.approx(cost(replace(DENSE, layers=31)).kv_bytes)


def hybrid(layers: int = 8) -> Model:
    """A quarter of the layers keeps a growing cache, the others states."""
    states = LayerGroup(layers * 3 // 4, Linear(key_heads=4, value_heads=8, key_dim=128, value_dim=128))
    grown = LayerGroup(layers // 4, Attention(heads=8, kv_heads=2, head_dim=128))
    return Model(name="m", layers=layers, hidden=1024, heads=8, kv_heads=2, head_dim=128, ffn_hidden=4096, gated=True,
                 vocab=32_000, mixers=(states, grown))  # fmt: skip


def test_a_pool_of_states_holds_its_share_over_the_states_of_a_sequence() -> None:
    one, apart = engine("sglang-0.5"), replace(engine("sglang-0.5"), state_share=0.0)
    model, plan = hybrid(), CachePlan(context=8192.0)
    room, whole = (
        cache_room(model, Layout(), Precision(), H100, replace(plan, reserve=r)) for r in (one, apart)
    )
    states = 6 * (8 * 128 * 128 * 4.0 + 2.0 * 3 * (2 * 4 * 128 + 8 * 128))
    assert whole.per_sequence == pytest.approx(states)
    assert room.per_sequence == 0.0
    assert room.bytes_per_card == pytest.approx(whole.bytes_per_card * (1.0 - one.state_share))
    assert room.states == int(whole.bytes_per_card * one.state_share / (one.state_slots * states))
    assert whole.states is None


def test_a_pool_of_states_binds_models_with_states_alone_and_never_by_fewer_slots() -> None:
    one = engine("sglang-0.5")
    plain = shipped("llama3.1-8b")
    assert cache_room(plain, Layout(), Precision(), H100, CachePlan(reserve=one)).states is None
    model, found = hybrid(), []
    for slots in (1.0, 3.0, 5.0):
        plan = CachePlan(reserve=replace(one, state_slots=slots), context=512.0)
        room = cache_room(model, Layout(dp=2), Precision(), H100, plan)
        found.append(float(room.sequences(512.0)))
        assert room.sequences(512.0) <= room.states * 2
        assert room.tokens(512.0) <= room.states * 512.0 * 2
    assert found[0] >= found[1] > found[2]


def test_a_pool_of_states_reads_columns_as_it_reads_points() -> None:
    one, model = engine("sglang-0.5"), hybrid()
    shares = np.array([0.5, 0.7, 0.88])
    column: Any = Column(shares)
    plan = CachePlan(reserve=one, context=2048.0)
    many = cache_room(model, Layout(), Precision(), H100, replace(plan, memory_share=column)).tokens(2048.0)
    each = [
        cache_room(model, Layout(), Precision(), H100, replace(plan, memory_share=float(s))).tokens(2048.0)
        for s in shares
    ]
    assert many.values.tolist() == each
