"""One run, three fidelities, and one door to them: closed form, vectorised replications, events.

``expected_goodput`` is the door for money, plans and studies: the mean, by the cheapest fidelity that is valid for the
run, the same for the same run. ``run_fidelity`` gives whole distributions at a fidelity that is asked for; ``auto``
takes the cheapest that can answer. Both say which was taken and why.
"""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.columns import Unbatchable, each_point, places
from clustersim.des.training.expected import Expected, expected_shares
from clustersim.des.training.incidents import SimulatedRun
from clustersim.des.training.replicate import replicate_run
from clustersim.des.training.run import TrainingRun
from clustersim.des.training.simulate import simulate_run
from clustersim.errors import InputError
from clustersim.special import quantiles

__all__ = [
    "FIDELITIES", "Expected", "Quantile", "RunSummary", "choose_fidelity", "expected_goodput", "run_fidelity",
]  # fmt: skip

#: Seed and number of the simulated runs behind an expected value that only events can give.
EXPECTED_SEED, EXPECTED_RUNS, REPLAYED_RUNS = 20_410_680, 200, 8

#: Months that are simulated before the rest is handed to processes, what these must take (s) to be worth that, and the
#: parts of each process.
TRIED, LONG_S, PARTS = 16, 2.0, 4

FIDELITIES = ("auto", "closed", "vector", "des")

SHARES = ("productive", "checkpoint", "rework", "slow", "recovery")

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Quantile:
    """P10, P50 and P90 of an output with the Monte Carlo half-width (95 %) of its mean."""

    mean: float
    half_width: float
    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run gives at some fidelity: shares of the wall clock, counts, and how sure they are."""

    fidelity: str
    why: str
    replications: int
    ettr: Quantile
    failures: Quantile
    longest_failure_free_h: Quantile | None
    shares: dict[str, float]
    runs: tuple[SimulatedRun, ...] = ()


def choose_fidelity(run: TrainingRun, asked: str, replications: int) -> tuple[str, str]:
    """Return the fidelity to use and why.

    Raises InputError for an unknown fidelity, or for one that cannot answer the run.
    """
    if asked not in FIDELITIES:
        raise InputError(f"unknown fidelity {asked!r}; known: {', '.join(FIDELITIES)}")
    reasons = run.needs_events()
    if asked == "closed":
        reasons = tuple(r for r in reasons if r in {"bursts", "a failure log"})
    if asked == "auto":
        if reasons:
            return "des", f"events are needed for {', '.join(reasons)}"
        if replications > 1:
            return "vector", "memoryless failures and unlimited technicians need no events"
        return "closed", "one expected value of a memoryless run"
    if asked != "des" and reasons:
        raise InputError(f"--fidelity {asked} cannot answer {', '.join(reasons)}; use --fidelity des or auto")
    return asked, "as asked"


def expected_goodput(run: TrainingRun) -> Expected:
    """Return the expected shares of a run, by the cheapest fidelity that is valid for it.

    Closed form for all that has a mean; common random numbers where the queue for spares has none; events where
    failures hang together (bursts) or are given one by one (a log). The same run gives the same numbers.
    """
    reason = "a log is replayed event by event" if run.log else "failures come in bursts"
    if not run.log and run.extras.burst_share == 0:
        try:
            return expected_shares(run)
        except Unbatchable:
            pass  # rates that move over the run have no form on columns
    if places(run) is not None:
        found: Expected = each_point(expected_goodput, run)
        return found
    count = REPLAYED_RUNS if run.log else EXPECTED_RUNS
    summary = run_fidelity(run, EXPECTED_SEED, fidelity="des", replications=count)
    waited = sum(i.waited_for_spare_s for r in summary.runs for i in r.incidents)
    return Expected(
        **summary.shares,
        waiting=waited / (run.duration_s * count),
        mttf_s=run.duration_s / max(summary.failures.mean, 1e-12),
        failures=summary.failures.mean,
        fidelity="des",
        why=reason,
        half_width=summary.ettr.half_width,
        notes=run.notes,
    )


def quantile(values: Array) -> Quantile:
    """Summarise replications of one output."""
    spread = float(values.std(ddof=1)) if values.size > 1 else 0.0
    p10, p50, p90 = (float(v) for v in quantiles(values, (0.1, 0.5, 0.9)))
    return Quantile(float(values.mean()), 1.96 * spread / math.sqrt(values.size), p10, p50, p90)


def run_fidelity(
    run: TrainingRun, seed: int, *, fidelity: str = "auto", replications: int = 200, workers: int = 1
) -> RunSummary:
    """Run a description at a fidelity.

    Replication i of the event simulation has its own stream, spawned from the seed, so that more replications never
    change the earlier ones, and any number of ``workers`` gives the same: processes, where the months take long.
    """
    chosen, why = choose_fidelity(run, fidelity, replications)
    if chosen == "closed":
        return _closed(run, why)
    if chosen == "vector":
        return _vector(run, seed, replications, why)
    runs = _months(run, seed, replications, workers)
    total = run.duration_s * replications
    return RunSummary(
        fidelity="des",
        why=why,
        replications=replications,
        ettr=quantile(np.array([r.ettr for r in runs])),
        failures=quantile(np.array([float(r.failures) for r in runs])),
        longest_failure_free_h=quantile(np.array([r.longest_failure_free_s / 3600 for r in runs])),
        shares={name: sum(getattr(r, f"{name}_s") for r in runs) / total for name in SHARES},
        runs=runs,
    )


def _months(run: TrainingRun, seed: int, count: int, workers: int) -> tuple[SimulatedRun, ...]:
    """Simulate so many months; where the first of them say that the rest takes long, over processes."""
    first = min(count, TRIED)
    begun = time.perf_counter()
    months = _some_months(run, seed, 0, first)
    left_s = (time.perf_counter() - begun) / first * (count - first)
    if workers < 2 or left_s < LONG_S:
        return months + _some_months(run, seed, first, count)
    size = -(-(count - first) // (workers * PARTS))
    starts = range(first, count, size)
    from concurrent.futures import ProcessPoolExecutor  # with it comes multiprocessing, which few runs need

    with ProcessPoolExecutor(workers) as pool:
        parts = [pool.submit(_some_months, run, seed, at, min(at + size, count)) for at in starts]
        return tuple(itertools.chain(months, *(part.result() for part in parts)))


def _some_months(run: TrainingRun, seed: int, start: int, stop: int) -> tuple[SimulatedRun, ...]:
    """Months ``start`` to ``stop``, each of its own stream."""
    streams = (np.random.SeedSequence(seed, spawn_key=(n,)) for n in range(start, stop))
    return tuple(simulate_run(run, np.random.default_rng(stream)) for stream in streams)


def _closed(run: TrainingRun, why: str) -> RunSummary:
    expected = expected_shares(run)
    low, high = expected.interval
    ettr, failures = expected.ettr, expected.failures
    return RunSummary(
        fidelity="closed",
        why=why,
        replications=0,
        ettr=Quantile(ettr, expected.half_width, low, ettr, high),
        failures=Quantile(failures, 0.0, failures, failures, failures),
        longest_failure_free_h=None,
        shares={name: getattr(expected, name) for name in SHARES},
    )


def _vector(run: TrainingRun, seed: int, replications: int, why: str) -> RunSummary:
    many = replicate_run(run, np.random.default_rng(np.random.SeedSequence(seed)), replications)
    total = run.duration_s * replications
    return RunSummary(
        fidelity="vector",
        why=why,
        replications=replications,
        ettr=quantile(many.ettr),
        failures=quantile(many.failures.astype(float)),
        longest_failure_free_h=quantile(many.longest_failure_free_s / 3600),
        shares={
            "productive": float(many.productive_s.sum()) / total,
            "checkpoint": float(many.checkpoint_s.sum()) / total,
            "rework": float(many.rework_s.sum()) / total,
            "slow": 0.0,
            "recovery": float(many.recovery_s.sum()) / total,
        },
    )
