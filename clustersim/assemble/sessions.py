"""Sessions and known blocks of a serving workload as the engine takes them."""

from __future__ import annotations

from math import inf

import numpy as np

from clustersim.des.serving.block_cache import Known, TierRule
from clustersim.des.serving.book import Requests
from clustersim.des.serving.sessions import SessionSpec, draw_sessions
from clustersim.des.serving.stream import Lengths, Stream
from clustersim.perf.model import Model
from clustersim.perf.serving_engine import Precision
from clustersim.perf.serving_work import cache_growth
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.serving import LengthSection, SessionSection

__all__ = ["known_of", "mean_context", "session_stream", "sessions_of"]


def _lengths(section: LengthSection) -> Lengths:
    return Lengths(section.mean.value, section.shape, section.spread.value)


def sessions_of(work: ServingWorkload, seed: int) -> Requests:
    """Return the turns of a workload's sessions."""
    traffic = work.traffic
    section, loop = traffic.sessions, traffic.closed_loop
    assert section is not None and traffic.output is not None and traffic.requests is not None
    spec = SessionSpec(
        turns=_lengths(section.turns),
        first=_lengths(section.first),
        added=_lengths(section.added),
        output=_lengths(traffic.output),
        shared_tokens=section.shared_tokens,
        longest=section.longest if section.longest is not None else inf,
        midway=section.midway.value,
        users=loop.users if loop else 0,
        pause_s=section.pause.value,
        pause_spread=1.0 if section.pause_spread == "exponential" else 0.0,
        block_tokens=section.block_tokens,
    )
    rate = traffic.rate.value * traffic.load_factor.value if traffic.rate and loop is None else None
    bursty = traffic.burstiness.value if traffic.process == "gamma" else 1.0
    return draw_sessions(spec, traffic.requests, np.random.default_rng(seed), rate=rate, burstiness=bursty)


def session_stream(work: ServingWorkload, seed: int) -> Stream:
    """Return single requests of the sessions' lengths as a stream: what capacity is asked of, without reuse."""
    drawn, traffic = sessions_of(work, seed), work.traffic
    rate = (traffic.rate.value if traffic.rate else 1.0) * traffic.load_factor.value
    return Stream(rate, sample=Requests(np.sort(drawn.arrival), drawn.prompt, drawn.output))


def mean_context(section: SessionSection, output: float) -> float:
    """Tokens of a sequence at mid-answer, over the turns of a session.

    >>> one = LengthSection(mean=100, shape="constant")
    >>> mean_context(SessionSection(turns=LengthSection(mean=3), first=one, added=one), 10.0)
    215.0
    """
    before = (section.turns.mean.value - 1.0) / 2.0
    added = section.added.mean.value + output
    return section.shared_tokens + section.first.mean.value + before * added + output / 2.0


def known_of(work: ServingWorkload, held_bytes: float, model: Model, precision: Precision) -> Known | None:
    """Return how replicas keep known blocks; nothing where the workload keeps none, or states what is known.

    A tier holds a token once, however many cards hold its parts or copies; each card reads ``held_bytes`` of it.
    """
    section = work.prefix
    if section is None or section.hit_share.value > 0:
        return None
    once = cache_growth(model, inf, bytes_per_value=precision.kv_bytes).per_token
    tiers = tuple(
        TierRule(
            name=tier.name,
            capacity_tokens=tier.capacity.value / once,
            token_s=held_bytes / tier.bandwidth.value + tier.token.value,
            latency_s=tier.latency.value,
            shared=tier.shared,
        )
        for tier in section.tiers
    )
    return Known(section.memory_share.value, tiers)
