"""The iteration model: bytes, operations, collectives, fit, by hand where a hand can follow."""

from dataclasses import replace

import numpy as np
import pytest

from clustersim.errors import InfeasibleError, InputError
from clustersim.fabric.network import Network
from clustersim.perf.card import Card
from clustersim.perf.model import Model
from clustersim.perf.serving_cache import cache_tokens
from clustersim.perf.serving_cost import iteration_terms
from clustersim.perf.serving_draft import tokens_per_step
from clustersim.perf.serving_engine import Efficiency, Layout, Precision, weight_bytes_per_card
from clustersim.perf.serving_exchange import small_all_reduce
from clustersim.perf.serving_work import kv_bytes_per_token

LLAMA = Model(
    name="llama3-70b", layers=80, hidden=8192, heads=64, kv_heads=8, head_dim=128, ffn_hidden=28672, gated=True,
    vocab=128256,
)  # fmt: skip
MOE = Model(
    name="moe", layers=10, hidden=1024, heads=16, kv_heads=4, head_dim=64, ffn_hidden=4096, gated=True, vocab=1000,
    experts=64, experts_per_token=4, shared_experts=1, expert_ffn_hidden=512, moe_layers=9,
)  # fmt: skip
MLA = Model(
    name="mla", layers=61, hidden=7168, heads=128, kv_heads=128, head_dim=128, ffn_hidden=18432, gated=True,
    vocab=129280, experts=256, experts_per_token=8, shared_experts=1, expert_ffn_hidden=2048, moe_layers=58,
    q_lora_rank=1536, kv_lora_rank=512, qk_nope_head_dim=128, qk_rope_head_dim=64, v_head_dim=128,
)  # fmt: skip
CARD = Card(
    name="H", peak={"bf16": 1e15, "fp8": 2e15}, memory_bytes=80e9, memory_bandwidth=3e12, gemm_efficiency=0.8,
    memory_efficiency=0.9,
)  # fmt: skip
NET = Network(
    scale_up_size=8, scale_up_bandwidth=450e9, scale_up_latency=2e-6, scale_up_wiring="switched",
    scale_up_efficiency=0.8, scale_out_bandwidth=50e9, scale_out_latency=5e-6, scale_out_efficiency=0.9,
)  # fmt: skip
IDEAL = Efficiency(1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
FP8 = Precision("fp8", "fp8", "bf16", "bf16")


def terms(tokens, model=LLAMA, layout=Layout(tp=8), efficiency=IDEAL, precision=FP8, card=CARD, network=NET):  # noqa: B008
    return iteration_terms(
        np.asarray(tokens, dtype=float),
        model=model,
        layout=layout,
        card=card,
        network=network,
        efficiency=efficiency,
        precision=precision,
    )


def test_one_token_reads_every_weight_once() -> None:
    t = terms([1.0], layout=Layout())
    blocks = 80 * (LLAMA.attention_params + LLAMA.ffn_params(28672))
    head = LLAMA.vocab * LLAMA.hidden * 2
    assert t.weight_bytes[0] == pytest.approx(blocks + head)
    assert t.weights_s[0] >= (blocks + head) / 3e12


def test_many_tokens_are_bound_by_compute() -> None:
    t = terms([8192.0], layout=Layout())
    blocks = 80 * (LLAMA.attention_params + LLAMA.ffn_params(28672))
    assert t.weights_s[0] == pytest.approx(2 * blocks * 8192 / 2e15, rel=0.01)


def test_prefill_pairs_cost_four_operations_per_head_value() -> None:
    t = terms([1.0], layout=Layout())
    assert t.pair_s == pytest.approx(4 * 80 * 64 * 128 / 1e15)


def test_kv_bytes_by_hand() -> None:
    assert kv_bytes_per_token(LLAMA, bytes_per_value=2.0) == 2 * 80 * 8 * 128 * 2
    # DeepSeek-V3: 576 values per token and layer, 70.3 kB per token in bf16 (arXiv:2412.19437)
    assert kv_bytes_per_token(MLA, bytes_per_value=2.0) == 576 * 61 * 2
    assert kv_bytes_per_token(MLA, bytes_per_value=2.0, tp=8) == kv_bytes_per_token(MLA, bytes_per_value=2.0)


def test_more_cards_than_heads_do_not_split_the_cache_further() -> None:
    assert kv_bytes_per_token(LLAMA, bytes_per_value=2.0, tp=16) == kv_bytes_per_token(
        LLAMA, bytes_per_value=2.0, tp=8
    )


def test_one_card_has_no_exchange_and_dp_needs_no_all_reduce_of_dense_models() -> None:
    assert terms([64.0], layout=Layout()).exchange_s[0] == 0.0
    assert terms([64.0]).exchange_s[0] > 0.0


def test_expert_parallel_dispatch_counts_only_with_attention_data_parallelism() -> None:
    assert terms([256.0], MOE, Layout(dp=4, ep=4)).exchange_s[0] > 0
    assert terms([256.0], MOE, Layout(tp=1)).exchange_s[0] == 0


def test_few_tokens_touch_few_experts() -> None:
    few, many = terms([1.0, 4096.0], MOE, Layout()).weight_bytes
    whole = 9 * 64 * MOE.ffn_params(512)
    assert few < 0.4 * many
    assert many >= whole


def test_pipeline_takes_stage_times_one_after_another() -> None:
    one = terms([256.0], layout=Layout(tp=4))
    two = terms([256.0], layout=Layout(tp=4, pp=2))
    # each stage holds half of the layers and works on half of the batch
    assert two.weight_bytes[0] == pytest.approx(one.weight_bytes[0], rel=0.01)
    assert two.exchange_s[0] > 0


def test_latent_decode_is_bound_by_compute_or_memory_whichever_is_slower() -> None:
    fast = replace(CARD, peak={"bf16": 1e18, "fp8": 2e18})
    memory = terms([1.0], MLA, Layout(tp=8), card=fast).kv_s
    assert memory == pytest.approx(576 * 61 * 2 / 3e12)
    slow = replace(CARD, peak={"bf16": 1e12, "fp8": 2e12})
    assert terms([1.0], MLA, Layout(tp=8), card=slow).kv_s > memory


def test_overheads_are_added_per_layer_step_and_expert_layer() -> None:
    e = replace(IDEAL, layer_s=1e-3, step_s=2e-3, expert_layer_s=1e-2)
    assert terms([1.0], MOE, Layout(), e).overhead_s[0] == pytest.approx(10e-3 + 2e-3 + 9e-2)


def test_copies_of_tokens_are_charged_and_no_tensor_group_divides_them() -> None:
    e = replace(IDEAL, expert_copy_s=1e-8)
    n = [1.0, 64.0, 8192.0]
    for layout, share in (
        (Layout(), 1.0),
        (Layout(tp=8), 1.0),
        (Layout(tp=8, ep=8), 1.0),
        (Layout(dp=8, ep=8), 8.0),
    ):
        more = terms(n, MOE, layout, e).fixed_s - terms(n, MOE, layout).fixed_s
        even = np.array(n) * 4 * 9 * 1e-8 / share
        assert (more >= even * (1 - 1e-12)).all()
        assert more[-1] == pytest.approx(even[-1], rel=0.05)
    assert (terms(n, LLAMA, Layout(), e).fixed_s == terms(n, LLAMA, Layout()).fixed_s).all()


def test_copies_that_ranks_exchange_cost_every_rank_alike_whosever_tokens_they_are() -> None:
    e = replace(IDEAL, sent_copy_s=1e-8)
    n = [1.0, 64.0, 8192.0]
    for layout in (Layout(dp=8, ep=8), Layout(dp=8), Layout(tp=2, dp=4, ep=8)):
        more = terms(n, MOE, layout, e).fixed_s - terms(n, MOE, layout).fixed_s
        even = np.array(n) * 4 * 9 * 1e-8 / layout.dp
        assert (more >= even * (1 - 1e-12)).all()
        assert more[-1] == pytest.approx(even[-1], rel=0.05)
    for layout in (Layout(), Layout(tp=8), Layout(tp=8, ep=8)):
        assert (terms(n, MOE, layout, e).fixed_s == terms(n, MOE, layout).fixed_s).all()


def test_small_all_reduce_is_one_step_and_never_slower_than_the_fabric() -> None:
    from clustersim.fabric.collectives import collective_time

    size = np.array([1e3, 1e6, 1e9])
    ours = small_all_reduce(size, 8, NET, 5e-6)
    general = collective_time("all_reduce", size, 8, local=8, network=NET).total_s
    assert (ours <= general + 1e-15).all()
    assert ours[0] == pytest.approx(5e-6, rel=0.01)


def test_fit_names_the_smallest_tp() -> None:
    with pytest.raises(InfeasibleError, match="smallest that fits is tp=4"):
        cache_tokens(LLAMA, Layout(), Precision(), CARD)
    room = cache_tokens(LLAMA, Layout(tp=4), Precision(), CARD)
    weights = weight_bytes_per_card(LLAMA, Layout(tp=4), Precision())
    assert room * kv_bytes_per_token(LLAMA, bytes_per_value=2.0, tp=4) <= 0.9 * 80e9 - weights


def test_quantised_cache_holds_twice_the_tokens() -> None:
    wide = cache_tokens(LLAMA, Layout(tp=8), FP8, CARD)
    assert cache_tokens(LLAMA, Layout(tp=8), replace(FP8, cache="fp8"), CARD) == pytest.approx(
        2 * wide, abs=2
    )


def test_missing_peak_is_an_error_not_a_guess() -> None:
    with pytest.raises(InputError, match="no int8 peak"):
        terms([1.0], precision=Precision("int8", "int8"))


def test_speculation_mean_tokens() -> None:
    assert tokens_per_step((1.0,) * 3) == 4.0
    assert tokens_per_step((0.5, 0.5)) == pytest.approx(1.75)
    with pytest.raises(InputError, match="probability"):
        tokens_per_step((1.5,))


@pytest.mark.parametrize("bad", [{"tp": 0}, {"tp": 4, "ep": 3}])
def test_bad_layouts(bad) -> None:
    with pytest.raises(InputError):
        Layout(**bad)
