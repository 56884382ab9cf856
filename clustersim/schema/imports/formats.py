"""In which format each group of weights was published, as a configuration's quantization section says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from clustersim.schema.imports.config import Config

__all__ = ["read_formats"]

#: Classes of modules that hold the blocks' weights, as groups name them.
_CLASS = re.compile(r"^\w*(Linear|MoE)\w*$")
_DTYPES = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}
_ALGORITHMS = {
    "FP8": "fp8", "FP8_PER_CHANNEL_PER_TOKEN": "fp8", "FP8_PB_WO": "fp8", "NVFP4": "nvfp4", "W4A16_NVFP4": "nvfp4",
    "NVFP4_AWQ": "nvfp4", "W4A16": "int4", "W4A16_AWQ": "int4", "W4A8_AWQ": "int4", "INT4_AWQ": "int4",
    "W8A8_SQ_PER_CHANNEL": "int8", "INT8": "int8", "MXFP4": "mxfp4", "W4A8_MXFP4_FP8": "mxfp4",
}  # fmt: skip
#: One module of each group, as libraries name them below a layer.
_MODULES = {
    "attention": ("self_attn.q_proj", "attn.wq_b", "linear_attn.in_proj_qkv", "mixer.in_proj", "self_attn.o_proj"),
    "experts": ("mlp.experts.0.gate_proj", "ffn.experts.0.w1", "block_sparse_moe.experts.0.w1",
                "mixer.experts.0.up_proj", "mlp.experts"),
    "shared": ("mlp.shared_experts.gate_proj", "mlp.shared_expert.gate_proj", "ffn.shared_experts.w1",
               "mixer.shared_experts.up_proj"),
    "dense": ("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"),
}  # fmt: skip


def read_formats(config: Config, layers: int, first_mixed: int | None, there: set[str]) -> dict[str, str]:
    """Return the ``formats`` section: of the groups that are ``there``, those that are not in 16 bits.

    ``first_mixed`` is the first layer with experts: dense blocks stand before it (or everywhere, where None).
    """
    wide = _stated_dtype(config)
    section = config.outer.get("quantization_config", config.data.get("quantization_config"))
    if section is None:
        config.absent.add("quantization_config")
    groups = dict.fromkeys(("attention", "dense", "shared", "experts", "embedding", "head"), wide)
    if section is not None and not isinstance(section, Mapping):
        config.problem("quantization_config", f"must be a section of keys and values, not {section!r:.60}")
    if isinstance(section, Mapping) and section:
        _apply(config, section, groups, layers, first_mixed)
        scheme = section.get("kv_cache_scheme")
        if scheme:
            bits = scheme.get("num_bits") if isinstance(scheme, Mapping) else scheme
            config.notes.append(f"published with a cache of {bits} bits a value" if isinstance(bits, int) else
                                f"published with a cache in {bits}")  # fmt: skip
    if config.has("expert_dtype"):
        stated = str(config.take("expert_dtype"))
        groups["experts"] = {"fp4": "mxfp4", "fp8": "fp8"}.get(stated, groups["experts"])
        if isinstance(section, Mapping) and "NVFP4" in str(section.get("moe_quant_algo", "")):
            groups["experts"] = "nvfp4"
    if isinstance(section, Mapping) and section and all(groups[name] == wide for name in there):
        method = section.get("quant_method") or section.get("quant_algo")
        config.notes.append(
            f"quantization_config: {method} holds for no group of weights of this model: all are in {wide}"
        )
    return {name: value for name, value in groups.items() if value != "bf16" and name in there}


def _stated_dtype(config: Config) -> str:
    """The format of what is not quantized."""
    plain = {key: str(config.data[key]).removeprefix("torch.") for key in ("dtype", "torch_dtype")
             if config.data.get(key) is not None}  # fmt: skip
    config.used.update(("dtype", "torch_dtype"))
    for key, stated in plain.items():
        if stated not in _DTYPES:
            config.problem(
                key, f"{stated!r:.60} is no type of weights that is known", f"one of {', '.join(_DTYPES)}"
            )
    if len(set(plain.values())) > 1:
        config.problem("dtype", f"is {plain['dtype']!r:.60}, and torch_dtype {plain['torch_dtype']!r:.60}")
    if not plain:
        config.notes.append("torch_dtype is not stated: weights are bf16 where no format is stated for them")
    return _DTYPES.get(next(iter(plain.values()), "bfloat16"), "bf16")


def _narrow(section: Mapping[str, Any]) -> str | None:
    """The format of all that is quantized, as the section says as a whole."""
    method = str(section.get("quant_method", "")).lower()
    algorithm = str(section.get("quant_algo", "")).upper()
    if method in {"mxfp4", "fp8"}:
        return method
    if algorithm in _ALGORITHMS:
        return _ALGORITHMS[algorithm]
    bits = section.get("bits", section.get("w_bit"))
    return {4: "int4", 8: "int8"}.get(bits) if isinstance(bits, int) else None


def _of_weights(weights: Mapping[str, Any]) -> str | None:
    bits, kind, block = weights.get("num_bits"), weights.get("type"), weights.get("group_size")
    if bits == 4:
        return "int4" if kind == "int" else "nvfp4" if block == 16 else "mxfp4" if block == 32 else "fp4"
    return {"int": "int8", "float": "fp8"}.get(str(kind)) if bits == 8 else None


def _stated_groups(config: Config, section: Mapping[str, Any]) -> list[tuple[list[str], str]]:
    """Targets and format of each group of modules that the section states apart; unknown ones are problems."""
    stated = section.get("config_groups")
    if stated is None:
        return []
    if not isinstance(stated, Mapping) or not all(isinstance(group, Mapping) for group in stated.values()):
        config.problem(
            "quantization_config", "config_groups must be a section with one section for each group"
        )
        return []
    out = []
    for name, group in stated.items():
        weights = group.get("weights")
        found = _of_weights(weights) if isinstance(weights, Mapping) else None
        if found is not None:
            out.append((_patterns(config, f"config_groups.{name}.targets", group.get("targets")), found))
        elif weights is not None:
            config.problem("quantization_config", f"config_groups.{name} states no format that a model file knows:"
                           f" {weights!r:.60}")  # fmt: skip
    return out


def _patterns(config: Config, key: str, stated: Any) -> list[str]:
    """A list of names and patterns of modules; anything else is a problem."""
    if stated is None:
        return []
    if not isinstance(stated, list) or not all(isinstance(pattern, str) for pattern in stated):
        config.problem("quantization_config", f"{key} must be a list of names of modules, not {stated!r:.60}")
        return []
    for pattern in stated:
        try:
            re.compile(pattern.removeprefix("re:") if pattern.startswith("re:") else "")
        except re.error as error:
            config.problem("quantization_config", f"{key}: {pattern!r:.60} is no regular expression: {error}")
            return []
    return stated


def _targeted(stated: list[tuple[list[str], str]], modules: list[str]) -> str | None:
    """The format of modules: of the group that names them, or else of the one that names their class."""
    for targets, found in stated:
        if any(_matches(target, module) for target in targets for module in modules):
            return found
    classes = (found for targets, found in stated if not targets or any(_CLASS.search(t) for t in targets))
    return next(classes, None)


def _apply(
    config: Config, section: Mapping[str, Any], groups: dict[str, str], layers: int, first_mixed: int | None
) -> None:
    each = section.get("quantized_layers")
    if isinstance(each, Mapping) and not section.get("moe_quant_algo"):
        _one_by_one(config, each, groups)
        return
    stated = _stated_groups(config, section)
    apart = len({found for _, found in stated}) > 1
    narrow = None if apart else _narrow(section) or (stated[0][1] if stated and not stated[0][0] else None)
    if narrow is None and not stated:
        config.problem(
            "quantization_config", "states no format that a model file knows", "import the unquantized file"
        )
        return
    left = next((key for key in ("ignore", "modules_to_not_convert") if section.get(key)), "ignore")
    ignored = _patterns(config, left, section.get(left))
    middle = layers - 1 if first_mixed is None else max(first_mixed, layers - 2)
    front = 0 if first_mixed is None or first_mixed > 0 else middle
    for group, modules in _MODULES.items():
        index = front if group == "dense" else middle
        named = [f"layers.{index}.{name}" for name in modules]
        kept = any(_matches(pattern, name) for name in named for pattern in ignored)
        if not kept or (narrow == "fp8" and section.get("moe_quant_algo")):
            groups[group] = narrow or _targeted(stated, named) or groups[group]
    if narrow == "mxfp4" and section.get("quant_method") == "mxfp4":
        # Only stacked experts have a four-bit kernel in this method.
        groups.update(attention="bf16", dense="bf16", shared="bf16")


def _one_by_one(config: Config, each: Mapping[str, Any], groups: dict[str, str]) -> None:
    """Formats that are stated module by module: each group takes the one that most of its modules have."""
    stated = {
        name: str(value.get("quant_algo")).upper() if isinstance(value, Mapping) else repr(value)
        for name, value in each.items()
    }
    unknown = next((name for name, algorithm in stated.items() if algorithm not in _ALGORITHMS), None)
    if unknown is not None:
        config.problem("quantization_config", f"quantized_layers: {stated[unknown]:.40} of {unknown} is no algorithm"
                       " that is known")  # fmt: skip
        return
    for group, words in (
        ("attention", r"\.(self_attn|linear_attn|attn|mixer\.(in|out)_proj)"), ("experts", r"\.experts"),
        ("shared", r"\.shared_expert"), ("dense", r"\.mlp\.(gate|up|down)_proj"), ("head", "lm_head$"),
    ):  # fmt: skip
        known = [_ALGORITHMS[algorithm] for name, algorithm in stated.items() if re.search(words, name)]
        if known:
            groups[group] = max(sorted(set(known)), key=known.count)
            if len(set(known)) > 1:
                config.notes.append(f"formats of {group} differ by module: {', '.join(sorted(set(known)))}")


def _matches(pattern: str, module: str) -> bool:
    """Tell whether an ignore pattern names a module: a regular expression after ``re:``, a glob, or a part of the name.

    >>> _matches("re:.*self_attn.*", "layers.3.self_attn.q_proj"), _matches("layers.3.self*", "layers.3.self_attn.q")
    (True, True)
    >>> _matches("lm_head", "layers.3.self_attn.q_proj"), _matches("gate", "layers.3.mlp.gate_proj")
    (False, False)
    """
    if pattern.startswith("re:"):
        return re.fullmatch(pattern[3:], module) is not None
    short = re.sub(r"^.*?(?=layers\.)", "", pattern) if "layers." in pattern else pattern
    text = re.escape(short).replace(r"\*", ".*")
    if "layers." in short:
        return re.fullmatch(rf"{text}(\..*)?", module) is not None
    return re.search(rf"(^|\.){text.strip('.')}(\.|$)", module) is not None
