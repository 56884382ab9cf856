"""Published configurations become model files or say what they cannot; every configuration here is invented."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clustersim.errors import InputError
from clustersim.perf.serving_work import kv_bytes_per_sequence, kv_bytes_per_token
from clustersim.schema.imports.registry import ImportOptions, import_file, profile_text
from clustersim.schema.model_engine import model_spec
from clustersim.schema.models import ModelProfile
from clustersim.schema.profiles import load_profile

PLAIN: dict[str, Any] = {
    "architectures": ["InventedForCausalLM"], "model_type": "invented", "num_hidden_layers": 8, "hidden_size": 64,
    "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 8, "intermediate_size": 160, "vocab_size": 1000,
    "max_position_embeddings": 4096, "hidden_act": "silu", "tie_word_embeddings": False, "torch_dtype": "bfloat16",
    "rms_norm_eps": 1e-6, "rope_theta": 1e6, "bos_token_id": 1, "attention_dropout": 0.0, "use_cache": True,
}  # fmt: skip
EXPERTS = {"num_experts": 16, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
LATENT = {
    "kv_lora_rank": 16, "q_lora_rank": 24, "qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 8,
    "first_k_dense_replace": 1, "n_routed_experts": 16, "num_experts_per_tok": 2, "moe_intermediate_size": 32,
    "n_shared_experts": 2, "n_group": 4, "topk_group": 2,
}  # fmt: skip


def read(tmp_path: Path, name: str = "Org--Some-Model_config.json", **more: Any) -> ModelProfile:
    file = tmp_path / name
    data = {k: v for k, v in (PLAIN | more).items() if v is not ...}
    file.write_text(json.dumps(data), encoding="utf-8")
    made = import_file(file)
    assert isinstance(made.content, ModelProfile)
    return made.content


def refused(tmp_path: Path, **more: Any) -> str:
    with pytest.raises(InputError) as error:
        read(tmp_path, **more)
    return str(error.value)


def per_token(profile: ModelProfile) -> float:
    return kv_bytes_per_token(model_spec(profile), bytes_per_value=2.0)


def per_sequence(profile: ModelProfile) -> float:
    return kv_bytes_per_sequence(model_spec(profile), bytes_per_value=2.0)


ROW = 2 * 2 * 8 * 2.0


def test_a_dense_model_says_where_it_comes_from(tmp_path: Path) -> None:
    profile = read(tmp_path)
    assert (profile.name, profile.aliases) == ("some-model", ("Org/Some-Model",))
    assert profile.source == "Org/Some-Model config.json" and profile.tier == "published"
    assert profile.attention is None and profile.moe is None
    blocks = 8 * (64 * (64 + 2 * 16 + 64) + 3 * 64 * 160)
    assert model_spec(profile).parameters == blocks + 2 * 64_000


def test_the_file_that_is_written_reads_back_the_same(tmp_path: Path) -> None:
    windows = {"layer_types": ["sliding_attention", "full_attention"] * 4, "sliding_window": 16}
    for more in ({}, EXPERTS, LATENT, windows):
        profile = read(tmp_path, **more)
        file = tmp_path / f"{profile.name}.yaml"
        file.write_text(profile_text(profile), encoding="utf-8")
        again = load_profile("models", str(file))
        assert isinstance(again, ModelProfile)
        assert model_spec(again) == model_spec(profile)


@pytest.mark.parametrize(
    "more",
    [
        {"layer_types": (["sliding_attention"] * 3 + ["full_attention"]) * 2, "sliding_window": 16},
        {"sliding_window": 16, "sliding_window_pattern": 4},
        {"sliding_window": 16, "sliding_window_pattern": "LLLG"},
        {"sliding_window_size": 16, "hybrid_layer_pattern": [1, 1, 1, 0] * 2},
        {"attention_chunk_size": 16, "model_type": "llama4", "intermediate_size_mlp": 160},
        {"attention_chunk_size": 16, "no_rope_layers": [1, 1, 1, 0] * 2},
    ],
)
def test_windows_by_whichever_field_states_them(tmp_path: Path, more: dict[str, Any]) -> None:
    profile = read(tmp_path, **more)
    assert per_token(profile) == 2 * ROW
    assert per_sequence(profile) == 6 * ROW * 16


def test_windows_that_are_switched_off_are_none(tmp_path: Path) -> None:
    assert read(tmp_path, sliding_window=16, use_sliding_window=False, max_window_layers=4).attention is None
    assert read(tmp_path, sliding_window=None).attention is None
    on = read(tmp_path, sliding_window=16, use_sliding_window=True, max_window_layers=6)
    assert per_token(on) == 6 * ROW and per_sequence(on) == 2 * ROW * 16


def test_windows_and_global_layers_may_have_heads_of_their_own(tmp_path: Path) -> None:
    profile = read(
        tmp_path, hybrid_layer_pattern=[0, 1] * 4, sliding_window=16, swa_num_attention_heads=8,
        swa_num_key_value_heads=4, swa_head_dim=8, swa_v_head_dim=4, v_head_dim=4,
    )  # fmt: skip
    assert per_token(profile) == 4 * 2 * 12 * 2
    assert per_sequence(profile) == 4 * 4 * 12 * 2 * 16
    wide = read(
        tmp_path, layer_types=["sliding_attention", "full_attention"] * 4, sliding_window=16, global_head_dim=16,
        num_global_key_value_heads=1, attention_k_eq_v=True,
    )  # fmt: skip
    assert per_token(wide) == 4 * 2 * 16 * 2


@pytest.mark.parametrize(
    "more",
    [
        {"full_attention_interval": 4},
        {"layer_types": (["linear_attention"] * 3 + ["full_attention"]) * 2, "full_attention_interval": 4},
    ],
)
def test_linear_layers_keep_a_state(tmp_path: Path, more: dict[str, Any]) -> None:
    linear = {"linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 16,
              "linear_value_head_dim": 8, "linear_conv_kernel_dim": 4, "mamba_ssm_dtype": "float32"}  # fmt: skip
    profile = read(tmp_path, **linear, **more)
    assert per_token(profile) == 2 * ROW
    assert per_sequence(profile) == 6 * (4 * 16 * 8 * 4 + 3 * 96 * 2)


def test_a_pattern_of_single_blocks(tmp_path: Path) -> None:
    profile = read(
        tmp_path, hybrid_override_pattern="MEM*-EME", mamba_num_heads=4, mamba_head_dim=8, ssm_state_size=16,
        n_groups=2, conv_kernel=4, n_routed_experts=16, num_experts_per_tok=2, moe_intermediate_size=32,
        moe_latent_size=16, n_shared_experts=1, moe_shared_expert_intermediate_size=48, mlp_hidden_act="relu2",
        hidden_act=...,
    )  # fmt: skip
    model = model_spec(profile)
    assert profile.gated is False and profile.moe is not None
    assert (profile.moe.moe_layers, model.dense_layers, profile.ffn_free_layers) == (3, 1, 4)
    assert (profile.moe.expert_hidden, profile.moe.shared_ffn_hidden) == (16, 48)
    assert per_token(profile) == ROW


@pytest.mark.parametrize(
    ("more", "mixed"),
    [
        ({}, 8),
        ({"first_k_dense_replace": 3, "moe_layer_freq": 1}, 5),
        ({"moe_layer_freq": [0] + [1] * 7}, 7),
        ({"mlp_layer_types": ["dense", "dense"] + ["sparse"] * 6}, 6),
        ({"decoder_sparse_step": 2, "mlp_only_layers": [1]}, 3),
        ({"interleave_moe_layer_step": 2}, 4),
        ({"moe_layers_enum": "2,3,4"}, 3),
        ({"is_moe_layer": [False, True] * 4}, 4),
        ({"num_dense_layers": 2}, 6),
        ({"moe_layer_start_index": 2, "moe_layer_end_index": 6, "moe_layer_interval": 1}, 5),
    ],
)
def test_which_layers_are_mixtures(tmp_path: Path, more: dict[str, Any], mixed: int) -> None:
    profile = read(tmp_path, **EXPERTS, **more)
    assert profile.moe is not None and profile.moe.moe_layers == mixed


@pytest.mark.parametrize(
    ("more", "shared"),
    [
        ({"shared_expert_intermediate_size": 48}, 48),
        ({"n_shared_experts": 2}, 64),
        ({"num_shared_expert": [1] * 8, "moe_topk": [2] * 8, "use_mixed_mlp_moe": True}, 32),
        ({"shared_intermediate_size": 0}, 0),
        ({"model_type": "llama4", "intermediate_size_mlp": 160}, 32),
        ({"enable_moe_block": True}, 160),
    ],
)
def test_shared_experts_and_their_width(tmp_path: Path, more: dict[str, Any], shared: int) -> None:
    assert model_spec(read(tmp_path, **EXPERTS, **more)).shared_width == shared


def test_latent_attention_groups_and_prediction_layers(tmp_path: Path) -> None:
    profile = read(tmp_path, **LATENT, num_nextn_predict_layers=1)
    assert profile.mla is not None and profile.moe is not None and profile.prediction is not None
    assert (profile.moe.router_groups, profile.moe.groups_per_token) == (4, 2)
    assert per_token(profile) == 8 * 20 * 2
    sparse = read(tmp_path, **LATENT, index_topk=64, index_n_heads=4, index_head_dim=8,
                  indexer_types=["full", "shared"] * 4)  # fmt: skip
    assert per_token(sparse) == 8 * 20 * 2 + 4 * 8 * 2


def test_compressed_attention_by_layer(tmp_path: Path) -> None:
    profile = read(
        tmp_path, compress_ratios=[128, 4] * 4 + [0], sliding_window=16, q_lora_rank=24, o_lora_rank=8, o_groups=2,
        index_topk=64, index_n_heads=4, index_head_dim=8, num_key_value_heads=1, qk_rope_head_dim=4, hc_mult=4,
        num_nextn_predict_layers=1, **EXPERTS, num_hash_layers=2,
    )  # fmt: skip
    assert per_token(profile) == 4 * 8 * 2 / 128 + 4 * (8 + 8) * 2 / 4
    assert per_sequence(profile) == 8 * 8 * 2 * 16
    assert profile.residual_streams == 4 and any("hash" in text for text in profile.not_modelled)
    assert "compress_ratios" in refused(tmp_path, compress_ratios=[3] * 8, sliding_window=16)


def test_the_text_part_of_a_model_of_many_senses(tmp_path: Path) -> None:
    text = {k: v for k, v in PLAIN.items() if k not in {"architectures", "tie_word_embeddings"}}
    vision = {"depth": 2, "hidden_size": 16, "intermediate_size": 32, "patch_size": 4}
    file = tmp_path / "config.json"
    outer = {
        "model_type": "seeing",
        "text_config": text,
        "vision_config": vision,
        "tie_word_embeddings": True,
        "image_token_id": 7,
    }
    file.write_text(json.dumps(outer), encoding="utf-8")
    profile = import_file(file, "model", ImportOptions(name="seeing")).content
    assert profile.tied_embeddings is True and profile.name == "seeing"
    assert any("vision" in text for text in profile.not_modelled)
    assert profile.encoder_parameters.value == 2 * (4 * 256 + 2 * 16 * 32) + 16 * 48


@pytest.mark.parametrize(
    ("section", "formats"),
    [
        ({"quant_method": "fp8", "modules_to_not_convert": ["lm_head", "gate"]},
         {"attention": "fp8", "shared": "fp8", "experts": "fp8"}),
        ({"quant_method": "mxfp4", "modules_to_not_convert": ["model.layers.*.self_attn", "lm_head"]},
         {"experts": "mxfp4"}),
        ({"quant_algo": "NVFP4", "quant_method": "modelopt",
          "ignore": ["lm_head", *(f"model.layers.{i}.self_attn*" for i in range(8))]},
         {"shared": "nvfp4", "experts": "nvfp4"}),
        ({"quant_method": "compressed-tensors", "ignore": ["re:.*self_attn.*", "re:.*shared_experts.*"],
          "config_groups": {"g": {"weights": {"num_bits": 4, "type": "int", "group_size": 32}}}}, {"experts": "int4"}),
        ({"quant_algo": "MIXED_PRECISION", "quantized_layers": {
            "model.layers.0.self_attn.q_proj": {"quant_algo": "FP8"},
            "model.layers.0.mlp.experts": {"quant_algo": "NVFP4"},
         }}, {"attention": "fp8", "experts": "nvfp4"}),
    ],
)  # fmt: skip
def test_formats_by_group_of_weights(
    tmp_path: Path, section: dict[str, Any], formats: dict[str, str]
) -> None:
    profile = read(tmp_path, **EXPERTS, n_shared_experts=1, quantization_config=section)
    assert profile.formats.model_dump(exclude_defaults=True) == formats


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"novel_block_depth": 3}, "novel_block_depth"),
        ({"use_parallel_worlds": True}, "use_parallel_worlds"),
        ({"attn_layer_period": 4, "attn_layer_offset": 1}, "attn_layer_period"),
        ({"sparse_attention_config": {"blocks": 4}}, "sparse_attention_config"),
        ({"layer_types": ["conv"] * 8}, "'conv'"),
        ({"layer_types": ["full_attention"] * 3}, "3 layers of 8"),
        ({"sliding_window": 16}, "sliding_window"),
        ({"hidden_act": "gelu"}, "gate"),
        ({"hidden_act": "gelu_pytorch_tanh"}, "gate"),
        ({"linear_attn_config": {"num_heads": 8, "full_attn_layers": [4, 8]}}, "linear_attn_config"),
        ({"vocab_size": ...}, "vocab_size"),
        (
            EXPERTS | {"moe_intermediate_size": ..., "intermediate_size": ...},
            "intermediate_size: is needed and missing",
        ),
        ({"num_key_value_heads": [2, 4] * 4}, "num_key_value_heads"),
        ({"num_key_value_heads": 3}, "kv_heads=3"),
        ({"hidden_size_per_layer_input": 16}, "hidden_size_per_layer_input"),
        ({"kv_lora_rank": 16}, "qk_nope_head_dim"),
        (EXPERTS | {"num_experts_per_tok": 32}, "experts_per_token=32"),
        ({"quantization_config": {"quant_method": "mystery"}}, "quantization_config"),
    ],
)
def test_what_cannot_be_expressed_is_named(tmp_path: Path, more: dict[str, Any], key: str) -> None:
    assert key in refused(tmp_path, **more)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"tie_word_embeddings": "false"}, "tie_word_embeddings: must be true or false"),
        ({"tie_word_embeddings": 0}, "tie_word_embeddings: must be true or false"),
        ({"sliding_window": 16, "use_sliding_window": "false"}, "use_sliding_window: must be true or false"),
        ({"attn_output_gate": "no"}, "attn_output_gate: must be true or false"),
        ({"torch_dtype": "banana"}, "torch_dtype: 'banana'"),
        ({"dtype": "float32"}, "and torch_dtype 'bfloat16'"),
        (EXPERTS | {"num_local_experts": 8}, "num_experts=16 and num_local_experts=8"),
        ({"n_layers": 9}, "num_hidden_layers=8 and n_layers=9"),
        ({"layer_types": "full_attention"}, "layer_types: must be a list"),
        ({"hybrid_override_pattern": 4}, "hybrid_override_pattern: must be a text"),
        ({"quantization_config": "fp8"}, "quantization_config: must be a section"),
        ({"is_encoder_decoder": True}, "is_encoder_decoder: encoders with decoders"),
        ({"is_encoder_decoder": "no"}, "is_encoder_decoder: must be true or false"),
    ],
)
def test_a_value_of_another_kind_and_two_of_one_quantity_are_refused(
    tmp_path: Path, more: dict[str, Any], key: str
) -> None:
    assert key in refused(tmp_path, **more)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        (EXPERTS | {"moe_intermediate_size": ...}, "moe_intermediate_size: is needed"),
        (LATENT | {"q_lora_rank": ...}, "q_lora_rank: is needed"),
        (LATENT | {"n_shared_experts": ...}, "n_shared_experts: is needed"),
        (LATENT | {"first_k_dense_replace": ...}, "first_k_dense_replace: is needed"),
        (EXPERTS | {"model_type": "qwen3_5_moe"}, "shared_expert_intermediate_size: is needed"),
        ({"model_type": "qwen3", "head_dim": ...}, "head_dim: is needed"),
        ({"model_type": "gpt_oss", "head_dim": ...}, "head_dim: is needed"),
        ({"model_type": "mistral", "num_key_value_heads": ...}, "num_key_value_heads: is needed"),
        ({"hidden_act": "relu"}, "hidden_act: 'relu' does not say"),
    ],
)
def test_a_missing_key_that_no_rule_gives_is_needed(tmp_path: Path, more: dict[str, Any], key: str) -> None:
    assert key in refused(tmp_path, **more)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"num_key_value_heads": ...},
            "num_key_value_heads is not stated: 8, as many as heads, assumed, its arch",
        ),
        (
            {"head_dim": ..., "model_type": "llama"},
            "head_dim is not stated: 8, hidden_size over heads, as in the code",
        ),
        ({"torch_dtype": ...}, "torch_dtype is not stated"),
        ({}, "model_type 'invented' is no architecture that is known here"),
        ({"tie_word_embeddings": ...}, "untied, assumed, its architecture is not known"),
        ({"hidden_act": ...}, "a gated block, assumed, its architecture is not known"),
        (EXPERTS, "shared_expert_intermediate_size"),
    ],
)
def test_every_rule_that_stands_for_a_missing_key_is_said(
    tmp_path: Path, more: dict[str, Any], said: str
) -> None:
    assert said in " ".join(read(tmp_path, **more).notes)


@pytest.mark.parametrize("name", ["Org--Some-Model-FP8_config.json", "Org--Some-NVFP4_config.json"])
def test_a_name_of_a_format_that_the_file_does_not_state_is_said(tmp_path: Path, name: str) -> None:
    assert any("states no format" in note for note in read(tmp_path, name).notes)
    assert any("states no format" in note for note in read(tmp_path, name, quantization_config={}).notes)
    fp8 = read(tmp_path, name, quantization_config={"quant_method": "fp8"})
    assert not any("states no format" in note for note in fp8.notes)


def test_one_quantity_stated_twice_alike_is_one(tmp_path: Path) -> None:
    again = read(tmp_path, **EXPERTS, num_local_experts=16, dtype="bfloat16", n_layers=8)
    assert model_spec(again) == model_spec(read(tmp_path, **EXPERTS))


def test_a_format_that_holds_for_nothing_is_said(tmp_path: Path) -> None:
    profile = read(tmp_path, quantization_config={"quant_method": "mxfp4"})
    assert profile.formats == read(tmp_path).formats
    assert any("mxfp4 holds for no group of weights" in note for note in profile.notes)


def test_every_thing_that_cannot_be_expressed_comes_at_once_and_may_be_left_out(tmp_path: Path) -> None:
    text = refused(tmp_path, novel_depth=3, other_novelty=True)
    assert "novel_depth" in text and "other_novelty" in text
    file = tmp_path / "Org--Some-Model_config.json"
    profile = import_file(file, options=ImportOptions(ignored=("novel_depth", "other_novelty"))).content
    assert [text for text in profile.not_modelled if "left out on request" in text] == [
        "novel_depth=3: left out on request", "other_novelty=True: left out on request",
    ]  # fmt: skip


def test_switched_off_novelties_and_plain_texts_do_not_stop_an_import(tmp_path: Path) -> None:
    profile = read(
        tmp_path, novel_depth=0, other=None, third=False, fourth=[], motto="onwards", tie_word_embeddings=...
    )
    assert any("motto" in note for note in profile.notes)
    assert any("tie_word_embeddings is not stated" in note for note in profile.notes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"hidden_size": 1, "hidden_size": 2, "model_type": "x"}', "stands twice"),
        ("[1, 2]", "no kind"),
        ('{"ttft": 1}', "no kind"),
        ("kind: model", "no kind"),
        ('{"hidden_size": 1', "not valid JSON"),
        ("[" * 100_000, "JSON|nested"),
    ],
)
def test_files_of_no_known_kind(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        import_file(file)
    with pytest.raises(InputError, match="no such file"):
        import_file(tmp_path / "absent.json")
    with pytest.raises(InputError, match="did you mean"):
        import_file(file, "modle")
