"""The expected share of productive time, in closed form.

Failures form a Poisson process. A cycle runs for M = 1/rate on average, loses the work since the newest surviving
copy, and is down for a recovery that failures may strike again (Daly, FGCS 22(3) 2006, renewal argument; one class
per failure domain).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from clustersim.des.training.components import DOMAINS
from clustersim.des.training.run import TrainingRun

__all__ = ["ExpectedRun", "expected_run"]


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
        lost += share * mean_lost(newest.interval_s, newest.lag_s, mttf)
        # A failure may strike the recovery, which then begins anew.
        down += share * mttf * math.expm1(min(700.0, (run.recovery.total_s + newest.restore_s) / mttf))
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
