"""Requests that bring clips: what they wait for in codec channels and encoders before the language model."""

from __future__ import annotations

from typing import Any

import numpy as np

from clustersim.assemble.parts import card_spec
from clustersim.assemble.vision import network_of
from clustersim.des.serving.multimodal import FrontEnd, serve_multimodal
from clustersim.perf.vision import batch_seconds
from clustersim.planner.serving import Serving
from clustersim.schema.inputs import Inputs
from clustersim.schema.networks import NetworkProfile
from clustersim.schema.serving import ClipsSection

__all__ = ["clips_of"]


def clips_of(inputs: Inputs, serving: Serving) -> dict[str, Any] | None:
    """Return the times of a workload's requests with the stages before the model; None where they bring no clips.

    Every clip is decoded on a channel of one of the encoding cards, its sampled frames pass the encoder one by one, and
    join the prompt.

    Raises InputError for a card without codec channels.
    """
    clips = serving.work.clips
    if clips is None:
        return None
    requests, _ = serving.traffic()
    deployed = serving.deployment()
    count = len(requests.arrival)
    run = serve_multimodal(
        requests, frames=np.full(count, clips.frames), sampled=np.full(count, clips.sampled),
        front=_front(inputs, clips, deployed.pool.replicas), pool=deployed.pool, router=serving.work.router,
    )  # fmt: skip
    return {
        "binds": run.binds,
        **{f"{stage}_use": float(share) for stage, share in run.use.items()},
        "decoded_p50_s": float(np.median(run.decoded - run.arrival)),
        "seen_p50_s": float(np.median(run.seen - run.arrival)),
        "ttft_p50_s": float(np.median(run.ttft_s)),
        "e2e_p50_s": float(np.median(run.e2e_s)),
        "encoding_cards": clips.encoders * deployed.pool.replicas,
    }


def _front(inputs: Inputs, clips: ClipsSection, replicas: int) -> FrontEnd:
    """What stands before the language model on the encoding cards of all replicas."""
    profile = inputs.networks[clips.network]
    assert isinstance(profile, NetworkProfile)
    codec, workers = inputs.parts.card.codec, clips.encoders * replicas
    channels = int(codec.decode_channels.value) if codec and codec.decode_channels else 0
    card = card_spec(inputs.parts.card)
    frames = 1 / batch_seconds(network_of(profile), card, batch=1, dtype=clips.dtype)
    return FrontEnd(channels * workers, clips.channel_fps.value, workers, frames, clips.tokens_per_frame)
