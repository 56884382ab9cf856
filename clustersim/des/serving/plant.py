"""A fleet whose size is asked: one kind of replica or two, how it serves a stream, and what a size is found to be."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from clustersim.des.serving.book import Requests
from clustersim.des.serving.closed_form import Fleet, fleet_of
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.fluid_inputs import traffic_of
from clustersim.des.serving.metrics import Slo
from clustersim.des.serving.run import ServingRun
from clustersim.des.serving.settings import Pool, Transfer
from clustersim.des.serving.steady import Share, share_of
from clustersim.des.serving.stream import Stream

__all__ = ["Fewer", "Plant", "Sizing", "Trial", "tokens_to_requests"]


@dataclass(frozen=True, slots=True)
class Plant:
    """One kind of replica, or a prefill and a decode kind with their hand-over; the pools' own counts are not used."""

    pool: Pool
    router: str
    decode: Pool | None = None
    transfer: Transfer | None = None
    cached_share: float = 0.0
    priority_share: float = 0.0
    decode_router: str = "least_loaded"

    def sized(self, replicas: int, decode_replicas: int = 0) -> Plant:
        """Return the plant with these numbers of replicas."""
        decode = replace(self.decode, replicas=decode_replicas) if self.decode else None
        return replace(self, pool=replace(self.pool, replicas=replicas), decode=decode)

    def fleet(self) -> Fleet:
        """Return the plant as the closed form sees it."""
        return fleet_of(
            self.pool, self.decode, self.transfer, router=self.router, decode_router=self.decode_router
        )

    def simulate(self, requests: Requests) -> ServingRun:
        """Serve requests, without a log."""
        return simulate(
            requests,
            self.pool,
            router=self.router,
            decode_router=self.decode_router,
            decode_pool=self.decode,
            transfer=self.transfer,
            cached_share=self.cached_share,
            priority_share=self.priority_share,
            log=False,
        )


@dataclass(frozen=True, slots=True)
class Trial:
    """A plant and the stream that it is tried with.

    Of a split fleet's cell, ``onward`` is the part of the requests whose answers are decoded: the rest ends at the
    first token and is not counted, so that both pools have the load of the whole fleet's.
    """

    plant: Plant
    stream: Stream
    onward: float = 1.0

    def share(self, slo: Slo, requests: int, seed: int) -> Share:
        """Serve so many requests and return the share within the SLO over the steady window.

        Raises InputError where they leave no such window.
        """
        drawn = self.stream.draw(requests, np.random.default_rng(seed))
        if self.onward >= 1.0:
            return share_of(self.plant.simulate(drawn), slo)
        counted = np.random.default_rng([seed, 1]).random(requests) < self.onward
        some = replace(drawn, output=np.where(counted, drawn.output, 1))
        return share_of(self.plant.simulate(some), slo, counted=counted)


@dataclass(frozen=True, slots=True)
class Fewer:
    """What is known of one step fewer replicas than a plan has, and so of whether the plan has one too many.

    ``verdict`` is ``fails`` (the whole 95 % interval of the simulated share is below the target), ``not_refuted`` (the
    target is inside the interval: so long a run tells the two no further apart), ``no_steady_state`` (the rate is above
    what so few sustain), ``none_left`` (no replica would be left) or ``not_looked_at``.
    """

    verdict: str
    share: Share | None = None

    @classmethod
    def of(cls, share: Share | None, target: float, count: int, least: int) -> Fewer:
        """Return the verdict on ``count`` replicas of a pool whose rate alone needs ``least``.

        >>> Fewer.of(None, 0.9, 0, 1).verdict, Fewer.of(None, 0.9, 3, 4).verdict, Fewer.of(None, 0.9, 5, 4).verdict
        ('none_left', 'no_steady_state', 'not_looked_at')
        """
        if count < 1:
            return cls("none_left")
        if count < least:
            return cls("no_steady_state")
        if share is None:
            return cls("not_looked_at")
        if share.requests == 0:  # no window was left at any length: the requests stay longer and longer
            return cls("no_steady_state")
        return cls("fails" if share.upper < target else "not_refuted", share)


@dataclass(frozen=True, slots=True)
class Sizing:
    """The fewest replicas for a demand, the share they reach, and what the closed form alone would have said.

    ``share.lower`` is what meets the target. ``one_fewer`` is what is known of one step fewer, ``one_fewer_decode`` of
    one step fewer decode replicas (absent where there is no such pool). ``simulated_replicas`` were served,
    with their part of the stream: all, or a cell of a fleet that is too large for one run; ``step`` is the number of
    replicas that the fleet was counted in.
    """

    replicas: int
    decode_replicas: int
    share: Share
    one_fewer: Fewer
    one_fewer_decode: Fewer | None
    closed_form_replicas: int
    requests: int
    simulated_replicas: int
    step: int = 1


def tokens_to_requests(tokens_per_day: float, stream: Stream) -> float:
    """Return requests per second for tokens (prompt and answer) per day.

    >>> from clustersim.des.serving.stream import Lengths
    >>> tokens_to_requests(86400 * 600.0, Stream(1.0, Lengths(500, "constant"), Lengths(100, "constant")))
    1.0
    """
    return float(tokens_per_day / 86400.0 / traffic_of(stream).tokens)
