"""Answers of a video scenario: streams per card, what binds, blocking, cost per stream-hour."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from clustersim.assemble import card_spec, model_spec
from clustersim.des.serving.video import (
    StreamKind,
    VideoCard,
    floor_streams,
    simulate_streams,
    streams_per_card,
)
from clustersim.errors import InputError
from clustersim.perf.serving_calibrated import efficiency_for
from clustersim.perf.serving_work import kv_bytes_per_token
from clustersim.schema.profiles import CardProfile
from clustersim.schema.serving import LoadedServing, VideoSection, VideoStream

__all__ = ["stream_kind", "video_answers", "video_card"]


def video_card(profile: CardProfile, video: VideoSection) -> VideoCard:
    """Return the card as the stream simulation sees it; compute is the peak times the card's efficiency.

    Raises InputError for a card without codec channels.
    """
    codec = profile.codec
    spec = card_spec(profile)
    decode = int(codec.decode_channels.value) if codec and codec.decode_channels else 0
    encode = int(codec.encode_channels.value) if codec and codec.encode_channels else 0
    return VideoCard(
        name=profile.name,
        decode_channels=decode,
        encode_channels=encode,
        channel_fps=video.channel_fps.value,
        channel_memory=video.channel_memory.value,
        compute=spec.peak_of(video.dtype) * spec.gemm_efficiency,
        memory_bytes=spec.memory_bytes,
    )


def stream_kind(stream: VideoStream, loaded: LoadedServing, card: CardProfile) -> StreamKind:
    """Return a stream with its work per second: the vision model per sampled frame, and the language model's tokens.

    The language model's prompt tokens run at the reachable compute rate (2 operations per parameter and token);
    each of its output tokens passes at the same count, batched over streams; its cache holds one second of frames.
    """
    video = loaded.scenario.video
    assert video is not None
    flops = stream.sampled_fps.value * stream.flops_per_frame.value
    held = 0.0
    tokens = stream.sampled_fps.value * stream.tokens_per_frame.value + stream.output_tokens_per_s.value
    if tokens > 0:
        if video.model is None:
            raise InputError(f"{loaded.file}: stream {stream.name} makes tokens; name video.model")
        model = model_spec(loaded.models[video.model])
        share = efficiency_for("vllm", card_spec(card), "dense").gemm / card_spec(card).gemm_efficiency
        flops += 2.0 * model.active_parameters * tokens / share
        held = tokens * kv_bytes_per_token(model, bytes_per_value=2.0)
    return StreamKind(
        name=stream.name,
        pixels=float(stream.width * stream.height),
        fps=stream.fps.value,
        codec=stream.codec,
        decode=stream.direction in {"decode", "transcode"},
        encode=stream.direction in {"encode", "transcode"},
        flops_per_s=flops,
        model_memory=held,
    )


def video_answers(loaded: LoadedServing, *, with_comparison: bool = True) -> list[dict[str, Any]]:
    """Return one answer per card: streams per card, what binds, use, blocking and cost per stream-hour."""
    scenario = loaded.scenario
    video = scenario.video
    if video is None:
        raise InputError(f"{loaded.file}: has no video section")
    names = [scenario.cluster.card, *(c.card for c in scenario.compare if with_comparison)]
    out = []
    for name in names:
        profile = loaded.cards[name]
        card = video_card(profile, video)
        kinds = [(stream_kind(s, loaded, profile), float(s.streams)) for s in video.streams]
        most, mean = streams_per_card(kinds, card)
        run = simulate_streams(
            kinds,
            card,
            cards=video.cards,
            session_s=video.session.value,
            duration_s=video.duration.value,
            rng=np.random.default_rng(scenario.seed),
        )
        cost = scenario.cost
        hour = (
            (cost.by_card.get(name) or (cost.card_hour if name == scenario.cluster.card else None))
            if cost
            else None
        )
        out.append(
            {
                "card": name,
                "streams_per_card": floor_streams(most),
                "binds": mean.binds,
                "share_per_stream": asdict(mean),
                "cards": video.cards,
                "offered_streams": run.offered,
                "admitted_streams": run.admitted,
                "blocked_streams": run.offered - run.admitted,
                "blocked_by": run.blocked,
                "use": run.use,
                "peak_streams": run.peak_streams,
                "cny_per_stream_hour": hour.value / most if hour is not None else None,
            }
        )
    return out
