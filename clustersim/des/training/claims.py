"""What a vendor's claim of reliability means, reading by reading, and what one success proves.

Failures are taken as a Poisson process; every number follows from the cluster's MTBF and the length of time, none
stands in a text.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from clustersim.errors import InputError
from clustersim.gamma import gammaincinv

__all__ = [
    "Reading", "coverage_needed", "mtbf_for_probability", "mtbf_proven", "p_clean", "p_longest_gap", "readings",
    "restore_bandwidth",
]  # fmt: skip


def p_clean(hours: float, mtbf_h: float) -> float:
    """Return the probability of no failure in ``hours``: e^(-T/M).

    >>> round(p_clean(120, 49.5), 3)
    0.089
    """
    return math.exp(-hours / mtbf_h)


def mtbf_for_probability(hours: float, probability: float) -> float:
    """Return the MTBF at which ``hours`` are clean with a probability: T / -ln P.

    >>> [round(mtbf_for_probability(120, p)) for p in (0.5, 0.9, 0.95)]
    [173, 1139, 2339]

    Raises InputError for a probability outside 0 to 1.
    """
    if not 0 < probability < 1:
        raise InputError(f"a probability must lie between 0 and 1, not {probability}")
    return -hours / math.log(probability)


def mtbf_proven(hours: float, failures: int = 0, confidence: float = 0.95) -> float:
    """Return the lower bound on the MTBF that ``failures`` in ``hours`` prove: 2T / chi2(confidence, 2n + 2).

    >>> round(mtbf_proven(120)), round(mtbf_proven(720))
    (40, 240)
    """
    return hours / gammaincinv(failures + 1, confidence)


def coverage_needed(hours: float, mtbf_h: float, probability: float) -> float:
    """Return the share of failures that must be handled without people for ``hours`` to run unattended.

    P = exp(-(T/M)(1 - c)), so c = 1 + ln(P) M / T; at least 0.

    >>> round(coverage_needed(720, 49.5, 0.9), 4)
    0.9928
    """
    return max(0.0, 1.0 + math.log(probability) * mtbf_h / hours)


def p_longest_gap(gap_h: float, run_h: float, mtbf_h: float) -> float:
    """Return the probability that the longest failure-free stretch of a run is at least ``gap_h``.

    Given n failures their n + 1 spacings are those of uniform points, and P(all < x) = sum_j (-1)^j C(n+1, j)
    (1 - j x)_+^n (Fisher 1929); summed over the Poisson number of failures.

    >>> round(p_longest_gap(120, 720, 49.49), 2)
    0.78
    >>> round(p_longest_gap(120, 720, 80.1), 2)
    0.96
    """
    if gap_h >= run_h:
        return p_clean(run_h, mtbf_h) if gap_h == run_h else 0.0
    x, mean = gap_h / run_h, run_h / mtbf_h
    below = 0.0
    weight = math.exp(-mean)
    for n in range(int(mean + 12 * math.sqrt(mean) + 30)):
        if n > 0:
            weight *= mean / n
        # Terms alternate and grow: exact in integers of the binomials, so summed with fsum.
        terms = [(-1) ** j * math.comb(n + 1, j) * (1 - j * x) ** n for j in range(n + 2) if j * x < 1]
        below += weight * min(1.0, max(0.0, math.fsum(terms)))
    return 1.0 - below


def restore_bandwidth(parameters: float, bytes_per_parameter: float, seconds: float) -> float:
    """Return the bytes/s that load a checkpoint of a model in ``seconds``.

    >>> round(restore_bandwidth(100e9, 14, 300) / 1e9, 1)
    4.7
    """
    return parameters * bytes_per_parameter / seconds


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a claim of ``hours`` without fault: what it needs, and whether a cluster has it."""

    claim: str
    reading: str
    mtbf_needed_h: float
    card_hours_needed: float
    failures_per_card_year: float
    cluster_mtbf_h: float
    probability: float

    @property
    def met(self) -> bool:
        """Whether the cluster's MTBF is at least the one needed."""
        return self.cluster_mtbf_h >= self.mtbf_needed_h


def readings(claim: str, hours: float, cards: int, mtbf_h: float, coverage: float) -> list[Reading]:
    """Return every reading of a claim of ``hours`` without fault or interruption on ``cards``.

    ``coverage`` is the share of failures that recover without people; with it, only the rest interrupt.
    """
    rows = [
        ("mean gap", hours, p_clean(hours, mtbf_h)),
        ("median gap (P = 0.5)", mtbf_for_probability(hours, 0.5), p_clean(hours, mtbf_h)),
        ("guarantee (P = 0.9)", mtbf_for_probability(hours, 0.9), p_clean(hours, mtbf_h)),
        ("guarantee (P = 0.95)", mtbf_for_probability(hours, 0.95), p_clean(hours, mtbf_h)),
    ]
    open_share = max(1e-12, 1.0 - coverage)
    unattended = math.exp(-hours / mtbf_h * open_share)
    rows.append(
        (f"automatic recovery counted ({coverage:.2%} of failures), P = 0.9",
         mtbf_for_probability(hours, 0.9) * open_share, unattended)
    )  # fmt: skip
    return [
        Reading(claim, name, needed, needed * cards, 8760.0 / (needed * cards), mtbf_h, probability)
        for name, needed, probability in rows
    ]
