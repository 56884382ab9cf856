"""The literature's forms for one level of checkpoints, and the interval of each level that makes ETTR largest."""

from __future__ import annotations

import math

from clustersim.des.training.run import TrainingRun

__all__ = ["best_intervals", "daly_interval", "linear_ettr", "renewal_efficiency", "young_interval"]


def young_interval(blocking_s: float, mttf_s: float) -> float:
    """Return Young's interval sqrt(2 d M) (CACM 17(9), 1974).

    >>> round(young_interval(60.0, 28.8 * 3600))
    3527
    """
    return math.sqrt(2.0 * blocking_s * mttf_s)


def daly_interval(blocking_s: float, mttf_s: float) -> float:
    """Return Daly's interval sqrt(2dM)[1 + sqrt(d/2M)/3 + (d/2M)/9] - d, or M for d >= 2M (FGCS 22(3), 2006, eq. 37).

    >>> round(daly_interval(60.0, 28.8 * 3600))
    3487
    """
    if blocking_s >= 2.0 * mttf_s:
        return mttf_s
    x = blocking_s / (2.0 * mttf_s)
    return math.sqrt(2.0 * blocking_s * mttf_s) * (1.0 + math.sqrt(x) / 3.0 + x / 9.0) - blocking_s


def renewal_efficiency(interval_s: float, blocking_s: float, restart_s: float, mttf_s: float) -> float:
    """Return the exact efficiency of blocking checkpoints: tau / {M e^(R/M) [e^((tau + d)/M) - 1]} (Daly 2006, eq. 20).

    Failures may strike checkpoints and restarts alike.

    >>> round(renewal_efficiency(3487.0, 60.0, 600.0, 28.8 * 3600), 5)
    0.96079
    """
    return interval_s / (
        mttf_s * math.exp(restart_s / mttf_s) * math.expm1((interval_s + blocking_s) / mttf_s)
    )


def linear_ettr(failures_per_s: float, restart_s: float, interval_s: float, write_s: float = 0.0) -> float:
    """Return Meta's expected ETTR, [1 - N r_f (u0 + dt/2)] / (1 + w/dt) (Kokolis et al., arXiv:2410.21680, eq. 1).

    A linearisation: low when losses exceed about 30 %.

    >>> round(linear_ettr(2000 * 6.5e-3 / 86400, 300.0, 3600.0), 3)
    0.684
    """
    return (1.0 - failures_per_s * (restart_s + interval_s / 2.0)) / (1.0 + write_s / interval_s)


def best_intervals(run: TrainingRun) -> dict[str, float]:
    """Return, by level, the interval that makes the expected ETTR largest: sqrt(2 d_k / (Lambda p_k)).

    p_k is the share of failures for which level k is the most frequent that survives; a level whose copies nothing
    needs, or that blocks nothing, has no optimum of its own and is left out.
    """
    best = {}
    for level in run.levels:
        mine = sum(c.rate_per_s for c in run.failures if run.levels_after(c.domain)[0].name == level.name)
        if mine > 0 and level.blocking_s > 0:
            best[level.name] = math.sqrt(2.0 * level.blocking_s / mine)
    return best
