"""Laws of the model language: caches grow and stop, parts sum to the whole, splitting never costs more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.perf.card import Card
from clustersim.perf.mixer_parts import Indexer
from clustersim.perf.mixers import (
    Attention,
    Compressed,
    Latent,
    LayerGroup,
    Linear,
    Mixer,
    NoMixer,
    StateSpace,
)
from clustersim.perf.model import Model
from clustersim.perf.serving_cache import CachePlan, cache_room
from clustersim.perf.serving_engine import Layout, Precision
from clustersim.perf.serving_reserve import BatchLimits, EngineReserve, reserve_bytes
from clustersim.perf.serving_work import attention_work, cache_bytes, cache_growth
from clustersim.schema.model_pattern import parse_pattern, write_pattern

CARD = Card(
    name="X",
    peak={"bf16": 1e15},
    memory_bytes=80e9,
    memory_bandwidth=3e12,
    gemm_efficiency=0.8,
    memory_efficiency=0.9,
)
ENGINES = {
    "device": EngineReserve(memory_share=0.9), "outside": EngineReserve(memory_share=0.88, activations=False),
    "free": EngineReserve(memory_share=0.9, share_of="free"),
}  # fmt: skip
EIGHTHS = st.sampled_from([8, 16, 32])
INDEXERS = st.builds(Indexer, heads=EIGHTHS, head_dim=EIGHTHS, top_k=st.integers(1, 4096), own=st.booleans())
ATTENTIONS = st.builds(
    Attention, heads=st.just(32), kv_heads=EIGHTHS, head_dim=EIGHTHS, v_head_dim=st.sampled_from([0, 16]),
    window=st.one_of(st.just(float("inf")), st.integers(1, 20_000).map(float)),
    gate=st.sampled_from(["", "elementwise", "per_head"]), keys_are_values=st.booleans(),
    cache_of_another=st.booleans(),
)  # fmt: skip
LATENTS = st.builds(
    Latent, heads=st.just(32), q_lora_rank=st.sampled_from([0, 32]), kv_lora_rank=EIGHTHS, qk_nope_head_dim=EIGHTHS,
    qk_rope_head_dim=EIGHTHS, v_head_dim=EIGHTHS, indexer=st.one_of(st.none(), INDEXERS),
)  # fmt: skip
COMPRESSED = st.builds(
    Compressed, heads=st.just(32), head_dim=EIGHTHS, q_lora_rank=EIGHTHS, o_lora_rank=EIGHTHS, o_groups=EIGHTHS,
    window=st.integers(1, 500), ratio=st.sampled_from([0, 4, 128]), indexer=st.one_of(st.none(), INDEXERS),
)  # fmt: skip
LINEARS = st.builds(
    Linear, key_heads=st.just(8), value_heads=EIGHTHS, key_dim=EIGHTHS, value_dim=EIGHTHS, conv=st.sampled_from([0, 4]),
    gate_rank=st.sampled_from([0, 8]), state_format=st.sampled_from(["fp32", "bf16"]),
)  # fmt: skip
SPACES = st.builds(StateSpace, heads=EIGHTHS, head_dim=EIGHTHS, state=EIGHTHS, groups=st.just(8))
MIXERS: st.SearchStrategy[Mixer] = st.one_of(
    ATTENTIONS, LATENTS, COMPRESSED, LINEARS, SPACES, st.just(NoMixer())
)


@st.composite
def models(draw: st.DrawFn) -> Model:
    groups = tuple(LayerGroup(draw(st.integers(1, 6)), draw(MIXERS)) for _ in range(draw(st.integers(1, 3))))
    layers = int(sum(g.layers for g in groups))
    mixed = draw(st.integers(0, layers))
    moe = {"experts": 16, "experts_per_token": 2, "expert_ffn_hidden": 64, "moe_layers": mixed,
           "shared_experts": draw(st.integers(0, 2)), "expert_hidden": draw(st.sampled_from([0, 32]))}  # fmt: skip
    return Model(
        name="m", layers=layers, hidden=256, heads=32, kv_heads=8, head_dim=8, ffn_hidden=512,
        gated=draw(st.booleans()), vocab=1000, mixers=groups, residual_streams=draw(st.sampled_from([1, 4])),
        ffn_free_layers=draw(st.integers(0, layers - mixed)), **(moe if mixed else {}),
    )  # fmt: skip


@given(models(), st.integers(1, 100_000), st.integers(0, 50_000))
@settings(max_examples=60, deadline=None)
def test_a_cache_never_shrinks_with_its_sequence_and_windows_cap_it(
    model: Model, tokens: int, more: int
) -> None:
    short, long = (float(cache_bytes(model, n, bytes_per_value=2.0)) for n in (tokens, tokens + more))
    assert 0 <= short <= long * (1 + 1e-12)
    growth = cache_growth(model, float("inf"), bytes_per_value=2.0)
    assert (
        long - short
        <= sum(p.values * g.layers * 2.0 / p.stride for g in model.groups for p in g.mixer.parts) * more
        + 1e-6
    )
    # Both linearisations bound the cache from above, wherever they are taken.
    for context in (1.0, float(tokens), float("inf")):
        assert cache_growth(model, context, bytes_per_value=2.0).of(tokens) >= short * (1 - 1e-12)
    whole = growth.of(10**9)
    assert whole == pytest.approx(float(cache_bytes(model, 10**9, bytes_per_value=2.0)))


@given(models(), st.integers(1, 50_000), st.sampled_from([1, 2, 4, 8, 16]))
@settings(max_examples=60, deadline=None)
def test_more_cards_never_hold_more_each(model: Model, tokens: int, tp: int) -> None:
    one, other = (float(cache_bytes(model, tokens, bytes_per_value=2.0, tp=n)) for n in (1, tp))
    assert one / tp * (1 - 1e-12) <= other <= one * (1 + 1e-12)


@given(models())
@settings(max_examples=60, deadline=None)
def test_groups_of_parameters_sum_to_all_and_active_ones_are_among_them(model: Model) -> None:
    p = model.parameter_groups
    parts = p.attention + p.dense + p.shared + p.experts + p.router + p.embedding + p.head + p.streams
    assert parts == pytest.approx(model.parameters)
    assert sum(g.layers for g in model.groups) == model.layers
    assert model.active_parameters <= model.parameters
    assert model.weight_bytes == pytest.approx(2.0 * model.parameters)


@given(models(), st.integers(2, 20_000))
@settings(max_examples=60, deadline=None)
def test_attention_never_works_more_than_the_whole_square(model: Model, length: int) -> None:
    assert 0 <= model.score_work(length) <= length * model.score_width * (1 + 1e-12)
    assert model.score_work(length) <= model.score_work(length + 1) * (1 + 1e-12)
    assert model.flops_per_token(length) <= model.flops_per_token(length + 1) * (1 + 1e-12)


@given(models(), st.floats(1, 1e6), st.sampled_from([1, 2, 8]))
@settings(max_examples=60, deadline=None)
def test_decode_reads_no_more_than_is_there(model: Model, context: float, tp: int) -> None:
    kept = [p for g in model.groups for p in (*g.mixer.parts, *(None for _ in g.mixer.states))]
    for work, part in zip(attention_work(model, context, bytes_per_value=2.0, tp=tp), kept, strict=True):
        assert (
            min(work.bytes.per_token, work.bytes.per_sequence)
            == 0
            <= max(work.bytes.per_token, work.bytes.per_sequence)
        )
        assert work.decode_ops.per_token == 0 or (part is not None and part.reach >= context)


@given(models(), st.sampled_from(sorted(ENGINES)), st.integers(256, 16_384), st.integers(1, 1024))
@settings(max_examples=40, deadline=None)
def test_room_falls_with_batch_and_rises_with_memory(
    model: Model, engine: str, tokens: int, sequences: int
) -> None:
    reserve = ENGINES[engine]
    small, large = BatchLimits(tokens, sequences), BatchLimits(2 * tokens, 2 * sequences)
    assert reserve_bytes(reserve, model, small) <= reserve_bytes(reserve, model, large)
    assert reserve_bytes(reserve, model, small) <= reserve_bytes(reserve, replace(model, vocab=2000), small)

    def room(card: Card, limits: BatchLimits) -> float:
        return cache_room(
            model, Layout(), Precision(), card, CachePlan(reserve=reserve, limits=limits)
        ).bytes_per_card

    assert room(CARD, large) <= room(CARD, small) <= room(replace(CARD, memory_bytes=90e9), small)


@given(st.lists(st.sampled_from(["full", "linear", "window", "near-2"]), min_size=1, max_size=80))
@settings(max_examples=100, deadline=None)
def test_a_written_pattern_reads_back(kinds: list[str]) -> None:
    assert list(parse_pattern(write_pattern(kinds))) == kinds
