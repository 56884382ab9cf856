"""Video: streams per card by what binds them, and the blocking of streams that come and go."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from clustersim.assemble.video import stream_kinds, video_card
from clustersim.des.serving.video import (
    Demand,
    VideoRun,
    cards_for_streams,
    floor_streams,
    simulate_streams,
    streams_per_card,
)
from clustersim.errors import InputError
from clustersim.schema.demand import VideoWorkload, identity
from clustersim.schema.inputs import Inputs
from clustersim.workloads.work import Load, Product, StageCache, Work

__all__ = ["VideoDetail", "simulated", "sized", "work_of"]


@dataclass(frozen=True, slots=True)
class VideoDetail:
    """Streams per card, and the shares of a card that a mean stream takes."""

    streams_per_card: float
    per_stream: Demand

    @property
    def whole_streams(self) -> int:
        """Streams that a card holds at once."""
        return floor_streams(self.streams_per_card)


def work_of(inputs: Inputs, name: str, work: VideoWorkload, cache: StageCache) -> Work:
    """Return what a video workload makes of the site's card-hours: stream-hours of the stated mix.

    Raises InputError for a card without the codec channels that the streams need.
    """
    most, mean = streams_per_card(stream_kinds(inputs, work), video_card(inputs, work))
    detail = VideoDetail(most, mean)
    product = Product("stream_hour", most)
    shares = {key: value * most for key, value in asdict(mean).items()}
    return Work(
        name=name,
        kind="video",
        share=inputs.scenario.shares[name],
        asked=identity(work),
        main=product,
        products=(product,),
        load=Load(min(shares["compute"], 1.0), 0.0, 0.0, 1.0),
        service={},
        rates={"streams_per_card": most, **{f"{key}_use": value for key, value in shares.items()}},
        terms={f"{key}_share_per_stream": value for key, value in asdict(mean).items()},
        layout={"binds": mean.binds},
        notes=("power of codec channels is not modelled: it is inside the card's idle power",),
        detail=detail,
    )


def simulated(inputs: Inputs, work: VideoWorkload) -> VideoRun:
    """Return what happens to the streams of a workload on its own cards: how many come, stay and are blocked."""
    return simulate_streams(
        stream_kinds(inputs, work),
        video_card(inputs, work),
        cards=work.replicas,
        session_s=work.session.value,
        duration_s=work.duration.value,
        rng=np.random.default_rng(inputs.scenario.seed),
    )


def sized(inputs: Inputs, work: VideoWorkload, streams: float, admitted: float) -> tuple[int, VideoRun]:
    """Return the fewest cards that admit a share of ``streams`` streams of the stated mix, and their run.

    Raises InputError for a share that is not between 0 and 1, or for no streams.
    """
    if not streams > 0:
        raise InputError(f"{streams:g} streams to carry; it must be above zero")
    kinds = stream_kinds(inputs, work)
    scale = streams / sum(weight for _, weight in kinds)
    return cards_for_streams(
        [(kind, weight * scale) for kind, weight in kinds],
        video_card(inputs, work),
        admitted=admitted,
        session_s=work.session.value,
        rng=np.random.default_rng(inputs.scenario.seed),
    )
