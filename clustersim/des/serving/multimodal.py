"""Requests with video in and text out: codec channels, then the vision model, then the language model.

The clip of a request is decoded on one channel (frames refer to each other, so all of them), its sampled frames pass
the vision model, and become prompt tokens. Channels and the vision model are SimPy resources; the language model is
the serving simulation. What comes before it does not depend on it, so the two run one after the other.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from clustersim.des.serving.book import Requests
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.metrics import records
from clustersim.des.serving.run import ServingRun
from clustersim.des.serving.settings import Pool
from clustersim.errors import InputError

__all__ = ["FrontEnd", "MultimodalRun", "serve_multimodal"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """What stands before the language model.

    ``channels`` decode ``channel_fps`` frames/s each; ``vision_workers`` pass ``vision_fps`` frames/s each;
    every sampled frame becomes ``tokens_per_frame`` prompt tokens.
    """

    channels: int
    channel_fps: float
    vision_workers: int
    vision_fps: float
    tokens_per_frame: int

    def __post_init__(self) -> None:
        if self.channels < 1:
            raise InputError(
                "multimodal: the card has no codec channels; decode elsewhere or choose another card"
            )
        if (
            min(self.channel_fps, self.vision_fps) <= 0
            or self.vision_workers < 1
            or self.tokens_per_frame < 1
        ):
            raise InputError("multimodal: rates, workers and tokens per frame must be above zero")


@dataclass(slots=True)
class MultimodalRun:
    """The stages of every request in seconds, in the order of arrival, and the language model's run."""

    arrival: Array
    decoded: Array
    seen: Array
    ttft_s: Array
    e2e_s: Array
    language: ServingRun
    use: dict[str, float]

    @property
    def binds(self) -> str:
        """The stage with the largest use."""
        return max(self.use, key=lambda name: self.use[name])


def serve_multimodal(
    requests: Requests,
    *,
    frames: NDArray[np.int64],
    sampled: NDArray[np.int64],
    front: FrontEnd,
    pool: Pool,
    router: str = "least_loaded",
) -> MultimodalRun:
    """Serve requests whose clips have ``frames`` source frames, of which ``sampled`` are looked at.

    ``requests.prompt`` is the text of each prompt. Raises InputError for lengths that differ or a request that
    samples more frames than it has.
    """
    n = len(requests)
    if len(frames) != n or len(sampled) != n:
        raise InputError("multimodal: frames, sampled and requests must have one length")
    if np.any(sampled > frames) or np.any(frames < 0):
        raise InputError("multimodal: a request cannot sample more frames than its clip has")
    decoded, seen, busy = _front(
        requests.arrival, frames / front.channel_fps, sampled / front.vision_fps, front
    )
    order = np.argsort(seen, kind="stable")
    inner = Requests(
        seen[order], (requests.prompt + sampled * front.tokens_per_frame)[order], requests.output[order]
    )
    run = simulate(inner, pool, router=router)
    rows = records(run)
    first, finish = np.empty(n), np.empty(n)
    first[order], finish[order] = rows["first_token_s"], rows["finish_s"]
    span = max(run.end_s - float(requests.arrival[0]), 1e-12)
    model_busy = sum(float(run.log(i)[:, 1].sum()) for i in range(len(run.replicas)))
    shares = {
        "channels": busy[0] / front.channels / span,
        "vision": busy[1] / front.vision_workers / span,
        "language": model_busy / len(run.replicas) / span,
    }
    return MultimodalRun(
        requests.arrival, decoded, seen, first - requests.arrival, finish - requests.arrival, run, shares
    )


def _front(arrival: Array, decode_s: Array, vision_s: Array, front: FrontEnd) -> tuple[Array, Array, Array]:
    """Pass every clip through a channel and a vision worker, first come, first served."""
    env = simpy.Environment()
    channels = simpy.Resource(env, front.channels)
    workers = simpy.Resource(env, front.vision_workers)
    decoded, seen = arrival.copy(), arrival.copy()

    def clip(i: int) -> Generator[Any, Any, None]:
        yield env.timeout(float(arrival[i]))
        for resource, seconds, column in ((channels, decode_s[i], decoded), (workers, vision_s[i], seen)):
            if seconds > 0:
                with resource.request() as turn:
                    yield turn
                    yield env.timeout(float(seconds))
            column[i] = env.now

    for i in range(len(arrival)):
        env.process(clip(i))
    env.run()
    return decoded, seen, np.array([decode_s.sum(), vision_s.sum()])
