"""One run, three fidelities: closed form, vectorised replications, events.

``auto`` takes the cheapest that can answer, and says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.des.training.closed_form import expected_run
from clustersim.des.training.replicate import replicate_run
from clustersim.des.training.run import TrainingRun
from clustersim.des.training.simulate import SimulatedRun, simulate_run
from clustersim.errors import InputError

__all__ = ["FIDELITIES", "Quantile", "RunSummary", "choose_fidelity", "run_fidelity"]

FIDELITIES = ("auto", "closed", "vector", "des")

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
    if asked == "auto":
        if reasons:
            return "des", f"events are needed for {', '.join(reasons)}"
        if replications > 1:
            return "vector", "memoryless failures and unlimited technicians need no events"
        return "closed", "one expected value of a memoryless run"
    if asked != "des" and reasons:
        raise InputError(f"--fidelity {asked} cannot answer {', '.join(reasons)}; use --fidelity des or auto")
    return asked, "as asked"


def quantile(values: Array) -> Quantile:
    """Summarise replications of one output."""
    spread = float(values.std(ddof=1)) if values.size > 1 else 0.0
    p10, p50, p90 = (float(v) for v in np.percentile(values, [10, 50, 90]))
    return Quantile(float(values.mean()), 1.96 * spread / math.sqrt(values.size), p10, p50, p90)


def run_fidelity(
    run: TrainingRun, seed: int, *, fidelity: str = "auto", replications: int = 200
) -> RunSummary:
    """Run a description at a fidelity.

    Replication i of the event simulation has its own stream, spawned from the seed, so that more replications never
    change the earlier ones.
    """
    chosen, why = choose_fidelity(run, fidelity, replications)
    if chosen == "closed":
        return _closed(run, why)
    if chosen == "vector":
        return _vector(run, seed, replications, why)
    streams = np.random.SeedSequence(seed).spawn(replications)
    runs = tuple(simulate_run(run, np.random.default_rng(stream)) for stream in streams)
    total = run.duration_s * replications
    names = ("productive", "checkpoint", "rework", "slow", "recovery")
    return RunSummary(
        fidelity="des",
        why=why,
        replications=replications,
        ettr=quantile(np.array([r.ettr for r in runs])),
        failures=quantile(np.array([float(r.failures) for r in runs])),
        longest_failure_free_h=quantile(np.array([r.longest_failure_free_s / 3600 for r in runs])),
        shares={name: sum(getattr(r, f"{name}_s") for r in runs) / total for name in names},
        runs=runs,
    )


def _closed(run: TrainingRun, why: str) -> RunSummary:
    expected = expected_run(run)
    ettr, failures = expected.ettr, expected.failures
    return RunSummary(
        fidelity="closed",
        why=why,
        replications=0,
        ettr=Quantile(ettr, 0.0, ettr, ettr, ettr),
        failures=Quantile(failures, 0.0, failures, failures, failures),
        longest_failure_free_h=None,
        shares={
            "productive": expected.productive,
            "checkpoint": expected.checkpoint,
            "rework": expected.rework,
            "slow": 0.0,
            "recovery": expected.recovery,
        },
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
