"""A video workload as the engine takes it: the card's channels and rates, and the work of each kind of stream."""

from __future__ import annotations

from clustersim.assemble.parts import card_spec, model_spec
from clustersim.assemble.software import engine_efficiency
from clustersim.des.serving.video import StreamKind, VideoCard
from clustersim.errors import InputError
from clustersim.perf.serving_work import kv_bytes_per_token
from clustersim.schema.demand import VideoWorkload
from clustersim.schema.find_software import find_software
from clustersim.schema.inputs import Inputs
from clustersim.schema.serving import VideoStream

__all__ = ["stream_kind", "stream_kinds", "video_card"]


def video_card(inputs: Inputs, work: VideoWorkload) -> VideoCard:
    """Return the card as the stream simulation sees it; compute is the peak times the card's efficiency.

    Raises InputError for a card without codec channels.
    """
    profile = inputs.parts.card
    codec = profile.codec
    spec = card_spec(profile)
    decode = int(codec.decode_channels.value) if codec and codec.decode_channels else 0
    encode = int(codec.encode_channels.value) if codec and codec.encode_channels else 0
    return VideoCard(
        name=profile.name,
        decode_channels=decode,
        encode_channels=encode,
        channel_fps=work.channel_fps.value,
        channel_memory=work.channel_memory.value,
        compute=spec.peak_of(work.dtype) * spec.gemm_efficiency,
        memory_bytes=spec.memory_bytes,
    )


def stream_kinds(inputs: Inputs, work: VideoWorkload) -> list[tuple[StreamKind, float]]:
    """Return the kinds of stream of a workload with their weights."""
    return [(stream_kind(stream, inputs, work), float(stream.streams)) for stream in work.streams]


def stream_kind(stream: VideoStream, inputs: Inputs, work: VideoWorkload) -> StreamKind:
    """Return a stream with its work per second: the vision model per sampled frame, and the language model's tokens.

    The language model's prompt tokens run at the reachable compute rate (2 operations per parameter and token);
    each of its output tokens passes at the same count, batched over streams; its cache holds one second of frames.
    """
    flops = stream.sampled_fps.value * stream.flops_per_frame.value
    held = 0.0
    tokens = stream.sampled_fps.value * stream.tokens_per_frame.value + stream.output_tokens_per_s.value
    if tokens > 0:
        if work.model is None:
            raise InputError(f"{inputs.file}: stream {stream.name} makes tokens; name the workload's model")
        model, card = model_spec(inputs.model(work)), card_spec(inputs.parts.card)
        share = engine_efficiency(find_software("vllm").profile, card, "dense").gemm / card.gemm_efficiency
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
