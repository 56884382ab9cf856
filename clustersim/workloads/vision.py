"""Vision and generation: inputs per second of a card by what binds them: network, codec channels or host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from clustersim.assemble.parts import card_spec, needed
from clustersim.assemble.vision import network_of, seconds_of
from clustersim.errors import InputError
from clustersim.perf.vision import Network, batch_rate, best_batch, input_flops
from clustersim.perf.vision_training import trained_flops
from clustersim.schema.demand import VisionWorkload, identity
from clustersim.schema.inputs import Inputs
from clustersim.schema.networks import NetworkProfile
from clustersim.workloads.work import Load, Product, StageCache, Work

__all__ = ["VisionDetail", "network_profile", "work_of"]

#: What is left out where a network is trained.
TRAINED = (
    "a network in training runs operator by operator, as frameworks do: exchange of gradients, fused operators and the"
    " reading of its inputs are not modelled"
)


@dataclass(frozen=True, slots=True)
class VisionDetail:
    """The network as it runs, and what each of its feeders allows."""

    network: Network
    batch: int
    batch_s: float
    inputs_per_s: dict[str, float]
    """Inputs per second that each part of the way allows; the least binds."""

    @property
    def binds(self) -> str:
        """What allows the least."""
        return min(self.inputs_per_s, key=lambda name: self.inputs_per_s[name])


def network_profile(inputs: Inputs, work: VisionWorkload) -> NetworkProfile:
    """Return the network of a workload; raises InputError where there is none of that name."""
    found = inputs.networks.get(work.network)
    if found is None:
        raise InputError(f"{inputs.file}: no network {work.network!r} was read")
    return cast(NetworkProfile, found)


def work_of(inputs: Inputs, name: str, work: VisionWorkload, cache: StageCache) -> Work:
    """Return what a vision workload makes of the site's card-hours: images, samples or seconds of video.

    Raises InputError for a number format or codec channels that the card lacks, InfeasibleError where not one input
    fits the memory, or ends within the latency.
    """
    profile = network_profile(inputs, work)
    network, card = network_of(profile, steps=work.steps), card_spec(inputs.parts.card)
    limit = work.latency.value if work.latency is not None else np.inf
    timed = seconds_of(inputs.parts.card, network, work.dtype, trained=work.training)
    batch = (
        best_batch(network, card, dtype=work.dtype, latency_s=limit, seconds_of=timed)
        if work.batch == "best"
        else work.batch
    )
    seconds = cache.get(
        "vision batch", (network, card, batch, work.dtype, work.training), lambda: timed(batch)
    )  # fmt: skip
    allows = {"network": batch_rate(network, batch, seconds, served=work.latency is not None)}
    if work.host_rate is not None:
        allows["host"] = work.host_rate.value
    if work.frames_per_input.value > 0:
        allows["codec"] = _decoded(inputs, work) / work.frames_per_input.value
    detail = VisionDetail(network, batch, seconds, allows)
    rate = min(allows.values())
    busy = rate / allows["network"]
    flops = trained_flops(network) if work.training else input_flops(network)
    product = Product(profile.unit, rate * 3600.0)
    u_tensor = min(1.0, rate * flops / (card.matrix_rate(work.dtype)))
    return Work(
        name=name,
        kind="vision",
        share=inputs.scenario.shares[name],
        asked=identity(work),
        main=product,
        products=(product,),
        load=Load(u_tensor, min(1.0, 1.0 - u_tensor) * busy, 0.0, 1.0),
        service={} if work.latency is None else {"batch_latency_s": seconds},
        rates={"inputs_per_s_per_card": rate, "batch": float(batch), "batch_s": seconds},
        terms={
            "flop_per_input": flops,
            "flops_utilisation": rate * flops / card.peak_of(work.dtype),
            **{f"{part}_allows_inputs_per_s": value for part, value in allows.items()},
        },
        layout={"binds": detail.binds, "batch": batch},
        notes=(
            TRAINED
            if work.training
            else f"software of {network.family} networks as NVIDIA's MLPerf submissions have it; on another"
            " maker's card see `validate mlperf`",
            "memory use while the tensor units wait is taken for the rest of the time",
        ),
        detail=detail,
    )


def _decoded(inputs: Inputs, work: VisionWorkload) -> float:
    """Frames per second that a card's channels decode."""
    card = inputs.parts.card
    stated = card.codec.decode_channels if card.codec is not None else None
    channels = needed(stated, f"cards.{card.name}.codec.decode_channels")
    if work.channel_fps is None:
        raise InputError(
            "demand: channel_fps is needed where frames are decoded; add it to the vision workload"
        )
    return channels * work.channel_fps.value
