"""Shared sites: 100,000 jobs at load 1.5, and a quarter of 10,000 cards; growth with the number of jobs."""

import time
from typing import Any

import numpy as np

from clustersim.des.jobs.engine import simulate_shared
from clustersim.des.jobs.generate import JobClass, JobMix, draw_jobs
from clustersim.des.jobs.model import Breaks, ServerGroup, Site
from tests.benchmarks.conftest import exponent

DAY = 86400.0
CLASSES = tuple(
    JobClass(cards=cards, weight=weight, median_s=3600.0, p90_s=20000.0, tenant=f"t{index % 5}")
    for index, (cards, weight) in enumerate(
        [(0.25, 8), (0.5, 8), (1, 40), (2, 10), (4, 8), (8, 14), (16, 6), (32, 3), (64, 2), (128, 1)]
    )
)
BREAKS = Breaks(
    server_per_s=1 / (200 * DAY), process_per_s=1 / (200 * DAY), repair_s=DAY, spares=4, swap_s=60.0
)


def simulate(count: int, servers: int, load: float) -> float:
    mean = sum(c.weight * c.mean_card_s for c in CLASSES) / sum(c.weight for c in CLASSES)
    span = count * mean / (servers * 8) / load
    rng = np.random.default_rng(1)
    jobs = draw_jobs(
        JobMix(classes=CLASSES, jobs=count), span_s=span, rng=rng, checkpoint_s=1800.0, restart_s=300.0
    )
    site = Site(groups=(ServerGroup(count=servers, cards=8),), servers_per_leaf=16)
    begun = time.process_time()
    simulate_shared(jobs, site=site, duration_s=span, rng=rng, breaks=BREAKS)
    return time.process_time() - begun


def test_jobs_at_load_1_5(benchmark: Any, say: Any) -> None:
    small = simulate(10_000, 128, 1.5)
    large = benchmark.pedantic(simulate, args=(100_000, 128, 1.5), rounds=1)
    say(
        "100,000 jobs on 1,024 cards at load 1.5", f"{large:.1f} s", "processor time of one run", "",
        exponent([10_000, 100_000], [small, large]),
    )  # fmt: skip


def test_a_quarter_of_ten_thousand_cards(benchmark: Any, say: Any) -> None:
    mean = sum(c.weight * c.mean_card_s for c in CLASSES) / sum(c.weight for c in CLASSES)
    count = round(0.85 * 10_000 * 91 * DAY / mean)
    took = benchmark.pedantic(simulate, args=(count, 1250, 0.85), rounds=1)
    say(f"a quarter of 10,000 cards, {count:,} jobs", f"{took:.1f} s", "processor time of one run")
