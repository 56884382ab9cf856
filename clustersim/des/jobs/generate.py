"""Jobs drawn from what is known of a site's jobs in the margins: sizes, lengths by size, arrivals by hour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clustersim.des.jobs.model import Job
from clustersim.errors import InputError
from clustersim.special import Z90

__all__ = ["JobClass", "JobMix", "draw_jobs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobClass:
    """Jobs of one size and owner: their weight in the mix and two quantiles of how long they last (lognormal)."""

    cards: float
    weight: float
    median_s: float
    p90_s: float
    tenant: str = ""
    priority: int = 0
    failed_share: float = 0.0
    """Of these jobs that their owners' doing ends, uniformly somewhere in their work."""
    min_cards: float | None = None

    @property
    def sigma(self) -> float:
        """Spread of the logarithm: ln(p90 / median) / z(90 %)."""
        return math.log(self.p90_s / self.median_s) / Z90

    @property
    def mean_card_s(self) -> float:
        """Mean card-seconds that one asks: cards x median e^(sigma^2 / 2), less half of those that fail."""
        return self.cards * self.median_s * math.exp(self.sigma**2 / 2.0) * (1.0 - 0.5 * self.failed_share)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMix:
    """Classes of jobs, how many, and how their arrivals swing over a day (0 is even, 1 from nothing to double)."""

    classes: Sequence[JobClass]
    jobs: int
    swing: float = 0.0


def draw_jobs(
    mix: JobMix, *, span_s: float, rng: np.random.Generator, checkpoint_s: float, restart_s: float
) -> list[Job]:
    """Draw jobs that arrive over ``span_s``: a Poisson stream with a daily wave, sizes and lengths independent of it.

    Raises InputError for a class whose 90 % quantile lies below its median.

    >>> one = JobClass(cards=8, weight=1, median_s=3600, p90_s=7200)
    >>> drawn = draw_jobs(JobMix(classes=[one], jobs=3), span_s=86400, rng=np.random.default_rng(1),
    ...                   checkpoint_s=600, restart_s=60)
    >>> [round(job.work_s) for job in drawn], drawn[0].name
    ([1779, 5874, 4583], 'job-0')
    """
    for one in mix.classes:
        if one.p90_s < one.median_s:
            raise InputError(f"jobs of {one.cards:g} cards: p90 {one.p90_s:g} s lies below the median")
    weights = np.array([one.weight for one in mix.classes], dtype=float)
    chosen = rng.choice(len(mix.classes), mix.jobs, p=weights / weights.sum())
    sigma = np.array([one.sigma for one in mix.classes])[chosen]
    median = np.array([one.median_s for one in mix.classes])[chosen]
    work = median * np.exp(sigma * rng.standard_normal(mix.jobs))
    fails = rng.random(mix.jobs) < np.array([one.failed_share for one in mix.classes])[chosen]
    work = np.where(fails, work * rng.random(mix.jobs), work)
    arrives = _arrivals(mix, span_s, rng)
    jobs = []
    for index in range(mix.jobs):
        one = mix.classes[chosen[index]]
        jobs.append(
            Job(
                name=f"job-{index}",
                cards=one.cards,
                work_s=float(work[index]),
                arrives_s=float(arrives[index]),
                tenant=one.tenant,
                priority=one.priority,
                checkpoint_s=checkpoint_s,
                restart_s=restart_s,
                min_cards=one.min_cards,
                outcome="failed" if fails[index] else "finished",
            )
        )
    return jobs


def _arrivals(mix: JobMix, span_s: float, rng: np.random.Generator) -> np.ndarray:
    """Sorted times with density 1 + swing sin(2 pi t / day), by inverting its integral on a grid of minutes."""
    grid = np.linspace(0.0, span_s, max(2, math.ceil(span_s / 60.0) + 1))
    omega = 2.0 * math.pi / 86400.0
    mass = grid + mix.swing * (1.0 - np.cos(omega * grid)) / omega
    found: np.ndarray = np.interp(np.sort(rng.random(mix.jobs)) * mass[-1], mass, grid)
    return found
