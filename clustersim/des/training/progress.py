"""How much of the running time becomes lasting progress, in closed form: copies counted by steps, or by timers.

Both forms are renewal arguments over a Poisson stream of failures, each of which sends the job back to the newest copy
of one level. They take floats or arrays, and know nothing of recoveries: those take time, not work.

*Counted by steps*, as training frameworks save (every n-th iteration), a copy of level k lies at every multiple of its
interval, so a failure that needs level k rolls back to the beginning of the cell of that interval that the job is in.
Cells nest, and the running time to cross one follows from that of the cells within.

*Counted by timers* that begin anew at each restart, a level is written only in a stretch that outlasts its interval.
Between two restarts the position gains what the stretch wrote, or falls back by what had gathered since the level's
last copy; the mean of what has gathered solves one linear equation a level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clustersim.des.training.lanes import Values, any_above, at_least, at_most, exp, expm1, log1p

__all__ = ["Rung", "kept_by_steps", "kept_by_timers"]


@dataclass(frozen=True, slots=True)
class Rung:
    """One checkpoint level as the closed form sees it.

    ``share`` of the failures need this level; its copies come every ``interval_s``, are durable ``lag_s`` later, and
    such a failure loses ``redo_s`` of work beyond them (torn or corrupted copies, corruption found late).
    """

    interval_s: float
    lag_s: float
    share: Values
    redo_s: Values = 0.0


def _crossed(count: float, escape: Values) -> tuple[Values, Values]:
    """Return P(some of ``count`` cells is not crossed) and the cells entered, where each fails with ``escape``."""
    small = at_least(at_most(escape, 1.0 - 1e-15), 1e-15)
    fails = -expm1(count * log1p(-small))
    return fails, fails / small


def kept_by_steps(rungs: Sequence[Rung], failures_per_s: Values) -> Values:
    """Return lasting progress over running time where copies lie at multiples of each level's interval.

    ``rungs`` in the order of their intervals. Within a level's cell of n inner cells, each crossed with probability q
    in U seconds (its own failures retried), a try fails with f = 1 - q^n after entering f / (1 - q) cells; the share c
    of those failures that this level restores begins the cell anew:

        U' = U f / (1 - q) / (1 - c f (1 + redo / interval)) / (1 - c f e),    1 - q' = f (1 - c) / (1 - c f).

    Exact for nested intervals without lag. A copy that is not yet durable when the level's own failure strikes, or that
    a lesser failure kept from becoming so, sends the first such failure of a cell one interval farther back: e is
    lag / interval + s / (1 - s), with s the odds of a lesser failure within the lag.

    >>> round(float(kept_by_steps([Rung(600.0, 0.0, 1.0)], 1e-4)), 5)      # 600 / (M (e^(600/M) - 1))
    0.9703
    >>> float(kept_by_steps([Rung(600.0, 0.0, 1.0)], 0.0))
    1.0
    """
    rate = at_least(failures_per_s, 1e-30)
    used = [r for r in rungs if any_above(r.share)]
    if not used:
        return failures_per_s * 0.0 + 1.0
    left: Values = sum((r.share for r in used), 0.0)
    rate, whole = rate * left, left
    spent: Values = 1.0
    lesser: Values = 0.0
    escape: Values = 0.0
    inner = used[0].interval_s
    for number, rung in enumerate(used):
        if number == 0:
            fails: Values = -expm1(-rate * inner)
            base: Values = fails / rate
        else:
            fails, entered = _crossed(rung.interval_s / inner, escape)
            base = spent * entered
        last = number == len(used) - 1
        mine: Values = 1.0 if last else at_most(rung.share / at_least(left, 1e-300), 1.0)
        again = mine * fails
        extra = rung.lag_s / rung.interval_s + expm1(rate * lesser * rung.lag_s)
        spent = base / at_least(1.0 - again * (1.0 + rung.redo_s / rung.interval_s), 1e-12)
        spent = spent / at_least(1.0 - again * extra, 1e-12)
        lesser = lesser + rung.share / whole
        escape = fails * (1.0 - mine) / at_least(1.0 - again, 1e-300)
        left = left - rung.share
        inner = rung.interval_s
    return inner / spent


def kept_by_timers(
    rungs: Sequence[Rung], failures_per_s: Values, harmless: Values = 0.0, stretches: Values = 1e12
) -> Values:
    """Return lasting progress over running time where every level's timer begins anew at each restart.

    A stretch y of mean M = 1 / rate that ends in a failure needing level k gains F_k = E[floor((y - lag)/tau) tau], or,
    where it wrote no copy (probability q_k), loses what had gathered since the last one, u_k:

        g_k = F_k - q_k E[u_k],    E[u_m] (1 - q_m sum_(k<m) p_k) = sum_(k<m) p_k (g_k - F_m).

    ``harmless`` is the share of failures that lose nothing. A run of few ``stretches`` ends before so much gathers:
    u begins at nothing and nears its mean by the factor a = q sum p a stretch, on average 1 - (1 - a^n) / (n (1 - a)).

    >>> rate = 1 / 3600.0
    >>> one = kept_by_timers([Rung(600.0, 0.0, 1.0)], rate)
    >>> round(float(one), 6) == round(float(kept_by_steps([Rung(600.0, 0.0, 1.0)], rate)), 6)    # one level: the same
    True
    """
    rate = at_least(failures_per_s, 1e-30)
    kinds: list[tuple[Values, Values]] = [(harmless, 1.0 / rate)]
    below: Values = harmless
    for rung in rungs:
        first = rate * (rung.interval_s + rung.lag_s)
        wrote = exp(-first)
        gain = rung.interval_s * wrote / -expm1(-rate * rung.interval_s)
        missed = -expm1(-first)
        fresh = at_least(1.0 - missed * below, 1e-12)
        near = 1.0 + expm1(stretches * log1p(-at_most(fresh, 1 - 1e-12))) / (stretches * fresh)
        gathered = sum((p * (g - gain) for p, g in kinds), 0.0) / fresh * at_least(near, 0.0)
        kinds.append((rung.share, gain - missed * at_least(gathered, 0.0) - rung.redo_s))
        below = below + rung.share
    progress = sum((p * g for p, g in kinds), 0.0) * rate
    return at_most(at_least(progress, 0.0), 1.0)
