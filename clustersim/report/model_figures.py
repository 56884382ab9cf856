"""A model's figures, each with its formula and numbers: parameters, cache, operations."""

from __future__ import annotations

from typing import Any

from clustersim.perf.formats import FORMATS
from clustersim.perf.model import Model
from clustersim.perf.serving_work import cache_bytes, kv_bytes_per_sequence, kv_bytes_per_token, not_modelled

__all__ = ["model_figures"]

#: Bytes of a cached value that the figures are for: 16 bits.
_WIDE = 2.0
#: Length that operations are shown at.
_LENGTH = 4096


def model_figures(model: Model, *, encoder: float = 0.0) -> list[dict[str, Any]]:
    """Return one row per figure: ``figure``, ``value``, ``unit``, ``formula`` (with the model's own numbers).

    Cache bytes are in 16 bits on one card; ``encoder`` parameters stand beside the text model's.
    """
    rows = [*_parameters(model), *_cache(model), *_operations(model)]
    if encoder:
        rows.insert(
            2, _row("encoder_parameters", encoder, "parameters", "beside the text model, not modelled")
        )
    return rows + [_row("not_modelled", text, "", "") for text in not_modelled(model)]


def _row(figure: str, value: float | str, unit: str, formula: str) -> dict[str, Any]:
    return {"figure": figure, "value": value, "unit": unit, "formula": formula}


def _count(layers: float) -> str:
    return f"{layers:g} layer{'s' if layers != 1 else ''}"


def _parameters(model: Model) -> list[dict[str, Any]]:
    p, gate = model.parameter_groups, 3 if model.gated else 2
    inner = model.expert_hidden or model.hidden
    active = (
        "attention + dense + (experts per token + shared + latents) + head; the looked-up embedding left out"
    )
    rows = [
        _row("parameters", p.total, "parameters", "sum of the groups below; norms and biases left out"),
        _row("active_parameters", model.active_parameters, "parameters", active),
    ]
    for group in model.groups:
        text = f"{_count(group.layers)} x {group.mixer.params(model.hidden):,.0f} ({group.mixer.kind})"
        value = group.layers * group.mixer.params(model.hidden)
        rows.append(_row(f"parameters.attention.{group.mixer.kind}", value, "parameters", text))
    if p.dense:
        text = f"{_count(model.dense_layers)} x {gate} x {model.hidden} x {model.ffn_hidden}"
        rows.append(_row("parameters.dense", p.dense, "parameters", text))
    if p.experts:
        text = f"{_count(model.moe_layers)} x {model.experts} x {gate} x {inner} x {model.expert_ffn_hidden}"
        rows.append(_row("parameters.experts", p.experts, "parameters", text))
        text = f"{_count(model.moe_layers)} x {gate} x {model.hidden} x {model.shared_width}"
        rows.append(_row("parameters.shared", p.shared, "parameters", text))
        text = f"{_count(model.moe_layers)} x {model.hidden} x ({model.experts} + 2 x {model.expert_hidden})"
        rows.append(_row("parameters.router", p.router, "parameters", text))
    if p.streams:
        n = model.residual_streams
        text = f"{_count(model.layers)} x 2 x {n + 2} x {n}^2 x {model.hidden}"
        rows.append(_row("parameters.streams", p.streams, "parameters", text))
    text = f"{model.vocab} x {model.hidden}" + (", one for both" if model.tied_embeddings else ", twice")
    rows.append(_row("parameters.embedding_and_head", p.embedding + p.head, "parameters", text))
    if model.prediction_layers:
        text = f"{_count(model.prediction_layers)} beside the model: a block and 2 x {model.hidden}^2 each"
        rows.append(_row("prediction_parameters", model.prediction_parameters, "parameters", text))
    named = "formats by group as published; routers in 16 bits"
    return [*rows, _row("weight_bytes", model.weight_bytes, "B", named)]


def _cache(model: Model) -> list[dict[str, Any]]:
    token, sequence = (f(model, bytes_per_value=_WIDE) for f in (kv_bytes_per_token, kv_bytes_per_sequence))
    rows = [
        _row("cache_bytes_per_token", token, "B", "sum over the parts without a window; 16 bits a value"),
        _row("cache_bytes_per_sequence", sequence, "B", "sum over full windows and states"),
    ]
    for group in model.groups:
        for part in group.mixer.parts:
            entry = group.layers * part.values * _WIDE
            text = f"{_count(group.layers)} x {part.values:g} values x {_WIDE:g} B"
            if part.stride > 1:
                text += f" / {part.stride}"
            if part.held < float("inf"):
                name, value = "cache_bytes_per_sequence", entry * part.held / part.stride
                text += f" x {part.held:g} tokens"
            else:
                name, value = "cache_bytes_per_token", entry / part.stride
            rows.append(_row(f"{name}.{group.mixer.kind}", value, "B", f"{part.name}: {text}"))
        for state in group.mixer.states:
            width = FORMATS[state.format]
            text = f"{state.name}: {_count(group.layers)} x {state.values:g} values x {width:g} B"
            value = group.layers * state.values * width
            rows.append(_row(f"cache_bytes_per_sequence.{group.mixer.kind}", value, "B", text))
    longest = model.max_seq_len
    if longest:
        whole = float(cache_bytes(model, longest, bytes_per_value=_WIDE))
        rows.append(_row("cache_bytes_at_max_length", whole, "B", f"one sequence of {longest} tokens"))
    return rows


def _operations(model: Model) -> list[dict[str, Any]]:
    train = model.flops_per_token(_LENGTH)
    text = f"6 x active + 6 x layers x score work at {_LENGTH} tokens (full square) + 3 x state operations"
    forward = f"a third of it: {_LENGTH} tokens of context, the full square"
    return [
        _row("training_flops_per_token", train, "FLOP", text),
        _row("forward_flops_per_token", train / 3.0, "FLOP", forward),
    ]
