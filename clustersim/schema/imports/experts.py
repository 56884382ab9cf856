"""Experts of a published configuration: how many, how wide, in which layers."""

from __future__ import annotations

from typing import Any

from clustersim.schema.imports.config import Config
from clustersim.schema.imports.known import need, of_code, one_width

__all__ = ["read_experts"]

_COUNT = ("n_routed_experts", "num_experts", "num_local_experts", "moe_num_experts")
_CHOSEN = (
    "num_experts_per_tok", "num_experts_per_token", "experts_per_token", "moe_topk", "moe_top_k", "top_k_experts",
    "num_selected_experts", "moe_k",
)  # fmt: skip
_WIDTH = ("moe_intermediate_size", "expert_intermediate_size", "expert_hidden_dim", "moe_ffn_hidden_size")
_SHARED = ("n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts")
_SHARED_WIDTH = (
    "shared_expert_intermediate_size", "moe_shared_expert_intermediate_size", "shared_intermediate_size",
    "share_expert_dim", "share_expert_dims",
)  # fmt: skip
#: Words for a layer's block, and those of them that are mixtures.
_MIXED = ("sparse", "moe")
_BLOCKS = ("dense", "mlp", *_MIXED)
#: Fields that count the dense layers in front.
_FIRST = (
    "first_k_dense_replace", "moe_layer_num_skipped", "moe_layer_start_index", "moe_layer_offset", "num_dense_layers",
    "n_dense_layers",
)  # fmt: skip
#: Fields that say which layers are mixtures.
_WHERE = (
    *_FIRST, "moe_layer_end_index", "moe_layer_freq", "moe_layer_interval", "moe_every_n_layer", "decoder_sparse_step",
    "interleave_moe_layer_step", "is_moe_layer", "mlp_only_layers", "mlp_layer_types", "moe_layers_enum", "moe_layers",
)  # fmt: skip


def read_experts(config: Config, count: int, stated: list[bool] | None) -> dict[str, Any] | None:
    """Return the ``moe`` section, or None for a dense model; ``stated`` says which layers are mixtures where known."""
    block = config.switch("enable_moe_block")
    if block is False:
        config.used.update((*_COUNT, *_CHOSEN, *_WIDTH))
    if block is False or not config.has(*_COUNT):
        config.used.update((*_CHOSEN, *_WHERE))
        return None
    for names in (_COUNT, _CHOSEN, _WIDTH, _SHARED):
        config.agree(*names)
    mixed = stated if stated is not None else _mixed_layers(config, count)
    config.used.update(_WHERE)
    width = _width(config)
    _needed(config, stated)
    shared, shared_width = _shared(config, width, block is True)
    groups = config.number("n_group", "num_expert_group", default=1)
    chosen = config.number("topk_group", "num_limited_groups", default=1)
    if config.has("num_hash_layers"):
        config.not_modelled.append(
            f"hash routing of the first {config.number('num_hash_layers')} layers: as a learned router"
        )
    section = {
        "experts": config.number(*_COUNT, needed=True),
        "experts_per_token": config.number(*_CHOSEN, needed=True),
        "shared_experts": shared,
        "expert_ffn_hidden": width,
        "shared_ffn_hidden": shared_width if shared and shared_width != width else 0,
        "expert_hidden": config.number("moe_latent_size", default=0),
        "moe_layers": sum(mixed),
        "router_groups": groups if groups > 1 else 1,
        "groups_per_token": chosen if groups > 1 else 1,
    }
    return {
        key: value for key, value in section.items() if value or key in {"moe_layers", "experts_per_token"}
    }


def _width(config: Config) -> int:
    """Width of an expert: its own key, or the only width of architectures that have one."""
    if config.has(*_WIDTH) or not one_width(config):
        return config.number(*_WIDTH, needed=True)
    config.notes.append(f"{_WIDTH[0]} is not stated: experts are intermediate_size wide,"
                        f" {of_code(config, _WIDTH[0])}")  # fmt: skip
    return config.number("intermediate_size", needed=True)


def _needed(config: Config, stated: list[bool] | None) -> None:
    """Name the keys without which a mixture's shape is not known, though zero could be read for them."""
    need(config, *_SHARED_WIDTH)
    if "n_routed_experts" not in config.data:
        return
    # Files that count routed experts count the shared ones, and the dense layers in front, beside them.
    if not any(name in config.data for name in (*_SHARED, *_SHARED_WIDTH)):
        config.problem(_SHARED[0], "is needed and missing", "0 where there are none")
    placed = stated is not None or config.has("compress_ratios")
    if not placed and not any(name in config.data for name in _WHERE):
        config.problem(_FIRST[0], "is needed and missing", "0 where every layer has experts")


def _shared(config: Config, width: int, beside_dense: bool) -> tuple[int, int]:
    """Number and width of the shared experts; a dense block beside the mixture counts as one."""
    count = config.number(*_SHARED, default=0)
    own = config.number(*_SHARED_WIDTH, default=0)
    if beside_dense:
        return 1, config.number("intermediate_size", needed=True)
    if config.model_type == "llama4":
        return 1, width
    if config.switch("use_mixed_mlp_moe") is False:
        return 0, 0
    if own and not count:
        return 1, own
    if own and count > 1 and config.has("moe_shared_expert_intermediate_size"):
        return 1, own
    return count, own or width


def _mixed_layers(config: Config, count: int) -> list[bool]:
    """Which layers are mixtures, by whichever of the fields in use states it."""
    types = config.per_layer("mlp_layer_types", count, _BLOCKS)
    if types:
        return [name in _MIXED for name in types]
    listed = config.positions("moe_layers_enum", "moe_layers", count=count)
    if listed:
        return [i in listed for i in range(count)]
    for key in ("is_moe_layer", "moe_layer_freq"):
        if isinstance(config.data.get(key), list):
            return [bool(flag) for flag in config.per_layer(key, count, (0, 1)) or [1] * count]
    often = config.number("moe_layer_freq", default=1, least=1)
    step = config.number(
        "interleave_moe_layer_step", "decoder_sparse_step", "moe_layer_interval", "moe_every_n_layer",
        default=1, least=1,
    )  # fmt: skip
    step = often if often > 1 else step
    first = config.number(*_FIRST, default=0)
    last = config.number("moe_layer_end_index", default=count - 1, least=-1)
    last = count - 1 if last == -1 else last
    dense = config.positions("mlp_only_layers", count=count) or set()
    # Steps count from the end of a period: of every 2 layers the second is the mixture.
    offset = 0 if often > 1 else 1
    return [
        first <= i <= last and i not in dense and (step <= 1 or (i + offset) % step == 0)
        for i in range(count)
    ]
