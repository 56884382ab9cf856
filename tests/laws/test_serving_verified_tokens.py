"""What a sequence verifies in one pass is attended to token by token; ranks take no more prompts than they may."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustersim.assemble.parts import card_spec, model_spec
from clustersim.fabric.network import Network
from clustersim.perf.serving_cost import IterationTerms, iteration_terms
from clustersim.perf.serving_draft import Draft, draft_layer, speculative_terms
from clustersim.perf.serving_engine import Efficiency, Layout, Precision
from clustersim.perf.serving_ranks import RankLoad, busiest_rank
from clustersim.schema.profiles import load_card, load_model

ENGINE = Efficiency(0.4, 0.8, 0.45, 0.8, 12e-6, 1e-3, 5e-6, 8e-6, 0.1)
MODELS = ("deepseek-v3", "llama3.1-70b", "gpt-oss-120b", "qwen3-32b", "qwen3.5-397b-a17b")


def terms(model: str, card: str, layout: Layout, queries: float, cache: str = "fp8") -> IterationTerms:
    return iteration_terms(
        np.array([1.0, 64.0, 512.0]), model=model_spec(load_model(model)), layout=layout,
        card=card_spec(load_card(card)), network=Network.flat(bandwidth=450e9, latency=3e-6), efficiency=ENGINE,
        precision=Precision("fp8", "fp8", cache=cache), queries=queries,
    )  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("layout", [Layout(tp=8), Layout(dp=8, ep=8), Layout(tp=4, pp=2)])
@pytest.mark.parametrize("card", ["H200", "B200"])
def test_a_further_token_costs_no_less_and_no_more_than_a_pass_of_its_own(
    model: str, layout: Layout, card: str
) -> None:
    before = terms(model, card, layout, 1.0)
    one = before
    for queries in (2.0, 4.0, 8.0):
        now = terms(model, card, layout, queries)
        assert before.kv_s <= now.kv_s <= queries * one.kv_s * (1 + 1e-12)
        assert np.array_equal(now.fixed_s, one.fixed_s) and now.pair_s == one.pair_s
        before = now


def test_where_memory_binds_verifying_reads_the_cache_once_and_where_products_bind_every_token_pays() -> None:
    alone = Layout(dp=8, ep=8)
    bound = terms("llama3.1-70b", "H200", Layout(tp=8), 4.0, "bf16")
    assert bound.kv_s == terms("llama3.1-70b", "H200", Layout(tp=8), 1.0, "bf16").kv_s
    latent = [terms("deepseek-v3", "H200", alone, q).kv_s for q in (2.0, 4.0)]
    assert latent[1] == pytest.approx(2.0 * latent[0])


@given(g=st.integers(1, 5), dp=st.sampled_from([1, 4, 8]))
def test_drafting_more_never_makes_a_sequence_cheaper(g: int, dp: int) -> None:
    model = model_spec(load_model("deepseek-v3"))
    told = {
        "model": model, "layout": Layout(tp=8 // dp, dp=dp, ep=8), "card": card_spec(load_card("H200")),
        "network": Network.flat(bandwidth=450e9, latency=3e-6), "efficiency": replace(ENGINE, sent_copy_s=8e-8),
        "precision": Precision("fp8", "fp8", cache="fp8"),
    }  # fmt: skip
    counts = np.array([8.0, 256.0])
    both = []
    for drafts in (g, g + 1):
        own = told | {"queries": drafts + 1.0}
        plain = iteration_terms(counts, **own)
        both.append(speculative_terms(plain, Draft(draft_layer(model), drafts), 256, **own))
    assert both[1].kv_s > both[0].kv_s and both[1].sequence_s >= both[0].sequence_s


@given(
    ranks=st.sampled_from([2, 4, 8, 32]),
    prompt=st.floats(100, 9000),
    most=st.sampled_from([2048.0, 8192.0]),
    part=st.floats(0.01, 1.0),
)
def test_no_rank_holds_more_than_it_may_nor_less_than_the_mean(
    ranks: int, prompt: float, most: float, part: float
) -> None:
    n = np.array([max(1.0, part * most * ranks)])
    fullest = float(busiest_rank(n, ranks, RankLoad(0.0, prompt=prompt, most=most))[0])
    assert n[0] / ranks * (1 - 1e-12) <= fullest <= most * (1 + 1e-12)
    assert fullest <= float(busiest_rank(n, ranks, RankLoad(0.0, prompt=prompt))[0])
