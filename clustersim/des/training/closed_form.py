"""The expected share of productive time, in closed form, and the intervals that make it largest.

Failures form a Poisson process. A cycle runs for M = 1/rate on average, loses the work since the newest surviving
copy, and is down for a recovery that failures may strike again (Daly, FGCS 22(3) 2006, renewal argument; one class
per failure domain).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from clustersim.des.training.components import DOMAINS
from clustersim.des.training.run import TrainingRun

__all__ = [
    "ExpectedRun", "best_intervals", "daly_interval", "expected_run", "linear_ettr", "renewal_efficiency",
    "young_interval",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExpectedRun:
    """Shares of wall-clock time, which sum to one, and the rates behind them."""

    productive: float
    checkpoint: float
    rework: float
    recovery: float
    mttf_s: float
    failures: float

    @property
    def ettr(self) -> float:
        """Productive over wall-clock time, queueing not included."""
        return self.productive


def mean_lost(interval_s: float, lag_s: float, mttf_s: float) -> float:
    """Return the work lost at a failure, in seconds of running, with copies every ``interval_s``.

    A failure at an exponential time y loses y mod interval, on average M - interval / (e^(interval/M) - 1), and the
    whole lag where a copy was not yet durable.

    >>> round(mean_lost(600.0, 0.0, 1e9), 3)
    300.0
    """
    if math.isinf(mttf_s):
        return 0.0
    x = interval_s / mttf_s
    # For x -> 0 the exact form loses all its digits; its series is 1/2 - x/12.
    within = interval_s * (0.5 - x / 12) if x < 1e-4 else mttf_s - interval_s / math.expm1(x)
    return within + lag_s


def expected_run(run: TrainingRun) -> ExpectedRun:
    """Return the expected shares of a run.

    With L the lost work and R the recovery averaged over failure domains, and M the mean time between failures:
    productive = (1 - overhead)(M - L) / (M + M (e^(R/M) - 1)).
    """
    mttf = run.mttf_s
    if math.isinf(mttf):
        return ExpectedRun(1.0 - run.overhead, run.overhead, 0.0, 0.0, mttf, 0.0)
    lost = down = 0.0
    for domain in DOMAINS:
        share = sum(c.rate_per_s for c in run.failures if c.domain == domain) / run.rate_per_s
        if share == 0.0:
            continue
        newest = run.levels_after(domain)[0]
        lost += 0.0 if run.keep_work else share * mean_lost(newest.interval_s, newest.lag_s, mttf)
        down += share * _down_s(run, run.recovery.total_s(domain) + newest.restore_s)
    lost = min(lost, mttf)
    cycle = mttf + down
    kept = (mttf - lost) / cycle
    return ExpectedRun(
        productive=kept * (1.0 - run.overhead),
        checkpoint=kept * run.overhead,
        rework=lost / cycle,
        recovery=down / cycle,
        mttf_s=mttf,
        failures=run.duration_s / cycle,
    )


def _down_s(run: TrainingRun, recovery_s: float) -> float:
    """Mean time down: M (e^(R/M) - 1), because a failure may strike the recovery, which then begins anew."""
    if run.safe_recovery:
        return recovery_s
    return run.mttf_s * math.expm1(min(700.0, recovery_s / run.mttf_s))


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
