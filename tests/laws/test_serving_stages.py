"""Laws of stages that take turns, and of exchanges between coherent domains: both only add time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.fabric.network import Network
from clustersim.perf.card import Card
from clustersim.perf.model import Model
from clustersim.perf.serving_cost import iteration_terms
from clustersim.perf.serving_engine import Efficiency, Layout, Precision

MIXTURE = Model(
    name="m", layers=8, hidden=512, heads=8, kv_heads=8, head_dim=64, ffn_hidden=1024, gated=True, vocab=1000,
    experts=32, experts_per_token=4, expert_ffn_hidden=256, moe_layers=8,
)  # fmt: skip
CARD = Card(name="X", peak={"bf16": 1e14}, memory_bytes=8e10, memory_bandwidth=1e12, gemm_efficiency=0.7,
            memory_efficiency=0.8)  # fmt: skip
NET = Network(
    scale_up_size=8, scale_up_bandwidth=4e11, scale_up_latency=3e-6, scale_up_wiring="switched",
    scale_up_efficiency=0.8, scale_out_bandwidth=5e10, scale_out_latency=1e-5, scale_out_efficiency=0.9,
)  # fmt: skip
EFF = Efficiency(0.6, 0.8, 0.4, 0.8, 1e-5, 1e-3, 1e-6, 1e-5, 0.02, expert_layer_s=2e-5)
TOKENS = np.array([1.0, 4.0, 64.0, 1024.0])


def terms(layout: Layout, efficiency: Efficiency = EFF, **more: bool):
    return iteration_terms(
        TOKENS, model=MIXTURE, layout=layout, card=CARD, network=NET, efficiency=efficiency,
        precision=Precision(), **more,
    )  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([1, 2, 4]), st.sampled_from([1, 2, 4, 8]))
def test_stages_in_turn_are_never_faster(pp: int, tp: int) -> None:
    layout = Layout(tp=tp, pp=pp)
    at_once, in_turn = terms(layout), terms(layout, split_over_stages=False)
    assert np.all(in_turn.fixed_s >= at_once.fixed_s * (1 - 1e-12))
    assert in_turn.kv_s == pytest.approx(pp * at_once.kv_s)
    if pp == 1:
        assert np.array_equal(in_turn.fixed_s, at_once.fixed_s)


def test_one_sequence_passes_stages_as_fast_either_way() -> None:
    layout = Layout(tp=2, pp=4)
    assert terms(layout, split_over_stages=False).fixed_s[0] == pytest.approx(terms(layout).fixed_s[0])


@pytest.mark.parametrize(("dp", "far"), [(8, False), (16, True)])
def test_an_exchange_between_domains_takes_what_the_engine_loses_there(dp: int, far: bool) -> None:
    layout = Layout(dp=dp, ep=dp)
    extra = terms(layout, replace(EFF, far_exchange_s=1e-4)).exchange_s - terms(layout).exchange_s
    assert extra == pytest.approx(np.full(4, 2 * MIXTURE.moe_layers * 1e-4 if far else 0.0))
