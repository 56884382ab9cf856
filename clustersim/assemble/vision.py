"""A network's profile as the engine takes it."""

from __future__ import annotations

from collections.abc import Callable

from clustersim.assemble.parts import card_spec
from clustersim.assemble.software import port_factor
from clustersim.perf.vision import Layer, Network, Stage, attention, batch_seconds, conv, linear
from clustersim.perf.vision_training import trained_seconds
from clustersim.schema.networks import BlockSection, NetworkProfile, NetworkStage
from clustersim.schema.profiles import CardProfile

__all__ = ["network_of", "seconds_of"]


def network_of(profile: NetworkProfile, *, steps: int | None = None) -> Network:
    """Return a network by its layers; ``steps`` replace those of its profile."""
    count = steps or profile.steps
    stages = tuple(
        Stage(
            name=stage.name,
            layers=_layers(stage, normed=profile.family == "diffusion"),
            times=_times(stage, count, profile.guidance),
        )
        for stage in profile.stages
    )
    return Network(name=profile.name, family=profile.family, stages=stages)


def _times(stage: NetworkStage, steps: int, guidance: bool) -> float:
    if isinstance(stage.times, float | int):
        return float(stage.times)
    return {"once": 1.0, "step": float(steps), "guided_step": steps * (2.0 if guidance else 1.0)}[stage.times]


def _layers(stage: NetworkStage, *, normed: bool) -> tuple[Layer, ...]:
    return tuple(layer for block in stage.blocks for layer in _block(block, normed=normed))


def _block(block: BlockSection, *, normed: bool) -> tuple[Layer, ...]:
    """The layers of a block; a convolution of a diffusion model reads its input twice for a norm and writes it."""
    if block.conv is not None:
        size, inputs, outputs, kernel = block.conv
        one = conv(
            size=size, inputs=inputs, outputs=outputs, kernel=kernel, stride=block.stride, repeat=block.repeat
        )
        values = 3 * (size * block.stride) ** 2 * inputs
        norm = Layer(rows=0.0, n=1, k=1, values=values, weights=0.0, repeat=block.repeat, wide=True)
        return (norm, one) if normed and kernel > 1 else (one,)
    if block.linear is not None:
        rows, inputs, outputs = block.linear
        return (linear(rows=rows, inputs=inputs, outputs=outputs, repeat=block.repeat),)
    assert block.attention is not None
    tokens, hidden, heads, ffn = block.attention
    seen, width = block.context or (0, 0)
    return attention(
        tokens=tokens, hidden=hidden, heads=heads, ffn=ffn, gated=block.gated, context=seen, context_width=width,
        repeat=block.repeat,
    )  # fmt: skip


def seconds_of(
    profile: CardProfile, network: Network, dtype: str, *, trained: bool
) -> Callable[[int], float]:
    """Return the seconds of a batch on a card: of inference, or of a training step by software that nobody named."""
    card = card_spec(profile)
    if not trained:
        return lambda batch: batch_seconds(network, card, batch=batch, dtype=dtype)
    slower = port_factor("", profile)
    return lambda batch: trained_seconds(network, card, batch=batch, dtype=dtype, slower=slower)
