"""How much a deployment can carry: the saturated rate, the verdict on overload, the largest rate at an SLO."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clustersim.des.serving.book import Requests
from clustersim.des.serving.fit import Misfit
from clustersim.des.serving.metrics import Slo, records, within_slo
from clustersim.des.serving.run import ServingRun
from clustersim.des.serving.settings import ClosedLoop
from clustersim.errors import InfeasibleError, InputError

__all__ = [
    "STABLE_SHARE", "Verdict", "best_reachable", "closed_loop_verdict", "largest_rate", "meets", "saturated_rate",
    "verdict",
]  # fmt: skip

Simulate = Callable[[Requests], ServingRun]

#: Above this share of the saturated rate a queue keeps growing within any run of practical length (assumption;
#: the wait of an M/D/1 queue at 0.98 is 25 service times).
STABLE_SHARE = 0.98


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the offered load can be carried, and the largest rate that can.

    ``kind`` is ``stable``, ``overloaded``, ``never_fits`` (no request fits an empty cache) or ``closed_loop`` (users
    wait for their answers, so that no queue can grow without end).
    """

    overloaded: bool
    offered_per_s: float
    sustainable_per_s: float
    text: str
    kind: str = "stable"


def saturated_rate(requests: Requests, simulate: Simulate) -> float:
    """Return requests per second when all are there at once: the throughput with a queue that is never empty.

    The last tenth of the ends is left out, where the batch only runs dry.
    """
    span = max(float(requests.arrival[-1]), 1.0)
    run = simulate(requests.faster(span / 1e-6) if requests.arrival[-1] > 0 else requests)
    ends = np.sort(records(run)["finish_s"][np.isfinite(records(run)["e2e_s"])])
    if len(ends) == 0:
        return 0.0
    keep = max(int(len(ends) * 0.9), 1)
    return float(keep / max(ends[keep - 1], 1e-12))


def verdict(
    requests: Requests,
    simulate: Simulate,
    *,
    sustainable: float | None = None,
    unfit: Misfit | None = None,
) -> Verdict:
    """Say whether the offered rate exceeds what can be sustained, or that nothing of it fits (``unfit``).

    The comparison is on rates, not on a finished run's latency: a finite trace always drains in the end.
    """
    capacity = STABLE_SHARE * (saturated_rate(requests, simulate) if sustainable is None else sustainable)
    offered = requests.rate
    if unfit is not None and unfit.all:
        return Verdict(False, offered, 0.0, unfit.text(), "never_fits")
    over = offered > capacity or offered == 0.0
    if over:
        text = (
            f"overloaded: {offered:.4g} requests/s are offered and at most {capacity:.4g} can be sustained;"
            " the queue grows without end. Latencies below are those of this finite run only."
        )
    else:
        text = f"stable: {offered:.4g} of at most {capacity:.4g} requests/s ({offered / capacity:.0%})"
    if unfit is not None:
        text = f"{text}; {unfit.text()}"
    return Verdict(over, offered, capacity, text, "overloaded" if over else "stable")


def closed_loop_verdict(
    loop: ClosedLoop, *, served_per_s: float, unloaded_s: float, sustainable: float
) -> Verdict:
    """Say how far a closed loop is from what can be sustained.

    N users send at most N / (R + Z) requests per second, with R the unloaded time of a request and Z their pause;
    beyond N* = sustainable (R + Z) more users only wait longer (asymptotic bounds, Denning and Buzen 1978).

    >>> v = closed_loop_verdict(ClosedLoop(40, 6.0), served_per_s=3.9, unloaded_s=4.0, sustainable=10.0)
    >>> v.kind, v.overloaded, v.text[:60]
    ('closed_loop', False, 'closed loop of 40 users: 3.9 of at most 9.8 requests/s (40%)')
    """
    capacity = STABLE_SHARE * sustainable
    cycle = unloaded_s + loop.think_s
    knee = capacity * cycle
    over = loop.users > knee
    share = served_per_s / capacity if capacity > 0 else float("inf")
    text = f"closed loop of {loop.users} users: {served_per_s:.4g} of at most {capacity:.4g} requests/s ({share:.0%})"
    text += (
        f"; saturated: beyond {knee:.4g} users every further one only waits longer"
        if over
        else f"; more users raise the rate up to about {knee:.4g}"
    )
    return Verdict(over, loop.users / cycle if cycle > 0 else float("inf"), capacity, text, "closed_loop")


def meets(run: ServingRun, slo: Slo) -> bool:
    """Tell whether at least ``slo.share`` of all requests completed within every bound."""
    return bool(within_slo(records(run), slo).mean() >= slo.share)


def best_reachable(requests: Requests, simulate: Simulate) -> dict[str, float]:
    """Return the share-free latencies of the requests served one by one: the unloaded floor (means, seconds)."""
    few = requests.head(min(len(requests), 64))
    lonely = Requests(
        np.arange(len(few), dtype=np.float64) * 1e5, few.prompt, few.output, few.blocks, few.block_tokens
    )
    rows = records(simulate(lonely))
    if not np.isfinite(rows["ttft_s"]).any():
        raise InfeasibleError(
            "none of the requests can be served even alone: each is larger than an empty replica's cache"
        )
    return {
        "ttft_s": float(np.nanpercentile(rows["ttft_s"], 50)),
        "tpot_s": float(np.nanpercentile(rows["tpot_s"], 50)) if np.isfinite(rows["tpot_s"]).any() else 0.0,
        "e2e_s": float(np.nanpercentile(rows["e2e_s"], 50)),
    }


def largest_rate(
    requests: Requests, simulate: Simulate, slo: Slo, *, tolerance: float = 0.01, most: float | None = None
) -> float:
    """Return the largest arrival rate at which the SLO holds, by bisection on the speed of the same arrivals.

    Common random numbers: every trial serves the same requests in the same order, only faster or slower, so the
    answer does not jump with the draw. Never above the sustainable rate.

    Raises InfeasibleError, with the best reachable latency, where the SLO fails even for one request at a time.
    """
    base = requests.rate
    if base <= 0:
        raise InputError("the largest rate needs arrivals spread over time, not all at one instant")
    floor = best_reachable(requests, simulate)
    short = [
        f"{name[:-2].upper()} {getattr(slo, name):.4g} s (best reachable {value:.4g} s)"
        for name, value in floor.items()
        if getattr(slo, name) < value
    ]
    if short and slo.share >= 0.5:
        raise InfeasibleError(
            "the SLO is below the unloaded latency: "
            + "; ".join(short)
            + ". Relax it, raise tp, or use a faster card"
        )
    high = STABLE_SHARE * saturated_rate(requests, simulate) if most is None else most
    if meets(simulate(requests.faster(high / base)), slo):
        return high
    low = 0.0
    while high - low > tolerance * high:
        middle = (low + high) / 2
        if meets(simulate(requests.faster(middle / base)), slo):
            low = middle
        else:
            high = middle
        if high < 1e-4 * base:
            break
    if low == 0.0:
        raise InfeasibleError(
            f"no rate meets the SLO: at {high:.3g} requests/s fewer than {slo.share:.0%} of the requests do."
            f" Unloaded medians: TTFT {floor['ttft_s']:.4g} s, TPOT {floor['tpot_s']:.4g} s"
        )
    return low
