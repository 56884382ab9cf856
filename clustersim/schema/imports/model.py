"""A model file from a published ``config.json``: what it expresses is read; what it cannot is named, never guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clustersim.errors import InputError
from clustersim.schema.base import validate
from clustersim.schema.imports.config import Config
from clustersim.schema.imports.encoders import encoder_parameters
from clustersim.schema.imports.experts import read_experts
from clustersim.schema.imports.formats import read_formats
from clustersim.schema.imports.known import need, not_stated, of_code, tied
from clustersim.schema.imports.layers import Layers, read_layers
from clustersim.schema.model_pattern import write_pattern
from clustersim.schema.models import MOST_LAYERS, ModelProfile
from clustersim.schema.yamlfile import Document

__all__ = ["is_model_config", "model_profile", "read_model_config"]

_LAYERS = ("num_hidden_layers", "n_layers", "num_layers", "n_layer")
_HIDDEN = ("hidden_size", "d_model", "n_embd", "n_embed", "dim")
_HEADS = ("num_attention_heads", "n_heads", "n_head")
_KV = ("num_key_value_heads", "num_attention_groups", "num_kv_heads", "n_kv_heads", "multi_query_group_num")
_FFN = ("intermediate_size_mlp", "intermediate_size", "ffn_hidden_size", "n_inner", "ffn_dim")
_LENGTH = (
    "max_position_embeddings", "max_seq_len", "seq_length", "n_positions", "max_sequence_length", "model_max_length",
)  # fmt: skip
_ACTIVATION = ("hidden_act", "hidden_activation", "mlp_hidden_act", "activation_function")
_GATED = {"silu", "swish", "swiglu", "geglu", "swigluoai"}
#: Activations that no gated block has; any other may stand in either kind of block.
_SQUARED = {"relu2", "squared_relu"}
_HEAD_DIM = ("head_dim", "attention_head_dim", "kv_channels")
_QUANTIZED = r"fp8|fp4|int4|int8|awq|gptq|w4a16|w8a8|w4a8"
#: Architectures whose code has no gate, whatever their activation.
_UNGATED = {"gpt2", "gptj", "gpt_neox", "gpt_bigcode", "starcoder2", "bloom", "falcon", "opt", "mpt"}


def is_model_config(data: Any) -> bool:
    """Tell whether a JSON object is a model's configuration.

    >>> is_model_config({"model_type": "llama", "hidden_size": 64}), is_model_config({"ttft": 1})
    (True, False)
    """
    if not isinstance(data, Mapping):
        return False
    data = data.get("thinker_config", data)
    inner = next((data[k] for k in ("text_config", "llm_config", "language_config") if k in data), data)
    return isinstance(inner, Mapping) and any(name in inner for name in _HIDDEN) and any(
        name in data or name in inner for name in ("model_type", "architectures", *_LAYERS)
    )  # fmt: skip


def read_model_config(
    path: Path, text: str, *, name: str = "", ignored: tuple[str, ...] = ()
) -> ModelProfile:
    """Return the checked profile of a configuration.

    Raises InputError with everything that the file does not say or that a model file cannot express.
    """
    data = json.loads(text)
    label, repository = _names(path, data, name)
    config = Config(str(path), data)
    plain = _profile(config, label, repository, ignored)
    if config.problems:
        raise InputError(
            f"{path}: {len(config.problems)} thing(s) that a model file cannot take over", config.problems
        )
    return model_profile(plain, str(path))


def model_profile(plain: Mapping[str, Any], file: str) -> ModelProfile:
    """Check a profile's plain values as a file's would be."""
    return validate(ModelProfile, Document(file, dict(plain), {}), require_source=True)


def _names(path: Path, data: Mapping[str, Any], name: str) -> tuple[str, str]:
    """Return the profile's name and the repository that the file's own name states."""
    stem = re.sub(r"[_.-]?config$", "", path.stem) or ""
    repository = stem.replace("--", "/") if "--" in stem else ""
    if name:
        return name, repository
    if not stem:
        stated = str(data.get("_name_or_path", "")).rstrip("/")
        stem = stated if stated else path.resolve().parent.name
        repository = stated if stated.count("/") == 1 else ""
    label = re.sub(r"[^a-z0-9.]+", "-", re.split(r"--|/", stem)[-1].lower()).strip("-.")
    if not label:
        raise InputError(f"{path}: nothing names the model; give --name")
    return label, repository


def _profile(config: Config, name: str, repository: str, ignored: tuple[str, ...]) -> dict[str, Any]:
    listed = config.data.get("layers_block_type") or config.data.get("hybrid_override_pattern")
    counted = len(listed) if isinstance(listed, list | str) and listed else None
    layers = config.number(*_LAYERS, default=counted, needed=True, most=MOST_LAYERS)
    # Where mixtures alternate with wider dense blocks, intermediate_size is the experts'.
    one_width = _FFN if config.data.get(_FFN[0]) is None else ()
    for names in (_LAYERS, _HIDDEN, _HEADS, _KV, _HEAD_DIM, one_width, ("vocab_size", "padded_vocab_size")):
        config.agree(*names)
    hidden, heads = config.number(*_HIDDEN, needed=True), config.number(*_HEADS, needed=True)
    head_dim = _head_dim(config, hidden, heads)
    prediction = _prediction(config)
    kinds = read_layers(config, layers, prediction)
    moe = read_experts(config, layers, kinds.moe)
    free = _ffn_free(kinds)
    mixed = moe["moe_layers"] if moe else 0
    dense = layers - mixed - free
    need(config, _FFN[0])
    width = config.number(
        *_FFN, default=moe.get("expert_ffn_hidden") if moe and dense <= 0 else None, needed=dense > 0
    )
    there = {"attention", "embedding", "head"} | ({"dense"} if dense > 0 else set())
    there |= ({"experts"} if moe else set()) | ({"shared"} if moe and moe.get("shared_experts") else set())
    formats = read_formats(config, layers, _first_mixed(config, layers, mixed), there)
    plain: dict[str, Any] = {
        "kind": "model", "name": name, "aliases": [repository] if repository else [],
        "source": f"{repository} config.json" if repository else f"{Path(config.file).name}",
        "tier": "published", "layers": layers, "hidden": hidden, "heads": heads,
        "kv_heads": _kv_heads(config, heads), "head_dim": head_dim, "ffn_hidden": width,
        "gated": _gated(config), "vocab": config.number("vocab_size", "padded_vocab_size", needed=True),
        "tied_embeddings": _tied(config), "max_seq_len": _longest(config),
    }  # fmt: skip
    plain |= _sections(kinds, layers, prediction)
    if moe:
        plain["moe"] = moe
    if free:
        plain["ffn_free_layers"] = free
    streams = config.number("hc_mult", default=1)
    if streams > 1:
        plain["residual_streams"] = streams
    if formats:
        plain["formats"] = formats
    said = re.search(_QUANTIZED, " ".join((name, repository, Path(config.file).name)), re.IGNORECASE)
    if said and not config.has_quantization:
        config.notes.append(
            f"the name says quantized ({said[0]}), the configuration states no format: formats are those of its dtype"
        )
    plain |= _other_senses(config)
    for key in ("is_encoder_decoder", "add_cross_attention"):
        if config.data.get(key) is not None and config.switch(key):
            config.problem(key, "encoders with decoders are not expressed by a model file")
    if kinds.order:
        # Where the layers are not known, what is theirs was not read either.
        config.leftovers(ignored)
    not_stated(config)
    plain["not_modelled"], plain["notes"] = list(config.not_modelled), list(config.notes)
    return {key: value for key, value in plain.items() if value not in ([], None)}


def _head_dim(config: Config, hidden: int, heads: int) -> int:
    """Width of a head: stated, or an equal part of the width where the architecture's code says so."""
    if not config.has("kv_lora_rank"):
        need(config, *_HEAD_DIM)
    equal = hidden // max(heads, 1)
    if not config.has(*_HEAD_DIM):
        config.notes.append(
            f"{_HEAD_DIM[0]} is not stated: {equal}, hidden_size over heads, {of_code(config)}"
        )
    return config.number(*_HEAD_DIM, default=equal or None)


def _kv_heads(config: Config, heads: int) -> int:
    """Heads of keys and values: stated, or as many as heads where the architecture's code says so."""
    if not config.has("kv_lora_rank"):
        need(config, *_KV)
    if not config.has(*_KV):
        config.notes.append(f"{_KV[0]} is not stated: {heads}, as many as heads, {of_code(config)}")
    return config.number(*_KV, default=heads or None)


def _longest(config: Config) -> int:
    """The longest text, under the usual name or another, which a note then gives."""
    other = next((name for name in _LENGTH if config.data.get(name) is not None), "")
    if other != _LENGTH[0] and other:
        config.notes.append(f"{_LENGTH[0]} is not stated: {other} is taken for the longest text")
    return config.number(*_LENGTH, needed=True)


def _ffn_free(kinds: Layers) -> int:
    """Layers that are mixers alone: where feed-forward blocks are layers of their own."""
    if kinds.moe is None or kinds.mlp is None:
        return 0
    return sum(not (mixed or dense) for mixed, dense in zip(kinds.moe, kinds.mlp, strict=True))


def _first_mixed(config: Config, layers: int, mixed: int) -> int | None:
    if not mixed:
        return None
    first = config.data.get("first_k_dense_replace")
    return first if isinstance(first, int) else max(0, layers - mixed) if layers - mixed <= 3 else 0


def _sections(kinds: Layers, layers: int, prediction: int) -> dict[str, Any]:
    """The attention and mla sections, and the extra prediction layers."""
    out: dict[str, Any] = {}
    guess = kinds.prediction if prediction else None
    if kinds.prediction and guess is None and kinds.prediction not in kinds.order:
        kinds.kinds.pop(kinds.prediction, None)
    if kinds.order and not kinds.plain:
        out["attention"] = {"pattern": write_pattern(_cycle(kinds.order)), "kinds": kinds.kinds}
    if kinds.mla:
        out["mla"] = kinds.mla
    if prediction:
        own = guess if guess and "attention" in out else None
        out["prediction"] = {"layers": prediction, **({"kind": own} if own else {})}
    return out


def _cycle(order: list[str]) -> list[str]:
    """The shortest piece whose repetition is the whole."""
    size = next(
        n for n in range(1, len(order) + 1) if len(order) % n == 0 and order[:n] * (len(order) // n) == order
    )
    return order[:size]


def _prediction(config: Config) -> int:
    """Extra prediction layers, with whichever field counts them."""
    count = config.number(
        "num_nextn_predict_layers", "mtp_num_hidden_layers", "mtp_num_layers", default=0, most=MOST_LAYERS
    )
    modules = config.number("num_mtp_modules", default=0) * config.number("mtp_transformer_layers", default=1)
    config.used.update({"use_mtp", "mtp_hybrid_override_pattern", "mtp_layers_block_type"})
    return count or (modules if config.switch("use_mtp", True) else 0)


def _gated(config: Config) -> bool:
    stated = str(config.take(*_ACTIVATION, default="") or "").lower()
    if config.model_type in _UNGATED or stated in _SQUARED:
        return False
    # Of the families that write it so, those with a gate call the field differently from those without.
    if stated in _GATED or (stated.startswith("gelu") and config.has("hidden_activation")):
        return True
    if not stated:
        config.notes.append(f"no activation ({_ACTIVATION[0]}) is stated: a gated block, {of_code(config)}")
        return True
    config.problem(_ACTIVATION[0], f"{stated!r} does not say whether the feed-forward block has a gate")
    return True


def _tied(config: Config) -> bool:
    stated, outer = config.data.get("tie_word_embeddings"), config.outer.get("tie_word_embeddings")
    config.used.add("tie_word_embeddings")
    if stated is not None and outer is not None and stated != outer:
        config.problem("tie_word_embeddings", f"is {outer} for the whole and {stated} for the text part")
    stated = outer if stated is None else stated
    if stated is None:
        both = tied(config)
        config.notes.append(f"tie_word_embeddings is not stated: {'tied' if both else 'untied'},"
                            f" {of_code(config, 'tie_word_embeddings')}")  # fmt: skip
        return both
    if not isinstance(stated, bool):
        config.problem("tie_word_embeddings", f"must be true or false, not {stated!r:.60}")
    return stated is True


def _other_senses(config: Config) -> dict[str, Any]:
    """Say which encoders the model has beside the text part, and how large the vision part is where it says so."""
    per_layer = config.number("hidden_size_per_layer_input", default=0)
    if per_layer:
        config.problem(
            "hidden_size_per_layer_input", "embeddings per layer are not expressed by a model file"
        )
    for key, what in (("vision_config", "vision"), ("audio_config", "audio")):
        if key not in config.outer:
            config.absent.add(key)
        if isinstance(config.outer.get(key), Mapping):
            config.not_modelled.append(
                f"{what} encoder: its weights, its work and the prompt tokens it makes"
            )
    vision = config.outer.get("vision_config")
    count = encoder_parameters(vision) if isinstance(vision, Mapping) else 0
    if not count:
        return {}
    return {"encoder_parameters": {"value": count, "source": "counted from the configuration's vision_config",
                                   "tier": "derived"}}  # fmt: skip
