"""What is said of a load: whether it can be carried, how far users are from what can, the latency without load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clustersim.des.serving.book import Requests
from clustersim.des.serving.fit import Misfit
from clustersim.des.serving.metrics import records
from clustersim.des.serving.rules import Batching
from clustersim.des.serving.run import ServingRun
from clustersim.des.serving.settings import ClosedLoop
from clustersim.des.serving.steady import STABLE_SHARE
from clustersim.errors import InfeasibleError

__all__ = ["Turned", "Verdict", "best_reachable", "closed_loop_verdict", "verdict"]

Simulate = Callable[[Requests], ServingRun]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the offered load can be carried, and the largest rate that can.

    ``kind`` is ``stable``, ``overloaded``, ``never_fits`` (no request fits an empty cache), ``rejects_all`` (admission
    control lets none in) or ``closed_loop`` (users wait for their answers, so that no queue can grow without end).
    """

    overloaded: bool
    offered_per_s: float
    sustainable_per_s: float
    text: str
    kind: str = "stable"


@dataclass(frozen=True, slots=True)
class Turned:
    """Requests that admission control turned away: of how many, and the rules that did it."""

    of: int
    rejected: int
    rules: Batching

    @property
    def text(self) -> str:
        """Say it; empty where nobody was turned away.

        >>> Turned(40, 10, Batching(64, 8, max_waiting=0)).text
        '25% of the requests are turned away (max_waiting=0)'
        """
        if not self.rejected:
            return ""
        rules = self.rules
        by = [f"max_waiting={rules.max_waiting}"] if rules.max_waiting is not None else []
        by += [f"timeout={rules.timeout_s:g} s"] if rules.timeout_s < float("inf") else []
        part = f"{100 * self.rejected / self.of:.3g}% of the requests are"
        words = "every request is" if self.rejected == self.of else part
        return f"{words} turned away ({', '.join(by) or 'they fit no replica'})"


def verdict(
    offered: float, sustainable: float, *, unfit: Misfit | None = None, turned: Turned | None = None
) -> Verdict:
    """Say whether the offered rate exceeds what can be sustained (both per second), or that nothing fits (``unfit``).

    The comparison is on rates, not on a finished run's latency: a finite trace always drains in the end.

    >>> verdict(4.0, 10.0).text
    'stable: 4 of at most 9.8 requests/s (41%)'
    """
    capacity = STABLE_SHARE * sustainable
    if unfit is not None and unfit.all:
        return Verdict(False, offered, 0.0, unfit.text(), "never_fits")
    if turned is not None and turned.rejected == turned.of > 0:
        said = f"{turned.text}: nothing is served, and nothing has a cost; allow more to wait, or for longer"
        return Verdict(False, offered, 0.0, said, "rejects_all")
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
    elif turned is not None and turned.rejected:
        text = f"{text}; {turned.text}"
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
        else f"; more users raise the rate, up to about {knee:.4g} of them"
    )
    return Verdict(over, loop.users / cycle if cycle > 0 else float("inf"), capacity, text, "closed_loop")


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
