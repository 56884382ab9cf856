"""Which kind of mixer every layer of a published configuration has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from clustersim.schema.imports.config import Config

__all__ = ["Layers", "read_layers"]

#: Names of layer types that libraries use -> the kind here.
_TYPES = {
    "full_attention": "full", "attention": "full", "global": "full", "global_attention": "full", "*": "full",
    "sliding_attention": "window", "sliding_window": "window", "local": "window", "local_attention": "window",
    "swa": "window", "sliding": "window", "chunked_attention": "window",
    "linear_attention": "linear", "gated_deltanet": "linear", "kda": "linear",
    "mamba": "state_space", "mamba2": "state_space", "M": "state_space",
    "deepseek_sparse_attention": "sparse",
    "moe": "moe", "E": "moe", "mlp": "mlp", "-": "mlp",
}  # fmt: skip
#: Architectures whose code applies ``sliding_window`` to every layer.
_ALL_WINDOWED = {"mistral", "mixtral", "phi3", "starcoder2"}
#: Architectures whose code alternates windows and full attention, the first layer windowed.
_ALTERNATING = {"gemma2"}
#: The ratio whose entries an indexer selects from, in the published code of compressed attention.
_INDEXED_RATIO = 4
_KNOWN_RATIOS = {0, 1, 4, 128}


@dataclass
class Layers:
    """Kinds by name, the kind of each layer, and what else the layers say."""

    kinds: dict[str, dict[str, Any]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    mla: dict[str, int] = field(default_factory=dict)
    moe: list[bool] | None = None
    mlp: list[bool] | None = None
    prediction: str | None = None

    def add(self, name: str, **fields: Any) -> str:
        """Declare a kind and return its name."""
        self.kinds.setdefault(name, {k: v for k, v in fields.items() if v not in (None, False)})
        return name

    @property
    def plain(self) -> bool:
        """Whether all layers have full attention without anything special, or latent attention: no section needed."""
        return self.kinds in ({"full": {"kind": "full"}}, {"latent": {"kind": "latent"}})


def read_layers(config: Config, count: int, spare: int = 0) -> Layers:
    """Return the kinds of ``count`` layers; lists may state the ``spare`` ones of prediction behind them too.

    What cannot be told becomes a problem of the configuration.
    """
    out = Layers()
    # Where the types are stated, the rules that they follow say nothing more.
    config.used.update(
        ("full_attention_interval", "sliding_window_pattern", "max_window_layers", "use_sliding_window")
    )
    config.used.update(("sliding_window", "sliding_window_size", "attention_chunk_size", "no_rope_layers"))
    names = _block_names(config)
    if config.has("compress_ratios"):
        _compressed(config, out, count, spare)
    elif names is not None:
        _by_name(config, out, names, (count, spare))
    else:
        _by_rule(config, out, count)
    return out


def _block_names(config: Config) -> list[str] | None:
    """The stated type of every layer, whatever the field is called."""
    pattern = config.take("hybrid_override_pattern")
    if isinstance(pattern, str):
        return list(pattern)
    if pattern is not None:
        config.problem("hybrid_override_pattern", "must be a text with one sign for each layer")
    listed = config.listed("layers_block_type") or config.listed("layer_types")
    if listed:
        return [str(name) for name in listed]
    swa = config.listed("hybrid_layer_pattern")
    if swa:
        return ["sliding_attention" if flag else "full_attention" for flag in swa]
    kinds = config.listed("attn_type_list")
    if kinds:
        return ["full_attention" if flag else "lightning" for flag in kinds]
    return None


def _by_name(config: Config, out: Layers, names: Sequence[str], size: tuple[int, int]) -> None:
    count, spare = size
    if not config.covers("layer_types", len(names), count, spare):
        return
    blocks = [_TYPES.get(name, name) for name in names]
    for name in dict.fromkeys(blocks[:count]):
        if name not in {*_TYPES.values(), "lightning"}:
            config.problem("layer_types", f"{name!r} is no kind of layer that a model file expresses")
            return
    if {"moe", "mlp"} & set(blocks):
        out.moe = [name == "moe" for name in blocks[:count]]
        out.mlp = [name == "mlp" for name in blocks[:count]]
        out.add("ffn", kind="none")
    reuses, indexers = _reuses(config, count, blocks), _indexers(config, count)
    for index, name in enumerate(blocks[:count]):
        if name in {"moe", "mlp"}:
            out.order.append("ffn")
            continue
        out.order.append(_kind(config, out, name, reuses[index], indexers[index]))
    rest = blocks[count:]
    if rest and rest[0] in {"full", "window"}:
        out.prediction = _kind(config, out, rest[0], False, True)


def _by_rule(config: Config, out: Layers, count: int) -> None:
    """Layers whose types follow from intervals, or are all the same."""
    blocks = ["full"] * count
    interval = config.number("full_attention_interval", default=0)
    chosen = config.part("linear_attn_config")
    spelled = config.take("sliding_window_pattern", "_sliding_window_pattern")
    every = spelled if isinstance(spelled, int) else 0
    window = config.number("sliding_window", "sliding_window_size", least=-1)
    last = config.number("max_window_layers", default=0)
    switch = config.switch("use_sliding_window")
    if interval > 1:
        blocks = ["full" if (i + 1) % interval == 0 else "linear" for i in range(count)]
    elif chosen is not None:
        full = chosen.positions("full_attn_layers", count=count, first=1) or set()
        blocks = ["full" if i in full else "linear" for i in range(count)]
    elif config.has("attention_chunk_size"):
        blocks = _chunked(config, count)
    elif window and switch is not False and _binds(config, window):
        if isinstance(spelled, str) and set(spelled) == {"L", "G"}:
            blocks = ["full" if spelled[i % len(spelled)] == "G" else "window" for i in range(count)]
        elif every > 1:
            blocks = ["full" if (i + 1) % every == 0 else "window" for i in range(count)]
        elif switch is True:
            blocks = ["window" if i >= last else "full" for i in range(count)]
        elif config.model_type in _ALL_WINDOWED:
            blocks = ["window"] * count
        elif config.model_type in _ALTERNATING:
            blocks = ["full" if i % 2 else "window" for i in range(count)]
        else:
            config.problem(
                "sliding_window", f"{window} is given, and nothing says which layers it holds for",
                "add layer_types, or use_sliding_window: false",
            )  # fmt: skip
    reuses, indexers = _reuses(config, count, blocks), _indexers(config, count)
    for index, name in enumerate(blocks):
        out.order.append(_kind(config, out, name, reuses[index], indexers[index]))


def _indexers(config: Config, count: int) -> list[bool]:
    """Which layers have an indexer of their own, and not the choice of the layer before."""
    listed = config.per_layer("indexer_types", count, ("full", "shared"))
    return [name == "full" for name in listed] if listed else [True] * count


def _binds(config: Config, window: int) -> bool:
    """Whether a window is one: a positive width, and not as wide as the longest text, which it never cuts."""
    longest = config.data.get("max_position_embeddings")
    return window > 0 and not (isinstance(longest, int) and window >= longest)


def _chunked(config: Config, count: int) -> list[str]:
    """Chunked attention where a layer has rotary positions; by default every fourth has none."""
    rotary = config.per_layer("no_rope_layers", count, (0, 1))
    interval = config.number("no_rope_layer_interval", default=4, least=1)
    if rotary:
        return ["window" if flag else "full" for flag in rotary]
    return ["full" if (i + 1) % interval == 0 else "window" for i in range(count)]


def _reuses(config: Config, count: int, blocks: Sequence[str]) -> list[bool]:
    """Which layers attend to another layer's keys and values."""
    # The first layers' caches are what the others read.
    last = config.number("num_kv_shared_layers", default=0)
    if last >= count > 0:
        config.problem(
            "num_kv_shared_layers", f"{last} of {count} layers read another's cache, and none keeps one"
        )
    factor = config.number("cla_share_factor", default=1, least=1) if config.switch("use_cla") else 1
    config.used.add("cla_share_factor")
    if last and config.switch("use_double_wide_mlp"):
        config.problem("use_double_wide_mlp", "widths that differ by layer are not expressed by a model file")
    return [i >= count - last or (factor > 1 and i % factor != 0) for i in range(count)]


def _kind(config: Config, out: Layers, name: str, reuses: bool, own_indexer: bool) -> str:
    """Declare the kind of a layer and return its name."""
    if name in {"full", "sparse"} and config.has("kv_lora_rank"):
        return _latent(config, out, own_indexer)
    if name == "full":
        return _grouped(config, out, "full", reuses)
    if name == "window":
        return _grouped(config, out, "window", reuses)
    if name == "linear":
        return _linear(config, out)
    if name == "lightning":
        heads, dim = config.number("num_attention_heads"), config.number("head_dim")
        return out.add(
            "linear", kind="linear", key_heads=heads, value_heads=heads, key_dim=dim, value_dim=dim, conv=0,
            state_format=_state_format(config),
        )  # fmt: skip
    if name == "state_space":
        return _state_space(config, out)
    config.problem("layer_types", f"{name!r} is no kind of layer that a model file expresses")
    return "full"


def _latent(config: Config, out: Layers, own: bool) -> str:
    keys = ("q_lora_rank", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim")
    out.mla = {key: config.number(key, default=0 if key == "q_lora_rank" else None, needed=key != "q_lora_rank")
               for key in keys}  # fmt: skip
    whole, parts = config.number("qk_head_dim", default=0), out.mla[keys[2]] + out.mla[keys[3]]
    if whole and whole != parts:
        config.problem(
            "qk_head_dim", f"is {whole}, and {keys[2]} and {keys[3]} make {parts}", "keep the right ones"
        )
    if keys[0] not in config.data:
        once = "is needed and missing"
        if not any(problem.key == keys[0] for problem in config.problems):
            config.problem(keys[0], once, "null where queries are not compressed")
    indexer = _indexer(config)
    if indexer is None:
        return out.add("latent", kind="latent")
    return out.add(
        "sparse" if own else "sparse_shared", kind="latent", indexer=indexer | ({} if own else {"own": False})
    )


def _indexer(config: Config) -> dict[str, Any] | None:
    if not config.has("index_topk"):
        return None
    return {
        "heads": config.number("index_n_heads", needed=True),
        "head_dim": config.number("index_head_dim", needed=True),
        "top_k": config.number("index_topk", needed=True),
    }


def _grouped(config: Config, out: Layers, name: str, reuses: bool) -> str:
    """Grouped-query attention; windows may have heads of their own, global layers too."""
    windowed = name == "window"
    heads = kv = dim = value = None
    if windowed:
        heads, kv, dim, value = (
            config.number(f"swa_{key}", default=0) or None
            for key in ("num_attention_heads", "num_key_value_heads", "head_dim", "v_head_dim")
        )
        heads = heads or config.number("num_sliding_attention_heads", default=0) or None
    else:
        value = config.number("v_head_dim", default=0) or None
        dim = config.number("global_head_dim", default=0) or None
        kv = config.number("num_global_key_value_heads", default=0) or None
    other = config.part("attention_other_setting")
    of_windows = (
        other is None or other.take("attention_type", default="sliding_attention") == "sliding_attention"
    )
    if other is not None and of_windows == windowed:
        heads = other.number("num_attention_heads", default=heads) or None
        kv = other.number("num_attention_groups", default=kv) or None
        dim = other.number("head_dim", default=dim) or None
    gate = None
    if config.switch("attn_output_gate") or config.model_type == "qwen3_next":
        gate = "elementwise"
    elif config.switch("use_head_wise_attn_gate"):
        gate = "per_head"
    reach = ("sliding_window", "sliding_window_size", "attention_chunk_size")
    window = config.number(*reach, needed=True) if windowed else None
    if windowed and not config.has("sliding_window", "sliding_window_size"):
        _once(
            config.not_modelled, "attention within chunks: counted as a window of the chunk, an upper bound"
        )
    same = (bool(config.switch("attention_k_eq_v")) and not windowed) or None
    return out.add(
        f"{name}_shared" if reuses else name, kind=name, window=window, heads=heads, kv_heads=kv, head_dim=dim,
        v_head_dim=value, gate=gate, keys_are_values=same, cache_of_another=reuses or None,
    )  # fmt: skip


def _once(notes: list[str], text: str) -> None:
    if text not in notes:
        notes.append(text)


def _state_format(config: Config) -> str:
    stated = str(config.take("mamba_ssm_cache_dtype", "mamba_ssm_dtype", default="") or "")
    named = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}.get(stated.removeprefix("torch."))
    if named is None:
        _once(
            config.notes,
            "no type of the recurrent state is stated: 16 bits, as engines take it from the weights",
        )
    return named or "bf16"


def _linear(config: Config, out: Layers) -> str:
    chosen = config.part("linear_attn_config")
    if chosen is not None and not chosen.has("kda_layers"):
        config.problem(
            "linear_attn_config", "states no kda_layers: which kind of linear attention it means is not known"
        )
    elif chosen is not None:
        heads, dim = chosen.number("num_heads", needed=True), chosen.number("head_dim", needed=True)
        return out.add(
            "linear", kind="linear", key_heads=heads, value_heads=heads, key_dim=dim, value_dim=dim,
            conv=chosen.number("short_conv_kernel_size", default=4), gate_rank=dim, state_format=_state_format(config),
        )  # fmt: skip
    return out.add(
        "linear",
        kind="linear",
        key_heads=config.number("linear_num_key_heads", needed=True),
        value_heads=config.number("linear_num_value_heads", needed=True),
        key_dim=config.number("linear_key_head_dim", needed=True),
        value_dim=config.number("linear_value_head_dim", needed=True),
        conv=config.number("linear_conv_kernel_dim", default=4),
        state_format=_state_format(config),
    )


def _state_space(config: Config, out: Layers) -> str:
    config.used.update(
        {"mamba_expand", "mamba_chunk_size", "mamba_conv_bias", "mamba_hidden_act", "mamba_proj_bias"}
    )
    config.used.add("time_step_rank")
    return out.add(
        "ssm",
        kind="state_space",
        heads=config.number("mamba_num_heads", "mamba_n_heads", needed=True),
        head_dim=config.number("mamba_head_dim", "mamba_d_head", needed=True),
        state=config.number("ssm_state_size", "mamba_d_state", needed=True),
        groups=config.number("n_groups", "mamba_n_groups", needed=True),
        conv=config.number("conv_kernel", "mamba_d_conv", default=4),
        state_format=_state_format(config),
    )


def _compressed(config: Config, out: Layers, count: int, spare: int) -> None:
    ratios = config.listed("compress_ratios")
    config.used.update({"num_key_value_heads", "qk_rope_head_dim", "compress_rope_theta"})
    if config.per_layer("compress_ratios", count, _KNOWN_RATIOS, spare) is None or ratios is None:
        return
    shared = {
        "kind": "compressed", "window": config.number("sliding_window", needed=True),
        "q_lora_rank": config.number("q_lora_rank", needed=True), "o_groups": config.number("o_groups", needed=True),
        "o_lora_rank": config.number("o_lora_rank", needed=True),
    }  # fmt: skip
    indexer = _indexer(config)
    for ratio in ratios[: count + 1]:
        own = {"ratio": ratio, "indexer": indexer if ratio == _INDEXED_RATIO else None} if ratio > 1 else {}
        out.add(f"of_{ratio}" if ratio > 1 else "near", **shared, **own)
    named = [f"of_{ratio}" if ratio > 1 else "near" for ratio in ratios]
    out.order = named[:count]
    if len(named) > count:
        out.prediction = named[count]
    for name in [n for n in out.kinds if n not in out.order and n != out.prediction]:
        del out.kinds[name]
