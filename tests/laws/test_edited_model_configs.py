"""Edited configurations: whatever a key is given, the model is read or refused; lists and positions fit the layers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from published_configs import PUBLISHED

from clustersim.errors import InputError
from clustersim.schema.imports.model import read_model_config
from clustersim.schema.models import ModelProfile

_FILE = Path("Org--Some-Model_config.json")
_READABLE = [name for name, (total, _) in PUBLISHED.items() if not isinstance(total, str)]
_HOSTILE: list[Any] = [
    "61",
    61.5,
    True,
    False,
    None,
    [],
    {},
    -1,
    0,
    10**30,
    "banana",
    [1, 2],
    {"a": 1},
    [[]],
    [None],
    "a,b",
]
#: Keys of lists and sections that few published files have, with which every reader is met.
_RARE = (
    "linear_attn_config", "attention_other_setting", "mlp_only_layers", "moe_layers_enum", "moe_layer_freq",
    "is_moe_layer", "mlp_layer_types", "indexer_types", "no_rope_layers", "no_rope_layer_interval", "compress_ratios",
    "layer_types", "hybrid_override_pattern", "sliding_window", "num_kv_shared_layers", "cla_share_factor",
    "text_config", "thinker_config", "vision_config", "quantization_config", "decoder_sparse_step", "first_k_dense_replace",
)  # fmt: skip


def made(config: dict[str, Any]) -> ModelProfile | None:
    """The model; None where it is refused, once in every word."""
    try:
        return read_model_config(_FILE, json.dumps(config))
    except InputError as error:
        assert error.problems and len(set(error.problems)) == len(error.problems)
        return None


def places(config: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for key, value in config.items():
        yield (key,)
        if isinstance(value, dict):
            yield from ((key, *rest) for rest in places(value))


def put(config: dict[str, Any], place: tuple[str, ...], value: Any) -> dict[str, Any]:
    key, *rest = place
    return config | {key: put(config[key], tuple(rest), value) if rest else value}


def edits(config: dict[str, Any]) -> list[dict[str, Any]]:
    keys = [*places(config), *((key,) for key in _RARE if key not in config)]
    inner = [("quantization_config", key) for key in ("ignore", "config_groups", "quantized_layers")]
    config = {"quantization_config": {"quant_method": "fp8"}} | config
    return [put(config, place, value) for place in [*keys, *inner] for value in _HOSTILE]


@pytest.mark.parametrize("name", random.Random(16).sample(_READABLE, 8))
def test_any_value_is_read_or_refused(name: str) -> None:
    for edited in random.Random(name).sample(edits(PUBLISHED[name][1]), 40):
        made(edited)


@pytest.mark.full
@pytest.mark.parametrize("name", _READABLE)
def test_any_value_of_any_is_read_or_refused(name: str) -> None:
    for edited in edits(PUBLISHED[name][1]):
        made(edited)


_MIXED: dict[str, Any] = {
    "model_type": "deepseek_v3", "num_hidden_layers": 6, "hidden_size": 256, "num_attention_heads": 8,
    "num_key_value_heads": 8, "kv_lora_rank": 64, "q_lora_rank": None, "qk_nope_head_dim": 32, "qk_rope_head_dim": 16,
    "v_head_dim": 32, "intermediate_size": 512, "moe_intermediate_size": 128, "n_routed_experts": 16,
    "num_experts_per_tok": 2, "n_shared_experts": 1, "vocab_size": 1000, "hidden_act": "silu",
    "max_position_embeddings": 4096, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "whole", "bad"),
    [
        ("moe_layer_freq", [0, *[1] * 5], [2] * 6), ("mlp_layer_types", ["dense", *["sparse"] * 5], ["banana"] * 6),
        ("layer_types", ["full_attention"] * 6, ["banana"] * 6), ("is_moe_layer", [False, *[True] * 5], ["x"] * 6),
        ("indexer_types", ["full"] * 6, ["banana"] * 6),
    ],
)  # fmt: skip
def test_lists_of_layers_state_every_layer_once(key: str, whole: list[Any], bad: list[Any]) -> None:
    """Too short was read as not there, and too long as its beginning: neither says what the layers are."""
    config = _MIXED | {"first_k_dense_replace": 0}
    assert made(config | {key: whole})
    for wrong in (whole[:-1], whole[:1], whole * 2, bad):
        assert made(config | {key: wrong}) is None, wrong


@pytest.mark.parametrize("key", ["moe_layers_enum", "mlp_only_layers"])
def test_layers_that_are_not_there_are_refused(key: str) -> None:
    config = _MIXED | {"first_k_dense_replace": 0}
    assert made(config | {key: [1, 5]}) and made(config | {key: "1,5"}) == made(config | {key: [1, 5]})
    for wrong in ([6], [-1], "1,x", [True], 3):
        assert made(config | {key: wrong}) is None, wrong


def test_groups_of_weights_have_the_formats_of_their_own_groups() -> None:
    """The first group's format was taken for all modules, whatever it targets."""

    def formats(groups: list[dict[str, Any]], **more: Any) -> dict[str, str]:
        section = {
            "quant_method": "compressed-tensors",
            "config_groups": {f"g{i}": g for i, g in enumerate(groups)},
        }
        found = made(_MIXED | {"first_k_dense_replace": 1, "quantization_config": section | more})
        assert found is not None
        return {k: v for k, v in found.formats.model_dump().items() if v != "bf16"}

    four = {"targets": [r"re:.*mlp\.experts\..*"], "weights": {"num_bits": 4, "type": "int"}}
    eight = {"targets": ["Linear"], "weights": {"num_bits": 8, "type": "float"}}
    rest = {"attention": "fp8", "dense": "fp8", "shared": "fp8"}
    assert formats([four]) == {"experts": "int4"}
    assert formats([four, eight]) == formats([eight, four]) == rest | {"experts": "int4"}
    assert formats([eight, four], ignore=["re:.*self_attn.*"]) == {
        "dense": "fp8",
        "shared": "fp8",
        "experts": "int4",
    }
    assert formats([eight]) == rest | {"experts": "fp8"}
