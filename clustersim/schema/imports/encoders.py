"""Parameters of the encoder that a configuration holds beside its text model, where its fields give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["encoder_parameters"]


def encoder_parameters(vision: Mapping[str, Any]) -> int:
    """Return the parameters of a vision transformer: blocks, patches, positions and mergers; 0 where fields lack.

    A block has 4 h^2 of attention and 2 h f of feed-forward. Patches of patch x patch x frames x channels become h
    values; a merger takes merge^2 h values to themselves and to the text model's width, once for the output and once
    for each layer that is passed on.

    >>> tower = {"depth": 24, "hidden_size": 1024, "intermediate_size": 4096, "patch_size": 16, "in_channels": 3,
    ...     "temporal_patch_size": 2, "spatial_merge_size": 2, "out_hidden_size": 2048, "num_position_embeddings": 2304,
    ...     "deepstack_visual_indexes": [5, 11, 17]}
    >>> round(encoder_parameters(tower) / 1e6)
    407
    """

    def one(*names: str, default: int = 0) -> int:
        found = next((vision[n] for n in names if isinstance(vision.get(n), int)), default)
        return int(found)

    depth = one("depth", "num_hidden_layers", "vt_num_hidden_layers", "num_layers")
    hidden = one("hidden_size", "embed_dim", "vt_hidden_size")
    wide = one("intermediate_size", "vt_intermediate_size", default=4 * hidden)
    if not (depth and hidden):
        return 0
    blocks = depth * (4 * hidden * hidden + 2 * hidden * wide)
    patch = (
        one("patch_size") ** 2
        * one("in_channels", "num_channels", default=3)
        * one("temporal_patch_size", default=1)
    )
    positions = one("num_position_embeddings")
    merged = one("spatial_merge_size") ** 2 * hidden
    passed = vision.get("deepstack_visual_indexes")
    mergers = 1 + (len(passed) if isinstance(passed, list) else 0)
    merge = mergers * merged * (merged + one("out_hidden_size", default=merged)) if merged else 0
    return blocks + (patch + positions) * hidden + merge
