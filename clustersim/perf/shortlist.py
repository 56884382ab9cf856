"""The best few dozen plans of a job, and the fastest of them when its numbers change.

A search looks at every plan; a study asks for the best one at ten thousand points that differ in a bandwidth or a
latency. The plans that can win are few: they are found once, and each point takes the fastest of them that fits.
Plans are ranked by time corrected for the known error of their kind, because a kind that is predicted too fast would
else always win.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from clustersim.columns import Column, Noted, Unbatchable, decide, pick, places, stacked, values_of
from clustersim.errors import InfeasibleError
from clustersim.perf.job import TrainJob
from clustersim.perf.memory import memory_per_card
from clustersim.perf.plan import Plan
from clustersim.perf.search import FoundPlan, PlanSpace, plan_numbered, search_plans, search_points
from clustersim.perf.step import step_columns
from clustersim.perf.terms import NO_TERMS, StepTerms

__all__ = [
    "KEPT",
    "LEAN",
    "Choice",
    "KindError",
    "PlanErrors",
    "best_of_kinds",
    "choose",
    "fastest_rate",
    "kind_of",
    "kinds_in",
    "shortlist",
]

#: Words that lose no time: with sequence parallelism a plan is never slower and never larger, and sharding the
#: optimizer costs nothing over copying it (held to the full space by a test).
LEAN = PlanSpace(sequence_parallel=(True,), zero=(1, 2, 3))
#: Plans kept of each kind that fit, and of each kind if memory were no limit: a few dozen in all. Held by a test to
#: the plan that a search finds when the numbers of the job change.
KEPT, KEPT_ROOMY = 10, 4


@dataclass(frozen=True, slots=True)
class KindError:
    """How far predictions of one kind of plan are from measurements: mean of predicted over measured less one, and
    the spread of a single prediction about that mean (relative standard deviation); ``between``: the spread of plans
    that answer one question about the mean of their errors."""

    bias: float
    spread: float
    rows: int = 0
    between: float = 0.0


@dataclass(frozen=True, slots=True)
class PlanErrors:
    """The known errors by kind of plan; a kind without rows has the error of all."""

    by_kind: Mapping[str, KindError]

    def of(self, plan: Plan) -> KindError:
        """Return the error of a plan's kind."""
        return self.by_kind.get(kind_of(plan), self.by_kind.get("all", KindError(0.0, 0.0)))

    @property
    def between(self) -> float:
        """The spread of the errors of plans that answer one question: what cannot be told of two plans of a kind."""
        return self.by_kind["all"].between if "all" in self.by_kind else 0.0

    def lead_inside(self, one: Plan, other: Plan, lead: float) -> bool:
        """Return whether a lead of one plan over another is inside the known error of their kinds: a tie."""
        return lead <= math.hypot(self.of(one).spread, self.of(other).spread)

    def corrected(self, found: FoundPlan) -> float:
        """Return the step time that measurements would be expected to show.

        >>> errors = PlanErrors({"sharded weights": KindError(-0.2, 0.1)})
        >>> found = FoundPlan(Plan(zero=3), 8.0, 0.0, "", "", None)
        >>> errors.corrected(found)
        10.0
        """
        return found.step_time_s / (1.0 + self.of(found.plan).bias)


@dataclass(frozen=True, slots=True)
class Choice:
    """The plan that a job takes, and the best plan of another kind where its lead over that is inside their error."""

    found: FoundPlan
    corrected_s: float
    tied: FoundPlan | None
    lead: float

    def words(self) -> str:
        """Say what the lead is worth.

        >>> Choice(FoundPlan(Plan(zero=3), 1.0, 0.0, "", "", None), 1.0, None, 0.0).words()
        ''
        """
        if self.tied is None:
            return ""
        return (
            f"tie: {kind_of(self.found.plan)} leads {kind_of(self.tied.plan)} by {self.lead:.1%}, which is inside the"
            " known error of both"
        )


def kind_of(plan: Plan) -> str:
    """Return the kind of plan by what it shards: predictions of each kind have an error of their own.

    >>> kind_of(Plan(zero=3)), kind_of(Plan(zero=1, tp=8))
    ('sharded weights', 'sharded optimizer')
    """
    return "sharded weights" if plan.zero >= 3 else "sharded optimizer"


def kinds_in(space: PlanSpace) -> list[PlanSpace]:
    """Return the space of each kind of plan that a space holds."""
    parts = [tuple(z for z in space.zero if z < 3), tuple(z for z in space.zero if z >= 3)]
    return [replace(space, zero=part) for part in parts if part]


def best_of_kinds(
    job: TrainJob, space: PlanSpace, errors: PlanErrors, top: int = KEPT, *, terms: bool = True
) -> list[FoundPlan]:
    """Return the best plans of every kind that fit, by corrected time; their ``terms`` where they are asked for.

    Raises InfeasibleError where no plan of any kind fits.
    """
    found: list[FoundPlan] = []
    refused: InfeasibleError | None = None
    for part in kinds_in(space):
        try:
            found += search_plans(job, part, top, terms=terms).best
        except InfeasibleError as error:
            refused = refused or error
    if not found:
        assert refused is not None
        raise refused
    return sorted(found, key=lambda f: (errors.corrected(f), f.memory_bytes))


def shortlist(job: TrainJob, space: PlanSpace, errors: PlanErrors, kept: int = KEPT) -> tuple[Plan, ...]:
    """Return the plans that can win when the numbers of the job change: the best that fit of every kind, and the best
    of every kind if memory were no limit.

    Raises InfeasibleError where no plan can be laid out.
    """
    roomy = replace(job, card=replace(job.card, memory_bytes=math.inf))
    plans = [f.plan for f in best_of_kinds(roomy, space, errors, KEPT_ROOMY, terms=False)]
    with suppress(InfeasibleError):
        plans = [f.plan for f in best_of_kinds(job, space, errors, kept, terms=False)] + plans
    return tuple(dict.fromkeys(plans))


def choose(
    job: TrainJob, plans: tuple[Plan, ...], space: PlanSpace, errors: PlanErrors, kind: str = ""
) -> Choice:
    """Return the best of the kept plans at the job's own numbers; a search where none of them fits.

    ``kind`` is the kind that was best before the numbers changed: the choice stays with it while a plan of it fits. A
    jump to a kind that is predicted too fast would else make a slower card look better. Points of a batch that take
    different plans go on in groups of one plan; ties are told of single runs only.

    Raises InfeasibleError where nothing fits.
    """
    if places(job) is not None:
        # A table of plans by points is dear: what each point takes is not computed twice.
        at = decide(lambda: _fastest(_timed(job, plans), errors, job.card.memory_bytes, kind))
        plan = plans[at] if at >= 0 else _searched(job, space, errors, kind)
        best = _timed(job, (plan,))[0]
        return Choice(best, errors.corrected(best), None, math.inf)
    found = [f for f in _timed(job, plans) if f.memory_bytes <= job.card.memory_bytes]
    if not found:
        found = best_of_kinds(job, space, errors)
    found.sort(key=lambda f: (kind_of(f.plan) != kind and kind != "", errors.corrected(f), f.memory_bytes))
    best = found[0]
    corrected = errors.corrected(best)
    other = next((f for f in found[1:] if kind_of(f.plan) != kind_of(best.plan)), None)
    if other is None:
        return Choice(best, corrected, None, math.inf)
    lead = errors.corrected(other) / corrected - 1.0
    error = math.hypot(errors.of(best.plan).spread, errors.of(other.plan).spread)
    return Choice(best, corrected, other if abs(lead) <= error else None, lead)


@dataclass(frozen=True, slots=True)
class _Searched:
    """The fastest plan of every kind at each point, rows by the kinds' spaces, and the kind that each point takes
    (negative: nothing fits)."""

    spaces: list[PlanSpace]
    time_s: Any
    number: Any
    of: Any

    @classmethod
    def by(cls, job: TrainJob, space: PlanSpace, errors: PlanErrors, kind: str) -> _Searched:
        """Search a whole space at every point of a batch."""
        spaces = kinds_in(space)
        found = [search_points(job, part) for part in spaces]
        of_points: list[tuple[Any, Any]] = [(Column(f.time), Column(f.memory)) for f in found]
        firsts = [
            FoundPlan(Plan(zero=part.zero[0]), *both, "", "", NO_TERMS)
            for part, both in zip(spaces, of_points, strict=True)
        ]
        of = values_of(_fastest(firsts, errors, math.inf, kind))
        return cls(spaces, np.stack([f.time for f in found]), np.stack([f.number for f in found]), of)

    def taken(self, rows: Any) -> Any:
        """Return of a table, rows by kinds, what each point takes."""
        return np.take_along_axis(rows, np.maximum(self.of, 0)[None, :], axis=0)[0]


def _searched(job: TrainJob, space: PlanSpace, errors: PlanErrors, kind: str) -> Plan:
    """The best plan of a whole space that all points of a batch take; they part where they take different ones.

    Raises InfeasibleError where none fits.
    """
    spaces = kinds_in(space)

    def label() -> Any:
        found = _Searched.by(job, space, errors, kind)
        return np.where(found.of >= 0, found.taken(found.number) * len(spaces) + found.of, NONE_FITS)

    at = decide(label)
    if at < 0:
        best_of_kinds(pick(job, places(job), 0), space, errors)  # says what a point says alone
    return plan_numbered(job, spaces[at % len(spaces)], at // len(spaces))


def fastest_rate(
    job: TrainJob, plans: tuple[Plan, ...], space: PlanSpace, errors: PlanErrors, kind: str
) -> Any:
    """Return tokens per second by the plan that each point of a batch takes, which need not be the same one.

    Points at which none of the kept plans fits go on together, by a search of the whole space at all of them.

    Raises InfeasibleError where nothing fits.
    """
    found = _timed(job, plans)
    at = values_of(_fastest(found, errors, job.card.memory_bytes, kind))
    if isinstance(at, Noted):
        raise Unbatchable("plans by points have no recorded form")
    if Column(np.asarray(at < 0)):
        return _searched_rate(job, space, errors, kind)
    times = values_of(_table([f.step_time_s for f in found]))
    wide = np.broadcast_to(times, (len(found), max(times.shape[-1], at.size)))
    return Column(job.tokens / np.take_along_axis(wide, np.broadcast_to(at, (1, wide.shape[1])), axis=0)[0])


def _searched_rate(job: TrainJob, space: PlanSpace, errors: PlanErrors, kind: str) -> Any:
    """Tokens per second by the best plan of the whole space at each point."""
    found = _Searched.by(job, space, errors, kind)
    if Column(np.asarray(found.of < 0)):
        best_of_kinds(pick(job, places(job), 0), space, errors)  # says what a point says alone
    return Column(job.tokens / found.taken(found.time_s))


#: Label of points at which none of the kept plans fits.
NONE_FITS = -2


def _fastest(found: Sequence[FoundPlan], errors: PlanErrors, room: Any, kind: str) -> Any:
    """Which of some plans each point takes: the fastest of the kind that fits by corrected time, of equals the smaller.

    Where none of the kind fits, the fastest of all that do.
    """
    times = _table([np.where(f.memory_bytes <= room, errors.corrected(f), math.inf) for f in found])
    sizes = _table([f.memory_bytes for f in found])
    alike = np.array([[kind_of(f.plan) == kind or not kind] for f in found])
    mine = np.where(alike, times, math.inf)
    times = np.where(np.isfinite(np.min(mine, axis=0)), mine, times)
    best = np.min(times, axis=0)
    first = np.argmin(np.where(times <= best, sizes, math.inf), axis=0)
    return np.where(np.isfinite(best), first, NONE_FITS)


def _table(rows: Sequence[Any]) -> Any:
    """One row a plan, one column a point (or one for all points)."""
    table = stacked(rows)
    return table if isinstance(table, Column) else table[:, None]


#: Fields of a plan that may be columns; the rest are words, the same for every plan of a group.
_DEGREES = ("tp", "pp", "dp", "cp", "ep", "etp", "interleave", "micro_batch")


def _timed(job: TrainJob, plans: tuple[Plan, ...]) -> list[FoundPlan]:
    """The step times of the plans, whether they fit or not; plans that share their words are evaluated together.

    The plans are rows: a job whose numbers are columns of points gives a table.
    """
    groups: dict[Plan, list[int]] = {}
    ones: dict[str, Any] = dict.fromkeys(_DEGREES, 1)
    for index, plan in enumerate(plans):
        groups.setdefault(replace(plan, **ones), []).append(index)
    found: dict[int, FoundPlan] = {}
    for words, members in groups.items():
        columns: dict[str, Any] = {
            name: np.array([[getattr(plans[i], name)] for i in members]) for name in _DEGREES
        }
        trial = job.with_plan(replace(words, **columns))
        memory, terms = memory_per_card(trial).total, step_columns(trial).terms
        for at, index in enumerate(members):
            own = StepTerms(*(_entry(getattr(terms, f.name), at) for f in fields(StepTerms)))
            found[index] = FoundPlan(plans[index], own.total, _entry(memory, at), "", "", own)
    return [found[index] for index in sorted(found)]


def _entry(rows: Any, at: int) -> Any:
    """One plan's value of a term that has a row a plan, or is the same for all."""
    if not np.ndim(rows):
        return float(rows)
    if isinstance(rows, Column):
        return rows[at if len(rows) > 1 else 0] if rows.ndim > 1 else rows
    return float(rows[at if len(rows) > 1 else 0, 0])
