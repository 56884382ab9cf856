"""From a checked model file to the engine's model. Field by field, and nothing else."""

from __future__ import annotations

from collections import Counter
from math import inf

from clustersim.perf.formats import WeightFormats
from clustersim.perf.mixer_parts import Indexer
from clustersim.perf.mixers import (
    Attention,
    Compressed,
    Latent,
    LayerGroup,
    Linear,
    Mixer,
    NoMixer,
    StateSpace,
)
from clustersim.perf.model import Model
from clustersim.schema.models import (
    CompressedKind,
    FullKind,
    IndexerSection,
    LatentKind,
    LayerKind,
    LinearKind,
    ModelProfile,
    NoneKind,
    StateSpaceKind,
    WindowKind,
)

__all__ = ["model_spec"]


def model_spec(profile: ModelProfile) -> Model:
    """Return the model as the engine takes it."""
    moe = profile.moe.model_dump() if profile.moe else {}
    mla = profile.mla.model_dump() if profile.mla else {}
    counts = Counter(profile.layer_kinds)
    kinds = profile.attention.kinds if profile.attention else {}
    mixers = {name: _mixer(kind, profile) for name, kind in kinds.items()}
    prediction = profile.prediction
    return Model(
        name=profile.name,
        layers=profile.layers,
        hidden=profile.hidden,
        heads=profile.heads,
        kv_heads=profile.kv_heads,
        head_dim=profile.head_dim,
        ffn_hidden=profile.ffn_hidden,
        gated=profile.gated,
        vocab=profile.vocab,
        tied_embeddings=profile.tied_embeddings,
        max_seq_len=profile.max_seq_len,
        mixers=tuple(LayerGroup(counts[name], mixer) for name, mixer in mixers.items() if counts[name]),
        ffn_free_layers=profile.ffn_free_layers,
        residual_streams=profile.residual_streams,
        prediction_layers=prediction.layers if prediction else 0,
        prediction_mixer=mixers[prediction.kind] if prediction and prediction.kind else None,
        formats=WeightFormats(**profile.formats.model_dump()),
        not_modelled=profile.not_modelled,
        **moe,
        **mla,
    )


def _indexer(section: IndexerSection | None) -> Indexer | None:
    return Indexer(**section.model_dump()) if section else None


def _attention(kind: FullKind | WindowKind, profile: ModelProfile) -> Attention:
    return Attention(
        heads=kind.heads or profile.heads,
        kv_heads=kind.kv_heads or profile.kv_heads,
        head_dim=kind.head_dim or profile.head_dim,
        v_head_dim=kind.v_head_dim or 0,
        window=float(kind.window) if isinstance(kind, WindowKind) else inf,
        gate="" if kind.gate == "none" else kind.gate,
        keys_are_values=kind.keys_are_values,
        cache_of_another=kind.cache_of_another,
        indexer=_indexer(kind.indexer) if isinstance(kind, FullKind) else None,
    )


def _mixer(kind: LayerKind, profile: ModelProfile) -> Mixer:
    if isinstance(kind, FullKind | WindowKind):
        return _attention(kind, profile)
    if isinstance(kind, NoneKind):
        return NoMixer()
    plain = kind.model_dump(exclude={"kind", "indexer"})
    if isinstance(kind, LinearKind):
        return Linear(**plain)
    if isinstance(kind, StateSpaceKind):
        return StateSpace(**plain)
    if isinstance(kind, CompressedKind):
        return Compressed(
            heads=profile.heads, head_dim=profile.head_dim, indexer=_indexer(kind.indexer), **plain
        )
    assert isinstance(kind, LatentKind) and profile.mla is not None, "checked with the file"
    return Latent(heads=profile.heads, indexer=_indexer(kind.indexer), **profile.mla.model_dump())
