"""Failures by what they do to a run: what is down, for how long, and to which copy the job goes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clustersim.columns import most
from clustersim.des.training.components import DOMAINS
from clustersim.des.training.copies import CheckpointLevel
from clustersim.des.training.lanes import Values, any_above, exp, expm1
from clustersim.des.training.rates import RateBins
from clustersim.des.training.run import TrainingRun

__all__ = ["Strand", "corrupts", "found_late", "strands_of"]


@dataclass(frozen=True, slots=True)
class Strand:
    """Failures of one kind and fate: their rate by bin, recovery times with their odds, and the level they need."""

    rates: Values
    downs: tuple[tuple[float, float], ...]
    again_s: float
    quiet: Values
    """Odds that no failure strikes the recovery."""
    rank: int
    """Index of the level among the run's, by interval; -1 loses no work."""
    redo_s: Values = 0.0


def strands_of(run: TrainingRun, bins: RateBins, levels: Sequence[CheckpointLevel]) -> list[Strand]:
    """Failures by what they do: each cause, split by drain, corruption and the copies that are left."""
    x, found, every = run.extras, [], bins.total
    for domain in DOMAINS:
        found += _foreseen(run, bins, levels, domain)
        plain = [
            i
            for i, c in enumerate(run.failures)
            if c.domain == domain and not c.foreseen and not corrupts(run, c.name)
        ]
        silent = [i for i, c in enumerate(run.failures) if c.domain == domain and corrupts(run, c.name)]
        drained = x.drain_share if domain == "node" else 0.0
        for share, rank in _restored_from(levels, domain):
            level = levels[rank]
            bad = level.corrupt_share / (1.0 - level.corrupt_share) * level.interval_s
            for members in (plain, silent):
                rates = sum((bins.rates[i] for i in members), 0.0) * share
                if not any_above(rates):
                    continue
                downs, again = _downs(run, domain, level.restore_s)
                calm = again if x.elastic_replicas < 2 else downs[0][1]  # all stall, whatever was foreseen
                lasts = run.keep_work or x.elastic_replicas > 1
                if drained > 0:
                    calmly = ((1.0, calm),)
                    odds = _quiet(run, calmly, again, every)
                    found.append(Strand(rates * drained, calmly, again, odds, -1))
                    rates = rates * (1 - drained)
                quiet = _quiet(run, downs, again, every)
                if lasts:
                    found.append(Strand(rates, downs, again, quiet, -1))
                elif members is silent:
                    slowest = max(range(len(levels)), key=lambda k: levels[k].interval_s)
                    redo = found_late(run, levels[slowest])[0]
                    found.append(Strand(rates, downs, again, quiet, slowest, redo))
                else:
                    found.append(Strand(rates, downs, again, quiet, rank, bad))
    return found


def _foreseen(
    run: TrainingRun, bins: RateBins, levels: Sequence[CheckpointLevel], domain: str
) -> list[Strand]:
    """Causes that are known beforehand: nothing to find, and no work is lost."""
    rates = sum((bins.rates[i] for i, c in enumerate(run.failures) if c.domain == domain and c.foreseen), 0.0)
    if not any_above(rates):
        return []
    downs, again = _downs(run, domain, levels[_restored_from(levels, domain)[0][1]].restore_s)
    calmly = ((1.0, again if run.extras.elastic_replicas < 2 else downs[0][1]),)
    return [Strand(rates, calmly, again, _quiet(run, calmly, again, bins.total), -1)]


def corrupts(run: TrainingRun, name: str) -> bool:
    return run.extras.sdc_delay_s > 0 and name == run.extras.sdc_component


def _restored_from(levels: Sequence[CheckpointLevel], domain: str) -> list[tuple[float, int]]:
    """Return the levels that a failure of ``domain`` is restored from, with their shares of it."""
    left, found = 1.0, []
    for rank, level in enumerate(levels):
        share = 1.0 if domain in level.survives else level.multi_share if domain == "multi" else 0.0
        if left * share > 0:
            found.append((left * share, rank))
            left *= 1.0 - share
    return found


def _downs(run: TrainingRun, domain: str, restore_s: float) -> tuple[tuple[tuple[float, float], ...], float]:
    """Return the recovery times of a failure with their odds, and what one more try takes when a restart fails."""
    x, steps = run.extras, run.recovery
    total = steps.total_s(domain) + restore_s
    again = total - steps.detect_s - steps.localise_s
    if x.elastic_replicas > 1:
        return ((1.0, x.elastic_stall_s),), 0.0
    if x.hang_share == 0:
        return ((1.0, total),), again
    # A hang shows no error, so that it is never found sooner than one that does.
    hang = total - steps.detect_s + most(steps.detect_s, x.hang_timeout_s)
    return ((1.0 - x.hang_share, total), (x.hang_share, hang)), again


def _quiet(run: TrainingRun, downs: tuple[tuple[float, float], ...], again_s: float, rate: Values) -> Values:
    """Probability that no failure strikes a recovery: E[e^(-Lambda R)], restarts that fail included."""
    if run.safe_recovery:
        return 1.0
    once = sum((odds * exp(-rate * down) for odds, down in downs), 0.0)
    fails = run.extras.restart_fails
    return once if fails == 0 else once * (1.0 - fails) / (1.0 - fails * exp(-rate * again_s))


def found_late(run: TrainingRun, level: CheckpointLevel) -> tuple[Values, Values]:
    """Return the work beyond the clean copy that late-found corruption voids, and the odds that no clean one is left.

    Delays are exponential of mean D; copies reach back (retained - 1/2) intervals on average.
    """
    delay, kept = run.extras.sdc_delay_s, max(1, run.extras.retained)
    tau = level.interval_s
    gone = exp(-(kept - 1) * tau / delay) * delay / tau * -expm1(-tau / delay)
    reach = (kept - 0.5) * tau
    return delay - (reach + delay) * exp(-reach / delay), gone
