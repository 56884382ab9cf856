"""Encoders, convolutional networks and diffusion models on the same roofline: products, bytes and launches of a batch.

A network is a list of stages; each runs some layers so many times for one input. A layer is a matrix product of
``rows`` x n x k per input (a convolution is one, with k = kernel area x channels), the values that it reads and writes,
and its weights. Attention adds the products of queries with keys and of scores with values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.card import Card
from clustersim.perf.shapes import shape_efficiency

__all__ = [
    "BYTES", "FAMILIES", "VISION", "Layer", "Network", "Stage", "VisionConstants", "attention", "batch_rate",
    "batch_seconds", "best_batch", "conv", "input_flops", "layer_seconds", "linear", "memory_bytes", "width_of",
]  # fmt: skip

#: Bytes of a value of a number format.
BYTES = {"fp32": 4.0, "tf32": 4.0, "bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5}
#: Inputs of a piece of a batch in a stage that does not take all (MLPerf's SDXL decodes 8 pictures at once).
PIECE = 8
FAMILIES = ("encoder", "convolution", "diffusion")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One kind of layer: a matrix product per input, what it reads and writes, and how often it stands there.

    ``wide`` products (of attention's scores) stay in 16 bits whatever the weights' format; ``weights`` are values.
    """

    rows: float
    n: float
    k: float
    values: float
    """Values of activations read and written per input."""
    weights: float
    repeat: float = 1.0
    wide: bool = False
    groups: float = 1.0

    @property
    def flops(self) -> float:
        """Operations for one input: two for each multiplication and addition."""
        return 2.0 * self.rows * self.n * self.k * self.groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Layers that one input passes ``times`` times: a denoiser once a step, twice with guidance."""

    name: str
    layers: tuple[Layer, ...]
    times: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network and its family, whose software constants hold for it."""

    name: str
    family: str
    stages: tuple[Stage, ...]

    @property
    def weights(self) -> float:
        """Parameters of all stages."""
        return sum(layer.weights * layer.repeat for stage in self.stages for layer in stage.layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionConstants:
    """What the software of a family leaves of a card: tuned on the A100-SXM rows of MLPerf v2.1 alone (docs/sites.md).

    Attributes:
        product_share: rate of the products, shapes apart, over what those of a training step sustain on the card: above
            one where kernels are tuned for the layer and the power limit does not bind.
        overlap: exponent p of (compute^p + memory^p)^(1/p) of a layer: 1 adds them, infinity hides the shorter.
        launch_s: seconds of a launch of a layer.
        server_share: throughput under a latency limit over that at large batches.
    """

    product_share: float
    overlap: float
    launch_s: float
    server_share: float


VISION: dict[str, VisionConstants] = {
    "encoder": VisionConstants(product_share=1.10, overlap=4.0, launch_s=5e-6, server_share=0.905),
    "convolution": VisionConstants(product_share=1.12, overlap=4.0, launch_s=6e-6, server_share=0.895),
    "diffusion": VisionConstants(product_share=1.0, overlap=4.0, launch_s=5e-6, server_share=0.90),
}


def conv(
    *, size: float, inputs: float, outputs: float, kernel: float = 3, stride: float = 1, repeat: float = 1,
    groups: float = 1,
) -> Layer:  # fmt: skip
    """Return a convolution with ``size`` x ``size`` outputs.

    >>> layer = conv(size=112, inputs=3, outputs=64, kernel=7, stride=2)
    >>> layer.rows, layer.n, layer.k, 2 * layer.rows * layer.n * layer.k / 1e9
    (12544, 64, 147.0, 0.236027904)
    """
    area = kernel * kernel
    return Layer(
        rows=size * size, n=outputs, k=area * inputs / groups,
        values=(size * stride) ** 2 * inputs + size * size * outputs,
        weights=area * inputs / groups * outputs, repeat=repeat,
    )  # fmt: skip


def linear(*, rows: float, inputs: float, outputs: float, repeat: float = 1) -> Layer:
    """Return a product of ``rows`` of one input with a matrix of weights."""
    return Layer(
        rows=rows,
        n=outputs,
        k=inputs,
        values=rows * (inputs + outputs),
        weights=inputs * outputs,
        repeat=repeat,
    )


def attention(
    *, tokens: float, hidden: float, heads: float, ffn: float = 0, gated: bool = False, context: float = 0,
    context_width: float = 0, repeat: float = 1,
) -> tuple[Layer, ...]:  # fmt: skip
    """Return the layers of a transformer block: projections, scores, feed-forward; with ``context``, cross-attention.

    >>> block = attention(tokens=384, hidden=1024, heads=16, ffn=4096)
    >>> round(sum(2 * x.rows * x.n * x.k * x.groups * x.repeat for x in block) * 24 / 1e9, 1)
    246.4
    """
    seen, width = (context, context_width or hidden) if context else (tokens, hidden)
    out = [linear(rows=tokens, inputs=hidden, outputs=hidden, repeat=2 * repeat)]  # queries and output
    out.append(linear(rows=seen, inputs=width, outputs=2 * hidden, repeat=repeat))
    out.append(
        Layer(
            rows=tokens, n=seen, k=2 * hidden / heads, groups=heads, values=2 * tokens * hidden + 2 * seen * hidden,
            weights=0.0, repeat=repeat, wide=True,
        )
    )  # fmt: skip
    if ffn:
        out.append(linear(rows=tokens, inputs=hidden, outputs=ffn * (2 if gated else 1), repeat=repeat))
        out.append(linear(rows=tokens, inputs=ffn, outputs=hidden, repeat=repeat))
    # Norms and residuals read and write the hidden values.
    out.append(Layer(rows=0.0, n=1, k=1, values=8 * tokens * hidden, weights=0.0, repeat=repeat, wide=True))
    return tuple(out)


def _layers(network: Network) -> Iterator[tuple[Layer, float]]:
    for stage in network.stages:
        for layer in stage.layers:
            yield layer, stage.times * layer.repeat


def input_flops(network: Network) -> float:
    """Return the operations of one input: two for each multiplication and addition."""
    return sum(layer.flops * times for layer, times in _layers(network))


def memory_bytes(network: Network, batch: float, dtype: str) -> float:
    """Return the memory of the weights and of the largest layer's activations, kept twice, of at most so many inputs.

    A stage that is too large for the batch, such as a decoder of pictures, runs in pieces of ``PIECE`` inputs.
    """
    width = width_of(dtype)
    most = max(layer.values for layer, _ in _layers(network))
    return network.weights * width + 2.0 * min(batch, PIECE) * most * max(width, 2.0)


def width_of(dtype: str) -> float:
    """Return the bytes of a value; raises InputError for a format that is unknown here."""
    if dtype not in BYTES:
        raise InputError(f"number format {dtype!r} is unknown here; known: {', '.join(BYTES)}")
    return BYTES[dtype]


def batch_seconds(
    network: Network, card: Card, *, batch: float, dtype: str, wide: str = "bf16",
    constants: VisionConstants | None = None,
) -> float:  # fmt: skip
    """Return the seconds of a batch of inputs on one card.

    Per layer (compute^p + memory^p)^(1/p) + launch: compute is 2 b rows n k over the rate that the shape reaches,
    memory the values and weights over the bandwidth; of the values as much stays in the last cache as that holds, for a
    layer reads what the one before it wrote. A card without a 16-bit ``wide`` format takes the layer's own.

    Raises InputError for a number format that the card lacks, InfeasibleError where the batch does not fit its memory.
    """
    need = memory_bytes(network, batch, dtype)
    if need > card.memory_bytes:
        raise InfeasibleError(
            f"{network.name} at a batch of {batch:g} needs {need / 2**30:.1f} GiB of {card.memory_bytes / 2**30:.1f}"
        )
    found = constants or VISION[network.family]
    other = next((f for f in (wide, "bf16", "fp16") if f in card.peak), dtype)
    rates = {name: card.matrix_rate(name) * found.product_share for name in {dtype, other}}
    total = 0.0
    for layer, times in _layers(network):
        name = other if layer.wide else dtype
        once = layer_seconds(
            layer, card, batch=batch, rate=rates[name], width=width_of(name), overlap=found.overlap
        )
        total += times * (once + found.launch_s)
    return float(total)


def layer_seconds(
    layer: Layer, card: Card, *, batch: float, rate: float, width: float, overlap: float
) -> float:
    """Return the seconds of a layer's kernel: (compute^p + memory^p)^(1/p), of p = ``overlap``."""
    bandwidth = card.memory_bandwidth * card.memory_efficiency
    moved = np.maximum(batch * layer.values * width - card.cache_bytes, 0.0) + layer.weights * width
    compute = 0.0
    if layer.rows:
        shape = shape_efficiency(batch * layer.rows, layer.n, layer.k, layer.groups, card.compute_units)
        flops = 2.0 * batch * layer.rows * layer.n * layer.k * layer.groups
        compute = flops / (rate * float(shape))
    return float((compute**overlap + (moved / bandwidth) ** overlap) ** (1 / overlap))


def batch_rate(network: Network, batch: float, seconds: float, *, served: bool) -> float:
    """Return inputs per second of batches of so many seconds, under a latency limit or not."""
    return batch / seconds * (VISION[network.family].server_share if served else 1.0)


def best_batch(
    network: Network, card: Card, *, dtype: str, latency_s: float = np.inf, batches: Sequence[int] = (),
    seconds_of: Callable[[int], float] | None = None,
) -> int:  # fmt: skip
    """Return the batch of most inputs per second that fits and ends within a latency; powers of two by default.

    ``seconds_of``: seconds of a batch; by default those of `batch_seconds`.

    Raises InfeasibleError where not even one input does.
    """
    timed = seconds_of or (lambda batch: batch_seconds(network, card, batch=batch, dtype=dtype))
    best, rate = 0, 0.0
    for batch in batches or [2**i for i in range(12)]:
        try:
            seconds = timed(batch)
        except InfeasibleError:
            break
        if seconds <= latency_s and batch / seconds > rate * (1 + 1e-9):
            best, rate = batch, batch / seconds
    if not best:
        raise InfeasibleError(
            f"not one input of {network.name} ends within {latency_s:g} s on {card.name}, or fits its memory"
        )
    return best
