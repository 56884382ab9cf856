"""Video streams on one or more cards: codec channels beside compute and memory.

Every source frame must be decoded, because frames refer to each other; only the sampled ones are computed on. A
channel is sized for 1920 x 1080 at ``channel_fps``; other sizes count by their pixels. What binds is the resource
whose share per stream is the largest.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from math import floor, inf
from typing import Any

import numpy as np
import simpy

from clustersim.des.serving.window import BATCHES
from clustersim.errors import InfeasibleError, InputError
from clustersim.special import ndtri

__all__ = [
    "CODEC_WORK",
    "Demand",
    "StreamKind",
    "VideoCard",
    "VideoRun",
    "cards_for_streams",
    "demand",
    "simulate_streams",
    "streams_per_card",
]

FULL_HD = 1920 * 1080
#: Mean sessions before counting starts (the site starts at its mean load: only the shape has to settle; e^-3 = 5 %).
WARM_UP_SESSIONS = 3.0
#: Mean streams of the largest site that is simulated whole, and the part of a larger one that it is counted in.
_CELL_STREAMS, _STEPS = 2_500, 200
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
    """What happened to the streams in the steady window: admitted, blocked by which resource, use of each resource.

    ``share`` is the admitted share of the streams that came, ``error`` its standard error by batch means, ``cards``
    those that were simulated.
    """

    cards: int
    offered: int
    admitted: int
    blocked: dict[str, int]
    use: dict[str, float]
    peak_streams: int
    warm_up_s: float
    end_s: float
    share: float = 1.0
    error: float = 0.0

    @property
    def lower(self) -> float:
        """The lower bound of the two-sided 95 % interval of the admitted share."""
        return self.share - 1.96 * self.error


class _Site:
    """The pooled resources of the cards, with the time integral of what is taken."""

    def __init__(self, env: Any, cards: int) -> None:
        names = ("decode", "encode", "compute", "memory")
        self.env, self.size = env, float(cards)
        self.taken = dict.fromkeys(names, 0.0)
        self.area = dict.fromkeys(names, 0.0)
        self.last = 0.0
        self.live = self.peak = 0

    def restart(self) -> None:
        """Begin to count the use anew: the start has worn off."""
        self.account()
        self.area = dict.fromkeys(self.area, 0.0)
        self.peak = self.live

    def account(self) -> None:
        """Add what was taken since the last change."""
        gap, self.last = self.env.now - self.last, self.env.now
        for name, taken in self.taken.items():
            self.area[name] += gap * taken

    def lacking(self, shares: Mapping[str, float]) -> str:
        """Return the first resource without room, or an empty text."""
        for name, share in shares.items():
            if share > 0 and self.size - self.taken[name] < share - 1e-9:
                return name
        return ""

    def change(self, shares: Mapping[str, float], sign: int) -> None:
        """Take (+1) or give back (-1) the shares of one stream."""
        self.account()
        for name, share in shares.items():
            self.taken[name] += sign * share
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
    resource has no room (a loss system: Erlang's, for one kind and one resource). The site starts with the streams
    that it would hold on average, and runs `WARM_UP_SESSIONS` sessions before the ``duration_s`` that are counted:
    what is said does not depend on how long is looked.
    """
    warm = WARM_UP_SESSIONS * session_s
    log = _StreamLog(warm, duration_s)
    env = simpy.Environment()
    site = _Site(env, cards)
    for (kind, weight), own in zip(kinds, rng.spawn(len(kinds)), strict=True):
        if weight > 0:
            env.process(_source(env, site, log, (demand(kind, card), weight), session_s, own))
    env.run(until=warm)
    site.restart()
    env.run(until=warm + duration_s)
    site.account()
    share, error = log.share()
    return VideoRun(
        cards=cards,
        offered=int(log.came.sum()),
        admitted=int(log.came.sum() - log.lost.sum()),
        blocked=log.blocked,
        use={name: area / duration_s / cards for name, area in site.area.items()},
        peak_streams=site.peak,
        warm_up_s=warm,
        end_s=warm + duration_s,
        share=share,
        error=error,
    )


class _StreamLog:
    """Streams that came and were blocked, by equal stretches of the window."""

    def __init__(self, start_s: float, length_s: float) -> None:
        self.start_s, self.length_s = start_s, length_s
        self.came, self.lost = np.zeros(BATCHES), np.zeros(BATCHES)
        self.blocked: dict[str, int] = {}

    def note(self, now: float, short: str) -> None:
        """Count a stream that came at ``now``; ``short`` names what it lacked, if anything."""
        if now < self.start_s:
            return
        at = min(int((now - self.start_s) / self.length_s * BATCHES), BATCHES - 1)
        self.came[at] += 1
        if short:
            self.lost[at] += 1
            self.blocked[short] = self.blocked.get(short, 0) + 1

    def share(self) -> tuple[float, float]:
        """Return the admitted share and its standard error (ratio estimator over the stretches)."""
        came = float(self.came.sum())
        if came == 0:
            return 1.0, 0.0
        share = 1.0 - float(self.lost.sum()) / came
        rest = (self.came - self.lost) - share * self.came
        return share, float(np.sqrt(np.sum(rest**2) / (BATCHES * (BATCHES - 1))) / self.came.mean())


def _source(
    env: Any,
    site: _Site,
    log: _StreamLog,
    kind: tuple[Demand, float],
    session_s: float,
    rng: np.random.Generator,
) -> Generator[Any, Any, None]:
    """Send the streams of one kind: those present at the start, then a Poisson process."""
    need, weight = kind
    shares = {name: getattr(need, name) for name in ("decode", "encode", "compute", "memory")}

    def come() -> None:
        short = site.lacking(shares)
        log.note(env.now, short)
        if not short:
            site.change(shares, 1)
            env.timeout(float(rng.exponential(session_s))).callbacks.append(lambda _: site.change(shares, -1))

    for _ in range(int(rng.poisson(weight))):
        come()
    while True:
        yield env.timeout(float(rng.exponential(session_s / weight)))
        come()


def cards_for_streams(
    kinds: Sequence[tuple[StreamKind, float]],
    card: VideoCard,
    *,
    admitted: float,
    session_s: float,
    rng: np.random.Generator,
    most: int = 10_000_000,
) -> tuple[int, VideoRun]:
    """Return the fewest cards whose admitted share has a lower 95 % bound of at least ``admitted``, and their run.

    Starts at the mean load of the binding resource plus the normal deviation that blocks so few, and steps to where
    the simulation says yes and with one card fewer no. Runs hold some ten thousand streams: a larger site is simulated
    as a cell of cards with their part of the streams (it blocks a little more than the whole), and counted in steps.

    Raises InputError for a share that is not below 1, InfeasibleError where ``most`` cards are not enough.
    """
    if not 0.0 < admitted < 1.0:
        raise InputError(
            f"an admitted share of {admitted}; it must lie between 0 and 1: every loss system blocks some"
        )
    total = sum(weight for _, weight in kinds)
    per_card, mean = streams_per_card(kinds, card)
    load = total * mean.most
    guess = max(1, round(load + float(ndtri(admitted)) * (load * mean.most) ** 0.5))
    cell, unit, seed = (
        max(1, round(_CELL_STREAMS / per_card)),
        max(1, guess // _STEPS),
        int(rng.integers(2**32)),
    )
    seen: dict[int, VideoRun] = {}

    def holds(steps: int) -> bool:
        if steps not in seen:
            held = min(steps * unit, cell)
            part = held / (steps * unit)
            seen[steps] = simulate_streams(
                [(kind, weight * part) for kind, weight in kinds],
                card,
                cards=held,
                session_s=session_s,
                duration_s=session_s * max(40_000.0 / (total * part), 20.0),
                rng=np.random.default_rng(seed),
            )
        return seen[steps].lower >= admitted

    steps = _fewest(holds, -(-guess // unit), most // unit)
    if steps is None:
        raise InfeasibleError(
            f"{most} cards of {floor_streams(per_card)} streams each do not admit {admitted:.2%} of"
            f" {total:g} streams"
        )
    return steps * unit, seen[steps]


def _fewest(holds: Callable[[int], bool], guess: int, most: int) -> int | None:
    """Return the fewest number that holds, by growing steps from a guess and halves between; nothing up to ``most``."""
    low, high, step = 0, min(guess, most), max(1, guess // 50)
    while not holds(high):
        if high >= most:
            return None
        low, high, step = high, min(high + step, most), 2 * step
    step = 1
    while high - step > low and holds(high - step):
        high, step = high - step, 2 * step
    low = max(low, high - step)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def floor_streams(value: float) -> int:
    """Return whole streams (0 where not even one fits)."""
    return floor(value + 1e-9) if value < inf else 0
