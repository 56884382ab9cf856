"""What a serving run says: one flat record per request, percentiles, goodput at an SLO, use of the cards, verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.book import STATUS_NAMES, Book
from clustersim.des.serving.run import ServingRun, counts
from clustersim.des.serving.window import Window
from clustersim.econ.power import card_power_w
from clustersim.perf.serving_cost import IterationTerms

__all__ = [
    "PERCENTILES",
    "Slo",
    "Summary",
    "Use",
    "percentiles",
    "queue_over_time",
    "records",
    "rows_of",
    "summarise",
    "use",
    "within_slo",
]

Array = NDArray[np.float64]

PERCENTILES = (50.0, 90.0, 99.0)


@dataclass(frozen=True, slots=True)
class Slo:
    """Service-level objective: bounds in seconds (infinity where there is none) and the share that must meet them.

    TPOT = (E2E - TTFT) / (output - 1).
    """

    ttft_s: float = float("inf")
    tpot_s: float = float("inf")
    e2e_s: float = float("inf")
    share: float = 0.9

    @property
    def bounds(self) -> bool:
        """Whether there is any bound: a level without one is met by everything, and says nothing.

        >>> Slo().bounds, Slo(tpot_s=0.05).bounds
        (False, True)
        """
        return min(self.ttft_s, self.tpot_s, self.e2e_s) < float("inf")


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one run; times are in seconds, rates per second of the span from first arrival to last end."""

    requests: int
    completed: int
    rejected: int
    failed: int
    in_flight: int
    span_s: float
    offered_per_s: float
    completed_per_s: float
    prompt_tokens_per_s: float
    cached_tokens_per_s: float
    output_tokens_per_s: float
    ttft_s: Mapping[str, float]
    tpot_s: Mapping[str, float]
    itl_s: Mapping[str, float]
    e2e_s: Mapping[str, float]
    slo_share: float
    slo_goodput_requests_per_s: float
    preemptions: int
    retries: int
    failures: int
    mean_in_system: float
    little_gap: float
    ttft_by_class_s: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Time to the first token of those that go before others (``first``) and of the others, where some do."""


@dataclass(frozen=True, slots=True)
class Use:
    """How the cards of the replicas were used, as shares of the held replica-time, and their energy."""

    busy: float
    compute: float
    memory_bandwidth: float
    links: float
    cache: float
    peak_cache: float
    prefill_share: float
    energy_j: float
    joule_per_output_token: float


def records(run: ServingRun) -> dict[str, NDArray[Any]]:
    """Return one flat record per request as columns (times in seconds, NaN where the event never came)."""
    at = np.arange(len(run.book.arrival))
    rows = rows_of(run.book, at)
    return {"request": at, **rows, "status": np.asarray(STATUS_NAMES)[rows["status"]]}


def rows_of(book: Book, at: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Return the records of some places of a book, without their numbers, the status as a code."""

    def column(values: Mapping[int, int]) -> NDArray[np.int64]:
        out = np.zeros(len(book.arrival), dtype=np.int64)
        if values:
            out[np.fromiter(values.keys(), dtype=np.int64)] = np.fromiter(values.values(), dtype=np.int64)
        return out[at]

    return rows_of_columns(
        {
            "arrival": np.asarray(book.arrival)[at],
            "prompt": np.asarray(book.prompt)[at],
            "output": np.asarray(book.output)[at],
            "admitted": np.frombuffer(book.admitted)[at],
            "first": np.frombuffer(book.first)[at],
            "finish": np.frombuffer(book.finish)[at],
            "status": np.frombuffer(bytes(book.status), dtype=np.uint8)[at],
            "replica": np.frombuffer(book.replica, dtype=np.intc)[at],
            "cached": column(book.cached),
            "preemptions": column(book.preemptions),
            "retries": column(book.retries),
        }
    )


def rows_of_columns(book: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the records of requests whose fields (`Book`'s) stand in columns; without ``retries`` there were none."""
    status, arrival, output = book["status"], book["arrival"], book["output"]
    done = status == STATUS_NAMES.index("completed")
    ttft = np.where(done, book["first"] - arrival, np.nan)
    e2e = np.where(done, book["finish"] - arrival, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        tpot = np.where(output > 1, (e2e - ttft) / np.maximum(output - 1, 1), np.nan)
    return {
        "status": status,
        "replica": book["replica"],
        "arrival_s": arrival,
        "admitted_s": book["admitted"],
        "first_token_s": book["first"],
        "finish_s": book["finish"],
        "prompt_tokens": book["prompt"],
        "cached_tokens": book["cached"],
        "output_tokens": output,
        "ttft_s": ttft,
        "tpot_s": tpot,
        "e2e_s": e2e,
        "preemptions": book["preemptions"],
        "retries": book.get("retries", np.zeros(len(status), dtype=np.int64)),
    }


def within_slo(rows: Mapping[str, NDArray[Any]], slo: Slo) -> NDArray[np.bool_]:
    """Tell for every request whether it completed within every bound (an answer of one token has no TPOT)."""
    with np.errstate(invalid="ignore"):
        good = (rows["ttft_s"] <= slo.ttft_s) & (rows["e2e_s"] <= slo.e2e_s)
        return np.asarray(good & ~(rows["tpot_s"] > slo.tpot_s))


def percentiles(values: Array, weights: Array | None = None) -> dict[str, float]:
    """Return mean and the percentiles of the finite values (NaN where there is none).

    >>> percentiles(np.array([1.0, 2.0, 3.0, np.nan]))["p50"]
    2.0
    """
    keep = np.isfinite(values)
    data = values[keep]
    names = [f"p{p:g}" for p in PERCENTILES]
    if data.size == 0:
        return {"mean": float("nan"), **dict.fromkeys(names, float("nan"))}
    if weights is None:
        return {
            "mean": float(data.mean()),
            **dict(zip(names, np.percentile(data, PERCENTILES).tolist(), strict=True)),
        }
    order = np.argsort(data)
    mass = np.cumsum(weights[keep][order])
    at = np.searchsorted(mass, np.asarray(PERCENTILES) / 100.0 * mass[-1])
    picked = data[order][np.minimum(at, data.size - 1)]
    mean = float(np.average(data, weights=weights[keep]))
    return {"mean": mean, **dict(zip(names, picked.tolist(), strict=True))}


def _gaps(run: ServingRun, window: Window | None) -> tuple[Array, Array]:
    """Return inter-token gaps and how many tokens had each, from the run logs.

    A coalesced stretch of k iterations has gaps in arithmetic progression; it is taken in four equal parts, so a
    gap is off by at most an eighth of the stretch's own drift.
    """
    values, weights = [], []
    for index in range(len(run.replicas)):
        log = run.log(index)
        log = log[log[:, 2] > 0]
        if window:
            log = log[window.holds(log[:, 0])]
        if not len(log):
            continue
        kv_s, grow = run.replicas[index].cost.kv_s, run.replicas[index].batching.tokens_per_step
        k, batch = log[:, 2], log[:, 3]
        mean, drift = log[:, 1] / k, kv_s * grow * batch * (k - 1)
        for part in (-0.375, -0.125, 0.125, 0.375):
            values.append(mean + part * drift)
            weights.append(batch * k * 0.25)
    if not values:
        return np.empty(0), np.empty(0)
    return np.concatenate(values), np.concatenate(weights)


def summarise(run: ServingRun, slo: Slo | None = None, *, window: Window | None = None) -> Summary:
    """Return the figures of a run, of all its requests or of its steady window.

    In a window latencies and the share within the SLO are those of the requests that arrive in it (each followed to
    its end), rates those of what ends in it. ``little_gap`` is the relative difference between the mean number in the
    system and arrival rate times mean time in it (Little 1961); it is zero up to rounding for a run that has drained.
    """
    slo = slo or Slo()
    rows = records(run)
    number = counts(run)
    arrival, ended = rows["arrival_s"], rows["finish_s"]
    start, stop = (window.start_s, window.end_s) if window else (float(arrival.min()), run.end_s)
    span = max(stop - start, 1e-12)
    came = window.holds(arrival) if window else np.ones(len(arrival), dtype=bool)
    done = np.isfinite(rows["e2e_s"]) & (window.holds(ended) if window else True)
    meets = within_slo(rows, slo) & came
    left = np.where(np.isfinite(ended), ended, run.end_s)
    in_system = _time_average(arrival, left, start, stop)
    by_little = came.sum() / span * float((left - arrival)[came].mean())
    gaps, weights = _gaps(run, window)
    asked = int(came.sum())
    return Summary(
        requests=asked,
        completed=number["completed"] if not window else int(np.isfinite(rows["e2e_s"][came]).sum()),
        rejected=_number(rows, "rejected", came),
        failed=_number(rows, "failed", came),
        in_flight=number["in_flight"],
        span_s=span,
        offered_per_s=_rate(arrival) if not window else asked / span,
        completed_per_s=float(done.sum()) / span,
        prompt_tokens_per_s=float(rows["prompt_tokens"][done].sum()) / span,
        cached_tokens_per_s=float(rows["cached_tokens"][done].sum()) / span,
        output_tokens_per_s=float(rows["output_tokens"][done].sum()) / span,
        ttft_s=percentiles(rows["ttft_s"][came]),
        tpot_s=percentiles(rows["tpot_s"][came]),
        itl_s=percentiles(gaps, weights),
        e2e_s=percentiles(rows["e2e_s"][came]),
        slo_share=float(meets.sum()) / asked,
        slo_goodput_requests_per_s=float(meets.sum()) / span,
        preemptions=int(rows["preemptions"][came].sum()),
        retries=int(rows["retries"][came].sum()),
        failures=run.failures,
        mean_in_system=in_system,
        little_gap=abs(in_system - by_little) / max(in_system, 1e-12),
        ttft_by_class_s=_by_class(run, rows["ttft_s"], came),
    )


def _by_class(run: ServingRun, ttft: Array, came: NDArray[np.bool_]) -> dict[str, Mapping[str, float]]:
    if not len(run.book.first_class):
        return {}
    first = np.asarray(run.book.first_class, dtype=bool)
    parts = {"first": came & first, "others": came & ~first}
    return {name: percentiles(ttft[mine]) for name, mine in parts.items() if mine.any()}


def _number(rows: Mapping[str, NDArray[Any]], status: str, among: NDArray[np.bool_]) -> int:
    return int(np.sum(rows["status"][among] == status))


def _rate(arrival: Array) -> float:
    span = float(arrival.max() - arrival.min())
    return (len(arrival) - 1) / span if span > 0 else float("inf")


def _time_average(begin: Array, end: Array, start: float, stop: float) -> float:
    """Time average of the number in the system by counting steps (not by Little's law)."""
    times = np.clip(np.concatenate([begin, end]), start, stop)
    steps = np.concatenate([np.ones(len(begin)), -np.ones(len(end))])
    order = np.argsort(times, kind="stable")
    level = np.cumsum(steps[order])
    edges = np.append(times[order], stop)
    return float(np.sum(level * np.diff(edges)) / max(stop - start, 1e-12))


def queue_over_time(run: ServingRun, points: int = 200) -> tuple[Array, Array, Array]:
    """Return times, requests in the system and requests that wait for their first token."""
    rows = records(run)
    grid = np.linspace(float(rows["arrival_s"].min()), run.end_s, points)
    came = np.searchsorted(np.sort(rows["arrival_s"]), grid, side="right")
    gone = np.searchsorted(np.sort(rows["finish_s"]), grid, side="right")
    first = np.where(np.isfinite(rows["first_token_s"]), rows["first_token_s"], rows["finish_s"])
    spoke = np.searchsorted(np.sort(first), grid, side="right")
    return grid, (came - gone).astype(float), (came - spoke).astype(float)


def use(
    run: ServingRun,
    terms: IterationTerms,
    *,
    cards: int,
    peak_flops: float,
    bandwidth: float,
    idle_w: float,
    tdp_w: float,
    decode_terms: IterationTerms | None = None,
    window: Window | None = None,
) -> Use:
    """Return shares of held replica-time and the energy of the cards, of the whole run or of a window of it.

    Compute and bandwidth shares are those of the nameplate, the link's that of the time in exchanges. Card power is
    that of `econ.power.card_power_w` with the shares while busy.
    """
    start, stop = (window.start_s, window.end_s) if window else (0.0, run.end_s)
    held = max(sum(seconds for seconds, _ in run.held(start, stop)), 1e-12)
    busy = flops = moved = linked = cache_time = prefill_s = room = 0.0
    for index, replica in enumerate(run.replicas):
        log = run.log(index)
        if not len(log):
            continue
        own = decode_terms if decode_terms is not None and index >= run.prefill_count else terms
        part = window.shares(log[:, 0], log[:, 1]) if window else np.ones(len(log))
        took, k, batch, context = log[:, 1] * part, log[:, 2], log[:, 3], log[:, 4]
        runs = np.maximum(k, 1.0)
        tokens = np.where(k > 0, batch, 0.0) * replica.width + log[:, 5]
        at = np.minimum(tokens.astype(np.int64), len(own.tokens) - 1)
        scale = np.maximum(tokens / np.maximum(own.tokens[at], 1.0), 1.0)
        read = np.where(k > 0, k * context + batch * runs * (runs - 1) / 2, 0.0)
        flops += float(np.sum(part * (runs * own.flops[at] * scale + (read + log[:, 6]) * own.pair_flops)))
        moved += float(np.sum(part * (runs * own.weight_bytes[at] + read * own.kv_bytes)))
        linked += float(np.sum(part * runs * own.exchange_s[at] * scale))
        busy += float(took.sum())
        prefill_s += float(took[log[:, 5] > 0].sum())
        cache_time += float(np.sum(took * context))
        room = max(room, replica.peak_tokens / max(replica.cache, 1))
    cache = run.replicas[0].cache
    over = max(busy, 1e-12)
    active_w = card_power_w(
        idle_w=idle_w,
        tdp_w=tdp_w,
        u_tensor=min(flops / over / peak_flops, 1.0),
        u_memory=min(moved / over / bandwidth, 1.0),
        u_link=min(linked / over, 1.0),
    )
    energy = cards * (busy * active_w + max(held - busy, 0.0) * idle_w)
    rows = records(run)
    ended = np.isfinite(rows["e2e_s"]) & (window.holds(rows["finish_s"]) if window else True)
    made = float(np.sum(rows["output_tokens"][ended]))
    return Use(
        busy=busy / held,
        compute=flops / held / peak_flops,
        memory_bandwidth=moved / held / bandwidth,
        links=linked / held,
        cache=cache_time / held / max(cache, 1),
        peak_cache=room,
        prefill_share=prefill_s / busy if busy > 0 else 0.0,
        energy_j=energy,
        joule_per_output_token=energy / made if made > 0 else float("nan"),
    )
