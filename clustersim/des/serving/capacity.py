"""How much a deployment can carry: the saturated rate, the verdict on overload, the largest rate at an SLO."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clustersim.des.serving.book import Requests
from clustersim.des.serving.metrics import Slo, records, within_slo
from clustersim.des.serving.run import ServingRun
from clustersim.errors import InfeasibleError, InputError

__all__ = ["STABLE_SHARE", "Verdict", "best_reachable", "largest_rate", "meets", "saturated_rate", "verdict"]

Simulate = Callable[[Requests], ServingRun]

#: Above this share of the saturated rate a queue keeps growing within any run of practical length (assumption;
#: the wait of an M/D/1 queue at 0.98 is 25 service times).
STABLE_SHARE = 0.98


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the offered load can be carried, and the largest rate that can."""

    overloaded: bool
    offered_per_s: float
    sustainable_per_s: float
    text: str


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


def verdict(requests: Requests, simulate: Simulate, *, sustainable: float | None = None) -> Verdict:
    """Say whether the offered rate exceeds what can be sustained.

    The comparison is on rates, not on a finished run's latency: a finite trace always drains in the end.
    """
    capacity = STABLE_SHARE * (saturated_rate(requests, simulate) if sustainable is None else sustainable)
    offered = requests.rate
    over = offered > capacity or offered == 0.0
    if over:
        text = (
            f"overloaded: {offered:.4g} requests/s are offered and at most {capacity:.4g} can be sustained;"
            " the queue grows without end. Latencies below are those of this finite run only."
        )
    else:
        text = f"stable: {offered:.4g} of at most {capacity:.4g} requests/s ({offered / capacity:.0%})"
    return Verdict(over, offered, capacity, text)


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
