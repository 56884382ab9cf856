"""Video streams on one or more cards: codec channels as SimPy resources beside compute and memory.

Every source frame must be decoded, because frames refer to each other; only the sampled ones are computed on. A
channel is sized for 1920 x 1080 at ``channel_fps``; other sizes count by their pixels. What binds is the resource
whose share per stream is the largest.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from math import floor, inf
from typing import Any

import numpy as np
import simpy

from clustersim.errors import InputError

__all__ = [
    "CODEC_WORK",
    "Demand",
    "StreamKind",
    "VideoCard",
    "VideoRun",
    "demand",
    "simulate_streams",
    "streams_per_card",
]

FULL_HD = 1920 * 1080
#: Channel work of a frame relative to H.264 at the same size (assumption: hardware decoders of one generation
#: state equal channel counts for H.264 and H.265, and about half for AV1).
CODEC_WORK = {"h264": 1.0, "h265": 1.0, "av1": 2.0}


@dataclass(frozen=True, slots=True)
class VideoCard:
    """What a card gives to video: channels, their speed and memory, compute and device memory."""

    name: str
    decode_channels: int
    encode_channels: int
    channel_fps: float
    channel_memory: float
    compute: float
    memory_bytes: float

    def __post_init__(self) -> None:
        if self.decode_channels < 1 and self.encode_channels < 1:
            raise InputError(
                f"card {self.name} has no codec channels in its profile; video needs them: choose a card that has,"
                f" or add cards.{self.name}.codec with its source"
            )


@dataclass(frozen=True, slots=True)
class StreamKind:
    """One kind of stream: picture, direction, and what the models do with it."""

    name: str
    pixels: float
    fps: float
    codec: str = "h264"
    decode: bool = True
    encode: bool = False
    flops_per_s: float = 0.0
    model_memory: float = 0.0


@dataclass(frozen=True, slots=True)
class Demand:
    """Share of one card that one stream takes, per resource."""

    decode: float
    encode: float
    compute: float
    memory: float

    @property
    def binds(self) -> str:
        """The resource with the largest share."""
        shares = {
            "decode": self.decode,
            "encode": self.encode,
            "compute": self.compute,
            "memory": self.memory,
        }
        return max(shares, key=lambda name: shares[name])

    @property
    def most(self) -> float:
        """The largest share."""
        return max(self.decode, self.encode, self.compute, self.memory)


def demand(kind: StreamKind, card: VideoCard) -> Demand:
    """Return the shares of a card that one stream takes.

    Channel share = frames/s x pixels / (1920 x 1080) x codec work / (channels x channel_fps).

    >>> card = VideoCard("X", 512, 64, 30.0, 56e6, 5e14, 64e9)
    >>> round(1 / demand(StreamKind("hd", FULL_HD, 30.0), card).decode)
    512

    Raises InputError for an unknown codec or a direction that the card has no channels for.
    """
    if kind.codec not in CODEC_WORK:
        raise InputError(f"codec {kind.codec!r} is unknown; known: {', '.join(sorted(CODEC_WORK))}")
    work = kind.fps * kind.pixels / FULL_HD * CODEC_WORK[kind.codec]
    shares = []
    for wanted, channels, name in (
        (kind.decode, card.decode_channels, "decode"),
        (kind.encode, card.encode_channels, "encode"),
    ):
        if wanted and channels < 1:
            raise InputError(f"card {card.name} has no {name} channels, and stream {kind.name} needs them")
        shares.append(work / (channels * card.channel_fps) if wanted else 0.0)
    used = (kind.decode + kind.encode) * card.channel_memory * kind.pixels / FULL_HD + kind.model_memory
    return Demand(shares[0], shares[1], kind.flops_per_s / card.compute, used / card.memory_bytes)


def streams_per_card(kinds: Sequence[tuple[StreamKind, float]], card: VideoCard) -> tuple[float, Demand]:
    """Return streams per card for a mix (kind, weight), and the mean shares of one stream of the mix.

    S = 1 / max over resources of the mean share (the least of the single limits for one kind).
    """
    weights = sum(weight for _, weight in kinds)
    if weights <= 0:
        raise InputError("video: no streams; give at least one")
    parts = [(demand(kind, card), weight / weights) for kind, weight in kinds]
    mean = Demand(
        *(sum(getattr(d, name) * w for d, w in parts) for name in ("decode", "encode", "compute", "memory"))
    )
    return (1.0 / mean.most if mean.most > 0 else inf), mean


@dataclass(slots=True)
class VideoRun:
    """What happened to the streams: admitted, blocked by which resource, and mean use of each resource."""

    offered: int
    admitted: int
    blocked: dict[str, int]
    use: dict[str, float]
    peak_streams: int
    end_s: float


class _Site:
    """The pooled resources of the cards as SimPy containers, with the time integral of what is taken."""

    def __init__(self, env: Any, cards: int) -> None:
        names = ("decode", "encode", "compute", "memory")
        self.env, self.size = env, float(cards)
        self.room = {name: simpy.Container(env, capacity=cards, init=cards) for name in names}
        self.area = dict.fromkeys(names, 0.0)
        self.last = 0.0
        self.live = self.peak = 0

    def account(self) -> None:
        """Add what was taken since the last change."""
        gap, self.last = self.env.now - self.last, self.env.now
        for name, tank in self.room.items():
            self.area[name] += gap * (self.size - tank.level)

    def lacking(self, shares: Mapping[str, float]) -> str:
        """Return the first resource without room, or an empty text."""
        for name, share in shares.items():
            if share > 0 and self.room[name].level < share - 1e-9:
                return name
        return ""

    def change(self, shares: Mapping[str, float], sign: int) -> None:
        """Take (+1) or give back (-1) the shares of one stream."""
        self.account()
        for name, share in shares.items():
            if share > 0:
                tank = self.room[name]
                if sign > 0:
                    tank.get(min(share, tank.level))
                else:
                    tank.put(min(share, tank.capacity - tank.level))
        self.live += sign
        self.peak = max(self.peak, self.live)


def simulate_streams(
    kinds: Sequence[tuple[StreamKind, float]],
    card: VideoCard,
    *,
    cards: int,
    session_s: float,
    duration_s: float,
    rng: np.random.Generator,
) -> VideoRun:
    """Let streams come and go: ``weight`` of each kind is the mean number present if none were blocked.

    Streams arrive as a Poisson process, stay an exponential time with mean ``session_s`` and are blocked where a
    resource has no room (a loss system: Erlang's, for one kind and one resource).
    """
    env = simpy.Environment()
    site = _Site(env, cards)
    run = VideoRun(0, 0, {}, {}, 0, duration_s)

    def source(kind: StreamKind, weight: float, own: np.random.Generator) -> Generator[Any, Any, None]:
        need = demand(kind, card)
        shares = {
            "decode": need.decode,
            "encode": need.encode,
            "compute": need.compute,
            "memory": need.memory,
        }
        while True:
            yield env.timeout(float(own.exponential(session_s / weight)))
            run.offered += 1
            short = site.lacking(shares)
            if short:
                run.blocked[short] = run.blocked.get(short, 0) + 1
                continue
            run.admitted += 1
            site.change(shares, 1)
            env.timeout(float(own.exponential(session_s))).callbacks.append(lambda _: site.change(shares, -1))

    for (kind, weight), own in zip(kinds, rng.spawn(len(kinds)), strict=True):
        if weight > 0:
            env.process(source(kind, weight, own))
    env.run(until=duration_s)
    site.account()
    run.use = {name: area / duration_s / cards for name, area in site.area.items()}
    run.peak_streams = site.peak
    return run


def floor_streams(value: float) -> int:
    """Return whole streams (0 where not even one fits)."""
    return floor(value + 1e-9) if value < inf else 0
