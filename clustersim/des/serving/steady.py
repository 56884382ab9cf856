"""Capacity by simulation, asked of a stationary stream: the saturated rate, the share within the SLO, the rate at it.

Every figure is taken over a window after warm-up and before drain (`window`), and comes with its standard error by
batch means. A run is made longer until that error is small enough, or until a limit that is then named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.book import Requests
from clustersim.des.serving.metrics import Slo, records, within_slo
from clustersim.des.serving.run import ServingRun
from clustersim.des.serving.stream import Stream
from clustersim.des.serving.window import BATCHES, Window, batch_error, steady_window
from clustersim.errors import InfeasibleError, InputError

__all__ = [
    "NONE_SEEN",
    "RateAtSlo",
    "Share",
    "SteadyState",
    "rate_at_slo",
    "saturated",
    "share_of",
    "steady_state",
]

Array = NDArray[np.float64]
Simulate = Callable[[Requests], ServingRun]

#: No question of capacity is asked above this share of the saturated rate: a queue so close to it has no steady
#: state within any practical run (assumption; the wait of an M/D/1 queue at 0.98 is 25 service times).
STABLE_SHARE = 0.98
#: A saturated run holds at least this many times the requests that are in service at once.
_FILLINGS = 10
_SPLIT_REQUESTS = 20_000
#: Mean residence times that a stretch of the batch means must last, so that the stretches hardly know each other.
_RESIDENCES = 3.0


#: Events that may still be expected, at 95 %, of a number of trials that showed none: the rule of three (-ln 0.05).
NONE_SEEN = 3.0


@dataclass(frozen=True, slots=True)
class Share:
    """The share of requests within the SLO, its standard error, and what it was counted over."""

    share: float
    error: float
    window: Window
    requests: int

    @property
    def _unseen(self) -> float:
        """What so many requests without one miss, or without one that meets the level, still leave open."""
        return NONE_SEEN / self.requests if self.requests else 0.0

    @property
    def lower(self) -> float:
        """The lower bound of the two-sided 95 % interval; without a single miss still `NONE_SEEN` over the requests."""
        return max(min(self.share - 1.96 * self.error, 1.0 - self._unseen), 0.0)

    @property
    def upper(self) -> float:
        """The upper bound of the same."""
        return min(max(self.share + 1.96 * self.error, self._unseen), 1.0)


@dataclass(frozen=True, slots=True)
class RateAtSlo:
    """The largest rate at which the SLO holds, the share there, and the rate that no queue survives."""

    rate: float
    share: Share
    saturated: float


def share_of(
    run: ServingRun, slo: Slo, window: Window | None = None, counted: NDArray[np.bool_] | None = None
) -> Share:
    """Return the share of the requests of the steady window, or of another one, that met the SLO.

    ``counted`` tells which requests are asked; all of them without it.

    Raises InputError where the run is too short for a steady window.
    """
    rows = records(run)
    window = window or steady_window(run.book)
    good = within_slo(rows, slo).astype(float)
    when = rows["arrival_s"]
    if counted is not None:
        good, when = good[counted], when[counted]
    share, error = batch_error(good, when, window)
    return Share(share, error, window, int(window.holds(when).sum()))


def saturated(stream: Stream, simulate: Simulate, *, seed: int, requests: int = 8000) -> float:
    """Return the requests per second that complete while the queue is never empty.

    All requests are there at the start. The start, when the batch fills up, and the end, when it runs dry, are
    left out: ends are counted from two long residences after the first admission until the last admission. The
    run is made longer until it holds `_FILLINGS` times what is in service at once, and shorter where prompts are long.
    """
    requests = stream.affordable(requests)
    for _ in range(6):
        drawn = stream.draw(requests, np.random.default_rng(seed))
        at_once = Requests(np.zeros(len(drawn)), drawn.prompt, drawn.output, drawn.blocks, drawn.block_tokens)
        run = simulate(at_once)
        rows = records(run)
        rate, in_service = _saturated_rate(rows["admitted_s"], rows["finish_s"], rows["e2e_s"])
        # A split run's stay counts the wait for decoding, which grows with the run: it tells nothing of the batch.
        split = run.prefill_count < len(run.replicas)
        wanted = stream.affordable(_SPLIT_REQUESTS) if split else int(_FILLINGS * in_service)
        if wanted <= requests:
            break
        requests = wanted if split else int(1.2 * wanted)
    return rate


def _saturated_rate(admitted: Array, finish: Array, e2e: Array) -> tuple[float, float]:
    """Return completions per second between start and end, and the mean number in service there."""
    done = np.isfinite(e2e)
    ends = np.sort(finish[done])
    if ends.size < 10:
        return 0.0, 0.0
    stay = finish[done] - admitted[done]
    begin, stop = float(np.quantile(stay, 0.9)) * 2.0, float(admitted[done].max())
    if stop <= begin or np.searchsorted(ends, stop) - np.searchsorted(ends, begin) < 0.3 * ends.size:
        # A decode pool may be what saturates: then the last admission, to prefill, comes early.
        begin, stop = float(ends[int(0.3 * ends.size)]), float(ends[int(0.9 * ends.size)])
    inside = np.searchsorted(ends, stop, side="right") - np.searchsorted(ends, begin, side="right")
    rate = float(inside / max(stop - begin, 1e-12))
    return rate, min(rate * float(np.median(stay)), ends.size / 4.0)


def rate_at_slo(
    stream: Stream,
    simulate: Simulate,
    slo: Slo,
    *,
    seed: int,
    requests: int = 20_000,
    tolerance: float = 0.005,
    most: float | None = None,
) -> RateAtSlo:
    """Return the largest rate of the stream at which the SLO's share holds in the steady window.

    A search on the speed of one draw (common random numbers): the answer moves with the question, not with the
    draw. A fifth of the requests finds the neighbourhood, all of them the rate. ``most`` is the saturated rate where
    it is known.

    Raises InfeasibleError where even a hundredth of the saturated rate misses the SLO.
    """
    top = saturated(stream, simulate, seed=seed) if most is None else most
    requests = stream.affordable(requests)
    if top <= 0:
        raise InfeasibleError("no request of this stream can be served: none fits the cache")
    search = _Search(stream.at(top).draw(requests, np.random.default_rng(seed)), simulate, slo, top)
    high = STABLE_SHARE * top
    low, near = search.narrow(0.005 * top, high, 0.05, requests // 5)
    low, near = max(low * 0.93, 0.005 * top), min(near * 1.07, high)
    while not search.good(near) and not search.good(low) and low > 0.005 * top:
        low, near = max(low * 0.7, 0.005 * top), low
    while near < high and search.good(near):
        low, near = near, min(near * 1.15, high)
    if search.good(near):
        return RateAtSlo(near, search.seen[near], top)
    low, _ = search.narrow(low, near, tolerance, requests)
    if not search.good(low):
        raise InfeasibleError(f"no rate meets the SLO: at {low:.3g} requests/s fewer than {slo.share:.0%} do")
    return RateAtSlo(low, search.seen[low], top)


@dataclass(slots=True)
class _Search:
    """The share within the SLO at rates of one draw, looked up once each."""

    drawn: Requests
    simulate: Simulate
    slo: Slo
    top: float
    seen: dict[float, Share] = field(default_factory=dict)

    def share(self, rate: float, count: int) -> float:
        """Return the share at a rate by the first ``count`` requests; 0 where no steady window is left."""
        try:
            found = share_of(self.simulate(self.drawn.head(count).faster(rate / self.top)), self.slo)
        except InputError:
            found = Share(0.0, 0.0, Window(0.0, 0.0, 0.0), 0)
        if count == len(self.drawn):
            self.seen[rate] = found
        return found.share

    def good(self, rate: float) -> bool:
        """Tell whether the SLO holds at a rate, by all requests."""
        if rate not in self.seen:
            self.share(rate, len(self.drawn))
        return self.seen[rate].share >= self.slo.share

    def narrow(self, low: float, high: float, tolerance: float, count: int) -> tuple[float, float]:
        """Bisect to a bracket of relative width ``tolerance``; ``low`` is taken as good and ``high`` as not."""
        while high - low > tolerance * high:
            middle = (low + high) / 2.0
            if self.share(middle, count) >= self.slo.share:
                low = middle
            else:
                high = middle
        return low, high


@dataclass(frozen=True, slots=True)
class SteadyState:
    """A run of a stationary stream, its steady window, and the standard errors of what is read from it.

    ``errors`` are relative for rates (cost per token is card-hours over ``tokens_per_s``), mean latencies and busy time
    (and so energy), and absolute for ``slo_share``; ``batches`` says over how many
    stretches of how many residence times each was estimated. ``reached`` tells whether every one is below the
    target; ``why`` what stood in the way.
    """

    run: ServingRun
    window: Window
    errors: Mapping[str, float]
    reached: bool
    why: str

    @property
    def worst(self) -> float:
        """The largest of the standard errors."""
        return max(self.errors.values())

    def plain(self) -> dict[str, Any]:
        """Return the window and the errors as plain values (seconds, shares)."""
        number, stays = self.batches
        return {
            "window_start_s": self.window.start_s,
            "window_end_s": self.window.end_s,
            "served_requests": len(self.run.book.arrival),
            "residence_s": self.window.residence_s,
            "stretches": number,
            "residences_per_stretch": stays,
            "standard_error": dict(self.errors),
            "largest_error": self.worst,
            "reached": self.reached,
            "why_not": self.why or None,
        }

    @property
    def batches(self) -> tuple[int, float]:
        """Stretches of the batch means, and mean residence times in each."""
        return BATCHES, self.window.length_s / BATCHES / max(self.window.residence_s, 1e-12)


def steady_state(
    stream: Stream,
    simulate: Simulate,
    slo: Slo,
    *,
    seed: int,
    error: float = 0.01,
    start: int = 8000,
    most: int = 128_000,
    sustainable: float | None = None,
) -> SteadyState:
    """Serve a stream until the standard errors of its figures are below ``error``, and return the last run.

    The figures are read from the run with its window: `metrics.summarise`, `metrics.use` and `costs.token_seconds`
    take both. A longer run holds the shorter one's requests no more: each length is a draw of its own seed.

    Raises InfeasibleError for a stream at or above the sustainable rate: its queue has no steady state.
    """
    top = saturated(stream, simulate, seed=seed) if sustainable is None else sustainable
    if stream.rate >= top:
        raise InfeasibleError(
            f"no steady state: {stream.rate:.4g} requests/s are offered and {top:.4g} can be sustained"
        )
    count, state = start, None
    while True:
        run = simulate(stream.draw(count, np.random.default_rng(seed)))
        try:
            state = _judged(run, slo, error)
        except InputError:
            if count >= most:
                raise
            count = min(count * 4, most)
            continue
        if state.reached or count >= most:
            return state
        wish = 1.2 * (state.worst / error) ** 2
        count = min(int(count * min(max(wish, 1.5), 6.0)), most)


def _judged(run: ServingRun, slo: Slo, error: float) -> SteadyState:
    """Return the run with its window and errors."""
    rows, window = records(run), steady_window(run.book)
    arrival = rows["arrival_s"]
    errors = {"slo_share": batch_error(within_slo(rows, slo).astype(float), arrival, window)[1]}
    for name in ("ttft_s", "tpot_s", "e2e_s"):
        mean, spread = batch_error(rows[name], arrival, window)
        errors[name] = spread / mean if mean > 0 else 0.0
    ended = np.isfinite(rows["e2e_s"])
    for name, weight in (
        ("completed_per_s", ended * 1.0),
        ("output_tokens_per_s", rows["output_tokens"] * ended),
    ):
        errors[name] = _rate_error(weight, rows["finish_s"], window)
    errors["tokens_per_s"] = _rate_error(
        (rows["prompt_tokens"] + rows["output_tokens"]) * ended, rows["finish_s"], window
    )
    errors |= _busy_error(run, window)
    errors = {name: value for name, value in errors.items() if np.isfinite(value)}
    length = window.length_s / BATCHES
    reached = max(errors.values()) <= error and length >= _RESIDENCES * window.residence_s
    worst = max(errors, key=lambda name: errors[name])
    short = f"the standard error of {worst} is {errors[worst]:.2%}"
    if length < _RESIDENCES * window.residence_s:
        short = f"a stretch lasts {length / window.residence_s:.1f} residence times"
    return SteadyState(run, window, errors, reached, "" if reached else short)


def _busy_error(run: ServingRun, window: Window) -> dict[str, float]:
    """Return the relative standard error of the busy time, and so of energy; nothing for a run without a log."""
    logs = [run.log(index)[:, :2] for index in range(len(run.replicas))]
    log = np.concatenate(logs)
    return {"busy_s": _rate_error(log[:, 1], log[:, 0], window)} if len(log) else {}


def _rate_error(weight: Array, when: Array, window: Window) -> float:
    """Return the relative standard error of a sum per second, by the sums of equal stretches.

    >>> when = np.arange(400) / 100.0
    >>> _rate_error(np.ones(400), when, Window(0.0, 4.0, 0.1))
    0.0
    """
    inside = window.holds(when)
    at = ((when[inside] - window.start_s) / window.length_s * BATCHES).astype(int)
    sums = np.bincount(np.minimum(at, BATCHES - 1), weights=weight[inside], minlength=BATCHES)
    mean = float(sums.mean())
    return float(sums.std(ddof=1) / np.sqrt(BATCHES) / mean) if mean > 0 else float("nan")
