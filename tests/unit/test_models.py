"""The model language: parameters, cache and operations of every kind of layer, by hand where a hand can follow."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest

from clustersim.assemble.software import constants_kind, fitted
from clustersim.errors import InputError
from clustersim.perf.formats import WeightFormats
from clustersim.perf.mixer_parts import Indexer
from clustersim.perf.mixers import Attention, Compressed, Latent, LayerGroup, Linear, NoMixer, StateSpace
from clustersim.perf.model import Model
from clustersim.perf.serving_work import (
    attention_work,
    cache_bytes,
    kv_bytes_per_sequence,
    kv_bytes_per_token,
    not_modelled,
)
from clustersim.schema.find_software import load_software
from clustersim.schema.lookup import known_names
from clustersim.schema.model_engine import model_spec
from clustersim.schema.models import ModelProfile
from clustersim.schema.profiles import load_model, load_profile

ROOT = Path(__file__).resolve().parents[2]
PLAIN = {
    "name": "m", "layers": 4, "hidden": 64, "heads": 8, "kv_heads": 2, "head_dim": 8, "ffn_hidden": 128, "gated": True,
    "vocab": 100,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _from_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUSTERSIM_PATH", str(ROOT))


def model(*groups: tuple[int, object], **more: object) -> Model:
    layers = sum(count for count, _ in groups)
    return Model(**(PLAIN | {"layers": layers} | more), mixers=tuple(LayerGroup(n, m) for n, m in groups))  # type: ignore[arg-type]


def shipped(name: str) -> Model:
    return model_spec(load_model(name))


FULL = Attention(heads=8, kv_heads=2, head_dim=8)
WINDOW = Attention(heads=8, kv_heads=2, head_dim=8, window=16)
LINEAR = Linear(key_heads=2, value_heads=4, key_dim=16, value_dim=8, conv=4)
SPACE = StateSpace(heads=4, head_dim=8, state=16, groups=2, conv=4)


def test_one_kind_is_the_plain_model() -> None:
    assert Model(**PLAIN).parameters == model((4, FULL)).parameters
    assert Model(**PLAIN).flops_per_token(512) == model((4, FULL)).flops_per_token(512)


@pytest.mark.parametrize(
    ("mixer", "params"),
    [
        (FULL, 64 * (64 + 2 * 16 + 64)),
        (Attention(heads=8, kv_heads=2, head_dim=8, gate="elementwise"), 64 * (64 + 2 * 16 + 64 + 64)),
        (Attention(heads=8, kv_heads=2, head_dim=8, gate="per_head"), 64 * (64 + 2 * 16 + 64 + 8)),
        (Attention(heads=8, kv_heads=2, head_dim=8, keys_are_values=True), 64 * (64 + 16 + 64)),
        (Attention(heads=8, kv_heads=2, head_dim=8, cache_of_another=True), 64 * (64 + 64)),
        (Attention(heads=8, kv_heads=2, head_dim=12, v_head_dim=8), 64 * (96 + 2 * 12 + 2 * 8 + 64)),
        (LINEAR, 64 * (96 + 32) + 4 * 96 + 64 * (32 + 2 * 4)),
        (SPACE, 64 * (32 + 96 + 4) + 4 * 96 + 32 * 64),
        (NoMixer(), 0),
    ],
)
def test_parameters_of_a_layer(mixer: object, params: float) -> None:
    assert mixer.params(64) == params  # type: ignore[attr-defined]


def test_cache_of_windows_stops_and_of_states_never_grows() -> None:
    mixed = model((2, WINDOW), (1, FULL), (1, LINEAR))
    row = 2 * 2 * 8 * 2.0
    state = 4 * 16 * 8 * 4 + 3 * 96 * 2
    for tokens in (1, 15, 16, 17, 1000):
        assert cache_bytes(mixed, tokens, bytes_per_value=2.0) == row * (2 * min(tokens, 16) + tokens) + state
    assert kv_bytes_per_token(mixed, bytes_per_value=2.0) == row
    assert kv_bytes_per_sequence(mixed, bytes_per_value=2.0) == 2 * row * 16 + state


def test_shared_cache_is_read_and_not_kept() -> None:
    other = Attention(heads=8, kv_heads=2, head_dim=8, cache_of_another=True)
    assert kv_bytes_per_token(model((2, FULL), (2, other)), bytes_per_value=2.0) == 2 * 64.0
    assert model((2, FULL), (2, other)).score_width == model((4, FULL)).score_width


def test_an_indexer_selects_what_is_read_and_keeps_its_own_keys() -> None:
    latent = Latent(
        heads=8, q_lora_rank=32, kv_lora_rank=16, qk_nope_head_dim=8, qk_rope_head_dim=4, v_head_dim=8,
        indexer=Indexer(heads=4, head_dim=8, top_k=64),
    )  # fmt: skip
    sparse = model((1, latent))
    assert kv_bytes_per_token(sparse, bytes_per_value=2.0) == 2 * (16 + 4 + 8)
    keys, scores = attention_work(sparse, 1000, bytes_per_value=2.0)
    assert keys.bytes.per_token == 0
    assert keys.bytes.per_sequence == 64 * 2 * 20
    assert scores.bytes.per_token == 2 * 8
    whole = attention_work(sparse, 32, bytes_per_value=2.0)[0]
    assert whole.bytes.per_token == 2 * 20, "below its selection a query reads everything"
    taken_over = Latent(
        heads=8, q_lora_rank=32, kv_lora_rank=16, qk_nope_head_dim=8, qk_rope_head_dim=4, v_head_dim=8,
        indexer=Indexer(heads=4, head_dim=8, top_k=64, own=False),
    )  # fmt: skip
    assert kv_bytes_per_token(model((1, taken_over)), bytes_per_value=2.0) == 2 * 20
    assert latent.params(64) - taken_over.params(64) == 32 * 32 + 64 * (8 + 4)


def test_compressed_entries_stand_for_many_tokens() -> None:
    far = Compressed(heads=4, head_dim=16, q_lora_rank=8, o_lora_rank=4, o_groups=2, window=32, ratio=4,
                     indexer=Indexer(heads=2, head_dim=8, top_k=10))  # fmt: skip
    one = model((1, far))
    assert kv_bytes_per_token(one, bytes_per_value=2.0) == (16 + 8) * 2 / 4
    assert kv_bytes_per_sequence(one, bytes_per_value=2.0) == 32 * 16 * 2
    assert [part.reach for part in far.parts] == [32, 40, inf]


def test_tensor_parallelism_splits_heads_and_copies_the_rest() -> None:
    wide = model((2, FULL))
    assert kv_bytes_per_token(wide, bytes_per_value=2.0, tp=2) == 64
    assert kv_bytes_per_token(wide, bytes_per_value=2.0, tp=8) == 64, "two kv heads are copied to eight cards"
    states = model((1, LINEAR))
    one, four = (kv_bytes_per_sequence(states, bytes_per_value=2.0, tp=tp) for tp in (1, 4))
    assert four == 4 * 16 * 8 * 4 / 4 + 3 * 96 * 2 / 2 < one


def test_formats_by_group_give_the_size_of_the_published_files() -> None:
    mixed = WeightFormats(experts="mxfp4")
    moe = Model(**PLAIN, experts=4, experts_per_token=2, expert_ffn_hidden=32, moe_layers=4, formats=mixed)
    p = moe.parameter_groups
    assert moe.weight_bytes == pytest.approx(2 * (p.total - p.experts) + p.experts * 4.25 / 8)
    assert shipped("gpt-oss-120b").weight_bytes / 1e9 == pytest.approx(65.2, rel=0.02)
    with pytest.raises(InputError, match="no known format"):
        WeightFormats(experts="banana")


def test_experts_of_another_width_and_on_latents() -> None:
    latents = Model(**PLAIN, experts=4, experts_per_token=2, expert_ffn_hidden=32, moe_layers=4, shared_experts=1,
                    shared_ffn_hidden=48, expert_hidden=16)  # fmt: skip
    p = latents.parameter_groups
    assert p.experts == 4 * 4 * 3 * 16 * 32
    assert p.shared == 4 * 3 * 64 * 48
    assert p.router == 4 * (64 * 4 + 2 * 64 * 16)
    assert p.total == latents.parameters


def test_blocks_of_one_thing_each() -> None:
    blocks = model((3, SPACE), (1, FULL), (4, NoMixer()), experts=4, experts_per_token=2, expert_ffn_hidden=32,
                   moe_layers=3, ffn_free_layers=4)  # fmt: skip
    assert blocks.dense_layers == 1
    assert blocks.parameter_groups.attention == 3 * SPACE.params(64) + FULL.params(64)


@pytest.mark.parametrize(
    ("name", "token", "sequence"),
    [
        ("gpt-oss-120b", 36_864, 4.5 * 2**20),
        ("qwen3.5-35b-a3b", 20_480, 30 * (32 * 128 * 128 * 4 + 3 * 8192 * 2)),
        ("deepseek-v3", 70_272, 0),
        ("deepseek-v3.2", 61 * (576 + 128) * 2, 0),
        ("glm-5.2", 78 * 576 * 2 + 21 * 128 * 2, 0),
        ("llama3.1-8b", 131_072, 0),
        ("deepseek-v4-pro", 30 * (512 + 128) * 2 / 4 + 31 * 512 * 2 / 128, 61 * 128 * 512 * 2),
    ],
)
def test_shipped_caches_to_the_byte(name: str, token: float, sequence: float) -> None:
    assert kv_bytes_per_token(shipped(name), bytes_per_value=2.0) == token
    assert kv_bytes_per_sequence(shipped(name), bytes_per_value=2.0) == sequence


def test_a_million_tokens_of_compressed_attention() -> None:
    held = cache_bytes(shipped("deepseek-v4-pro"), 2**20, bytes_per_value=2.0)
    assert held / 2**30 == pytest.approx(9.62, abs=0.01)


@pytest.mark.parametrize("name", known_names("hwprofiles/models"))
def test_dimensions_add_up_to_what_the_makers_state(name: str) -> None:
    profile = load_model(name)
    stated = profile.published.parameters
    if stated is None:
        pytest.skip("its makers' count is in test_profiles_data.py or not public")
    built = model_spec(profile)
    # Makers count extra prediction layers in or out.
    nearest = min(
        (built.parameters, built.parameters + built.prediction_parameters),
        key=lambda n: abs(n - stated.value),
    )
    assert nearest == pytest.approx(stated.value, rel=0.015)


def test_what_was_never_calibrated_is_not_called_so() -> None:
    vllm = load_software("vllm-0.9")
    assert fitted(vllm, "H100", shipped("llama3.1-70b"), "fp8")
    assert fitted(vllm, "H200", shipped("deepseek-v3"), "fp8")
    assert fitted(vllm, "H200", shipped("gpt-oss-120b"), "bf16")
    for name in ("qwen3.5-35b-a3b", "deepseek-v3.2", "nemotron-3-nano-30b-a3b"):
        assert not fitted(vllm, "H200", shipped(name), "fp8"), name
        assert any("engine constants" in text for text in not_modelled(shipped(name)))
    assert not fitted(vllm, "L4", shipped("llama3.1-70b"), "fp8")
    assert constants_kind(shipped("deepseek-v3.2"), "fp8") == "mla_sparse"
    assert not_modelled(shipped("llama3.1-70b")) == ()


GOOD = """kind: model
name: NAME
source: synthetic
tier: given
layers: 6
hidden: 64
heads: 8
kv_heads: 2
head_dim: 8
ffn_hidden: 128
gated: true
vocab: 100
max_seq_len: 512
attention:
  pattern: linear*2 full
  kinds:
    full: {kind: full}
    linear: {kind: linear, key_heads: 2, value_heads: 4, key_dim: 16, value_dim: 8}
moe: {experts: 8, experts_per_token: 2, expert_ffn_hidden: 32, moe_layers: 6}
"""


def read(tmp_path: Path, text: str) -> ModelProfile:
    file = tmp_path / "NAME.yaml"
    file.write_text(text, encoding="utf-8")
    profile = load_profile("models", str(file))
    assert isinstance(profile, ModelProfile)
    return profile


def test_a_pattern_is_repeated_to_the_number_of_layers(tmp_path: Path) -> None:
    profile = read(tmp_path, GOOD)
    assert profile.layer_kinds == ("linear", "linear", "full") * 2
    assert {g.mixer.kind: g.layers for g in model_spec(profile).groups} == {"full": 2, "linear": 4}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("moe_layers: 6", "moe_layers: 7", ["moe.moe_layers=7", "layers=6"]),
        ("kv_heads: 2", "kv_heads: 3", ["heads=8", "kv_heads=3"]),
        ("experts_per_token: 2", "experts_per_token: 9", ["experts_per_token=9", "experts=8"]),
        (
            "expert_ffn_hidden: 32,",
            "expert_ffn_hidden: 32, router_groups: 3,",
            ["router_groups=3", "experts=8"],
        ),
        ("linear*2 full", "linear*3 full", ["4 layers", "layers=6"]),
        ("linear*2 full", "linear*2 fill", ["'fill'", "full"]),
        ("linear*2 full", "linear", ["attention.kinds.full", "no layer"]),
        ("linear*2 full", "linear*2 (full", ["not closed"]),
        ("full: {kind: full}", "full: {kind: window, window: 0}", ["window"]),
        ("full: {kind: full}", "full: {kind: latent}", ["mla is missing"]),
        ("value_heads: 4", "value_heads: 3", ["value_heads=3", "key_heads=2"]),
        (
            "layers: 6\nhidden",
            "layers: 6\nffn_free_layers: 1\nhidden",
            ["moe_layers=6", "ffn_free_layers=1", "layers=6"],
        ),
    ],
)
def test_what_does_not_fit_together_is_named_on_both_sides(
    tmp_path: Path, old: str, new: str, said: list[str]
) -> None:
    assert old in GOOD
    with pytest.raises(InputError) as error:
        read(tmp_path, GOOD.replace(old, new, 1))
    for words in said:
        assert words in str(error.value)


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, GOOD.replace("moe_layers: 6", "moe_layers: 60").replace("kv_heads: 2", "kv_heads: 3"))
    assert "moe_layers=60" in str(error.value) and "kv_heads=3" in str(error.value)
