"""The requests that a serving scenario asks for: a trace, or drawn arrivals and lengths."""

from __future__ import annotations

import numpy as np

from clustersim.des.serving.arrivals import draw_requests
from clustersim.des.serving.book import Requests
from clustersim.des.serving.traces import SHIPPED, Trace, read_trace, shipped_trace
from clustersim.schema.serving import LoadedServing

__all__ = ["requests_of"]


def requests_of(loaded: LoadedServing) -> tuple[Requests, Trace | None]:
    """Return the requests of a scenario, and the trace that they came from."""
    scenario = loaded.scenario
    traffic = scenario.traffic
    assert traffic is not None
    if traffic.trace is not None:
        if traffic.trace in SHIPPED and traffic.columns is None:
            trace = shipped_trace(traffic.trace)
        else:
            trace = read_trace(traffic.trace, columns=traffic.columns, skip=traffic.skip)
        requests = trace.requests.head(traffic.requests) if traffic.requests else trace.requests
        return requests.faster(traffic.load_factor.value), trace
    assert traffic.requests is not None and traffic.prompt is not None and traffic.output is not None
    requests = draw_requests(
        traffic.requests,
        rate=(traffic.rate.value if traffic.rate else 1.0) * traffic.load_factor.value,
        prompt_mean=traffic.prompt.mean.value,
        output_mean=traffic.output.mean.value,
        rng=np.random.default_rng(scenario.seed),
        process=traffic.process,
        burstiness=traffic.burstiness.value,
        swing=traffic.swing.value,
        period_s=traffic.period.value,
        shape=traffic.prompt.shape,
        output_shape=traffic.output.shape,
        prompt_spread=traffic.prompt.spread.value,
        output_spread=traffic.output.spread.value,
    )
    return requests, None
