"""One card's deployment of a model: its pools, their terms, and the questions of capacity that they are asked."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from clustersim.des.serving.book import Requests
from clustersim.des.serving.capacity import best_reachable
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.metrics import Slo, Summary, Use, use
from clustersim.des.serving.run import ServingRun
from clustersim.des.serving.settings import Autoscale, ClosedLoop, Failures, Pool, Transfer
from clustersim.des.serving.steady import saturated
from clustersim.des.serving.stream import Stream
from clustersim.des.serving.window import Window
from clustersim.errors import InfeasibleError
from clustersim.perf.serving_cost import IterationTerms
from clustersim.perf.serving_engine import Layout

__all__ = ["Deployment", "card_seconds", "check_slo", "of_run", "saturation", "steady", "with_request_time"]


@dataclass(frozen=True, slots=True)
class Deployment:
    """One card's deployment, ready to run."""

    card: str
    layout: Layout
    decode_layout: Layout | None
    pool: Pool
    decode_pool: Pool | None
    transfer: Transfer | None
    terms: IterationTerms
    decode_terms: IterationTerms | None
    router: str
    failures: Failures | None
    autoscale: Autoscale | None
    cached_share: float
    closed_loop: ClosedLoop | None
    seed: int
    request_s: float
    peak_flops: float
    bandwidth: float
    idle_w: float
    tdp_w: float
    calibrated: bool
    """Whether the engine's constants were fitted on this card and this kind of model."""
    priority_share: float = 0.0
    """Share of the requests that go before all others that wait."""
    decode_router: str = "least_loaded"
    """Which decoding replica takes a request."""

    @property
    def cards(self) -> int:
        """Cards of all replicas (the most there can be, with autoscaling)."""
        count = max(self.pool.replicas, self.autoscale.maximum if self.autoscale else 0)
        decode = (
            self.decode_pool.replicas * self.decode_layout.cards
            if self.decode_pool and self.decode_layout
            else 0
        )
        return count * self.layout.cards + decode

    def simulate(self, requests: Requests, *, log: bool = True) -> ServingRun:
        """Run these requests; the same seed gives the same run."""
        return simulate(
            requests,
            self.pool,
            router=self.router,
            decode_router=self.decode_router,
            closed_loop=self.closed_loop,
            decode_pool=self.decode_pool,
            transfer=self.transfer,
            failures=self.failures,
            autoscale=self.autoscale,
            cached_share=self.cached_share,
            priority_share=self.priority_share,
            rng=np.random.default_rng(self.seed),
            log=log,
        )


def with_request_time(summary: Summary, extra: float) -> Summary:
    """Add the engine's time outside the model to TTFT and E2E."""
    ttft, e2e = ({k: v + extra for k, v in part.items()} for part in (summary.ttft_s, summary.e2e_s))
    classes = {
        name: {k: v + extra for k, v in part.items()} for name, part in summary.ttft_by_class_s.items()
    }
    return replace(summary, ttft_s=ttft, e2e_s=e2e, ttft_by_class_s=classes)


def card_seconds(run: ServingRun, deployment: Deployment, window: Window | None = None) -> float:
    """Card-seconds that were held, of a run or of a window of it, by the size of each replica's own plan."""
    own = deployment.layout.cards
    decode = deployment.decode_layout.cards if deployment.decode_layout else own
    held = run.held(window.start_s, window.end_s) if window else run.held()
    return float(sum(seconds * (own if index < run.prefill_count else decode) for seconds, index in held))


def of_run(run: ServingRun, deployment: Deployment, window: Window | None = None) -> Use:
    """Return how a run, or a window of it, used the cards of the deployment."""
    return use(
        run,
        deployment.terms,
        cards=deployment.layout.cards,
        peak_flops=deployment.peak_flops,
        bandwidth=deployment.bandwidth,
        idle_w=deployment.idle_w,
        tdp_w=deployment.tdp_w,
        decode_terms=deployment.decode_terms,
        window=window,
    )


def saturation(deployment: Deployment, stream: Stream) -> float:
    """Return the requests per second of a stream that a deployment finishes when its queue is never empty.

    Equal replicas are asked one alone and counted: that takes a fraction of the requests.
    """
    still, seed = steady(deployment), deployment.seed
    if still.decode_pool is not None:
        return saturated(stream, lambda r: still.simulate(r, log=False), seed=seed)
    alone = replace(still, pool=replace(still.pool, replicas=1))
    return still.pool.replicas * saturated(stream, lambda r: alone.simulate(r, log=False), seed=seed)


def steady(deployment: Deployment) -> Deployment:
    """Return the deployment for questions of capacity: all replicas open, none failing, nobody turned away."""

    def patient(pool: Pool, most: int = 0) -> Pool:
        rules = replace(pool.batching, max_waiting=None, timeout_s=float("inf"))
        return replace(pool, replicas=max(pool.replicas, most), batching=rules)

    return replace(
        deployment,
        pool=patient(deployment.pool, deployment.autoscale.maximum if deployment.autoscale else 0),
        decode_pool=patient(deployment.decode_pool) if deployment.decode_pool else None,
        failures=None,
        autoscale=None,
        closed_loop=None,
    )


def check_slo(deployment: Deployment, requests: Requests, slo: Slo) -> None:
    """Raise InfeasibleError, with the best reachable, where the level is below the latency without load."""
    floor = best_reachable(requests, lambda r: steady(deployment).simulate(r, log=False))
    extra = {"ttft_s": deployment.request_s, "tpot_s": 0.0, "e2e_s": deployment.request_s}
    short = [
        f"{name[:-2].upper()} {getattr(slo, name) + extra[name]:.4g} s (best reachable {value + extra[name]:.4g} s)"
        for name, value in floor.items()
        if getattr(slo, name) < value
    ]
    if short and slo.share >= 0.5:
        raise InfeasibleError(
            f"{deployment.card}: the SLO is below the unloaded latency: {'; '.join(short)}."
            " Relax it, raise tp, or use a faster card"
        )
