"""What a serving workload is asked: its requests, its stationary stream, its service level."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from clustersim.assemble.sessions import mean_context, session_stream, sessions_of
from clustersim.des.serving.arrivals import draw_parts, draw_requests
from clustersim.des.serving.book import Requests
from clustersim.des.serving.metrics import Slo
from clustersim.des.serving.stream import Lengths, Stream, stream_of
from clustersim.des.serving.traces import SHIPPED, Trace, read_trace, shipped_trace
from clustersim.perf.serving_engine import TYPICAL_CONTEXT
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.serving import LengthSection

__all__ = ["context_of", "longest_of", "prompt_of", "request_parts", "requests_of", "slo_of", "stream_spec"]


def slo_of(work: ServingWorkload, outside: float) -> Slo:
    """Return the service level that the model part must meet: the engine's time per request is taken off TTFT."""
    slo, inf = work.slo, float("inf")
    return Slo(
        ttft_s=slo.ttft.value - outside if slo.ttft else inf,
        tpot_s=slo.tpot.value if slo.tpot else inf,
        e2e_s=slo.e2e.value - outside if slo.e2e else inf,
        share=slo.share.value,
    )


def requests_of(work: ServingWorkload, seed: int) -> tuple[Requests, Trace | None]:
    """Return the requests of a workload, and the trace that they came from."""
    traffic = work.traffic
    if traffic.trace is not None:
        if traffic.trace in SHIPPED and traffic.columns is None:
            trace = shipped_trace(traffic.trace)
        else:
            trace = read_trace(traffic.trace, columns=traffic.columns, skip=traffic.skip)
        requests = trace.requests.head(traffic.requests) if traffic.requests else trace.requests
        return requests.faster(traffic.load_factor.value), trace
    if traffic.sessions is not None:
        return sessions_of(work, seed), None
    assert traffic.requests is not None
    wave: dict[str, Any] = {"swing": traffic.swing.value, "period_s": traffic.period.value}
    return draw_requests(traffic.requests, rng=np.random.default_rng(seed), **_drawn_by(work), **wave), None


def _drawn_by(work: ServingWorkload) -> dict[str, Any]:
    """What a workload's requests are drawn by, but for a daily wave."""
    traffic = work.traffic
    assert traffic.prompt is not None and traffic.output is not None
    return {
        "rate": (traffic.rate.value if traffic.rate else 1.0) * traffic.load_factor.value,
        "prompt_mean": traffic.prompt.mean.value, "output_mean": traffic.output.mean.value,
        "process": traffic.process, "burstiness": traffic.burstiness.value,
        "shape": traffic.prompt.shape, "output_shape": traffic.output.shape,
        "prompt_spread": traffic.prompt.spread.value, "output_spread": traffic.output.spread.value,
    }  # fmt: skip


def request_parts(work: ServingWorkload, seed: int, part: int) -> Iterator[Requests]:
    """Yield the requests of `requests_of` in parts of so many; drawn ones are not all in memory at once.

    A trace and a daily wave are.
    """
    traffic = work.traffic
    if traffic.trace is None and traffic.process != "diurnal":
        assert traffic.requests is not None
        yield from draw_parts(traffic.requests, part=part, rng=np.random.default_rng(seed), **_drawn_by(work))
        return
    whole, _ = requests_of(work, seed)
    for first in range(0, len(whole), part):
        yield whole.some(first, first + part)


def stream_spec(work: ServingWorkload, seed: int) -> Stream:
    """Return the stationary stream that capacity is asked of: the lengths and the burstiness of the traffic.

    A daily wave is asked at its mean: a fleet must be sized for its peak (`plan serving`).
    """
    traffic = work.traffic
    if traffic.trace is not None:
        return stream_of(requests_of(work, seed)[0])
    if traffic.sessions is not None:
        return session_stream(work, seed)
    assert traffic.prompt is not None and traffic.output is not None
    prompt, output = (
        Lengths(part.mean.value, part.shape, part.spread.value) for part in (traffic.prompt, traffic.output)
    )
    rate = (traffic.rate.value if traffic.rate else 1.0) * traffic.load_factor.value
    bursty = traffic.burstiness.value if traffic.process == "gamma" else 1.0
    return Stream(rate, prompt, output, burstiness=bursty)


def context_of(work: ServingWorkload) -> float:
    """Tokens of a sequence at mid-answer, where the workload states its lengths."""
    prompt, output, sessions = work.traffic.prompt, work.traffic.output, work.traffic.sessions
    if sessions is not None and output is not None:
        return mean_context(sessions, output.mean.value)
    if prompt is None or output is None:
        return TYPICAL_CONTEXT
    return prompt.mean.value + output.mean.value / 2.0


def longest_of(work: ServingWorkload, seed: int) -> float:
    """Tokens of prompt and answer that the traffic is sure to reach: the most of its bounded lengths, else their mean.

    Of a trace it is the longest request; of sessions the mean one at its last turn, as far as their end allows.
    """
    traffic = work.traffic
    if traffic.trace is not None:
        requests = requests_of(work, seed)[0]
        return float((requests.prompt + requests.output).max())
    assert traffic.output is not None
    answer = _most(traffic.output)
    if traffic.sessions is not None:
        ends = traffic.sessions.longest
        reached = mean_context(traffic.sessions, traffic.output.mean.value) + traffic.output.mean.value / 2.0
        return reached if ends is None else min(reached, ends + answer)
    assert traffic.prompt is not None
    return _most(traffic.prompt) + answer


def _most(lengths: LengthSection) -> float:
    """The most tokens of lengths that have a most; the mean of those without."""
    spread = lengths.spread.value if lengths.shape == "uniform" else 0.0
    return lengths.mean.value * (1.0 + spread)


def prompt_of(work: ServingWorkload, seed: int) -> float:
    """Mean tokens of a prompt."""
    stated = work.traffic.prompt
    return stated.mean.value if stated is not None else float(requests_of(work, seed)[0].prompt.mean())
