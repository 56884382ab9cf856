"""Laws of low-rank adapters: memory, work and waiting grow with them; without any nothing moves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustersim.errors import InputError
from clustersim.perf.card import Card
from clustersim.perf.model import Model
from clustersim.perf.serving_adapters import (
    Adapters,
    adapter_bytes,
    adapter_wait_s,
    distinct_adapters,
    hit_share,
)
from clustersim.perf.serving_engine import Layout
from clustersim.pipeline.site import run_site
from clustersim.schema.load_inputs import load_inputs

MODEL = Model(
    name="m", layers=4, hidden=512, heads=8, kv_heads=2, head_dim=64, ffn_hidden=1024, gated=True, vocab=1000
)
CARD = Card(
    name="X", peak={"bf16": 1e14}, memory_bytes=8e10, memory_bandwidth=1e12, gemm_efficiency=0.7,
    memory_efficiency=0.8, host_link_bandwidth=5e10,
)  # fmt: skip
ADAPTERS = st.builds(
    Adapters,
    count=st.integers(1, 500),
    rank=st.integers(1, 256),
    resident=st.integers(1, 500),
    skew=st.floats(0, 3),
)


@given(ADAPTERS, st.integers(1, 4))
def test_bytes_follow_rank_and_are_cut_over_the_tensor_group(adapters: Adapters, power: int) -> None:
    one = adapter_bytes(MODEL, Layout(), adapters)
    assert adapter_bytes(MODEL, Layout(), replace(adapters, rank=2 * adapters.rank)) == pytest.approx(2 * one)
    assert adapter_bytes(MODEL, Layout(tp=2**power), adapters) == pytest.approx(one / 2**power)


@given(ADAPTERS)
def test_more_kept_are_found_more_often_and_more_users_less(adapters: Adapters) -> None:
    found = hit_share(adapters)
    assert 0.0 < found <= 1.0
    assert hit_share(replace(adapters, resident=adapters.resident + 1)) >= found - 1e-12
    assert hit_share(replace(adapters, count=adapters.count + 1)) <= found + 1e-9
    if adapters.skew == 0:
        assert found == pytest.approx(min(1.0, adapters.resident / adapters.count), rel=1e-6)


@given(ADAPTERS, st.floats(0, 1000))
def test_sequences_bring_no_more_adapters_than_they_are(adapters: Adapters, sequences: float) -> None:
    found = float(distinct_adapters(sequences, adapters))
    assert found <= min(sequences, adapters.count, adapters.resident) * (1 + 1e-9) + 1e-9
    assert float(distinct_adapters(sequences + 1, adapters)) >= found - 1e-9


@given(ADAPTERS)
def test_waiting_grows_with_rank_and_falls_with_the_link(adapters: Adapters) -> None:
    wait = adapter_wait_s(MODEL, Layout(), CARD, adapters)
    assert adapter_wait_s(MODEL, Layout(), CARD, replace(adapters, rank=adapters.rank + 1)) >= wait
    faster = replace(CARD, host_link_bandwidth=1e11)
    assert adapter_wait_s(MODEL, Layout(), faster, adapters) == pytest.approx(wait / 2)


def test_no_link_is_an_error_where_something_comes_over_it() -> None:
    bare = replace(CARD, host_link_bandwidth=0.0)
    assert adapter_wait_s(MODEL, Layout(), bare, Adapters(4, 8, 4)) == 0.0
    with pytest.raises(InputError, match="host_link"):
        adapter_wait_s(MODEL, Layout(), bare, Adapters(5, 8, 4))


def cost(**adapters: float) -> float:
    sets = [f"demand.chat.adapters.{key}={value}" for key, value in adapters.items()]
    run = run_site(load_inputs("serve-qwen3-32b", ("cluster.card=H20", *sets), with_incumbent=False))
    return float(run.cny_per_unit(run.main))


BASE = {"count": 200, "resident": 8, "rank": 64, "skew": 1.0}


def test_a_token_with_an_adapter_is_dearer() -> None:
    assert cost(**BASE) > cost()


@pytest.mark.full
@pytest.mark.parametrize("worse", [{"rank": 256}, {"count": 2000}, {"skew": 0.0}], ids=str)
def test_every_key_reaches_the_cost_of_a_token_with_its_sign(worse: dict[str, float]) -> None:
    assert cost(**{**BASE, **worse}) >= cost(**BASE)
