"""A network of pictures in training, as frameworks run it: operator by operator, forward and backward.

Each product runs three times (its output, the gradient of its input, the gradient of its weights). In a convolutional
network a norm over the batch and an activation of their own follow each: no kernel of inference has folded them into
the product. Of a diffusion model each input trains the stage that is passed many times once, at one step drawn by lot;
the stages before and after it are not trained and run forward.
"""

from __future__ import annotations

from collections.abc import Iterator

from clustersim.errors import InfeasibleError
from clustersim.perf.card import Card
from clustersim.perf.vision import VISION, Layer, Network, layer_seconds, width_of

__all__ = ["TRAINED_PASSES", "trained_flops", "trained_memory_bytes", "trained_seconds"]

#: Products of a layer in training, for one of inference.
TRAINED_PASSES = 3.0
#: Times that norm and activation read or write the outputs of a product: forward the norm reads them twice (moments,
#: then values) and writes them, the activation reads and writes; backward the activation reads gradient and value and
#: writes, the norm reads both twice and writes. Counted.
_NORMED = 3.0 + 2.0 + 3.0 + 5.0
#: Times that a product's input and output are read or written to bring them into the order that its kernel takes: the
#: kernels of tensor units take channels last, frameworks keep them first unless told (PyTorch's default). Counted.
_CONVERTED = 2.0
#: Kernels of a layer in a step: three products, two of the norm, two of the activation.
_KERNELS = 7.0
#: Bytes of a weight, its gradient and momentum in single precision, and of its copy in the product's format.
_STATE = 4.0 + 4.0 + 4.0 + 2.0
#: Times that the outputs of a product are kept for the backward pass: what the norm reads, what the next product reads.
_KEPT = 2.0


def _trained(network: Network) -> Iterator[tuple[Layer, float, bool]]:
    """Layers of one input, how often each runs, and whether it is trained."""
    repeated = any(stage.times > 1 for stage in network.stages)
    for stage in network.stages:
        for layer in stage.layers:
            yield layer, layer.repeat, stage.times > 1 or not repeated


def _outputs(layer: Layer) -> float:
    """Values that a product puts out for one input: of those read and written, what rows and width make."""
    return layer.rows * layer.n * layer.groups if layer.weights else 0.0


def _beside(layer: Layer, passes: float, *, learns: bool) -> float:
    """Values that are read or written for one input beside a convolution's own kernels."""
    if not layer.weights:
        return 0.0
    return passes * _CONVERTED * layer.values + (_NORMED * _outputs(layer) if learns else 0.0)


def trained_flops(network: Network) -> float:
    """Return the operations that one input takes in training."""
    return sum(
        layer.flops * times * (TRAINED_PASSES if learns else 1.0)
        for layer, times, learns in _trained(network)
    )


def trained_memory_bytes(network: Network, batch: float, dtype: str) -> float:
    """Return the memory of weights, gradients, momentum, and what the backward pass reads of a batch."""
    width = max(width_of(dtype), 2.0)
    state = kept = 0.0
    for layer, times, learns in _trained(network):
        state += layer.weights * layer.repeat * (_STATE if learns else width)
        kept += _KEPT * _outputs(layer) * times * width if learns else 0.0
    return state + batch * kept


def trained_seconds(network: Network, card: Card, *, batch: float, dtype: str, slower: float = 1.0) -> float:
    """Return the seconds of a step of ``batch`` inputs on one card; cards exchange no gradients here.

    ``slower``: time of the card's own work over that by software that was tuned to it.

    Raises InputError for a number format that the card lacks, InfeasibleError where the batch does not fit its memory.
    """
    need = trained_memory_bytes(network, batch, dtype)
    if need > card.memory_bytes:
        raise InfeasibleError(
            f"{network.name} in training at a batch of {batch:g} needs {need / 2**30:.1f} GiB of"
            f" {card.memory_bytes / 2**30:.1f}"
        )
    wide = next((name for name in ("bf16", "fp16") if name in card.peak), dtype)
    bandwidth = card.memory_bandwidth * card.memory_efficiency
    found, total = VISION[network.family], 0.0
    for layer, times, learns in _trained(network):
        name = wide if layer.wide else dtype
        # Kernels are not tuned to the layer as an inference engine's are: what products of a step sustain.
        rate = card.matrix_rate(name)
        once = layer_seconds(layer, card, batch=batch, rate=rate, width=width_of(name), overlap=found.overlap)
        passes, kernels = (TRAINED_PASSES, _KERNELS) if learns else (1.0, 1.0)
        beside = _beside(layer, passes, learns=learns) if network.family == "convolution" else 0.0
        beside *= batch * width_of(name) / bandwidth
        total += times * (slower * (passes * once + beside) + kernels * found.launch_s)
    return float(total)
